"""The decisions that stand, as lines of a sheet: what was decided together stands together."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.workbook.lines import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from derbes.auditing import Audit

_COLUMNS = ("standing", "decided", "table", "key", "count", "owner", "until", "comment", "taken", "book", "rule")


def decided(audit: Audit, words: Mapping[str, Any], lang: str) -> pd.DataFrame:
    """One row a decision, rule, table and state, those that need somebody first; dates are dates."""
    tables = audit.inventory.schema.tables
    rows = []
    for _, alike in audit.decisions.groupby(["state", "code", "rule", "table"], sort=False):
        one = alike.iloc[0]
        rows.append(
            {
                "standing": words["standing"][one["state"]],
                "decided": words["decisions"][one["decision"]],
                "table": tables[one["table"]].title[lang] if one["table"] in tables else one["table"],
                "key": listed(alike["key"], words),
                "count": len(alike),
                "owner": one["owner"],
                "until": dt.date.fromisoformat(one["until"]) if one["until"] else None,
                "comment": one["comment"],
                "taken": dt.date.fromisoformat(one["when"][:10]),
                "book": words["place_in"].format(workbook=one["workbook"], place=one["place"]),
                "rule": one["rule"],
            }
        )
    return pd.DataFrame(rows, columns=list(_COLUMNS), dtype=object)
