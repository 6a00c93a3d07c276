"""The data map: from system to category, purpose, recipient and country, in bands as wide as what they join."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from babel import Locale
from matplotlib.collections import PathCollection
from matplotlib.patches import Patch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from derbes.atlas import flows, names
from derbes.atlas.flows import COLUMNS, REST, SPECIAL, UNKNOWN, Flows
from derbes.atlas.places import home
from derbes.figures.style import (
    BLUES,
    INK,
    MARK,
    PAPER,
    QUIET,
    RULE,
    SEVERITY,
    Picture,
    bare,
    empty,
    picture,
    two_lines,
)
from derbes.identity import mask
from derbes.inventory import keyed
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes

    from derbes.auditing import Audit
    from derbes.inventory import Inventory

NAME = "flow"
TOP, STRONG = 11, 2
_FEW = 32  # colours: bands that cross make many, and the picture heavy
_HEIGHT, _LINE = 8.6, 0.3  # inches: of the picture, and of a label of two lines
_BAR, _LABEL = 0.016, 27  # width of a node in columns, letters of a line of a label
_KINDS = ("plain", "restricted", "abroad", "unknown")
_COLOURS = {"plain": BLUES[1], "restricted": BLUES[3], "abroad": SEVERITY["critical"], "unknown": "#d9dfe3"}


@dataclass(frozen=True)
class _Map:
    """What is drawn: nodes with name, x, y, height; links with the places of both ends and a kind."""

    nodes: pd.DataFrame
    links: pd.DataFrame


def flow(audit: Audit) -> Picture:
    """Flow picture of the register: every activity is one unit wide, parted equally among what it names."""
    say, inv = Wording(audit.lang, "flow"), audit.inventory
    told = flows(inv, TOP)
    if not told.activities:
        return empty(NAME, say("empty"), title=say("title"))
    drawn = _laid(told, inv, say, home(inv, audit.law.country))
    folded = told.nodes.loc[told.nodes["folded"] > 0, ["column", "folded"]].itertuples(index=False)
    rest = "; ".join(say("rest", column=say("columns", column), n=int(n)) for column, n in folded)
    return picture(
        NAME,
        lambda axes: _draw(axes, drawn, say),
        height=_HEIGHT,
        title=say("title"),
        colours=_FEW,
        alt=say("alt", activities=told.activities, series=_series(drawn, say)),
        caption=" ".join(filter(None, [say("caption", n=told.activities), say("folded", rest=rest) if rest else ""])),
    )


def _laid(told: Flows, inv: Inventory, say: Wording, own: str) -> _Map:
    """Nodes and links with their places: each column from top to bottom, the gaps one label high."""
    nodes = told.nodes.assign(name=_names(told.nodes, inv, say), x=told.nodes["column"].map(_places()).astype(float))
    crowded = nodes.groupby("column").size().max()
    scale = (_HEIGHT - 1.4 - _LINE * (crowded + 1)) / told.activities
    nodes["height"] = nodes["weight"] * scale
    nodes["y"] = 0.0
    for column in COLUMNS:
        nodes = _ordered(nodes, told.links, column)
    banded = _banded(nodes, told.links.assign(height=told.links["weight"] * scale))
    return _Map(nodes.reset_index(drop=True), banded.assign(kind=_kinds(banded, inv, own)))


def _places() -> dict[str, int]:
    return {column: place for place, column in enumerate(COLUMNS)}


def _names(nodes: pd.DataFrame, inv: Inventory, say: Wording) -> pd.Series[str]:
    """What each node is called; those that stand for no row, in words."""
    said = pd.Series("", index=nodes.index, dtype=object)
    territories = Locale(say.lang).territories
    for column, part in nodes.groupby("column"):
        ids = part["id"]
        known = ids.map(territories) if column == "countries" else ids.map(names(inv, column, pd.Index(ids)))
        special = [
            say("special", code, column) if code != REST else say("more", n=int(n))
            for code, n in zip(ids, part["folded"], strict=True)
            if code in SPECIAL
        ]
        said[ids.index] = known.fillna(ids.map(mask))
        said[ids.index[ids.isin(SPECIAL)]] = special
    restricted = inv.categories.loc[inv.categories["access_class"] == "restricted", "category_id"]
    marked = (nodes["column"] == "categories") & nodes["id"].isin(restricted)
    return said.where(~marked, MARK + said)


def _ordered(nodes: pd.DataFrame, links: pd.DataFrame, column: str) -> pd.DataFrame:
    """Nodes of a column where their bands come from, so that few cross; what is no row stays below."""
    own = nodes["column"] == column
    place = COLUMNS.index(column)
    if place:
        before = nodes[nodes["column"] == COLUMNS[place - 1]].set_index("id")
        inflow = links[links["column"] == COLUMNS[place - 1]]
        centre = (inflow["left"].map(before["y"]) + inflow["left"].map(before["height"]) / 2) * inflow["weight"]
        mean = centre.groupby(inflow["right"]).sum() / inflow.groupby("right")["weight"].sum()
        rank = nodes.loc[own, "id"].map(mean).round(6)
    else:
        rank = -nodes.loc[own, "weight"]
    special = nodes.loc[own, "id"].map({code: at for at, code in enumerate(SPECIAL, 1)}).fillna(0)
    order = pd.DataFrame({"special": special, "rank": rank}).sort_values(["special", "rank"], kind="stable").index
    heights = nodes.loc[order, "height"]
    free = _HEIGHT - 1.4 - heights.sum()
    gap = min(free / (len(order) + 1), 3 * _LINE)
    nodes.loc[order, "y"] = (heights.cumsum() - heights + gap * np.arange(1, len(order) + 1)).to_numpy()
    return pd.concat([nodes[~own], nodes.loc[order]])


def _banded(nodes: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Links with the upper edge of each of their ends, stacked in the order of what they lead to or come from."""
    place = nodes.set_index(["column", "id"])
    onward = links["column"].map(dict(pairwise(COLUMNS)))
    frame = links.assign(onward=onward)
    for side, column in (("left", "column"), ("right", "onward")):
        frame[f"at_{side}"] = place.loc[pd.MultiIndex.from_arrays([frame[column], frame[side]]), "y"].to_numpy()
    for side, other in (("left", "right"), ("right", "left")):
        ordered = frame.sort_values(["column", side, f"at_{other}"], kind="stable")
        above = ordered.groupby(["column", side])["height"].cumsum() - ordered["height"]
        frame[f"y_{side}"] = frame[f"at_{side}"] + above
    return frame.assign(x=frame["column"].map(_places()).astype(float))


