"""Findings as lines of a sheet: equal findings gathered on one line that names all their rows, cells and ids."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes.decisions import CLOSING, basis
from derbes.findings import ACTIVE, SEVERITIES, facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from derbes.auditing import Audit
    from derbes.law import LawPack
    from derbes.schema import Schema

#: Findings a line: their ids of 17 characters have to fit into one cell.
_A_LINE = 1_500
#: Characters of a list of keys, cells or titles before a line says how many more there are.
_LIST = 600
_ADDRESS = re.compile(r"([A-Z]{1,3})([0-9]+)\Z")


def lines(audit: Audit, words: Mapping[str, Any], lang: str) -> pd.DataFrame:
    """One row per line to write, ready as text, the gravest first; decided ones last within a family.

    Findings share a line when rule, severity, status, decision, column, value and related rows other than clauses are
    equal, and, where no cell is at fault, their titles but for the row's key. The line relates to all their clauses.
    A value that is the row's own id is none. Columns: those of `workbook.columns` that a line has, and the codes behind
    them: ``family``, ``unknown``, ``column``, ``confirm``, ``grave`` (severity), ``code`` (table), ``active`` (counts
    in the summary).
    """
    schema = audit.inventory.schema
    ordered = _ordered(audit.findings, schema)
    starts, ends = _spans(ordered)
    first = ordered.iloc[starts].reset_index(drop=True)
    spans = list(zip(starts, ends, strict=True))
    titles = _titles(schema, lang)
    files = ordered[["file", "sheet", "cells"]].to_numpy(dtype=object)
    keys = ordered["key"].fillna("*").astype(str).to_numpy(dtype=object)
    heads, related = (ordered[name].to_numpy(dtype=object) for name in ("title", "related"))
    shown = np.where(keys == "*", words["whole_table"], keys)
    pairs = zip(first["table"], first["column"], strict=True)
    made: dict[str, Any] = {
        "table": first["table"].map(lambda table: titles.get(table, table)),
        "field": [_field(schema, table, column, lang) for table, column in pairs],
        "key": [listed(shown[a:b], words) for a, b in spans],
        "cell": [_places(files[a:b], words) for a, b in spans],
        "count": ends - starts,
        "what": [_what(heads[a:b], keys[a:b], words) for a, b in spans],
        "law": _by_value(first[["citations", "confirm"]], lambda one: _law(*one, pack=audit.law, words=words)),
        "related": [_related(_united(related[a:b]), titles, words) for a, b in spans],
        "severity": first["severity"].map(words["severities"]),
        "status": first["status"].map(lambda code: words["statuses"].get(code, code or "")),
        "ids": _ids(ordered["id"].to_numpy(dtype=object), spans),
        "basis": _bases(audit, ordered, spans),
    }
    kept = first[["family", "unknown", "column", "confirm", "rule", "why", "fix", "value", "since"]]
    codes = {"grave": first["severity"], "code": first["table"], "active": first["status"].isin(ACTIVE)}
    return pd.concat([kept, pd.DataFrame(made | codes, index=first.index), _decided(first, words)], axis=1)


def _decided(first: pd.DataFrame, words: Mapping[str, Any]) -> pd.DataFrame:
    """What was decided on each line; a closing decision that other facts reopened has to be taken anew."""
    decided = pd.DataFrame([_decision(one) for one in first["decision"]], columns=list(_DECISION), index=first.index)
    stale = first["status"].eq("reopened") & decided["decision"].isin(CLOSING)
    decided["decision"] = decided["decision"].map(lambda code: words["decisions"].get(code, code)).mask(stale, "")
    return decided


def _ordered(findings: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Sort findings by weight and place, with a running number ``line`` that equal ones share."""
    tables = {name: number for number, name in enumerate(schema.tables)}
    columns = {
        (name, column): number for name, table in schema.tables.items() for number, column in enumerate(table.columns)
    }
    frame = findings.reset_index(drop=True)
    pairs = list(zip(frame["table"], frame["column"], strict=True))
    ranks = {code: rank for rank, code in enumerate(SEVERITIES)}
    order = pd.DataFrame(
        {
            "unknown": frame["unknown"].fillna(value=False).astype(bool),
            "decided": frame["status"].eq("accepted"),
            "grave": frame["severity"].map(ranks).fillna(len(ranks)),
            "table": frame["table"].map(tables).fillna(len(tables)),
            "column": [columns.get(pair, -1) for pair in pairs],
            "rule": frame["rule"],
        }
    )
    questions = order["unknown"]
    order.loc[questions, "grave"] = 0  # questions go by table and column: whoever answers works through a table
    frame["line"] = _alike(frame)
    order["line"] = frame["line"]
    return frame.iloc[order.sort_values(list(order.columns), kind="stable").index]


