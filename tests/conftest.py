"""A small valid inventory, and ways to spoil it one cell at a time."""

from __future__ import annotations

import copy
import csv
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import returning

import derbes
from derbes import auditing
from derbes.auditing import Audit, audit
from derbes.text import escape

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "inventory" / "demo"
LETOILE = ROOT / "inventory" / "letoile-kz"
DAY = "2026-09-30"

Rows = dict[str, list[dict[str, str]]]


def write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows as Excel would read them: UTF-8 with BOM, semicolons, risky cells escaped."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(columns)
        writer.writerows([[escape(row.get(name, "")) for name in columns] for row in rows])


def write_tables(folder: Path, tables: Rows) -> Path:
    """Write an inventory as one CSV a table and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        write_csv(folder / f"{table}.csv", rows)
    return folder


def demo_tables() -> Rows:
    """Texts of the demo inventory, by table; every call gives its own copy."""
    return copy.deepcopy(_demo())


@cache
def _demo() -> Rows:
    inv = derbes.load(DEMO)
    return {
        table: [{str(k): str(v) for k, v in row.items()} for row in inv.raw[table].to_dict("records")]
        for table in inv.schema.tables
    }


def spoil(tables: Rows, table: str, *, row: int = 0, **cells: str) -> Rows:
    """Change cells of one row in place, and return the tables for chaining."""
    tables[table][row].update(cells)
    return tables


def found(done: Audit, *families: str) -> list[tuple[str, str]]:
    """(rule, table/key) of every finding, sorted; of these families only, if any are named."""
    kept = done.findings[done.findings["family"].isin(families)] if families else done.findings
    return sorted((row.rule, f"{row.table}/{row.key}") for row in kept.itertuples())


@pytest.fixture
def small() -> Rows:
    """Texts of the demo inventory: small, complete, valid."""
    return demo_tables()


@pytest.fixture
def audited(tmp_path: Path) -> Callable[..., Audit]:
    """Audit of tables given as texts, as of a day; each call writes and reads them anew."""

    def run(tables: Rows, **options: Any) -> Audit:
        folder = tmp_path / "inventory"
        shutil.rmtree(folder, ignore_errors=True)
        return audit(write_tables(folder, tables), **{"as_of": DAY, "before": "none"} | options)

    return run


@pytest.fixture
def forgetful() -> None:
    """Let no audit be answered from memory."""
    auditing.forget()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Folder of a small register to decide on."""
    return write_tables(tmp_path / "inventory", returning.tables())


@pytest.fixture
def ever(home: Path) -> str:
    """The finding on data kept for ever."""
    return returning.one(returning.audited(home), "kz.retention.unlimited", "ever")


@pytest.fixture
def torn(home: Path, ever: str) -> tuple[Path, Path]:
    """Two copies of one workbook that disagree, the first taken back already."""
    book = returning.sent(home)
    first = returning.answer(book, {ever: returning.ACCEPT}, out=home.parent / "a.xlsx")
    second = returning.answer(book, {ever: {"decision": "fix", "owner": "lawyer"}}, out=home.parent / "b.xlsx")
    returning.decided(first, home)
    return first, second
