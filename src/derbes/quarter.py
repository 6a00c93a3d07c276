"""Calendar quarters: the unit in which inventories are frozen and audits are made."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from derbes.errors import UsageError

_WRITTEN = re.compile(r"([0-9]{4})-?[Qq]([1-4])")
_MONTHS = 3
_LAST = 4


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter of a calendar year, ordered in time; UsageError where the numbers make none."""

    year: int
    number: int

    def __post_init__(self) -> None:
        """Refuse what is not a quarter of a year that `datetime.date` knows."""
        if not (dt.MINYEAR <= self.year <= dt.MAXYEAR and 1 <= self.number <= _LAST):
            raise _no_quarter(f"{self.year}Q{self.number}")

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Return the quarter written as 2026Q3 or 2026-Q3, in either case; UsageError otherwise."""
        found = _WRITTEN.fullmatch(text.strip())
        if not found:
            raise _no_quarter(text)
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: dt.date) -> Quarter:
        """Return the quarter that a day lies in."""
        return cls(day.year, (day.month - 1) // _MONTHS + 1)

    @property
    def first_day(self) -> dt.date:
        """The day the quarter begins."""
        return dt.date(self.year, (self.number - 1) * _MONTHS + 1, 1)

    @property
    def last_day(self) -> dt.date:
        """The day the quarter ends."""
        month = self.number * _MONTHS
        return dt.date(self.year, month, calendar.monthrange(self.year, month)[1])

    def previous(self) -> Quarter:
        """Return the quarter before this one."""
        return Quarter(self.year - 1, _LAST) if self.number == 1 else Quarter(self.year, self.number - 1)

    def __str__(self) -> str:
        """Write the quarter as 2026Q3, the form that `parse` reads and folders bear."""
        return f"{self.year:04d}Q{self.number}"


def last_complete(today: dt.date) -> Quarter:
    """Return the latest quarter that was over before the day began: the last day of a quarter still belongs to it."""
    return Quarter.of(today).previous()


def _no_quarter(written: str) -> UsageError:
    return UsageError("quarter", f"“{written}” is not a quarter", "Write it as 2026Q3.")
