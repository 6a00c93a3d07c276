"""One owner's workbook: a cover, the rows to look through, the questions and the findings on them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import text
from derbes.identity import mask
from derbes.inventory import letters
from derbes.text import fill
from derbes.wording import Wording
from derbes.workbook.book import LINES, opened, page
from derbes.workbook.guide import write_guide
from derbes.workbook.lines import lines
from derbes.workbook.sheets import Frame, Heading, Layout, asked, write_rows
from derbes.workbook.template import write_tables

if TYPE_CHECKING:
    from pathlib import Path

    from derbes.auditing import Audit
    from derbes.workbook.book import Book

#: Document property that a pack is known by when it comes back: the base it was dealt from, and its own name.
PROPERTY = "derbes-pack"
_NO_CLOCK = dt.date(2000, 1, 1)
_NAME, _TEXT = 26.0, 104.0
FINDINGS = Layout(
    (Heading("number", 5, "number"), Heading("severity", 19, "severity"), Heading("table", 18), Heading("key", 24),
     Heading("cell", 14), Heading("what", 40), Heading("why", 40), Heading("fix", 40), Heading("law", 18)),
    printed=9,
)  # fmt: skip
QUESTIONS = Layout(
    (Heading("number", 5, "number"), Heading("table", 18), Heading("field", 22), Heading("question", 50),
     Heading("key", 40), Heading("cell", 24), Heading("why", 40), Heading("law", 18)),
    printed=8,
)  # fmt: skip


@dataclass(frozen=True)
class Pack:
    """What one owner gets: rows of raw texts by table, and the findings on them; nobody's pack has no owner."""

    name: str
    file: str
    owner: str | None
    rows: dict[str, pd.DataFrame]
    findings: pd.DataFrame


@dataclass(frozen=True)
class Letter:
    """What the covers of one dealing share: the last day to answer, to whom, and the id of the base."""

    until: dt.date
    back_to: str | None
    base: str


def write_pack(pack: Pack, path: Path, audit: Audit, letter: Letter) -> None:
    """Write an owner's workbook in the audit's language: the same pack gives the same bytes. Raises OutputError.

    It bears the property ``derbes``, so that it is not taken for an inventory where it lies, and `PROPERTY`.
    """
    lang = audit.lang
    words = text.words(lang)["workbook"]
    schema = audit.inventory.schema
    placed = replace(audit, findings=_placed(pack, audit))
    told = lines(placed, words, lang)
    unknown = told["unknown"].fillna(value=False).astype(bool)
    questions = told[unknown].assign(question=asked(told[unknown], schema, words, lang))
    sheets = {"questions": (questions, QUESTIONS), "findings": (told[~unknown], FINDINGS)}
    form = {"created": _NO_CLOCK, "mark": words["cut"], "dates": words["excel_date"]}
    bases = audit.law.bases
    with opened(path, **form) as book:
        book.file.set_custom_property("derbes", version("derbes"), "text")
        book.file.set_custom_property(PROPERTY, f"{letter.base} {pack.name}", "text")
        _cover(book, pack, placed, letter)
        frame = Frame(words, _owner(pack, lang), audit.as_of)
        for name, (rows, layout) in sheets.items():
            if len(rows):
                numbered = rows.assign(number=range(1, len(rows) + 1))
                write_rows(book, _sheet_name(name, lang), numbered.iloc[:LINES], layout=layout, frame=frame)
        tables = [schema.tables[name] for name in pack.rows]
        grounds = bases.loc[bases["valid"], "code"]
        form = {"lang": lang, "schema": schema, "labels": True, "grounds": grounds, "asked": _asked(pack)}
        write_tables(book, tables, pack.rows, **form)
        write_guide(book, tables, text.words(lang)["template"], lang, name="guide")


def _sheet_name(name: str, lang: str) -> str:
    return str(text.words(lang)["packs"]["sheets"][name])


def _owner(pack: Pack, lang: str) -> str:
    return mask(pack.owner) if pack.owner else str(text.words(lang)["packs"]["nobody"])


def _asked(pack: Pack) -> dict[str, frozenset[tuple[str, str]]]:
    """Cells by table that the questions are about."""
    open_ones = pack.findings[pack.findings["unknown"].fillna(value=False).astype(bool)]
    named = open_ones[open_ones["column"].notna()]
    return {
        str(table): frozenset(zip(found["key"], found["column"], strict=True))
        for table, found in named.groupby("table")
    }


