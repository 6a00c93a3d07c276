"""The self-test: what is planted is read as if it stood there, judged twice, and found by the engine itself.

``DERBES_BLESS=1 python -m pytest tests/test_mutation.py`` runs the whole self-test (minutes) and writes its record.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from functools import cache
from typing import TYPE_CHECKING, Any

import oracle
import pytest
import yaml
from click.testing import CliRunner
from conftest import DAY, DEMO, LETOILE, ROOT, write_tables

from derbes import cli, engine, mutation
from derbes import rules as rulebook
from derbes.auditing import audit
from derbes.control import RECORD, on_record, ruleset
from derbes.inventory import rearranged
from derbes.law import load_law
from derbes.mutation import trying
from derbes.mutation.defects import Defect, defects, pools
from derbes.mutation.planting import planted, sampled
from derbes.mutation.result import Selftest, Told, listing
from derbes.mutation.trying import Ground, signed
from derbes.mutation.watching import concern
from derbes.read.loading import load
from derbes.text import LANGUAGES, words
from derbes.views import VIEWS

if TYPE_CHECKING:
    from pathlib import Path

    from derbes.inventory import Inventory
    from derbes.mutation.trying import Trial

RULES = rulebook.shipped("kz")
LAW = load_law("kz", dt.date.fromisoformat(DAY))
RECORDED = ROOT / "src" / "derbes" / RECORD
_SAMPLE = 32  # defects of the quick subset


@pytest.fixture(scope="module", autouse=True)
def blessed() -> None:
    """The record written anew, when asked for."""
    if os.environ.get("DERBES_BLESS"):
        done = mutation.selftest(DEMO, as_of=dt.date.fromisoformat(DAY), beside=[LETOILE])
        shown = {**done.to_json(), "inventory": DEMO.name}
        RECORDED.write_text(json.dumps(shown, indent=1) + "\n", encoding="utf-8")
        on_record.cache_clear()


@cache
def _ground() -> Ground:
    return Ground(load(DEMO), LAW, RULES)


@cache
def _subset() -> list[Defect]:
    taken = pools(example for rule in RULES for example in (rule.good, rule.bad))
    every = [one for one in defects(_ground().inv, LAW, taken, depth=1) if not one.operator.startswith("sheet:")]
    return every[7 :: len(every) // _SAMPLE]


@cache
def _trials() -> list[Trial]:
    return _ground().tried([(one,) for one in _subset()])


def _same(one: Inventory, other: Inventory, table: str) -> None:
    model = one.schema.tables[table]
    assert list(one.keys[table]) == list(other.keys[table])
    for name in model.columns:
        assert list(one.states[table][name]) == list(other.states[table][name])
        left, right = (inv.tables[table][name].astype(object).where(lambda s: s.notna(), None) for inv in (one, other))
        assert list(left) == list(right)


def _as_text() -> list[Defect]:
    """Defects that a file of texts can show."""
    return [one for one in _subset() if one.operator not in {"unreadable", "number", "date", "table_absent"}]


@pytest.mark.parametrize("number", range(8))
def test_what_is_planted_in_memory_is_what_would_be_read_from_a_file(number: int, tmp_path: Path) -> None:
    defect = _as_text()[number * len(_as_text()) // 8]
    spoiled, _ = planted(_ground().inv, [defect])
    rows = [{str(k): str(v) for k, v in row.items()} for row in spoiled.raw[defect.table].to_dict("records")]
    if rows:
        _same(spoiled, load(write_tables(tmp_path, {defect.table: rows})), defect.table)
    else:
        assert defect.operator == "table_empty"


def test_every_column_of_every_table_is_planted_in() -> None:
    inv = sampled()
    every = [(table, column) for table, model in inv.schema.tables.items() for column in model.columns]
    made = {(one.table, one.column) for one in defects(inv, LAW, {}, depth=1)}
    assert sorted(set(every) - made) == []


def test_the_same_inventory_is_spoiled_in_the_same_ways() -> None:
    again = [*defects(load(DEMO), LAW, {}, depth=1, tables=["clauses"])]
    assert again == [*defects(_ground().inv, LAW, {}, depth=1, tables=["clauses"])]


@pytest.mark.parametrize("number", range(0, _SAMPLE, 8))
def test_a_view_that_reads_nothing_of_what_changed_shows_what_it_showed(number: int) -> None:
    spoiled, changed = planted(_ground().inv, [_subset()[number]])
    whole = spoiled.present == _ground().inv.present
    unmoved = [view for view, facts in _ground().reads.items() if whole and not concern(facts, changed)]
    assert unmoved
    with engine.listening(*map(dict, _ground().known)):
        frames = {view: VIEWS[view].frame(spoiled, LAW) for view in unmoved}
    assert [view for view, frame in frames.items() if not frame.equals(_ground().frames[view])] == []


def test_both_judges_name_the_same_rows() -> None:
    ground = _ground()
    judged = {
        one.rule.id: {(table, key) for table, key, *_ in signed(ground.inv, one, ground.frames[view], ground.known)}
        for view, members in ground.sentences.items()
        for one in members
    }
    done = audit(DEMO, as_of=DAY, before="none").findings
    told = {rule: {place for row in rows.itertuples() for place in _places(row)} for rule, rows in done.groupby("rule")}
    assert {rule: rows for rule, rows in judged.items() if rows} == told


def _places(found: Any) -> set[tuple[str, str]]:
    """Rows that a finding is about: where rows are alike, one of them stands for all."""
    alike = found.rule.split(".")[1] in {"duplicate", "near_duplicate"}
    return {(found.table, found.key), *(found.related if alike else ())}


def test_what_breaks_a_condition_is_found() -> None:
    assert [(str(one.planted[0]), one.missed) for one in _trials() if one.missed] == []
    assert sum(one.had_to for one in _trials()) > _SAMPLE / 4


def test_what_an_oracle_says_is_newly_broken_is_found() -> None:
    ground = _ground()
    ran = ground.ids - set(ground.idle)
    before = oracle.expected(ground.inv, LAW, ran)
    broke, caught = 0, 0
    for trial in _trials()[::2]:
        spoiled, _ = planted(ground.inv, trial.planted)
        idle = {one.rule.id for members in ground.sentences.values() for one in members if ground.reason(spoiled, one)}
        rules = {rule for rule, *_ in oracle.expected(spoiled, LAW, ran - idle) - before}
        broke, caught = broke + len(rules), caught + len(rules & trial.moved)
    assert broke > _SAMPLE / 4
    assert caught / broke >= 0.95


def test_a_rule_that_says_nothing_leaves_survivors(monkeypatch: pytest.MonkeyPatch) -> None:
    silenced = {"structure.reference.fields.category_id"}
    ground, defect = _ground(), next(one for one in _dangling() if one.column == "category_id")
    assert ground.tried([(defect,)])[0].missed == []
    said = trying.told
    monkeypatch.setattr(trying, "told", lambda *a: [] if a[2].rule.id in silenced else said(*a))
    assert ground.tried([(defect,)])[0].missed == [*silenced, "wrong"]


def _dangling() -> list[Defect]:
    return [one for one in defects(_ground().inv, LAW, {}, depth=1, tables=["fields"]) if "no-such-row" in one.operator]


def test_a_defect_says_nothing_personal() -> None:
    who = next(one for one in defects(_ground().inv, LAW, {}, depth=1, tables=["fields"]) if one.operator == "personal")
    shown = str(Defect(f"set:{who.cells[0].text}", "fields", who.cells, column="note", key="x"))
    assert who.cells[0].text.split()[-1] not in shown


def test_a_row_taken_twice_stands_in_a_row_of_its_own() -> None:
    inv = _ground().inv
    rows = [*range(len(inv.systems))]
    again = rearranged(inv, "systems", [*rows, 0])
    assert not again.systems.duplicated(["file", "sheet", "row"]).any()
    assert list(again.keys["systems"]) == [*inv.keys["systems"], inv.keys["systems"][0]]


def _result(*missed: str) -> Selftest:
    told = (
        Told(
            "fields.note [a] personal",
            "fields",
            "note",
            lawful=False,
            had_to=True,
            missed=(),
            moved=frozenset({"hygiene.a"}),
        ),
        Told(
            "fields.name [a] blank",
            "fields",
            "name",
            lawful=True,
            had_to=True,
            missed=missed,
            moved=frozenset({"kz.a.b"}),
        ),
    )
    day = dt.date.fromisoformat(DAY)
    return Selftest(DEMO, day, "kz", "0" * 64, 3, told, {"kz.a.b": "inventory", "hygiene.a": "beside"}, ("kz.c.d",), {})


def test_a_result_counts_what_survived_and_where_nobody_looks() -> None:
    done = _result("kz.a.b")
    assert (done.due, done.caught, [one.said for one in done.survivors]) == (2, 1, ["fields.name [a] blank"])
    assert done.blind == {"fields": ["note"]}
    assert done.to_json()["heard"] == {"beside": 1, "inventory": 1}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_result_is_told_in_every_language(lang: str) -> None:
    text = listing(_result("kz.a.b"), lang)
    assert "fields.name [a] blank: kz.a.b" in text
    assert "kz.c.d" in text
    assert "{" not in text


@pytest.mark.parametrize(("missed", "code"), [((), 0), (("kz.a.b",), 1)])
def test_the_command_fails_when_a_defect_survives(
    missed: tuple[str, ...], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutation, "selftest", lambda *_, **__: _result(*missed))
    done = CliRunner().invoke(cli.main, ["selftest", str(DEMO), "--format", "json"])
    assert (done.exit_code, json.loads(done.stdout)["caught"]) == (code, 2 - len(missed))


def test_the_record_is_that_of_these_rules() -> None:
    assert on_record().get("ruleset") == ruleset(RULES, "kz"), "Run again with DERBES_BLESS=1."


def test_the_record_has_no_survivor_and_no_silent_rule() -> None:
    record = on_record()
    assert (record["survivors"], record["silent"]) == ([], [])
    assert record["caught"] == record["due"] > len(RULES)


def test_a_report_cites_the_control_of_its_own_rules_alone(tmp_path: Path) -> None:
    done = audit(DEMO, as_of=DAY, before="none", lang="en")
    assert f"{on_record()['due']} defects planted" in done.control
    home = write_tables(tmp_path, {"purposes": [{"purpose_id": "a", "name": "A"}]})
    (home / "rules").mkdir()
    rule = {"id": "policy.own.owner", "view": "purposes", "severity": "info", "expect": "column_values_to_not_be_null"}
    said = {part: dict.fromkeys(LANGUAGES, "{key}") for part in ("title", "why", "fix")}
    shown = {"args": {"column": "name"}, "good": {"purposes": [{"purpose_id": "a"}]}}
    entry = {**rule, **said, **shown, "bad": shown["good"]}
    (home / "rules" / "own.yaml").write_text(yaml.safe_dump([entry]), encoding="utf-8")
    assert audit(home, as_of=DAY, before="none").control == words("ru")["selftest"]["no_control"]
