"""The policy against the law of the day: what turns with an edition, what passes, what the law pack has to offer."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

import pytest
import yaml
from conftest import DAY, LETOILE, ROOT

from derbes.auditing import audit
from derbes.law import load_law
from derbes.rules import PUBLISHED
from derbes.text import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Rows

    from derbes.auditing import Audit

PACK = yaml.safe_load((ROOT / "src/derbes/law/kz/elements.yaml").read_text(encoding="utf-8"))
TURNING = ("policy.right.incomplete", "policy.right.absent", "policy.definition.outdated", "policy.citation.renamed")
EVE = "2026-08-24"


@cache
def _told(day: str, rule: str) -> dict[str, bool]:
    """Keys of what a rule finds in the policy read off a site, and whether each needs a lawyer's confirmation."""
    findings = audit(LETOILE, as_of=day, before="none", only=TURNING).findings
    return {row.key: row.confirm for row in findings[findings["rule"] == rule].itertuples()}


@pytest.mark.parametrize("day", ["2026-01-17", "2026-07-12", DAY])
def test_rights_that_are_word_for_word_the_law_of_every_day_pass(day: str) -> None:
    assert {"5.1.1", "5.1.2", "5.1.6", "5.1.7"}.isdisjoint(_told(day, "policy.right.incomplete"))


def test_rights_that_an_amendment_heard_of_has_widened_pass_until_its_day_and_then_need_confirmation() -> None:
    assert _told(EVE, "policy.right.incomplete") == {"5.1.5": False}
    assert _told("2026-08-25", "policy.right.incomplete") == {"5.1.3": True, "5.1.4": True, "5.1.5": False}


def test_what_withdrawal_has_lost_is_named(audited: Callable[..., Audit]) -> None:
    rows = [{"clause_id": "5", "kinds": "right", "elements": "withdraw.collection;withdraw.processing"}]
    done = audited({"clauses": rows}, as_of="2022-03-06", only=["policy.right.incomplete"])
    assert done.findings.empty
    done = audited({"clauses": rows}, as_of="2022-03-07", only=["policy.right.incomplete"], lang="en")
    assert (
        "distribution in public sources; transfer to third parties; cross-border transfer" in done.findings["title"][0]
    )
    assert "7 March 2022" in done.findings["why"][0]


def test_rights_are_missed_from_the_day_they_are_law() -> None:
    days = ("2026-01-17", "2026-01-18", "2026-07-12")
    assert [sorted(_told(day, "policy.right.absent")) for day in days] == [
        [],
        ["object_automated"],
        ["object_automated", "restrict"],
    ]


@pytest.mark.parametrize("day", ["2026-01-17", "2026-07-12", DAY])
def test_the_definition_of_old_is_found_and_that_which_never_changed_passes(day: str) -> None:
    assert set(_told(day, "policy.definition.outdated")) == {"2.1"}


def test_the_edition_of_a_definition_is_told_by_its_elements(audited: Callable[..., Audit]) -> None:
    words = ["pd.relates_to_subject;pd.recorded_on_medium", "pd.includes_biometric", "pd.information_about_subject"]
    rows = [
        {"clause_id": f"2.{n}", "kinds": "definition", "elements": ";".join(words[: n + 1])} for n in range(len(words))
    ]
    done = audited({"clauses": rows}, only=["policy.definition.outdated"], lang="en")
    until = dict(zip(done.findings["key"], done.findings["title"].str.extract(r"until (.*?);")[0], strict=True))
    assert until == {"2.0": "10 February 2024", "2.1": "11 July 2026", "2.2": "11 July 2026"}
    assert done.findings["title"].str.endswith("required since 12 July 2026)").all()


def test_an_act_is_called_by_its_former_title_from_the_day_it_is_renamed() -> None:
    assert _told("2026-07-11", "policy.citation.renamed") == {}
    assert set(_told("2026-07-12", "policy.citation.renamed")) == {"1.p4.418-v"}


CITED = {
    "the code that is no more": ("120-VI", "2026-01-01", True),
    "the code on its last day": ("120-VI", "2025-12-31", False),
    "the code that is still to come": ("255-VIII", "2026-07-11", True),
    "the code on its first day": ("255-VIII", "2026-07-12", False),
}


@pytest.mark.parametrize("case", CITED)
def test_an_act_is_in_force_between_its_days(case: str, audited: Callable[..., Audit]) -> None:
    number, day, found = CITED[case]
    rows = [{"citation_id": "a", "clause_id": "1", "act_number": number, "act_title": "Code"}]
    done = audited({"citations": rows}, as_of=day, only=["policy.citation.not_in_force"])
    assert bool(len(done.findings)) == found


def test_a_finding_rests_on_the_provision_of_its_own_topic(audited: Callable[..., Audit]) -> None:
    done = audited({"clauses": [{"clause_id": "1", "kinds": "scope"}]}, only=["policy.topic.absent"])
    cited = {row.key: [(cite["act"], cite["at"]) for cite in row.citations] for row in done.findings.itertuples()}
    assert cited["cross_border"] == [("94-V", "8(4)(5)")]
    assert cited["breach"] == [("94-V", "25(2)(8)")]


def test_a_right_that_the_facts_rule_out_need_not_be_named(small: Rows, audited: Callable[..., Audit]) -> None:
    for row in small["clauses"]:
        row["right_kinds"] = "" if row["clause_id"] in {"8.3", "9.4"} else row["right_kinds"]
    due = ("policy.right.absent", "clauses", "object_automated")
    for answer, expected in (("yes", [due]), ("", [due]), ("no", [])):
        for row in small["processing"]:
            row["automated_decision"] = answer
        findings = audited(small, only=["policy.right.absent"]).findings
        assert list(findings[["rule", "table", "key"]].itertuples(index=False, name=None)) == expected


def test_every_topic_and_right_has_its_words_and_an_offer() -> None:
    topics = PACK["topics"].values()
    assert [topic for topic in topics if set(topic["labels"]) != set(LANGUAGES)] == []
    offers = [entry.get("replacement", {}) for entry in (*topics, *PACK["rights"].values())]
    assert [offer for offer in offers if set(offer) != set(PUBLISHED) or not all(offer.values())] == []


def test_every_element_that_is_asked_for_is_one_of_the_law_pack() -> None:
    known = {*load_law("kz", dt.date.fromisoformat(DAY)).elements["code"], *PACK["statements"]}
    asked = [code for topic in PACK["topics"].values() for one in topic["met_by"] for code in one.get("elements", ())]
    asked += [e["also"] for right in PACK["rights"].values() for e in right["elements"].values() if "also" in e]
    assert sorted(set(asked) - known) == []
