"""A person's value planted in every column of every table: found each time, and repeated nowhere."""

from __future__ import annotations

import datetime as dt
import inspect
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from conftest import DAY, DEMO, demo_tables, write_tables
from stdnum import iban, luhn

from derbes import figures, notice, regulator
from derbes.auditing import audit
from derbes.identity import mask
from derbes.law import load_law
from derbes.page import ChangesPage, SubjectPage
from derbes.quarter import Quarter
from derbes.read.loading import load
from derbes.schema import load as load_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Rows

#: Columns that may hold addresses and telephones to be written to; nobody's IIN, card or account has a lawful place.
PUBLISHED = {("operator", "email"), ("operator", "responsible_contact"), ("clauses", "requisites")}
KINDS = ("iin", "card", "iban", "email", "phone")


def _iin(number: int) -> str:
    """An IIN that nobody has: month 13."""
    for serial in range(number * 7, 100_000):
        digits = f"9913323{serial:04d}"
        for weights in (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
            rest = sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11
            if rest < 10:
                return f"{digits}{rest}"
    raise ValueError(number)


def _value(number: int, kind: str) -> str:
    if kind == "iin":
        return _iin(number)
    if kind == "card":
        digits = f"427653{number:09d}"
        return digits + luhn.calc_check_digit(digits)
    if kind == "iban":
        account = f"125KZT50041{number:05d}"
        return f"KZ{iban.calc_check_digits('KZ00' + account)}{account}"
    return f"dana.nobody{number}@gmail.com" if kind == "email" else f"+7701{5550000 + number}"


class Plant(NamedTuple):
    """Where a value was planted."""

    table: str
    column: str
    row: int
    value: str


def _planted(tables: Rows) -> Iterator[Plant]:
    number = 0
    for table, model in load_schema().tables.items():
        for column in model.columns:
            written_to = (table, column) in PUBLISHED or column == "channels"
            kind = KINDS[number % 3] if written_to or column == model.key else KINDS[number % 5]
            row, value = number % len(tables[table]), _value(number, kind)
            said = tables[table][row].get(column, "")
            tables[table][row][column] = f"{said} {value}".strip() if number % 2 and column != model.key else value
            yield Plant(table, column, row + 2, value)
            number += 1


@pytest.fixture(scope="session")
def plants(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Plant]]:
    tables = demo_tables()
    planted = list(_planted(tables))
    extra = _value(901, "iin")
    for row in tables["systems"]:
        row["our own column"] = ""
        row[f"column of {_value(902, 'phone')}"] = ""
    tables["systems"][0]["our own column"] = extra
    planted.append(Plant("systems", "our own column", 2, extra))
    return write_tables(tmp_path_factory.mktemp("canary") / "inventory", tables), planted


def _leaks(texts: dict[str, str], planted: list[Plant]) -> list[str]:
    values = {plant.value: f"{plant.table}.{plant.column}" for plant in planted} | {_value(902, "phone"): "a heading"}
    values |= {value.partition("@")[0]: place for value, place in values.items() if "@" in value}
    values |= {value.lstrip("+"): place for value, place in values.items()}
    return [
        f"{name} repeats {place}" for name, text in texts.items() for value, place in values.items() if value in text
    ]


def test_every_planted_value_is_found(plants: tuple[Path, list[Plant]]) -> None:
    home, planted = plants
    told = audit(home, as_of=DAY, before="none").findings
    told = told[(told["rule"] == "hygiene.cell.personal_data") & (told["severity"] == "critical")]
    places = {
        (row.table, row.column or "our own column", int(re.sub(r"\D", "", row.cell or "0")))
        for row in told.itertuples()
    }
    named = {(plant.table, plant.column, plant.row) for plant in planted}
    assert sorted(named - places) == []


def test_no_value_of_a_finding_is_a_person_s(plants: tuple[Path, list[Plant]]) -> None:
    home, planted = plants
    told = audit(home, as_of=DAY, before="none").findings
    assert _leaks({"findings": told.to_csv()}, planted) == []


LOUD = """
import json, logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from derbes.cli import main
for words in json.loads(sys.argv[1]):
    assert main(words, standalone_mode=False) in {0, 1, None}
"""


