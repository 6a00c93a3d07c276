"""How long each category of data is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from babel.units import format_unit

from derbes.figures.links import links, names
from derbes.figures.style import BLUES, INK, QUIET, RULE, SEVERITY, Picture, bare, empty, picture, short
from derbes.period import parse_all
from derbes.text import fill, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from derbes.auditing import Audit

NAME = "retention"
ROWS = 32
UNITS = {"Y": "year", "M": "month", "W": "week", "D": "day"}
KINDS = ("until", "by_law", "vague", "indefinite", "unknown")
_BAD = {"vague", "indefinite"}
_TICKS = (("1", "D", 1.0), ("1", "M", 30.44), ("1", "Y", 365.24), ("5", "Y", 1826.2), ("25", "Y", 9131.1))  # and days
_EDGE, _STEP = 5.1, 0.55  # decades: where what years cannot measure begins, and how far its columns are apart
_COLUMNS = {kind: _EDGE + _STEP * (at + 0.5) for at, kind in enumerate(KINDS)}


def retention(audit: Audit) -> Picture:
    """Retention per category: a dot for each period on a logarithmic scale, and columns for what has no length."""
    figures = words(audit.lang)["figures"]
    say, kept = figures[NAME], _kept(audit)
    if kept.empty:
        return empty(NAME, say["empty"], title=say["title"])
    order = _order(kept)
    top = order[:ROWS]
    labels = [short(name) for name in names(audit.inventory, "categories", pd.Index(top))]
    rest = fill(figures["rest_rows"], {"shown": ROWS, "total": len(order)}) if len(order) > ROWS else ""

    def draw(axes: Axes) -> None:
        _dots(axes, kept[kept["category"].isin(top)], top, audit.lang)
        _frame(axes, labels, say, audit.lang)

    return picture(
        NAME,
        draw,
        height=1.7 + 0.235 * len(top),
        title=say["title"],
        alt=fill(say["alt"], {"rows": len(order), "series": _series(kept, say, audit.lang)}),
        caption=f"{say['caption']} {rest}".strip(),
    )


def _kept(audit: Audit) -> pd.DataFrame:
    """Distinct periods of every category: frame category, kind, days, n, unit (the period as written: 5, Y)."""
    inv = audit.inventory
    pairs = links(inv, "processing", "category_ids", "retention_id").drop_duplicates()
    periods = inv.tables["retention"].drop_duplicates("retention_id").set_index("retention_id")["period"]
    read = parse_all(pairs["right"].map(periods).reset_index(drop=True))
    parts = read["duration"].astype("str").str.extract(r"(?P<n>\d+)(?P<unit>[YMWD])")
    kinds = read["kind"].where(read["kind"].isin(KINDS) | read["days"].notna()).fillna("unknown")
    kept = pd.DataFrame({"category": pairs["left"].to_numpy(), "kind": kinds, "days": read["days"]})
    return kept.join(parts).drop_duplicates()


def _order(kept: pd.DataFrame) -> list[str]:
    """Categories, the worst first: kept for ever, vaguely, for an unknown time, then the longest."""
    rank = kept["kind"].map({"indefinite": 4, "vague": 3, "unknown": 2}).fillna(0)
    worst = kept.assign(rank=rank, days=kept["days"].fillna(0)).groupby("category", sort=False)[["rank", "days"]].max()
    return list(worst.sort_values(["rank", "days"], ascending=False, kind="stable").index)


def _series(kept: pd.DataFrame, say: dict[str, Any], lang: str) -> str:
    sizes = kept.groupby("kind")["category"].nunique()
    lines = [fill(say["count"], {"kind": say["kinds"][k], "n": sizes[k]}) for k in KINDS if k in sizes]
    if kept["days"].notna().any():
        longest = kept.loc[kept["days"].idxmax()]
        lines.append(fill(say["longest"], {"period": _written(longest["n"], longest["unit"], lang)}))
    return "; ".join(lines)


def _written(n: str, unit: str, lang: str) -> str:
    return format_unit(int(n), f"duration-{UNITS[unit]}", length="long", locale=lang)


def _dots(axes: Axes, shown: pd.DataFrame, order: list[str], lang: str) -> None:
    rows = {category: row for row, category in enumerate(order)}
    fixed = shown[shown["kind"] == "fixed"].assign(row=shown["category"].map(rows), x=np.log10(shown["days"]))
    ends = (
        fixed.sort_values("days")
        .groupby("row")
        .agg(first=("x", "first"), last=("x", "last"), n=("n", "last"), unit=("unit", "last"))
    )
    axes.hlines(range(len(order)), 0, _EDGE + _STEP * len(KINDS), color=RULE, linewidth=0.5, zorder=0)
    axes.hlines(ends.index, ends["first"], ends["last"], color=QUIET, linewidth=1.6, zorder=1)
    axes.scatter(fixed["x"], fixed["row"], s=30, color=BLUES[3], zorder=2)
    for end in ends.itertuples():
        label = _written(end.n, end.unit, lang)
        axes.annotate(label, (end.last, end.Index), (6, 0), textcoords="offset points", va="center", fontsize=8)
    _kinds(axes, shown[shown["kind"] != "fixed"], rows)


def _kinds(axes: Axes, shown: pd.DataFrame, rows: dict[str, int]) -> None:
    x, y = shown["kind"].map(_COLUMNS), shown["category"].map(rows)
    bad, unknown = shown["kind"].isin(_BAD), shown["kind"] == "unknown"
    axes.scatter(x[bad], y[bad], s=44, marker="s", color=SEVERITY["critical"])
    axes.scatter(x[unknown], y[unknown], s=34, facecolors="none", edgecolors=INK)
    axes.scatter(x[~bad & ~unknown], y[~bad & ~unknown], s=30, color=BLUES[3])


def _frame(axes: Axes, labels: list[str], say: dict[str, Any], lang: str) -> None:
    marks = [(np.log10(days), _written(n, unit, lang)) for n, unit, days in _TICKS]
    marks += [(place, say["kinds"][kind]) for kind, place in _COLUMNS.items()]
    axes.axvspan(_EDGE, _EDGE + _STEP * len(KINDS), color="#f4f6f7", zorder=-1)
    axes.set_xticks([place for place, _ in marks], [word for _, word in marks])
    axes.tick_params(axis="x", labeltop=True, labelbottom=False)
    for label, (place, _) in zip(axes.get_xticklabels(), marks, strict=True):
        label.set(rotation=38, ha="left", rotation_mode="anchor", color=INK if place > _EDGE else QUIET)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlim(-0.1, _EDGE + _STEP * len(KINDS))
    bare(axes)
