from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

import openpyxl
import pytest
import xlsxwriter
from odf import opendocument as odf
from odf import table as odf_table
from odf import text as odf_text
from packages import changed, opendocument, row, sheet_of, table, text, workbook

from derbes.cells import Grid, Kind
from derbes.errors import SourceError
from derbes.read import grids, sources, written_by_derbes
from derbes.text import data, escape

if TYPE_CHECKING:
    from pathlib import Path

NAME = "\u0418\u043c\u044f"  # "name" in Russian: what a file that is not ASCII has to be read for
KAZAKH = "\u0430\u0493\u0437\u0430"  # "limb": has a letter that Windows-1251 lacks


def only(path: Path) -> Grid:
    (grid,) = grids(path)
    return grid


def cells(grid: Grid) -> list[list[str]]:
    return [list(line) for line in zip(*grid.text, strict=True)]


def kinds(grid: Grid) -> list[list[Kind]]:
    return [[Kind(kind) for kind in line] for line in zip(*grid.kind, strict=True)]


def csv(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path


# workbooks


def test_every_cell_stands_where_openpyxl_sees_it(tmp_path: Path) -> None:
    chance = random.Random(20260930)  # noqa: S311
    path = tmp_path / "register.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("fields")
        for _ in range(400):
            place = chance.randrange(3, 60), chance.randrange(2, 40)
            page.write(*place, chance.choice([NAME, "a b", 7.1, 5, 0, 1, True, False, "007", " space "]))
    shown = {True: "true", False: "false"}
    seen = {
        (cell.row, cell.column): shown[cell.value] if isinstance(cell.value, bool) else str(cell.value)
        for line in openpyxl.load_workbook(path)["fields"].iter_rows()
        for cell in line
        if cell.value is not None
    }
    grid = only(path)
    read = {(r, c): said for r, line in enumerate(cells(grid), 1) for c, said in enumerate(line, 1) if said}
    assert read == seen
    assert min(read)[0] > 3, "the leading blank rows are there"


def test_a_one_a_yes_and_a_text_one_in_the_same_column_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write_number(0, 0, 1)
        page.write_boolean(1, 0, True)  # noqa: FBT003
        page.write_string(2, 0, "1")
        page.write_boolean(3, 0, False)  # noqa: FBT003
        page.write_number(4, 0, 0)
    grid = only(path)
    assert cells(grid) == [["1"], ["true"], ["1"], ["false"], ["0"]]
    assert kinds(grid) == [[Kind.NUMBER], [Kind.FLAG], [Kind.TEXT], [Kind.FLAG], [Kind.NUMBER]]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (7.1, "7.1"),
        (7.10, "7.1"),  # noqa: PT014
        (5, "5"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.3"),  # a spreadsheet keeps 16 digits
        (123456789012, "123456789012"),
        (4400430123456789, "4400430123456789"),
        (1e21, "1e+21"),
        (1 / 3, "0.3333333333333333"),
    ],
)
def test_a_number_is_its_shortest_text(tmp_path: Path, number: float, said: str) -> None:
    grid = only(workbook(tmp_path / "a.xlsx", [number]))
    assert (cells(grid), kinds(grid)) == ([[said]], [[Kind.NUMBER]])


