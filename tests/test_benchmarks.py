"""The benchmark runs, and the pipelines that it compares do the same work."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

BENCH = ROOT / "tests" / "benchmarks" / "bench.py"


def test_both_pipelines_point_to_the_same_cells(tmp_path: Path) -> None:
    out = tmp_path / "results.md"
    asked = ["--sizes", "500", "--reports", "--runs", "1", "--out", str(out)]
    done = subprocess.run([sys.executable, BENCH, *asked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "derbes, the same 54" in out.read_text(encoding="utf-8")
