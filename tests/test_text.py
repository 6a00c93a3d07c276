"""Words are found in three languages; texts are compared, escaped and filled in as the module says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from derbes import text
from derbes.errors import UsageError

CASES: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "cases" / "text.yaml").read_text("utf-8"))


def test_words_are_there_in_all_languages_under_the_same_keys() -> None:
    def keys(entry: object) -> object:
        return {key: keys(value) for key, value in entry.items()} if isinstance(entry, dict) else None

    assert keys(text.words("ru")) == keys(text.words("kk")) == keys(text.words("en"))


def test_a_language_without_words_is_refused_and_the_others_are_named() -> None:
    with pytest.raises(UsageError, match="ru, kk, en"):
        text.words("de")


@pytest.mark.parametrize("lang", ["cells", "../tables", ""])
def test_only_a_language_is_read_as_one(lang: str) -> None:
    with pytest.raises(UsageError):
        text.words(lang)


def test_cleaning_makes_spaces_plain_and_drops_what_nobody_sees() -> None:
    assert text.clean("\ufeff a\u00a0 b\u200b\tc\r\nd\u00ad ") == "a b c d"


def test_cleaning_composes_letters() -> None:
    assert text.clean("e\u0301") == "\u00e9"


@given(st.text())
def test_cleaning_twice_changes_nothing(written: str) -> None:
    assert text.clean(text.clean(written)) == text.clean(written)


@pytest.mark.parametrize("written", CASES["one_heading"])
def test_headings_differ_only_by_what_does_not_matter(written: list[str]) -> None:
    assert len({text.heading(heading) for heading in written}) == 1


def test_headings_of_different_words_differ() -> None:
    assert text.heading("purpose_id") != text.heading("purposes")


def test_a_latin_word_is_suggested_for_letters_that_look_latin() -> None:
    assert {written: text.homoglyphs(written) for written in CASES["homoglyphs"]} == CASES["homoglyphs"]


@pytest.mark.parametrize("written", CASES["no_homoglyphs"])
def test_nothing_is_suggested_where_letters_are_what_they_seem(written: str) -> None:
    assert text.homoglyphs(written) is None


def test_letters_that_look_latin_are_mapped_to_one_letter_each() -> None:
    table = text.data("homoglyphs")
    letters = "".join(table.values())
    assert len(letters) == len(set(letters))
    assert not any(letter.isascii() for letter in letters)
    assert all(len(latin) == 1 and latin.isascii() for latin in table)


@pytest.mark.parametrize("written", CASES["alike"])
def test_texts_alike_have_one_fingerprint(written: list[str]) -> None:
    assert len(set(text.fingerprint(pd.Series(written)))) == 1


@pytest.mark.parametrize("written", CASES["unlike"])
def test_texts_not_alike_have_fingerprints_of_their_own(written: list[str]) -> None:
    assert len(set(text.fingerprint(pd.Series(written)))) == len(written)


def test_a_text_without_letters_has_no_fingerprint() -> None:
    assert text.fingerprint(pd.Series(["a", None, "\u2014 ?"], index=[7, 8, 9])).notna().to_dict() == {
        7: True,
        8: False,
        9: False,
    }


def test_cells_that_stand_in_for_an_answer_are_placeholders() -> None:
    assert [cell for cell in CASES["placeholders"] if not text.placeholder(cell)] == []


def test_answers_are_no_placeholders() -> None:
    assert [cell for cell in CASES["answers"] if text.placeholder(cell)] == []


def test_no_placeholder_holds_a_digit() -> None:  # by which the reader of cells tells most of them apart at once
    assert [cell for cell in text._placeholders() if any(map(str.isdigit, cell))] == []  # noqa: SLF001


def test_an_empty_column_has_no_fingerprints() -> None:
    assert text.fingerprint(pd.Series([], dtype=object)).empty


@pytest.mark.parametrize("cell", ["=1+1", "+7", "-5", "@x", "\t=1", "\r", "'quoted", " =1", "\uff1d1"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(cell: str) -> None:
    assert text.escape(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "plain", "a=b", "5-6", "don't"])
def test_a_plain_cell_stays_as_it_is(cell: str) -> None:
    assert text.escape(cell) == cell


@given(st.text() | st.text(alphabet="'=+-@ \t\ra"))
def test_escaping_can_be_undone(cell: str) -> None:
    assert text.unescape(text.escape(cell)) == cell


@given(st.text() | st.text(alphabet="'=+-@ \t\ra"))
def test_an_escaped_cell_never_begins_with_a_formula_sign(cell: str) -> None:
    assert text.escape(cell).lstrip()[:1] not in set("=+-@")


def test_a_template_is_filled_with_plain_text() -> None:
    assert text.fill("{key}: {n}, {key}", {"key": "web", "n": 5}) == "web: 5, web"


def test_inserted_text_is_not_expanded_again() -> None:
    assert text.fill("{a}{b}", {"a": "{b}", "b": "\\1{a}"}) == "{b}\\1{a}"


@pytest.mark.parametrize("template", ["{unknown}", "{a.__class__}", "{a!r}", "{a:>9}", "{}", "{0}", "{a[0]}"])
def test_a_placeholder_is_a_known_name_and_nothing_more(template: str) -> None:
    with pytest.raises(KeyError):
        text.fill(template, {"a": "x"})


def test_the_names_a_template_asks_for_can_be_listed() -> None:
    assert text.slots("{key}: {n}, {key}") == {"key", "n"}
