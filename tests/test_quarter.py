"""Quarters are parsed, ordered and counted as in a calendar."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derbes.errors import UsageError
from derbes.quarter import Quarter, last_complete

DAYS = st.dates(min_value=dt.date(2, 1, 1))


@pytest.mark.parametrize("written", ["2026Q3", "2026q3", "2026-Q3", "2026-q3", " 2026Q3 "])
def test_a_quarter_is_read_in_each_of_its_forms(written: str) -> None:
    assert Quarter.parse(written) == Quarter(2026, 3)


@pytest.mark.parametrize(
    "written", ["", "2026", "2026Q0", "2026Q5", "26Q3", "Q3 2026", "2026Q33", "0000Q1", "2026Q3;", "\u0662026Q3"]
)
def test_what_is_not_a_quarter_is_refused_with_the_form_to_use(written: str) -> None:
    with pytest.raises(UsageError, match="2026Q3"):
        Quarter.parse(written)


@pytest.mark.parametrize("number", [0, 5])
def test_a_quarter_that_no_year_has_cannot_be_made(number: int) -> None:
    with pytest.raises(UsageError):
        Quarter(2026, number)


def test_a_quarter_is_written_as_it_is_read() -> None:
    assert str(Quarter(2026, 3)) == "2026Q3"


@pytest.mark.parametrize(
    ("quarter", "first", "last"),
    [
        ("2026Q1", "2026-01-01", "2026-03-31"),
        ("2026Q3", "2026-07-01", "2026-09-30"),
        ("2026Q4", "2026-10-01", "2026-12-31"),
    ],
)
def test_a_quarter_begins_and_ends_with_its_months(quarter: str, first: str, last: str) -> None:
    assert (str(Quarter.parse(quarter).first_day), str(Quarter.parse(quarter).last_day)) == (first, last)


@pytest.mark.parametrize(
    ("today", "quarter"),
    [("2026-09-30", "2026Q2"), ("2026-10-01", "2026Q3"), ("2026-01-15", "2025Q4"), ("2026-11-23", "2026Q3")],
)
def test_the_last_complete_quarter_was_over_before_today(today: str, quarter: str) -> None:
    assert str(last_complete(dt.date.fromisoformat(today))) == quarter


@given(DAYS)
def test_every_day_lies_in_its_quarter(day: dt.date) -> None:
    quarter = Quarter.of(day)
    assert quarter.first_day <= day <= quarter.last_day


@given(DAYS)
def test_quarters_follow_one_another_without_a_gap(day: dt.date) -> None:
    quarter = Quarter.of(day)
    assert quarter.previous().last_day + dt.timedelta(days=1) == quarter.first_day


@given(DAYS, DAYS)
def test_quarters_are_ordered_in_time(one: dt.date, other: dt.date) -> None:
    assert (Quarter.of(one) < Quarter.of(other)) == (Quarter.of(one).last_day < Quarter.of(other).first_day)


@given(DAYS)
def test_what_is_written_is_read_back(day: dt.date) -> None:
    assert Quarter.parse(str(Quarter.of(day))) == Quarter.of(day)
