"""Links between tables: reference cells and lists of references, one row a link, and the lines of descent of ids."""

from __future__ import annotations

import weakref
from functools import wraps
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.cells import UNKNOWN_STATES
from derbes.text import data

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from derbes.inventory import Inventory


#: Frames made of whole tables, by what they are and the tables they were made of.
_KNOWN: dict[tuple[Any, ...], tuple[tuple[weakref.ref[Any], ...], pd.DataFrame]] = {}


def _remembered(build: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
    """The same function, its frames kept as long as the tables they are made of: most views follow the same few links.

    What is given out is a shallow copy: to write into it does not change what is kept.
    """

    @wraps(build)
    def once(inv: Inventory, table: str, *column: str) -> pd.DataFrame:
        to = inv.schema.tables[table].columns[column[0]].to if column else None
        tables = (inv.tables[table], inv.tables[to or table])
        name = (build.__name__, *column, *map(id, tables))
        held = _KNOWN.get(name)
        if held is None or any(ref() is not known for ref, known in zip(held[0], tables, strict=True)):
            held = _KNOWN[name] = tuple(map(weakref.ref, tables)), build(inv, table, *column)
            weakref.finalize(tables[0], _KNOWN.pop, name, None)
        return held[1].copy(deep=False)

    return once


@_remembered
def links(inv: Inventory, table: str, column: str) -> pd.DataFrame:
    """One row a row of the table and an id that its cell names: ``origin`` (position), ``id``.

    *all* stands for every row of the table referred to, *none* and an empty cell for no row of the frame.
    """
    named = inv.tables[table][column].explode().dropna().astype(object).rename("id").rename_axis("origin").reset_index()
    every = named.loc[named["id"] == "all", ["origin"]]
    named = named[~named["id"].isin(["all", "none"])].reset_index(drop=True)
    to = inv.schema.tables[table].columns[column].to
    if to is None or not len(every):
        return named
    ids = inv.tables[to][inv.schema.tables[to].key].dropna().astype(object).rename("id")
    return pd.concat([named, every.merge(ids.to_frame(), how="cross")], ignore_index=True)


def everything(inv: Inventory, table: str, column: str) -> pd.Index[Any]:
    """Positions of the rows whose cell says *all*."""
    said_all = inv.tables[table][column].explode().eq("all")
    return said_all.index[said_all].unique()


@_remembered
def lineage(inv: Inventory, table: str) -> pd.DataFrame:
    """One row an id and an id at or above it, by ``parent_id``: ``id``, ``above``; a cycle ends where it began."""
    key = inv.schema.tables[table].key
    ids = inv.tables[table][key].dropna().astype(object)
    if "parent_id" not in inv.tables[table]:
        return pd.DataFrame({"id": ids, "above": ids}).drop_duplicates()
    parents = inv.tables[table][[key, "parent_id"]].dropna().astype(object).set_axis(["above", "parent"], axis=1)
    found = step = pd.DataFrame({"id": ids, "above": ids}).drop_duplicates()
    while len(step):
        up = step.merge(parents, on="above")[["id", "parent"]].set_axis(["id", "above"], axis=1)
        up = up[up["above"].isin(ids)].drop_duplicates()
        step = up[~pd.MultiIndex.from_frame(up).isin(pd.MultiIndex.from_frame(found))]
        found = pd.concat([found, step], ignore_index=True)
    return found


@_remembered
def kin(inv: Inventory, table: str) -> pd.DataFrame:
    """One row an id and an id on its line, above it, below it or itself: ``id``, ``other``."""
    line = lineage(inv, table).set_axis(["id", "other"], axis=1)
    return pd.concat([line, line.set_axis(["other", "id"], axis=1)], ignore_index=True).drop_duplicates()


def along(pairs: pd.DataFrame, line: pd.DataFrame) -> pd.DataFrame:
    """Links to ids and to the ``other`` ids that a line (id, other) gives them; an id that it does not know stays."""
    wide = pairs.merge(line, on="id", how="left")
    return wide.assign(other=wide["other"].astype(object).fillna(wide["id"]))


def at(values: pd.Series[Any], positions: pd.Series[Any]) -> pd.Series[Any]:
    """The values that stand at the positions, in their own type even where there are none."""
    return values.loc[positions].set_axis(positions.index)


def status(inv: Inventory) -> pd.Series[Any]:
    """Status of the register's rows, active where none is said."""
    return inv.processing["status"].fillna("active")


def active(inv: Inventory) -> pd.Index[Any]:
    """Positions of the rows of the register that tell what is done now, neither drafts nor stopped."""
    return inv.processing.index[status(inv) == "active"]


def said(inv: Inventory, table: str, column: str) -> pd.Series[Any]:
    """The cell's own text, missing where it says nothing or *none*; a cell that cannot be read still says something."""
    raw = inv.raw[table][column].astype(object)
    nothing = pd.Series(inv.states[table][column], index=raw.index).isin([*UNKNOWN_STATES])
    return raw.mask(nothing | raw.str.strip().str.casefold().isin(data("cells")["none"]), None)


def related(origin: pd.Series[Any], found: Mapping[str, pd.DataFrame]) -> pd.Series[Any]:
    """For each origin the (table, id) pairs that frames of links, by table, give it: a tuple, empty where none do."""
    parts = [pairs[["origin", "id"]].dropna().assign(table=table) for table, pairs in found.items()]
    pairs = pd.concat(parts, ignore_index=True).drop_duplicates().sort_values(["origin", "table", "id"])
    whole = pd.Series(list(zip(pairs["table"], pairs["id"], strict=True)), index=pairs.index, dtype=object)
    known = origin.map(whole.groupby(pairs["origin"]).agg(tuple))
    return known.astype(object).where(known.notna(), pd.Series([()] * len(origin), index=origin.index, dtype=object))


def singles(ids: pd.Series[Any], *, where: pd.Series[Any] | None = None) -> pd.Series[Any]:
    """Every id as a tuple of one, an empty tuple where the condition does not hold."""
    whole = pd.Series(list(zip(ids, strict=True)), index=ids.index, dtype=object)
    return whole if where is None else whole.where(where, pd.Series([()] * len(ids), index=ids.index, dtype=object))
