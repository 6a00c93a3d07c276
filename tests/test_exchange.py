"""The operator's list of personal data: every category in use, what is unknown left empty, safe to print."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import openpyxl
import pytest
from click.testing import CliRunner
from conftest import DEMO, LETOILE, spoil, write_tables

from derbes import notice
from derbes.cli import main
from derbes.exchange import personal_data, registers
from derbes.exchange.bilingual import two, word
from derbes.exchange.personal_data import FULL, NEEDED, SHORT
from derbes.inventory import keyed
from derbes.law import load_law
from derbes.read.loading import load
from derbes.text import LANGUAGES, data
from derbes.wording import Wording
from derbes.workbook import write_list

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Rows

    from derbes.exchange import Listed
    from derbes.inventory import Inventory

LAW = load_law("kz", dt.date(2026, 9, 30))


def _listed(home: Path) -> Listed:
    return personal_data(load(home), LAW)


@pytest.mark.parametrize("home", [DEMO, LETOILE])
def test_every_category_that_is_used_or_held_is_listed_once(home: Path) -> None:
    inv, listed = load(home), _listed(home)
    active = inv.processing[inv.processing["status"].fillna("active") == "active"]
    used = set(active["category_ids"].explode().dropna()) | set(inv.fields["category_id"].dropna())
    names = inv.categories.set_index("category_id")["name"]
    assert set(listed.short["data"]) >= {names[one] for one in used if one in names}
    assert not listed.short["data"].duplicated().any()
    assert set(listed.full["data"]) == set(listed.short["data"])
    assert (tuple(listed.short), tuple(listed.full)) == (SHORT, FULL)


def test_a_complete_inventory_has_no_gap_and_one_read_off_a_policy_says_how_many() -> None:
    assert _listed(DEMO).gaps == {}
    gaps = _listed(LETOILE).gaps
    assert {"access", "storage", "recipients"} <= set(gaps) & set(NEEDED)


def test_the_ground_names_its_article_and_the_act_that_was_given(small: Rows, tmp_path: Path) -> None:
    row = next(row for row in small["processing"] if row["legal_basis"] == "art9-10")
    row["authority"] = "act 1, article 2"
    basis = _listed(write_tables(tmp_path, small)).full["basis"]
    assert basis.str.endswith("(94-V 9(10)), act 1, article 2").any()
    assert basis.str.endswith("(94-V 7(1))").any()


def test_each_purpose_keeps_its_ground_and_what_is_not_known_is_said(small: Rows, tmp_path: Path) -> None:
    unknown, phone_id = word("unknown"), small["categories"][0]["category_id"]
    order, sale = small["processing"][:2]
    for row in small["processing"]:
        row["status"] = "stopped"
    order |= {"status": "active", "legal_basis": "", "category_ids": phone_id, "field_ids": ""}
    sale |= {"status": "active", "legal_basis": "consent", "category_ids": phone_id, "field_ids": ""}
    sale["purpose_id"] = next(
        row["purpose_id"] for row in small["purposes"] if row["purpose_id"] != order["purpose_id"]
    )
    home = write_tables(tmp_path / "home", small)
    phone = load(home).categories.set_index("category_id").at[phone_id, "name"]
    names = load(home).purposes.set_index("purpose_id")["name"]
    told = _listed(home).short.set_index("data").at[phone, "basis"].splitlines()
    assert f"\N{BULLET} {names[order['purpose_id']]} \N{EN DASH} {unknown}" in told
    consent = two(LAW.bases.set_index("code").at["consent", "labels"])
    assert [line for line in told if names[sale["purpose_id"]] in line] == [
        f"\N{BULLET} {names[sale['purpose_id']]} \N{EN DASH} {consent} (94-V 7(1))"
    ]


def test_what_no_activity_uses_is_told_by_its_fields_and_unknown_cells_are_marked(tmp_path: Path) -> None:
    inv, listed = load(LETOILE), _listed(LETOILE)
    used = {*inv.processing["category_ids"].explode().dropna()}
    fields = inv.fields[inv.fields["category_id"].notna() & ~inv.fields["category_id"].isin(used)]
    fields = fields[~fields["field_id"].isin(inv.processing["field_ids"].explode())]
    assert len(fields) > 5
    data_of, subject = inv.categories.set_index("category_id")["name"], inv.subjects.set_index("subject_id")["name"]
    systems = inv.systems.set_index("system_id")["name"]
    for row in fields.itertuples():
        told = listed.full[listed.full["data"] == data_of[row.category_id]].iloc[0]
        assert {subject[one] for one in row.subject_ids} <= {*told["subjects"].split("; ")}
        assert systems[row.system_id] in told["system"]
    write_list(listed, inv, tmp_path / "list.xlsx", as_of=LAW.as_of)
    short, full = openpyxl.load_workbook(tmp_path / "list.xlsx").worksheets
    marked = [cell for row in full.iter_rows() for cell in row if cell.value == word("unknown")]
    assert len(marked) == sum(listed.gaps.values()) > 100
    assert any(f": {len(marked)}." in str(row[0].value) for row in short.iter_rows(max_row=8))
    first = next(row for row in short.iter_rows() if row[0].value == "1")[0].row
    assert all(cell.value for row in short.iter_rows(min_row=first) for cell in row)
    assert short.max_row == first + len(listed.short) - 1  # no line stands below the table, on a page of its own


def test_stopped_activities_and_drafts_are_not_listed(small: Rows, tmp_path: Path) -> None:
    for row in small["processing"]:
        row["status"] = "draft"
    assert set(_listed(write_tables(tmp_path, small)).full["purpose"]) == {""}


def test_the_order_of_rows_does_not_matter(small: Rows, tmp_path: Path) -> None:
    turned = {table: rows[::-1] for table, rows in small.items()}
    one, other = (_listed(write_tables(tmp_path / str(n), rows)) for n, rows in enumerate((small, turned)))
    assert one.full.equals(other.full)


def test_the_workbook_is_bilingual_inert_and_the_same_each_time(small: Rows, tmp_path: Path) -> None:
    home = write_tables(tmp_path / "home", spoil(small, "purposes", name="=1+1"))
    asked = ["export", str(home), "--to", "list-kz", "--as-of", "2026-09-30", "--out"]
    books = [tmp_path / "one.xlsx", tmp_path / "two.xlsx"]
    for book in books:
        assert CliRunner().invoke(main, [*asked, str(book)]).exit_code == 0
    assert books[0].read_bytes() == books[1].read_bytes()
    opened = openpyxl.load_workbook(books[0])
    said = data("list")["columns"]
    for sheet, columns in zip(opened.worksheets, (SHORT, FULL), strict=True):
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value]
        assert {cell.data_type for cell in cells} == {"s"}
        text = "\n".join(str(cell.value) for cell in cells)
        assert all(said[name][lang] in text for name in columns for lang in ("kk", "ru"))
    assert any(
        cell.value == "=1+1" or "=1+1" in str(cell.value) for row in opened.worksheets[0].iter_rows() for cell in row
    )


def test_the_list_is_no_inventory_and_a_wrong_name_is_refused_in_a_line(tmp_path: Path) -> None:
    book = tmp_path / "list.xlsx"
    CliRunner().invoke(main, ["export", str(DEMO), "--to", "list-kz", "--out", str(book)])
    assert CliRunner().invoke(main, ["check", str(book)]).exit_code == 2
    refused = CliRunner().invoke(main, ["export", str(DEMO), "--to", "list-kz", "--out", str(tmp_path / "list.csv")])
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)


def test_terms_and_countries_are_told_in_words_and_a_named_act_needs_no_reminder() -> None:
    full = _listed(DEMO).full
    told = "\n".join(full.astype(str).to_numpy().ravel())
    assert not re.search(r"\bP\d+[YMWD]|until:|\bKZ\b", told)
    assert {
        "3 \u0436\u044b\u043b / 3 \u0433\u043e\u0434\u0430",
        "90 \u043a\u04af\u043d / 90 \u0434\u043d\u0435\u0439",
    } <= set(full["consent_term"])
    reminder = LAW.bases.set_index("code").at["art9-10", "labels"]["ru"].partition(" (")[2]
    assert reminder not in told
    book = registers(load(DEMO), LAW)
    consents, clauses = book["consents"], book["clauses"]
    assert consents is not None
    assert clauses is not None
    assert not consents.astype(str).apply(lambda column: column.str.contains(r"^P\d|until:")).to_numpy().any()
    numbers = [[int(part) for part in one.split(".")] for one in clauses.iloc[:, 0] if one.replace(".", "").isdigit()]
    assert numbers == sorted(numbers)


def test_a_ground_that_the_law_does_not_have_is_an_empty_cell_that_is_counted(small: Rows, tmp_path: Path) -> None:
    for row, ground in zip(small["processing"], ("gdpr-contract", "contract", "something else"), strict=False):
        row["legal_basis"] = ground
    listed = _listed(write_tables(tmp_path / "home", small))
    assert listed.gaps["basis"] == listed.full["basis"].eq("").sum() > 2
    assert not listed.full["basis"].str.contains("contract|GDPR|something").any()


def test_a_term_is_told_with_its_event_wherever_the_register_has_it(small: Rows, tmp_path: Path) -> None:
    periods, triggers = (
        ("5 years after the end of the contract", "P3Y", "2 years", ""),
        ("", "contract_end", "on a whim"),
    )
    for row, period, trigger in zip(small["retention"], periods, (*triggers, "collection"), strict=False):
        row["period"], row["trigger"], row["bound"] = period, trigger, ""
    for row, place in zip(small["processing"], (0, 1, 2, 3), strict=False):
        row["retention_id"] = small["retention"][place]["retention_id"]
    for row in small["consents"]:
        row["term"] = "1 year after the end of the contract"
    home = write_tables(tmp_path / "home", small)
    inv, told = load(home), _listed(home).full
    label = inv.schema.label("trigger", "contract_end", "ru")
    kept = told["retention"]
    assert (kept.str.contains("/ 5 ") & kept.str.endswith(f", {two_of(inv, 'contract_end')}")).any()
    assert (kept.str.contains("/ 3 ") & kept.str.endswith(f"/ {label}")).any()
    assert kept.str.endswith(", on a whim").any()
    assert kept.eq("").any()
    assert told["consent_term"].str.endswith(f"/ {label}").any()


def two_of(inv: Inventory, trigger: str) -> str:
    return " / ".join(inv.schema.label("trigger", trigger, lang) for lang in ("kk", "ru"))


def test_what_is_too_wide_for_a4_is_printed_on_a3_with_its_first_columns_on_every_sheet(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_list(_listed(DEMO), load(DEMO), path, as_of=dt.date(2026, 9, 30))
    short, full = openpyxl.load_workbook(path).worksheets
    assert [(sheet.page_setup.paperSize, sheet.page_setup.fitToWidth or 1) for sheet in (short, full)] == [
        (9, 1),
        (8, 2),
    ]
    assert full.print_title_cols == "$A:$C"


def test_an_empty_reference_finds_no_row_that_has_no_id(small: Rows, tmp_path: Path) -> None:
    for table, key in (("purposes", "purpose_id"), ("retention", "retention_id")):
        small[table].append({**small[table][0], key: "", "name": "phantom", "then_retention_id": "none"})
        small["processing"][0][key] = ""
    listed = _listed(write_tables(tmp_path, small))
    assert not listed.full.apply(lambda cells: cells.str.contains("phantom")).to_numpy().any()
    assert {"purpose", "retention"} <= set(listed.gaps)
    for table in ("purposes", "retention"):
        assert keyed(load(tmp_path), table).index.notna().all()


def test_the_list_and_the_notice_tell_every_stage_of_a_term_and_its_bound(small: Rows, tmp_path: Path) -> None:
    term, archive = small["retention"][:2]
    term |= {"period": "P1Y", "bound": "max", "trigger": "contract_end", "disposal": "archive"}
    term |= {"then_retention_id": archive["retention_id"]}
    archive |= {"period": "at least 75 years", "bound": "", "trigger": "contract_end", "disposal": "delete"}
    archive |= {"then_retention_id": term["retention_id"]}  # a circle ends where it began
    for row in small["processing"]:
        row |= {"status": "active", "retention_id": term["retention_id"]}
    inv = load(write_tables(tmp_path, small))
    full, words = personal_data(inv, LAW).full, data("notice")["terms"]
    listed = full.loc[full["purpose"] != "", "retention"].unique()
    assert len(listed) == 1
    first, last = listed[0].split(f", {word('then')}: ")
    assert f"{words['max']['ru']}1 " in first
    assert f"{words['min']['ru']}75 " in last
    assert f"{words['max']['kk']}1 " in first
    assert words["max"]["kk"].strip()
    assert set(full.loc[full["purpose"] != "", "disposal"]) == {two(inv.schema.lists["disposal"]["delete"])}
    for lang in ("ru", "kk"):
        told = notice.plain(notice.documents(inv, LAW, "buyer", lang=lang)[0])
        assert told.index(f"{words['max'][lang]}1 ") < told.index(f"{words['min'][lang]}75 ")


def test_every_country_is_said_in_the_words_of_the_paper(small: Rows, tmp_path: Path) -> None:
    for table, column in (("systems", "storage_countries"), ("recipients", "countries")):
        for row in small[table]:
            row[column] = "all"
    inv = load(write_tables(tmp_path, small))
    told = {lang: Wording(lang, "wording").country("all") for lang in LANGUAGES}
    full = personal_data(inv, LAW).full
    assert full["storage"].str.startswith(two(told)).any()
    assert two(told) in set(full["countries"])
    for lang in LANGUAGES:
        said = notice.plain(notice.documents(inv, LAW, "buyer", lang=lang)[0])
        assert told[lang] in said
        assert lang == "en" or not re.search(r"\ball\b", said)
