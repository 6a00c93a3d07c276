"""Checks of the full text of a policy: what no column of the register can say, with words from ``checks.yaml``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from derbes.errors import UsageError
from derbes.findings import SEVERITIES, finding_id
from derbes.identity import mask
from derbes.policy.numbering import RESIDUE
from derbes.policy.phrasing import content, lexicon, sentences
from derbes.policy.requisites import misplaced_addresses
from derbes.text import LANGUAGES, fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.policy.numbering import Clause
    from derbes.policy.proposing import Register

COLUMNS = ("id", "rule", "severity", "clause_id", "start", "end", "quote", "title", "why", "fix", "citations")
PREFIX = "policy.text."
#: Clause of a remark on the whole text.
WHOLE = "*"

_QUOTE_WORDS = 8
_USES = 2  # clauses that use a term before its missing definition matters
_PLAIN = ("this_law", "no_deadline", "no_refusal", "implied_consent", "disclaimer", "unlimited_term", "vague_term")
#: Checks that make sense of clauses of these kinds only.
_OF_KINDS = {
    "documents_as_data": ("data",),
    "duty_beyond": ("duty",),
    "vague_purpose": ("purpose", "subject", "procedure", "recipient", "consent"),
}
_RESIDUE = re.compile(
    rf"{RESIDUE.pattern}|\b(?:Error!|MERGEFORMAT|_GoBack|_Hlk\d+|_Toc\d+|_Ref\d+)|&(?:nbsp|quot|amp|laquo|raquo|ndash);|\ufffd"
)
_NAME = re.compile(r"\w+")
_TWO_BULLETS = re.compile("(?:^|\\n)\\s*([\u00b7\u2022\uf0b7]\\s*[-\u2013\u2014])\\s")


class _Hit(NamedTuple):
    check: str
    clause_id: str
    start: int = 0
    end: int = 0
    quote: str = ""
    facts: tuple[tuple[str, str], ...] = ()


def checks(register: Register, lang: str = "ru") -> pd.DataFrame:
    """Return the remarks on a policy's text, gravest first, then in the order of the text.

    ``rule`` is ``policy.text.<check>``, ``id`` a finding's id, ``start`` and ``end`` the place of the quote in the
    clause's text, ``quote`` at most eight words with personal values masked. A remark on the whole text has the clause
    ``*``. Raises UsageError for a language without words.
    """
    if lang not in LANGUAGES:
        raise UsageError("language", f"there are no words in “{lang}”", f"Choose one of {', '.join(LANGUAGES)}.")
    places = {part.clause_id: number for number, part in enumerate(register.parts)}
    hits = sorted(_hits(register), key=lambda hit: (places.get(hit.clause_id, -1), hit.start, hit.check))
    rows = [_row(hit, lang) for hit in hits]
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).drop_duplicates("id")
    order = frame["severity"].map(SEVERITIES.index).argsort(kind="stable") if len(frame) else frame.index
    return frame.iloc[order].astype({"start": "int64", "end": "int64"}).reset_index(drop=True)


def _row(hit: _Hit, lang: str) -> dict[str, Any]:
    words = content("checks")["checks"][hit.check]
    facts = dict(hit.facts)
    cites = words.get("cite", [])
    if topic := facts.get("topic"):
        known = content("checks")["topics"][topic]
        facts["topic"], cites = known[lang], [known["cite"]]
    quote = mask(hit.quote)
    facts |= {"clause": hit.clause_id, "quote": quote}
    sub = (*dict(hit.facts).values(), hit.quote)
    return {
        "id": finding_id(f"{PREFIX}{hit.check}", "clauses", hit.clause_id, sub),
        "rule": f"{PREFIX}{hit.check}",
        "severity": words["severity"],
        "clause_id": hit.clause_id,
        "start": hit.start,
        "end": hit.end,
        "quote": quote,
        **{part: fill(words[part][lang], facts) for part in ("title", "why", "fix")},
        "citations": tuple(dict(cite) for cite in cites),
    }


def _hits(register: Register) -> Iterator[_Hit]:
    kinds = register.clauses.set_index("clause_id")["kinds"].str.split("; ")
    states = register.clauses.set_index("clause_id")["asserts"].str.split("; ")
    parents = {part.parent_id for part in register.parts}
    twice = next((part for part in register.parts if _TWO_BULLETS.search(part.raw)), None)
    if twice is not None:
        yield _Hit("artefact", twice.clause_id, quote=_TWO_BULLETS.findall(twice.raw)[0])
    for part in register.parts:
        yield from _residues(part)
        if not part.heading:
            yield from _phrases(part, register.lang, set(kinds[part.clause_id]))
            yield from _of_words(part, register.lang, open_list="open_list" in states[part.clause_id])
            yield from _broken(part, register.lang, opens=part.clause_id in parents)
        if re.search(r"-\d+$", part.clause_id):
            yield _Hit("duplicate_number", part.clause_id)
    yield from _undefined(register)
    yield from _absent(register)


def _residues(part: Clause) -> Iterator[_Hit]:
    """Yield what a word processor left; the place is that in the paragraphs as they were read."""
    for found in _RESIDUE.finditer(part.raw):
        yield _Hit("artefact", part.clause_id, found.start(), found.end(), _short(found[0]))


def _phrases(part: Clause, lang: str, kinds: set[str]) -> Iterator[_Hit]:
    words = lexicon(lang)
    folded = words.fold(part.text)
    for check in (*_PLAIN, *_OF_KINDS):
        if check not in _OF_KINDS or kinds & set(_OF_KINDS[check]):
            for start, end in sentences(folded):
                if found := words.pattern("checks", check).search(folded, start, end + 1):
                    yield _hit(check, part, found.start(), found.end())
    for source in words.at("checks", "foreign"):
        if found := words.pattern("checks", "foreign", source).search(folded):
            yield _hit("foreign", part, found.start(), found.end(), source=source)


def _of_words(part: Clause, lang: str, *, open_list: bool) -> Iterator[_Hit]:
    words = lexicon(lang)
    folded = words.fold(part.text)
    for start, end in sentences(folded):
        if found := words.pattern("absolute").search(folded, start, end):
            yield _hit("absolute", part, found.start(), found.end())
    covered = words.pattern("open_list_not").sub(lambda one: " " * len(one[0]), folded)
    for found in words.pattern("open_list").finditer(covered) if open_list else ():
        yield _hit("open_list", part, found.start(), found.end())


def _broken(part: Clause, lang: str, *, opens: bool) -> Iterator[_Hit]:
    """Yield sentences that lack something: a word, an end, the list that a colon announces, a site's address."""
    words = lexicon(lang)
    for found in re.finditer(words.at("missing_noun"), part.text):
        word = _NAME.match(part.text, found.end())
        yield _hit("missing_noun", part, found.start(), word.end() if word else found.end())
    for start, end in misplaced_addresses(part.text, lang):
        yield _hit("misplaced_email", part, start, end)
    folded = words.fold(part.text)
    for found in words.pattern("checks", "unfinished").finditer(folded):
        if not (opens and found.end() >= len(folded.rstrip(" ,:"))):
            yield _hit("unfinished", part, found.start(), found.end())
    if part.text.endswith(":") and not opens:
        yield _hit("unfinished", part, part.text.rstrip(":").rfind(" ") + 1, len(part.text))


