"""A small register to decide on, and what people do to a workbook of findings before they return it."""

from __future__ import annotations

import csv
import datetime as dt
import random
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import openpyxl

from derbes import deciding
from derbes.auditing import audit
from derbes.decisions import FILE
from derbes.text import words
from derbes.workbook import write_findings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conftest import Rows
    from openpyxl.worksheet.worksheet import Worksheet

    from derbes.auditing import Audit
    from derbes.deciding import Decided

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
DAY = "2026-09-30"
#: Rules that the tests look at; `decide` itself runs all.
RULES = (
    "kz.retention.unlimited",
    "structure.reference.fields.system_id",
    "history.decision.conflict",
    "history.decision.unreadable",
)
NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
ACCEPT = {"decision": "accept", "owner": "head of IT", "until": dt.date(2027, 3, 31), "comment": "moves in spring"}
RU = words("ru")["workbook"]["decisions"]


def tables() -> Rows:
    """A register with two systems abroad and one that is not, a dangling reference, unknown facts."""
    row = {"kind": "crm", "medium": "electronic", "owner": "IT", "status": "active"}
    systems = [
        {"system_id": "crm", "name": "CRM", **row, "storage_countries": "DE"},
        {"system_id": "shop", "name": "Shop", **row, "storage_countries": "DE"},
        {"system_id": "mail", "name": "Mail", **row, "storage_countries": "KZ"},
    ]
    field = {"field_id": "phone", "system_id": "gone", "name": "t.phone", "label": "Phone", "category_id": "phone"}
    operator = {"operator_id": "shop-kz", "name": "Shop", "country": "KZ"}
    retention = [{"retention_id": "ever", "name": "For ever", "period": "indefinite"}]
    return {"operator": [operator], "systems": systems, "fields": [field], "retention": retention}


def audited(home: Path, **options: Any) -> Audit:
    return audit(home, **{"as_of": DAY, "before": "none", "only": RULES} | options)


def sent(home: Path, *, lang: str = "ru", name: str = "findings.xlsx", **options: Any) -> Path:
    """The workbook as the operator gets it."""
    path = home.parent / name
    write_findings(audited(home, lang=lang, **options), path, quarter="2026Q3", lang=lang)
    return path


def one(done: Audit, rule: str, key: str) -> str:
    found = done.findings
    return str(found.loc[(found["rule"] == rule) & (found["key"] == key), "id"].item())


def decided(book: Path, home: Path, **options: Any) -> Decided:
    return deciding.decide(book, home, **{"who": "clerk", "now": NOW} | options)


def record(home: Path) -> list[dict[str, str]]:
    with (home / FILE).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def status(home: Path, finding: str, **options: Any) -> tuple[str, str | None]:
    found = audited(home, **options).findings.set_index("id").loc[finding]
    return str(found["status"]), (found["decision"] or {}).get("decision")


def faults(done: Decided) -> list[tuple[str, str]]:
    return [(remark.code, remark.place) for remark in (*done.refused, *done.unplaced, *done.remarks)]


def columns(sheet: Worksheet, lang: str = "ru") -> dict[str, int]:
    """Columns of a sheet by the name of their heading, wherever the row of headings stands."""
    titles = {title: name for name, title in words(lang)["workbook"]["columns"].items()}
    for row in sheet.iter_rows():
        found = {titles[cell.value]: cell.column for cell in row if cell.value in titles}
        if "ids" in found and "decision" in found:
            return found
    return {}


def answer(book: Path, said: Mapping[str, Mapping[str, Any]], *, out: Path | None = None, lang: str = "ru") -> Path:
    """Write what is said of findings into their lines, by id, and save the workbook (elsewhere)."""
    opened = openpyxl.load_workbook(book)
    left = set(said)
    for sheet in opened.worksheets:
        places = columns(sheet, lang)
        for row in range(1, sheet.max_row + 1) if places else ():
            ids = str(sheet.cell(row, places["ids"]).value or "").split()
            for one in left & set(ids):
                left.discard(one)
                for name, value in said[one].items():
                    sheet.cell(row, places[name]).value = value
    assert not left, left
    opened.save(out or book)
    opened.close()
    return out or book


def shown(book: Path, one: str, *, lang: str = "ru") -> dict[str, Any]:
    """What a workbook shows on the line of a finding."""
    opened = openpyxl.load_workbook(book, read_only=False)
    for sheet in opened.worksheets:
        places = columns(sheet, lang)
        for row in range(1, sheet.max_row + 1) if places else ():
            if one in str(sheet.cell(row, places["ids"]).value or "").split():
                return {name: sheet.cell(row, column).value for name, column in places.items()}
    raise AssertionError(one)


def resaved(book: Path, folder: Path, form: str = "xlsx") -> Path:
    """The workbook as LibreOffice saves it."""
    assert OFFICE
    folder.mkdir(parents=True, exist_ok=True)
    home = f"-env:UserInstallation={(folder / 'office').resolve().as_uri()}"
    asked = [OFFICE, home, "--headless", "--convert-to", form, "--outdir", str(folder), str(book)]
    subprocess.run(asked, check=True, capture_output=True, timeout=180)
    return folder / book.with_suffix(f".{form}").name


def shuffled(book: Path, lang: str = "ru") -> Path:
    """The workbook sorted, with rows and columns inserted, moved and hidden, sheets and file renamed."""
    opened = openpyxl.load_workbook(book)
    for number, sheet in enumerate(opened.worksheets):
        places = columns(sheet, lang)
        if not places:
            continue
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        head, body = rows[0], rows[1:]
        random.Random(number).shuffle(body)  # noqa: S311
        order = list(range(len(head)))
        random.Random(number).shuffle(order)  # noqa: S311
        fresh = opened.create_sheet(f"renamed {number}", opened.index(sheet))
        fresh.append(["a remark of ours"])
        fresh.append([])
        lines = [*body[:1], head, *body[1:]]  # as sorting leaves it when the headings are taken for a row
        for line in lines:
            fresh.append([None, "our column", *(line[place] for place in order)])
        fresh.row_dimensions[3].hidden = True
        fresh.column_dimensions["C"].hidden = True
        opened.remove(sheet)
    out = book.with_name("rather another name.xlsx")
    opened.save(out)
    return out
