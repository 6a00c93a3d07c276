"""The policy beside the inventory: what clauses name, what the register has of it, and what either side lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import DEMO, LETOILE, write_tables

import derbes
from derbes.counterparts import SPOKEN, UNMET, UNSAID, cited, spoken, unmet, unsaid

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Rows

    from derbes.inventory import Inventory


def tables() -> Rows:
    return {
        "clauses": [
            {"clause_id": "1", "kinds": "data", "category_ids": "contact; ghost", "right_kinds": "delete"},
            {"clause_id": "2", "kinds": "purpose", "purpose_ids": "order", "subject_ids": "all"},
        ],
        "subjects": [{"subject_id": "buyer", "name": "Buyer"}],
        "purposes": [{"purpose_id": "order", "name": "Order"}, {"purpose_id": "spam", "name": "Spam"}],
        "categories": [
            {"category_id": "contact", "name": "Contact"},
            {"category_id": "phone", "name": "Phone", "parent_id": "contact"},
            {"category_id": "health", "name": "Health", "clauses": "2"},
        ],
        "processing": [
            {"processing_id": "p", "purpose_id": "order", "category_ids": "phone", "subject_ids": "buyer"},
            {"processing_id": "q", "purpose_id": "spam", "category_ids": "phone"},
            {"processing_id": "r", "purpose_id": "spam", "category_ids": "health", "status": "stopped"},
        ],
        "rights": [{"right_id": "see", "kind": "know"}],
    }


@pytest.fixture
def inv(tmp_path: Path) -> Inventory:
    return derbes.load(write_tables(tmp_path / "inventory", tables()))


def uses(inv: Inventory) -> dict[tuple[str, str, str], tuple[tuple[str, int], ...]]:
    told = spoken(inv)
    return {(row.clause, row.table, row.id): row.uses for row in told.itertuples()}


def test_what_a_clause_names_stands_beside_the_rows_about_it_or_about_what_lies_below(inv: Inventory) -> None:
    told = uses(inv)
    assert told["1", "categories", "contact"] == (("processing", 2),)
    assert told["2", "purposes", "order"] == (("processing", 1),)


def test_what_has_no_row_is_named_and_said_to_be_unknown(inv: Inventory) -> None:
    told = spoken(inv).set_index("id")
    assert not told.loc["ghost", "known"]
    assert told.loc["contact", "known"]
    assert uses(inv)["1", "categories", "ghost"] == ()


def test_all_is_not_spread_over_the_rows_of_the_table(inv: Inventory) -> None:
    assert not (spoken(inv)["table"] == "subjects").any()


def test_rows_that_come_from_a_clause_are_gathered_by_table(inv: Inventory) -> None:
    told = cited(inv)
    assert [tuple(row) for row in told.to_numpy()] == [("2", "categories", ("health",))]


def test_the_register_lacks_what_no_row_in_force_is_about(inv: Inventory) -> None:
    told = {(row.table, row.id): row.clauses for row in unmet(inv).itertuples()}
    assert told == {("categories", "ghost"): ("1",), ("categories", "health"): ("2",), ("rights", "delete"): ("1",)}


def test_the_policy_is_silent_on_what_the_register_has_and_no_clause_names(inv: Inventory) -> None:
    told = {(row.table, row.id): row.uses for row in unsaid(inv).itertuples()}
    assert told == {
        ("subjects", "buyer"): (("processing", 1),),
        ("purposes", "spam"): (("processing", 1),),
        ("rights", "know"): (("rights", 1),),
    }


def test_a_register_made_from_the_policy_alone_lacks_nothing_of_it() -> None:
    made = derbes.load(LETOILE)
    assert unmet(made).empty
    assert unsaid(made).empty


def test_a_next_stage_of_storage_is_in_use_though_no_activity_names_it() -> None:
    assert "staff-archive-75y" not in set(unmet(derbes.load(DEMO))["id"])


@pytest.mark.parametrize(
    "rows",
    [
        {},
        {"clauses": []},
        {"clauses": [{"clause_id": "1"}]},
        {"clauses": [{"clause_id": "", "category_ids": "x"}, {"clause_id": "1"}, {"clause_id": "1"}]},
        {"processing": [{"processing_id": "p", "category_ids": "all"}]},
    ],
)
def test_odd_and_empty_inventories_give_frames_of_the_same_columns(tmp_path: Path, rows: Rows) -> None:
    home = write_tables(tmp_path / "inventory", {"operator": [{"operator_id": "shop"}], **rows})
    made = derbes.load(home)
    assert list(spoken(made)) == list(SPOKEN)
    assert list(unmet(made)) == list(UNMET)
    assert list(unsaid(made)) == list(UNSAID)
    assert list(cited(made)) == ["clause", "table", "keys"]


def test_without_clauses_the_policy_is_not_called_silent(tmp_path: Path) -> None:
    rest = {name: rows for name, rows in tables().items() if name != "clauses"}
    assert unsaid(derbes.load(write_tables(tmp_path / "inventory", rest))).empty
