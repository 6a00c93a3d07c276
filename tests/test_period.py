"""Periods are read from codes and from phrases in six languages; what is not understood is unknown."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from derbes import period
from derbes.period import Period
from derbes.text import data

HERE = Path(__file__).parent
CASES: dict[str, list[list[str | None]]] = yaml.safe_load((HERE / "cases" / "period.yaml").read_text("utf-8"))
ROWS = [(row[0], (kind, *row[1:], *[None] * (4 - len(row)))) for kind, rows in CASES.items() for row in rows]
KINDS = set(CASES)
WORDS = sorted({str(written) for written, _ in ROWS})
NUMBERS = st.integers(min_value=1, max_value=9999)


@pytest.mark.parametrize(("written", "meant"), ROWS)
def test_a_period_is_read_as_it_is_meant(written: str, meant: tuple[str | None, ...]) -> None:
    found = period.parse(written)
    assert (found.kind, found.duration, found.trigger, found.bound) == meant


def test_a_period_shows_and_compares_what_it_says_not_how() -> None:
    assert (
        repr(period.parse("P5Y after employment_end"))
        == "Period(kind='fixed', duration='P5Y', trigger='employment_end')"
    )
    assert period.parse("5 years after dismissal") == Period("fixed", "P5Y", "employment_end")
    assert period.parse(" 5  years ").phrase == "5 years"


def test_events_are_those_of_the_model() -> None:
    tables = yaml.safe_load((Path(period.__file__).parent / "tables.yaml").read_text("utf-8"))
    assert set(data("periods")["triggers"]) == set(tables["lists"]["trigger"])
    assert set(data("periods")["during"]) <= set(tables["lists"]["trigger"])


@pytest.mark.parametrize("trigger", data("periods")["triggers"])
def test_every_event_can_be_named_by_its_code(trigger: str) -> None:
    assert period.parse(f"until:{trigger}") == Period("until", None, trigger)
    assert period.parse(f"P5Y after {trigger}") == Period("fixed", "P5Y", trigger)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_an_iso_duration_is_kept_as_it_is(years: int, months: int, day: int) -> None:
    written = f"P{years}Y{months}M{day}D"
    assert period.parse(written) == Period("fixed", written)


@given(NUMBERS, st.sampled_from(["Y", "M", "W", "D"]))
def test_a_longer_period_has_more_days(number: int, unit: str) -> None:
    shorter, longer = (period.days(period.parse(f"P{n}{unit}")) for n in (number, number + 1))
    assert shorter is not None
    assert longer is not None
    assert 0 < shorter < longer


@pytest.mark.parametrize(("one", "other"), [("P12M", "P1Y"), ("P7D", "P1W"), ("PT24H", "P1D"), ("P18M", "P1Y6M")])
def test_the_same_period_in_other_units_has_the_same_days(one: str, other: str) -> None:
    assert period.days(period.parse(one)) == period.days(period.parse(other))


@pytest.mark.parametrize("written", ["until:withdrawal", "indefinite", "by_law", "as long as necessary", "?"])
def test_only_a_fixed_period_has_days(written: str) -> None:
    assert period.days(period.parse(written)) is None


@given(st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_any_text_is_of_some_kind(written: str) -> None:
    found = period.parse(written)
    assert found.kind in KINDS
    assert (period.days(found) is None) == (found.kind != "fixed")


@pytest.mark.parametrize("written", [written for written, (kind, *_) in ROWS if kind != "vague"])
def test_one_word_that_nobody_knows_leaves_nothing_definite(written: str) -> None:
    assert period.parse(f"{written} zzyzx").kind in {"unknown", "vague"}


@given(st.integers(min_value=1, max_value=99), st.integers(min_value=1, max_value=99))
def test_two_periods_in_one_cell_are_none(one: int, other: int) -> None:
    assert period.parse(f"{one} years {other} years").kind == "unknown"


def test_a_text_too_long_to_be_a_period_is_unknown() -> None:
    assert period.parse("5 years " * 100).kind == "unknown"


def test_a_column_is_read_cell_by_cell_and_keeps_its_index() -> None:
    cells = pd.Series(["P5Y", None, "until:withdrawal", "P5Y", "?"], index=[3, 5, 7, 9, 11])
    frame = period.parse_all(cells)
    assert list(frame.columns) == ["kind", "duration", "trigger", "days"]
    assert frame.index.tolist() == cells.index.tolist()
    assert frame["kind"].fillna("").tolist() == ["fixed", "", "until", "fixed", "unknown"]
    assert frame["duration"].fillna("").tolist() == ["P5Y", "", "", "P5Y", ""]
    assert frame["days"].notna().tolist() == [True, False, False, True, False]


def test_an_empty_column_gives_an_empty_frame() -> None:
    assert period.parse_all(pd.Series([], dtype=object)).shape == (0, 4)


def test_each_distinct_text_is_parsed_once() -> None:
    period.parse.cache_clear()
    period.parse_all(pd.Series(["P5Y", "P3Y"] * 1000))
    assert period.parse.cache_info().misses == 2
