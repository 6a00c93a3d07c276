"""What the rules of completeness look at: answers that only stand in for one, copied texts, rows that meet nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes import period
from derbes.cells import State
from derbes.views.links import active, at, kin, links, status
from derbes.views.registry import view
from derbes.views.use import counts, field_uses

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Columns that describe one row each: where most rows bear one long text, it was pasted.
_DESCRIPTIVE = ("label", "summary", "text", "ends_when")
_LONG, _ROWS = 40, 5
_PERIODS = (("retention", "period"), ("consents", "term"))


@view("placeholders", table="*")
def placeholders(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a row of the inventory, and one an optional cell that only stands in for an answer: ``stands_in``."""
    parts = [_placeholders(inv, table) for table in inv.tables]
    return pd.concat(parts, ignore_index=True).astype({"origin": int})


def _placeholders(inv: Inventory, table: str) -> pd.DataFrame:
    clean = pd.DataFrame({"origin": range(len(inv.tables[table])), "table": table, "column": None, "stands_in": False})
    optional = [name for name, column in inv.schema.tables[table].columns.items() if not column.required]
    states = np.column_stack([inv.states[table][name] for name in optional])
    positions, numbers = np.nonzero(states == State.PLACEHOLDER)
    columns = np.array(optional, dtype=object)[numbers]
    hits = pd.DataFrame({"origin": positions, "table": table, "column": columns, "stands_in": True})
    return pd.concat([clean, hits.assign(sub=list(zip(columns, strict=True)))], ignore_index=True)


@view("copies", table="*")
def copies(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a column of descriptions: where its commonest long text stands first, and its ``share`` of rows."""
    pairs = [
        (table, column)
        for table, model in inv.schema.tables.items()
        for column in model.columns
        if column in _DESCRIPTIVE and table in inv.present
    ]
    rows = [_commonest(inv, table, column) for table, column in pairs]
    return pd.DataFrame(rows, columns=["table", "column", "origin", "share", "related", "sub"])


def _commonest(inv: Inventory, table: str, column: str) -> tuple[Any, ...]:
    text = inv.tables[table][column].dropna().str.strip()
    tally = text[text.str.len() >= _LONG].value_counts()
    if not len(tally) or tally.iloc[0] < _ROWS:
        return table, column, -1, 0.0, (), (column,)
    same = text.index[text == tally.index[0]]
    keys = pd.Series(inv.keys[table][same], index=same).sort_values()
    others = tuple((table, key) for key in keys.iloc[1:])
    return table, column, keys.index[0], len(same) / len(text), others, (column,)


@view("periods", table="*", needs=("retention",))
def periods(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a cell that holds a period: ``period_kind``, as what it was understood."""
    kinds = {place: period.parse_all(inv.tables[place[0]][place[1]])["kind"] for place in _PERIODS}
    parts = [
        pd.DataFrame({"origin": kind.index, "table": table, "column": column, "period_kind": kind})
        for (table, column), kind in kinds.items()
    ]
    return pd.concat(parts, ignore_index=True)


@view("system_use", table="systems", needs=("systems", "processing"))
def system_use(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a system: whether it is ``live``, and how many rows of the register in force ``use`` it."""
    named = links(inv, "processing", "system_ids")
    named = named[named["origin"].isin(active(inv))]
    use = counts(named["origin"], named["id"], inv.systems["system_id"])
    return pd.DataFrame({"origin": inv.systems.index, "live": inv.systems["status"].ne("retired"), "use": use})


@view("purpose_use", table="purposes", needs=("purposes", "processing"))
def purpose_use(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a purpose: whether it is ``declared``, and how many rows ``serve`` it, drafts too, or one on its line."""
    served = links(inv, "processing", "purpose_id")
    served = served[at(status(inv), served["origin"]).ne("stopped")].merge(kin(inv, "purposes"), on="id")
    named = pd.concat([links(inv, table, "purpose_ids")["id"] for table in ("clauses", "consents", "rights")])
    declared = inv.purposes["purpose_id"].isin(named) | (inv.purposes["clauses"].str.len() > 0)
    serve = counts(served["origin"], served["other"], inv.purposes["purpose_id"])
    return pd.DataFrame({"origin": inv.purposes.index, "declared": declared, "serve": serve})


@view("register", table="processing", needs=("processing", "fields"))
def register(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a row of the register: ``status``, and how many ``fields`` it uses, missing where that cannot be said."""
    frame, uses = inv.processing, field_uses(inv)
    named = links(inv, "processing", "field_ids")
    both = pd.concat([uses, named], ignore_index=True)
    fields = counts(both["id"], both["origin"], pd.Series(frame.index, index=frame.index))
    unsure = frame[["system_ids", "category_ids", "purpose_id"]].isna().any(axis=1) | frame["field_ids"].str.len().eq(0)
    return pd.DataFrame({"origin": frame.index, "status": status(inv), "fields": fields.mask(unsure)})
