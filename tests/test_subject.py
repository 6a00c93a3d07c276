"""One group of subjects on one page: nothing of it left out, nothing invented, and a list to answer a request by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import DAY, DEMO, LETOILE, spoil, write_tables

from derbes.auditing import audit
from derbes.errors import UsageError
from derbes.law import load_law
from derbes.page import SubjectPage
from derbes.quarter import Quarter
from derbes.read.loading import load
from derbes.report import report
from derbes.subject import facts
from derbes.subject.about import chosen, concerning, kinds, silences
from derbes.subject.locator import locator
from derbes.text import LANGUAGES, words

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Rows

    from derbes.auditing import Audit
    from derbes.inventory import Inventory
    from derbes.subject import Facts

Q3 = Quarter(2026, 3)
ONE = ["kz.retention.unlimited"]
PASSAGES = ("title", "who", "data", "purposes", "recipients", "consents", "rights", "locator", "findings", "gaps",
            "colophon")  # fmt: skip
NASTY = "<img src=x onerror=alert(1)> =cmd|' /C calc'!A0 $x^2$ \u202eevil " + "long " * 200


@pytest.fixture(scope="module")
def done() -> Audit:
    return audit(DEMO, as_of=DAY, before="none", lang="en")


def about(inv: Inventory, subject: str | None = None) -> Facts:
    law = load_law("kz", audit(DEMO, as_of=DAY, only=ONE, before="none").as_of)
    return facts(inv, law, subject or chosen(inv) or "all")


def page(home: Path, subject: str = "", lang: str = "en") -> SubjectPage:
    return SubjectPage(audit(home, as_of=DAY, before="none", lang=lang, only=ONE), Q3, subject)


def said(one: SubjectPage) -> list[str]:
    return [repr(getattr(one, name)()) for name in PASSAGES]


def test_the_group_with_the_most_fields_is_chosen() -> None:
    assert chosen(load(DEMO)) == "buyer"
    assert chosen(load(LETOILE)) == "clients"


def test_of_groups_with_as_many_fields_that_with_the_most_activities_is_chosen(small: Rows, tmp_path: Path) -> None:
    small["fields"] = []
    assert chosen(load(write_tables(tmp_path, small))) == "buyer"
    small["processing"] = []
    assert chosen(load(write_tables(tmp_path, small))) == small["subjects"][0]["subject_id"]


def test_what_is_no_id_is_not_chosen_and_not_shown(small: Rows, tmp_path: Path) -> None:
    value = "someone.private@example.org"
    for row in small["fields"]:
        row["subject_ids"] = value
    small["subjects"].insert(0, {**small["subjects"][0], "subject_id": value})
    one = page(write_tables(tmp_path / "home", small))
    assert one.facts.subject == "buyer"
    assert not [text for text in said(one) if "someone.private" in text]


def test_every_field_of_the_family_has_a_place_and_every_place_its_system() -> None:
    inv = load(DEMO)
    told = about(inv)
    frame = locator(told)
    assert set(frame["field_id"].dropna()) == {row["field_id"] for row in told.fields}
    assert set(frame["system_id"].dropna()) == {row["system_id"] for row in told.systems}
    assert frame["field_id"].dropna().is_unique


def test_fields_by_which_people_are_found_come_first_in_their_system() -> None:
    frame = locator(about(load(DEMO)))
    for _, part in frame.groupby("system_id"):
        assert part["key"].is_monotonic_decreasing
        assert set(part["search"]) == {tuple(part.loc[part["key"], "label"].dropna().unique())}


def test_a_system_without_described_fields_stands_in_the_list(small: Rows, tmp_path: Path) -> None:
    small["fields"] = [row for row in small["fields"] if row["system_id"] != "shop"]
    inv = load(write_tables(tmp_path, small))
    frame = locator(about(inv, "buyer"))
    assert frame.loc[frame["system_id"] == "shop", "field_id"].isna().tolist() == [True]
    assert words("en")["subject"]["locator"]["no_field"] in repr(page(tmp_path, "buyer").locator())


def test_a_place_says_how_long_by_the_activity_that_names_its_field(small: Rows, tmp_path: Path) -> None:
    field = next(row for row in small["fields"] if row["system_id"] == "mailing")
    own = next(row for row in small["processing"] if row["processing_id"] == "newsletter-sending")
    own["field_ids"] = field["field_id"]
    told = about(load(write_tables(tmp_path, small)), "loyalty-member")
    frame = locator(told).set_index("field_id")
    assert [told.activities[at]["processing_id"] for at in frame.loc[field["field_id"], "terms"]] == [
        own["processing_id"]
    ]
    for row in frame.itertuples():
        assert set(row.bound) <= set(row.terms)


def test_the_kinds_of_data_are_those_of_the_notice_and_what_no_row_names() -> None:
    told = about(load(LETOILE))
    frame = kinds(told)
    kept = {row["category_id"] for name in told.group for row in told.categories(name)}
    assert {key for key in frame["category_id"] if isinstance(key, str)} == kept
    assert frame["fields"].sum() == len(told.fields)
    assert frame["category_id"].isna().sum() == 1


def test_what_is_not_known_is_counted_by_column(small: Rows, tmp_path: Path) -> None:
    assert silences(about(load(DEMO)))[["table", "column", "n", "keys"]].to_numpy().tolist() == [
        ["rights", "deadline_days", 1, ("access",)]
    ]
    spoil(small, "systems", row=0, owner="", storage_countries="")
    told = silences(about(load(write_tables(tmp_path, small)), "buyer"))
    assert [pair for pair in zip(told["table"], told["column"], strict=True) if pair[0] == "systems"] == [
        ("systems", "owner"),
        ("systems", "storage_countries"),
    ]


def test_findings_on_rows_of_the_group_concern_it_and_others_do_not(done: Audit) -> None:
    told = {row.key for row in concerning(about(done.inventory, "buyer"), done.findings).itertuples()}
    assert "access" in told
    assert "dpia-offer" not in told
    assert set(concerning(about(done.inventory, "employee"), done.findings)["key"]) != told


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("home", [DEMO, LETOILE], ids=["demo", "letoile"])
def test_every_passage_is_told_in_every_language_without_a_gap_in_the_words(home: Path, lang: str) -> None:
    told = said(page(home, lang=lang))
    assert all(told)
    assert not [text for text in told if "{" in text or "nan" in text.split() or "None" in text.split()]


def test_another_group_is_asked_for_by_its_id(done: Audit) -> None:
    one = SubjectPage(done, Q3)
    assert one.facts.subject == "buyer"
    assert one.name in repr(one.title())
    assert one.about("employee").facts.subject == "employee"
    assert one.about("all").name == words("en")["subject"]["everybody"]
    assert all(said(one.about("all")))
    with pytest.raises(UsageError, match="Did you mean “employee”"):
        one.about("employe")


@pytest.mark.parametrize(
    "kept",
    [(), ("subjects",), ("fields",), ("subjects", "fields"), ("subjects", "processing"), ("systems", "rights")],
    ids=lambda kept: "-".join(kept) or "nothing",
)
def test_an_inventory_with_a_few_sheets_alone_is_told_as_empty(
    small: Rows, tmp_path: Path, kept: tuple[str, ...]
) -> None:
    tables = {"operator": small["operator"], **{name: small[name] for name in kept}}
    assert all(said(page(write_tables(tmp_path / "home", tables))))


def test_text_of_cells_stays_text_and_is_cut(small: Rows, tmp_path: Path) -> None:
    for table, column in (("subjects", "name"), ("categories", "name"), ("fields", "label"), ("systems", "name"),
                          ("rights", "name"), ("consents", "name"), ("recipients", "name"), ("purposes", "name"),
                          ("processing", "name"), ("systems", "storage_site"), ("systems", "owner")):  # fmt: skip
        for row in small[table]:
            row[column] = NASTY
    one = page(write_tables(tmp_path / "home", small))
    html = "".join(getattr(one, name)().html for name in PASSAGES)
    assert "<img src=x" not in html
    assert "&lt;img src=x" in html
    assert len(html) < 900_000


def test_a_vast_register_is_shown_in_part_and_says_so(tmp_path: Path) -> None:
    numbers = range(1200)
    tables: Rows = {
        "subjects": [{"subject_id": "who", "name": "Who"}],
        "systems": [{"system_id": f"s{n}", "name": f"System {n}"} for n in numbers],
        "categories": [{"category_id": f"c{n}", "name": f"Category {n}"} for n in numbers],
        "fields": [
            {"field_id": f"f{n}", "system_id": f"s{n}", "category_id": f"c{n}", "subject_ids": "who"} for n in numbers
        ],
    }  # fmt: skip
    one = page(write_tables(tmp_path / "home", tables))
    assert one.locator().html.count("<tr>") == 501
    assert "700 more places are not shown" in repr(one.locator())
    assert one.data().html.count("<tr>") == 151
    assert sum(len(getattr(one, name)().html) for name in PASSAGES) < 1_000_000


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("home", [DEMO, LETOILE], ids=["demo", "letoile"])
def test_the_notebook_is_run_by_a_report_with_the_group_that_it_chooses(home: Path, lang: str, tmp_path: Path) -> None:
    made = report(home, quarter=Q3, as_of=Q3.last_day, before="none", lang=lang, out=tmp_path, notebooks=("subject",))
    html = (made / "subject.html").read_text(encoding="utf-8")
    assert 'id="locator"' in html
    assert "searchable" in html
    assert len(html) < 500_000
