"""What the rules on duties with a day look at: requests answered, breaches notified, rows and papers reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import workdays
from derbes.inventory import keyed
from derbes.views.governance import months_begun
from derbes.views.links import active, links, said
from derbes.views.registry import view

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Outcomes after which nothing is owed to the subject.
_SETTLED = ("done", "refused")
#: Events that end a relation with the subject.
_ENDINGS = ("contract_end", "employment_end", "relation_end", "account_closed")
_REVIEWED = ("systems", "fields", "processing")


@view("requests", table="requests", needs=("requests", "rights"))
def requests(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a request: its ``kind``, the ``due`` day, days ``over`` it when answered and ``waiting`` beyond it."""
    frame, day = inv.requests, pd.Timestamp(law.as_of)
    kinds = keyed(inv, "rights")["kind"]
    kind = frame["right_id"].astype(object).map(kinds.astype(object))
    longest = kind.map(law.constants.get("right_deadline_days", {})).astype(float)
    due = _due(inv, frame["received_on"], longest)
    silent = said(inv, "requests", "answered_on").isna() & ~frame["outcome"].isin(_SETTLED)
    return pd.DataFrame(
        {
            "origin": frame.index,
            "kind": kind,
            "longest": longest.map("{:.0f}".format),
            "due": due.dt.strftime("%Y-%m-%d"),
            "over": _days(frame["answered_on"] - due).where(frame["answered_on"].le(day)),
            "waiting": _days(day - due).where(silent),
            "took": _days(frame["answered_on"] - frame["received_on"]),
            "outcome": frame["outcome"].astype(object),
            "answered": said(inv, "requests", "answered_on"),
        }
    )


@view("incidents", table="incidents")
def incidents(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row an incident: the ``due`` day, days ``over`` it when notified and ``waiting`` beyond it."""
    frame, day = inv.incidents, pd.Timestamp(law.as_of)
    since = pd.Timestamp(law.constants.get("breach_notice_since", pd.Timestamp.max))
    term = pd.Series(float(law.constants.get("breach_notice_days", "nan")), index=frame.index)
    due = _due(inv, frame["detected_on"].where(frame["detected_on"].ge(since)), term)
    silent = said(inv, "incidents", "notified_on").isna() & frame["subjects_affected"].fillna(1).gt(0)
    return pd.DataFrame(
        {
            "origin": frame.index,
            "due": due.dt.strftime("%Y-%m-%d"),
            "over": _days(frame["notified_on"] - due).where(frame["notified_on"].le(day)),
            "waiting": _days(day - due).where(silent),
            "took": _days(frame["notified_on"] - frame["detected_on"]),
            "lasted": _days(frame["closed_on"] - frame["detected_on"]),
        }
    )


def _due(inv: Inventory, begun: pd.Series[Any], days: pd.Series[Any]) -> pd.Series[Any]:
    """Last day of each term in working days, with the days that the operator says were moved."""
    frozen = inv.path.parent.name == "history"  # a quarter is judged by the calendar of its inventory
    home = inv.path.parent.parent if frozen else inv.path
    return workdays.after(begun, days, workdays.moved(home / "rules"))


def _days(span: pd.Series[Any]) -> pd.Series[Any]:
    return span.dt.days.astype(float)


@view("reviews", table="*")
def reviews(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a system or row of the register in use that was ever reviewed: ``months`` begun since.

    Of the fields of a system the one reviewed longest ago stands for all: they are gone over together.
    """
    retired = inv.systems["system_id"].loc[inv.systems["status"].eq("retired")]
    kept = {
        "systems": inv.systems.index[inv.systems["status"].ne("retired")],
        "fields": _longest_ago(inv).difference(inv.fields.index[inv.fields["system_id"].isin(retired)]),
        "processing": active(inv),
    }
    dates = {table: inv.tables[table]["reviewed_on"].loc[kept[table]].dropna() for table in _REVIEWED}
    parts = [
        pd.DataFrame({"origin": day.index, "table": table, "column": "reviewed_on", "months": months_begun(day, law)})
        for table, day in dates.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _longest_ago(inv: Inventory) -> pd.Index[Any]:
    """Position of the field of every system that was reviewed longest ago, the first of several by its id."""
    frame = inv.fields[["system_id", "reviewed_on"]].assign(key=inv.keys["fields"]).dropna(subset="reviewed_on")
    return frame.sort_values(["reviewed_on", "key"]).drop_duplicates("system_id").index


@view("relation_ends", table="systems", needs=("systems", "fields", "processing", "retention"))
def relation_ends(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a system whose data are kept until a relation ends: how many of its fields date that (``dated``)."""
    ending = inv.retention.loc[inv.retention["trigger"].isin(_ENDINGS), "retention_id"]
    rows = inv.processing.index[inv.processing["retention_id"].isin(ending)].intersection(active(inv))
    named = links(inv, "processing", "system_ids")
    used = named.loc[named["origin"].isin(rows), "id"]
    frame = inv.systems[inv.systems["system_id"].isin(used) & inv.systems["status"].ne("retired")]
    closing = inv.fields.loc[inv.fields["date_role"].eq("closed"), "system_id"].value_counts()
    return pd.DataFrame(
        {"origin": frame.index, "dated": frame["system_id"].astype(object).map(closing).fillna(0).astype(float)}
    )
