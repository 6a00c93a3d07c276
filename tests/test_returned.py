"""Returned workbooks: lines are found wherever they stand, copies that disagree are both kept, hostile ones refused."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest
from conftest import write_tables
from returning import (
    ACCEPT,
    DAY,
    OFFICE,
    answer,
    audited,
    columns,
    decided,
    faults,
    one,
    record,
    resaved,
    sent,
    shown,
    shuffled,
    status,
    tables,
)

from derbes import returned
from derbes.decisions import FILE
from derbes.errors import SourceError
from derbes.returned import address
from derbes.text import LANGUAGES, words

if TYPE_CHECKING:
    from pathlib import Path

# -- where things stand ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_lines_are_known_by_their_ids_wherever_they_stand(home: Path, ever: str, lang: str) -> None:
    other = one(audited(home), "structure.reference.fields.system_id", "phone")
    labels = words(lang)["workbook"]["decisions"]
    said = {ever: ACCEPT | {"decision": labels["accept"]}, other: {"decision": labels["in_progress"].upper()}}
    done = decided(shuffled(answer(sent(home, lang=lang), said, lang=lang), lang), home)
    assert faults(done) == []
    assert {entry.id: entry.decision for entry in done.taken} == {ever: "accept", other: "in_progress"}


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("form", ["xlsx", "ods"])
def test_a_copy_saved_by_libreoffice_says_the_same(home: Path, ever: str, tmp_path: Path, form: str) -> None:
    book = resaved(shuffled(answer(sent(home), {ever: ACCEPT})), tmp_path / "office", form)
    done = decided(book, home)
    assert (faults(done), [entry.content for entry in done.taken]) == (
        [],
        [("accept", "head of IT", "2027-03-31", "moves in spring")],
    )
    assert record(home)[0]["as_of"] == DAY


@pytest.fixture
def alike(home: Path) -> tuple[str, str]:
    """Two findings that share a line of the workbook."""
    rows = tables()
    rows["fields"].append({**rows["fields"][0], "field_id": "mail", "name": "t.mail", "label": "Mail"})
    done = audited(write_tables(home, rows))
    rule = "structure.reference.fields.system_id"
    return one(done, rule, "mail"), one(done, rule, "phone")


def test_a_line_stands_for_all_its_findings(home: Path, alike: tuple[str, str]) -> None:
    decided(answer(sent(home), {alike[0]: {"decision": "fix"}}), home)
    assert {line["id"]: line["decision"] for line in record(home)} == dict.fromkeys(alike, "fix")
    decided(answer(sent(home), {alike[1]: {"decision": "in_progress"}}), home)
    assert {status(home, one) for one in alike} == {("new", "in_progress")}


def test_a_line_may_be_taken_apart(home: Path, alike: tuple[str, str]) -> None:
    opened = openpyxl.load_workbook(sent(home))
    sheet, row = next(
        (sheet, row)
        for sheet in opened.worksheets
        for row in range(1, sheet.max_row + 1)
        if columns(sheet) and alike[0] in str(sheet.cell(row, columns(sheet)["ids"]).value).split()
    )
    places = columns(sheet)
    sheet.append([cell.value for cell in sheet[row]])
    for place, finding, said in ((row, alike[0], "fix"), (sheet.max_row, alike[1], "in_progress")):
        sheet.cell(place, places["ids"]).value = finding
        sheet.cell(place, places["decision"]).value = said
    opened.save(home.parent / "apart.xlsx")
    assert faults(decided(home.parent / "apart.xlsx", home)) == []
    assert [status(home, one) for one in alike] == [("new", "fix"), ("new", "in_progress")]


def test_what_belongs_to_no_finding_is_said_with_its_cell(home: Path, ever: str) -> None:
    book = answer(sent(home), {ever: ACCEPT})
    opened = openpyxl.load_workbook(book)
    sheet = next(s for s in opened.worksheets if columns(s))
    places = columns(sheet)
    row = next(r for r in range(2, sheet.max_row + 1) if sheet.cell(r, places["ids"]).value == ever)
    sheet.cell(row, places["ids"]).value = "0123456789abcdef"
    sheet.append([None] * (places["decision"] - 1) + ["fix"])
    opened.save(book)
    done = decided(book, home)
    assert faults(done) == [
        ("unknown_id", address(sheet.title, places["ids"], row)),
        ("no_id", address(sheet.title, places["decision"], sheet.max_row)),
    ]
    assert done.taken == ()


def test_a_decision_on_what_is_fixed_meanwhile_is_kept(home: Path, ever: str) -> None:
    book = answer(sent(home), {ever: ACCEPT})
    write_tables(home, {"retention": [{"retention_id": "ever", "name": "For a year", "period": "P1Y"}]})
    done = decided(book, home)
    assert (faults(done), len(record(home))) == ([], 1)
    assert list(audited(home).decisions["state"]) == ["closed"]


def test_the_workbook_of_another_inventory_is_refused(home: Path, tmp_path: Path, ever: str) -> None:
    rows = tables()
    rows["operator"][0]["operator_id"] = "another"
    other = write_tables(tmp_path / "elsewhere" / "other", rows)
    book = answer(sent(other), {ever: ACCEPT})
    with pytest.raises(SourceError, match="shows no finding of shop-kz"):
        decided(book, home)
    assert not (home / FILE).exists()


# -- conflicts ---------------------------------------------------------------------------------------------------------


def test_copies_that_disagree_are_both_kept_and_a_finding(home: Path, ever: str, torn: tuple[Path, Path]) -> None:
    done = decided(torn[1], home)
    assert [entry.decision for conflict in done.conflicts for entry in (conflict.entry, *conflict.others)] == [
        "fix",
        "accept",
    ]
    assert [line["decision"] for line in record(home)] == ["accept", "fix"]
    found = audited(home, lang="en").findings
    (conflict,) = found[found["rule"] == "history.decision.conflict"].to_dict("records")
    assert (conflict["table"], conflict["key"]) == ("retention", "ever")
    assert "accept (a.xlsx" in conflict["title"]
    assert "fix (b.xlsx" in conflict["title"]
    assert status(home, ever) == ("new", None)
    assert list(audited(home).decisions["state"]) == ["conflict", "conflict"]
    for copy in torn:
        again = decided(copy, home)
        assert (len(again.conflicts), again.taken) == (1, ())


def test_a_later_decision_settles_a_conflict(home: Path, ever: str, torn: tuple[Path, Path]) -> None:
    decided(torn[1], home)
    book = sent(home)
    assert shown(book, ever)["decision"] is None
    done = decided(answer(book, {ever: {"decision": "in_progress"}}), home)
    assert (done.conflicts, status(home, ever)) == ((), ("new", "in_progress"))
    assert "history.decision.conflict" not in set(audited(home).findings["rule"])
    for copy in torn:
        assert decided(copy, home).taken == ()


@pytest.mark.parametrize("right", [0, 1])
def test_one_of_two_copies_may_be_let_win(home: Path, ever: str, torn: tuple[Path, Path], right: int) -> None:
    decided(torn[1], home)
    assert decided(torn[right], home, settle=True).conflicts == ()
    assert status(home, ever)[1] == ["accept", "fix"][right]
    assert "history.decision.conflict" not in set(audited(home).findings["rule"])


def test_copies_that_agree_are_no_conflict(home: Path, ever: str) -> None:
    book = sent(home)
    other = one(audited(home), "structure.reference.fields.system_id", "phone")
    decided(answer(book, {ever: ACCEPT}, out=home.parent / "a.xlsx"), home)
    said = {ever: ACCEPT, other: {"decision": "fix"}}
    done = decided(answer(book, said, out=home.parent / "b.xlsx"), home)
    assert (len(done.taken), done.known, done.conflicts) == (1, 1, ())


def test_a_line_copied_with_another_decision_contradicts_itself(home: Path, ever: str) -> None:
    book = answer(sent(home), {ever: ACCEPT})
    opened = openpyxl.load_workbook(book)
    sheet = next(
        s
        for s in opened.worksheets
        if columns(s) and shown(book, ever) and s.title == words("ru")["wording"]["family"]["kz"]
    )
    places = columns(sheet)
    row = next(r for r in range(2, sheet.max_row + 1) if sheet.cell(r, places["ids"]).value == ever)
    copied = [cell.value for cell in sheet[row]]
    copied[places["decision"] - 1] = "fix"
    sheet.append(copied)
    opened.save(book)
    assert len(decided(book, home).conflicts) == 1
    before = (home / FILE).read_bytes()
    assert (len(decided(book, home).conflicts), (home / FILE).read_bytes() == before) == (1, True)


# -- hostile workbooks -------------------------------------------------------------------------------------------------


def test_a_zip_bomb_is_refused(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(sent(home)) as whole, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        for name in whole.namelist():
            bomb.writestr(name, b" " * (64 << 20) if name == "xl/sharedStrings.xml" else whole.read(name))
    with pytest.raises(SourceError, match="as a zip bomb does"):
        decided(path, home)
    assert not (home / FILE).exists()


def test_a_workbook_without_decisions_is_refused(home: Path, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "empty.xlsx")
    with pytest.raises(SourceError, match="holds no line of findings"):
        decided(tmp_path / "empty.xlsx", home)
    with pytest.raises(SourceError, match="no such file"):
        decided(tmp_path / "none.xlsx", home)


def test_more_decisions_than_anyone_takes_are_refused(home: Path, ever: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = one(audited(home), "structure.reference.fields.system_id", "phone")
    book = answer(sent(home), {ever: {"decision": "fix"}, other: {"decision": "fix"}})
    monkeypatch.setattr(returned, "MAX_LINES", 0)
    with pytest.raises(SourceError, match="the limit is 0"):
        decided(book, home)


def test_a_sheet_down_to_the_last_row_is_read(home: Path, ever: str) -> None:
    book = answer(sent(home), {ever: ACCEPT})
    opened = openpyxl.load_workbook(book)
    sheet = next(s for s in opened.worksheets if columns(s))
    sheet.cell(1_048_576, columns(sheet)["decision"]).value = "fix"
    opened.save(book)
    done = decided(book, home)
    assert len(done.taken) == 1
    assert [code for code, _ in faults(done)] == ["no_id"]
    assert faults(done)[0][1].endswith("1048576")
