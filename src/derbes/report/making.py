"""From an inventory to a folder of files that a quarter can be judged by."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from derbes import due, seal, trends, workbook
from derbes.auditing import audit as make_audit
from derbes.errors import DerbesError, UsageError
from derbes.page import AuditPage
from derbes.page.widget import widget
from derbes.report import shelf, summary
from derbes.report.pdf import printing
from derbes.staging import staged
from derbes.wording import Wording

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    from derbes.auditing import Audit
    from derbes.quarter import Quarter

SUMMARY, CALENDAR = "summary.txt", "due.ics"


def report(  # noqa: PLR0913 - the options of the command
    inventory: Path,
    *,
    quarter: Quarter,
    as_of: dt.date,
    law: str = "kz",
    lang: str = "ru",
    before: str | Path | None = None,
    out: Path,
    notebooks: tuple[str, ...] = (),
    pdf: bool = False,
    progress: Callable[[str], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> Path:
    """Folder ``<out>/<operator>/<quarter>`` with the report on an inventory as of a day.

    For each notebook (all that come with derbes, unless some are named) its run copy and one HTML page; with ``pdf``
    the first page printed too, where this machine has a browser for it; findings as workbook and JSON; figures; ten
    lines for a mail; what falls due as a calendar; what later quarters need of this one; the manifest. The audit is
    made once. ``progress`` hears the name of each step, ``warn`` what a sealed report that is replaced had and this one
    has not. An old report stays whole until the new one is complete; where
    none comes of it, ``<quarter>.failed/summary.txt`` says why.
    Raises DerbesError: SourceError, RuleError, LawError, UsageError, NotebookError, OutputError.
    """
    names = shelf.found(notebooks or shelf.shipped())
    parameters = {
        "inventory": inventory.as_posix(),
        "quarter": str(quarter),
        "as_of": as_of.isoformat(),
        "law": law,
        "lang": lang,
        "before": "" if before is None else str(before),
    }
    hearing = {"progress": progress or _silent, "warn": warn or _silent}
    run = _Run(inventory, quarter, as_of, lang=lang, out=out, parameters=parameters, **hearing)
    try:
        return run.make(names, pdf=pdf)
    except BaseException as failure:
        run.fail(failure)
        raise


def _silent(step: str) -> None:
    """Say nothing."""


@dataclass
class _Run:
    """One making of a report, and how far it came."""

    inventory: Path
    quarter: Quarter
    as_of: dt.date
    lang: str
    out: Path
    progress: Callable[[str], None]
    warn: Callable[[str], None]
    parameters: dict[str, str]
    audit: Audit | None = field(default=None, init=False)
    stage: str = field(default="", init=False)

    @property
    def target(self) -> Path:
        return (self.out / self.audit.operator if self.audit else self._nameless) / str(self.quarter)

    @property
    def _nameless(self) -> Path:
        """Where a failure is told while nobody has read who the operator is."""
        return self.out / self.inventory.resolve().stem

    @property
    def operator(self) -> str:
        return AuditPage(self.audit, self.quarter).operator if self.audit else self.target.parent.name

    @property
    def failure(self) -> Path:
        return self.target.with_name(f"{self.quarter}.failed")

    def step(self, name: str) -> None:
        self.stage = name
        self.progress(name)

    def make(self, notebooks: dict[str, Path], *, pdf: bool) -> Path:
        self.step("audit")
        audit = self.audit = make_audit(
            self.inventory,
            as_of=self.as_of,
            law=self.parameters["law"],
            lang=self.lang,
            before=self.parameters["before"] or None,
            progress=self.progress,
        )
        with staged(self.target) as folder, contextlib.ExitStack() as meanwhile:
            printed = None
            for name, path in notebooks.items():
                self.step(f"notebook {name}")
                page = self._notebook(name, path, folder, tuple(notebooks))
                if pdf and printed is None:
                    printed = meanwhile.enter_context(printing(page, folder / f"{name}.pdf"))
            self._facts(audit, folder)
            made = None
            if printed is not None:
                self.step("pdf")
                made = printed.finish(audit.as_of)
            _write(folder / SUMMARY, summary.made(audit, self.quarter, self.operator, pdf=made))
            self.step("manifest.json")
            beside = self.target.parent
            sealed = seal.manifest(audit, folder, quarter=self.quarter, parameters=self.parameters, before=beside)
            _write(folder / seal.MANIFEST, sealed)
            lost = seal.loses(self.target, sealed)
        if lost:
            self.warn(_replaced(self.target, lost))
        for past in (self.failure, self._nameless / f"{self.quarter}.failed"):
            shutil.rmtree(past, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._nameless.rmdir()  # if nothing else lies there
        return self.target

    def _facts(self, audit: Audit, folder: Path) -> None:
        """Write what other programs take from the report: spreadsheets, calendars, later quarters."""
        self.step("findings.xlsx")
        self._workbook(audit, folder / "findings.xlsx")
        self.step("findings.json")
        _write(folder / "findings.json", json.dumps(audit.to_json(), ensure_ascii=False, indent=1) + "\n")
        _write(folder / trends.FACTS, trends.facts(audit, self.quarter))
        falling = due.calendar(due.due(audit), as_of=audit.as_of, operator=audit.operator, lang=self.lang)
        (folder / CALENDAR).write_bytes(falling)

    def _notebook(self, name: str, path: Path, folder: Path, names: tuple[str, ...]) -> str:
        """HTML of a notebook, which is run and kept with its page, as paper takes it: without the widget of tables."""
        # after the audit: what Great Expectations has loaded by then, nbformat need not load in a slower way
        from derbes.report import html, notebook  # noqa: PLC0415

        shown = {**self.parameters, "out": ""}  # who runs the kept notebook again must not write into a sealed report
        ran = notebook.run(path, {**shown, "out": str(folder)}, shown=shown)
        _write(folder / f"{name}.ipynb", notebook.written(ran))
        title = f"{self.operator} — {Wording(self.lang, 'pages').quarter(self.quarter)}"
        page = html.page(ran, name=name, title=title, lang=self.lang, beside=names)
        _write(folder / f"{name}.html", page)
        return page.replace(str(widget(self.lang)), "")

    def _workbook(self, audit: Audit, path: Path) -> None:
        told = trends.course(audit, self.quarter, self.target.parent)
        shown = None
        if len(told.quarters) > 1:
            from derbes import figures  # noqa: PLC0415 - drawing takes a second to load

            drawn = figures.trends(told, self.lang)
            shown = workbook.Course(told, drawn.png, drawn.alt)
        workbook.write_findings(audit, path, quarter=str(self.quarter), lang=self.lang, course=shown)

    def fail(self, failure: BaseException) -> None:
        """Leave ten lines beside the old report, as far as that can be done."""
        with contextlib.suppress(OSError, UsageError):  # what refused the report may refuse this too, and is raised
            if self.inventory.exists():
                self.failure.mkdir(parents=True, exist_ok=True)
                _write(self.failure / SUMMARY, self._summary(failure))

    def _summary(self, failure: BaseException) -> str:
        why: str | None = str(failure) if isinstance(failure, DerbesError) else type(failure).__name__
        return summary.failed(
            self.audit,
            title=summary.title(self.operator, self.quarter, as_of=self.as_of, lang=self.lang),
            lang=self.lang,
            why=None if isinstance(failure, KeyboardInterrupt) else why,
            stage=self.stage,
            whole=self.target.exists(),
        )


def _replaced(target: Path, lost: list[str]) -> str:
    files = [name for name in lost if name != "findings"]
    what = ["other findings"] * ("findings" in lost) + [f"without {', '.join(files)}"] * bool(files)
    return f"{target}: replaced the report sealed there before: {'; '.join(what)}. Use --out to keep both."


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
