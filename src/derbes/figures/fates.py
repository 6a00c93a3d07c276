"""What became of the findings of the quarter before, drawn as flows into those of this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from derbes import fates as lives
from derbes.figures.style import BLUES, INK, PAPER, QUIET, RULE, SEVERITY, Picture, empty, picture
from derbes.wording import Wording

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from derbes.auditing import Audit

NAME = "fates"
_LOOKS = {
    "open": BLUES[2], "accepted": BLUES[0], "expired": "#efd19a", "reopened": SEVERITY["critical"],
    "closed": RULE, "unlooked": PAPER, "returned": SEVERITY["critical"], "new": SEVERITY["warning"],
}  # fmt: skip
_STOOD = {"counted": BLUES[2], "accepted": BLUES[0]}
_BAR, _APART = 0.035, 0.085  # width of a column of findings; least distance of labels, as shares of the picture


def fates(audit: Audit) -> Picture:
    """Flows from the findings of the last frozen quarter to what became of them; new ones have nowhere to come from.

    With nothing to compare with, or no findings on either side, the picture says so.
    """
    say = Wording(audit.lang, "changes")
    title = say("figure", "title")
    if not audit.compared:
        return empty(NAME, say("figure", "no_quarter"), title=title)
    flows = lives.flows(lives.fates(audit))
    if flows.empty:
        return empty(NAME, say("figure", "empty"), title=title)
    series = " ".join(
        say("figure", "flow" if row.before != "absent" else "come", fate=say("fates", row.fate), n=int(row.n),
            before=say("before", row.before) if row.before != "absent" else "")
        for row in flows.itertuples()
    )  # fmt: skip
    heads = (audit.compared[-1], audit.as_of.isoformat())
    return picture(
        NAME,
        lambda axes: _draw(axes, flows, say, heads),
        height=3.4,
        title=title,
        alt=say("figure", "alt", series=series),
        caption=say("figure", "caption"),
    )


def _draw(axes: Axes, flows: pd.DataFrame, say: Wording, heads: tuple[str, str]) -> None:
    rest = 1 - _APART * (flows["fate"].nunique() - 1)
    space = int(flows["n"].sum()) * _APART / rest  # so that a block as thin as a line has room for its label
    right = _stacked(flows.groupby("fate", sort=False)["n"].sum().reindex(_order(flows)).dropna(), space)
    stood = flows[flows["before"] != "absent"]
    left = _stacked(stood.groupby("before", sort=False)["n"].sum(), space)
    _ribbons(axes, stood, dict(left), dict(right))
    for blocks, looks, side in ((left, _STOOD, 0), (right, _LOOKS, 1)):
        for name, (low, high) in blocks:
            at = -_BAR if side == 0 else 1
            axes.fill_between([at, at + _BAR], low, high, facecolor=looks[name], edgecolor=QUIET, linewidth=0.6)
    height = max((ends[1] for _, ends in (*left, *right)), default=1)
    for blocks, names, side in ((left, "before", 0), (right, "fates", 1)):
        told = [(f"{say(names, name)}: {say.number(round(high - low))}", low, high) for name, (low, high) in blocks]
        _labels(axes, told, side=side, apart=height * _APART)
        at = -_BAR if side == 0 else 1 + _BAR
        axes.text(at, -height * 0.06, heads[side], ha="left" if side == 0 else "right", color=QUIET, fontsize=9)
    axes.set_xlim(-0.42, 1.42)
    axes.set_ylim(height * 1.04, -height * 0.12)
    axes.set_axis_off()


def _order(flows: pd.DataFrame) -> list[str]:
    """Fates from top to bottom: what came, what stays, what went."""
    order = ("new", "returned", "reopened", "expired", "open", "accepted", "closed", "unlooked")
    return [name for name in order if name in set(flows["fate"])]


def _stacked(sizes: pd.Series[int], space: float) -> list[tuple[str, tuple[float, float]]]:
    """Blocks one under another: name, and where each begins and ends."""
    ends = (sizes + space).cumsum() - space
    rows = zip(sizes.index, sizes, ends, strict=True)
    return [(str(name), (float(end - size), float(end))) for name, size, end in rows]


def _ribbons(
    axes: Axes, flows: pd.DataFrame, left: dict[str, tuple[float, float]], right: dict[str, tuple[float, float]]
) -> None:
    out = {name: low for name, (low, _) in left.items()}
    into = {name: low for name, (low, _) in right.items()}
    xs = np.linspace(0, 1, 60)
    bend = xs * xs * (3 - 2 * xs)
    order = {name: place for place, name in enumerate(right)}
    drawn = flows.assign(order=flows["fate"].map(order)).sort_values(["before", "order"], ascending=[False, True])
    for row in drawn.itertuples():
        start, end = out[row.before], into[row.fate]
        top = start + (end - start) * bend
        look = _LOOKS[row.fate] if row.fate != "unlooked" else RULE
        axes.fill_between(xs, top, top + row.n, color=look, alpha=0.45, linewidth=0.8)
        out[row.before] += row.n
        into[row.fate] += row.n


def _labels(axes: Axes, told: list[tuple[str, float, float]], *, side: int, apart: float) -> None:
    """Name and number beside each block, pushed down where blocks are too thin to keep them apart."""
    last = -np.inf
    for text, low, high in told:
        last = max((low + high) / 2, last + apart)
        at = -_BAR - 0.02 if side == 0 else 1 + _BAR + 0.02
        axes.text(at, last, text, ha="right" if side == 0 else "left", va="center", color=INK, fontsize=9.5)
