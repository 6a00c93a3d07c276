"""Inventory workbooks to fill in: what people are offered, and what derbes reads back of what they get."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest

import derbes
from derbes import schema as model
from derbes import text
from derbes.errors import UsageError
from derbes.workbook import write_inventory

if TYPE_CHECKING:
    from pathlib import Path

ATTACK = '=HYPERLINK("http://example.org";"x")'


def register() -> dict[str, list[dict[str, str]]]:
    """Return a few rows with codes, lists, ids that look like numbers, and a text that looks like a formula."""
    return {
        "clauses": [{"clause_id": "7.10", "kinds": "purpose; basis", "summary": ATTACK, "asserts": "none"}],
        "systems": [
            {"system_id": "shop", "name": "Shop", "kind": "shop", "medium": "electronic", "storage_countries": "KZ; DE"}
        ],
        "fields": [{"field_id": "f-1", "system_id": "shop", "name": "t.c", "mandatory": "yes", "clauses": "7.10"}],
    }


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_an_empty_inventory_is_read_as_one_with_all_tables_and_no_rows(tmp_path: Path, lang: str) -> None:
    write_inventory(tmp_path, lang=lang)
    inv = derbes.load(tmp_path)
    assert inv.present == frozenset(model.load().tables)
    assert not sum(map(len, inv.tables.values()))
    left = inv.sources[inv.sources["reason"].notna()]
    assert all(name.startswith("_") for name in left["sheet"])
    assert not inv.faults


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_an_empty_inventory_helps_on_every_column(tmp_path: Path, lang: str) -> None:
    book = openpyxl.load_workbook(write_inventory(tmp_path / "new.xlsx", lang=lang))
    assert book.sheetnames[0] == "_readme"
    for table in model.load().tables.values():
        sheet = book[table.title[lang]]
        assert sheet.freeze_panes
        rules = {place: rule for rule in sheet.data_validations.dataValidation for place in str(rule.sqref).split()}
        for number, one in enumerate(table.columns.values(), start=1):
            head = sheet.cell(1, number)
            assert head.value == one.title[lang] + (" *" if one.required else "")
            assert one.help[lang] in head.comment.text
            rule = rules[f"{head.column_letter}2:{head.column_letter}1048576"]
            assert 0 < len(rule.prompt) <= 255
            assert len(rule.promptTitle) <= 32


def test_lists_are_picked_in_the_language_and_references_from_the_other_sheet(tmp_path: Path) -> None:
    made = write_inventory(
        tmp_path / "new.xlsx", lang="kk", tables=["retention", "fields", "systems"], grounds=["consent"]
    )
    book = openpyxl.load_workbook(made)
    schema = model.load()
    fields, lists = schema.tables["fields"], book[text.words("kk")["template"]["lists"]]
    assert lists.sheet_state == "hidden"
    rules = {
        str(rule.sqref).split(":")[0][:-1]: rule for rule in book[fields.title["kk"]].data_validations.dataValidation
    }
    by_name = {
        name: rules[openpyxl.utils.get_column_letter(number)] for number, name in enumerate(fields.columns, start=1)
    }
    assert schema.tables["systems"].title["kk"] in by_name["system_id"].formula1
    assert by_name["category_id"].type is None
    place = re.fullmatch(r"'_[^']+'!\$([A-Z]+)\$2:\$[A-Z]+\$(\d+)", by_name["source"].formula1)
    assert place
    offered = [lists[f"{place[1]}{row}"].value for row in range(2, int(place[2]) + 1)]
    assert offered == [label["kk"] for label in schema.lists["source"].values()]


def test_ids_references_and_codes_are_formatted_as_text_and_dates_as_dates(tmp_path: Path) -> None:
    codes = {"document_id": "7.10", "number": "007", "version": "2.10", "clauses": "7.10; 6.4"}
    dates = {"approved_on": "2026-03-02", "effective_on": "in spring"}
    rows = {"documents": pd.DataFrame([{**codes, **dates, "kind": "policy", "note": ATTACK}])}
    made = write_inventory(tmp_path / "some.xlsx", lang="ru", tables=["documents"], rows=rows, labels=True)
    names = list(model.load().tables["documents"].columns)
    sheet = openpyxl.load_workbook(made).worksheets[1]
    cells = dict(zip(names, sheet[2], strict=True))
    assert {name: (cells[name].value, cells[name].number_format) for name in codes} == {
        name: (value, "@") for name, value in codes.items()
    }
    assert cells["approved_on"].value == dt.datetime(2026, 3, 2)  # noqa: DTZ001 - a cell has no zone
    assert cells["effective_on"].value == "in spring"
    assert cells["kind"].value == model.load().label("document_kind", "policy", "ru")
    assert (cells["note"].value, cells["note"].data_type) == (ATTACK, "s")


def test_rows_survive_the_way_through_a_workbook(tmp_path: Path) -> None:
    schema = model.load()
    rows = {name: pd.DataFrame(table) for name, table in register().items()}
    for labels in (False, True):
        write_inventory(tmp_path / f"{labels}.xlsx", lang="kk", tables=list(rows), rows=rows, labels=labels)
    plain_one, labelled_one = (derbes.load(tmp_path / f"{labels}.xlsx") for labels in (False, True))
    for name, table in rows.items():
        for column_name in table.columns:
            assert list(plain_one.raw[name][column_name]) == list(table[column_name])
            assert list(labelled_one.tables[name][column_name]) == list(plain_one.tables[name][column_name])
    assert schema.tables.keys() >= rows.keys()


def test_columns_that_the_model_does_not_know_are_kept_at_the_end(tmp_path: Path) -> None:
    rows = {"subjects": pd.DataFrame([{"subject_id": "buyers", "name": "Buyers", "colour": "red", "row": "7"}])}
    made = write_inventory(tmp_path / "some.xlsx", lang="en", tables=["subjects"], rows=rows, guide=False)
    sheet = openpyxl.load_workbook(made).worksheets[0]
    assert (sheet.cell(1, sheet.max_column).value, sheet.cell(2, sheet.max_column).value) == ("colour", "red")


def test_the_same_inventory_gives_the_same_bytes(tmp_path: Path) -> None:
    made = [write_inventory(tmp_path / f"{one}.xlsx", lang="ru").read_bytes() for one in range(2)]
    assert made[0] == made[1]


def test_a_table_that_does_not_exist_is_refused_with_the_closest_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean “retention”"):
        write_inventory(tmp_path, lang="ru", tables=["retentions"])
