"""How long each category of data is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from derbes.figures.links import links, names
from derbes.figures.style import BLUES, INK, QUIET, RULE, SEVERITY, Picture, bare, empty, picture, short
from derbes.inventory import keyed
from derbes.period import parse_all
from derbes.wording import Wording

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from derbes.auditing import Audit

NAME = "retention"
ROWS = 48
KINDS = ("until", "by_law", "vague", "indefinite", "unknown")
_BAD = {"vague", "indefinite"}
TICKS = ((1, "D", 1.0), (1, "M", 30.44), (1, "Y", 365.24), (5, "Y", 1826.2), (25, "Y", 9131.1))  # and days
EDGE, _STEP = 5.1, 0.55  # decades: where what years cannot measure begins, and how far its columns are apart
_COLUMNS = {kind: EDGE + _STEP * (at + 0.5) for at, kind in enumerate(KINDS)}


def retention(audit: Audit) -> Picture:
    """Retention per category: a dot for each period on a logarithmic scale, and columns for what has no length."""
    say, kept = Wording(audit.lang, "figures"), _kept(audit)
    if kept.empty:
        return empty(NAME, say(NAME, "empty"), title=say(NAME, "title"))
    order = _order(kept)
    top = order[:ROWS]
    labels = [short(name) for name in names(audit.inventory, "categories", pd.Index(top))]
    rest = say("rest_rows", shown=ROWS, total=len(order)) if len(order) > ROWS else ""

    def draw(axes: Axes) -> None:
        _dots(axes, kept[kept["category"].isin(top)], top, say)
        _frame(axes, labels, say)

    return picture(
        NAME,
        draw,
        height=1.7 + 0.235 * len(top),
        title=say(NAME, "title"),
        alt=say(NAME, "alt", rows=len(order), series=_series(kept, say)),
        caption=f"{say(NAME, 'caption')} {rest}".strip(),
    )


def _kept(audit: Audit) -> pd.DataFrame:
    """Distinct periods of every category: frame category, kind, days, n, unit (the period as written: 5, Y)."""
    inv = audit.inventory
    pairs = links(inv, "processing", "category_ids", "retention_id", unknown=True).drop_duplicates()
    periods = keyed(inv, "retention")["period"]
    read = parse_all(pairs["right"].map(periods).reset_index(drop=True))
    kinds = read["kind"].where(read["kind"].isin(KINDS) | read["days"].notna()).fillna("unknown")
    days = read["days"].clip(lower=1.0)  # what is kept for hours stands at one day
    kept = pd.DataFrame({"category": pairs["left"].to_numpy(), "kind": kinds, "days": days})
    return kept.join(_parts(read["duration"], days)).drop_duplicates()


def _parts(durations: pd.Series[str], days: pd.Series[float]) -> pd.DataFrame:
    """Number and unit of a duration of one part, as it was written; of any other its days."""
    parts = durations.astype("str").str.extract(r"^P(?P<n>\d+)(?P<unit>[YMWD])$")
    whole = pd.DataFrame({"n": days.round().astype("Int64").astype("str"), "unit": "D"})
    return parts.where(parts["unit"].notna(), whole)


def _order(kept: pd.DataFrame) -> list[str]:
    """Categories, the worst first: kept for ever, vaguely, for an unknown time, then the longest."""
    rank = kept["kind"].map({"indefinite": 4, "vague": 3, "unknown": 2}).fillna(0)
    worst = kept.assign(rank=rank, days=kept["days"].fillna(0)).groupby("category", sort=False)[["rank", "days"]].max()
    return list(worst.sort_values(["rank", "days"], ascending=False, kind="stable").index)


def _series(kept: pd.DataFrame, say: Wording) -> str:
    sizes = kept.groupby("kind")["category"].nunique()
    kinds = [kind for kind in KINDS if kind in sizes]
    lines = [say(NAME, "count", kind=say(NAME, "kinds", kind), number=int(sizes[kind])) for kind in kinds]
    if kept["days"].notna().any():
        longest = kept.loc[kept["days"].idxmax()]
        lines.append(say(NAME, "longest", period=say.span(int(longest["n"]), longest["unit"])))
    return "; ".join(lines)


def _dots(axes: Axes, shown: pd.DataFrame, order: list[str], say: Wording) -> None:
    rows = {category: row for row, category in enumerate(order)}
    placed = shown.assign(row=shown["category"].map(rows), x=np.log10(shown["days"]).clip(upper=EDGE))
    fixed = placed[placed["kind"] == "fixed"]
    ends = (
        fixed.sort_values("days")
        .groupby("row")
        .agg(first=("x", "first"), last=("x", "last"), n=("n", "last"), unit=("unit", "last"))
    )
    axes.hlines(range(len(order)), 0, EDGE + _STEP * len(KINDS), color=RULE, linewidth=0.5, zorder=0)
    axes.hlines(ends.index, ends["first"], ends["last"], color=QUIET, linewidth=1.6, zorder=1)
    axes.scatter(fixed["x"], fixed["row"], s=30, color=BLUES[3], zorder=2)
    for end in ends.itertuples():
        label = say.span(int(end.n), end.unit)
        axes.annotate(label, (end.last, end.Index), (6, 0), textcoords="offset points", va="center", fontsize=8)
    _kinds(axes, shown[shown["kind"] != "fixed"], rows)


def _kinds(axes: Axes, shown: pd.DataFrame, rows: dict[str, int]) -> None:
    x, y = shown["kind"].map(_COLUMNS), shown["category"].map(rows)
    bad, unknown = shown["kind"].isin(_BAD), shown["kind"] == "unknown"
    axes.scatter(x[bad], y[bad], s=44, marker="s", color=SEVERITY["critical"])
    axes.scatter(x[unknown], y[unknown], s=34, facecolors="none", edgecolors=INK)
    axes.scatter(x[~bad & ~unknown], y[~bad & ~unknown], s=30, color=BLUES[3])


def _frame(axes: Axes, labels: list[str], say: Wording) -> None:
    marks = [(np.log10(days), say.span(n, unit)) for n, unit, days in TICKS]
    marks += [(place, say(NAME, "kinds", kind)) for kind, place in _COLUMNS.items()]
    axes.axvspan(EDGE, EDGE + _STEP * len(KINDS), color="#f4f6f7", zorder=-1)
    axes.set_xticks([place for place, _ in marks], [word for _, word in marks])
    axes.tick_params(axis="x", labeltop=True, labelbottom=False)
    for label, (place, _) in zip(axes.get_xticklabels(), marks, strict=True):
        label.set(rotation=38, ha="left", rotation_mode="anchor", color=INK if place > EDGE else QUIET)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlim(-0.1, EDGE + _STEP * len(KINDS))
    bare(axes)
