"""Quarter after quarter: what sealed reports say of findings and of completeness, without auditing anything again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.cells import UNKNOWN_STATES
from derbes.errors import SourceError
from derbes.findings import ACTIVE
from derbes.identity import mask
from derbes.inventory import keyed
from derbes.quarter import Quarter
from derbes.seal import sealed
from derbes.text import heading

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from derbes.auditing import Audit

FACTS = "quarter.json"
SCHEMA = "derbes.quarter/1"
#: Tables whose rows have an owner of their own; a field has that of its system.
_OWNED = ("systems", "processing", "rights")
_OWNER = ("owner", "required", "known")
_FACTS = ("id", "family", "severity", "since", "status")
_FINDING = ("quarter", "id", "family", "severity", "since", "active")


@dataclass(frozen=True)
class Trends:
    """What became of findings over the sealed quarters, the oldest first.

    ``findings`` has a row a finding and quarter: quarter, id, family, severity, since, active. ``burndown`` a row a
    quarter: open, new, closed. ``ages`` a row a family: open findings of the last quarter by the quarters they have
    been open. ``closing`` a row a family: closed findings, and the mean of the quarters they took. ``owners`` a row a
    quarter and owner: required cells, known ones.
    """

    quarters: tuple[str, ...]
    findings: pd.DataFrame
    owners: pd.DataFrame

    @property
    def burndown(self) -> pd.DataFrame:
        """One row a quarter: findings open at its end, new in it, and closed since the quarter before."""
        rows, before = [], set[str]()
        for quarter in self.quarters:
            now = self._active(quarter)
            rows.append((quarter, len(now), len(now - before), len(before - now)))
            before = now
        return pd.DataFrame(rows, columns=["quarter", "open", "new", "closed"])

    def _active(self, quarter: str) -> set[str]:
        frame = self.findings
        return set(frame.loc[(frame["quarter"] == quarter) & frame["active"], "id"])

    @property
    def ages(self) -> pd.DataFrame:
        """Families × how many quarters a finding has been open, by the last sealed quarter."""
        frame = self.findings
        last = frame[(frame["quarter"] == self.quarters[-1]) & frame["active"]] if self.quarters else frame
        age = last["since"].map(self._age)
        return pd.crosstab(last["family"], age).rename_axis(columns="quarters")

    def _age(self, since: str) -> int:
        then, now = Quarter.parse(since), Quarter.parse(self.quarters[-1])
        return 4 * (now.year - then.year) + now.number - then.number

    @property
    def closing(self) -> pd.DataFrame:
        """One row a family: findings that were open and are no more, and the mean number of quarters that took."""
        rows = []
        for earlier, later in zip(self.quarters, self.quarters[1:], strict=False):
            frame = self.findings
            gone = self._active(earlier) - self._active(later)
            closed = frame[(frame["quarter"] == earlier) & frame["id"].isin(gone)]
            when = Quarter.parse(later)
            for row in closed.itertuples():
                since = Quarter.parse(str(row.since))
                rows.append((row.family, 4 * (when.year - since.year) + when.number - since.number))
        closed = pd.DataFrame(rows, columns=["family", "quarters"])
        return closed.groupby("family")["quarters"].agg(closed="size", mean="mean").reset_index()


def facts(audit: Audit, quarter: Quarter) -> str:
    """The text of a report's quarter.json: what trends need of a quarter that findings.json does not have."""
    known = _completeness(audit)
    content = {
        "schema": SCHEMA,
        "operator": audit.operator,
        "quarter": str(quarter),
        "as_of": audit.as_of.isoformat(),
        "owners": known.to_dict("records"),
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _completeness(audit: Audit) -> pd.DataFrame:
    """One row an owner (empty where a row has none): how many cells its rows must have, how many say something."""
    inv, parts = audit.inventory, []
    owner_of = keyed(inv, "systems")["owner"]
    owners = {name: inv.tables[name]["owner"] for name in _OWNED}
    owners["fields"] = inv.fields["system_id"].map(owner_of)
    for name, owner in owners.items():
        columns = [column.name for column in inv.schema.tables[name].columns.values() if column.required]
        states = pd.DataFrame({column: inv.states[name][column] for column in columns})
        known = ~states.isin([int(state) for state in UNKNOWN_STATES])
        parts.append(
            pd.DataFrame({"owner": owner.fillna("").map(mask), "required": len(columns), "known": known.sum(axis=1)})
        )
    frame = pd.concat(parts, ignore_index=True)
    one = frame["owner"].map(heading)  # owners that differ by case and spaces are one
    frame["owner"] = frame.groupby(one)["owner"].transform("min")
    return frame.groupby("owner", sort=True)[["required", "known"]].sum().reset_index()


def trends(reports: Path) -> Trends:
    """Trends over the sealed quarters of one operator, from the folder ``reports/<operator>``.

    Raises SourceError where a sealed report's JSON is not readable.
    """
    return _over([_sealed(quarter, folder) for quarter, folder in sealed(reports).items()])


def course(audit: Audit, quarter: Quarter, reports: Path | None) -> Trends:
    """Trends over the operator's quarters sealed before this one and, as the last, this one as it is audited now.

    Raises SourceError where a sealed report's JSON is not readable.
    """
    folders = sealed(reports) if reports else {}
    earlier = [_sealed(when, folder) for when, folder in folders.items() if when < quarter]
    own = [told for told in earlier if told.operator == audit.operator]
    now = audit.to_json()["findings"]
    return _over([*own, _Told(str(quarter), audit.operator, now, _completeness(audit).to_dict("records"))])


def compared(audit: Audit, quarter: Quarter) -> Trends:
    """Trends over the frozen quarters that an audit was compared with, by the rules of their days, and this one.

    What the statuses of the audit come from, so the two agree; no report need have been made of those quarters.
    """
    past = audit.past.reindex(columns=["quarter", *_FINDING[1:-1], "status"])
    now = audit.findings.assign(quarter=str(quarter))
    frame = pd.concat([past, now[list(past.columns)]], ignore_index=True)
    frame["active"] = frame.pop("status").isin(ACTIVE)
    owners = _completeness(audit).assign(quarter=str(quarter))
    return Trends((*audit.compared, str(quarter)), frame, owners[["quarter", "owner", "required", "known"]])


@dataclass(frozen=True)
class _Told:
    """What one quarter says: its findings as in findings.json, its owners as in quarter.json."""

    quarter: str
    operator: str
    findings: list[dict[str, Any]]
    owners: list[dict[str, Any]]


def _sealed(quarter: Quarter, folder: Path) -> _Told:
    kept = folder / FACTS  # a report made before it was kept has none
    owners = _read(kept, {"owners": _OWNER})["owners"] if kept.is_file() else []
    said = _read(folder / "findings.json", {"operator": (), "findings": _FACTS})
    return _Told(str(quarter), said["operator"], said["findings"], owners)


def _over(quarters: list[_Told]) -> Trends:
    found = [(one.quarter, *_finding(row)) for one in quarters for row in one.findings]
    owners = [{"quarter": one.quarter, **row} for one in quarters for row in one.owners]
    return Trends(
        tuple(one.quarter for one in quarters),
        pd.DataFrame(found, columns=list(_FINDING)),
        pd.DataFrame(owners, columns=["quarter", "owner", "required", "known"]),
    )


def _finding(one: dict[str, Any]) -> tuple[Any, ...]:
    return one["id"], one["family"], one["severity"], one["since"], one["status"] in ACTIVE


def _read(path: Path, parts: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Parts of what a file of a sealed report says: a text, or objects with these names where there are any."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return {
            part: [{name: row[name] for name in names} for row in said[part]] if names else said[part]
            for part, names in parts.items()
        }
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        remedy = "Take the report from a copy, or make it again."
        raise SourceError(str(path), "cannot be read as a sealed report", remedy) from error
