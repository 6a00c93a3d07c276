"""What changed: rows by id, renamed ones by likeness, every cell with its risk; the same whatever the form or order."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
import yaml
from click.testing import CliRunner
from conftest import DEMO, LETOILE, ROOT, demo_tables, write_tables

from derbes import change, schema
from derbes.change import telling
from derbes.cli import main
from derbes.read.loading import load
from derbes.text import LANGUAGES, words

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Rows

RISKS = yaml.safe_load((ROOT / "src/derbes/change/risks.yaml").read_text(encoding="utf-8"))


def _row(tables: Rows, table: str, key: str) -> dict[str, str]:
    name = schema.load().tables[table].key
    return next(row for row in tables[table] if row[name] == key)


def _diff(old: Rows, new: Rows, folder: Path) -> change.Change:
    return change.diff(load(write_tables(folder / "old", old)), load(write_tables(folder / "new", new)))


def _said(found: change.Change) -> list[tuple[Any, ...]]:
    rows = found.rows.astype(object).where(found.rows.notna(), None)
    return [(row.kind, row.table, row.key, row.column, row.risk, row.reason) for row in rows.itertuples()]


@pytest.mark.parametrize("home", [DEMO, LETOILE])
def test_an_inventory_differs_in_nothing_from_itself(home: Path) -> None:
    assert _said(change.diff(load(home), load(home))) == []


def test_the_form_and_the_order_of_rows_are_no_change(small: Rows, tmp_path: Path) -> None:
    turned = {table: rows[::-1] for table, rows in small.items()}
    as_csv = load(write_tables(tmp_path / "csv", turned))
    assert _said(change.diff(load(DEMO), as_csv)) == []


CASES: dict[str, tuple[str, str, dict[str, str], str, str]] = {
    "a recipient more": ("processing", "newsletter-sending", {"recipient_ids": "all"}, "up", "recipient_added"),
    "a measure less": ("systems", "shop", {"measures": "backup"}, "up", "measure_removed"),
    "measures not known any more": ("systems", "shop", {"measures": ""}, "up", "measure_removed"),
    "a country more": ("systems", "shop", {"storage_countries": "KZ; DE"}, "up", "country_added"),
    "another country": ("systems", "shop", {"storage_countries": "DE"}, "up", "country_added"),
    "no measure at all": ("systems", "shop", {"measures": "none"}, "up", "measure_removed"),
    "retired": ("systems", "shop", {"status": "retired"}, "down", "milder"),
    "kept for ever": ("retention", "*", {"period": "indefinite"}, "up", "longer"),
    "kept for a day": ("retention", "*", {"period": "P1D"}, "down", "shorter"),
    "another ground": ("processing", "newsletter-sending", {"legal_basis": "art9-1"}, "up", "basis_changed"),
    "a right answered later": ("rights", "correct", {"deadline_days": "30"}, "up", "longer"),
    "a note": ("systems", "shop", {"note": "words"}, "neutral", "now_known"),
    "a site": ("systems", "shop", {"storage_site": "another hall"}, "neutral", "edited"),
    "a term without an end": ("retention", "account-open", {"period": "indefinite"}, "up", "longer"),
    "recipients not known any more": (
        "processing",
        "newsletter-sending",
        {"recipient_ids": ""},
        "neutral",
        "no_longer_known",
    ),
    "an owner no more": ("systems", "shop", {"owner": ""}, "up", "owner_gone"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_changed_cell_bears_its_risk_and_the_reason(name: str, small: Rows, tmp_path: Path) -> None:
    table, key, cells, way, reason = CASES[name]
    if key == "*":
        key = next(row["retention_id"] for row in small["retention"] if row["period"] == "P1Y")
    changed = demo_tables()
    _row(changed, table, key).update(cells)
    assert _said(_diff(small, changed, tmp_path)) == [("changed", table, key, next(iter(cells)), way, reason)]


def test_a_term_that_gets_an_end_lowers_the_risk(small: Rows, tmp_path: Path) -> None:
    endless = demo_tables()
    _row(endless, "retention", "account-open")["period"] = "indefinite"
    (said,) = _said(_diff(endless, small, tmp_path))
    assert said[-2:] == ("down", "shorter")


def test_a_ground_that_becomes_lawful_lowers_the_risk(small: Rows, tmp_path: Path) -> None:
    foreign = demo_tables()
    _row(foreign, "processing", "newsletter-sending")["legal_basis"] = "gdpr-legitimate-interest"
    (said,) = _said(_diff(foreign, small, tmp_path))
    assert said[-2:] == ("down", "basis_lawful")


def test_a_promise_withdrawn_raises_the_risk(small: Rows, tmp_path: Path) -> None:
    less = demo_tables()
    clause = next(row for row in less["clauses"] if row["clause_id"] == "7.5")
    clause["denies"] = "none"
    (said,) = _said(_diff(small, less, tmp_path))
    assert said[-2:] == ("up", "promise_withdrawn")


def test_rows_come_and_go_with_their_weight(small: Rows, tmp_path: Path) -> None:
    more = demo_tables()
    more["categories"].append(
        {"category_id": "gait", "name": "Gait", "nature": "biometric", "access_class": "restricted"}
    )
    more["incidents"] = more["incidents"][1:]
    said = _said(_diff(small, more, tmp_path))
    gone = small["incidents"][0]["incident_id"]
    assert ("added", "categories", "gait", None, "up", "category_grave") in said
    assert ("removed", "incidents", gone, None, "up", "record_removed") in said
    assert len(said) == 2


def test_a_row_under_a_new_id_is_a_guess_with_its_likeness(small: Rows, tmp_path: Path) -> None:
    renamed = demo_tables()
    row = _row(renamed, "rights", "correct")
    row.update(right_id="correction", name="Another name")
    found = _diff(small, renamed, tmp_path)
    first, second = found.rows.to_dict("records")
    assert (first["kind"], first["old_key"], first["key"]) == ("renamed", "correct", "correction")
    assert 0.6 <= first["likeness"] < 1
    assert (second["kind"], second["column"], second["new"]) == ("changed", "name", "Another name")


def test_rows_that_have_little_in_common_are_not_one_row(small: Rows, tmp_path: Path) -> None:
    other = demo_tables()
    other["purposes"] = [*other["purposes"][1:], {"purpose_id": "new", "name": "Something else"}]
    kinds = _diff(small, other, tmp_path).summary
    assert (kinds["renamed"], kinds["added"], kinds["removed"]) == (0, 1, 1)


def test_an_id_that_stands_twice_pairs_by_content(tmp_path: Path) -> None:
    twice, turned = demo_tables(), demo_tables()
    double = {**twice["purposes"][0], "name": "Other"}
    twice["purposes"].append(double)
    turned["purposes"].insert(0, dict(double))
    assert _said(_diff(twice, turned, tmp_path)) == []


def test_no_personal_value_is_repeated(small: Rows, tmp_path: Path) -> None:
    leaky = demo_tables()
    leaky["systems"][0]["note"] = "call +7 701 123 45 67"
    found = _diff(small, leaky, tmp_path)
    texts = [json.dumps(change.to_json(found)), *("".join(change.told(found, lang)) for lang in LANGUAGES)]
    assert not any("123 45 67" in text or "1234567" in text for text in texts)


def test_every_reason_and_column_of_the_risks_is_known() -> None:
    model = schema.load().tables
    columns = {name for table in model.values() for name in table.columns}
    named = [name for part in ("sets", "ranks", "flags", "emptied") for name in RISKS[part]] + RISKS["more"]
    unknown = [
        n for n in named if n not in columns and not ("." in n and n.split(".")[1] in model[n.split(".")[0]].columns)
    ]
    assert unknown == []
    ranked = {
        name.split(".")[-1]: {code for codes in groups for code in codes}
        for name, groups in RISKS["ranks"].items()
        if "." not in name
    }
    lists = schema.load().lists
    assert ranked["nature"] == set(lists["nature"])
    assert ranked["form"] == set(lists["consent_form"])
    for lang in LANGUAGES:
        reasons = set(words(lang)["change"]["reasons"])
        used = {pair[1] for part in ("rows", "sets") for body in RISKS[part].values() for pair in body.values()}
        used |= {pair[1] for part in ("flags", "emptied", "basis") for pair in RISKS[part].values()}
        used |= {f"not_{pair[1]}" for pair in RISKS["flags"].values()} | {body[0] for body in RISKS["grave"].values()}
        used |= {"edited", "renamed", "now_known", "no_longer_known", "longer", "shorter", "graver", "milder"}
        assert used == reasons


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_command_says_it_in_words_json_and_a_workbook(lang: str, tmp_path: Path) -> None:
    old = DEMO / "history" / "2026Q2"
    text = CliRunner().invoke(main, ["diff", str(old), str(DEMO), "--lang", lang])
    assert text.exit_code == 0
    assert "courier-verblyud" in text.output
    assert words(lang)["change"]["reasons"]["recipient_added"] in text.output
    said = json.loads(CliRunner().invoke(main, ["diff", str(old), str(DEMO), "--format", "json"]).output)
    assert said["schema"] == "derbes.diff/1"
    book = tmp_path / "changes.xlsx"
    asked = ["diff", str(old), str(DEMO), "--lang", lang, "--format", "xlsx", "--out", str(book)]
    assert CliRunner().invoke(main, asked).exit_code == 0
    assert openpyxl.load_workbook(book).worksheets[0].max_row == 1 + len(said["changes"])
    first = book.rename(tmp_path / "first.xlsx").read_bytes()
    assert CliRunner().invoke(main, asked).exit_code == 0
    assert book.read_bytes() == first


def test_long_texts_are_shown_around_their_first_difference() -> None:
    start = "the same words again and again, " * 5
    old, new = telling.around(f"{start}then one {start}", f"{start}then two {start}", 100)
    assert ("then one" in old, "then two" in new) == (True, True)
    assert max(len(old), len(new)) <= 100
    assert telling.around("one", "two", 100) == ("one", "two")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_both_sides_of_a_cell_are_told_in_one_language(lang: str, small: Rows, tmp_path: Path) -> None:
    spoilt = copy.deepcopy(small)
    small["rights"][0]["channels"] = "email;post"
    label = schema.load().label
    spoilt["rights"][0]["channels"] = "; ".join(label("channel", code, "ru") for code in ("email", "website"))
    (row,) = _diff(small, spoilt, tmp_path).rows.itertuples()
    old, new = telling.turned(row, lang)
    assert old == "; ".join(label("channel", code, lang) for code in ("email", "post"))
    assert new == "; ".join(label("channel", code, lang) for code in ("email", "website"))


def test_a_row_that_bears_no_name_is_called_by_its_kind_in_words(small: Rows, tmp_path: Path) -> None:
    kept = copy.deepcopy(small)
    kept["documents"].pop()
    (row,) = [one for one in _diff(kept, small, tmp_path).rows.itertuples() if one.table == "documents"]
    listed = schema.load().tables["documents"].columns["kind"].list
    assert telling.called(row, "ru") == schema.load().label(str(listed), small["documents"][-1]["kind"], "ru")


def test_a_hash_is_told_only_where_nothing_else_of_the_row_changed(small: Rows, tmp_path: Path) -> None:
    changed = copy.deepcopy(small)
    changed["clauses"][0].update(text="Otherwise.", text_sha256="0" * 64)
    changed["clauses"][1].update(text_sha256="0" * 64)
    told = telling.without_hashes(_diff(small, changed, tmp_path).rows)
    keys = [row["clause_id"] for row in small["clauses"][:2]]
    assert dict(zip(told["key"], told["column"], strict=True)) == dict(zip(keys, ["text", "text_sha256"], strict=True))


def test_git_shows_rows_of_a_workbook(tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed: what it shows of a workbook is not tested")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.kz", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    (tmp_path / ".gitattributes").write_text("*.xlsx diff=derbes\n", encoding="utf-8")
    shutil.copy(DEMO / "register.xlsx", tmp_path / "register.xlsx")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    shutil.copy(LETOILE / "register.xlsx", tmp_path / "register.xlsx")
    driver = f'"{sys.executable}" -c "from derbes.cli import main; main()" diff'
    shown = subprocess.run(
        [*git, "-c", f"diff.derbes.command={driver}", "diff"], capture_output=True, check=True, encoding="utf-8"
    )
    assert "(recipients)" in shown.stdout
    assert "Binary" not in shown.stdout


@pytest.mark.parametrize("paths", [["one"], ["a", "b", "c"]])
def test_anything_but_two_inventories_is_refused_in_a_line(paths: list[str]) -> None:
    refused = CliRunner().invoke(main, ["diff", *paths])
    assert refused.exit_code == 2
    assert refused.output.strip().splitlines() == [
        f"diff: {len(paths)} paths were named. Name two inventories: derbes diff OLD NEW."
    ]


def test_data_that_come_home_and_commas_that_become_semicolons_raise_no_risk(small: Rows, tmp_path: Path) -> None:
    _row(small, "systems", "shop")["storage_countries"] = "US"
    _row(small, "processing", "newsletter-sending")["category_ids"] = "name, email"
    mended = copy.deepcopy(small)
    _row(mended, "systems", "shop")["storage_countries"] = "KZ"
    _row(mended, "processing", "newsletter-sending")["category_ids"] = "name; email"
    said = {(one[1], one[-2], one[-1]) for one in _said(_diff(small, mended, tmp_path))}
    assert said == {("systems", "down", "country_removed"), ("processing", "neutral", "edited")}
