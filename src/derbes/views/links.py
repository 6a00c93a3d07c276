"""Links between tables: reference cells and lists of references, one row a link, and the lines of descent of ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.cells import UNKNOWN_STATES

if TYPE_CHECKING:
    from derbes.inventory import Inventory

#: Statuses of a row of the register that describe what is done; an empty status says nothing to the contrary.
ACTIVE = ("active",)


def links(inv: Inventory, table: str, column: str) -> pd.DataFrame:
    """One row a row of the table and an id that its cell names: ``origin`` (position), ``id``.

    *all* stands for every row of the table referred to, *none* and an empty cell for no row of the frame.
    """
    said = inv.tables[table][column].explode().dropna()
    named = pd.DataFrame({"origin": said.index, "id": said.to_numpy(dtype=object)})
    every = named.loc[named["id"] == "all", ["origin"]]
    named = named[~named["id"].isin(["all", "none"])]
    if not len(every):
        return named.reset_index(drop=True)
    to = inv.schema.tables[table].columns[column].to or ""
    ids = inv.tables[to][inv.schema.tables[to].key].dropna().astype(object).rename("id")
    return pd.concat([named, every.merge(ids.to_frame(), how="cross")], ignore_index=True)


def lineage(inv: Inventory, table: str) -> pd.DataFrame:
    """One row an id and an id at or above it, by ``parent_id``: ``id``, ``above``; cycles end where they began."""
    key = inv.schema.tables[table].key
    parents = inv.tables[table][[key, "parent_id"]].dropna().astype(object).set_axis(["id", "parent"], axis=1)
    ids = inv.tables[table][key].dropna().astype(object)
    found = pd.DataFrame({"id": ids, "above": ids}).drop_duplicates()
    step = found
    while len(step):
        step = step.merge(parents, left_on="above", right_on="id", suffixes=("", "_"))[["id", "parent"]]
        step = step.set_axis(["id", "above"], axis=1)
        step = step[step["above"].isin(ids)].drop_duplicates()
        known = pd.MultiIndex.from_frame(found)
        step = step[~pd.MultiIndex.from_frame(step).isin(known)]
        found = pd.concat([found, step], ignore_index=True)
    return found


def active(inv: Inventory) -> pd.Series[Any]:
    """Whether a row of the register describes what is being done now: its status is active or not said."""
    return inv.processing["status"].fillna("active").isin(ACTIVE)


def silent(inv: Inventory, table: str, column: str) -> pd.Series[Any]:
    """Whether a cell says nothing: empty or a placeholder; a cell that cannot be read is not silent."""
    return pd.Series(inv.states[table][column], index=inv.tables[table].index).isin([*UNKNOWN_STATES])


def said(inv: Inventory, table: str, column: str) -> pd.Series[Any]:
    """The cell's own text, missing where it says nothing: what a rule about an answer that is missing looks at."""
    return inv.raw[table][column].astype(object).mask(silent(inv, table, column), None)


def related(pairs: pd.DataFrame, table: str) -> pd.Series[Any]:
    """By ``origin``, the tuple of (table, id) pairs that its rows link to."""
    kept = pairs.dropna(subset=["id"]).drop_duplicates(["origin", "id"]).sort_values(["origin", "id"])
    whole = pd.Series(list(zip([table] * len(kept), kept["id"], strict=True)), index=kept.index, dtype=object)
    return whole.groupby(kept["origin"]).agg(tuple)
