"""What single clauses of the policy promise or take away: lists, terms, consent, ways out, deadlines, liability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import period
from derbes.inventory import keyed
from derbes.text import LANGUAGES
from derbes.views.links import at, lineage, links, related
from derbes.views.registry import view
from derbes.views.wording import numbered

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: What a list is of, by what its clause is about; the first that fits.
_LISTS = ("data", "subject", "purpose")
_WAYS_OUT = ("refusal", "withdrawal")


@view("open_lists", table="clauses")
def open_lists(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause: ``open``, of what its list is that it leaves open (data, subject, purpose, other), or none."""
    left_open = _has(inv, "asserts", "open_list")
    found = pd.Series("other", index=inv.clauses.index, dtype=object)
    found = found.mask(links(inv, "clauses", "purpose_ids")["origin"].pipe(found.index.isin), "purpose")
    for kind in reversed(_LISTS):
        found = found.mask(_has(inv, "kinds", kind), kind)
    return pd.DataFrame({"origin": inv.clauses.index, "open": found.where(left_open, "none")})


def _has(inv: Inventory, column: str, *values: str) -> pd.Series[Any]:
    """Whether the cell of each clause names one of the values, or *all* of a closed list."""
    every = ["all"] if inv.schema.tables["clauses"].columns[column].list else []
    hits = inv.clauses[column].explode().isin([*values, *every])
    return hits.groupby(level=0).any().reindex(inv.clauses.index, fill_value=False).astype(bool)


