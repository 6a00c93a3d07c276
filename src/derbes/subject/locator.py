"""Where the data of a group of subjects lie: the list that an operator goes down to answer a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.subject.facts import known
from derbes.subject.saying import CONSENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from derbes.subject.facts import Facts, Row

COLUMNS = (
    "system_id", "system", "medium", "owner", "countries", "site", "provider", "field_id", "field", "label",
    "category_id", "state", "key", "search", "terms", "bound",
)  # fmt: skip
_IDENTIFYING = ("identifier", "contact", "identity_document")
_FIELD = ("field_id", "system_id", "name", "label", "category_id", "state")
_SYSTEM = {
    "system_id": "system_id",
    "name": "system",
    "medium": "medium",
    "owner": "owner",
    "storage_countries": "countries",
    "storage_site": "site",
    "provider_id": "provider",
}


def locator(facts: Facts) -> pd.DataFrame:
    """One row a field with data of the group, system by system, those that a person is found by first (`COLUMNS`).

    A system that is said to hold data of the group and has no field described is a row without a field. ``key`` says
    whether a person is found by the field, ``search`` are the labels of such fields of the system, ``terms`` positions
    among the group's activities that say how long the data stay, ``bound`` those of them that rest on no consent.
    """
    systems = pd.DataFrame(facts.systems, columns=list(_SYSTEM), dtype=object).rename(columns=_SYSTEM)
    fields = pd.DataFrame(facts.fields, columns=list(_FIELD), dtype=object).rename(columns={"name": "field"})
    systems["order"] = range(len(systems))
    frame = systems.merge(fields, on="system_id", how="outer")
    keys = {name for name, row in facts.rows("categories").items() if _identifies(row)}
    frame["key"] = frame["category_id"].isin(keys)
    frame = frame.assign(late=~frame["key"], place=range(len(frame)))
    frame = frame.sort_values(["order", "late", "place"], kind="stable", na_position="last", ignore_index=True)
    found_by = frame[frame["key"]].groupby("system_id")["label"].agg(lambda labels: tuple(labels.dropna().unique()))
    frame["search"] = frame["system_id"].map(found_by)
    frame["search"] = frame["search"].where(frame["search"].notna(), pd.Series([()] * len(frame), dtype=object))
    frame["terms"] = _terms(frame, facts)
    free = {place for place, row in enumerate(facts.activities) if not _consented(facts, row)}
    frame["bound"] = [tuple(place for place in places if place in free) for places in frame["terms"]]
    return frame[list(COLUMNS)]


def _identifies(category: Row) -> bool:
    """Whether people are found by such data: as the category says or, where it does not, by its nature."""
    said = category["is_identifier"]
    return bool(said) if known(said) else category["nature"] in _IDENTIFYING


def _consented(facts: Facts, row: Row) -> bool:
    """Whether an activity rests on consent, as far as is known."""
    return not known(row["legal_basis"]) or facts.law.basis(str(row["legal_basis"])) == CONSENT


def _terms(frame: pd.DataFrame, facts: Facts) -> list[tuple[int, ...]]:
    """Activities by the fields that they name; one that names none is about its data in its systems."""
    by_field, by_place = dict[str, list[int]](), dict[tuple[str, str], list[int]]()
    for place, row in enumerate(facts.activities):
        for name in facts.listed(row, "field_ids", "fields"):
            by_field.setdefault(name, []).append(place)
        for pair in _pairs(facts, row) if not facts.listed(row, "field_ids", "fields") else ():
            by_place.setdefault(pair, []).append(place)
    told = zip(frame["field_id"], frame["system_id"], frame["category_id"], strict=True)
    return [
        tuple(sorted({*by_field.get(name, ()), *by_place.get((system, category), ())}))
        for name, system, category in told
    ]


def _pairs(facts: Facts, row: Row) -> Iterable[tuple[str, Any]]:
    categories = facts.listed(row, "category_ids", "categories")
    return ((system, category) for system in facts.listed(row, "system_ids", "systems") for category in categories)
