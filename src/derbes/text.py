"""Words and the letters they are made of: report texts, canonical forms, placeholders, safe CSV cells.

Words are data, one file a subject in ``derbes/text`` and one a section in its folder of a language; this module only
reads and compares them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

from derbes.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("ru", "kk", "en")

_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_JOINTS = re.compile("[\\s_\\-\u2010-\u2015\u2212]+")
_INNER = re.compile("(?<=\\w)[-.'\u2010\u2011\u2019\u02bc](?=\\w)")
_WORD = re.compile(r"[^\W_]+")
_MARKS_ONLY = re.compile("[\\s\\-\u2010-\u2015\u2212?\u00bf.\u2026_*/\\\\|~#]+|[x\u0445]{2,}")
_TAIL = " .?!:;\u2026*"
_RISKY = re.compile("\\s*[=+\\-@'\uff1d\uff0b\uff0d\uff20]|[\\t\\r\\n]")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_KAZAKH = re.compile("[\u0456\u0493\u049b\u04a3\u04af\u04b1\u04bb\u04d9\u04e9]", re.IGNORECASE)
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_SLOT = re.compile(r"\{([^{}]*)\}")


@cache
def data(name: str) -> Any:  # noqa: ANN401 - what a YAML file holds is known to its reader only
    """Return the content of ``derbes/text/<name>.yaml``, read once; treat it as read-only."""
    source = resources.files("derbes").joinpath("text", *f"{name}.yaml".split("/"))
    with source.open(encoding="utf-8") as file:
        return yaml.load(file, Loader=yaml.CSafeLoader)


def words(lang: str) -> Mapping[str, Any]:
    """Return the words of reports in a language, a section for each file; UsageError if there is no such language."""
    if lang not in LANGUAGES:
        remedy = did_you_mean(lang, LANGUAGES) or f"Choose one of {', '.join(LANGUAGES)}."
        raise UsageError("language", f"there are no words in “{lang}”, only in {', '.join(LANGUAGES)}", remedy)
    return _sections(lang)


@cache
def _sections(lang: str) -> dict[str, Any]:
    folder = resources.files("derbes").joinpath("text", lang)
    names = sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))
    return {name: data(f"{lang}/{name}") for name in names}


def clean(text: str) -> str:
    """Return the text composed (NFC), without invisible characters, every run of white space one plain space.

    Line breaks are white space too: split a cell into its values before cleaning them.
    """
    if text.isascii():  # most codes and names are, and have nothing to compose
        return " ".join(text.split())
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", text)).split())


def plain(text: str) -> str:
    """Return the text for comparison: compatible characters unified (NFKC), lower case, Cyrillic yo as ye."""
    if text.isascii():
        return clean(text).lower()
    return unicodedata.normalize("NFKC", clean(text)).casefold().replace("\u0451", "\u0435")


def heading(text: str) -> str:
    """Return the form in which headers and sheet names are compared (model.md, section 2).

    Case, spaces, underscores, dashes and a trailing asterisk do not matter, nor do the two dots on a Cyrillic ye.
    """
    return _JOINTS.sub("", plain(text).rstrip("* "))


def homoglyphs(text: str) -> str | None:
    """Return the text with Cyrillic and Greek letters replaced by the Latin ones they look like.

    None if it holds no such letter, or if the replacement does not make it plain ASCII.
    """
    table = _lookalikes()
    if not any(ord(letter) in table for letter in text):
        return None
    latin = clean(text).translate(table)
    return latin if latin.isascii() else None


def fingerprint(series: pd.Series[Any]) -> pd.Series[Any]:
    """Return a key per text, equal for texts that differ only in case, punctuation, word order and repetition.

    The method is the fingerprint of OpenRefine's clustering. Null where the text is null or has no letter or digit.
    """
    codes, uniques = pd.factorize(series)
    keys = np.empty(len(uniques) + 1, dtype=object)  # the last is that of null, whose code is -1
    # through an object array, since stepping through pandas' own array of texts takes longer than the work
    keys[:-1] = [_fingerprint(str(unique)) for unique in np.asarray(uniques, dtype=object)]
    return pd.Series(keys[codes], index=series.index, name=series.name)


def placeholder(text: str) -> bool:
    """Return True for a text that only stands in for an answer: *n/a*, *tbd*, a dash, question marks.

    A lone minus counts, so ask this of yes/no cells only after reading their signs.
    """
    said = plain(text).strip("\"'()[]<>\u00ab\u00bb")
    return bool(_MARKS_ONLY.fullmatch(said)) or bool({said, said.rstrip(_TAIL)} & _placeholders())


def escape(text: str) -> str:
    """Return the text safe for a CSV cell: an apostrophe in front of what a spreadsheet would run as a formula."""
    return f"'{text}" if _RISKY.match(text) else text


def unescape(text: str) -> str:
    """Return the text that `escape` was given; a text that `escape` cannot have made is returned as it is."""
    return text[1:] if text[:1] == "'" and _RISKY.match(text[1:]) else text


def drawn(text: str) -> str:
    """Return the text as a file of an office can hold it: a symbol for what XML or the reading direction forbids.

    Breaks of lines become those of Unix.
    """
    return _ODD.sub(_symbol, text.replace("\r\n", "\n").replace("\r", "\n")) if _ODD.search(text) else text


def _symbol(match: re.Match[str]) -> str:
    """Unicode's picture of a control character; marks that turn the reading direction must not act, only show."""
    point = ord(match.group())
    if point < ord(" "):
        return chr(0x2400 + point)
    return "\u2421" if point == 0x7F else "\ufffd"  # noqa: PLR2004 - DEL


def fill(template: str, mapping: Mapping[str, object]) -> str:
    """Return the template with every ``{name}`` replaced by ``str(mapping[name])``; KeyError names an unknown one.

    Plain substitution: no attributes, no format specifications, and inserted text is never expanded again.
    """
    return _SLOT.sub(lambda found: str(mapping[found[1]]), template)


def name_in(lang: str, name: str) -> str:
    """Return a name as a text in that language may bear it: one in another's letters stands in brackets, to translate.

    A name in Latin letters alone is a brand or a code, the same in every language.
    """
    if not _CYRILLIC.search(name) or ("kk" if _KAZAKH.search(name) else "ru") == lang:
        return name
    return fill(words(lang)["telling"]["named"], {"name": name})


def slots(template: str) -> frozenset[str]:
    """Return the names that `fill` will ask for."""
    return frozenset(_SLOT.findall(template))


def _fingerprint(text: str) -> str | None:
    tokens = _WORD.findall(_INNER.sub("", plain(text)))
    return " ".join(sorted(set(tokens))) or None


@cache
def _placeholders() -> frozenset[str]:
    return frozenset(plain(str(word)) for group in data("placeholders").values() for word in group)


@cache
def _lookalikes() -> dict[int, str]:
    return {ord(letter): latin for latin, letters in data("homoglyphs").items() for letter in letters}
