"""The notebooks of the policy and of retention: complete, in three languages, at any size, whatever the cells hold."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import nbformat
import pytest
from conftest import DAY, DEMO, LETOILE, ROOT, write_tables
from PIL import Image

import derbes
from derbes import figures
from derbes.auditing import Audit, audit
from derbes.page import PolicyPage, RetentionPage
from derbes.quarter import Quarter
from derbes.report import notebook
from derbes.text import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Rows

Q3 = Quarter(2026, 3)
POLICY = ("title", "scope", "standing", "promises", "contradictions", "clauses", "gaps", "citations")
RETENTION = ("title", "scope", "standing", "ledger", "terms", "gaps", "due")
NASTY = "<img src=x onerror=alert(1)> =cmd $x^2$ \u202egnp.exe"


@pytest.fixture(scope="module")
def done() -> Audit:
    return audit(LETOILE, as_of=DAY, before="none", lang="en")


@pytest.fixture
def of(done: Audit, tmp_path: Path) -> Callable[..., Audit]:
    """The law and the rules of an audit over another inventory, with no findings or with those given."""

    def change(rows: Rows, *, findings: bool = False) -> Audit:
        made = derbes.load(write_tables(tmp_path / "other", {"operator": [{"operator_id": "shop"}], **rows}))
        return replace(done, inventory=made, findings=done.findings if findings else done.findings.iloc[:0])

    return change


def pages(done: Audit) -> list[str]:
    policy, kept = PolicyPage(done, Q3), RetentionPage(done, Q3)
    return [getattr(policy, name)().html for name in POLICY] + [getattr(kept, name)().html for name in RETENTION]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("home", [LETOILE, DEMO], ids=lambda home: home.name)
@pytest.mark.parametrize("name", ["policy", "retention"])
def test_the_notebook_runs_and_leaves_no_gap_in_its_words(name: str, home: Path, lang: str, tmp_path: Path) -> None:
    asked = {"inventory": str(home), "quarter": "2026Q3", "as_of": "", "law": "kz", "lang": lang, "before": ""}
    ran = notebook.run(
        ROOT / "notebooks" / f"{name}.ipynb", {**asked, "out": str(tmp_path)}, shown={**asked, "out": ""}
    )
    shown = [output.data["text/html"] for cell in ran.cells for output in cell.get("outputs", [])]
    assert len(shown) == len(ran.cells) - 2  # the parameters of the notebook, and those of the run
    words = re.sub(r"<[^>]*>|data:[^\"]*", " ", " ".join(shown)).split()
    assert not {"nan", "None", "NaT", "<NA>"} & set(words)
    assert not [word for word in words if "{" in word]
    assert sum(map(len, shown)) < 1_000_000
    assert nbformat.validator.isvalid(ran)


def test_every_link_of_a_page_leads_to_an_anchor_of_it_and_no_anchor_stands_twice(done: Audit) -> None:
    for page, names in ((PolicyPage(done, Q3), POLICY), (RetentionPage(done, Q3), RETENTION)):
        html = "".join(getattr(page, name)().html for name in names)
        anchors = re.findall(r' id="([^"]+)"', html)
        assert len(anchors) == len(set(anchors))
        assert set(re.findall(r' href="#([^"]+)"', html)) <= set(anchors)


def test_the_clauses_stand_in_the_order_of_the_policy(done: Audit) -> None:
    html = PolicyPage(done, Q3).clauses().html
    assert re.findall(r' id="c-([^"]+)"', html) == list(done.inventory.keys["clauses"])


def test_a_contradiction_names_both_sides_in_their_own_words_and_what_to_write_instead(done: Audit) -> None:
    told = repr(PolicyPage(done, Q3).contradictions())
    summaries = done.inventory.clauses.set_index("clause_id")["summary"]
    assert all(summaries[number][:60] in told for number in ("6.2", "7.10", "7.12"))
    assert "[\u043f\u0435\u0440\u0435\u0447\u0438\u0441\u043b\u0438\u0442\u044c]" in told


def test_the_counts_of_the_policy_add_up_to_its_clauses(done: Audit) -> None:
    html = PolicyPage(done, Q3).standing().html
    assert sum(map(int, re.findall(r"<b>(\d+)</b>", html))) == len(done.inventory.clauses)


@pytest.mark.parametrize(("home", "sections"), [(LETOILE, 9), (DEMO, 10)])
def test_sections_are_those_of_the_policy_and_languages_have_names(home: Path, sections: int) -> None:
    text = repr(PolicyPage(audit(home, as_of=DAY, before="none", lang="en"), Q3).standing())
    assert f"in {sections} sections." in text
    assert "Russian" in text


def test_an_inventory_without_clauses_terms_or_activities_says_so(of: Callable[..., Audit]) -> None:
    made = of({})
    assert "no clauses" in repr(PolicyPage(made, Q3).clauses())
    assert "no clauses" in repr(PolicyPage(made, Q3).gaps())
    assert "No clause is at odds" in repr(PolicyPage(made, Q3).contradictions())
    assert "no terms of retention" in repr(RetentionPage(made, Q3).terms())
    assert "nothing to enter" in repr(RetentionPage(made, Q3).ledger())
    assert all(pages(made))


def test_what_cells_hold_is_shown_and_never_run(of: Callable[..., Audit]) -> None:
    rows: Rows = {
        "clauses": [{"clause_id": "1", "summary": NASTY, "kinds": NASTY, "category_ids": "a", "elements": NASTY}],
        "categories": [{"category_id": "a", "name": NASTY, "clauses": "1"}],
        "retention": [{"retention_id": "t", "name": NASTY, "period": NASTY, "authority": NASTY}],
        "processing": [{"processing_id": "p", "name": NASTY, "category_ids": "a", "retention_id": "t"}],
    }
    html = "".join(pages(of(rows)))
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html


def test_a_persons_data_in_a_cell_are_masked(of: Callable[..., Audit]) -> None:
    said = "write to someone.private@gmail.com"
    rows: Rows = {
        "clauses": [{"clause_id": "1", "summary": said, "requisites": said, "terms_defined": said}],
        "retention": [{"retention_id": "t", "name": said, "period": said, "authority": said}],
    }
    assert "someone.private" not in "".join(pages(of(rows)))


def many(size: int) -> Rows:
    numbers = range(size)
    return {
        "clauses": [{"clause_id": f"1.{n}", "summary": f"Clause {n} " * 9, "category_ids": f"c{n}"} for n in numbers],
        "categories": [{"category_id": f"c{n}", "name": f"Category {n}", "clauses": f"1.{n}"} for n in numbers],
        "retention": [{"retention_id": f"t{n}", "name": f"Term {n}", "period": f"P{n + 1}D"} for n in numbers],
        "processing": [{"processing_id": f"p{n}", "category_ids": f"c{n}", "retention_id": f"t{n}"} for n in numbers],
    }


def test_two_thousand_clauses_and_terms_make_pages_that_stay_light_and_say_what_they_leave_out(
    of: Callable[..., Audit],
) -> None:
    made = of(many(2000))
    policy, kept = PolicyPage(made, Q3), RetentionPage(made, Q3)
    assert "1,600 more rows" in repr(policy.clauses())
    assert "1,500 more rows" in repr(kept.ledger())
    assert "1,800 more rows" in repr(kept.terms())
    assert len("".join(getattr(policy, name)().html for name in POLICY)) < 1_000_000
    assert len("".join(getattr(kept, name)().html for name in RETENTION)) < 1_000_000


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("figure", [figures.contradictions, figures.terms])
def test_the_figures_say_what_is_seen(done: Audit, figure: Callable[[Audit], figures.Picture], lang: str) -> None:
    drawn = figure(replace(done, lang=lang))
    assert len(drawn.alt) > len(drawn.title)
    assert "{" not in drawn.alt + drawn.caption + drawn.title


def test_the_arcs_are_told_in_words_the_gravest_first(done: Audit) -> None:
    alt = figures.contradictions(done).alt
    assert "Pairs in all: 15. Clause 6.2 with clauses 7.10, 7.12 (critical)." in alt


def test_the_terms_are_told_by_kind(of: Callable[..., Audit]) -> None:
    periods = ("P1Y", "until:contract_end", "by_law", "indefinite", "", "as long as necessary")
    rows: Rows = {"retention": [{"retention_id": f"t{n}", "period": period} for n, period in enumerate(periods)]}
    alt = figures.terms(of(rows)).alt
    for kind in ("a length of time: 1", "until an event: 1", "by law: 1", "without end: 1", "unknown: 1", "vague: 1"):
        assert kind in alt


def test_two_thousand_arcs_or_terms_are_a_figure_of_one_page(done: Audit, of: Callable[..., Audit]) -> None:
    rows = many(2000)
    found = done.findings[done.findings["rule"] == "policy.recipients.denied"].iloc[[0] * 1000].reset_index(drop=True)
    pairs = [(("clauses", f"1.{2 * n + 1}"),) for n in range(1000)]
    found = found.assign(id=[f"{n:016x}" for n in range(1000)], key=[f"1.{2 * n}" for n in range(1000)], related=pairs)
    made = replace(of(rows), findings=found)
    for drawn, said in ((figures.contradictions(made), "of 1,000"), (figures.terms(made), "of 2,000")):
        width, height = Image.open(io.BytesIO(drawn.png)).size
        assert height < 2 * width
        assert said in drawn.caption
        assert len(drawn.png) < 400_000


@pytest.mark.parametrize("figure", [figures.contradictions, figures.terms])
def test_with_nothing_to_draw_a_figure_says_so(
    of: Callable[..., Audit], figure: Callable[[Audit], figures.Picture]
) -> None:
    drawn = figure(of({}))
    assert drawn.alt
    assert not drawn.caption  # the picture itself says it
