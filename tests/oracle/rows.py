"""Rows of the tables as plain Python, references followed to the rows and ids they name; and the list of oracles."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import period
from oracle.cells import data, heading
from oracle.structure import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from derbes.inventory import Inventory
    from derbes.law import LawPack

Row = dict[str, Any]
#: By rule: keys of the rows of a table, or (table, key) pairs, that break it.
ORACLES: dict[str, tuple[str, Callable[[Case], Iterator[Any]]]] = {}


def oracle(rule: str, table: str = "*") -> Callable[[Callable[[Case], Iterator[Any]]], Callable[[Case], Iterator[Any]]]:
    """Enter a function as the oracle of a rule, by the keys of one table or, for ``*``, by (table, key)."""

    def enter(find: Callable[[Case], Iterator[Any]]) -> Callable[[Case], Iterator[Any]]:
        ORACLES[rule] = (table, find)
        return find

    return enter


class Case:
    """An inventory and the law of the day, as rows."""

    def __init__(self, inv: Inventory, law: LawPack) -> None:
        self.inv, self.law, self.facts = inv, law, Facts(inv)

    @cached_property
    def tables(self) -> dict[str, list[Row]]:
        """Rows by table: None where unknown, lists as tuples, with ``key`` and ``at`` (position)."""
        return {name: list(self._rows(name)) for name in self.inv.schema.tables}

    def _rows(self, table: str) -> Iterator[Row]:
        frame = self.inv.tables[table]
        for at, values in enumerate(frame.astype(object).to_dict("records")):
            row = {str(k): None if not isinstance(v, tuple) and pd.isna(v) else v for k, v in values.items()}
            yield {**row, "key": self.facts.keys[table][at], "at": at}

    def text(self, table: str, row: Row, column: str) -> str | None:
        """What the cell says, None where it says nothing or *none*."""
        said = self.inv.raw[table][column].iat[row["at"]].strip()
        unknown = self.facts.verdicts[table][column].iat[row["at"]] in {"empty", "placeholder"}
        return None if unknown or heading(said) in map(heading, data("text/cells")["none"]) else said

    def ids(self, table: str) -> set[str]:
        """Ids of a table as they are written, good and bad ones."""
        key = self.inv.schema.tables[table].key
        return {row[key] for row in self.tables[table] if row[key]}

    def find(self, table: str, name: str) -> Row | None:
        """Row of that id, the first where several bear it."""
        return next((row for row in self.tables[table] if row[self.inv.schema.tables[table].key] == name), None)

    def named(self, table: str, row: Row, column: str) -> set[str]:
        """Ids that a cell names, *all* being every id of the table it refers to."""
        cell = row[column] or ()
        names = set(cell if isinstance(cell, tuple) else (cell,))
        to = self.inv.schema.tables[table].columns[column].to
        return (self.ids(to) if to and "all" in names else names) - {"all", "none"}

    def above(self, table: str, name: str) -> set[str]:
        """The id and those above it."""
        line, todo = {name}, [name]
        while todo:
            at = todo.pop()
            parents = {
                row["parent_id"] for row in self._children(table) if row[self.inv.schema.tables[table].key] == at
            }
            fresh = (parents & self.ids(table)) - line
            line |= fresh
            todo += fresh
        return line

    def _children(self, table: str) -> list[Row]:
        return [row for row in self.tables[table] if row.get("parent_id")]

    def line(self, table: str, name: str) -> set[str]:
        """The id, those above it and those below it."""
        return self._lines(table).get(name, {name})

    def _lines(self, table: str) -> dict[str, set[str]]:
        if table not in self._known:
            up = {name: self.above(table, name) for name in self.ids(table)}
            self._known[table] = {name: up[name] | {n for n in up if name in up[n]} for name in up}
        return self._known[table]

    @cached_property
    def _known(self) -> dict[str, dict[str, set[str]]]:
        return {}

    @cached_property
    def register(self) -> list[Row]:
        """Rows of the register that tell what is done now."""
        return [row for row in self.tables["processing"] if (row["status"] or "active") == "active"]

    @cached_property
    def serving(self) -> list[Row]:
        """Rows of the register in force that name a purpose."""
        return [row for row in self.register if row["purpose_id"]]

    def period(self, text: str | None) -> period.Period | None:
        """How a term was understood, None where there is none."""
        return period.parse(text) if text else None
