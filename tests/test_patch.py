"""Cells changed inside a workbook: what was named is changed, and not a byte of anything else."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from packages import MAIN, SHEET, changed, sheet_of

from derbes.errors import OutputError
from derbes.read import grids
from derbes.workbook import patched

if TYPE_CHECKING:
    from pathlib import Path

    from derbes.workbook.patch import Value

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    """A workbook with all that a library might drop: note, drop-down, chart, conditional format, styles, formula."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "Systems & more"
    for row in (["id", "name", "day", "number", "note"], ["a", "Shop", dt.date(2026, 3, 2), 7, None], ["b", "Post"]):
        page.append(row)
    page["C2"].number_format = "dd.mm.yyyy"
    page["B2"].font = Font(bold=True)
    page["B2"].comment = Comment("ask sales", "legal")
    page["E2"].fill = PatternFill("solid", "FFEE88")
    page["D3"] = "=D2*2"
    choice = DataValidation(type="list", formula1='"Shop,Post"')
    choice.add("B2:B9")
    page.add_data_validation(choice)
    page.conditional_formatting.add("D2:D9", CellIsRule(operator="greaterThan", formula=["5"], font=Font(bold=True)))
    page.merge_cells("A5:B6")
    page["A5"] = "merged"
    chart = BarChart()
    chart.add_data(Reference(page, min_col=4, min_row=1, max_row=3))
    page.add_chart(chart, "G2")
    book.create_sheet("other")["A1"] = "untouched"
    book.save(tmp_path / "rich.xlsx")
    return tmp_path / "rich.xlsx"


def patch(path: Path, cells: dict[tuple[int, int], Value], sheet: str = "Systems & more") -> dict[tuple[int, int], str]:
    """Patch a workbook in place; say what was refused."""
    done = patched(path, {sheet: cells})
    path.write_bytes(done.content)
    return {place: code for (_, place), code in done.refused.items()}


def members(path: Path) -> dict[str, tuple[bytes, tuple[int, ...], int, int]]:
    """Content, date, attributes and method of every member, in their order."""
    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None
        return {
            info.filename: (package.read(info), info.date_time, info.external_attr, info.compress_type)
            for info in package.infolist()
        }


def test_only_the_sheet_of_the_cells_changes_and_in_it_only_the_cells(rich: Path) -> None:
    before = members(rich)
    assert not patch(rich, {(2, 2): "Online shop", (2, 5): "seen"})
    after = members(rich)
    assert list(after) == list(before)
    assert [name for name in before if after[name] != before[name]] == [SHEET]
    old, new = (parts[SHEET][0].decode() for parts in (before, after))
    cell = r'<c r="(?:B2|E2)"[^>]*?(?:/>|>.*?</c>)'
    assert re.sub(cell, "#", old) == re.sub(cell, "#", new)
    assert re.findall(cell, old) != re.findall(cell, new)


def test_note_drop_down_chart_formats_merged_cells_and_formula_survive(rich: Path) -> None:
    patch(rich, {(2, 2): "Online shop"})
    page = openpyxl.load_workbook(rich).worksheets[0]
    assert page["B2"].value == "Online shop"
    assert (page["B2"].font.bold, page["B2"].comment.text) == (True, "ask sales")
    assert page["E2"].fill.fgColor.rgb == "00FFEE88"
    assert [str(rule.sqref) for rule in page.data_validations.dataValidation] == ["B2:B9"]
    assert [str(area.sqref) for area in page.conditional_formatting] == ["D2:D9"]
    assert [str(area) for area in page.merged_cells.ranges] == ["A5:B6"]
    assert (len(page._charts), page["D3"].value) == (1, "=D2*2")  # noqa: SLF001 - openpyxl has no other way


@pytest.mark.parametrize(
    "said", ["=1+1", "a & b < c > d", "_x0041_ stays", "two\nlines", " spaces ", "\u04d9\u0493\u049b\u04a3", "'", "]]>"]
)
def test_a_text_is_read_as_it_was_given_by_two_readers(rich: Path, said: str) -> None:
    patch(rich, {(3, 5): said, (2, 2): said})
    page = openpyxl.load_workbook(rich).worksheets[0]
    grid = next(grids(rich))
    assert {page["E3"].data_type, page["B2"].data_type} <= {"s", "inlineStr"}
    assert [grid.text[4][2], grid.text[1][1]] == [said, said]
    if "_x" not in said:  # openpyxl shows the escape as it stands
        assert [page["E3"].value, page["B2"].value] == [said, said]


def test_a_day_becomes_a_date_only_where_the_cell_is_one(rich: Path) -> None:
    day = dt.date(2026, 9, 30)
    patch(rich, {(2, 3): day, (2, 5): day})
    page = openpyxl.load_workbook(rich).worksheets[0]
    assert (page["C2"].value.date(), page["C2"].number_format, page["E2"].value) == (day, "dd.mm.yyyy", "2026-09-30")


