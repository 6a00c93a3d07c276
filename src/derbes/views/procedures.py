"""Rights that the policy promises, beside the procedures that the operator has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from derbes.views.contradictions import number, saying
from derbes.views.links import at, related, singles
from derbes.views.registry import view
from derbes.views.scopes import clause_ids, labels, meets, within

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Rights that one procedure commonly serves: whoever sees the data knows of them, whoever mends them completes them.
_ONE_PROCEDURE = {"access": "know", "supplement": "correct"}
#: Kinds of clauses whose deadline and channels are a promise to those who exercise a right.
_PROMISING = ("right", "procedure")
_SCOPES = ("subject_ids", "purpose_ids")
_RIGHT = ["clause", "kind"]


@view("granted_rights", table="clauses", needs=("clauses", "rights"))
def granted_rights(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a ``kind`` of right that clauses grant: how many of those are ``unserved``, met by no procedure of it.

    It stands at the first of these by number, and at the first clause that grants it where there are none.
    """
    granted = _granted(inv)
    served = _procedures(inv, granted).loc[lambda pairs: pairs["met"], _RIGHT]
    unserved = ~pd.MultiIndex.from_frame(granted).isin(pd.MultiIndex.from_frame(served))
    granted = granted.assign(unserved=unserved, number=granted["clause"].map(number(inv)))
    granted = granted.sort_values(["kind", "unserved", "number"], ascending=[True, False, True])
    tally = granted.groupby("kind")["unserved"].sum().astype(float)
    frame = granted.drop_duplicates("kind").set_index("clause").rename_axis("origin").reset_index()
    frame = frame[["origin", "kind"]].assign(unserved=frame["kind"].map(tally), sub=singles(frame["kind"]))
    beside = related(frame["kind"], clause_ids(inv, granted[granted["unserved"]], "kind"))
    return frame.assign(related=beside).join(labels(inv, frame["kind"], "right_kind"))


def _granted(inv: Inventory) -> pd.DataFrame:
    """Kinds of rights that clauses speak of without denying them: ``clause``, ``kind``."""
    kinds = inv.clauses["right_kinds"].explode().dropna().astype(object).rename("kind").rename_axis("clause")
    granted = kinds.reset_index().drop_duplicates(ignore_index=True)
    return granted[~granted["clause"].isin(saying(inv, "denies", "refusal", "withdrawal"))].reset_index(drop=True)


def _procedures(inv: Inventory, granted: pd.DataFrame) -> pd.DataFrame:
    """Clauses beside the procedures for the right that they grant: ``clause``, ``kind``, ``row``, ``met`` or not."""
    own = inv.rights["kind"].dropna().astype(object).replace(_ONE_PROCEDURE).rename("family").rename_axis("row")
    pairs = granted.assign(family=granted["kind"].replace(_ONE_PROCEDURE)).merge(own.reset_index(), on="family")
    return pairs.assign(met=meets(inv, pairs, "rights", "subject_ids", blank=True))


def _promised(inv: Inventory) -> pd.DataFrame:
    """Clauses that promise how a right is exercised beside the procedures that may be meant: ``clause``, ``row``."""
    pairs = _procedures(inv, _granted(inv))
    pairs = pairs[pairs["met"] & pairs["clause"].isin(saying(inv, "kinds", *_PROMISING))].reset_index(drop=True)
    return pairs[meets(inv, pairs, "rights", "purpose_ids", blank=True)].reset_index(drop=True)


