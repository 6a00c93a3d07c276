"""How clauses word the law's definitions and the subject's rights, element by element, beside the law of the day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.text import LANGUAGES
from derbes.views.links import at, lineage, related, singles
from derbes.views.registry import view
from derbes.views.topics import cited

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

_BEST_KNOWN = "TQNM"


@view("law_definitions", table="clauses")
def law_definitions(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a definition of a term of the law, its sub-clauses included.

    ``law`` is foreign where it has elements of another country's, else own; ``missing`` elements of the day and their
    labels; ``wording`` is former where an earlier one fits better than the day's, and ``former_until`` its last day;
    ``since``: from which day all that is missing has been law.
    """
    stated = _defining(inv, law)
    frame = stated[["origin", "item"]].drop_duplicates().reset_index(drop=True)
    known = law.elements[law.elements["section"].eq("definitions")]
    foreign = stated.merge(known[known["foreign"]], on=["item", "code"])
    lacking = _lacking(frame, known[known["valid"]], stated).set_index(["origin", "item"])
    required = lacking.groupby(["origin", "item"])["since"].max().rename("since")
    frame = frame.join(_listed(foreign, "foreign"), on=["origin", "item"]).join(required, on=["origin", "item"])
    frame = frame.join(_listed(lacking.reset_index(), "missing"), on=["origin", "item"]).join(
        _fits(stated, known, law.as_of), on=["origin", "item"]
    )
    frame = frame.fillna({"missing": 0, "foreign": 0})
    frame["law"] = frame["foreign"].gt(0).map({True: "foreign", False: "own"})
    cites = {item: ((act, place, ""),) for item, act, place in known[["item", "act", "at"]].to_numpy()}
    former = frame["former_fit"].gt(frame["fit"]).map({True: "former", False: "current"})
    return frame.assign(wording=former, sub=singles(frame["item"]), cite=frame["item"].map(cites))


