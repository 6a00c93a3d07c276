"""Three matrices: data categories by purposes, systems by subjects, and data categories by systems."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.colors import BoundaryNorm, ListedColormap

from derbes.figures.links import links, names
from derbes.figures.style import (
    BLUES,
    INK,
    MARK,
    NAME,
    PAPER,
    QUIET,
    SEVERITY,
    Picture,
    bare,
    drawn_once,
    empty,
    picture,
    short,
    two_lines,
)
from derbes.inventory import keyed
from derbes.wording import Wording

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from derbes.auditing import Audit
    from derbes.inventory import Inventory

ROWS, COLUMNS = 48, 36
WIDE = 8  # columns from which their names stand steeper
TOP = 3
_ROW, _HEAD = 0.265, 46  # inches of a row; letters of a column's name
_FEW = 32  # colours: a page has three of these pictures
_MIDDLE = 0.5  # lightness below which white is the better ink


@dataclass(frozen=True)
class _Matrix:
    """Counts by ids, ``hollow`` for links without a count, labels by id; ``alone`` is written in empty rows."""

    counts: pd.DataFrame
    hollow: pd.DataFrame
    rows: pd.Series[str]
    columns: pd.Series[str]
    alone: str = ""


@drawn_once
def purposes(audit: Audit) -> Picture:
    """Heat map of data categories × purposes: how many activities of the register link the two."""
    say = Wording(audit.lang, "figures")
    matrix = _purposes(audit.inventory, say("purposes", "alone"))
    if not matrix.counts.to_numpy().any():
        return empty("purposes", say("purposes", "empty"), title=say("purposes", "title"))
    idle = int((matrix.counts.sum(axis=1) == 0).sum())
    used = matrix.counts.columns[matrix.counts.sum(axis=0) > 0]
    facts = {"idle": idle, "total": len(matrix.counts), "bare": matrix.counts.shape[1] - len(used)}
    return _matrix_picture(audit, "purposes", _only(matrix, matrix.counts.index, used), facts)


@drawn_once
def systems(audit: Audit) -> Picture:
    """Matrix of systems × subjects: how many fields a system holds on each, and where only the register says so."""
    say = Wording(audit.lang, "figures")
    matrix = _systems(audit.inventory)
    if not (matrix.counts.to_numpy().any() or matrix.hollow.to_numpy().any()):
        return empty("systems", say("systems", "empty"), title=say("systems", "title"))
    return _matrix_picture(audit, "systems", matrix, {"idle": int(matrix.hollow.to_numpy().sum())})


def holdings(audit: Audit) -> Picture:
    """Heat map of data categories × systems: which data lie where, in how many fields; hollow from the register."""
    say = Wording(audit.lang, "figures")
    matrix = _holdings(audit.inventory)
    if not (matrix.counts.to_numpy().any() or matrix.hollow.to_numpy().any()):
        return empty("holdings", say("holdings", "empty"), title=say("holdings", "title"))
    return _matrix_picture(audit, "holdings", matrix, {"idle": int(matrix.hollow.to_numpy().sum())})


def _purposes(inv: Inventory, alone: str) -> _Matrix:
    pairs = links(inv, "processing", "category_ids", "purpose_id")
    counts = _crossed(pairs, inv, ("categories", "purposes"))
    labels = _marked(inv, names(inv, "categories", counts.index))
    hollow = pd.DataFrame(data=False, index=counts.index, columns=counts.columns)
    return _Matrix(counts, hollow, labels, names(inv, "purposes", counts.columns), alone)


def _systems(inv: Inventory) -> _Matrix:
    described, registered = ("system_id", "subject_ids"), ("system_ids", "subject_ids")
    return _held(inv, ("systems", "subjects"), described, registered)


def _holdings(inv: Inventory) -> _Matrix:
    described, registered = ("category_id", "system_id"), ("category_ids", "system_ids")
    matrix = _held(inv, ("categories", "systems"), described, registered)
    return replace(matrix, rows=_marked(inv, matrix.rows))


def _held(inv: Inventory, tables: tuple[str, str], described: tuple[str, str], registered: tuple[str, str]) -> _Matrix:
    """Counts of fields that link rows of two tables; hollow where only the register of processing does."""
    fields = _crossed(links(inv, "fields", *described), inv, tables)
    declared = _crossed(links(inv, "processing", *registered), inv, tables)
    counts, other = fields.align(declared, fill_value=0)
    hollow = (counts == 0) & (other > 0)
    weight = counts + hollow / max(hollow.size, 1)  # hollow marks decide only where fields do not
    rows = weight.sum(axis=1).sort_values(ascending=False, kind="stable").index
    shown = weight.loc[rows[:ROWS]].sum() + weight.sum() / (1 + weight.to_numpy().sum())
    columns = shown.sort_values(ascending=False, kind="stable").index
    counts, hollow = counts.loc[rows, columns], hollow.loc[rows, columns]
    labels = [names(inv, table, ids) for table, ids in zip(tables, (counts.index, counts.columns), strict=True)]
    return _Matrix(counts, hollow, *labels)


def _marked(inv: Inventory, labels: pd.Series[str]) -> pd.Series[str]:
    """Labels of categories, those of restricted access with a mark."""
    restricted = keyed(inv, "categories")["access_class"].reindex(labels.index) == "restricted"
    return labels.where(~restricted, MARK + labels)


def _crossed(pairs: pd.DataFrame, inv: Inventory, tables: tuple[str, str]) -> pd.DataFrame:
    """Count pairs; every row of the two tables is there even where nothing links it; most linked first."""
    counts = pd.crosstab(pairs["left"], pairs["right"])
    left, right = (list(inv.tables[table].iloc[:, 0].dropna().unique()) for table in tables)
    rows = [*left, *counts.index.difference(left)]
    columns = [*right, *counts.columns.difference(right)]
    counts = counts.reindex(index=rows, columns=columns, fill_value=0)
    by_row = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index
    by_column = counts.sum(axis=0).sort_values(ascending=False, kind="stable").index
    return counts.loc[by_row, by_column]


def _matrix_picture(audit: Audit, name: str, matrix: _Matrix, facts: dict[str, int]) -> Picture:
    say, shown = Wording(audit.lang, "figures"), _cut(matrix)
    rows, columns = matrix.counts.shape
    caption = say(name, "caption", **facts)
    if shown.counts.shape != matrix.counts.shape:
        kept_rows, kept_columns = shown.counts.shape
        caption += " " + say("rest", shown=kept_rows, total=rows, columns=kept_columns, all_columns=columns)
    return picture(
        name,
        lambda axes: _cells(axes, shown),
        height=2.5 + _ROW * len(shown.counts),
        colours=_FEW,
        title=say(name, "title"),
        alt=say(name, "alt", rows=rows, columns=columns, top=_top(matrix), **facts),
        caption=caption,
    )


def _cut(matrix: _Matrix) -> _Matrix:
    return _only(matrix, matrix.counts.index[:ROWS], matrix.counts.columns[:COLUMNS])


def _only(matrix: _Matrix, rows: pd.Index[str], columns: pd.Index[str]) -> _Matrix:
    counts, hollow = matrix.counts.loc[rows, columns], matrix.hollow.loc[rows, columns]
    return replace(matrix, counts=counts, hollow=hollow, rows=matrix.rows[rows], columns=matrix.columns[columns])


def _top(matrix: _Matrix) -> str:
    counts = matrix.counts.to_numpy()
    places = np.argsort(-counts, axis=None, kind="stable")[:TOP]
    cells = [(row, column) for row, column in zip(*np.unravel_index(places, counts.shape), strict=True)]
    return "; ".join(
        f"{matrix.rows.iloc[row].removeprefix(MARK)} — {matrix.columns.iloc[column]} ({counts[row, column]})"
        for row, column in cells
        if counts[row, column]
    )


def _cells(axes: Axes, matrix: _Matrix) -> None:
    counts = matrix.counts.to_numpy()
    colours, norm = _scale(counts)
    axes.pcolormesh(counts, cmap=colours, norm=norm, edgecolors=PAPER, linewidth=1.2)
    _numbers(axes, counts, colours, norm)
    ys, xs = np.nonzero(matrix.hollow.to_numpy())
    axes.scatter(xs + 0.5, ys + 0.5, s=22, facecolors="none", edgecolors=QUIET, linewidths=1)
    for row in np.flatnonzero(counts.sum(axis=1) == 0) if matrix.alone else ():
        axes.text(0.12, row + 0.5, matrix.alone, va="center", color=SEVERITY["critical"], fontsize=8)
    many = counts.shape[1] > WIDE
    axes.set_xticks(np.arange(counts.shape[1]) + 0.5, [short(name, _HEAD) for name in matrix.columns])
    axes.set_yticks(np.arange(counts.shape[0]) + 0.5, [two_lines(name, NAME) for name in matrix.rows], linespacing=1.05)
    axes.tick_params(axis="y", labelsize=7.4)
    axes.tick_params(axis="x", labelsize=7.6, labeltop=True, labelbottom=False, rotation=60 if many else 38)
    for label in axes.get_xticklabels():
        label.set(ha="left", rotation_mode="anchor", color=INK)
    axes.invert_yaxis()
    bare(axes)


def _scale(counts: np.ndarray) -> tuple[ListedColormap, BoundaryNorm]:
    """Grey for none, then five blues, darker for more, each step distinct in grey print."""
    top = max(int(counts.max()), 1)
    steps = np.unique(np.geomspace(1, top + 1, len(BLUES) + 1).round().astype(int))
    edges = np.concatenate([[0], steps])
    number = max(len(steps) - 1, 1)
    palest = max(len(BLUES) // 2 + 1 - number, 0)  # where all counts are alike, a shade that stands out from none
    blues = [BLUES[round(i)] for i in np.linspace(palest, len(BLUES) - 1, number)]
    colours = ListedColormap(["#f4f6f7", *blues])
    return colours, BoundaryNorm(edges if len(steps) > 1 else [0, 1, 2], colours.N)


def _numbers(axes: Axes, counts: np.ndarray, colours: ListedColormap, norm: BoundaryNorm) -> None:
    for row, column in zip(*np.nonzero(counts), strict=True):
        red, green, blue, _ = colours(norm(counts[row, column]))
        ink = INK if 0.3 * red + 0.59 * green + 0.11 * blue > _MIDDLE else PAPER
        axes.text(column + 0.5, row + 0.5, str(counts[row, column]), ha="center", va="center", color=ink, fontsize=8)
