"""From broken rows to findings: where each stands, what it says in the reader's language, and nothing personal."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.cells import Kind, State, read_cells
from derbes.errors import RuleError, closest, did_you_mean
from derbes.findings import finding_id
from derbes.identity import mask, personal
from derbes.rules import GENERATED, PUBLISHED
from derbes.schema import load
from derbes.text import data, fill, homoglyphs, name_in, words
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.engine import Outcome
    from derbes.inventory import Inventory
    from derbes.law import LawPack
    from derbes.rules import Rule

#: What a view gives as it stands in a cell.
_RAW = ("element", "absent")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Facts that are names out of the inventory, several of them apart by semicolons.
_NAMES = ("name", "names", "terms", "said")
_NAMED_BY = ("name", "label", "summary", "act_title")
_HINTED = frozenset({"homoglyph", "space", "slug", "reference", "closed_list", "number"})
#: Families that judge how the tables are kept, whatever the policy says.
_OF_THE_TABLES = ("structure", "hygiene")
_GROUPED = ("structure.duplicate.", "structure.near_duplicate.")


def told(inv: Inventory, law: LawPack, outcome: Outcome, lang: str) -> Iterator[dict[str, Any]]:
    """One finding a broken row, as a row of the findings frame; rows of one id are still apart."""
    rule, broken = outcome.rule, outcome.broken
    if not len(broken):
        return
    common = {
        "rule": rule.id,
        "family": rule.family,
        "severity": rule.severity,
        "status": "new",
        "since": None,
        "decision": None,
        "unknown": rule.unknown,
    }
    records = broken.to_dict("records")
    if rule.id.startswith(_GROUPED):
        records = _one_a_group(inv, rule, records)
    rests: dict[tuple[tuple[str, str, str], ...], dict[str, Any]] = {}
    for record in records:
        own = _own(record)
        if own not in rests:
            rests[own] = _rests_on(law, rule, own)
        yield {**common, **rests[own], **_finding(inv, rule, record, lang)}


def _rests_on(law: LawPack, rule: Rule, own: tuple[tuple[str, str, str], ...]) -> dict[str, Any]:
    """What a finding rests on, what its row of the view names, else what the rule cites; whether a lawyer is needed."""
    named = [law.citation(act, at) | ({"confidence": known} if known else {}) for act, at, known in own]
    citations = tuple(named) or tuple(law.citation(cite["act"], cite.get("at", "")) for cite in rule.cite)
    confirm = bool(citations) and not any(cite["confidence"] == "T" for cite in citations)
    return {"citations": citations, "confirm": confirm}


def _own(record: dict[Any, Any]) -> tuple[tuple[str, str, str], ...]:
    return tuple(record.get("cite") or ())


def _one_a_group(inv: Inventory, rule: Rule, records: list[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """The last row by key stands for its group, the others are related: the order of rows does not matter."""
    table = rule.id.split(".")[2]
    groups: dict[int, list[tuple[str, dict[Any, Any]]]] = {}
    for record in records:
        groups.setdefault(record["element"], []).append((inv.keys[table][record["origin"]], record))
    chosen = []
    for members in groups.values():
        *others, (_, last) = sorted(members, key=lambda member: member[0])
        chosen.append({**last, "element": None, "related": tuple((table, key) for key, _ in others)})
    return chosen


def _finding(inv: Inventory, rule: Rule, record: dict[Any, Any], lang: str) -> dict[str, Any]:
    table = record.get("table") or rule_table(rule)
    named = rule.at or record.get("column") or rule.column
    model = inv.schema.tables.get(table)
    column = named if model and named in model.columns else None
    origin = int(record["origin"])
    key = str(inv.keys[table][origin]) if origin >= 0 else str(record.get("absent") or "*")
    file, sheet, cell = inv.address(table, origin, named) if origin >= 0 else _place(record)
    file, sheet = (name and _fixed(name) for name in (file, sheet))
    element = record.get("element") if not rule.id.startswith("structure.unique.") else None
    said = str(element) if element is not None else _said(inv, table, origin, column)
    sub = tuple(map(str, record.get("sub") or ())) or ((str(element),) if element is not None else ())
    related = {*(record.get("related") or ()), *_clauses(inv, rule, table, origin)}
    related = {(t, str(k)) for t, k in related if not personal(str(k))} - {(table, key)}
    facts = {str(name): _shown(value) for name, value in record.items()} | _dates(record, lang)
    facts |= {"key": key, "value": said or "", "name": _name(inv, table, origin, key)}
    facts |= _titles(inv, table, named, lang) | {"hint": _hint(inv, rule, table, said, lang=lang)}
    facts |= _beside(inv, rule, record, lang)
    if rule.view == "sheets":
        facts |= _fault_words(inv, table, facts["what"], record["hint"], lang=lang)
    return {
        "id": finding_id(rule.id, table, key, sub),
        "table": table,
        "key": key,
        "column": column,
        "file": file,
        "sheet": sheet,
        "cell": cell,
        "cells": (cell,) if cell else (),
        "value": None if said is None or rule.family == "hygiene" or personal(said) else said,
        "related": tuple(sorted(related)),
        **{part: _worded(rule, part, lang, facts) for part in ("title", "why")},
        "fix": " ".join(filter(None, [_worded(rule, "fix", lang, facts), _offered(rule, record, lang, facts)])),
    }


def _beside(inv: Inventory, rule: Rule, record: dict[Any, Any], lang: str) -> dict[str, str]:
    """What a row is held against: numbers of ``clauses``, and ``beside``, all of it by table, where that is asked."""
    ids: dict[str, list[str]] = {}
    for table, key in record.get("related") or ():
        ids.setdefault(table, []).append(str(key))
    clauses = ", ".join(sorted(ids.get("clauses", ()), key=_counted))
    if not any("{beside}" in getattr(rule, part)[lang] for part in ("title", "why", "fix")):
        return {"clauses": clauses}
    named = {table: _named(inv, table, keys) for table, keys in ids.items() if table != "clauses"}
    told = {"clauses": clauses, **named} if clauses else named
    return {
        "clauses": clauses,
        "beside": ". ".join(f"{inv.schema.tables[t].title[lang]}: {said}" for t, said in told.items()),
    }


def _counted(clause: str) -> str:
    """A clause's number so written that it sorts as a reader counts."""
    return re.sub(r"\d+", lambda found: found[0].zfill(6), clause)


