"""The engine names exactly the rows that an oracle names: one that knows nothing of views, suites and findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import oracle
import pytest
from conftest import DAY, DEMO, LETOILE, demo_tables, write_tables
from oracle.generated import spoiled

from derbes import rules as rulebook
from derbes.auditing import audit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

RULES = {rule.id: rule for rule in rulebook.shipped("kz")}
KEPT = [home for home in (LETOILE, DEMO, *sorted((DEMO / "history").glob("*"))) if home.is_dir()]
SEEDS = range(24)


def _agrees(home: Path, only: Iterable[str] | None = None, day: str = DAY) -> int:
    """Hold an audit against the oracle; the number of findings both name."""
    done = audit(home, as_of=day, before="none", only=only)
    ran = set(done.rules.loc[done.rules["status"] == "run", "rule"])
    assert sorted(rule for rule in done.rules["rule"] if not oracle.covers(rule)) == [], "Teach the oracle these rules."
    told = {(row.rule, row.table, row.key) for row in done.findings.itertuples()}
    expected = oracle.expected(done.inventory, done.law, ran)
    assert (sorted(told - expected), sorted(expected - told)) == ([], [])
    return len(told)


@pytest.mark.parametrize("home", KEPT, ids=lambda home: home.name)
def test_the_oracle_agrees_on_every_inventory_that_is_kept(home: Path) -> None:
    assert _agrees(home) > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_oracle_agrees_on_generated_inventories(seed: int, tmp_path: Path) -> None:
    day = "2022-06-30" if seed % 4 == 3 else DAY  # another law
    assert _agrees(spoiled(demo_tables(), seed, tmp_path / "inventory"), day=day) > 0


@pytest.mark.parametrize("name", RULES)
def test_the_oracle_agrees_on_the_examples_of_a_rule(name: str, tmp_path: Path) -> None:
    for kind in ("good", "bad"):
        tables = getattr(RULES[name], kind)
        texts = {table: [{k: str(v) for k, v in row.items()} for row in rows] for table, rows in tables.items()}
        found = _agrees(write_tables(tmp_path / kind, texts), only=[name])
        assert bool(found) == (kind == "bad" and not RULES[name].waits_for)


def test_the_oracle_knows_no_rule_that_is_gone() -> None:
    assert sorted(set(oracle.ORACLES) - set(RULES)) == []