def test_a_day_counts_from_the_workbook_s_own_beginning(rich: Path) -> None:
    changed(rich, "xl/workbook.xml", lambda xml: xml.replace("<workbookPr", '<workbookPr date1904="1"', 1))
    patch(rich, {(2, 3): dt.date(2026, 9, 30)})
    assert next(grids(rich)).text[2][1][:10] == "2026-09-30"


def test_an_emptied_cell_keeps_its_look(rich: Path) -> None:
    patch(rich, {(2, 2): ""})
    page = openpyxl.load_workbook(rich).worksheets[0]
    assert (page["B2"].value, page["B2"].font.bold) == (None, True)


def test_a_new_cell_stands_among_the_others_with_the_look_of_its_column(tmp_path: Path) -> None:
    head = '<cols><col min="3" max="4" width="9" style="1"/></cols>'
    path = sheet_of(tmp_path / "a.xlsx", '<row r="2" spans="1:2"><c r="A2"/><c r="E2"><v>1</v></c></row>', before=head)
    assert not patch(path, {(2, 3): "new", (2, 7): 5}, "fields")
    xml = members(path)[SHEET][0].decode()
    assert re.findall(r'<c r="(\w+)"', xml) == ["A2", "C2", "E2", "G2"]
    assert '<c r="C2" s="1" t="inlineStr">' in xml
    assert '<row r="2" spans="1:7">' in xml


@pytest.mark.parametrize(
    ("rows", "after"),
    [
        ('<x:row r="1"><x:c r="A1"/></x:row>', ""),
        ("<x:row><x:c/></x:row>", ""),
        ('<x:row r="1"/>', ""),
        ("<x:row r='1' ><x:c  r='A1' t='str' ><x:v>old</x:v></x:c ></x:row >", ""),
    ],
)
def test_a_sheet_is_patched_in_whatever_way_it_is_written(tmp_path: Path, rows: str, after: str) -> None:
    path = sheet_of(tmp_path / "a.xlsx", "")
    whole = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData>{after}</x:worksheet>'
    changed(path, SHEET, lambda _: whole)
    refused = patch(path, {(1, 1): "new"}, "fields")
    if "</x:c >" in rows:
        assert refused == {(1, 1): "unusual"}
    else:
        assert not refused
        assert next(grids(path)).text[0][0] == "new"


@pytest.mark.parametrize(("place", "code"), [((3, 4), "formula"), ((5, 2), "covered"), ((9, 1), "no_row")])
def test_what_must_not_be_written_into_is_refused_and_the_rest_is_done(
    rich: Path, place: tuple[int, int], code: str
) -> None:
    assert patch(rich, {place: "x", (2, 2): "done"}) == {place: code}
    assert next(grids(rich)).text[1][1] == "done"


@pytest.mark.parametrize(
    ("rows", "after", "code"),
    [
        ('<row r="1"><c r="A1"/></row>', '<sheetProtection password="CC" sheet="1" objects="1"/>', "protected"),
        ('<row r="1"><c r="A1" vm="1" t="e"><v>#VALUE!</v></c></row>', "", "linked"),
        ('<row r="1"><c r="A1"/><c r="B1"><f t="array" ref="A1:B1">x</f><v>1</v></c></row>', "", "array"),
        ('<row r="1"><!-- <c r="A1"/> --><c r="A1"/></row>', "", "unusual"),
        ('<row r="1"><c r="B1"/><c r="A1"/></row>', "", "unusual"),
    ],
)
def test_sheets_that_are_not_touched_say_why(tmp_path: Path, rows: str, after: str, code: str) -> None:
    path = sheet_of(tmp_path / "a.xlsx", rows, after=after)
    before = path.read_bytes()
    assert patch(path, {(1, 1): "new"}, "fields") == {(1, 1): code}
    assert path.read_bytes() == before


def test_a_sheet_that_is_not_there_is_refused(rich: Path) -> None:
    assert patch(rich, {(1, 1): "x"}, "elsewhere") == {(1, 1): "no_sheet"}


def test_a_signed_workbook_is_refused(rich: Path) -> None:
    changed(rich, "_xmlsignatures/origin.sigs", lambda _: "signed")
    with pytest.raises(OutputError, match="is signed"):
        patch(rich, {(2, 2): "x"})


@pytest.mark.skipif(not SOFFICE, reason="LibreOffice is not installed")
def test_another_program_opens_what_was_patched(rich: Path, tmp_path: Path) -> None:
    patch(rich, {(2, 2): "Online shop", (3, 5): "new", (2, 3): dt.date(2026, 9, 30)})
    own = f"-env:UserInstallation={(tmp_path / 'office').as_uri()}"
    words = [str(SOFFICE), "--headless", own, "--convert-to", "csv", "--outdir", str(tmp_path), str(rich)]
    subprocess.run(words, check=True, capture_output=True)
    lines = (tmp_path / "rich.csv").read_text(encoding="utf-8").splitlines()
    assert [re.sub(r"09/30/2026|30.09.2026", "day", line) for line in lines[1:3]] == [
        "a,Online shop,day,7,",
        "b,Post,,14,new",
    ]
