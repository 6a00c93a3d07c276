"""What has to be told of a group of subjects, as frames: kinds of data, findings that concern it, what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.subject.facts import known
from derbes.views.links import active, links

if TYPE_CHECKING:
    from collections.abc import Iterable

    from derbes.inventory import Inventory
    from derbes.subject.facts import Facts, Row

#: Columns that art. 24 of the law and a policy promise to answer from, by table.
_TOLD = {
    "subjects": ("minors", "count"),
    "fields": ("label", "category_id", "subject_ids", "source", "mandatory"),
    "processing": ("purpose_id", "category_ids", "operations", "legal_basis", "retention_id", "recipient_ids",
                   "automated_decision", "owner"),
    "retention": ("period", "disposal"),
    "consents": ("form", "term", "withdrawal_channels", "withdrawal_days"),
    "recipients": ("kind", "countries"),
    "rights": ("channels", "deadline_days", "owner"),
    "systems": ("owner", "storage_countries", "storage_site"),
}  # fmt: skip
#: Tables whose rows are about people; a finding that merely touches one of these rows concerns them.
_THEIRS = ("subjects", "fields", "processing", "consents")


def chosen(inv: Inventory) -> str | None:
    """The group with the most fields, of equal ones that with the most activities; None where there is none."""
    keys = pd.Series(inv.keys["subjects"], dtype=object)
    ids = keys[~keys.astype(str).str.startswith("~")].drop_duplicates()  # what is no id may be a person's value
    if ids.empty:
        return None
    held = links(inv, "fields", "subject_ids")["id"].value_counts()
    done = links(inv, "processing", "subject_ids")
    done = done.loc[done["origin"].isin(active(inv)), "id"].value_counts()
    sizes = pd.DataFrame({"fields": ids.map(held).fillna(0), "activities": ids.map(done).fillna(0)})
    return str(ids.loc[sizes.sort_values(["fields", "activities"], ascending=False, kind="stable").index[0]])


def rows(facts: Facts) -> dict[str, list[Row]]:
    """Rows that say something of the group, by table: its own and those that they refer to."""
    acts = facts.activities
    terms = _stages(facts, [str(row["retention_id"]) for row in acts if known(row["retention_id"])])
    ends = {row["purpose_id"] for row in acts}
    kept = {row["category_id"] for name in facts.group for row in facts.categories(name)}
    return {
        "subjects": [row for name, row in facts.rows("subjects").items() if name in facts.group],
        "categories": [row for name, row in facts.rows("categories").items() if name in kept],
        "fields": facts.fields,
        "processing": acts,
        "purposes": [row for name, row in facts.rows("purposes").items() if name in ends],
        "retention": [row for name, row in facts.rows("retention").items() if name in terms],
        "consents": facts.consents,
        "recipients": facts.recipients,
        "rights": [row for _, _, rows in facts.entitled for row in rows],
        "systems": facts.systems,
    }


def _stages(facts: Facts, keys: Iterable[str]) -> set[str]:
    """Terms of these ids and those that follow them."""
    known_terms, seen, step = facts.rows("retention"), set[str](), {*keys}
    while step:
        seen |= step
        step = {str(known_terms[key]["then_retention_id"]) for key in step if key in known_terms} - seen
    return seen


def kinds(facts: Facts) -> pd.DataFrame:
    """One row a kind of data that is kept of the group, in the order of the table, what no row names last.

    ``category_id`` (missing for fields that name none), ``subjects`` of the group, ``fields`` their number, ``labels``,
    ``systems`` and ``sources`` tuples without repetition, ``unknown`` how many fields do not name their source.
    """
    names = ["category_id", "system_id", "label", "source"]
    held = pd.DataFrame(facts.fields, columns=names, dtype=object)
    whose = {one: {row["category_id"] for row in facts.categories(one)} for one in facts.group}
    kept = [name for name in facts.rows("categories") if any(name in found for found in whose.values())]
    others = [name for name in held["category_id"].dropna().unique() if name not in kept]
    keys = [*kept, *others, *([None] if held["category_id"].isna().any() else [])]
    parts = dict(iter(held.assign(key=held["category_id"].fillna("")).groupby("key", sort=False)))
    told = [(parts.get(key or "", held.iloc[:0]), key) for key in keys]
    return pd.DataFrame(
        {
            "category_id": keys,
            "subjects": [tuple(one for one in facts.group if key in whose[one]) for key in keys],
            "fields": [len(part) for part, _ in told],
            "labels": [_once(part["label"]) for part, _ in told],
            "systems": [_once(part["system_id"]) for part, _ in told],
            "sources": [_once(part["source"]) for part, _ in told],
            "unknown": [int(part["source"].isna().sum()) for part, _ in told],
        },
        dtype=object,
    )


def _once(cells: pd.Series[Any]) -> tuple[str, ...]:
    return tuple(cells.dropna().astype(str).unique())


def concerning(facts: Facts, findings: pd.DataFrame) -> pd.DataFrame:
    """Findings on rows that say something of the group, or that touch its own rows, in their order."""
    places = {table: {_id(facts, table, row) for row in found} for table, found in rows(facts).items()}
    theirs = {(table, name) for table in _THEIRS for name in places[table]}
    own = pd.Series(data=False, index=findings.index)
    for table, names in places.items():
        own |= findings["table"].eq(table) & findings["key"].isin(names)
    touched = findings["related"].map(lambda pairs: not theirs.isdisjoint(pairs)).astype(bool)
    return findings[own | touched]


def _id(facts: Facts, table: str, row: Row) -> str:
    return str(row[facts.inv.schema.tables[table].key])


def silences(facts: Facts) -> pd.DataFrame:
    """What is not known of the group, one row a column: ``table``, ``column``, ``n`` of ``rows``, ``keys``.

    Columns are those that a request or a policy is answered from; ``keys`` are the ids of the rows that are silent.
    """
    found = []
    for table, told in rows(facts).items():
        frame = pd.DataFrame(told)
        for column in _TOLD.get(table, ()) if len(frame) else ():
            asked = frame[_ends_here(frame)] if column == "disposal" else frame
            silent = asked.loc[asked[column].isna(), facts.inv.schema.tables[table].key]
            if len(silent):
                found.append((table, column, len(silent), len(asked), tuple(silent.dropna().astype(str))))
    return pd.DataFrame(found, columns=["table", "column", "n", "rows", "keys"])


def _ends_here(terms: pd.DataFrame) -> pd.Series[bool]:
    """Terms after which something has to become of the data: no stage follows, and they do end."""
    follows = terms["then_retention_id"].notna() & terms["then_retention_id"].ne("none")
    return ~follows & terms["period"].ne("indefinite")
