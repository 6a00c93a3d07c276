"""Taking back what compliance decided in its copy of the workbook: what is new, known, in conflict, or cannot be taken.

A line is compared with the decisions it showed when it was written (`derbes.decisions.Basis`): what says the same as it
did then is no new decision, what answers a decision it showed replaces it, and what differs from one it could not know
of is in conflict with it. Both are kept then.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from derbes import decisions, returned
from derbes.auditing import audit
from derbes.deciding.understanding import Remark, lacking, understood
from derbes.decisions import FILE, Entry, Log
from derbes.errors import SourceError
from derbes.findings import facts
from derbes.identity import mask
from derbes.latch import extend, latched
from derbes.quarter import last_complete
from derbes.read.loading import load
from derbes.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from derbes.auditing import Audit
    from derbes.deciding.understanding import Said
    from derbes.returned import Line, Returned

_ID, _RULE = re.compile(r"[0-9a-f]{16}"), re.compile(r"[a-z]+(?:\.[a-z0-9_]+)+")


@dataclass(frozen=True)
class Conflict:
    """A decision and those it is in conflict with; the finding counts until they are settled."""

    entry: Entry
    others: tuple[Entry, ...]


@dataclass(frozen=True)
class Decided:
    """What came of a returned workbook.

    ``taken`` were added to the record, those in conflict among them; ``known`` counts findings on which the workbook
    says nothing new; ``refused`` names lines of which nothing was taken, ``unplaced`` ids that belong to no finding.
    """

    workbook: str
    sha256: str
    taken: tuple[Entry, ...]
    conflicts: tuple[Conflict, ...]
    known: int
    refused: tuple[Remark, ...]
    unplaced: tuple[Remark, ...]
    remarks: tuple[Remark, ...]


@dataclass
class _Taking:
    """The state of taking a workbook back; ``log`` holds the entries by finding and grows as lines are taken."""

    book: Returned
    done: Audit
    who: str
    now: dt.datetime
    settle: bool
    log: dict[str, list[Entry]]
    taken: list[Entry] = field(default_factory=list)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    known: int = 0
    refused: list[Remark] = field(default_factory=list)
    unplaced: list[Remark] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Look up the findings once."""
        found = self.done.findings
        self.findings: dict[str, dict[str, Any]] = {
            str(row["id"]): {**row, "facts": digest}
            for row, digest in zip(found.to_dict("records"), facts(found), strict=True)
        }
        self.operators = {decisions.code(self.done.operator), decisions.code(self.done.inventory.path.stem)}


def decide(
    workbook: Path,
    inventory: Path,
    *,
    who: str,
    now: dt.datetime,
    law: str = "kz",
    settle: bool = False,
) -> Decided:
    """Take the decisions of a returned workbook into an inventory's record, and return what came of it.

    The workbook is only read. ``who`` takes it back and ``now`` says when, with a zone. ``settle`` lets its decisions
    replace those of other workbooks that they disagree with. Raises SourceError where the workbook is none, is one of
    another inventory, or the record is damaged; OutputError where the record cannot be added to.
    """
    book = returned.read(workbook)
    inv = load(inventory)
    done = audit(inv, as_of=_day(book, now), law=law, before="none")
    path = decisions.home(inv.path) / FILE
    with latched(path):
        log = decisions.read(path.parent)
        _refuse_damage(path, log)
        taking = _Taking(book, done, mask(clean(who)), now, settle, _by_finding(log))
        for line in book.lines:
            _take(taking, line)
        _refuse_other(taking)
        if taking.taken:
            extend(path, decisions.written(taking.taken, head=not log.begun), anew=not log.begun)
    return Decided(
        workbook=mask(book.name),
        sha256=book.sha256,
        taken=tuple(taking.taken),
        conflicts=tuple(taking.conflicts.values()),
        known=taking.known,
        refused=tuple(taking.refused),
        unplaced=(*taking.unplaced, *(Remark("no_ids", place) for place in book.without_ids)),
        remarks=(*taking.remarks, *(Remark("unread", sheet) for sheet in book.unread)),
    )