@view("clause_terms", table="clauses")
def clause_terms(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause: ``unlimited`` where it says so without exception, how many of its terms are ``vague``."""
    kinds = period.parse_all(inv.retention["period"])["kind"]
    vague = inv.retention.loc[kinds.eq("vague"), "retention_id"]
    endless = inv.retention.loc[kinds.eq("indefinite"), "retention_id"]
    named = links(inv, "clauses", "retention_ids")
    named = named[named["id"].isin([*vague, *endless])]
    tally = named[named["id"].isin(vague)].groupby("origin")["id"].nunique()
    frame = pd.DataFrame({"origin": inv.clauses.index, "retention": _has(inv, "kinds", "retention")})
    return frame.assign(
        unlimited=_has(inv, "asserts", "unlimited_term") & ~_has(inv, "except", "unlimited_term"),
        vague=frame["origin"].map(tally).fillna(0).astype(float),
        related=related(frame["origin"], {"retention": named}),
    )


@view("clause_consents", table="clauses", needs=("clauses", "consents"))
def clause_consents(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause on consent: whether it offers a ``choice``, how many consents read off it are ``implied``.

    ``lines`` is how many lines of purposes, named by the clause, one of these consents takes together.
    """
    own = links(inv, "consents", "clauses").set_axis(["consent", "clause"], axis=1)
    ids = inv.clauses["clause_id"].astype(object)
    places = ids[_has(inv, "kinds", "consent")].rename("clause").rename_axis("origin").reset_index()
    pairs = places.merge(own, on="clause")
    pairs["id"] = at(inv.consents["consent_id"].astype(object), pairs["consent"])
    implied = pairs[at(inv.consents["form"], pairs["consent"]).eq("implied")].groupby("origin").size()
    lines = _lines(inv, pairs).groupby("origin").max()
    frame = pd.DataFrame({"origin": places["origin"], "choice": at(_has(inv, "asserts", "refusal"), places["origin"])})
    return frame.assign(
        implied=frame["origin"].map(implied).fillna(0).astype(int),
        lines=frame["origin"].map(lines).fillna(0).astype(int),
        related=related(frame["origin"], {"consents": pairs}),
    )


def _lines(inv: Inventory, pairs: pd.DataFrame) -> pd.Series[Any]:
    """For each clause and consent, how many lines of purposes both name: purposes that no other one heads."""
    line = lineage(inv, "purposes")
    depth = line.groupby("id").size()
    tops = line.assign(depth=line["above"].map(depth)).sort_values(["depth", "above"]).drop_duplicates("id")
    clauses = links(inv, "clauses", "purpose_ids").rename(columns={"id": "purpose"})
    consents = links(inv, "consents", "purpose_ids").set_axis(["consent", "purpose"], axis=1)
    both = pairs[["origin", "consent"]].merge(clauses, on="origin").merge(consents, on=["consent", "purpose"])
    both = both.assign(top=both["purpose"].map(tops.set_index("id")["above"]).fillna(both["purpose"]))
    return both.groupby(["origin", "consent"])["top"].nunique()


@view("ways_out", table="clauses")
def ways_out(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a clause: how many ways out of processing it ``closes`` without exception, and what it rests on.

    ``rests_on``: consent, law (other grounds alone) or unsaid.
    """
    closed = [_has(inv, "denies", way) & ~_has(inv, "except", way) for way in _WAYS_OUT]
    grounds = _codes(inv, law)
    consent = grounds.eq("consent").groupby(level=0).any()
    rests = inv.clauses.index.to_series().map(consent.map({True: "consent", False: "law"})).fillna("unsaid")
    return pd.DataFrame({"origin": inv.clauses.index, "closes": sum(closed).astype(float), "rests_on": rests})


@view("clause_bases", table="clauses")
def clause_bases(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a clause and a ground that it names: its code and ``state`` that day, its labels."""
    codes = _codes(inv, law)
    frame = pd.DataFrame({"origin": codes.index, "basis": codes.to_numpy()}).drop_duplicates()
    known = law.bases.set_index("code")
    labels = pd.DataFrame([*known["labels"]], index=known.index)[[*LANGUAGES]].add_prefix("label_")
    frame = frame.assign(state=frame["basis"].map(known["state"]).fillna("unknown")).join(labels, on="basis")
    return frame.assign(sub=list(zip(frame["basis"], strict=True)))


def _codes(inv: Inventory, law: LawPack) -> pd.Series[Any]:
    """Grounds that clauses name, as codes where the word is known."""
    cells = inv.clauses["basis_codes"].explode().dropna().astype(object)
    return cells[cells.ne("all")].map(law.basis)


@view("clause_items", table="clauses", needs=("clauses", "categories"))
def clause_items(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause that lists data: how many ``documents``, and how many kinds of ``items`` (data, documents)."""
    lists = inv.clauses.index[_has(inv, "kinds", "data")]
    named = links(inv, "clauses", "category_ids")
    items = keyed(inv, "categories")["item"].astype(object)
    named = named.assign(item=named["id"].map(items.where(items.isin(["data", "document"]))))
    documents = named[named["item"].eq("document")]
    frame = pd.DataFrame({"origin": lists})
    return frame.assign(
        documents=frame["origin"].map(documents.groupby("origin")["id"].nunique()).fillna(0).astype(int),
        items=frame["origin"].map(named.groupby("origin")["item"].nunique()).fillna(0).astype(int),
        related=related(frame["origin"], {"categories": documents}),
    )


@view("clause_deadlines", table="clauses")
def clause_deadlines(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a clause: the ``days`` it promises, and the ``longest`` the law allows for the rights it names."""
    limits = law.constants.get("right_deadline_days", {})
    longest = _kinds(inv).map(limits).astype(float).groupby(level=0).min()
    days = inv.clauses["deadline_days"].astype(float)
    frame = pd.DataFrame({"origin": days.index, "days": days, "longest": days.index.to_series().map(longest)})
    return frame.assign(allowed=frame["longest"].map("{:.0f}".format, na_action="ignore"))


@view("timeless_rights", table="clauses")
def timeless_rights(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a clause that is the first to name some right with a deadline in law: how many of these ``timeless``.

    A right is timeless where no clause that names it has a deadline, nor one on rights in general.
    """
    kinds = _kinds(inv).rename("kind").rename_axis("origin").reset_index()
    kinds = kinds[kinds["kind"].isin(law.constants.get("timed_rights", ()))]
    kinds = kinds.assign(order=at(numbered(inv), kinds["origin"])).sort_values(["order", "origin"])
    kinds["first"] = kinds["kind"].map(kinds.drop_duplicates("kind").set_index("kind")["origin"]).astype(int)
    found = kinds[~kinds["kind"].isin(_timed(inv, kinds))]
    frame = pd.DataFrame({"origin": kinds["first"].drop_duplicates()}).join(_worded(inv, found), on="origin")
    ids = at(inv.clauses["clause_id"].astype(object), found["origin"])
    others = found.assign(id=ids, origin=found["first"])
    timeless = frame["timeless"].fillna(0).astype(int)
    return frame.assign(timeless=timeless, related=related(frame["origin"], {"clauses": others}))


def _timed(inv: Inventory, kinds: pd.DataFrame) -> pd.Series[Any]:
    """Kinds of rights for which some clause has a deadline: every kind where a clause on rights in general has one."""
    timed = inv.clauses["deadline_days"].notna()
    general = timed & _has(inv, "kinds", "right") & ~timed.index.isin(_kinds(inv).index)
    return kinds["kind"] if general.any() else kinds.loc[kinds["origin"].isin(timed.index[timed]), "kind"]


def _kinds(inv: Inventory) -> pd.Series[Any]:
    """Kinds of rights that clauses name, *all* being each."""
    cells = inv.clauses["right_kinds"].explode().dropna().astype(object)
    every = pd.Series(
        [[*inv.schema.lists["right_kind"]]] * int(cells.eq("all").sum()),
        index=cells.index[cells.eq("all")],
        dtype=object,
    )
    return pd.concat([cells[cells.ne("all")], every.explode()]).astype(object)


def _worded(inv: Inventory, found: pd.DataFrame) -> pd.DataFrame:
    """Rights by the clause that is the first to name them: how many, and their labels by language."""
    kinds = found.drop_duplicates(["first", "kind"])
    known = pd.DataFrame.from_dict(inv.schema.lists["right_kind"], orient="index")[[*LANGUAGES]].add_prefix("label_")
    groups = kinds.join(known, on="kind").groupby("first")
    return groups[[*known]].agg("; ".join).assign(timeless=groups.size())


@view("disclaimers", table="clauses")
def disclaimers(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause on liability: whether it ``disclaims`` it, and ``keeps`` it for the operator's own failures."""
    told = {
        "disclaims": _has(inv, "elements", "no_liability"),
        "keeps": _has(inv, "elements", "liability.own_failures"),
    }
    return pd.DataFrame({"origin": inv.clauses.index, **told})[_has(inv, "kinds", "liability")]
