"""The self-test: defects planted in an inventory one at a time, then, for rules that stayed silent, elsewhere."""

from __future__ import annotations

import datetime as dt
import os
import random
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations, islice
from multiprocessing import get_context
from typing import TYPE_CHECKING

from derbes import rules as rulebook
from derbes.control import ruleset
from derbes.law import load_law
from derbes.mutation.defects import defects, pools
from derbes.mutation.planting import planted, sampled, written
from derbes.mutation.result import Selftest, Told
from derbes.mutation.trying import Ground, Trial
from derbes.mutation.watching import concern
from derbes.read.loading import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from derbes.mutation.defects import Defect
    from derbes.rules import Rule

    Planting = tuple[Defect, ...]

#: Plantings whose frames are held together: the engine is asked once a view for all of them.
_BATCH = 100
#: Plantings tried in the rows of a rule's own example before it counts as never heard, and defects that are paired.
_SINGLES, _PAIRS, _STEPS, _EVERYWHERE = 2000, 1500, 60, 99
_JOBS = 4


@dataclass(frozen=True)
class Question:
    """What a self-test is asked: an inventory, a day, a law pack, and in how many places each defect is tried."""

    home: Path
    as_of: dt.date
    law: str = "kz"
    depth: int = 1


@dataclass
class _Heard:
    """Trials of one inventory; rules that ran over it, and those that did not, with the reason."""

    told: list[Told] = field(default_factory=list)
    ran: set[str] = field(default_factory=set)
    idle: dict[str, str] = field(default_factory=dict)

    @property
    def silent(self) -> set[str]:
        """Rules that no defect moved."""
        return (self.ran | set(self.idle)) - {rule for one in self.told for rule in one.moved}


def selftest(
    home: Path,
    *,
    as_of: dt.date,
    law: str = "kz",
    depth: int = 1,
    beside: Sequence[Path] = (),
    jobs: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Selftest:
    """Which of the defects planted in an inventory are found, and which rules no defect could move.

    Rules that stay silent are tried over the inventories ``beside`` it, over rows made from the model, and over the
    rows that their own examples pass, with one defect and then with two. ``jobs`` processes share the work.
    Raises what `derbes.audit` raises.
    """
    say, question = progress or (lambda _: None), Question(home, as_of, law, depth)
    rules = rulebook.together(law, _own(home))
    load_law(law, as_of)
    count = jobs or min(os.cpu_count() or 1, _JOBS)
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) if count > 1 else nullcontext() as pool:
        ask = partial(_shared, pool, count=count)
        say(str(home))
        first = ask(_over_inventory, question, None)
        where, silent, told = dict.fromkeys(first.ran - first.silent, "inventory"), first.silent, [*first.told]
        planted_in_all = len(told)
        others = [(_over_inventory, replace(question, home=path), str(path)) for path in beside]
        for over, asked, name in [*others, (_over_model, question, "model"), (_over_examples, question, "examples")]:
            say(name)
            heard = ask(over, asked, frozenset(silent))
            where |= dict.fromkeys(silent - heard.silent, "beside" if over is _over_inventory else name)
            silent &= heard.silent
            planted_in_all += len(heard.told)
            told += [one for one in heard.told if one.had_to]
    return Selftest(
        inventory=home, as_of=as_of, law=law, ruleset=ruleset(rules, law), told=tuple(told), heard=where,
        silent=tuple(sorted(silent)), idle=first.idle, planted=planted_in_all,
    )  # fmt: skip


def _own(home: Path) -> Path:
    return (home if home.is_dir() else home.parent) / "rules"


def _shared(
    pool: ProcessPoolExecutor | None,
    over: Callable[..., _Heard],
    question: Question,
    only: frozenset[str] | None,
    *,
    count: int,
) -> _Heard:
    """What the processes heard, put together."""
    if pool is None:
        return over(question, only, 0, 1)
    parts = [pool.submit(over, question, only, number, count) for number in range(count)]
    whole = _Heard()
    for part in [waiting.result() for waiting in parts]:
        whole.told += part.told
        whole.ran |= part.ran
        whole.idle |= part.idle
    return whole


def _over_inventory(question: Question, only: frozenset[str] | None, number: int, count: int) -> _Heard:
    """One process's share of the defects of an inventory."""
    law, rules = load_law(question.law, question.as_of), rulebook.together(question.law, _own(question.home))
    ground = Ground(load(question.home), law, rules, only=only)
    return _over(ground, question.depth, (number, count), rules)


