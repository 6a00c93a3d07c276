"""From paragraphs to clauses: the policy's own numbers, and ordinals where it has none (model.md, numbering)."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from derbes.policy.paragraph import BULLET
from derbes.policy.phrasing import lexicon
from derbes.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from derbes.policy.paragraph import Paragraph

#: What a word processor leaves in a text that was copied out of it, and what is no part of any clause.
RESIDUE = re.compile(r"\[bookmark: [^\]\n]{0,100}\]|\{ ?(?:PAGE|HYPERLINK|REF|TOC|MERGEFIELD)\b[^}\n]{0,200}\}")

_LEVELS = re.compile(r"(\d{1,3}(?:\.\d{1,3}){1,5})(?:[.)](?!\d)\s*|\s+)(?=\S)")
_ITEM = re.compile(r"(?:(\d{1,3})[.)]|\((\d{1,3})\))\s+(?=\S)")
_LETTER = re.compile(r"([^\W\d_])\)\s+(?=\S)")
_ROMAN = re.compile(r"([IVXLC]{1,6})\.\s+(?=\S)")
_BULLET = re.compile(
    rf"[{BULLET}\u2022\u25cf\u25aa\u25e6\u2023\u2219\uf0b7\uf0a7*\u2013\u2014-]\s*(?:[-\u2013\u2014]\s+)?(?=\S)"
)
_BULLET_SPACE = re.compile(r"[*\u2013\u2014-]\S")
_ENDED = re.compile(r"[.;:,]\s*$")
_TITLE_WORDS = 15
_ROMANS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


@dataclass(frozen=True)
class Clause:
    """One clause: its number, the clause it belongs to, and its text without number and residue.

    ``heading`` where it holds a section's heading and nothing else; ``section`` is the heading it stands under;
    ``raw`` keeps the paragraphs as they were read; ``in_list`` tells a line of a list that the clause above opens.
    """

    clause_id: str
    parent_id: str
    text: str
    raw: str
    section: str = ""
    heading: bool = False
    in_list: bool = False

    @property
    def sha256(self) -> str:
        """Hash of the text, by which a register knows the clause again."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass
class _Draft:
    clause_id: str
    parent_id: str
    section: str
    heading: bool = False
    listed: bool = False
    texts: list[str] = field(default_factory=list)
    raws: list[str] = field(default_factory=list)

    @property
    def opens(self) -> bool:
        return bool(self.texts) and self.texts[-1].endswith(":")


def clauses(paragraphs: Sequence[Paragraph], lang: str) -> list[Clause]:
    """Return the clauses of a policy in their order.

    A heading stands for its section until text follows it. Lines before the first number are the title, left out, or
    the clause ``preamble``. Of two clauses with one number the second is marked: ``7.1-2``.
    """
    reading = _Reading(lang, [_labelled(one, lang) for one in paragraphs])
    for place in range(len(reading.lines)):
        reading.take(place)
    drafts = [draft for draft in reading.drafts if draft.texts]
    opening = {draft.clause_id for draft in drafts if draft.opens}
    return [
        Clause(
            clause_id=clause_id,
            parent_id=draft.parent_id,
            text=clean(" ".join(draft.texts)),
            raw="\n".join(draft.raws),
            section=draft.section,
            heading=draft.heading,
            in_list=draft.listed or ("." in draft.parent_id and draft.parent_id in opening),
        )
        for draft, clause_id in zip(drafts, _unique(draft.clause_id for draft in drafts), strict=True)
    ]


