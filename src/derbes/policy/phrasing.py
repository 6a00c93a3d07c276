"""Words of policies in one language, compiled: phrases that are found whatever the endings, each at its place.

Phrases are separated by ``;``. A phrase is words in order. ``*`` stands for any ending or beginning, ``|`` for either
word, ``[…]`` for a word that may be missing, ``~`` for a word that must not follow, ``…`` for up to eight words, ``^``
and ``$`` for where a sentence begins and ends, ``:`` for a colon. Between two words may stand spaces, commas, quotes,
brackets and dashes, never the end of a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from derbes.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = ("ru", "kk")

_BETWEEN = r"[^\w.;:!?\x1e]+"
_GAP = rf"(?:[\w-]+{_BETWEEN}){{0,8}}?"
_DOT = re.compile(r"[.!?\u2026]+(?=[\u00bb\u201d\")]*(?:\s|$))")
_MARKS = {"^": r"(?:(?<=\x1e)|\A)[^\w\x1e]*", "$": r"[^\w\x1e;:]*(?=\x1e|\Z)", ":": r"\s*:\s*"}
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>()\u00ab\u00bb,;]+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"
)  # one word to phrases
_NEAR = 12  # characters around a full stop that tell whether it ends a sentence
_STOP = "\x1e"  # what the end of a sentence becomes, so that no phrase reaches across it


@cache
def content(name: str) -> Any:  # noqa: ANN401 - what a YAML file holds is known to its reader only
    """Return the content of ``derbes/policy/<name>.yaml``, read once; treat it as read-only."""
    source = resources.files("derbes.policy").joinpath(f"{name}.yaml")
    with source.open(encoding="utf-8") as file:
        return yaml.load(file, Loader=yaml.CSafeLoader)


@cache
def lexicon(lang: str) -> Lexicon:
    """Return the words of a language. Raises UsageError where there are none."""
    if lang not in LANGUAGES:
        remedy = f"Choose one of {', '.join(LANGUAGES)}."
        raise UsageError("language", f"policies in “{lang}” are not read", remedy)
    return Lexicon(lang, content(f"lexicon/{lang}"))


@dataclass(frozen=True)
class Lexicon:
    """Words by subject, as they stand in the file, and phrases compiled when they are first asked for."""

    lang: str
    words: dict[str, Any]

    @cached_property
    def _compiled(self) -> dict[tuple[str, ...], re.Pattern[str]]:
        return {}

    def pattern(self, *path: str) -> re.Pattern[str]:
        """Return one pattern for all phrases at this place of the file; it finds nothing where there are none."""
        if path not in self._compiled:
            self._compiled[path] = phrases(self.at(*path) or "")
        return self._compiled[path]

    def at(self, *path: str) -> Any:  # noqa: ANN401 - a list, a mapping or nothing
        """Return what stands at this place of the file, None where nothing does."""
        found: Any = self.words
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
        return found

    def codes(self, *path: str) -> dict[str, re.Pattern[str]]:
        """Return the patterns of a group by code, in the order of the file."""
        return {code: self.pattern(*path, code) for code in self.at(*path) or {}}

    @cached_property
    def abbreviations(self) -> frozenset[str]:
        """Words whose full stop ends no sentence."""
        return frozenset(self.at("abbreviations") or ())

    @cached_property
    def _endings(self) -> tuple[str, ...]:
        return tuple(sorted(self.at("endings") or (), key=len, reverse=True))

    def fold(self, text: str) -> str:
        """Return the text for search, of the same length: lower case, yo as ye, a mark where a sentence ends."""
        low = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
        low = low.replace("\u0451", "\u0435").replace("\u00a0", " ")
        low = _ADDRESS.sub(lambda found: re.sub(r"\W", "_", found[0]), low)
        folded = list(low)
        for dot in _DOT.finditer(low):
            ends = self._ends_sentence(text, dot.start(), dot.end())
            folded[dot.start() : dot.end()] = (_STOP if ends else ",") * len(dot[0])
        return "".join(folded)

    def _ends_sentence(self, text: str, start: int, end: int) -> bool:
        rest = text[end : end + _NEAR].lstrip(" \u00a0\u00bb\u201d\u0022)")
        if not rest:
            return True
        word = re.search(r"[\w-]*$", text[max(0, start - _NEAR) : start])
        known = word is not None and word[0].casefold() in self.abbreviations
        return not known and not rest[0].islower()

    def term(self, term: str) -> re.Pattern[str]:
        """Return the pattern of a term in any of its forms: stems of its words, with endings."""
        forms = self.at("forms") or {}
        parts = [
            f"(?:{_either(forms[word])})" if word in forms else re.escape(self._stem(word)) + r"[\w-]{0,5}"
            for word in self.fold(term).split()
        ]
        return re.compile(r"(?<![\w-])" + _BETWEEN.join(parts) + r"(?![\w-])")

    def _stem(self, word: str) -> str:
        for ending in self._endings:
            if word.endswith(ending) and len(word) - len(ending) >= 3:  # noqa: PLR2004 - shorter stems fit too much
                return word[: -len(ending)]
        return word


def sentences(folded: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of every sentence of a folded text."""
    start = 0
    for stop in re.finditer(f"{_STOP}+|\\Z", folded):
        if folded[start : stop.start()].strip():
            yield start, stop.start()
        start = stop.end()


def phrases(several: str) -> re.Pattern[str]:
    """Compile phrases, separated by semicolons, into one pattern over folded texts."""
    patterns = [_phrase(phrase) for phrase in several.split(";") if phrase.strip()]
    return re.compile("|".join(patterns) if patterns else r"(?!)")


def _phrase(phrase: str) -> str:
    pattern, joined = "", False
    for slot in phrase.split():
        if slot in _MARKS:
            pattern, joined = pattern + _MARKS[slot], False
            continue
        between = _BETWEEN if joined else ""
        if slot == "\u2026":
            pattern, joined = f"{pattern}{between}{_GAP}", False
        elif slot[0] == "~":
            pattern += rf"(?!{_BETWEEN}(?:{_either(slot[1:])})(?![\w-]))"
        elif slot[0] == "[":
            step = _word(slot.strip("[]"))
            pattern += f"(?:{between}{step})?" if joined else f"(?:{step}{_BETWEEN})?"
        else:
            pattern, joined = pattern + between + _word(slot), True
    return pattern


def _word(slot: str) -> str:
    return rf"(?<![\w-])(?:{_either(slot)})(?![\w-])"


def _either(slot: str) -> str:
    return "|".join(
        (r"[\w-]*" if word.startswith("*") else "")
        + re.escape(word.strip("*").replace("\u0451", "\u0435"))
        + (r"[\w-]*" if word.endswith("*") else "")
        for word in slot.split("|")
    )
