"""Paragraphs of a .docx file with the numbers and bullets that Word computes and does not store."""

from __future__ import annotations

import io
import itertools
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from derbes.policy.paragraph import BULLET, Paragraph
from derbes.read import guard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DOCUMENT, _NUMBERING, _STYLES = "word/document.xml", "word/numbering.xml", "word/styles.xml"
_GONE = frozenset({f"{_W}del", f"{_W}moveFrom", _FALLBACK, f"{_W}pPr", f"{_W}p"})  # deleted, drawn twice, not text
_SIGNS = {f"{_W}tab": " ", f"{_W}br": " ", f"{_W}cr": " ", f"{_W}noBreakHyphen": "-"}
_HEADING = re.compile(r"(?:(title)|subtitle|heading (\d))\b", re.IGNORECASE)  # Word stores these names in English
_PLACE = re.compile(r"%([1-9])")
_LEVELS = 9
_DEEPEST = 400  # elements inside elements; Word itself stays below 50
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


@dataclass(frozen=True)
class _Level:
    """One level of a list: how its number is written, and the style that stands for it."""

    form: str = "decimal"
    text: str = ""
    start: int = 1
    style: str | None = None


@dataclass(frozen=True)
class _Style:
    name: str = ""
    based_on: str | None = None
    list: str | None = None
    level: int | None = None


def paragraphs(path: Path) -> list[Paragraph]:
    """Return the paragraphs of the document's body, tables and text boxes included, deleted text left out.

    Raises SourceError with code encrypted, truncated, bomb, too_large, unreadable or not_a_policy.
    """
    with guard.Archive(path) as archive:
        if _DOCUMENT not in archive:
            what = "is a zip and no Word document"
            raise guard.refusal(path, "not_a_policy", what, "Give the policy as .docx, .html, .pdf or .txt.")
        parts = {name: archive.read(name) for name in (_DOCUMENT, _NUMBERING, _STYLES) if name in archive}
    try:
        trees = {name: _tree(part) for name, part in parts.items()}
    except (ET.ParseError, RecursionError) as error:
        raise guard.refusal(path, "truncated", "is damaged", "Open it in Word and save it again.") from error
    styles = _styles(trees.get(_STYLES))
    labels = _Labels(trees.get(_NUMBERING), styles)
    return [_paragraph(one, labels, styles) for one in trees[_DOCUMENT].iter(f"{_W}p")]


def _tree(part: bytes) -> ET.Element:
    depth = 0
    for event, _ in ET.iterparse(io.BytesIO(part), ("start", "end")):  # noqa: S314 - the guard refuses entities
        depth += 1 if event == "start" else -1
        if depth > _DEEPEST:
            raise RecursionError
    return ET.fromstring(part)  # noqa: S314 - same


def _paragraph(one: ET.Element, labels: _Labels, styles: dict[str, _Style]) -> Paragraph:
    style = _value(one, "pPr/pStyle")
    text = "".join(_texts(one)).strip()
    label = labels.next(one, style) if text else ""
    lineage = _lineage(style, styles)
    marks = [found for name in lineage if (found := _HEADING.match(styles[name].name))]
    level = (1 if marks[0][1] else int(marks[0][2] or 1) + 1) if marks else 0
    return Paragraph(f"{label} {text}".strip(), level)


def _texts(element: ET.Element) -> Iterator[str]:
    for child in element:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
        elif child.tag not in _GONE:
            yield from _texts(child)


def _lineage(style: str | None, styles: dict[str, _Style]) -> list[str]:
    """Styles from a paragraph's own to the one that all are based on."""
    names: list[str] = []
    while style in styles and style not in names:
        names.append(style)
        style = styles[style].based_on
    return names


