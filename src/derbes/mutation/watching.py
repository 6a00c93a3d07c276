"""Which cells a view reads: it is built once over tables that remember what was asked of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from derbes.inventory import Inventory
    from derbes.law import LawPack
    from derbes.views.registry import View

#: A fact that can be read: tables, raw, states or keys; the table; the column, or ALL of them.
Fact = tuple[str, str, str]
ALL = "*"
PARTS = ("tables", "raw", "states", "keys")
_ROWS = "#"  # that there are such rows, whatever they say: no cell, but gone with a row


def reads(view: View, inv: Inventory, law: LawPack) -> tuple[frozenset[Fact], pd.DataFrame]:
    """Facts that the view read of an inventory, and its frame.

    What a view reads depends on nothing but what it has read, so that a change elsewhere leaves its frame as it is.
    A view that cannot be followed is said to read everything.
    """
    seen: set[Fact] = set()
    parts = {part: _Tables(part, getattr(inv, part), seen) for part in PARTS}
    plain = view.frame(inv, law)
    try:
        watched = view.frame(replace(inv, **parts), law)  # type: ignore[arg-type]
    except (TypeError, ValueError, AttributeError, KeyError):
        watched = None  # some function of pandas took no stand-in for a frame
    if watched is None or not watched.equals(plain):
        seen = {(part, table, ALL) for part in PARTS for table in inv.tables}
    return frozenset(seen), plain


def concern(facts: frozenset[Fact], changed: set[Fact]) -> bool:
    """Whether any fact that was read is among those changed."""
    wide = {(part, table) for part, table, column in facts if column == ALL}
    swept = {(part, table) for part, table, column in changed if column == ALL}
    return (
        not facts.isdisjoint(changed)
        or any((part, table) in wide for part, table, _ in changed)
        or any((part, table) in swept for part, table, _ in facts)
    )


class _Tables(dict[str, Any]):
    """Tables by name, each of which remembers the columns that were asked for."""

    def __init__(self, part: str, tables: dict[str, Any], seen: set[Fact]) -> None:
        super().__init__(tables)
        self._part, self._seen = part, seen

    def __getitem__(self, table: str) -> Any:  # noqa: ANN401 - frames, dicts or arrays
        found = super().__getitem__(table)
        self._seen.add((self._part, table, ALL if self._part == "keys" else _ROWS))
        if self._part == "keys":
            return found
        return _Columns(found, lambda column: self._seen.add((self._part, table, column)))

    def get(self, table: str, default: Any = None) -> Any:  # noqa: ANN401
        """Return the table, or the default."""
        return self[table] if table in self else default  # noqa: SIM401 - get is what is being defined

    def items(self) -> Any:  # noqa: ANN401
        """Return names and tables, all of which count as read."""
        return self._all().items()

    def values(self) -> Any:  # noqa: ANN401
        """Return tables, all of which count as read."""
        return self._all().values()

    def _all(self) -> dict[str, Any]:
        self._seen.update((self._part, table, ALL) for table in self)
        return {table: super(_Tables, self).__getitem__(table) for table in self}


class _Columns:
    """A frame, or a dict of columns, whose columns are told when they are asked for.

    What the columns are called is no cell, nor is how many rows there are; all that is not one column is all of them.
    """

    def __init__(self, columns: Any, tell: Callable[[str], None]) -> None:  # noqa: ANN401
        self._columns, self._tell = columns, tell

    def __getitem__(self, asked: Any) -> Any:  # noqa: ANN401
        self._told(asked)
        return self._columns[asked]

    def _told(self, asked: Any) -> None:  # noqa: ANN401
        names = asked if isinstance(asked, list) else [asked]
        named = all(isinstance(name, str) for name in names)
        for name in names if named else [ALL]:
            self._tell(name)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __len__(self) -> int:
        return len(self._columns)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._columns)

    @property
    def loc(self) -> _Places:
        """Rows by label, with a column or several."""
        return _Places(self)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name in {"index", "columns"}:
            return getattr(self._columns, name)
        self._tell(name if name in self._columns else ALL)
        return getattr(self._columns, name)


class _Places:
    """What stands behind ``frame.loc``."""

    def __init__(self, columns: _Columns) -> None:
        self._of = columns

    def __getitem__(self, asked: Any) -> Any:  # noqa: ANN401
        self._of._told(asked[1] if isinstance(asked, tuple) else None)  # noqa: SLF001 - its other half
        return self._of._columns.loc[asked]  # noqa: SLF001
