"""Values of persons are found by their check digits, wherever and however they are written, and masked whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from derbes import identity

CASES: dict[str, list[Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "identity.yaml").read_text("utf-8"))
IIN, CARD, IBAN = "001300000004", "4111111111111111", "KZ86125KZT5004100100"
EMAIL, PHONE = "ivan.petrov@company.kz", "+77010000000"
HIDING = ["\u200b", "\u00ad", "\u2060", "\u00a0", "\u202f"]


def numbers(fifth: str) -> st.SearchStrategy[str]:
    """Numbers of 12 digits with a right check digit and a fifth digit of a sort; about 1 in 120 beginnings has none."""
    stems = st.from_regex(rf"[0-9]{{4}}[{fifth}][0-9]{{6}}", fullmatch=True)
    valid = stems.map(lambda stem: [f"{stem}{d}" for d in range(10) if checks(f"{stem}{d}")])
    return valid.filter(bool).map(lambda several: several[0])


def checks(number: str) -> bool:
    return identity.bin_valid(number) or identity.iin_valid(number)


@pytest.mark.parametrize("number", ["221240900498", "001340000002", "001340000311"])
def test_a_right_check_digit_of_either_round_makes_a_bin(number: str) -> None:
    assert identity.bin_valid(number)
    assert not identity.iin_valid(number)


def test_other_weights_do_not_make_a_bin() -> None:
    assert not identity.bin_valid("221240900496")


@pytest.mark.parametrize("last", "0123456789")
def test_a_number_whose_both_rounds_give_ten_is_never_issued(last: str) -> None:
    assert not identity.bin_valid(f"00134000030{last}")


@pytest.mark.parametrize("number", ["", "22124090049", "2212409004980", "22124090049x", "2212 40900498", "\u0662" * 12])
def test_what_is_not_twelve_digits_is_neither(number: str) -> None:
    assert not checks(number)


@given(st.from_regex(r"[0-9]{11}", fullmatch=True))
def test_a_beginning_has_at_most_one_check_digit(stem: str) -> None:
    assert sum(checks(f"{stem}{digit}") for digit in range(10)) <= 1


@given(numbers("456"))
def test_a_bin_is_nobodys_number(number: str) -> None:
    assert identity.personal(f"BIN {number}") == ()


@given(numbers("01237-9"))
def test_an_iin_is_found_whatever_birth_date_it_tells(number: str) -> None:
    assert "iin" in identity.personal(f"IIN {number}") or number.startswith(("19", "20"))


@pytest.mark.parametrize("written", CASES["nobody"])
def test_texts_of_an_inventory_raise_no_alarm(written: str) -> None:
    assert identity.personal(written) == ()


@pytest.mark.parametrize(("kind", "written"), CASES["somebody"])
def test_a_value_of_a_person_is_found_where_it_stands(kind: str, written: str) -> None:
    assert identity.personal(written) == (kind,)


@pytest.mark.parametrize("value", [IIN, CARD, PHONE])
@given(data=st.data())
def test_signs_that_nobody_sees_hide_no_number(value: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(min_value=2, max_value=len(value) - 1))
    hidden = value[:at] + data.draw(st.sampled_from(HIDING)) + value[at:]
    assert identity.personal(hidden) == identity.personal(value)


@pytest.mark.parametrize("zero", ["\u0660", "\u06f0", "\u0966", "\uff10"])
@pytest.mark.parametrize("value", [IIN, CARD, PHONE])
def test_digits_of_another_script_hide_no_number(value: str, zero: str) -> None:
    written = re.sub("[0-9]", lambda digit: chr(ord(zero) + int(digit[0])), value)
    assert identity.personal(written) == identity.personal(value)


def test_several_kinds_are_told_in_one_order() -> None:
    assert identity.personal(f"{PHONE}; {EMAIL}; {IBAN}; {CARD}; {IIN}") == identity.KINDS


@pytest.mark.parametrize("value", [IIN, CARD, IBAN, EMAIL, PHONE])
def test_a_mask_leaves_nothing_of_a_value(value: str) -> None:
    (kind,) = identity.personal(value)
    assert identity.mask(f"before {value} behind") == f"before \u2039{kind}\u203a behind"


def test_a_mask_covers_every_value_of_a_text() -> None:
    masked = identity.mask(f"{IIN}, {IIN}; {PHONE},{PHONE}\n{EMAIL} {EMAIL}")
    assert not re.search(r"\d|@", masked)


@pytest.mark.parametrize("written", CASES["nobody"])
def test_a_text_without_values_is_not_touched_by_the_mask(written: str) -> None:
    assert identity.mask(written) == written


@given(
    st.lists(st.sampled_from([IIN, CARD, IBAN, EMAIL, PHONE, "1", "+", "8", " ", "-", ".", ",", "@", "a", "/"])).map(
        "".join
    )
)
def test_a_masked_text_holds_no_value(written: str) -> None:
    assert identity.personal(identity.mask(written)) == ()


@given(st.text())
def test_any_text_can_be_looked_at(written: str) -> None:
    assert set(identity.personal(written)) <= set(identity.KINDS)


def test_a_column_tells_for_every_cell_what_the_cell_alone_tells() -> None:
    cells = pd.Series([*CASES["nobody"], *(written for _, written in CASES["somebody"])])
    assert identity.personal_kinds(cells).tolist() == [identity.personal(cell) for cell in cells]


def test_a_column_may_hold_lists_numbers_and_nothing() -> None:
    cells = pd.Series([(EMAIL, "x"), None, int(IIN[2:] + "00"), float("nan"), ()], index=[2, 4, 6, 8, 10], dtype=object)
    found = identity.personal_kinds(cells)
    assert found.tolist() == [("email",), (), (), (), ()]
    assert found.index.tolist() == [2, 4, 6, 8, 10]


def test_a_number_column_is_looked_at_too() -> None:
    assert identity.personal_kinds(pd.Series([int(CARD), 5])).tolist() == [("card",), ()]


def test_an_empty_column_holds_nothing() -> None:
    assert identity.personal_kinds(pd.Series([], dtype=object)).empty
