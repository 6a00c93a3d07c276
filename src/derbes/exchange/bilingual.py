"""Cells of an inventory as they are told to those outside: in words, Kazakh and Russian beside one another."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import lasting, period
from derbes.inventory import keyed
from derbes.text import data
from derbes.views.links import links, said
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Between the two languages of a label, and between several values of a cell.
BOTH, AND = " / ", "; "
_LANGUAGES = ("kk", "ru")
_REMINDER = re.compile(r" \([^()]*\)$")


def through(inv: Inventory, column: str, told: pd.Series[Any]) -> pd.Series[Any]:
    """What the rows that a list of the register names are told as; *none* is said, an empty cell stays empty."""
    named = links(inv, "processing", column)
    texts = named["id"].map(told).fillna("")
    found = texts[texts != ""].groupby(named["origin"]).agg(lambda some: AND.join(dict.fromkeys(some)))
    none = inv.processing[column].map(lambda cell: isinstance(cell, tuple) and not cell)
    return found.reindex(inv.processing.index).mask(none.astype(bool), word("none"))


def names(inv: Inventory, table: str) -> pd.Series[Any]:
    """Names of a table's rows by their ids."""
    return keyed(inv, table)["name"]


def word(name: str) -> str:
    """A word of the lists in both languages: yes, no, none, all."""
    return two(data("list")["words"][name])


def two(words: dict[str, str]) -> str:
    """Words in Kazakh and Russian, once where they are the same."""
    return words["kk"] if words["kk"] == words["ru"] else f"{words['kk']}{BOTH}{words['ru']}"


def labels(inv: Inventory, codes: pd.Series[Any], name: str) -> pd.Series[Any]:
    """Words of the codes of a closed list; missing where a code is none of it."""
    return codes.astype(object).map({code: two(words) for code, words in inv.schema.lists[name].items()})


def flags(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Yes or no in words; missing where it is not known."""
    return cells.astype(object).map({True: word("yes"), False: word("no")})


def countries(lists: pd.Series[Any]) -> pd.Series[Any]:
    """Names of countries in one text, empty where none are named; *none* is said."""

    def told(codes: object) -> str:
        if not isinstance(codes, tuple):
            return ""
        return AND.join(map(_country, codes)) if codes else word("none")

    return lists.map(told).astype(object)


@cache
def _country(code: str) -> str:
    return two({lang: Wording(lang, "wording").country(code) for lang in _LANGUAGES})


def timed(
    inv: Inventory,
    periods: pd.Series[Any],
    triggers: pd.Series[Any] | None = None,
    bounds: pd.Series[Any] | None = None,
) -> pd.Series[Any]:
    """Periods in words, each with the event that it is counted from; what is not understood stays as it was written.

    Missing where the period is.
    """
    limits = [None] * len(periods) if bounds is None else [one if isinstance(one, str) else None for one in bounds]
    cells = zip(periods, limits, strict=True)
    told = [_term(text, limit) if isinstance(text, str) else None for text, limit in cells]
    return pd.Series(told, periods.index, dtype=object) + prefixed(_events(inv, periods, triggers))


@cache
def _term(text: str, bound: str | None = None) -> str:
    said = period.parse(text)
    words = {lang: told for lang in _LANGUAGES if (told := lasting.told(lang, said, bound)) is not None}
    return two(words) if words else text


def _events(inv: Inventory, periods: pd.Series[Any], triggers: pd.Series[Any] | None) -> pd.Series[Any]:
    """Events that periods are counted from: those named apart, else those that a period itself names."""
    inside = periods.astype(object).map(_event, na_action="ignore").astype(object)
    named = inside if triggers is None else triggers.astype(object).fillna(inside)
    told = labels(inv, named, "trigger").astype(object).fillna(named)
    return told.mask(periods.map(_told_by_itself).astype(bool))


@cache
def _event(text: str) -> str | None:
    """Event that a period of a length is counted from, where it names one that its words in _term leave out."""
    return period.parse(text).trigger if _term(text) != text else None


def _told_by_itself(text: object) -> bool:
    """Whether a period says itself until when it lasts."""
    return isinstance(text, str) and period.parse(text).kind == "until"


def prefixed(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Texts to stand behind others, after a comma; empty where there is none."""
    return texts.astype(object).map(lambda text: f", {text}" if isinstance(text, str) and text else "")


def bases(inv: Inventory, law: LawPack) -> pd.Series[Any]:
    """Ground of every row of the register in words, its article, and the act where the ground is another law.

    Missing where the register names none, or one that the law of the day does not have.
    """
    valid = law.bases[law.bases["valid"].astype(bool)]
    known = {row.code: f"{two(row.labels)} ({row.act} {row.at})" for row in valid.itertuples()}
    bare = {row.code: f"{two(_reminded(row.labels))} ({row.act} {row.at})" for row in valid.itertuples()}
    codes = inv.processing["legal_basis"].astype(object).map(law.basis, na_action="ignore")
    other = codes.map(law.bases.set_index("code")["needs_authority"]).eq(other=True)
    named = prefixed(said(inv, "processing", "authority")).where(other, "")
    return codes.map(known).astype(object).mask(named != "", codes.map(bare)) + named


def _reminded(labels: Mapping[str, str]) -> dict[str, str]:
    """Words of a ground without the reminder to name the act: it is named behind them."""
    return {lang: _REMINDER.sub("", label) for lang, label in labels.items()}
