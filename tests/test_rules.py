"""Rules: each proves itself on its own examples, the grammar refuses what it cannot mean, nothing fails in silence."""

from __future__ import annotations

import copy
import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import yaml
from conftest import DAY, found, write_tables

from derbes import engine
from derbes import rules as rulebook
from derbes.auditing import audit
from derbes.errors import RuleError
from derbes.findings import tidy
from derbes.law import load_law
from derbes.read.loading import load
from derbes.schema import load as load_schema
from derbes.telling import told
from derbes.text import LANGUAGES
from derbes.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Rows

    from derbes.auditing import Audit
    from derbes.rules import Rule

RULES = {rule.id: rule for rule in rulebook.shipped("kz")}
WORDS = {part: dict.fromkeys(LANGUAGES, f"{part} of {{key}}") for part in ("title", "why", "fix")}
VALID: dict[str, Any] = {
    "id": "policy.own.owner",
    "view": "purposes",
    "expect": "column_values_to_not_be_null",
    "args": {"column": "name"},
    "severity": "warning",
    **WORDS,
    "good": {"purposes": [{"purpose_id": "a", "name": "A"}]},
    "bad": {"purposes": [{"purpose_id": "b"}]},
}


def _texts(tables: dict[str, list[dict[str, Any]]]) -> Rows:
    return {table: [{k: str(v) for k, v in row.items()} for row in rows] for table, rows in tables.items()}


def _day(rule: Rule) -> dt.date:
    return min(rule.valid_to or dt.date.max, dt.date.fromisoformat(DAY))


def _findings(rule: Rule, tables: Rows, folder: Path) -> dict[str, pd.DataFrame]:
    """What a rule finds in tables, by language."""
    inv, law = load(write_tables(folder, tables)), load_law("kz", _day(rule))
    awake = replace(rule, waits_for=None)
    (outcome,) = engine.run(inv, law, rulebook.effective((awake,), law), as_of=_day(rule), only={rule.id})
    assert outcome.reason is None
    return {lang: tidy(list(told(inv, law, outcome, lang))) for lang in LANGUAGES}


def _flagged(findings: pd.DataFrame) -> set[tuple[str, str]]:
    """Rows that findings are about: those they stand at, and those of the same table that they relate to."""
    related = {pair for row in findings.itertuples() for pair in row.related if pair[0] == row.table}
    return related | {(row.table, row.key) for row in findings.itertuples()}


def _missing(findings: pd.DataFrame) -> set[tuple[str, str]]:
    """What findings miss: they stand at no row of a table, and flag none."""
    return {(row.table, row.key) for row in findings.itertuples() if pd.isna(row.file)}


def _rows(rule: Rule, tables: Rows) -> set[tuple[str, str]]:
    """Rows of the table that the rule's findings point to."""
    table = VIEWS[rule.view].table
    model = load_schema().tables
    return {(name, row[model[name].key]) for name in tables if table in {name, "*"} for row in tables[name]}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_flags_exactly_its_bad_rows_and_can_say_so(name: str, tmp_path: Path) -> None:
    rule = RULES[name]
    good, bad = (_findings(rule, _texts(getattr(rule, kind)), tmp_path / kind) for kind in ("good", "bad"))
    rows, missing = _rows(rule, _texts(rule.bad)), _missing(bad["ru"])
    assert _flagged(good["ru"]) == set()
    assert _flagged(bad["ru"]) == (missing or rows)
    assert missing.isdisjoint(rows)
    assert len({tuple(findings["id"]) for findings in bad.values()}) == 1
    for said in bad.values():
        words = said[["title", "why", "fix"]].map(lambda text: "{" in text or "nan" in text.split() or not text)
        assert not words.any(axis=None)


def _own(folder: Path, *entries: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "house.yaml").write_text(yaml.safe_dump(list(entries), allow_unicode=True), encoding="utf-8")
    return folder


FAULTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "unknown key": lambda rule: rule.update(colour="red"),
    "unknown family": lambda rule: rule.update(id="taste.own.owner"),
    "unknown view": lambda rule: rule.update(view="purpose"),
    "unknown expectation": lambda rule: rule.update(expect="column_values_to_be_nice"),
    "unknown severity": lambda rule: rule.update(severity="fatal"),
    "unknown act": lambda rule: rule.update(cite=[{"act": "94-X", "at": "1"}]),
    "points at no column": lambda rule: rule.update(at="colour"),
    "takes column": lambda rule: rule.update(args={"column": "name", "mostly": 0.5}),
    "no title in every language": lambda rule: rule["title"].pop("kk"),
    "no why in every language": lambda rule: rule["why"].update(en=""),
    "no replacement in both languages": lambda rule: rule.update(replacement={"ru": "text"}),
    "no fix in every language": lambda rule: rule.update(fix="do it"),
    "lacks severity": lambda rule: rule.pop("severity"),
    "lacks good": lambda rule: rule.pop("good"),
    "no example of both kinds": lambda rule: rule.update(bad={}),
    "lacks view": lambda rule: rule.pop("view"),
    "args is no mapping": lambda rule: rule.update(args=["name"]),
    "good is no mapping": lambda rule: rule.update(good=[{"purpose_id": "a"}]),
    "cite is no list": lambda rule: rule.update(cite="94-V"),
    "valid_from is no date": lambda rule: rule.update(valid_from="spring"),
    "condition on name cannot be met": lambda rule: rule.update(when={"name": ["A", None]}),
    "condition on used cannot be met": lambda rule: rule.update(when={"used": []}),
    "a table that the model does not know": lambda rule: rule["bad"].update(purpose=[{"purpose_id": "b"}]),
    "a column that purposes does not": lambda rule: rule["bad"].update(purposes=[{"purpose": "b"}]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_grammar_refuses_what_it_cannot_mean(fault: str, tmp_path: Path) -> None:
    entry = copy.deepcopy(VALID)
    FAULTS[fault](entry)
    with pytest.raises(RuleError, match=fault) as refusal:
        rulebook.own(_own(tmp_path, entry))
    assert "house.yaml" in str(refusal.value)
    assert entry["id"] in str(refusal.value)


def test_the_grammar_suggests_what_was_meant(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"Did you mean .purposes"):
        rulebook.own(_own(tmp_path, {**VALID, "view": "purpose"}))


def test_an_id_stands_once(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"policy\.own\.owner.* stands in house\.yaml too"):
        rulebook.own(_own(tmp_path, VALID, VALID))


def test_an_own_rule_cannot_take_the_id_of_a_shipped_one(small: Rows, tmp_path: Path) -> None:
    home = write_tables(tmp_path / "inventory", small)
    _own(home / "rules", {**VALID, "id": "kz.purpose.vague"})
    with pytest.raises(RuleError, match=r"kz\.purpose\.vague"):
        audit(home, as_of=DAY)


@pytest.mark.parametrize("text", ["- id: [", "rules: none", "- view: purposes"])
def test_a_file_that_holds_no_rules_is_refused_by_its_name(text: str, tmp_path: Path) -> None:
    (tmp_path / "house.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RuleError, match=r"house\.yaml"):
        rulebook.own(tmp_path)


def _audited(tables: Rows, tmp_path: Path, *entries: dict[str, Any], **options: Any) -> Audit:
    home = write_tables(tmp_path / "inventory", tables)
    _own(home / "rules", *entries)
    only = [entry["id"] for entry in entries]
    return audit(home, **{"as_of": DAY, "before": "none", "only": only} | options)


def test_an_own_rule_is_run_like_a_shipped_one(small: Rows, tmp_path: Path) -> None:
    small["purposes"][0]["name"] = ""
    done = _audited(small, tmp_path, VALID)
    assert found(done) == [("policy.own.owner", f"purposes/{small['purposes'][0]['purpose_id']}")]


def test_a_changed_own_rule_is_not_answered_from_memory(small: Rows, tmp_path: Path) -> None:
    small["purposes"][0]["name"] = ""
    assert len(_audited(small, tmp_path, VALID).findings) == 1
    assert len(_audited(small, tmp_path, {**VALID, "when": {"name": "nobody's"}}).findings) == 0


COULD_NOT_RUN = {
    "a column its view lacks": {"args": {"column": "nmae"}, "at": "name"},
    "a condition on a column its view lacks": {"when": {"shape": "round"}},
    "an argument of the wrong kind": {
        "expect": "column_values_to_be_in_set",
        "args": {"column": "name", "value_set": 5},
    },
    "a comparison that cannot be made": {
        "expect": "column_values_to_be_between",
        "args": {"column": "name", "max_value": 1},
    },
    "a word its view lacks": {"title": dict.fromkeys(LANGUAGES, "{nmae}")},
}


@pytest.mark.parametrize("fault", COULD_NOT_RUN)
def test_a_rule_that_could_not_run_is_an_error_with_its_name(fault: str, small: Rows, tmp_path: Path) -> None:
    small["purposes"][0]["name"] = ""
    with pytest.raises(RuleError) as refusal:
        _audited(small, tmp_path, {**VALID, **COULD_NOT_RUN[fault]})
    assert "house.yaml, rule policy.own.owner" in str(refusal.value)


class Forgetful(engine.gx.ExpectationSuite):
    """A suite that loses a rule, as Great Expectations does with one that it does not know."""

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value[:-1] if name == "expectations" and isinstance(value, list) else value)


def test_a_suite_that_lost_a_rule_is_no_answer(small: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {**VALID, "id": "policy.own.kept", "expect": "column_values_to_be_unique"}
    assert len(_audited(small, tmp_path, VALID, kept).rules) == 2
    monkeypatch.setattr(engine.gx, "ExpectationSuite", Forgetful)
    small["purposes"][0]["note"] = "not answered from memory"
    with pytest.raises(RuleError, match="2 rules went in, 1 came out"):
        _audited(small, tmp_path, VALID, kept)


def test_an_expectation_that_great_expectations_does_not_know_is_an_error(
    small: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = engine.gx.expectations.registry._registered_expectations  # noqa: SLF001
    monkeypatch.delitem(known, "expect_column_values_to_not_be_null")
    with pytest.raises(RuleError, match=r"view purposes.*ExpectationNotFoundError"):
        _audited(small, tmp_path, VALID)


def test_findings_beyond_two_hundred_are_complete(audited: Callable[..., Audit]) -> None:
    rows = [{"purpose_id": f"p-{n}", "name": f"{n}", "clauses": "4.1"} for n in range(450)]
    done = audited(
        {"purposes": rows, "processing": [{"processing_id": "a"}]}, only=["completeness.purpose.no_processing"]
    )
    assert {row.key for row in done.findings.itertuples()} == {row["purpose_id"] for row in rows}


def test_an_empty_table_passes_and_says_that_no_row_was_looked_at(audited: Callable[..., Audit]) -> None:
    done = audited({"retention": [{"retention_id": "", "period": ""}]}, only=["kz.retention.vague"])
    assert done.rules[["rows", "broken", "status", "reason"]].to_numpy().tolist() == [[0, 0, "run", None]]


def test_rows_are_counted_after_the_condition(audited: Callable[..., Audit]) -> None:
    rows = [{"retention_id": "a", "period": "P5Y"}, {"retention_id": "b", "period": "until:purpose_end"}]
    done = audited({"retention": rows}, only=["kz.retention.no_authority"])
    assert done.rules["rows"].to_list() == [1]


def test_a_rule_over_an_absent_table_is_not_run_and_says_why(small: Rows, audited: Callable[..., Audit]) -> None:
    del small["retention"]
    done = audited(small)
    idle = done.rules[done.rules["status"] == "not_run"].set_index("rule")["reason"]
    assert idle["kz.retention.unlimited"] == "table_absent:retention"
    assert idle["structure.required.retention.period"] == "table_absent:retention"
    assert done.summary["rules_not_run"] == len(idle)
    assert ("structure.table.missing", "retention/*") in found(done)


def test_a_rule_is_run_only_while_it_is_law(small: Rows, audited: Callable[..., Audit]) -> None:
    before = audited(small, as_of="2022-03-06", only=["kz.consent.no_term"]).rules
    after = audited(small, as_of="2022-03-07", only=["kz.consent.no_term"]).rules
    assert before[["status", "reason"]].to_numpy().tolist() == [["not_run", "not_in_force"]]
    assert after[["status", "reason"]].to_numpy().tolist() == [["run", None]]


def test_a_critical_rule_without_a_citation_read_in_the_act_is_a_warning() -> None:
    law, grave = load_law("kz", dt.date.fromisoformat(DAY)), RULES["kz.retention.unlimited"]
    heard = replace(grave, cite=({"act": "94-V", "at": "10-1"},))
    assert [rule.severity for rule in rulebook.effective((grave, heard), law)] == ["critical", "warning"]


def test_every_critical_rule_of_law_and_policy_rests_on_words_that_were_read() -> None:
    law = load_law("kz", dt.date.fromisoformat(DAY))
    demoted = {
        r.id for r, e in zip(RULES.values(), rulebook.effective(tuple(RULES.values()), law), strict=True) if r != e
    }
    assert demoted == set()


def test_every_law_rule_is_dated_and_cites_the_law() -> None:
    lawful = [rule for rule in RULES.values() if rule.family == "kz"]
    assert [rule.id for rule in lawful if not rule.valid_from or not rule.cite] == []


def test_no_rule_waits_for_a_number_that_the_law_pack_never_had(small: Rows, audited: Callable[..., Audit]) -> None:
    done = audited(small, only=RULES)
    assert done.rules[done.rules["reason"].fillna("").str.startswith("constant_unknown")]["rule"].to_list() == []