def _defining(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """Elements that clauses of definition state: ``origin`` of the topmost clause on that term, ``item``, ``code``."""
    stated = _stated(inv, law, "definitions")
    spoken = stated["origin"].isin(
        inv.clauses.index[inv.clauses["kinds"].explode().eq("definition").groupby(level=0).any()]
    )
    stated = stated[spoken].reset_index(drop=True)
    ids = inv.clauses["clause_id"].astype(object)
    stated["id"] = at(ids, stated["origin"])
    heads = lineage(inv, "clauses").merge(stated[["id", "item"]].drop_duplicates(), on="id")
    heads = heads.merge(
        stated[["id", "item", "origin"]].set_axis(["above", "item", "head"], axis=1), on=["above", "item"]
    )
    depth = lineage(inv, "clauses").groupby("id").size()
    heads = heads.assign(depth=heads["above"].map(depth)).sort_values(["depth", "head"]).drop_duplicates(["id", "item"])
    whole = stated.merge(heads[["id", "item", "head"]], on=["id", "item"], how="left")
    return whole.assign(origin=whole["head"].fillna(whole["origin"]).astype(int))[
        ["origin", "item", "code"]
    ].drop_duplicates()


def _stated(inv: Inventory, law: LawPack, section: str) -> pd.DataFrame:
    """Elements of the law, of any day, that clauses state: ``origin``, ``item``, ``code``."""
    cells = inv.clauses["elements"].explode().dropna().astype(object).str.strip()
    said = pd.DataFrame({"origin": cells.index, "code": cells.to_numpy()})
    known = law.elements.loc[law.elements["section"].eq(section), ["item", "code"]]
    return said.merge(known, on="code").drop_duplicates()


def _lacking(frame: pd.DataFrame, due: pd.DataFrame, stated: pd.DataFrame) -> pd.DataFrame:
    """Elements due of each row's item that it does not state, in the order of the law pack."""
    pairs = frame[["origin", "item"]].merge(due, on="item")
    told = pd.MultiIndex.from_frame(stated[["origin", "code"]])
    return pairs[~pd.MultiIndex.from_frame(pairs[["origin", "code"]]).isin(told)]


def _listed(found: pd.DataFrame, name: str) -> pd.DataFrame:
    """How many elements were found by origin and item, under that name, and their labels by language."""
    labels = pd.DataFrame([*found["labels"]], index=found.index, columns=list(LANGUAGES)).add_prefix(f"{name}_")
    groups = pd.concat([found[["origin", "item"]], labels], axis=1).groupby(["origin", "item"])
    return groups.agg("; ".join).assign(**{name: groups.size()})


def _fits(stated: pd.DataFrame, known: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Share of elements that a definition and a wording of the law have both, of those that either has.

    ``fit`` with the wording of the day, ``former_fit`` with the best of earlier ones, ``former_until`` its last day.
    """
    own = known[~known["foreign"] & known["since"].le(as_of)]
    days = own[["item", "since"]].drop_duplicates().rename(columns={"since": "day"})
    wordings = days.merge(own[["item", "code", "since", "until"]], on="item")
    wordings = wordings[wordings["since"].le(wordings["day"]) & wordings["until"].ge(wordings["day"])]
    sizes = wordings.groupby(["item", "day"]).size().rename("due").reset_index()
    shared = stated.merge(wordings, on=["item", "code"]).groupby(["origin", "item", "day"]).size().rename("both")
    told = stated.groupby(["origin", "item"]).size().rename("told").reset_index()
    pairs = told.merge(sizes, on="item").join(shared, on=["origin", "item", "day"]).fillna({"both": 0})
    pairs["fit"] = pairs["both"] / (pairs["told"] + pairs["due"] - pairs["both"])
    ends = pairs.groupby("item")["day"].transform("max")
    now = pairs[pairs["day"].eq(ends)].set_index(["origin", "item"])["fit"]
    older = pairs[pairs["day"].lt(ends)].sort_values("day").drop_duplicates(["origin", "item", "fit"], keep="last")
    older = older.sort_values("fit", kind="stable").drop_duplicates(["origin", "item"], keep="last")
    following = days.sort_values("day").assign(until=lambda all_: all_.groupby("item")["day"].shift(-1))
    older = older.merge(following, on=["item", "day"]).set_index(["origin", "item"])
    former = older["until"].map(lambda day: day - dt.timedelta(days=1), na_action="ignore")
    return pd.DataFrame({"fit": now, "former_fit": older["fit"], "former_until": former})


@view("right_wording", table="clauses")
def right_wording(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a right whose elements some clause states: how many of the day's are ``missing`` in all, and labels.

    It stands at the clause that states most of them, the others are related; ``since`` the first of the missing.
    """
    stated = _stated(inv, law, "rights")
    frame = _foremost(inv, stated)
    due = _due(law).merge(frame, on="item")
    missing = due[~due["code"].isin(stated["code"]) & ~due["also"].isin(stated["code"])]
    frame = frame.join(_listed(missing, "missing"), on=["origin", "item"]).fillna({"missing": 0})
    beside = stated.assign(id=at(inv.clauses["clause_id"].astype(object), stated["origin"]))
    beside["origin"] = beside["item"].map(pd.Series(frame.index, index=frame["item"]))
    return frame.assign(
        since=frame["item"].map(missing.groupby("item")["since"].min()),
        sub=singles(frame["item"]),
        cite=frame["item"].map(_grounds(law, missing)),
        related=related(pd.Series(frame.index), {"clauses": beside}),
    )


def _due(law: LawPack) -> pd.DataFrame:
    """Elements of rights that are law that day and must be said; ``also`` is one that says the same."""
    rows = [
        (code, element.get("also", code))
        for right in law.sections["rights"].values()
        for code, element in right.get("elements", {}).items()
        if not element.get("limits")
    ]
    said = pd.DataFrame(rows, columns=["code", "also"], dtype=object)
    return law.elements[law.elements["valid"]].merge(said, on="code")


def _foremost(inv: Inventory, stated: pd.DataFrame) -> pd.DataFrame:
    """For each ``item`` the clause (``origin``) that states most of its elements, of several the first by number."""
    tally = stated.groupby(["item", "origin"]).size().rename("told").reset_index()
    order = at(numbered(inv), tally["origin"])
    tally = tally.assign(order=order, less=-tally["told"]).sort_values(["item", "less", "order", "origin"])
    return tally.drop_duplicates("item")[["origin", "item"]].reset_index(drop=True)


def numbered(inv: Inventory) -> pd.Series[Any]:
    """Numbers of clauses so written that they sort as a reader counts: 5.2 before 5.10."""
    ids = inv.clauses["clause_id"].astype(object).fillna("~")
    return ids.astype(str).str.replace(r"\d+", lambda found: found[0].zfill(6), regex=True)


def _grounds(law: LawPack, missing: pd.DataFrame) -> dict[str, tuple[tuple[str, str, str], ...]]:
    """The citation of each right, as well known as the best known of its elements that are missing."""
    order = missing["confidence"].map(_BEST_KNOWN.index)
    best = missing.assign(order=order).sort_values("order").drop_duplicates("item").set_index("item")["confidence"]
    return {item: cited(right, best.get(item, "")) for item, right in law.sections["rights"].items()}
