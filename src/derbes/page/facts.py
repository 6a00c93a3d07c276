"""What a page says about an audit: counts, verdict, groups; frames and numbers, no words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from derbes.findings import ACTIVE, SEVERITIES

if TYPE_CHECKING:
    from derbes.auditing import Audit

#: What the law and the policy say comes before the tidiness of tables.
FAMILIES = ("kz", "policy", "completeness", "structure", "hygiene", "history", "live")
_PLACE = {family: place for place, family in enumerate(FAMILIES)}
STATUSES = ("new", "reopened", "expired", "open")


def verdict(audit: Audit) -> str:
    """Return critical, warning, incomplete, info or clean; with unknown facts or rules not run it is never clean."""
    counts = audit.summary
    if counts["critical"]:
        return "critical"
    if counts["warning"]:
        return "warning"
    if counts["unknown"] or counts["rules_not_run"]:
        return "incomplete"
    return "info" if counts["info"] else "clean"


def counted(audit: Audit) -> pd.DataFrame:
    """Findings that count, worst first: accepted ones left out, new before known, by rule and key."""
    found = audit.findings[audit.findings["status"].isin(ACTIVE)]
    rank = pd.DataFrame(
        {
            "severity": pd.Categorical(found["severity"], SEVERITIES, ordered=True).codes,
            "unknown": found["unknown"].astype(bool).to_numpy(),
            "status": pd.Categorical(found["status"], STATUSES, ordered=True).codes,
            "rule": found["rule"].to_numpy(),
            "key": found["key"].to_numpy(),
            "id": found["id"].to_numpy(),
        }
    )
    return found.iloc[rank.sort_values(list(rank.columns)).index].reset_index(drop=True)


def by_status(audit: Audit) -> dict[str, int]:
    """Return how many findings have each status, *accepted* for those that a decision took out of the count.

    Under *closed* those that the latest quarter compared with had and this day has not.
    """
    sizes = audit.findings["status"].value_counts()
    counts = {status: int(sizes.get(status, 0)) for status in STATUSES}
    return counts | {"accepted": len(audit.findings) - sum(counts.values()), "closed": len(audit.closed)}


def risks(found: pd.DataFrame, weighed: pd.DataFrame) -> list[pd.DataFrame]:
    """Findings of each rule, critical ones first, then the greatest risk; those of unknown facts left out.

    ``weighed`` are the risks of `derbes.scores`. Where nothing but unknown facts and notes was found there is no risk
    to show, and the list is empty.
    """
    known = found[~found["unknown"].astype(bool) & (found["severity"] != "info")]
    risk = known["id"].map(weighed.set_index("id")["risk"])
    order = pd.DataFrame(
        {"lesser": known["severity"] != "critical", "risk": -risk, "rule": known["rule"], "id": known["id"]}
    )
    ordered = known.loc[order.sort_values(list(order.columns)).index]
    return [group for _, group in ordered.groupby("rule", sort=False)]


def unknowns(found: pd.DataFrame) -> pd.DataFrame:
    """Unknown facts by table and column: frame table, column, n, severity (the worst), most first."""
    rows = found[found["unknown"].astype(bool)]
    rank = pd.Series(pd.Categorical(rows["severity"], SEVERITIES, ordered=True).codes, index=rows.index)
    grouped = (
        rows.assign(column=rows["column"].fillna(""), rank=rank)
        .groupby(["table", "column"], sort=True)
        .agg(n=("id", "size"), rank=("rank", "min"))
        .reset_index()
    )
    grouped["severity"] = grouped["rank"].map(dict(enumerate(SEVERITIES)))
    return grouped.sort_values(["rank", "n", "table", "column"], ascending=[True, False, True, True])


def families(audit: Audit) -> pd.DataFrame:
    """Rules by family: frame family, rules, run, broken, idle (ran and had no row to look at), not_run."""
    rules = audit.rules
    run = rules["status"] == "run"
    marks = pd.DataFrame(
        {
            "family": rules["family"],
            "rules": 1,
            "run": run.astype(int),
            "broken": (run & (rules["broken"].fillna(0) > 0)).astype(int),
            "idle": (run & (rules["rows"].fillna(0) == 0)).astype(int),
            "not_run": (~run).astype(int),
        }
    )
    sums = marks.groupby("family").sum().reset_index()
    return sums.sort_values("family", key=lambda names: names.map(_PLACE).fillna(len(_PLACE)), kind="stable")


def not_run(audit: Audit) -> pd.DataFrame:
    """Rules that were not run, by reason: frame reason, n, rules (a list of ids)."""
    rows = audit.rules[audit.rules["status"] == "not_run"]
    grouped = rows.groupby(rows["reason"].fillna(""), sort=True)["rule"].agg(["size", list]).reset_index()
    grouped.columns = pd.Index(["reason", "n", "rules"])
    return grouped.sort_values(["n", "reason"], ascending=[False, True])


def broken_rules(found: pd.DataFrame) -> pd.DataFrame:
    """Rules with findings, worst first: frame rule, severity, n, title (that of the first finding)."""
    sizes = found.groupby("rule", sort=False)
    frame = sizes.agg(n=("id", "size"), severity=("severity", "first"), title=("title", "first")).reset_index()
    rank = pd.Series(pd.Categorical(frame["severity"], SEVERITIES, ordered=True).codes)
    order = pd.DataFrame({"severity": rank, "n": -frame["n"], "rule": frame["rule"]})
    return frame.iloc[order.sort_values(list(order.columns)).index]
