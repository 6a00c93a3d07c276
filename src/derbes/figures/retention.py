"""How long each category of data is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from derbes.figures.links import links, names
from derbes.figures.style import INK, QUIET, RULE, SEVERITY, Picture, empty, picture, short
from derbes.period import parse
from derbes.text import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from derbes.auditing import Audit

NAME = "retention"
ROWS = 32
DAYS = {"Y": 365.25, "M": 30.44, "W": 7.0, "D": 1.0}
KINDS = ("until", "by_law", "vague", "indefinite", "unknown")
_BAD = {"vague", "indefinite"}
_PART = re.compile(r"(\d+)([YMWD])")
_YEARS = (1, 3, 10, 30, 100)
_STEP = 0.55  # decades between the columns of what cannot be measured


def retention(audit: Audit) -> Picture:
    """Retention per category: a dot for each period on a logarithmic scale, and columns for what has no length."""
    say = words(audit.lang)["figures"][NAME]
    kept = _kept(audit)
    if kept.empty:
        return empty(NAME, say["empty"], title=say["title"])
    order = _order(kept)
    shown = kept[kept["label"].isin(order[:ROWS])]
    caption = say["caption"]
    if len(order) > ROWS:
        size = {"shown": ROWS, "total": len(order), "columns": len(KINDS) + 1, "all_columns": len(KINDS) + 1}
        caption += " " + words(audit.lang)["figures"]["rest"].format(**size)
    return picture(
        NAME,
        lambda axes: _dots(axes, shown, order[:ROWS], say),
        height=1.5 + 0.235 * min(len(order), ROWS),
        title=say["title"],
        alt=say["alt"].format(rows=len(order), series=_series(kept, say)),
        caption=caption,
    )


def _kept(audit: Audit) -> pd.DataFrame:
    """Distinct periods of every category: frame label, kind, days, span (as written: 5Y)."""
    inv = audit.inventory
    pairs = links(inv, "processing", "category_ids", "retention_id").drop_duplicates()
    periods = inv.tables["retention"].drop_duplicates("retention_id").set_index("retention_id")["period"]
    texts = pd.Series(pairs["right"].map(periods).to_numpy(dtype=object), dtype=object).fillna("")
    read = {text: _measure(text) for text in texts.unique()}
    measured = pd.DataFrame([read[text] for text in texts], columns=["kind", "days", "span"])
    labels = names(inv, "categories", pd.Index(pairs["left"].unique())).map(short)
    return measured.assign(label=pairs["left"].map(labels).to_numpy()).drop_duplicates()


def _measure(text: str) -> tuple[str, float, str]:
    period = parse(text) if text else None
    if period is None or period.kind == "unknown":
        return "unknown", np.nan, ""
    parts = _PART.findall(period.duration or "")
    if period.kind != "fixed" or not parts:
        return (period.kind if period.kind in KINDS else "unknown"), np.nan, ""
    return "fixed", sum(int(n) * DAYS[unit] for n, unit in parts), "".join(parts[0])


def _order(kept: pd.DataFrame) -> list[str]:
    """Labels, the worst first: kept for ever, vaguely, for an unknown time, then the longest."""
    rank = kept["kind"].map({"indefinite": 4, "vague": 3, "unknown": 2}).fillna(0)
    worst = kept.assign(rank=rank, days=kept["days"].fillna(0)).groupby("label")[["rank", "days"]].max()
    return list(worst.sort_values(["rank", "days"], ascending=False, kind="stable").index)


def _series(kept: pd.DataFrame, say: dict[str, dict[str, str]]) -> str:
    sizes = kept.groupby("kind")["label"].nunique()
    lines = [str(say["count"]).format(kind=say["kinds"][k], n=sizes[k]) for k in KINDS if k in sizes]
    if kept["days"].notna().any():
        longest = kept.loc[kept["days"].idxmax(), "span"]
        lines.append(str(say["longest"]).format(period=_written(str(longest), say)))
    return " ".join(lines)


def _written(span: str, say: dict[str, dict[str, str]]) -> str:
    return say["spans"][span[-1]].format(n=span[:-1])


def _dots(axes: Axes, shown: pd.DataFrame, order: list[str], say: dict[str, dict[str, str]]) -> None:
    rows = {label: row for row, label in enumerate(order)}
    fixed = shown[shown["kind"] == "fixed"]
    x, y = np.log10(fixed["days"]), fixed["label"].map(rows)
    ends = pd.DataFrame({"x": x, "y": y}).groupby("y")["x"].agg(["min", "max"])
    axes.hlines(range(len(order)), 0, 4.6 + _STEP * len(KINDS), color=RULE, linewidth=0.5, zorder=0)
    axes.hlines(ends.index, ends["min"], ends["max"], color=QUIET, linewidth=1.6, zorder=1)
    axes.scatter(x, y, s=30, color="#3f77a8", zorder=2)
    for row, end in ends["max"].items():
        span = fixed.loc[(y == row) & (x == end), "span"].iloc[0]
        axes.annotate(_written(span, say), (end, row), (6, 0), textcoords="offset points", va="center", fontsize=8)
    _kinds(axes, shown[shown["kind"] != "fixed"], rows)
    _frame(axes, order, say)


def _kinds(axes: Axes, shown: pd.DataFrame, rows: dict[str, int]) -> None:
    columns = {kind: 4.9 + _STEP * at for at, kind in enumerate(KINDS)}
    x, y = shown["kind"].map(columns), shown["label"].map(rows)
    bad, unknown = shown["kind"].isin(_BAD), shown["kind"] == "unknown"
    axes.scatter(x[bad], y[bad], s=44, marker="s", color=SEVERITY["critical"])
    axes.scatter(x[unknown], y[unknown], s=34, facecolors="none", edgecolors=INK)
    axes.scatter(x[~bad & ~unknown], y[~bad & ~unknown], s=30, color="#3f77a8")


def _frame(axes: Axes, order: list[str], say: dict[str, dict[str, str]]) -> None:
    ticks = say["ticks"]
    marks = [(0.0, ticks["day"]), (np.log10(DAYS["M"]), ticks["month"])]
    marks += [(np.log10(n * DAYS["Y"]), ticks["year"] if n == 1 else _written(f"{n}Y", say)) for n in _YEARS]
    marks += [(4.9 + _STEP * at, say["kinds"][kind]) for at, kind in enumerate(KINDS)]
    axes.axvspan(4.9 - _STEP / 2, 4.9 + _STEP * (len(KINDS) - 0.5), color="#f4f6f7", zorder=-1)
    axes.set_xticks([place for place, _ in marks], [word for _, word in marks])
    axes.tick_params(axis="x", labeltop=True, labelbottom=False, length=0)
    for label, (place, _) in zip(axes.get_xticklabels(), marks, strict=True):
        if place > 4.6:  # noqa: PLR2004 - where the measurable scale ends
            label.set(rotation=38, ha="left", rotation_mode="anchor", color=INK)
    axes.set_yticks(range(len(order)), order)
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(-0.1, 4.9 + _STEP * (len(KINDS) - 0.4))
    axes.spines[:].set_visible(b=False)
    axes.tick_params(axis="y", length=0)
