"""Whom and what the policy names, beside what is held and used: data, subjects, recipients, purposes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.inventory import keyed
from derbes.views.contradictions import saying
from derbes.views.links import active, along, at, kin, links, related
from derbes.views.registry import view
from derbes.views.scopes import clause_ids, meets, names, ongoing, told, unscoped
from derbes.views.use import counts, held_fields

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Kinds of clauses that mean every row when they say *all*; others only mean whatever there may be.
_LISTING = {"categories": ("data",), "subjects": ("scope", "subject", "data"), "recipients": ("recipient",)}
#: Statements whose denial says of what a clause names that it is not processed, not there, not given.
_DENIALS = {"categories": "biometric", "subjects": "minors", "recipients": "third_parties"}
_NAMED_IN = {"categories": "category_ids", "subjects": "subject_ids", "recipients": "recipient_ids"}
_KEYS = {"processing": "processing_id", "consents": "consent_id", "fields": "field_id", "systems": "system_id"}
#: Recipients of whom a clause speaks that names none, by the statement it makes.
_GENERAL = {"third_parties": ("third_party", "group"), "public": ("public",)}


@view("told_categories", table="categories", needs=("categories", "clauses"))
def told_categories(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a category: ``held`` now or not, in how many clauses ``named``; whether the ``policy`` names any data."""
    frame = _told(inv, "categories")
    general = inv.clauses.loc[_by_nature(inv), "natures"].explode()
    frame["named"] += inv.categories["nature"].astype(object).map(general.value_counts()).fillna(0)
    fields = held_fields(inv).rename(columns={"category": "at"})
    holders = _beside(inv, "categories", {"fields": fields, "processing": _using(inv, active(inv))})
    return frame.assign(held=holders.str.len() > 0, related=holders)


def _told(inv: Inventory, table: str) -> pd.DataFrame:
    """One row a row: in how many clauses it, or one on its line, is ``named``; whether the ``policy`` names any."""
    naming = _naming(inv, table)
    ids = inv.tables[table][inv.schema.tables[table].key].astype(object)
    line = along(naming, kin(inv, table))
    named = counts(line["clause"], line["other"], ids)
    return pd.DataFrame({"origin": ids.index, "named": named, "policy": len(naming) > 0})


def _naming(inv: Inventory, table: str) -> pd.DataFrame:
    return told(inv, table, _NAMED_IN[table], kinds=_LISTING[table], without=_DENIALS[table])


def _by_nature(inv: Inventory) -> pd.Index[Any]:
    """Positions of the clauses that say of what nature data are and name no category."""
    return unscoped(inv, "clauses", "category_ids").difference(saying(inv, "denies", "biometric"))


def _using(inv: Inventory, positions: pd.Index[Any]) -> pd.DataFrame:
    """Rows of the register at these positions by category that they, or fields of theirs, name: ``id``, ``at``."""
    named = links(inv, "processing", "category_ids").rename(columns={"id": "at"})
    fields = links(inv, "processing", "field_ids").rename(columns={"id": "field_id"})
    known = inv.fields[["field_id", "category_id"]].dropna().astype(object).rename(columns={"category_id": "at"})
    both = pd.concat([named, fields.merge(known, on="field_id")[["origin", "at"]]], ignore_index=True)
    both = both[both["origin"].isin(positions)].drop_duplicates()
    return both.assign(id=at(inv.processing["processing_id"].astype(object), both["origin"]))


def _naming_rows(inv: Inventory, table: str, column: str, positions: pd.Index[Any]) -> pd.DataFrame:
    """Rows of a table at these positions by id that they name in a column: ``id``, ``at``."""
    pairs = links(inv, table, column).rename(columns={"id": "at"})
    pairs = pairs[pairs["origin"].isin(positions)]
    return pairs.assign(id=at(inv.tables[table][_KEYS[table]].astype(object), pairs["origin"]))


def _beside(inv: Inventory, table: str, found: dict[str, pd.DataFrame]) -> pd.Series[Any]:
    """For each row of the table the rows, by table, that bear its id in their column ``at``."""
    ids = inv.tables[table][inv.schema.tables[table].key].astype(object)
    first = pd.Series(ids.index, index=ids).groupby(level=0).first()
    placed = {name: rows.assign(origin=rows["at"].astype(object).map(first)) for name, rows in found.items()}
    return related(pd.Series(ids.index, index=ids.index), placed)


def _clauses_on(inv: Inventory, table: str) -> pd.Series[Any]:
    """For each row of the table the clauses that name it."""
    naming = _naming(inv, table)
    clauses = at(inv.clauses["clause_id"].astype(object), naming["clause"])
    return _beside(inv, table, {"clauses": pd.DataFrame({"id": clauses, "at": naming["id"]})})


