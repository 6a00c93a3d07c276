"""The cover of findings.xlsx: whose, when, by which law, with what result, and what was not checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.findings import ACTIVE, SEVERITIES
from derbes.identity import mask
from derbes.quarter import Quarter
from derbes.tally import proof, set_aside, tally, unread
from derbes.workbook.book import page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from derbes.auditing import Audit
    from derbes.workbook.book import Book

_WIDTHS = (2.0, 32.0, 14.0, 16.0, 14.0, 14.0, 14.0, 40.0)
_TEXT = list(_WIDTHS[2:])
#: Names in a list on the cover before the reader is sent to the sheet that has them all.
_NAMED = 6


@dataclass(frozen=True)
class Contents:
    """A sheet as the cover counts it: active findings by severity, lines written, lines that found no room."""

    name: str
    counts: dict[str, int]
    lines: int
    left: int = 0


@dataclass
class _Pen:
    """Writes the cover from the top down."""

    book: Book
    sheet: Any
    row: int = field(default=0)

    def wide(self, text: str, look: str) -> None:
        self.book.spread(self.sheet, (self.row, 1), text, look, over=list(_WIDTHS[1:]))
        self.row += 1

    def pair(self, label: str, text: str, look: str = "plain") -> None:
        self.book.spread(self.sheet, (self.row, 2), text, look, over=_TEXT)
        self.book.put(self.sheet, (self.row, 1), label, "label")
        self.row += 1

    def section(self, title: str) -> None:
        self.row += 1
        self.wide(title, "section")
        self.sheet.set_row(self.row, 4)
        self.row += 1

    def cells(self, texts: list[str | int], look: str, number: str = "number") -> None:
        for column, text in enumerate(texts, start=1):
            if isinstance(text, int):
                self.sheet.write_number(self.row, column, text, self.book.looks[number])
            else:
                self.book.put(self.sheet, (self.row, column), text, look)
        self.row += 1


def operator_words(audit: Audit) -> tuple[str, str]:
    """Name and note of the operator, with personal values masked."""
    table = audit.inventory.tables["operator"]
    if table.empty:
        return audit.operator, ""
    name, note = table[["name", "note"]].iloc[0].fillna("").astype(str)
    return mask(name) or audit.operator, mask(note)


def write_cover(book: Book, audit: Audit, words: Mapping[str, Any], *, facts: Mapping[str, Any]) -> None:
    """Write the first sheet; ``facts`` are those of `write_findings`: quarter, contents, sheets, reasons, acts."""
    sheet = book.sheet(words["sheets"]["cover"])
    sheet.hide_gridlines(2)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    pen = _Pen(book, sheet)
    name, note = operator_words(audit)
    pen.wide(words["title"], "title")
    pen.wide(name, "subtitle")
    _head(pen, audit, words, facts)
    if note:
        pen.pair(words["cover"]["note"], note)
    pen.row += 1
    pen.pair(words["cover"]["verdict"], " ".join(_verdict(audit, words["cover"])), "verdict")
    _found(pen, audit, words, facts["contents"])
    _unchecked(pen, audit, words, facts)
    _reading(pen, audit, words, facts)
    _filling(pen, audit, words, facts)
    page(sheet, footer=facts["footer"], pages=words["page"])
    sheet.print_area(0, 0, pen.row, len(_WIDTHS) - 1)
    sheet.activate()


def _head(pen: _Pen, audit: Audit, words: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    said, wording = words["cover"], facts["wording"]
    pen.row += 1
    name, _ = operator_words(audit)
    pen.pair(said["operator"], name if name == audit.operator else f"{name} ({audit.operator})")
    if facts["quarter"]:
        pen.pair(said["quarter"], wording.quarter(Quarter.parse(facts["quarter"])))
    pen.pair(said["as_of"], wording.date(audit.as_of))
    pen.pair(said["law"], said["edition"].format(title=facts["law"], edition=wording.date(audit.law.edition)))
    if audit.law.newer_reported:
        pen.pair("", said["newer"].format(date=wording.date(audit.law.newer_reported)), "bold")
    counts = {"run": audit.summary["rules_run"], "not_run": audit.summary["rules_not_run"]}
    sheets = {"read": int(audit.sources["reason"].isna().sum()), "left": len(unread(audit))}
    pen.pair(said["scope"], said["scope_text"].format(rows=audit.summary["rows"], **counts, **sheets))


def _verdict(audit: Audit, said: Mapping[str, str]) -> list[str]:
    """Sentences of the verdict: the gravest thing found, then what keeps it from being the last word."""
    counts = audit.summary
    doubts = [code for code, name in (("add_unknown", "unknown"), ("add_not_run", "rules_not_run")) if counts[name]]
    ran = audit.rules["status"].eq("run")
    if counts["critical"]:
        code = "verdict_critical"
    elif counts["warning"]:
        code = "verdict_warning"
    elif not audit.rules.loc[ran, "rows"].sum():
        code = "verdict_nothing"
    elif doubts:
        code = "verdict_unknown"
    else:
        code = "verdict_info" if counts["info"] else "verdict_clean"
    values = {**counts, "not_run": counts["rules_not_run"]}
    return [said[sentence].format(**values) for sentence in (code, *doubts)]


def _found(pen: _Pen, audit: Audit, words: Mapping[str, Any], contents: list[Contents]) -> None:
    said = words["cover"]
    pen.section(said["found"])
    heads = [said["by_sheet"], *(words["severities"][code] for code in SEVERITIES), said["total"], said["lines"]]
    pen.sheet.set_row(pen.row, 30)
    pen.cells(heads, "head_center")
    for one in contents:
        counts = [one.counts.get(code, 0) for code in SEVERITIES]
        pen.cells([one.name, *counts, sum(counts), one.lines], "text")
    totals = [audit.summary[code] for code in SEVERITIES]
    pen.cells([said["total"], *totals, sum(totals), sum(one.lines for one in contents)], "head", "total")
    pen.pair("", tally(audit))
    pen.row += 1
    for code in SEVERITIES:
        pen.pair(words["severities"][code], words["meaning"][code])
    closed = int((~audit.findings["status"].isin(ACTIVE)).sum())
    if closed:
        pen.pair("", said["closed"].format(n=closed))
    if audit.compared:
        pen.pair("", said["gone"].format(n=len(audit.closed), quarter=audit.compared[-1]))
    for one in contents:
        if one.left:
            pen.pair("", said["lines_cut"].format(sheet=one.name, kept=one.lines, left=one.left), "bold")


def _unchecked(pen: _Pen, audit: Audit, words: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    said = words["cover"]
    pen.section(said["not_checked"])
    idle = audit.rules[audit.rules["status"] == "not_run"]
    _by_reason(pen, facts["sheets"]["rules"], idle["rule"].groupby(idle["reason"]), words=words, facts=facts)
    left = unread(audit)
    places = [
        str(file) if pd.isna(sheet) or not sheet else words["sheet_place"].format(file=file, sheet=sheet)
        for file, sheet in zip(left["file"], left["sheet"], strict=True)
    ]
    by_reason = pd.Series(places, index=left.index, dtype=object).groupby(left["reason"])
    _by_reason(pen, facts["sheets"]["sources"], by_reason, words=words, facts=facts)
    if idle.empty and left.empty:
        pen.pair("", said["nothing_left"])
    if aside := set_aside(audit):
        pen.pair("", aside)


def _reading(pen: _Pen, audit: Audit, words: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    said = words["cover"]
    pen.section(said["reading"])
    if facts["acts"]:
        pen.pair("", said["acts"].format(law=words["columns"]["law"], acts=facts["acts"]))
    unsure = int(audit.findings["confirm"].astype(bool).sum())
    if unsure:
        pen.pair("", said["confirm"].format(n=unsure, law=words["columns"]["law"]))
    for note in facts["notes"]:
        pen.pair("", note)
    if found := proof(audit):
        pen.pair("", found)
    pen.pair("", said["disclaimer"])
    pen.pair("", said["made"].format(version=facts["version"], digest=audit.digest[:16]), "label")


def _filling(pen: _Pen, audit: Audit, words: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    if audit.findings.empty:
        return
    said, columns = words["cover"], words["columns"]
    pen.section(said["filling"])
    names = {
        "questions": facts["sheets"]["questions"],
        "rule": columns["rule"],
        "ids": columns["ids"],
        "basis": columns["basis"],
    }
    for number, step in enumerate(said["steps"], start=1):
        pen.pair(f"{number}.", step.format(**names))


def _by_reason(pen: _Pen, label: str, names: Any, *, words: Mapping[str, Any], facts: Mapping[str, Any]) -> None:  # noqa: ANN401
    """One line a reason: how many were left out for it, and the first of them by name."""
    for number, (code, group) in enumerate(names):
        listed = [*group[:_NAMED], *([words["more"].format(n=len(group) - _NAMED)] if len(group) > _NAMED else [])]
        text = words["cover"]["left_out"].format(n=len(group), reason=facts["reasons"](code), names=", ".join(listed))
        pen.pair("" if number else label, text)
