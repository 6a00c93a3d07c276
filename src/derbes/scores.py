"""An audit in numbers: how well the inventory stands, and which findings weigh most. The weights are in scores.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

from derbes.atlas import unknown
from derbes.change.risk import ranks
from derbes.findings import ACTIVE
from derbes.quarter import Quarter
from derbes.views.links import links

if TYPE_CHECKING:
    from derbes.auditing import Audit
    from derbes.inventory import Inventory

#: What a finding's risk is the product of, each a column of `risks`.
FACTORS = ("severity", "sensitivity", "exposure", "persons", "age")
#: Tables whose rows say what is done with data: what such a row reaches, all that it refers to reaches too.
_ACTIVITIES = ("processing", "fields")
SENSITIVITY = len(ranks("nature"))
_HOME = "KZ"
_REACHED = ("sensitivity", "exposure", "persons")
_NOTHING = pd.DataFrame({"origin": pd.Series(dtype=int), **{name: pd.Series(dtype=float) for name in _REACHED}})


@dataclass(frozen=True)
class Score:
    """A number from 0 to 100, and what it is made of.

    ``families`` has a row a family of rules that had a known fact to judge: family, weight, rules, held (share of the
    rows with such a fact that broke none of them, by severity). ``required`` and ``known`` count the cells that must
    be filled in and those that are.
    """

    families: pd.DataFrame
    required: int
    known: int

    @property
    def conformity(self) -> float:
        """Weighted mean of the families' shares, 0 to 1; nothing looked at conforms to nothing."""
        weights = self.families["weight"].to_numpy(dtype=float)
        return float(np.average(self.families["held"], weights=weights)) if len(weights) else 0.0

    @property
    def completeness(self) -> float:
        """Share of the required cells that say something, 0 to 1."""
        return self.known / self.required if self.required else 0.0

    @property
    def value(self) -> int:
        """100 × conformity × completeness, rounded down: 100 is reached by what is known and right throughout."""
        return int(100 * self.conformity * self.completeness + 1e-9)


