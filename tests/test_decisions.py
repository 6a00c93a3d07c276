"""The record of decisions: damaged, locked, on a failing disk, and by many at once."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from returning import (
    ACCEPT,
    answer,
    audited,
    decided,
    one,
    sent,
    status,
)

from derbes import latch
from derbes.decisions import FILE, Basis, basis
from derbes.errors import OutputError, SourceError
from derbes.latch import extend

# -- the record --------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("content", [b"", b"id\n"])
def test_a_record_without_a_decision_is_begun_anew(home: Path, ever: str, content: bytes) -> None:
    (home / FILE).write_bytes(content)
    assert "history.decision.unreadable" not in set(audited(home).findings["rule"])
    decided(answer(sent(home), {ever: ACCEPT}), home)
    assert status(home, ever) == ("accepted", "accept")


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
    assert [path.name for path in home.iterdir() if path.name.endswith(".tmp")] == []
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
    with subprocess.Popen([sys.executable, "-c", HOLD, str(home / FILE)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        told = pytest.raises(OutputError, match="is being written by another derbes")
        with told, latch.latched(home / FILE, patience=0.2):
            raise AssertionError
        holder.kill()
    with latch.latched(home / FILE, patience=5):
        pass


KILLS = 10
GROW = """
import sys
import time
from pathlib import Path
from derbes.latch import extend, latched
path = Path(sys.argv[1])
print("ready", flush=True)
while True:
    with latched(path):
        extend(path, b"x" * 99_999 + b"\\n")
"""


def test_a_writer_killed_at_any_moment_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / FILE
    before = 0
    for number in range(KILLS):
        with subprocess.Popen([sys.executable, "-c", GROW, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            writer.stdout.readline()
            time.sleep(0.02 + 0.013 * number)
            writer.kill()
        now = path.stat().st_size if path.exists() else 0
        assert (now % 100_000, now >= before) == (0, True)
        before = now
    assert before
    extend(path, b"")
    assert [left.name for left in tmp_path.iterdir() if left.name.endswith(".tmp")] == []


APPEND = """
import sys
import time
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
