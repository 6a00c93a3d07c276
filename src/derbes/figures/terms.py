"""How long every term of the retention table lasts, its stages one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes.figures.retention import EDGE, TICKS
from derbes.figures.style import BLUES, INK, QUIET, RULE, SEVERITY, Picture, bare, empty, picture, short
from derbes.identity import mask
from derbes.ledger import terms as ledger_terms
from derbes.schema import load
from derbes.wording import Wording

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from derbes.auditing import Audit

NAME = "terms"
ROWS = 44
#: How a term without a length is drawn: dashes, colour and the sign at its end; the words stand beside it.
_OPEN: dict[str, tuple[Any, str, str]] = {
    "until": ((0, (6, 2)), BLUES[3], "⊣"),
    "by_law": ((0, (6, 2, 1, 2)), BLUES[3], "§"),
    "vague": ((0, (1, 1.6)), SEVERITY["critical"], "≈"),
    "indefinite": ("-", SEVERITY["critical"], "∞"),
    "unknown": ((0, (1, 5)), QUIET, "?"),
}
_WORST = {"indefinite": 0, "vague": 1, "unknown": 2, "until": 4, "by_law": 3, "fixed": 5}
_HEIGHT, _WIDE, _NAME = 0.5, 9.2, 40


def terms(audit: Audit) -> Picture:
    """Terms, the worst and the longest first: a bar for each stage on a logarithmic scale, a line where none ends."""
    say, told = Wording(audit.lang, "retention"), _ordered(audit)
    if told.empty:
        return empty(NAME, say("figure", "empty"), title=say("figure", "title"))
    top = told.head(ROWS)
    stages = _stages(told)
    rest = say("figure", "rest", shown=len(top), total=len(told)) if len(told) > len(top) else ""

    def draw(axes: Axes) -> None:
        _bars(axes, top, stages)
        _lines(axes, top, audit.lang, say)
        _ends(axes, top, stages, lang=audit.lang)
        _frame(axes, [short(mask(name), _NAME) for name in top["label"]], say)

    return picture(
        NAME,
        draw,
        height=1.5 + 0.27 * len(top),
        title=say("figure", "title"),
        alt=say("figure", "alt", n=len(told), series=_series(told, say)),
        caption=f"{say('figure', 'caption')} {rest}".strip(),
    )


def _ordered(audit: Audit) -> pd.DataFrame:
    told = ledger_terms(audit)
    told = told.assign(label=told["name"].astype(object).where(told["name"].notna(), told["term"]))
    rank = told.assign(rank=told["kind"].map(_WORST), length=-told["days"].fillna(0))
    return told.loc[rank.sort_values(["rank", "length"], kind="stable").index].reset_index(drop=True)


def _stages(told: pd.DataFrame) -> pd.DataFrame:
    """Stages of fixed length of each term, one after another: term, stage (0, 1 …), ``start`` and ``end`` in days."""
    distinct = told.drop_duplicates("term").set_index("term")
    each = told.drop_duplicates("term")[["term", "chain"]].explode("chain")
    each = each.assign(days=each["chain"].map(distinct["days"]).to_numpy().astype(float))
    each["stage"] = each.groupby("term").cumcount()
    whole = each["days"].notna().groupby(each["term"]).cummin().astype(bool)  # what follows an open stage has no place
    each = each[whole]
    end = each.groupby("term")["days"].cumsum().clip(lower=1.0)
    return each.assign(end=end, start=(end - each["days"]).clip(lower=1.0))


def _series(told: pd.DataFrame, say: Wording) -> str:
    sizes = told["kind"].value_counts()
    return "; ".join(say("figure", "count", kind=say("kinds", kind), n=int(sizes[kind])) for kind in sizes.index)


def _bars(axes: Axes, top: pd.DataFrame, stages: pd.DataFrame) -> None:
    rows = {term: row for row, term in reversed(list(enumerate(top["term"])))}
    shown = stages[stages["term"].isin(rows)]
    left, right = np.log10(shown["start"]), np.log10(shown["end"]).clip(upper=EDGE)
    colours = [BLUES[3] if stage == 0 else BLUES[2 - stage % 2] for stage in shown["stage"]]
    y = shown["term"].map(rows)
    axes.barh(y, (right - left).clip(lower=0.03), left=left, height=_HEIGHT, color=colours, edgecolor="white", zorder=2)


def _lines(axes: Axes, top: pd.DataFrame, lang: str, say: Wording) -> None:
    """Terms without a length: a line across the scale with a sign of its kind, and what it is in words."""
    for at, row in enumerate(top.itertuples()):
        if row.kind in _OPEN:
            dashes, colour, sign = _OPEN[row.kind]
            axes.plot([0, EDGE], [at, at], color=colour, linestyle=dashes, linewidth=2, zorder=1)
            axes.text(EDGE + 0.08, at, sign, color=colour, va="center", fontsize=12, fontweight="bold")
            until = load().label("trigger", str(row.trigger), lang) if pd.notna(row.trigger) else ""
            word = say("figure", "until", event=until) if row.kind == "until" and until else say("kinds", row.kind)
            axes.text(EDGE + 0.42, at, short(word, 42), color=INK, va="center", fontsize=8)


def _ends(axes: Axes, top: pd.DataFrame, stages: pd.DataFrame, *, lang: str) -> None:
    """The length of each fixed stage in words, and what happens to the data at the end."""
    spoken = Wording(lang, "retention")
    units = dict(iter(stages.groupby("term")))
    durations = dict(zip(top["term"], top["duration"], strict=True))
    fates = dict(zip(top["term"], top["disposal"], strict=True))
    for at, term in enumerate(top["term"]):
        if term in units:
            chain = units[term]
            lengths = zip(chain["chain"], chain["days"], strict=True)
            spans = [spoken.lasting(str(durations.get(one)), days) for one, days in lengths]
            fate = fates.get(chain["chain"].iloc[-1])
            said = f" · {load().label('disposal', str(fate), lang)}" if pd.notna(fate) else " · ?"
            end = min(float(np.log10(chain["end"].iloc[-1])), EDGE)
            axes.text(max(end, 0.03) + 0.06, at, " → ".join(spans) + said, va="center", fontsize=8, color=INK)


def _frame(axes: Axes, labels: list[str], say: Wording) -> None:
    axes.set_xticks([np.log10(days) for days, _ in _marks(say)], [word for _, word in _marks(say)])
    axes.tick_params(axis="x", labeltop=True, labelbottom=False)
    axes.set_yticks(range(len(labels)), labels)
    axes.vlines(
        [np.log10(days) for days, _ in _marks(say)], -0.6, len(labels) - 0.4, color=RULE, linewidth=0.5, zorder=0
    )
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlim(-0.05, _WIDE)
    bare(axes)


def _marks(say: Wording) -> list[tuple[float, str]]:
    return [(days, say.span(n, unit)) for n, unit, days in TICKS]
