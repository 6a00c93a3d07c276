"""The inventory read off a published policy: what it says is found against it, what it does not say stays empty."""

from __future__ import annotations

import csv
import shutil
from functools import cache
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest
from conftest import DAY, LETOILE, ROOT, demo_tables, found, write_tables

from derbes import auditing
from derbes.auditing import audit
from derbes.identity import bin_valid
from derbes.listing import listing
from derbes.quarter import Quarter
from derbes.read.loading import load
from derbes.report import report
from derbes.text import LANGUAGES, words

if TYPE_CHECKING:
    from pathlib import Path

    from derbes.auditing import Audit
    from derbes.inventory import Inventory

BOOKS = ["customers.xlsx", "policy.xlsx", "register.xlsx", "workforce.xlsx"]
SILENCE = ROOT / "tests" / "cases" / "silence.csv"


@cache
def _read() -> Inventory:
    return load(LETOILE)


@cache
def _told() -> Audit:
    return audit(LETOILE, as_of=DAY, before="none")


def _keys(rule: str) -> set[str]:
    findings = _told().findings
    return set(findings.loc[findings["rule"] == rule, "key"])


def _of_clause(table: str, clause: str) -> set[str]:
    """Keys of the rows that come from the clause."""
    inv = _read()
    key = inv.schema.tables[table].key
    rows = inv.tables[table][[key, "clauses"]].explode("clauses")
    return set(rows.loc[rows["clauses"] == clause, key])


def _silence() -> list[dict[str, str]]:
    with SILENCE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_output_says_what_it_rests_on_and_that_it_is_no_advice(lang: str, tmp_path: Path) -> None:
    done = audit(LETOILE, as_of=DAY, before="none", lang=lang)
    note = done.inventory.raw["operator"]["note"].iat[0]
    assert done.notice == f"{note} {words(lang)['notice']}"
    quarter = Quarter.of(done.as_of)
    folder = report(
        LETOILE, quarter=quarter, as_of=done.as_of, lang=lang, before="none", out=tmp_path, notebooks=("audit",)
    )
    said = [listing(done), *((folder / name).read_text(encoding="utf-8") for name in ("audit.html", "summary.txt"))]
    cover = openpyxl.load_workbook(folder / "findings.xlsx", read_only=True).worksheets[0]
    said.append(" ".join(str(cell) for row in cover.iter_rows(values_only=True) for cell in row if cell))
    assert [note in text for text in said] == [True] * len(said)
    assert [done.notice in text for text in said[:-1]] == [True] * 3  # the cover says it in words of its own
    assert words(lang)["workbook"]["cover"]["disclaimer"] in said[-1]


@pytest.mark.parametrize(
    ("rule", "key", "clause"),
    [
        ("kz.retention.unlimited", "web-unlimited", "6.4"),
        ("kz.consent.no_evidence", "client-communication", "7.8"),
        ("kz.consent.no_evidence", "cookie-use", "7.10"),
    ],
)
def test_a_finding_on_a_row_leads_to_the_clauses_it_was_read_off(rule: str, key: str, clause: str) -> None:
    found = audit(LETOILE, as_of=DAY, before="none").findings.set_index(["rule", "key"])
    assert ("clauses", clause) in found.loc[(rule, key), "related"]


def test_the_table_of_silence_lists_every_column_once() -> None:
    columns = [(table, column) for table, model in _read().schema.tables.items() for column in model.columns]
    assert sorted((row["table"], row["column"]) for row in _silence()) == sorted(columns)


def test_the_workbooks_are_as_silent_as_the_table_says() -> None:
    filled = {(row["table"], row["column"]): _filled(row["table"], row["column"]) for row in _silence()}
    told = {(row["table"], row["column"]): (row["state"], row["why"]) for row in _silence()}
    meant = {
        place: ("filled", f"{cells} of {len(_read().raw[place[0]])} rows") if cells else ("silent", told[place][1])
        for place, cells in filled.items()
    }
    assert told == meant
    assert [place for place, (_, why) in told.items() if not why] == []


