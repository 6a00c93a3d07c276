"""Findings over the quarters: what was open at the end of each, how much of it was new, what was closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes.figures.style import BLUES, INK, QUIET, RULE, SEVERITY, Picture, bare, empty, picture
from derbes.wording import Wording

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from derbes.trends import Trends

NAME = "trends"
_QUARTERS, _FEW = 12, 6  # three years: more would crowd the labels; fewer bars than six would be slabs


def trends(course: Trends, lang: str, *, frozen: bool = False) -> Picture:
    """Open findings at the end of each quarter, a bar for each, and below the line those closed since the one before.

    With fewer than two quarters there is nothing to compare, and the picture says so. ``frozen`` where the quarters
    are frozen ones and not sealed reports: the picture is another one then, of the name *quarters*.
    """
    say, name = Wording(lang, "figures"), "quarters" if frozen else NAME
    counts = course.burndown.tail(_QUARTERS).set_index("quarter")
    if len(counts) < 2:  # noqa: PLR2004 - two points make a course
        return empty(name, say(NAME, "unfrozen" if frozen else "empty"), title=say(NAME, "title"))
    if len(course.quarters) == len(counts):  # of the first quarter nobody knows what was new
        counts.loc[counts.index[0], "new"] = 0
    rows = counts.to_dict("index").items()
    series = " ".join(say(NAME, "bar", quarter=str(quarter), **row) for quarter, row in rows)
    return picture(
        name,
        lambda axes: _bars(axes, counts, say.entry(NAME, "parts")),
        height=3.2,
        title=say(NAME, "title"),
        alt=say(NAME, "alt", series=series),
        caption=say(NAME, "caption"),
    )


def _bars(axes: Axes, counts: pd.DataFrame, names: dict[str, str]) -> None:
    kept = counts["open"] - counts["new"]
    parts = [
        ("kept", kept, 0 * kept, BLUES[1]),
        ("new", counts["new"], kept, SEVERITY["warning"]),
        ("closed", -counts["closed"], 0 * kept, RULE),
    ]
    most = max(1, int(counts["open"].max()), int(counts["closed"].max()))
    for _, sizes, bottom, colour in parts:
        bars = axes.bar(counts.index, sizes, bottom=bottom, color=colour, edgecolor=QUIET, linewidth=0.6, width=0.62)
        told = (abs(n) > most / 14 and n != total for n, total in zip(sizes, counts["open"], strict=True))
        inside = [str(abs(n)) if shown else "" for n, shown in zip(sizes, told, strict=True)]
        axes.bar_label(bars, inside, label_type="center", fontsize=8.5, color=INK)
    for at, total in enumerate(counts["open"]):
        axes.annotate(str(total), (at, total), xytext=(0, 3), textcoords="offset points", ha="center", weight="bold")
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_ylim(-counts["closed"].max() * 1.05, most * 1.12)
    axes.set_xlim(-0.6, max(len(counts), _FEW) - 0.4)
    bare(axes)
    axes.set_yticks([])
    labels = [names[name] for name, *_ in parts]
    handles = axes.containers
    axes.legend(handles, labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, borderpad=0)
