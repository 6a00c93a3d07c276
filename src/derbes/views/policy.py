"""What the published policy says, clause by clause, beside what it says elsewhere and what the register shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.views.links import active, along, everything, kin, links, related
from derbes.views.registry import view

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Whom a reader of *no third parties* would not expect; a body of state acts by law, a processor for the operator.
_OUTSIDERS = ("third_party", "group", "public")
_SCOPES = ("subject_ids", "category_ids", "purpose_ids", "recipient_ids")
_KEYS = {"clauses": "clause_id", "processing": "processing_id", "consents": "consent_id"}


@view("denied_recipients", table="clauses")
def denied_recipients(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause that denies third parties: how many clauses and rows ``contradict`` it, and which."""
    unless = _saying(inv, "except", "third_parties")
    denials = _saying(inv, "denies", "third_parties").difference(unless)
    frame = pd.DataFrame({"origin": denials})
    pairs = frame.merge(_passing_on(inv), how="cross")
    for column in _SCOPES:
        pairs = pairs[_overlap(inv, pairs, column)]
    pairs = pairs[~_excepted(inv, pairs)]
    against = related(frame["origin"], {table: pairs[pairs["table"] == table] for table in _KEYS})
    return frame.assign(related=against, contradict=against.str.len().astype(float))


def _saying(inv: Inventory, column: str, statement: str) -> pd.Index[Any]:
    """Positions of the clauses that assert, deny or except a statement."""
    said = inv.clauses[column].explode().eq(statement)
    return said.index[said].unique()


def _passing_on(inv: Inventory) -> pd.DataFrame:
    """Clauses, rows of the register, consents by which outsiders get data: ``table``, ``position``, ``id``."""
    outsiders = inv.recipients.loc[inv.recipients["kind"].isin(_OUTSIDERS), "recipient_id"]
    named = {table: links(inv, table, "recipient_ids") for table in _KEYS}
    told = {table: pairs.loc[pairs["id"].isin(outsiders), "origin"].unique() for table, pairs in named.items()}
    told["clauses"] = _saying(inv, "asserts", "third_parties").union(told["clauses"])
    told["clauses"] = told["clauses"].difference(_saying(inv, "denies", "third_parties"))
    told["clauses"] = told["clauses"].difference(_saying(inv, "asserts", "anonymised"))
    told["processing"] = active(inv).intersection(told["processing"])
    parts = [pd.DataFrame({"table": table, "position": positions}) for table, positions in told.items()]
    ids = [inv.tables[table].loc[positions, _KEYS[table]].astype(object) for table, positions in told.items()]
    return pd.concat(parts, ignore_index=True).assign(id=pd.concat(ids, ignore_index=True))


def _overlap(inv: Inventory, pairs: pd.DataFrame, column: str) -> pd.Series[Any]:
    """Whether the clause and the other row may speak of the same things.

    A clause that names none speaks of all; a row of the register that names none is unknown, and proves nothing.
    """
    named = along(links(inv, "clauses", column), kin(inv, _target(inv, column)))[["origin", "other"]]
    others = pd.concat([_named(inv, table, column) for table in _KEYS], ignore_index=True)
    met = pairs.reset_index().merge(named, on="origin").merge(others, on=["table", "position", "other"])["index"]
    unscoped = inv.clauses.index[inv.clauses[column].str.len().fillna(0) == 0]
    sweeping = unscoped.union(everything(inv, "clauses", column))
    wide = pairs["origin"].isin(sweeping) | (pairs["table"].eq("clauses") & pairs["position"].isin(sweeping))
    return wide | pairs.index.isin(met)


def _target(inv: Inventory, column: str) -> str:
    return inv.schema.tables["clauses"].columns[column].to or ""


def _named(inv: Inventory, table: str, column: str) -> pd.DataFrame:
    """Ids that rows of a table name in that column, or in the one that holds a single id: table, position, other."""
    held = column if column in inv.tables[table] else column.removesuffix("s")
    pairs = links(inv, table, held).set_axis(["position", "other"], axis=1)
    return pairs.assign(table=table)


def _excepted(inv: Inventory, pairs: pd.DataFrame) -> pd.Series[Any]:
    """Whether the other clause asserts something that the denial excepts."""
    excepted = inv.clauses["except"].explode().dropna().rename("what").rename_axis("origin").reset_index()
    asserted = inv.clauses["asserts"].explode().dropna().rename("what").rename_axis("position").reset_index()
    met = pairs.reset_index().merge(excepted, on="origin").merge(asserted, on=["position", "what"])
    return pairs.index.isin(met.loc[met["table"] == "clauses", "index"]) & pairs["table"].notna()
