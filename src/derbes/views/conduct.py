"""What the register shows to be done, beside what the policy promises of it: terms, consent, countries, measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes import period
from derbes.views.contradictions import saying
from derbes.views.links import active, along, at, everything, lineage, links, related
from derbes.views.registry import view
from derbes.views.scopes import clause_ids, crossed, labels, meets, unscoped

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

_SCOPES = ("subject_ids", "category_ids", "purpose_ids")
_COUNTRY = r"[A-Z]{2}|all"
#: How a term that is kept compares with one that is promised.
_COMPARED = ("fits", "longer", "unlike")
_COUNTABLE = ("fixed", "until", "indefinite")


@view("promised_terms", table="processing", needs=("processing", "clauses", "retention"))
def promised_terms(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a row of the register for whose data clauses promise terms: how many its own ``fits``, or else differs.

    ``longer``: of terms none of which it fits it outlasts so many; ``unlike``: it outlasts none, and so many run from
    another event, or say at least so long.
    """
    pairs = _promises(inv)
    pairs = pairs.assign(compared=_compared(inv, pairs["own"], pairs["id"]))
    tally = pd.crosstab(pairs["row"], pairs["compared"]).reindex(columns=[*_COMPARED], fill_value=0).astype(float)
    tally["longer"] = tally["longer"].mask(tally["fits"] > 0, 0)
    tally["unlike"] = tally["unlike"].mask((tally["fits"] > 0) | (tally["longer"] > 0), 0)
    frame = tally.rename_axis("origin").reset_index()
    terms = pd.concat([pairs[["row", "id"]], pairs[["row", "own"]].set_axis(["row", "id"], axis=1)])
    found = clause_ids(inv, pairs, "row") | {"retention": terms.rename(columns={"row": "origin"})}
    return frame.assign(related=related(frame["origin"], found))


def _promises(inv: Inventory) -> pd.DataFrame:
    """Clauses and rows in force of what they single out: ``clause``, ``row``, the terms ``id`` (promised) and ``own``.

    The stage that follows a promised term is promised with it.
    """
    named = links(inv, "clauses", "retention_ids").set_axis(["clause", "id"], axis=1)
    after = links(inv, "retention", "then_retention_id")
    after = pd.DataFrame({"id": at(inv.retention["retention_id"], after["origin"]), "then": after["id"]}).dropna()
    later = named.merge(after.astype(object), on="id")[["clause", "then"]].set_axis(["clause", "id"], axis=1)
    broad = set.intersection(*(set(unscoped(inv, "clauses", column)) for column in _SCOPES))
    own = links(inv, "processing", "retention_id").set_axis(["row", "own"], axis=1)
    pairs = crossed(named.loc[~named["clause"].isin(broad), "clause"].unique(), active(inv).intersection(own["row"]))
    pairs = pairs[meets(inv, pairs, "processing", *_SCOPES, blank=False)]
    return pairs.merge(pd.concat([named, later]).drop_duplicates(), on="clause").merge(own, on="row")


def _compared(inv: Inventory, own: pd.Series[Any], promised: pd.Series[Any]) -> np.ndarray:
    """How each own term compares with the promised one; what cannot be told apart fits."""
    terms = _terms(inv)
    a, b = (terms.reindex(ids).reset_index(drop=True) for ids in (own, promised))
    same = pd.Series(own.to_numpy() == promised.to_numpy(), index=a.index)
    known = a["kind"].isin(_COUNTABLE) & b["kind"].isin(_COUNTABLE)
    endless_a, endless_b = a["kind"].eq("indefinite"), b["kind"].eq("indefinite")
    apart = a["event"].notna() & b["event"].notna() & a["event"].ne(b["event"])
    meant = a["kind"].eq(b["kind"]) | (a["event"].notna() & b["event"].notna())
    days_a, days_b = a["days"].fillna(0), b["days"].fillna(0)
    longer = pd.Series("longer", index=a.index).mask(b["bound"].eq("min"), "fits")
    cases: list[tuple[pd.Series[Any], Any]] = [
        (same | ~known | (endless_a & endless_b), "fits"),
        (endless_a, "longer"),
        (endless_b, "unlike"),
        (~meant, "fits"),
        (apart, "unlike"),
        (days_a > days_b, longer),
        ((days_a < days_b) & b["bound"].isin(["min", "exact"]), "unlike"),
    ]
    return np.select([case.to_numpy() for case, _ in cases], [said for _, said in cases], default="fits")


