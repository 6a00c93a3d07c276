"""What came of a self-test, as a value, as JSON and as text."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from derbes.schema import load
from derbes.text import words

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SCHEMA = "derbes.selftest/1"
#: Families that judge how a cell is written, whatever it means.
_OF_CELLS = ("structure", "hygiene")


class Told(NamedTuple):
    """A trial in words: what was planted and where, whether it ``had_to`` be found, and what then ``missed`` it."""

    said: str
    table: str
    column: str | None
    lawful: bool
    had_to: bool
    missed: tuple[str, ...]
    moved: frozenset[str]


@dataclass(frozen=True)
class Selftest:
    """Defects planted in an inventory, those that had to be found, and what was not.

    ``told`` has a trial a defect, and those elsewhere that had to be found; ``heard`` says of every rule where a defect
    moved it, ``silent`` are rules that none moved, ``idle`` those that are not run on that day, with the reason code.
    """

    inventory: Path
    as_of: dt.date
    law: str
    ruleset: str
    planted: int
    told: tuple[Told, ...]
    heard: Mapping[str, str]
    silent: tuple[str, ...]
    idle: Mapping[str, str]

    @property
    def survivors(self) -> tuple[Told, ...]:
        """Trials that had to be found and were not."""
        return tuple(one for one in self.told if one.missed)

    @property
    def due(self) -> int:
        """How many defects had to be found."""
        return sum(one.had_to for one in self.told)

    @property
    def caught(self) -> int:
        """How many of them were."""
        return self.due - len(self.survivors)

    @property
    def blind(self) -> dict[str, list[str]]:
        """Columns by table in which no value that can be read moved a rule that asks what it means."""
        asked = {
            (one.table, one.column)
            for one in self.told
            if one.lawful and any(rule.split(".")[0] not in _OF_CELLS for rule in one.moved)
        }
        tried = {(one.table, one.column) for one in self.told if one.column}
        found: dict[str, list[str]] = defaultdict(list)
        for table, model in load().tables.items():
            for column in model.columns:
                if (table, column) in tried - asked:
                    found[table].append(column)
        return dict(found)

    def to_json(self) -> dict[str, Any]:
        """One object, the same for the same inventory and rules, ready for json.dumps."""
        return {
            "schema": SCHEMA,
            "inventory": self.inventory.as_posix(),
            "as_of": self.as_of.isoformat(),
            "law": self.law,
            "ruleset": self.ruleset,
            "planted": self.planted,
            "due": self.due,
            "caught": self.caught,
            "survivors": sorted(f"{one.said}: {', '.join(one.missed)}" for one in self.survivors),
            "silent": list(self.silent),
            "idle": dict(sorted(self.idle.items())),
            "heard": {place: sorted(self.heard.values()).count(place) for place in sorted(set(self.heard.values()))},
            "blind": self.blind,
        }


def listing(done: Selftest, lang: str) -> str:
    """Text of a self-test: what survived first, then rules that stayed silent, then columns nobody looks at."""
    say, found = words(lang)["selftest"], done.to_json()
    lines = [say["head"].format(**found), say["counted"].format(**{**found, "survivors": len(done.survivors)})]
    lines += _block(say["survivors"], found["survivors"])
    lines += _block(say["silent"], done.silent)
    places = "; ".join(f"{say['places'].get(place, place)}: {count}" for place, count in found["heard"].items())
    lines += ["", say["heard"].format(places=places), say["idle"].format(n=len(done.idle))]
    lines += _block(say["blind"], (f"{table}: {', '.join(names)}" for table, names in done.blind.items()))
    return "\n".join(lines)


def _block(title: str, said: Iterable[str]) -> list[str]:
    lines = [f"  {line}" for line in said]
    return ["", title, *lines] if lines else []