@view("listed_data", table="clauses", needs=("clauses", "categories", "fields", "processing"))
def listed_data(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause that lists data: how many categories are ``idle``, their ``names``; ``unsure`` of the register.

    Idle is what no field and no row of the register, in force or planned, has, nor anything on its line.
    """
    listed = links(inv, "clauses", "category_ids").drop_duplicates()
    listing = saying(inv, "kinds", "data").difference(unscoped(inv, "clauses", "category_ids"))
    listed = listed[listed["origin"].isin(listing.difference(saying(inv, "denies", "biometric")))]
    had = pd.concat([inv.fields["category_id"], _using(inv, ongoing(inv))["at"]]).dropna().astype(object)
    line = along(had.drop_duplicates().to_frame("id"), kin(inv, "categories"))["other"]
    idle = listed[~listed["id"].isin(line) & listed["id"].isin(inv.categories["category_id"])]
    frame = pd.DataFrame({"origin": listed["origin"].unique()})
    said = names(inv, "categories", idle["id"]).groupby(idle["origin"]).agg("; ".join)
    beside = related(frame["origin"], {"categories": idle})
    unsure = inv.processing.loc[ongoing(inv), ["category_ids", "field_ids"]].isna().all(axis=1).any()
    facts = {"idle": beside.str.len().astype(float), "names": frame["origin"].map(said), "related": beside}
    return frame.assign(**facts, unsure=bool(unsure))


@view("told_subjects", table="subjects", needs=("subjects", "clauses"))
def told_subjects(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a subject: whether data of it are ``held``, in how many clauses it is ``named``; ``policy``: any is."""
    places = {"fields": held_fields(inv).index, "processing": active(inv)}
    holders = {table: _naming_rows(inv, table, "subject_ids", rows) for table, rows in places.items()}
    beside = _beside(inv, "subjects", holders)
    return _told(inv, "subjects").assign(held=beside.str.len() > 0, related=beside)


@view("named_subjects", table="subjects", needs=("subjects", "clauses", "processing"))
def named_subjects(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a subject that a clause names: how many rows, planned ones too, ``have`` data of it or of its line.

    ``unsure``: some row of the register does not say whose data it is about.
    """
    places = {"fields": inv.fields.index, "consents": inv.consents.index, "processing": ongoing(inv)}
    rows = [_naming_rows(inv, table, "subject_ids", positions) for table, positions in places.items()]
    return _had(inv, "subjects", rows, unsure=inv.processing.loc[ongoing(inv), "subject_ids"].isna().any())


def _had(inv: Inventory, table: str, rows: list[pd.DataFrame], *, unsure: bool) -> pd.DataFrame:
    clauses = _clauses_on(inv, table)
    ids = inv.tables[table][inv.schema.tables[table].key].astype(object)
    line = along(pd.concat(rows, ignore_index=True)[["at"]].set_axis(["id"], axis=1), kin(inv, table))
    have = ids.map(line["other"].value_counts()).fillna(0).astype(float)
    frame = pd.DataFrame({"origin": ids.index, "have": have, "unsure": bool(unsure), "related": clauses})
    return frame[frame["related"].str.len() > 0]


@view("told_recipients", table="recipients", needs=("recipients", "clauses"))
def told_recipients(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a recipient: ``kind``, in how many clauses ``named``, how many of the rows that name it go ``untold``.

    A row goes untold where no clause names the recipient, and none about such recipients in general meets the row.
    ``policy``: clauses speak of any.
    """
    given = _given(inv).loc[lambda one: ~one["at"].isin(_naming(inv, "recipients")["id"])]
    met = {table: _general(inv, given, table) for table in ("processing", "consents")}
    untold = {table: given[given["table"].eq(table) & ~given.index.isin(met[table])] for table in met}
    beside = _beside(inv, "recipients", untold)
    spoken = saying(inv, "asserts", *_GENERAL).union(saying(inv, "denies", *_GENERAL))
    coded = inv.clauses[["recipient_ids", "recipient_kinds"]].notna().any(axis=1)
    frame = _told(inv, "recipients").assign(kind=inv.recipients["kind"].astype(object), untold=beside.str.len())
    return frame.astype({"untold": float}).assign(related=beside, policy=bool(coded.any()) or len(spoken) > 0)


def _given(inv: Inventory) -> pd.DataFrame:
    """Rows in force by recipient they name: ``id``, ``at``, ``table``, ``row`` (position), the recipient's ``kind``."""
    kinds = keyed(inv, "recipients")["kind"].astype(object)
    places = {"processing": active(inv), "consents": inv.consents.index}
    rows = [_naming_rows(inv, t, "recipient_ids", positions).assign(table=t) for t, positions in places.items()]
    given = pd.concat(rows, ignore_index=True).rename(columns={"origin": "row"})
    return given.assign(kind=given["at"].map(kinds).astype(object))


def _general(inv: Inventory, given: pd.DataFrame, table: str) -> pd.Index[Any]:
    """Index of those rows of a table to which a clause applies that speaks of recipients of that kind, naming none."""
    rows = given.loc[given["table"] == table, ["row", "kind"]].rename_axis("given").reset_index()
    pairs = _general_kinds(inv).merge(rows, on="kind")
    met = meets(inv, pairs, table, "subject_ids", "purpose_ids", blank=True)
    return pd.Index(pairs.loc[met, "given"].unique())


def _general_kinds(inv: Inventory) -> pd.DataFrame:
    """Clauses that speak of recipients and name none: ``clause``, ``kind``; not those on depersonalised data."""
    silent = unscoped(inv, "clauses", "recipient_ids").difference(saying(inv, "denies", "third_parties"))
    silent = silent.difference(saying(inv, "asserts", "anonymised"))
    telling = saying(inv, "kinds", "recipient").union(saying(inv, "asserts", *_GENERAL)).intersection(silent)
    kinds = inv.clauses.loc[telling, "recipient_kinds"].explode().dropna()
    parts = [pd.DataFrame({"clause": kinds.index, "kind": kinds.to_numpy(dtype=object)})]
    for statement, covered in _GENERAL.items():
        broad = saying(inv, "asserts", statement).intersection(silent).difference(kinds.index)
        parts.append(pd.DataFrame({"clause": broad}).merge(pd.DataFrame({"kind": covered}), how="cross"))
    return pd.concat(parts, ignore_index=True).drop_duplicates()


@view("named_recipients", table="recipients", needs=("recipients", "clauses", "processing"))
def named_recipients(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a recipient that a clause names: ``kind``, how many rows, planned ones too, ``have`` it; ``unsure``."""
    places = {"processing": ongoing(inv), "consents": inv.consents.index}
    rows = [_naming_rows(inv, table, "recipient_ids", positions) for table, positions in places.items()]
    rows.append(_naming_rows(inv, "systems", "provider_id", inv.systems.index))
    frame = _had(inv, "recipients", rows, unsure=inv.processing.loc[ongoing(inv), "recipient_ids"].isna().any())
    return frame.assign(kind=at(inv.recipients["kind"].astype(object), frame["origin"]))


@view("declared_subjects", table="processing", needs=("processing", "clauses"))
def declared_subjects(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a row of the register with a declared purpose: how many of its subjects are ``strangers`` to it."""
    return _strangers(inv, "subject_ids", _on_purpose(inv))


@view("declared_data", table="processing", needs=("processing", "clauses"))
def declared_data(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a row of the register with a declared purpose: how many of its categories are ``strangers`` to it."""
    pairs = _on_purpose(inv)
    return _strangers(inv, "category_ids", pairs[meets(inv, pairs, "processing", "subject_ids", blank=True)])


def _on_purpose(inv: Inventory) -> pd.DataFrame:
    """Clauses and rows of the register in force that name one purpose, or two of one line: ``clause``, ``row``."""
    named = along(links(inv, "clauses", "purpose_ids"), kin(inv, "purposes"))[["origin", "other"]]
    own = links(inv, "processing", "purpose_id").set_axis(["row", "id"], axis=1)
    own = own[own["row"].isin(active(inv))]
    pairs = named.set_axis(["clause", "id"], axis=1).merge(own, on="id")[["clause", "row"]]
    return pairs.drop_duplicates(ignore_index=True)


def _strangers(inv: Inventory, column: str, pairs: pd.DataFrame) -> pd.DataFrame:
    """``strangers``: how many ids of the row no clause on its purpose names; ``names`` of them; ``related`` to both.

    Rows are left out whose purpose a clause declares without naming anything in that column: it speaks of all.
    """
    declaring = pairs[pairs["clause"].isin(saying(inv, "kinds", "purpose"))]
    broad = declaring.loc[declaring["clause"].isin(unscoped(inv, "clauses", column)), "row"]
    declaring = declaring[~declaring["row"].isin([*broad, *unscoped(inv, "processing", column)])]
    rows = pd.Series(declaring["row"].unique(), dtype="int64")
    table = inv.schema.tables["clauses"].columns[column].to or ""
    own = links(inv, "processing", column).drop_duplicates()
    named = along(links(inv, "clauses", column), kin(inv, table)).rename(columns={"origin": "clause"})
    known = pairs.merge(named, on="clause")[["row", "other"]]
    strange = own[own["origin"].isin(rows) & ~pd.MultiIndex.from_frame(own).isin(pd.MultiIndex.from_frame(known))]
    said = names(inv, table, strange["id"]).groupby(strange["origin"]).agg("; ".join)
    beside = related(rows, clause_ids(inv, declaring, "row") | {table: strange})
    facts = {"strangers": counts(strange["id"], strange["origin"], rows), "names": rows.map(said), "related": beside}
    return pd.DataFrame({"origin": rows, **facts})
