"""Writing answers: whatever fails, every file is the old one or the new one, and the next merge does what is left."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from conftest import DEMO, demo_tables, write_tables
from filelock import FileLock
from packages import opendocument, row, table, text
from packing import Dealt, changes, copied, deal, refusals

import derbes
from derbes import packs
from derbes.errors import OutputError
from derbes.packs import applying, records
from derbes.schema import load

if TYPE_CHECKING:
    from collections.abc import Callable

SITE = "A new hall"
KEYS = {"customers.xlsx": "shop", "staff.xlsx": "payroll"}


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Dealt:
    home = tmp_path_factory.mktemp("dealt") / "home"
    made = deal(shutil.copytree(DEMO, home), home.with_name("packs"))
    for key in KEYS.values():
        made.answer("systems", key, storage_site=SITE)
    return made


@pytest.fixture
def dealt(handed: Dealt, tmp_path: Path) -> Dealt:
    return copied(handed, tmp_path)


def sites(home: Path) -> dict[str, bool]:
    """Whether a file has its answer."""
    inv = derbes.load(home)
    return {file: inv.systems.set_index("system_id")["storage_site"][key] == SITE for file, key in KEYS.items()}


def whole(dealt: Dealt) -> dict[str, bool]:
    """Make sure that every file is the old one or the new one and nothing lies beside them; say which."""
    done = sites(dealt.home)
    old = [name for name, new in done.items() if not new]
    assert [name for name in old if (dealt.home / name).read_bytes() != (DEMO / name).read_bytes()] == []
    assert [path.name for path in dealt.home.iterdir() if ".tmp" in path.name] == []
    return done


def failing(call: Callable[..., Any], number: int, error: BaseException) -> Callable[..., Any]:
    """Call that fails the given time."""
    calls: list[int] = []

    def refusing(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == number:
            raise error
        return call(*arguments, **named)

    return refusing


FULL, HELD = OSError(errno.ENOSPC, "No space left on device"), PermissionError(errno.EACCES, "in use")
STEPS = [
    (os, "fsync", FULL),
    (shutil, "copymode", HELD),
    (Path, "replace", HELD),
    (applying, "_write", FULL),
    (applying, "_check", FULL),
]
FAULTS = [
    (owner, name, error, number)
    for owner, name, fault in STEPS
    for error in (fault, KeyboardInterrupt())
    for number in (1, 2)
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[1]} {fault[3]} {type(fault[2]).__name__}")
def test_a_failure_anywhere_leaves_old_files_or_new_ones_and_merging_again_does_the_rest(
    dealt: Dealt, monkeypatch: pytest.MonkeyPatch, fault: tuple[Any, str, BaseException, int]
) -> None:
    owner, name, error, number = fault
    plan = dealt.merge().prepared
    with monkeypatch.context() as patching:
        patching.setattr(owner, name, failing(getattr(owner, name), number, error))
        with pytest.raises((OutputError, KeyboardInterrupt)) as caught:
            packs.apply(plan)
    done = whole(dealt)
    expected = [name == "replace" and number == 2, False]
    assert [done["customers.xlsx"], done["staff.xlsx"]] == expected
    if isinstance(error, OSError):
        assert ("customers.xlsx already" in str(caught.value)) == expected[0]
        assert str(caught.value).count("\n") == 0
    dealt.apply()
    assert whole(dealt) == dict.fromkeys(KEYS, True)


KILLED = """
import os, sys
from pathlib import Path
from derbes import packs
place, number = sys.argv[3], int(sys.argv[4])
owner = Path if place == "replace" else os
call, calls = getattr(owner, place), []
def dying(*arguments, **named):
    calls.append(1)
    if len(calls) == number:
        os.kill(os.getpid(), 9)
    return call(*arguments, **named)
