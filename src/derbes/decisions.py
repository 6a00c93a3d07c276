"""Decisions of compliance: the record of what was decided on which facts, and what of it holds on a day.

The record is ``decisions.csv`` of an inventory: one line a finding and decision, only ever added to. A decision names
the decisions that its author knew of (``replaces``). Those that none replaces stand; where two stand that say different
things, neither holds and the finding counts until a decision that knows of both settles it.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import re
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.errors import SourceError
from derbes.findings import facts
from derbes.read import guard
from derbes.text import LANGUAGES, escape, unescape, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FILE = "decisions.csv"
CONFLICT = "history.decision.conflict"
CODES = ("accept", "fix", "false_positive", "in_progress")
#: Decisions that take a finding out of the count.
CLOSING = ("accept", "false_positive")
CONTENT = ("decision", "owner", "until", "comment")
_DAY = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_SHAPES = {
    "id": r"[0-9a-f]{16}",
    "decision": "|".join(CODES),
    "until": rf"(?:{_DAY})?",
    "when": rf"{_DAY}T.+",
    "as_of": _DAY,
    "facts": r"[0-9a-f]{8}",
    "code": r"[0-9a-f]{8}",
    "replaces": r"(?:[0-9a-f]{8}(?: [0-9a-f]{8})*)?",
}
_BASIS = re.compile(rf"([0-9a-f]{{8}}) ({_DAY}) ([0-9a-f,]+) (-|[0-9a-f+]+) ([0-9a-f]{{8}})")


@dataclass(frozen=True)
class Entry:
    """One line of the record, all text: dates ISO 8601, ``replaces`` codes with spaces between.

    ``facts`` is the digest of what the finding stood on in the workbook of that ``as_of``, ``code`` the decision's own.
    """

    id: str
    rule: str
    table: str
    key: str
    decision: str
    owner: str
    until: str
    comment: str
    who: str
    when: str
    workbook: str
    sha256: str
    place: str
    as_of: str
    facts: str
    code: str
    replaces: str

    @property
    def content(self) -> tuple[str, ...]:
        """What was decided: decision, owner, until, comment."""
        return self.decision, self.owner, self.until, self.comment


COLUMNS = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True)
class Log:
    """A record as read: its entries in order, and the numbers of its lines that are not as derbes writes them.

    Line 0 stands for the whole file, of which nothing could be read then. ``begun`` says whether it has its headings.
    """

    entries: pd.DataFrame
    faults: tuple[int, ...] = ()
    begun: bool = False


def home(inventory: Path) -> Path:
    """Folder that keeps the record of an inventory: the folder itself, or that of the workbook."""
    return inventory if inventory.is_dir() else inventory.parent


def read(folder: Path) -> Log:
    """Record of the inventory in a folder; one without a file is empty. What cannot be read is a fault, no error."""
    path = folder / FILE
    nothing = pd.DataFrame(columns=list(COLUMNS), dtype=str)
    if not path.exists():
        return Log(nothing)
    try:
        with guard.opened(path) as file:
            rows = list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"), newline=""), strict=True))
    except SourceError as error:
        return Log(nothing, () if error.code == "empty_file" else (0,))
    except (UnicodeDecodeError, csv.Error, OSError):
        return Log(nothing, (0,))
    head, lines = rows[0] if rows else [], [(number, row) for number, row in enumerate(rows[1:], start=2) if row]
    if not set(COLUMNS) <= set(head):
        return Log(nothing, (0,) if lines else ())
    whole = {number: row for number, row in lines if len(row) == len(head)}
    frame = pd.DataFrame([*whole.values()], index=[*whole], columns=head, dtype=str)[list(COLUMNS)]
    sound = _sound(frame)
    faults = {number for number, _ in lines} - {*frame.index[sound]}
    return Log(frame[sound].map(unescape).reset_index(drop=True), tuple(sorted(faults)), begun=True)


def _sound(frame: pd.DataFrame) -> pd.Series[Any]:
    sound = pd.Series(data=True, index=frame.index)
    for column, shape in _SHAPES.items():
        sound &= frame[column].str.fullmatch(shape).astype(bool)
    for column in ("until", "as_of"):
        days = pd.to_datetime(frame[column], format="%Y-%m-%d", errors="coerce")
        sound &= days.notna() | frame[column].eq("")
    return sound


def written(entries: Iterable[Entry], *, head: bool) -> bytes:
    """Lines of the record as bytes, with the line of headings where asked for; no cell runs as a formula."""
    buffer = io.StringIO(newline="")
    rows = [list(COLUMNS)] if head else []
    rows += [[escape(str(value)) for value in asdict(entry).values()] for entry in entries]
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


def code(*parts: object) -> str:
    """Eight hex digits that stand for these facts, a decision's for example."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:8]


