"""The notebook that looks around an inventory: its passages in three languages, its tables, its question."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from conftest import DAY, DEMO, LETOILE, demo_tables, spoil, write_tables

import derbes
from derbes.auditing import Audit, audit
from derbes.errors import UsageError
from derbes.page import ExplorePage
from derbes.page.cuts import SHOWN
from derbes.quarter import Quarter
from derbes.report import report
from derbes.text import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Q3 = Quarter(2026, 3)
TABLES = ("systems", "fields", "processing", "recipients")
PASSAGES = ("title", "glance", "flow", "uses", "countries", "owners", "gaps", "unknown", *TABLES, "colophon")


@pytest.fixture(scope="module")
def done() -> Audit:
    return audit(LETOILE, as_of=DAY, before="none", lang="en")


@pytest.fixture(scope="module")
def full() -> Audit:
    return audit(DEMO, as_of=DAY, before="none", lang="en")


def said(page: ExplorePage, name: str) -> str:
    return repr(getattr(page, name)())


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("inventory", [LETOILE, DEMO])
def test_every_passage_is_told_in_every_language_without_a_gap(done: Audit, inventory: Path, lang: str) -> None:
    page = ExplorePage(replace(done, inventory=derbes.load(inventory), lang=lang), Q3)
    texts = [said(page, name) for name in PASSAGES]
    assert all(texts)
    assert not [text for text in texts if "{" in text or {"nan", "None", "<NA>"} & set(text.split())]


@pytest.mark.parametrize(
    "tables", [{"requests": [{"request_id": ""}]}, {"clauses": [{"clause_id": "1"}]}, {"systems": [{"system_id": ""}]}]
)
def test_an_inventory_that_holds_next_to_nothing_is_told_as_it_is(done: Audit, tmp_path: Path, tables: Any) -> None:
    inv = derbes.load(write_tables(tmp_path, tables))
    page = ExplorePage(replace(done, inventory=inv, findings=done.findings.iloc[:0]), Q3)
    texts = {name: said(page, name) for name in (*PASSAGES, "whatif")}
    assert all(texts.values())
    assert "The table holds no rows" in texts["recipients"]
    assert "nothing to try" in texts["whatif"]


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_a_small_table_is_on_the_page_by_its_id(full: Audit, name: str) -> None:
    html = getattr(ExplorePage(full, Q3), name)().html
    assert 'class="wrap searchable"' in html
    assert [key for key in full.inventory.keys[name] if f">{key}</span>" not in html] == []


def test_ids_are_told_by_name_and_what_is_unknown_none_or_all_in_words(
    full: Audit, audited: Callable[..., Audit]
) -> None:
    tables = demo_tables()
    spoil(tables, "processing", row=0, owner="", recipient_ids="none", system_ids="all")
    text = said(ExplorePage(audited(tables, lang="en"), Q3), "processing")
    line = next(line for line in text.splitlines() if " order-taking |" in line).split(" | ")
    assert full.inventory.purposes["name"][0] in line
    assert {"all", "none", "unknown"} <= set(line)


def test_rows_with_thegravest_findings_come_first_and_the_rest_is_said(done: Audit, tmp_path: Path) -> None:
    rows = [{"system_id": f"s{n}", "name": f"System {n}"} for n in range(SHOWN + 50)]
    inv = derbes.load(write_tables(tmp_path, {"systems": rows}))
    worst = done.findings.head(1).assign(table="systems", key=f"s{SHOWN + 49}", severity="critical")
    passage = ExplorePage(replace(done, inventory=inv, findings=worst), Q3).systems()
    body = passage.html.split("<tbody>")[1]
    assert body.count("<tr>") == SHOWN
    assert f"System {SHOWN + 49} " in body.split("</tr>")[0]
    assert f"Shown: {SHOWN} of {SHOWN + 50} rows" in repr(passage)


def test_what_a_cell_smuggles_in_stays_text_and_what_is_personal_is_masked(done: Audit, tmp_path: Path) -> None:
    tables = demo_tables()
    spoil(
        tables,
        "systems",
        row=0,
        name="<img src=x onerror=alert(1)>",
        owner="aigul.sample@mail.ru",
        kind="7 701 123 45 67",
    )
    spoil(tables, "recipients", row=0, name="<script>alert(2)</script>")
    page = ExplorePage(replace(done, inventory=derbes.load(write_tables(tmp_path, tables))), Q3)
    html = "".join(getattr(page, name)().html for name in (*PASSAGES,))
    assert "<img" not in html
    assert "<script" not in html
    assert "&lt;img src=x" in html
    assert "aigul.sample" not in html


def test_the_findings_of_the_tables_add_up_to_those_of_the_audit(done: Audit) -> None:
    text = said(ExplorePage(done, Q3), "systems")
    rows = [line.split(" | ") for line in text.splitlines() if line.count(" | ") == 8][1:]
    own = done.findings[done.findings["table"] == "systems"]["severity"].value_counts()
    assert [sum(int(row[at]) for row in rows) for at in (-2, -1)] == [own.get("critical", 0), own.get("warning", 0)]


def test_a_question_of_ones_own_is_answered_with_findings_clauses_and_documents(full: Audit) -> None:
    text = said(ExplorePage(full, Q3), "whatif")
    assert "no longer processed?" in text
    assert 'page.whatif(move_hosting=("shop", "DE; NL"))' in text
    asked = repr(ExplorePage(full, Q3).whatif(end_consent="account"))
    assert "rests on consent, and there is none" in asked
    assert "Findings that come: 1; that go: 0. Clauses touched: 3" in asked
    with pytest.raises(UsageError):
        ExplorePage(full, Q3).whatif(drop_recipient="nobody")


def test_the_category_that_is_tried_is_the_one_with_thegravest_findings(done: Audit) -> None:
    page = ExplorePage(done, Q3)
    assert page.gravest() == "call-recording"
    one = done.findings.head(1).assign(table="fields", severity="critical", related=[()])
    told = replace(done, findings=one.assign(key="hr-records.birth-place"))
    assert ExplorePage(told, Q3).gravest() == "birth-place"


def test_several_changes_are_made_together(full: Audit) -> None:
    text = repr(ExplorePage(full, Q3).whatif(end_consent="account", move_hosting=("shop", "DE")))
    assert text.count("What if \u201c") + text.count("What if the consent") == 2
    assert "rests on consent, and there is none" in text
    assert "data are stored abroad only (DE)" in text


@pytest.mark.parametrize(("inventory", "lang"), [(LETOILE, "ru"), (DEMO, "kk"), (LETOILE, "en")])
def test_the_notebook_makes_a_page_with_its_sections_pictures_and_tables(
    tmp_path: Path, inventory: Path, lang: str
) -> None:
    made = report(
        inventory, quarter=Q3, as_of=Q3.last_day, lang=lang, before="none", out=tmp_path, notebooks=("explore",)
    )
    html = (made / "explore.html").read_text(encoding="utf-8")
    pictures = re.findall(r'<img src="data:image/png;base64,[^"]*" alt="([^"]*)"', html)
    assert len(pictures) == 5 + (inventory == DEMO)  # no country is named in the other: a sentence, no map
    assert all(len(alt) > 40 for alt in pictures)
    assert len(re.findall('<h2 id="', html)) == 11
    assert html.count("searchable") == 6
    assert len(html) < 1_250_000
    assert {path.stem for path in (made / "figures").iterdir()} == {
        "flow", "purposes", "holdings", "systems", "world", "gaps",
    }  # fmt: skip
