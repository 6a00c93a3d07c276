"""A seeded inventory of any size, written as the .xlsx that departments keep, with a known share of spoilt cells.

usage: generate.py FIELDS OUT.xlsx [--seed N]

FIELDS rows of fields, a fifth of processing, a hundredth of systems, and reference tables of a constant size; every
kind of defect spoils 0.4 % of the rows of its table. The same seed gives the same cells.
"""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xlsxwriter
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Column = list[Any]
    Table = dict[str, Column]

SEED = 20_260_930
SHARE = 0.004
EPOCH = dt.datetime(2023, 1, 1)  # noqa: DTZ001 - a spreadsheet's dates have no zone
WORDS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text(encoding="utf-8"))
BASES = ("consent", "art9-3", "art9-4", "art9-5", "art9-7")
PERIODS = ("P1Y", "P3Y", "P5Y", "P10Y", "P75Y", "P90D", "P30D", "P6M")
TRIGGERS = ("contract_end", "employment_end", "purpose_end", "account_closed", "last_activity")
# No 7.10: pandas reads it as 7.1, and the naive pipeline would report clauses that derbes rightly does not.
CLAUSES = [f"{chapter}.{number}" for chapter in range(1, 10) for number in range(1, 10)]
CATEGORIES = [entry[0] for entry in WORDS["categories"]]
SUBJECTS = [entry[0] for entry in WORDS["subjects"]]
PURPOSES = [f"{code}-{number}" for code in WORDS["purposes"]["codes"] for number in range(1, 7)]
RETENTION = [f"keep-{number:02d}" for number in range(80)]
RECIPIENTS = [f"recipient-{number:02d}" for number in range(30)]
CONSENTS = [f"consent-{number:02d}" for number in range(20)]


