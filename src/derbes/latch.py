"""One writer at a time, and the old file or the new: how the record of decisions is added to."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING, BinaryIO

from derbes.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PAUSE = 0.05

if sys.platform == "win32":
    import msvcrt

    def _taken(file: BinaryIO) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _taken(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def latched(path: Path, *, patience: float = 20.0) -> Iterator[None]:
    """Hold a file for oneself while the block runs, waiting so many seconds for whoever holds it.

    The lock is the system's own on a hidden file beside it, and ends with the process. Raises OutputError.
    """
    beside = path.with_name(f".{path.name}.lock")
    end = time.monotonic() + patience
    try:
        while (lock := _lock(beside)) is None:
            if time.monotonic() > end:
                raise OutputError(str(path), "is being written by another derbes", "Wait for it, then run again.")
            time.sleep(_PAUSE)
    except OSError as error:
        raise error if isinstance(error, OutputError) else refused(path, error) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows keeps an open file, and the next one takes it as it is
            beside.unlink()
        lock.close()


def _lock(beside: Path) -> BinaryIO | None:
    """The file, locked; None where another has it, or took it away between opening and locking."""
    file = beside.open("a+b")
    with contextlib.suppress(FileNotFoundError):
        if _taken(file) and os.path.samestat(os.fstat(file.fileno()), beside.stat()):
            return file
    file.close()
    return None


def extend(path: Path, more: bytes) -> None:
    """Add bytes to the end of a file, a new one where there is none: afterwards the old content or the whole new one.

    Raises OutputError; the file is as it was then.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        old = path.read_bytes() if path.exists() else b""
        with draft.open("wb") as file:
            file.write(old + (b"\n" if old and not old.endswith(b"\n") else b"") + more)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise refused(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def refused(path: Path, error: OSError) -> OutputError:
    """What is said of a file that could not be written."""
    what = f"could not be written ({error.strerror or type(error).__name__})"
    return OutputError(str(path), what, "Close it in other programs, check rights and space, run again.")
