"""What if: an inventory changed in memory, and which findings, clauses and documents the change would touch.

A scenario is an inventory that was never written. It is audited like any other, on the same day under the same law.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes.auditing import audit as make_audit
from derbes.cells import Kind
from derbes.errors import UsageError, did_you_mean
from derbes.findings import ACTIVE
from derbes.inventory import PLACE, rearranged, rewritten
from derbes.views.links import lineage, links

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from derbes.auditing import Audit
    from derbes.inventory import Inventory
    from derbes.schema import Column

#: Columns that lead from a row to the papers on it: table, column, for those that name a row its own column, and the
#: columns of which a change is one of what the paper says; all of them where none is named.
_PAPERS: tuple[tuple[str, str, str | None, tuple[str, ...]], ...] = (
    ("consents", "document_id", None, ()),
    ("recipients", "contract", None, ()),
    ("processing", "consent_ids", "document_id", ("category_ids", "consent_ids", "recipient_ids")),
    ("processing", "recipient_ids", "contract", ("category_ids", "recipient_ids", "status")),
    ("systems", "provider_id", "contract", ("storage_countries", "provider_id")),
)
#: Papers that list rows of a table, by their kind.
_LISTING = {
    "personal_data_list": ("categories", "fields"),
    "access_list": ("systems",),
    "transfer_log": ("systems", "recipients"),
}
_KEYED = ["table", "key"]


@dataclass(frozen=True)
class Effect:
    """What a change would do: frames of findings, clauses, documents and rows.

    ``gone`` and ``come`` have the columns of findings. ``clauses``: clause, why, a tuple of *speaks* (it names what
    changed), *source* (changed rows were read off it) and *finding*. ``documents``: document, why, a tuple of *link*
    (a changed row names it), *list* (it lists such rows), *policy* (a clause of it is touched) and *finding*.
    ``rows``: table, key, change (*removed* or *changed*), columns.
    """

    changed: Audit = field(repr=False)
    gone: pd.DataFrame = field(repr=False)
    come: pd.DataFrame = field(repr=False)
    clauses: pd.DataFrame = field(repr=False)
    documents: pd.DataFrame = field(repr=False)
    rows: pd.DataFrame = field(repr=False)

    def __repr__(self) -> str:
        """One line: how many of each."""
        counts = {name: len(getattr(self, name)) for name in ("gone", "come", "clauses", "documents", "rows")}
        return f"<Effect: {', '.join(f'{n} {name}' for name, n in counts.items())}>"


def drop_category(inv: Inventory, category_id: str) -> Inventory:
    """Inventory without a category and those below it, and without the fields that hold them.

    Lists lose them; an activity to which no data are left is stopped. Raises UsageError where there is none of that id.
    """
    _refuse_unknown(inv, "categories", category_id)
    line = lineage(inv, "categories")
    below = {category_id, *line.loc[line["above"] == category_id, "id"]}
    before = inv.processing["category_ids"].str.len().fillna(0) > 0
    held = inv.fields["category_id"].isin(below).fillna(value=False).to_numpy(dtype=bool)
    slim = _without(inv, "fields", set(inv.keys["fields"][held]))
    slim = _without(slim, "categories", below)
    idle = np.flatnonzero(before & slim.processing["category_ids"].str.len().eq(0))
    return _named(_written(slim, "processing", "status", dict.fromkeys(idle, "stopped")), "drop_category", category_id)


def end_consent(inv: Inventory, consent_id: str) -> Inventory:
    """Inventory in which a consent is no longer given: without it, and lists without it.

    Raises UsageError where there is none of that id.
    """
    _refuse_unknown(inv, "consents", consent_id)
    return _named(_without(inv, "consents", {consent_id}), "end_consent", consent_id)


def drop_recipient(inv: Inventory, recipient_id: str) -> Inventory:
    """Inventory in which nothing goes to a recipient any more: without it, and lists without it.

    Raises UsageError where there is none of that id.
    """
    _refuse_unknown(inv, "recipients", recipient_id)
    return _named(_without(inv, "recipients", {recipient_id}), "drop_recipient", recipient_id)


def move_hosting(inv: Inventory, system_id: str, countries: str | Iterable[str]) -> Inventory:
    """Inventory in which a system stores its data in these countries, given as codes or names.

    Raises UsageError where there is no such system.
    """
    _refuse_unknown(inv, "systems", system_id)
    said = countries if isinstance(countries, str) else "; ".join(countries)
    places = np.flatnonzero(inv.keys["systems"] == system_id)
    moved = _written(inv, "systems", "storage_countries", dict.fromkeys(places, said))
    return _named(moved, "move_hosting", system_id, said)


def effect(audit: Audit, changed: Inventory) -> Effect:
    """What differs between an audit and that of the changed inventory on the same day under the same law."""
    after = make_audit(
        changed, as_of=audit.as_of, law=audit.pack, lang=audit.lang, before="none"
    )  # a quarter frozen earlier would only be audited again: which findings there are does not depend on it
    then, now = (one.findings[one.findings["status"].isin(ACTIVE)] for one in (audit, after))
    gone = then[~then["id"].isin(now["id"])].reset_index(drop=True)
    come = now[~now["id"].isin(then["id"])].reset_index(drop=True)
    rows = differences(audit.inventory, changed)
    meant = pd.concat([_meant(gone), _meant(come)], ignore_index=True)
    clauses = _clauses(audit.inventory, rows, meant)
    return Effect(after, gone, come, clauses, _documents(audit, rows, clauses, meant), rows)


def differences(before: Inventory, after: Inventory) -> pd.DataFrame:
    """Rows that were taken out or say something else: table, key, change, columns; by table and row."""
    parts = [part for name in before.schema.tables for part in _differing(before, after, name)]
    return pd.DataFrame(parts, columns=["table", "key", "change", "columns"])


def _differing(before: Inventory, after: Inventory, table: str) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    if before.raw[table] is after.raw[table]:
        return
    old, new = (_placed(one, table) for one in (before, after))
    kept = old.index.isin(new.index)
    unlike = old.ne(new.reindex(old.index)) & kept[:, None]
    for position in np.flatnonzero(~kept | unlike.any(axis=1).to_numpy()):
        columns = tuple(unlike.columns[unlike.iloc[position]])
        yield table, str(before.keys[table][position]), "changed" if columns else "removed", columns


def _placed(inv: Inventory, table: str) -> pd.DataFrame:
    """Texts of a table by the place of their rows, which stays the same when others are taken out."""
    return inv.raw[table].set_index(pd.MultiIndex.from_frame(inv.tables[table][[*PLACE]]))


def _refuse_unknown(inv: Inventory, table: str, key: str) -> None:
    if key not in set(inv.keys[table]):
        known = sorted(map(str, inv.keys[table]))
        remedy = did_you_mean(key, known) or f"The table {table} names those there are."
        raise UsageError(key, f"the inventory has no such row in {table}", remedy)


def _named(inv: Inventory, *words: str) -> Inventory:
    """The inventory under a digest of its own, so that nobody takes its audit for that of the files it came from."""
    digest = hashlib.sha256("\n".join(words).encode()).hexdigest()
    return replace(inv, hashes={**inv.hashes, f"what if: {len(inv.hashes)} {words[0]}": digest})


def _without(inv: Inventory, table: str, keys: set[str]) -> Inventory:
    """Inventory without these rows of a table, and without references to them: what is left empty says *none*."""
    slim = inv
    for other, column in inv.schema.references():
        if column.to == table and len(inv.tables[other.name]):
            slim = _written(slim, other.name, column.name, _left(slim.tables[other.name][column.name], column, keys))
    staying = np.flatnonzero(~pd.Series(inv.keys[table], dtype=object).isin(keys))
    return rearranged(slim, table, staying) if len(staying) < len(inv.keys[table]) else slim


def _left(cells: pd.Series[Any], column: Column, keys: set[str]) -> dict[int, str]:
    """Text by position of the cells that name any of the keys, once they no longer do."""
    hit = cells.explode().isin(keys).groupby(level=0).any()
    named = cells[hit]
    if not column.many:
        return dict.fromkeys(named.index, "none")
    return {position: "; ".join(one for one in cell if one not in keys) or "none" for position, cell in named.items()}


def _written(inv: Inventory, table: str, column: str, texts: dict[Any, str]) -> Inventory:
    cells = [(int(position), column, text, Kind.TEXT) for position, text in texts.items()]
    return rewritten(inv, table, cells) if cells else inv


def _meant(findings: pd.DataFrame) -> pd.DataFrame:
    """Rows that findings stand on or relate to: table, key."""
    related = findings["related"].explode().dropna()
    pairs = [*zip(findings["table"], findings["key"], strict=True), *related]
    return pd.DataFrame(pairs, columns=_KEYED, dtype=object).drop_duplicates()


def _clauses(inv: Inventory, rows: pd.DataFrame, meant: pd.DataFrame) -> pd.DataFrame:
    """Clauses that a change touches, in the order of the policy, with the reasons."""
    speaks = set(rows.loc[rows["table"] == "clauses", "key"]) | _of_nature(inv, rows)
    source: set[str] = set()
    for table, part in rows.groupby("table"):
        if "clauses" in inv.tables[table]:
            said = links(inv, str(table), "clauses")
            source |= set(said.loc[said["origin"].isin(_positions(inv, str(table), part["key"])), "id"])
    found = set(meant.loc[meant["table"] == "clauses", "key"])
    return _reasoned(inv, "clauses", {"speaks": speaks, "source": source, "finding": found}, "clause")


def _of_nature(inv: Inventory, rows: pd.DataFrame) -> set[str]:
    """Clauses that speak of data of a kind of which none is left."""
    removed = rows.loc[(rows["table"] == "categories") & (rows["change"] == "removed"), "key"]
    gone = pd.Series(inv.keys["categories"], dtype=object).isin(removed).to_numpy()
    natures = set(inv.categories.loc[gone, "nature"].dropna()) - set(inv.categories.loc[~gone, "nature"].dropna())
    named = inv.clauses["natures"].explode()
    return set(inv.keys["clauses"][named.index[named.isin(natures)].unique()])


def _positions(inv: Inventory, table: str, keys: pd.Series[Any]) -> np.ndarray:
    return np.flatnonzero(pd.Series(inv.keys[table], dtype=object).isin(keys))


def _documents(audit: Audit, rows: pd.DataFrame, clauses: pd.DataFrame, meant: pd.DataFrame) -> pd.DataFrame:
    """Documents that a change touches, in the order of the table, with the reasons."""
    inv = audit.inventory
    linked: set[str] = set()
    for table, column, beyond, telling in _PAPERS:
        tells = rows["columns"].map(lambda said, asked=set(telling): not asked or not said or bool(asked & {*said}))
        part = rows[(rows["table"] == table) & tells.astype(bool)]
        named = links(inv, table, column)
        ids = named.loc[named["origin"].isin(_positions(inv, table, part["key"])), "id"]
        to = inv.schema.tables[table].columns[column].to
        linked |= set(ids) if beyond is None else set(inv.tables[str(to)].loc[_positions(inv, str(to), ids), beyond])
    tables = set(rows["table"])
    listing = [kind for kind, listed in _LISTING.items() if tables & set(listed)]
    own = clauses[clauses["why"].map(lambda why: why != ("finding",)).astype(bool)]
    reasons = {
        "link": linked,
        "list": _current(inv, listing, audit.as_of),
        "policy": _current(inv, ["policy"] if len(own) else [], audit.as_of),
        "finding": set(meant.loc[meant["table"] == "documents", "key"]),
    }
    return _reasoned(inv, "documents", reasons, "document")


def _current(inv: Inventory, kinds: list[str], day: dt.date) -> set[str]:
    """Documents of these kinds that are in force: of each the one with the latest day that has come, else all."""
    own = inv.documents[inv.documents["kind"].isin(kinds)]
    come = own[own["effective_on"] <= pd.Timestamp(day)]
    latest = come[come["effective_on"] == come.groupby("kind")["effective_on"].transform("max")]
    others = own[~own["kind"].isin(latest["kind"])]
    return set(inv.keys["documents"][[*latest.index, *others.index]])


def _reasoned(inv: Inventory, table: str, reasons: dict[str, set[str]], name: str) -> pd.DataFrame:
    rows = [(key, tuple(why for why, keys in reasons.items() if key in keys)) for key in inv.keys[table]]
    return pd.DataFrame([row for row in rows if row[1]], columns=[name, "why"])
