"""Acts that a policy cites: number, date, title and provision, as the policy writes them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from derbes.policy.phrasing import lexicon, phrases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.policy.numbering import Clause

COLUMNS = ("citation_id", "clause_id", "act_number", "act_date", "act_title", "provision", "note")

_TITLE = re.compile(
    "[\u00ab\u201c\u0022]((?:[^\u00ab\u00bb\u201c\u201d\u0022]|\u00ab[^\u00bb]{0,200}\u00bb){5,400})[\u00bb\u201d\u0022]"
)
_NUMERIC_DATE = re.compile(r"(?<!\d)(\d{1,2})\.(\d{1,2})\.(\d{4})(?!\d)")
_REACH = 220  # characters between an act's number and its title or kind
_NEAR = 60  # between the number and the date
_BESIDE = 15  # between the number and what follows it at once
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
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in [*_numbered(text, folded, words), *_named(text, folded, words)]:
        rows.setdefault((row["act_number"], "" if row["act_number"] else row["act_title"], row["provision"]), row)
    seen: dict[str, int] = {}
    for row in rows.values():
        row |= {"clause_id": clause.clause_id, "note": ""}
        base = f"{clause.clause_id}.{row.pop('slug')}"
        seen[base] = seen.get(base, 0) + 1
        row["citation_id"] = base if seen[base] == 1 else f"{base}-{seen[base]}"
    return list(rows.values())


def _numbered(text: str, folded: str, words: _Words) -> Iterator[dict[str, str]]:
    """Yield acts that are cited by number; what is said of each stands between the acts around it."""
    found = [one for one in words.number.finditer(text) if _is_act(one, text, folded, words)]
    edges = [0, *(one.start() for one in found), len(text)]
    for place, one in enumerate(found, 1):
        before = max(edges[place - 1], one.start() - _REACH), one.start()
        behind = one.end(), min(edges[place + 1], one.end() + _REACH)
        near = max(before[0], one.start() - _NEAR)
        yield {
            "act_number": one[1].strip(),
            "act_date": _date(text[near : one.start()], words) or _date(text[one.end() :][: _NEAR // 2], words),
            "act_title": _title(text, before, behind, words)
            or _known(folded, _kind_at(one, before, behind, words), words),
            "provision": _provision(text[before[0] : one.start()], words)
            or _provision(text[one.end() : min(behind[1], one.end() + _NEAR // 2)], words),
            "slug": _slug(one[1]),
        }


def _kind_at(one: re.Match[str], before: tuple[int, int], behind: tuple[int, int], words: _Words) -> tuple[int, int]:
    """Where the kind of act stands: ahead of the number in Russian, behind it in Kazakh."""
    if words.title_first:
        return one.end(), min(behind[1], one.end() + _NEAR)
    return max(before[0], one.start() - _NEAR), one.start()


def _known(folded: str, place: tuple[int, int], words: _Words) -> str:
    return next((title for title, pattern in words.named.values() if pattern.search(folded, *place)), "")


def _is_act(one: re.Match[str], text: str, folded: str, words: _Words) -> bool:
    """Tell an act from an order of the company itself or a contract: by its number, or by a title beside it."""
    if words.legal.fullmatch(one[1].strip()):
        return True
    near = max(0, one.start() - _REACH), min(len(text), one.end() + _REACH)
    titled = _TITLE.match(text[one.end() :].lstrip()) if not words.title_first else _TITLE.search(text, *near)
    return bool(titled and words.kinds.search(folded, *near))


def _title(text: str, before: tuple[int, int], behind: tuple[int, int], words: _Words) -> str:
    """The title in quotes: right behind the number in Russian, ahead of date and number in Kazakh."""
    if words.title_first:
        found = list(_TITLE.finditer(text, *before))
        return found[-1][1].strip() if found and before[1] - found[-1].end() <= _NEAR + _BESIDE else ""
    first = _TITLE.search(text, *behind)
    return first[1].strip() if first and first.start() - behind[0] <= _BESIDE else ""


def _date(text: str, words: _Words) -> str:
    """The last date in a text, in ISO form, empty if there is none."""
    found = [*words.date.finditer(text), *_NUMERIC_DATE.finditer(text)]
    if not found:
        return ""
    chosen = max(found, key=re.Match.start)
    parts = chosen.groupdict()
    if not parts:
        return f"{chosen[3]}-{int(chosen[2]):02}-{int(chosen[1]):02}"
    month = next(n for n, name in enumerate(words.months, 1) if parts["month"].lower().startswith(name))
    return f"{parts['year']}-{month:02}-{int(parts['day']):02}"


def _named(text: str, folded: str, words: _Words) -> Iterator[dict[str, str]]:
    """Yield acts that are known by their title and cited without a number: codes, the constitution, *this Law*."""
    for slug, (title, pattern) in words.named.items():
        for found in pattern.finditer(folded):
            ahead, behind = (max(0, found.start() - _NEAR), found.start()), (found.end(), found.end() + _NEAR)
            if not words.number.search(text, *(ahead if words.title_first else behind)):
                near = text[max(0, found.start() - _NEAR) : found.end() + _NEAR]
                provision = _provision(near, words)
                yield {"act_number": "", "act_date": "", "act_title": title, "provision": provision, "slug": slug}
                break


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
