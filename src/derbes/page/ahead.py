"""What falls due in the quarters after this one: papers and rows to review, terms that end, laws that change."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import period
from derbes import rules as rulebook
from derbes.amendments import events
from derbes.due import due, said
from derbes.identity import mask
from derbes.law import load_law
from derbes.quarter import Quarter

if TYPE_CHECKING:
    from derbes.auditing import Audit

QUARTERS = 4
COLUMNS = ("due_on", "quarter", "what", "name", "owner")
OVERDUE = "overdue"
_LIVE = {"systems": ("status", "retired"), "processing": ("status", "stopped")}


def ahead(audit: Audit, quarter: Quarter) -> pd.DataFrame:
    """What falls due up to the end of the fourth quarter after this one, and what is overdue, the earliest first.

    One row a thing: ``due_on``, ``quarter`` (2026Q4, or *overdue* where the day is before that of the audit), ``what``
    (task for what `derbes.due` has, consent for consents whose term ends for those who gave them first, act_came,
    act_ceased and the like, rule_starts, rule_stops), ``name`` in the words of the audit's language, ``owner``.
    """
    last = coming(quarter)[-1].last_day
    tasks = due(audit, until=last)
    tasks = tasks.assign(what="task", name=said(tasks, audit.lang))[["due_on", "what", "name", "owner"]]
    parts = [part for part in (tasks, _consents(audit, last), _law(audit, last)) if len(part)]
    frame = pd.concat(parts or [pd.DataFrame(columns=["due_on", "what", "name", "owner"])], ignore_index=True)
    frame = frame.assign(owner=frame["owner"].fillna(""))
    frame["quarter"] = [OVERDUE if day < audit.as_of else str(Quarter.of(day)) for day in frame["due_on"]]
    return frame.sort_values(["due_on", "what", "name"], kind="stable", ignore_index=True)[list(COLUMNS)]


def coming(quarter: Quarter) -> list[Quarter]:
    """The four quarters after this one."""
    found = [Quarter.of(quarter.last_day + dt.timedelta(days=1))]
    while len(found) < QUARTERS:
        found.append(Quarter.of(found[-1].last_day + dt.timedelta(days=1)))
    return found


def undated(audit: Audit) -> dict[str, int]:
    """How many things have no day from which one could tell when they fall due: by table, those that have any."""
    inv = audit.inventory
    papers = inv.documents[inv.documents["kind"] != "contract"]
    counts = {
        "documents": int(papers["review_due_on"].isna().sum()),
        "fields": int(inv.fields["reviewed_on"].isna().sum()),
    }
    for table, (column, gone) in _LIVE.items():
        frame = inv.tables[table]
        counts[table] = int(frame.loc[frame[column].ne(gone).fillna(value=True), "reviewed_on"].isna().sum())
    counts["consents"] = int(inv.consents[["effective_on", "term"]].isna().any(axis=1).sum())
    counts["retention"] = int((~period.parse_all(inv.retention["period"])["kind"].isin(["fixed", "until"])).sum())
    return {table: n for table, n in counts.items() if n}


def _consents(audit: Audit, last: dt.date) -> pd.DataFrame:
    """Consents of a fixed term whose first givers have to be asked anew: the day of effect and the term after it."""
    frame = audit.inventory.consents
    days = period.parse_all(frame["term"])["days"]
    ends = frame["effective_on"] + pd.to_timedelta(days, unit="D")
    shown = frame.assign(due_on=ends)[ends.notna() & ends.le(pd.Timestamp(last)) & ends.ge(pd.Timestamp(audit.as_of))]
    names = shown["name"].fillna(shown["consent_id"]).fillna("").astype(object).map(mask)
    return pd.DataFrame({"due_on": shown["due_on"].dt.date, "what": "consent", "name": names, "owner": ""})


def _law(audit: Audit, last: dt.date) -> pd.DataFrame:
    """Acts that come, change and cease after the day of the audit, and rules that start or stop because of it."""
    before, after = (load_law(audit.pack, day) for day in (audit.as_of, last))
    rows: list[dict[str, Any]] = [
        {"due_on": row.date, "what": f"act_{row.change}", "name": f"{row.title} ({row.act})".strip()}
        for row in events(before, after, audit.lang).itertuples()
    ]
    for rule in rulebook.together(audit.pack, audit.inventory.path / "rules"):
        if rule.valid_from and audit.as_of < rule.valid_from <= last:
            rows.append({"due_on": rule.valid_from, "what": "rule_starts", "name": rule.id})
        if rule.valid_to and audit.as_of <= rule.valid_to < last:
            rows.append({"due_on": rule.valid_to + dt.timedelta(days=1), "what": "rule_stops", "name": rule.id})
    return pd.DataFrame(rows, columns=["due_on", "what", "name", "owner"], dtype=object)
