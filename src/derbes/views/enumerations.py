"""What the policy enumerates, data, purposes and people, beside what it speaks of elsewhere; its lists of data."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.text import LANGUAGES, name_in, words
from derbes.views.contradictions import being, keys, number, saying, sweeping
from derbes.views.links import along, at, everything, kin, lineage, links, related
from derbes.views.registry import view
from derbes.views.scopes import names, ongoing
from derbes.views.use import grounds

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Tables whose rows clauses of a kind enumerate.
_TABLES = {"data": "categories", "purpose": "purposes"}


@view("unlisted_data", table="clauses")
def unlisted_data(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause that speaks of data without listing them: how ``many`` no list has, each at the first.

    A denial of biometric data and what is told of anonymised data speak of no data held.
    """
    denials = saying(inv, "denies", "biometric")
    lists = being(inv, "data").difference(denials)
    unnamed = lists.difference(_named(inv, "category_ids"))
    natures = inv.categories["nature"].isin(inv.clauses.loc[unnamed, "natures"].explode())
    by_nature = inv.categories.loc[natures, "category_id"].dropna().astype(object)
    listed = pd.concat([_told_by(inv, "categories", lists), by_nature]).to_frame("id")
    spoken = _spoken(inv, "category_ids", lists.union(denials).union(saying(inv, "asserts", "anonymised")))
    return _beyond(inv, spoken, along(listed, kin(inv, "categories"))["other"], "data")


