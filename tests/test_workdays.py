"""Working days: terms end on the day the law means, moved days count, and a year not yet known is not guessed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import holidays
import pandas as pd
import pytest
from conftest import DAY, found, write_tables

from derbes import workdays
from derbes.auditing import audit
from derbes.errors import RuleError
from derbes.workdays import Moved

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Rows

SURE = workdays.last_sure_year()
UNSURE, BEYOND = SURE + 1, SURE + 2


def _after(day: str, count: int, told: Moved | None = None) -> str | None:
    (last,) = workdays.after(pd.Series(pd.to_datetime([day])), pd.Series([count]), told)
    return None if pd.isna(last) else str(last.date())


TERMS = {
    ("2025-02-11", 1): "2025-02-12",
    ("2025-02-14", 1): "2025-02-17",  # a weekend between
    ("2025-02-15", 1): "2025-02-17",  # received on a Saturday
    ("2025-03-07", 1): "2025-03-11",  # 8 March on a Saturday, off on Monday
    ("2025-03-20", 3): "2025-03-28",  # Nauryz, two of its days at the weekend
    ("2025-05-30", 15): "2025-06-23",  # Kurban Ait on 6 June
    ("2024-05-03", 2): "2024-05-06",  # the Saturday was worked for the Wednesday after it
    ("2024-05-06", 2): "2024-05-13",
    ("2024-12-31", 1): "2025-01-05",  # a Sunday that was worked
}


@pytest.mark.parametrize("term", TERMS)
def test_a_term_ends_on_its_last_working_day(term: tuple[str, int]) -> None:
    assert _after(*term) == TERMS[term]


def test_what_is_not_known_has_no_end() -> None:
    days = pd.Series(pd.to_datetime(["2025-02-11", None, "2012-02-14", "1900-01-01"]))
    assert workdays.after(days, pd.Series([None, 3, 3, 3], dtype=float)).isna().all()
    assert workdays.after(pd.Series([], dtype="datetime64[ns]"), pd.Series([], dtype=float)).empty


def test_nothing_is_said_of_a_year_that_nobody_has_published() -> None:
    assert _after(f"{UNSURE}-12-01", 3) is not None
    assert _after(f"{UNSURE}-12-30", 15) is None
    assert _after(f"{BEYOND}-02-08", 3) is None


def test_every_day_off_that_was_ever_moved_lay_between_two_others() -> None:
    """So a day that may yet be moved off is one of those that are not counted in an unsure year."""
    known = holidays.country_holidays("KZ", years=range(2013, SURE + 1), language="en_US")
    free = {day for day, name in known.items() if "substituted" not in name}

    def off(day: dt.date) -> bool:
        return day in free or day.weekday() >= 5

    gone = [day for day, name in known.items() if "substituted" in name]
    assert len(gone) > 10
    assert [day for day in gone if not (off(day - dt.timedelta(1)) and off(day + dt.timedelta(1)))] == []


def test_a_year_that_is_not_sure_gives_the_longest_term() -> None:
    # 8 May 2026 lies between a holiday and a Saturday, and may be moved; so may the days from Kurban Ait to the weekend
    assert SURE == 2025
    assert _after("2026-05-06", 1) == "2026-05-12"
    assert _after("2026-05-25", 1) == "2026-06-01"


def test_days_that_the_operator_names_make_a_year_known() -> None:
    told = Moved(working=(dt.date(2026, 5, 16),), holidays=(dt.date(2026, 5, 12),))
    assert _after("2026-05-06", 1, told) == "2026-05-08"
    assert _after("2026-05-08", 1, told) == "2026-05-13"
    assert _after("2026-05-15", 1, told) == "2026-05-16"
    assert _after("2027-02-09", 1, told) is None
    later = Moved(holidays=(dt.date(2026, 5, 12), dt.date(2027, 1, 6)))
    assert _after("2027-01-05", 1, later) == "2027-01-08"


def _file(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "calendar.yaml").write_text(text, encoding="utf-8")
    return folder


def test_moved_days_are_read_from_the_folder_of_rules(tmp_path: Path) -> None:
    assert workdays.moved(tmp_path) == Moved()
    said = "reason: order of the Government\nworking: [2026-05-16]\nholidays: [2026-05-12]\n"
    assert workdays.moved(_file(tmp_path, said)) == Moved((dt.date(2026, 5, 16),), (dt.date(2026, 5, 12),))


FAULTS = {
    "working: [2026-05-16]": "does not say by which act",
    "- 2026-05-16": "does not say by which act",
    "": "does not say by which act",
    "reason: [": "not readable",
    "reason: an act\nholiday: [2026-05-12]": "unknown key holiday.* Did you mean .holidays",
    "reason: an act\nholidays: 2026-05-12": "holidays is no list of dates",
    "reason: an act\nholidays: [soon]": "holidays is no list of dates",
    "reason: an act\nholidays: [2026-05-12 10:00:00]": "holidays is no list of dates",
    "reason: an act\nholidays: [2026-02-31]": "not readable",
    "reason: an act\nworking: [2026-05-12]\nholidays: [2026-05-12]": "both working and off",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_calendar_that_cannot_be_meant_is_refused_in_one_line(text: str, small: Rows, tmp_path: Path) -> None:
    home = write_tables(tmp_path / "inventory", small)
    _file(home / "rules", text)
    with pytest.raises(RuleError, match=FAULTS[text]) as refusal:
        audit(home, as_of=DAY)
    assert "calendar.yaml" in str(refusal.value)
    assert "\n" not in str(refusal.value)


LATE = ("kz.request.late", "requests/req-2026-003")


def _answered(home: Path) -> list[tuple[str, str]]:
    return found(audit(home, as_of=DAY, before="none", only=["kz.request.late", "kz.incident.notice_late"]))


def test_days_that_were_moved_make_an_answer_timely_and_a_frozen_quarter_keeps_to_them(
    small: Rows, tmp_path: Path
) -> None:
    (request,) = (row for row in small["requests"] if row["request_id"] == "req-2026-003")
    request.update(received_on="2026-02-17", answered_on="2026-02-19")
    home = write_tables(tmp_path / "inventory", small)
    assert _answered(home) == [LATE]
    _file(home / "rules", "reason: order of the Government\nholidays: [2026-02-18]\n")
    assert _answered(home) == []
    assert _answered(write_tables(home / "history" / "2026Q2", small)) == []
