"""An oracle: what every rule has to find, worked out a second time and knowing nothing of views or of the engine."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from oracle.decisions import RULES, decisions
from oracle.rows import ORACLES, Case
from oracle.structure import KINDS, sheets, structure

if TYPE_CHECKING:
    from collections.abc import Container

    from derbes.inventory import Inventory
    from derbes.law import LawPack
    from oracle.structure import Pair

_FAMILIES = (
    "completeness",
    "conduct",
    "data",
    "governance",
    "itself",
    "law",
    "pledges",
    "policy",
    "statements",
    "topics",
)
for _family in _FAMILIES:
    import_module(f"oracle.{_family}")


def covers(rule: str) -> bool:
    """Whether the oracle knows what the rule has to find."""
    family, kind, *_ = rule.split(".")
    return rule in {*ORACLES, *RULES} or (family == "structure" and kind in KINDS | {"sheet", "table"})


def expected(inv: Inventory, law: LawPack, rules: Container[str]) -> set[Pair]:
    """(rule, table, key) of all that these rules have to find."""
    case = Case(inv, law)
    found = {*structure(case.facts), *sheets(case.facts), *decisions(inv, law.as_of)}
    for rule, (table, find) in ORACLES.items():
        if rule in rules:
            pairs = find(case) if table == "*" else ((table, key) for key in find(case))
            found |= {(rule, *pair) for pair in pairs}
    return {pair for pair in found if pair[0] in rules}
