"""Writing a folder beside the old one and putting it in place whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TYPE_CHECKING

from derbes.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def staged(target: Path) -> Iterator[Path]:
    """New empty folder beside the target; when the block ends well it takes the target's place, else it vanishes.

    One writer at a time. What killed runs left behind is cleared first; a target that one of them had moved
    aside and not replaced is put back. Raises OutputError; the old target is whole and in its place then.
    """
    with _writing(target), _locked(target):
        _recover(target)
        staging = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        staging.mkdir()
        try:
            yield staging
            _sync(staging)
            _swap(staging, target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


@contextlib.contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Turn what the operating system refuses into one line that names the place."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        where = str(error.filename or target)
        what = error.strerror or type(error).__name__
        raise OutputError(where, what, _remedy(target)) from error


def _remedy(target: Path) -> str:
    whole = "What stood there is whole. " if target.exists() else ""
    return f"{whole}Free the disk or mend the rights, then run again."


@contextlib.contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Hold the place for one writer; the lock goes with the process that holds it, however it ends."""
    target.parent.mkdir(parents=True, exist_ok=True)
    path = target.with_name(f".{target.name}.lock")
    with path.open("ab") as file:
        try:
            _lock(file)
            held = os.path.samestat(os.fstat(file.fileno()), path.stat())  # not one that its holder has just removed
        except OSError:
            held = False
        if not held:
            raise OutputError(str(target), "another run is writing it", "Wait until it has ended.")
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # Windows removes no open file: it stays, and harms nothing
                path.unlink()


def _recover(target: Path) -> None:
    old = _aside(target)
    if old.exists() and not target.exists():
        old.rename(target)
    for leftover in (old, *target.parent.glob(f".{target.name}.*.tmp")):
        shutil.rmtree(leftover, ignore_errors=True)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _swap(staging: Path, target: Path) -> None:
    old = _aside(target)
    try:
        if target.exists():
            _move_aside(target, old)
        staging.rename(target)
        _sync_folder(target.parent)
    except BaseException:  # Ctrl-C too
        _put_back(staging, target, old)
        raise
    shutil.rmtree(old, ignore_errors=True)  # what another program still holds is cleared by the next run


def _put_back(staging: Path, target: Path, old: Path) -> None:
    """Undo a swap as far as it came: what could not be made to last must not be taken for done."""
    if target.exists() and not staging.exists():
        target.rename(staging)
    if old.exists() and not target.exists():
        old.rename(target)


def _move_aside(target: Path, old: Path) -> None:
    try:
        target.rename(old)
    except OSError as error:
        remedy = "Close the program that has a file of it open and run again; nothing was changed."
        raise OutputError(str(target), "what stands there cannot be moved aside", remedy) from error


def _sync(folder: Path) -> None:
    """Have every file on the disk before the folder takes its place."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        else:
            _sync_folder(path)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    if sys.platform != "win32":  # Windows opens no folder, and needs none
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