@view("told_rights", table="rights", needs=("rights", "clauses"))
def told_rights(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a procedure: ``kind``, how many clauses ``tell`` of that right of these subjects; ``policy``: of any.

    Of a procedure whose right is not known nothing is said.
    """
    granted = _granted(inv)
    pairs = _procedures(inv, granted)
    tell = pairs.loc[pairs["met"], "row"].value_counts()
    own = inv.rights["clauses"].str.len().fillna(0).astype(float)
    frame = pd.DataFrame({"origin": inv.rights.index, "kind": inv.rights["kind"].astype(object)})
    tell = (frame["origin"].map(tell).fillna(0) + own).mask(frame["kind"].isna())
    frame = frame.assign(tell=tell, policy=len(granted) > 0)
    return frame.join(labels(inv, frame["kind"], "right_kind"))


@view("promised_deadlines", table="rights", needs=("rights", "clauses"))
def promised_deadlines(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a procedure with a deadline in ``days`` for which clauses promise one: the longest, ``promised``.

    Only clauses count in whose scope the procedure lies as a whole.
    """
    pairs = _promised(inv)
    pairs = pairs[pairs["kind"].eq(at(inv.rights["kind"].astype(object), pairs["row"]))]
    pairs = pairs[within(inv, pairs, "rights", *_SCOPES)]
    pairs = pairs.assign(days=pairs["clause"].map(inv.clauses["deadline_days"]).astype(float)).dropna(subset="days")
    promised = pairs.groupby("row")["days"].max()
    frame = pd.DataFrame({"origin": promised.index, "promised": promised.to_numpy()})
    days = frame["origin"].map(inv.rights["deadline_days"]).astype(float)
    frame = frame.assign(days=days, related=related(frame["origin"], clause_ids(inv, pairs, "row")))
    return frame.dropna(subset="days")


@view("promised_channels", table="clauses", needs=("clauses", "rights"))
def promised_channels(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause and a right for which it promises channels: how many are ``unserved``, and their labels.

    Left out are rights of whose procedures not all tell their channels.
    """
    pairs = _promised(inv)
    kept, missing = _channels(inv, pairs)
    words = labels(inv, missing["channel"], "channel").groupby([missing["clause"], missing["kind"]]).agg(", ".join)
    tally = words.assign(unserved=missing.groupby(_RIGHT).size().astype(float))
    frame = kept.merge(tally.reset_index(), on=_RIGHT, how="left").fillna({"unserved": 0.0})
    ids = pairs.assign(id=at(inv.rights["right_id"].astype(object), pairs["row"]))
    ids = ids.merge(frame.reset_index()[[*_RIGHT, "index"]], on=_RIGHT).rename(columns={"index": "origin"})
    beside = related(pd.Series(frame.index, index=frame.index), {"rights": ids})
    return frame.rename(columns={"clause": "origin"}).assign(sub=singles(frame["kind"]), related=beside)


def _channels(inv: Inventory, pairs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rights by clause whose promise of channels can be judged, and what of it no procedure serves."""
    own, said = (_each(inv, table) for table in ("rights", "clauses"))
    told_all = own.loc[own["channel"].eq("all"), "origin"]
    unclear = pairs["row"].isin([*inv.rights.index[inv.rights["channels"].isna()], *told_all])
    dark = pd.MultiIndex.from_frame(pairs.loc[unclear, _RIGHT])
    clear = pairs.loc[~pd.MultiIndex.from_frame(pairs[_RIGHT]).isin(dark), [*_RIGHT, "row"]]
    promised = clear[_RIGHT].drop_duplicates().merge(said.rename(columns={"origin": "clause"}), on="clause")
    promised = promised[promised["channel"].ne("all")].reset_index(drop=True)
    served = clear.merge(own.rename(columns={"origin": "row"}), on="row")[[*_RIGHT, "channel"]]
    missing = promised[~pd.MultiIndex.from_frame(promised).isin(pd.MultiIndex.from_frame(served))]
    return promised[_RIGHT].drop_duplicates(ignore_index=True), missing


def _each(inv: Inventory, table: str) -> pd.DataFrame:
    """Channels that rows of a table name: ``origin``, ``channel``."""
    named = inv.tables[table]["channels"].explode().dropna().astype(object).rename("channel").rename_axis("origin")
    return named.reset_index().drop_duplicates(ignore_index=True)
