"""Cells of an inventory as they are told to those outside: in words, Kazakh and Russian beside one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derbes.text import data
from derbes.views.links import links, said

if TYPE_CHECKING:
    import pandas as pd

    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Between the two languages of a label, and between several values of a cell.
BOTH, AND = " / ", "; "


def through(inv: Inventory, column: str, told: pd.Series[Any]) -> pd.Series[Any]:
    """What the rows that a list of the register names are told as; *none* is said, an empty cell stays empty."""
    named = links(inv, "processing", column)
    texts = named["id"].map(told).fillna("")
    found = texts[texts != ""].groupby(named["origin"]).agg(lambda some: AND.join(dict.fromkeys(some)))
    none = inv.processing[column].map(lambda cell: isinstance(cell, tuple) and not cell)
    return found.reindex(inv.processing.index).mask(none.astype(bool), word("none"))


def names(inv: Inventory, table: str) -> pd.Series[Any]:
    """Names of a table's rows by their ids."""
    key = inv.schema.tables[table].key
    return inv.tables[table].drop_duplicates(key).set_index(key)["name"]


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
    """Codes of countries in one text, empty where none are named."""
    return lists.map(lambda codes: AND.join(codes) if isinstance(codes, tuple) else "").astype(object)


def prefixed(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Texts to stand behind others, after a comma; empty where there is none."""
    return texts.astype(object).map(lambda text: f", {text}" if isinstance(text, str) and text else "")


def bases(inv: Inventory, law: LawPack) -> pd.Series[Any]:
    """Ground of every row of the register in words, its article, and the act where the ground is another law."""
    known = {row.code: f"{two(row.labels)} ({row.act} {row.at})" for row in law.bases.itertuples() if row.valid}
    codes = inv.processing["legal_basis"].astype(object).map(law.basis, na_action="ignore")
    other = codes.map(law.bases.set_index("code")["needs_authority"]).eq(other=True)
    named = prefixed(said(inv, "processing", "authority")).where(other, "")
    return codes.map(lambda code: known.get(code, code)) + named
