"""What a notebook shows of a large object at a glance: a title and a few short tables, escaped, unstyled.

Frames stay plain frames of pandas, which shows ten rows of a long one and cuts long cells: nothing is set for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from markupsafe import Markup

from derbes.text import LANGUAGES, words

if TYPE_CHECKING:
    from collections.abc import Iterable

ROWS, WIDTH = 20, 160


def glance(title: str, tables: Iterable[tuple[str, pd.DataFrame]], *, more: str = "") -> str:
    """HTML of a title and of tables with their captions; empty ones are left out, long ones cut in the middle."""
    shown = [
        Markup("<p>{}</p>{}").format(caption, Markup(_table(frame)))  # noqa: S704 - pandas escapes the cells
        for caption, frame in tables
        if len(frame)
    ]
    end = Markup("<p>{}</p>").format(more) if more else ""
    return str(Markup("<div><p><strong>{}</strong></p>{}{}</div>").format(title, Markup("").join(shown), end))


def _table(frame: pd.DataFrame) -> str:
    with pd.option_context("display.max_colwidth", WIDTH):
        return str(frame.to_html(index=False, border=0, max_rows=ROWS, na_rep="", justify="left"))


def everywhere(*path: str) -> str:
    """Words in every language, for what was loaded before anybody chose one."""
    return " · ".join(dict.fromkeys(_entry(lang, path) for lang in LANGUAGES))


def _entry(lang: str, path: tuple[str, ...]) -> str:
    found = words(lang)["glance"]
    for step in path:
        found = found[step]
    return str(found)