def _artefacts(folder: Path) -> dict[str, str]:
    texts = {}
    for path in (path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        texts[name] = f"{name} {path.read_bytes().decode(errors='replace')}"
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                texts |= {f"{name}/{part}": archive.read(part).decode(errors="replace") for part in archive.namelist()}
    return texts


def test_no_stream_and_no_file_repeats_a_planted_value(plants: tuple[Path, list[Plant]], tmp_path: Path) -> None:
    """With every logger of every library at its loudest."""
    home, planted = str(plants[0]), plants[1]
    commands = [
        ["check", home, "--as-of", DAY, "--before", "none", "--format", "json", "--lang", "ru"],
        ["check", home, "--as-of", DAY, "--before", "none", "--format", "text", "--lang", "kk"],
        ["report", home, "--quarter", "2026Q3", "--before", "none", "--lang", "ru", "--out", str(tmp_path), "--no-pdf"],
    ]
    words = [sys.executable, "-c", LOUD, json.dumps(commands)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-300:]
    assert done.stdout.count("hygiene.cell.personal_data") > len(planted)
    assert "DEBUG" in done.stderr
    written = _artefacts(tmp_path)
    assert {Path(name).suffix for name in written} >= {".html", ".ipynb", ".xlsx", ".json", ".png"}
    assert _leaks({"stdout": done.stdout, "stderr": done.stderr, **written}, planted) == []


def _pictures(folder: Path, tables: Rows) -> list[bytes]:
    done = audit(write_tables(folder, tables), as_of=DAY, before="none", only=["hygiene.cell.personal_data"])
    return [draw(done).png for draw in (figures.purposes, figures.systems, figures.retention)]


def test_a_figure_draws_no_planted_value(tmp_path: Path) -> None:
    planted, masked = demo_tables(), demo_tables()
    for number, table in enumerate(("categories", "purposes", "systems", "subjects")):
        planted[table][0]["name"] = value = _value(800 + number, KINDS[number])
        masked[table][0]["name"] = mask(value)
    assert _pictures(tmp_path / "planted", planted) == _pictures(tmp_path / "masked", masked)


def test_no_planted_value_is_handed_to_a_regulator(plants: tuple[Path, list[Plant]], tmp_path: Path) -> None:
    home, planted = plants
    dossier = regulator.dossier(home, quarter=Quarter.parse("2026Q3"), reports=tmp_path, unsealed=True)
    path = regulator.pack(dossier, tmp_path / "out.zip")
    texts = {}
    with zipfile.ZipFile(path) as outer:
        for name in outer.namelist():
            member = outer.read(name)
            if not name.endswith((".xlsx", ".docx")):
                texts[name] = member.decode()
                continue
            with zipfile.ZipFile(io.BytesIO(member)) as inner:
                texts |= {f"{name}/{part}": inner.read(part).decode() for part in inner.namelist() if "xml" in part}
    assert len(texts) > 20
    assert _leaks(texts, planted) == []


@pytest.mark.parametrize("kind", notice.KINDS)
def test_no_planted_value_is_written_to_a_subject(plants: tuple[Path, list[Plant]], tmp_path: Path, kind: str) -> None:
    home, planted = plants
    made = notice.documents(load(home), load_law("kz", dt.date.fromisoformat(DAY)), "all", kind=kind, lang="kk-ru")
    for name in ("one.docx", "one.html"):
        notice.publish(made, tmp_path / name)
    assert _leaks(_artefacts(tmp_path), planted) == []


@pytest.mark.parametrize("subject", ["", "all", "applicant"])
def test_the_pages_of_subjects_and_changes_repeat_no_planted_value(
    plants: tuple[Path, list[Plant]], subject: str
) -> None:
    home, planted = plants
    only = ["hygiene.cell.personal_data", "kz.retention.unlimited"]
    done = audit(home, as_of=DAY, before=str(DEMO / "history" / "2026Q2"), only=only)
    pages = (SubjectPage(done, Quarter.parse("2026Q3"), subject), ChangesPage(done, Quarter.parse("2026Q3")))
    texts = {
        f"{type(page).__name__}.{name}": section(page).html
        for page in pages
        for name, section in inspect.getmembers(type(page), inspect.isfunction)
        if not name.startswith("_") and section.__annotations__["return"] == "Passage"
    }
    assert len(texts) > 20
    assert _leaks(texts, planted) == []
