"""One writer at a time, and the old file or the new: how the record of decisions is added to."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from derbes.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def latched(path: Path, *, patience: float = 20.0) -> Iterator[None]:
    """Hold a file for oneself while the block runs, waiting so many seconds for whoever holds it.

    The lock is the system's own on a hidden file beside it, and ends with the process. Raises OutputError.
    """
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=patience)
    try:
        lock.acquire()
    except Timeout as error:
        what = "is being written by another derbes"
        raise OutputError(str(path), what, "Wait for it, then run again.") from error
    except OSError as error:
        raise refused(path, error) from error
    try:
        yield
    finally:
        lock.release()


def extend(path: Path, more: bytes, *, anew: bool = False) -> None:
    """Add bytes to the end of a file, or begin it anew: afterwards there is the old content or the whole new one.

    Hold it meanwhile (`latched`): drafts of writers that died are cleared away. Raises OutputError; the file is as it
    was then.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        for left in path.parent.glob(f".{path.name}.*.tmp"):
            left.unlink()
        old = b"" if anew or not path.exists() else path.read_bytes()
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
