"""The findings frame: its columns, its ids that survive sorting and translation, and its digest."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS = (
    "id", "rule", "family", "severity", "table", "key", "column", "file", "sheet", "cell", "cells", "value", "related",
    "title", "why", "fix", "citations", "status", "since", "decision", "confirm", "unknown",
)  # fmt: skip
SEVERITIES = ("critical", "warning", "info")
#: Statuses that count: what was accepted or found to be no fault does not.
ACTIVE = ("new", "open", "reopened", "expired")
_PARTS = re.compile(r"\s*[;\r\n]\s*")


def finding_id(rule: str, table: str, key: str, sub: Iterable[str] = ()) -> str:
    """First 16 hex of SHA-256 over the JSON list [rule, table, key, sub], ``sub`` sorted.

    The list is written as RFC 8785 has it: UTF-8, no spaces, letters beyond ASCII as they are.
    """
    text = json.dumps([rule, table, key, sorted(sub)], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def tidy(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Findings frame, one row an id: rows of one id are merged, their cells and related rows united.

    Sorted by severity, then rule, table and key, so that the order of the inventory's rows leaves no trace.
    """
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    repeated = frame["id"].duplicated(keep=False)
    if repeated.any():
        several = frame[repeated].sort_values(["id", "file", "sheet", "cell"], kind="stable")
        united = several.groupby("id", sort=False).agg({"cells": _union, "related": _union})
        merged = several.drop_duplicates("id").set_index("id")
        merged[["cells", "related"]] = united
        frame = pd.concat([frame[~repeated], merged.reset_index()[list(COLUMNS)]], ignore_index=True)
    rank = frame["severity"].map({name: place for place, name in enumerate(SEVERITIES)})
    order = frame.assign(rank=rank).sort_values(["rank", "rule", "table", "key", "id"], kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def _union(cells: pd.Series[Any]) -> tuple[Any, ...]:
    return tuple(sorted({part for parts in cells for part in parts}))


def digest(frame: pd.DataFrame) -> str:
    """SHA-256 over (id, severity, status, hash of value), sorted: no titles, paths or dates."""
    parts = sorted(
        [row.id, row.severity, row.status, hashlib.sha256((row.value or "").encode()).hexdigest()]
        for row in frame[["id", "severity", "status", "value"]].itertuples()
    )
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def facts(frame: pd.DataFrame) -> pd.Series[Any]:
    """Eight hex digits of what every finding stands on: severity, value, related rows; no words, places or dates.

    A value is the same whether its parts stand on lines of their own or behind semicolons, as a frozen one has them.
    """
    rows = zip(frame["severity"], frame["value"], frame["related"], strict=True)
    known: dict[tuple[Any, ...], str] = {}  # findings of one rule mostly stand on the same
    made = [known.get(row) or known.setdefault(row, _facts(*row)) for row in rows]
    return pd.Series(made, index=frame.index, dtype=object)


def _facts(severity: str, value: str | None, related: Iterable[tuple[str, str]]) -> str:
    parts = [part for part in _PARTS.split(value or "") if part]
    told = json.dumps([severity, parts, sorted(map(list, related))], ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:8]
