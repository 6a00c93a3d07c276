"""Whether commitments agree and stand where one looks: terms of storage, rights told twice, sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import period
from derbes.views.contradictions import being, keys, meets, number, overlap, sweeping
from derbes.views.links import at, kin, links, related, singles
from derbes.views.registry import view

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Kinds of clauses that commit the operator to something, and kinds among which a reader looks for each.
_LOOKED_FOR_AMONG = {
    "right": ("right", "consent", "duty", "contact"),
    "consent": ("consent", "basis", "purpose", "right"),
    "recipient": ("recipient", "purpose", "security", "consent"),
    "retention": ("retention", "data", "purpose", "subject", "consent"),
}
_COMPARABLE = ("fixed", "until", "indefinite")
_SAME = ("subject_ids", "category_ids", "purpose_ids")


@view("policy_terms", table="clauses", needs=("clauses", "retention"))
def policy_terms(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause whose terms of storage can be compared: how many later clauses on the same ``differ``.

    *The same* is meant narrowly, since of one thing a term may well be special: the same groups, data and purposes.
    """
    terms = _terms(inv)
    frame = pd.DataFrame({"origin": terms["origin"].unique()})
    pairs = _later(inv, frame).assign(named=False)
    for column in _SAME:
        wide = pairs[["origin", "position"]].isin(sweeping(inv, column))
        named = meets(inv, pairs, column) & ~wide.any(axis=1)
        pairs = pairs.assign(named=pairs["named"] | named)[named | wide.all(axis=1)]
    pairs = pairs[pairs["named"] & ~_of_one_line(inv, pairs) & ~_agreeing(pairs, terms)]
    return _against(frame, pairs)


def _terms(inv: Inventory) -> pd.DataFrame:
    """Terms that clauses of retention name, where all that a clause names can be compared; with later stages."""
    named = links(inv, "clauses", "retention_ids")
    named = named[named["origin"].isin(being(inv, "retention"))]
    known = period.parse_all(inv.retention["period"]).assign(
        id=inv.retention["retention_id"].astype(object),
        bound=inv.retention["bound"].astype(object),
        then=inv.retention["then_retention_id"].astype(object),
        began=inv.retention["trigger"].astype(object),
    )
    known["trigger"] = known["began"].fillna(known["trigger"])
    known = known.drop_duplicates("id").dropna(subset=["id"])
    told = named.merge(known[known["kind"].isin(_COMPARABLE)], on="id", how="left")
    vague = told.loc[told["kind"].isna(), "origin"]
    return told[~told["origin"].isin(vague)]


def _agreeing(pairs: pd.DataFrame, terms: pd.DataFrame) -> pd.Series[Any]:
    """Whether two clauses have terms that can both hold: equal ones, a stage and the next, a least and a longest."""
    theirs = terms.rename(columns={"origin": "position"})
    both = pairs.reset_index().merge(terms, on="origin").merge(theirs, on="position", suffixes=("", "_y"))
    length = (both["days"] == both["days_y"]) | (both["days"].isna() & both["days_y"].isna())
    begun = (both["trigger"] == both["trigger_y"]) | both["trigger"].isna() | both["trigger_y"].isna()
    equal = (both["kind"] == both["kind_y"]) & length & begun
    staged = (both["then"] == both["id_y"]) | (both["then_y"] == both["id"]) | (both["id"] == both["id_y"])
    ranged = both["bound"].eq("min") != both["bound_y"].eq("min")
    return pd.Series(pairs.index.isin(both.loc[equal | staged | ranged, "index"]), index=pairs.index, dtype=bool)


