"""The demo: what is planted in it is found and nothing else, lawful variations raise nothing, its history holds."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from conftest import DAY, DEMO, LETOILE, ROOT, demo_tables, found

from derbes.auditing import audit
from derbes.errors import SourceError
from derbes.findings import SEVERITIES
from derbes.read.loading import load
from derbes.schema import load as load_schema
from derbes.snapshot import broken_sums, freeze, quarters

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Rows

    from derbes.auditing import Audit

    Case = dict[str, Any]


def _cases(name: str) -> list[Case]:
    return list(yaml.safe_load((ROOT / "tests" / "cases" / f"{name}.yaml").read_text(encoding="utf-8")))


LAWFUL = {case["name"]: case for case in _cases("lawful")}
PLANTED = {case["place"]: case for case in _cases("planted")}


def _changed(tables: Rows, case: Case) -> Rows:
    """Tables with the case's cells set, rows removed and rows added; a key or a column that is not there fails."""
    schema = load_schema()
    rows = {name: {row[schema.tables[name].key]: row for row in rows} for name, rows in tables.items()}
    for edit in case.get("edits", []):
        row = rows[edit["table"]][edit["key"]]
        assert set(edit["set"]) <= set(row)
        row.update(edit["set"])
    for gone in case.get("remove", []):
        del rows[gone["table"]][gone["key"]]
    added: Rows = case.get("add", {})
    return {name: [*kept.values(), *added.get(name, [])] for name, kept in rows.items()}


@cache
def _demo() -> Audit:
    return audit(DEMO, as_of=DAY)


@pytest.mark.parametrize("name", LAWFUL)
def test_a_lawful_variation_raises_nothing(name: str, audited: Callable[..., Audit]) -> None:
    done = audited(_changed(demo_tables(), LAWFUL[name]))
    assert sorted(set(found(done)) - set(found(_demo()))) == []


def test_a_lawful_variation_is_told_in_texts() -> None:
    rows = [edit["set"] for case in LAWFUL.values() for edit in case["edits"]]
    rows += [row for case in LAWFUL.values() for added in case["add"].values() for row in added]
    assert [cell for row in rows for cell in row.values() if not isinstance(cell, str)] == []


def test_what_is_planted_is_found_and_nothing_else() -> None:
    assert found(_demo()) == sorted((case["rule"], place) for place, case in PLANTED.items())


@pytest.mark.parametrize("severity", SEVERITIES)
def test_what_is_planted_is_as_grave_as_meant(severity: str) -> None:
    planted = sorted(place for place, case in PLANTED.items() if case["severity"] == severity)
    told = _demo().findings.query("severity == @severity")
    assert sorted(told["table"] + "/" + told["key"]) == planted


@pytest.mark.parametrize("place", PLANTED)
def test_a_repair_ends_its_finding_and_starts_none(place: str, audited: Callable[..., Audit]) -> None:
    done = audited(_changed(demo_tables(), PLANTED[place]))
    assert found(done) == sorted((case["rule"], other) for other, case in PLANTED.items() if other != place)


@pytest.mark.parametrize("quarter", quarters(DEMO).values(), ids=lambda path: path.name)
def test_a_frozen_quarter_is_what_it_was(quarter: Path) -> None:
    assert broken_sums(quarter) == []


def test_two_quarters_are_frozen() -> None:
    assert [str(quarter) for quarter in quarters(DEMO)] == ["2026Q1", "2026Q2"]


def test_a_finding_is_open_since_the_first_quarter_that_had_it() -> None:
    told = {f"{row.table}/{row.key}": (row.status, row.since) for row in _demo().findings.itertuples()}
    assert _demo().compared == ("2026Q1", "2026Q2")
    assert told == {place: (case["status"], case["since"]) for place, case in PLANTED.items()}


def test_without_the_quarter_that_had_it_a_finding_is_new() -> None:
    done = audit(DEMO, as_of=DAY, before="2026Q1")
    assert done.compared == ("2026Q1",)
    since = {case["since"] for case in PLANTED.values()} - {"2026Q2"}
    assert set(zip(done.findings["status"], done.findings["since"], strict=True)) == {
        ("open" if when == "2026Q1" else "new", when) for when in since
    }


def test_what_was_repaired_in_the_second_quarter_was_found_in_the_first() -> None:
    first = quarters(DEMO)
    told = [found(audit(path, as_of=when.last_day, before="none")) for when, path in first.items()]
    throughout = ("structure.unused.categories.category_id", "categories/gift-card-wish")
    assert told == [
        [("completeness.purpose.no_processing", "purposes/packaging-poll"), throughout],
        [("completeness.cell.placeholder", "documents/dpia-offer"), throughout],
    ]


@pytest.mark.parametrize("home", [DEMO, LETOILE], ids=lambda home: home.name)
def test_a_frozen_copy_is_found_to_have_the_same_faults(home: Path, tmp_path: Path) -> None:
    copy = freeze(load(home), tmp_path / "2026Q3")
    told, again = (audit(path, as_of=DAY, before="none").findings for path in (home, copy))
    assert len(told) > 0
    assert sorted(again["id"]) == sorted(told["id"])
    assert broken_sums(copy) == []


def test_what_cannot_be_read_whole_is_not_frozen(tmp_path: Path) -> None:
    home = freeze(load(DEMO), tmp_path / "inventory")
    (home / "extra.xlsx").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(SourceError, match="could not be read"):
        freeze(load(home), tmp_path / "2026Q3")
    assert not (tmp_path / "2026Q3").exists()
