"""Two inventories side by side: rows that came, went, changed or were renamed, every change with its risk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes.cells import UNKNOWN_STATES
from derbes.change import risk
from derbes.change.matching import paired
from derbes.identity import mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from derbes.inventory import Inventory

COLUMNS = ("table", "key", "old_key", "kind", "likeness", "name", "column", "old", "new", "risk", "reason")
KINDS = ("added", "removed", "renamed", "changed")
NAMED_BY = ("name", "label", "summary", "act_title", "kind")


@dataclass(frozen=True)
class Change:
    """What changed from one inventory to another.

    ``rows`` has one row a row that was added, removed or renamed, and one a cell that differs (``changed``): table,
    key, old_key (of a renamed row), kind, likeness (of a guess), name, column, old, new, risk (up, down, neutral) and
    reason, a code of risks.yaml. Values that could be personal are masked.
    """

    old: str
    new: str
    rows: pd.DataFrame

    @cached_property
    def summary(self) -> dict[str, int]:
        """Counts by kind, of rows for all but ``changed``, and by risk."""
        cells = self.rows[self.rows["kind"] == "changed"]
        changed = len(cells[["table", "key"]].drop_duplicates())
        kinds = {kind: int((self.rows["kind"] == kind).sum()) for kind in KINDS[:-1]}
        return {**kinds, "changed": changed, **{way: int((self.rows["risk"] == way).sum()) for way in risk.WAYS}}

    def __repr__(self) -> str:
        """One line of counts."""
        return f"<Change {', '.join(f'{count} {name}' for name, count in self.summary.items())}>"


def diff(old: Inventory, new: Inventory) -> Change:
    """Change from one inventory to another, whatever formats they are kept in; the order of rows does not matter."""
    parts = [part for table in new.schema.tables for part in _table(old, new, table)]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    place = {name: at for at, name in enumerate(new.schema.tables)}
    shape = {name: at for at, name in enumerate(KINDS)}
    order = rows.assign(t=rows["table"].map(place), k=rows["kind"].map(shape)).sort_values(
        ["t", "k", "key", "column"], kind="stable", na_position="first"
    )
    return Change(old.path.name, new.path.name, order[list(COLUMNS)].reset_index(drop=True))


def _table(old: Inventory, new: Inventory, table: str) -> list[pd.DataFrame]:
    pairs = paired(old, new, table)
    gone, come = pairs.loc[pairs["new"] < 0, "old"], pairs.loc[pairs["old"] < 0, "new"]
    both = pairs[(pairs["old"] >= 0) & (pairs["new"] >= 0)].astype({"old": int, "new": int})
    renamed = both[both["likeness"].notna()]
    names = _names(new, table, both["new"].to_numpy())
    parts = [
        _rows(old, table, "removed", gone),
        _rows(new, table, "added", come),
        _rows(new, table, "renamed", renamed["new"]).assign(
            old_key=old.keys[table][renamed["old"]], likeness=renamed["likeness"].to_numpy().round(2)
        ),
        *(_cells(old, new, table, name, both=both.assign(name=names)) for name in new.schema.tables[table].columns),
    ]
    return [part for part in parts if len(part)]


def _rows(inv: Inventory, table: str, kind: str, positions: pd.Series[Any]) -> pd.DataFrame:
    at = positions.to_numpy(dtype=int)
    way, reason = risk.of_row(table, kind)
    facts = {"table": table, "kind": kind, "column": None, "old": None, "new": None, "old_key": None}
    frame = pd.DataFrame({"key": inv.keys[table][at], "name": _names(inv, table, at)}, dtype=object)
    frame = frame.assign(**facts, likeness=np.nan, risk=way, reason=reason)
    return risk.weighed(frame, inv, table, at)


def _names(inv: Inventory, table: str, at: np.ndarray) -> np.ndarray:
    """Names of the rows at these positions."""
    column = next((name for name in NAMED_BY if name in inv.texts[table]), None)
    if column is None:
        return np.full(len(at), "", dtype=object)
    return _masked(inv.texts[table][column][at], lambda text: " ".join(text.split()))


def _masked(texts: np.ndarray, trimmed: Callable[[str], str]) -> np.ndarray:
    """Texts, trimmed, without personal values: each different one is looked through once."""
    known, different = pd.factorize(texts)
    shown = np.array([mask(trimmed(text)) for text in different], dtype=object)
    return shown[known] if len(shown) else shown


def _cells(old: Inventory, new: Inventory, table: str, column: str, *, both: pd.DataFrame) -> pd.DataFrame:
    """Cells of a column that say something else than before; a list in another order says the same."""
    model = new.schema.tables[table]
    was, now = old.texts[table][column][both["old"]], new.texts[table][column][both["new"]]
    differ = both[was != now]
    if not len(differ) or column == model.key:
        return pd.DataFrame()
    alike, first = _alike(was[was != now], now[was != now])
    seen = differ.iloc[first]  # most columns hold few different texts: each pair of them is judged once
    before, after = (_meant(inv, table, column, seen[side]) for inv, side in ((old, "old"), (new, "new")))
    kept = np.array([one != other for one, other in zip(before, after, strict=True)])[alike]
    verdicts = [risk.of_cell(model.columns[column], table, *pair) for pair in zip(before, after, strict=True)]
    told = pd.DataFrame(verdicts, columns=["risk", "reason"], dtype=object)
    told["old"], told["new"] = _shown(old, table, column, seen["old"]), _shown(new, table, column, seen["new"])
    at = differ["new"].to_numpy()[kept]
    facts = {"table": table, "kind": "changed", "column": column, "old_key": None, "likeness": np.nan}
    rows = told.iloc[alike[kept]].reset_index(drop=True)
    return rows.assign(key=new.keys[table][at], name=differ["name"].to_numpy()[kept], **facts)


def _alike(was: np.ndarray, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each pair of texts the number of its kind, and where each kind stands first."""
    ones, texts = pd.factorize(was)
    others, _ = pd.factorize(now)
    kinds, _ = pd.factorize(ones.astype(np.int64) + others.astype(np.int64) * (len(texts) + 1))
    return kinds, np.unique(kinds, return_index=True)[1]


def _shown(inv: Inventory, table: str, column: str, positions: pd.Series[Any]) -> np.ndarray:
    return _masked(inv.texts[table][column][positions], str.strip)


def _meant(inv: Inventory, table: str, column: str, positions: pd.Series[Any]) -> list[Any]:
    """What cells mean: a set of values for a list, None where nothing is known, else the value as a text."""
    at = positions.to_numpy()
    typed = inv.tables[table][column].iloc[at].to_list()
    texts = inv.texts[table][column][at]
    unknown = np.isin(inv.states[table][column][at], [*UNKNOWN_STATES])
    many = inv.schema.tables[table].columns[column].many
    return [
        None if empty else _value(value, text, many=many)
        for value, text, empty in zip(typed, texts, unknown, strict=True)
    ]


def _value(value: Any, text: str, *, many: bool) -> Any:  # noqa: ANN401 - a cell of any type
    if many:
        return frozenset(value) if isinstance(value, tuple) else text.strip()
    if isinstance(value, str):
        return " ".join(value.split())
    return text.strip() if value is None or value is pd.NA or value is pd.NaT or value != value else value  # noqa: PLR0124 - NaN