@view("repeated_rights", table="clauses")
def repeated_rights(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """Two rows a clause that grants rights, on its deadline and on its channels: how many later clauses ``differ``.

    ``what`` is *deadline* or *channels*. Deadlines of different channels may differ.
    """
    granted = inv.clauses["right_kinds"].explode().dropna()
    frame = pd.DataFrame({"origin": granted[granted != "all"].index.unique()})
    pairs = _later(inv, frame)
    pairs = pairs[meets(inv, pairs, "right_kinds")]
    for column in _SAME:
        pairs = pairs[overlap(inv, pairs, column)]
    wide = pairs[["origin", "position"]].isin(sweeping(inv, "channels")).any(axis=1)
    apart = ~wide & ~meets(inv, pairs, "channels")
    days = inv.clauses["deadline_days"].astype(float)
    longer = (at(days, pairs["origin"]) - at(days, pairs["position"])).fillna(0) != 0
    found = {"deadline": pairs[longer & ~apart], "channels": pairs[apart]}
    return pd.concat([_against(frame, some).assign(what=what) for what, some in found.items()], ignore_index=True)


@view("commitments", table="clauses")
def commitments(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a commitment (``kind``) of a numbered clause: how many others in its section are ``akin``.

    ``home`` is another section that has most clauses of the kind, and several; ``elsewhere`` whether there is one.
    """
    kinds = _kinds(inv)
    numbered = keys(inv).str.contains(".", regex=False)
    shared = kinds["section"].isin(kinds.groupby("section")["origin"].nunique().loc[lambda size: size > 1].index)
    frame = kinds[kinds["kind"].isin(_LOOKED_FOR_AMONG) & at(numbered, kinds["origin"]) & shared].reset_index(drop=True)
    home = _homes(frame, kinds)
    there = frame[["kind"]].assign(section=home.astype(object), row=frame.index)
    there = there.merge(kinds, on=["kind", "section"])
    there = pd.DataFrame({"origin": there["row"], "id": at(keys(inv), there["origin"])})
    against = related(frame.index.to_series(), {"clauses": there})
    facts = {"akin": _akin(frame, kinds), "home": home, "elsewhere": home.notna(), "related": against}
    return frame.assign(**facts, sub=singles(frame["kind"]), **_labels(inv, frame["kind"]))


def _kinds(inv: Inventory) -> pd.DataFrame:
    """Kinds of the clauses that have a number: ``origin``, ``kind``, ``section``, the number's first part."""
    section = keys(inv)[inv.clauses["clause_id"].notna()].str.split(".").str[0]
    kinds = inv.clauses["kinds"].explode().dropna().rename("kind").rename_axis("origin").reset_index()
    return (
        kinds.assign(section=kinds["origin"].map(section).astype(object)).dropna(subset=["section"]).drop_duplicates()
    )


def _akin(frame: pd.DataFrame, kinds: pd.DataFrame) -> pd.Series[Any]:
    """How many other clauses of its section are of a kind among which a reader looks for the row's."""
    among = pd.Series(_LOOKED_FOR_AMONG).explode().rename("found").rename_axis("kind").reset_index()
    near = frame.reset_index(names="row").merge(among, on="kind")
    near = near.merge(kinds.rename(columns={"kind": "found", "origin": "position"}), on=["section", "found"])
    count = near[near["origin"] != near["position"]].groupby("row")["position"].nunique()
    return count.reindex(frame.index, fill_value=0).astype(float)


def _homes(frame: pd.DataFrame, kinds: pd.DataFrame) -> pd.Series[Any]:
    """The section that has most clauses of a row's kind, the first of several; missing where it is the row's own."""
    tally = kinds.groupby(["kind", "section"])["origin"].nunique().rename("size").reset_index()
    tally = tally[tally["size"] > 1].assign(order=tally["section"].astype(str).str.zfill(9))
    best = tally.sort_values(["size", "order"], ascending=[False, True]).drop_duplicates("kind")
    home = frame["kind"].map(best.set_index("kind")["section"])
    return home.astype(object).where(home.ne(frame["section"]))


def _labels(inv: Inventory, kinds: pd.Series[Any]) -> dict[str, pd.Series[Any]]:
    """Words for kinds of clauses, by language: ``kind_ru``."""
    words = pd.DataFrame.from_dict(inv.schema.lists["clause_kind"], orient="index")
    return {f"kind_{lang}": kinds.map(words[lang]) for lang in words}


def _later(inv: Inventory, frame: pd.DataFrame) -> pd.DataFrame:
    """Pairs of the frame's clauses, the first by number as ``origin``: ``origin``, ``position``, ``table``, ``id``."""
    pairs = frame.merge(frame.rename(columns={"origin": "position"}), how="cross").assign(table="clauses")
    order = number(inv)
    pairs = pairs[at(order, pairs["origin"]) < at(order, pairs["position"])]
    return pairs.assign(id=at(keys(inv), pairs["position"]))


def _of_one_line(inv: Inventory, pairs: pd.DataFrame) -> pd.Series[Any]:
    """Whether one clause stands above the other, and so they are parts of one statement."""
    line = kin(inv, "clauses").set_axis(["id", "first"], axis=1)
    both = pairs.assign(first=at(keys(inv), pairs["origin"]))[["id", "first"]]
    met = pd.MultiIndex.from_frame(both).isin(pd.MultiIndex.from_frame(line))
    return pd.Series(met, index=pairs.index, dtype=bool)


def _against(frame: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """The frame with how many clauses ``differ`` from that of a row, and which."""
    count = frame["origin"].map(pairs.groupby("origin")["position"].nunique()).fillna(0).astype(float)
    return frame.assign(differ=count, related=related(frame["origin"], {"clauses": pairs}))