def standing(log: Log, day: dt.date) -> pd.DataFrame:
    """Entries that nothing replaces, of workbooks up to the day; ``conflict`` where those of one finding differ.

    Of entries of one finding that say the same the last stands for all, with the ``codes`` of all; those in conflict
    keep a row each.
    """
    seen = log.entries[log.entries["as_of"] <= day.isoformat()]
    pairs = seen[["id", "replaces"]].assign(code=seen["replaces"].str.split()).explode("code")
    gone = pd.MultiIndex.from_frame(pairs[["id", "code"]].dropna())
    heads = seen[~pd.MultiIndex.from_frame(seen[["id", "code"]]).isin(gone)]
    alike = heads.groupby(["id", *CONTENT], sort=False)["code"]
    heads = heads.assign(codes=alike.transform(lambda codes: "+".join(sorted(set(codes)))))
    heads = heads.drop_duplicates(["id", *CONTENT], keep="last")
    return heads.assign(conflict=heads["id"].duplicated(keep=False)).reset_index(drop=True)


def applied(findings: pd.DataFrame, log: Log, day: dt.date) -> pd.DataFrame:
    """Findings with what was decided on them, and the statuses that follow from it.

    *accepted* and out of the count by an accept or a false positive that holds; *reopened* where the facts are other
    than those that it was decided on; *expired* where the day it was to hold until is over. An exemption goes before.
    A finding that was gone and has come back is *reopened* already, and stays so unless one of these takes it out of
    the count or has run out: to be gone for a time ends no decision.
    """
    heads = standing(log, day)
    if heads.empty:
        return findings
    held = heads[~heads["conflict"]].set_index("id").astype(object)
    done = findings.copy()
    free = done["id"].isin(heads["id"]) & (done["status"] != "accepted")
    now = facts(done)
    said = done["id"].map(held["decision"])
    closing = free & said.isin(CLOSING)
    changed = closing & (done["id"].map(held["facts"]) != now)
    until = done["id"].map({**held["until"]}).astype(object).where(done["id"].isin(held.index), "")
    over = free & (until != "") & (until < day.isoformat()) & ~changed
    done["status"] = done["status"].mask(closing, "accepted").mask(over, "expired").mask(changed, "reopened")
    dicts = _dicts(heads)
    done["decision"] = done["decision"].mask(free, done["id"].map(dicts))
    return done


def _dicts(heads: pd.DataFrame) -> dict[str, dict[str, str | None]]:
    """Decision of every finding as its findings carry it; of a conflict only the codes."""
    made: dict[str, dict[str, str | None]] = {}
    for row in heads[~heads["conflict"]].itertuples():
        kept = {name: str(getattr(row, name)) or None for name in CONTENT}
        made[row.id] = {**kept, "decided_on": str(row.when)[:10], "code": row.codes}
    for name, codes in heads[heads["conflict"]].groupby("id", sort=False)["codes"]:
        made[str(name)] = {**dict.fromkeys((*CONTENT, "decided_on")), "code": "+".join(sorted(codes))}
    return made