def _filled(table: str, column: str) -> int:
    return int(_read().raw[table][column].str.strip().ne("").sum())


def test_the_unlimited_term_of_the_site_is_found() -> None:
    assert _keys("kz.retention.unlimited") == _of_clause("retention", "6.4") == {"web-unlimited"}


def test_no_system_says_where_it_stores() -> None:
    told = _told().findings
    unsaid = told[told["rule"] == "structure.required.systems.storage_countries"]
    assert set(unsaid["key"]) == set(_read().systems["system_id"])
    assert unsaid["unknown"].all()
    assert told[told["rule"].str.startswith("kz.storage.")].empty


@pytest.mark.parametrize("clause", ["7.8", "7.10"])
@pytest.mark.parametrize("rule", ["kz.consent.implied", "kz.consent.no_evidence", "kz.consent.no_term"])
def test_a_consent_by_use_is_none_and_proves_nothing(rule: str, clause: str) -> None:
    given = _of_clause("consents", clause)
    assert len(given) == 1
    assert given <= _keys(rule)


def test_nobody_else_s_consent_is_presumed() -> None:
    assert _keys("kz.consent.implied") == _of_clause("consents", "7.8") | _of_clause("consents", "7.10")


def test_the_promise_of_no_third_parties_is_held_against_the_cookies_of_others() -> None:
    told = _told().findings
    broken = told[told["rule"] == "policy.recipients.denied"]
    assert list(broken["key"]) == ["6.2"]
    assert ("clauses", "7.10") in broken["related"].iat[0]
    assert list(broken["severity"]) == ["critical"]


#: What the policy says against itself, by rule: the clauses that the findings stand at.
AGAINST_ITSELF = {
    "policy.biometric.likeness": {"2.15"},
    "policy.commitment.misplaced": {"4.4", "6.4"},
    "policy.confidential.contradicted": {"7.10"},
    "policy.data.unlisted": {"7.4", "7.8", "7.10", "7.11", "7.12"},
    "policy.purposes.of_nobody": {"4.3.1", "4.3.2", "4.3.3", "4.3.4"},
    "policy.requisites.differ": {"1.2"},
    "policy.scope.narrower": {"1.2"},
}


@pytest.mark.parametrize("rule", AGAINST_ITSELF)
def test_what_the_policy_says_against_itself_is_found(rule: str) -> None:
    assert _keys(rule) == AGAINST_ITSELF[rule]


def test_undeclared_purposes_are_told_at_the_clause_that_names_them_first() -> None:
    told = _told().findings.query("rule == 'policy.purposes.undeclared'").set_index("key")["related"]
    assert ("purposes", "ad-optimisation") in told["7.10"]
    assert ("clauses", "3.3.2") in told["3.3.1"]  # where the same purpose is named again
    assert "4.5" not in told


def test_terms_that_the_policy_defines_are_not_missed() -> None:
    inv = _read()
    used = {term for terms in inv.clauses["terms_used"].dropna() for term in terms}
    defined = {term for terms in inv.clauses["terms_defined"].dropna() for term in terms}
    told = _told().findings.query("rule.str.startswith('policy.term.')")["title"].str.cat(sep="; ")
    assert {term for term in used - defined if term not in told} == set()
    assert _keys("policy.definition.conflict") == set()


def test_particulars_that_agree_are_not_told() -> None:
    assert _keys("policy.requisites.unregistered") == set()
    sites = _told().findings.query("rule == 'policy.requisites.differ'")["related"]
    assert sites.to_list() == [(("clauses", "7.11"),)]


def test_data_that_some_row_may_use_for_all_it_says_are_not_called_idle() -> None:
    silent = _read().processing["category_ids"].isna() & _read().processing["field_ids"].isna()
    assert silent.sum() == len(_keys("structure.required.processing.category_ids")) == 26
    assert _keys("kz.category.no_purpose") == _keys("kz.field.no_purpose") == set()


