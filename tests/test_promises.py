"""Promise by promise: each clause has one verdict, and never a better one than the facts allow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import DAY, DEMO, LETOILE, demo_tables, spoil

from derbes.auditing import Audit, audit
from derbes.promises import VERDICTS, promises

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
    assert "contradicted" not in told.values()


def test_a_note_for_information_contradicts_nothing(done: Audit) -> None:
    told = verdicts(replace(done, findings=done.findings.assign(severity="info")))
    assert "contradicted" not in told.values()


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


def test_a_broken_row_contradicts_the_clause_that_it_comes_from(audited: Callable[..., Audit]) -> None:
    tables = demo_tables()
    row = next(at for at, one in enumerate(tables["retention"]) if "6.2" in one["clauses"].split("; "))
    made = audited(spoil(tables, "retention", row=row, period="indefinite", trigger=""))
    assert verdicts(made)["6.2"] == "contradicted"


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