def _alike(frame: pd.DataFrame) -> pd.Series[int]:
    value = frame["value"].mask(frame["value"] == frame["key"])  # a finding on the id is about the row, not the id
    place = pd.DataFrame(
        {
            "rule": frame["rule"], "severity": frame["severity"], "status": frame["status"],
            "table": frame["table"], "column": frame["column"].fillna(""), "value": value.map(_exact),
            "related": frame["related"].map(_beside_clauses), "decision": frame["decision"].map(_exact),
            "unknown": frame["unknown"].fillna(value=False).astype(bool),
        }
    )  # fmt: skip
    pairs = zip(frame["title"], frame["key"], frame["cell"].notna(), strict=True)
    place["title"] = ["" if placed else str(title).replace(str(key), "\0") for title, key, placed in pairs]
    alike = place.groupby(list(place.columns), sort=False).ngroup()
    chunk = place.groupby(alike, sort=False).cumcount() // _A_LINE
    return pd.Series(pd.factorize(alike * (len(frame) + 1) + chunk)[0], index=frame.index)


def _beside_clauses(related: object) -> str:
    return _exact([pair for pair in related if pair[0] != "clauses"] if isinstance(related, tuple) else related)


def _united(related: np.ndarray) -> tuple[Any, ...]:
    return tuple(sorted({pair for pairs in related if isinstance(pairs, tuple) for pair in pairs}))


def _exact(value: object) -> str:
    """Return a text that is equal for equal values only."""
    if isinstance(value, str):
        return value
    return "" if _missing(value) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _missing(value: object) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value)  # noqa: PLR0124


