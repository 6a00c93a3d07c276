"""Terms that a policy defines, and terms that it uses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from derbes.policy.phrasing import lexicon, sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from derbes.policy.numbering import Clause
    from derbes.policy.phrasing import Lexicon

_DASH = re.compile(r"\s*[\u2013\u2014\u2015-]\s+|\s+[\u2013\u2014\u2015-]\s*")
_QUOTED = re.compile("[\u00ab\u201c\u201e\u0022]([^\u00bb\u201d\u201c\u0022]{2,80})[\u00bb\u201d\u201c\u0022]")
_BRACKETED = re.compile(r"\(([^()]{3,120})\)")
_TERM_WORDS = 6
_SHORT_TERM_WORDS = 3  # outside a section of definitions, where a dash may be anything


def defined(clause: Clause, lang: str) -> tuple[list[str], bool]:
    """Return the terms that a clause defines, in lower case, and whether it is a definition rather than an aside."""
    words = lexicon(lang)
    if clause.heading:
        return [], False
    stated = list(dict.fromkeys(_stated(clause, words)))
    aside = [term for term in (*_called(clause.text, words), *_referred(clause.text, words)) if term not in stated]
    return [*stated, *dict.fromkeys(aside)], bool(stated)


def _stated(clause: Clause, words: Lexicon) -> Iterator[str]:
    """Yield terms before a dash: any in a section of definitions, elsewhere those followed by *is* or in a row."""
    folded = words.fold(clause.text)
    among = bool(words.pattern("headings", "definition").search(words.fold(clause.section)))
    spans = [(start, end, _DASH.search(clause.text, start, end)) for start, end in sentences(folded)]
    told = [(clause.text[start : dash.start()], folded[dash.end() : end]) for start, end, dash in spans if dash]
    limit = _TERM_WORDS if among else _SHORT_TERM_WORDS
    good = [(term, rest) for term, rest in told if _is_term(term, words, limit)]
    for term, rest in good:
        if among or len(good) > 1 or re.match("|".join(words.at("defining")), rest):
            yield _bare(term)
    if among and not good:
        for found in _QUOTED.finditer(clause.text[:120]):
            yield found[1].lower()
            break


def _is_term(term: str, words: Lexicon, limit: int) -> bool:
    bare = _bare(term)
    begins = term.strip("\u00ab\u201c\u201e\u0022 ")[:1]
    ordinary = words.pattern("not_terms").match(words.fold(bare))
    return 0 < len(bare.split()) <= limit and begins.isupper() and not ordinary and ":" not in bare


def _bare(term: str) -> str:
    return re.sub(r"\s*\([^)]*\)", "", term).strip("\u00ab\u00bb\u201c\u201d\u201e\u0022', ").lower()


def _called(text: str, words: Lexicon) -> Iterator[str]:
    """Yield terms given in brackets: (hereinafter – the Operator)."""
    fillers = "|".join(map(re.escape, words.at("called_fillers")))
    for bracket in _BRACKETED.finditer(text):
        found = re.match(rf"(?:{'|'.join(words.at('called'))})\b[\s,:\u2013\u2014-]*", bracket[1], re.IGNORECASE)
        if found:
            rest = re.sub(rf"^(?:(?:{fillers})[\s,:\u2013\u2014-]+)*", "", bracket[1][found.end() :])
            for term in re.split(r"\s*[,;]\s*", rest):
                if _bare(term):
                    yield _bare(term)


def _referred(text: str, words: Lexicon) -> Iterator[str]:
    """Yield quoted terms of a sentence that leaves their meaning to another text: *as the law defines them*."""
    folded = words.fold(text)
    for start, end in sentences(folded):
        if words.pattern("referred").search(folded, start, end):
            yield from (_bare(found[1]) for found in _QUOTED.finditer(text, start, end))


def used(clauses: Sequence[Clause], definitions: Sequence[Sequence[str]], lang: str) -> list[list[str]]:
    """Return the terms that each clause uses: those the policy defines anywhere, and those of the lexicon.

    A term that stands only inside a longer one does not count, nor does the one that the clause itself defines.
    """
    words = lexicon(lang)
    terms = list(dict.fromkeys([*(term for several in definitions for term in several), *words.at("terms")]))
    patterns = sorted(((term, words.term(term)) for term in terms), key=lambda pair: -len(pair[0]))
    return [
        [term for term in _found(words.fold(clause.text), patterns) if term not in own]
        for clause, own in zip(clauses, definitions, strict=True)
    ]


def _found(folded: str, patterns: Iterable[tuple[str, re.Pattern[str]]]) -> list[str]:
    places: list[tuple[int, str]] = []
    for term, pattern in patterns:
        spans = [found.span() for found in pattern.finditer(folded)]
        if spans:
            places.append((spans[0][0], term))
        for start, end in spans:
            folded = folded[:start] + " " * (end - start) + folded[end:]
    return [term for _, term in sorted(places)]
