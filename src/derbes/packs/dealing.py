"""Whose row is whose: an inventory dealt out to the owners that it names, and the rest to whoever assigns owners."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.findings import ACTIVE
from derbes.identity import lawful_kinds, mask, personal_kinds
from derbes.inventory import keyed
from derbes.text import heading
from derbes.workbook.pack import Pack

if TYPE_CHECKING:
    from derbes.auditing import Audit
    from derbes.inventory import Inventory

_NOT_IN_NAMES = re.compile(r"[^\w -]+")
_LENGTH = 60  # characters of an owner's name in the name of a file


@dataclass(frozen=True)
class Dealing:
    """The packs, nobody's last, and how many rows by table stay behind since no id leads back to them."""

    packs: tuple[Pack, ...]
    left: dict[str, int]


def deal(audit: Audit, *, nobody: str) -> Dealing:
    """Packs of an audited inventory: systems, processing and rights by owner, fields by their system's.

    Rows without an owner go into one pack more, with those rows of the tables that have no owners on which a finding
    stands. Owners that differ by case and spaces are one. ``nobody`` names the file of that pack. Personal values
    are masked; rows without an id of their own are left out and counted.
    """
    inv = audit.inventory
    parts = [_owned(inv, table) for table in inv.schema.tables if len(inv.tables[table])]
    if not parts:
        return Dealing((), {})
    rows = pd.concat(parts)
    kept = rows[rows["sound"]]
    active = audit.findings[audit.findings["status"].isin(ACTIVE)]
    found = active.merge(kept[["table", "key", "owner"]], on=["table", "key"], how="left")
    found["owner"] = found["owner"].fillna("")
    meant = pd.MultiIndex.from_frame(kept[["table", "key"]]).isin(pd.MultiIndex.from_frame(found[["table", "key"]]))
    kept = kept[kept["ownable"] | meant]
    names = kept[kept["owner"] != ""].drop_duplicates("owner").set_index("owner")["said"]
    dealt = dict(list(kept.groupby("owner")))
    packs = []
    for number, owner in enumerate([*sorted(filter(None, dealt)), *([""] if "" in dealt else [])], start=1):
        said = mask(" ".join(str(names[owner]).split())) if owner else None
        file = f"{number:02d} {_file(said or nobody)}.xlsx"
        mine = found[found["owner"] == owner].drop(columns="owner").reset_index(drop=True)
        packs.append(Pack(f"{number:02d}", file, said, _texts(inv, dealt[owner]), mine))
    left = rows.loc[~rows["sound"] & rows["ownable"], "table"].value_counts()
    return Dealing(tuple(packs), {str(table): int(count) for table, count in left.sort_index().items()})


def _owned(inv: Inventory, table: str) -> pd.DataFrame:
    """One row a row of the table: key, position, owner as it is written and compared, and whether its id is sound."""
    frame, keys = inv.tables[table], pd.Series(inv.keys[table].astype(str))
    ownable = "owner" in frame or table == "fields"
    said = _owners(inv, table)
    said = said.astype(object).where(said.notna(), "")
    return pd.DataFrame(
        {
            "table": table,
            "key": keys,
            "position": range(len(frame)),
            "said": said.to_numpy(),
            "owner": [heading(str(one)) for one in said],
            "sound": (~keys.str.startswith("~") & ~keys.duplicated(keep=False)).to_numpy(),
            "ownable": ownable,
        }
    )


def _owners(inv: Inventory, table: str) -> pd.Series[Any]:
    """Owner of every row as it is written: its own, a field's that of its system."""
    frame = inv.tables[table]
    if table != "fields":
        return frame["owner"] if "owner" in frame else pd.Series(None, frame.index)
    owners = keyed(inv, "systems")["owner"]
    return inv.fields["system_id"].map(owners)


def _file(name: str) -> str:
    """Name that every file system takes."""
    return " ".join(_NOT_IN_NAMES.sub(" ", name).split())[:_LENGTH].strip() or "_"


def _texts(inv: Inventory, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Raw texts of the rows by table, in the model's order, personal values masked."""
    positions = {str(table): part["position"].to_numpy() for table, part in rows.groupby("table")}
    return {
        table: masked(inv.raw[table].iloc[positions[table]].reset_index(drop=True), table)
        for table in inv.schema.tables
        if table in positions
    }


def masked(texts: pd.DataFrame, table: str) -> pd.DataFrame:
    """Texts of a table with every personal value masked, but for those that its columns may hold."""
    return pd.DataFrame({name: _masked(texts[name], table) for name in texts.columns}, dtype=object)


def _masked(texts: pd.Series[Any], table: str) -> pd.Series[Any]:
    lawful = lawful_kinds(table, str(texts.name))
    kinds = personal_kinds(texts)
    hit = pd.Series([bool(set(one) - lawful) for one in kinds], index=texts.index)
    return texts.where(~hit, texts[hit].map(mask)) if hit.any() else texts
