"""The workbooks that derbes writes: findings to send and inventories to fill in, read back by other libraries."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pytest
from conftest import LETOILE
from python_calamine import CalamineWorkbook

import derbes
from derbes import schema as model
from derbes import tally, text
from derbes.auditing import audit
from derbes.errors import OutputError
from derbes.workbook import write_findings, write_inventory
from derbes.workbook.book import CELL, height, opened, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from derbes.auditing import Audit

DAY = "2026-09-30"
ATTACK = '=HYPERLINK("http://example.org";"x")'
Rows = dict[str, list[dict[str, str]]]


def tables() -> Rows:
    """Return a register with 25 systems of unknown country, four dangling references of two kinds, odd cells."""
    systems = [
        {"system_id": f"sys-{n:02d}", "name": f"System {n}", "kind": "shop", "medium": "electronic", "owner": "IT"}
        for n in range(25)
    ]
    fields = [
        {"field_id": f"f-{n}", "system_id": to, "name": f"t.c{n}", "label": f"Label {n}", "category_id": "phone"}
        for n, to in enumerate(("gone", "gone", "gone", "sys-01", ATTACK))
    ]
    return {
        "operator": [
            {
                "operator_id": "shop-kz",
                "name": "\u0414\u04af\u043a\u0435\u043d & \u041a\u043e",
                "note": "Read off a published policy.",
            }
        ],
        "systems": systems,
        "fields": fields,
        "categories": [{"category_id": "phone", "name": ATTACK, "access_class": "public", "nature": "contact"}],
    }


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inventory")
    rows = {name: pd.DataFrame(table) for name, table in tables().items()}
    write_inventory(folder, lang="ru", tables=[*rows, "retention"], rows=rows)
    return folder


@pytest.fixture(scope="module")
def done(inventory: Path) -> Audit:
    return audit(inventory, as_of=DAY)


@pytest.fixture
def sent(done: Audit, tmp_path: Path) -> Iterator[openpyxl.Workbook]:
    path = tmp_path / "findings.xlsx"
    write_findings(done, path, quarter="2026Q3", lang="ru")
    book = openpyxl.load_workbook(path)
    yield book
    book.close()


def words(lang: str, section: str = "workbook") -> Mapping[str, Any]:
    return text.words(lang)[section]


def column(sheet: Worksheet, title: str) -> list[Any]:
    """Return the values under a heading of the first row."""
    place = next(cell.column for cell in sheet[1] if cell.value == title)
    return [sheet.cell(row, place).value for row in range(2, sheet.max_row + 1)]


def data_sheets(book: openpyxl.Workbook, lang: str = "ru") -> list[Worksheet]:
    told = {title for name, title in words(lang)["sheets"].items() if name != "questions"}
    return [one for one in book.worksheets if one.title not in told]


def cover_text(book: openpyxl.Workbook) -> str:
    return "\n".join(
        str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row if cell.value is not None
    )


def test_every_finding_stands_on_exactly_one_line(done: Audit, sent: openpyxl.Workbook) -> None:
    ids = [
        one
        for sheet in data_sheets(sent)
        for cell in column(sheet, words("ru")["columns"]["ids"])
        for one in cell.split()
    ]
    assert sorted(ids) == sorted(done.findings["id"])


def test_equal_findings_share_a_line_that_names_rows_cells_and_ids(sent: openpyxl.Workbook) -> None:
    sheet, titles = sent[words("ru", "wording")["family"]["structure"]], words("ru")["columns"]
    keys = column(sheet, titles["key"])
    line = keys.index("f-0, f-1, f-2")
    assert column(sheet, titles["count"])[line] == 3
    assert column(sheet, titles["cell"])[line].endswith("B2\u2013B4")
    assert len(column(sheet, titles["ids"])[line].split()) == 3


def test_unknown_facts_are_questions_on_a_sheet_of_their_own(done: Audit, sent: openpyxl.Workbook) -> None:
    titles, sheet = words("ru")["columns"], sent[words("ru")["sheets"]["questions"]]
    unknown = done.findings.loc[done.findings["unknown"].astype(bool), "id"]
    asked = {one for cell in column(sheet, titles["ids"]) for one in cell.split()}
    assert asked == set(unknown)
    country = model.load().tables["systems"].columns["storage_countries"].title["ru"]
    line = column(sheet, titles["field"]).index(country)
    assert column(sheet, titles["count"])[line] == 25
    assert column(sheet, titles["question"])[line].count("?") == 1


def test_nothing_in_the_workbook_is_a_formula_or_a_link(sent: openpyxl.Workbook, tmp_path: Path) -> None:
    kinds = {cell.data_type for sheet in sent.worksheets for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    values = [cell.value for sheet in sent.worksheets for row in sheet.iter_rows() for cell in row]
    assert any("=HYPERLINK" in value for value in values if isinstance(value, str))
    with zipfile.ZipFile(tmp_path / "findings.xlsx") as parts:
        everything = b"".join(parts.read(name) for name in parts.namelist())
    assert b"<f>" not in everything
    assert b"<hyperlink" not in everything
    assert b'TargetMode="External"' not in everything


def test_the_same_audit_gives_the_same_bytes(done: Audit, tmp_path: Path) -> None:
    paths = [tmp_path / "one.xlsx", tmp_path / "two.xlsx"]
    for path in paths:
        write_findings(done, path, quarter=None, lang="kk")
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_decisions_are_picked_from_a_list_and_until_is_a_date(sent: openpyxl.Workbook) -> None:
    offered = words("ru")["decisions"].values()
    for sheet in data_sheets(sent):
        rules = sheet.data_validations.dataValidation
        lists = [rule for rule in rules if rule.type == "list"]
        assert [rule.formula1 for rule in lists] == [f'"{",".join(offered)}"']
        assert [rule.type for rule in rules].count("date") == 1
        place = next(cell for cell in sheet[1] if cell.value == words("ru")["columns"]["decision"])
        assert f"{place.column_letter}2" in lists[0].sqref


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_hints_and_lists_fit_what_excel_allows(lang: str) -> None:
    said = words(lang)
    for hint in (*said["inputs"].values(), said["invalid"], said["invalid_date"]):
        assert len(hint["title"]) <= 32
        assert len(hint["text"]) <= 255
    assert len(",".join(said["decisions"].values())) <= 255
    assert not any("," in label for label in said["decisions"].values())


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_sheets_bear_the_words_of_the_language(done: Audit, tmp_path: Path, lang: str) -> None:
    path = tmp_path / "findings.xlsx"
    write_findings(done, path, quarter="2026Q3", lang=lang)
    names = CalamineWorkbook.from_path(str(path)).sheet_names
    said = words(lang)
    assert names[0] == said["sheets"]["cover"]
    assert names[-2:] == [said["sheets"]["sources"], said["sheets"]["rules"]]
    assert words(lang, "wording")["family"]["structure"] in names
    assert len({name.casefold() for name in names}) == len(names)
    assert all(len(name) <= 31 for name in names)


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_names_of_sheets_and_headings_are_unique_in_every_language(lang: str) -> None:
    said = words(lang)
    names = [*said["sheets"].values(), *words(lang, "wording")["family"].values()]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(len(name) <= 31 for name in names)
    assert len(set(said["columns"].values())) == len(said["columns"])


def test_headings_are_frozen_filtered_and_repeated_on_every_printed_page(sent: openpyxl.Workbook) -> None:
    for sheet in sent.worksheets[1:]:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref or sheet.tables
        assert sheet.print_title_rows == "$1:$1"
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToHeight == 0


def test_findings_are_real_tables_with_wrapped_text_in_rows_of_their_height(sent: openpyxl.Workbook) -> None:
    for sheet in data_sheets(sent):
        assert len(sheet.tables) == 1
        assert sheet["F2"].alignment.wrap_text
        assert all(sheet.row_dimensions[row].height for row in range(2, sheet.max_row + 1))


def test_the_cover_says_whose_it_is_what_was_found_and_what_was_not_checked(
    done: Audit, sent: openpyxl.Workbook
) -> None:
    said, told = words("ru")["cover"], cover_text(sent)
    assert "\u0414\u04af\u043a\u0435\u043d & \u041a\u043e" in told
    assert "Read off a published policy." in told
    assert said["disclaimer"] in told
    assert said["verdict_critical"].format(critical=done.summary["critical"]) in told
    assert said["add_unknown"].format(unknown=done.summary["unknown"]) in told
    reasons = done.rules.loc[done.rules["status"] == "not_run", "reason"]
    assert all(rule in told for rule in done.rules.loc[reasons.index, "rule"].head(3))
    assert tally.set_aside(done) in told
    assert "_readme" not in told


def test_no_heading_breaks_inside_a_word(sent: openpyxl.Workbook) -> None:
    for sheet in sent.worksheets[1:]:
        for cell in sheet[1]:
            longest = max(map(len, str(cell.value).split()))
            assert sheet.column_dimensions[cell.column_letter].width > longest + 3, (sheet.title, cell.value)


def test_the_totals_of_the_cover_are_those_of_the_summary(done: Audit, sent: openpyxl.Workbook) -> None:
    sheet, total = sent.worksheets[0], words("ru")["cover"]["total"]
    row = next(cell.row for cell in sheet["B"] if cell.value == total)
    shown = [sheet.cell(row, place).value for place in range(3, 6)]
    assert shown == [done.summary[one] for one in ("critical", "warning", "info")]
    head = next(cell.row for cell in sheet["B"] if cell.value == words("ru")["cover"]["by_sheet"])
    for place in range(3, 8):
        assert sum(sheet.cell(one, place).value for one in range(head + 1, row)) == sheet.cell(row, place).value


def test_findings_that_find_no_room_are_said_on_the_cover(done: Audit, tmp_path: Path) -> None:
    path = tmp_path / "findings.xlsx"
    write_findings(done, path, quarter=None, lang="en", room=1)
    book = openpyxl.load_workbook(path)
    assert all(sheet.max_row == 2 for sheet in data_sheets(book, "en"))
    assert re.search(r"holds 1 lines; \d+ more are not shown", cover_text(book))


def test_derbes_knows_its_own_output_and_takes_its_template_for_an_input(done: Audit, tmp_path: Path) -> None:
    made = write_inventory(tmp_path, lang="ru")
    write_findings(done, tmp_path / "findings.xlsx", quarter=None, lang="ru")
    assert made == tmp_path / "register.xlsx"
    sources = derbes.load(tmp_path).sources
    assert set(sources.loc[sources["reason"] == "written_by_derbes", "file"]) == {"findings.xlsx"}
    assert sources.loc[sources["file"] == "register.xlsx", "table"].notna().any()


@pytest.mark.parametrize("odd", ["a\x00b", "a\x1bb", "\ud800", "\u202ecod", "\uffff", "_x0041_", "a\r\nb"])
def test_odd_characters_neither_break_the_file_nor_act(tmp_path: Path, odd: str) -> None:
    path = tmp_path / "odd.xlsx"
    with opened(path, created=dt.date(2026, 9, 30)) as book:
        book.put(book.sheet("s"), (0, 0), odd)
    shown = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[0][0]
    assert shown == plain(odd)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\ud800-\udfff]", shown)


@pytest.mark.parametrize("letter", ["x", "\u0436", "\U0001f642"])
def test_a_text_too_long_for_a_cell_is_cut_with_a_mark(letter: str) -> None:
    cut = plain(letter * 40_000, mark="… (cut)")
    assert cut.endswith("… (cut)")
    assert len(cut.encode("utf-16-le")) <= 2 * CELL
    assert plain(letter * 1_000) == letter * 1_000


def test_sheet_names_that_excel_refuses_become_names_it_takes(tmp_path: Path) -> None:
    path = tmp_path / "names.xlsx"
    with opened(path, created=dt.date(2026, 9, 30)) as book:
        made = [book.sheet(name).get_name() for name in ("a/b", "x" * 40, "x" * 40, "History", "'q'", "[]:*?")]
    assert made == ["a b", "x" * 31, "x" * 29 + " 2", "History 2", "q", "_"]
    assert CalamineWorkbook.from_path(str(path)).sheet_names == made


def test_a_failed_writing_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "findings.xlsx"
    path.write_bytes(b"before")
    with pytest.raises(ZeroDivisionError), opened(path, created=dt.date(2026, 9, 30)) as book:
        book.put(book.sheet("s"), (0, 0), str(1 / 0))
    assert path.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir()] == ["findings.xlsx"]


def test_a_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"could not be written"):
        write_inventory(tmp_path / "file" / "new.xlsx", lang="en")


def test_a_streamed_workbook_says_the_same(tmp_path: Path) -> None:
    for streamed in (False, True):
        with opened(tmp_path / f"{streamed}.xlsx", created=dt.date(2026, 9, 30), streamed=streamed) as book:
            sheet = book.sheet("s")
            for row in range(3):
                book.put(sheet, (row, 0), f"=x{row}")
    read = [
        CalamineWorkbook.from_path(str(tmp_path / f"{one}.xlsx")).get_sheet_by_index(0).to_python()
        for one in (False, True)
    ]
    assert read[0] == read[1] == [["=x0"], ["=x1"], ["=x2"]]


def test_a_row_is_as_high_as_its_tallest_text() -> None:
    low, high = height([(["a", "a"], 10.0), (["b", "\u0441\u043b\u043e\u0432\u043e " * 30], 20.0)])
    assert low < 20
    assert 100 < high <= 409


def test_a_text_of_long_words_has_room_for_the_lines_that_it_wraps_to() -> None:
    """A column of 44 takes one word of 24 Cyrillic letters to a line, and not two halves of others beside it."""
    one, four = height([(["\u0436" * 24, " ".join(["\u0436" * 24] * 4)], 44.0)])
    assert round((four - 3) / (one - 3)) == 4


@pytest.fixture(scope="module")
def legal(tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    path = tmp_path_factory.mktemp("legal") / "findings.xlsx"
    write_findings(audit(LETOILE, as_of=DAY, before="none"), path, quarter="2026Q3", lang="ru")
    return openpyxl.load_workbook(path)


def test_every_clause_of_the_policy_has_its_line_and_its_verdict(legal: openpyxl.Workbook) -> None:
    sheet, titles = legal[words("ru")["sheets"]["promises"]], words("ru")["columns"]
    clauses = derbes.load(LETOILE).keys["clauses"]
    assert column(sheet, titles["clause"]) == list(clauses)
    assert all(column(sheet, titles["verdict"]))
    assert all(column(sheet, titles["grounds"]))


def test_the_law_has_its_sheets_and_the_cover_says_what_they_are(legal: openpyxl.Workbook) -> None:
    names, said = words("ru")["sheets"], cover_text(legal)
    ours = [names[one] for one in ("promises", "provisions", "citations", "amendments", "fines")]
    assert [name for name in legal.sheetnames if name in ours] == ours
    quoted = ", ".join(words("ru", "wording")["quoted"].format(text=name) for name in ours)
    assert words("ru")["cover"]["law_sheets"].format(sheets=quoted) in said
    assert words("ru", "page")["fines"]["text"] in said
    assert "79(1)" in column(legal[names["fines"]], words("ru")["columns"]["article"])


def test_sheets_of_the_law_take_no_decisions(legal: openpyxl.Workbook) -> None:
    for one in ("promises", "provisions", "citations", "amendments", "fines"):
        assert not legal[words("ru")["sheets"][one]].data_validations.dataValidation
