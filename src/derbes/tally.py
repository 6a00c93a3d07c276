"""Counts that every output tells alike: findings with those that only name unknown facts, and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes.control import on_record
from derbes.findings import ACTIVE, SEVERITIES
from derbes.telling import reason
from derbes.wording import Wording

if TYPE_CHECKING:
    import pandas as pd

    from derbes.auditing import Audit

#: Reasons by which a sheet or a file is no part of an inventory at all: nothing is missing where it is left out.
_ASIDE = ("underscore", "lock_file", "written_by_derbes", "decisions")
_ABSENT = "table_absent"


def asking(audit: Audit) -> dict[str, int]:
    """Active findings by severity that only say that a fact is unknown; they are among those of that severity."""
    found = audit.findings
    counts = found.loc[found["status"].isin(ACTIVE) & found["unknown"].astype(bool), "severity"].value_counts()
    return {severity: int(counts.get(severity, 0)) for severity in SEVERITIES}


def among(audit: Audit, severity: str) -> str:
    """What follows a number of findings: how many of them only name unknown facts; nothing where none does."""
    n = asking(audit)[severity]
    return Wording(audit.lang, "wording")("among", n=n) if n else ""


def tally(audit: Audit) -> str:
    """One sentence: how many findings of each severity, and how many of them only name unknown facts."""
    say = Wording(audit.lang, "wording")
    told = {name: f"{say.number(audit.summary[name])}{among(audit, name)}" for name in SEVERITIES}
    return say("tally", **told)


def unread(audit: Audit) -> pd.DataFrame:
    """Sheets and files of the inventory that were not read, as in ``audit.sources``."""
    reasons = audit.sources["reason"]
    return audit.sources[reasons.notna() & ~reasons.isin(_ASIDE)]


def set_aside(audit: Audit) -> str:
    """One sentence on the sheets and files that are no part of an inventory by convention; nothing without any."""
    n = int(audit.sources["reason"].isin(_ASIDE).sum())
    return Wording(audit.lang, "wording")("aside", n=n) if n else ""


def not_run(audit: Audit) -> list[tuple[str, int]]:
    """Reasons for which rules did not run, with their numbers, most first; absent tables are told together."""
    codes = audit.rules.loc[audit.rules["status"] == "not_run", "reason"].dropna()
    absent = codes[codes.str.startswith(f"{_ABSENT}:")]
    told = [(reason(code, audit.lang), int(n)) for code, n in codes.drop(absent.index).value_counts().items()]
    if len(absent):
        tables = absent.str.partition(":")[2].drop_duplicates().sort_values()
        titles = [audit.inventory.schema.tables[name].title[audit.lang] for name in tables]
        named = ", ".join(Wording(audit.lang, "wording")("quoted", text=title) for title in titles)
        told.append((f"{reason(_ABSENT, audit.lang)}: {named}", len(absent)))
    return sorted(told, key=lambda one: (-one[1], one[0]))


def proof(audit: Audit) -> str:
    """What the self-test of exactly these rules found, in one sentence; nothing where none is on record."""
    return audit.control if on_record().get("ruleset") == audit.ruleset else ""