def _placed(pack: Pack, audit: Audit) -> pd.DataFrame:
    """Findings of the pack with the addresses of their cells in it, not in the inventory."""
    found = pack.findings
    parts = [_addresses(pack.rows[name], audit.inventory.schema.tables[name]) for name in pack.rows]
    places = pd.concat(parts) if parts else pd.Series(dtype=str)
    names = [
        (table, key, _column(column, audit.inventory.schema.tables.get(table)))
        for table, key, column in zip(found["table"], found["key"], found["column"], strict=True)
    ]
    cells = [(places[name],) if name in places.index else () for name in names]
    return found.assign(file=None, sheet=None, cells=pd.Series(cells, index=found.index, dtype=object))


def _column(column: object, table: Any) -> str | None:  # noqa: ANN401 - a table of the model or None
    if table is None:
        return None
    return str(column) if column in table.columns else str(table.key)


def _addresses(rows: pd.DataFrame, table: Any) -> pd.Series[Any]:  # noqa: ANN401
    """A1 address of every cell of a sheet, by table, key and column."""
    keys = rows[table.key].to_list()
    parts = [
        pd.Series(
            [f"{letters(place)}{row}" for row in range(2, len(keys) + 2)],
            index=pd.MultiIndex.from_arrays([[table.name] * len(keys), keys, [column] * len(keys)]),
        )
        for place, column in enumerate(table.columns, start=1)
    ]
    return pd.concat(parts)


def _cover(book: Book, pack: Pack, audit: Audit, letter: Letter) -> None:
    """Write what the workbook is, to whom it goes, what to do, until when, and whom to return it to."""
    said, lang = text.words(audit.lang)["packs"], audit.lang
    sheet = book.sheet(said["sheets"]["cover"])
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, _NAME)
    sheet.set_column(1, 1, _TEXT)
    book.spread(sheet, (0, 0), said["title"], "title", over=[_NAME, _TEXT])
    book.spread(sheet, (1, 0), _operator(audit), "subtitle", over=[_NAME, _TEXT])
    row = 3
    for head, told in _facts(pack, audit, letter).items():
        book.spread(sheet, (row, 1), told, "plain", over=[_TEXT])
        book.put(sheet, (row, 0), said["heads"][head], "bold")
        row += 1
    book.spread(sheet, (row + 1, 0), said["do"], "section", over=[_NAME, _TEXT])
    owner = audit.inventory.schema.tables["systems"].columns["owner"].title[lang]
    steps, names = _steps(pack), {**said["sheets"], "owner": owner}
    for number, step in enumerate(steps, start=1):
        told = fill(said["steps"][step], names)
        book.spread(sheet, (row + 1 + number, 1), told, "plain", over=[_TEXT])
        book.put(sheet, (row + 1 + number, 0), f"{number}.", "label")
    book.spread(sheet, (row + len(steps) + 3, 0), audit.notice, "label", over=[_NAME, _TEXT])
    page(sheet, footer=_owner(pack, lang), pages="&P / &N")


def _steps(pack: Pack) -> list[str]:
    """Codes of what there is to do; of sheets that the workbook lacks nothing is said."""
    unknown = pack.findings["unknown"].fillna(value=False).astype(bool)
    asked = {"assign": pack.owner is None, "questions": unknown.any(), "findings": (~unknown).any()}
    steps = ("assign", "look", "questions", "findings", "ids", "cells", "back")
    return [step for step in steps if asked.get(step, True)]


def _operator(audit: Audit) -> str:
    names = audit.inventory.operator["name"].dropna()
    return mask(str(names.iat[0])) if len(names) else audit.operator


def _facts(pack: Pack, audit: Audit, letter: Letter) -> dict[str, str]:
    said, wording = text.words(audit.lang)["packs"], Wording(audit.lang, "workbook")
    unknown = pack.findings["unknown"].fillna(value=False).astype(bool)
    titles = {name: table.title[audit.lang] for name, table in audit.inventory.schema.tables.items()}
    counts = [f"{titles[name]}: {len(rows)}" for name, rows in pack.rows.items()]
    return {
        "owner": _owner(pack, audit.lang),
        "as_of": wording.date(audit.as_of),
        "until": wording.date(letter.until),
        "back_to": letter.back_to or said["sender"],
        "rows": "; ".join(counts) or said["none"],
        "asks": fill(said["asks"], {"questions": int(unknown.sum()), "findings": int((~unknown).sum())}),
    }
