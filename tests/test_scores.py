"""The score and the risks of an audit: what they are made of, and that they move the right way."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from conftest import DAY, DEMO, LETOILE, Rows, spoil

from derbes import scores
from derbes.auditing import Audit, audit
from derbes.page import AuditPage
from derbes.quarter import Quarter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

Q3 = Quarter(2026, 3)


@pytest.fixture(scope="module")
def letoile() -> Audit:
    return audit(LETOILE, as_of=DAY)


@pytest.fixture(scope="module")
def demo() -> Audit:
    return audit(DEMO, as_of=DAY)


def test_the_score_is_the_product_that_the_page_says_it_is(letoile: Audit) -> None:
    told = scores.score(letoile)
    weighted = (told.families["held"] * told.families["weight"]).sum() / told.families["weight"].sum()
    assert math.isclose(told.conformity, weighted)
    assert told.value == int(100 * weighted * told.known / told.required)


def test_a_complete_inventory_with_few_faults_scores_higher_than_one_read_off_a_policy(
    letoile: Audit, demo: Audit
) -> None:
    assert scores.score(letoile).value < scores.score(demo).value < 100


def test_an_unknown_fact_lowers_completeness_and_not_conformity(
    small: Rows, demo: Audit, audited: Callable[[Rows], Audit]
) -> None:
    told, whole = scores.score(audited(spoil(small, "systems", owner=""))), scores.score(demo)
    assert told.known == whole.known - 1
    assert told.required == whole.required
    assert dict(told.families[["family", "held"]].to_numpy())["kz"] == pytest.approx(
        dict(whole.families[["family", "held"]].to_numpy())["kz"]
    )


def test_a_row_whose_fact_is_unknown_neither_complies_nor_breaks(small: Rows, audited: Callable[[Rows], Audit]) -> None:
    def held(**cells: str) -> tuple[int, float]:
        for row in small["consents"]:
            row.update(**cells)
        done = audited(small)
        rule = done.rules.set_index("rule").loc["kz.consent.withdrawal_too_long"]
        assert rule["rows"] == len(small["consents"])
        families = scores.score(done).families.set_index("family")
        return int(rule["judged"]), int(families.loc["kz", "rules"])

    known, judging = held(withdrawal_days="5")
    assert known == len(small["consents"])
    assert held(withdrawal_days="") == (0, judging - 1)


def test_rules_judge_no_more_rows_than_they_look_at_and_every_one_they_find_broken(letoile: Audit) -> None:
    ran = letoile.rules[letoile.rules["status"] == "run"]
    assert (ran["judged"] <= ran["rows"]).all()
    judging = ran[~ran["asks"].astype(bool)]
    assert (judging["judged"] >= judging["broken"]).all()
    assert (ran["judged"] < ran["rows"]).any()


def test_an_inventory_of_headings_alone_conforms_to_nothing(small: Rows, audited: Callable[[Rows], Audit]) -> None:
    empty = {table: [dict.fromkeys(rows[0], "")] for table, rows in small.items() if rows}
    assert scores.score(audited(empty)).value == 0


def test_a_risk_is_the_product_of_its_factors_and_every_finding_has_one(letoile: Audit) -> None:
    told = scores.risks(letoile)
    known = letoile.findings[~letoile.findings["unknown"].astype(bool)]
    assert set(told["id"]) == set(known["id"])
    assert told["risk"].equals(told[list(scores.FACTORS)].prod(axis=1))
    assert told["risk"].is_monotonic_decreasing
    assert told[list(scores.FACTORS)].ge(1).all(axis=None)


def risk(done: Audit, rule: str) -> pd.Series:
    told = scores.risks(done)
    return told[told["rule"] == rule].iloc[0]


def unlimited(small: Rows) -> Rows:
    return spoil(small, "retention", period="indefinite", trigger="", disposal="", disposal_days="")


def test_the_same_fault_weighs_more_with_data_abroad_and_with_more_persons(
    small: Rows, audited: Callable[[Rows], Audit]
) -> None:
    for system in small["systems"]:
        system.update(storage_countries="KZ", provider_id="none", subject_count="10")
    for row in small["subjects"]:
        row["count"] = "10"
    for row in small["recipients"]:
        row.update(countries="KZ", kind="processor")
    home = risk(audited(unlimited(small)), "kz.retention.unlimited")
    for system in small["systems"]:
        system.update(storage_countries="KZ; DE", subject_count="500000")
    away = risk(audited(small), "kz.retention.unlimited")
    assert (home["exposure"], away["exposure"]) == (2, 3)
    assert (home["persons"], away["persons"]) == (1, 3)
    assert home["counted"]
    assert away["risk"] > home["risk"]


def test_persons_that_nobody_has_counted_are_marked_and_weigh_in_the_middle(letoile: Audit) -> None:
    told = scores.risks(letoile)
    assert not told["counted"].any()
    assert set(told["persons"]) == {scores.weights()["unknown"]}
    assert "2*" in AuditPage(letoile, Q3).score().html


def test_a_finding_that_has_stood_for_quarters_weighs_more(demo: Audit) -> None:
    told = scores.risks(demo).set_index("id")["age"]
    since = demo.findings.set_index("id")["since"].reindex(told.index)
    assert set(since) >= {"2026Q1", "2026Q3"}
    assert (told[since == "2026Q3"] == 1).all()
    assert (told[since < "2026Q3"] > 1).all()


def test_order_of_rows_does_not_change_the_risks(small: Rows, audited: Callable[[Rows], Audit]) -> None:
    first = scores.risks(audited(unlimited(small)))
    turned = {table: rows[::-1] for table, rows in small.items()}
    assert len(first) > 1
    assert first.equals(scores.risks(audited(turned)))


@pytest.mark.parametrize("lang", ["ru", "kk", "en"])
@pytest.mark.parametrize("home", [LETOILE, DEMO], ids=["letoile", "demo"])
def test_the_summary_links_to_what_is_on_the_page(home: Path, lang: str) -> None:
    page = AuditPage(audit(home, as_of=DAY, lang=lang), Q3)
    html = page.summary().html
    whole = "".join(
        part().html for part in (page.score, page.risks, page.due, page.unknown, page.not_checked, page.findings)
    )
    for target in {part.split('"', 1)[0] for part in html.split('href="#')[1:]}:
        assert f'id="{target}"' in whole
