"""An audit as plain text: gravest first, alike findings together, what is unknown and what did not run at the end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.errors import UsageError, closest
from derbes.findings import ACTIVE, SEVERITIES
from derbes.identity import personal
from derbes.naming import LawNames
from derbes.provisions import named
from derbes.tally import among, set_aside, tally, unread
from derbes.telling import reason
from derbes.text import heading, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from derbes.amendments import Outlook
    from derbes.auditing import Audit

_PLACES = 4  # more places than this are a number: the workbook has them all


def narrowed(audit: Audit, *, rules: tuple[str, ...], tables: tuple[str, ...], owners: tuple[str, ...]) -> Audit:
    """Audit whose findings are only those of the rules, tables and owners asked for, a table by its name or title.

    Raises UsageError for a name that there is not, with the closest one.
    """
    found = audit.findings
    keep = pd.Series(data=True, index=found.index)
    if rules:
        keep &= found["rule"].isin(_known("rule", rules, {heading(name): name for name in audit.rules["rule"]}))
    if tables:
        keep &= found["table"].isin(_known("table", tables, _tables(audit)))
    if owners:
        owned = _owned(audit, _known("owner", owners, _owners(audit)))
        places = zip(found["table"], found["key"], strict=True)
        keep &= pd.Series([place in owned for place in places], index=found.index, dtype=bool)
    return replace(audit, findings=found[keep].reset_index(drop=True))


def _known(what: str, asked: tuple[str, ...], names: Mapping[str, str]) -> set[str]:
    """What is meant by the names asked for; ``names`` maps headings to it."""
    for name in asked:
        if (heading(name) or name) not in names:
            found = names.get(closest(heading(name), names) or "", "")
            hint = f"Did you mean “{found}”?" if found and not personal(found) else "Leave it out to see all findings."
            raise UsageError(f"--{what} {name}", f"no such {what}", hint)
    return {names[heading(name) or name] for name in asked}


def _tables(audit: Audit) -> dict[str, str]:
    model = audit.inventory.schema.tables
    return {heading(word): name for name, table in model.items() for word in (name, *table.title.values())} | {"*": "*"}


def _owners(audit: Audit) -> dict[str, str]:
    columns = [frame["owner"].dropna() for frame in audit.inventory.tables.values() if "owner" in frame]
    return {heading(owner): owner for owners in columns for owner in owners.unique()}


def _owned(audit: Audit, owners: set[str]) -> set[tuple[str, str]]:
    """Table and key of the rows of these owners, however their names are spaced and capitalised."""
    wanted = set(map(heading, owners))
    rows: set[tuple[str, str]] = set()
    for table, frame in audit.inventory.tables.items():
        if "owner" in frame:
            said = zip(audit.inventory.keys[table], frame["owner"].fillna(""), strict=True)
            rows |= {(table, str(key)) for key, owner in said if heading(owner) in wanted}
    return rows


def listing(audit: Audit) -> str:
    """Text of an audit, lines of any width, in the audit's language."""
    said = words(audit.lang)["listing"]
    active = audit.findings[audit.findings["status"].isin(ACTIVE)]
    law = f"{audit.law.id} {audit.law.edition}"
    lines = [said["head"].format(operator=audit.operator, as_of=audit.as_of, law=law)]
    lines += [audit.notice, tally(audit)]
    if audit.law.newer_reported:
        lines.append(said["newer"].format(date=audit.law.newer_reported))
    for severity in SEVERITIES:
        chosen = active[(active["severity"] == severity) & ~active["unknown"].astype(bool)]
        if len(chosen):
            lines += ["", _heading(audit, severity, said), *_grouped(chosen, said)]
    asked = active[active["unknown"].astype(bool)]
    if len(asked):
        lines += ["", said["unknown"].format(n=len(asked)), *_questions(audit, asked)]
    lines += ["", *_ran(audit, said)]
    return "\n".join(map(_line, lines))


def ahead(outlook: Outlook) -> str:
    """Text of what the later day brings: the law that changes, then the rows that fail and pass because of it."""
    lang = outlook.now.lang
    said, terms = words(lang)["listing"], words(lang)["page"]["amendments"]
    law = f"{outlook.then.law.id} {outlook.then.law.edition}"
    lines = ["", said["next"].format(as_of=outlook.then.as_of, law=law)]
    acts, names = outlook.amendments.acts.itertuples(), LawNames(outlook.then)
    lines += [f"  {row.date} {named(row.act, outlook.then.law, lang)}: {terms['changes'][row.change]}" for row in acts]
    lines += [_amended(row, terms, names) for row in outlook.amendments.rules.itertuples()]
    if not len(outlook.amendments.rules):
        lines.append(f"  {terms['no_rules']}")
    for found, name in ((outlook.comes, "next_fails"), (outlook.goes, "next_passes")):
        lines += ["", said[name].format(n=len(found))]
        for because, alike in found.groupby("because", sort=True):
            lines += [f" {said['because'][because]}:", *_grouped(alike, said)]
    return "\n".join(map(_line, lines))


def _amended(row: Any, terms: Mapping[str, Any], names: LawNames) -> str:  # noqa: ANN401 - a namedtuple of pandas
    """A change of the rules on a line: what, which, and from what to what."""
    if row.kind in {"starts", "stops"}:
        return f"  {terms['kinds'][row.kind]}: {row.name}"
    turned = names.turn(row.kind, row.name, row.before, row.after)
    detail = f" ({turned})" if turned else ""
    return f"  {terms['kinds'][row.kind]}: {names.part(row.kind, row.name)}{detail} [{', '.join(row.rules)}]"


def _heading(audit: Audit, severity: str, said: dict[str, Any]) -> str:
    """Number of the findings of a severity; those of them that only ask stand in a list of their own."""
    return str(said[severity].format(n=f"{audit.summary[severity]}{among(audit, severity)}"))


def _line(text: str) -> str:
    """One line whatever a cell holds: line breaks would make lines of its own, other codes command a terminal."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)


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
    return "; ".join(dict.fromkeys(places)) + more


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
    lines += [
        f"  {said['left_out']}: {row.file} {row.sheet or ''}: {reason(row.reason, audit.lang)}"
        for row in unread(audit).itertuples()
    ]
    lines += filter(None, [set_aside(audit)])
    return [*lines, audit.control, said["digest"].format(digest=audit.digest)]
