"""Every page of a report in a real browser, without a network: no error, no request, nothing planted that runs.

One browser and one report for all: the report is on an inventory whose cells would do harm.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from browsing import CHROMIUM, Watch, barriers, browser
from conftest import ROOT, demo_tables, write_tables
from playwright.sync_api import expect

from derbes.quarter import Quarter
from derbes.report import report
from derbes.report.shelf import shipped
from derbes.text import words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")

Q3 = Quarter(2026, 3)
ATTACKS = ("<img src=x onerror=alert(1)>", "<script>alert(2)</script>", "&lt;img src=x onerror=alert(3)&gt; & <b>")
PAGES = shipped()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on an inventory with markup in the names of all its tables."""
    home = tmp_path_factory.mktemp("planted")
    tables = demo_tables()
    for table, rows in tables.items():
        for number, row in enumerate(rows):
            name = next((one for one in ("name", "summary", "title") if row.get(one)), None)
            if name:
                row[name] = f"{row[name]} {ATTACKS[number % len(ATTACKS)]}"
            if table == "retention":
                row["period"] = "indefinite"
    inventory = write_tables(home / "inventory", tables)
    return report(inventory, quarter=Q3, as_of=Q3.last_day, before="none", lang="kk", out=home / "reports")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module", params=PAGES)
def opened(request: pytest.FixtureRequest, folder: Path, chromium: Browser) -> Iterator[tuple[Page, Watch]]:
    context = chromium.new_context(offline=True, viewport={"width": 1100, "height": 1000})
    page = context.new_page()
    watch = Watch(page)
    page.goto((folder / f"{request.param}.html").as_uri())
    if page.locator("table.searchable").count():
        page.locator("table.dataTable").first.wait_for()
    yield page, watch
    context.close()


def test_a_page_opens_without_an_error_or_a_request(opened: tuple[Page, Watch]) -> None:
    page, watch = opened
    assert watch.errors == []
    assert watch.asked == [page.url]


def test_what_was_planted_stays_text_in_tables_that_are_filtered_and_sorted_too(opened: tuple[Page, Watch]) -> None:
    page, watch = opened
    for field in page.locator(".dt-search input").all():
        for typed in ("onerror", "alert(2)", "<b>", ""):
            field.fill(typed)
    for button in page.locator("table.dataTable thead .dt-column-order").all():
        button.click()
        button.click()
        button.click()
    assert ATTACKS[0] in str(page.locator("main").text_content())
    assert page.locator("img[onerror], main script, main b:text-is('x')").count() == 0
    assert page.locator("img:not([src^='data:'])").count() == 0
    assert watch.errors == []
    assert watch.asked == [page.url]


def test_a_table_shows_the_rows_with_the_words_that_are_typed(opened: tuple[Page, Watch]) -> None:
    page, _ = opened
    for number in range(page.locator("table.searchable").count()):
        whole = page.locator("div.dt-container").nth(number)
        rows, field, told = whole.locator("tbody tr"), whole.locator(".dt-search input"), whole.locator(".dt-info")
        before = rows.count()
        field.fill("no row has these words")
        assert rows.inner_text() == words("kk")["widget"]["zeroRecords"]
        word = re.findall(r"\w{4,}", rows_text(page, number, field))[0]
        field.fill(word)
        assert 0 < rows.count() <= before
        assert all(word.casefold() in row.inner_text().casefold() for row in rows.all()[:20])
        assert str(rows.count()) in told.inner_text()
        field.fill("")
        assert rows.count() == before


def rows_text(page: Page, number: int, field: object) -> str:
    """Text of the first row of a table, seen without a filter."""
    field.fill("")  # type: ignore[attr-defined]
    return page.locator("div.dt-container").nth(number).locator("tbody tr").first.inner_text()


def test_a_script_that_is_not_the_widget_does_not_run(folder: Path, chromium: Browser, tmp_path: Path) -> None:
    foreign = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\"></main>"
    spoilt = (folder / "audit.html").read_text(encoding="utf-8").replace("</main>", foreign)
    (tmp_path / "spoilt.html").write_text(spoilt, encoding="utf-8")
    page = chromium.new_page()
    watch = Watch(page)
    page.goto((tmp_path / "spoilt.html").as_uri())
    page.locator("table.findings.dataTable").wait_for()
    assert page.title() != "run"
    assert len(watch.errors) >= 2
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_on_a_page_keeps_people_out(opened: tuple[Page, Watch], scheme: str) -> None:
    page, _ = opened
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    assert barriers(page) == []


def test_a_narrow_page_is_as_wide_as_its_window(opened: tuple[Page, Watch]) -> None:
    page, _ = opened
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1100, "height": 1000})


def test_every_table_reads_its_headings_and_every_figure_its_words(opened: tuple[Page, Watch]) -> None:
    page, _ = opened
    assert page.locator("h1").count() == 1
    assert page.locator("table:not(:has(caption)), th:not([scope]), img:not([alt]), img[alt='']").count() == 0


def test_the_keyboard_reaches_the_field_and_sorts(folder: Path, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto((folder / "audit.html").as_uri())
    table = page.locator("table.findings.dataTable")
    table.wait_for()
    head = table.locator("thead th").nth(1)
    head.locator(".dt-column-order").focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    shown = table.locator("tbody tr td:nth-child(2) data").all()
    ranks = [int(mark.get_attribute("value") or "") for mark in shown]
    assert ranks == sorted(ranks, reverse=True)
    page.close()


def test_a_link_to_a_row_that_is_filtered_out_shows_it(folder: Path, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto((folder / "audit.html").as_uri())
    page.locator("table.findings.dataTable").wait_for()
    page.locator(".dt-search input").last.fill("no row has these words")
    link = page.locator(".risk a[href^='#f-']").first
    anchor = link.get_attribute("href")
    link.click()
    assert page.locator(f"[id='{str(anchor)[1:]}']").is_visible()
    page.close()


def test_without_script_a_page_is_whole(folder: Path, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "audit.html").as_uri())
    assert page.locator("table.findings tbody tr").count() > 5
    assert page.locator(".dt-search").count() == 0
    context.close()


def test_pages_lead_to_one_another(folder: Path, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto((folder / "audit.html").as_uri())
    links = page.locator("nav.pages a")
    assert links.count() == (len(PAGES) if len(PAGES) > 1 else 0)
    for name in PAGES[1:]:
        page.locator(f"nav.pages a[href='{name}.html']").click()
        assert page.locator("nav.pages [aria-current=page]").get_attribute("href") == f"{name}.html"
    page.close()


def test_every_notebook_of_derbes_is_looked_at() -> None:
    assert sorted(PAGES) == sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
