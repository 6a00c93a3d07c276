"""Words and particulars of the policy: terms used and defined, definitions given twice, requisites side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.text import LANGUAGES, words
from derbes.views.contradictions import being, keys, number
from derbes.views.links import at, kin, related, singles
from derbes.views.registry import view

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Requisites of which an operator has one; it may have several mailboxes, people in charge and authorities above it.
_SINGLE = ("bin", "name", "address", "postcode", "site")
#: Requisites that stand in the operator table too, and where.
_REGISTERED = {"bin": ("bin",), "name": ("name", "legal_name"), "address": ("address",), "email": ("email",)}
_QUOTES = "[\"'\u00ab\u00bb\u201c\u201d\u201e\u2018\u2019]"
_POSTCODE = r"\b[0-9]{6}\b"
_HOST = r"^(?:[a-z]+://)?(?:www\.)?([^/?#\s]*).*$"


@view("undefined_terms", table="clauses")
def undefined_terms(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a clause that uses terms, and what these are ``of``: how ``many`` no clause defines, each at the first.

    *act* are words for an act that its own text alone may use (this Law), *term* all others.
    """
    used = _terms(inv, "terms_used")
    own = used["term"].str.contains(law.constants.get("own_act", "(?!)"), na=False)
    used = used.assign(of=own.map({True: "act", False: "term"}))
    open_ = used[~used["term"].isin(_terms(inv, "terms_defined")["term"])]
    open_ = open_.assign(order=at(number(inv), open_["origin"]), id=at(keys(inv), open_["origin"]))
    first = open_[open_["order"] == open_.groupby("term")["order"].transform("min")].sort_values(["origin", "term"])
    frame = used[["origin", "of"]].drop_duplicates(ignore_index=True)
    row = frame.reset_index(names="row").merge(first, on=["origin", "of"])
    tally, told = row.groupby("row")["term"].nunique(), row.groupby("row")["said"].agg("; ".join)
    others = row[["row", "term"]].merge(open_[["term", "id"]], on="term").rename(columns={"row": "origin"})
    against = related(frame.index.to_series(), {"clauses": others})
    many = tally.reindex(frame.index, fill_value=0).astype(float)
    return frame.assign(many=many, terms=told.reindex(frame.index).fillna(""), related=against)


