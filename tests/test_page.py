"""Pages: the verdict that the facts allow, words in three languages, and nothing that a cell could smuggle in."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from conftest import DAY, DEMO, LETOILE, demo_tables, spoil

from derbes import scores, tally
from derbes.auditing import Audit, audit
from derbes.listing import listing
from derbes.page import AuditPage, facts
from derbes.page.markup import Passage, element, passage, table
from derbes.quarter import Quarter
from derbes.report.summary import made
from derbes.text import LANGUAGES
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Callable

Q3 = Quarter(2026, 3)
FIRST = ("title", "summary", "scope", "risks", "score")
LAW = ("promises", "provisions", "citations", "amendments", "fines")
PASSAGES = (*FIRST, "coverage", *LAW, "unknown", "not_checked", "findings", "colophon")


@pytest.fixture(scope="module")
def done() -> Audit:
    return audit(LETOILE, as_of=DAY, before="none", lang="en")


@pytest.fixture
def told(done: Audit) -> Callable[..., Audit]:
    """The audit with other findings and rules."""

    def change(*, findings: Any = None, rules: Any = None) -> Audit:
        return replace(
            done,
            findings=done.findings if findings is None else findings,
            rules=done.rules[done.rules["status"] == "run"] if rules is None else rules,
        )

    return change


def test_critical_findings_make_the_verdict_critical(done: Audit) -> None:
    assert facts.verdict(done) == "critical"


def test_without_critical_findings_warnings_make_the_verdict(done: Audit, told: Callable[..., Audit]) -> None:
    assert facts.verdict(told(findings=done.findings[done.findings["severity"] != "critical"])) == "warning"


def test_a_verdict_is_never_clean_while_a_fact_is_unknown(done: Audit, told: Callable[..., Audit]) -> None:
    unknown = done.findings[done.findings["unknown"].astype(bool)].assign(severity="info")
    assert facts.verdict(told(findings=unknown)) == "incomplete"


def test_a_verdict_is_never_clean_while_a_rule_was_not_run(done: Audit, told: Callable[..., Audit]) -> None:
    assert facts.verdict(told(findings=done.findings.iloc[:0], rules=done.rules)) == "incomplete"


def test_notes_alone_do_not_spoil_a_verdict(done: Audit, told: Callable[..., Audit]) -> None:
    notes = done.findings[~done.findings["unknown"].astype(bool)].assign(severity="info")
    assert facts.verdict(told(findings=notes)) == "info"


def test_nothing_found_nothing_unknown_and_every_rule_run_is_clean(done: Audit, told: Callable[..., Audit]) -> None:
    clean = told(findings=done.findings.iloc[:0])
    assert facts.verdict(clean) == "clean"
    assert [repr(getattr(AuditPage(clean, Q3), name)()) for name in PASSAGES]


def test_accepted_findings_are_counted_apart(done: Audit, told: Callable[..., Audit]) -> None:
    accepted = told(findings=done.findings.assign(status="accepted"))
    assert facts.verdict(accepted) == "clean"
    assert f"{len(done.findings)}" in repr(AuditPage(accepted, Q3).summary())
    assert "There are no findings." in repr(AuditPage(accepted, Q3).findings())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_passage_is_told_in_every_language_without_a_gap(lang: str) -> None:
    page = AuditPage(audit(DEMO, as_of=DAY, before="none", lang=lang), Q3)
    said = [repr(getattr(page, name)()) for name in PASSAGES]
    assert all(said)
    assert not [text for text in said if "{" in text or "nan" in text.split() or "None" in text.split()]


def test_the_worst_findings_come_first(done: Audit) -> None:
    counted = facts.counted(done)
    order = counted["severity"].map({"critical": 0, "warning": 1, "info": 2})
    assert order.is_monotonic_increasing
    assert len(counted) == len(done.findings)


def test_every_critical_rule_is_among_the_risks_before_any_warning(done: Audit) -> None:
    groups = facts.risks(facts.counted(done), scores.risks(done))
    grave = [group.iloc[0]["severity"] == "critical" for group in groups]
    critical = sum(grave)
    assert 5 < critical < len(grave)
    assert grave == sorted(grave, reverse=True)
    cards = AuditPage(done, Q3).risks().html.count('<article class="risk critical"')
    lines = AuditPage(done, Q3).summary().html.count('class="badge critical"')
    assert (cards, lines) == (critical, critical)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_number_of_findings_says_how_many_of_them_only_ask(lang: str) -> None:
    told = audit(LETOILE, as_of=DAY, before="none", lang=lang)
    asking = told.findings[told.findings["unknown"].astype(bool)]["severity"].value_counts()
    said = Wording(lang, "wording")("among", n=int(asking["warning"]))
    page = AuditPage(told, Q3).summary().html
    summary = made(told, Q3, "X")
    assert all(said in text for text in (listing(told), page, summary, tally.tally(told)))


def test_sheets_left_out_by_convention_are_one_line_at_the_end(done: Audit) -> None:
    aside = tally.set_aside(done)
    page = AuditPage(done, Q3)
    assert aside in page.not_checked().html
    assert aside in listing(done)
    assert tally.unread(done).empty
    assert "selftest" not in page.summary().html + page.scope().html + made(done, Q3, "X")


def test_tables_that_are_absent_are_told_by_their_names(done: Audit) -> None:
    tables = done.inventory.schema.tables
    said = next(text for text, _ in tally.not_run(done) if tables["incidents"].title[done.lang] in text)
    assert tables["requests"].title[done.lang] in said
    assert "incidents" not in said


def test_the_unknown_facts_of_the_page_add_up_to_those_of_the_audit(done: Audit) -> None:
    assert facts.unknowns(facts.counted(done))["n"].sum() == done.summary["unknown"]


def test_the_families_of_the_page_add_up_to_the_rules_of_the_audit(done: Audit) -> None:
    families = facts.families(done)
    assert families["rules"].sum() == len(done.rules)
    assert families["not_run"].sum() == done.summary["rules_not_run"]


def test_thousands_of_critical_findings_keep_their_ids_and_no_rows(done: Audit, told: Callable[..., Audit]) -> None:
    one = done.findings.iloc[[0]]
    many = one.loc[one.index.repeat(3000)].assign(id=[f"{n:016x}" for n in range(3000)])
    page = AuditPage(told(findings=many.reset_index(drop=True)), Q3).findings().html
    assert page.count("<tr>") < 160
    assert all(f'id="f-{n:016x}"' in page for n in range(3000))
    assert "2,850 more rows in findings.xlsx" in page
    assert len(page) < 400_000


def test_a_page_of_a_quarter_opens_with_the_last_complete_one_and_its_last_day() -> None:
    page = AuditPage.of(DEMO)
    assert page.audit.as_of == page.quarter.last_day


def test_what_is_not_markup_is_escaped() -> None:
    made = table(["<a>"], [["<b>", element("b", "&")]], caption="<c>", class_='"x')
    assert "<a>" not in made
    assert "&lt;b&gt;" in made
    assert "<b>&amp;</b>" in made
    assert 'class="&#34;x"' in made


def test_a_passage_is_words_in_a_terminal() -> None:
    assert repr(passage(element("h2", "A & B"), element("p", "one", element("b", "two")))) == "A & B\nonetwo"
    assert Passage("<p>x</p>")._repr_html_() == "<p>x</p>"


@pytest.mark.parametrize(
    ("lang", "n", "said"),
    [
        ("ru", 1, "1 \u043c\u0435\u0441\u0442\u043e"),
        ("ru", 3, "3 \u043c\u0435\u0441\u0442\u0430"),
        ("ru", 11, "11 \u043c\u0435\u0441\u0442"),
        ("ru", 1234, "1\u00a0234 \u043c\u0435\u0441\u0442\u0430"),
        ("en", 1, "1 place"),
        ("en", 1234, "1,234 places"),
        ("kk", 5, "5 \u043e\u0440\u044b\u043d"),
    ],
)
def test_numbers_and_their_nouns_agree(lang: str, n: int, said: str) -> None:
    assert Wording(lang, "page")("risks", "places", n=n).endswith(said)


def test_every_clause_is_on_the_page_with_a_verdict_or_the_reason_why_there_is_none(done: Audit) -> None:
    said = repr(AuditPage(done, Q3).promises())
    places = [rf"(?:^|[ ,:]){re.escape(clause)}(?: \||[,.])" for clause in done.inventory.keys["clauses"]]
    assert [place for place in places if not re.search(place, said, re.MULTILINE)] == []
    assert "6.2 |" in said


def test_the_law_that_changed_since_the_quarter_before_is_named_with_its_rules(done: Audit) -> None:
    said = repr(AuditPage(done, Q3).amendments())
    assert "30 June 2026 to 30 September 2026" in said
    assert "came into force | 12 July 2026" in said
    assert "register of state property" in said
    assert "art9-9-5" not in said


def test_fines_are_for_information_and_never_a_sum(done: Audit, told: Callable[..., Audit]) -> None:
    said = repr(AuditPage(done, Q3).fines())
    assert "A finding is not yet an offence" in said
    assert said.count("79(1) |") == 1
    assert "865,000" in said
    assert "total" not in said.lower()
    assert "no findings that might lead" in repr(AuditPage(told(findings=done.findings.iloc[:0]), Q3).fines())


def test_a_clause_that_holds_markup_stays_text(audited: Callable[..., Audit]) -> None:
    tables = demo_tables()
    spoil(tables, "clauses", row=7, summary="<img src=x onerror=alert(1)>")
    page = AuditPage(audited(tables), Q3).promises().html
    assert "<img" not in page
    assert "&lt;img" in page
