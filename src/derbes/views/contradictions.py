"""What one clause denies and another asserts of the same people, data and uses; what makes two rows speak of the same.

Every view that lays clauses side by side takes *the same* from here: scopes that overlap, exceptions, numbers' order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.views.links import along, at, everything, kin, links, related
from derbes.views.registry import view
from derbes.views.use import held_clauses, held_fields

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

SCOPES = ("subject_ids", "category_ids", "purpose_ids", "recipient_ids")
KEYS = {"clauses": "clause_id", "processing": "processing_id", "consents": "consent_id", "fields": "field_id"}
#: Statements that promise something about all that the clause speaks of; the others tell what is done, of some of it.
_PROMISES = ("confidential", "anonymised", "refusal", "withdrawal")
#: Statements about consent: a denial that rests on another ground does not speak of it.
_OF_CONSENT = ("refusal", "withdrawal")
#: What a clause may enumerate: a closed list of one and an open list of another do not meet.
_ENUMERATED = ("data", "subject", "purpose", "recipient")
#: Natures of data that may be biometric, by how sure that is.
_BODIES = {"biometric": "biometric", "voice": "likeness", "image": "likeness"}


@view("contradictions", table="clauses")
def contradictions(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a ``statement`` that a clause denies: how many clauses ``contradict`` it, and which."""
    frame = _stated(inv, "denies", unless="asserts")
    frame = frame[~(frame["statement"].isin(_OF_CONSENT) & frame["origin"].isin(_other_ground(inv, law)))]
    frame = frame[~_of_another_right(inv, frame)].reset_index(drop=True)
    asserted = _stated(inv, "asserts", unless="denies")
    asserted = asserted[~_of_another_right(inv, asserted)].rename(columns={"origin": "position"})
    pairs = frame.reset_index(names="row").merge(asserted, on="statement").assign(table="clauses")
    for column in SCOPES:
        pairs = pairs[overlap(inv, pairs, column)]
    pairs = pairs[~_excepted(inv, pairs) & ~_speaking_generally(inv, pairs) & _of_one_thing(inv, pairs)]
    pairs = pairs.assign(id=at(keys(inv), pairs["position"]))
    against = related(frame.index.to_series(), {"clauses": pairs.assign(origin=pairs["row"])})
    return frame.assign(related=against, contradict=against.str.len().astype(float))


