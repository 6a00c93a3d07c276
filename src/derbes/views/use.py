"""What is held and what it is used for: fields and categories beside the rows of the register that serve a purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.views.links import active, along, at, everything, kin, links, singles

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Statements whose denial means that such data are not processed at all.
_DENIED_DATA = ("biometric",)


def held_fields(inv: Inventory) -> pd.DataFrame:
    """Fields of systems in use that hold personal data: ``id``, ``category``, ``system``; the index is the position."""
    retired = inv.systems.loc[inv.systems["status"].eq("retired"), "system_id"]
    frame = inv.fields[~inv.fields["system_id"].isin(retired) & inv.fields["state"].ne("anonymised")]
    names = {"field_id": "id", "category_id": "category", "system_id": "system"}
    return frame[[*names]].astype(object).rename(columns=names)


def personal_systems(inv: Inventory) -> pd.Series[Any]:
    """Whether each system holds personal data, for all that is said: one whose fields are all anonymised does not."""
    anonymous = inv.fields["state"].eq("anonymised").groupby(inv.fields["system_id"]).all()
    return ~inv.systems["system_id"].map(anonymous).astype(object).fillna(value=False).astype(bool)


def held_clauses(inv: Inventory) -> pd.DataFrame:
    """Clauses of the policy that speak of a category as processed: ``id``, ``category``; a denial says the contrary."""
    own = links(inv, "categories", "clauses")
    own["category"] = at(inv.categories["category_id"].astype(object), own["origin"])
    spoken = links(inv, "clauses", "category_ids").rename(columns={"id": "category"})
    spoken["id"] = at(inv.clauses["clause_id"].astype(object), spoken["origin"])
    spoken = spoken[~spoken["origin"].isin(everything(inv, "clauses", "category_ids"))]
    denials = inv.clauses["denies"].explode().isin(_DENIED_DATA).groupby(level=0).any()
    denying = inv.clauses.loc[denials, "clause_id"]
    both = pd.concat([own[["id", "category"]], spoken[["id", "category"]]], ignore_index=True)
    return both[~both["id"].isin(denying)]


def category_uses(inv: Inventory) -> pd.DataFrame:
    """Rows of the register that serve a purpose, by category they use, above and below: ``origin``, ``category``."""
    return _categories_of(inv, _serving(inv))


def _categories_of(inv: Inventory, positions: pd.Index[Any]) -> pd.DataFrame:
    named = links(inv, "processing", "category_ids")
    fields = links(inv, "processing", "field_ids").rename(columns={"id": "field"})
    known = inv.fields[["field_id", "category_id"]].dropna().astype(object).set_axis(["field", "id"], axis=1)
    both = pd.concat([named, fields.merge(known, on="field")[["origin", "id"]]], ignore_index=True)
    both = along(both, kin(inv, "categories")).rename(columns={"other": "category"})
    return both.loc[both["origin"].isin(positions), ["origin", "category"]].drop_duplicates()


def field_uses(inv: Inventory) -> pd.DataFrame:
    """Rows of the register that serve a purpose, by field: those it names, else those of its systems and categories."""
    return _fields_of(inv, _serving(inv))


def _fields_of(inv: Inventory, positions: pd.Index[Any]) -> pd.DataFrame:
    named = links(inv, "processing", "field_ids")
    named = named[named["origin"].isin(positions)]
    uses, held = _categories_of(inv, positions), held_fields(inv)
    systems = links(inv, "processing", "system_ids").rename(columns={"id": "system"})
    anywhere = uses["origin"].isin(inv.processing.index[inv.processing["system_ids"].isna()])
    placed = uses.merge(systems, on="origin").merge(held, on=["category", "system"])
    implied = pd.concat([placed, uses[anywhere].merge(held, on="category")])[["origin", "id"]]
    unnamed = inv.processing.index[inv.processing["field_ids"].isna()]
    return pd.concat([named, implied[implied["origin"].isin(unnamed)]], ignore_index=True).drop_duplicates()


def unsettled_categories(inv: Inventory, ids: pd.Series[Any]) -> pd.Series[Any]:
    """Whether a row in force may use each category for all that is said: its data, or its purpose, are not known."""
    used = _categories_of(inv, _aimless(inv))["category"]
    unsaid = inv.processing.loc[active(inv), "category_ids"].isna()
    unsaid &= ~inv.processing.loc[active(inv), "field_ids"].str.len().gt(0)
    return ids.isin(used) | bool(unsaid.any())


def unsettled_fields(inv: Inventory, held: pd.DataFrame) -> pd.Series[Any]:
    """Whether a row in force may use each of the held fields for all that is said.

    Such a row names it, or data like it, and no purpose, or the system and no data; a field of no system may be meant
    by any row.
    """
    rows = inv.processing.loc[active(inv)]
    silent = rows.index[rows["field_ids"].isna() & rows["category_ids"].isna()]
    systems = links(inv, "processing", "system_ids")
    within = held["system"].isin(systems.loc[systems["origin"].isin(silent), "id"])
    anywhere = bool(rows.loc[silent, "system_ids"].isna().any())
    return held["id"].isin(_fields_of(inv, _aimless(inv))["id"]) | within | held["system"].isna() | anywhere


def grounds(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """Grounds by ``origin``, as codes where the word is known; ``sub`` tells several of one cell apart."""
    parts = inv.processing["legal_basis"].dropna().astype(object).str.split(";").explode().str.strip()
    parts = parts[parts != ""]
    word = parts.str.casefold().str.replace(r"\s+", " ", regex=True)
    frame = pd.DataFrame({"origin": parts.index, "basis": word.map(dict(law.basis_words)).fillna(parts).to_numpy()})
    return frame.assign(sub=singles(frame["basis"], where=frame["origin"].duplicated(keep=False)))


def _serving(inv: Inventory) -> pd.Index[Any]:
    """Positions of the rows of the register that are in force and name their purpose."""
    return active(inv).difference(_aimless(inv))


def _aimless(inv: Inventory) -> pd.Index[Any]:
    """Positions of the rows of the register that are in force and do not say what for."""
    return active(inv).intersection(inv.processing.index[inv.processing["purpose_id"].isna()])


def counts(found: pd.Series[Any], by: pd.Series[Any], ids: pd.Series[Any]) -> pd.Series[Any]:
    """For each id, how many different values of ``found`` stand beside it in ``by``."""
    return ids.astype(object).map(found.groupby(by).nunique()).fillna(0).astype(float)
