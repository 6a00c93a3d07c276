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
    from collections.abc import Callable, Container

    from derbes.inventory import Inventory
    from derbes.law import LawPack
    from derbes.schema import Column


def structure(inv: Inventory, _law: LawPack, *, table: str, wanted: Container[str] | None = None) -> pd.DataFrame:
    """States of every cell, ``ref:`` columns of references, and what tells rows apart: ``row:key``, content, name.

    A column that is required unless another says otherwise has a second state, ``due:``, NONE where that one does.
    Of all these only those ``wanted``, if given.
    """
    model, states = inv.schema.tables[table], inv.states[table]
    makers: dict[str, Callable[[], Any]] = {name: partial(states.get, name) for name in model.columns}
    for name, column in model.columns.items():
        if column.required_unless:
            makers[f"due:{name}"] = partial(_due, inv, table, column)
        if column.type == "ref":
            makers[f"ref:{name}"] = partial(inv.tables[table][name].to_numpy, dtype=object)
    makers["row:key"] = partial(pd.Series(inv.keys[table]).where, states[model.key] == State.OK)
    facts = {fact: make() for fact, make in makers.items() if wanted is None or fact in wanted}
    if wanted is None or "row:content" in wanted or "row:name" in wanted:
        facts |= _likeness(inv, table)
    return pd.DataFrame({"origin": np.arange(len(inv.tables[table])), **facts})


def _due(inv: Inventory, table: str, column: Column) -> np.ndarray:
    """States of the column, NONE where another says that it need not be filled."""
    states = inv.states[table][column.name]
    for other, values in column.required_unless.items():
        said = inv.tables[table][other]
        if inv.schema.tables[table].columns[other].type == "period":
            said = period.parse_all(said)["kind"]
        states = np.where(said.isin(values), State.NONE, states)
    return states


def _likeness(inv: Inventory, table: str) -> dict[str, pd.Series[Any]]:
    """Facts by which two rows may be the same one: all that they hold, and the names they bear."""
    key = inv.schema.tables[table].key
    content = pd.util.hash_pandas_object(inv.raw[table].drop(columns=key), index=False)
    under_other_keys = pd.Series(inv.keys[table]).groupby(content).transform("nunique") > 1
    filled = np.sum([state != State.EMPTY for name, state in inv.states[table].items() if name != key], axis=0)
    return {
        "row:content": content.where((filled > 1) & under_other_keys),
        "row:name": _names(inv, table).mask(content.duplicated(keep=False)),
    }


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
    view(f"structure.{_table}", table=_table, sparing=True)(partial(structure, table=_table))
