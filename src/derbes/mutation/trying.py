"""Defects tried one at a time: which conditions each breaks, and what the engine itself makes of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import engine
from derbes import rules as rulebook
from derbes.mutation.judging import Sentence, broken, sentences
from derbes.mutation.planting import planted
from derbes.mutation.watching import ALL, Fact, concern, reads
from derbes.structure import bundles, sheet_rules
from derbes.telling import told
from derbes.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from derbes.engine import Outcome
    from derbes.inventory import Inventory
    from derbes.law import LawPack
    from derbes.mutation.defects import Defect
    from derbes.mutation.judging import Known
    from derbes.rules import Rule
    from derbes.structure import Bundle

_LANG = "en"
#: What a finding is known by: rule and id; and all that it says.
Finding = tuple[str, tuple[Any, ...]]
Spoken = dict[str, dict[str, tuple[Any, ...]]]


@dataclass
class Trial:
    """What came of planting: rules whose condition is ``due`` to be found broken, those that ``caught`` it.

    ``moved`` are all rules with a finding that is new or says something else, and ``places`` where these stand;
    ``failed`` names what could not be built or told, as an audit of such an inventory could not. A trial with some
    rules alone is not a ``whole`` one. ``changed`` says that some view shows other facts.
    """

    planted: tuple[Defect, ...]
    whole: bool = True
    changed: bool = False
    due: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    places: set[tuple[str, str | None, str]] = field(default_factory=set)
    failed: str | None = None

    @property
    def lawful(self) -> bool:
        """Whether what stands in the cells can be read as what they hold."""
        return not any(defect.wrong for defect in self.planted)

    @property
    def had_to(self) -> bool:
        """Whether something had to be found."""
        return bool(self.due or self.failed or (self.whole and not self.lawful))

    @property
    def missed(self) -> list[str]:
        """What was to be found and was not: ids of rules, *wrong* for a cell that is so whatever the rules say."""
        unfound = self.whole and any(defect.wrong and not self._found(defect) for defect in self.planted)
        return sorted(self.due - self.moved) + (["wrong"] if unfound else []) + ([self.failed] if self.failed else [])

    def _found(self, defect: Defect) -> bool:
        keys = {defect.key, *(cell.text for cell in defect.cells)}
        return any(
            table == defect.table
            and (defect.column is None or (column == defect.column and (key in keys or key[0] == "~")))
            for table, column, key in self.places
        )


class Ground:
    """An inventory and the rules of a day: frames, broken rows and findings as they are before anything is planted."""

    def __init__(
        self, inv: Inventory, law: LawPack, rules: Iterable[Rule], *, only: Container[str] | None = None
    ) -> None:
        self.inv, self.law, self.whole = inv, law, only is None
        chosen = [*rulebook.effective(tuple(rules), law), *sheet_rules()]
        every = [one for one in sentences(tuple(chosen), inv.schema, law) if only is None or one.rule.id in only]
        self.idle = {one.rule.id: reason for one in every if (reason := self.reason(inv, one))}
        running = [one for one in every if not one.rule.waits_for and one.rule.in_force(law.as_of)]
        self.sentences: dict[str, list[Sentence]] = defaultdict(list)
        for one in running:
            self.sentences[one.view].append(one)
        self.rules = [one.rule for one in running if not one.generated]
        self.known: Known = engine.known(inv, law)
        self.ids = {one.rule.id for one in running}
        with engine.listening(*map(dict, self.known)):  # views speak as they do in an audit: not at all
            built = {view: reads(VIEWS[view], inv, law) for view in self.sentences}
        self.reads = {view: facts for view, (facts, _) in built.items()}
        self.frames = {view: frame for view, (_, frame) in built.items()}
        self.broken = {
            one.rule.id: signed(inv, one, self.frames[view], self.known)
            for view, members in self.sentences.items()
            for one in members
            if not self.reason(inv, one)
        }
        outcomes = engine.run(inv, law, self.rules, as_of=law.as_of, only=self.ids)
        self.findings = {outcome.rule.id: spoken(inv, law, outcome) for outcome in outcomes}

    def reason(self, inv: Inventory, one: Sentence) -> str | None:
        """Reason code for which a sentence is not judged over an inventory, None where it is."""
        if one.generated:
            table = VIEWS[one.view].table
            return None if table in inv.present else f"table_absent:{table}"
        return engine.idle(inv, self.law, one.rule, self.law.as_of)

    def tried(self, plantings: Sequence[tuple[Defect, ...]]) -> list[Trial]:
        """What came of each planting; rules that judge row by row are run once over the rows of all of them."""
        trials, waiting = [], []
        for together in plantings:
            trial = Trial(together, self.whole)
            trials.append(trial)
            try:
                with engine.listening(*map(dict, self.known)):
                    waiting += self._judged(trial)
            except Exception as error:  # noqa: BLE001 - an audit of such an inventory would fail: that is a result
                trial.failed = f"{type(error).__name__}: {error}"
        by_view: dict[str, list[_Case]] = defaultdict(list)
        for case in waiting:
            by_view[case.view].append(case)
        for view, cases in by_view.items():
            self._run(view, cases)
        return trials

    def _judged(self, trial: Trial) -> list[_Case]:
        """Judge what the planting changed; the cases that the engine has to look at."""
        inv, changed = planted(self.inv, trial.planted)
        known = engine.known(inv, self.law) if any(_names_ids(inv, fact) for fact in changed) else self.known
        elsewhere = _news(known, self.known)
        whole = inv.present != self.inv.present or inv.faults != self.inv.faults
        renamed = any(part == "keys" for part, *_ in changed)
        cases = []
        for view, members in self.sentences.items():
            frame = self.frames[view]
            same = set(frame)
            if whole or concern(self.reads[view], changed):
                frame = VIEWS[view].frame(inv, self.law)
                same = _same(frame, self.frames[view])
                trial.changed |= len(same) < len(frame.columns)
            asked = [one for one in members if self._may_differ(one, same, whole=len(same) == len(frame.columns))]
            asked += [one for one in members if one not in asked and one.looks_up in elsewhere]
            case = _Case(view, trial, inv, frame, asked, known)
            moved = [one for one in asked if not self.reason(inv, one) and self._differs(case, one, renamed=renamed)]
            cases += [replace(case, sentences=moved)] if moved else []
        return cases

    def _may_differ(self, one: Sentence, same: set[str], *, whole: bool) -> bool:
        """Whether what the sentence judges, or what its findings say, is not what it was."""
        if whole:
            return False
        return not same.issuperset({*one.columns, "origin"}) or (
            not one.generated and bool(self.broken.get(one.rule.id))
        )

    def _differs(self, case: _Case, one: Sentence, *, renamed: bool) -> bool:
        """Whether other rows break the sentence now, or the same ones say something else; more of them are due."""
        before, now = self.broken.get(one.rule.id, {}), signed(case.inv, one, case.frame, case.known)
        fresh, gone = set(now) - set(before), set(before) - set(now)
        if len(fresh) > (len(gone) if renamed else 0):
            case.trial.due.add(one.rule.id)
        return now != before

    def _run(self, view: str, cases: list[_Case]) -> None:
        """Let the engine judge the cases of a view: those that allow it in one frame, the others one by one."""
        together, apart = ([_narrowed(case, alone=alone) for case in cases] for alone in (True, False))
        batches = [[case for case in together if case.sentences], *([case] for case in apart if case.sentences)]
        for batch in filter(None, batches):
            try:
                self._compare(batch, self._outcomes(view, batch))
            except Exception:  # noqa: BLE001 - one frame among many cannot be judged: find which
                self._one_by_one(view, batch)

    def _one_by_one(self, view: str, batch: list[_Case]) -> None:
        for case in batch:
            try:
                self._compare([case], self._outcomes(view, [case]))
            except Exception as error:  # noqa: BLE001 - an audit of such an inventory would fail: that is a result
                case.trial.failed = f"{type(error).__name__}: {error}"

    def _outcomes(self, view: str, batch: list[_Case]) -> list[Outcome]:
        ids = {one.rule.id for case in batch for one in case.sentences}
        members: list[Rule | Bundle] = [
            *(rule for rule in self.rules if rule.id in ids),
            *bundles(self.inv.schema, ids),
        ]
        columns = [case.frame.assign(_case=number) for number, case in enumerate(batch)]
        frame = pd.concat(columns, ignore_index=True) if len(batch) > 1 else columns[0]
        with engine.listening(*map(dict, batch[0].known)):
            return engine.judged(frame, self.law, view, members)

    def _compare(self, batch: list[_Case], outcomes: list[Outcome]) -> None:
        """Hold the findings of every case against those of the ground."""
        starts = pd.Series([len(case.frame) for case in batch]).cumsum()
        for outcome in outcomes:
            owner = starts.searchsorted(outcome.broken.index.to_numpy(), side="right")
            for number, case in enumerate(batch):
                if outcome.rule.id in {one.rule.id for one in case.sentences}:
                    own = outcome.broken[owner == number].drop(columns="_case", errors="ignore")
                    self._note(case, engine.Outcome(outcome.rule, outcome.rows, own))

    def _note(self, case: _Case, outcome: Outcome) -> None:
        before, rule = self.findings.get(outcome.rule.id, {}), outcome.rule.id
        fresh = {name: said for name, said in spoken(case.inv, self.law, outcome).items() if said != before.get(name)}
        if fresh:
            case.trial.moved.add(rule)
            case.trial.places |= {said[0] for said in fresh.values()}


@dataclass(frozen=True)
class _Case:
    """A planting that changed a view: its frame, and the sentences that judge it otherwise now."""

    view: str
    trial: Trial
    inv: Inventory
    frame: pd.DataFrame
    sentences: list[Sentence]
    known: Known


def _narrowed(case: _Case, *, alone: bool) -> _Case:
    return replace(case, sentences=[one for one in case.sentences if one.alone == alone])


def signed(inv: Inventory, one: Sentence, frame: pd.DataFrame, known: Known) -> dict[tuple[str, ...], set[str]]:
    """Broken rows by what makes a finding one (table, key, and what tells several apart), with all that they say."""
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for record in broken(one, frame, known).to_dict("records"):
        origin = int(record.pop("origin"))
        table = str(record.get("table") or VIEWS[one.view].table)
        key = str(inv.keys[table][origin]) if origin >= 0 else str(record.get("absent"))
        sub = sorted(map(str, record.get("sub") or ()))
        element = "" if one.expect == "rows_to_be_told_apart" else str(record.get("element"))
        found[table, key, str(sub), element].add(str(record))
    return dict(found)


def spoken(inv: Inventory, law: LawPack, outcome: Outcome) -> dict[str, tuple[Any, ...]]:
    """Findings of an outcome by id: place, then severity, value, related rows and words of every row of that id."""
    said: dict[str, tuple[Any, ...]] = {}
    for row in told(inv, law, outcome, _LANG):
        words = tuple(row[name] for name in ("severity", "value", "related", "title", "why", "fix"))
        place = (row["table"], row["column"], row["key"])
        said[row["id"]] = (said.get(row["id"], (place,))[0], said.get(row["id"], (place, frozenset()))[1] | {words})
    return said


def _names_ids(inv: Inventory, fact: Fact) -> bool:
    """Whether a changed fact bears on what can be referred to, or is."""
    part, table, column = fact
    columns = inv.schema.tables[table].columns
    return part == "keys" or column == ALL or (part == "tables" and columns[column].type == "ref")


def _news(known: Known, before: Known) -> set[str]:
    """Names under which other ids are looked up than before."""
    if known is before:
        return set()
    ids = {name for name, found in known[0].items() if not found.equals(before[0][name])}
    referred = {name for name, found in known[1].items() if _apart(found, before[1].get(name))}
    return ids | {f"referred:{name}" for name in referred}


def _apart(one: pd.Index[Any] | None, other: pd.Index[Any] | None) -> bool:
    return (None if one is None else set(one)) != (None if other is None else set(other))


def _same(frame: pd.DataFrame, before: pd.DataFrame) -> set[str]:
    """Columns of a frame that say what they said before."""
    if len(frame) != len(before):
        return set()
    return {column for column in frame if column in before and frame[column].equals(before[column])}