def _day(book: Returned, now: dt.datetime) -> dt.date:
    """Day of the audit that the workbook shows; of one that does not say, that of the last complete quarter."""
    days = [line.basis.as_of for line in book.lines if line.basis]
    return max(days) if days else last_complete(now.astimezone().date()).last_day


def _refuse_damage(path: Path, log: Log) -> None:
    if log.faults:
        what = f"line {log.faults[0]} is not as derbes wrote it" if log.faults[0] else "cannot be read"
        raise SourceError(str(path), what, "Take it from a copy: it must not be edited or saved by another program.")


def _refuse_other(taking: _Taking) -> None:
    codes = {remark.code for remark in taking.unplaced}
    placed = taking.taken or taking.known or taking.refused or taking.remarks
    if codes and codes <= {"other_inventory", "unknown_id"} and not placed:
        what = f"shows no finding of {taking.done.operator}"
        raise SourceError(taking.book.name, what, "Name the inventory that it was made from.")


def _by_finding(log: Log) -> dict[str, list[Entry]]:
    entries: dict[str, list[Entry]] = defaultdict(list)
    for row in log.entries.to_dict("records"):
        entry = Entry(**{str(name): str(value) for name, value in row.items()})
        entries[entry.id].append(entry)
    return entries


def _take(taking: _Taking, line: Line) -> None:
    """Take one line: what it says of every finding it stands for."""
    cells = line.cells
    if not cells["answer"].blank:
        taking.remarks.append(Remark("answer", cells["answer"].place))
    if all(cells[name].blank for name in decisions.CONTENT):
        _emptied(taking, line, ("", "", "", ""))
        return
    if not line.ids:
        taking.unplaced.append(Remark("no_id", cells["decision"].place))
        return
    said = understood(line)
    if not said.content[0] and not said.faults:
        _emptied(taking, line, said.content)
        return
    fresh = [one for one in _placed(taking, line) if not _old(taking, line, one, said)]
    if not fresh:
        return
    faults = [*said.faults, *lacking(line, said, taking.now.astimezone().date())]
    if faults:
        taking.refused += faults
        return
    taking.remarks += said.remarks
    if said.content[0] == "false_positive" and not said.content[3]:
        taking.remarks.append(Remark("no_reason", line.cells["decision"].place))
    for one in fresh:
        _record(taking, line, one, said.content)


def _placed(taking: _Taking, line: Line) -> list[str]:
    """Ids of the line that belong to a finding of this inventory, of today or of the day the workbook was made."""
    basis, place = line.basis, line.cells["ids"].place
    if basis and basis.operator not in taking.operators:
        taking.unplaced.append(Remark("other_inventory", place))
        return []
    placed = []
    for one in line.ids:
        if one in taking.findings or one in taking.log or (basis and basis.sound and _ID.fullmatch(one)):
            placed.append(one)
        else:
            taking.unplaced.append(Remark("unknown_id", place, mask(one[:40])))
    rules = {taking.findings.get(one, {}).get("rule") for one in placed} | {clean(line.cells["rule"].text)}
    if decisions.CONFLICT in rules:
        taking.refused.append(Remark("about_conflict", line.cells["decision"].place))
        return []
    return placed


def _seen(taking: _Taking, line: Line, one: str) -> str:
    """Facts of a finding as the line shows them, or as they are where it no longer says."""
    basis = line.basis
    shown = basis.of(line.ids.index(one), len(line.ids)) if basis else None
    now = taking.findings.get(one, {}).get("facts") or next((e.facts for e in reversed(taking.log[one])), "0" * 8)
    return shown or str(now)


def _heads(entries: list[Entry]) -> list[Entry]:
    gone = {code for entry in entries for code in entry.replaces.split()}
    return [entry for entry in entries if entry.code not in gone]


