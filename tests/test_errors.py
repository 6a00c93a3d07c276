"""Refusals and suggestions: what may have been meant is found among few words and among many."""

from __future__ import annotations

import pytest

from derbes.errors import Vocabulary, closest

MANY = [f"sys-{number:04d}" for number in range(0, 5000, 7)] + ["loyalty", "payroll", "web-shop"]


def test_of_a_few_words_the_closest_of_all_is_found() -> None:
    words = ["surname", "phone", "email"]
    assert Vocabulary(words).closest("fone") == closest("fone", words) == "phone"


@pytest.mark.parametrize("word", ["loyalty", "loyatly", "oyalty", "loyalty-old", "loyaltee", "l0yalty"])
def test_of_many_words_the_one_that_was_meant_is_found(word: str) -> None:
    assert Vocabulary(MANY).closest(word) == "loyalty"


def test_nothing_near_is_nothing() -> None:
    assert Vocabulary(MANY).closest("\u0444\u0438\u043e") is None
    assert Vocabulary([]).closest("phone") is None
