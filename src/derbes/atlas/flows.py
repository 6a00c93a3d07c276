"""From system to country: which activities lead data from where to whom, laid out in five columns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes.inventory import keyed

if TYPE_CHECKING:
    from derbes.inventory import Inventory

#: Columns of the data map, from left to right.
COLUMNS = ("systems", "categories", "purposes", "recipients", "countries")
#: What stands in a column beside ids, none of which can be one: all rows, those beyond the first, none, unknown.
ALL, REST, NONE, UNKNOWN = "*", "+", "-", "?"
SPECIAL = (ALL, REST, NONE, UNKNOWN)
_NAMED = {
    "systems": "system_ids",
    "categories": "category_ids",
    "purposes": "purpose_id",
    "recipients": "recipient_ids",
}


@dataclass(frozen=True)
class Flows:
    """The data map: ``nodes`` by column and ``links`` between neighbouring columns.

    Every activity of the register weighs one, parted equally among what it names in a column; so the columns weigh the
    same. ``nodes``: column, id, weight, activities, folded (ids that REST stands for). ``links``: column (the left
    one), left, right, weight, activities.
    """

    nodes: pd.DataFrame
    links: pd.DataFrame
    activities: int


def flows(inv: Inventory, top: int) -> Flows:
    """Data map of the activities that were not stopped; what comes after the ``top`` ids of a column is folded."""
    going = inv.processing[inv.processing["status"].ne("stopped").fillna(value=True)]
    spread = {column: _spread(going[name]) for column, name in _NAMED.items()}
    last = _onward(spread["recipients"], inv)
    spread["countries"] = last[["activity", "country", "weight"]].set_axis(["activity", "id", "weight"], axis=1)
    folds = {column: _fold(frame, top) for column, frame in spread.items()}
    nodes = [_nodes(column, frame, folds[column]) for column, frame in spread.items()]
    slim = {column: _folded(frame.assign(id=frame["id"].map(folds[column]))) for column, frame in spread.items()}
    links = [_links(left, slim[left], slim[right]) for left, right in pairwise(COLUMNS[:4])]
    ends = last.assign(left=last["id"].map(folds["recipients"]), right=last["country"].map(folds["countries"]))
    links.append(_sums(ends, ["left", "right"]).assign(column="recipients"))
    return Flows(pd.concat(nodes, ignore_index=True), pd.concat(links, ignore_index=True), len(going))


def _spread(cells: pd.Series[Any]) -> pd.DataFrame:
    """What each activity names: activity, id, weight, the weights of an activity adding up to one."""
    frame = cells.astype(object).explode().rename("id").rename_axis("activity").reset_index()
    empty = frame["activity"].map(cells.map(lambda cell: cell == ()).astype(bool)).astype(bool)
    words = frame["id"].replace({"all": ALL, "none": NONE}).where(~empty, NONE)
    frame["id"] = words.where(words.notna(), UNKNOWN).astype(object)
    return frame.assign(weight=1.0 / frame.groupby("activity")["id"].transform("size"))


def _onward(sent: pd.DataFrame, inv: Inventory) -> pd.DataFrame:
    """Recipients of each activity with their countries: activity, id, weight, country."""
    where = _spread(keyed(inv, "recipients")["countries"])
    where = where.set_axis(["id", "country", "part"], axis=1).astype({"id": object})
    both = sent.merge(where, on="id", how="left")
    unknown = both["id"].where(both["id"] == NONE, UNKNOWN)
    both["country"] = both["country"].where(both["country"].notna(), unknown).astype(object)
    return both.assign(weight=both["weight"] * both["part"].astype(float).fillna(1.0)).drop(columns="part")


def _fold(frame: pd.DataFrame, top: int) -> dict[str, str]:
    """What each id of a column is drawn as: itself, or REST if others weigh more; one alone is not folded."""
    weights = frame.groupby("id")["weight"].sum()
    ids = weights[~weights.index.isin(SPECIAL)].sort_index().sort_values(ascending=False, kind="stable").index
    shown = ids if len(ids) <= top + 1 else ids[:top]
    return {name: name if name in SPECIAL or name in set(shown) else REST for name in weights.index}


def _nodes(column: str, frame: pd.DataFrame, fold: dict[str, str]) -> pd.DataFrame:
    sums = _sums(frame.assign(drawn=frame["id"].map(fold)), ["drawn"]).rename(columns={"drawn": "id"})
    folded = sum(drawn == REST for drawn in fold.values())
    sums = sums.assign(column=column, folded=np.where(sums["id"] == REST, folded, 0))
    rank = sums["id"].map({name: at for at, name in enumerate(SPECIAL, 1)}).fillna(0)
    order = sums.assign(rank=rank, heavy=-sums["weight"].round(9)).sort_values(["rank", "heavy", "id"], kind="stable")
    return order[["column", "id", "weight", "activities", "folded"]]


def _folded(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.groupby(["activity", "id"], sort=False)["weight"].sum().reset_index()


def _links(column: str, left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    both = left.merge(right, on="activity", suffixes=("_left", "_right"))
    both["weight"] = both["weight_left"] * both["weight_right"]
    both = both.rename(columns={"id_left": "left", "id_right": "right"})
    return _sums(both, ["left", "right"]).assign(column=column)


def _sums(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    told = frame.groupby(by, sort=True).agg(weight=("weight", "sum"), activities=("activity", "nunique"))
    return told.reset_index()
