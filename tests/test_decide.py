"""Decisions come back: what is recorded, what is not taken, what becomes of them, and what the command says."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from click.testing import CliRunner
from conftest import write_tables
from returning import (
    ACCEPT,
    DAY,
    RU,
    answer,
    audited,
    columns,
    decided,
    faults,
    one,
    record,
    sent,
    shown,
    status,
    tables,
)

from derbes import deciding
from derbes.cli import main
from derbes.decisions import FILE
from derbes.read.loading import load
from derbes.returned import address
from derbes.snapshot import freeze
from derbes.text import LANGUAGES, unescape, words

if TYPE_CHECKING:
    from pathlib import Path

# -- what is recorded --------------------------------------------------------------------------------------------------


def test_a_decision_is_recorded_with_who_when_what_and_on_which_facts(home: Path, ever: str) -> None:
    book = answer(sent(home), {ever: ACCEPT | {"decision": RU["accept"]}})
    before = book.read_bytes()
    done = decided(book, home)
    (line,) = record(home)
    sheet = words("ru")["wording"]["family"]["kz"]
    assert {name: line[name] for name in ("id", "rule", "table", "key", "decision", "owner", "until", "comment")} == {
        "id": ever, "rule": "kz.retention.unlimited", "table": "retention", "key": "ever", "decision": "accept",
        "owner": "head of IT", "until": "2027-03-31", "comment": "moves in spring",
    }  # fmt: skip
    assert (line["who"], line["when"], line["workbook"]) == ("clerk", "2026-11-23T09:30:00Z", "findings.xlsx")
    assert line["sha256"] == hashlib.sha256(before).hexdigest() == done.sha256
    row = int(line["place"].rpartition("J")[2])
    assert (line["as_of"], unescape(line["place"])) == (DAY, address(sheet, 10, row))
    assert book.read_bytes() == before
    assert faults(done) == []


def test_what_is_accepted_or_no_fault_does_not_count(home: Path, ever: str) -> None:
    done = audited(home)
    other = one(done, "structure.reference.fields.system_id", "phone")
    decided(answer(sent(home), {ever: ACCEPT, other: {"decision": "false_positive", "comment": "is there"}}), home)
    assert status(home, ever) == ("accepted", "accept")
    assert status(home, other) == ("accepted", "false_positive")
    assert audited(home).summary["critical"] == done.summary["critical"] - 2
    assert audited(home).digest != done.digest


def test_what_is_to_be_fixed_or_in_progress_counts(home: Path, ever: str) -> None:
    other = one(audited(home), "structure.reference.fields.system_id", "phone")
    decided(answer(sent(home), {ever: {"decision": "fix"}, other: {"decision": "in_progress"}}), home)
    assert (status(home, ever), status(home, other)) == (("new", "fix"), ("new", "in_progress"))


def test_the_same_workbook_twice_adds_nothing(home: Path, ever: str) -> None:
    book = answer(sent(home), {ever: ACCEPT})
    decided(book, home)
    before = (home / FILE).read_bytes()
    again = decided(book, home)
    assert (len(again.taken), again.known, again.conflicts) == (0, 1, ())
    assert (home / FILE).read_bytes() == before


def test_a_workbook_that_shows_decisions_returned_as_it_was_changes_nothing(home: Path, ever: str) -> None:
    decided(answer(sent(home), {ever: ACCEPT}), home)
    before = (home / FILE).read_bytes()
    again = sent(home, name="again.xlsx")
    assert shown(again, ever)["decision"] == RU["accept"]
    assert shown(again, ever)["until"].date() == ACCEPT["until"]
    done = decided(answer(again, {}), home)
    assert (done.taken, done.conflicts, faults(done)) == ((), (), [])
    assert (home / FILE).read_bytes() == before


def test_a_changed_mind_replaces_what_it_was_shown(home: Path, ever: str) -> None:
    decided(answer(sent(home), {ever: ACCEPT}), home)
    done = decided(answer(sent(home), {ever: {"decision": "fix", "comment": "sooner"}}), home)
    assert (len(done.taken), done.conflicts) == (1, ())
    assert status(home, ever) == ("new", "fix")
    assert len(record(home)) == 2


def test_a_stale_copy_returned_as_it_was_says_nothing(home: Path, ever: str) -> None:
    decided(answer(sent(home), {ever: ACCEPT}), home)
    stale = sent(home, name="stale.xlsx")
    decided(answer(sent(home), {ever: {"decision": "fix", "comment": "sooner"}}), home)
    done = decided(stale, home)
    assert (done.taken, done.conflicts, status(home, ever)) == ((), (), ("new", "fix"))
    edited = decided(answer(stale, {ever: {"comment": "later still"}}), home)
    assert len(edited.conflicts) == 1


def test_an_emptied_decision_stands_and_this_is_said(home: Path, ever: str) -> None:
    decided(answer(sent(home), {ever: ACCEPT}), home)
    blank = dict.fromkeys(("decision", "owner", "until", "comment"))
    done = decided(answer(sent(home), {ever: blank}), home)
    assert [code for code, _ in faults(done)] == ["emptied"]
    assert status(home, ever) == ("accepted", "accept")


# -- what is not taken ---------------------------------------------------------------------------------------------

REFUSED = {
    "no_owner": {**ACCEPT, "owner": None},
    "no_comment": {**ACCEPT, "comment": "  "},
    "no_until": {**ACCEPT, "until": None},
    "past": {**ACCEPT, "until": dt.date(2026, 11, 22)},
    "too_far": {**ACCEPT, "until": dt.date(2027, 11, 24)},
    "no_date": {**ACCEPT, "until": "next year"},
    "unknown_decision": {**ACCEPT, "decision": "perhaps"},
    "personal_owner": {**ACCEPT, "owner": "991332300012"},
}
CELLS = {
    "unknown_decision": "decision",
    "no_date": "until",
    "past": "until",
    "too_far": "until",
    "no_owner": "owner",
    "no_comment": "comment",
    "no_until": "until",
    "personal_owner": "owner",
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_be_taken_is_said_with_its_cell(home: Path, ever: str, code: str) -> None:
    book = answer(sent(home), {ever: REFUSED[code]})
    done = decided(book, home)
    sheet = openpyxl.load_workbook(book)[words("ru")["wording"]["family"]["kz"]]
    places = columns(sheet)
    row = next(r for r in range(2, sheet.max_row + 1) if sheet.cell(r, places["ids"]).value == ever)
    assert faults(done) == [(code, address(sheet.title, places[CELLS[code]], row))]
    assert not (home / FILE).exists()
    assert status(home, ever) == ("new", None)


def test_a_year_ahead_is_not_more_than_a_year(home: Path, ever: str) -> None:
    assert decided(answer(sent(home), {ever: {**ACCEPT, "until": "23.11.2027"}}), home).refused == ()
    assert record(home)[0]["until"] == "2027-11-23"


def test_a_bad_line_does_not_keep_the_others(home: Path, ever: str) -> None:
    other = one(audited(home), "structure.reference.fields.system_id", "phone")
    done = decided(answer(sent(home), {ever: {**ACCEPT, "owner": None}, other: {"decision": "fix"}}), home)
    assert ([code for code, _ in faults(done)], len(done.taken)) == (["no_owner"], 1)


def test_a_persons_data_are_repeated_nowhere(home: Path, ever: str) -> None:
    other = one(audited(home), "structure.reference.fields.system_id", "phone")
    said = {ever: {**ACCEPT, "comment": "ask 991332300012"}, other: {"decision": "fix", "owner": "991332300012"}}
    done = decided(answer(sent(home), said), home)
    assert sorted(code for code, _ in faults(done)) == ["masked", "personal_owner"]
    told = "".join(deciding.told(done, lang) for lang in LANGUAGES)
    assert "991332300012" not in told + (home / FILE).read_text(encoding="utf-8")


def test_a_formula_is_no_decision_and_none_is_written(home: Path, ever: str) -> None:
    other = one(audited(home), "structure.reference.fields.system_id", "phone")
    book = answer(sent(home), {ever: {"decision": "=1/0"}, other: {"decision": "fix", "comment": " =1+1"}})
    done = decided(book, home)
    assert [code for code, _ in faults(done)] == ["unreadable"]
    assert [entry.comment for entry in done.taken] == ["=1+1"]
    assert ",'=1+1," in (home / FILE).read_text(encoding="utf-8")
    opened = openpyxl.load_workbook(sent(home, name="next.xlsx"))
    kinds = {cell.data_type for sheet in opened.worksheets for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds


# -- what becomes of decisions -----------------------------------------------------------------------------------------


def test_a_decision_holds_until_its_day_and_counts_again_after_it(home: Path, ever: str) -> None:
    decided(answer(sent(home), {ever: ACCEPT}), home)
    assert status(home, ever, as_of="2027-03-31") == ("accepted", "accept")
    assert status(home, ever, as_of="2027-04-01") == ("expired", "accept")
    assert list(audited(home, as_of="2027-04-01").decisions["state"]) == ["expired"]


def test_a_decision_does_not_reach_back(home: Path, ever: str) -> None:
    decided(answer(sent(home), {ever: ACCEPT}), home)
    assert status(home, ever, as_of="2026-09-29") == ("new", None)


def test_other_facts_reopen_what_was_accepted(home: Path, ever: str) -> None:
    decided(answer(sent(home), {ever: ACCEPT}), home)
    retention = tables()["retention"]
    retention[0]["name"] = "Another name"
    write_tables(home, {"retention": retention})
    assert status(home, ever) == ("accepted", "accept")
    retention[0]["period"] = "unlimited"
    write_tables(home, {"retention": retention})
    assert status(home, ever) == ("reopened", "accept")
    book = sent(home)
    line = shown(book, ever)
    assert (line["decision"], line["owner"], line["comment"]) == (None, ACCEPT["owner"], ACCEPT["comment"])
    assert decided(answer(book, {}), home).taken == ()
    assert len(decided(answer(book, {ever: {"decision": "accept"}}), home).taken) == 1
    assert status(home, ever) == ("accepted", "accept")


def test_what_is_no_longer_found_is_closed(home: Path, ever: str) -> None:
    decided(answer(sent(home), {ever: ACCEPT}), home)
    freeze(load(home), home / "history" / "2026Q2")
    write_tables(home, {"retention": [{"retention_id": "ever", "name": "For a year", "period": "P1Y"}]})
    done = audited(home, before=None)
    assert list(done.closed["id"]) == [ever]
    assert list(done.decisions["state"]) == ["closed"]


def test_a_decision_is_about_the_facts_that_were_shown(home: Path, ever: str) -> None:
    book = answer(sent(home), {ever: ACCEPT})
    write_tables(home, {"retention": [{**tables()["retention"][0], "period": "unlimited"}]})
    decided(book, home)
    assert status(home, ever) == ("reopened", "accept")


# -- the command -------------------------------------------------------------------------------------------------------


def run(*asked: object) -> Any:
    return CliRunner().invoke(main, [str(word) for word in asked])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_command_says_what_it_understood_and_ends_with_1_on_conflicts(
    home: Path, torn: tuple[Path, Path], lang: str
) -> None:
    result = run("decide", torn[1], "--inventory", home, "--lang", lang, "--who", "clerk")
    assert result.exit_code == 1, result.output
    assert words(lang)["decide"]["sections"]["conflicts"] in result.stdout
    assert "retention/ever" in result.stdout
    settled = run("decide", torn[1], "--inventory", home, "--lang", lang, "--settle")
    assert settled.exit_code == 0
    assert record(home)[-1]["decision"] == "fix"


def test_the_command_refuses_in_one_line(home: Path, tmp_path: Path) -> None:
    (tmp_path / "no.xlsx").write_bytes(b"no workbook")
    result = run("decide", tmp_path / "no.xlsx", "--inventory", home)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)


def test_a_faulty_line_alone_ends_with_0(home: Path, ever: str) -> None:
    result = run("decide", answer(sent(home), {ever: {**ACCEPT, "owner": None}}), "--inventory", home, "--lang", "en")
    assert result.exit_code == 0
    assert words("en")["decide"]["faults"]["no_owner"] in result.stdout
