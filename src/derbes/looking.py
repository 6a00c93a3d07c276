"""What rules look at: the parts of the law that their views read, and the cells that they judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.law import LawPack
from derbes.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from derbes.inventory import Inventory
    from derbes.rules import Rule

#: Parts of a law pack that views look at whole; constants and sections are told apart by name.
_WHOLE = ("bases", "elements", "acts", "as_of")
_NAMED = ("constants", "sections")
_LAST: dict[str, Look] = {}


@dataclass(frozen=True)
class Look:
    """What rules look at in one inventory under the law of one day.

    ``reads``: parts of the law by rule, as pairs of a part (constants, sections, bases, elements, acts, as_of) and a
    name where the part has names. ``cells``: one row a rule and cell that it judges, ``table``, ``key``, ``column``,
    ``rule``, of the clauses of the policy and of rows that say which clauses they come from.
    """

    reads: Mapping[str, frozenset[tuple[str, str]]]
    cells: pd.DataFrame = field(repr=False)


def looked(inv: Inventory, law: LawPack, rules: Sequence[Rule], *, pack: str) -> Look:
    """What rules look at, read off their views while they are built; the last answer is kept.

    Rules whose tables the inventory lacks look at nothing. ``pack`` is the name or folder of the law pack.
    """
    told = [(rule.id, rule.view, rule.expect, rule.args, rule.when, rule.at) for rule in rules]
    asked = repr((str(inv.path), inv.digest, pack, law.as_of, told))
    if asked not in _LAST:
        _LAST.clear()
        _LAST[asked] = _look(inv, law, rules)
    return _LAST[asked]


def _look(inv: Inventory, law: LawPack, rules: Sequence[Rule]) -> Look:
    bearing = _bearing(inv)
    reads: dict[str, frozenset[tuple[str, str]]] = {}
    parts = [pd.DataFrame(columns=["table", "key", "column", "rule"], dtype=object)]
    for view in sorted({rule.view for rule in rules}):
        if all(table in inv.present for table in VIEWS[view].needs):
            frame, log = _watched(view, inv, law)
            over = [rule for rule in rules if rule.view == view]
            reads |= {rule.id: log for rule in over}
            parts += [_judged(rule, frame, inv, bearing) for rule in over]
    return Look(reads, pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True))


def _bearing(inv: Inventory) -> dict[str, pd.Index[Any]]:
    """Positions of the rows that have to do with clauses: the clauses, and rows that say they come from some."""
    said = {name: frame["clauses"].str.len().fillna(0) > 0 for name, frame in inv.tables.items() if "clauses" in frame}
    return {**{name: some.index[some] for name, some in said.items()}, "clauses": inv.tables["clauses"].index}


def _judged(rule: Rule, frame: pd.DataFrame, inv: Inventory, bearing: Mapping[str, pd.Index[Any]]) -> pd.DataFrame:
    """Cells that a rule judges: in the rows of its view that meet its condition and whose facts are not empty."""
    judged = rule.looks_at(frame) & (frame["origin"] >= 0)
    if not rule.expect.endswith("_be_null"):  # such a rule judges emptiness itself
        facts = [rule.args[name] for name in ("column", "column_A", "column_B") if name in rule.args]
        judged &= frame[facts].notna().all(axis=1)
    met = frame[judged]
    table = met["table"] if "table" in met else pd.Series(VIEWS[rule.view].table, index=met.index, dtype=object)
    places = pd.DataFrame({"table": table.astype(object), "origin": met["origin"].astype(int)}).drop_duplicates()
    parts = [
        pd.DataFrame({"table": name, "key": inv.keys[name][rows[rows.isin(bearing[name])]]}, dtype=object)
        for name, rows in places.groupby("table", sort=False)["origin"]
        if name in bearing
    ]
    none = pd.DataFrame(columns=["table", "key"], dtype=object)
    return pd.concat([none, *parts], ignore_index=True).assign(column=rule.column, rule=rule.id)


class _Reading(Mapping[str, Any]):
    """A mapping that notes the names asked of it; whoever goes through all of it has asked for all."""

    def __init__(self, content: Mapping[str, Any], part: str, log: set[tuple[str, str]]) -> None:
        self._content, self._part, self._log = content, part, log

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a value of the law
        self._log.add((self._part, name))
        return self._content[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)


class _Watched(LawPack):
    """A law pack that notes which of its parts are looked at."""

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401
        if name in _WHOLE:
            object.__getattribute__(self, "log").add((name, ""))
        return object.__getattribute__(self, name)


def _watched(view: str, inv: Inventory, law: LawPack) -> tuple[pd.DataFrame, frozenset[tuple[str, str]]]:
    """A view, and the parts of the law that were looked at to build it."""
    log: set[tuple[str, str]] = set()
    watched = object.__new__(_Watched)
    watched.__dict__.update(law.__dict__ | {part: _Reading(getattr(law, part), part, log) for part in _NAMED})
    watched.__dict__["log"] = log
    return VIEWS[view].kept(inv, watched), frozenset(log)