setattr(owner, place, dying)
packs.apply(packs.merge(Path(sys.argv[1]), Path(sys.argv[2])).prepared)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a matter of POSIX")
@pytest.mark.parametrize("place", ["fsync", "replace"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_killed_merge_leaves_old_files_or_new_ones_and_the_next_clears_up(
    dealt: Dealt, place: str, number: int
) -> None:
    words = [sys.executable, "-c", KILLED, str(dealt.folder), str(dealt.home), place, str(number)]
    assert subprocess.run(words, check=False, capture_output=True).returncode == -9
    assert sites(dealt.home) == {"customers.xlsx": place == "replace" and number == 2, "staff.xlsx": False}
    dealt.apply()
    assert whole(dealt) == dict.fromkeys(KEYS, True)


def test_two_merges_do_not_write_at_once(dealt: Dealt) -> None:
    plan = dealt.merge().prepared
    with (
        FileLock(dealt.home / ".derbes-merge.lock"),
        pytest.raises(OutputError, match="is being written by another derbes"),
    ):
        packs.apply(plan)
    assert whole(dealt) == dict.fromkeys(KEYS, False)


def test_a_file_that_changed_since_the_preview_is_left_alone(dealt: Dealt) -> None:
    plan = dealt.merge().prepared
    path = dealt.home / "staff.xlsx"
    book = openpyxl.load_workbook(path)
    book.save(path)
    saved = path.read_bytes()
    with pytest.raises(OutputError, match="changed meanwhile"):
        packs.apply(plan)
    assert path.read_bytes() == saved


def test_a_linked_workbook_is_written_where_it_lies(dealt: Dealt, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.xlsx"
    (dealt.home / "staff.xlsx").rename(real)
    (dealt.home / "staff.xlsx").symlink_to(real)
    dealt.apply()
    assert (dealt.home / "staff.xlsx").is_symlink()
    assert sites(dealt.home) == dict.fromkeys(KEYS, True)


def test_a_cell_of_the_inventory_that_holds_a_formula_is_said_and_left(dealt: Dealt) -> None:
    path = dealt.home / "customers.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book[load().tables["systems"].title["ru"]]
    sheet["O2"].value = '=""'
    book.save(path)
    dealt.answer("systems", "shop", note="answered")
    found = dealt.merge()
    assert ("shop", "note", "formula") in refusals(found)
    assert {row[2] for row in changes(found)} == {"storage_site"}


def test_an_opendocument_inventory_is_not_written_into(tmp_path: Path) -> None:
    home = write_tables(tmp_path / "home", demo_tables())
    dealt = deal(home, tmp_path / "packs")
    dealt.answer("systems", "shop", storage_site=SITE)
    rows = [list(load().tables["systems"].columns), *([*r.values()] for r in demo_tables()["systems"])]
    xml = "".join(row("".join(text(cell.replace("&", "&amp;")) for cell in cells)) for cells in rows)
    (home / "systems.csv").unlink()
    opendocument(home / "systems.ods", table(xml, "systems"))
    found = dealt.merge()
    assert (changes(found), refusals(found)) == ([], [("shop", "storage_site", "no_xlsx")])


FORMS = [
    ("utf-8-sig", ";", "\r\n"),
    ("utf-8", ",", "\n"),
    ("cp1251", ";", "\r\n"),
    ("utf-16", "\t", "\r\n"),
    ("utf-8", ";", "\r"),
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form[0]} {form[1]!r} {form[2]!r}")
@pytest.mark.parametrize("announced", [False, True])
def test_only_the_field_of_a_record_changes(tmp_path: Path, form: tuple[str, str, str], announced: bool) -> None:  # noqa: FBT001
    encoding, s, end = form
    path = tmp_path / "systems.csv"
    lines = [f'system_id{s}name{s}"note, of ours"', "", f'a{s}"Shop ""A"""{s}', f"b{s}'=Post{s}x"]
    lines += [f'c{s}"two{end}lines"{s}{s}', f"d{s}short"]
    before = ("sep=" + s + end if announced else "") + end.join(lines)
    path.write_bytes(before.encode(encoding))
    answers = {(3, 2): "Shop", (4, 3): f'with {s} and "quotes"', (5, 2): "=1+1", (6, 3): "new"}
    after = records.patched(path, answers).decode(encoding)
    expected = [*lines]
    expected[2] = f'a{s}"Shop"{s}'
    expected[3] = f'b{s}\'=Post{s}"with {s} and ""quotes"""'
    expected[4] = f'c{s}"\'=1+1"{s}{s}'
    expected[5] = f"d{s}short{s}new"
    assert after == ("sep=" + s + end if announced else "") + end.join(expected)


def test_a_letter_that_the_encoding_lacks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "systems.csv"
    path.write_bytes("system_id;name\r\na;\u043c\u0430\u0433\u0430\u0437\u0438\u043d\r\n".encode("cp1251"))
    with pytest.raises(OutputError, match="which has no letter \u04d9"):
        records.patched(path, {(2, 2): "\u04d9"})


def test_answers_reach_an_inventory_of_csv_files(tmp_path: Path) -> None:
    home = write_tables(tmp_path / "home", demo_tables())
    dealt = deal(home, tmp_path / "packs")
    dealt.answer("systems", "shop", storage_site="+1; two", note="plain")
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    assert dealt.apply() == ("systems.csv",)
    after = {path.name: path.read_bytes() for path in home.iterdir()}
    assert [name for name in before if after[name] != before[name]] == ["systems.csv"]
    found = derbes.load(home).raw["systems"].iloc[0]
    assert (found["storage_site"], found["note"]) == ("+1; two", "plain")
    old, new = (parts["systems.csv"].split(b"\n") for parts in (before, after))
    assert [number for number, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]] == [1]