def tables(fields: int, seed: int = SEED) -> dict[str, Table]:
    """Tables of an inventory as columns of cells: str, int, datetime, or None for an empty cell."""
    rng = np.random.default_rng([seed, fields])
    systems = [f"sys-{number:04d}" for number in range(max(1, fields // 100))]
    made = {
        **_register(),
        "systems": _systems(rng, systems),
        "fields": _fields(rng, fields, systems),
        "processing": _processing(rng, fields // 5, systems, fields=fields),
    }
    _spoil_systems(_Spoiler(rng, made["systems"]))
    _spoil_fields(_Spoiler(rng, made["fields"]))
    _spoil_processing(_Spoiler(rng, made["processing"]))
    return made


def write(path: Path, made: dict[str, Table]) -> int:
    """Write the tables as a workbook, texts in shared strings as Excel keeps them; return the number of rows."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": EPOCH})
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    for name, table in made.items():
        sheet = book.add_worksheet(name)
        for number, (title, cells) in enumerate(table.items()):
            sheet.write_string(0, number, title)
            for row, cell in enumerate(cells, 1):
                if isinstance(cell, str):
                    sheet.write_string(row, number, cell)
                elif isinstance(cell, dt.datetime):
                    sheet.write_datetime(row, number, cell, day)
                elif cell is not None:
                    sheet.write_number(row, number, cell)
    book.close()
    return sum(len(next(iter(table.values()))) for table in made.values())


def _operator() -> dict[str, Any]:
    words = WORDS["operator"]
    return {
        "operator_id": "bench-kz", "name": words["name"], "legal_name": words["legal_name"],
        "bin": "001340000002", "country": "KZ", "address": words["address"], "email": "privacy@example.kz",
        "responsible_role": words["role"], "subject_count": 48_000, "size_class": "medium",
        "languages": "ru; kk",
    }  # fmt: skip


def _register() -> dict[str, Table]:
    """Tables of a constant size, kept by compliance."""
    kinds = ("processor", "third_party", "state_body", "group")
    return {
        "operator": {column: [cell] for column, cell in _operator().items()},
        "categories": _columns(
            (
                {
                    "category_id": code, "name": name, "item": "document" if nature == "identity_document" else "data",
                    "access_class": "restricted", "nature": nature, "is_identifier": _flag(nature == "identifier"),
                    "clauses": CLAUSES[place],
                }
                for place, (code, _, name, nature) in enumerate(WORDS["categories"])
            )
        ),
        "subjects": _columns(
            ({"subject_id": code, "name": name, "minors": _flag(code == "child")} for code, name in WORDS["subjects"])
        ),
        "purposes": _columns(_purposes()),
        "retention": _columns(_retention()),
        "recipients": _columns(
            (
                {
                    "recipient_id": code, "name": f"{WORDS['recipients'][place % 10]} {place // 10 + 1}",
                    "kind": kinds[place % 4], "countries": "KZ" if place % 5 else "KZ; RU",
                }
                for place, code in enumerate(RECIPIENTS)
            )
        ),
        "consents": _columns(_consents()),
        "rights": _columns(_rights()),
        "clauses": _columns(_clauses()),
    }  # fmt: skip


def _purposes() -> Iterator[dict[str, Any]]:
    for place, code in enumerate(PURPOSES):
        verb, thing = WORDS["purposes"]["verbs"][place % 6], WORDS["purposes"]["objects"][place // 6]
        yield {"purpose_id": code, "name": f"{verb} {thing}".capitalize(), "clauses": CLAUSES[place]}


def _retention() -> Iterator[dict[str, Any]]:
    for place, code in enumerate(RETENTION):
        period, trigger = PERIODS[place % 8], TRIGGERS[place // 8 % 5]
        name = f"{WORDS['retention']['title']} {place + 1}: {period}, {trigger}"
        yield {
            "retention_id": code, "name": name, "period": period, "bound": ("max", "min", "exact")[place % 3],
            "trigger": trigger, "authority": WORDS["retention"]["authority"],
            "disposal": ("destroy", "anonymise", "delete")[place % 3], "disposal_days": 30, "clauses": CLAUSES[place],
        }  # fmt: skip


def _consents() -> Iterator[dict[str, Any]]:
    for place, code in enumerate(CONSENTS):
        yield {
            "consent_id": code, "name": f"{WORDS['consent']} {place + 1}", "form": ("checkbox", "written")[place % 2],
            "contents": "operator; subject; term; third_parties; data_list", "term": PERIODS[place % 8],
            "given_by": "subject", "subject_ids": SUBJECTS[place % 12], "purpose_ids": "; ".join(PURPOSES[place::20]),
            "category_ids": "; ".join(CATEGORIES[place % 4 :: 4]), "withdrawal_channels": "email; account",
        }  # fmt: skip


def _rights() -> Iterator[dict[str, Any]]:
    kinds = ("know", "access", "correct", "supplement", "block", "destroy", "withdraw", "complain")
    for place, kind in enumerate(kinds):
        yield {
            "right_id": f"right-{kind}", "name": f"{WORDS['right']} {place + 1}", "kind": kind,
            "channels": "email; office", "deadline_days": 3, "owner": WORDS["owners"][8],
        }  # fmt: skip


def _clauses() -> Iterator[dict[str, Any]]:
    kinds = ("data", "right", "retention", "security", "recipient")
    for place, code in enumerate(CLAUSES):
        yield {
            "clause_id": code, "kinds": kinds[place % 5], "summary": f"{WORDS['clauses'][place % 5]} ({code})",
            "policy_version": "2.0", "subject_ids": SUBJECTS[place % 12], "category_ids": CATEGORIES[place % 40],
        }  # fmt: skip


def _systems(rng: np.random.Generator, ids: list[str]) -> Table:
    count = len(ids)
    kind = rng.integers(0, 12, count)
    names = [f"{WORDS['systems'][k]} {number + 1}" for number, k in enumerate(kind)]
    archive = WORDS["system_kinds"].index("paper_archive")
    return {
        "system_id": ids,
        "name": names,
        "kind": [WORDS["system_kinds"][k] for k in kind],
        "medium": ["paper" if k == archive else "electronic" for k in kind],
        "owner": _pick(rng, WORDS["owners"], count),
        "storage_countries": _pick(rng, WORDS["countries"], count),
        "storage_site": _pick(rng, WORDS["sites"], count),
        "provider_id": _sparse(rng, _pick(rng, RECIPIENTS, count), 0.4),
        "measures": _pick(rng, WORDS["measures"], count),
        "status": _pick(rng, ["active"] * 9 + ["retired"], count),
        "subject_count": rng.integers(100, 90_000, count).tolist(),
        "reviewed_on": _days(rng, count),
        "clauses": _lists(rng, CLAUSES, count, most=3),
        "note": _sparse(rng, _notes(rng, count), 0.3),
    }


def _fields(rng: np.random.Generator, count: int, systems: list[str]) -> Table:
    place, kind = np.arange(count), rng.integers(0, len(CATEGORIES), count)
    stages = rng.integers(0, 12, count)
    schemas = _pick(rng, WORDS["schemas"], count)
    entries = [WORDS["categories"][k] for k in kind]
    return {
        "field_id": [f"fld-{number:07d}" for number in place],
        "system_id": [systems[min(number // 100, len(systems) - 1)] for number in place],
        "name": [
            f"{schema}.{WORDS['tables'][stage]}_{number % 100:02d}.{entry[1]}"
            for schema, stage, entry, number in zip(schemas, stages, entries, place, strict=True)
        ],
        "label": [f"{entry[2]} ({WORDS['stages'][s]})" for entry, s in zip(entries, stages, strict=True)],
        "category_id": [entry[0] for entry in entries],
        "subject_ids": _lists(rng, SUBJECTS, count, most=3),
        "source": _pick(rng, ["subject"] * 5 + ["representative", "employee", "generated", "third_party"], count),
        "collected_by": _pick(rng, ["form", "phone", "paper", "cookie", "log", "integration", "generated"], count),
        "mandatory": _pick(rng, list(WORDS["flags"].values()), count),
        "state": _pick(rng, ["identified"] * 5 + ["pseudonymised"], count),
        "document_copy": _sparse(rng, _pick(rng, list(WORDS["flags"].values()), count), 0.5),
        "date_role": _sparse(rng, _pick(rng, ["created", "updated", "expires", "closed"], count), 0.1),
        "reviewed_on": _days(rng, count),
        "clauses": _lists(rng, CLAUSES, count, most=2),
        "note": _sparse(rng, _notes(rng, count), 0.3),
    }


def _processing(rng: np.random.Generator, count: int, systems: list[str], *, fields: int) -> Table:
    purpose, system = rng.integers(0, 60, count), rng.integers(0, len(systems), count)
    names = WORDS["purposes"]["objects"]
    nearby = [sorted({*rng.integers(s * 100, min(fields, s * 100 + 100), 5)}) for s in system]
    return {
        "processing_id": [f"prc-{number:06d}" for number in range(count)],
        "name": [f"{WORDS['owners'][p % 10]}: {names[p // 6]} № {n}".capitalize() for n, p in enumerate(purpose)],
        "subject_ids": _lists(rng, SUBJECTS, count, most=3),
        "purpose_id": [PURPOSES[p] for p in purpose],
        "system_ids": [systems[s] for s in system],
        "category_ids": _lists(rng, CATEGORIES, count, most=5),
        "field_ids": ["; ".join(f"fld-{number:07d}" for number in row) for row in nearby],
        "operations": _pick(rng, ["collect; store; use", "collect; store; use; destroy", "store; change; use"], count),
        "legal_basis": _pick(rng, BASES, count),
        "authority": _sparse(rng, [WORDS["authority"]] * count, 0.6),
        "consent_ids": _sparse(rng, _lists(rng, CONSENTS, count, most=2), 0.5),
        "retention_id": _pick(rng, RETENTION, count),
        "recipient_ids": _sparse(rng, _lists(rng, RECIPIENTS, count, most=3), 0.5),
        "automated_decision": _pick(rng, list(WORDS["flags"].values()), count),
        "owner": _pick(rng, WORDS["owners"], count),
        "status": _pick(rng, ["active"] * 8 + ["draft", "stopped"], count),
        "reviewed_on": _days(rng, count),
        "clauses": _lists(rng, CLAUSES, count, most=3),
    }


class _Spoiler:
    """Spoils cells of a table, every kind of defect other rows, so that each stays what it is meant to be."""

    def __init__(self, rng: np.random.Generator, table: Table) -> None:
        self.table = table
        self.count = round(len(next(iter(table.values()))) * SHARE)
        self.order = rng.permutation(len(next(iter(table.values())))).tolist()

    def rows(self) -> list[int]:
        """Rows for one more kind of defect."""
        taken, self.order = self.order[: self.count], self.order[self.count :]
        return taken

    def empty(self, *columns: str) -> None:
        """Empty cells, one kind of defect a column."""
        for column in columns:
            self.change(column, lambda _: None)

    def change(self, column: str, changed: Callable[[Any], Any]) -> None:
        """Replace cells of a column by what the function makes of them."""
        cells = self.table[column]
        for row in self.rows():
            cells[row] = changed(cells[row])

    def repeat(self, *columns: str) -> None:
        """Give rows the cells of other rows, which no other defect spoils."""
        for row, other in zip(self.rows(), self.rows(), strict=True):
            for column in columns:
                self.table[column][row] = self.table[column][other]


def _spoil_systems(spoiler: _Spoiler) -> None:
    spoiler.empty("name", "owner", "storage_countries")
    spoiler.change("medium", lambda _: WORDS["misspelt"][0])
    spoiler.change("provider_id", lambda _: "recipient-of-old")


def _spoil_fields(spoiler: _Spoiler) -> None:
    lookalikes = str.maketrans(WORDS["lookalikes"])
    spoiler.repeat("field_id")
    spoiler.repeat("system_id", "name")
    spoiler.empty("system_id", "name", "label", "category_id", "source")
    spoiler.change("field_id", str.upper)
    spoiler.change("field_id", lambda cell: cell.replace("fld", "fl\u00a0d"))
    spoiler.change("system_id", lambda cell: cell + "-old")
    spoiler.change("category_id", lambda cell: cell.translate(lookalikes) if cell in {"phone", "email"} else "nickname")
    spoiler.change("source", lambda _: WORDS["misspelt"][0])
    spoiler.change("collected_by", lambda _: WORDS["placeholder"])
    spoiler.change("date_role", lambda _: WORDS["misspelt"][1])
    spoiler.change("subject_ids", lambda _: f"{SUBJECTS[0]}, {SUBJECTS[1]}")
    spoiler.change("reviewed_on", lambda _: WORDS["impossible_date"])
    spoiler.change("mandatory", lambda _: WORDS["misspelt"][2])


def _spoil_processing(spoiler: _Spoiler) -> None:
    spoiler.repeat("processing_id")
    spoiler.empty("name", "subject_ids", "purpose_id", "legal_basis", "retention_id", "owner")
    spoiler.change("processing_id", str.upper)
    spoiler.change("purpose_id", lambda cell: cell + "-old")
    spoiler.change("retention_id", lambda _: "keep-forever")
    spoiler.change("legal_basis", lambda _: "gdpr-legitimate-interest")
    spoiler.change("system_ids", lambda _: "sys-none")
    spoiler.change("field_ids", lambda cell: cell.replace(";", ","))
    spoiler.change("recipient_ids", lambda _: WORDS["placeholder"])


def _columns(rows: Iterator[dict[str, Any]]) -> Table:
    table: Table = {}
    for row in rows:
        for name, cell in row.items():
            table.setdefault(name, []).append(cell)
    return table


def _flag(value: bool) -> str:  # noqa: FBT001 - a cell's value
    return str(WORDS["flags"][value])


def _pick(rng: np.random.Generator, choices: Sequence[str], count: int) -> Column:
    return [choices[place] for place in rng.integers(0, len(choices), count)]


def _lists(rng: np.random.Generator, choices: Sequence[str], count: int, *, most: int) -> Column:
    """Lists of one to ``most`` neighbours in the list of choices: departments repeat the same few combinations."""
    starts, sizes = rng.integers(0, len(choices) - most, count), rng.integers(1, most + 1, count)
    return ["; ".join(choices[start : start + size]) for start, size in zip(starts, sizes, strict=True)]


def _sparse(rng: np.random.Generator, cells: Column, share: float) -> Column:
    kept = rng.random(len(cells)) < share
    return [cell if keep else None for cell, keep in zip(cells, kept, strict=True)]


def _days(rng: np.random.Generator, count: int) -> Column:
    return [EPOCH + dt.timedelta(days=int(days)) for days in rng.integers(0, 1_300, count)]


def _notes(rng: np.random.Generator, count: int) -> Column:
    days, notes = _days(rng, count), _pick(rng, WORDS["notes"], count)
    return [f"{note.capitalize()}, {day:%d.%m.%Y}" for note, day in zip(notes, days, strict=True)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fields", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    write(asked.out, tables(asked.fields, asked.seed))