def test_what_an_employer_may_not_ask_without_a_law_is_found() -> None:
    assert _keys("kz.special.criminal") == {"criminal-record"}
    family = {"family-composition", "family-relations", "relatives-work-study"}
    assert _keys("kz.special.labour") == family | {"declared-assets"}


def test_one_consent_to_everything_the_site_does_is_found() -> None:
    bundled = _keys("kz.consent.bundled")
    assert bundled == set.union(*(_of_clause("consents", clause) for clause in ("6.4", "7.8", "7.10")))


def test_no_system_but_one_says_how_it_is_protected() -> None:
    systems = _read().systems
    told = _told().findings.query("rule == 'kz.measures.unknown'")
    assert set(told["key"]) == set(systems.loc[systems["measures"].isna(), "system_id"])
    assert told["unknown"].all()


def test_no_right_has_a_deadline() -> None:
    rights = _read().rights
    timeless = rights["kind"].isin(["complain", "compensation", "public_sources", "restrict"])
    assert _keys("kz.rights.deadline_missing") == set(rights.loc[~timeless, "right_id"])


def test_the_number_of_the_operator_is_right_and_stays_out_of_the_findings() -> None:
    told = _told().findings
    assert bin_valid(str(_read().operator["bin"].iat[0]))
    assert told[(told["table"] == "operator") & (told["column"] == "bin")].empty
    assert told[told["family"] == "hygiene"].empty


def test_every_row_comes_from_clauses_that_there_are() -> None:
    inv = _read()
    there = set(inv.clauses["clause_id"])
    cells = {table: frame["clauses"] for table, frame in inv.tables.items() if "clauses" in frame}
    sourced = {**cells, "citations": inv.citations["clause_id"]}
    assert {table: _adrift(named, there) for table, named in sourced.items()} == {table: [] for table in sourced}


def _adrift(named: pd.Series[str], there: set[str]) -> list[object]:
    """Cells that name no clause, or one that the policy does not have."""
    each = named.explode()
    return each[~each.isin(there)].to_list()


def test_all_four_workbooks_are_read() -> None:
    sources = _told().sources
    assert sorted(sources.loc[sources["rows"] > 0, "file"].unique()) == BOOKS
    assert set(sources["reason"].dropna()) == {"underscore"}


def _edited(home: Path, rule: str, text: str) -> Audit:
    """Audit of a copy in which the cell that the rule's first finding points to holds the text."""
    told = _told().findings
    place = told[told["rule"] == rule].iloc[0]
    shutil.copytree(LETOILE, home)
    book = openpyxl.load_workbook(home / place["file"])
    book[place["sheet"]][place["cell"]] = text
    book.save(home / place["file"])
    return audit(home, as_of=DAY, before="none")


def test_a_cell_mended_in_a_copy_ends_its_finding(tmp_path: Path) -> None:
    done = _edited(tmp_path / "copy", "kz.retention.unlimited", "until:withdrawal")
    ended = ("kz.retention.unlimited", "retention/web-unlimited")
    due = ("structure.required.retention.trigger", "retention/web-unlimited")
    assert ended in found(_told())
    assert ended not in found(done)
    assert set(found(done)) - set(found(_told())) <= {due, (due[0].replace("trigger", "disposal"), due[1])}
    assert done.digest != _told().digest


def test_a_cell_filled_in_a_copy_is_held_against_the_law(tmp_path: Path) -> None:
    rule = "structure.required.systems.storage_countries"
    done = _edited(tmp_path / "copy", rule, "DE")
    place = set(found(_told())) - set(found(done))
    assert {name for name, _ in place} == {rule}
    assert set(found(done)) - set(found(_told())) == {("kz.storage.abroad", where) for _, where in place}


