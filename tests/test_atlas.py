"""An inventory at a glance: numbers that add up, flows that weigh the same everywhere, and pictures of both."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from conftest import DAY, DEMO, LETOILE, demo_tables, write_tables
from PIL import Image

import derbes
from derbes import atlas, figures
from derbes.atlas.flows import ALL, COLUMNS, NONE, REST, UNKNOWN
from derbes.auditing import Audit, audit
from derbes.text import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Rows

    from derbes.figures import Picture
    from derbes.inventory import Inventory

FIGURES = (figures.flow, figures.world, figures.holdings, figures.gaps)
MANY = 2000


@pytest.fixture(scope="module")
def done() -> Audit:
    return audit(LETOILE, as_of=DAY, before="none", lang="en")


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Rows], Inventory]:
    """An inventory of tables given as texts."""
    return lambda tables: derbes.load(write_tables(tmp_path, tables))


def row(n: int, **cells: str) -> dict[str, str]:
    return {"processing_id": f"p{n}", "system_ids": "shop", "category_ids": "phone", "purpose_id": "sell"} | cells


def register(*rows: dict[str, str]) -> Rows:
    """A register with two recipients, one of them in two countries, and the names that its rows give."""
    return {
        "operator": [{"operator_id": "op", "name": "Op", "country": "KZ"}],
        "systems": [{"system_id": "shop", "name": "Shop", "storage_countries": "KZ"}],
        "categories": [{"category_id": "phone", "name": "Phone", "access_class": "restricted"}],
        "purposes": [{"purpose_id": "sell", "name": "Sell"}],
        "recipients": [
            {"recipient_id": "host", "name": "Host", "countries": "KZ; DE"},
            {"recipient_id": "bank", "name": "Bank", "countries": ""},
        ],
        "processing": list(rows),
    }


def nodes(inv: Inventory, column: str, top: int = 9) -> dict[str, float]:
    told = atlas.flows(inv, top).nodes
    own = told[told["column"] == column]
    return dict(zip(own["id"], own["weight"].round(6), strict=True))


# -- flows ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inventory", [DEMO, LETOILE])
@pytest.mark.parametrize("top", [1, 5, 500])
def test_every_column_of_the_data_map_weighs_as_much_as_there_are_activities(inventory: Path, top: int) -> None:
    told = atlas.flows(derbes.load(inventory), top)
    assert told.nodes.groupby("column")["weight"].sum().round(6).to_dict() == dict.fromkeys(COLUMNS, told.activities)
    assert set(told.links.groupby("column")["weight"].sum().round(6)) == {told.activities}


@pytest.mark.parametrize("top", [2, 500])
def test_what_flows_out_of_a_node_is_what_flows_into_it(top: int) -> None:
    told = atlas.flows(derbes.load(DEMO), top)
    weights = told.nodes.set_index(["column", "id"])["weight"]
    out = told.links.groupby(["column", "left"])["weight"].sum()
    onward = told.links["column"].map(dict(pairwise(COLUMNS)))
    into = told.links.groupby([onward, "right"])["weight"].sum()
    assert (weights.loc[out.index] - out.to_numpy()).abs().max() < 1e-9
    assert (weights.loc[into.index] - into.to_numpy()).abs().max() < 1e-9


def test_an_activity_is_parted_equally_and_goes_to_the_countries_of_its_recipients(
    read: Callable[[Rows], Inventory],
) -> None:
    inv = read(register(row(1, recipient_ids="host; bank")))
    assert nodes(inv, "recipients") == {"bank": 0.5, "host": 0.5}
    assert nodes(inv, "countries") == {"DE": 0.25, "KZ": 0.25, UNKNOWN: 0.5}


@pytest.mark.parametrize(("said", "shown"), [("none", NONE), ("", UNKNOWN), ("all", ALL)])
def test_none_all_and_unknown_are_told_apart(read: Callable[[Rows], Inventory], said: str, shown: str) -> None:
    inv = read(register(row(1, recipient_ids=said, system_ids=said)))
    assert nodes(inv, "recipients") == nodes(inv, "systems") == {shown: 1.0}
    assert nodes(inv, "countries") == {NONE if said == "none" else UNKNOWN: 1.0}


def test_stopped_activities_flow_nowhere(read: Callable[[Rows], Inventory]) -> None:
    told = atlas.flows(read(register(row(1, status="stopped"), row(2))), 5)
    assert told.activities == 1


def test_ids_beyond_the_first_are_folded_and_counted(read: Callable[[Rows], Inventory]) -> None:
    inv = read(register(*(row(n, purpose_id=f"why{n}") for n in range(9)), row(10, purpose_id="why0")))
    told = atlas.flows(inv, 3).nodes.set_index(["column", "id"])
    assert told.loc[("purposes", REST), "folded"] == 6
    assert told.loc[("purposes", "why0"), "activities"] == 2
    assert told["folded"].sum() == 6


# -- numbers --------------------------------------------------------------------------------------------------------


def test_countries_are_counted_by_systems_in_use_and_recipients(read: Callable[[Rows], Inventory]) -> None:
    tables = register(row(1))
    tables["systems"] += [
        {"system_id": "old", "name": "Old", "storage_countries": "RU", "status": "retired"},
        {"system_id": "new", "name": "New", "storage_countries": ""},
    ]
    told = atlas.places(read(tables))
    assert told.countries.to_dict("records") == [
        {"code": "KZ", "systems": 1, "recipients": 1, "home": True},
        {"code": "DE", "systems": 0, "recipients": 1, "home": False},
    ]
    assert (told.systems, told.recipients, told.home, list(told.abroad["code"])) == (1, 1, "KZ", ["DE"])


def test_rows_of_the_sizes_add_up_to_those_of_the_audit(done: Audit) -> None:
    sizes = atlas.sizes(done.inventory)
    assert sizes["rows"].sum() == done.summary["rows"]
    assert sizes.loc[~sizes["present"], "filled"].isna().all()
    assert sizes["filled"].dropna().between(0, 1).all()


def test_unknown_cells_are_those_that_say_nothing(small: Rows, read: Callable[[Rows], Inventory]) -> None:
    before = atlas.unknown(read(small)).set_index(["table", "column"])["unknown"]
    small["systems"][0]["owner"] = ""
    small["systems"][1]["owner"] = "n/a"
    after = atlas.unknown(read(small)).set_index(["table", "column"])["unknown"]
    moved = (after - before)[after != before]
    assert moved.to_dict() == {("systems", "owner"): 2}


def test_every_row_with_an_owner_is_counted_once(done: Audit) -> None:
    owners = atlas.owners(done)
    inv = done.inventory
    assert {name: owners[name].sum() for name in ("systems", "processing", "rights")} == {
        name: len(inv.tables[name]) for name in ("systems", "processing", "rights")
    }


def test_an_owner_written_in_two_ways_is_one_and_findings_on_fields_are_his(audited: Callable[..., Audit]) -> None:
    tables = demo_tables()
    owner = tables["systems"][0]["owner"]
    tables["systems"][1]["owner"] = f"  {owner.upper()} "
    tables["fields"][0]["source"] = ""
    before, after = atlas.owners(audit(DEMO, as_of=DAY, before="none")), atlas.owners(audited(tables))
    assert after["owner"].map(str.casefold).is_unique
    told = [frame.set_index("owner").loc[owner] for frame in (before, after)]
    assert tables["fields"][0]["system_id"] == tables["systems"][0]["system_id"]
    assert told[1]["systems"] == told[0]["systems"] + 1
    assert told[1]["warning"] == told[0]["warning"] + 1


# -- figures --------------------------------------------------------------------------------------------------------


def of(done: Audit, inv: Inventory) -> Audit:
    return replace(done, inventory=inv)


def crowd(size: int) -> Rows:
    """An inventory of that many systems, categories and activities, with data that go to three countries."""
    numbers = range(size)
    return {
        "operator": [{"operator_id": "big", "country": "KZ"}],
        "systems": [
            {"system_id": f"s{n}", "name": f"System {n} of a large shop", "storage_countries": ("KZ", "DE", "")[n % 3]}
            for n in numbers
        ],
        "categories": [{"category_id": f"c{n}", "name": f"Category {n}"} for n in numbers],
        "purposes": [{"purpose_id": f"why{n}", "name": f"Purpose {n}"} for n in range(60)],
        "recipients": [{"recipient_id": f"r{n}", "countries": ("US", "DE", "XX")[n % 3]} for n in range(99)],
        "fields": [{"field_id": f"f{n}", "system_id": f"s{n}", "category_id": f"c{n}"} for n in numbers],
        "processing": [
            row(n, system_ids=f"s{n}", category_ids=f"c{n}", purpose_id=f"why{n % 60}", recipient_ids=f"r{n % 99}")
            for n in numbers
        ],
    }


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_figure_has_a_title_a_caption_and_words_for_those_who_cannot_see_it(
    done: Audit, figure: Callable[[Audit], Picture], lang: str
) -> None:
    drawn = figure(replace(done, lang=lang))
    assert drawn.title
    assert drawn.caption or drawn.blank
    assert len(drawn.alt) > len(drawn.title)
    assert not {"{", "nan", "None"} & set((drawn.alt + drawn.caption + drawn.title).replace("{", " { ").split())


@pytest.mark.parametrize("figure", FIGURES)
def test_two_thousand_rows_become_a_figure_of_one_page(
    done: Audit, read: Callable[[Rows], Inventory], figure: Callable[[Audit], Picture]
) -> None:
    drawn = figure(of(done, read(crowd(MANY))))
    width, height = Image.open(io.BytesIO(drawn.png)).size
    assert height < 2 * width
    assert len(drawn.png) < 400_000
    assert len(drawn.alt) < 3000


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("tables", [{"requests": [{"request_id": ""}]}, {"documents": [{"document_id": "policy"}]}])
def test_an_inventory_without_such_rows_gives_a_figure_and_no_error(
    done: Audit, read: Callable[[Rows], Inventory], figure: Callable[[Audit], Picture], tables: Rows
) -> None:
    drawn = figure(of(done, read(tables)))
    assert drawn.alt
    assert "{" not in drawn.alt


def test_the_data_map_says_what_it_folds_and_where_most_goes(done: Audit, read: Callable[[Rows], Inventory]) -> None:
    drawn = figures.flow(of(done, read(crowd(MANY))))
    assert "Systems, 1,989" in drawn.caption
    assert "United States" in drawn.alt


def test_the_data_map_says_how_much_is_unknown(done: Audit) -> None:
    assert "Recipients unknown in 33" in figures.flow(done).alt


def test_the_map_names_countries_and_says_what_it_does_not_know(done: Audit, read: Callable[[Rows], Inventory]) -> None:
    assert "systems store data, 22; where recipients are, 7" in figures.world(done).alt
    drawn = figures.world(of(done, read(register(row(1)))))
    assert "Kazakhstan: systems 1, recipients 1; Germany: systems 0, recipients 1" in drawn.alt
    assert "where recipients are, 1" in drawn.alt


def test_where_no_country_is_named_a_sentence_stands_in_place_of_the_map(done: Audit) -> None:
    drawn = figures.world(done)
    assert drawn.blank
    assert "<figure" not in drawn._repr_html_()
    assert drawn.alt in drawn._repr_html_()


@pytest.mark.parametrize("figure", [figures.flow, figures.world])
def test_where_the_operators_country_is_not_said_that_of_the_law_is_not_abroad(
    done: Audit, read: Callable[[Rows], Inventory], figure: Callable[[Audit], Picture]
) -> None:
    tables = register(row(1, recipient_ids="host"))
    at_home = figure(of(done, read(tables)))
    tables["operator"][0]["country"] = "DE"
    assert figure(of(done, read(tables))).png != at_home.png
    tables["operator"][0]["country"] = ""
    assert figure(of(done, read(tables))).png == at_home.png


def test_every_country_that_a_cell_may_name_stands_on_the_map_or_is_told_of(
    done: Audit, read: Callable[[Rows], Inventory]
) -> None:
    tables = register(row(1))
    tables["recipients"] = [{"recipient_id": "far", "countries": "BV; SG; XK"}]
    told = figures.world(of(done, read(tables)))
    assert "Bouvet Island" in told.caption
    assert not [name for name in ("Singapore", "Kosovo") if name in told.caption]


def test_names_with_markup_and_formulas_are_drawn_as_they_are(done: Audit, read: Callable[[Rows], Inventory]) -> None:
    tables = register(row(1, recipient_ids="host"))
    tables["purposes"][0]["name"] = "$x^2$ <script>alert(1)</script>"
    drawn = figures.flow(of(done, read(tables)))
    assert "$x^2$ <script>" in drawn.alt
    assert "<script>" not in drawn._repr_html_()


def test_the_bars_of_what_is_filled_in_add_up(done: Audit) -> None:
    cells = atlas.unknown(done.inventory)
    policy = cells[cells["table"] == "clauses"]
    known = int(100 * (1 - policy["unknown"].sum() / policy["rows"].sum()))
    assert f"Policy clauses: filled in {known}%" in figures.gaps(done).alt


def test_flows_are_the_same_whatever_the_order_of_rows() -> None:
    inv = derbes.load(DEMO)
    turned = replace(inv, tables={**inv.tables, "processing": inv.processing.iloc[::-1]})
    one, other = (atlas.flows(each, 6) for each in (inv, turned))
    assert len(one.links) > 1
    assert one.nodes.round(9).equals(other.nodes.round(9))
    assert one.links.round(9).equals(other.links.round(9))
