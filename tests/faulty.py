"""Verbs run in processes of their own that die or fail at a moment that the test names.

A warm process forks one for every run: what it costs is the verb, not the loading of the libraries.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, NoReturn, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CHANGING = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate", "os.link", "os.symlink"}


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit status (-9 of a killed one), what it said, the steps that it took, its seconds."""

    code: int
    said: str
    steps: list[str]
    took: float


class Warm:
    """A process that has everything loaded and runs verbs in children of its own."""

    def __init__(self, folder: Path, *first: list[object]) -> None:
        self._log, self._first = folder / "steps.log", first

    def __enter__(self) -> Self:
        """Start it and let it run the first verbs, so that all is loaded and the audits are remembered."""
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(self._log)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for words in self._first:
            self._ask({"words": [*map(str, words)], "here": True})
            self._answer()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.communicate()

    def run(self, *words: object, root: Path, **fault: Any) -> Ended:
        """Run a verb to its end: ``step`` is the change under ``root`` that fails with ``errno``, or kills it if none.

        ``room`` is the size in bytes at which no file grows any more.
        """
        started = time.monotonic()
        self._ask({"words": [*map(str, words)], "root": str(root), **fault})
        self._answer()
        return self._ended(self._answer(), time.monotonic() - started)

    def kill(self, *words: object, after: float) -> Ended:
        """Run a verb and kill it after so many seconds, unless it has ended by then."""
        started = time.monotonic()
        self._ask({"words": [*map(str, words)]})
        child = int(self._answer()["pid"])
        time.sleep(after)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        return self._ended(self._answer(), time.monotonic() - started)

    def _ended(self, told: dict[str, Any], took: float) -> Ended:
        steps = self._log.read_text(encoding="utf-8").splitlines()
        return Ended(told["code"], told["said"], steps, took)

    def _ask(self, asked: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        return dict(json.loads(self._process.stdout.readline()))


# -- the other side ------------------------------------------------------------------------------------------------


class _Steps:
    """Counts the changes under a folder and fails, or dies, at one of them."""

    def __init__(self, asked: dict[str, Any], log: Path) -> None:
        self.root, self.at, self.errno, self.log = asked["root"], asked.get("step"), asked.get("errno"), log
        self.count, self.inside = 0, False

    def watch(self) -> None:
        sys.addaudithook(self.heard)
        sync = os.fsync

        def synced(file: Any) -> None:
            self.take("fsync", f"/proc/self/fd/{file if isinstance(file, int) else file.fileno()}")
            sync(file)

        os.fsync = synced

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.inside or (event not in _CHANGING and event != "open"):
            return
        path = arguments[0]
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        folder = next((one for one in arguments[1:] if isinstance(one, int) and one > 2), None)
        relative = event in {"os.remove", "os.rmdir"} and folder is not None
        self.take(event, f"/proc/self/fd/{folder}/{os.fsdecode(path)}" if relative else os.fsdecode(path))

    def take(self, what: str, path: str) -> None:
        self.inside = True
        try:
            place = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))  # noqa: PTH118, PTH119, PTH120
            place = os.path.realpath(path) if what == "fsync" else place
            if os.path.relpath(place, self.root).startswith(".."):
                return
            self.count += 1
            with self.log.open("a", encoding="utf-8") as file:
                file.write(f"{what} {os.path.relpath(place, self.root)}\n")
        finally:
            self.inside = False
        if self.count == self.at:
            if self.errno is None:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(self.errno, os.strerror(self.errno), *([] if what == "fsync" else [path]))


def _child(asked: dict[str, Any], log: Path, run: Callable[[list[str]], int]) -> NoReturn:
    if "room" in asked:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["room"], resource.RLIM_INFINITY))
    elif "root" in asked:
        _Steps(asked, log).watch()
    code = run(asked["words"])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _serve(log: Path) -> None:
    from derbes.cli import main  # noqa: PLC0415

    def run(words: list[str]) -> int:
        try:
            return int(main(words, standalone_mode=False) or 0)
        except Exception as error:  # noqa: BLE001 - what a user would see as a traceback
            sys.stderr.write(f"traceback: {error!r}\n")
            return 3

    tell = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        log.write_text("", encoding="utf-8")
        if asked.get("here"):
            _tell(tell, code=run(asked["words"]))
            continue
        heard, spoken = os.pipe()
        child = os.fork()
        if not child:
            os.dup2(spoken, 1)
            os.dup2(spoken, 2)
            sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8") for number in (1, 2))
            _child(asked, log, run)
        os.close(spoken)
        _tell(tell, pid=child)
        with os.fdopen(heard, encoding="utf-8", errors="replace") as pipe:
            said = pipe.read()
        _tell(tell, code=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said=said)


def _tell(stream: IO[str], **told: object) -> None:
    stream.write(json.dumps(told) + "\n")
    stream.flush()


if __name__ == "__main__":
    from pathlib import Path

    _serve(Path(sys.argv[1]))
