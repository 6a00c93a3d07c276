from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packages import MAIN, SHEET, changed, opendocument, row, table, text, understated, workbook

import derbes
from derbes.errors import SourceError
from derbes.read import grids, guard, sources

if TYPE_CHECKING:
    from derbes.cells import Grid


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        list(grids(path))
    assert caught.value.where == path.name
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return caught.value.code


def saved(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def only(path: Path) -> Grid:
    (grid,) = grids(path)
    return grid


# files that are not what their name says


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xlsx", b"", "empty_file"),
        ("a.ods", b"", "empty_file"),
        ("a.csv", b"", "empty_file"),
        ("a.csv", b"\xef\xbb\xbf\r\n", "empty_file"),
        ("a.xlsx", b"id;name\n1;2\n", "not_a_spreadsheet"),
        ("a.xlsx", b"<html><table><tr><td>1</td></tr></table></html>", "not_a_spreadsheet"),
        ("a.xlsx", guard.OLE + bytes(4096), "not_a_spreadsheet"),
        ("a.xlsx", guard.OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        ("a.xlsx", b"PK\x03\x04 and then nothing", "truncated"),
        ("a.csv", b"PK\x03\x04 a workbook", "not_a_spreadsheet"),
        ("a.csv", guard.OLE, "not_a_spreadsheet"),
        ("a.csv", b"%PDF-1.7", "not_a_spreadsheet"),
        ("a.csv", b"<!DOCTYPE html><html></html>", "not_a_spreadsheet"),
        ("a.csv", bytes(range(1, 32)) * 20, "not_a_spreadsheet"),
        ("a.numbers", b"x", "not_a_spreadsheet"),
    ],
)
def test_what_a_file_is_decides_over_its_name(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    assert refusal(saved(tmp_path / name, content)) == code


@pytest.mark.parametrize(
    ("part", "name"),
    [("word/document.xml", "a.xlsx"), ("xl/workbook.bin", "a.xlsx"), ("content.xml", "a.xlsx"), ("x", "a.ods")],
)
def test_another_kind_of_zip_is_no_workbook(tmp_path: Path, part: str, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as package:
        package.writestr(part, "<x/>")
    assert refusal(tmp_path / name) == "not_a_spreadsheet"


def test_a_workbook_cut_anywhere_is_refused_with_a_reason(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "whole.xlsx", *[[f"field {n}", n] for n in range(300)]).read_bytes()
    for share in range(1, 20):
        code = refusal(saved(tmp_path / "a.xlsx", whole[: len(whole) * share // 20]))
        assert code in {"truncated", "not_a_spreadsheet"}


def test_damage_within_a_part_is_found(tmp_path: Path) -> None:
    raw = bytearray(workbook(tmp_path / "a.xlsx", *[[f"field {n}", n] for n in range(300)]).read_bytes())
    with zipfile.ZipFile(tmp_path / "a.xlsx") as package:
        place = package.getinfo(SHEET).header_offset + 200
    raw[place : place + 40] = bytes(40)
    assert refusal(saved(tmp_path / "a.xlsx", bytes(raw))) == "truncated"


@pytest.mark.parametrize(
    "manifest", ['<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/>']
)
def test_an_ods_with_a_password_is_encrypted(tmp_path: Path, manifest: str) -> None:
    closed = manifest + "</manifest:file-entry>"
    assert refusal(opendocument(tmp_path / "a.ods", table(row(text("x"))), manifest=closed)) == "encrypted"


def test_pipes_folders_and_dead_links_never_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.xlsx")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "dead.ods").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.xlsx").symlink_to(tmp_path / "loop.xlsx")
    codes = [refusal(tmp_path / name) for name in ("pipe.xlsx", "folder.csv", "dead.ods", "loop.xlsx")]
    assert codes == ["unreadable", "unreadable", "missing", "unreadable"]
    assert [source.reason for source in sources(tmp_path)] == [None, "not_a_file", None, "not_a_file"]
    with pytest.raises(SourceError):
        sources(tmp_path / "pipe.xlsx")


def test_a_link_to_a_workbook_is_that_workbook(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", ["x"])
    (tmp_path / "b.xlsx").symlink_to(tmp_path / "a.xlsx")
    assert only(tmp_path / "b.xlsx").text[0][0] == "x"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ["x"])
    path.chmod(0)
    assert refusal(path) == "permission"


# bombs


def test_a_vast_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate(200 << 20)  # a sparse file: no disk is filled
    assert refusal(tmp_path / "a.csv") == "too_large"


@pytest.mark.parametrize("part", [SHEET, "xl/styles.xml", "xl/sharedStrings.xml", "xl/workbook.xml"])
def test_a_part_that_expands_too_much_is_a_bomb(tmp_path: Path, part: str) -> None:
    path = changed(workbook(tmp_path / "a.xlsx", ["x"]), part, lambda xml: xml + " " * (40 << 20))
    assert refusal(path) == "bomb"


def test_a_zip_that_lies_about_a_size_is_not_believed(tmp_path: Path) -> None:
    path = changed(workbook(tmp_path / "a.xlsx", ["x"]), SHEET, lambda xml: xml + " " * (40 << 20))
    assert refusal(understated(path, SHEET, 1000)) == "bomb"


def test_a_small_bomb_costs_less_than_a_second_and_a_hundred_megabytes(tmp_path: Path) -> None:
    path = changed(workbook(tmp_path / "a.xlsx", ["x"]), SHEET, lambda xml: xml + "<row/>" * (8 << 20))
    understated(path, SHEET, 1000)
    program = """if True:
        import resource, sys, time
        from pathlib import Path
        from derbes.errors import SourceError
        from derbes.read import grids
        used, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        try:
            list(grids(Path(sys.argv[1])))
        except SourceError as error:
            print(error.code, time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used)
    """
    source = str(Path(derbes.__file__).parents[1])
    ran = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True, env={"PYTHONPATH": source}
    )
    code, seconds, kilobytes = ran.stdout.split()
    assert code == "bomb"
    assert float(seconds) < 1
    assert int(kilobytes) < 100_000


def test_a_table_of_contents_of_a_million_parts_is_refused_unread(tmp_path: Path) -> None:
    entry = b"PK\x01\x02" + bytes(24) + (4).to_bytes(2, "little") + bytes(16) + b"a.xm"
    count = 100_000
    listed = entry * count
    end = b"PK\x05\x06" + bytes(8) + len(listed).to_bytes(4, "little") + (4).to_bytes(4, "little") + bytes(2)
    assert refusal(saved(tmp_path / "a.xlsx", b"PK\x03\x04" + listed + end)) == "bomb"


def test_two_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ["x"])
    with zipfile.ZipFile(path, "a") as package:
        package.writestr(SHEET.upper(), "<worksheet/>")
    assert refusal(path) == "unreadable"


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
def test_declared_entities_are_refused(tmp_path: Path, part: str) -> None:
    doctype = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
    assert refusal(changed(workbook(tmp_path / "a.xlsx", ["x"]), part, lambda xml: doctype + xml)) == "bomb"


def test_a_count_of_strings_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    announced = f'<sst xmlns="{MAIN}" count="1" uniqueCount="4000000000"><si><t>x</t></si></sst>'
    assert refusal(changed(workbook(tmp_path / "a.xlsx", ["x"]), "xl/sharedStrings.xml", lambda _: announced)) == "bomb"


def test_a_count_of_spaces_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    spaces = row(text('a<text:s text:c="1500000000"/>b'))
    assert refusal(opendocument(tmp_path / "a.ods", table(spaces))) == "unreadable"
