"""Elements of a page: HTML in which every text from outside is escaped by construction."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from derbes.wording import Number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BREAKS = re.compile(r"</(?:p|h[1-6]|tr|li|caption|dd|div|article)>|<br>")
_CELLS = re.compile(r"</(?:td|th|dt)>")
_TAGS = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Passage:
    """A piece of a report: HTML for a page or JupyterLab, and the same as plain text for a terminal.

    ``live`` is what JupyterLab gets besides; a page that is made of the notebook brings its own.
    """

    html: str
    live: str = ""

    def _repr_html_(self) -> str:
        return self.html + self.live

    def __repr__(self) -> str:
        """Return the words without the markup, a line for each paragraph or row."""
        lined = _CELLS.sub(" | ", _BREAKS.sub("\n", self.html))
        lines = (" ".join(line.split()).removesuffix(" |") for line in html.unescape(_TAGS.sub("", lined)).split("\n"))
        return "\n".join(line for line in lines if line)


def element(name: str, *children: object, **attributes: str | None) -> Markup:
    """One element; children and attribute values that are not Markup are escaped, attributes of None left out.

    A trailing underscore of an attribute's name is dropped: ``class_`` is ``class``.
    """
    pairs = [(key.rstrip("_"), value) for key, value in attributes.items() if value is not None]
    head = Markup("").join(Markup(' {}="{}"').format(key, value) for key, value in pairs)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), head, joined(children))  # noqa: S704 - names are ours


def joined(children: Iterable[object]) -> Markup:
    """Children one after another, escaped unless they are Markup."""
    return Markup("").join(child if isinstance(child, Markup) else str(child) for child in children)


def passage(*children: object) -> Passage:
    """Return the children as a piece of a report."""
    return Passage(str(joined(children)))


def heading(anchor: str, text: str) -> Markup:
    """Heading of a section, to be linked to by its anchor."""
    return element("h2", text, id=anchor)


def paragraphs(*texts: object, class_: str | None = None) -> Markup:
    """A paragraph for each text that is not empty."""
    return joined(element("p", text, class_=class_) for text in texts if text)


def facts(pairs: Sequence[tuple[str, object]]) -> Markup:
    """Names and values, as a definition list; pairs with an empty value are left out."""
    rows = (element("div", element("dt", name), element("dd", value)) for name, value in pairs if value)
    return element("dl", *rows, class_="facts")


def ordered(text: object, key: object, *, class_: str | None = None) -> Markup:
    """Text that a searchable table sorts by the key: a rank of severities, a number said in words."""
    return element("data", text, value=str(key), class_=class_)


def day(text: str, date: object) -> Markup:
    """Date in words that a searchable table sorts as a date; ``date`` is written as 2026-09-30."""
    return element("time", text, datetime=str(date)[:10])


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str,
    class_: str | None = None,
    searchable: bool = False,
) -> Markup:
    """Table with a caption, column headings and, first in every row, a row heading.

    ``searchable`` marks one that a reader may sort and filter, where script runs (`derbes.page.widget`).
    """
    body = [list(row) for row in rows]
    numeric = [sum(isinstance(row[at], Number) for row in body) * 2 > len(body) for at in range(len(headings))]
    titles = (
        element("th", text, scope="col", class_="n" if number else None)
        for text, number in zip(headings, numeric, strict=True)
    )
    parts = (
        element("caption", caption),
        element("thead", element("tr", *titles)),
        element("tbody", *map(_row, body)),
    )
    names = " ".join(filter(None, (class_, "searchable" * searchable)))
    # a wide table scrolls, and has to do so for those who have no mouse
    reach = {"tabindex": "0", "role": "region", "aria-label": caption}
    return element("div", element("table", *parts, class_=names or None), class_="scroll", **reach)


def _row(cells: Sequence[object]) -> Markup:
    first, *others = cells
    return element("tr", element("th", first, scope="row"), *(_cell(value) for value in others))


def _cell(value: object) -> Markup:
    return element("td", value, class_="n" if isinstance(value, Number) else None)
