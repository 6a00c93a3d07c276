"""An operator's own word on shipped rules: another severity, or findings it lives with, each with reason and date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from derbes.errors import RuleError, did_you_mean
from derbes.findings import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "exemptions.yaml"
_KEYS = frozenset({"rule", "table", "keys", "severity", "reason", "decided_on", "until", "owner"})
_NEEDED = frozenset({"rule", "reason", "decided_on"})


@dataclass(frozen=True)
class Exemption:
    """One entry: which findings it is about, and a severity in place of the rule's, or None to accept them."""

    rule: str
    reason: str
    decided_on: dt.date
    table: str | None = None
    keys: tuple[str, ...] = ()
    severity: str | None = None
    until: dt.date | None = None
    owner: str | None = None


def read(folder: Path) -> tuple[Exemption, ...]:
    """Exemptions in the ``rules`` folder of an inventory. Raises RuleError naming file and rule."""
    path = folder / FILE
    if not path.is_file():
        return ()
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RuleError(str(path), "is not readable YAML", "Mend the file.") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise RuleError(str(path), "holds no list of exemptions", "Begin each with “- rule:”.")
    return tuple(_exemption(str(path), entry) for entry in entries)


def _exemption(source: str, entry: Mapping[str, Any]) -> Exemption:
    where = f"{source}, rule {entry.get('rule')}"
    for key in entry:
        if key not in _KEYS:
            raise RuleError(where, f"unknown key {key}", did_you_mean(str(key), _KEYS))
    if missing := sorted(key for key in _NEEDED if not entry.get(key)):
        raise RuleError(where, f"lacks {', '.join(missing)}", "An exemption needs a reason and a date.")
    if entry.get("severity") not in {None, *SEVERITIES}:
        raise RuleError(where, f"unknown severity {entry['severity']}", f"Use {', '.join(SEVERITIES)}.")
    for key in ("decided_on", "until"):
        if not isinstance(entry.get(key), (dt.date, type(None))):
            raise RuleError(where, f"{key} is not a date", "Write it as 2026-09-30.")
    return Exemption(**{**entry, "keys": tuple(map(str, entry.get("keys") or ()))})


def applied(findings: pd.DataFrame, exemptions: tuple[Exemption, ...], day: dt.date) -> pd.DataFrame:
    """Findings with the exemptions that hold on that day: severities changed, accepted ones marked with the reason.

    An exemption that has run out marks its findings *expired*, and they count again.
    """
    done = findings.copy()
    for entry in exemptions:
        mask = (done["rule"] == entry.rule) & (pd.Series(data=entry.decided_on <= day, index=done.index))
        if entry.table:
            mask &= done["table"] == entry.table
        if entry.keys:
            mask &= done["key"].isin(entry.keys)
        over = entry.until is not None and entry.until < day
        if entry.severity and not over:
            done.loc[mask, "severity"] = entry.severity
        elif not entry.severity:
            done.loc[mask, "status"] = "expired" if over else "accepted"
            held = [_decision(entry)] * int(mask.sum())
            done.loc[mask, "decision"] = pd.Series(held, index=done.index[mask], dtype=object)
    return done


def _decision(entry: Exemption) -> dict[str, str | None]:
    return {
        "decision": "accept",
        "owner": entry.owner,
        "until": entry.until.isoformat() if entry.until else None,
        "comment": entry.reason,
        "decided_on": entry.decided_on.isoformat(),
    }
