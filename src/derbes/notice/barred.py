"""Cells whose content the law of the day forbids: a document may not tell them as if they could stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes import rules as rulebook
from derbes.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from derbes.inventory import Inventory
    from derbes.law import LawPack
    from derbes.rules import Rule

#: Expectations on the value of one cell alone, and whether their set is that of the values which are allowed.
_SETS = {"column_values_to_be_in_set": True, "column_values_to_not_be_in_set": False}


def barred(inv: Inventory, law: LawPack, pack: str | None = None) -> Mapping[tuple[str, str, str], str]:
    """Provisions that forbid what a cell says, by table, id and column.

    The critical rules of the law pack (its name or folder; the law's own by default) decide, as they do in an audit;
    exemptions do not, since they do not change the law.
    """
    shipped = rulebook.effective(rulebook.shipped(pack or law.id), law)
    found: dict[tuple[str, str, str], str] = {}
    for rule in shipped:
        if rule.severity == "critical" and rule.cite and rule.expect in _SETS and rule.in_force(law.as_of):
            table = VIEWS[rule.view].table
            cites = _provisions(rule)
            for origin in _broken(rule, inv, law) if table in inv.present else ():
                found.setdefault((table, str(inv.keys[table][origin]), str(rule.column)), cites)
    return found


def _broken(rule: Rule, inv: Inventory, law: LawPack) -> pd.Series[int]:
    """Positions of the rows of which a value is none that is allowed, or one that is not."""
    frame, values = VIEWS[rule.view].kept(inv, law), rule.args["value_set"]
    if isinstance(values, str):  # the name of a constant
        values = law.constants[values.removeprefix("$")]
    value = frame[rule.args["column"]]
    wrong = value.notna() & (value.isin(values) != _SETS[rule.expect])
    return frame.loc[wrong & rule.looks_at(frame) & frame["origin"].ge(0), "origin"].astype(int).drop_duplicates()


def _provisions(rule: Rule) -> str:
    """Acts that a rule cites, each with its provisions."""
    acts: dict[str, list[str]] = {}
    for cite in rule.cite:
        acts.setdefault(cite["act"], []).append(cite.get("at", ""))
    return "; ".join(f"{act} {', '.join(filter(None, places))}".strip() for act, places in acts.items())
