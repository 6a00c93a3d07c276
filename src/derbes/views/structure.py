"""What the structure rules look at: of every table the states of its cells, its references and its names."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes import period
from derbes.cells import State
from derbes.schema import load
from derbes.text import fingerprint
from derbes.views.registry import view

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack


def structure(inv: Inventory, _law: LawPack, *, table: str) -> pd.DataFrame:
    """States of every cell, ``ref:`` columns of references, and what tells rows apart: ``row:key``, content, name."""
    frame, states = inv.tables[table], inv.states[table]
    key = inv.schema.tables[table].key
    facts: dict[str, Any] = {"origin": np.arange(len(frame)), **states, **_due(inv, table)}
    for column in inv.schema.tables[table].columns.values():
        if column.type == "ref":
            facts[f"ref:{column.name}"] = frame[column.name].to_numpy(dtype=object)
    keys = pd.Series(inv.keys[table])
    facts["row:key"] = keys.where(states[key] == State.OK)
    content = pd.util.hash_pandas_object(inv.raw[table].drop(columns=key), index=False)
    under_other_keys = keys.groupby(content).transform("nunique") > 1
    facts["row:content"] = content.where((_filled(states, key) > 1) & under_other_keys)
    facts["row:name"] = _names(inv, table).mask(content.duplicated(keep=False))
    return pd.DataFrame(facts)


def _filled(states: dict[str, np.ndarray], key: str) -> np.ndarray:
    return np.sum([state != State.EMPTY for column, state in states.items() if column != key], axis=0)


def _due(inv: Inventory, table: str) -> dict[str, np.ndarray]:
    """States of the columns that are required unless another says otherwise, NONE where it does."""
    due = {}
    for column in inv.schema.tables[table].columns.values():
        for other, values in column.required_unless.items():
            said = inv.tables[table][other]
            if inv.schema.tables[table].columns[other].type == "period":
                said = period.parse_all(said)["kind"]
            due[f"due:{column.name}"] = np.where(said.isin(values), State.NONE, inv.states[table][column.name])
    return due


def _names(inv: Inventory, table: str) -> pd.Series[Any]:
    columns = inv.schema.tables[table].distinct
    if not columns or not len(inv.tables[table]):
        return pd.Series(np.nan, index=range(len(inv.tables[table])), dtype=object)
    first, *rest = [inv.tables[table][column] for column in columns]
    model = inv.schema.tables[table].columns
    # a code means what it says; only words may be written in another order or case and mean the same
    marks = [fingerprint(s.fillna("")) if model[str(s.name)].type == "text" else s for s in (first, *rest)]
    named = pd.Series(list(zip(*marks, strict=True)), dtype=object)
    said = pd.concat([s.notna() for s in (first, *rest)], axis=1).all(axis=1)
    return named.where(said)


for _table in load().tables:
    view(f"structure.{_table}", table=_table)(partial(structure, table=_table))
