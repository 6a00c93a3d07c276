"""What falls due: reviews of documents and rows, decisions that end, requests to answer, papers whose term is over."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING

import pandas as pd
from icalendar import Calendar, Event

from derbes import period
from derbes.identity import bin_valid, mask
from derbes.schema import load
from derbes.text import fill, words

if TYPE_CHECKING:
    from derbes.auditing import Audit
    from derbes.inventory import Inventory

COLUMNS = ("due_on", "what", "table", "key", "name", "owner", "year", "finding")
#: Papers that live side by side; of every other kind the latest one in force replaces those before it.
_SEVERAL = ("contract", "consent_form", "dpia")
_REVIEWED = ("systems", "processing")
_AHEAD = 365


def due(audit: Audit, *, until: dt.date | None = None) -> pd.DataFrame:
    """What falls due up to a day (a year ahead by default), overdue things too, the earliest first.

    One row a thing: due_on, what (a code of the words), table, key, name, owner (empty where none is named), and for
    papers whose term is over the year they are of, and of a decision that ends the id of what was decided on.
    """
    last = until or audit.as_of + dt.timedelta(days=_AHEAD)
    months = int(audit.law.constants.get("list_review_months", 12))
    inv = audit.inventory
    parts = [_documents(inv, audit.as_of, months), _rows(inv, months), _decisions(audit), _papers(inv, audit.as_of)]
    frame = pd.concat([part.reindex(columns=list(COLUMNS)) for part in parts if len(part)] or [_nothing()])
    when = pd.to_datetime(frame["due_on"])
    frame = frame.assign(due_on=when.dt.date)[when.le(pd.Timestamp(last))]
    for column in ("owner", "name"):  # without a single text in it a column is one of numbers
        frame[column] = frame[column].astype(object).fillna("").map(mask)
    return frame.sort_values(["due_on", "what", "table", "key"], kind="stable", ignore_index=True)


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(columns=list(COLUMNS))


def _documents(inv: Inventory, as_of: dt.date, months: int) -> pd.DataFrame:
    """Reviews of papers in force: on the day they name, a list of data at the latest so many months after approval."""
    frame = inv.documents.assign(key=inv.keys["documents"])
    since = frame["effective_on"].fillna(frame["approved_on"])
    current = frame[~(since > pd.Timestamp(as_of))].assign(since=since)
    several = current["kind"].isin(_SEVERAL)
    latest = current.groupby("kind", dropna=False)["since"].transform("max")
    current = current[several | current["since"].isna() | (current["since"] == latest)]
    longest = (current["approved_on"] + pd.DateOffset(months=months)).where(current["kind"] == "personal_data_list")
    when = pd.concat([current["review_due_on"], longest], axis=1).min(axis=1)
    named = current["kind"].fillna("") + " " + current["number"].fillna(current["version"]).fillna("")
    return pd.DataFrame(
        {
            "due_on": when,
            "what": "document_review",
            "table": "documents",
            "key": current["key"],
            "name": named.str.strip(),
        }
    )


def _rows(inv: Inventory, months: int) -> pd.DataFrame:
    """Reviews of systems, activities and, system by system, of fields: so many months after the last one."""
    retired = inv.systems["status"].eq("retired")
    live = {"systems": ~retired, "processing": inv.processing["status"].ne("stopped").astype(bool)}
    parts = []
    for table in _REVIEWED:
        frame = inv.tables[table].assign(key=inv.keys[table])[live[table].to_numpy()]
        parts.append(frame[["key", "name", "owner", "reviewed_on"]].assign(table=table))
    held = inv.fields[["system_id", "reviewed_on"]].rename(columns={"system_id": "key"})
    systems = inv.systems[~retired].drop_duplicates("system_id").set_index("system_id")[["name", "owner"]]
    fields = held.groupby("key")["reviewed_on"].min().reset_index().join(systems, on="key", how="inner")
    both = pd.concat([*parts, fields.assign(table="fields")], ignore_index=True)
    return both.assign(due_on=both["reviewed_on"] + pd.DateOffset(months=months), what="row_review")


def _decisions(audit: Audit) -> pd.DataFrame:
    """Decisions that end: what was accepted has to be decided anew."""
    frame = audit.findings
    told = [one if isinstance(one, dict) else {} for one in frame["decision"]]
    facts = {"due_on": [one.get("until") for one in told], "owner": [one.get("owner") for one in told]}
    facts |= {"table": frame["table"], "key": frame["key"], "name": frame["title"], "finding": frame["id"]}
    ends = pd.DataFrame(facts)
    return ends[ends["due_on"].notna()].assign(what="decision_end")


def _papers(inv: Inventory, as_of: dt.date) -> pd.DataFrame:
    """Papers whose term, counted from the end of their year, is over at the turn of this year or the next.

    Papers older than the operator's registration, by its BIN, there are none.
    """
    parsed = period.parse_all(inv.retention["period"])
    trigger = inv.retention["trigger"].astype(object).fillna(parsed["trigger"].astype(object))
    years = parsed["duration"].astype("str").str.extract(r"^P(\d+)Y$")[0].astype(float)
    counted = inv.retention.assign(key=inv.keys["retention"], years=years)
    counted = counted[trigger.eq("document_year_end") & years.notna()]
    turns = pd.DataFrame({"turn": [as_of.year, as_of.year + 1]})
    both = counted.merge(turns, how="cross")
    both["year"] = (both["turn"] - 1 - both["years"]).astype(int)
    both = both[both["year"] >= _registered(inv, as_of)]
    days = [dt.date(turn, 1, 1) for turn in both["turn"]]
    return both[["key", "name", "year"]].assign(due_on=days, what="papers", table="retention")


def _registered(inv: Inventory, as_of: dt.date) -> int:
    """Year that a BIN begins with, of this century unless that is yet to come; 0 where none is known."""
    numbers = inv.operator["bin"].dropna()
    if not len(numbers) or not bin_valid(str(numbers.iloc[0])):
        return 0
    year = as_of.year // 100 * 100 + int(str(numbers.iloc[0]).strip()[:2])
    return year if year <= as_of.year else year - 100


def said(frame: pd.DataFrame, lang: str) -> list[str]:
    """What each thing that falls due is, in words."""
    told, model, lines = words(lang)["due"]["what"], load(), []
    for row in frame.to_dict("records"):
        year = "" if pd.isna(row["year"]) else str(int(row["year"]))
        name = row["name"] or row["key"]
        if row["what"] == "document_review":
            kind, _, number = name.partition(" ")
            name = f"{model.label('document_kind', kind, lang)} {number}".strip()
        lines.append(fill(told[row["what"]], {"name": name, "key": row["key"], "year": year}))
    return lines


def calendar(frame: pd.DataFrame, *, as_of: dt.date, operator: str, lang: str) -> bytes:
    """The same as an iCalendar file of whole-day events; the same list gives the same bytes."""
    book = Calendar()
    book.add("prodid", "-//derbes//due//")
    book.add("version", "2.0")
    for row, text in zip(frame.to_dict("records"), said(frame, lang), strict=True):
        event = Event()
        place = json.dumps([operator, *(str(row[name]) for name in ("what", "table", "key", "due_on", "finding"))])
        event.add("uid", f"{hashlib.sha256(place.encode()).hexdigest()[:24]}@derbes")
        event.add("dtstamp", dt.datetime.combine(as_of, dt.time(), dt.UTC))
        event.add("dtstart", row["due_on"])
        event.add("summary", text)
        if row["owner"]:
            event.add("description", row["owner"])
        book.add_component(event)
    content: bytes = book.to_ical()
    return content
