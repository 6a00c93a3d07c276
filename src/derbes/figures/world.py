"""Where data are stored and where they are sent: a map of the world without tiles, borders or requests."""

from __future__ import annotations

from functools import cache
from importlib import resources
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from babel import Locale
from matplotlib.patches import FancyArrowPatch, PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from derbes.atlas import Places, places
from derbes.figures.style import INK, PAPER, QUIET, SEVERITY, Picture, bare, empty, picture, short
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

    from derbes.auditing import Audit

NAME = "world"
TOP = 15
_FEW = 32  # colours
_LAND = "#e6eaed"
_WIDEST = 5.0  # points: the line to the country that is named most
_LINE = 0.09  # a line of text in units of the projection
_EDGES = (-2.32, 2.68, -1.36, 1.33)  # of the map in units of the projection: from Alaska to Kamchatka, Horn to Arctic


def world(audit: Audit) -> Picture:
    """Map of the countries in which data are stored or to which they are sent; arcs lead there from the operator's own.

    What is not known is said on the map: a country that nobody has named cannot be drawn.
    """
    say, told = Wording(audit.lang, "world"), places(audit.inventory, audit.law.country)
    called = _names(told, audit.lang)
    known = "unknown" if told.systems or told.recipients else "known"
    unknown = say(known, systems=told.systems, recipients=told.recipients)
    anywhere = say("anywhere", n=told.anywhere) if told.anywhere else ""
    if told.countries.empty:  # a map would show an empty world
        blank = " ".join(filter(None, [unknown, anywhere])) if told.systems or told.recipients or told.anywhere else ""
        return empty(NAME, f"{say('nobody')} {blank}" if blank else say("empty"), title=say("title"))
    return picture(
        NAME,
        lambda axes: _draw(axes, told, called, "\n".join(filter(None, [unknown, anywhere]))),
        height=5.6,
        colours=_FEW,
        title=say("title"),
        alt=" ".join(filter(None, [say("alt", series=_series(told, called, say)), unknown, anywhere])),
        caption=" ".join([say("caption"), _rest(told, called, say)]).strip(),
    )


def _names(told: Places, lang: str) -> dict[str, str]:
    """What countries are called; a code that nobody knows stands for itself."""
    territories = Locale(lang).territories
    codes = [*told.countries["code"], *([told.home] if told.home else [])]
    return {code: territories.get(code, code) for code in codes}


def _series(told: Places, called: dict[str, str], say: Wording) -> str:
    rows = told.countries.head(TOP).itertuples()
    parts = [say("country", name=called[row.code], systems=row.systems, recipients=row.recipients) for row in rows]
    return "; ".join(parts) or say("nowhere")


def _rest(told: Places, called: dict[str, str], say: Wording) -> str:
    """What the map leaves out: countries beyond the first, and those without a point."""
    hidden = [called[code] for code in told.countries["code"] if code not in _points().index]
    more = len(told.countries) - TOP
    parts = [say("rest", n=more) if more > 0 else "", say("no_point", names=", ".join(hidden)) if hidden else ""]
    return " ".join(filter(None, parts))


@cache
def _points() -> pd.DataFrame:
    """A point in each country, projected: frame x, y by code."""
    rows = [line.split() for line in _lines("points.txt")]
    frame = pd.DataFrame(rows, columns=["code", "x", "y"]).set_index("code").astype(float)
    return pd.DataFrame(_projected(frame.to_numpy()), index=frame.index, columns=["x", "y"])


@cache
def _land() -> Path:
    """Outlines of the land as one path; a sea inside the land runs the other way round and stays open."""
    rings = [_projected(np.array(line.split(), dtype=float).reshape(-1, 2)) for line in _lines("land.txt")]
    return Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))


