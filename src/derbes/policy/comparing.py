"""A policy's text against its register: clauses that came, went, changed or moved, and what the text says otherwise.

Nothing is written: every difference is a row for a person to decide.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import period
from derbes.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from derbes.inventory import Inventory
    from derbes.policy.proposing import Register

COLUMNS = ("change", "table", "clause_id", "register_id", "column", "before", "after")
#: Kinds of change: the first five are about a whole clause, the others about one cell.
CHANGES = ("added", "removed", "changed", "renumbered", "unhashed", "filled", "differs")
#: Columns of clauses whose cells are compared; others need the register's own ids or a person's judgement.
COMPARED = (
    "parent_id", "kinds", "asserts", "denies", "except", "recipient_kinds", "right_kinds", "channels", "terms_defined",
    "requisites", "deadline_days",
)  # fmt: skip
_CITED = ("act_date", "act_title", "provision")


def compare(register: Register, inventory: Inventory) -> pd.DataFrame:
    """Return the differences between a proposed register and the clauses and citations of an inventory.

    One row a clause that was ``added``, ``removed``, ``changed`` (its hash differs), ``renumbered`` (the same hash
    under another number: ``register_id``) or is ``unhashed`` in the register; one row a cell that the register leaves
    empty and the text fills (``filled``), or about which the two differ (``differs``), lists as sets of codes.
    """
    known = _known(inventory)
    moved = _moved(register, known)
    rows = [*_clauses(register, known, moved), *_cells(register, known, moved)]
    rows += [*_periods(register, inventory, moved), *_citations(register, inventory, moved)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).fillna("")
    return frame.iloc[frame["change"].map(CHANGES.index).argsort(kind="stable")].reset_index(drop=True)


def _known(inventory: Inventory) -> pd.DataFrame:
    """Clauses of the inventory by number, as texts: codes where the model has codes, a hash where there is a text."""
    typed, raw = inventory.clauses, inventory.raw["clauses"]
    columns = {column: typed[column].map(_text) for column in COMPARED}
    hashes = [str(one).strip().lower() for one in raw["text_sha256"]]
    texts = [clean(str(text)) for text in raw["text"]]
    made = [hashlib.sha256(text.encode()).hexdigest() if text else "" for text in texts]
    told = [one or own for one, own in zip(hashes, made, strict=True)]
    columns["sha256"] = pd.Series(told, index=typed.index, dtype=object)
    frame = pd.DataFrame(columns).set_axis(pd.Index(inventory.keys["clauses"], name="clause_id"), axis="index")
    return frame[~frame.index.duplicated()]


def _text(value: Any) -> str:  # noqa: ANN401 - a cell of any column
    if isinstance(value, tuple):
        return "; ".join(value)
    return "" if value is None or pd.isna(value) or value == "none" else str(value)


def _moved(register: Register, known: pd.DataFrame) -> dict[str, str]:
    """Number in the text to number in the register, for all clauses that are in both."""
    same = [part.clause_id for part in register.parts if part.clause_id in known.index]
    gone: dict[str, list[str]] = {}
    for clause_id, sha256 in known["sha256"].drop(same).items():
        if sha256:
            gone.setdefault(sha256, []).append(str(clause_id))
    moved = {clause_id: clause_id for clause_id in same}
    for part in register.parts:
        if part.clause_id not in moved and gone.get(part.sha256):
            moved[part.clause_id] = gone[part.sha256].pop(0)
    return moved


def _clauses(register: Register, known: pd.DataFrame, moved: dict[str, str]) -> Iterator[dict[str, str]]:
    for part in register.parts:
        before = moved.get(part.clause_id)
        sha256 = known.loc[before, "sha256"] if before else ""
        change = {"": "unhashed", part.sha256: ""}.get(str(sha256), "changed")
        if before is None:
            change = "added"
        elif before != part.clause_id:
            change = "renumbered"
        if change:
            yield _row(change, part.clause_id, before)
    for clause_id in known.index.difference(list(moved.values()), sort=False):
        yield _row("removed", "", str(clause_id))


def _cells(register: Register, known: pd.DataFrame, moved: dict[str, str]) -> Iterator[dict[str, str]]:
    proposed = register.clauses.set_index("clause_id")
    for clause_id, before in moved.items():
        for column in COMPARED:
            if column != "parent_id" or clause_id == before:
                said = known.loc[before, column], proposed.loc[clause_id, column]
                yield from _cell("clauses", (clause_id, before), column, said)


def _cell(table: str, ids: tuple[str, str], column: str, said: tuple[object, object]) -> Iterator[dict[str, str]]:
    told = str(said[0]), str(said[1])
    if _set(told[0]) != _set(told[1]):
        change = "differs" if told[0] else "filled"
        yield _row(change, *ids) | {"table": table, "column": column, "before": told[0], "after": told[1]}


def _set(text: str) -> frozenset[str]:
    return frozenset(part.strip().casefold() for part in text.split(";") if part.strip())


def _periods(register: Register, inventory: Inventory, moved: dict[str, str]) -> Iterator[dict[str, str]]:
    """Compare terms of keeping by what they mean, not by the words."""
    retention = inventory.retention[["clauses"]].assign(period=inventory.raw["retention"]["period"]).explode("clauses")
    for clause_id, before in moved.items():
        kept = [str(said) for said in retention.loc[retention["clauses"] == before, "period"] if str(said).strip()]
        own = register.periods[register.periods["clause_id"] == clause_id]
        after = {(row.kind, row.duration) for row in own.itertuples()}
        parsed = {(one.kind, one.duration or "") for one in map(period.parse, kept)}
        if after != parsed:
            row = _row("differs" if kept else "filled", clause_id, before)
            yield row | {
                "table": "retention",
                "column": "period",
                "before": "; ".join(kept),
                "after": "; ".join(own["phrase"]),
            }


def _citations(register: Register, inventory: Inventory, moved: dict[str, str]) -> Iterator[dict[str, str]]:
    """Compare citations act by act: one that only the register has, or only the text, is one row about its title."""
    raw = inventory.raw["citations"].assign(clause_id=inventory.citations["clause_id"])
    known = {(str(row["clause_id"]), _act(row)): row for row in raw.to_dict("records")}
    proposed = {(moved.get(row["clause_id"], ""), _act(row)): row for row in register.citations.to_dict("records")}
    numbers = {before: clause_id for clause_id, before in moved.items()}
    for key in dict.fromkeys([*known, *proposed]):
        before, after = known.get(key), proposed.get(key)
        clause_id = after["clause_id"] if after else numbers.get(key[0], "")
        ids = (clause_id, key[0])
        if before is None or after is None:
            yield from _cell("citations", ids, "act_title", (_name(before), _name(after)))
            continue
        for column in _CITED:
            yield from _cell("citations", ids, column, (before[column], after[column]))


def _act(row: dict[Any, Any]) -> str:
    return str(row["act_number"] or row["act_title"]).casefold()


def _name(row: dict[Any, Any] | None) -> str:
    parts: Iterable[Any] = (row["act_number"], row["act_title"]) if row else ()
    return " ".join(str(part) for part in parts if part)


def _row(change: str, clause_id: str, register_id: str | None) -> dict[str, str]:
    return {"change": change, "table": "clauses", "clause_id": clause_id, "register_id": register_id or ""}
