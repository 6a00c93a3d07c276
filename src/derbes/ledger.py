"""The retention ledger: how long each category is kept for each activity, on what authority, and what happens then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import period
from derbes.findings import ACTIVE, SEVERITIES
from derbes.lasting import stages
from derbes.views.links import at, links
from derbes.views.scopes import ongoing
from derbes.views.use import held_fields

if TYPE_CHECKING:
    from derbes.auditing import Audit
    from derbes.inventory import Inventory

TERMS = (
    "term", "name", "period", "kind", "duration", "days", "bound", "trigger", "authority", "disposal", "disposal_days",
    "then", "chain", "activities", "findings",
)  # fmt: skip
LEDGER = ("category", "term", "purposes", "activities", "systems")
UNCOVERED = ("category", "why", "activities", "fields")


def terms(audit: Audit) -> pd.DataFrame:
    """One row a term of the retention table, in its order.

    Columns: ``term`` (key), name, ``period`` as written, ``kind`` (fixed, until, indefinite, by_law, vague, unknown),
    ``duration`` (ISO 8601) and ``days`` of a fixed one, ``bound`` and ``trigger`` from their cells or else from the
    words of the period, ``authority``, ``disposal``, ``disposal_days``, ``then`` (the next stage, *none*, or missing),
    ``chain`` (terms of the stages, itself the first; a circle ends where it began), ``activities`` in force or planned
    that name it, ``findings`` of any family on its row, the gravest first. What is unknown is missing.
    """
    inv = audit.inventory
    frame = inv.retention
    read = period.parse_all(frame["period"])
    own = {name: frame[name].astype(object) for name in ("bound", "trigger")}
    said = [period.parse(text) if isinstance(text, str) else period.Period("unknown") for text in frame["period"]]
    bounds = pd.Series([one.bound for one in said], index=frame.index, dtype=object)
    named = links(inv, "processing", "retention_id")
    named = named[named["origin"].isin(ongoing(inv))].drop_duplicates()
    keys = pd.Series(inv.keys["retention"], index=frame.index, dtype=object)
    then = frame["then_retention_id"].astype(object).where(frame["then_retention_id"].notna(), None)
    told = pd.DataFrame(
        {
            "term": keys,
            "kind": read["kind"].astype(object).where(read["kind"].notna(), "unknown"),
            "duration": read["duration"].astype(object),
            "days": read["days"],
            "bound": own["bound"].where(own["bound"].notna(), bounds),
            "trigger": own["trigger"].where(own["trigger"].notna(), read["trigger"].astype(object)),
            "then": then,
            "chain": [stages(key, dict(zip(keys, then, strict=True))) for key in keys],
            "activities": keys.map(named.groupby("id")["origin"].nunique()).fillna(0).astype(int),
            "findings": _standing(audit, keys),
        }
    )
    rest = frame[["name", "period", "authority", "disposal", "disposal_days"]]
    return told.join(rest)[list(TERMS)].reset_index(drop=True)


def ledger(inv: Inventory) -> pd.DataFrame:
    """One row a category and a term of activities in force or planned: category, ``term`` (missing where unknown).

    ``purposes``, ``activities`` and ``systems`` are tuples of keys, each once; where an activity names no system and
    no purpose it adds none. A category that an activity has by its fields counts like one that it names.
    """
    pairs = _using(inv)
    if pairs.empty:
        return pd.DataFrame(columns=list(LEDGER), dtype=object)
    rows = inv.processing
    facts = pairs.assign(
        term=at(rows["retention_id"].astype(object), pairs["origin"]).fillna(""),
        purpose=at(rows["purpose_id"].astype(object), pairs["origin"]),
        activity=pd.Series(inv.keys["processing"], dtype=object).reindex(pairs["origin"]).to_numpy(),
    )
    systems = links(inv, "processing", "system_ids").rename(columns={"id": "system"})
    wide = facts.merge(systems, on="origin", how="left")
    grouped = wide.groupby(["category", "term"], sort=False)
    parts = {"purposes": "purpose", "activities": "activity", "systems": "system"}
    told = pd.DataFrame({name: grouped[column].agg(_each) for name, column in parts.items()}).reset_index()
    order = {key: place for place, key in enumerate(inv.keys["categories"])}
    told = told.sort_values("category", key=lambda ids: ids.map(order).fillna(len(order)), kind="stable")
    return told.assign(term=told["term"].where(told["term"] != "", None))[list(LEDGER)].reset_index(drop=True)


def differing(whole: pd.DataFrame) -> pd.DataFrame:
    """Rows of a ledger of categories that are kept for several terms, or for a term and an unknown one."""
    return whole[whole["category"].duplicated(keep=False)].reset_index(drop=True)


def uncovered(inv: Inventory, whole: pd.DataFrame) -> pd.DataFrame:
    """Categories for which the inventory's ledger has no term, in the order of their table.

    Columns: category, ``why`` (no_activity, no_term), ``activities`` (keys of those without a term), ``fields`` (how
    many fields of systems in use hold it).
    """
    covered = set(whole.loc[whole["term"].notna(), "category"])
    bare = whole[~whole["category"].isin(covered)].set_index("category")["activities"]
    ids = pd.Series(inv.keys["categories"], dtype=object).drop_duplicates()
    ids = ids[~ids.isin(covered)]
    fields = ids.map(held_fields(inv)["category"].value_counts()).fillna(0).astype(int)
    named = [bare.get(key, ()) for key in ids]
    why = ["no_term" if activities else "no_activity" for activities in named]
    told = {"category": ids.to_numpy(), "why": why, "activities": named, "fields": fields.to_numpy()}
    return pd.DataFrame(told, columns=list(UNCOVERED)).reset_index(drop=True)


def _using(inv: Inventory) -> pd.DataFrame:
    """Categories of the activities in force or planned, those of their fields too: ``origin``, ``category``."""
    named = links(inv, "processing", "category_ids").rename(columns={"id": "category"})
    fields = links(inv, "processing", "field_ids").rename(columns={"id": "field_id"})
    known = inv.fields[["field_id", "category_id"]].dropna().astype(object).rename(columns={"category_id": "category"})
    both = pd.concat([named, fields.merge(known, on="field_id")[["origin", "category"]]], ignore_index=True)
    return both[both["origin"].isin(ongoing(inv))].drop_duplicates(ignore_index=True)


def _each(values: pd.Series[Any]) -> tuple[Any, ...]:
    return tuple(values.dropna().drop_duplicates())


def _standing(audit: Audit, keys: pd.Series[Any]) -> list[tuple[str, ...]]:
    """Ids of active findings on each row of the retention table, the gravest first."""
    found = audit.findings
    found = found[found["status"].isin(ACTIVE) & (found["table"] == "retention")]
    found = found.sort_values("severity", key=lambda codes: codes.map(SEVERITIES.index), kind="stable")
    grouped = {str(key): tuple(ids) for key, ids in found.groupby("key", sort=False)["id"]}
    return [grouped.get(str(key), ()) for key in keys]
