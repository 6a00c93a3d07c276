"""What clauses speak of: whom and what they name, and whether they and a row of another table speak of the same."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.text import LANGUAGES
from derbes.views.contradictions import saying
from derbes.views.links import along, at, everything, kin, lineage, links, status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from derbes.inventory import Inventory


def unscoped(inv: Inventory, table: str, column: str) -> pd.Index[Any]:
    """Positions of the rows that single nothing out: an empty cell, *none* or *all*."""
    naming = links(inv, table, column)["origin"].unique()
    return inv.tables[table].index.difference(naming).union(everything(inv, table, column))


def told(inv: Inventory, table: str, column: str, *, kinds: Iterable[str], without: str = "") -> pd.DataFrame:
    """One row a clause and an id of the table that it names, or that comes from it: ``clause``, ``id``.

    *all* names a thing only in a clause of one of the ``kinds``, whose subject it is. Left out are clauses that deny
    the statement ``without``: they say of what they name that it is not so.
    """
    named = links(inv, "clauses", column).set_axis(["clause", "id"], axis=1)
    named = named[~named["clause"].isin(everything(inv, "clauses", column).difference(saying(inv, "kinds", *kinds)))]
    own = links(inv, table, "clauses").rename(columns={"id": "clause_id"})
    own["id"] = at(inv.tables[table][inv.schema.tables[table].key].astype(object), own["origin"])
    places = inv.clauses[["clause_id"]].dropna().astype(object).rename_axis("clause").reset_index()
    both = pd.concat([named, own.merge(places, on="clause_id")[["clause", "id"]]], ignore_index=True).dropna()
    return both[~both["clause"].isin(saying(inv, "denies", without))].drop_duplicates()


def meets(inv: Inventory, pairs: pd.DataFrame, table: str, *columns: str, blank: bool) -> pd.Series[Any]:
    """Whether the clause and the row of each pair (positions ``clause``, ``row``) may speak of the same things.

    A clause that names none speaks of all. A row that names none is met where ``blank``; else it is unknown, and
    proves nothing. Ids of one line meet.
    """
    return reduce(and_, [_meets(inv, pairs, table, column, blank=blank) for column in columns])


def _meets(inv: Inventory, pairs: pd.DataFrame, table: str, column: str, *, blank: bool) -> pd.Series[Any]:
    line = kin(inv, inv.schema.tables["clauses"].columns[column].to or "")
    named = along(links(inv, "clauses", column), line)[["origin", "other"]].drop_duplicates()
    held = holding(inv, table, column)
    own = links(inv, table, held).set_axis(["row", "id"], axis=1)
    wide = pairs.reset_index().merge(named.set_axis(["clause", "id"], axis=1), on="clause")
    met = pairs["clause"].isin(unscoped(inv, "clauses", column))
    met |= pairs.index.isin(wide.merge(own, on=["row", "id"])["index"])
    return met | pairs["row"].isin(unscoped(inv, table, held)) if blank else met


def within(inv: Inventory, pairs: pd.DataFrame, table: str, *columns: str) -> pd.Series[Any]:
    """Whether all that the row of each pair names lies at or below what its clause names, if it names any."""
    return reduce(and_, [_within(inv, pairs, table, column) for column in columns])


def _within(inv: Inventory, pairs: pd.DataFrame, table: str, column: str) -> pd.Series[Any]:
    to = inv.schema.tables["clauses"].columns[column].to or ""
    named = links(inv, "clauses", column).set_axis(["clause", "other"], axis=1)
    own = along(links(inv, table, column), lineage(inv, to).set_axis(["id", "other"], axis=1))
    each = pairs.reset_index().merge(own.rename(columns={"origin": "row"}), on="row")
    inside = each.merge(named.drop_duplicates(), on=["clause", "other"]).groupby("index")["id"].nunique()
    whole = each.groupby("index")["id"].nunique()
    lying = whole.index[inside.reindex(whole.index).eq(whole)]
    single = pairs.index.isin(lying) & ~pairs["row"].isin(unscoped(inv, table, column))
    return pairs["clause"].isin(unscoped(inv, "clauses", column)) | single


def holding(inv: Inventory, table: str, column: str) -> str:
    """The column of a table that holds the ids, or the one id, that clauses name in theirs."""
    return column if column in inv.tables[table] else column.removesuffix("s")


def crossed(clauses: pd.Index[Any], rows: pd.Index[Any]) -> pd.DataFrame:
    """Every clause beside every row: positions ``clause``, ``row``."""
    return pd.DataFrame({"clause": clauses}).merge(pd.DataFrame({"row": rows}), how="cross")


def ongoing(inv: Inventory) -> pd.Index[Any]:
    """Positions of the rows of the register that are in force or planned."""
    return inv.processing.index[status(inv) != "stopped"]


def clause_ids(inv: Inventory, pairs: pd.DataFrame, origin: str) -> dict[str, pd.DataFrame]:
    """Clauses of the pairs as links of the rows in the column ``origin``, ready to be related."""
    ids = at(inv.clauses["clause_id"].astype(object), pairs["clause"])
    return {"clauses": pd.DataFrame({"origin": pairs[origin], "id": ids})}


def labels(inv: Inventory, codes: pd.Series[Any], name: str) -> pd.DataFrame:
    """Labels of codes of a closed list, one column a language, in the places of the codes."""
    words = {lang: {code: label[lang] for code, label in inv.schema.lists[name].items()} for lang in LANGUAGES}
    known = {f"label_{lang}": codes.astype(object).map(of).fillna(codes) for lang, of in words.items()}
    return pd.DataFrame(known, index=codes.index)


def names(inv: Inventory, table: str, ids: pd.Series[Any]) -> pd.Series[Any]:
    """Names of rows by their ids, the id itself where there is none."""
    key = inv.schema.tables[table].key
    known = inv.tables[table][[key, "name"]].dropna().astype(object).drop_duplicates(key).set_index(key)["name"]
    return ids.astype(object).map(known).fillna(ids)
