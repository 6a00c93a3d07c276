"""Times derbes beside the naive pipeline over generated inventories, and writes the table to results.md.

usage: bench.py [--sizes N ...] [--reports N ...] [--runs N] [--data FOLDER] [--out FILE]

Every pipeline runs in a process of its own, in turns, so that a busy machine slows all of them; figures are medians.
Fails when the two pipelines do not point to the same cells, or when runs of one of them differ.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).resolve().parent
STAGES = ("import", "read", "check", "workbook")
PIPELINES = {
    "naive": ("naive.py",),
    "plain": ("ours.py", "plain"),
    "full": ("ours.py", "full"),
}
LABELS = {"naive": "naive, 54 rules", "plain": "derbes, the same 54", "full": "derbes, all its rules"}
PREFACE = """\
Written by `make bench`: the same generated `.xlsx` inventories through a naive pipeline (pandas and openpyxl, one Great
Expectations batch a rule, openpyxl) and through derbes, each in a process of its own, in turns. Seconds are medians of
{runs} runs; memory is the peak of the process by the end of a stage. On the 54 rules both pipelines point to the same
cells, or there would be no table; an id that stands twice is two findings of the first and one of the second."""
PACKAGES = ("great-expectations", "pandas", "numpy", "openpyxl", "python-calamine", "xlsxwriter")


@dataclass(frozen=True)
class Run:
    """One run: seconds in all, peak memory in MB, and what the pipeline printed."""

    seconds: float
    peak: int
    told: dict[str, Any]


class Median:
    """Medians over the runs of one pipeline on one inventory."""

    def __init__(self, runs: Sequence[Run]) -> None:
        facts = [{key: value for key, value in run.told.items() if key not in {"seconds", "peak"}} for run in runs]
        if any(other != facts[0] for other in facts):
            sys.exit(f"runs differ: {facts}")
        self.facts = facts[0]
        self.seconds = statistics.median(run.seconds for run in runs)
        self.peak = statistics.median(run.peak for run in runs)
        self.stages = {
            stage: statistics.median(run.told["seconds"][stage] for run in runs)
            for stage in (STAGES if runs[0].told else ())
        }
        self.peaks = {stage: statistics.median(run.told["peak"][stage] for run in runs) for stage in self.stages}


def run(command: Sequence[object]) -> Run:
    """Run a command, its last line of output as JSON where it is that; exit where it fails."""
    started = time.perf_counter()
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True, cwd=HERE) as process:
        said = process.stdout.read().strip() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)  # the only call that tells the memory of this child alone
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed with {process.returncode}")
    told = json.loads(said) if said.startswith("{") else {}
    return Run(time.perf_counter() - started, used.ru_maxrss >> (20 if sys.platform == "darwin" else 10), told)


def workbook(folder: Path, fields: int) -> Path:
    """Generated inventory of that size, made once in the folder."""
    path = folder / f"{fields}.xlsx"
    if not path.exists():
        say(f"making an inventory of {fields} fields")
        run([sys.executable, HERE / "generate.py", fields, path])
    return path


def measure(path: Path, runs: int) -> dict[str, Median]:
    """Medians by pipeline, which take turns."""
    done: dict[str, list[Run]] = {name: [] for name in PIPELINES}
    for number in range(runs):
        for name, (script, *scope) in PIPELINES.items():
            done[name].append(run([sys.executable, HERE / script, path, path.with_name("findings.out.xlsx"), *scope]))
            say(f"{path.stem} fields, run {number + 1}, {name}: {done[name][-1].seconds:.1f} s")
    medians = {name: Median(one) for name, one in done.items()}
    if medians["naive"].facts["cells"] != medians["plain"].facts["cells"]:
        sys.exit(f"{path}: the pipelines point to different cells")
    return medians


def measure_report(path: Path, runs: int) -> Median:
    """Median of `derbes report`, from the workbook to the sealed folder."""
    derbes = Path(sys.executable).with_name("derbes")
    done = []
    for number in range(runs):
        with tempfile.TemporaryDirectory() as out:
            asked = ["--quarter", "2026Q3", "--before", "none", "--out", out]
            done.append(run([derbes, "report", path, *asked]))
        say(f"{path.stem} fields, run {number + 1}, report: {done[-1].seconds:.1f} s")
    return Median(done)


def say(line: str) -> None:
    """Tell the progress."""
    sys.stderr.write(f"{line}\n")


def told(sizes: dict[int, dict[str, Median]], reports: dict[int, Median], runs: int) -> str:
    """Everything that was measured, in Markdown."""
    parts = [
        "# Benchmarks",
        PREFACE.format(runs=runs),
        machine(),
        "## In short",
        summary(sizes),
        "## Seconds",
        table(sizes, "stages"),
        "## Peak memory, MB",
        table(sizes, "peaks"),
        *(["## Growth", growth(sizes)] if {10_000, 100_000} <= set(sizes) else []),
        *(["## `derbes report`", whole(reports)] if reports else []),
    ]
    return "\n\n".join(parts) + "\n"


def machine() -> str:
    """Cores, system and versions."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {system}, {', '.join(f'{name} {version(name)}' for name in PACKAGES)}."


def summary(sizes: dict[int, dict[str, Median]]) -> str:
    """Whole processes: seconds, the share of the naive pipeline's time, and peak memory."""
    lines = [f"| fields | {' | '.join(LABELS[name] for name in PIPELINES)} |", "|---:|" + "---:|" * len(PIPELINES)]
    for size, medians in sizes.items():
        naive = medians["naive"].seconds
        shares = {name: "" if name == "naive" else f" (1/{naive / one.seconds:.1f})" for name, one in medians.items()}
        cells = [f"{one.seconds:.1f} s{shares[name]}, {one.peak:.0f} MB" for name, one in medians.items()]
        lines.append(f"| {size:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def table(sizes: dict[int, dict[str, Median]], what: str) -> str:
    """Stages of every pipeline and size."""
    lines = [f"| fields | pipeline | findings | {' | '.join(STAGES)} |", "|---:|---|" + "---:|" * (len(STAGES) + 1)]
    digits = 2 if what == "stages" else 0
    for size, medians in sizes.items():
        for name, one in medians.items():
            cells = [f"{getattr(one, what)[stage]:.{digits}f}" for stage in STAGES]
            lines.append(f"| {size:,} | {LABELS[name]} | {one.facts['findings']:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def growth(sizes: dict[int, dict[str, Median]]) -> str:
    """Times that ten times the fields take."""
    lines = ["| from 10,000 to 100,000 fields | whole process | read | check |", "|---|---:|---:|---:|"]
    for name in PIPELINES:
        small, large = sizes[10_000][name], sizes[100_000][name]
        stages = [large.stages[stage] / small.stages[stage] for stage in ("read", "check")]
        cells = [f"{times:.1f}×" for times in (large.seconds / small.seconds, *stages)]
        lines.append(f"| {LABELS[name]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def whole(reports: dict[int, Median]) -> str:
    """Seconds and memory of the whole command."""
    lines = ["| fields | seconds | peak MB |", "|---:|---:|---:|"]
    lines += [f"| {size:,} | {one.seconds:.1f} | {one.peak:.0f} |" for size, one in reports.items()]
    return "\n".join(lines)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--reports", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", type=Path, help="folder of generated inventories to keep and to use again")
    parser.add_argument("--out", type=Path, default=HERE / "results.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (asked.data or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        sizes = {size: measure(workbook(folder, size), asked.runs) for size in asked.sizes}
        reports = {size: measure_report(workbook(folder, size), asked.runs) for size in asked.reports}
    text = told(sizes, reports, asked.runs)
    asked.out.write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
