"""Acts that a policy cites: number, date, title and provision, as the policy writes them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from derbes.policy.lexicon import lexicon, phrases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.policy.numbering import Clause

COLUMNS = ("citation_id", "clause_id", "act_number", "act_date", "act_title", "provision", "note")

_TITLE = re.compile("[\u00ab\u201c\"]((?:[^\u00ab\u00bb\u201c\u201d\"]|\u00ab[^\u00bb]*\u00bb){5,400})[\u00bb\u201d\"]")
_NUMERIC_DATE = re.compile(r"(?<!\d)(\d{1,2})\.(\d{1,2})\.(\d{4})(?!\d)")
_REACH = 220  # characters between an act's number and its title, date or kind
_SLUG = re.compile(r"[^a-z0-9]+")


class _Words(NamedTuple):
    number: re.Pattern[str]
    legal: re.Pattern[str]
    date: re.Pattern[str]
    kinds: re.Pattern[str]
    months: list[str]
    provisions: list[re.Pattern[str]]
    named: dict[str, tuple[str, re.Pattern[str]]]
    title_first: bool


def citations(clause: Clause, lang: str) -> list[dict[str, str]]:
    """Return the acts that a clause cites, one row of the table ``citations`` each; a heading cites nothing."""
    if clause.heading:
        return []
    words, text = _words(lang), clause.text
    folded = lexicon(lang).fold(text)
    rows = [*_numbered(text, folded, words), *_named(text, folded, words)]
    seen: dict[str, int] = {}
    for row in rows:
        row |= {"clause_id": clause.clause_id, "note": ""}
        base = f"{clause.clause_id}.{row.pop('slug')}"
        seen[base] = seen.get(base, 0) + 1
        row["citation_id"] = base if seen[base] == 1 else f"{base}-{seen[base]}"
    return rows


def _numbered(text: str, folded: str, words: _Words) -> Iterator[dict[str, str]]:
    """Yield acts that are cited by number; what is said of each stands between the acts around it."""
    found = [one for one in words.number.finditer(text) if _is_act(one, text, folded, words)]
    edges = [0, *(one.start() for one in found), len(text)]
    for place, one in enumerate(found, 1):
        before = max(edges[place - 1], one.start() - _REACH), one.start()
        behind = one.end(), min(edges[place + 1], one.end() + _REACH)
        title = _title(text, before, behind, words)
        yield {
            "act_number": one[1].strip(),
            "act_date": _date(text[before[0] : before[1]], words) or _date(text[behind[0] : behind[1]], words, first=True),
            "act_title": title,
            "provision": "",
            "slug": _slug(one[1]),
        }


def _is_act(one: re.Match[str], text: str, folded: str, words: _Words) -> bool:
    """Tell an act from an order of the company itself or a contract: by its number, or by a title beside it."""
    if words.legal.fullmatch(one[1].strip()):
        return True
    near = max(0, one.start() - _REACH), min(len(text), one.end() + _REACH)
    titled = _TITLE.match(text[one.end() :].lstrip()) if not words.title_first else _TITLE.search(text, *near)
    return bool(titled and words.kinds.search(folded, *near))


def _title(text: str, before: tuple[int, int], behind: tuple[int, int], words: _Words) -> str:
    if words.title_first:
        found = list(_TITLE.finditer(text, *before))
        return found[-1][1].strip() if found else ""
    first = _TITLE.search(text, *behind)
    return first[1].strip() if first else ""


def _date(text: str, words: _Words, *, first: bool = False) -> str:
    found = [*words.date.finditer(text), *_NUMERIC_DATE.finditer(text)]
    if not found:
        return ""
    chosen = min(found, key=re.Match.start) if first else max(found, key=re.Match.start)
    parts = chosen.groupdict()
    if not parts:
        return f"{chosen[3]}-{int(chosen[2]):02}-{int(chosen[1]):02}"
    month = next(n for n, name in enumerate(words.months, 1) if parts["month"].lower().startswith(name))
    return f"{parts['year']}-{month:02}-{int(parts['day']):02}"


def _named(text: str, folded: str, words: _Words) -> Iterator[dict[str, str]]:
    """Yield acts that are known by their title alone: codes, the constitution, *this Law*."""
    for slug, (title, pattern) in words.named.items():
        found = pattern.search(folded)
        if found:
            near = text[max(0, found.start() - _REACH) : found.end() + _REACH]
            yield {"act_number": "", "act_date": "", "act_title": title, "provision": _provision(near, words), "slug": slug}


def _provision(text: str, words: _Words) -> str:
    for pattern in words.provisions:
        if found := pattern.search(text):
            parts = found.groupdict()
            inner = [parts.get(name) for name in ("part", "item")]
            return parts["article"] + "".join(f"({part})" for part in inner if part)
    return ""


def _slug(number: str) -> str:
    return _SLUG.sub("-", number.lower()).strip("-") or "act"


@cache
def _words(lang: str) -> _Words:
    words = lexicon(lang).at("acts")
    return _Words(
        number=re.compile(words["number"]),
        legal=re.compile(words["legal_number"]),
        date=re.compile(words["date"], re.IGNORECASE),
        kinds=phrases(words["words"]),
        months=words["months"],
        provisions=[re.compile(one, re.IGNORECASE) for one in words["provisions"]],
        named={slug: (act["title"], phrases(act["said"])) for slug, act in words["named"].items()},
        title_first=words["title_first"],
    )
