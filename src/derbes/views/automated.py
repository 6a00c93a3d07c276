"""Decisions that a program takes by itself, and consents given for children, beside rows of the register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.views.links import active, along, at, everything, kin, links, related, singles, status
from derbes.views.registry import view
from derbes.views.use import counts, field_uses, grounds

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

_SCOPES = ("subject_ids", "purpose_ids")
_REUSE = "public_reuse"


@view("automated_decisions", table="processing")
def automated_decisions(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a row of the register: whether it is ``automated``, ``status``, its ``grounds`` in consent or a law."""
    told = grounds(inv, law)
    lawful = told["basis"].isin(law.bases.loc[law.bases["valid"] & law.bases["code"].ne(_REUSE), "code"])
    number = lawful.groupby(told["origin"]).sum().reindex(inv.processing.index).astype(float)
    frame = pd.DataFrame({"origin": inv.processing.index, "grounds": number, "status": status(inv)})
    return frame.assign(automated=inv.processing["automated_decision"].fillna(value=False).astype(bool))


@view("automated_clauses", table="processing", needs=("processing", "clauses"))
def automated_clauses(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a row of the register in force whose decisions are automated: how many clauses ``disclose`` them."""
    told = inv.clauses["asserts"].explode().eq("automated").groupby(level=0).any()
    told |= inv.clauses["elements"].explode().eq("automated.explanation").groupby(level=0).any()
    return _beside_automated(inv, "clauses", inv.clauses.index[told]).rename(columns={"number": "disclose"})


@view("automated_rights", table="processing", needs=("processing", "rights"))
def automated_rights(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a row of the register in force whose decisions are automated: how many ``procedures`` hear objections."""
    hearing = inv.rights.index[inv.rights["kind"].eq("object_automated")]
    return _beside_automated(inv, "rights", hearing).rename(columns={"number": "procedures"})


def _beside_automated(inv: Inventory, table: str, positions: pd.Index[Any]) -> pd.DataFrame:
    """Rows in force with automated decisions, and the ``number`` of those rows of the table that may speak of each."""
    alone = inv.processing["automated_decision"].fillna(value=False).astype(bool)
    frame = pd.DataFrame({"origin": active(inv).intersection(inv.processing.index[alone])})
    pairs = frame.merge(pd.DataFrame({"position": positions}), how="cross")
    for column in _SCOPES:
        pairs = pairs[_meet(inv, pairs, table, column)]
    return frame.assign(number=counts(pairs["position"], pairs["origin"], frame["origin"]))


def _meet(inv: Inventory, pairs: pd.DataFrame, table: str, column: str) -> pd.Series[Any]:
    """Whether a row of the register and one of the table may speak of the same; who names nothing speaks of all."""
    own = column if column in inv.processing else column.removesuffix("s")
    line = kin(inv, inv.schema.tables[table].columns[column].to or "")
    named = along(links(inv, "processing", own), line)[["origin", "other"]]
    others = links(inv, table, column).set_axis(["position", "other"], axis=1)
    met = pairs.reset_index().merge(named, on="origin").merge(others, on=["position", "other"])["index"]
    cells = inv.tables[table][column]
    sweeping = cells.index[cells.str.len().fillna(0) == 0].union(everything(inv, table, column))
    unknown = inv.processing.index[inv.processing[own].isna()]
    return pairs.index.isin(met) | pairs["position"].isin(sweeping) | pairs["origin"].isin(unknown)


@view("minors_consents", table="processing", needs=("processing", "subjects", "consents"))
def minors_consents(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a row of the register in force that rests on consent alone, and a subject under age whom it names.

    ``given_by`` is who gives the consents that may speak of them, missing where one does not say; ``represented``
    whether a representative gives data for the row.
    """
    pairs = _minors(inv, law)
    spoken = _consents_for(inv, pairs)
    given = spoken.groupby("pair")["given_by"].agg(_giver).reindex(pairs.index)
    proxies = inv.fields.loc[inv.fields["source"].eq("representative"), "field_id"]
    uses = field_uses(inv)
    represented = pairs["origin"].isin(uses.loc[uses["id"].isin(proxies), "origin"])
    beside = {"consents": spoken.assign(origin=spoken["pair"]), "subjects": pairs.assign(origin=pairs.index)}
    found = related(pd.Series(pairs.index, index=pairs.index), beside)
    return pairs.assign(given_by=given, represented=represented, sub=singles(pairs["id"]), related=found)


def _minors(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """Subjects under age whom rows of the register in force name that rest on consent alone: ``origin``, ``id``."""
    told = grounds(inv, law)
    alone = told["basis"].eq("consent").groupby(told["origin"]).all()
    young = inv.subjects.loc[inv.subjects["minors"].fillna(value=False).astype(bool), "subject_id"]
    pairs = links(inv, "processing", "subject_ids")
    pairs = pairs[pairs["id"].isin(young) & pairs["origin"].isin(active(inv).intersection(alone.index[alone]))]
    return pairs.drop_duplicates().reset_index(drop=True)


def _giver(said: pd.Series[Any]) -> object:
    """Who gives several consents: a representative where one does, nobody known where one does not say."""
    return "representative" if said.eq("representative").any() else None if said.isna().any() else "subject"


def _consents_for(inv: Inventory, pairs: pd.DataFrame) -> pd.DataFrame:
    """Consents of the row of each ``pair`` that may speak of its subject: ``pair``, ``id``, ``given_by``."""
    numbered = pairs[["origin", "id"]].set_axis(["origin", "subject"], axis=1).assign(pair=pairs.index)
    own = links(inv, "processing", "consent_ids").merge(numbered, on="origin")
    frame = inv.consents.dropna(subset="consent_id").drop_duplicates("consent_id")
    spoken = along(links(inv, "consents", "subject_ids"), kin(inv, "subjects"))
    spoken = spoken[spoken["origin"].isin(frame.index)]
    spoken["id"] = at(inv.consents["consent_id"].astype(object), spoken["origin"])
    named = pd.MultiIndex.from_frame(spoken[["id", "other"]])
    silent = frame.loc[frame["subject_ids"].isna(), "consent_id"]
    meant = pd.MultiIndex.from_frame(own[["id", "subject"]]).isin(named) | own["id"].isin(silent)
    meant |= ~own["id"].isin(frame["consent_id"])
    return own[meant].assign(given_by=own["id"].map(frame.set_index("consent_id")["given_by"].astype(object)))