@view("undeclared_purposes", table="clauses")
def undeclared_purposes(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a clause that speaks of purposes and declares none: how ``many`` are undeclared, each at the first.

    ``offer``, by language, are those that a policy may declare as they are.
    """
    declaring = being(inv, "purpose")
    declared = along(_told_by(inv, "purposes", declaring).to_frame("id"), kin(inv, "purposes"))["other"]
    return _offered(inv, law, _beyond(inv, _spoken(inv, "purpose_ids", declaring), declared, "purpose"))


@view("purposes_of_nobody", table="clauses")
def purposes_of_nobody(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a clause that declares purposes: for how ``many`` of them no clause says whose data or what data.

    ``offer``, by language, are those that a policy may declare as they are.
    """
    spoken = links(inv, "clauses", "purpose_ids")
    of_some = along(spoken[spoken["origin"].isin(_of_somebody(inv))], kin(inv, "purposes"))["other"]
    declared = spoken[spoken["origin"].isin(being(inv, "purpose"))].drop_duplicates()
    declared = declared[declared["id"].isin(inv.purposes["purpose_id"])]
    bare = declared[~declared["id"].isin(of_some)]
    return _offered(inv, law, _counted(inv, pd.DataFrame({"origin": declared["origin"].unique()}), bare, "purposes"))


def _offered(inv: Inventory, law: LawPack, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the purposes of each row that a clause may declare as they are, by the language of the clause.

    In place of a vague one, or of one for which the register has a foreign ground, stands that it is to be clarified.
    """
    pairs = frame["related"].explode().dropna()
    ids = pairs[pairs.str[0].eq("purposes")].str[1].astype(object)
    unfit = ids.isin(_unfit(inv, law))
    offers = {}
    for lang in LANGUAGES:
        told = names(inv, "purposes", ids).map(partial(name_in, lang)).mask(unfit, words(lang)["telling"]["clarify"])
        offers[f"offer_{lang}"] = told.groupby(level=0).agg("; ".join).reindex(frame.index).fillna("")
    return frame.assign(**offers)


def _unfit(inv: Inventory, law: LawPack) -> set[str]:
    """Purposes that are vague, and those that some row of the register, planned ones too, puts on a foreign ground."""
    vague = inv.purposes["name"].astype(object).str.contains(law.constants.get("vague_purpose", "(?!)"), na=False)
    told = grounds(inv, law)
    foreign = told.loc[told["basis"].isin(law.bases.loc[law.bases["state"].eq("foreign"), "code"]), "origin"]
    rows = inv.processing.loc[ongoing(inv).intersection(foreign), "purpose_id"].dropna()
    return {*inv.purposes.loc[vague, "purpose_id"].dropna(), *rows}


def _of_somebody(inv: Inventory) -> pd.Index[Any]:
    """Positions of the clauses that name people, categories or natures of data, and of those below them."""
    scoped = _named(inv, "subject_ids").union(_named(inv, "category_ids")).union(_named(inv, "natures"))
    line = lineage(inv, "clauses")
    under = line.loc[line["above"].isin(keys(inv).loc[scoped]), "id"]
    return scoped.union(keys(inv).index[keys(inv).isin(under)])


@view("policy_scope", table="clauses")
def policy_scope(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause on whom the policy covers: how ``many`` others it speaks of, told at the first such clause."""
    scope = being(inv, "scope")
    line = lineage(inv, "subjects")
    named = links(inv, "clauses", "subject_ids")
    covered = line.loc[line["above"].isin(named.loc[named["origin"].isin(scope), "id"]), "id"]
    told = _spoken(inv, "subject_ids", scope.union(saying(inv, "denies", "minors")))
    bounded = len(scope) > 0 and not scope.isin(sweeping(inv, "subject_ids")).any()
    beyond = told[~told["id"].isin(covered)] if bounded else told.iloc[:0]
    beyond = beyond.assign(clause=at(keys(inv), beyond["origin"])).drop(columns="origin")
    first = number(inv).loc[scope].eq(number(inv).loc[scope].min())
    beyond = pd.DataFrame({"origin": first.index[first]}).merge(beyond, how="cross")
    return _counted(inv, pd.DataFrame({"origin": scope}), beyond, "subjects")


@view("data_lists", table="clauses")
def data_lists(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a list of data, a clause with those below it: how many lists of the same people ``differ`` from it.

    Lists differ where each has data that the other lacks and some are in both: parts of one list share nothing, and
    of two clauses one may pick from the other's. Told at the first by number of those that are not open.
    """
    members, unit = lists(inv, "data")
    held = members.merge(links(inv, "clauses", "category_ids"), on="origin")[["unit", "id"]].drop_duplicates()
    lacks = _lacks(inv, _of_the_same_people(inv, members, unit), held)
    lacks = lacks.merge(_told_once(inv, lacks, members, unit), on=["unit", "other"])
    frame = unit[unit.isin(held["unit"])].rename_axis("origin").rename("unit").reset_index()
    others = lacks.merge(frame, on="unit")
    differ = frame["unit"].map(lacks.groupby("unit")["other"].nunique()).fillna(0).astype(float)
    against = related(frame["origin"], {"clauses": others.assign(id=others["other"])})
    return frame.assign(differ=differ, related=against, names=_names(inv, frame["origin"], others, "categories"))


def _lacks(inv: Inventory, pairs: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Data (``id``) that a list lacks and the ``other`` has, of lists that both lack something and share something."""
    covered = pd.MultiIndex.from_frame(along(held, kin(inv, "categories"))[["unit", "other"]])
    each = pairs.merge(held.set_axis(["other", "id"], axis=1), on="other")
    inside = pd.MultiIndex.from_frame(each[["unit", "id"]]).isin(covered)
    both = each.loc[inside, ["unit", "other"]].drop_duplicates()
    lacks = each[~inside].merge(both, on=["unit", "other"])
    mutual = lacks[["unit", "other"]].drop_duplicates().set_axis(["other", "unit"], axis=1)
    return lacks.merge(mutual, on=["unit", "other"])


def lists(inv: Inventory, kind: str) -> tuple[pd.DataFrame, pd.Series[Any]]:
    """Clauses of a kind by the topmost such clause above them (``origin``, ``unit``), and the topmost by position."""
    ids = keys(inv).loc[being(inv, kind)]
    line = lineage(inv, "clauses")
    line = line[line["id"].isin(ids) & line["above"].isin(ids)]
    depth = line.groupby("id")["above"].size()
    order = number(inv).groupby(keys(inv)).first()
    heads = line.assign(depth=line["above"].map(depth), order=line["above"].map(order))
    unit = heads.sort_values(["depth", "order"]).drop_duplicates("id").set_index("id")["above"]
    members = ids.map(unit).astype(object).dropna().rename("unit").rename_axis("origin").reset_index()
    return members, ids[ids.isin(members["unit"])]


def _of_the_same_people(inv: Inventory, members: pd.DataFrame, unit: pd.Series[Any]) -> pd.DataFrame:
    """Pairs of lists (``unit``, ``other``) that name a same group, or both name none and so are of all."""
    wide = sweeping(inv, "subject_ids")
    listing = members[members["origin"].isin(_named(inv, "category_ids")) & members["origin"].isin(wide)]
    of_all = unit[unit.index.isin(wide) & unit.isin(listing["unit"])].drop_duplicates().to_frame("unit")
    named = links(inv, "clauses", "subject_ids")
    named = named[~named["origin"].isin(wide)].merge(members, on="origin")[["unit", "id"]].drop_duplicates()
    shared = named.merge(named.rename(columns={"unit": "other"}), on="id")[["unit", "other"]]
    both = pd.concat([shared, of_all.merge(of_all.set_axis(["other"], axis=1), how="cross")])
    return both[both["unit"] != both["other"]].drop_duplicates()


def _told_once(inv: Inventory, pairs: pd.DataFrame, members: pd.DataFrame, unit: pd.Series[Any]) -> pd.DataFrame:
    """Of each two lists that differ the pair that begins with the one to mend; none where both are open."""
    opened = members.loc[members["origin"].isin(saying(inv, "asserts", "open_list")), "unit"]
    order = number(inv).loc[unit.index].groupby(unit).first()
    before = pairs["unit"].map(order) < pairs["other"].map(order)
    told = ~pairs["unit"].isin(opened) & (before | pairs["other"].isin(opened))
    return pairs.loc[told, ["unit", "other"]].drop_duplicates()


def _named(inv: Inventory, column: str) -> pd.Index[Any]:
    """Positions of the clauses that name something in the column."""
    return inv.clauses.index[inv.clauses[column].str.len().fillna(0) > 0]


def _told_by(inv: Inventory, table: str, clauses: pd.Index[Any]) -> pd.Series[Any]:
    """Ids of a table that these clauses name, or whose rows come from them."""
    column = inv.schema.tables[table].key
    named = links(inv, "clauses", f"{column}s")
    own = links(inv, table, "clauses")
    own = own[own["id"].isin(keys(inv).loc[clauses])]
    sourced = inv.tables[table].loc[own["origin"].unique(), column].dropna().astype(object)
    return pd.concat([named.loc[named["origin"].isin(clauses), "id"], sourced], ignore_index=True)


def _spoken(inv: Inventory, column: str, leaving: pd.Index[Any]) -> pd.DataFrame:
    """Ids that clauses name one by one, of rows that there are: ``origin``, ``id``; all clauses but those left out."""
    named = links(inv, "clauses", column).drop_duplicates()
    left = leaving.union(everything(inv, "clauses", column))
    to = inv.schema.tables["clauses"].columns[column].to or ""
    there = named["id"].isin(inv.tables[to][inv.schema.tables[to].key])
    return named[there & ~named["origin"].isin(left)]


def _beyond(inv: Inventory, spoken: pd.DataFrame, told: pd.Series[Any], kind: str) -> pd.DataFrame:
    """One row a clause that speaks of something: how ``many`` are not told where they should be, each at the first.

    Related are the other clauses that name it, and those of the ``kind`` where it should be told, the topmost of them.
    """
    beyond = spoken[~spoken["id"].isin(told)] if len(told) else spoken.iloc[:0]
    beyond = beyond.assign(order=at(number(inv), beyond["origin"]), clause=at(keys(inv), beyond["origin"]))
    first = beyond[beyond["order"] == beyond.groupby("id")["order"].transform("min")][["origin", "id"]]
    heads = lists(inv, kind)[1].rename("clause")
    others = pd.concat([first.merge(beyond[["id", "clause"]], on="id"), first.merge(heads, how="cross")])
    return _counted(inv, pd.DataFrame({"origin": spoken["origin"].unique()}), others, _TABLES[kind])


def _counted(inv: Inventory, frame: pd.DataFrame, found: pd.DataFrame, table: str) -> pd.DataFrame:
    """The frame with how many ids of a table it was found to have ``many`` of, their names, and what they relate to."""
    parts = {table: found}
    if "clause" in found:
        parts["clauses"] = found[["origin", "clause"]].rename(columns={"clause": "id"})
    many = frame["origin"].map(found.groupby("origin")["id"].nunique()).fillna(0).astype(float)
    against = related(frame["origin"], parts)
    return frame.assign(many=many, related=against, names=_names(inv, frame["origin"], found, table))


def _names(inv: Inventory, origin: pd.Series[Any], found: pd.DataFrame, table: str) -> pd.Series[Any]:
    """Names of the ids that each origin was found to have, in the order of the ids, and nothing where it has none."""
    known = inv.tables[table][[inv.schema.tables[table].key, "name"]].dropna().astype(object)
    known = known.set_axis(["id", "name"], axis=1).drop_duplicates("id").set_index("id")["name"]
    each = found[["origin", "id"]].drop_duplicates().sort_values(["origin", "id"])
    names = each["id"].map(known).fillna(each["id"]).astype(str).groupby(each["origin"]).agg("; ".join)
    return origin.map(names).fillna("")
