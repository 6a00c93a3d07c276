"""Sentences, dates, numbers, quarters and labels as the reader's language writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from derbes.text import data, fill, words

if TYPE_CHECKING:
    import datetime as dt

    from derbes.quarter import Quarter

_LOCALES = {"en": "en_GB"}
_FORMS = ("one", "few", "many", "other")
_ONE_UNIT = re.compile(r"P(\d+)([YMWD])")
_ROMAN = ("", "I", "II", "III", "IV")


class Number(str):
    """A number already written in the reader's language."""

    __slots__ = ()


@dataclass(frozen=True)
class Wording:
    """Words of one section in one language, and the forms of numbers and dates that go with them."""

    lang: str
    section: str

    @cached_property
    def _locale(self) -> Locale:
        return Locale.parse(_LOCALES.get(self.lang, self.lang))

    def __call__(self, *path: str, **values: object) -> str:
        """Return the words at this path of the section, with their named places filled in.

        An entry that is a list holds the forms for one, few and many (or one and other); ``n`` chooses.
        """
        entry = self.entry(*path)
        if isinstance(entry, list):
            form = _FORMS.index(self._locale.plural_form(int(str(values["n"]))))
            entry = entry[min(form, len(entry) - 1)]
        return fill(str(entry), {key: self._written(value) for key, value in values.items()})

    def entry(self, *path: str) -> Any:  # noqa: ANN401 - a text, a list or a mapping of them
        """Return what stands at this path of the section."""
        found: Any = words(self.lang)[self.section]
        for step in path:
            found = found[step]
        return found

    def label(self, group: str, code: object) -> str:
        """Return the label of a severity, status or family, or the code itself where no label is known."""
        return str(words(self.lang)["wording"][group].get(code, code))

    def number(self, value: float) -> Number:
        """Return a number with the language's thousands separator."""
        return Number(format_decimal(value, locale=self._locale))

    def between(self, ends: tuple[int, int]) -> Number:
        """Return a range of numbers, or one number where it has no width."""
        least, most = map(self.number, ends)
        return least if least == most else Number(f"{least}\N{EN DASH}{most}")

    def date(self, value: object) -> str:
        """Return a date in full; nothing for none."""
        if value is None or value == "":
            return ""
        day: dt.date = pd.Timestamp(str(value)).date()
        return format_date(day, format="long", locale=self._locale)

    def act(self, kind: str, number: str, adopted: dt.date, title: str | None) -> str:
        """Return an act as it is cited in full; without its title where none in the language was seen."""
        forms = data("notice")["acts"]
        month = forms["months"][self.lang][adopted.month - 1]
        day = fill(forms["date"][self.lang], {"day": adopted.day, "month": month, "year": adopted.year})
        form = kind if kind in forms["untitled"] else "law"
        text = forms["untitled"][form] if title is None else forms[form]
        return fill(text[self.lang], {"date": day, "number": number, "title": title})

    def quarter(self, quarter: Quarter) -> str:
        """Return a quarter in words."""
        names = {"roman": _ROMAN[quarter.number], "number": quarter.number, "year": quarter.year}
        return fill(words(self.lang)["wording"]["quarter"], names)

    def span(self, n: int, unit: str) -> str:
        """Return a length of time, from its number and its ISO 8601 letter: Y, M, W or D."""
        forms = words(self.lang)["wording"]["spans"][unit]
        form = _FORMS.index(self._locale.plural_form(n))
        return fill(forms[min(form, len(forms) - 1)], {"n": n})

    def country(self, code: str) -> str:
        """Return the name of a country, *all* in words; the code itself where there is no such country."""
        return str(
            words(self.lang)["wording"]["every_country"] if code == "all" else self._locale.territories.get(code, code)
        )

    def lasting(self, duration: str, days: float) -> str:
        """Return an ISO 8601 duration as it is written where it has one unit, else as so many days."""
        parts = _ONE_UNIT.fullmatch(duration)
        return self.span(int(parts[1]), parts[2]) if parts else self.span(max(1, round(days)), "D")

    def _written(self, value: object) -> object:
        return self.number(value) if isinstance(value, int) and not isinstance(value, bool) else value
