"""Links between tables as pairs of ids, and the names that stand for ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from derbes.atlas.naming import names

if TYPE_CHECKING:
    from derbes.inventory import Inventory

__all__ = ["STOPPED", "links", "names"]

STOPPED = "stopped"


def links(inv: Inventory, table: str, left: str, right: str, *, unknown: bool = False) -> pd.DataFrame:
    """Pairs of ids that the rows of a table link: frame left, right, one row a pair and table row.

    Lists are spread, ``all`` is every row of the table referred to, unknown and empty cells give nothing, or with
    ``unknown`` a pair whose right side is missing; activities that were stopped do not count.
    """
    frame = inv.tables[table]
    if "status" in frame.columns:
        frame = frame[(frame["status"] != STOPPED).fillna(value=True)]
    pairs = pd.DataFrame({"left": frame[left].astype(object), "right": frame[right].astype(object)})
    for side, column in (("left", left), ("right", right)):
        pairs[side] = _spread(inv, table, column, pairs[side])
        pairs = pairs.explode(side)
    pairs = pairs.dropna(subset=["left"] if unknown else None)
    return pairs[(pairs != "none").all(axis=1)].reset_index(drop=True)


def _spread(inv: Inventory, table: str, column: str, cells: pd.Series[str]) -> pd.Series[str]:
    """Write *all* out as the ids of the table that the column refers to."""
    target = inv.schema.tables[table].columns[column].to
    everything = tuple(inv.tables[str(target)].iloc[:, 0].dropna().unique())
    return cells.map({("all",): everything, "all": everything}).where(cells.isin([("all",), "all"]), cells)