@view("definitions", table="clauses")
def definitions(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a definition of one term with known elements: how many later ones of the term ``differ`` from it."""
    terms = _terms(inv, "terms_defined")
    alone = terms[terms.groupby("origin")["term"].transform("size") == 1]
    known = inv.clauses.index[inv.clauses["elements"].str.len().fillna(0) > 0].intersection(being(inv, "definition"))
    frame = alone[alone["origin"].isin(known)].reset_index(drop=True)
    pairs = frame.merge(frame.rename(columns={"origin": "position"})[["position", "term"]], on="term")
    pairs = pairs.assign(id=at(keys(inv), pairs["position"]), first=at(keys(inv), pairs["origin"]))
    order = number(inv)
    pairs = pairs[at(order, pairs["origin"]) < at(order, pairs["position"])]
    line = pd.MultiIndex.from_frame(kin(inv, "clauses"))
    pairs = pairs[~pd.MultiIndex.from_frame(pairs[["first", "id"]]).isin(line)]
    elements = inv.clauses["elements"].explode().dropna().groupby(level=0).agg(frozenset)
    pairs = pairs[at(elements, pairs["origin"]) != at(elements, pairs["position"])]
    count = frame["origin"].map(pairs.groupby("origin")["position"].nunique()).fillna(0).astype(float)
    return frame.assign(differ=count, related=related(frame["origin"], {"clauses": pairs}))


@view("requisites", table="clauses")
def requisites(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause and a ``requisite`` of which there is one: how many clauses ``differ``, told at the first.

    What the clause gives is ``given``, what those that differ give ``others``.
    """
    given = _given(inv)
    given = given[given["requisite"].isin(_SINGLE)]
    pairs = given.merge(given, on="requisite", suffixes=("", "_y"))
    pairs = pairs[pairs["origin"] != pairs["origin_y"]]
    apart = ["requisite", "origin", "origin_y"]
    mine = ~pairs.assign(same=_alike(pairs)).groupby([*apart, "value"])["same"].any()
    theirs = ~pairs.assign(same=_alike(pairs)).groupby([*apart, "value_y"])["same"].any()
    odd = mine.groupby(apart).any() & theirs.groupby(apart).any()
    found = odd[odd].reset_index()[apart]
    order = number(inv)
    found = found.assign(order=at(order, found["origin"]))[at(order, found["origin"]) < at(order, found["origin_y"])]
    found = found[found["order"] == found.groupby("requisite")["order"].transform("min")]
    theirs = _said(given).rename("others").rename_axis(["origin_y", "requisite"]).reset_index()
    others = found.merge(theirs, on=["origin_y", "requisite"]).groupby(["origin", "requisite"])["others"].agg("; ".join)
    frame = _compared(given, found.assign(id=at(keys(inv), found["origin_y"])), "clauses")
    return frame.join(_said(given).rename("given"), on=["origin", "requisite"]).join(others, on=["origin", "requisite"])


def _said(given: pd.DataFrame) -> pd.Series[Any]:
    """What each clause gives as each requisite, as it is written."""
    return given.groupby(["origin", "requisite"])["said"].agg("; ".join)


@view("registered_requisites", table="clauses", needs=("clauses", "operator"))
def registered_requisites(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause and a ``requisite`` that the operator table has: ``differ`` where no clause gives what it says.

    Told at the first clause that gives the requisite.
    """
    given = _given(inv)
    known = _registered(inv)
    given = given[given["requisite"].isin(known["requisite"])]
    pairs = given.merge(known, on="requisite")
    met = pairs.loc[_alike(pairs), "requisite"]
    first = at(number(inv), given["origin"]).groupby(given["requisite"]).transform("min")
    odd = given[~given["requisite"].isin(met) & (at(number(inv), given["origin"]) == first)]
    operators = pd.DataFrame({"id": pd.Series(inv.keys["operator"], dtype=object)})
    return _compared(given, odd.merge(operators, how="cross"), "operator")


def _registered(inv: Inventory) -> pd.DataFrame:
    """Requisites that the operator table has: ``requisite``, ``value_y`` as comparable words."""
    places = [(requisite, column) for requisite, columns in _REGISTERED.items() for column in columns]
    parts = [
        pd.DataFrame({"value_y": inv.operator[column].dropna().astype(object), "requisite": requisite})
        for requisite, column in places
    ]
    known = pd.concat(parts, ignore_index=True)
    known = known.assign(value_y=_plain(known["requisite"], known["value_y"]))
    return known[known["value_y"] != ""]


def _compared(given: pd.DataFrame, found: pd.DataFrame, table: str) -> pd.DataFrame:
    """One row a clause and a requisite that it gives: whether it was found to ``differ`` from rows, and which."""
    frame = given[["origin", "requisite"]].drop_duplicates().reset_index(drop=True)
    rows = frame.reset_index(names="row").merge(found[["origin", "requisite", "id"]], on=["origin", "requisite"])
    pairs = rows[["row", "id"]].set_axis(["origin", "id"], axis=1)
    count = pairs.groupby("origin")["id"].nunique().reindex(frame.index, fill_value=0).astype(float)
    against = related(frame.index.to_series(), {table: pairs})
    labels = {f"requisite_{lang}": words(lang)["policy"]["particulars"] for lang in LANGUAGES}
    told = {name: frame["requisite"].map(known).fillna(frame["requisite"]) for name, known in labels.items()}
    return frame.assign(differ=count, related=against, sub=singles(frame["requisite"]), **told)


def _terms(inv: Inventory, column: str) -> pd.DataFrame:
    """Terms of clauses: ``origin``, ``said`` as written, ``term`` for comparison."""
    said = inv.clauses[column].explode().dropna().astype(object)
    said = said[said != "all"]
    frame = said.rename("said").rename_axis("origin").reset_index()
    return frame.assign(term=_folded(frame["said"])).drop_duplicates(["origin", "term"])


def _folded(said: pd.Series[Any]) -> pd.Series[Any]:
    """Texts without what does not tell them apart: case, quotation marks, runs of spaces, dots on a Cyrillic ye."""
    plain = said.astype(object).str.casefold().str.replace("\u0451", "\u0435", regex=False)
    plain = plain.str.replace(_QUOTES, "", regex=True).str.replace(r"\s+", " ", regex=True)
    return plain.str.strip()


def _given(inv: Inventory) -> pd.DataFrame:
    """Requisites that clauses give: ``origin``, ``requisite``, ``said``, ``value`` as comparable words, never empty."""
    said = inv.clauses["requisites"].explode().dropna().astype(object)
    halves = said.str.extract(r"(?s)^([^=]*)=?(.*)$")
    frame = pd.DataFrame({"origin": said.index, "requisite": halves[0].to_numpy(), "said": halves[1].to_numpy()})
    frame["requisite"] = _folded(frame["requisite"])
    frame["value"] = _plain(frame["requisite"], frame["said"])
    frame["said"] = frame["said"].str.strip()
    return frame[frame["value"] != ""].drop_duplicates(["origin", "requisite", "value"])


def _plain(requisite: pd.Series[Any], value: pd.Series[Any]) -> pd.Series[Any]:
    """Comparable words of a requisite's value: digits of a number, labels of a host, words of a name or a place."""
    plain = _folded(value)
    spaced = plain.str.replace(_POSTCODE, " ", regex=True).str.replace(r"[\W_]+", " ", regex=True)
    host = plain.str.replace(_HOST, r"\1", regex=True).str.replace(".", " ", regex=False)
    plain = plain.where(requisite == "email", spaced)
    plain = plain.mask(requisite == "site", host)
    plain = plain.mask(requisite.isin(["bin", "postcode"]), _folded(value).str.replace(r"\D+", "", regex=True))
    return plain.astype(object).str.strip()


def _alike(pairs: pd.DataFrame) -> pd.Series[Any]:
    """Whether of two values, ``value`` and ``value_y``, one has all the words of the other: it may say less."""
    numbered = pairs[["value", "value_y"]].drop_duplicates()
    words = [
        numbered[column].str.split().explode().rename("word").rename_axis("row").reset_index().drop_duplicates()
        for column in ("value", "value_y")
    ]
    common = words[0].merge(words[1], on=["row", "word"]).groupby("row").size()
    sizes = pd.concat([part.groupby("row").size() for part in words], axis=1).min(axis=1)
    same = numbered[common.reindex(numbered.index, fill_value=0) >= sizes.reindex(numbered.index)]
    met = pd.MultiIndex.from_frame(pairs[["value", "value_y"]]).isin(pd.MultiIndex.from_frame(same))
    return pd.Series(met, index=pairs.index, dtype=bool)
