"""What rules look at: the parts of the law that their views read, and the cells that they judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.cells import UNKNOWN_STATES
from derbes.law import LawPack
from derbes.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from derbes.inventory import Inventory
    from derbes.rules import Rule

#: Parts of a law pack that views look at whole; constants and sections are told apart by name.
_WHOLE = ("bases", "elements", "acts", "as_of")
_NAMED = ("constants", "sections")


@dataclass(frozen=True)
class Look:
    """What the rules of an audit looked at, as noted while they ran; those that did not run looked at nothing.

    ``reads``: parts of the law by rule, as pairs of a part (constants, sections, bases, elements, acts, as_of) and a
    name where the part has names. ``over``: rules with the rows that they judged, by table, of those that have to do
    with clauses. ``keys``: keys of the rows, by table.
    """

    reads: Mapping[str, frozenset[tuple[str, str]]]
    over: tuple[tuple[Rule, Mapping[str, pd.Index[Any]]], ...] = field(repr=False)
    keys: Mapping[str, Any] = field(repr=False)

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row a rule and cell that it judged: ``table``, ``key``, ``column``, ``rule``."""
        none = pd.DataFrame(columns=["table", "key", "column", "rule"], dtype=object)
        parts = [
            pd.DataFrame(
                {"table": table, "key": self.keys[table][rows], "column": rule.column, "rule": rule.id}, dtype=object
            )
            for rule, judged in self.over
            for table, rows in judged.items()
        ]
        return pd.concat([none, *parts], ignore_index=True).drop_duplicates(ignore_index=True)


def bearing(inv: Inventory) -> dict[str, pd.Index[Any]]:
    """Positions of the rows that have to do with clauses: the clauses, and rows that say they come from some."""
    said = {name: frame["clauses"].str.len().fillna(0) > 0 for name, frame in inv.tables.items() if "clauses" in frame}
    return {**{name: some.index[some] for name, some in said.items()}, "clauses": inv.tables["clauses"].index}


def judged(rule: Rule, frame: pd.DataFrame, rows: Mapping[str, pd.Index[Any]]) -> dict[str, pd.Index[Any]]:
    """Of those rows, by table, the ones that a rule judges: they meet its condition and its facts are not empty."""
    met = rule.looks_at(frame) & (frame["origin"] >= 0)
    if not rule.expect.endswith("_be_null"):  # such a rule judges emptiness itself
        met &= _said(rule, frame)
    origins = frame.loc[met, "origin"].astype(int)
    tables = [(VIEWS[rule.view].table, origins)]
    if "table" in frame:
        tables = list(origins.groupby(frame.loc[met, "table"], sort=False))
    found = {name: pd.Index(places.unique()) for name, places in tables if name in rows}
    return {name: some for name, places in found.items() if len(some := places[places.isin(rows[name])])}


def known_facts(rule: Rule, frame: pd.DataFrame, broken: int) -> int:
    """Of the rows of its view that a rule looks at, how many hold a fact to judge: an empty one is not complied with.

    A rule that only asks judges those that answer. ``problem`` names what is wrong, so an empty one is known: nothing.
    """
    met = rule.looks_at(frame)
    if rule.unknown:
        return int(met.sum()) - broken
    if not rule.expect.endswith("_be_null") and rule.args.get("column") != "problem":
        met &= _said(rule, frame)
    return int(met.sum())


def _said(rule: Rule, frame: pd.DataFrame) -> pd.Series[bool]:
    facts = [rule.args[name] for name in ("column", "column_A", "column_B") if name in rule.args]
    return frame[facts].notna().all(axis=1)


def known_cells(rule: Rule, name: str, frame: pd.DataFrame, broken: int) -> int:
    """Of the rows of a table, in how many a generated rule has a fact of that name; what tells rows apart is in all."""
    if rule.unknown:
        return len(frame) - broken
    if name.startswith("row:"):
        return len(frame)
    if name.startswith("ref:"):
        return int(frame[name].str.len().gt(0).sum())
    return int((~frame[name].isin(UNKNOWN_STATES)).sum())


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


def watched(
    view: str, inv: Inventory, law: LawPack, wanted: Container[str] | None = None
) -> tuple[pd.DataFrame, frozenset[tuple[str, str]]]:
    """A view, and the parts of the law that were looked at to build it."""
    log: set[tuple[str, str]] = set()
    noting = object.__new__(_Watched)
    noting.__dict__.update(law.__dict__ | {part: _Reading(getattr(law, part), part, log) for part in _NAMED})
    noting.__dict__["log"] = log
    return VIEWS[view].kept(inv, noting, wanted), frozenset(log)
