"""The law beside an audit: every citation has its line, silence is named, fines are told once and never added up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from conftest import DAY, DEMO, LETOILE

from derbes import provisions
from derbes import rules as rulebook
from derbes.auditing import Audit, audit
from derbes.text import LANGUAGES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def done() -> Audit:
    return audit(LETOILE, as_of=DAY, before="none", lang="en")


def line(frame: pd.DataFrame, at: str, act: str = "94-V") -> pd.Series:
    (row,) = frame[(frame["act"] == act) & (frame["at"] == at)].to_dict("records")
    return pd.Series(row)


def test_every_rule_in_force_stands_on_a_line_of_every_act_it_cites(done: Audit) -> None:
    told = provisions.coverage(done).explode("rules")
    pairs = set(zip(told["act"], told["rules"], strict=True))
    cited = {
        (cite["act"], rule.id) for rule in rulebook.shipped("kz") if rule.in_force(done.as_of) for cite in rule.cite
    }
    assert cited <= pairs


def test_no_provision_stands_twice_and_those_without_rules_are_named(done: Audit) -> None:
    told = provisions.coverage(done)
    assert not told[["act", "at"]].duplicated().any()
    silent = told[told["state"] == "uncovered"]
    assert set(silent["rules"]) == {()}
    assert "8-1" in set(silent["at"])


def test_a_citation_belongs_to_the_narrowest_provision_that_holds_it(done: Audit) -> None:
    told = provisions.coverage(done)
    assert "kz.basis.no_authority" in line(told, "9")["rules"]  # it cites 9(10)
    assert "kz.consent.no_term" in line(told, "8(4)")["rules"]  # it cites 8(4)(3)
    assert line(told, "12(2)")["state"] == "broken"


def test_findings_of_a_provision_are_those_of_its_rules(done: Audit) -> None:
    row = line(provisions.coverage(done), "12(2)")
    found = done.findings[done.findings["rule"].isin(row["rules"])]
    assert row["findings"] == (~found["unknown"].astype(bool)).sum()
    assert row["unknown"] == found["unknown"].astype(bool).sum()


def test_a_provision_of_which_no_row_says_anything_needs_answers(done: Audit) -> None:
    row = line(provisions.coverage(done), "8(5)")
    assert (row["findings"], row["unknown"], row["state"]) == (0, 0, "unknown")


def test_what_was_not_law_that_day_is_not_on_the_list() -> None:
    before = provisions.coverage(audit(LETOILE, as_of="2026-06-30", before="none"))
    assert "10-1" not in set(before["at"])
    assert "10-1" in set(provisions.coverage(audit(LETOILE, as_of=DAY, before="none"))["at"])


def test_a_rule_that_did_not_run_covers_nothing(done: Audit) -> None:
    idle = replace(done, rules=done.rules.assign(status="not_run"), findings=done.findings.iloc[:0])
    assert set(provisions.coverage(idle)["state"]) == {"not_run", "uncovered"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_provision_says_what_it_is_about(lang: str) -> None:
    told = provisions.coverage(audit(DEMO, as_of=DAY, before="none", lang=lang))
    assert not told.loc[told["act"] == "94-V", "label"].eq("").any()


# -- acts that the policy cites -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "now", "renamed"), [("2026-07-11", "418-V", False), ("2026-07-12", "418-V", True)])
def test_an_act_is_told_by_the_title_that_it_bears_that_day(day: str, now: str, *, renamed: bool) -> None:
    told = provisions.citations(audit(LETOILE, as_of=day, before="none")).set_index("number").loc[now]
    assert (told["title"] == told["now"]) != renamed
    assert told["renamed"] == renamed


def test_an_act_cited_without_a_number_is_found_by_its_title_alone(done: Audit) -> None:
    told = provisions.citations(done)
    codes = told[told["number"] == ""].set_index("title")
    assert set(codes["act"].dropna()) == {"414-V", "constitution-2026"}
    assert set(codes.loc[codes["act"].isna(), "status"]) == {"unknown"}


def test_every_citation_has_its_line(done: Audit) -> None:
    assert list(provisions.citations(done)["key"]) == list(done.inventory.keys["citations"])


# -- fines ----------------------------------------------------------------------------------------------------------


def test_an_article_is_told_once_with_its_range_in_the_money_of_the_year(done: Audit) -> None:
    told = provisions.fines(done).set_index("article")
    assert told.index.is_unique
    first = told.loc["79(1)"]
    assert (first["large"], first["large_tenge"]) == ((200, 200), (865_000, 865_000))
    assert first["findings"] == done.findings["rule"].isin(first["rules"]).sum()


def test_only_findings_that_count_lead_to_a_fine(done: Audit) -> None:
    decided = replace(done, findings=done.findings.assign(status="accepted"))
    unknown = replace(done, findings=done.findings.assign(unknown=True))
    assert provisions.fines(decided).empty
    assert provisions.fines(unknown).empty


def test_without_the_index_of_the_year_there_is_no_money() -> None:
    told = provisions.fines(audit(LETOILE, as_of="2027-03-31", before="none"))
    assert len(told)
    assert told["large_tenge"].isna().all()


@pytest.mark.parametrize("home", [DEMO, LETOILE], ids=lambda home: home.name)
def test_the_tables_are_there_before_there_was_such_a_law(home: Path) -> None:
    early = audit(home, as_of="2014-01-01", before="none")
    assert len(provisions.coverage(early))
    assert provisions.fines(early).empty
