"""Which clauses of the policy contradict each other, as arcs between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from derbes.figures.style import INK, PAPER, QUIET, RULE, SEVERITY, Picture, empty, picture, short
from derbes.findings import SEVERITIES
from derbes.identity import mask
from derbes.promises import oppositions
from derbes.wording import Wording

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from derbes.auditing import Audit

NAME = "contradictions"
PAIRS, ROWS = 60, 44
_TOLD, _SUMMARY = 10, 52
#: How an arc of each severity is drawn: colour, width, dashes; in grey print the width and the dashes tell it.
_LINES: dict[str, tuple[str, float, Any]] = {
    "critical": (SEVERITY["critical"], 2.6, "-"),
    "warning": ("#b8791a", 1.5, "-"),
    "info": ("#7d8b98", 1.1, (0, (2, 2))),
}
_GAP = 0.8  # rows between two sections
_LEFT, _REACH, _SLOPE = -14.0, 16.0, 0.62  # where names begin, how far arcs may reach, how round a short one is
_PAD = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6}


def contradictions(audit: Audit) -> Picture:
    """Clauses at odds from top to bottom in the policy's order, grouped by section, and an arc for each two of them."""
    say, pairs = Wording(audit.lang, "policy"), _pairs(audit)
    if pairs.empty:
        return empty(NAME, say("figure", "empty"), title=say("figure", "title"))
    shown = _top(pairs)
    rows = _rows(audit, shown)
    rest = say("figure", "rest", shown=len(shown), total=len(pairs)) if len(shown) < len(pairs) else ""

    def draw(axes: Axes) -> None:
        _arcs(axes, shown, rows)
        _frame(axes, rows, say)

    return picture(
        NAME,
        draw,
        height=1.3 + 0.26 * (float(rows["y"].max()) + 1),
        title=say("figure", "title"),
        alt=say("figure", "alt", pairs=len(pairs), series=_series(shown, say)),
        caption=f"{say('figure', 'caption')} {rest}".strip(),
    )


def _pairs(audit: Audit) -> pd.DataFrame:
    """Pairs of clauses, the gravest finding of each: clause, other, severity."""
    told = oppositions(audit)
    known = audit.inventory.clause_ids
    told = told[told["clause"].isin(known) & told["other"].isin(known)]
    ends = [tuple(sorted(pair)) for pair in zip(told["clause"], told["other"], strict=True)]
    return told.assign(ends=ends).drop_duplicates("ends")[["clause", "other", "severity"]].reset_index(drop=True)


def _top(pairs: pd.DataFrame) -> pd.DataFrame:
    """The gravest pairs, as long as their clauses find room."""
    met = pd.factorize(pairs[["clause", "other"]].to_numpy().ravel())[0].reshape(-1, 2).max(axis=1)
    fits = np.maximum.accumulate(met) < ROWS
    return pairs[fits].head(PAIRS)


def _rows(audit: Audit, shown: pd.DataFrame) -> pd.DataFrame:
    """Clauses that have an arc, in the order of the table: clause, summary, section and how far down (y)."""
    clauses = audit.inventory.clauses
    frame = pd.DataFrame({"clause": audit.inventory.keys["clauses"], "summary": clauses["summary"].fillna("")})
    frame = frame[frame["clause"].isin([*shown["clause"], *shown["other"]])].drop_duplicates("clause")
    section = frame["clause"].astype(str).str.split(".").str[0]
    turns = section.ne(section.shift()).cumsum()
    y = np.arange(len(frame)) + (1 + _GAP) * turns.to_numpy() - 1
    return frame.assign(section=section, y=y).reset_index(drop=True)


def _series(shown: pd.DataFrame, say: Wording) -> str:
    lines = [
        say(
            "figure", "arc", clause=mask(clause), others=", ".join(map(mask, group["other"])),
            severity=say.label("severity", severity),
        )
        for (clause, severity), group in shown.groupby(["clause", "severity"], sort=False)
    ]  # fmt: skip
    return " ".join([*lines[:_TOLD], "…"] if len(lines) > _TOLD else lines)


def _arcs(axes: Axes, shown: pd.DataFrame, rows: pd.DataFrame) -> None:
    place = dict(zip(rows["clause"], rows["y"], strict=True))
    slope = _slope(rows)
    for pair in shown.iloc[::-1].itertuples():  # the gravest lie on top
        colour, width, dashes = _LINES[str(pair.severity)]
        start, end = sorted((place[pair.clause], place[pair.other]))
        bulge = 0.35 + (end - start) * slope
        corners = [(0.0, start), (bulge, start), (bulge, end), (0.0, end)]
        path = Path(corners, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
        axes.add_patch(
            PathPatch(path, fill=False, edgecolor=colour, linewidth=width, linestyle=dashes, capstyle="round")
        )
    axes.scatter(np.zeros(len(rows)), rows["y"], s=16, color=INK, zorder=3)


def _slope(rows: pd.DataFrame) -> float:
    """How far an arc reaches for each row that it spans: less in a tall figure, whose width is the same."""
    return min(_SLOPE, _REACH / max(1.0, float(np.ptp(rows["y"]))))


def _frame(axes: Axes, rows: pd.DataFrame, say: Wording) -> None:
    """Numbers and summaries on the left, a line above each section with its number, how severities are drawn."""
    for row in rows.itertuples():
        axes.text(-0.25, row.y, short(mask(row.summary), _SUMMARY), ha="right", va="center", fontsize=8, color=QUIET)
        number = short(mask(row.clause), 14)
        axes.text(0.35, row.y - 0.34, number, va="center", fontsize=7.5, color=INK, bbox=_PAD, zorder=4)
    for _, group in rows.groupby((rows["section"] != rows["section"].shift()).cumsum(), sort=False):
        top = float(group["y"].min()) - 0.95
        axes.plot([_LEFT, 0], [top + 0.4, top + 0.4], color=RULE, linewidth=0.8, zorder=0)
        name = say("figure", "section", number=short(mask(group["section"].iloc[0]), 14))
        axes.text(_LEFT, top, name, ha="left", va="center", fontsize=8.5, fontweight="bold", color=INK)
    handles = [Line2D([], [], color=c, linewidth=w, linestyle=d) for c, w, d in map(_LINES.__getitem__, SEVERITIES)]
    names = [say.label("severity", name) for name in SEVERITIES]
    axes.legend(handles, names, loc="upper right", frameon=False, fontsize=8)
    axes.set_axis_off()
    axes.set_xlim(_LEFT, max(8.0, 1.35 + 0.75 * _slope(rows) * float(np.ptp(rows["y"]))))
    axes.set_ylim(float(rows["y"].max()) + 0.9, -0.9)
