"""How large an inventory is, how much of it is filled in, and whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.atlas.places import places
from derbes.cells import UNKNOWN_STATES
from derbes.findings import ACTIVE, SEVERITIES
from derbes.identity import mask
from derbes.inventory import keyed
from derbes.text import heading

if TYPE_CHECKING:
    from derbes.auditing import Audit
    from derbes.inventory import Inventory

COUNTED = ("systems", "fields", "categories", "subjects", "purposes", "processing", "recipients")
_NOTE = "note"  # an empty one is no gap


def numbers(inv: Inventory) -> dict[str, int]:
    """How many systems, fields, categories … there are, and countries in which data are stored or sent to."""
    return {**{name: len(inv.tables[name]) for name in COUNTED}, "countries": len(places(inv).countries)}


def unknown(inv: Inventory) -> pd.DataFrame:
    """One row a column of a table that has rows: table, column, required, rows, unknown; notes are left out."""
    rows = [
        (name, column.name, column.required, len(inv.tables[name]), _blank(inv, name, column.name))
        for name, table in inv.schema.tables.items()
        for column in table.columns.values()
        if len(inv.tables[name]) and column.name != _NOTE
    ]
    return pd.DataFrame(rows, columns=["table", "column", "required", "rows", "unknown"])


def _blank(inv: Inventory, table: str, column: str) -> int:
    states = pd.Series(inv.states[table][column])
    return int(states.isin([int(state) for state in UNKNOWN_STATES]).sum())


def sizes(inv: Inventory) -> pd.DataFrame:
    """One row a table: table, present, rows, required (share of required cells filled in), filled (share of all).

    A share is missing where the table has no rows.
    """
    cells = unknown(inv)
    frame = pd.DataFrame({"table": list(inv.schema.tables)})
    frame["present"] = frame["table"].isin(inv.present)
    frame["rows"] = [len(inv.tables[name]) for name in frame["table"]]
    for name, part in (("required", cells[cells["required"].astype(bool)]), ("filled", cells)):
        sums = part.groupby("table")[["rows", "unknown"]].sum()
        frame[name] = frame["table"].map(1 - sums["unknown"] / sums["rows"]).astype(float)
    return frame


def owners(audit: Audit) -> pd.DataFrame:
    """One row an owner, those with the gravest findings first, those of rows without an owner last.

    Columns: owner (empty where nobody is named), systems, processing, rights, critical, warning, info. Findings are
    those that count and stand on the owner's rows; a field's owner is that of its system. Names that differ by case
    and spaces are one; what looks like a person's data is masked.
    """
    inv = audit.inventory
    rows = pd.concat([_owned(inv, table) for table in ("systems", "processing", "rights", "fields")])
    told = audit.findings[audit.findings["status"].isin(ACTIVE)]
    found = told.merge(rows, on=["table", "key"])
    counts = pd.crosstab(rows["owner"], rows["table"]).reindex(columns=["systems", "processing", "rights"])
    grave = pd.crosstab(found["owner"], found["severity"]).reindex(columns=list(SEVERITIES))
    frame = counts.join(grave).fillna(0).astype(int)
    said = rows.drop_duplicates("owner").set_index("owner")["said"]
    frame = frame.assign(said=said, nobody=frame.index == "").rename_axis("at").reset_index()
    by = ["nobody", *SEVERITIES, "at"]
    frame = frame.sort_values(by, ascending=[True, *[False] * len(SEVERITIES), True], kind="stable", ignore_index=True)
    return frame.assign(owner=frame["said"])[["owner", *counts.columns, *SEVERITIES]]


def _owned(inv: Inventory, table: str) -> pd.DataFrame:
    """One row a key of the table: key, owner as it is compared, said as it is written."""
    frame = inv.tables[table]
    known = keyed(inv, "systems")["owner"]
    said: pd.Series[Any] = frame["system_id"].map(known) if table == "fields" else frame["owner"]
    said = said.astype(object).where(said.notna(), "").map(lambda name: mask(" ".join(str(name).split())))
    owned = pd.DataFrame({"table": table, "key": inv.keys[table], "said": said.to_numpy()}, dtype=object)
    return owned.assign(owner=owned["said"].map(heading)).drop_duplicates("key")
