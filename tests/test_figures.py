"""Figures: what they say at any size, in every language, to those who see them and those who do not."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest
from conftest import DAY, LETOILE, write_tables
from matplotlib.axes import Axes
from PIL import Image

import derbes
from derbes import figures
from derbes.auditing import Audit, audit
from derbes.figures.retention import EDGE
from derbes.figures.style import WIDTH, Picture, short, two_lines
from derbes.text import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Rows

FIGURES = (figures.findings, figures.purposes, figures.systems, figures.retention)
MANY = 2000


@pytest.fixture(scope="module")
def done() -> Audit:
    return audit(LETOILE, as_of=DAY, before="none", lang="en")


def of(done: Audit, folder: Path, tables: Rows) -> Audit:
    """The same findings over another inventory: three of the four figures draw the inventory alone."""
    return replace(done, inventory=derbes.load(write_tables(folder, tables)))


def crowd(size: int) -> Rows:
    """A register of that many systems, categories and activities."""
    numbers = range(size)
    return {
        "systems": [{"system_id": f"s{n}", "name": f"System number {n} of a very large retailer"} for n in numbers],
        "subjects": [{"subject_id": f"who{n}", "name": f"Who {n}"} for n in range(8)],
        "purposes": [{"purpose_id": f"why{n}", "name": f"Purpose {n}"} for n in range(60)],
        "categories": [{"category_id": f"c{n}", "name": f"Category {n}", "access_class": "public"} for n in numbers],
        "retention": [{"retention_id": "five", "name": "five", "period": "P5Y", "trigger": "contract_end"}],
        "fields": [{"field_id": f"f{n}", "system_id": f"s{n}", "subject_ids": "all"} for n in numbers],
        "processing": [
            {"processing_id": f"p{n}", "purpose_id": f"why{n % 60}", "category_ids": f"c{n}", "retention_id": "five"}
            for n in numbers
        ],
    }


def test_a_label_has_two_lines_before_it_is_cut() -> None:
    assert two_lines("one two three", 7) == "one two\nthree"
    assert two_lines("one two three four five six", 9) == "one two\nthree…"


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_figure_has_a_title_a_caption_and_words_for_those_who_cannot_see_it(
    done: Audit, figure: Callable[[Audit], Picture], lang: str
) -> None:
    drawn = figure(replace(done, lang=lang))
    assert drawn.title
    assert drawn.caption
    assert len(drawn.alt) > len(drawn.title)
    assert "{" not in drawn.alt + drawn.caption + drawn.title


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_is_the_same_to_the_byte_whatever_style_the_reader_has_set(
    done: Audit, figure: Callable[[Audit], Picture]
) -> None:
    plain = figure(done).png
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.dpi": 40}):
        assert figure(replace(done, inventory=replace(done.inventory))).png == plain


@pytest.mark.parametrize("figure", [figures.purposes, figures.systems, figures.retention])
def test_two_thousand_rows_become_a_figure_of_one_page_that_says_what_it_leaves_out(
    done: Audit, tmp_path: Path, figure: Callable[[Audit], Picture]
) -> None:
    drawn = figure(of(done, tmp_path, crowd(MANY)))
    width, height = Image.open(io.BytesIO(drawn.png)).size
    assert height < 2 * width
    assert f"of {MANY:,}" in drawn.caption
    assert f"{MANY:,}" in drawn.alt
    assert len(drawn.png) < 400_000


@pytest.mark.parametrize("figure", [figures.purposes, figures.systems, figures.retention])
def test_an_inventory_without_links_gives_a_figure_that_says_so(
    done: Audit, tmp_path: Path, figure: Callable[[Audit], Picture]
) -> None:
    drawn = figure(of(done, tmp_path, {"categories": [{"category_id": "phone", "name": "Phone"}]}))
    assert drawn.alt
    assert not drawn.caption  # the picture itself says it


def test_an_audit_without_findings_gives_a_figure_that_says_so(done: Audit) -> None:
    assert figures.findings(replace(done, findings=done.findings.iloc[:0])).alt == "There are no findings"


def test_findings_of_every_family_are_counted_in_the_words_of_the_figure(done: Audit) -> None:
    counts = done.findings[~done.findings["unknown"].astype(bool)].groupby("family")["severity"].value_counts()
    said = figures.findings(done).alt
    assert f"Law of Kazakhstan: critical {counts['kz', 'critical']}, warnings {counts['kz', 'warning']}" in said
    unknown = done.findings[done.findings["unknown"].astype(bool)].groupby("family").size()
    assert f"unknown {unknown['structure']}" in said


def test_accepted_findings_are_not_drawn(done: Audit) -> None:
    accepted = done.findings.assign(status="accepted")
    assert figures.findings(replace(done, findings=accepted)).alt == "There are no findings"


def test_a_category_for_which_no_purpose_is_named_is_counted(done: Audit, tmp_path: Path) -> None:
    tables = crowd(5)
    tables["categories"].append({"category_id": "idle", "name": "Idle"})
    assert "Categories for which no purpose is named: 1." in figures.purposes(of(done, tmp_path, tables)).alt


def test_processing_without_described_fields_shows_as_a_hollow_mark(done: Audit, tmp_path: Path) -> None:
    tables = crowd(1)
    tables["fields"] = []
    tables["processing"][0] |= {"system_ids": "s0", "subject_ids": "who3"}
    assert "Links without described fields: 1." in figures.systems(of(done, tmp_path, tables)).alt


def test_stopped_processing_is_not_drawn(done: Audit, tmp_path: Path) -> None:
    tables = crowd(1)
    tables["processing"][0]["status"] = "stopped"
    assert figures.retention(of(done, tmp_path, tables)).alt == "No category is linked with a retention period"


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ("P5Y", "longest measurable period: 5 years"),
        ("P90D", "longest measurable period: 90 days"),
        ("PT8H", "longest measurable period: 1 day"),
        ("P1Y6M", "longest measurable period: 548 days"),
        ("until:withdrawal", "until an event: 1"),
        ("by_law", "by law: 1"),
        ("indefinite", "without end: 1"),
        ("", "unknown: 1"),
        ("after the second full moon", "unknown: 1"),
    ],
)
def test_a_retention_period_is_drawn_as_what_it_is(done: Audit, tmp_path: Path, period: str, said: str) -> None:
    tables = crowd(1)
    tables["retention"][0]["period"] = period
    assert said in figures.retention(of(done, tmp_path, tables)).alt


def test_a_category_whose_processing_names_no_period_is_unknown(done: Audit, tmp_path: Path) -> None:
    tables = crowd(1)
    tables["processing"][0]["retention_id"] = ""
    assert "unknown: 1" in figures.retention(of(done, tmp_path, tables)).alt


def test_a_term_beyond_the_scale_stands_at_its_end(
    done: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables, drawn, places = crowd(1), Axes.scatter, list[float]()
    tables["retention"][0]["period"] = "P1000Y"

    def scatter(axes: Axes, x: list[float], *rest: object, **looks: object) -> object:
        places.extend(x)
        return drawn(axes, x, *rest, **looks)

    monkeypatch.setattr(Axes, "scatter", scatter)
    assert "1000 years" in figures.retention(of(done, tmp_path, tables)).alt.replace(",", "")
    assert places == [EDGE]


def test_two_categories_of_one_name_keep_a_row_each(done: Audit, tmp_path: Path) -> None:
    tables = crowd(2)
    tables["categories"][1]["name"] = tables["categories"][0]["name"]
    assert "Categories in all: 2" in figures.retention(of(done, tmp_path, tables)).alt


def test_names_with_markup_and_formulas_are_drawn_as_they_are(done: Audit, tmp_path: Path) -> None:
    tables = crowd(1)
    tables["categories"][0]["name"] = "$x^2$ <script>alert(1)</script>"
    drawn = figures.purposes(of(done, tmp_path, tables))
    assert "$x^2$ <script>" in drawn.alt
    assert "<script>" not in drawn._repr_html_()


def test_a_picture_is_saved_where_it_is_asked_for_and_nowhere_else(done: Audit, tmp_path: Path) -> None:
    drawn = figures.findings(done)
    assert drawn.save("") is drawn
    assert drawn.save(tmp_path) is drawn
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png")] == ["figures/findings.png"]
    assert (tmp_path / "figures/findings.png").read_bytes() == drawn.png


def test_a_picture_is_as_wide_as_the_page(done: Audit) -> None:
    width, _ = Image.open(io.BytesIO(figures.findings(done).png)).size
    assert width == round(WIDTH * 160)


def test_a_long_label_is_cut_on_one_line() -> None:
    assert short("a  b\n" * 30) == "a b " * 8 + "a…"
