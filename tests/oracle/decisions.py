"""What the record of decisions has to give, read off its lines by hand."""

from __future__ import annotations

import csv
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from derbes.inventory import Inventory
    from oracle.structure import Pair

RULES = frozenset({"history.decision.conflict", "history.decision.unreadable"})


def decisions(inv: Inventory, day: dt.date) -> Iterator[Pair]:
    """(rule, table, key) of findings on which two lines stand that say different things."""
    path = (inv.path if inv.path.is_dir() else inv.path.parent) / "decisions.csv"
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["as_of"] <= day.isoformat()]
    by_finding = defaultdict(list)
    for line in lines:
        by_finding[line["id"]].append(line)
    for found in by_finding.values():
        answered = {code for line in found for code in line["replaces"].split()}
        left = [line for line in found if line["code"] not in answered]
        if len({tuple(line[name] for name in ("decision", "owner", "until", "comment")) for line in left}) > 1:
            yield "history.decision.conflict", left[0]["table"], left[0]["key"]
