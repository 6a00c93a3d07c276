"""What a report is asked for and cannot give: refused in a line, and nothing of it left in the next one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import DEMO

from derbes.errors import UsageError
from derbes.quarter import Quarter
from derbes.report import pdf, report, shelf

Q3 = Quarter(2026, 3)


def _write(out: Path, **options: Any) -> Path:
    asked = {"quarter": Q3, "as_of": Q3.last_day, "before": "none", "notebooks": ("audit",)} | options
    return report(DEMO, out=out, **asked)


def _interrupted(step: str) -> None:
    if step == "audit":
        raise KeyboardInterrupt


def test_a_note_on_a_failure_before_the_operator_was_known_is_cleared_too(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _write(tmp_path, progress=_interrupted)
    assert [path.name for path in (tmp_path / DEMO.name).iterdir()] == ["2026Q3.failed"]
    done = _write(tmp_path)
    assert list(tmp_path.iterdir()) == [done.parent]


def test_what_is_no_notebook_is_refused_in_a_line(tmp_path: Path) -> None:
    spoiled = tmp_path / "mine.ipynb"
    spoiled.write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match=r"mine\.ipynb: is no notebook"):
        _write(tmp_path / "out", notebooks=(str(spoiled),))


def test_two_notebooks_of_one_name_are_refused(tmp_path: Path) -> None:
    own = shutil.copyfile(shelf.found(["audit"])["audit"], tmp_path / "audit.ipynb")
    with pytest.raises(UsageError, match="two are called audit"):
        _write(tmp_path / "out", notebooks=("audit", str(own)))


def test_a_browser_that_is_late_writes_into_no_sealed_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "browser"
    slow.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n", encoding="utf-8")
    slow.chmod(0o755)
    monkeypatch.setattr(pdf, "browser", lambda: str(slow))
    monkeypatch.setattr(pdf, "SECONDS", 0.1)
    asked: list[list[str]] = []
    begun = subprocess.Popen

    def noting(words: list[str], **options: Any) -> Any:
        asked.append(words)
        return begun(words, **options)

    monkeypatch.setattr(pdf.subprocess, "Popen", noting)
    done = _write(tmp_path / "out", pdf=True)
    targets = [word.partition("=")[2] for words in asked for word in words if word.startswith("--print-to-pdf=")]
    assert len(targets) == 1
    assert not Path(targets[0]).is_relative_to(done.parent)
    assert not Path(targets[0]).parent.exists()