def _spans(ordered: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    numbers = ordered["line"].to_numpy()
    changes = np.flatnonzero(np.diff(numbers)) + 1
    starts = np.concatenate([[0], changes]) if len(numbers) else np.empty(0, dtype=int)
    return starts, np.append(starts[1:], len(numbers)) if len(numbers) else starts


def _by_value(frame: pd.DataFrame, made: Any) -> list[str]:  # noqa: ANN401 - a function of the row's tuple
    """Apply a function to every row, once per distinct row: provisions repeat from line to line."""
    seen: dict[str, str] = {}
    out = []
    for row in zip(*(frame[name] for name in frame), strict=True):
        mark = repr(row)
        if mark not in seen:
            seen[mark] = made(row)
        out.append(seen[mark])
    return out


def _titles(schema: Schema, lang: str) -> dict[str, str]:
    return {name: table.title[lang] for name, table in schema.tables.items()}


def _field(schema: Schema, table: str, column: object, lang: str) -> str:
    known = schema.tables[table].columns if table in schema.tables else {}
    name = "" if _missing(column) else str(column)
    return known[name].title[lang] if name in known else name


def listed(texts: Iterable[str], words: Mapping[str, Any], *, joint: str = ", ") -> str:
    """Distinct texts in their order, cut at a readable length with the number of those left out."""
    distinct = list(dict.fromkeys(texts))
    if len(distinct) == 1:
        return distinct[0]
    sizes = np.cumsum([len(text) + len(joint) for text in distinct])
    kept = max(1, int(np.searchsorted(sizes, _LIST, side="right")))
    tail = [words["more"].format(n=len(distinct) - kept)] if kept < len(distinct) else []
    return joint.join([*distinct[:kept], *tail])


def _places(rows: np.ndarray, words: Mapping[str, Any]) -> str:
    """Say where the cells stand, runs of rows drawn together; one line per sheet."""
    if len(rows) == 1:
        file, sheet, cells = rows[0]
        return _place(file, sheet, list(cells or ()), words)
    by_sheet: dict[tuple[Any, Any], list[str]] = {}
    for file, sheet, cells in rows:
        by_sheet.setdefault((file, sheet), []).extend(cells or ())
    return "\n".join(_place(file, sheet, cells, words) for (file, sheet), cells in by_sheet.items())


def _place(file: object, sheet: object, cells: list[str], words: Mapping[str, Any]) -> str:
    if _missing(file):
        return listed(_ranges(cells), words) if cells else str(words["dash"])
    ranges = listed(_ranges(cells), words) if cells else words["dash"]
    return str(words["place"]).format(file=file, sheet=sheet, cells=ranges)


def _ranges(cells: Sequence[str]) -> list[str]:
    """A1 addresses with runs in one column drawn together; what is no address stays as it is."""
    if len(cells) == 1:
        return [cells[0]]
    found = [(match[1], int(match[2])) for cell in cells if (match := _ADDRESS.match(cell))]
    others = [cell for cell in cells if not _ADDRESS.match(cell)]
    runs: list[tuple[str, int, int]] = []
    for column, row in sorted(set(found), key=lambda place: (len(place[0]), place)):
        if runs and runs[-1][0] == column and runs[-1][2] == row - 1:
            runs[-1] = (column, runs[-1][1], row)
        else:
            runs.append((column, row, row))
    drawn = [f"{column}{a}" if a == b else f"{column}{a}\u2013{column}{b}" for column, a, b in runs]
    return [*drawn, *dict.fromkeys(others)]


def _what(titles: np.ndarray, keys: np.ndarray, words: Mapping[str, Any]) -> str:
    """Title of the line: what differs by more than the row's key is told in full as long as it is short."""
    if len(titles) == 1:
        return str(titles[0])
    shapes: dict[str, str] = {}
    for title, key in zip(titles, keys, strict=True):
        shapes.setdefault(str(title).replace(str(key), "\0"), str(title))
    room = np.cumsum([len(title) for title in shapes.values()])
    told = list(shapes.values())[: max(1, int(np.searchsorted(room, _LIST, side="right")))]
    left = len(titles) - len(told)
    return "\n".join([*told, *([words["more_alike"].format(n=left)] if left else [])])


def _law(citations: Any, confirm: object, *, pack: LawPack, words: Mapping[str, Any]) -> str:  # noqa: ANN401
    cited = [] if _missing(citations) else [(str(one["act"]), str(one.get("at") or "")) for one in citations]
    parts = [provision(act, at, pack, words) for act, at in dict.fromkeys(cited)]
    return "\n".join([*parts, *([f"({words['confirm']})"] if confirm else [])])


def provision(act: str, at: str, pack: LawPack, words: Mapping[str, Any]) -> str:
    """Act and place as lawyers write them: articles of laws and codes, clauses of orders and decrees."""
    known = pack.find(act)
    form = "clause" if known and known.kind in {"order", "decree"} else "article"
    return str(words["provision"][form].format(act=act, at=at)) if at else act


def _related(related: Any, titles: Mapping[str, str], words: Mapping[str, Any]) -> str:  # noqa: ANN401 - tuple of pairs or None
    by_table: dict[str, list[str]] = {}
    for table, key in () if _missing(related) else related:
        by_table.setdefault(table, []).append(str(key))
    return "\n".join(f"{titles.get(table, table)}: {listed(keys, words)}" for table, keys in by_table.items())


def _ids(ids: np.ndarray, spans: list[tuple[int, int]]) -> list[str]:
    return [" ".join(ids[a:b]) for a, b in spans]


def _bases(audit: Audit, ordered: pd.DataFrame, spans: list[tuple[int, int]]) -> list[str]:
    """What every line rests on, so that a returned one can be told from what was decided meanwhile."""
    ids, digests = ordered["id"].to_numpy(dtype=object), facts(ordered).to_numpy(dtype=object)
    said = [one.get("code") if isinstance(one, dict) else None for one in ordered["decision"]]
    return [
        basis(audit.operator, audit.as_of, dict(zip(ids[a:b], digests[a:b], strict=True)), said[a]) for a, b in spans
    ]


_DECISION = ("decision", "owner", "until", "comment")


def _decision(value: Any) -> tuple[str, str, dt.date | None, str]:  # noqa: ANN401 - a mapping, a code or None
    """Return a decision taken before, so that a workbook returned unchanged changes nothing."""
    if _missing(value):
        return "", "", None, ""
    if isinstance(value, str):
        return value, "", None, ""
    until = value.get("until")
    if isinstance(until, str):
        until = dt.date.fromisoformat(until[:10]) if until else None
    return str(value.get("decision") or ""), str(value.get("owner") or ""), until, str(value.get("comment") or "")
