from __future__ import annotations

import os
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest
import xlsxwriter
from packages import MAIN, SHEET, changed, opendocument, row, sheet_of, table, text, workbook

from derbes.cells import Grid, Kind
from derbes.errors import SourceError
from derbes.read import content, grids, worksheet

if TYPE_CHECKING:
    from pathlib import Path

CELL = '<row r="1"><c r="A1"><v>1</v></c></row>'


def only(path: Path) -> Grid:
    (grid,) = grids(path)
    return grid


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        list(grids(path))
    return caught.value.code


# sheets too vast to hold


def test_a_cell_in_the_last_corner_is_not_given_to_the_library_and_other_sheets_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("vast")
        page.write_string(0, 0, "x")
        page.write_string(1_048_575, 16_383, "x")
        book.add_worksheet("fields").write_string(0, 0, "x")
    vast, fields = grids(path)
    assert (vast.reason, vast.notes, vast.text) == ("too_large", ("cells_reach:XFD1048576",), [])
    assert (fields.reason, fields.text[0][0]) == (None, "x")


def test_a_stray_cell_in_the_last_row_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("fields")
        page.write_row(0, 0, ["a", "b", "c"])
        page.write_string(1_048_575, 2, "stray")
    grid = only(path)
    assert (len(grid.text[2]), grid.text[2][-1], grid.text[0][0]) == (1_048_576, "stray", "a")


def test_formatted_blank_cells_to_the_last_row_are_nothing(tmp_path: Path) -> None:
    blank = '<row r="{0}"><c r="A{0}" s="0"/><c r="ZZ{0}" s="0"/></row>'
    rows = "".join(map(blank.format, range(2, 2000)))
    far = '<row r="1048576" s="0" customFormat="1"><c r="XFD1048576" s="0"/></row>'
    grid = only(sheet_of(tmp_path / "a.xlsx", CELL + rows + far))
    assert ([list(column) for column in grid.text], grid.reason) == ([["1"]], None)


def test_a_dimension_that_lies_is_not_believed(tmp_path: Path) -> None:
    stated = '<dimension ref="A1:XFD1048576"/>'
    assert only(sheet_of(tmp_path / "a.xlsx", CELL, before=stated)).reason is None
    far = CELL + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    assert only(sheet_of(tmp_path / "b.xlsx", far, before='<dimension ref="A1"/>')).reason == "too_large"


FAR = [
    '<c r="XFD1048576"><v>1</v></c>',
    '<c  r="XFD1048576"><v>1</v></c>',
    "<c r='XFD1048576'><v>1</v></c>",
    '<c s="0" r="XFD1048576"><v>1</v></c>',
    '<c r = "XFD1048576" ><v>1</v></c>',
    '<c\nr="XFD1048576"\n><v>1</v></c>',
    '<c r="xfd1048576"><v>1</v></c>',
    '<c x=">" r="XFD1048576"><v>1</v></c>',
    '<c x="<" r="XFD1048576"><v>1</v></c>',
    '<c r="A1" r="XFD1048576"><v>1</v></c>',
    '<c r="A1" r ="XFD1048576"><v>1</v></c>',
    '<y:c r="XFD1048576"><v>1</v></y:c>',
    '<c r="ZZZZ1048576"><v>1</v></c>',
    '<c r="A4294967295"><v>1</v></c>',
    '<c r="A99999999"><v>1</v></c>',
    '<!-- <c r="A1"> --><c r="XFD1048576"><v>1</v></c>',
    '<c r="XFD1048576"><v><![CDATA[1]]></v></c>',
    '<c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c>',
    '<c r="XFD1048576"><f>1+1</f></c>',
]


@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("also", ["", '<c r="AB1"><v>1</v></c>'])
def test_no_way_of_writing_a_far_cell_reaches_the_library(tmp_path: Path, far: str, also: str) -> None:
    grid = only(sheet_of(tmp_path / "a.xlsx", f'<row r="1"><c r="A1"><v>1</v></c>{also}{far}</row>'))
    assert grid.reason in {"too_large", "unreadable"}


