"""Fines: what the law pack says of them leads from rules to articles, with amounts that grow with the size."""

from __future__ import annotations

import datetime as dt

import pytest

from derbes import rules as rulebook
from derbes.law import load_law

DAY = dt.date(2026, 9, 30)
FINES = load_law("kz", DAY).sections["fines"]
SIZES = ("individual", "small", "medium", "large")


@pytest.mark.parametrize("article", FINES)
def test_a_larger_business_pays_no_less(article: str) -> None:
    amounts = [FINES[article]["mci"][size] for size in SIZES if size in FINES[article]["mci"]]
    assert amounts
    assert amounts == sorted(amounts)


@pytest.mark.parametrize("article", FINES)
def test_a_fine_is_called_by_the_place_where_it_stands(article: str) -> None:
    assert FINES[article]["cite"]["at"] == article
    assert set(FINES[article].get("repeats", ())) <= set(FINES)


def test_unlawful_processing_leads_to_an_article() -> None:
    ids = [rule.id for rule in rulebook.shipped("kz")]
    led = {article for article, fine in FINES.items() for entry in fine["rules"] for name in ids if _meant(entry, name)}
    assert {"79(1)", "79(2)"} <= led


def test_a_fine_is_one_only_since_its_day() -> None:
    assert "641(1)" not in load_law("kz", dt.date(2026, 7, 11)).sections["fines"]


def _meant(entry: str, rule: str) -> bool:
    return rule.startswith(entry) if entry.endswith(".") else rule == entry
