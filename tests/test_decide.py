"""Decisions come back: read from any copy of the workbook, kept for good, and only as good as the facts they are about."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from click.testing import CliRunner
from conftest import DAY, write_tables
from openpyxl.utils import get_column_letter
from returning import OFFICE, answer, columns, resaved, shown

from derbes import decisions, deciding, latch
from derbes.auditing import audit
from derbes.cli import main
from derbes.decisions import FILE, Basis, basis
from derbes.errors import OutputError, SourceError
from derbes.text import LANGUAGES, words
from derbes.workbook import write_findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Rows

    from derbes.auditing import Audit
    from derbes.deciding import Decided

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
ACCEPT = {"decision": "accept", "owner": "head of IT", "until": dt.date(2027, 3, 31), "comment": "moves in spring"}
RU = words("ru")["workbook"]["decisions"]


def tables() -> Rows:
    """A register with two systems abroad and one that is not, a dangling reference, unknown facts."""
    row = {"kind": "crm", "medium": "electronic", "owner": "IT", "status": "active"}
    systems = [
        {"system_id": "crm", "name": "CRM", **row, "storage_countries": "DE"},
        {"system_id": "shop", "name": "Shop", **row, "storage_countries": "DE"},
        {"system_id": "mail", "name": "Mail", **row, "storage_countries": "KZ"},
    ]
    field = {"field_id": "phone", "system_id": "gone", "name": "t.phone", "label": "Phone", "category_id": "phone"}
    operator = {"operator_id": "shop-kz", "name": "Shop", "country": "KZ"}
    retention = [{"retention_id": "ever", "name": "For ever", "period": "indefinite"}]
    return {"operator": [operator], "systems": systems, "fields": [field], "retention": retention}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return write_tables(tmp_path / "inventory", tables())


def audited(home: Path, **options: Any) -> Audit:
    return audit(home, **{"as_of": DAY, "before": "none"} | options)


def sent(home: Path, *, lang: str = "ru", name: str = "findings.xlsx", **options: Any) -> Path:
    """The workbook as the operator gets it."""
    path = home.parent / name
    write_findings(audited(home, lang=lang, **options), path, quarter="2026Q3", lang=lang)
    return path


def one(done: Audit, rule: str, key: str) -> str:
    found = done.findings
    return str(found.loc[(found["rule"] == rule) & (found["key"] == key), "id"].item())


@pytest.fixture
def ever(home: Path) -> str:
    """The finding on data kept for ever."""
    return one(audited(home), "kz.retention.unlimited", "ever")


def decided(book: Path, home: Path, **options: Any) -> Decided:
    return deciding.decide(book, home, **{"who": "clerk", "now": NOW} | options)


def record(home: Path) -> list[dict[str, str]]:
    with (home / FILE).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def status(home: Path, finding: str, **options: Any) -> tuple[str, str | None]:
    found = audited(home, **options).findings.set_index("id").loc[finding]
    return str(found["status"]), (found["decision"] or {}).get("decision")


def faults(done: Decided) -> list[tuple[str, str]]:
    return [(remark.code, remark.place) for remark in (*done.refused, *done.unplaced, *done.remarks)]


# -- what is recorded ----------------------------------------------------------------------------------------------


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
    assert (line["as_of"], line["place"].startswith(f"{sheet}!J")) == (DAY, True)
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
    stale = answer(sent(home, name="older.xlsx"), {})
    assert decided(stale, home).taken == ()


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
    assert faults(done) == [(code, f"{sheet.title}!{get_column_letter(places[CELLS[code]])}{row}")]
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


# -- where things stand --------------------------------------------------------------------------------------------


def shuffled(book: Path, lang: str = "ru") -> Path:
    """The workbook sorted, with rows and columns inserted, moved and hidden, sheets and file renamed."""
    opened = openpyxl.load_workbook(book)
    for number, sheet in enumerate(opened.worksheets):
        places = columns(sheet, lang)
        if not places:
            continue
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        head, body = rows[0], rows[1:]
        random.Random(number).shuffle(body)  # noqa: S311
        order = list(range(len(head)))
        random.Random(number).shuffle(order)  # noqa: S311
        fresh = opened.create_sheet(f"renamed {number}", opened.index(sheet))
        fresh.append(["a remark of ours"])
        fresh.append([])
        lines = [*body[:1], head, *body[1:]]  # as sorting leaves it when the headings are taken for a row
        for line in lines:
            fresh.append([None, "our column", *(line[place] for place in order)])
        fresh.row_dimensions[3].hidden = True
        fresh.column_dimensions["C"].hidden = True
        opened.remove(sheet)
    out = book.with_name("rather another name.xlsx")
    opened.save(out)
    return out


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


def test_a_line_stands_for_all_its_findings_and_may_be_taken_apart(home: Path) -> None:
    done = audited(home)
    alike = done.findings[done.findings["rule"] == "kz.storage.abroad"]
    assert len(alike) in {0, 2}
    alike = done.findings[done.findings["rule"] == "structure.required.systems.system_id"] if alike.empty else alike
    groups = done.findings.groupby("rule")["id"].agg(list)
    first, second = next(ids for ids in groups if len(ids) == 2)
    book = sent(home)
    if first in str(shown(book, second)["ids"]):
        decided(answer(book, {first: {"decision": "fix"}}), home)
        assert {line["id"] for line in record(home)} == {first, second}


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
    letter = get_column_letter(places["ids"])
    decision = get_column_letter(places["decision"])
    assert faults(done) == [
        ("unknown_id", f"{sheet.title}!{letter}{row}"),
        ("no_id", f"{sheet.title}!{decision}{sheet.max_row}"),
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


# -- conflicts -----------------------------------------------------------------------------------------------------


@pytest.fixture
def torn(home: Path, ever: str) -> tuple[Path, Path]:
    """Two copies of one workbook that disagree, the first taken back already."""
    book = sent(home)
    first = answer(book, {ever: ACCEPT}, out=home.parent / "a.xlsx")
    second = answer(book, {ever: {"decision": "fix", "owner": "lawyer"}}, out=home.parent / "b.xlsx")
    decided(first, home)
    return first, second


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


# -- what becomes of decisions -------------------------------------------------------------------------------------


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


def test_a_decision_is_about_the_facts_that_were_shown(home: Path, ever: str) -> None:
    book = answer(sent(home), {ever: ACCEPT})
    write_tables(home, {"retention": [{**tables()["retention"][0], "period": "unlimited"}]})
    decided(book, home)
    assert status(home, ever) == ("reopened", "accept")


# -- the record ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["cut", "binary", "headless"])
def test_a_damaged_record_is_a_finding_and_is_not_added_to(home: Path, ever: str, damage: str) -> None:
    book = answer(sent(home), {ever: ACCEPT})
    decided(book, home)
    path = home / FILE
    whole = path.read_bytes()
    path.write_bytes(
        {"cut": whole[:-9], "binary": b"\xff\xfe\x00", "headless": whole.split(b"\n")[1] + b"\nx\n"}[damage]
    )
    before = path.read_bytes()
    found = audited(home).findings
    assert list(found.loc[found["rule"] == "history.decision.unreadable", "key"]) == [FILE]
    with pytest.raises(SourceError, match=r"decisions\.csv"):
        decided(book, home)
    assert path.read_bytes() == before


def test_a_record_with_other_line_ends_is_read(home: Path, ever: str) -> None:
    decided(answer(sent(home), {ever: ACCEPT}), home)
    path = home / FILE
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert status(home, ever) == ("accepted", "accept")


@pytest.mark.parametrize("step", ["write", "replace", "fsync"])
def test_a_disk_that_fails_leaves_the_old_record(
    home: Path, ever: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = one(audited(home), "structure.reference.fields.system_id", "phone")
    decided(answer(sent(home), {ever: ACCEPT}), home)
    before = (home / FILE).read_bytes()
    book = answer(sent(home), {other: {"decision": "fix"}})

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    owner, name = {"write": (Path, "open"), "replace": (Path, "replace"), "fsync": (os, "fsync")}[step]
    real = getattr(owner, name)

    def at_the_draft(self: Any, *asked: Any, **more: Any) -> Any:
        return fail() if step == "fsync" or str(self).endswith(".tmp") else real(self, *asked, **more)

    monkeypatch.setattr(owner, name, at_the_draft)
    with pytest.raises(OutputError, match="No space left"):
        decided(book, home)
    monkeypatch.undo()
    assert (home / FILE).read_bytes() == before
    assert sorted(path.name for path in home.iterdir() if path.name.startswith(".")) == []
    assert len(decided(book, home).taken) == 1


HOLD = """
import sys, time
from pathlib import Path
from derbes.latch import latched
with latched(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_two_at_once_wait_and_a_dead_one_is_waited_for_by_nobody(home: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(home / FILE)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(OutputError, match="is being written by another derbes"),
            latch.latched(home / FILE, patience=0.2),
        ):
            raise AssertionError
    finally:
        holder.kill()
        holder.wait()
    with latch.latched(home / FILE, patience=5):
        pass


APPEND = """
import sys
from pathlib import Path
from derbes.latch import extend, latched
path = Path(sys.argv[1])
for number in range(20):
    with latched(path):
        extend(path, f"{sys.argv[2]} {number}\\n".encode())
"""


def test_nothing_of_many_writers_is_lost(tmp_path: Path) -> None:
    path = tmp_path / FILE
    writers = [subprocess.Popen([sys.executable, "-c", APPEND, str(path), name]) for name in "abc"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert sorted(lines) == sorted(f"{name} {number}" for name in "abc" for number in range(20))


def test_what_a_line_rests_on_is_read_back_and_a_touched_one_is_known() -> None:
    text = basis("shop", dt.date(2026, 9, 30), {"0" * 16: "aaaaaaaa", "1" * 16: "bbbbbbbb"}, "cccccccc+dddddddd")
    read = Basis.parse(f" {text}\n", ("1" * 16, "0" * 16))
    assert read
    assert (read.sound, read.codes, read.facts) == (True, ("cccccccc", "dddddddd"), ("aaaaaaaa", "bbbbbbbb"))
    touched = Basis.parse(text, ("1" * 16,))
    assert touched
    assert not touched.sound
    assert Basis.parse(text.replace("2026-09-30", "2026-09-31"), ()) is None
    assert Basis.parse("a cell of ours", ()) is None


# -- hostile workbooks ---------------------------------------------------------------------------------------------


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


# -- the command ---------------------------------------------------------------------------------------------------


def run(*asked: object) -> Any:
    return CliRunner().invoke(main, [str(word) for word in asked])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_command_says_what_it_understood_and_ends_with_1_on_conflicts(
    home: Path, ever: str, torn: tuple[Path, Path], lang: str
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
