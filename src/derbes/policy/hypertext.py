"""Paragraphs of a web page: what a reader sees of it, with the numbers that a browser puts before list lines."""

from __future__ import annotations

import re
import warnings

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag

from derbes.policy.paragraph import BULLET, Paragraph

_UNSEEN = ("script", "style", "noscript", "template", "svg", "iframe", "object", "select", "button", "nav", "title")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = (
    *_HEADINGS, "p", "div", "li", "ul", "ol", "dl", "dt", "dd", "table", "tr", "td", "th", "section", "article", "main",
    "header", "footer", "aside", "blockquote", "pre", "figure", "figcaption", "address", "details",
    "summary", "form", "hr",
)  # fmt: skip
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_NUMBERED = re.compile(r"\d+(?:\.\d+)*[.)]\s")
_HEADING = "\x02"  # stands before the text of a heading, once a level, until the lines are cut


def paragraphs(content: bytes) -> list[Paragraph]:
    """Return the visible paragraphs of a page; of its main part alone, where the page marks one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the library thinks of a page would stand before the one line of an error
        soup = BeautifulSoup(content, "html.parser")
    for tag in soup.find_all(_UNSEEN):
        tag.decompose()
    for tag in soup.find_all(_is_hidden):
        tag.decompose()
    root = soup.find("main") or soup.find("article") or soup.body or soup
    for text in list(root.find_all(string=True)):
        if isinstance(text, PreformattedString):
            text.extract()  # comments and declarations
        else:
            text.replace_with(NavigableString(re.sub(r"[\s\x02]+", " ", text)))
    _mark(root)
    lines = (line.strip() for line in root.get_text().split("\n"))
    return [Paragraph(line.lstrip(_HEADING).strip(), len(line) - len(line.lstrip(_HEADING))) for line in lines]


def _is_hidden(tag: Tag) -> bool:
    return tag.has_attr("hidden") or bool(_HIDDEN.search(str(tag.get("style") or "")))


def _mark(root: Tag) -> None:
    """Put line breaks, list labels and marks of headings into the text, where the page shows them."""
    for tag in root.find_all("br"):
        tag.replace_with("\n")
    for tag in root.find_all(("ul", "ol")):
        for number, line in _lines(tag):
            if not _NUMBERED.match(line.get_text().lstrip()):
                line.insert(0, f"{number} ")
    for tag in root.find_all(_BLOCKS):
        tag.insert(0, "\n" + _HEADING * (_HEADINGS.index(tag.name) + 1 if tag.name in _HEADINGS else 0))
        tag.insert_after("\n")


def _lines(tag: Tag) -> list[tuple[str, Tag]]:
    lines = tag.find_all("li", recursive=False)
    if tag.name == "ul":
        return [(BULLET, line) for line in lines]
    labels, number = [], _whole(tag.get("start"), 1)
    for line in lines:
        number = _whole(line.get("value"), number)
        labels.append((f"{number}.", line))
        number += 1
    return labels


def _whole(value: object, default: int) -> int:
    text = str(value or "").strip()
    return int(text) if text.isascii() and text.isdecimal() else default
