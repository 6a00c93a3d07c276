"""Consents as they are asked for and taken back, and terms of storage beside those that a law sets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import period
from derbes.text import LANGUAGES
from derbes.views.links import lineage, links, related, said
from derbes.views.registry import view
from derbes.views.use import counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: A year counted as 365 days is no shorter term than a year.
_LEAP = 365 / 365.2425


@view("withdrawals", table="consents")
def withdrawals(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a consent: within how many working ``days`` its withdrawal is heeded, and by how many ``channels``."""
    days, channels = inv.consents["withdrawal_days"], inv.consents["withdrawal_channels"].str.len()
    return pd.DataFrame({"origin": days.index, "days": days.astype(float), "channels": channels.astype(float)})


@view("consent_lines", table="consents", needs=("consents", "purposes"))
def consent_lines(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a consent: how many ``lines`` of purposes it serves, purposes under one head counting once."""
    line = lineage(inv, "purposes")
    heads = inv.purposes["purpose_id"][~inv.purposes["parent_id"].isin(inv.purposes["purpose_id"])]
    named = links(inv, "consents", "purpose_ids")
    above = named.merge(line[line["above"].isin(heads)], on="id")
    origin = pd.Series(inv.consents.index, index=inv.consents.index)
    lines = counts(above["above"], above["origin"], origin)
    return pd.DataFrame({"origin": origin, "lines": lines, "related": related(origin, {"purposes": above})})


@view("law_terms", table="retention")
def law_terms(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a last term of storage and a law that its authority names: its ``days``, the law's ``least``, ``law``."""
    frame = inv.retention
    last = frame["then_retention_id"].isna() | frame["then_retention_id"].eq("none")
    authority = said(inv, "retention", "authority").fillna("")
    days = period.parse_all(frame["period"])["days"]
    terms = [term for term in law.sections["retention_terms"].values() if term.get("bound") == "min"]
    parts = [_rows(days[last & _naming(law, term, authority)], term) for term in terms]
    return pd.concat([_rows(days[:0], {}), *parts], ignore_index=True).astype({"origin": int})


def _naming(law: LawPack, term: Mapping[str, Any], authority: pd.Series[Any]) -> pd.Series[Any]:
    """Whether an authority names the act that sets the term, and the numbers of its item after it."""
    act = law.act(term["cite"]["act"])
    numbers = "|".join(re.escape(number) for number in (act.number, *act.aliases))
    marked = authority.str.replace(rf"(?<!\w)(?:{numbers})(?!\w)", "\0", regex=True, case=False)
    items = [rf"(?=.*(?<![\w-]){item}(?![\w-]))" for item in re.findall(r"\d+", term["cite"].get("at", ""))]
    return marked.str.contains(f"(?s)\0{''.join(items)}", regex=True)


def _rows(days: pd.Series[Any], term: Mapping[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame({"origin": days.index, "days": days.to_numpy(dtype=float)})
    least = (period.days(period.parse(term["period"])) or 0.0) * _LEAP if term else 0.0
    words = {f"law_{lang}": term["labels"][lang] if term else "" for lang in LANGUAGES}
    cite = term.get("cite", {})
    place = " ".join(filter(None, (str(cite.get("act", "")), str(cite.get("at", "")))))
    return frame.assign(least=least, term=term.get("period", ""), place=place, **words)
