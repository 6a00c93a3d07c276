"""Promise by promise: each clause has one verdict, and never a better one than the facts allow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import DAY, DEMO, LETOILE, demo_tables, spoil

from derbes.auditing import Audit, audit
from derbes.findings import SEVERITIES
from derbes.promises import VERDICTS, oppositions, promises
from derbes.rules import shipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd


def verdicts(done: Audit) -> dict[str, str]:
    told = promises(done)
    return dict(zip(told["clause"], told["verdict"], strict=True))


def of_clause(done: Audit, clause: str) -> pd.Series:
    return promises(done).set_index("clause").loc[clause]


@pytest.fixture(scope="module")
def done() -> Audit:
    return audit(LETOILE, as_of=DAY, before="none")


@pytest.mark.parametrize("home", [LETOILE, DEMO], ids=lambda home: home.name)
def test_every_clause_has_one_verdict_in_the_order_of_the_table(home: Path) -> None:
    made = audit(home, as_of=DAY, before="none")
    told = promises(made)
    assert list(told["clause"]) == list(made.inventory.keys["clauses"])
    assert set(told["verdict"]) <= set(VERDICTS)


def test_a_denial_that_the_register_belies_is_contradicted_and_so_is_what_belies_it(done: Audit) -> None:
    found = set(done.findings.loc[done.findings["rule"] == "policy.recipients.denied", "id"])
    assert found <= set(of_clause(done, "6.2")["findings"])
    assert found <= set(of_clause(done, "7.10")["findings"])
    assert {verdicts(done)[clause] for clause in ("6.2", "7.10")} == {"contradicted"}


def test_the_gravest_finding_is_named_first(done: Audit) -> None:
    severity = done.findings.set_index("id")["severity"]
    for ids in promises(done)["findings"]:
        assert list(ids) == sorted(ids, key=lambda one: ["critical", "warning"].index(severity[one]))


def test_an_accepted_finding_contradicts_nothing(done: Audit) -> None:
    told = verdicts(replace(done, findings=done.findings.assign(status="accepted")))
    assert not {"contradicted", "objected"} & set(told.values())


def test_a_note_for_information_contradicts_nothing(done: Audit) -> None:
    told = verdicts(replace(done, findings=done.findings.assign(severity="info")))
    assert not {"contradicted", "objected"} & set(told.values())


def test_a_promise_whose_proof_is_unknown_is_not_provable(audited: Callable[..., Audit]) -> None:
    tables = demo_tables()
    row = next(at for at, one in enumerate(tables["retention"]) if "6.2" in one["clauses"].split("; "))
    assert verdicts(audited(demo_tables()))["6.2"] == "kept"
    made = audited(spoil(tables, "retention", row=row, disposal=""))
    assert verdicts(made)["6.2"] == "not_provable"
    assert ("retention", "disposal") in of_clause(made, "6.2")["unknown"]


def test_a_promise_is_not_provable_by_a_table_that_is_not_there(audited: Callable[..., Audit]) -> None:
    tables = demo_tables()
    del tables["rights"]
    made = audited(tables)
    assert ("rights", "*") in of_clause(made, "9.3")["unknown"]


def test_a_broken_row_is_an_objection_to_the_clause_that_it_comes_from(audited: Callable[..., Audit]) -> None:
    tables = demo_tables()
    row = next(at for at, one in enumerate(tables["retention"]) if "6.2" in one["clauses"].split("; "))
    made = audited(spoil(tables, "retention", row=row, period="indefinite", trigger=""))
    assert verdicts(made)["6.2"] == "objected"


def test_a_clause_to_which_a_finding_on_another_only_refers_is_judged_by_its_own_facts(done: Audit) -> None:
    told = promises(done).set_index("clause")
    meant = done.findings.loc[done.findings["rule"] == "policy.purposes.undeclared", "related"].explode()
    assert {("clauses", "4.2"), ("clauses", "4.3"), ("clauses", "4.5")} <= set(meant)
    assert list(told.loc[["4.2", "4.3", "4.5"], "verdict"]) == ["kept", "not_checkable", "not_provable"]


def test_the_scope_that_is_too_narrow_is_contradicted_and_those_it_leaves_out_are_not(done: Audit) -> None:
    (found,) = done.findings.loc[done.findings["rule"] == "policy.scope.narrower", "id"]
    told = promises(done).set_index("clause")
    assert found in told.loc["1.2", "findings"]
    assert not told.drop(index="1.2")["findings"].map(lambda ids: found in ids).any()


def test_what_is_wrong_in_a_clause_itself_is_an_objection_and_no_contradiction(done: Audit) -> None:
    told = verdicts(done)
    assert {told[clause] for clause in ("2.10", "3.3.2", "6.4", "7.6", "7.8")} == {"objected"}


def test_contradictions_of_a_real_policy_are_these(done: Audit) -> None:
    told = verdicts(done)
    assert [clause for clause, code in told.items() if code == "contradicted"] == [
        "1.2", "2.15", "3.1", "3.2", "6.2", "7.2", "7.10", "7.11", "7.12",
    ]  # fmt: skip


def test_a_note_for_information_leaves_a_clause_kept_and_is_told_beside_it(done: Audit) -> None:
    row = of_clause(done, "7.7")
    assert row["verdict"] == "kept"
    assert "policy.liability.disclaimer" in set(done.findings.set_index("id").loc[list(row["notes"]), "rule"])


def test_a_row_of_the_register_contradicts_the_promise_and_not_what_it_was_read_off(
    audited: Callable[..., Audit],
) -> None:
    tables = demo_tables()
    row = next(at for at, one in enumerate(tables["rights"]) if one["clauses"] == "9.2")
    tables["rights"][row] |= {"deadline_days": "200", "clauses": "9.2; 4.1"}
    made = audited(tables)
    assert "policy.rights.deadline_exceeded" in set(made.findings["rule"])
    assert verdicts(made)["9.2"] == "contradicted"
    assert verdicts(made)["4.1"] == "kept"


def test_pairs_of_clauses_at_odds_come_the_gravest_first_and_only_from_rules_on_contradictions(done: Audit) -> None:
    told = oppositions(done)
    assert list(told["severity"]) == sorted(told["severity"], key=SEVERITIES.index)
    assert list(zip(told["clause"], told["other"], strict=True))[:2] == [("6.2", "7.10"), ("6.2", "7.12")]
    assert set(told["rule"]) == {rule.id for rule in shipped("kz") if rule.contradiction} & set(told["rule"])


def test_an_inventory_without_findings_has_no_clauses_at_odds(done: Audit) -> None:
    none = replace(done, findings=done.findings.iloc[:0])
    assert oppositions(none).empty
    assert "contradicted" not in verdicts(none).values()


def test_what_no_rule_looks_at_is_not_called_kept(done: Audit) -> None:
    told = promises(done)
    assert not told.loc[told["rules"].str.len() == 0, "verdict"].eq("kept").any()
    silent = told[told["verdict"] == "not_checkable"]
    assert silent["rules"].str.len().sum() == 0


def test_a_clause_that_bears_no_codes_says_so(audited: Callable[..., Audit]) -> None:
    tables = demo_tables()
    tables["clauses"].append({"clause_id": "99", "kinds": "statement", "summary": "Bare"})
    row = of_clause(audited(tables), "99")
    assert (row["verdict"], row["coded"]) == ("not_checkable", False)


def test_an_inventory_without_a_policy_has_no_promises(audited: Callable[..., Audit]) -> None:
    tables = demo_tables()
    del tables["clauses"]
    assert promises(audited(tables)).empty