def _named(inv: Inventory, table: str, keys: list[str]) -> str:
    """Names of the rows that bear the keys, in the order of these."""
    positions = {str(key): origin for origin, key in enumerate(inv.keys[table])}
    return "; ".join(_name(inv, table, positions.get(key, -1), key) for key in sorted(keys))


def _clauses(inv: Inventory, rule: Rule, table: str, origin: int) -> Iterator[tuple[str, str]]:
    """Clauses that the row comes from: what is wrong with a row is wrong with the promise it was read off."""
    if origin >= 0 and rule.family not in _OF_THE_TABLES and table in inv.clauses_of:
        for clause in inv.clauses_of[table][origin]:
            yield "clauses", clause


def _worded(rule: Rule, part: str, lang: str, facts: dict[str, Any]) -> str:
    template = getattr(rule, part)[lang]
    if "{" not in template:
        return _fixed(template)
    try:
        return mask(fill(template, facts)).strip()
    except KeyError as unknown:
        what = f"its {part} in {lang} asks for {unknown}, which its view does not have"
        raise RuleError(f"{rule.source}, rule {rule.id}", what, did_you_mean(unknown.args[0], facts)) from unknown


def _offered(rule: Rule, record: dict[Any, Any], lang: str, facts: dict[str, Any]) -> str:
    """What the clause may say instead, in the languages it is published in, with what that rests on."""
    if not rule.replacement:
        return ""
    said = {tongue: facts | _dates(record, tongue) | _translated(facts, tongue) for tongue in PUBLISHED}
    texts = [f"{tongue}: {_quoted(_worded(rule, 'replacement', tongue, own))}" for tongue, own in said.items()]
    own = [f"{act} {at}" for act, at, _ in _own(record)]
    cited = "; ".join(map(str.strip, own or [f"{cite['act']} {cite.get('at', '')}" for cite in rule.cite]))
    return words(lang)["telling"]["replacement"].format(texts="\n".join(texts), cited=cited)


def _translated(facts: dict[str, Any], tongue: str) -> dict[str, Any]:
    """The facts with those names in brackets that the inventory does not have in the language of a text."""
    own = {place: facts[place].split("; ") for place in _NAMES if place in facts}
    return {place: "; ".join(name_in(tongue, name) for name in names) for place, names in own.items()}


def _quoted(text: str) -> str:
    """The text in guillemets, but for one that has its own: it would be copied into a policy with two pairs."""
    return text if "«" in text else f"«{text}»"


@cache
def _fixed(wording: str) -> str:
    """What is said of many findings alike: a wording without places to fill, the name of a file or of a sheet."""
    return mask(wording).strip()


