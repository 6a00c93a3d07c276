"""Dates, numbers, quarters and labels as the reader's language writes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from derbes.page.markup import Number
from derbes.text import fill, words

if TYPE_CHECKING:
    import datetime as dt

    from derbes.quarter import Quarter

_LOCALES = {"en": "en_GB"}
_FORMS = ("one", "few", "many", "other")
_ROMAN = ("", "I", "II", "III", "IV")


@dataclass(frozen=True)
class Wording:
    """Words of one section in one language, and the forms of numbers and dates that go with them."""

    lang: str

    @cached_property
    def _locale(self) -> Locale:
        return Locale.parse(_LOCALES.get(self.lang, self.lang))

    @cached_property
    def page(self) -> dict[str, Any]:
        """Words of the pages."""
        return words(self.lang)["page"]

    def __call__(self, *path: str, **values: object) -> str:
        """Return the words at this path of the section, with its named places filled in.

        An entry that is a list holds the forms for one, few and many (or one and other); ``n`` chooses.
        """
        entry: Any = self.page
        for step in path:
            entry = entry[step]
        if isinstance(entry, list):
            form = _FORMS.index(self._locale.plural_form(int(str(values["n"]))))
            entry = entry[min(form, len(entry) - 1)]
        return fill(entry, {key: self._written(value) for key, value in values.items()})

    def label(self, group: str, code: object) -> str:
        """Return the label of a code, or the code itself where no label is known."""
        return str(self.page[group].get(code, code))

    def number(self, value: float) -> Number:
        """Return a number with the language's thousands separator."""
        return Number(format_decimal(value, locale=self._locale))

    def date(self, value: object) -> str:
        """Return a date in full; nothing for none."""
        if value is None or value == "":
            return ""
        day: dt.date = pd.Timestamp(str(value)).date()
        return format_date(day, format="long", locale=self._locale)

    def quarter(self, quarter: Quarter) -> str:
        """Return a quarter in words."""
        return self("quarter", roman=_ROMAN[quarter.number], number=str(quarter.number), year=str(quarter.year))

    def _written(self, value: object) -> object:
        return self.number(value) if isinstance(value, int) and not isinstance(value, bool) else value