class _Labels:
    """Counters of the document's lists, which paragraphs raise in their order."""

    def __init__(self, numbering: ET.Element | None, styles: dict[str, _Style]) -> None:
        self._styles = styles
        self._abstract: dict[str, str] = {}
        self._levels: dict[str, dict[int, _Level]] = defaultdict(dict)
        self._starts: dict[tuple[str, int], int] = {}
        self._counts: dict[str, list[int]] = defaultdict(lambda: [0] * _LEVELS)
        for one in [] if numbering is None else numbering.iter(f"{_W}abstractNum"):
            name = _attribute(one, "abstractNumId")
            for level in one.iter(f"{_W}lvl"):
                self._levels[name][_whole(_attribute(level, "ilvl"))] = _level(level)
        for one in [] if numbering is None else numbering.iter(f"{_W}num"):
            name = _attribute(one, "numId")
            self._abstract[name] = _value(one, "abstractNumId") or ""
            for override in one.iter(f"{_W}lvlOverride"):
                if start := _value(override, "startOverride"):
                    self._starts[name, _whole(_attribute(override, "ilvl"))] = _whole(start)

    def next(self, paragraph: ET.Element, style: str | None) -> str:
        """Number or bullet of a paragraph, empty if it is in no list."""
        name, depth = self._list(paragraph, style)
        abstract = self._abstract.get(name or "", "")
        level = self._levels.get(abstract, {}).get(depth)
        if level is None or not 0 <= depth < _LEVELS:
            return ""
        counts = self._counts[abstract]
        start = self._starts.pop((name or "", depth), None)
        counts[depth] = start if start is not None else (counts[depth] + 1 if counts[depth] else level.start)
        counts[depth + 1 :] = [0] * (_LEVELS - depth - 1)
        if level.form == "bullet":
            return BULLET
        return _PLACE.sub(lambda place: self._number(abstract, int(place[1]) - 1), level.text)

    def _number(self, abstract: str, depth: int) -> str:
        level = self._levels[abstract].get(depth, _Level())
        return _written(self._counts[abstract][depth] or level.start, level.form)

    def _list(self, paragraph: ET.Element, style: str | None) -> tuple[str | None, int]:
        """List and level of a paragraph: its own, or that of its style."""
        own, depth = _value(paragraph, "pPr/numPr/numId"), _value(paragraph, "pPr/numPr/ilvl")
        if own is not None:
            return own, _whole(depth or "0")
        for name in _lineage(style, self._styles):
            found = self._styles[name]
            if found.list is not None:
                levels = self._levels.get(self._abstract.get(found.list, ""), {})
                linked = [place for place, level in levels.items() if level.style == name]
                return found.list, next(iter(linked), found.level or 0)
        return None, 0


def _level(element: ET.Element) -> _Level:
    return _Level(
        form=_value(element, "numFmt") or "decimal",
        text=_value(element, "lvlText") or "",
        start=_whole(_value(element, "start") or "1"),
        style=_value(element, "pStyle"),
    )


def _styles(tree: ET.Element | None) -> dict[str, _Style]:
    if tree is None:
        return {}
    found = {}
    for one in tree.iter(f"{_W}style"):
        level = _value(one, "pPr/numPr/ilvl")
        found[_attribute(one, "styleId")] = _Style(
            name=_value(one, "name") or "",
            based_on=_value(one, "basedOn"),
            list=_value(one, "pPr/numPr/numId"),
            level=None if level is None else _whole(level),
        )
    return found


def _written(number: int, form: str) -> str:
    if form in {"lowerLetter", "upperLetter"}:
        letter = chr(ord("a") + (number - 1) % 26)
        return letter.upper() if form == "upperLetter" else letter
    if form in {"russianLower", "russianUpper"}:
        letter = chr(0x430 + (number - 1) % 28)
        return letter.upper() if form == "russianUpper" else letter
    if form in {"lowerRoman", "upperRoman"}:
        roman = _roman(number)
        return roman.upper() if form == "upperRoman" else roman
    return "" if form == "none" else str(number)


def _roman(number: int) -> str:
    places = itertools.chain.from_iterable(itertools.repeat(pair, 3) for pair in _ROMAN)
    letters, rest = "", number
    for worth, sign in places:
        if worth <= rest:
            letters, rest = letters + sign, rest - worth
    return letters


def _value(element: ET.Element, path: str) -> str | None:
    """Value of the element at a path below another, as ``pPr/pStyle``."""
    found = element.find("/".join(f"{_W}{step}" for step in path.split("/")))
    return None if found is None else _attribute(found, "val")


def _attribute(element: ET.Element, name: str) -> str:
    return element.get(f"{_W}{name}", "")


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _LEVELS else 0
