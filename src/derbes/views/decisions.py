"""Decisions of compliance: which of them contradict each other, and which lines of their record cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from derbes.decisions import doubts, home, read
from derbes.views.registry import view

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack


@view("decisions", table="*")
def decisions(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a finding that was decided on, and one a line of the record that cannot be read; ``problem``."""
    frame = doubts(read(home(inv.path)), law.as_of)
    tables = frame["table"].isin(inv.keys)
    places = {name: {str(key): place for place, key in enumerate(inv.keys[name])} for name in frame["table"][tables]}
    pairs = zip(frame["table"], frame["key"], strict=True)
    origin = pd.Series([places.get(table, {}).get(key, -1) for table, key in pairs], index=frame.index, dtype=int)
    return frame.assign(origin=origin, absent=frame["key"], sub=[(str(one),) for one in frame["finding"]])
