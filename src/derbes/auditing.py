"""An audit: an inventory held against the rules of a day; facts in, findings out."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import decisions, exemptions
from derbes import rules as rulebook
from derbes.control import positive_control, ruleset
from derbes.errors import UsageError, did_you_mean
from derbes.exemptions import applied
from derbes.findings import ACTIVE, SEVERITIES, digest, tidy
from derbes.glance import glance
from derbes.identity import mask
from derbes.law import LawPack, load_law
from derbes.looking import Look
from derbes.quarter import Quarter
from derbes.read.loading import load
from derbes.snapshot import earlier
from derbes.structure import bundles, sheet_rules
from derbes.telling import told
from derbes.text import words
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from derbes.engine import Outcome
    from derbes.inventory import Inventory
    from derbes.rules import Rule

SCHEMA = "derbes.check/1"
#: Columns of ``rules``.
_RULES = ("rule", "family", "view", "rows", "judged", "asks", "broken", "status", "reason", "severity", "title")
_FIRST = 5
_STOPS, _CLOSING = (".", "!", "?", "…", ":", ";"), ")]»”’\"'"  # ends of a sentence, and what may stand behind them


@dataclass(frozen=True)
class Audit:
    """Findings of one inventory on one day.

    ``findings`` one row a finding (`derbes.findings.COLUMNS`), ``rules`` one row a rule with the rows it looked at, how
    many of them held a fact to judge, whether it only asks, and the reason where it did not run, ``sources`` one row a
    sheet, ``summary`` the counts of model.md, ``compared`` the frozen quarters that statuses come from and ``latest``
    where the last of them lies, ``pack`` the name or folder of
    the law pack, ``ruleset`` the digest of all that decided on the findings. ``decisions`` one row a decision that
    stands, with its state (`derbes.decisions.states`), ``past`` what those quarters found, one row a finding and
    ``quarter``, statuses as they stood on its last day, ``closed`` what the latest of them found and this day does not,
    ``look`` what the rules looked at.
    """

    inventory: Inventory
    as_of: dt.date
    law: LawPack
    lang: str
    findings: pd.DataFrame
    rules: pd.DataFrame
    look: Look
    compared: tuple[str, ...] = ()
    latest: Path | None = None
    pack: str = "kz"
    decisions: pd.DataFrame = field(default_factory=pd.DataFrame)
    past: pd.DataFrame = field(default_factory=pd.DataFrame)
    closed: pd.DataFrame = field(default_factory=pd.DataFrame)
    ruleset: str = ""

    @property
    def sources(self) -> pd.DataFrame:
        """Sheets that gave rows, and files and sheets left out with the reason code; personal values masked."""
        told = self.inventory.sources
        return told.assign(**{name: told[name].map(mask, na_action="ignore") for name in ("file", "sheet")})

    @property
    def operator(self) -> str:
        """The operator's id."""
        return self.inventory.operator_id

    @cached_property
    def notice(self) -> str:
        """What every output has to say of itself: the operator's own note, and that it is no legal advice."""
        notes = self.inventory.raw["operator"]["note"]
        note = mask(" ".join(str(notes.iat[0]).split())) if len(notes) else ""
        stop = "" if note.rstrip(_CLOSING).endswith(_STOPS) or not note else "."
        return f"{note}{stop} {words(self.lang)['notice']}".strip()

    @property
    def control(self) -> str:
        """What the self-test of exactly these rules is on record to have found, in one sentence."""
        return positive_control(self.ruleset, self.lang)

    @cached_property
    def digest(self) -> str:
        """Digest of the findings, the same whatever the language, the order of rows or the machine."""
        return digest(self.findings)

    @cached_property
    def summary(self) -> dict[str, int]:
        """Counts of active findings by severity, of unknown cells, of rules run and not run, of rows."""
        active = self.findings[self.findings["status"].isin(ACTIVE)]
        counts = active["severity"].value_counts()
        ran = self.rules["status"] == "run"
        return {
            **{severity: int(counts.get(severity, 0)) for severity in SEVERITIES},
            "unknown": int(active["unknown"].astype(bool).sum()),
            "rules_run": int(ran.sum()),
            "rules_not_run": int((~ran).sum()),
            "rows": sum(map(len, self.inventory.tables.values())),
        }

    def to_json(self) -> dict[str, Any]:
        """One object as model.md §4 describes it, ready for json.dumps."""
        law = {"id": self.law.id, "edition": self.law.edition, "newer_reported": self.law.newer_reported}
        return {
            "schema": SCHEMA,
            "operator": self.operator,
            "inventory": self.inventory.path.as_posix(),
            "as_of": self.as_of.isoformat(),
            "law": law,
            "digest": self.digest,
            "summary": self.summary,
            "sources": _records(self.sources[["file", "sheet", "table", "rows", "hidden_rows", "reason"]]),
            "rules": _records(self.rules[["rule", "view", "rows", "broken", "status", "reason"]]),
            "findings": [_finding(record) for record in _records(self.findings)],
        }

    def at_least(self, severity: str) -> int:
        """Number of active findings of this severity or a graver one; 0 for *never*."""
        if severity not in SEVERITIES:
            return 0
        return sum(self.summary[name] for name in SEVERITIES[: SEVERITIES.index(severity) + 1])

    def _repr_html_(self) -> str:
        """Return what a notebook shows: whose audit, of which day, under which law, the counts, the first findings."""
        say, named = Wording(self.lang, "glance"), self.inventory.schema.tables
        kinds = [*(say.label("severity", name) for name in SEVERITIES), say("unknown")]
        counts = {"severity": kinds, "count": [self.summary[name] for name in (*SEVERITIES, "unknown")]}
        first = self.findings[self.findings["status"].isin(ACTIVE)].head(_FIRST)
        titles = first["table"].map(lambda name: named[name].title[self.lang] if name in named else str(name or ""))
        places = (titles + " / " + first["key"].fillna("").astype(str)).map(mask)
        severity = first["severity"].map(lambda name: say.label("severity", name))
        worst = {"severity": severity, "title": first["title"], "place": places, "id": first["id"]}
        edition = say.date(self.law.edition)
        ran = {"run": self.summary["rules_run"], "not_run": self.summary["rules_not_run"]}
        parts = (("counts", pd.DataFrame(counts)), ("worst", pd.DataFrame(worst)))
        return glance(
            say("audit", operator=self.operator, date=say.date(self.as_of)),
            [(say(name), frame.rename(columns=say)) for name, frame in parts],
            more=f"{say('law', law=self.law.id, edition=edition, **ran)} {say('more')}",
        )

    def __repr__(self) -> str:
        """One line: operator, day, counts."""
        said = ", ".join(f"{self.summary[name]} {name}" for name in (*SEVERITIES, "unknown"))
        return f"<Audit {self.operator} as of {self.as_of}: {said}>"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(k): v for k, v in record.items()} for record in plain.to_dict("records")]


