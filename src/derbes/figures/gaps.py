"""How much of each table is filled in, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes.atlas import unknown
from derbes.figures.style import BLUES, INK, PAPER, QUIET, SEVERITY, Picture, bare, empty, picture
from derbes.wording import Wording

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from derbes.auditing import Audit

NAME = "gaps"
_COLOURS = {"known": BLUES[3], "optional": "#d9dfe3", "required": SEVERITY["warning"]}


def gaps(audit: Audit) -> Picture:
    """Share of cells that say something, by table, and of those that do not whether they have to."""
    say, shares = Wording(audit.lang, "gaps"), _shares(audit)
    if shares.empty:
        return empty(NAME, say("empty"), title=say("title"))
    words = {name: table.title[audit.lang] for name, table in audit.inventory.schema.tables.items()}
    rows = [
        say("bar", table=words[str(row.Index)], **{name: _percent(getattr(row, name)) for name in _COLOURS})
        for row in shares.itertuples()
    ]
    return picture(
        NAME,
        lambda axes: _bars(axes, shares.rename(index=words), say.entry("parts")),
        height=1.1 + 0.32 * len(shares),
        title=say("title"),
        alt=say("alt", series=" ".join(rows)),
        caption=say("caption"),
    )


def _shares(audit: Audit) -> pd.DataFrame:
    """Share of the cells of each table that are known, unknown though required, and unknown otherwise; worst first."""
    cells = unknown(audit.inventory)
    blank = cells.assign(kind=cells["required"].map({True: "required", False: "optional"}))
    sums = blank.pivot_table(
        index="table", columns="kind", values="unknown", aggfunc="sum", fill_value=0, observed=True
    )
    sums = sums.reindex(columns=["optional", "required"], fill_value=0)
    shares = sums.div(cells.groupby("table")["rows"].sum(), axis=0)
    shares = shares.assign(known=1 - shares.sum(axis=1))
    return shares.sort_values(["required", "optional"], ascending=False, kind="stable")[list(_COLOURS)]


def _percent(share: float) -> int:
    """Whole percent, rounded down: what is not complete never reads 100."""
    return int(100 * share + 1e-9)


def _bars(axes: Axes, shares: pd.DataFrame, names: dict[str, str]) -> None:
    left = shares["known"] * 0
    for name, colour in _COLOURS.items():
        bars = axes.barh(
            shares.index, shares[name], left=left, color=colour, edgecolor=QUIET, linewidth=0.6, height=0.66
        )
        inside = [f"{_percent(share)}%" if share > 0.04 else "" for share in shares[name]]  # noqa: PLR2004 - wide enough for digits
        axes.bar_label(bars, inside, label_type="center", color=PAPER if name == "known" else INK, fontsize=8.5)
        left = left + shares[name]
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    bare(axes)
    axes.set_xticks([])
    labels = [names[name] for name in _COLOURS]
    axes.legend(labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, borderpad=0)
