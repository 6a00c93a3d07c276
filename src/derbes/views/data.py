"""Data that the law treats by their nature: copies of documents, items about staff, what is public or anonymous."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.inventory import keyed
from derbes.views.links import active, along, at, everything, lineage, links, related, said
from derbes.views.registry import view
from derbes.views.use import category_uses, counts, field_uses, grounds, held_fields

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Systems in which nobody but applicants and staff is entered.
_WORKFORCE = ("hr", "recruiting", "payroll")
#: Natures of what points to a person by itself, where the register does not say whether it does.
_POINTING = ("identifier", "identity_document")
#: Grounds that are no case set by a law: the subject's will, and reuse of what is public already.
_NO_LAW = ("consent", "public_reuse")
#: Grounds on which data are published, and the number of a law or a code.
_PUBLISHING, _LAW_NUMBER = ("public_reuse", "art9-7"), r"[0-9]+-[IVXLC]+\b"


@view("identity_copies", table="fields", needs=("fields", "systems", "processing"))
def identity_copies(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a field in use that may lie on paper: ``medium``, whether it is ``copied``, rows that use it ``by_law``.

    ``open`` is what would have to be known first: the medium of a copy, or whether there is a copy at all.
    """
    held, uses = held_fields(inv), field_uses(inv)
    held = held[_of(inv, "systems", "medium", held["system"]).isin(["paper", "mixed"])]
    medium = _of(inv, "systems", "medium", held["system"])
    medium = medium.mask(medium.eq("mixed") & inv.fields["collected_by"].loc[held.index].eq("paper"), "paper")
    copied = _copied(inv, held)
    unclear = pd.Series("medium", index=held.index, dtype=object).where(medium.eq("mixed") & copied.eq("yes"))
    unclear = unclear.mask(medium.isin(["paper", "mixed"]) & copied.eq("unsaid"), "copy")
    uses = uses[at(law_named(inv, law), uses["origin"])]
    by_law = counts(uses["origin"], uses["id"], held["id"])
    facts = {"medium": medium, "copied": copied, "open": unclear, "by_law": by_law, "related": _holders(held)}
    return pd.DataFrame({"origin": held.index, **facts})


def _holders(held: pd.DataFrame) -> pd.Series[Any]:
    """The system and the category of each field, as related rows."""
    places = held.rename_axis("origin").reset_index()
    names = {"systems": "system", "categories": "category"}
    found = {table: places[["origin", name]].set_axis(["origin", "id"], axis=1) for table, name in names.items()}
    return related(pd.Series(held.index, index=held.index), found)


def _copied(inv: Inventory, held: pd.DataFrame) -> pd.Series[Any]:
    """*yes*, *no* or *unsaid*: whether a field is a copy of an identity document; a whole document is nothing else."""
    told = inv.fields["document_copy"].loc[held.index].map({True: "yes", False: "no"}).astype(object)
    identity = _of(inv, "categories", "nature", held["category"]).eq("identity_document")
    whole = identity & _of(inv, "categories", "item", held["category"]).eq("document")
    silent = pd.Series("no", index=held.index, dtype=object).mask(identity, "unsaid").mask(whole, "yes")
    return told.fillna(silent)


def _of(inv: Inventory, table: str, column: str, ids: pd.Series[Any]) -> pd.Series[Any]:
    """What the rows of those ids say in a column; missing for an id that the table does not have."""
    return ids.map(keyed(inv, table)[column].astype(object)).astype(object)


def _on_rows(pairs: pd.DataFrame, column: str, ids: pd.Series[Any]) -> pd.DataFrame:
    """Pairs with the ``origin`` of every row that bears the id in the column, twice where two rows bear one."""
    return pairs.merge(pd.DataFrame({"origin": ids.index, column: ids.to_numpy(dtype=object)}), on=column)


def law_named(inv: Inventory, law: LawPack) -> pd.Series[Any]:
    """Whether a row of the register names the law that has it done.

    A row on a case set by law says so by its ground, and where the ground says nothing by itself, by the article. Any
    other row has to name a law, and the law that asks for the consent is none.
    """
    known = law.bases.set_index("code")
    lawful = known[known["valid"] & ~known.index.isin(_NO_LAW)]
    authority = said(inv, "processing", "authority").fillna("")
    told = grounds(inv, law)
    told["enough"] = ~told["basis"].map(lawful["needs_authority"]).astype(object).fillna(value=True).astype(bool)
    told["enough"] |= at(authority.str.contains("[0-9]"), told["origin"]).astype(bool)
    cases = told.loc[told["basis"].isin(lawful.index) & told["enough"], "origin"]
    own = known["act"].get("consent") or ""
    others = authority.str.replace(rf"(?<!\d){re.escape(own)}\b", "", regex=True) if own else authority
    return others.str.contains(_LAW_NUMBER).astype(bool) | inv.processing.index.isin(cases)