def rule_table(rule: Rule) -> str:
    """The table whose rows a rule's findings point to."""
    from derbes.views import VIEWS  # noqa: PLC0415

    return VIEWS[rule.view].table


def _place(record: dict[Any, Any]) -> tuple[str | None, str | None, str | None]:
    """Where a fault of a sheet stands, which no row of a table can tell."""
    file, sheet, cell = (record.get(name) or None for name in ("file", "sheet", "cell"))
    return file, sheet, cell


def _said(inv: Inventory, table: str, origin: int, column: str | None) -> str | None:
    if origin < 0 or column is None:
        return None
    return str(inv.texts[table][column][origin]).strip() or None


def _shown(value: object) -> str:
    if isinstance(value, (tuple, list, set, frozenset)):
        return ", ".join(map(str, value))
    return "" if value is None or value is pd.NA or value != value else str(value)  # noqa: PLR0124 - NaN is unlike itself


def _dates(record: dict[Any, Any], lang: str) -> dict[str, str]:
    """Days that a view tells, as the language writes them."""
    found = {str(name): value for name, value in record.items() if name not in _RAW and _is_day(value)}
    return {name: _says(lang).date(value) for name, value in found.items()} if found else {}


def _is_day(value: object) -> bool:
    """Whether a value is a day that there is, typed or as a cell says it."""
    if isinstance(value, str):
        return bool(_DAY.fullmatch(value)) and not pd.isna(pd.to_datetime(value, format="%Y-%m-%d", errors="coerce"))
    return isinstance(value, dt.date) and not pd.isna(value)


@cache
def _says(lang: str) -> Wording:
    return Wording(lang, "telling")


def _name(inv: Inventory, table: str, origin: int, key: str) -> str:
    texts = inv.texts[table] if origin >= 0 else {}
    said = (str(texts[column][origin]).strip() for column in _NAMED_BY if column in texts)
    return next(filter(None, said), key)


def _titles(inv: Inventory, table: str, column: str | None, lang: str) -> dict[str, str]:
    """Titles of the table and of the column; a column that the model does not know bears its own heading."""
    model = inv.schema.tables.get(table)
    if model is None:
        return {"column": "", "table": table}
    own = column if column in inv.extras[table] else ""
    return {
        "column": model.columns[column].title[lang] if column in model.columns else own or "",
        "table": model.title[lang],
    }


def reason(code: str, lang: str) -> str:
    """Words for a reason code such as ``table_absent:fields``; a table is told by its title, all else as it is."""
    name, _, detail = code.partition(":")
    if name == "table_absent" and detail in (tables := load().tables):
        detail = tables[detail].title[lang]
    known = data("reasons").get(name, {}).get(lang) or words(lang)["reasons"].get(name) or name
    return f"{known}: {detail}" if detail else str(known)


def _fault_words(inv: Inventory, table: str, what: str, hint: str, *, lang: str) -> dict[str, str]:
    """Words for what a fault of a sheet names: a reason code, or a column of the model."""
    columns = inv.schema.tables[table].columns if table in inv.schema.tables else {}
    meant = words(lang)["telling"]["perhaps"].format(columns[hint].title[lang]) if hint in columns else ""
    title = columns[what].title[lang] if what in columns else what
    return {"reason": reason(what, lang), "column_title": title, "hint": meant}


def _hint(inv: Inventory, rule: Rule, table: str, said: str | None, *, lang: str) -> str:
    """Sentence that suggests what may have been meant, never applied by itself; empty where nothing is close."""
    kind = rule.id.split(".")[1] if rule.source == GENERATED else ""
    if kind not in _HINTED or not said or personal(said):
        return ""
    column = inv.schema.tables[table].columns[rule.args["column"]]
    meant: str | None = None
    if kind == "homoglyph":
        meant = homoglyphs(said)
    elif kind in {"space", "slug"}:
        meant = "".join(said.split()).lower()
    elif kind == "reference":
        meant = inv.vocabulary[column.to or table].closest(said)
    elif kind == "closed_list" and column.list:
        meant = closest(said, [label[lang] for label in inv.schema.lists[column.list].values()])
    elif kind == "number" and column.type in {"id", "ref"} and "." in said:
        meant = f"{said}0"
    if meant and column.type in {"id", "ref"}:
        meant = meant if read_cells(column, inv.schema, [(meant, Kind.TEXT)])[0].state is State.OK else None
    return words(lang)["telling"]["perhaps"].format(meant) if meant else ""
