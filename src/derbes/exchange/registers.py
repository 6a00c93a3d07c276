"""Registers as they are shown to those outside: the policy, papers and consents, transfers, requests, incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.exchange.bilingual import AND, bases, countries, flags, labels, names, through, timed, two, word
from derbes.identity import mask
from derbes.inventory import keyed
from derbes.text import data
from derbes.views.links import active, links

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack
    from derbes.schema import Column

#: Which registers are kept together, and the table that has to be there for each to be known.
GROUPS = {
    "policy": {"clauses": "clauses", "citations": "citations"},
    "papers": {"documents": "documents", "consents": "consents"},
    "registers": {"transfers": "recipients", "requests": "requests", "incidents": "incidents"},
}
#: Remarks are the operator's own; the coding of clauses for rules, and hashes, say nothing to a reader.
_LEFT_OUT = (
    *("note", "text_sha256", "asserts", "denies", "except", "natures", "recipient_kinds", "basis_codes", "elements"),
    *("terms_defined", "terms_used", "requisites"),
)


def registers(inv: Inventory, law: LawPack) -> dict[str, pd.DataFrame | None]:
    """Registers by name, texts under headings in Kazakh and Russian; None for one whose table the inventory lacks.

    Columns in which no row says anything are left out. Values that could be personal are masked.
    """
    found: dict[str, pd.DataFrame | None] = {}
    for tables in GROUPS.values():
        for name, table in tables.items():
            made = transfers(inv, law) if name == "transfers" else _table(inv, name)
            found[name] = made if table in inv.present else None
    return found


def _table(inv: Inventory, table: str) -> pd.DataFrame:
    """One table of the inventory in words; its rows in the order of their keys."""
    columns = [column for column in inv.schema.tables[table].columns.values() if column.name not in _LEFT_OUT]
    frame = pd.DataFrame({two(dict(one.title)): _told(inv, table, one) for one in columns}, dtype=object)
    frame = frame.map(lambda text: mask(text.strip()))
    order = pd.Series(inv.keys[table], dtype=object).sort_values(kind="stable", key=_counting).index
    needed = [two(dict(one.title)) for one in columns if one.required]
    kept = [name for name in frame if name in needed or frame[name].ne("").any()]
    return frame.loc[order, kept].reset_index(drop=True)


def _counting(keys: pd.Series[Any]) -> pd.Series[Any]:
    """Keys to sort by: clause 2 comes before clause 10."""
    return keys.astype(str).str.replace(r"\d+", lambda found: found[0].zfill(9), regex=True)


def _told(inv: Inventory, table: str, column: Column) -> pd.Series[Any]:
    """Cells of a column in words; what cannot be read stays as it was written."""
    values, written = inv.tables[table][column.name], inv.raw[table][column.name].astype(object)
    single = values.explode().dropna()
    if column.list:
        told = labels(inv, single, column.list)
    elif column.to:
        told = single.map(_named(inv, column.to))
    elif column.type == "flag":
        told = flags(single)
    elif column.type == "country":
        return countries(values).where(values.notna(), written)
    elif column.type == "period":
        return timed(inv, values).fillna(written)
    else:
        return values.dt.strftime("%Y-%m-%d").astype(object).fillna(written) if column.type == "date" else written
    special = single.map({one: word(one) for one in ("all", "none")}).astype(object)
    told = told.astype(object).fillna(special).fillna(single.astype(object))
    none = values.map(lambda cell: isinstance(cell, tuple) and not cell).astype(bool)
    joined = told.astype(str).groupby(level=0).agg(AND.join).reindex(values.index)
    return joined.astype(object).mask(none, word("none")).fillna(written)


def _named(inv: Inventory, table: str) -> pd.Series[Any]:
    """What a reference says of a row: its name and id; its id alone where rows of the table bear no names."""
    key = inv.schema.tables[table].key
    if "name" not in inv.tables[table]:
        return pd.Series(dtype=object)
    known = inv.tables[table][[key, "name"]].dropna().drop_duplicates(key).astype(object)
    return (known["name"] + " (" + known[key] + ")").set_axis(known[key])


def transfers(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a recipient and an activity in force that gives it data, and one a recipient whom none names."""
    given = links(inv, "processing", "recipient_ids")
    given = given[given["origin"].isin(active(inv))].drop_duplicates()
    ids = inv.recipients[["recipient_id"]].dropna().drop_duplicates().astype(object).set_axis(["id"], axis=1)
    pairs = ids.merge(given, on="id", how="outer").sort_values(["id", "origin"], ignore_index=True)
    register, outside = _activities(inv, law), _recipients(inv)
    at, named = pairs["origin"].astype("Int64"), _named(inv, "recipients")
    frame = pd.DataFrame({"recipient": pairs["id"].map(named).astype(object).fillna(pairs["id"])}, dtype=object)
    frame = frame.assign(
        **{name: pairs["id"].map(column) for name, column in outside.items()},
        **{name: at.map(column).astype(object) for name, column in register.items()},
    )
    said = data("registers")["transfers"]
    frame = frame.astype(object).fillna("").map(lambda text: mask(" ".join(str(text).split())))
    return frame[[*said]].set_axis([two(words) for words in said.values()], axis=1)


def _recipients(inv: Inventory) -> dict[str, pd.Series[Any]]:
    frame = keyed(inv, "recipients")
    return {
        "role": labels(inv, frame["kind"], "recipient_kind"),
        "countries": countries(frame["countries"]),
        "ground": labels(inv, frame["transfer_ground"], "transfer_ground"),
        "contract": frame["contract"].astype(object).replace("none", word("none")),
    }


def _activities(inv: Inventory, law: LawPack) -> dict[str, pd.Series[Any]]:
    frame = inv.processing
    return {
        "activity": frame["name"],
        "purpose": frame["purpose_id"].map(names(inv, "purposes")),
        "subjects": through(inv, "subject_ids", names(inv, "subjects")),
        "data": through(inv, "category_ids", names(inv, "categories")),
        "basis": bases(inv, law),
        "consent": through(inv, "consent_ids", names(inv, "consents")),
    }
