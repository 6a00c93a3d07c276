"""Whether a change makes the risk for subjects greater: read off risks.yaml, with the reason."""

from __future__ import annotations

import datetime as dt
import math
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from derbes import period
from derbes.inventory import keyed
from derbes.law import load_law

if TYPE_CHECKING:
    import numpy as np

    from derbes.inventory import Inventory
    from derbes.schema import Column

WAYS = ("up", "down", "neutral")
Verdict = tuple[str, str]  # a way and the code of its reason
_PLAIN: Verdict = ("neutral", "edited")


@cache
def _risks() -> dict[str, Any]:
    source = resources.files("derbes.change").joinpath("risks.yaml")
    content: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return content


def ranks(column: str) -> list[list[str]]:
    """Codes of a closed list from the least risk to the gravest, in groups of the same."""
    known: list[list[str]] = _risks()["ranks"][column]
    return known


def of_row(table: str, kind: str) -> Verdict:
    """Risk of a row that comes or goes; a new name for a row changes nothing for its subjects."""
    if kind == "renamed":
        return "neutral", "renamed"
    way, reason = _risks()["rows"].get(table, {}).get(kind, ("neutral", "described"))
    return str(way), str(reason)


def weighed(frame: pd.DataFrame, inv: Inventory, table: str, at: np.ndarray) -> pd.DataFrame:
    """The same rows, those with sensitive data under the graver reason."""
    grave = _risks()["grave"]
    if not len(frame) or frame["reason"].iat[0] not in grave:
        return frame
    reason, column, least = grave[frame["reason"].iat[0]]
    nature = inv.tables[table][column] if column in inv.tables[table] else _nature(inv)
    rank = nature.iloc[at].map(lambda code: _rank(column, table, code))
    return frame.assign(reason=frame["reason"].mask((rank >= least).to_numpy(), reason))


def _nature(inv: Inventory) -> pd.Series[Any]:
    return inv.fields["category_id"].map(keyed(inv, "categories")["nature"])


def of_cell(column: Column, table: str, old: Any, new: Any) -> Verdict:  # noqa: ANN401 - cells of any type
    """Risk of a cell that said ``old`` and says ``new``; None is unknown."""
    if new is None and (told := _named("emptied", table, column.name)):
        return str(told[0]), str(told[1])
    if isinstance(old, frozenset) or isinstance(new, frozenset) or column.type == "ref":
        verdict = _of_set(column, table, _members(old, column), _members(new, column))
        # nobody knows any longer what the cell said, which is no news of anything given up
        return verdict if new is not None or verdict[0] == "up" else ("neutral", "no_longer_known")
    if old is None:
        return "neutral", "now_known"
    if new is None:
        return "neutral", "no_longer_known"
    if column.type == "basis":
        return _of_basis(str(old), str(new))
    if column.type == "flag" and (told := _named("flags", table, column.name)):
        return (str(told[0]) if new is True else "down", str(told[1]) if new is True else f"not_{told[1]}")
    return _of_size(column, table, old, new)


def _of_size(column: Column, table: str, old: Any, new: Any) -> Verdict:  # noqa: ANN401
    before, after = (_size(column, table, value) for value in (old, new))
    if before == after or (None in {before, after} and math.inf not in {before, after}):
        return _PLAIN
    grew = "up" if before is None or (after is not None and after > before) else "down"
    kind = "term" if column.name in _risks()["more"] else "graver"
    return grew, {"term": {"up": "longer", "down": "shorter"}, "graver": {"up": "graver", "down": "milder"}}[kind][grew]


def _size(column: Column, table: str, value: Any) -> float | None:  # noqa: ANN401
    if column.name not in _risks()["more"]:
        return _rank(column.name, table, value)
    if column.type != "period":
        return float(value) if isinstance(value, (int, float)) else None
    parsed = period.parse_all(pd.Series([str(value)], dtype="str")).iloc[0]
    if parsed["kind"] in {"indefinite", "vague"}:
        return math.inf  # longer than any other, and than a term that ends with an event
    return None if pd.isna(parsed["days"]) else float(parsed["days"])


def _rank(column: str, table: str, value: Any) -> float | None:  # noqa: ANN401
    return _ranked(column, table).get(value)


@cache
def _ranked(column: str, table: str) -> dict[str, float]:
    """Codes of a column with their rank, from 0; nothing where no code is graver than another."""
    return {code: float(rank) for rank, codes in enumerate(_named("ranks", table, column) or []) for code in codes}


def _members(value: Any, column: Column) -> frozenset[str]:  # noqa: ANN401
    """What a cell lists; ids that were separated by commas are the same ids, and data at home have not gone abroad."""
    if value is None or value == "none":
        return frozenset()
    members = value if isinstance(value, frozenset) else frozenset({str(value)})
    if column.type == "ref":
        return frozenset(part.strip() for one in members for part in one.split(","))
    return members - {load_law("kz", dt.date.max).country} if column.type == "country" else members


def _of_set(column: Column, table: str, old: frozenset[str], new: frozenset[str]) -> Verdict:
    """Risk of what came in and what went out, the worse of both; *all* is more than any list."""
    told = _named("sets", table, column.name)
    if told is None:
        return _PLAIN
    came, went = new - old, old - new
    if "all" in new:
        went = frozenset()
    if "all" in old:
        came, went = frozenset(), went or frozenset({"all"})
    found = [told[side] for side, values in (("added", came), ("removed", went)) if values]
    worst = min(found, key=lambda verdict: WAYS.index(verdict[0]), default=_PLAIN)
    return str(worst[0]), str(worst[1])


def _of_basis(old: str, new: str) -> Verdict:
    law = load_law("kz", dt.date.max)
    lawful = set(law.bases.loc[law.bases["valid"], "code"])
    way = "better" if law.basis(new) in lawful and law.basis(old) not in lawful else "worse"
    told = _risks()["basis"][way]
    return str(told[0]), str(told[1])


@cache
def _named(section: str, table: str, column: str) -> Any:  # noqa: ANN401
    entries = _risks()[section]
    return entries.get(f"{table}.{column}", entries.get(column))
