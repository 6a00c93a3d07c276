"""What if: a changed inventory is what would be read had it been written, and its effect is told in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from conftest import DAY, DEMO, demo_tables, write_tables

import derbes
from derbes import whatif
from derbes.auditing import Audit, audit
from derbes.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from derbes.inventory import Inventory


@pytest.fixture(scope="module")
def done() -> Audit:
    return audit(DEMO, as_of=DAY, before="none", lang="en")


def written(inv: Inventory, folder: Path) -> Inventory:
    """The inventory as it is read once its texts have been written."""
    tables = {name: inv.raw[name].astype(str).to_dict("records") for name in inv.present}
    rows = {name: [{str(k): str(v) for k, v in row.items()} for row in table] for name, table in tables.items()}
    return derbes.load(write_tables(folder, rows))


SCENARIOS = {
    "drop_category": lambda inv: whatif.drop_category(inv, "email"),
    "end_consent": lambda inv: whatif.end_consent(inv, "order"),
    "drop_recipient": lambda inv: whatif.drop_recipient(inv, "dc-yurta"),
    "move_hosting": lambda inv: whatif.move_hosting(inv, "shop", ["DE", "NL"]),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_changed_inventory_is_what_would_be_read_had_it_been_written(done: Audit, tmp_path: Path, name: str) -> None:
    changed = SCENARIOS[name](done.inventory)
    read = written(changed, tmp_path)
    for table in changed.present:
        columns = list(changed.schema.tables[table].columns)
        ours, theirs = (one.tables[table][columns].astype(object) for one in (changed, read))
        assert ours.where(ours.notna(), None).equals(theirs.where(theirs.notna(), None)), table
        assert all(np.array_equal(changed.states[table][c], read.states[table][c]) for c in columns)
        assert list(changed.keys[table]) == list(read.keys[table])


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_inventory_that_was_asked_about_stays_as_it_is(done: Audit, name: str) -> None:
    def state(inv: Inventory) -> list[object]:
        frames = {table: inv.raw[table].to_json() + inv.tables[table].astype(str).to_json() for table in inv.tables}
        return [frames, inv.digest, {table: list(keys) for table, keys in inv.keys.items()}]

    before = state(done.inventory)
    changed = SCENARIOS[name](done.inventory)
    assert state(done.inventory) == before
    assert changed.digest != done.inventory.digest


def test_a_dropped_category_is_named_nowhere_and_its_fields_are_gone(done: Audit) -> None:
    changed = whatif.drop_category(done.inventory, "email")
    for table, column in changed.schema.references():
        named = changed.tables[table.name][column.name].explode()
        if column.to == "categories":
            assert "email" not in set(named.dropna())
    gone = set(done.inventory.keys["fields"]) - set(changed.keys["fields"])
    held = done.inventory.fields
    assert gone == set(held.loc[held["category_id"] == "email", "field_id"])


def test_categories_below_a_dropped_one_go_with_it(tmp_path: Path) -> None:
    rows = [{"category_id": "contact"}, {"category_id": "phone", "parent_id": "contact"}, {"category_id": "iban"}]
    inv = derbes.load(write_tables(tmp_path, {"categories": rows}))
    assert list(whatif.drop_category(inv, "contact").keys["categories"]) == ["iban"]


def test_an_activity_without_data_is_stopped_and_one_with_others_goes_on(tmp_path: Path) -> None:
    tables = {
        "categories": [{"category_id": "phone"}, {"category_id": "name"}],
        "processing": [
            {"processing_id": "calls", "category_ids": "phone"},
            {"processing_id": "letters", "category_ids": "name; phone"},
            {"processing_id": "unsaid", "category_ids": ""},
        ],
    }
    changed = whatif.drop_category(derbes.load(write_tables(tmp_path, tables)), "phone").processing
    assert list(changed["category_ids"]) == [(), ("name",), None]
    assert list(changed["status"].fillna("")) == ["stopped", "", ""]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda inv: whatif.drop_category(inv, "emial"), "Did you mean “email”"),
        (lambda inv: whatif.end_consent(inv, "email"), "no such row in consents"),
        (lambda inv: whatif.drop_recipient(inv, ""), "no such row in recipients"),
        (lambda inv: whatif.move_hosting(inv, "shops", "KZ"), "Did you mean “shop”"),
    ],
)
def test_what_the_inventory_does_not_have_is_refused(
    done: Audit, ask: Callable[[Inventory], Inventory], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        ask(done.inventory)


def test_no_change_has_no_effect(done: Audit) -> None:
    told = whatif.effect(done, done.inventory)
    assert repr(told) == "<Effect: 0 gone, 0 come, 0 clauses, 0 documents, 0 rows>"


def test_dropping_a_category_makes_exactly_its_findings_go(audited: Callable[..., Audit]) -> None:
    tables = demo_tables()
    spare = {**tables["categories"][0], "category_id": "spare", "name": "Spare", "clauses": ""}
    tables["categories"].append(spare)
    field = {**tables["fields"][0], "field_id": "shop.spare", "name": "public.spare", "label": "Spare thing"}
    tables["fields"].append({**field, "category_id": "spare", "source": "", "clauses": ""})
    before = audited(tables)
    own = before.findings[before.findings["key"].isin(["spare", "shop.spare"])]
    told = whatif.effect(before, whatif.drop_category(before.inventory, "spare"))
    assert len(own) > 1
    assert set(told.gone["id"]) == set(own["id"])
    assert told.come.empty
    assert set(told.rows["key"]) == {"spare", "shop.spare"}
    assert set(told.rows["change"]) == {"removed"}


def test_ending_a_consent_leaves_what_rests_on_it_without_a_ground(done: Audit) -> None:
    told = whatif.effect(done, whatif.end_consent(done.inventory, "account"))
    assert list(zip(told.come["rule"], told.come["key"], strict=True)) == [("kz.basis.no_consent", "account-service")]
    assert told.gone.empty
    assert dict(told.clauses.to_numpy()) == {"4.3": ("source", "finding"), "5.1": ("source",), "5.4": ("source",)}
    assert told.documents.set_index("document")["why"]["form-buyer"] == ("link",)


def test_moving_a_system_abroad_touches_the_promise_the_log_and_the_contract(done: Audit) -> None:
    told = whatif.effect(done, whatif.move_hosting(done.inventory, "shop", "DE"))
    assert {"kz.storage.abroad", "policy.countries.denied"} <= set(told.come["rule"])
    assert "7.5" in set(told.clauses["clause"])
    why = dict(told.documents.to_numpy())
    assert {"transfer-log": ("list",), "contract-dc": ("link",), "policy-4.0": ("policy",)}.items() <= why.items()
    assert not {"policy-3.0", "policy-3.1"} & set(why)


def test_a_clause_that_speaks_of_a_kind_of_data_of_which_none_is_left_is_touched(tmp_path: Path) -> None:
    tables = {
        "categories": [{"category_id": "call", "nature": "voice"}, {"category_id": "photo", "nature": "image"}],
        "clauses": [{"clause_id": "1", "natures": "voice"}, {"clause_id": "2", "natures": "image"}],
    }
    inv = derbes.load(write_tables(tmp_path, tables))
    done = audit(inv, as_of=DAY, before="none", lang="en")
    told = whatif.effect(done, whatif.drop_category(inv, "call"))
    assert dict(told.clauses[["clause", "why"]].to_numpy())["1"][0] == "speaks"
    assert "speaks" not in dict(told.clauses.to_numpy()).get("2", ())
