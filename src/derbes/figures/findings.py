"""Findings by family and severity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from derbes.figures.style import ON, QUIET, SEVERITY, Picture, bare, empty, picture
from derbes.findings import ACTIVE
from derbes.wording import Wording

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from derbes.auditing import Audit

NAME = "findings"


def findings(audit: Audit) -> Picture:
    """Findings by family of rules, a bar for each, split by severity; accepted ones are left out.

    Findings that only say that a fact is unknown stand apart from the severities.
    """
    say = Wording(audit.lang, "figures")
    counts = _counts(audit)
    if counts.empty:
        return empty(NAME, say(NAME, "empty"), title=say(NAME, "title"))
    series = " ".join(say(NAME, "bar", family=family, **row) for family, row in counts.to_dict("index").items())
    return picture(
        NAME,
        lambda axes: _bars(axes, counts, say.entry(NAME, "severity")),
        height=1.1 + 0.42 * len(counts),
        title=say(NAME, "title"),
        alt=say(NAME, "alt", series=series),
        caption=say(NAME, "caption"),
    )


def _counts(audit: Audit) -> pd.DataFrame:
    """Frame family (in words) × severity or unknown, the worst family first."""
    say = Wording(audit.lang, "figures")
    open_ = audit.findings[audit.findings["status"].isin(ACTIVE)]
    kind = open_["severity"].where(~open_["unknown"].astype(bool), "unknown")
    sizes = pd.crosstab(open_["family"], kind)
    sizes = sizes.reindex(columns=list(SEVERITY), fill_value=0).sort_values(list(SEVERITY), ascending=False)
    return sizes.rename(index=lambda family: say.label("family", family))


def _bars(axes: Axes, counts: pd.DataFrame, names: dict[str, str]) -> None:
    left = counts["critical"] * 0
    widest = counts.sum(axis=1).max()
    for severity in counts.columns:
        bars = axes.barh(
            counts.index,
            counts[severity],
            left=left,
            color=SEVERITY[severity],
            edgecolor=QUIET,
            linewidth=0.6,
            height=0.62,
        )
        inside = [str(n) if n > widest / 60 else "" for n in counts[severity]]
        axes.bar_label(bars, inside, label_type="center", color=ON[severity], fontsize=8.5)
        left = left + counts[severity]
    totals = [f" {n}" for n in counts.sum(axis=1)]
    axes.bar_label(bars, totals, label_type="edge", fontweight="bold")
    axes.invert_yaxis()
    axes.set_xlim(0, widest * 1.06)
    bare(axes)
    axes.set_xticks([])
    labels = [names[severity] for severity in counts.columns]
    axes.legend(labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, borderpad=0)