@view("denied_biometrics", table="clauses")
def denied_biometrics(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause that denies biometric data, and a group of data: how many held categories ``contradict`` it.

    The ``group`` is *biometric*, or *likeness*: voices and pictures, biometric where they serve to tell who it is.
    """
    denials = _stated(inv, "denies", unless="asserts").query("statement == 'biometric'")[["origin"]]
    frame = denials.merge(pd.DataFrame({"group": [*dict.fromkeys(_BODIES.values())]}), how="cross")
    pairs = frame.reset_index(names="row").merge(_held_bodies(inv), on="group")
    pairs = pairs[_speaks_of(inv, pairs) & overlap(inv, pairs, "subject_ids")]
    parts = {table: pairs[pairs["table"] == table] for table in ("clauses", "fields")}
    parts["categories"] = pairs.assign(id=pairs["category"])
    parts = {table: part.assign(origin=part["row"]) for table, part in parts.items()}
    count = pairs.groupby("row")["category"].nunique().reindex(frame.index, fill_value=0)
    return frame.assign(related=related(frame.index.to_series(), parts), contradict=count.astype(float))


def keys(inv: Inventory) -> pd.Series[Any]:
    """Keys of the clauses by position, those of broken ids too."""
    return pd.Series(inv.keys["clauses"], index=inv.clauses.index, dtype=object)


def number(inv: Inventory) -> pd.Series[Any]:
    """Numbers of the clauses by position, written so that they sort as a reader counts: 7.9 before 7.10."""
    return keys(inv).astype(str).str.replace(r"\d+", lambda found: found[0].zfill(9), regex=True)


def being(inv: Inventory, *kinds: str) -> pd.Index[Any]:
    """Positions of the clauses of one of these kinds."""
    kind = inv.clauses["kinds"].explode().isin(kinds)
    return kind.index[kind].unique()


def saying(inv: Inventory, column: str, *statements: str) -> pd.Index[Any]:
    """Positions of the clauses that assert, deny or except one of these statements."""
    said = inv.clauses[column].explode().isin(statements)
    return said.index[said].unique()


def sweeping(inv: Inventory, column: str) -> pd.Index[Any]:
    """Positions of the clauses that name nobody or nothing in the column, or all: they speak of all."""
    unscoped = inv.clauses.index[inv.clauses[column].str.len().fillna(0) == 0]
    return unscoped.union(everything(inv, "clauses", column))


def overlap(inv: Inventory, pairs: pd.DataFrame, column: str) -> pd.Series[Any]:
    """Whether the clause and the other row may speak of the same things: ``origin``, and ``table`` and ``position``.

    A clause that names none speaks of all; a row of the register that names none is unknown, and proves nothing.
    """
    target = inv.schema.tables["clauses"].columns[column].to or ""
    named = along(links(inv, "clauses", column), kin(inv, target))[["origin", "other"]]
    others = pd.concat([_named(inv, table, column) for table in KEYS], ignore_index=True)
    met = pairs.reset_index().merge(named, on="origin").merge(others, on=["table", "position", "other"])["index"]
    wide = sweeping(inv, column)
    swept = pairs["origin"].isin(wide) | (pairs["table"].eq("clauses") & pairs["position"].isin(wide))
    return swept | pairs.index.isin(met)


def _named(inv: Inventory, table: str, column: str) -> pd.DataFrame:
    """Ids that rows of a table name in that column, or in the one that holds a single id: table, position, other."""
    held = column if column in inv.tables[table] else column.removesuffix("s")
    if held not in inv.tables[table]:
        return pd.DataFrame({"position": [], "other": [], "table": []}).astype({"position": int, "table": object})
    pairs = links(inv, table, held).set_axis(["position", "other"], axis=1)
    return pairs.assign(table=table)


def meets(inv: Inventory, pairs: pd.DataFrame, column: str, other: str | None = None) -> pd.Series[Any]:
    """Whether two clauses, at ``origin`` and ``position``, have an element in common: in one column each."""
    mine = inv.clauses[column].explode().dropna().astype(object).rename("what").rename_axis("origin").reset_index()
    theirs = inv.clauses[other or column].explode().dropna().astype(object).rename("what")
    theirs = theirs.rename_axis("position").reset_index()
    met = pairs.reset_index().merge(mine, on="origin").merge(theirs, on=["position", "what"])["index"]
    return pd.Series(pairs.index.isin(met), index=pairs.index, dtype=bool)


def excepted(inv: Inventory, pairs: pd.DataFrame) -> pd.Series[Any]:
    """Whether the other row is a clause that asserts something that the denial excepts."""
    return meets(inv, pairs, "except", "asserts") & pairs["table"].eq("clauses")


def _stated(inv: Inventory, column: str, *, unless: str) -> pd.DataFrame:
    """Statements of clauses: ``origin``, ``statement``; not those that the clause excepts, or says both ways."""
    parts = {name: inv.clauses[name].explode().dropna().astype(object) for name in (column, unless, "except")}
    pairs = {name: part.rename("statement").rename_axis("origin").reset_index() for name, part in parts.items()}
    blurred = pd.concat([pairs[unless], pairs["except"]])
    clear = ~pd.MultiIndex.from_frame(pairs[column]).isin(pd.MultiIndex.from_frame(blurred))
    return pairs[column][clear].drop_duplicates().reset_index(drop=True)


def _other_ground(inv: Inventory, law: LawPack) -> pd.Index[Any]:
    """Positions of the clauses that name grounds, and consent is none of them."""
    said = inv.clauses["basis_codes"].explode().dropna().astype(object)
    words = said.str.casefold().str.replace(r"\s+", " ", regex=True)
    consent = words.map(dict(law.basis_words)).fillna(said).isin(["consent", "all"])
    return said.index.unique().difference(said.index[consent])


def _of_another_right(inv: Inventory, stated: pd.DataFrame) -> pd.Series[Any]:
    """Whether refusal or withdrawal is told of rights other than that to withdraw consent."""
    kinds = inv.clauses["right_kinds"].explode().dropna()
    others = kinds.index.unique().difference(kinds.index[kinds.isin(["withdraw", "all"])])
    return stated["statement"].isin(_OF_CONSENT) & stated["origin"].isin(others)


def _excepted(inv: Inventory, pairs: pd.DataFrame) -> pd.Series[Any]:
    """Whether one of the two clauses excepts something that the other asserts."""
    swapped = pairs.rename(columns={"origin": "position", "position": "origin"})
    return meets(inv, pairs, "except", "asserts") | meets(inv, swapped, "except", "asserts")


def _speaking_generally(inv: Inventory, pairs: pd.DataFrame) -> pd.Series[Any]:
    """Whether a clause tells in general what is done, or not of personal data, and the other denies it of some."""
    sizes = pd.concat([inv.clauses[column].str.len().fillna(0) for column in SCOPES], axis=1).sum(axis=1)
    general = inv.clauses.index[sizes == 0]
    particular = inv.clauses.index.difference(sweeping(inv, SCOPES[0]))
    for column in SCOPES[1:]:
        particular = particular.union(inv.clauses.index.difference(sweeping(inv, column)))
    narrowed = pairs["position"].isin(general) & pairs["origin"].isin(particular)
    nobody = pairs["position"].isin(saying(inv, "asserts", "anonymised"))
    return ~pairs["statement"].isin(_PROMISES) & (narrowed | nobody)


def _of_one_thing(inv: Inventory, pairs: pd.DataFrame) -> pd.Series[Any]:
    """Whether natures of data and, of a list, what it lists do not keep the two clauses apart."""
    natural = meets(inv, pairs, "natures") | pairs["statement"].eq("biometric")
    natural |= pairs["origin"].isin(sweeping(inv, "natures")) | pairs["position"].isin(sweeping(inv, "natures"))
    listed = ~pairs["statement"].eq("open_list")
    for kind in _ENUMERATED:
        clauses = being(inv, kind)
        listed |= pairs["origin"].isin(clauses) & pairs["position"].isin(clauses)
    return natural & listed


def _held_bodies(inv: Inventory) -> pd.DataFrame:
    """Fields and clauses that hold data that may be biometric: table, position, id, ``category`` and its ``group``."""
    fields = held_fields(inv).rename_axis("position").reset_index().assign(table="fields")
    told = held_clauses(inv).merge(keys(inv).rename("id").rename_axis("position").reset_index(), on="id")
    told = told[~told["position"].isin(saying(inv, "asserts", "anonymised"))].assign(table="clauses")
    groups = inv.categories[["category_id", "nature"]].dropna().astype(object).set_axis(["category", "group"], axis=1)
    groups["group"] = groups["group"].map(_BODIES)
    held = pd.concat([part[["table", "position", "id", "category"]] for part in (fields, told)], ignore_index=True)
    return held.merge(groups.dropna().drop_duplicates("category"), on="category")


def _speaks_of(inv: Inventory, pairs: pd.DataFrame) -> pd.Series[Any]:
    """Whether the denial may speak of the category: it names none, or one on its line."""
    line = along(links(inv, "clauses", "category_ids"), kin(inv, "categories"))[["origin", "other"]]
    named = pd.MultiIndex.from_frame(pairs[["origin", "category"]]).isin(pd.MultiIndex.from_frame(line))
    return pairs["origin"].isin(sweeping(inv, "category_ids")) | named
