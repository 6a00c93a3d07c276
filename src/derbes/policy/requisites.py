"""Particulars of the operator that a clause gives: name, BIN, address, postcode, site, e-mail, authority, role."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from derbes.policy.phrasing import lexicon

if TYPE_CHECKING:
    from collections.abc import Iterator

EMAIL = re.compile(r"[\w.+%'-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>()\u00ab\u00bb\u0022]+", re.IGNORECASE)
_DOMAIN = r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,}"
_LATIN_FORM = r"Ltd\.?|LLP|LLC|JSC|Inc\.?|GmbH|PLC|Corp\.?"
_COMPANY = re.compile(rf"(?<![\w&.'-])[A-Z][\w&.'-]*(?:\s+[A-Z][\w&.'-]*){{0,5}}?\s+(?:{_LATIN_FORM})(?!\w)")
_TAIL = " .,;:)\u00bb\u0022"
_SEGMENTS = 8  # parts of an address between commas
_SEGMENT_WORDS = 5


class _Patterns(NamedTuple):
    """The words of a language as patterns."""

    bin: re.Pattern[str]
    company: re.Pattern[str]
    introduced: re.Pattern[str]
    address: re.Pattern[str]
    street: re.Pattern[str]
    no_address: re.Pattern[str]
    postcode: re.Pattern[str]
    site: re.Pattern[str]
    role: re.Pattern[str]
    authority: re.Pattern[str]


def requisites(text: str, lang: str) -> list[str]:
    """Return the particulars as ``name=value``, each once, in the order of the model."""
    words = _patterns(lang)
    found = [*_names(text, words), *(f"bin={one[1]}" for one in words.bin.finditer(text)), *_addresses(text, words)]
    found += [f"site={site}" for site in _sites(text, words)]
    found += [f"email={email}" for email in _emails(text, words)]
    found += [f"authority={one[1].strip(_TAIL)}" for one in words.authority.finditer(text)]
    found += _roles(text, lang, words)
    return list(dict.fromkeys(found))


def misplaced_addresses(text: str, lang: str) -> Iterator[tuple[int, int]]:
    """Yield the places where an e-mail address stands right behind the word for a site."""
    for found in _patterns(lang).site.finditer(text):
        if EMAIL.fullmatch(found[1].rstrip(_TAIL)):
            yield found.span()


def _names(text: str, words: _Patterns) -> Iterator[str]:
    """Yield companies that the clause introduces: by their number, or by what they are called from there on."""
    for found in words.company.finditer(text):
        if words.introduced.match(text, found.end()):
            yield f"name={found[0].strip()}"


def _addresses(text: str, words: _Patterns) -> Iterator[str]:
    """Yield the first address: a country or town, and a street behind it; its postcode stands apart."""
    for found in words.address.finditer(text):
        place, postcode = _until_end(text[found.start() :], words)
        if words.street.search(place):
            yield f"address={place}"
            if postcode:
                yield f"postcode={postcode}"
            return


def _until_end(text: str, words: _Patterns) -> tuple[str, str]:
    """The parts of an address between commas, short ones, up to the first that is something else; and its postcode."""
    parts: list[str] = []
    postcode = ""
    for part in re.split(r",\s*", re.split(r"[;()\n]|\s[\u2013\u2014]\s", text)[0])[:_SEGMENTS]:
        ended = re.search(r"(?<=\w\w\w)\.(?=\s|$)|(?<=\d)\.(?=\s|$)", part)
        kept = (part[: ended.start()] if ended else part).strip()
        if words.no_address.search(kept) or len(kept.split()) > _SEGMENT_WORDS:
            break
        if words.postcode.fullmatch(kept):
            postcode = kept
        elif kept:
            parts.append(kept)
        if ended:
            break
    return ", ".join(parts).strip(_TAIL), postcode


def _sites(text: str, words: _Patterns) -> list[str]:
    named = [found[1].rstrip(_TAIL) for found in words.site.finditer(text)]
    return list(dict.fromkeys([*(found[0].rstrip(_TAIL) for found in _URL.finditer(text)), *named]))


def _emails(text: str, words: _Patterns) -> list[str]:
    sites = {found[1].rstrip(_TAIL) for found in words.site.finditer(text)}
    return [found[0].rstrip(_TAIL) for found in EMAIL.finditer(text) if found[0].rstrip(_TAIL) not in sites]


def _roles(text: str, lang: str, words: _Patterns) -> list[str]:
    head = lexicon(lang).at("requisites", "role_head")
    stops = lexicon(lang).pattern("requisites", "role_stop")
    roles = []
    for found in words.role.finditer(text):
        said = f"{head}{found[2]}" if head else found[0]
        stop = stops.search(said)
        roles.append(f"role={(said[: stop.start()] if stop else said).strip(_TAIL)}")
    return roles


@cache
def _patterns(lang: str) -> _Patterns:
    words = lexicon(lang).at("requisites")
    groups = ("bin", "country", "place", "street", "forms", "site", "address_not")
    one_of = {name: "|".join(words[name]) for name in groups}
    called = "|".join(lexicon(lang).at("called"))
    start = rf"(?:(?:{one_of['country']})(?!\w)[^,;()]{{0,20}},\s*(?=\S)|(?:{one_of['place']}))"
    quoted = rf"(?:{one_of['forms']})\s+[\u00ab\u201c\u0022][^\u00bb\u201d\u0022]{{2,60}}[\u00bb\u201d\u0022]"
    behind = words.get("forms_behind")  # in Kazakh the form follows the name
    if behind:
        quoted += (
            rf"|[\u00ab\u201c\u0022][^\u00bb\u201d\u0022]{{2,60}}[\u00bb\u201d\u0022]\s+(?:{'|'.join(behind)})(?!\w)"
        )
    return _Patterns(
        bin=re.compile(rf"(?<!\w)(?:{one_of['bin']})\W{{0,4}}(\d{{12}})(?!\d)", re.IGNORECASE),
        company=re.compile(rf"{quoted}|{_COMPANY.pattern}"),
        introduced=re.compile(rf"[\s,]*(?:{one_of['bin']}|[\u2013\u2014\s]*\(\s*(?:{called}))", re.IGNORECASE),
        address=re.compile(rf"(?<!\w)(?:(?:{words['postcode']}),?\s+)?{start}"),
        street=re.compile(rf"(?<!\w)(?:{one_of['street']})(?!\w)", re.IGNORECASE),
        no_address=re.compile(rf"(?<!\w)(?:{one_of['address_not']})(?!\w)|@|://", re.IGNORECASE),
        postcode=re.compile(words["postcode"]),
        site=re.compile(rf"(?<!\w)(?:{one_of['site']})\s*:?\s+({EMAIL.pattern}|{_DOMAIN})(?!\w)", re.IGNORECASE),
        role=re.compile(words["role"], re.IGNORECASE),
        authority=re.compile(words["authority"]),
    )