def _over_model(question: Question, only: frozenset[str] | None, number: int, count: int) -> _Heard:
    """The same over rows that the model alone makes: tables that an inventory may leave empty are full here."""
    law, rules = load_law(question.law, question.as_of), rulebook.together(question.law, _own(question.home))
    return _over(Ground(sampled(), law, rules, only=only), question.depth, (number, count), rules)


def _over(ground: Ground, depth: int, share: tuple[int, int], rules: Iterable[Rule]) -> _Heard:
    number, count = share
    plantings = [(one,) for one in defects(ground.inv, ground.law, _taken(rules), depth=depth)][number::count]
    if not ground.whole:
        plantings = [together for together in plantings if _bears(ground, together)]
    told = [told for batch in _batches(plantings) for told in map(_told, ground.tried(batch))]
    return _Heard(told, ground.ids - set(ground.idle), ground.idle)


def _taken(rules: Iterable[Rule]) -> dict[tuple[str, str], list[str]]:
    return pools(example for rule in rules for example in (rule.good, rule.bad))


def _bears(ground: Ground, together: Planting) -> bool:
    """Whether any view reads what the planting changes."""
    inv, changed = planted(ground.inv, together)
    moved = inv.present != ground.inv.present or inv.faults != ground.inv.faults
    return moved or any(concern(facts, changed) for facts in ground.reads.values())


def _batches(plantings: Iterable[Planting]) -> Iterator[list[Planting]]:
    source = iter(plantings)
    while batch := list(islice(source, _BATCH)):
        yield batch


def _told(trial: Trial) -> Told:
    first = trial.planted[0]
    said = " + ".join(map(str, trial.planted))
    return Told(
        said, first.table, first.column, trial.lawful, trial.had_to, tuple(trial.missed), frozenset(trial.moved)
    )


def _over_examples(question: Question, only: frozenset[str] | None, number: int, count: int) -> _Heard:
    """The rules of one process's share, each over the rows of its own example that it passes."""
    rules = rulebook.together(question.law, _own(question.home))
    chosen = [rule for rule in rules if only is None or rule.id in only][number::count]
    taken, heard = _taken(rules), _Heard()
    for rule in chosen:
        heard.ran.add(rule.id)
        heard.told += _in_example(rule, question, taken)
    return heard


def _in_example(rule: Rule, question: Question, taken: dict[tuple[str, str], list[str]]) -> list[Told]:
    """Trials over a rule's good example until it is heard: of single defects, then of two at once."""
    awake, day = replace(rule, waits_for=None), _day(rule, question.as_of)
    ground = Ground(written(rule.good), load_law(question.law, day), (awake,), only={rule.id})
    own = {**taken, **pools((rule.bad,))}
    singles: list[Planting] = [(one,) for one in defects(ground.inv, ground.law, own, depth=_EVERYWHERE)]
    chance = random.Random(rule.id)  # noqa: S311 - an order that is always the same, not a secret
    chance.shuffle(singles)
    steps: list[Planting] = []
    told: list[Told] = []
    for batch in _batches(islice((one for one in singles if _bears(ground, one)), _SINGLES)):
        trials = ground.tried(batch)
        told += map(_told, trials)
        steps += [trial.planted for trial in trials if trial.changed]
        if any(trial.moved for trial in trials):
            return told
    pairs = [one + other for one, other in combinations(steps[:_STEPS], 2) if _together(one[0], other[0])]
    chance.shuffle(pairs)
    for batch in _batches(pairs[:_PAIRS]):
        told += map(_told, ground.tried(batch))
        if any(one.moved for one in told[-len(batch) :]):
            break
    return told


def _together(one: Defect, other: Defect) -> bool:
    """Whether two defects can stand side by side: neither moves the rows, or writes over what the other wrote."""
    places = {(one.table, cell.position, cell.column) for cell in one.cells}
    apart = places.isdisjoint((other.table, cell.position, cell.column) for cell in other.cells)
    return apart and one.order is None and other.order is None


def _day(rule: Rule, as_of: dt.date) -> dt.date:
    """A day on which the rule is law: the one asked for, else the nearest one."""
    return max(rule.valid_from or dt.date.min, min(rule.valid_to or dt.date.max, as_of))
