"""Countries in which data are stored or to which they are sent, and what is not known of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from derbes.inventory import Inventory


@dataclass(frozen=True)
class Places:
    """``countries``: one row a country, code, systems, recipients, home; the most named first.

    ``systems`` and ``recipients`` say of how many it is not known where they are; ``anywhere`` how many say *all*.
    ``home`` is the operator's own country, empty where it is not said.
    """

    countries: pd.DataFrame
    systems: int
    recipients: int
    anywhere: int
    home: str

    @property
    def abroad(self) -> pd.DataFrame:
        """Those countries that are not the operator's own."""
        return self.countries[~self.countries["home"]]


def places(inv: Inventory) -> Places:
    """Where the systems in use store data and where recipients are."""
    live = inv.systems[inv.systems["status"].ne("retired").fillna(value=True)]
    stored, sent = live["storage_countries"], inv.recipients["countries"]
    known = inv.operator["country"].dropna()
    home = str(known.iloc[0]) if len(known) else ""
    counts = pd.DataFrame({"systems": _counts(stored), "recipients": _counts(sent)}).fillna(0).astype(int)
    anywhere = int(counts.loc[counts.index == "all"].to_numpy().sum())
    frame = counts[counts.index != "all"].rename_axis("code").reset_index()
    frame = frame.assign(total=-frame["systems"] - frame["recipients"], home=frame["code"] == home)
    frame = frame.sort_values(["total", "code"], kind="stable", ignore_index=True).drop(columns="total")
    return Places(frame, int(stored.isna().sum()), int(sent.isna().sum()), anywhere, home)


def _counts(cells: pd.Series[Any]) -> pd.Series[Any]:
    """How many rows name each country."""
    named = cells.explode().dropna().astype(object)
    return named[named.str.fullmatch("[A-Z]{2}|all").astype(bool)].value_counts()