@cache
def weights() -> dict[str, Any]:
    """Weights of scores.yaml."""
    text = resources.files("derbes").joinpath("scores.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def score(audit: Audit) -> Score:
    """Score of an audit. What is unknown counts neither for nor against conformity, but against completeness."""
    cells = unknown(audit.inventory)
    rows, silent = cells.loc[cells["required"].astype(bool), ["rows", "unknown"]].sum().astype(int)
    return Score(_families(audit), int(rows), int(rows - silent))


def _families(audit: Audit) -> pd.DataFrame:
    found, rules = audit.findings, audit.rules
    counted = found[found["status"].isin(ACTIVE) & ~found["unknown"].astype(bool)]
    judging = (rules["status"] == "run") & (rules["judged"] > 0) & ~rules["asks"].astype(bool)
    looked = rules[judging & rules["family"].isin(weights()["families"])]
    broken = looked["rule"].map(counted["rule"].value_counts()).fillna(0).astype(float)
    heavy = looked["severity"].map(weights()["severity"]).astype(float)
    held = (1 - broken / looked["judged"].astype(float)).clip(lower=0)
    frame = pd.DataFrame({"family": looked["family"], "heavy": heavy, "held": held * heavy})
    sums = frame.groupby("family", sort=True).agg(rules=("held", "size"), held=("held", "sum"), heavy=("heavy", "sum"))
    sums["held"] /= sums.pop("heavy")
    sums["weight"] = [weights()["families"][family] for family in sums.index]
    return sums.reset_index().sort_values(["weight", "family"], ascending=[False, True], ignore_index=True)


def risks(audit: Audit) -> pd.DataFrame:
    """Findings that count and say more than *unknown*, the greatest risk first.

    Frame id, rule, then the factors of `FACTORS`, ``counted`` (whether the persons are known), ``risk``.
    """
    found = audit.findings[audit.findings["status"].isin(ACTIVE) & ~audit.findings["unknown"].astype(bool)]
    reached = _reached(audit.inventory).reindex(pd.MultiIndex.from_frame(found[["table", "key"]]))
    frame = pd.DataFrame(
        {
            "id": found["id"].to_numpy(),
            "rule": found["rule"].to_numpy(),
            "severity": found["severity"].map(weights()["severity"]).to_numpy(dtype=float),
            "sensitivity": reached["sensitivity"].fillna(1).to_numpy(dtype=float),
            "exposure": reached["exposure"].fillna(weights()["exposure"]["inside"]).to_numpy(dtype=float),
            **_persons(reached["persons"], audit.inventory),
            "age": _age(found["since"], Quarter.of(audit.as_of)),
        }
    )
    frame["risk"] = frame[list(FACTORS)].prod(axis=1)
    return frame.sort_values(["risk", "rule", "id"], ascending=[False, True, True], ignore_index=True)


def _persons(reached: pd.Series[Any], inv: Inventory) -> dict[str, Any]:
    """Weights of numbers of persons, the operator's own number where none is reached; and whether any is known."""
    whole = inv.operator["subject_count"].astype(float).max()
    told = reached.fillna(whole).reset_index(drop=True)
    steps = weights()["persons"]
    weight = pd.cut(told, [*map(float, steps), np.inf], right=False, labels=False).map(dict(enumerate(steps.values())))
    return {"persons": weight.fillna(weights()["unknown"]).to_numpy(dtype=float), "counted": told.notna().to_numpy()}


def _age(since: pd.Series[Any], now: Quarter) -> np.ndarray:
    known = {name: Quarter.parse(name) for name in since.unique()}
    stood = since.map({name: 4 * (now.year - then.year) + now.number - then.number for name, then in known.items()})
    age: np.ndarray = (
        (1 + weights()["age"]["quarter"] * stood.astype(float)).clip(1, weights()["age"]["most"]).to_numpy()
    )
    return age


def _reached(inv: Inventory) -> pd.DataFrame:
    """Gravest facts that rows reach, by table and key: frame sensitivity, exposure, persons; missing where none."""
    said = _said(inv)
    own = pd.concat(said, names=["table", "key"])
    told = pd.concat([own, *(_told(inv, table, said) for table in inv.schema.tables)])
    whole = told.groupby(level=[0, 1]).max()
    passed = [_passed(inv, table, whole) for table in _ACTIVITIES]
    return pd.concat([whole, *passed]).groupby(level=[0, 1]).max()


def _said(inv: Inventory) -> dict[str, pd.DataFrame]:
    """What rows say themselves, by table: how sensitive the data, where they go, of how many persons."""
    categories, systems, recipients = inv.categories, inv.systems, inv.recipients
    rank = {code: place + 1 for place, codes in enumerate(ranks("nature")) for code in codes}
    guarded = categories["access_class"].eq("restricted").map({True: weights()["restricted"]})
    outside = _exposure(recipients["countries"], pd.Series(data=True, index=recipients.index))
    return {
        "categories": _facts(
            categories, "category_id", sensitivity=categories["nature"].map(rank).combine(guarded, np.fmax)
        ),
        "systems": _facts(
            systems,
            "system_id",
            exposure=_exposure(systems["storage_countries"], systems["provider_id"].fillna("none").ne("none")),
            persons=systems["subject_count"],
        ),
        "recipients": _facts(
            recipients,
            "recipient_id",
            exposure=outside.mask(recipients["kind"].eq("public"), weights()["exposure"]["abroad"]),
        ),
        "subjects": _facts(inv.subjects, "subject_id", persons=inv.subjects["count"]),
    }


def _facts(table: pd.DataFrame, key: str, **facts: pd.Series[Any]) -> pd.DataFrame:
    """Numbers by key: those given, the others missing."""
    columns = {name: facts[name].astype(float) if name in facts else np.nan for name in _REACHED}
    frame = pd.DataFrame(columns, index=table.index, dtype=float)
    return frame.set_axis(pd.Index(table[key].astype(object)), axis=0)[table[key].notna().to_numpy()]


def _exposure(countries: pd.Series[Any], outside: pd.Series[Any]) -> pd.Series[Any]:
    """Weight of where data lie or go: abroad if any country is another one, outside if they are another's, inside."""
    named = countries.explode().dropna()
    abroad = countries.index.isin(named.index[~named.isin([_HOME, "none"])])
    weight = weights()["exposure"]
    return outside.map({True: weight["outside"], False: weight["inside"]}).astype(float).mask(abroad, weight["abroad"])


def _told(inv: Inventory, table: str, said: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """What the rows of a table reach through their own references."""
    columns = [c for c in inv.schema.tables[table].columns.values() if c.type == "ref" and c.to in said]
    parts = [_looked_up(links(inv, table, c.name), said[str(c.to)]) for c in columns]
    frame = pd.concat([_NOTHING, *parts]).groupby("origin").max()
    keys = pd.Series(inv.keys[table], dtype=object).loc[frame.index]
    return frame.set_axis(pd.MultiIndex.from_product([[table], keys], names=["table", "key"]), axis=0)


def _looked_up(pairs: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    known = facts[~facts.index.duplicated()].reindex(pairs["id"]).reset_index(drop=True)
    return known.assign(origin=pairs["origin"].to_numpy())


def _passed(inv: Inventory, activity: str, whole: pd.DataFrame) -> pd.DataFrame:
    """What rows reach because an activity that refers to them does."""
    keys = pd.MultiIndex.from_product([[activity], inv.keys[activity]])
    facts = whole.reindex(keys).reset_index(drop=True)
    parts = []
    for column in inv.schema.tables[activity].columns.values():
        if column.type == "ref":
            pairs = links(inv, activity, column.name)
            frame = facts.loc[pairs["origin"]].groupby(pairs["id"].to_numpy()).max()
            parts.append(pd.concat({str(column.to): frame}, names=["table", "key"]))
    return pd.concat(parts)