def _lines(name: str) -> list[str]:
    text = resources.files("derbes").joinpath("figures", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def _projected(degrees: np.ndarray) -> np.ndarray:
    """Longitude and latitude on the Equal Earth projection, on which areas are true (Savric et al., 2018)."""
    a, b, c, d = 1.340264, -0.081106, 0.000893, 0.003796
    theta = np.arcsin(np.sqrt(3) / 2 * np.sin(np.radians(degrees[:, 1])))
    x = 2 * np.sqrt(3) * np.radians(degrees[:, 0]) * np.cos(theta)
    slope = 9 * d * theta**8 + 7 * c * theta**6 + 3 * b * theta**2 + a
    return np.column_stack([x / (3 * slope), d * theta**9 + c * theta**7 + b * theta**3 + a * theta])


def _draw(axes: Axes, told: Places, called: dict[str, str], unknown: str) -> None:
    axes.add_patch(PathPatch(_land(), facecolor=_LAND, linewidth=0))
    shown = told.countries[told.countries["code"].isin(_points().index)].head(TOP)
    shown = shown.join(_points(), on="code").assign(n=shown["systems"] + shown["recipients"])
    home = _points().loc[told.home] if told.home in _points().index else None
    most = max(1, int(shown["n"].max()) if len(shown) else 1)
    for row in shown.itertuples():
        if home is not None and not row.home:
            _arc(axes, home, row, width=max(0.9, _WIDEST * row.n / most))
    if home is not None and not shown["home"].any():
        axes.scatter([home["x"]], [home["y"]], s=34, facecolors="none", edgecolors=INK, zorder=3)
        axes.text(home["x"] + 0.05, home["y"], short(called[told.home], 26), fontsize=8.4, va="center", zorder=4)
    for home_, colour in ((True, INK), (False, SEVERITY["critical"])):
        part = shown[shown["home"] == home_]
        axes.scatter(part["x"], part["y"], s=26 + 90 * part["n"] / most, color=colour, edgecolors=PAPER, zorder=3)
    _labels(axes, shown, called)
    axes.text(*_EDGES[::2], unknown, fontsize=9, color=INK, va="bottom", linespacing=1.5)
    axes.set_xlim(*_EDGES[:2])
    axes.set_ylim(*_EDGES[2:])
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    bare(axes)


def _arc(axes: Axes, home: pd.Series[float], row: Any, *, width: float) -> None:  # noqa: ANN401 - a namedtuple of pandas
    bend = 0.22 if row.x < home["x"] else -0.22
    ends = (home["x"], home["y"]), (row.x, row.y)
    look: dict[str, Any] = {"color": SEVERITY["critical"], "linewidth": width, "alpha": 0.5, "arrowstyle": "-"}
    axes.add_patch(FancyArrowPatch(*ends, connectionstyle=f"arc3,rad={bend}", **look))


def _labels(axes: Axes, shown: pd.DataFrame, called: dict[str, str]) -> None:
    """Names beside the points, the operator's own country first; each stands at the nearest free line."""
    halo = [withStroke(linewidth=2.6, foreground=PAPER, alpha=0.9)]
    taken: list[tuple[float, float, float]] = []
    for row in shown.sort_values(["home", "y"], ascending=False, kind="stable").itertuples():
        text = f"{short(called[row.code], 26)}  {row.systems} / {row.recipients}"
        left, right = row.x + 0.05, row.x + 0.05 + 0.044 * len(text)
        y = next(at for at in _lines_near(row.y) if not _crosses(taken, left, right, at))
        taken.append((left, right, y))
        colour = INK if row.home else SEVERITY["critical"]
        axes.text(left, y, text, fontsize=8.4, va="center", color=colour, path_effects=halo, zorder=4)
        if abs(y - row.y) > _LINE / 2:
            axes.plot([row.x, left], [row.y, y], color=QUIET, linewidth=0.6, zorder=3)


def _lines_near(y: float) -> Iterator[float]:
    """Heights at which a label may stand, the nearest to its point first, below before above."""
    return (y + step * sign * _LINE / 2 for step in count() for sign in (-1, 1))


def _crosses(taken: list[tuple[float, float, float]], left: float, right: float, y: float) -> bool:
    return any(abs(y - at) < _LINE and left < end and start < right for start, end, at in taken)
