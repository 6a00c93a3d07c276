"""What became of findings between the last frozen quarter and the audited day: gone, still there, new, come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from derbes.findings import ACTIVE, SEVERITIES
from derbes.quarter import Quarter

if TYPE_CHECKING:
    from derbes.auditing import Audit

#: What can have become of a finding, what wants a person's eye first.
FATES = ("reopened", "returned", "new", "expired", "closed", "unlooked", "open", "accepted")
#: How a finding stood at the end of the quarter before; those that it had not are *absent*.
STANDINGS = ("counted", "accepted", "absent")
_KEPT = ("id", "rule", "family", "severity", "table", "key", "file", "sheet", "cell", "value", "title", "unknown",
         "status", "since")  # fmt: skip
_YEAR = 4


def fates(audit: Audit) -> pd.DataFrame:
    """One row a finding of the last frozen quarter or of this day, by what became of it, gravest first.

    ``before`` is one of `STANDINGS`, ``fate`` one of `FATES`: *new* was in no frozen quarter; *returned* was in an
    earlier one, not in the last; *reopened* stands on other facts than its decision; *expired* and *accepted* are as
    their decisions say; *closed* is no longer found; *unlooked* is not found either, but its rule did not run.
    """
    last = audit.past[audit.past["quarter"] == audit.past["quarter"].max()] if len(audit.past) else audit.closed
    stood = dict(zip(last["id"], last["status"].isin(ACTIVE), strict=True))
    now, gone = audit.findings[[*_KEPT]], audit.closed[[*_KEPT]]
    frame = pd.concat([now.assign(fate=now["status"]), gone.assign(fate="closed")], ignore_index=True)
    counted = frame["id"].map(stood)
    frame["before"] = counted.map({True: "counted", False: "accepted"}).astype(object).fillna("absent")
    idle = {*audit.rules.loc[audit.rules["status"] == "run", "rule"]}
    fate = frame["fate"].mask(frame["fate"].eq("reopened") & frame["before"].eq("absent"), "returned")
    frame["fate"] = fate.mask(fate.eq("closed") & ~frame["rule"].isin(idle), "unlooked")
    rank = pd.DataFrame({
        "fate": frame["fate"].map({name: place for place, name in enumerate(FATES)}),
        "severity": frame["severity"].map({name: place for place, name in enumerate(SEVERITIES)}),
        **frame[["rule", "key", "id"]].to_dict("series"),
    })  # fmt: skip
    return frame.loc[rank.sort_values(list(rank.columns), kind="stable").index].reset_index(drop=True)


def counts(frame: pd.DataFrame) -> pd.DataFrame:
    """Fates (`FATES`) × severities: how many findings; every fate has a row."""
    sizes = pd.crosstab(frame["fate"], frame["severity"])
    return sizes.reindex(index=list(FATES), columns=list(SEVERITIES), fill_value=0)


def flows(frame: pd.DataFrame) -> pd.DataFrame:
    """How many findings went from each standing to each fate, those that any did: ``before``, ``fate``, ``n``."""
    sizes = frame.groupby(["before", "fate"], sort=False).size().rename("n").reset_index()
    order = sizes.assign(b=sizes["before"].map(STANDINGS.index), f=sizes["fate"].map(FATES.index))
    return order.sort_values(["b", "f"])[["before", "fate", "n"]].reset_index(drop=True)


def ages(audit: Audit, quarter: Quarter) -> pd.DataFrame:
    """Severities × quarters that a finding which counts has been open, 0 for those of this one; up to a year by one."""
    found = audit.findings[audit.findings["status"].isin(ACTIVE)]
    age = found["since"].map(lambda since: min(_between(Quarter.parse(str(since)), quarter), _YEAR))
    table = pd.crosstab(found["severity"], age.astype(int))
    present = [name for name in SEVERITIES if name in table.index]
    return table.reindex(index=present, columns=range(_YEAR + 1), fill_value=0).rename_axis(columns="quarters")


def _between(then: Quarter, now: Quarter) -> int:
    return max(4 * (now.year - then.year) + now.number - then.number, 0)


def ending(audit: Audit) -> pd.DataFrame:
    """Decisions with a last day, the earliest first; those closed, reopened or in conflict are left out."""
    told = audit.decisions
    if told.empty:
        return told
    left = told[told["until"].ne("") & told["state"].isin(["in_force", "expired"])]
    return left.sort_values(["until", "rule", "key", "id"], kind="stable").reset_index(drop=True)
