"""What became of findings: the numbers, the page of changes and its figures, with a quarter before and without."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from conftest import DAY, DEMO, LETOILE, write_tables
from PIL import Image

from derbes import fates, figures, trends
from derbes.auditing import audit
from derbes.page import ChangesPage
from derbes.quarter import Quarter
from derbes.read.loading import load
from derbes.report import report
from derbes.snapshot import freeze
from derbes.text import LANGUAGES, words

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Rows

    from derbes.auditing import Audit

Q3 = Quarter(2026, 3)
PASSAGES = ("title", "headline", "changes", "fates", "findings", "ages", "ending", "quarters", "colophon")
#: Finding by name: its status in the quarters 1, 2 and today (None where it was not found), and what became of it.
LIVES = {
    "stays": ("new", "open", "open", "open"),
    "fresh": (None, None, "new", "new"),
    "back": ("new", None, "reopened", "returned"),
    "other": ("new", "accepted", "reopened", "reopened"),
    "over": ("new", "accepted", "expired", "expired"),
    "lived-with": ("new", "open", "accepted", "accepted"),
    "mended": ("new", "open", None, "closed"),
    "long-gone": ("new", None, None, None),
    "idle": (None, "new", None, "unlooked"),
}


@pytest.fixture(scope="module")
def done() -> Audit:
    return audit(DEMO, as_of=DAY, lang="en")


@pytest.fixture(scope="module")
def lively(done: Audit) -> Audit:
    """The audit with findings of every fate."""
    row = done.findings.iloc[0]
    run = done.rules.loc[done.rules["status"] == "run", "rule"].iloc[0]

    def of(place: int, quarter: str) -> pd.DataFrame:
        there = {name: life[place] for name, life in LIVES.items() if life[place]}
        frame = pd.DataFrame([row] * len(there)).reset_index(drop=True)
        rules = ["own.idle" if name == "idle" else run for name in there]
        return frame.assign(
            id=[*there], key=[*there], status=[*there.values()], rule=rules, quarter=quarter, since="2026Q1"
        )

    first, last, now = of(0, "2026Q1"), of(1, "2026Q2"), of(2, "").drop(columns="quarter")
    closed = last[~last["id"].isin(now["id"])].reset_index(drop=True)
    past = pd.concat([first, last], ignore_index=True)
    return replace(done, findings=now, past=past, closed=closed, compared=("2026Q1", "2026Q2"))


def test_every_finding_has_the_fate_that_its_quarters_tell(lively: Audit) -> None:
    told = fates.fates(lively).set_index("id")["fate"].to_dict()
    assert told == {name: life[3] for name, life in LIVES.items() if life[3]}


def test_the_gravest_fates_come_first(lively: Audit) -> None:
    order = [fates.FATES.index(fate) for fate in fates.fates(lively)["fate"]]
    assert order == sorted(order)


def test_flows_lead_from_every_finding_of_the_quarter_before_to_one_of_now_or_to_none(lively: Audit) -> None:
    frame = fates.fates(lively)
    flows = fates.flows(frame)
    assert flows["n"].sum() == len(frame)
    last = lively.past[lively.past["quarter"] == "2026Q2"]
    assert flows.loc[flows["before"] != "absent", "n"].sum() == len(last)
    assert flows.loc[flows["before"] == "accepted", "n"].sum() == (last["status"] == "accepted").sum()
    assert fates.counts(frame).to_numpy().sum() == len(frame)


def test_with_nothing_before_every_finding_is_new() -> None:
    alone = audit(DEMO, as_of=DAY, lang="en", before="none")
    assert set(fates.fates(alone)["fate"]) == {"new"}
    nothing = replace(alone, findings=alone.findings.iloc[:0], closed=alone.closed.iloc[:0], past=alone.past.iloc[:0])
    assert fates.fates(nothing).empty
    assert fates.flows(fates.fates(nothing)).empty
    assert fates.ages(nothing, Q3).empty
    assert len(fates.ending(nothing)) == 0


def test_ages_count_what_is_open_and_gather_a_year_and_more(done: Audit) -> None:
    frame = done.findings.assign(since=["2026Q3", "2026Q2", "2025Q4", "2025Q3", "2020Q1"][: len(done.findings)])
    told = fates.ages(replace(done, findings=frame), Q3)
    assert told.sum().to_dict() == {0: 1, 1: 1, 2: 0, 3: 1, 4: 2}
    assert fates.ages(replace(done, findings=frame.assign(status="accepted")), Q3).empty


def test_decisions_that_end_are_told_the_first_before_the_others(done: Audit) -> None:
    columns = ("id", "rule", "table", "key", "decision", "owner", "until", "state")
    rows = [
        ("a", "r", "systems", "crm", "accept", "IT", "2027-01-31", "in_force"),
        ("b", "r", "systems", "shop", "fix", "IT", "2026-08-31", "expired"),
        ("c", "r", "systems", "mail", "false_positive", "IT", "", "in_force"),
        ("d", "r", "systems", "web", "accept", "IT", "2026-12-31", "closed"),
    ]
    held = replace(done, decisions=pd.DataFrame(rows, columns=list(columns)))
    assert list(fates.ending(held)["id"]) == ["b", "a"]
    told = repr(ChangesPage(held, Q3).ending())
    assert told.index("31 August 2026") < told.index("31 January 2027")
    assert f"| IT | {words('en')['changes']['ending']['over']}" in told


def test_the_course_of_frozen_quarters_agrees_with_the_statuses(done: Audit) -> None:
    course = trends.compared(done, Q3)
    assert course.quarters == ("2026Q1", "2026Q2", "2026Q3")
    last = course.burndown.iloc[-1]
    assert (last["open"], last["new"]) == (5, int((done.findings["status"] == "new").sum()))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("home", [DEMO, LETOILE], ids=["demo", "letoile"])
def test_every_passage_is_told_in_every_language(home: Path, lang: str) -> None:
    only = None if home == DEMO else ["kz.retention.unlimited"]
    page = ChangesPage(audit(home, as_of=DAY, lang=lang, only=only), Q3)
    told = [repr(getattr(page, name)()) for name in PASSAGES]
    assert not [text for text in told if "{" in text or "nan" in text.split() or "None" in text.split()]
    assert all(told) == (home == DEMO)


def test_without_a_quarter_before_the_page_says_so_and_tells_the_rest() -> None:
    alone = ChangesPage(audit(DEMO, as_of=DAY, lang="en", before="none"), Q3)
    said = words("en")["changes"]
    assert said["headline"]["no_quarter"] in repr(alone.headline())
    assert [repr(getattr(alone, name)()) for name in ("changes", "fates", "findings", "quarters")] == [""] * 4
    assert said["ages"]["alone"] in repr(alone.ages())
    assert figures.fates(alone.audit).alt == said["figure"]["no_quarter"]
    assert figures.trends(alone.compared(), "en", frozen=True).alt == words("en")["figures"]["trends"]["unfrozen"]


def test_the_headline_counts_what_raises_the_risk_and_why(done: Audit) -> None:
    told = repr(ChangesPage(done, Q3).headline())
    assert "changes that raise it 9, that lower it 9" in told
    assert "Findings that count were 2 and are 5" in told
    assert "a recipient was added | higher | 3" in told


def test_the_same_turn_in_many_rows_stands_on_one_line(done: Audit) -> None:
    told = repr(ChangesPage(done, Q3).changes())
    assert "72 rows" in told
    assert told.count("3.1 → 4.0") == 1


def test_the_risk_is_the_same_where_nothing_changed(small: Rows, tmp_path: Path) -> None:
    home = write_tables(tmp_path / "home", small)
    freeze(load(home), home / "history" / "2026Q2")
    page = ChangesPage(audit(home, as_of=DAY, lang="en", only=["kz.retention.unlimited"]), Q3)
    said = words("en")["changes"]
    assert said["headline"]["same"] in repr(page.headline())
    assert said["changes"]["none"] in repr(page.changes())
    assert said["findings"]["none"] in repr(page.findings())
    assert figures.fates(page.audit).alt == said["figure"]["empty"]


def test_closed_findings_are_on_the_page_with_the_quarter_since_which_they_were_open(lively: Audit) -> None:
    told = repr(ChangesPage(lively, Q3).findings())
    assert f"| {words('en')['changes']['fates']['closed']} |" in told
    assert "2026Q1 | mended" in told


def test_thousands_of_findings_are_shown_in_part(lively: Audit) -> None:
    row = lively.findings.iloc[[0]]
    many = row.loc[row.index.repeat(3000)].assign(id=[f"{n:016x}" for n in range(3000)]).reset_index(drop=True)
    page = ChangesPage(replace(lively, findings=many), Q3).findings()
    assert page.html.count("<tr>") == 501
    assert "more rows are not shown" in repr(page)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_figure_tells_every_flow_in_words_and_is_the_same_to_the_byte(lively: Audit, lang: str) -> None:
    held = replace(lively, lang=lang)
    drawn = figures.fates(held)
    said = words(lang)["changes"]["fates"]
    assert all(f"{said[fate]}: 1." in drawn.alt for fate in {life[3] for life in LIVES.values() if life[3]})
    assert drawn.png == figures.fates(held).png
    width, height = Image.open(io.BytesIO(drawn.png)).size
    assert height < width


def test_the_figures_of_a_page_have_names_of_their_own(done: Audit) -> None:
    assert figures.trends(trends.compared(done, Q3), "en", frozen=True).name == "quarters"
    assert figures.fates(done).name == "fates"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("home", [DEMO, LETOILE], ids=["demo", "letoile"])
def test_the_notebook_is_run_by_a_report(home: Path, lang: str, tmp_path: Path) -> None:
    made = report(home, quarter=Q3, as_of=Q3.last_day, lang=lang, out=tmp_path, notebooks=("changes",))
    html = (made / "changes.html").read_text(encoding="utf-8")
    assert 'id="headline"' in html
    assert ('id="fates"' in html) == (home == DEMO)
    assert {path.stem for path in (made / "figures").glob("*.png")} == {"fates", "quarters"}
    assert len(html) < 600_000
