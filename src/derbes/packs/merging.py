"""What came back, held against what went out and against the inventory as it is: what to change, and what not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes.cells import State
from derbes.errors import SourceError, UsageError
from derbes.identity import lawful_kinds, mask, personal_kinds
from derbes.packs import ledger
from derbes.packs.applying import prepared
from derbes.packs.returning import alike, equal, readings, returned
from derbes.read.loading import load
from derbes.snapshot import SUMS

if TYPE_CHECKING:
    from pathlib import Path

    from derbes.inventory import Inventory
    from derbes.packs.applying import Prepared
    from derbes.packs.ledger import Base
    from derbes.packs.returning import Returned
    from derbes.schema import Column

_SAID = ("table", "key", "column", "old", "text", "book", "place", "why")
_CELL = ["table", "key", "column"]
_WHY = {
    State.PLACEHOLDER: "placeholder",
    State.UNREADABLE: "formula_empty",
    State.NUMBER: "number",
    State.INVALID: "invalid",
    State.UNKNOWN: "not_in_list",
    State.HOMOGLYPH: "id",
    State.SPACE: "id",
    State.SLUG: "id",
    State.COMMA: "comma",
}


@dataclass(frozen=True)
class Merge:
    """What a folder of packs comes to.

    ``changes`` has a row a cell to change (table, key, column, old, text, book, place; file, sheet and cell of the
    inventory), ``conflicts`` and ``refused`` a row an answer that is not taken, with a reason code under ``why``.
    ``silent`` maps the owner of every pack without an answer to whether a workbook came back at all; ``done`` counts
    answers that the inventory holds already. Personal values are masked in all of them.
    """

    inventory: Inventory
    base: Base
    changes: pd.DataFrame
    conflicts: pd.DataFrame
    refused: pd.DataFrame
    silent: tuple[tuple[str | None, str, bool], ...]
    done: int
    prepared: Prepared


def merge(folder: Path, into: Path) -> Merge:
    """Answers in a folder of packs held against the inventory that they are for; nothing is written.

    Raises SourceError where either cannot be read, UsageError where they do not belong together.
    """
    base, inv = ledger.read(folder), load(into)
    _belong(base, inv)
    back = returned(folder, base, inv.schema)
    answers, refused = _judged(inv, back)
    answers, conflicts = _agreed(inv, answers)
    answers, conflicts, gone, done = _current(inv, answers, conflicts)
    plan = prepared(inv, answers)
    changes, left = answers[~answers["at"].isin(plan.refused)], answers[answers["at"].isin(plan.refused)]
    left = left.assign(why=left["at"].map(plan.refused))
    everything = pd.concat([_faults(back), refused, gone, left])
    return Merge(
        inventory=inv,
        base=base,
        changes=_tidy(inv, changes, [*_SAID[:-1], "file", "sheet", "cell"]),
        conflicts=_tidy(inv, conflicts, list(_SAID)),
        refused=_tidy(inv, everything, list(_SAID)),
        silent=_silent(base, back),
        done=done,
        prepared=plan,
    )


def _belong(base: Base, inv: Inventory) -> None:
    if (inv.path / SUMS).exists():
        raise UsageError(
            str(inv.path), "is a frozen quarter", "Name the inventory itself: a frozen copy stays as it is."
        )
    if base.operator != inv.operator_id:
        what = f"the packs are of {base.operator}, the inventory is of {inv.operator_id}"
        raise UsageError(str(inv.path), what, "Name the inventory that they were made from.")
    unread = [fault.file for fault in inv.faults if fault.problem in {"file_unreadable", "sheet_unreadable"}]
    if unread:
        raise SourceError(unread[0], "could not be read", "Mend it first: answers might belong there.")


def _faults(back: Returned) -> pd.DataFrame:
    return back.faults.assign(old="")


def _judged(inv: Inventory, back: Returned) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers that are values of the model, and those that are not, with the reason."""
    answers = back.answers.assign(why="", value=None)
    parts = [_column(inv, part) for _, part in answers.groupby(["table", "column"], sort=False)]
    judged = pd.concat(parts) if parts else answers
    bad = judged["why"] != ""
    return judged[~bad], judged[bad].assign(old=judged.loc[bad, "base"])


def _column(inv: Inventory, part: pd.DataFrame) -> pd.DataFrame:
    """Answers to one column with the value each means, and why it is none of the model's."""
    table, column = inv.schema.tables[part["table"].iat[0]], part["column"].iat[0]
    model = table.columns[column]
    values, _ = readings(model, inv.schema, part["text"])
    why = part["state"].map(_WHY).fillna("")
    empty = part["state"] == State.EMPTY
    if model.required and not model.required_unless:
        why = why.mask(empty, "required")
    if model.to and model.to in inv.present:
        was, _ = readings(model, inv.schema, part["base"])
        why = why.mask((why == "") & ~_exist(inv, model, values, was), "dangling")
    lawful = lawful_kinds(table.name, column)
    personal = [bool(set(kinds) - lawful) for kinds in personal_kinds(part["text"])]
    value = pd.Series(list(values), index=part.index, dtype=object)
    return part.assign(value=value, why=why.mask(pd.Series(personal, index=part.index), "personal"))