@pytest.mark.parametrize(
    ("before", "rows", "after"),
    [
        ("<!-- <sheetData/> -->", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', ""),
        ("<sheetData/>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', ""),
        ("", CELL, '<sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'),
        ("", CELL + "<!-- </sheetData> -->", ""),
    ],
)
def test_cells_in_an_odd_place_are_refused(tmp_path: Path, before: str, rows: str, after: str) -> None:
    grid = only(sheet_of(tmp_path / "a.xlsx", rows, before=before, after=after))
    assert grid.reason in {"too_large", "unreadable"}


def test_a_sheet_in_utf16_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ["x"])
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts[SHEET] = parts[SHEET].decode().replace("UTF-8", "UTF-16").encode("utf-16")
    with zipfile.ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)
    assert refusal(path) == "unreadable"


def test_a_row_without_end_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    noise = zlib.compress(os.urandom(1 << 16), 0).hex()
    row_ = '<row r="1"><c r="A1" t="inlineStr"><is><t>' + noise * 160 + "</t></is></c></row>"
    assert only(sheet_of(tmp_path / "a.xlsx", row_)).reason == "too_large"


def test_a_cell_of_more_than_a_million_characters_is_refused_whole(tmp_path: Path) -> None:
    rows = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{"ab" * 500_001}</t></is></c></row>'
    grid = only(sheet_of(tmp_path / "a.xlsx", rows))
    assert (grid.reason, grid.notes) == ("too_large", ("cell_overlong",))


def test_an_ods_sheet_with_a_cell_in_the_last_corner_is_cut_out_and_the_others_are_read(tmp_path: Path) -> None:
    blank = '<table:table-cell table:number-columns-repeated="16383"/>'
    vast = row(text("x")) + row(blank, 'table:number-rows-repeated="1048574"') + row(blank + text("z"))
    tables = table(row(text("a")), "first") + table(vast, "vast &amp; wide") + table(row(text("b")), "last")
    first, second, last = grids(opendocument(tmp_path / "a.ods", tables))
    assert (second.sheet, second.reason) == ("vast & wide", "too_large")
    assert second.notes == ("cells_reach:XFD1048576",)
    assert (first.text[0][0], last.text[0][0]) == ("a", "b")


def test_an_ods_row_repeated_a_million_times_is_counted(tmp_path: Path) -> None:
    wide = text("x", 'table:number-columns-repeated="100"')
    grid = only(opendocument(tmp_path / "a.ods", table(row(wide, 'table:number-rows-repeated="1000000"'))))
    assert grid.reason == "too_large"


def test_an_ods_sheet_within_a_cell_or_a_comment_is_refused(tmp_path: Path) -> None:
    inner = f"<table:table-cell>{table(row(text('x')), 'inner')}</table:table-cell>"
    assert refusal(opendocument(tmp_path / "a.ods", table(row(inner)))) == "unreadable"
    assert refusal(opendocument(tmp_path / "b.ods", table(row(text("x")) + "<!-- -->"))) == "unreadable"
    assert refusal(opendocument(tmp_path / "c.ods", "")) == "unreadable"


@pytest.mark.parametrize(
    "rows",
    [
        row(text("x", 'table:number-columns-repeated="+16384"'), 'table:number-rows-repeated="1000000"'),
        row(text("x", 'table:number-columns-repeated="&#49;6384"'), 'table:number-rows-repeated="1000000"'),
        row(text("x", "table:number-columns-repeated = '16384'"), "table:number-rows-repeated = '1000000'"),
        row(text("x", 'a="</table:table-row>" table:number-columns-repeated="16384"') * 2),
        text("x", 'table:number-columns-repeated="16384"') * 2,
    ],
)
def test_no_way_of_writing_a_count_reaches_the_library(tmp_path: Path, rows: str) -> None:
    path = opendocument(tmp_path / "a.ods", table(rows))
    try:
        assert only(path).reason == "too_large"
    except SourceError as error:
        assert error.code == "unreadable"  # noqa: PT017


# sheets written in unusual ways


PREFIXED = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>%s</x:sheetData></x:worksheet>'


