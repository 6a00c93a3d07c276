"""Staging: a folder is replaced whole or not at all, whatever happens in between."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from derbes.errors import OutputError
from derbes.staging import staged


@pytest.fixture
def old(tmp_path: Path) -> Path:
    target = tmp_path / "2026Q3"
    target.mkdir()
    (target / "a.txt").write_text("old", encoding="utf-8")
    return target


def renew(target: Path) -> None:
    with staged(target) as folder:
        (folder / "a.txt").write_text("new", encoding="utf-8")


def names(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "in use", "2026Q3"), KeyboardInterrupt()])
def test_a_rename_that_fails_leaves_the_old_folder_in_its_place(
    old: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, call: int
) -> None:
    rename, calls = Path.rename, []

    def refusing(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == call:
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        renew(old)
    assert (old / "a.txt").read_text(encoding="utf-8") == "old"
    assert names(old) == ["2026Q3"]


@pytest.mark.parametrize("call", [1, 2, 3])
@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()])
def test_a_disk_that_does_not_take_the_bytes_leaves_the_old_folder_in_its_place(
    old: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, call: int
) -> None:
    """The file, its folder, and the folder that both lie in, after the swap."""
    sync, calls = os.fsync, []

    def refusing(file: int) -> None:
        calls.append(file)
        if len(calls) == call:
            raise error
        sync(file)

    monkeypatch.setattr(os, "fsync", refusing)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        renew(old)
    assert (old / "a.txt").read_text(encoding="utf-8") == "old"
    assert names(old) == ["2026Q3"]


def test_what_killed_runs_left_behind_is_cleared_by_the_next(old: Path) -> None:
    (old.parent / ".2026Q3.4711.tmp" / "figures").mkdir(parents=True)
    (old.parent / ".2026Q3.old").mkdir()
    renew(old)
    assert names(old) == ["2026Q3"]
    assert (old / "a.txt").read_text(encoding="utf-8") == "new"


def test_a_run_killed_between_the_two_renames_is_undone_by_the_next(old: Path) -> None:
    old.rename(old.with_name(".2026Q3.old"))

    def stopped() -> None:
        with staged(old):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert (old / "a.txt").read_text(encoding="utf-8") == "old"
    assert names(old) == ["2026Q3"]


def test_two_runs_do_not_write_one_report_at_a_time(old: Path) -> None:
    with staged(old) as folder:
        with pytest.raises(OutputError, match="another run is writing it"):
            renew(old)
        (folder / "a.txt").write_text("first", encoding="utf-8")
    assert (old / "a.txt").read_text(encoding="utf-8") == "first"
