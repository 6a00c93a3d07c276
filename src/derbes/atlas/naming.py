"""Names that stand for ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.identity import mask
from derbes.inventory import keyed

if TYPE_CHECKING:
    from derbes.inventory import Inventory


def names(inv: Inventory, table: str, ids: pd.Index[str]) -> pd.Series[Any]:
    """Names of the rows with these ids, indexed by them; an id stands for itself where there is no name.

    What looks like a person's data is masked: a picture cannot be searched for it later.
    """
    return keyed(inv, table)["name"].reindex(ids).astype(object).fillna(pd.Series(ids, index=ids)).map(mask)
