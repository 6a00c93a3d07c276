"""The policy beside the inventory: what each clause speaks of, what the register has of it, and what either lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.views.links import along, everything, lineage, links
from derbes.views.scopes import ongoing, told

if TYPE_CHECKING:
    from derbes.inventory import Inventory

#: What clauses name, by the table that it stands in; rights stand in theirs by kind.
NAMED = {
    "subjects": "subject_ids", "categories": "category_ids", "purposes": "purpose_ids",
    "recipients": "recipient_ids", "retention": "retention_ids",
}  # fmt: skip
RIGHTS = ("rights", "right_kinds")
SPOKEN = ("clause", "table", "id", "known", "uses")
UNMET = ("table", "id", "clauses")
UNSAID = ("table", "id", "uses")
#: Kinds of clauses that name every row when they say *all*, as the rules on what the policy names take it.
_LISTING = {
    "subjects": ("scope", "subject", "data"), "categories": ("data",), "purposes": ("purpose",),
    "recipients": ("recipient",), "retention": ("retention",),
}  # fmt: skip
#: Statements whose denial says of what a clause names that there is none of it.
_DENIALS = {"categories": "biometric", "subjects": "minors", "recipients": "third_parties"}


def spoken(inv: Inventory) -> pd.DataFrame:
    """One row a clause and a thing that it names one by one: subject, category, purpose, recipient, term, right.

    Columns: clause, ``table``, id (of a right its kind), ``known`` (whether the table has it) and ``uses``, pairs
    (table, rows) of what in the register is about it or what lies below it; stopped activities do not count.
    What a clause calls *all* is not spread.
    """
    parts = [pd.DataFrame(columns=["clause", "table", "id"], dtype=object)]
    for table, column in NAMED.items():
        pairs = links(inv, "clauses", column)
        pairs = pairs[~pairs["origin"].isin(everything(inv, "clauses", column))]
        parts.append(pairs.assign(table=table))
    kinds = inv.clauses[RIGHTS[1]].explode().dropna().astype(object)
    kinds = kinds[~kinds.isin(["all", "none"])].rename("id").rename_axis("origin").reset_index()
    parts.append(kinds.assign(table=RIGHTS[0]))
    whole = pd.concat(parts, ignore_index=True)
    whole["clause"] = pd.Series(inv.keys["clauses"], dtype=object).reindex(whole["origin"]).to_numpy()
    order = {name: at for at, name in enumerate((*NAMED, RIGHTS[0]))}
    whole = whole.sort_values(["origin", "table"], key=lambda part: part.replace(order), kind="stable")
    return _with_uses(whole.drop_duplicates(["clause", "table", "id"]), inv)[list(SPOKEN)].reset_index(drop=True)


def cited(inv: Inventory) -> pd.DataFrame:
    """One row a clause and a table whose rows say that they come from it: clause, table, ``keys`` in their order."""
    parts = [pd.DataFrame(columns=["clause", "table", "key"], dtype=object)]
    for name, frame in inv.tables.items():
        if "clauses" in frame and len(frame):
            rows = pd.DataFrame({"clause": frame["clauses"], "table": name, "key": inv.keys[name]}, dtype=object)
            parts.append(rows.explode("clause").dropna(subset="clause"))
    whole = pd.concat(parts, ignore_index=True).drop_duplicates()
    grouped = whole.groupby(["clause", "table"], sort=False)["key"].agg(tuple)
    return grouped.rename("keys").reset_index()


def unmet(inv: Inventory) -> pd.DataFrame:
    """What the policy speaks of and nothing in the register is about: table, id, ``clauses`` that name it.

    A clause that denies a thing does not speak of it so. A right has nothing where there is no procedure of its kind.
    """
    pairs = pd.concat([_naming(inv), _granted(inv)], ignore_index=True)
    found = _with_uses(pairs, inv)
    idle = found[found["uses"].map(len) == 0]
    grouped = idle.groupby(["table", "id"], sort=False)["clause"].agg(lambda keys: tuple(dict.fromkeys(keys)))
    return _ordered(grouped.rename("clauses").reset_index(), list(UNMET))


def unsaid(inv: Inventory) -> pd.DataFrame:
    """What the register is about and no clause speaks of, nor of what lies above or below it: table, id, ``uses``.

    Without clauses nothing is said of anything, and the frame is empty.
    """
    parts = [pd.DataFrame(columns=["table", "id"], dtype=object)]
    naming = _naming(inv)
    for table in NAMED:
        ids = _ids(inv, table)
        named = naming.loc[naming["table"] == table, ["id"]].drop_duplicates()
        line = lineage(inv, table)
        both = pd.concat([line.set_axis(["id", "other"], axis=1), line.set_axis(["other", "id"], axis=1)])
        spoken_of = along(named.astype(object), both)["other"]
        parts.append(pd.DataFrame({"table": table, "id": ids[~ids.isin(spoken_of)]}, dtype=object))
    kinds = inv.rights.loc[inv.rights["clauses"].isna(), "kind"].dropna().astype(object).drop_duplicates()
    granted = _granted(inv)["id"]
    parts.append(pd.DataFrame({"table": RIGHTS[0], "id": kinds[~kinds.isin(granted)]}, dtype=object))
    found = _with_uses(pd.concat(parts, ignore_index=True), inv)
    found = found[found["uses"].map(len) > 0] if len(inv.clauses) else found.iloc[:0]
    return _ordered(found, list(UNSAID))


def _ordered(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    order = {name: at for at, name in enumerate((*NAMED, RIGHTS[0]))}
    ranked = frame.assign(rank=frame["table"].map(order)).sort_values(["rank", "id"], kind="stable")
    return ranked[columns].reset_index(drop=True)


def _ids(inv: Inventory, table: str) -> pd.Series[Any]:
    return inv.tables[table][inv.schema.tables[table].key].dropna().astype(object).drop_duplicates()


def _naming(inv: Inventory) -> pd.DataFrame:
    """Things that clauses name, or that come from them: clause (its id), table, id."""
    parts = [pd.DataFrame(columns=["clause", "table", "id"], dtype=object)]
    for table, column in NAMED.items():
        pairs = told(inv, table, column, kinds=_LISTING[table], without=_DENIALS.get(table, ""))
        parts.append(pairs.assign(table=table))
    whole = pd.concat(parts, ignore_index=True)
    keys = pd.Series(inv.keys["clauses"], dtype=object)
    return whole.assign(clause=keys.reindex(whole["clause"]).to_numpy())


def _granted(inv: Inventory) -> pd.DataFrame:
    kinds = inv.clauses[RIGHTS[1]].explode().dropna().astype(object)
    kinds = kinds[~kinds.isin(["all", "none"])]
    keys = pd.Series(inv.keys["clauses"], dtype=object)
    named = pd.DataFrame({"clause": keys.reindex(kinds.index).to_numpy(), "id": kinds.to_numpy()}, dtype=object)
    return named.assign(table=RIGHTS[0])


def _with_uses(pairs: pd.DataFrame, inv: Inventory) -> pd.DataFrame:
    """The pairs with whether their table has the thing, and what in the register is about it, by table."""
    known = pd.MultiIndex.from_frame(
        pd.concat([pd.DataFrame({"table": table, "id": _ids(inv, table)}, dtype=object) for table in NAMED])
    )
    uses = _uses(inv)
    asked = pd.MultiIndex.from_frame(pairs[["table", "id"]].astype(object))
    found = [uses.get(pair, ()) for pair in asked]
    rights = pairs["table"].eq(RIGHTS[0]).to_numpy()
    facts = {"known": asked.isin(known) | rights, "uses": pd.Series(found, index=pairs.index, dtype=object)}
    return pairs.assign(**facts)


def _uses(inv: Inventory) -> dict[tuple[str, str], tuple[tuple[str, int], ...]]:
    """Rows of other tables about each thing or what lies below it, counted by table, in the order of the model."""
    parts = [pd.DataFrame(columns=["table", "id", "by", "row"], dtype=object)]
    for table, column in inv.schema.references():
        if column.to in NAMED and table.name not in {"clauses", "requests"} and column.name != "parent_id":
            pairs = along(
                links(inv, table.name, column.name), lineage(inv, column.to).rename(columns={"above": "other"})
            )
            if table.name == "processing":
                pairs = pairs[pairs["origin"].isin(ongoing(inv))]
            told_of = {"table": column.to, "id": pairs["other"], "by": table.name, "row": pairs["origin"]}
            parts.append(pd.DataFrame(told_of, dtype=object))
    kinds = inv.rights["kind"].dropna().astype(object)
    parts.append(pd.DataFrame({"table": RIGHTS[0], "id": kinds, "by": RIGHTS[0], "row": kinds.index}, dtype=object))
    whole = pd.concat(parts, ignore_index=True).drop_duplicates()
    order = {name: at for at, name in enumerate(inv.schema.tables)}
    sizes = whole.groupby(["table", "id", "by"]).size().rename("n").reset_index()
    sizes = sizes.sort_values("by", key=lambda names: names.map(order), kind="stable")
    sizes["use"] = list(zip(sizes["by"], sizes["n"].astype(int), strict=True))
    return {(table, key): tuple(group) for (table, key), group in sizes.groupby(["table", "id"], sort=False)["use"]}
