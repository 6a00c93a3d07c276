"""Views: whatever is missing, blank or none, each can be laid out; registers have such gaps."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from conftest import DAY, demo_tables, write_tables

from derbes import schema
from derbes.errors import ModelError
from derbes.law import load_law
from derbes.read.loading import load
from derbes.views import RESERVED, VIEWS, view

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Rows

LAW = load_law("kz", dt.date.fromisoformat(DAY))
TABLES = schema.load().tables


def _spoiled(table: str, how: str) -> Rows:
    tables, key = demo_tables(), TABLES[table].key
    if how == "missing":
        del tables[table]
        return tables
    for row in tables[table]:
        cells = [key] if how == "without ids" else [name for name in row if name != key]
        row.update(dict.fromkeys(cells, "none" if how == "none" else ""))
    return tables


@pytest.mark.parametrize(
    ("table", "how"), [*((table, how) for table in TABLES for how in ("missing", "blank")), ("clauses", "without ids")]
)
def test_every_view_can_be_laid_out_whatever_a_table_lacks(table: str, how: str, tmp_path: Path) -> None:
    inv = load(write_tables(tmp_path, _spoiled(table, how)))
    for name, one in VIEWS.items():
        if name != "texts":  # looks at every cell for its words alone, and takes long
            frame = one.frame(inv, LAW)
            assert list(frame.index) == list(range(len(frame))), name


def test_a_name_is_given_to_one_view() -> None:
    with pytest.raises(ModelError, match="stands twice"):
        view("retention", table="retention")(lambda inv, _law: inv.retention)
    assert "origin" in RESERVED


@pytest.mark.parametrize(
    ("unsaid", "settled"),
    [
        ({"category_ids": ""}, False),
        ({"category_ids": "", "status": "stopped"}, True),
        ({"category_ids": "none"}, True),
    ],
)
def test_what_a_row_in_force_does_not_say_leaves_open_whether_data_serve(
    unsaid: dict[str, str], *, settled: bool, tmp_path: Path
) -> None:
    row = {"processing_id": "a", "name": "A", "purpose_id": "order", "system_ids": "crm", **unsaid}
    tables = {
        "categories": [{"category_id": "voice", "name": "Voice"}],
        "fields": [
            {"field_id": f"{place}.voice", "system_id": place, "category_id": "voice"} for place in ("crm", "till")
        ],
        "processing": [row],
    }
    inv, law = load(write_tables(tmp_path, tables)), load_law("kz", dt.date.fromisoformat(DAY))
    assert VIEWS["category_use"].frame(inv, law)["unsettled"].to_list() == [not settled]
    assert VIEWS["field_use"].frame(inv, law)["unsettled"].to_list() == [not settled, False]
