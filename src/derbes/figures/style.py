"""One quiet look for every figure: colours that stay apart in grey print and for the colour-blind, direct labels."""

from __future__ import annotations

import base64
import io
import warnings
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from derbes.auditing import Audit

INK, QUIET, RULE, PAPER = "#1b2530", "#5c6873", "#d5dade", "#ffffff"
SEVERITY = {"critical": "#8f1d14", "warning": "#dd9a2e", "info": "#c9d6e2", "unknown": PAPER}
ON = {"critical": PAPER, "warning": INK, "info": INK, "unknown": INK}
BLUES = ("#e4edf5", "#b9d0e4", "#7fa8cc", "#3f77a8", "#1d4873")
WIDTH, DPI, COLOURS = 9.6, 160, 128
NAME = 34
MARK = "◆ "

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,  # a $ in an inventory's name is a dollar
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": QUIET,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "axes.unicode_minus": True,
}


@dataclass(frozen=True)
class Picture:
    """A figure as PNG, with its title, the caption below it and the words for those who cannot see it.

    A ``blank`` one shows nothing but why: a page has the sentence in its place.
    """

    name: str
    png: bytes
    title: str
    alt: str
    caption: str
    blank: bool = False

    def save(self, folder: str | Path | None) -> Picture:
        """Return the picture itself; with a folder given, it is in ``figures/<name>.png`` of that folder too."""
        if folder:
            target = Path(folder) / "figures"
            target.mkdir(parents=True, exist_ok=True)
            (target / f"{self.name}.png").write_bytes(self.png)
        return self

    def _repr_html_(self) -> str:
        if self.blank:
            return Markup("<p>{}: {}</p>").format(self.title, self.alt)
        source = f"data:image/png;base64,{base64.b64encode(self.png).decode()}"
        below = Markup("<figcaption>{}</figcaption>").format(self.caption) if self.caption else ""
        shape = Markup('<figure><img src="{}" alt="{}" style="max-width:100%">{}</figure>')
        return shape.format(source, self.alt, below)

    def __repr__(self) -> str:
        """Return title and description in words."""
        return f"{self.title}\n{self.alt}\n{self.caption}"


def picture(
    name: str,
    draw: Callable[[Axes], None],
    *,
    height: float,
    title: str,
    alt: str,
    caption: str,
    colours: int = COLOURS,
) -> Picture:
    """Picture of what ``draw`` puts on the axes; ``height`` in inches, the width is the page's.

    Fewer ``colours`` make a picture of many overlapping shapes lighter.
    """
    with mpl.rc_context():
        mpl.rcdefaults()  # a reader's own style must not change a report
        mpl.rcParams.update(_STYLE)
        figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=PAPER, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        figure.suptitle(title, x=0.005, ha="left", fontsize=12, fontweight="bold")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a letter that the font lacks: it shows as a box
            draw(figure.add_subplot())
            canvas.draw()
    return Picture(name, _png(canvas, colours), title, alt, caption)


def drawn_once(draw: Callable[[Audit], Picture]) -> Callable[[Audit], Picture]:
    """The same figure, drawn once for an inventory and a language: several notebooks of a report show it.

    For figures that nothing but these two go into.
    """

    @wraps(draw)
    def kept(audit: Audit) -> Picture:
        name = ("picture", draw.__name__, audit.lang)
        if name not in audit.inventory.remembered:
            audit.inventory.remembered[name] = draw(audit)
        known: Picture = audit.inventory.remembered[name]
        return known

    return kept


def _png(canvas: FigureCanvasAgg, colours: int) -> bytes:
    """PNG of few colours, a third of the size: a page holds several and must stay light; no time, no program name."""
    buffer = io.BytesIO()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    image.quantize(colours, dither=Image.Dither.NONE).save(buffer, "png")
    return buffer.getvalue()


def empty(name: str, message: str, *, title: str) -> Picture:
    """Picture that says in words why there is nothing to draw."""

    def draw(axes: Axes) -> None:
        axes.set_axis_off()
        axes.text(0, 0.5, message, transform=axes.transAxes, fontsize=11, color=QUIET, va="center")

    return replace(picture(name, draw, height=1.1, title=title, alt=message, caption=""), blank=True)


def short(text: str, length: int = NAME) -> str:
    """Text for a label, on one line, cut where it would crowd the figure."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def two_lines(text: str, length: int) -> str:
    """Text for a label, on two lines where one does not hold it, cut where two do not."""
    return "\n".join(wrap(" ".join(text.split()), length, max_lines=2, placeholder="…")) or text


def bare(axes: Axes) -> None:
    """Take away spines and tick marks: the cells and labels speak."""
    axes.spines[:].set_visible(b=False)
    axes.tick_params(length=0)
