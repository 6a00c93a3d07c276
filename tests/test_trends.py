"""Quarter after quarter: counts from sealed reports alone, shown on the page, in the workbook and as a picture."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from conftest import DAY, DEMO, write_tables

from derbes import figures, schema, seal, snapshot, trends
from derbes.auditing import Audit, audit
from derbes.comparison import comparison
from derbes.errors import SourceError
from derbes.page import AuditPage
from derbes.quarter import Quarter
from derbes.read.loading import load
from derbes.text import LANGUAGES, words
from derbes.workbook import Course, write_findings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Rows

Q3 = Quarter.parse("2026Q3")
#: Findings by quarter: id, family, the quarter since which it is open, status.
HISTORY = {
    "2026Q1": [("a", "kz", "2026Q1", "new"), ("b", "kz", "2026Q1", "new"), ("c", "policy", "2026Q1", "new")],
    "2026Q2": [("a", "kz", "2026Q1", "open"), ("c", "policy", "2026Q1", "accepted"), ("d", "kz", "2026Q2", "new")],
}


def _seal(reports: Path, quarter: str, found: list[tuple[str, ...]], *, operator: str = "letuchiy-chainik") -> None:
    """What trends read of a sealed report."""
    folder = reports / quarter
    folder.mkdir(parents=True)
    rows = [dict(zip(("id", "family", "since", "status"), one, strict=True)) | {"severity": "info"} for one in found]
    (folder / "findings.json").write_text(json.dumps({"operator": operator, "findings": rows}), encoding="utf-8")
    owners = [{"owner": "sales", "required": 10, "known": 5 + len(found)}]
    (folder / trends.FACTS).write_text(json.dumps({"owners": owners}), encoding="utf-8")
    (folder / seal.MANIFEST).write_text("{}", encoding="utf-8")


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    for quarter, found in HISTORY.items():
        _seal(tmp_path / "reports", quarter, found)
    return tmp_path / "reports"


@pytest.fixture(scope="module")
def done() -> Audit:
    return audit(DEMO, as_of=DAY, lang="en")


def test_open_new_and_closed_are_counted_from_quarter_to_quarter(reports: Path) -> None:
    told = trends.trends(reports)
    assert told.burndown.to_numpy().tolist() == [["2026Q1", 3, 3, 0], ["2026Q2", 2, 1, 2]]
    assert told.ages.loc["kz"].to_dict() == {0: 1, 1: 1}
    assert told.closing.to_numpy().tolist() == [["kz", 1, 1.0], ["policy", 1, 1.0]]
    assert told.owners.to_numpy().tolist() == [["2026Q1", "sales", 10, 8], ["2026Q2", "sales", 10, 8]]


def test_this_quarter_is_the_last_whatever_stands_beside_it(done: Audit, reports: Path) -> None:
    for quarter in ("2026Q3", "2026Q4"):  # an older making of this report, and a quarter after it
        _seal(reports, quarter, [])
    told = trends.course(done, Q3, reports)
    assert told.quarters == ("2026Q1", "2026Q2", "2026Q3")
    assert told.burndown["open"].iloc[-1] == sum(done.findings["status"] != "accepted")
    assert set(told.owners.loc[told.owners["quarter"] == "2026Q3", "owner"]) >= set(done.inventory.systems["owner"])


def test_quarters_of_another_operator_are_none_of_ours(done: Audit, tmp_path: Path) -> None:
    _seal(tmp_path, "2026Q2", [], operator="somebody")
    assert trends.course(done, Q3, tmp_path).quarters == ("2026Q3",)


def test_a_broken_report_is_named_in_a_line(done: Audit, reports: Path) -> None:
    (reports / "2026Q2" / "findings.json").write_text("[", encoding="utf-8")
    with pytest.raises(SourceError, match=r"2026Q2.findings\.json"):
        trends.course(done, Q3, reports)


@pytest.mark.parametrize("said", ["[]", "{}", '{"operator": "letuchiy-chainik", "findings": [{"id": "a"}]}'])
def test_a_report_of_another_shape_is_named_in_a_line(done: Audit, reports: Path, said: str) -> None:
    (reports / "2026Q1" / "findings.json").write_text(said, encoding="utf-8")
    with pytest.raises(SourceError, match=r"2026Q1.findings\.json"):
        trends.course(done, Q3, reports)


def test_owners_are_one_whatever_the_case_and_a_field_without_a_system_has_none(
    small: Rows, audited: Callable[..., Audit]
) -> None:
    name = small["systems"][0]["owner"]
    for row in small["systems"]:
        row["owner"] = name
    small["systems"][0]["owner"] = name.upper()
    small["systems"].append({**small["systems"][1], "system_id": "", "owner": "nobody's owner"})
    small["fields"].append({**small["fields"][0], "system_id": ""})
    told = trends.course(audited(small), Q3, None).owners
    assert (told["owner"].str.casefold() == name.casefold()).sum() == 1
    required = sum(column.required for column in schema.load().tables["systems"].columns.values())
    assert told.set_index("owner").at["nobody's owner", "required"] == required


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_picture_says_in_words_what_it_shows(done: Audit, reports: Path, lang: str) -> None:
    told = trends.course(done, Q3, reports)
    drawn = figures.trends(told, lang)
    assert drawn.png == figures.trends(told, lang).png
    bar = words(lang)["figures"]["trends"]["bar"]
    counts = told.burndown.set_index("quarter").to_dict("index")
    counts["2026Q1"]["new"] = 0
    assert [bar.format(quarter=quarter, **row) in drawn.alt for quarter, row in counts.items()] == [True] * 3


def test_one_quarter_alone_is_said_and_not_drawn(done: Audit) -> None:
    said = words("en")["figures"]["trends"]["empty"]
    assert figures.trends(trends.course(done, Q3, None), "en").alt == said
    assert words("en")["page"]["trends"]["no_quarter"] in repr(AuditPage(done, Q3).trends())


def test_the_page_tells_the_course_and_never_what_was_new_in_the_first_quarter(done: Audit, reports: Path) -> None:
    told = repr(AuditPage(done, Q3).trends(str(reports / ".2026Q3.tmp")))
    assert "2026Q1 | 3 | – | –" in told
    assert "2026Q2 | 2 | 1 | 2" in told


def test_the_page_tells_the_changes_since_the_frozen_quarter_with_higher_risks_first(done: Audit) -> None:
    told, change = repr(AuditPage(done, Q3).changes()), comparison(done)
    assert change is not None
    assert change.old == "2026Q2"
    said = words("en")["page"]["changes"]
    ways = [line.split(" | ")[2] for line in told.splitlines() if line.count(" | ") == 3][1:]
    assert ways[: change.summary["up"]] == [said["ways"]["up"]] * change.summary["up"]
    assert "Register" in told.title()


def test_without_a_frozen_quarter_there_are_no_changes_to_tell() -> None:
    alone = audit(DEMO, as_of=DAY, lang="en", before="none")
    assert comparison(alone) is None
    assert words("en")["page"]["changes"]["no_quarter"] in repr(AuditPage(alone, Q3).changes())


def test_changes_are_those_to_the_inventory_that_was_named(small: Rows, tmp_path: Path) -> None:
    old = write_tables(tmp_path / "old", small)
    small["systems"][0]["storage_site"] = "another place"
    new = write_tables(tmp_path / "new", small)
    told = comparison(audit(new, as_of=DAY, before=str(old), only=["kz.retention.unlimited"]))
    assert told is not None
    assert told.rows[["table", "column", "new"]].to_numpy().tolist() == [["systems", "storage_site", "another place"]]


def test_the_page_lists_what_falls_due_with_what_is_overdue(done: Audit) -> None:
    late = replace(done, as_of=dt.date(2027, 1, 15))
    told, said = repr(AuditPage(late, Q3).due()), words("en")["page"]["due"]
    assert f"| {said['late']}" in told
    assert f"| {said['ahead']}" not in told.split("15 January 2027")[0]


def _sheets(done: Audit, path: Path, course: Course | None) -> dict[str, list[list[Any]]]:
    write_findings(done, path, quarter="2026Q3", lang=done.lang, course=course)
    book = openpyxl.load_workbook(path)
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets}


def test_the_workbook_has_a_sheet_for_each_and_the_picture(done: Audit, reports: Path, tmp_path: Path) -> None:
    told = trends.course(done, Q3, reports)
    drawn = figures.trends(told, "en")
    course = Course(told, drawn.png, drawn.alt)
    names, sheets = words("en")["workbook"]["sheets"], _sheets(done, tmp_path / "a.xlsx", course)
    change = comparison(done)
    assert change is not None
    assert len(sheets[names["changes"]]) == len(change.rows) + 1
    assert sheets[names["due"]][1][0].year == 2026
    assert ["2026Q2", 2, 1, 2] in [row[:4] for row in sheets[names["trends"]]]
    picture = openpyxl.load_workbook(tmp_path / "a.xlsx")[names["trends"]]._images  # noqa: SLF001 - no other way in
    assert len(picture) == 1
    _sheets(done, tmp_path / "b.xlsx", course)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_the_cover_says_which_sheet_is_not_there_and_why(tmp_path: Path) -> None:
    alone = audit(DEMO, as_of=DAY, lang="en", before="none")
    sheets = _sheets(alone, tmp_path / "a.xlsx", None)
    said = words("en")["workbook"]
    cover = [value for row in sheets[said["sheets"]["cover"]] for value in row if value]
    for code, sheet in (("no_changes", "changes"), ("no_trends", "trends")):
        assert said["cover"][code].format(**said["sheets"]) in cover
        assert said["sheets"][sheet] not in sheets


def test_a_frozen_quarter_without_changes_says_so(small: Rows, tmp_path: Path) -> None:
    home = write_tables(tmp_path / "home", small)
    snapshot.freeze(load(home), home / "history" / "2026Q2")
    done = audit(home, as_of=DAY, lang="en", only=["kz.retention.unlimited"])
    assert words("en")["page"]["changes"]["none"] in repr(AuditPage(done, Q3).changes())