def _kinds(links: pd.DataFrame, inv: Inventory, own: str) -> pd.Series[str]:
    classes = keyed(inv, "categories")["access_class"]
    category = links["left"].where(links["column"] == "categories", links["right"].where(links["column"] == "systems"))
    kind = pd.Series("plain", index=links.index, dtype=object)
    kind = kind.mask(category.map(classes).eq("restricted").fillna(value=False), "restricted")
    abroad = (links["column"] == "recipients") & ~links["right"].isin([*SPECIAL, own])
    blank = links["left"].eq(UNKNOWN) | links["right"].eq(UNKNOWN)
    return kind.mask(abroad, "abroad").mask(blank, "unknown")


def _series(drawn: _Map, say: Wording) -> str:
    """The strongest links between each pair of columns, in words."""
    called = drawn.nodes.set_index(["column", "id"])["name"]
    told = drawn.links[~drawn.links[["left", "right"]].isin(SPECIAL).any(axis=1)]
    best = told.assign(heavy=-told["weight"].round(9)).sort_values(["x", "heavy", "left", "right"], kind="stable")
    rows: Iterable[object] = best.groupby("x", sort=True).head(STRONG).itertuples()
    parts = [
        say(
            "link",
            left=called[row.column, row.left],  # type: ignore[attr-defined]
            right=called[row.onward, row.right],  # type: ignore[attr-defined]
            n=int(row.activities),  # type: ignore[attr-defined]
        )
        for row in rows
    ]
    blank = drawn.nodes[drawn.nodes["id"] == UNKNOWN]
    parts += [say("blank", column=say("columns", row.column), n=int(row.activities)) for row in blank.itertuples()]
    return "; ".join(parts)


def _draw(axes: Axes, drawn: _Map, say: Wording) -> None:
    for kind in ("unknown", "plain", "restricted", "abroad"):
        bands = drawn.links[drawn.links["kind"] == kind]
        paths = [_band(*ends) for ends in bands[["x", "y_left", "y_right", "height"]].to_numpy()]
        axes.add_collection(PathCollection(paths, facecolors=_COLOURS[kind], alpha=0.62, linewidths=0))
    nodes = drawn.nodes
    hollow = nodes["id"].isin(SPECIAL)
    axes.vlines(
        nodes["x"] + _BAR / 2,
        nodes["y"],
        nodes["y"] + nodes["height"],
        [QUIET if one else INK for one in hollow],
        linewidth=2.6,
    )
    halo = [withStroke(linewidth=2.4, foreground=PAPER, alpha=0.85)]
    for node in nodes.itertuples():
        number = f"  {node.activities}" * (node.id != REST)
        text = two_lines(node.name, _LABEL - len(number)) + number
        where = (node.x + _BAR + 0.02, node.y + node.height / 2)
        colour = QUIET if node.id in SPECIAL else INK
        axes.text(*where, text, va="center", fontsize=7.8, linespacing=1.05, color=colour, path_effects=halo)
    _frame(axes, drawn, say)


def _band(x: float, left: float, right: float, height: float) -> Path:
    """A band from one column to the next, curved so that it leaves and arrives level."""
    start, end, middle = x + _BAR, x + 1.0, x + 0.5 + _BAR / 2
    points = [(start, left), (middle, left), (middle, right), (end, right), (end, right + height)]
    points += [(middle, right + height), (middle, left + height), (start, left + height), (start, left)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    return Path(points, codes)


def _frame(axes: Axes, drawn: _Map, say: Wording) -> None:
    axes.set_xlim(-0.01, 4.5)
    axes.set_ylim(_HEIGHT - 1.4, -0.28)
    for column, x in _places().items():
        axes.text(x, -0.12, say("columns", column), fontsize=9, fontweight="bold", color=INK, va="bottom")
    axes.axhline(-0.06, color=RULE, linewidth=0.8)
    axes.set_xticks([])
    axes.set_yticks([])
    bare(axes)
    kinds = [kind for kind in _KINDS if (drawn.links["kind"] == kind).any()]
    handles = [Patch(facecolor=_COLOURS[kind], alpha=0.62, edgecolor=QUIET, linewidth=0.4) for kind in kinds]
    words = [say("kinds", kind) for kind in kinds]
    axes.legend(handles, words, loc="upper left", bbox_to_anchor=(0, 0), ncols=4, frameon=False, borderpad=0)
