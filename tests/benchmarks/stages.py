"""A clock for the stages of a pipeline, and the memory that the process has held at most by the end of each."""

from __future__ import annotations

import json
import resource
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATUS = Path("/proc/self/status")


class Stages:
    """Seconds by stage and peak memory in MB at its end; `report` prints them as one line of JSON."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.peak: dict[str, int] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done in the block."""
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
        self.peak[name] = peak()

    def report(self, **facts: object) -> None:
        """Print what was measured, and other facts of the run."""
        sys.stdout.write(json.dumps({"seconds": self.seconds, "peak": self.peak, **facts}) + "\n")


def peak() -> int:
    """Most memory that this process has held, in MB; of the process alone, where the system tells it apart."""
    if _STATUS.exists():  # getrusage counts the parent's memory at the fork, too
        lines = _STATUS.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(held) >> (20 if sys.platform == "darwin" else 10)
