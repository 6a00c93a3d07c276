"""How systems are protected: the measures said to be taken, beside those that data of restricted access need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.cells import State
from derbes.text import LANGUAGES
from derbes.views.links import active, links, related
from derbes.views.registry import view
from derbes.views.use import held_fields, personal_systems

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack


@view("system_measures", table="systems")
def system_measures(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a system in use with personal data: what is ``said`` of its measures, and how many are ``taken``."""
    told = inv.raw["systems"]["measures"].astype(object)
    silent = pd.Series(inv.states["systems"]["measures"], index=told.index).isin([State.EMPTY, State.PLACEHOLDER])
    live = inv.systems["status"].ne("retired") & personal_systems(inv)
    taken = inv.systems["measures"].str.len().astype(float)
    return pd.DataFrame({"origin": told.index, "said": told.mask(silent, None), "taken": taken})[live]


@view("restricted_measures", table="systems", needs=("systems", "fields", "categories"))
def restricted_measures(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a system in use with data of restricted access, whose measures are known: those ``missing``, labels.

    ``records`` is how many subjects it holds, ``biometric`` whether users sign in by their body, ``medium`` its own.
    """
    holding = _restricted(inv)
    states = pd.Series(inv.states["systems"]["measures"], index=inv.systems.index)
    known = inv.systems["status"].ne("retired") & personal_systems(inv) & states.isin([State.OK, State.ALL])
    rows = inv.systems[known & inv.systems["system_id"].isin(holding["system"])]
    facts = {"origin": rows.index, "medium": rows["medium"], "records": rows["subject_count"].astype(float)}
    frame = pd.DataFrame(facts).merge(_missing(inv, law, rows), on="origin", how="left")
    frame = frame.assign(missing=frame["missing"].fillna(0.0), biometric=_takes(rows, "biometric_authentication"))
    pairs = holding.merge(rows["system_id"].rename("system").rename_axis("origin").reset_index(), on="system")
    return frame.assign(related=related(frame["origin"], {"categories": pairs}))


def _takes(rows: pd.DataFrame, measure: str) -> Any:  # noqa: ANN401 - an array
    return rows["measures"].explode().isin([measure, "all"]).groupby(level=0).any().to_numpy()


def _restricted(inv: Inventory) -> pd.DataFrame:
    """Categories of restricted access by the ``system`` that holds them: ``id``, ``system``.

    A field says so, and a row of the register in force that uses no other system.
    """
    secret = inv.categories.loc[inv.categories["access_class"].eq("restricted"), "category_id"]
    fields = held_fields(inv)[["category", "system"]].rename(columns={"category": "id"})
    systems = links(inv, "processing", "system_ids").rename(columns={"id": "system"})
    alone = systems[systems["origin"].isin(active(inv)) & ~systems["origin"].duplicated(keep=False)]
    named = links(inv, "processing", "category_ids").merge(alone, on="origin")[["id", "system"]]
    both = pd.concat([fields, named], ignore_index=True)
    return both[both["id"].isin(secret)].drop_duplicates()


def _missing(inv: Inventory, law: LawPack, rows: pd.DataFrame) -> pd.DataFrame:
    """Measures that the law wants on the medium of each row and the row does not name: ``missing``, ``label_ru`` …."""
    wanted = pd.Series(law.constants.get("restricted_measures", {}), dtype=object).explode()
    wanted = wanted.rename("id").rename_axis("medium").reset_index()
    labels = pd.DataFrame.from_dict(inv.schema.lists["measure"], orient="index").add_prefix("label_")
    frame = rows[["medium"]].rename_axis("origin").reset_index().merge(wanted, on="medium")
    taken = rows["measures"].explode().rename("id").rename_axis("origin").reset_index()
    every = taken.loc[taken["id"].eq("all"), "origin"]
    told = pd.MultiIndex.from_frame(frame[["origin", "id"]]).isin(pd.MultiIndex.from_frame(taken))
    lacking = frame[~told & ~frame["origin"].isin(every)].join(labels, on="id")
    words = [f"label_{lang}" for lang in LANGUAGES]
    found = lacking.groupby("origin")
    return found[words].agg("; ".join).assign(missing=found.size().astype(float)).reset_index()