def _rivals(taking: _Taking, line: Line, one: str, content: tuple[str, ...]) -> list[Entry]:
    """Decisions that stand, say something else, and were not known to the line."""
    shown = line.basis.codes if line.basis else ()
    heads = [entry for entry in _heads(taking.log.get(one, [])) if entry.content != content]
    if taking.settle:
        return [entry for entry in heads if entry.sha256 == taking.book.sha256 and entry.code not in shown]
    return [entry for entry in heads if entry.code not in shown]


def _old(taking: _Taking, line: Line, one: str, said: Said) -> bool:
    """Whether the line says nothing new of a finding; a conflict that it is part of is told all the same."""
    basis, entries = line.basis, taking.log.get(one, [])
    codes = frozenset(basis.codes if basis else ())
    seen, heads = _seen(taking, line, one), _heads(entries)
    same = [entry for entry in entries if entry.content == said.content and entry.facts == seen]
    shown = [entry for entry in same if entry.code in codes]
    heard = [entry for entry in same if frozenset(entry.replaces.split()) == codes]
    agreed = [entry for entry in heads if entry in same]
    exempt = None if entries else taking.findings.get(one, {}).get("decision")
    lives = {entry.content for entry in heads}
    if taking.settle and len(lives) > 1 and not shown:
        return False
    old = bool(shown or heard or agreed) or bool(exempt and _content(exempt) == said.content)
    if old:
        taking.known += 1
        if len(lives) > 1 and agreed and not shown:
            others = tuple(entry for entry in heads if entry.content != said.content)
            taking.conflicts[one] = Conflict(agreed[-1], others)
    return old


def _content(decision: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(decision.get(name) or "") for name in decisions.CONTENT)


def _record(taking: _Taking, line: Line, one: str, content: tuple[str, ...]) -> None:
    rivals = _rivals(taking, line, one, content)
    shown = set(line.basis.codes if line.basis else ())
    entries = taking.log.setdefault(one, [])
    agreed = {entry.code for entry in _heads(entries) if entry.content == content}
    others = {entry.code for entry in _heads(entries)} if taking.settle else set()
    replaces = " ".join(
        sorted((shown & {entry.code for entry in entries} | agreed | others) - {e.code for e in rivals})
    )
    finding, rule = taking.findings.get(one, {}), clean(line.cells["rule"].text)
    entry = Entry(
        id=one,
        rule=str(finding.get("rule") or (rule if _RULE.fullmatch(rule) else "")),
        table=str(finding.get("table") or "*"),
        key=str(finding.get("key") or "*"),
        decision=content[0],
        owner=content[1],
        until=content[2],
        comment=content[3],
        who=taking.who,
        when=taking.now.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        workbook=mask(taking.book.name),
        sha256=taking.book.sha256,
        place=mask(line.cells["decision"].place),
        as_of=(line.basis.as_of if line.basis else taking.done.as_of).isoformat(),
        facts=_seen(taking, line, one),
        code=decisions.code(content, taking.book.sha256, line.cells["decision"].place, replaces),
        replaces=replaces,
    )
    entries.append(entry)
    taking.taken.append(entry)
    if rivals:
        taking.conflicts[one] = Conflict(entry, tuple(rivals))
    else:
        taking.conflicts.pop(one, None)


def _emptied(taking: _Taking, line: Line, content: tuple[str, ...]) -> None:
    """Say of a line without a decision that the one it showed stands, or that what else it says is not taken."""
    codes = set(line.basis.codes if line.basis else ())
    known = [entry for one in line.ids for entry in taking.log.get(one, []) if entry.code in codes]
    standing = [entry for entry in known if entry.facts == _seen(taking, line, entry.id) and len(codes) == 1]
    place = line.cells["decision"].place
    if standing:
        taking.remarks.append(Remark("emptied", place))
    elif any(content[1:]) and content[1:] not in {entry.content[1:] for entry in known}:
        taking.remarks.append(Remark("no_decision", place))
