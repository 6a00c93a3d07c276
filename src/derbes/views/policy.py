"""What the published policy says, clause by clause, beside what it says elsewhere and what the register shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.text import LANGUAGES
from derbes.views.contradictions import KEYS, SCOPES, excepted, overlap, saying
from derbes.views.links import active, links, related
from derbes.views.registry import view
from derbes.views.scopes import names

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Whom a reader of *no third parties* would not expect; a body of state acts by law, a processor for the operator.
_OUTSIDERS = ("third_party", "group", "public")
#: Where outsiders may be named.
_TELLING = ("clauses", "processing", "consents")


@view("denied_recipients", table="clauses")
def denied_recipients(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a clause that denies third parties: how many clauses and rows ``contradict`` it, and which."""
    unless = saying(inv, "except", "third_parties")
    denials = saying(inv, "denies", "third_parties").difference(unless)
    frame = pd.DataFrame({"origin": denials})
    pairs = frame.merge(_passing_on(inv), how="cross")
    for column in SCOPES:
        pairs = pairs[overlap(inv, pairs, column)]
    pairs = pairs[~excepted(inv, pairs)]
    against = related(frame["origin"], {table: pairs[pairs["table"] == table] for table in _TELLING})
    return frame.assign(related=against, contradict=against.str.len().astype(float), **_who(inv, frame, pairs))


def _who(inv: Inventory, frame: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    """``who``, by language: the outsiders whom the rows against each clause name, else that they are third parties."""
    named = pd.concat([links(inv, table, "recipient_ids").assign(table=table) for table in _TELLING], ignore_index=True)
    named = named.rename(columns={"origin": "position", "id": "recipient"})
    outsiders = inv.recipients.loc[inv.recipients["kind"].isin(_OUTSIDERS), "recipient_id"]
    told = pairs[["origin", "table", "position"]].merge(named, on=["table", "position"])
    told = told[told["recipient"].isin(outsiders)].drop_duplicates(["origin", "recipient"])
    told = told.sort_values(["origin", "recipient"])
    said = frame["origin"].map(names(inv, "recipients", told["recipient"]).groupby(told["origin"]).agg("; ".join))
    label = inv.schema.lists["recipient_kind"]["third_party"]
    return {f"who_{lang}": said.fillna(label[lang]) for lang in LANGUAGES}


def _passing_on(inv: Inventory) -> pd.DataFrame:
    """Clauses, rows of the register, consents by which outsiders get data: ``table``, ``position``, ``id``."""
    outsiders = inv.recipients.loc[inv.recipients["kind"].isin(_OUTSIDERS), "recipient_id"]
    named = {table: links(inv, table, "recipient_ids") for table in _TELLING}
    told = {table: pairs.loc[pairs["id"].isin(outsiders), "origin"].unique() for table, pairs in named.items()}
    told["clauses"] = saying(inv, "asserts", "third_parties").union(told["clauses"])
    told["clauses"] = told["clauses"].difference(saying(inv, "denies", "third_parties"))
    told["clauses"] = told["clauses"].difference(saying(inv, "asserts", "anonymised"))
    told["processing"] = active(inv).intersection(told["processing"])
    parts = [pd.DataFrame({"table": table, "position": positions}) for table, positions in told.items()]
    ids = [inv.tables[table].loc[positions, KEYS[table]].astype(object) for table, positions in told.items()]
    return pd.concat(parts, ignore_index=True).assign(id=pd.concat(ids, ignore_index=True))