@pytest.mark.parametrize("asked", [{"lang": "kk"}, {"as_of": "2026-06-30"}, {"as_of": "2026-09-29", "lang": "en"}])
def test_what_is_asked_of_an_inventory_audited_before_is_answered_as_if_asked_first(asked: dict[str, str]) -> None:
    question = {"as_of": DAY, "before": "none"} | asked
    auditing.forget()
    first = audit(LETOILE, **question).to_json()
    auditing.forget()
    audit(LETOILE, as_of=DAY, before="none")
    assert audit(LETOILE, **question).to_json() == first


def test_another_pack_with_the_same_rules_is_another_question(tmp_path: Path) -> None:
    other = shutil.copytree(ROOT / "src" / "derbes" / "law" / "kz", tmp_path / "kz")
    constants = other / "constants.yaml"
    said = constants.read_text(encoding="utf-8")
    changed = said.replace("{value: [KZ], valid_from: 2016-01-01", "{value: [DE], valid_from: 2016-01-01")
    constants.write_text(changed, encoding="utf-8")
    home = write_tables(tmp_path / "shop", demo_tables())
    first, second = (audit(home, as_of=DAY, before="none", law=pack).findings for pack in ("kz", str(other)))
    assert changed != said
    assert set(second["id"]) - set(first["id"])


def test_no_purpose_is_offered_that_another_finding_forbids() -> None:
    forbidden = _keys("kz.purpose.vague") | {"person-contract", "operator-interests"}
    names = _read().purposes.set_index("purpose_id")["name"].loc[sorted(forbidden)]
    offers = _told().findings.query("rule.str.startswith('policy.purposes.')")["fix"].str.split("\n", n=1).str[1]
    assert len(offers) > 10
    assert [name for name in names if offers.str.contains(name, regex=False).any()] == []
    insurance = _read().purposes.set_index("purpose_id")["name"]["insurance"]
    assert offers.str.contains(insurance, regex=False).sum() == 1


def test_a_kazakh_wording_holds_no_russian_name_but_in_brackets() -> None:
    told = _told().findings.query("rule in ['policy.data.unlisted', 'policy.scope.narrower']")
    names = {*_read().categories["name"], *_read().subjects["name"]}
    for fix in told["fix"]:
        ru, kk = fix.split("\n")[-2:]
        named = {
            name for name in names if not name.isascii() and f"; {name};" in ru.replace(": ", "; ").replace(".", ";")
        }
        assert [name for name in named if f": {name}]" not in kk] == []
        assert len(kk.split("[")) > len(named)


def test_words_of_a_law_for_itself_need_no_definition() -> None:
    assert _keys("policy.term.own_act") == {"5.1.4"}
    assert "5.1.4" not in _keys("policy.term.undefined")


def test_both_particulars_that_differ_are_said() -> None:
    told = _told().findings.query("rule == 'policy.requisites.differ'")
    given = [said.partition("=")[2] for said in _read().clauses.set_index("clause_id")["requisites"]["1.2"]]
    assert given[0] in told["why"].item()
    assert "7.11" in told["title"].item()
    assert "7.11" in told["why"].item()


def test_findings_write_days_as_the_language_does() -> None:
    said = pd.concat([_told().findings[part] for part in ("title", "why", "fix")])
    assert said[said.str.contains(r"\d{4}-\d{2}-\d{2}|\u00ab\u00ab")].to_list() == []


def test_a_finding_cites_what_it_rests_on() -> None:
    told = _told().findings
    places = {
        row.key: [one["at"] for one in row.citations]
        for row in told.query("rule == 'kz.document.missing'").itertuples()
    }
    assert places == {"personal_data_list": ["25(2)(1)"], "responsible_order": ["25(2)(10)"]}
    refusal = told.query("rule == 'policy.consent.no_refusal'")["citations"].item()
    assert [one["at"] for one in refusal] == ["8(2)", "24(1)(5)"]


def test_who_gets_data_that_nobody_was_to_get_is_named() -> None:
    told = _told().findings.query("rule == 'policy.recipients.denied'")
    names = _read().recipients.set_index("recipient_id")["name"]
    assert names["order-executors"] in told["title"].item()
    assert "7.10, 7.12" in told["why"].item()
