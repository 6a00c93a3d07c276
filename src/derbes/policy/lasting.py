"""Terms of keeping that a clause states, and working days within which it promises an answer or an action."""

from __future__ import annotations

import bisect
import itertools
import re
from functools import cache
from typing import TYPE_CHECKING

from derbes import period
from derbes.policy.phrasing import lexicon, sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.period import Period
    from derbes.policy.numbering import Clause
    from derbes.policy.phrasing import Lexicon

_WORD = re.compile(r"[\w.,-]*\w")
_BARRIER = re.compile(r"[;:](?!\d)")
_MOST = 200  # places in one sentence that are looked at: more are no sentence
_LONGEST = 16  # words of a term as it stands in a sentence


def periods(clause: Clause, lang: str, *, kept: bool = False) -> list[Period]:
    """Return the terms of keeping in a clause, each once; a heading states none.

    A term is looked for where words of keeping stand in the same sentence, or anywhere if the clause is known to be
    about keeping (``kept``), and taken as long as it makes sense.
    """
    if clause.heading:
        return []
    words, text = lexicon(lang), clause.text
    folded = words.fold(text)
    found: list[Period] = []
    for start, end in sentences(folded):
        sentence = folded[start:end]
        about = kept or words.pattern("periods", "about").search(sentence)
        if about and not words.pattern("periods", "not").search(sentence):
            found += _in_sentence(text[start:end], sentence, words)
    return list({(one.kind, one.duration, one.trigger): one for one in reversed(found)}.values())[::-1]


def _in_sentence(text: str, folded: str, words: Lexicon) -> Iterator[Period]:
    """Yield the terms of a sentence; of two that overlap the first."""
    numbers = re.finditer(words.at("periods", "number"), folded)
    anchors = sorted([*words.pattern("periods", "anchors").finditer(folded), *numbers], key=re.Match.start)
    barriers = [-1, *(found.start() for found in _BARRIER.finditer(folded)), len(folded)]
    done = 0
    for anchor in anchors[:_MOST]:
        place = bisect.bisect_right(barriers, anchor.start())
        between = max(done, barriers[place - 1] + 1), barriers[min(place, len(barriers) - 1)]
        for start, end in _spans(folded, anchor.start(), between, words) if anchor.start() >= done else ():
            said = period.parse(text[start:end])
            if said.kind != "unknown":
                done = end
                yield said
                break


def _spans(folded: str, anchor: int, between: tuple[int, int], words: Lexicon) -> Iterator[tuple[int, int]]:
    """Yield the spans that may be a term, the longest first; in Kazakh the event stands before its anchor."""
    first, last = between
    ends = [word.end() for word in itertools.islice(_WORD.finditer(folded, anchor, last), _LONGEST)]
    ahead = words.at("periods", "before") or 0
    before = _WORD.finditer(folded, max(first, anchor - _LONGEST * _LONGEST), anchor) if ahead else ()
    for start in [*[word.start() for word in before][-ahead:], anchor]:
        for end in reversed(ends):
            yield start, end


def working_days(clause: Clause, lang: str) -> str:
    """Return the shortest term in working days that a clause promises, empty if it promises none."""
    spans, numbers = _deadlines(lang)
    text = lexicon(lang).fold(clause.text)
    days = [numbers.get(found[1], found[1]) for span in spans for found in span.finditer(text)]
    return str(min((int(day) for day in days if day.isascii() and day.isdecimal()), default=""))


@cache
def _deadlines(lang: str) -> tuple[list[re.Pattern[str]], dict[str, str]]:
    words = lexicon(lang).at("deadlines")
    numbers = {word: str(value) for value, several in words["numbers"].items() for word in several}
    return [re.compile(span) for span in words["spans"]], numbers
