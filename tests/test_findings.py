"""Findings: ids that survive whatever does not change the fact, one digest everywhere, one finding a fault."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import odf.opendocument
import odf.table
import odf.text
import openpyxl
import pytest
from conftest import DAY, DEMO, demo_tables, found, write_tables

import derbes
from derbes import snapshot
from derbes.auditing import audit
from derbes.findings import digest, finding_id, tidy
from derbes.schema import load as load_schema
from derbes.text import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Rows

    from derbes.auditing import Audit
    from derbes.inventory import Inventory


REQUIRED = [
    f"structure.required.systems.{c.name}" for c in load_schema().tables["systems"].columns.values() if c.required
]


def _broken() -> Rows:
    """The demo with one fault of most kinds, personal values among them."""
    tables = demo_tables()
    tables["fields"][0]["category_id"] = "no-such"
    tables["fields"][1]["system_id"] = ""
    tables["fields"].append({**tables["fields"][2], "note": "again"})
    tables["systems"][0]["storage_countries"] = "DE; RU"
    tables["systems"][1]["owner"] = "991332300012"
    tables["processing"][0]["legal_basis"] = "gdpr-legitimate-interest"
    tables["processing"][1]["processing_id"] = ""
    tables["processing"][2]["recipient_ids"] = "nobody; none-such"
    tables["retention"][0]["period"] = "indefinite"
    tables["purposes"].append({**tables["purposes"][0], "purpose_id": "copy"})
    tables["subjects"].append(
        {**tables["subjects"][0], "subject_id": "alike", "name": tables["subjects"][0]["name"].upper()}
    )
    return tables


@pytest.fixture(scope="session")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return audit(write_tables(tmp_path_factory.mktemp("broken") / "inventory", _broken()), as_of=DAY, before="none")


def _ids(done: Audit) -> list[str]:
    return sorted(done.findings["id"])


@pytest.fixture(scope="session")
def again(broken: Audit) -> Callable[..., Audit]:
    """The same rules over another copy, or in another way: those that found something."""
    rules = set(broken.findings["rule"])

    def run(home: Path | Inventory, **options: Any) -> Audit:
        return audit(home, **{"as_of": DAY, "before": "none", "only": rules} | options)

    return run


def test_an_id_is_made_of_rule_table_key_and_sub() -> None:
    text = '["kz.retention.unlimited","retention","web",["b","\u0430"]]'
    assert finding_id("kz.retention.unlimited", "retention", "web", ["\u0430", "b"]) == _sha(text)[:16]


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_ids_stand_once(broken: Audit) -> None:
    assert len(broken.findings) > 15
    assert broken.findings["id"].is_unique
    assert broken.findings["id"].str.fullmatch("[0-9a-f]{16}").all()


def test_ids_survive_the_order_of_rows_and_columns(broken: Audit, again: Callable[..., Audit], tmp_path: Path) -> None:
    tables = _broken()
    for rows in tables.values():
        random.Random(7).shuffle(rows)  # noqa: S311
        names = sorted(rows[0]) if rows else []
        rows[:] = [{name: row[name] for name in names if name in row} for row in rows]
    shuffled = again(write_tables(tmp_path / "inventory", tables))
    assert _ids(shuffled) == _ids(broken)
    assert shuffled.digest == broken.digest


def _ods(folder: Path, tables: Rows) -> Path:
    folder.mkdir(parents=True)
    book = odf.opendocument.OpenDocumentSpreadsheet()
    for name, rows in tables.items():
        sheet = odf.table.Table(name=name)
        columns = [*rows[0]] if rows else []
        for cells in ([columns], *([[row.get(c, "") for c in columns]] for row in rows)):
            line = odf.table.TableRow()
            for text in cells[0]:
                cell = odf.table.TableCell(valuetype="string")
                for part in text.split("\n"):
                    cell.addElement(odf.text.P(text=part))
                line.addElement(cell)
            sheet.addElement(line)
        book.spreadsheet.addElement(sheet)
    book.save(str(folder / "register.ods"))
    return folder


def _xlsx(folder: Path, tables: Rows) -> Path:
    folder.mkdir(parents=True)
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        columns = [*rows[0]] if rows else []
        for row in (dict(zip(columns, columns, strict=True)), *rows):
            sheet.append([row.get(column, "") for column in columns])
    book.save(folder / "register.xlsx")
    return folder


@pytest.mark.parametrize("saved", [_ods, _xlsx])
def test_ids_survive_another_format(
    saved: Callable[[Path, Rows], Path], broken: Audit, again: Callable[..., Audit], tmp_path: Path
) -> None:
    done = again(saved(tmp_path / "inventory", _broken()))
    assert _ids(done) == _ids(broken)
    assert done.digest == broken.digest


def test_ids_survive_freezing(broken: Audit, again: Callable[..., Audit], tmp_path: Path) -> None:
    frozen = snapshot.freeze(broken.inventory, tmp_path / "2026Q3")
    assert _ids(again(frozen)) == _ids(broken)


@pytest.mark.parametrize("lang", [lang for lang in LANGUAGES if lang != "ru"])
def test_ids_survive_translation(lang: str, broken: Audit, again: Callable[..., Audit]) -> None:
    done = again(broken.inventory, lang=lang)
    assert _ids(done) == _ids(broken)
    assert done.digest == broken.digest
    assert not set(done.findings["title"]) & set(broken.findings["title"])


def test_ids_survive_another_day(broken: Audit, again: Callable[..., Audit]) -> None:
    later = again(broken.inventory, as_of="2026-12-31")
    earlier = again(broken.inventory, as_of="2026-08-26")
    assert _ids(later) == _ids(earlier) == _ids(broken)


ELSEWHERE = """
import sys, derbes
done = derbes.audit(sys.argv[1], as_of="2026-09-30", before="none", lang=sys.argv[2])
print(done.digest)
"""


def test_the_digest_is_the_same_on_every_machine(broken: Audit) -> None:
    places = [
        ("kk", {"PYTHONHASHSEED": "1", "TZ": "Asia/Almaty", "LC_ALL": "C"}),
        ("en", {"PYTHONHASHSEED": "2", "TZ": "America/New_York", "LC_ALL": "C.UTF-8"}),
    ]
    home = str(broken.inventory.path)
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", ELSEWHERE, home, lang],
            env={**os.environ, **place},
            stdout=subprocess.PIPE,
            text=True,
        )
        for lang, place in places
    ]
    assert [run.communicate()[0].strip() for run in runs] == [broken.digest] * len(places)


def test_the_digest_covers_id_severity_status_and_value(broken: Audit) -> None:
    found_before = digest(broken.findings)
    assert found_before == broken.digest
    for column in ("id", "severity", "status", "value"):
        changed = broken.findings.copy()
        changed.loc[0, column] = "another"
        assert digest(changed) != found_before
    for column in ("title", "file", "cell", "since"):
        changed = broken.findings.copy()
        changed[column] = "another"
        assert digest(changed) == found_before


def _of(done: Audit, rule: str) -> list[dict[str, Any]]:
    return done.findings[done.findings["rule"] == rule].to_dict("records")


def test_a_duplicate_id_is_one_finding_with_every_cell(broken: Audit) -> None:
    (finding,) = _of(broken, "structure.unique.fields.field_id")
    rows = broken.inventory.fields
    places = rows.loc[rows["field_id"] == finding["key"], "row"]
    assert finding["cells"] == tuple(sorted(f"A{row}" for row in places))
    assert finding["cell"] in finding["cells"]
    assert len(places) == 2


def test_a_row_under_two_ids_is_one_finding_that_names_the_other(broken: Audit) -> None:
    (finding,) = _of(broken, "structure.duplicate.purposes.purpose_id")
    assert {finding["key"], *(key for _, key in finding["related"])} == {"copy", _broken()["purposes"][0]["purpose_id"]}


def test_a_name_in_other_letters_is_one_finding_that_names_the_other(broken: Audit) -> None:
    (finding,) = _of(broken, "structure.near_duplicate.subjects.subject_id")
    assert {finding["key"], *(key for _, key in finding["related"])} == {
        "alike",
        _broken()["subjects"][0]["subject_id"],
    }


def test_copies_and_alike_rows_do_not_hide_behind_their_own_id(audited: Callable[..., Audit]) -> None:
    row = {
        "system_id": "crm",
        "name": "CRM",
        "kind": "crm",
        "medium": "electronic",
        "owner": "IT",
        "storage_countries": "KZ",
    }
    done = audited({"systems": [row, dict(row)]})
    named = {rule for rule, _ in found(done, "structure") if rule.endswith("systems.system_id")}
    assert named == {"structure.unique.systems.system_id"}


def test_every_element_of_a_list_is_a_finding_of_its_own(broken: Audit) -> None:
    findings = _of(broken, "structure.reference.processing.recipient_ids")
    assert [finding["value"] for finding in findings] == ["nobody", "none-such"]
    assert len({finding["id"] for finding in findings}) == 2
    assert len({(finding["key"], finding["cell"]) for finding in findings}) == 1


def test_a_day_that_there_is_not_is_told_as_it_stands(small: Rows, audited: Callable[..., Audit]) -> None:
    for row in small["documents"]:
        row |= {"approved_on": "2026-02-31", "effective_on": "2026-02-31", "number": "", "version": ""}
    told = audited(small).findings
    told = told[told["value"] == "2026-02-31"]
    assert set(told["column"]) == {"approved_on", "effective_on"}
    assert len(told) == 2 * len(small["documents"])


def test_a_separator_alone_is_no_answer(audited: Callable[..., Audit]) -> None:
    row = {"system_id": "crm", "name": "CRM", "kind": "crm", "medium": "electronic", "owner": "IT"}
    done = audited({"systems": [{**row, "storage_countries": " ;"}]}, only=REQUIRED)
    assert found(done) == [("structure.required.systems.storage_countries", "systems/crm")]


def test_a_row_without_an_id_is_known_by_its_content(broken: Audit) -> None:
    (finding,) = _of(broken, "structure.required.processing.processing_id")
    raw = broken.inventory.raw["processing"]
    (row,) = raw.index[raw["processing_id"] == ""]
    assert finding["key"] == "~" + _sha(json.dumps(list(raw.loc[row]), ensure_ascii=False))[:8]


def test_a_row_whose_id_is_a_person_is_known_by_its_content(audited: Callable[..., Audit]) -> None:
    done = audited({"subjects": [{"subject_id": "991332300012", "name": "Buyer"}]})
    keys = set(done.findings.loc[done.findings["table"] == "subjects", "key"]) - {"*"}
    assert all(key.startswith("~") and len(key) == 9 for key in keys)
    assert "991332300012" not in json.dumps(done.to_json(), ensure_ascii=False)


def test_a_personal_value_is_told_of_and_never_told(broken: Audit) -> None:
    (finding,) = _of(broken, "hygiene.cell.personal_data")
    assert (finding["table"], finding["column"], finding["value"]) == ("systems", "owner", None)
    assert "991332300012" not in json.dumps(broken.to_json(), ensure_ascii=False)


def test_related_rows_are_sorted_and_never_the_row_itself(broken: Audit) -> None:
    for row in broken.findings.itertuples():
        assert list(row.related) == sorted(set(row.related))
        assert (row.table, row.key) not in row.related


def test_a_finding_leads_to_a_cell_that_says_its_value(broken: Audit) -> None:
    addressed = [row for row in broken.findings.itertuples() if row.cell and row.value and row.column]
    assert addressed
    for row in addressed:
        inv = broken.inventory
        position = inv.tables[row.table].index[
            inv.tables[row.table]["row"] == int(row.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        ]
        assert row.value in inv.raw[row.table].loc[position[0], row.column]


def test_findings_are_in_order_whatever_the_order_of_rules(broken: Audit) -> None:
    rows = broken.findings.to_dict("records")
    random.Random(3).shuffle(rows)  # noqa: S311
    assert tidy(rows)["id"].to_list() == broken.findings["id"].to_list()


def test_the_counts_are_those_of_the_findings(broken: Audit) -> None:
    summary, told = broken.summary, broken.findings
    assert sum(summary[name] for name in ("critical", "warning", "info")) == len(told)
    assert summary["unknown"] == told["unknown"].sum()
    assert summary["rows"] == sum(len(rows) for rows in _broken().values())
    assert summary["rules_run"] + summary["rules_not_run"] == len(broken.rules)


def test_the_json_is_what_the_contract_says(broken: Audit) -> None:
    said = json.loads(json.dumps(broken.to_json(), ensure_ascii=False))
    assert set(said) == {
        "schema", "operator", "inventory", "as_of", "law", "digest", "summary", "sources", "rules", "findings",
    }  # fmt: skip
    finding = {
        "id", "rule", "family", "severity", "table", "key", "column", "file", "sheet", "cell", "cells", "value",
        "related", "title", "why", "fix", "citations", "status", "since", "decision",
    }  # fmt: skip
    assert all(set(entry) == finding for entry in said["findings"])
    assert all(set(entry) == {"rule", "view", "rows", "broken", "status", "reason"} for entry in said["rules"])
    assert all(set(c) == {"act", "at", "edition", "confidence"} for f in said["findings"] for c in f["citations"])
    assert all(set(entry) == {"table", "key"} for f in said["findings"] for entry in f["related"])
    assert said["law"] == {"id": "kz", "edition": "2026-08-25", "newer_reported": "2026-09-14"}


def test_an_audit_asked_again_is_the_same_one() -> None:
    inv = derbes.load(DEMO)
    assert audit(inv, as_of=DAY, before="none") is audit(DEMO, as_of=DAY, before="none")