def _exist(inv: Inventory, model: Column, values: Any, was: Any) -> np.ndarray:  # noqa: ANN401 - arrays of objects
    """Whether the inventory has every row that an answer refers to and that the cell did not refer to before."""
    known = {*inv.keys[model.to or ""], "none", "all", None}
    pairs = zip(map(_elements, values), map(_elements, was), strict=True)
    return np.array([new - old <= known for new, old in pairs], dtype=bool)


def _elements(value: object) -> set[object]:
    return {*value} if isinstance(value, tuple) else {value}


def _agreed(inv: Inventory, answers: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One answer a cell; cells for which workbooks say different things are conflicts, every answer of them."""
    meant = [
        str(sorted(value) if isinstance(value, tuple) else value) if value is not None or state == State.EMPTY else text
        for value, state, text in zip(answers["value"], answers["state"], answers["text"], strict=True)
    ]
    kinds = answers.assign(meant=meant).groupby(_CELL)["meant"].transform("nunique")
    clash = kinds > 1
    conflicts = answers[clash].assign(why="packs", old=_texts(inv, answers[clash]))
    return answers[~clash].drop_duplicates(_CELL), conflicts


def _positions(inv: Inventory, rows: pd.DataFrame) -> pd.Series[Any]:
    """Position of every answer's row in its table; -1 where the inventory has it no more, or twice."""
    found = pd.Series(-1, index=rows.index)
    for table, part in rows.groupby("table"):
        keys = pd.Series(range(len(inv.keys[str(table)])), index=inv.keys[str(table)].astype(str))
        keys = keys[~keys.index.duplicated(keep=False)]
        found[part.index] = part["key"].map(keys).fillna(-1).astype(int)
    return found


def _texts(inv: Inventory, rows: pd.DataFrame) -> list[str]:
    """What the inventory says now in the cells of the answers; empty where it has the row no more."""
    places = zip(rows["table"], rows["column"], _positions(inv, rows), strict=True)
    return [str(inv.texts[table][column][at]) if at >= 0 else "" for table, column, at in places]


def _current(
    inv: Inventory, answers: pd.DataFrame, conflicts: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, int]:
    """Answers to apply, all conflicts, answers to rows that are gone, and how many the inventory holds already."""
    answers = answers.assign(old=_texts(inv, answers), position=_positions(inv, answers)).reset_index(drop=True)
    gone = answers[answers["position"] < 0].assign(why="gone")
    here = answers[answers["position"] >= 0]
    same = pd.Series(data=False, index=here.index)
    moved = same.copy()
    for (table, column), part in here.groupby(["table", "column"]):
        model = inv.schema.tables[str(table)].columns[str(column)]
        old = _masked(part["old"], str(table), str(column))
        now, was, new = (readings(model, inv.schema, texts) for texts in (part["old"], part["base"], part["text"]))
        same[part.index] = equal(now, new) | alike(old, part["text"].to_numpy())
        moved[part.index] = ~(equal(now, was) | alike(old, part["base"].to_numpy()))
    clash = here[moved & ~same].assign(why="inventory")
    spots = zip(here["table"], here["position"], here["column"], strict=True)
    places = pd.DataFrame([inv.address(*spot) for spot in spots], columns=["file", "sheet", "cell"], index=here.index)
    here = pd.concat([here, places], axis=1).assign(at=range(len(here)))
    return here[~same & ~moved], pd.concat([conflicts, clash]), gone, int(same.sum())


def _masked(texts: pd.Series[Any], table: str, column: str) -> np.ndarray:
    lawful = lawful_kinds(table, column)
    hit = [bool(set(kinds) - lawful) for kinds in personal_kinds(texts)]
    return np.array([mask(text) if bad else text for text, bad in zip(texts, hit, strict=True)], dtype=object)


def _silent(base: Base, back: Returned) -> tuple[tuple[str | None, str, bool], ...]:
    """Owner and file of every pack in which nothing differs or fails, and whether a workbook came back that says so."""
    spoken = set(back.answers["book"]) | set(back.faults["book"])
    return tuple(
        (pack.owner, pack.file, pack.name in back.books)
        for pack in base.packs
        if not spoken & set(back.books.get(pack.name, ()))
    )


def _tidy(inv: Inventory, rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Rows in the model's order, by key, with every personal value masked."""
    frame = rows.reindex(columns=columns).fillna("").astype(str)
    for name in ("old", "text", "key", "book"):
        frame[name] = frame[name].map(mask)
    tables = {name: number for number, name in enumerate(inv.schema.tables)}
    ranked = frame.assign(rank=frame["table"].map(tables).fillna(-1))
    order = ranked.sort_values(["rank", "key", "column", "book", "place"], kind="stable").index
    return frame.loc[order].reset_index(drop=True)
