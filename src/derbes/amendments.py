"""What changed in the law between two days, and what an inventory is told on the later one if nobody touches it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import rules as rulebook
from derbes.errors import UsageError
from derbes.findings import ACTIVE
from derbes.law import load_law

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.auditing import Audit
    from derbes.law import Act, LawPack
    from derbes.rules import Rule

COLUMNS = ("kind", "name", "before", "after", "rules")
ACTS = ("act", "title", "change", "date", "before", "after")


@dataclass(frozen=True)
class Amendments:
    """What of the law differs between two days, as far as rules and the registry of acts know it.

    ``rules`` has a row a change: ``kind`` (starts, stops, constants, sections, bases, elements, acts), ``name`` (the
    rule, or what of the law changed), ``before`` and ``after`` (values, or codes gone and codes come), ``rules`` (ids
    that it concerns). ``acts`` has a row an event: ``act``, its ``title``, ``change`` (came, edition, renamed, ceased,
    reported), ``date``, ``before`` and ``after`` (titles, or numbers of the acts that took its place or amended it).
    ``daily`` are the rules that look at the day itself: they may find other rows on another day under the same law.
    """

    start: dt.date
    end: dt.date
    rules: pd.DataFrame
    acts: pd.DataFrame
    daily: frozenset[str] = frozenset()

    @property
    def concerned(self) -> frozenset[str]:
        """Ids of the rules that the law changed."""
        return frozenset(name for names in self.rules["rules"] for name in names)


@dataclass(frozen=True)
class Outlook:
    """One inventory as of two days: which findings come and go if nothing is done.

    ``comes`` and ``goes`` are findings as in an audit, with ``because``: starts, stops, changed (a value of the law),
    decision (one that ends, or begins, in between) or day.
    """

    now: Audit
    then: Audit
    amendments: Amendments
    comes: pd.DataFrame = field(repr=False)
    goes: pd.DataFrame = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """What `check --next` adds to the object of model.md §4, ready for json.dumps."""
        law, changes = self.then.law, self.amendments
        return {
            "as_of": self.then.as_of.isoformat(),
            "law": {"id": law.id, "edition": law.edition, "newer_reported": law.newer_reported},
            "rules": [{**row, "rules": list(row["rules"])} for row in changes.rules.to_dict("records")],
            "acts": [{**row, "date": row["date"].isoformat()} for row in changes.acts.to_dict("records")],
            "fails": _told(self.then, self.comes),
            "passes": _told(self.now, self.goes),
        }


def amendments(audit: Audit, *, start: dt.date) -> Amendments:
    """What changed between the law of an earlier day and that of an audit's, for the rules that were asked there.

    What a rule looks at is read off its view while it is built over the inventory, so a view cannot forget to say it.
    """
    before, after = load_law(audit.pack, start), audit.law
    asked = set(audit.rules["rule"])
    rules = [rule for rule in rulebook.together(audit.pack, audit.inventory.path / "rules") if rule.id in asked]
    lasting = [rule for rule in rules if _runs(rule, before) and _runs(rule, after)]
    seen = {rule.id: audit.look.reads.get(rule.id, frozenset()) | _asked(rule) for rule in lasting}
    changed = {(part, name): said for part, name, *said in _differences(before, after)}
    rows: list[tuple[Any, ...]]
    rows = [("starts", r.id, "", "", (r.id,)) for r in rules if _runs(r, after) and not _runs(r, before)]
    rows += [("stops", r.id, "", "", (r.id,)) for r in rules if _runs(r, before) and not _runs(r, after)]
    for (part, name), (old, new) in changed.items():
        if concerned := tuple(sorted(rule for rule, reads in seen.items() if (part, name) in reads)):
            rows.append((part, name, old, new, concerned))
    return Amendments(
        start=start,
        end=audit.as_of,
        rules=pd.DataFrame(rows, columns=list(COLUMNS)),
        acts=events(before, after, audit.lang),
        daily=frozenset(rule for rule, reads in seen.items() if ("as_of", "") in reads),
    )


def outlook(now: Audit, then: Audit) -> Outlook:
    """What comes and goes between two audits of one inventory. Raises UsageError where the second is not later."""
    if then.as_of <= now.as_of:
        raise UsageError(f"--next {then.as_of}", f"is not after {now.as_of}", "Name a later day.")
    changes = amendments(then, start=now.as_of)
    today, later = (done.findings[done.findings["status"].isin(ACTIVE)] for done in (now, then))
    comes = later[~later["id"].isin(today["id"])]
    goes = today[~today["id"].isin(later["id"])]
    return Outlook(
        now=now,
        then=then,
        amendments=changes,
        comes=comes.assign(because=_because(comes, now, changes, "starts")).reset_index(drop=True),
        goes=goes.assign(because=_because(goes, then, changes, "stops")).reset_index(drop=True),
    )


def _because(findings: pd.DataFrame, other: Audit, changes: Amendments, kind: str) -> pd.Series[Any]:
    """Why a finding is on one day only: it is on the other day too and decided, or its rule or the law is not."""
    turned = set(changes.rules.loc[changes.rules["kind"] == kind, "name"])
    because = pd.Series("day", index=findings.index, dtype=object)
    because = because.mask(findings["rule"].isin(changes.concerned), "changed")
    because = because.mask(findings["rule"].isin(turned), kind)
    return because.mask(findings["id"].isin(other.findings["id"]), "decision")


def _told(audit: Audit, findings: pd.DataFrame) -> list[dict[str, Any]]:
    because = dict(zip(findings["id"], findings["because"], strict=True))
    said = audit.to_json()["findings"]
    return [{**one, "because": because[one["id"]]} for one in said if one["id"] in because]


def _runs(rule: Rule, law: LawPack) -> bool:
    return rule.in_force(law.as_of) and not rule.waits_for and {name for _, name in _asked(rule)} <= set(law.constants)


def _asked(rule: Rule) -> set[tuple[str, str]]:
    """Constants that a rule names in its arguments."""
    said = (value for value in rule.args.values() if isinstance(value, str))
    return {("constants", value[1:]) for value in said if value.startswith("$")}


def _differences(before: LawPack, after: LawPack) -> Iterator[tuple[str, str, str, str]]:
    """Parts of the law that differ: part, name, and what went and came as text."""
    for name in sorted({*before.constants, *after.constants}):
        old, new = before.constants.get(name), after.constants.get(name)
        if old != new:
            yield "constants", name, _text(old), _text(new)
    for name in sorted(before.sections):
        if before.sections[name] != after.sections[name]:
            yield "sections", name, *_turned(dict(before.sections[name]), dict(after.sections[name]))
    for part, key in {"bases": "state", "elements": "valid"}.items():
        old, new = (getattr(law, part).set_index("code")[key].to_dict() for law in (before, after))
        if old != new:
            good = {True, "valid"}
            yield part, "", *_turned(*({c: 1 for c, state in side.items() if state in good} for side in (old, new)))
    if before.acts != after.acts:
        yield "acts", "", *_turned(dict(before.acts), dict(after.acts))


def _turned(old: dict[str, Any], new: dict[str, Any]) -> tuple[str, str]:
    """Codes that are gone or were otherwise, and codes that came or are otherwise now."""
    gone = [code for code, value in old.items() if new.get(code) != value]
    come = [code for code, value in new.items() if old.get(code) != value]
    return ", ".join(gone), ", ".join(come)


def _text(value: object) -> str:
    """A value of the law on one line; of a mapping and a list its parts, nothing for one that there is not."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {part}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def events(before: LawPack, after: LawPack, lang: str) -> pd.DataFrame:
    """What became of the acts in the registry after the one day and up to the other, in the order of dates."""
    rows = []
    for number, new in after.acts.items():
        title = new.title(lang) or ""
        rows += [
            (number, title, *event) for event in _event(before.acts[number], new, (before.as_of, after.as_of), lang)
        ]
    frame = pd.DataFrame(rows, columns=list(ACTS), dtype=object)
    return frame.sort_values(["date", "act", "change"], kind="stable").reset_index(drop=True)


def _event(old: Act, new: Act, days: tuple[dt.date, dt.date], lang: str) -> Iterator[tuple[str, dt.date, str, str]]:
    start, end = days
    if start < new.valid_from <= end:
        yield "came", new.valid_from, "", ""
    for day, by in new.editions:
        if start < day <= end and day != new.valid_from:
            yield "edition", day, "", by or ""
    if old.titles != new.titles:
        day = max((day for day, _ in new.editions if day <= end), default=end)
        yield "renamed", day, old.title(lang) or "", new.title(lang) or ""
    if new.valid_to and start <= new.valid_to < end:
        yield "ceased", new.valid_to + dt.timedelta(days=1), "", ", ".join(new.replaced_by)
    if new.reported and new.reported != old.reported:
        yield "reported", dt.date.fromisoformat(new.reported), "", ""