def test_prefixed_elements_are_read_like_others(tmp_path: Path) -> None:
    cells = '<x:c r="B2" t="e"><x:v>#REF!</x:v></x:c><x:c r="C2"><x:f>1+1</x:f></x:c><x:c r="D2"><x:v>5</x:v></x:c>'
    path = workbook(tmp_path / "a.xlsx", ["x"])
    grid = only(changed(path, SHEET, lambda _: PREFIXED % f'<x:row r="2" hidden="1">{cells}</x:row>'))
    assert [column[1] for column in grid.text] == ["", "#REF!", "", "5"]
    assert [column[1] for column in grid.kind] == [Kind.TEXT, Kind.ERROR, Kind.FORMULA, Kind.NUMBER]
    assert grid.hidden_rows == {2}


@pytest.mark.parametrize(
    "rows",
    [
        '<row><c><v>1</v></c></row><row hidden="1"><c t="e"><v>#N/A</v></c><c><f>1</f></c><c t="str"><v>a</v></c></row>',  # noqa: E501
        "<row r='1'><c r='A1'><v>1</v></c></row>"  # noqa: ISC004
        "<row hidden='true' r='2'><c t='e' r='A2'><v>#N/A</v></c><c r='B2'><f>1</f><v/></c><c t='str' r='C2'><v>a</v></c></row>",  # noqa: E501
        '<row\tr="1"><c  r="a1" ><v>1</v></c ></row>'  # noqa: ISC004
        '<row r="2" hidden="1"><c cm="1" r="A2" t="e"><v>#N/A</v></c><c/><c r="B2"><f>1</f></c><c t="str" ><v>a</v></c></row>',  # noqa: E501
    ],
)
def test_attributes_may_be_missing_in_any_order_and_quotes(tmp_path: Path, rows: str) -> None:
    grid = only(sheet_of(tmp_path / "a.xlsx", rows))
    assert [list(column) for column in grid.text] == [["1", "#N/A"], ["", ""], ["", "a"]]
    assert [list(column) for column in grid.kind] == [[Kind.NUMBER, Kind.ERROR], [0, Kind.FORMULA], [0, Kind.TEXT]]
    assert grid.hidden_rows == {2}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_where_the_unpacked_bytes_are_cut_makes_no_difference(tmp_path: Path, size: int) -> None:
    def pieces(whole: bytes) -> list[bytes]:
        return [whole[place : place + size] for place in range(0, len(whole), size)]

    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        for number in range(6):
            page.write_formula(number, number, "=1/0", None, "#DIV/0!")
            page.write_formula(number, 30, "=1", None, "")
            page.merge_range(number + 10, 0, number + 10, 2, "m")
        page.set_row(2, None, None, {"hidden": True})
    with zipfile.ZipFile(path) as package:
        xml = package.read(SHEET)
    assert worksheet.survey(lambda: pieces(xml)) == worksheet.survey(lambda: [xml])
    repeated = text("x<text:tab/>", 'table:number-columns-repeated = "3"')
    rows = row(repeated, 'table:visibility="collapse" table:number-rows-repeated="2"') * 3
    path = opendocument(tmp_path / "a.ods", table(rows) + table(row('<table:table-cell table:formula="of:=1"/>'), "b"))
    with zipfile.ZipFile(path) as package:
        xml = package.read("content.xml")
    found = content.survey(pieces(xml))
    assert found == content.survey([xml])
    assert len(found[0][0].facts.marks) == 18


def test_a_cell_the_library_cannot_read_spoils_its_sheet_only(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ["x"])
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("bad")
        book.add_worksheet("good").write_string(0, 0, "x")
    bad, good = grids(
        changed(path, SHEET, lambda xml: xml.replace("<sheetData/>", f"<sheetData>{STRANGE}</sheetData>"))
    )
    assert (bad.reason, bad.notes[0].partition(":")[0]) == ("unreadable", "library")
    assert good.text[0][0] == "x"


STRANGE = '<row r="1"><c r="A1" t="s"><v>999</v></c></row>'