def _terms(inv: Inventory) -> pd.DataFrame:
    """Terms of storage by id: ``kind``, ``days``, ``event`` that starts or ends them, ``bound``."""
    parsed, frame = period.parse_all(inv.retention["period"]), inv.retention
    read, said = parsed["trigger"].astype(object), frame["trigger"].astype(object)
    event = read.where(parsed["kind"].eq("until"), said.fillna(read))
    terms = pd.DataFrame({"kind": parsed["kind"], "days": parsed["days"], "event": event, "bound": frame["bound"]})
    return terms.set_axis(frame["retention_id"].astype(object)).loc[lambda one: ~one.index.duplicated()]


@view("promised_grounds", table="processing", needs=("processing", "clauses"))
def promised_grounds(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a row of the register on whose purpose clauses name grounds: its ``own`` and the ``promised`` ones.

    Both as *consent*, *other* or *both*.
    """
    promised = inv.clauses["basis_codes"].explode().dropna().astype(object)
    promised = promised[~promised.isin(["all", "none"]) & promised.index.isin(saying(inv, "kinds", "basis", "consent"))]
    own = inv.processing["legal_basis"].dropna().astype(object).str.split(";").explode().str.strip()
    pairs = _of_purpose(inv)
    pairs = pairs[pairs["clause"].isin(promised.index) & pairs["row"].isin(own.index[own.ne("")])]
    each = pairs.merge(promised.rename("said"), left_on="clause", right_index=True)
    frame = pd.DataFrame({"origin": pairs["row"].drop_duplicates().to_numpy()})
    frame = frame.assign(own=frame["origin"].map(_sorts(law, own[own.ne("")])))
    frame = frame.assign(promised=frame["origin"].map(_sorts(law, each.set_index("row")["said"])))
    return frame.assign(related=related(frame["origin"], clause_ids(inv, pairs, "row")))


def _sorts(law: LawPack, said: pd.Series[Any]) -> pd.Series[Any]:
    """By the index of the grounds: whether they are consent, something else, or both."""
    consent = said.map(law.basis).eq("consent").groupby(level=0)
    mixed = pd.Series("both", index=consent.any().index, dtype=object)
    return mixed.mask(consent.all(), "consent").mask(~consent.any(), "other")


def _of_purpose(inv: Inventory) -> pd.DataFrame:
    """Clauses and rows in force whose purpose they name, or one above it, for these subjects: ``clause``, ``row``."""
    own = links(inv, "processing", "purpose_id")
    own = along(own[own["origin"].isin(active(inv))], lineage(inv, "purposes").set_axis(["id", "other"], axis=1))
    own = own[["origin", "other"]].set_axis(["row", "id"], axis=1)
    broad = unscoped(inv, "clauses", "purpose_ids")
    named = links(inv, "clauses", "purpose_ids").set_axis(["clause", "id"], axis=1)
    pairs = named[~named["clause"].isin(broad)].merge(own, on="id")[["clause", "row"]].drop_duplicates()
    pairs = pairs.reset_index(drop=True)
    return pairs[meets(inv, pairs, "processing", "subject_ids", blank=False)]


@view("denied_transfers", table="clauses", needs=("clauses", "processing"))
def denied_transfers(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a clause that denies transfers abroad: how many rows in force are ``against`` it, and which."""
    denying = _unexcepted(inv)
    frame = pd.DataFrame({"origin": denying})
    found = {table: _against(inv, denying, rows, table) for table, rows in _abroad(inv, law).items()}
    beside = related(frame["origin"], found)
    return frame.assign(against=beside.str.len().astype(float), related=beside)


def _unexcepted(inv: Inventory) -> pd.Index[Any]:
    return saying(inv, "denies", "cross_border").difference(saying(inv, "except", "cross_border"))


def _against(inv: Inventory, denying: pd.Index[Any], rows: pd.Index[Any], table: str) -> pd.DataFrame:
    """Rows of a table that meet clauses on everything that these single out: ``origin`` (clause), ``id``."""
    pairs = crossed(denying, rows)
    pairs = pairs[meets(inv, pairs, table, *_SCOPES, "recipient_ids", blank=False)]
    ids = at(inv.tables[table][inv.schema.tables[table].key].astype(object), pairs["row"])
    return pd.DataFrame({"origin": pairs["clause"], "id": ids})


def _abroad(inv: Inventory, law: LawPack) -> dict[str, pd.Index[Any]]:
    """Positions, by table, of the rows by which data go abroad now: register and consents."""
    outside = _foreign(inv, law, "recipients", "countries").difference(inv.recipients.index[_public(inv)])
    there = inv.recipients.loc[outside, "recipient_id"]
    stores = inv.systems.loc[_foreign(inv, law, "systems", "storage_countries"), ["system_id", "status"]]
    places = stores.loc[stores["status"].ne("retired"), "system_id"]
    given, kept = (links(inv, "processing", column) for column in ("recipient_ids", "system_ids"))
    rows = pd.Index([*given.loc[given["id"].isin(there), "origin"], *kept.loc[kept["id"].isin(places), "origin"]])
    told = links(inv, "consents", "recipient_ids")
    agreed = _foreign(inv, law, "consents", "countries").union(told.loc[told["id"].isin(there), "origin"].unique())
    return {"processing": active(inv).intersection(rows.unique()), "consents": agreed}


def _public(inv: Inventory) -> pd.Series[Any]:
    """Whether a recipient is everybody: what is published is read everywhere, and is no transfer."""
    return inv.recipients["kind"].eq("public")


def _foreign(inv: Inventory, law: LawPack, table: str, column: str) -> pd.Index[Any]:
    """Positions of the rows of a table that name another country than the law's own."""
    named = inv.tables[table][column].explode().dropna().astype(object)
    return named.index[named.str.fullmatch(_COUNTRY) & named.ne(law.country)].unique()


@view("told_transfers", table="processing", needs=("processing", "clauses"))
def told_transfers(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a row of the register by which data go abroad: how many clauses ``tell`` or ``deny`` that of its data.

    ``policy``: some clause tells of transfers abroad.
    """
    rows = _abroad(inv, law)["processing"]
    telling = saying(inv, "asserts", "cross_border").difference(saying(inv, "denies", "cross_border"))
    beside = related(pd.Series(rows, dtype="int64"), clause_ids(inv, crossed(telling, rows), "row"))
    frame = pd.DataFrame({"origin": rows, "policy": len(telling) > 0, "related": beside})
    return frame.assign(tell=_meeting(inv, telling, rows), deny=_meeting(inv, _unexcepted(inv), rows))


def _meeting(inv: Inventory, clauses: pd.Index[Any], rows: pd.Index[Any]) -> np.ndarray:
    """How many of the clauses speak of what each row does, in the order of the rows."""
    pairs = crossed(clauses, rows)
    met = pairs.loc[meets(inv, pairs, "processing", *_SCOPES, "recipient_ids", blank=True), "row"].value_counts()
    return met.reindex(rows, fill_value=0).to_numpy(dtype=float)


@view("promised_measures", table="systems", needs=("systems", "clauses"))
def promised_measures(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a system in use whose measures are known: how many promised for all data are ``missing``, and labels."""
    known = inv.systems["measures"].notna() & inv.systems["status"].ne("retired")
    frame = pd.DataFrame({"origin": inv.systems.index[known].difference(everything(inv, "systems", "measures"))})
    own = inv.systems["measures"].explode().dropna().astype(object).rename("code").rename_axis("origin").reset_index()
    wanted = frame.merge(_measures(inv), how="cross")
    wanted = wanted[~pd.MultiIndex.from_frame(wanted[["origin", "code"]]).isin(pd.MultiIndex.from_frame(own))]
    each = wanted.drop_duplicates(["origin", "code"])
    words = labels(inv, each["code"], "measure").groupby(each["origin"]).agg(", ".join)
    words = words.assign(missing=each.groupby("origin").size().astype(float))
    frame = frame.merge(words.reset_index(), on="origin", how="left").fillna({"missing": 0.0})
    medium = at(inv.systems["medium"].astype(object), frame["origin"])
    return frame.assign(medium=medium, related=related(frame["origin"], clause_ids(inv, wanted, "origin")))


def _measures(inv: Inventory) -> pd.DataFrame:
    """Measures that clauses on security promise without singling anything out: ``clause``, ``code``."""
    broad = set.intersection(*(set(unscoped(inv, "clauses", column)) for column in _SCOPES))
    named = inv.clauses["elements"].explode().dropna().astype(object).rename("code").rename_axis("clause").reset_index()
    telling = named["clause"].isin(saying(inv, "kinds", "security").intersection([*broad]))
    return named[telling & named["code"].isin([*inv.schema.lists["measure"]])].drop_duplicates()