@view("staff_items", table="categories", needs=("categories", "fields", "systems", "processing"))
def staff_items(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a category: its ``nature``, whether it is ``held`` about staff, and how many rows use it ``by_law``."""
    ids = inv.categories["category_id"].astype(object)
    found = {"fields": _staff_fields(inv), "processing": _staff_uses(inv)}
    placed = {table: _on_rows(pairs[["id", "category"]], "category", ids) for table, pairs in found.items()}
    uses = category_uses(inv)
    uses = uses[at(law_named(inv, law), uses["origin"])]
    frame = pd.DataFrame({"origin": ids.index, "nature": inv.categories["nature"]})
    holders = related(frame["origin"], placed)
    by_law = counts(uses["origin"], uses["category"], ids)
    return frame.assign(held=holders.str.len() > 0, by_law=by_law, related=holders)


def _staff_fields(inv: Inventory) -> pd.DataFrame:
    """Fields about staff and applicants: those of their systems, and those elsewhere that are about nobody else."""
    held = held_fields(inv)
    theirs = _of(inv, "systems", "kind", held["system"]).isin(_WORKFORCE)
    subjects = links(inv, "fields", "subject_ids")
    subjects = subjects[~subjects["origin"].isin(everything(inv, "fields", "subject_ids"))]
    staff = set(subjects.loc[subjects["origin"].isin(held.index[theirs]), "id"])
    alone = subjects["id"].isin(staff).groupby(subjects["origin"]).all()
    return held[theirs | held.index.isin(alone.index[alone])]


def _staff_uses(inv: Inventory) -> pd.DataFrame:
    """Categories that rows in force name whose systems are all those of staff: ``id`` of the row, ``category``."""
    systems = links(inv, "processing", "system_ids")
    theirs = _of(inv, "systems", "kind", systems["id"]).isin(_WORKFORCE).groupby(systems["origin"]).all()
    named = links(inv, "processing", "category_ids").rename(columns={"id": "category"})
    named = named[named["origin"].isin(active(inv).intersection(theirs.index[theirs]))]
    return named.assign(id=at(inv.processing["processing_id"].astype(object), named["origin"]))


@view("anonymised_fields", table="fields", needs=("fields", "categories"))
def anonymised_fields(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a field said to be anonymised, in a system in use: whether its category is an ``identifier``."""
    retired = inv.systems.loc[inv.systems["status"].eq("retired"), "system_id"]
    frame = inv.fields[inv.fields["state"].eq("anonymised") & ~inv.fields["system_id"].isin(retired)]
    points = _of(inv, "categories", "is_identifier", frame["category_id"])
    nature = _of(inv, "categories", "nature", frame["category_id"])
    identifier = points.where(points.notna(), nature.isin(_POINTING)).astype(bool)
    pairs = frame["category_id"].astype(object).rename("id").rename_axis("origin").reset_index()
    rows = pd.DataFrame({"origin": frame.index, "identifier": identifier})
    return rows.assign(related=related(rows["origin"], {"categories": pairs}))


@view("field_sources", table="fields", needs=("fields", "processing"))
def field_sources(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a field in use that is filled from a public source: the ``grounds`` of the law on which rows use it.

    Where a row in force does not say what it uses or on what ground, the field may be meant and the number is missing.
    """
    held = held_fields(inv)
    held = held[inv.fields["source"].loc[held.index].eq("public")]
    uses = field_uses(inv)
    uses = uses[uses["id"].isin(held["id"])].merge(grounds(inv, law)[["origin", "basis"]], on="origin", how="left")
    valid = uses[uses["basis"].isin(law.bases.loc[law.bases["valid"], "code"])]
    number = counts(valid["basis"], valid["id"], held["id"])
    unsure = held["id"].isin(uses.loc[uses["basis"].isna(), "id"]) | held["system"].isin(_vague_systems(inv))
    named = at(inv.processing["processing_id"].astype(object), uses["origin"])
    users = pd.DataFrame({"field": uses["id"], "id": named})
    beside = {"processing": _on_rows(users, "field", held["id"])}
    frame = pd.DataFrame({"origin": held.index, "grounds": number.mask(unsure & number.eq(0))})
    return frame.assign(related=related(frame["origin"], beside))


def _vague_systems(inv: Inventory) -> set[str]:
    """Systems that a row in force uses without saying for which data or purpose; all, where it names no system."""
    frame = inv.processing.loc[active(inv)]
    vague = frame[(frame["category_ids"].isna() & frame["field_ids"].isna()) | frame["purpose_id"].isna()]
    every = inv.systems["system_id"] if vague["system_ids"].isna().any() else []
    named = links(inv, "processing", "system_ids")
    return {*named.loc[named["origin"].isin(vague.index), "id"], *every}


@view("public_data", table="categories", needs=("categories", "processing"))
def public_data(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a category: ``access_class``, ``nature``, and how many rows in force have it ``published`` lawfully."""
    ids, told = inv.categories["category_id"].astype(object), grounds(inv, law)
    handed = links(inv, "processing", "recipient_ids")
    open_to_all = inv.recipients.loc[inv.recipients["kind"].eq("public"), "recipient_id"]
    rows = {*told.loc[told["basis"].isin(_PUBLISHING), "origin"], *handed.loc[handed["id"].isin(open_to_all), "origin"]}
    uses = category_uses(inv)
    uses = uses[uses["origin"].isin(rows)]
    frame = inv.categories[["access_class", "nature"]].assign(origin=ids.index)
    return frame.assign(published=counts(uses["origin"], uses["category"], ids))


@view("promised_confidential", table="categories", needs=("categories", "clauses"))
def promised_confidential(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a category: ``access_class``, and how many clauses that name it, or one above, ``promise`` secrecy."""
    telling = inv.clauses["asserts"].explode().eq("confidential").groupby(level=0).any()
    excepting = inv.clauses["except"].explode().eq("public").groupby(level=0).any()
    named = links(inv, "clauses", "category_ids")
    named = named[named["origin"].isin(inv.clauses.index[telling & ~excepting])]
    below = lineage(inv, "categories").set_axis(["other", "id"], axis=1)
    named = along(named, below).assign(clause=lambda pairs: at(inv.clauses["clause_id"], pairs["origin"]))
    ids = inv.categories["category_id"].astype(object)
    pairs = _on_rows(named[["other", "clause"]].set_axis(["other", "id"], axis=1), "other", ids)
    frame = inv.categories[["access_class"]].assign(origin=ids.index)
    promise = counts(named["clause"], named["other"], ids)
    return frame.assign(promise=promise, related=related(frame["origin"], {"clauses": pairs}))
