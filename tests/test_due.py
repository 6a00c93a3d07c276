"""What falls due: every date of the inventory that asks for something, on its day, and as a calendar."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from conftest import DAY, DEMO, LETOILE
from icalendar import Calendar

from derbes import due
from derbes.auditing import audit
from derbes.text import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Rows

    from derbes.auditing import Audit


def _days(frame: pd.DataFrame, what: str, key: str) -> list[str]:
    return [str(day) for day in frame.loc[(frame["what"] == what) & (frame["key"] == key), "due_on"]]


def test_papers_in_force_are_reviewed_and_those_they_replaced_are_not() -> None:
    frame = due.due(audit(DEMO, as_of=DAY))
    assert _days(frame, "document_review", "policy-4.0") == ["2027-09-15"]
    assert _days(frame, "document_review", "policy-3.1") == []
    assert _days(frame, "document_review", "contract-dc") == ["2026-12-01"]


def test_a_list_without_a_day_of_review_is_reviewed_in_a_year(small: Rows, audited: Callable[..., Audit]) -> None:
    next(row for row in small["documents"] if row["document_id"] == "pd-list-3.0")["review_due_on"] = ""
    assert _days(due.due(audited(small)), "document_review", "pd-list-3.0") == ["2027-09-15"]


def test_a_list_is_reviewed_in_a_year_whatever_later_day_it_names(small: Rows, audited: Callable[..., Audit]) -> None:
    next(row for row in small["documents"] if row["document_id"] == "pd-list-3.0")["review_due_on"] = "2035-01-01"
    assert _days(due.due(audited(small)), "document_review", "pd-list-3.0") == ["2027-09-15"]


def test_rows_are_reviewed_a_year_after_and_fields_with_their_system() -> None:
    frame = due.due(audit(DEMO, as_of=DAY))
    shop = frame[frame["key"] == "shop"]
    assert set(shop["table"]) == {"systems", "fields"}
    assert set(map(str, shop["due_on"])) == {"2026-12-02"}


def test_what_is_retired_or_stopped_is_not_reviewed(small: Rows, audited: Callable[..., Audit]) -> None:
    next(row for row in small["systems"] if row["system_id"] == "shop")["status"] = "retired"
    next(row for row in small["processing"] if row["processing_id"] == "order-taking")["status"] = "stopped"
    assert set(due.due(audited(small))["key"]) & {"shop", "order-taking"} == set()


def test_papers_of_a_year_fall_due_at_its_turn(small: Rows, audited: Callable[..., Audit]) -> None:
    term = next(row for row in small["retention"] if row["retention_id"] == "tax-5y")
    term["period"] = "P1Y"
    frame = due.due(audited(small, as_of="2026-11-23"))
    papers = frame[frame["what"] == "papers"]
    assert [(str(day), int(year)) for day, year in zip(papers["due_on"], papers["year"], strict=True)] == [
        ("2027-01-01", 2025)
    ]


@pytest.mark.parametrize(("number", "years"), [("960540000006", [1996]), ("200540000009", []), ("", [1995, 1996])])
def test_papers_are_as_old_as_the_operator_at_most(
    number: str, years: list[int], small: Rows, audited: Callable[..., Audit]
) -> None:
    small["operator"][0]["bin"] = number
    term = next(row for row in small["retention"] if row["retention_id"] == "tax-5y")
    term["period"] = "P30Y"
    frame = due.due(audited(small, as_of="2026-11-23"))
    assert frame.loc[(frame["what"] == "papers") & (frame["key"] == "tax-5y"), "year"].astype(int).tolist() == years


def test_two_decisions_that_end_on_a_day_are_two_events(small: Rows, audited: Callable[..., Audit]) -> None:
    done = audited(small)
    frame = pd.DataFrame({"due_on": [dt.date(2027, 1, 1)] * 2, "what": "decision_end", "table": "systems"})
    frame = frame.assign(key="shop", name="a decision", owner="", year=None, finding=["a1", "b2"])
    made = {lang: due.calendar(frame, as_of=done.as_of, operator="x", lang=lang) for lang in LANGUAGES}
    ids = [{str(event["uid"]) for event in Calendar.from_ical(one).walk("VEVENT")} for one in made.values()]
    assert len(ids[0]) == len(frame)
    assert ids[0] == ids[1] == ids[2]


def test_what_is_overdue_stays_on_the_list(small: Rows, audited: Callable[..., Audit]) -> None:
    small["systems"][0]["reviewed_on"] = "2024-01-15"
    frame = due.due(audited(small))
    assert str(frame["due_on"].iloc[0]) == "2025-01-15"


def test_nothing_is_due_where_no_date_is_known() -> None:
    assert due.due(audit(LETOILE, as_of=DAY)).empty


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_calendar_has_every_day_and_the_same_bytes(lang: str) -> None:
    done = audit(DEMO, as_of=DAY)
    frame = due.due(done)
    made = [due.calendar(frame, as_of=done.as_of, operator=done.operator, lang=lang) for _ in range(2)]
    assert made[0] == made[1]
    events = Calendar.from_ical(made[0]).walk("VEVENT")
    assert sorted(event["dtstart"].dt for event in events) == sorted(frame["due_on"])
    assert len({event["uid"] for event in events}) == len(frame)
    assert [str(event["summary"]) for event in events] == due.said(frame, lang)
    assert all(isinstance(event["dtstart"].dt, dt.date) for event in events)