def states(log: Log, findings: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """Decisions that stand, each with its ``state``: conflict, reopened, expired, in_force, or closed with its finding.

    ``findings`` are those of that day, decisions applied. Only one that took a finding out of the count is *reopened*,
    by other facts: that a finding came back leaves a promise to mend it as it is.
    """
    heads = standing(log, day)
    status = heads["id"].map(findings.set_index("id")["status"])
    state = pd.Series("in_force", index=heads.index, dtype=object)
    reopened = status.eq("reopened") & heads["decision"].isin(CLOSING)
    state = state.mask(reopened | status.eq("expired"), status).mask(heads["conflict"], "conflict")
    state = state.mask(status.isna(), "closed")
    order = state.map({name: place for place, name in enumerate(STATES)})
    ordered = heads.assign(state=state, order=order).sort_values(["order", "until", "rule", "key", "id"], kind="stable")
    return ordered.drop(columns=["order", "conflict", "codes"]).reset_index(drop=True)


STATES = ("conflict", "reopened", "expired", "in_force", "closed")


def doubts(log: Log, day: dt.date) -> pd.DataFrame:
    """One row a finding that was decided on, ``problem`` *conflict* or null, and one a line that cannot be read.

    ``said_ru`` and its like tell what the decisions in conflict say, and where; ``line`` is the number of a bad one.
    """
    heads = standing(log, day).astype(object)
    rows = heads.drop_duplicates("id")[["id", "table", "key", "conflict"]].rename(columns={"id": "finding"})
    rows["problem"] = rows.pop("conflict").map({True: "conflict", False: None})
    for lang in LANGUAGES:
        told = _said(heads[heads["conflict"].astype(bool)], lang)
        rows[f"said_{lang}"] = rows["finding"].map(told.groupby(heads["id"]).agg("; ".join))
    torn = pd.DataFrame({"line": [str(number) for number in log.faults]}, dtype=object)
    torn = torn.assign(finding=torn["line"], table="*", key=FILE, problem="unreadable")
    return pd.concat([rows, torn], ignore_index=True).astype(object)


def _said(heads: pd.DataFrame, lang: str) -> pd.Series[Any]:
    labels: Mapping[str, str] = words(lang)["workbook"]["decisions"]
    told = heads["decision"].map(labels).astype(str)
    return told + " (" + heads["workbook"] + ", " + heads["place"] + ", " + heads["when"].str[:10] + ")"


@dataclass(frozen=True)
class Basis:
    """What a line of a workbook rests on: operator, day, the facts of its findings, and the decisions it shows.

    ``sound`` where line and findings are as derbes wrote them.
    """

    operator: str
    as_of: dt.date
    facts: tuple[str, ...]
    codes: tuple[str, ...]
    sound: bool

    @classmethod
    def parse(cls, text: str, ids: Iterable[str]) -> Basis | None:
        """What `basis` wrote for these findings; None where the text is nothing it can have written."""
        found = _BASIS.fullmatch(" ".join(text.split()))
        if not found:
            return None
        try:
            day = dt.date.fromisoformat(found[2])
        except ValueError:
            return None
        codes = () if found[4] == "-" else tuple(found[4].split("+"))
        body = " ".join(found.group(1, 2, 3, 4))
        return cls(found[1], day, tuple(found[3].split(",")), codes, sound=code(body, sorted(ids)) == found[5])

    def of(self, place: int, count: int) -> str | None:
        """Facts of the finding in that place of a line of so many; None where the line was taken apart."""
        if len(self.facts) == 1:
            return self.facts[0]
        return self.facts[place] if len(self.facts) == count else None


def basis(operator: str, day: dt.date, digests: Mapping[str, str], codes: str | None) -> str:
    """What a line of the workbook rests on, in one cell: operator, day, facts, codes of decisions shown, checksum.

    ``digests`` are those of the line's findings, by id, in the order of the line.
    """
    each = list(digests.values())
    told = each[:1] if len(set(each)) == 1 else each
    body = f"{code(operator)} {day.isoformat()} {','.join(told)} {codes or '-'}"
    return f"{body} {code(body, sorted(digests))}"
