"""An audit as plain text: gravest first, alike findings together, what is unknown and what did not run at the end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from derbes.findings import ACTIVE, SEVERITIES
from derbes.telling import reason
from derbes.text import words

if TYPE_CHECKING:
    import pandas as pd

    from derbes.auditing import Audit

_PLACES = 4  # more places than this are a number: the workbook has them all


def narrowed(audit: Audit, *, rules: tuple[str, ...], tables: tuple[str, ...], owners: tuple[str, ...]) -> Audit:
    """Audit whose findings are only those of the rules, tables and owners asked for."""
    if not (rules or tables or owners):
        return audit
    found = audit.findings
    keep = found["rule"].isin(rules) | (not rules)
    keep &= found["table"].isin(tables) | (not tables)
    if owners:
        owned = {(table, key) for table in audit.inventory.tables for key in _owned(audit, table, owners)}
        keep &= [(table, key) in owned for table, key in zip(found["table"], found["key"], strict=True)]
    return replace(audit, findings=found[keep].reset_index(drop=True))


def _owned(audit: Audit, table: str, owners: tuple[str, ...]) -> list[str]:
    frame = audit.inventory.tables[table]
    if "owner" not in frame:
        return []
    return [str(key) for key in audit.inventory.keys[table][frame["owner"].isin(owners).to_numpy(dtype=bool)]]


def listing(audit: Audit) -> str:
    """Text of an audit, lines of any width, in the audit's language."""
    said = words(audit.lang)["listing"]
    active = audit.findings[audit.findings["status"].isin(ACTIVE)]
    law = f"{audit.law.id} {audit.law.edition}"
    lines = [said["head"].format(operator=audit.operator, as_of=audit.as_of, law=law)]
    if audit.law.newer_reported:
        lines.append(said["newer"].format(date=audit.law.newer_reported))
    for severity in SEVERITIES:
        chosen = active[(active["severity"] == severity) & ~active["unknown"].astype(bool)]
        if len(chosen):
            lines += ["", said[severity].format(n=len(chosen)), *_grouped(chosen, said)]
    asked = active[active["unknown"].astype(bool)]
    if len(asked):
        lines += ["", said["unknown"].format(n=len(asked)), *_questions(audit, asked)]
    lines += ["", *_ran(audit, said)]
    return "\n".join(lines)


def _grouped(found: pd.DataFrame, said: dict[str, Any]) -> list[str]:
    lines = []
    for _, alike in found.groupby(["rule", "column", "value"], sort=False, dropna=False):
        first = alike.iloc[0]
        law = "; ".join(f"{cite['act']} {cite['at']}".strip() for cite in first["citations"])
        lines.append(f"  {first['title']}")
        lines.append(f"    {_places(alike, said)}")
        lines.append(
            f"    {first['rule']}{f' ({law})' if law else ''}{' ' + said['confirm'] if first['confirm'] else ''}"
        )
    return lines


def _places(alike: pd.DataFrame, said: dict[str, Any]) -> str:
    places = [
        " ".join(part for part in (row.file, row.sheet, row.cell or "") if part) or f"{row.table} {row.key}"
        for row in alike.head(_PLACES).itertuples()
    ]
    more = said["more"].format(n=len(alike) - _PLACES) if len(alike) > _PLACES else ""
    return "; ".join(places) + more


def _questions(audit: Audit, asked: pd.DataFrame) -> list[str]:
    lines = []
    for (table, column), alike in asked.groupby(["table", "column"], sort=True):
        model = audit.inventory.schema.tables[str(table)]
        title = model.columns[str(column)].title[audit.lang]
        keys = ", ".join(alike["key"].head(_PLACES))
        more = f" … {len(alike)}" if len(alike) > _PLACES else ""
        lines.append(f"  {model.title[audit.lang]} · {title}: {keys}{more}")
    return lines


def _ran(audit: Audit, said: dict[str, Any]) -> list[str]:
    summary = audit.summary
    lines = [said["ran"].format(run=summary["rules_run"], not_run=summary["rules_not_run"], rows=summary["rows"])]
    idle = audit.rules[audit.rules["status"] == "not_run"]
    for code, alike in idle.groupby("reason", sort=True):
        names = ", ".join(alike["rule"].head(_PLACES)) + (f" … {len(alike)}" if len(alike) > _PLACES else "")
        lines.append(f"  {reason(str(code), audit.lang)}: {names}")
    left = audit.sources[audit.sources["table"].isna()]
    lines += [
        f"  {said['left_out']}: {row.file} {row.sheet or ''}: {reason(row.reason, audit.lang)}"
        for row in left.itertuples()
    ]
    return [*lines, said["digest"].format(digest=audit.digest)]