def _undefined(register: Register) -> Iterator[_Hit]:
    words, frame = lexicon(register.lang), register.clauses
    law = words.pattern("checks", "this_law")
    defined = set(words.at("self_evident")) | {term for terms in frame["terms_defined"] for term in terms.split("; ")}
    used = frame[["clause_id", "terms_used"]].assign(term=frame["terms_used"].str.split("; ")).explode("term")
    used = used[(used["term"] != "") & ~used["term"].isin(defined)]
    for term, uses in used.groupby("term", sort=False):
        if len(uses) >= _USES and not law.search(str(term)):
            yield _Hit("undefined_term", str(uses["clause_id"].iloc[0]), quote=str(term), facts=(("term", str(term)),))


def _absent(register: Register) -> Iterator[_Hit]:
    """Yield what the whole text does not say: when it was approved, and topics that it has to speak of."""
    words = lexicon(register.lang)
    text = words.fold("\n".join((register.title, *(f"{part.section}. {part.text}" for part in register.parts))))
    if not words.pattern("dated").search(text):
        yield _Hit("undated", WHOLE)
    for topic, pattern in words.codes("topics").items():
        if not pattern.search(text):
            yield _Hit("silent", WHOLE, facts=(("topic", topic),))


def _hit(check: str, part: Clause, start: int, end: int, **facts: str) -> _Hit:
    return _Hit(check, part.clause_id, start, end, _short(part.text[start:end]), tuple(facts.items()))


def _short(quote: str) -> str:
    words = quote.split()
    return " ".join(words) if len(words) <= _QUOTE_WORDS else f"{' '.join(words[:_QUOTE_WORDS])} \u2026"
