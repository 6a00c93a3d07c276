"""A quarter as it is lived: frozen, edited, reported, decided on in a returned workbook, reported again."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from conftest import write_tables
from returning import OFFICE, answer, record, resaved, shown, shuffled, tables

from derbes.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Rows

pytestmark = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")


def run(*asked: object, code: int = 0) -> str:
    result = CliRunner().invoke(main, [str(word) for word in asked])
    assert result.exit_code == code, result.output
    return result.stdout.strip()


def reported(home: Path, quarter: str) -> tuple[Path, dict[str, dict[str, Any]]]:
    """Folder of a report, and its findings by rule and key."""
    folder = home.parent / "reports" / "shop-kz" / quarter
    run("report", home, "--quarter", quarter, "--out", home.parent / "reports", "--notebook", "audit", "--no-pdf")
    said = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    return folder, {f"{one['rule']} {one['key']}": one for one in said["findings"]}


def edited(home: Path, rows: Rows, table: str, **cells: str) -> None:
    rows[table][0].update(cells)
    write_tables(home, rows)


EVER, LOST = "kz.retention.unlimited ever", "structure.reference.fields.system_id phone"


def test_a_quarter_loses_nothing_and_every_status_is_right(tmp_path: Path) -> None:
    rows, until = tables(), dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=200)
    accept = {"decision": "accept", "owner": "head of IT", "until": until, "comment": "moves in spring"}
    home = tmp_path / "inventory"
    edited(home, rows, "fields", system_id="crm")
    run("freeze", home, "--quarter", "2026Q2")

    edited(home, rows, "fields", system_id="gone")
    folder, found = reported(home, "2026Q3")
    assert (found[EVER]["status"], found[EVER]["since"]) == ("open", "2026Q2")
    assert (found[LOST]["status"], found[LOST]["since"]) == ("new", "2026Q3")

    ever, lost = found[EVER]["id"], found[LOST]["id"]
    copy = answer(folder / "findings.xlsx", {ever: accept, lost: {"decision": "fix"}}, out=tmp_path / "copy.xlsx")
    book = resaved(shuffled(copy), tmp_path / "office")
    before = book.read_bytes()
    assert "findings.xlsx" not in run("decide", book, "--inventory", home, "--who", "clerk")
    assert book.read_bytes() == before
    assert [line["decision"] for line in record(home)] in (["accept", "fix"], ["fix", "accept"])

    folder, found = reported(home, "2026Q3")
    assert (found[EVER]["status"], found[EVER]["decision"]["comment"]) == ("accepted", "moves in spring")
    assert (found[LOST]["status"], found[LOST]["decision"]["decision"]) == ("new", "fix")
    assert shown(folder / "findings.xlsx", ever)["owner"] == "head of IT"
    run("decide", folder / "findings.xlsx", "--inventory", home)
    assert len(record(home)) == 2
    run("freeze", home, "--quarter", "2026Q3")

    edited(home, rows, "fields", system_id="crm")
    _, found = reported(home, "2026Q4")
    assert (found[EVER]["status"], found[EVER]["since"], LOST in found) == ("accepted", "2026Q2", False)
    edited(home, rows, "retention", period="unlimited")
    _, found = reported(home, "2026Q4")
    assert (found[EVER]["status"], found[EVER]["decision"]["decision"]) == ("reopened", "accept")
    _, found = reported(home, "2026Q3")
    assert len(record(home)) == 2
