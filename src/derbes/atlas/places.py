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
    ``home`` is the operator's own country, empty where nobody says it.
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


def home(inv: Inventory, country: str) -> str:
    """The operator's own country; where it is not said this one, that of the law, which cannot be abroad."""
    known = inv.operator["country"].dropna()
    return str(known.iloc[0]) if len(known) else country


def places(inv: Inventory, country: str = "") -> Places:
    """Where the systems in use store data and where recipients are; ``country`` is that of the law."""
    live = inv.systems[inv.systems["status"].ne("retired").fillna(value=True)]
    stored, sent = live["storage_countries"], inv.recipients["countries"]
    own = home(inv, country)
    counts = pd.DataFrame({"systems": _counts(stored), "recipients": _counts(sent)}).fillna(0).astype(int)
    anywhere = int(counts.loc[counts.index == "all"].to_numpy().sum())
    frame = counts[counts.index != "all"].rename_axis("code").reset_index()
    frame = frame.assign(total=-frame["systems"] - frame["recipients"], home=frame["code"] == own)
    frame = frame.sort_values(["total", "code"], kind="stable", ignore_index=True).drop(columns="total")
    return Places(frame, int(stored.isna().sum()), int(sent.isna().sum()), anywhere, own)


def _counts(cells: pd.Series[Any]) -> pd.Series[Any]:
    """How many rows name each country."""
    named = cells.explode().dropna().astype(object)
    return named[named.str.fullmatch("[A-Z]{2}|all").astype(bool)].value_counts()
