"""What was gone and comes back is reopened; what was never there before is new, whatever the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import returning
from conftest import DAY, write_tables

from derbes.auditing import audit
from derbes.read.loading import load
from derbes.snapshot import freeze
from derbes.text import words

if TYPE_CHECKING:
    from pathlib import Path

    from derbes.auditing import Audit

RULE = "kz.retention.unlimited"
MENDED = {"retention": [{"retention_id": "ever", "name": "For ever", "period": "P1Y", "trigger": "contract_end"}]}


def quarters(home: Path, *, mended: tuple[str, ...], last: str = "2026Q2") -> None:
    """Freeze the quarters up to the last one, the term mended in those that are named; then it is for ever again."""
    for quarter in ("2025Q4", "2026Q1", "2026Q2"):
        write_tables(home, MENDED if quarter in mended else {"retention": returning.tables()["retention"]})
        freeze(load(home), home / "history" / quarter)
        if quarter == last:
            break
    write_tables(home, {"retention": returning.tables()["retention"]})


def audited(home: Path, **options: Any) -> Audit:
    return audit(home, **{"as_of": DAY, "only": [RULE]} | options)


def told(home: Path, **options: Any) -> tuple[str, str]:
    found = audited(home, **options).findings
    row = found[found["key"] == "ever"].iloc[0]
    return row["status"], row["since"]


@pytest.mark.parametrize(
    ("mended", "expected"),
    [
        ((), ("open", "2025Q4")),
        (("2025Q4",), ("open", "2026Q1")),
        (("2026Q1",), ("open", "2026Q2")),  # it came back in the quarter before, and is open since
        (("2026Q2",), ("reopened", "2026Q3")),
        (("2026Q1", "2026Q2"), ("reopened", "2026Q3")),
        (("2025Q4", "2026Q2"), ("reopened", "2026Q3")),
        (("2025Q4", "2026Q1", "2026Q2"), ("new", "2026Q3")),
    ],
)
def test_a_status_says_what_the_quarters_before_had(
    home: Path, mended: tuple[str, ...], expected: tuple[str, str]
) -> None:
    quarters(home, mended=mended)
    assert told(home) == expected


def test_every_quarter_keeps_the_statuses_that_it_had(home: Path) -> None:
    quarters(home, mended=("2026Q1",))
    past = audited(home).past
    assert past[["quarter", "status", "since"]].to_numpy().tolist() == [
        ["2025Q4", "new", "2025Q4"],
        ["2026Q2", "reopened", "2026Q2"],
    ]


def test_what_an_earlier_quarter_could_not_find_for_want_of_the_rule_is_new(home: Path) -> None:
    (home / "rules").mkdir()
    (home / "rules" / "own.yaml").write_text(LATER, encoding="utf-8")
    quarters(home, mended=())
    found = audited(home, only=["hygiene.own.term"]).findings
    assert set(zip(found["status"], found["since"], strict=True)) == {("new", "2026Q3")}


LATER = """
- id: hygiene.own.term
  view: retention
  expect: column_values_to_be_in_set
  args: {column: period_kind, value_set: [fixed]}
  at: period
  severity: info
  valid_from: 2026-07-01
  title: {ru: a, kk: a, en: a}
  why: {ru: b, kk: b, en: b}
  fix: {ru: c, kk: c, en: c}
  good: {retention: [{retention_id: a, period: P5Y}]}
  bad: {retention: [{retention_id: b, period: indefinite}]}
"""


def decided(home: Path, ever: str, **said: str) -> None:
    """A decision of this quarter's first day, on the facts of the finding as they are."""
    book = returning.sent(home, as_of="2026-07-01")
    returning.decided(returning.answer(book, {ever: returning.ACCEPT | said}), home)


def test_a_decision_that_holds_outlives_that_its_finding_was_gone(home: Path, ever: str) -> None:
    quarters(home, mended=("2026Q2",))
    decided(home, ever)
    assert told(home) == ("accepted", "2026Q3")
    assert list(audited(home).decisions["state"]) == ["in_force"]


def test_what_was_to_be_mended_and_came_back_is_reopened_and_its_decision_stands(home: Path, ever: str) -> None:
    quarters(home, mended=("2026Q2",))
    decided(home, ever, decision="fix")
    assert told(home) == ("reopened", "2026Q3")
    assert list(audited(home).decisions["state"]) == ["in_force"]
    shown = returning.shown(returning.sent(home, before=None), ever)
    assert shown["decision"] == words("ru")["workbook"]["decisions"]["fix"]


def test_other_facts_reopen_and_leave_the_quarter_since_which_it_is_open(home: Path, ever: str) -> None:
    quarters(home, mended=())
    decided(home, ever)
    write_tables(home, {"retention": [{**returning.tables()["retention"][0], "period": "unlimited"}]})
    assert told(home) == ("reopened", "2025Q4")
    assert list(audited(home).decisions["state"]) == ["reopened"]


def test_what_the_last_quarter_had_and_this_day_has_not_is_closed_with_its_history(home: Path, ever: str) -> None:
    quarters(home, mended=())
    write_tables(home, MENDED)
    closed = audited(home).closed
    assert closed[["id", "since", "quarter"]].to_numpy().tolist() == [[ever, "2025Q4", "2026Q2"]]
    assert len(audited(home, before="none").closed) == 0
