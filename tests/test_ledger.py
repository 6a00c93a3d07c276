"""The retention ledger: every category with its terms, what follows, what is missing, and what falls due."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from conftest import DAY, DEMO, LETOILE, write_tables

import derbes
from derbes.auditing import Audit, audit
from derbes.ledger import LEDGER, TERMS, UNCOVERED, differing, ledger, terms, uncovered
from derbes.page.ahead import COLUMNS, OVERDUE, ahead, coming, undated
from derbes.quarter import Quarter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Rows

    from derbes.inventory import Inventory

Q3 = Quarter(2026, 3)


def tables() -> Rows:
    return {
        "operator": [{"operator_id": "shop"}],
        "categories": [{"category_id": name, "name": name.title()} for name in ("phone", "email", "photo", "idle")],
        "systems": [{"system_id": "crm", "name": "CRM"}],
        "purposes": [{"purpose_id": "order", "name": "Order"}],
        "retention": [
            {"retention_id": "one", "name": "One", "period": "P1Y", "trigger": "contract_end",
             "then_retention_id": "archive", "disposal": "archive"},
            {"retention_id": "archive", "name": "Archive", "period": "P5Y", "then_retention_id": "none",
             "authority": "Law 1", "disposal": "destroy", "disposal_days": "1"},
            {"retention_id": "ever", "name": "Ever", "period": "indefinite"},
            {"retention_id": "spin", "name": "Spin", "period": "at most 30 days", "then_retention_id": "turn"},
            {"retention_id": "turn", "name": "Turn", "period": "", "then_retention_id": "spin"},
        ],
        "fields": [{"field_id": "f", "system_id": "crm", "category_id": "photo"}],
        "processing": [
            {"processing_id": "p", "purpose_id": "order", "category_ids": "phone; email", "retention_id": "one",
             "system_ids": "crm"},
            {"processing_id": "q", "category_ids": "phone", "retention_id": "ever"},
            {"processing_id": "r", "field_ids": "f"},
            {"processing_id": "s", "category_ids": "idle", "retention_id": "one", "status": "stopped"},
        ],
    }  # fmt: skip


@pytest.fixture
def inv(tmp_path: Path) -> Inventory:
    return derbes.load(write_tables(tmp_path / "inventory", tables()))


@pytest.fixture(scope="module")
def done() -> Audit:
    return audit(LETOILE, as_of=DAY, before="none", lang="en")


@pytest.fixture
def of(done: Audit, tmp_path: Path) -> Callable[..., Audit]:
    def change(rows: Rows) -> Audit:
        made = derbes.load(write_tables(tmp_path / "other", rows))
        return replace(done, inventory=made, findings=done.findings.iloc[:0])

    return change


def by_term(done: Audit) -> Any:
    return terms(done).set_index("term")


def test_a_row_of_the_ledger_is_a_category_and_a_term_with_what_it_covers(inv: Inventory) -> None:
    told = ledger(inv)
    rows = [
        (row.category, row.term if isinstance(row.term, str) else None, row.activities) for row in told.itertuples()
    ]
    assert rows == [
        ("phone", "one", ("p",)), ("phone", "ever", ("q",)), ("email", "one", ("p",)), ("photo", None, ("r",)),
    ]  # fmt: skip
    first = told.iloc[0]
    assert (first["purposes"], first["systems"]) == (("order",), ("crm",))


def test_what_was_stopped_is_not_in_the_ledger(inv: Inventory) -> None:
    assert "idle" not in set(ledger(inv)["category"])


def test_a_category_of_several_terms_is_told_apart(inv: Inventory) -> None:
    assert list(differing(ledger(inv))["category"]) == ["phone", "phone"]


def test_a_category_without_a_term_says_why(inv: Inventory) -> None:
    told = uncovered(inv, ledger(inv)).set_index("category")
    assert dict(told["why"]) == {"photo": "no_term", "idle": "no_activity"}
    assert told.loc["photo", "activities"] == ("r",)
    assert told.loc["photo", "fields"] == 1


def test_the_stages_of_a_term_follow_one_another_and_a_circle_ends(of: Callable[..., Audit]) -> None:
    chains = dict(by_term(of(tables()))["chain"])
    assert chains["one"] == ("one", "archive")
    assert chains["archive"] == ("archive",)
    assert chains["spin"] == ("spin", "turn")


def test_a_bound_in_the_words_of_a_period_counts_where_its_cell_is_empty(of: Callable[..., Audit]) -> None:
    told = by_term(of(tables()))
    assert told.loc["spin", "bound"] == "max"
    assert list(told["kind"]) == ["fixed", "fixed", "indefinite", "fixed", "unknown"]


def test_activities_of_a_term_are_counted_and_its_findings_named(done: Audit) -> None:
    told = by_term(done)
    assert told.loc["web-unlimited", "activities"] == 10
    rules = done.findings.set_index("id").loc[list(told.loc["web-unlimited", "findings"]), "rule"]
    assert rules.iloc[0] == "kz.retention.unlimited"


@pytest.mark.parametrize(
    "rows",
    [
        {"operator": [{"operator_id": "shop"}]},
        {"retention": [{"retention_id": "", "period": "P5Y"}, {"retention_id": "a"}, {"retention_id": "a"}]},
        {"processing": [{"processing_id": "p", "category_ids": "all", "retention_id": "ghost"}]},
    ],
)
def test_odd_and_empty_inventories_give_frames_of_the_same_columns(of: Callable[..., Audit], rows: Rows) -> None:
    made = of(rows)
    assert list(terms(made)) == list(TERMS)
    assert list(ledger(made.inventory)) == list(LEDGER)
    assert list(uncovered(made.inventory, ledger(made.inventory))) == list(UNCOVERED)
    assert list(ahead(made, Q3)) == list(COLUMNS)


def test_the_four_quarters_follow_this_one() -> None:
    assert list(map(str, coming(Q3))) == ["2026Q4", "2027Q1", "2027Q2", "2027Q3"]


def test_what_falls_due_is_dated_within_the_four_quarters_or_overdue() -> None:
    made = audit(DEMO, as_of=DAY, before="none", lang="en")
    told = ahead(made, Q3)
    assert told["due_on"].max() <= dt.date(2027, 9, 30)
    assert set(told["quarter"]) <= {OVERDUE, *map(str, coming(Q3))}
    assert (told.loc[told["quarter"] == OVERDUE, "due_on"] < made.as_of).all()
    assert pd.Series(told["due_on"]).is_monotonic_increasing


def test_a_reported_change_of_an_act_and_the_end_of_the_first_consents_are_told(of: Callable[..., Audit]) -> None:
    consent = {"consent_id": "c", "name": "News", "term": "P1Y", "effective_on": "2026-03-01"}
    told = ahead(of({**tables(), "consents": [consent]}), Q3)
    assert (dt.date(2027, 3, 1), "consent", "News") in list(told[["due_on", "what", "name"]].itertuples(index=False))
    assert "act_reported" in set(told["what"])


def test_what_has_no_day_to_go_by_is_counted(done: Audit) -> None:
    assert undated(done) == {
        "documents": 1,
        "fields": 64,
        "systems": 22,
        "processing": 46,
        "consents": 10,
        "retention": 8,
    }
    assert undated(audit(DEMO, as_of=DAY, before="none", lang="en")) == {}
