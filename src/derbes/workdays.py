"""Working days of Kazakhstan: a week of five days, its public holidays, and days that the Government moved.

A year is known to the day once the date of Kurban Ait and the days moved in it have been published. In the year after
the last such one the latest day is taken that can be meant: days that may yet be off are not counted, days moved to a
Saturday neither. Of later years nothing is said. What an operator writes into `rules/calendar.yaml` makes the years of
its dates known.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import holidays
import numpy as np
import pandas as pd
import yaml

from derbes.errors import RuleError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

FILE = "calendar.yaml"
#: Since then the law on personal data counts in working days.
FIRST_YEAR = 2013
_KEYS = ("working", "holidays", "reason")
_SATURDAY = 5


@dataclass(frozen=True)
class Moved:
    """Days that an operator says were moved: ``working`` ones of a weekend, and ``holidays`` of a week."""

    working: tuple[dt.date, ...] = ()
    holidays: tuple[dt.date, ...] = ()

    @property
    def years(self) -> frozenset[int]:
        """Years that the days lie in."""
        return frozenset(day.year for day in (*self.working, *self.holidays))


def moved(rules: Path) -> Moved:
    """Days of the file `calendar.yaml` in a folder of rules, none where there is no file.

    Raises RuleError naming the file and what is wrong with it.
    """
    path = rules / FILE
    if not path.is_file():
        return Moved()
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise RuleError(str(path), "is not readable YAML", "Mend the file.") from error
    if not isinstance(said, dict) or not str(said.get("reason") or "").strip():
        raise RuleError(str(path), "does not say by which act days were moved", "Write it under “reason:”.")
    for key in said:
        if key not in _KEYS:
            raise RuleError(str(path), f"unknown key {key}", did_you_mean(str(key), _KEYS))
    days = {key: said.get(key) or () for key in ("working", "holidays")}
    for key, listed in days.items():
        if not isinstance(listed, (list, tuple)) or not all(type(day) is dt.date for day in listed):
            raise RuleError(str(path), f"{key} is no list of dates", "Write them as [2026-05-08].")
    if twice := sorted(set(days["working"]) & set(days["holidays"])):
        raise RuleError(str(path), f"{twice[0]} is both working and off", "Leave it in one list.")
    return Moved(tuple(days["working"]), tuple(days["holidays"]))


def after(days: pd.Series[Any], counts: pd.Series[Any], told: Moved | None = None) -> pd.Series[Any]:
    """The last day of a term of so many working days that begins on the day after.

    ``days`` are dates, ``counts`` numbers of working days, one at least. Missing where either is, and where the term
    ends in a year of which nothing can be said.
    """
    known = days.dt.year.ge(FIRST_YEAR) & counts.ge(1)
    if not known.any():
        return pd.Series(pd.NaT, index=days.index, dtype="datetime64[ns]")
    calendar = _working_days(told or Moved())
    begun = np.searchsorted(calendar, days[known].to_numpy().astype("datetime64[D]"), side="right")
    ends = begun + counts[known].astype(int).to_numpy() - 1
    last = pd.Series(pd.NaT, index=days.index, dtype="datetime64[ns]")
    found = calendar[np.minimum(ends, len(calendar) - 1)].astype("datetime64[ns]")
    last[known] = np.where(ends < len(calendar), found, np.datetime64("NaT"))
    return last


@cache
def _working_days(told: Moved) -> np.ndarray:
    """Working days of all years of which something can be said, in their order."""
    sure = last_sure_year()
    unsure = {sure + 1} - told.years
    years = range(FIRST_YEAR, sure + 2)
    while years.stop in told.years:
        years = range(FIRST_YEAR, years.stop + 1)
    known = holidays.country_holidays("KZ", years=years, language="en_US")
    days = pd.Series(pd.date_range(f"{years.start}-01-01", f"{years[-1]}-12-31"))
    dates = days.dt.date
    off = (days.dt.day_of_week.ge(_SATURDAY) | dates.isin([*known])) & ~dates.isin(known.weekend_workdays)
    off = (off | dates.isin(told.holidays)) & ~dates.isin(told.working)
    off |= _may_be_off(off, dates.isin([day for day, name in known.items() if _estimated(name)]), days.dt.year, unsure)
    working: np.ndarray = days[~off].to_numpy().astype("datetime64[D]")
    return working


def _may_be_off(
    off: pd.Series[bool], estimated: pd.Series[bool], year: pd.Series[int], unsure: set[int]
) -> pd.Series[bool]:
    """Days of an unsure year that may yet be off: beside an estimated one, and between two days off."""
    beside = estimated | estimated.shift(fill_value=False) | estimated.shift(-1, fill_value=False)
    wide = off | beside
    return year.isin(unsure) & (beside | (wide.shift(fill_value=False) & wide.shift(-1, fill_value=False)))


def _estimated(name: str) -> bool:
    return "estimated" in name


@cache
def last_sure_year() -> int:
    """The last year whose days off have all been published."""
    year = FIRST_YEAR
    while not any(map(_estimated, holidays.country_holidays("KZ", years=year, language="en_US").values())):
        year += 1
    return year - 1