def test_dates_are_iso_and_times_are_text(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        formats = {name: book.add_format({"num_format": name}) for name in ("dd.mm.yyyy", "hh:mm", "[h]:mm:ss")}
        page.write_datetime(0, 0, dt.datetime(2026, 9, 30), formats["dd.mm.yyyy"])  # noqa: DTZ001
        page.write_datetime(0, 1, dt.datetime(2026, 9, 30, 10), formats["dd.mm.yyyy"])  # noqa: DTZ001
        page.write_datetime(0, 2, dt.time(10, 30), formats["hh:mm"])
        page.write_datetime(0, 3, dt.timedelta(hours=30), formats["[h]:mm:ss"])
    grid = only(path)
    assert cells(grid) == [["2026-09-30", "2026-09-30T10:00:00", "10:30:00", "30:00:00"]]
    assert kinds(grid) == [[Kind.DATE, Kind.DATE, Kind.TEXT, Kind.TEXT]]


def test_dates_counted_from_1904_are_the_same_dates(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": True}) as book:
        page = book.add_worksheet()
        page.write_datetime(0, 0, dt.datetime(2026, 9, 30), book.add_format({"num_format": "dd.mm.yyyy"}))  # noqa: DTZ001
    assert cells(only(path)) == [["2026-09-30"]]


def test_texts_are_verbatim(tmp_path: Path) -> None:
    said = ["  two spaces ", "a\nb", "no\u00a0break", "=1+1", KAZAKH, "&lt;", "007", "none"]
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        for number, each in enumerate(said):
            page.write_string(0, number, each)
    assert cells(only(path)) == [said]


def test_a_carriage_return_written_as_a_code_is_a_carriage_return(tmp_path: Path) -> None:
    path = sheet_of(tmp_path / "a.xlsx", '<row r="1"><c r="A1" t="inlineStr"><is><t>a_x000D_\nb</t></is></c></row>')
    assert cells(only(path)) == [["a\r\nb"]]


def test_error_cells_are_errors_with_their_text(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["field_id", "name"])
        page.write_formula(2, 1, "=1/0", None, "#DIV/0!")
        page.write_formula(5, 3, "=x", None, "#REF!")
    grid = only(path)
    assert (cells(grid)[2][1], kinds(grid)[2][1]) == ("#DIV/0!", Kind.ERROR)
    assert (cells(grid)[5][3], kinds(grid)[5][3]) == ("#REF!", Kind.ERROR)
    assert len(grid.text[0]) == 6


def test_a_formula_without_a_stored_value_is_told_from_one_with_an_empty_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a", "=1+1", "=A1"])
    book.save(tmp_path / "a.xlsx")
    assert kinds(only(tmp_path / "a.xlsx")) == [[Kind.TEXT, Kind.FORMULA, Kind.FORMULA]]
    stored = '<c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>""</f><v></v></c><c r="C1"><f>1</f></c>'
    grid = only(sheet_of(tmp_path / "b.xlsx", f'<row r="1">{stored}</row>'))
    assert kinds(grid) == [[Kind.NUMBER, Kind.TEXT, Kind.FORMULA]]
    assert cells(grid) == [["2", "", ""]]


def test_hidden_rows_merged_cells_and_hidden_sheets_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("fields")
        for number in range(9):
            page.write_string(number, 0, "x")
        page.set_row(3, None, None, {"hidden": True})
        page.merge_range("B6:C7", "both")
        book.add_worksheet("secret").hide()
        book.add_worksheet("very").very_hidden()
    fields, secret, very = grids(path)
    assert fields.hidden_rows == {4}
    assert fields.merged == ("B6:C7",)
    assert (fields.visible, secret.visible, very.visible) == (True, False, False)
    assert (secret.text, secret.reason) == ([], None)


def test_trailing_blank_rows_are_cut(tmp_path: Path) -> None:
    blank = '<c r="A{0}" s="0"/><c r="B{0}" t="str"><f>""</f><v></v></c>'
    rows = "".join(f'<row r="{number}">{blank.format(number)}</row>' for number in range(2, 50))
    grid = only(sheet_of(tmp_path / "a.xlsx", '<row r="1"><c r="A1"><v>1</v></c></row>' + rows))
    assert cells(grid) == [["1", ""]]


def test_a_macro_workbook_is_read_without_its_macros(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ["x"]).rename(tmp_path / "a.XLSM")
    changed(path, "xl/vbaProject.bin", lambda _: "not looked at")
    assert cells(only(path)) == [["x"]]


def test_a_chart_sheet_is_no_sheet(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("fields")
        page.write_number(0, 0, 1)
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=fields!$A$1:$A$1"})
        book.add_chartsheet("picture").set_chart(chart)
        book.add_worksheet("after").write_string(0, 0, "x")
    assert [(grid.sheet, grid.reason) for grid in grids(path)] == [("fields", None), ("after", None)]


def test_equal_cells_of_a_column_share_one_text(tmp_path: Path) -> None:
    grid = only(workbook(tmp_path / "a.xlsx", *[["field", 7.5] for _ in range(3000)]))
    assert len({id(said) for said in grid.text[0]}) == 1
    assert len({id(said) for said in grid.text[1]}) == 1


def test_kinds_and_texts_hold_across_blocks_of_rows(tmp_path: Path) -> None:
    rows: list[list[object]] = [["x"] for _ in range(5000)]
    rows[3000] = ["x", 7.5, "late"]
    grid = only(workbook(tmp_path / "a.xlsx", *rows))
    assert [len(column) for column in (*grid.text, *grid.kind)] == [5000] * 6
    assert kinds(grid)[3000] == [Kind.TEXT, Kind.NUMBER, Kind.TEXT]
    assert sum(map(sum, grid.kind)) == Kind.NUMBER


def test_a_workbook_written_by_derbes_is_known_by_its_property(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "own.xlsx") as book:
        book.set_custom_property("derbes", "0.1.0")
    with xlsxwriter.Workbook(tmp_path / "other.xlsx") as book:
        book.set_custom_property("project", "derbes")
    assert written_by_derbes(tmp_path / "own.xlsx")
    assert not written_by_derbes(tmp_path / "other.xlsx")
    assert not written_by_derbes(csv(tmp_path / "a.xlsx", "a;b"))


# OpenDocument


def test_an_ods_written_by_odfpy_is_read(tmp_path: Path) -> None:
    document = odf.OpenDocumentSpreadsheet()
    page = odf_table.Table(name="fields")
    for values in (["field_id", "name"], ["a", NAME]):
        line = odf_table.TableRow()
        for value in values:
            cell = odf_table.TableCell(valuetype="string")
            cell.addElement(odf_text.P(text=value))
            line.addElement(cell)
        page.addElement(line)
    line, untyped = odf_table.TableRow(), odf_table.TableCell()
    untyped.addElement(odf_text.P(text="untyped"))
    line.addElement(untyped)
    line.addElement(odf_table.TableCell(valuetype="float", value=7.1))
    line.addElement(odf_table.TableCell(valuetype="date", datevalue="2026-09-30"))
    page.addElement(line)
    document.spreadsheet.addElement(page)
    document.save(tmp_path / "a.ods")
    grid = only(tmp_path / "a.ods")
    assert cells(grid) == [["field_id", "name", ""], ["a", NAME, ""], ["untyped", "7.1", "2026-09-30"]]
    assert kinds(grid)[2] == [Kind.TEXT, Kind.NUMBER, Kind.DATE]


def test_ods_rows_keep_their_numbers_and_blank_tails_cost_nothing(tmp_path: Path) -> None:
    blank = '<table:table-cell table:number-columns-repeated="16383"/>'
    rows = row(blank, 'table:number-rows-repeated="2"') + row("<table:table-cell/>" + text("x") + blank)
    tail = row(blank, 'table:number-rows-repeated="1048573"')
    assert cells(only(opendocument(tmp_path / "a.ods", table(rows + tail)))) == [["", ""], ["", ""], ["", "x"]]


def test_ods_line_breaks_tabs_and_spaces_are_kept_and_comments_are_not_text(tmp_path: Path) -> None:
    note = "<office:annotation><text:p>a remark</text:p></office:annotation>"
    said = text('a<text:s text:c="2"/>b<text:line-break/>c<text:tab/>d &amp; e') + text("x</text:p><text:p>y")
    noted = (
        f'<table:table-cell office:value-type="string">{note}<text:p>q<text:line-break/>r</text:p></table:table-cell>'
    )
    grid = only(opendocument(tmp_path / "a.ods", table(row(said + noted))))
    assert cells(grid) == [["a  b\nc\td & e", "x\ny", "q\nr"]]


def test_ods_errors_formulas_hidden_and_merged_are_told(tmp_path: Path) -> None:
    broken = (
        '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value=""'
        ' calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>'
    )
    older = (
        '<table:table-cell table:formula="of:=x" office:value-type="float" office:value="0"><text:p>Err:502</text:p>'
    )
    unknown = '<table:table-cell table:formula="of:=1+1"/>'
    whole = '<table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"><text:p>2</text:p>'
    wide = text("m", 'table:number-columns-spanned="2" table:number-rows-spanned="1"') + "<table:covered-table-cell/>"
    close = "</table:table-cell>"
    rows = row(broken + older + close + unknown + whole + close) + row(wide, 'table:visibility="filter"')
    grid = only(opendocument(tmp_path / "a.ods", table(rows)))
    assert cells(grid)[0] == ["#DIV/0!", "Err:502", "", "2"]
    assert kinds(grid)[0] == [Kind.ERROR, Kind.ERROR, Kind.FORMULA, Kind.NUMBER]
    assert (grid.hidden_rows, grid.merged) == ({2}, ("A2:B2",))


# CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1251"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_encoding_and_separator_are_found_out(tmp_path: Path, encoding: str, separator: str) -> None:
    lines = [["field_id", "name", "subject_ids"], ["f-1", NAME * 3, "a"], ["f-2", NAME, "b"]]
    said = "\r\n".join(separator.join(line) for line in lines)
    grid = only(csv(tmp_path / "fields.csv", said, encoding))
    assert (cells(grid), grid.sheet) == (lines, "fields")
    assert grid.notes == (("read_as:cp1251",) if encoding == "cp1251" else ())


def test_semicolons_within_cells_do_not_make_the_separator(tmp_path: Path) -> None:
    said = "id,subjects,name\na,x;y;z,n\nb,x;y;z,n\nc,x;y;z,n\n"
    assert cells(only(csv(tmp_path / "a.csv", said)))[1] == ["a", "x;y;z", "n"]
    quoted = 'id;subjects\na;"x;y, z"\nb;"x;y, z"\n'
    assert cells(only(csv(tmp_path / "b.csv", quoted)))[1] == ["a", "x;y, z"]


def test_a_single_column_with_commas_in_its_sentences_stays_one(tmp_path: Path) -> None:
    grid = only(csv(tmp_path / "a.csv", "summary\nWe collect, store and use.\nNothing else.\nA, b, c, d\n"))
    assert cells(grid)[1] == ["We collect, store and use."]


def test_the_line_that_names_the_separator_for_excel_is_no_record(tmp_path: Path) -> None:
    assert cells(only(csv(tmp_path / "a.csv", "sep=;\r\na;b,c\r\n1;2,3\r\n"))) == [["a", "b,c"], ["1", "2,3"]]


def test_lines_in_quotes_ragged_and_blank_records_and_zero_bytes_are_kept(tmp_path: Path) -> None:
    grid = only(csv(tmp_path / "a.csv", 'a;b;c\n"x\ny";2\n\n1;2;3;4\n\0;z\n;;;\n\n'))
    expected = [["a", "b", "c", ""], ["x\ny", "2", "", ""], ["", "", "", ""], ["1", "2", "3", "4"], ["\0", "z", "", ""]]
    assert cells(grid) == expected


def test_the_apostrophe_of_derbes_is_taken_back_and_others_stay(tmp_path: Path) -> None:
    said = ["=1+1", "+7 (727)", "-", "@x", "'quoted'", "'=x"]
    content = ";".join("abcdef") + "\n" + ";".join(escape(each) for each in said) + "\n"
    assert cells(only(csv(tmp_path / "a.csv", content)))[1] == said


def test_an_unclosed_quote_is_said_and_not_swallowed(tmp_path: Path) -> None:
    grid = only(csv(tmp_path / "a.csv", 'a;b\n1;"open\n2;x\n3;y\n'))
    assert (grid.reason, grid.notes, grid.text) == ("unclosed_quote", ("record:2",), [])


def test_a_long_cell_is_whole_and_a_vast_one_is_refused(tmp_path: Path) -> None:
    assert cells(only(csv(tmp_path / "a.csv", "a;b\n" + "x" * 900_000 + ";1\n")))[1][0] == "x" * 900_000
    assert only(csv(tmp_path / "b.csv", "a;b\n" + "x" * 1_000_005 + ";1\n")).reason == "too_large"


def test_damaged_utf8_is_refused_rather_than_read_as_other_letters(tmp_path: Path) -> None:
    raw = f"id;name\n1;{NAME * 7}\n".encode() + b"\xd0\n"
    with pytest.raises(SourceError, match="byte"):
        only(csv(tmp_path / "a.csv", raw))


# folders


def test_a_folder_lists_its_spreadsheets_with_the_reasons_for_what_is_left_out(tmp_path: Path) -> None:
    workbook(tmp_path / "register.xlsx", ["x"])
    with xlsxwriter.Workbook(tmp_path / "audit.xlsx") as book:
        book.set_custom_property("derbes", "0.1.0")
    for name in ("~$register.xlsx", "decisions.csv", "old.xls", "b.CSV", ".hidden.csv", "notes.txt", "SHA256SUMS"):
        (tmp_path / name).write_bytes(b"a;b\n")
    (tmp_path / "folder.xlsx").mkdir()
    assert [(source.path.name, source.reason) for source in sources(tmp_path)] == [
        ("audit.xlsx", "written_by_derbes"),
        ("b.CSV", None),
        ("decisions.csv", "decisions"),
        ("folder.xlsx", "not_a_file"),
        ("old.xls", "unsupported"),
        ("register.xlsx", None),
        ("~$register.xlsx", "lock_file"),
    ]


def test_a_single_file_is_its_own_listing(tmp_path: Path) -> None:
    path = workbook(tmp_path / "register.xlsx", ["x"])
    assert [source.path for source in sources(path)] == [path]


def test_every_reason_has_words_in_three_languages() -> None:
    assert all(set(said) == {"ru", "kk", "en"} for said in data("reasons").values())
