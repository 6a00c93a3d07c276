"""docs/rules.md is the rules: every one is on it, and what it says is what they say.

``DERBES_BLESS=1 python -m pytest tests/test_handbook.py`` writes it anew, as ``make docs`` does.
"""

from __future__ import annotations

import os
import re

import pytest
from click.testing import CliRunner
from conftest import DAY, ROOT

from derbes import rules as rulebook
from derbes.cli import main
from derbes.handbook import handbook
from derbes.structure import sheet_rules, wording
from derbes.text import LANGUAGES

PAGE = ROOT / "docs" / "rules.md"


def explain(name: str, lang: str = "en") -> str:
    done = CliRunner().invoke(main, ["rules", name, "--lang", lang, "--as-of", DAY])
    assert done.exit_code == 0
    return done.stdout


def test_the_page_is_what_the_rules_say() -> None:
    if os.environ.get("DERBES_BLESS"):
        PAGE.write_text(handbook(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == handbook(), "Run `make docs` and read the difference."


def test_the_command_prints_the_page() -> None:
    printed = CliRunner().invoke(main, ["rules", "--format", "markdown"]).stdout
    assert printed.strip() == handbook().strip()


def test_every_rule_has_its_heading_and_every_link_a_place() -> None:
    page = handbook()
    headings = re.findall(r"^### (\S+)$", page, re.MULTILINE)
    of_decisions = [rule.id for rule in sheet_rules() if rule.family == "history"]
    assert sorted(headings) == sorted([*of_decisions, *(rule.id for rule in rulebook.shipped("kz"))])
    anchors = {re.sub(r"[^\w-]", "", heading.lower()) for heading in headings}
    assert set(re.findall(r"\(#([^)]+)\)", page)) == anchors
    assert all(f"`{kind}`" in page for kind in wording())


def test_the_tables_of_the_page_have_as_many_cells_in_every_row() -> None:
    for block in re.findall(r"(?:^\|.*\n)+", handbook(), re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_rule_is_explained_with_its_law_editions_fines_and_rows(lang: str) -> None:
    told = explain("kz.storage.abroad", lang)
    assert "94-V 12(2)" in told
    assert "2016-01-01" in told
    assert "2013-11-26" not in told
    assert "235-V 79(1)" in told
    assert "$storage_countries = ['KZ']" in told
    assert re.search(r"^ +system_id +name +storage_countries +status$", told, re.MULTILINE)


def test_a_rule_about_the_policy_is_explained_with_the_wording_it_offers() -> None:
    rule = next(rule for rule in rulebook.shipped("kz") if rule.replacement)
    assert all(text in explain(rule.id) for text in rule.replacement.values())
