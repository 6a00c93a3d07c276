"""The defects that a reader of the law listed: what finds each, from columns alone, and what stands open and why."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from conftest import DAY, LETOILE, ROOT, write_tables

from derbes import policy
from derbes.auditing import audit
from derbes.read.loading import load

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Rows

    from derbes.auditing import Audit

DEFECTS = yaml.safe_load((ROOT / "tests" / "cases" / "defects.yaml").read_text(encoding="utf-8"))
TEXT = ROOT.parent / "shared" / "policy" / "letoile-kz-ru.txt"
#: Columns of words about a row; what they say is no fact, but the name of a purpose, which is what is declared.
WORDS = {"summary", "label", "note", "text"}
#: What says that a fact is unknown stands on the empty cell, and a required cell is asked for whatever a clause says.
COLUMNS_OF_CLAUSES = ("clause_id", "parent_id", "summary")


@cache
def _told() -> Audit:
    return audit(LETOILE, as_of=DAY, before="none")


@cache
def _remarks() -> set[str]:
    frame = policy.checks(policy.propose(TEXT), lang="en")
    return {f"{row.rule} {row.clause_id}" for row in frame.itertuples()}


def _places(done: Audit) -> set[str]:
    return {f"{row.rule} {row.table}/{row.key}" for row in done.findings.itertuples()}


def _tables() -> Rows:
    inv = load(LETOILE)
    return {
        table: [{str(k): str(v) for k, v in row.items()} for row in inv.raw[table].to_dict("records")]
        for table in inv.schema.tables
        if table in inv.present
    }


@pytest.mark.parametrize("entry", DEFECTS, ids=lambda entry: str(entry["defect"]))
def test_what_is_said_to_find_a_defect_finds_it(entry: dict[str, Any]) -> None:
    assert set(entry.get("check", ())) <= _places(_told())
    related = {key for row in _told().findings.itertuples() if row.key in entry["clauses"] for _, key in row.related}
    assert set(entry.get("related", ())) <= related
    assert entry.get("check") or entry.get("text") or entry["open"]


@pytest.mark.parametrize("entry", [one for one in DEFECTS if "text" in one], ids=lambda entry: str(entry["defect"]))
def test_what_is_said_to_be_remarked_in_the_text_is_remarked(entry: dict[str, Any]) -> None:
    if not TEXT.exists():
        pytest.skip("the text of the policy is not here: remarks on it are not tested")
    assert set(entry["text"]) <= _remarks()


def test_most_defects_are_found_from_columns_and_nearly_all_with_the_text() -> None:
    by_check = [one["defect"] for one in DEFECTS if "check" in one and "open" not in one]
    by_either = [one["defect"] for one in DEFECTS if ("check" in one or "text" in one) and "open" not in one]
    assert len({one["defect"] for one in DEFECTS}) == len(DEFECTS) == 54
    assert len(by_check) >= 30
    assert len(by_either) >= 42
    assert all(
        one["open"].split(":")[0] in {"unknown", "manual", "not in force", "disputed"}
        for one in DEFECTS
        if "open" in one
    )


def test_no_defect_is_found_by_a_label_that_names_it(tmp_path: Path) -> None:
    tables = _tables()
    for table, rows in tables.items():
        for number, row in enumerate(rows):
            wordy = WORDS if table == "purposes" else WORDS | {"name"}
            row.update({column: f"row {number}" for column in wordy & set(row) if row[column]})
    nameless = audit(write_tables(tmp_path, tables), as_of=DAY, before="none")
    needed = {place for one in DEFECTS for place in one.get("check", ())}
    assert needed - _places(nameless) == set()


def test_blanking_the_columns_of_the_clauses_removes_their_findings(tmp_path: Path) -> None:
    tables = _tables()
    for row in tables["clauses"]:
        row.update({column: "" for column in row if column not in COLUMNS_OF_CLAUSES})
    blank = audit(write_tables(tmp_path, tables), as_of=DAY, before="none").findings
    clauses = {row["clause_id"] for row in tables["clauses"]}
    left = blank[(blank["family"] == "policy") & (blank["table"] == "clauses") & blank["key"].isin(clauses)]
    assert [f"{row.rule} {row.key}" for row in left.itertuples()] == []


@pytest.mark.parametrize(
    "place",
    [
        "operator/bin", "clauses/2.12", "clauses/5.1.1", "clauses/5.1.2", "clauses/5.1.6", "clauses/5.1.7",
        "processing/military-registration",
    ],
)  # fmt: skip
def test_checks_that_passed_stay_passed(place: str) -> None:
    table, key = place.split("/")
    found = _told().findings
    wrong = found[
        (found["table"] == table) & ((found["key"] == key) | (found["column"] == key)) & ~found["unknown"].astype(bool)
    ]
    spared = {"policy.term.undefined", "policy.deadline.missing"}  # of the same clauses, and on the list of defects
    assert [row.rule for row in wrong.itertuples() if row.rule not in spared] == []
