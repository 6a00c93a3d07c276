"""Merging: answers find their cells however a workbook was treated; what is no answer is said and not taken."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from click.testing import CliRunner
from conftest import DEMO, demo_tables, write_tables
from packages import SHEET, changed
from packing import Dealt, changes, copied, deal, refusals, write

import derbes
from derbes import packs
from derbes.change import diff
from derbes.cli import main
from derbes.errors import SourceError, UsageError
from derbes.schema import load
from derbes.text import LANGUAGES, words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
PERSON = "dana.nobody7@gmail.com"
SITE = "A new hall & <cellar>"
ANSWER = [("systems", "shop", "storage_site", SITE)]


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Dealt:
    home = tmp_path_factory.mktemp("dealt") / "home"
    return deal(shutil.copytree(DEMO, home), home.with_name("packs"))


@pytest.fixture
def dealt(handed: Dealt, tmp_path: Path) -> Dealt:
    return copied(handed, tmp_path)


def test_an_answer_is_previewed_and_nothing_is_written(dealt: Dealt) -> None:
    dealt.answer("systems", "shop", storage_site=SITE)
    before = {path.name: path.read_bytes() for path in dealt.home.glob("*.xlsx")}
    found = dealt.merge()
    assert changes(found) == ANSWER
    assert (found.changes["file"].iat[0], found.changes["cell"].iat[0]) == ("customers.xlsx", "G2")
    assert found.changes["place"].iat[0].endswith("!G2")
    assert {path.name: path.read_bytes() for path in dealt.home.glob("*.xlsx")} == before


def test_an_answer_applied_changes_its_cell_and_nothing_else(dealt: Dealt) -> None:
    dealt.answer("systems", "shop", storage_site=SITE, reviewed_on=dt.date(2026, 9, 20), subject_count=3300)
    assert dealt.apply() == ("customers.xlsx",)
    told = diff(derbes.load(DEMO), derbes.load(dealt.home)).rows
    told = {(row.table, row.key, row.column, row.new) for row in told.itertuples()}
    assert told == {
        ("systems", "shop", "storage_site", SITE),
        ("systems", "shop", "reviewed_on", "2026-09-20"),
        ("systems", "shop", "subject_count", "3300"),
    }
    with zipfile.ZipFile(DEMO / "customers.xlsx") as old, zipfile.ZipFile(dealt.home / "customers.xlsx") as new:
        assert new.namelist() == old.namelist()
        assert [n for n in old.namelist() if old.read(n) != new.read(n)] == ["xl/worksheets/sheet2.xml"]
    assert not [path.name for path in dealt.home.iterdir() if path.name.endswith(".tmp.xlsx")]


def test_what_was_applied_is_there_already_the_second_time(dealt: Dealt) -> None:
    dealt.answer("systems", "shop", storage_site=SITE)
    dealt.apply()
    before = (dealt.home / "customers.xlsx").read_bytes()
    again = dealt.merge()
    assert (changes(again), again.done, dealt.apply()) == ([], 1, ())
    assert (dealt.home / "customers.xlsx").read_bytes() == before


def _sorted(sheet: Any) -> None:
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    for number, row in enumerate(sorted(rows, key=lambda row: str(row[0]), reverse=True), start=2):
        for place, value in enumerate(row, start=1):
            sheet.cell(number, place).value = value


def _inserted(sheet: Any) -> None:
    sheet.insert_cols(2, 2)
    sheet.insert_rows(3)
    sheet.cell(1, 2).value = "our own remarks"
    sheet.cell(2, 2).value = "looked at"


def _titled(sheet: Any) -> None:
    sheet.insert_rows(1, 2)
    sheet.cell(1, 1).value = "Returned by the department"


def _moved(sheet: Any) -> None:
    key = [cell.value for cell in sheet["A"]]
    sheet.delete_cols(1)
    for row, value in enumerate(key, start=1):
        sheet.cell(row, 30).value = value


def test_answers_under_a_lost_heading_are_not_called_silence(dealt: Dealt) -> None:
    title = load().tables["systems"].columns["storage_site"].title["ru"]

    def renamed(sheet: Any) -> None:
        next(cell for cell in sheet[1] if cell.value == title).value = "x"

    dealt.edit(dealt.answer("systems", "shop", storage_site=SITE), "systems", renamed)
    found = dealt.merge()
    assert changes(found) == []
    assert [(row.why, row.table, row.column) for row in found.refused.itertuples()] == [
        ("no_heading", "systems", "storage_site")
    ]
    assert [file for _, file, _ in found.silent if file in set(found.refused["book"])] == []


def _hidden(sheet: Any) -> None:
    sheet.auto_filter.ref = "A1:O3"
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["G"].hidden = True


@pytest.mark.parametrize("treatment", [_sorted, _inserted, _titled, _moved, _hidden], ids=lambda one: one.__name__)
def test_an_answer_finds_its_cell_whatever_was_done_to_the_sheet(
    dealt: Dealt, treatment: Callable[[Any], None]
) -> None:
    dealt.edit(dealt.answer("systems", "shop", storage_site=SITE), "systems", treatment)
    found = dealt.merge()
    assert changes(found) == ANSWER
    assert refusals(found) == []


@pytest.mark.parametrize("lost", [False, True], ids=["known by its property", "known by its rows"])
def test_a_workbook_is_known_whatever_its_file_is_called(dealt: Dealt, lost: bool) -> None:  # noqa: FBT001 - a case
    path = dealt.answer("systems", "shop", storage_site=SITE)
    if lost:
        changed(path, "docProps/custom.xml", lambda _: "<Properties/>")
    path.rename(path.with_name("answers, final (2).xlsx"))
    found = dealt.merge()
    assert changes(found) == ANSWER
    assert path.name not in {file for _, file, _ in found.silent}
    assert len(found.silent) == len(found.base.packs) - 1


@pytest.mark.skipif(not SOFFICE, reason="LibreOffice is not installed")
@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_a_workbook_saved_by_another_program_says_what_was_answered_and_no_more(
    dealt: Dealt, tmp_path: Path, kind: str
) -> None:
    path = dealt.answer("systems", "shop", storage_site=SITE, reviewed_on=dt.date(2026, 9, 20))
    books = sorted(dealt.folder.glob("*.xlsx"))
    own = f"-env:UserInstallation={(tmp_path / 'office').as_uri()}"
    out = tmp_path / "saved"
    words = [str(SOFFICE), "--headless", own, "--convert-to", kind, "--outdir", str(out), *map(str, books)]
    subprocess.run(words, check=True, capture_output=True)
    shutil.copy(dealt.folder / "packs.json", out)
    found = Dealt(out, dealt.home).merge()
    assert changes(found) == [("systems", "shop", "reviewed_on", "2026-09-20"), *ANSWER]
    assert refusals(found) == []
    assert [came for _, _, came in found.silent] == [True] * (len(books) - 1)
    assert path.name.rpartition(".")[0] not in {file.rpartition(".")[0] for _, file, _ in found.silent}


def test_two_packs_that_answer_differently_conflict_and_neither_is_taken(dealt: Dealt) -> None:
    path = dealt.answer("systems", "shop", storage_site=SITE, connection="crm")
    shutil.copy(path, dealt.folder / "second.xlsx")
    dealt.edit(dealt.folder / "second.xlsx", "systems", lambda sheet: write(sheet, "systems", "shop", storage_site="B"))
    found = dealt.merge()
    assert set(found.conflicts["why"]) == {"packs"}
    assert sorted(found.conflicts["text"]) == [SITE, "B"]
    assert changes(found) == [("systems", "shop", "connection", "crm")]


def test_a_cell_that_the_inventory_changed_meanwhile_conflicts(dealt: Dealt) -> None:
    dealt.answer("systems", "shop", storage_site=SITE)
    path = dealt.home / "customers.xlsx"
    book = openpyxl.load_workbook(path)
    book[load().tables["systems"].title["ru"]]["G2"].value = "moved by legal"
    book.save(path)
    found = dealt.merge()
    assert changes(found) == []
    row = found.conflicts.iloc[0]
    assert (row["old"], row["text"], row["why"]) == ("moved by legal", SITE, "inventory")


def test_the_same_change_on_both_sides_is_no_conflict(dealt: Dealt) -> None:
    dealt.answer("systems", "shop", medium="paper")
    shutil.copy(dealt.book("systems", "shop"), dealt.folder / "second.xlsx")
    label = load().label("medium", "paper", "kk")
    dealt.edit(dealt.folder / "second.xlsx", "systems", lambda sheet: write(sheet, "systems", "shop", medium=label))
    found = dealt.merge()
    assert (len(found.conflicts), len(found.changes)) == (0, 1)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"medium": "cloud"}, "not_in_list"),
        ({"reviewed_on": "in spring"}, "invalid"),
        ({"subject_count": "many"}, "invalid"),
        ({"provider_id": "nobody-s"}, "dangling"),
        ({"provider_id": "Post Office"}, "id"),
        ({"provider_id": 7.1}, "number"),
        ({"measures": "backup, updates"}, "comma"),
        ({"storage_site": "n/a"}, "placeholder"),
        ({"storage_site": f"ask {PERSON}"}, "personal"),
        ({"name": None}, "required"),
        ({"storage_site": "#REF!"}, "formula_empty"),
        ({"storage_site": "=A1"}, "formula_empty"),
    ],
)
def test_what_is_no_value_of_the_model_is_said_with_its_cell_and_not_taken(
    dealt: Dealt, cells: dict[str, object], why: str
) -> None:
    dealt.answer("systems", "shop", **cells)
    found = dealt.merge()
    assert changes(found) == []
    assert refusals(found) == [("shop", next(iter(cells)), why)]
    assert found.refused["place"].iat[0].endswith("2")
    told = [packs.told(found, lang) for lang in LANGUAGES]
    assert all(words(lang)["merge"]["why"][why] in text for lang, text in zip(LANGUAGES, told, strict=True))
    assert PERSON not in "".join(told)


def test_rows_that_were_not_handed_out_are_said_and_not_added(dealt: Dealt) -> None:
    def add(sheet: Any) -> None:
        sheet.append(["new-shop", "A new shop"])
        sheet.append([None, "A shop without an id"])
        sheet["A2"].value = "shop-2"

    dealt.edit(dealt.book("systems", "shop"), "systems", add)
    found = dealt.merge()
    assert changes(found) == []
    assert sorted(why for _, _, why in refusals(found)) == ["no_id", "no_row", "no_row"]


def test_cells_covered_by_merged_ones_are_no_answers(dealt: Dealt) -> None:
    dealt.edit(dealt.book("systems", "shop"), "systems", lambda sheet: sheet.merge_cells("G2:H3"))
    found = dealt.merge()
    assert changes(found) == []
    assert {why for _, _, why in refusals(found)} == {"merged"}


def test_a_row_that_the_inventory_has_no_more_is_said(dealt: Dealt) -> None:
    dealt.answer("systems", "shop", storage_site=SITE)
    path = dealt.home / "customers.xlsx"
    book = openpyxl.load_workbook(path)
    book[load().tables["systems"].title["ru"]]["A2"].value = "shop-renamed"
    book.save(path)
    found = dealt.merge()
    assert (changes(found), refusals(found)) == ([], [("shop", "storage_site", "gone")])


def test_workbooks_that_cannot_be_read_or_are_not_of_these_packs_are_said(dealt: Dealt, tmp_path: Path) -> None:
    (dealt.folder / "a bomb.xlsx").write_bytes(b"PK\x03\x04 no zip")
    (dealt.folder / "an old one.xls").write_bytes(b"x")
    openpyxl.Workbook().save(dealt.folder / "another.xlsx")
    shutil.copy(dealt.book("systems", "delivery"), dealt.folder / "entities.xlsx")
    changed(dealt.folder / "entities.xlsx", SHEET, lambda xml: xml.replace("<worksheet", "<!DOCTYPE x []><worksheet"))
    tables = demo_tables()
    tables["systems"][0]["note"] = "as it was last year"
    other = deal(write_tables(tmp_path / "b" / "home", tables), tmp_path / "b" / "packs")
    shutil.copy(other.answer("systems", "shop", storage_site=SITE), dealt.folder / "older.xlsx")
    found = dealt.merge()
    said = {row.book: row.why for row in found.refused.itertuples()}
    assert said["a bomb.xlsx"] == "truncated"
    assert said["an old one.xls"] == "unsupported"
    assert said["another.xlsx"] == "no_pack"
    assert said["entities.xlsx"] == "bomb"
    assert said["older.xlsx"] == "other_base"
    assert changes(found) == []


def test_packs_and_inventory_must_belong_together(dealt: Dealt, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"holds no packs\.json"):
        packs.merge(dealt.home, dealt.home)
    tables = demo_tables()
    tables["operator"][0]["operator_id"] = "another"
    with pytest.raises(UsageError, match="the inventory is of another"):
        packs.merge(dealt.folder, write_tables(tmp_path / "other", tables))
    with pytest.raises(UsageError, match="is a frozen quarter"):
        packs.merge(dealt.folder, dealt.home / "history" / "2026Q2")
    (dealt.folder / "packs.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SourceError, match="not as derbes wrote it"):
        dealt.merge()


def test_a_list_keeps_the_words_that_it_had(dealt: Dealt) -> None:
    old = derbes.load(DEMO).raw["systems"]["measures"][0]
    kazakh = "; ".join(load().label("measure", code, "kk") for code in derbes.load(DEMO).systems["measures"][0])
    new = load().label("measure", "biometric_authentication", "kk")
    dealt.answer("systems", "shop", measures=f"{kazakh}; {new}")
    dealt.apply()
    assert derbes.load(dealt.home).raw["systems"]["measures"][0] == f"{old}; {new}"


@pytest.mark.parametrize("apply", [False, True])
def test_the_command_says_what_it_did_and_ends_with_one_on_conflicts(dealt: Dealt, apply: bool) -> None:  # noqa: FBT001
    path = dealt.answer("systems", "shop", storage_site=SITE)
    asked = ["merge", str(dealt.folder), "--into", str(dealt.home), "--lang", "en", *(["--apply"] if apply else [])]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0
    assert ("Written into customers.xlsx." in done.output) == apply
    shutil.copy(path, dealt.folder / "second.xlsx")
    dealt.edit(dealt.folder / "second.xlsx", "systems", lambda sheet: write(sheet, "systems", "shop", storage_site="B"))
    assert CliRunner().invoke(main, asked).exit_code == 1


def test_nothing_is_asked_of_those_who_answered(dealt: Dealt) -> None:
    dealt.answer("systems", "shop", storage_site=SITE)
    dealt.book("systems", "delivery").unlink()
    found = dealt.merge()
    shop, delivery = (dealt.book("systems", key).name for key in ("shop", "delivery"))
    assert shop not in {file for _, file, _ in found.silent}
    assert delivery in {file for _, file, _ in found.silent}
