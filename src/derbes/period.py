"""Retention periods: from what people write in a cell to a duration, an event that starts it, or an honest *unknown*.

The words stand in ``text/periods.yaml`` (ru, kk, en, de, fr, nl). A text is understood only as a whole: one word that
is not accounted for, two periods in one cell, a number without a unit make it *unknown*, never a guess.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal

import isodate
import pandas as pd

from derbes.text import clean, data, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Kind = Literal["fixed", "until", "indefinite", "by_law", "vague", "unknown"]

_UNITS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
_SMALLER = {"years": ("months", 12), "weeks": ("days", 7)}  # the only halves that are whole in a smaller unit
_MONTHS_A_YEAR, _DAYS_A_MONTH = 12, 30.436875  # the Gregorian mean: 365.2425 days a year
_SECONDS_A_DAY = 86_400
_LONGEST = 300  # characters; a longer cell is a text, not a period
_TOO_MANY = 100_000  # of any unit: an id or a telephone, not a period
_NUMBER = r"(\d{1,5}(?:[.,]\d{1,2})?)"
_ISO = re.compile(
    rf"p(?=t?\d)(?:{_NUMBER}y)?(?:{_NUMBER}m)?(?:{_NUMBER}w)?(?:{_NUMBER}d)?"
    rf"(?:t(?=\d)(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?)?"
)
_NEGATIVE = re.compile(r"(?:^|[\s:(])[-\u2010-\u2015\u2212]p?\d")
_BRACKETED = re.compile(r"\(([^()]*)\)")
_SILENT = frozenset(" .,:()[]\"'*-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ab\u00bb\u201c\u201d\u201e\u2018\u2019")


@dataclass(frozen=True)
class Period:
    """How long data are kept.

    ``duration`` is ISO 8601 and set when the kind is fixed; ``trigger`` is a code of the model and set when the text
    names the event from which (fixed) or until which (until) they are kept. ``bound`` is max or min where the text
    says *at most* or *at least*; ``phrase`` the text as read. Neither of the two takes part in comparison.
    """

    kind: Kind
    duration: str | None = None
    trigger: str | None = None
    bound: str | None = field(default=None, compare=False, repr=False)
    phrase: str | None = field(default=None, compare=False, repr=False)


@lru_cache(maxsize=8192)
def parse(text: str) -> Period:
    """Return the period that a cell states: ISO 8601, ``until:<trigger>``, ``indefinite``, ``by_law`` or a phrase."""
    phrase = clean(text)
    # a superscript would turn into a figure of the number before it
    legible = len(phrase) <= _LONGEST and not any(unicodedata.category(letter) == "No" for letter in phrase)
    kind, duration, trigger, bound = _read(plain(phrase).strip(" .")) if legible else _UNKNOWN
    return Period(kind, duration, trigger, bound, phrase)


def parse_all(series: pd.Series[Any]) -> pd.DataFrame:
    """Return kind, duration, trigger and days of every cell, each distinct text parsed once; null rows for null."""
    codes, uniques = pd.factorize(series)
    periods = [parse(str(unique)) for unique in uniques]
    columns = {
        "kind": pd.Series([p.kind for p in periods], dtype="object"),
        "duration": pd.Series([p.duration for p in periods], dtype="object"),
        "trigger": pd.Series([p.trigger for p in periods], dtype="object"),
        "days": pd.Series([days(p) for p in periods], dtype="float64"),
    }
    return pd.DataFrame(columns).reindex(codes).set_axis(series.index, axis="index")


def days(period: Period) -> float | None:
    """Return the length of a fixed period in days, for ordering; a year is 365.2425 days. None for other kinds."""
    if period.duration is None:
        return None
    length = isodate.parse_duration(period.duration, as_timedelta_if_possible=False)
    months = float(length.years) * _MONTHS_A_YEAR + float(length.months)
    rest: float = length.tdelta.total_seconds()
    return months * _DAYS_A_MONTH + rest / _SECONDS_A_DAY


_Reading = tuple[Kind, str | None, str | None, str | None]
_UNKNOWN: _Reading = ("unknown", None, None, None)


def _read(said: str) -> _Reading:
    """Read a text in lower case as kind, duration, trigger and bound."""
    lexicon = _lexicon()
    code, _, event = (part.strip() for part in said.partition(":"))
    if said in {"indefinite", "by_law"}:
        return said, None, None, None  # type: ignore[return-value]
    if code == "until" and event in lexicon.triggers:
        return "until", None, event, None
    if _NEGATIVE.search(said):
        return _UNKNOWN
    tokens = _tokens(_BRACKETED.sub(_without_ground, said))
    if tokens is None:
        return _UNKNOWN
    spans = list(_durations(tokens))
    if len(spans) == 1:
        return _fixed(tokens, *spans[0])
    return _other(tokens) if not spans else _UNKNOWN


def _without_ground(bracket: re.Match[str]) -> str:
    """Drop a bracket that only gives the law as the ground, as in *5 years (statutory)*."""
    inside = _tokens(bracket[1])
    return " " if inside and _is_any(inside, "by_law") else bracket[0]


def _fixed(tokens: Sequence[str], start: int, end: int, duration: str | None) -> _Reading:
    """Read what stands before and behind the one duration of a text: bounds, and the event it is counted from."""
    before, behind = list(tokens[:start]), list(tokens[end:])
    bounds = {*_take_bounds(before), *_take_bounds(behind), *_take_limits(before, behind)}
    if duration is None or len(bounds) > 1:
        return _UNKNOWN
    events = _events(before, behind)
    if events is None or len(events) > 1:
        return _UNKNOWN
    return "fixed", duration, next(iter(events), None), next(iter(bounds), None)


def _take_bounds(side: list[str]) -> Iterator[str]:
    """Take the words of *at most* and *at least* away from a side and say which of the two they were."""
    for bound in ("max", "min"):
        for phrase in _lexicon().phrases[bound]:
            slots = map(_compiled, phrase.needed)
            places = [next((i for i, token in enumerate(side) if slot.fullmatch(token)), -1) for slot in slots]
            if places and min(places) >= 0:
                side[:] = [token for i, token in enumerate(side) if i not in places]
                yield bound
                break


def _take_limits(before: list[str], behind: list[str]) -> Iterator[str]:
    """Take *up to* away: a word of ending right before the duration, or right behind it in Kazakh."""
    lexicon = _lexicon()
    head = [token for token in before if not lexicon.is_filler(token)]
    if len(head) == 1 and head[0] in lexicon.until_before:
        before.clear()
        yield "max"
    if behind and behind[0] in lexicon.until_behind:
        del behind[0]
        yield "max"


def _events(before: list[str], behind: list[str]) -> set[str] | None:
    """Return the triggers named on both sides of a duration, None where words are left over."""
    lexicon = _lexicon()
    lasting = [token for token in before if token not in lexicon.joints]
    if len(lasting) < len(before) and (trigger := _one(lasting, "during")):
        rest = [t for t in behind if t not in lexicon.after_before]
        ended = all(lexicon.is_filler(t) or lexicon.is_ending(t) for t in rest)
        return {trigger} if ended or _event(behind, "after") == trigger else None
    if behind and set(behind) <= lexicon.after_behind:  # in Kazakh the word for after stands last: after 5 years
        behind = []
    events: set[str] = set()
    for number, side in enumerate((before, behind)):
        said = [token for token in side if not lexicon.is_filler(token)]
        grounded = _is_any(side, "by_law")  # 5 years according to law: the law is the ground, not the event
        waiting = number == 0 and all(token in lexicon.elapsed for token in said)  # after 5 years
        if waiting or grounded or not (said or any(token in lexicon.after_before for token in side)):
            continue
        event = _event(side, "after")
        if event is None:
            return None
        events.add(event)
    return events


def _other(tokens: Sequence[str]) -> _Reading:
    """Read a text without a duration of numbers and units."""
    trigger = _one(tokens, "during") or _event(tokens, "until")
    readings: list[_Reading] = [("until", None, trigger, None)] if trigger else []
    readings += [(kind, None, None, None) for kind in ("indefinite", "by_law") if _is_any(tokens, kind)]
    if len(readings) > 1:
        return _UNKNOWN
    if not readings and _is_vague(tokens):
        return "vague", None, None, None
    return readings[0] if readings else _UNKNOWN


def _is_vague(tokens: Sequence[str]) -> bool:
    """Tell whether the text begins as a vague one and nowhere says something definite."""
    lexicon = _lexicon()
    if any(token in lexicon.alternatives or token.isdecimal() for token in tokens):
        return False
    if any(_is_any([token], "indefinite") for token in tokens):
        return False
    skipped = len(list(itertools.takewhile(lexicon.is_filler, tokens)))
    return any(lexicon.vague.fullmatch(" ".join([*tokens[start:], ""])) for start in range(skipped + 1))


def _event(tokens: Sequence[str], relation: str) -> str | None:
    """Return the trigger named behind a word such as *after* or *until* (in Kazakh: before it)."""
    lexicon = _lexicon()
    ahead, behind = (
        (lexicon.after_before, lexicon.after_behind)
        if relation == "after"
        else (lexicon.until_before, lexicon.until_behind)
    )
    for i, token in enumerate(tokens):
        if token in ahead and (event := _one(tokens[i + 1 :], "triggers")):
            return event
        if not lexicon.is_filler(token):
            break
    if tokens and tokens[-1] in behind:
        return _one(tokens[:-1], "triggers")
    return None


def _one(tokens: Sequence[str], group: str) -> str | None:
    """Return the trigger whose phrases account for all tokens, None unless it is exactly one."""
    phrases: dict[str, list[_Phrase]] = getattr(_lexicon(), group)
    found = [code for code, several in phrases.items() if any(p.covers(tokens) for p in several)]
    return found[0] if len(found) == 1 else None


def _is_any(tokens: Sequence[str], kind: str) -> bool:
    return any(phrase.covers(tokens) for phrase in _lexicon().phrases[kind])


def _durations(tokens: Sequence[str]) -> Iterator[tuple[int, int, str | None]]:
    """Yield start, end and ISO duration of every period among the tokens; None for one that makes no sense."""
    position = 0
    while position < len(tokens):
        start, parts = position, []
        while (step := _part(tokens, position)) is not None:
            position, part = step
            parts.append(part)
            joined = position < len(tokens) and tokens[position] in _lexicon().joints
            if joined and _part(tokens, position + 1) is not None:
                position += 1
        if parts:
            yield start, position, _iso(parts)
        else:
            position += 1


def _part(tokens: Sequence[str], start: int) -> tuple[int, dict[str, Fraction]] | None:
    """Return the end and the amount of one *number unit* or ISO duration that begins at a token."""
    lexicon = _lexicon()
    if start < len(tokens) and (found := _ISO.fullmatch(lexicon.spans.get(tokens[start], tokens[start]))):
        amounts = zip(_UNITS, found.groups(), strict=True)
        return start + 1, {unit: _fraction(amount) for unit, amount in amounts if amount}
    end = start
    while end < len(tokens) and (tokens[end] in lexicon.numbers or tokens[end][0].isdecimal()):
        end += 1
    amount = _amount(tokens[start:end])
    while end < len(tokens) and lexicon.between.fullmatch(tokens[end]):
        end += 1
    unit = lexicon.units.get(tokens[end]) if end < len(tokens) else None
    return (end + 1, {unit: amount}) if unit and amount is not None else None


def _amount(tokens: Sequence[str]) -> Fraction | None:
    """Return the number that figures, words, or both in agreement (*5 (five)*) stand for."""
    figures = {_fraction(token) for token in tokens if token[0].isdecimal()}
    words = [_lexicon().numbers[token] for token in tokens if not token[0].isdecimal()]
    if len(figures) + len(words) < len(tokens) or not tokens:
        return None
    tens_and_units = len(words) > 1 and words[0] % 10 == 0 and 0 < words[1] < 10 <= words[0]  # noqa: PLR2004
    if len(words) > (2 if tens_and_units else 1):
        return None
    values = figures | ({sum(words, Fraction(0))} if words else set())
    return values.pop() if len(values) == 1 and max(values) < _TOO_MANY else None


def _fraction(written: str) -> Fraction:
    return Fraction(written.replace(",", "."))


def _iso(parts: Iterable[dict[str, Fraction]]) -> str | None:
    """Write amounts as an ISO 8601 duration; None if they do not descend, are not whole, or come to nothing."""
    pairs = [(unit, amount) for part in parts for unit, amount in part.items()]
    order = [_UNITS.index(unit) for unit, _ in pairs]
    whole: dict[str, Fraction] = {}
    for unit, amount in pairs:
        rest = amount % 1
        whole[unit] = whole.get(unit, Fraction(0)) + amount - rest
        if rest:
            smaller, factor = _SMALLER.get(unit, (unit, 1))
            whole[smaller] = whole.get(smaller, Fraction(0)) + rest * factor
    if order != sorted(set(order)) or any(amount % 1 for amount in whole.values()) or not any(whole.values()):
        return None
    if whole.get("weeks") and any(amount for unit, amount in whole.items() if unit != "weeks"):
        whole["days"] = whole.get("days", Fraction(0)) + 7 * whole.pop("weeks")  # weeks stand alone in ISO 8601
    letters = [f"{whole[unit]}{unit[0].upper()}" if whole.get(unit) else "" for unit in _UNITS]
    date, time = "".join(letters[:4]), "".join(letters[4:])
    return f"P{date}{'T' if time else ''}{time}"


def _tokens(said: str) -> list[str] | None:
    """Split into words, numbers and plus signs; None where there is a sign that could change the meaning."""
    tokens, end = [], 0
    for found in _lexicon().token.finditer(said):
        if not _SILENT.issuperset(said[end : found.start()]):
            return None
        tokens.append(found["number"] or found[0])
        end = found.end()
    return tokens if _SILENT.issuperset(said[end:]) else None


@dataclass(frozen=True)
class _Phrase:
    """A set of words in any order, as patterns: all that are needed, some that may be missing, and fillers."""

    needed: tuple[str, ...]
    allowed: str
    fillers: re.Pattern[str]

    def covers(self, tokens: Sequence[str]) -> bool:
        """Tell whether every needed word is there and every word is accounted for."""
        return all(any(map(_compiled(slot).fullmatch, tokens)) for slot in self.needed) and all(
            _compiled(self.allowed).fullmatch(token) or self.fillers.fullmatch(token) for token in tokens
        )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)  # at first use: there are a thousand, and an inventory asks for few of them


class _Lexicon:
    """The words of ``text/periods.yaml``, compiled."""

    def __init__(self, words: dict[str, Any]) -> None:
        self._classes = {name: "|".join(map(_pattern, _flat(group))) for name, group in words["classes"].items()}
        self._filler = re.compile("|".join(map(_pattern, _flat(words["fillers"]))))
        self._ending = re.compile(f"{self._classes['end']}|{self._classes['close']}")
        self.units = {plain(word): unit for unit, several in words["units"].items() for word in several}
        self.spans = {plain(word): plain(iso) for iso, several in words["spans"].items() for word in several}
        self.numbers = {plain(w): Fraction(str(value)) for value, several in words["numbers"].items() for w in several}
        self.between = re.compile("|".join(map(_pattern, words["between"])))
        endings = "|".join(map(_pattern, words["number_endings"]))
        self.token = re.compile(
            rf"{_ISO.pattern}(?!\w)|(?P<number>\d+(?:[.,]\d+)?)(?:[-\u2010\u2011](?:{endings})(?!\w))?|[^\W\d]+|\+"
        )
        self.after_before, self.after_behind = (frozenset(words["after"][place]) for place in ("before", "behind"))
        self.until_before, self.until_behind = (frozenset(words["until"][place]) for place in ("before", "behind"))
        self.elapsed = frozenset(words["elapsed"])
        self.joints = frozenset(words["and"])
        self.alternatives = frozenset(words["or"])
        self.phrases = {kind: self._all(words[kind]) for kind in ("max", "min", "indefinite", "by_law")}
        self.triggers = {code: [*self._all(said), self._phrase(code)] for code, said in words["triggers"].items()}
        self.during = {code: self._all(said) for code, said in words["during"].items()}
        self.vague = re.compile("|".join(_sequence(text) for text in _texts(words["vague"])))

    def is_filler(self, token: str) -> bool:
        return bool(self._filler.fullmatch(token))

    def is_ending(self, token: str) -> bool:
        return bool(self._ending.fullmatch(token))

    def _all(self, said: Any) -> list[_Phrase]:  # noqa: ANN401 - a text, or texts by language
        return [self._phrase(text) for text in _texts(said)]

    def _phrase(self, text: str) -> _Phrase:
        needed: list[str] = []
        optional: list[str] = []
        for slot in text.split():
            pattern = "|".join(
                self._classes[w[1:]] if w[0] == "@" else _pattern(w) for w in slot.strip("[]").split("|")
            )
            (optional if slot[0] == "[" else needed).append(pattern)
        return _Phrase(tuple(needed), "|".join([*needed, *optional]), self._filler)


@cache
def _lexicon() -> _Lexicon:
    return _Lexicon(data("periods"))


def _texts(said: Any) -> list[str]:  # noqa: ANN401 - a text, or texts by language
    several = said.values() if isinstance(said, dict) else [said]
    return [text.strip() for texts in several for text in texts.split(";")]


def _flat(group: dict[str, list[str]]) -> list[str]:
    return [word for several in group.values() for word in several]


def _pattern(word: str) -> str:
    return re.escape(plain(word.removesuffix("*"))) + (r"\w*" if word.endswith("*") else "")


def _sequence(text: str) -> str:
    """Compile words in order, each with a space behind it; an ellipsis stands for any words."""
    steps = ((slot, "|".join(map(_pattern, slot.split("|")))) for slot in text.split())
    return "".join(r"(?:\S+ )*?" if slot == "\u2026" else f"(?:{words}) " for slot, words in steps)