def _finding(record: dict[str, Any]) -> dict[str, Any]:
    citations = [{name: cite[name] for name in ("act", "at", "edition", "confidence")} for cite in record["citations"]]
    related = [{"table": table, "key": key} for table, key in record["related"]]
    kept = {name: value for name, value in record.items() if name not in {"confirm", "unknown"}}
    return {**kept, "cells": list(record["cells"]), "related": related, "citations": citations}


_MEMO: dict[str, Audit] = {}
#: Inventories read for an audit, by path and digest: what is worked out of one serves another day and another language.
_READ: dict[tuple[str, str], Inventory] = {}
_KEPT = 8  # audits, and inventories, that are kept: those made last
_FEW = 20_000  # broken rows of all rules up to which outcomes are kept with their inventory


def audit(
    inventory: Inventory | str | Path,
    *,
    as_of: dt.date | str | None = None,
    law: str = "kz",
    lang: str = "ru",
    before: str | Path | None = None,
    only: Iterable[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Audit:
    """Audit of an inventory as of a day (today by default); the same call on the same files is answered at once.

    ``before`` names the frozen quarter, or the path of an inventory, to compare with; by default all frozen quarters
    that are earlier count, and *none* compares with nothing. ``only`` runs the rules of these ids alone.
    Raises SourceError, RuleError, LawError, UsageError (among others for a rule in ``only`` that there is not).
    """
    inv = _read(inventory) if isinstance(inventory, (str, Path)) else inventory
    day = _day(as_of)
    words(lang)
    chosen = None if only is None else tuple(sorted(only))
    asked = [str(inv.path), inv.digest, day.isoformat(), law, lang, str(before), chosen]
    question = json.dumps([*asked, _beside(inv.path)])
    memo = hashlib.sha256(question.encode()).hexdigest()
    if memo not in _MEMO:
        load_law(law, day)  # before its rules are looked for: it says what there is not
        rules = rulebook.together(law, inv.path / "rules")
        _refuse_unknown(chosen or (), rules, inv)
        quarter = Quarter.of(day)
        frozen = earlier(inv.path, None if before is None else str(before), quarter)
        held = partial(_audit, law=law, rules=rules, lang=lang, only=chosen, progress=progress)
        fresh = held(inv, day)
        past = {when: held(_read(path), when.last_day).findings for when, path in frozen.items()}
        last = frozen[max(frozen)] if frozen else None
        _make_room(_MEMO)
        _MEMO[memo] = replace(_settled(fresh, past, quarter), compared=tuple(map(str, past)), latest=last)
    return _MEMO[memo]


def _read(path: str | Path) -> Inventory:
    """Inventory of a path, the one that an earlier audit read if its files are the same."""
    fresh = load(path)
    name = (str(fresh.path), fresh.digest)
    if name not in _READ:
        _make_room(_READ)
        _READ[name] = fresh
    return _READ[name]


def _make_room(memory: dict[Any, Any]) -> None:
    """Let go of what was kept first, so that one more may be kept."""
    while len(memory) >= _KEPT:
        del memory[next(iter(memory))]


def _settled(fresh: Audit, past: dict[Quarter, pd.DataFrame], quarter: Quarter) -> Audit:
    """Audit with what time and people say of its findings: since when, exempted, decided; and what is closed."""
    home = fresh.inventory.path
    log, granted = decisions.read(decisions.home(home)), exemptions.read(home / "rules")

    def told(found: pd.DataFrame, when: Quarter, day: dt.date) -> pd.DataFrame:
        seen = {then: had["id"] for then, had in past.items() if then < when or found is fresh.findings}
        return decisions.applied(applied(_since(found, seen, when), granted, day), log, day)

    now = told(fresh.findings, quarter, fresh.as_of)
    before = [told(past[when], when, when.last_day).assign(quarter=str(when)) for when in sorted(past)]
    last = before[-1] if before else now.assign(quarter="")
    return replace(
        fresh,
        findings=now,
        decisions=decisions.states(log, now, fresh.as_of),
        past=pd.concat(before or [last.iloc[:0]], ignore_index=True),
        closed=last[~last["id"].isin(now["id"])].reset_index(drop=True),
    )


def _refuse_unknown(only: tuple[str, ...], rules: tuple[Rule, ...], inv: Inventory) -> None:
    generated = [rule for bundle in bundles(inv.schema) for rule in bundle.rules.values()] if only else []
    known = {rule.id for rule in (*rules, *sheet_rules(), *generated)}
    for name in only:
        if name not in known:
            raise UsageError(name, "no such rule", did_you_mean(name, known) or "derbes rules lists them.")


def _beside(home: Path) -> list[tuple[str, str]]:
    """Paths and hashes of what an audit reads beside the tables: own rules, exemptions, frozen quarters, decisions."""
    record = decisions.home(home) / decisions.FILE
    files = sorted([*home.glob("rules/*.yaml"), *home.glob("history/*/SHA256SUMS")])
    files += [record] if record.is_file() else []
    return [(path.as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]


def forget() -> None:
    """Forget the audits made so far in this process, and the inventories read for them."""
    _MEMO.clear()
    _READ.clear()


def _since(findings: pd.DataFrame, past: dict[Quarter, pd.Series[Any]], quarter: Quarter) -> pd.DataFrame:
    """Findings with their status: open since the first of the unbroken run of quarters that had them, else new.

    One that a quarter before that run had is *reopened* in the quarter in which it came back, and open after it. What
    no earlier quarter had is new, whether its row or its rule is.
    """
    since = pd.Series(str(quarter), index=findings.index, dtype=object)
    running = pd.Series(data=True, index=findings.index)
    known = ~running
    for when, ids in sorted(past.items(), reverse=True):
        had = findings["id"].isin(ids)
        running &= had
        known |= had
        since = since.mask(running, str(when))
    fresh = since.eq(str(quarter))
    return findings.assign(since=since, status=findings["status"].mask(known, "reopened").where(fresh, "open"))


def _day(as_of: dt.date | str | None) -> dt.date:
    if as_of is None:
        return dt.datetime.now(tz=dt.UTC).astimezone().date()
    try:
        return dt.date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    except ValueError as error:
        raise UsageError(f"as_of {as_of}", "is not a date", "Write it as 2026-09-30.") from error


def _pending(outcome: Outcome, found: set[str]) -> Outcome:
    """Conflicts of decisions on what is still found: nobody needs to settle the others."""
    broken = outcome.broken
    return replace(outcome, broken=broken[broken["finding"].isin(found)]) if len(broken) else outcome


def _outcomes(
    inv: Inventory,
    pack: LawPack,
    rules: tuple[Rule, ...],
    *,
    law: str,
    only: tuple[str, ...] | None,
    progress: Callable[[str], None] | None,
) -> list[Outcome]:
    """What came of the rules that day; kept with the inventory, since it is the same in every language."""
    from derbes import engine  # noqa: PLC0415 - takes seconds to import, and reading an inventory does without it

    question = ("outcomes", law, pack.as_of, only)
    asked = (rules, _beside(inv.path))
    held = inv.remembered.get(question)
    if held is not None and held[0] == asked:
        return list(held[1])
    outcomes = engine.run(inv, pack, rules, as_of=pack.as_of, only=only, progress=progress)
    if sum(len(outcome.broken) for outcome in outcomes) <= _FEW:
        inv.remembered[question] = asked, outcomes
    return list(outcomes)


def _audit(
    inv: Inventory,
    day: dt.date,
    *,
    law: str,
    rules: tuple[Rule, ...],
    lang: str,
    only: tuple[str, ...] | None,
    progress: Callable[[str], None] | None,
) -> Audit:
    pack = load_law(law, day)
    outcomes = _outcomes(inv, pack, rulebook.effective(rules, pack), law=law, only=only, progress=progress)
    outcomes.sort(key=lambda outcome: outcome.rule.id == decisions.CONFLICT)
    rows: list[dict[str, Any]] = []
    for number, outcome in enumerate(outcomes):
        if outcome.rule.id == decisions.CONFLICT and only is None:
            outcomes[number] = _pending(outcome, {row["id"] for row in rows})
        rows += told(inv, pack, outcomes[number], lang)
    found = tidy(rows)
    order = _told_rules(outcomes, lang).sort_values("rule", kind="stable").reset_index(drop=True)
    look = _looked(inv, outcomes)
    return Audit(inv, day, pack, lang, findings=found, rules=order, look=look, pack=law, ruleset=ruleset(rules, law))


def _told_rules(outcomes: Iterable[Outcome], lang: str) -> pd.DataFrame:
    """One row a rule, in the columns of ``rules``."""
    rows = [
        (
            outcome.rule.id,
            outcome.rule.family,
            outcome.rule.view,
            outcome.rows,
            outcome.known,
            outcome.rule.unknown,
            len(outcome.broken),
            "not_run" if outcome.reason else "run",
            outcome.reason,
            outcome.rule.severity,
            outcome.rule.title[lang],
        )
        for outcome in outcomes
    ]
    return pd.DataFrame(rows, columns=[*_RULES])


def _looked(inv: Inventory, outcomes: Iterable[Outcome]) -> Look:
    """What the rules that ran looked at."""
    ran = [outcome for outcome in outcomes if not outcome.reason]
    over = tuple((outcome.rule, outcome.judged) for outcome in ran if outcome.judged)
    return Look({outcome.rule.id: outcome.reads for outcome in ran}, over, inv.keys)