def _unique(ids: Iterable[str]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for clause_id in ids:
        seen[clause_id] += 1
        yield clause_id if seen[clause_id] == 1 else f"{clause_id}-{seen[clause_id]}"


@dataclass(frozen=True)
class _Line:
    """A paragraph with its label apart: ``kind`` is section, levels, item, letter, bullet or empty."""

    raw: str
    text: str
    kind: str = ""
    number: str = ""
    level: int = 0

    @property
    def shouts(self) -> bool:
        return self.text.isupper() and len(self.text) > 2  # noqa: PLR2004 - shorter ones are abbreviations

    @property
    def marked(self) -> bool:
        """Whether a line without a label is set as a heading."""
        return not self.kind and bool(self.text) and (self.level > 0 or (self.shouts and " " in self.text))

    @property
    def titled(self) -> bool:
        """Whether the text looks like a heading: marked as one, in capitals, or short and not ended."""
        short = len(self.text.split()) <= _TITLE_WORDS and not _ENDED.search(self.text)
        return self.level > 0 or self.shouts or (short and self.text[:1].isupper())


def _labelled(one: Paragraph, lang: str) -> _Line:
    text = clean(RESIDUE.sub("", one.text))
    for kind, number, length in _labels(text, lang):
        return _Line(one.text, text[length:].strip(), kind, number, one.level)
    return _Line(one.text, text, level=one.level)


def _labels(text: str, lang: str) -> Iterator[tuple[str, str, int]]:
    """Yield the label that a text begins with: kind, number, and how many characters it takes."""
    for written in lexicon(lang).at("numbering", "sections"):
        if found := re.match(written, text, re.IGNORECASE):
            number = found[1]
            yield "section", number if number.isdecimal() else str(_arabic(number.upper())), found.end()
    if found := _LEVELS.match(text):
        yield "levels", found[1], found.end()
    if found := _ITEM.match(text):
        yield "item", found[1] or found[2], found.end()
    if (found := _ROMAN.match(text)) and text[found.end() :].isupper():
        yield "section", str(_arabic(found[1])), found.end()
    if found := _LETTER.match(text):
        yield "letter", found[1].lower(), found.end()
    if (found := _BULLET.match(text)) and not _BULLET_SPACE.match(text):
        yield "bullet", "", found.end()


def _arabic(roman: str) -> int:
    worths = [_ROMANS[letter] for letter in roman]
    return sum(-a if a < b else a for a, b in zip(worths, [*worths[1:], 0], strict=True))


def _title(lines: list[_Line], marked: list[int]) -> int:
    """Place of the document's title among the headings, -1 if there is none."""
    if not marked or any(line.text for line in lines[: marked[0]]):
        return -1
    first, later = marked[0], marked[1:]
    deeper = all(lines[place].level > lines[first].level > 0 for place in later)
    followed = bool(later) and not any(line.text for line in lines[first + 1 : later[0]])
    return first if deeper or followed else -1


class _Reading:
    """The clauses so far, and where the next line belongs."""

    def __init__(self, lang: str, lines: list[_Line]) -> None:
        self.lang = lang
        self.lines = lines
        self.drafts: list[_Draft] = []
        self.ids: set[str] = set()
        marked = [place for place, line in enumerate(lines) if line.marked]
        strong = any(line.kind in {"section", "levels"} or (line.kind and line.level) for line in lines)
        self.numbered = strong or (not marked and any(line.kind == "item" for line in lines))
        self.headings = frozenset(marked) - {_title(lines, marked)}
        self.section = 0
        self.title = ""
        self.lead: _Draft | None = None  # the last clause with a number of its own: lists hang on it
        self.item: _Draft | None = None  # the last numbered line of a list under it
        self.counts: Counter[str] = Counter()

    def take(self, place: int) -> None:
        """Put one line where it belongs."""
        line = self.lines[place]
        if line.kind == "section" or (line.kind == "item" and self._is_section(place)):
            self._open_section(line, line.number)
        elif line.kind == "levels":
            self._clause(line, line.number, self._parent(line.number))
        elif line.kind in {"item", "letter", "bullet"}:
            self._list_line(line)
        elif place in self.headings and (number := self._heads(place)):
            self._open_section(line, number)
        else:
            self._text(line)

    def _heads(self, place: int) -> str:
        """Number of the section that a heading without one opens, empty if it opens none."""
        if not self.numbered:
            return str(self.section + 1)
        following = next((line.number for line in self.lines[place + 1 :] if line.kind), "")
        number = following.partition(".")[0]
        return number if "." in following and number not in self.ids else ""

    def _is_section(self, place: int) -> bool:
        """Tell a section from a line of a numbered list: by its look, and by what follows it."""
        line = self.lines[place]
        number = int(line.number)
        if line.level or line.shouts:
            return True
        for later in self.lines[place + 1 :]:
            if later.kind == "item" and later.number == line.number:
                break  # of two lines with this number the later one is the section
            if later.kind in {"levels", "section"}:
                if (
                    later.kind == "levels"
                    and later.number.partition(".")[0] == line.number
                    and line.number not in self.ids
                ):
                    return True
                break
        listed = self.item is not None and self.item.listed
        if listed or (self.lead is not None and self.lead.opens):
            return False
        return number == self.section + 1 and not (self.lead is not None and "." in self.lead.clause_id)

    def _open_section(self, line: _Line, number: str) -> None:
        self.section, self.title = int(number), line.text
        self._clause(line, number, "")
        titled = line.kind == "section" or line.titled
        self.drafts[-1].heading = titled and not (line.text.endswith(".") and len(line.text.split()) > _TITLE_WORDS)

    def _clause(self, line: _Line, number: str, parent: str) -> None:
        title = self.title if number.partition(".")[0] == str(self.section) else ""
        self._draft(_Draft(number, parent, title), line)
        self.lead, self.item = self.drafts[-1], None

    def _draft(self, draft: _Draft, line: _Line) -> None:
        draft.texts.append(line.text)
        draft.raws.append(line.raw)
        self.drafts.append(draft)
        self.ids.add(draft.clause_id)

    def _parent(self, number: str) -> str:
        """The nearest clause above that exists."""
        while "." in number:
            number = number.rpartition(".")[0]
            if number in self.ids:
                return number
        return ""

    def _list_line(self, line: _Line) -> None:
        if self.lead is None:
            self._text(line)
            return
        above = self.lead
        if line.kind != "item" and self.item is not None and (self.item.opens or self.counts[self.item.clause_id]):
            above = self.item
        top = "." not in above.clause_id
        self.counts[above.clause_id] += 1
        ordinal = line.number if line.kind == "item" else str(self.counts[above.clause_id])
        mark = "p" if top and line.kind != "item" else ""
        self._draft(_Draft(f"{above.clause_id}.{mark}{ordinal}", above.clause_id, self.title, listed=True), line)
        if line.kind == "item":
            self.item = self.drafts[-1]

    def _text(self, line: _Line) -> None:
        if not self.drafts:
            if line.text and not line.titled:
                self._draft(_Draft("preamble" if self.numbered else "p1", "", ""), line)
            return
        draft = self.drafts[-1]
        draft.raws.append(line.raw)
        if not line.text:
            return
        if draft.heading and draft.texts[-1].isupper() and line.shouts:
            draft.texts.append(line.text)
            self.title = f"{self.title} {line.text}"
        elif draft.heading:
            draft.texts, draft.heading = [line.text], False
        elif not self.numbered and self.section == 0:
            self._draft(_Draft(f"p{len(self.drafts) + 1}", "", ""), line)
        else:
            draft.texts.append(line.text)
