"""findings.xlsx: an audit as a workbook to send, with columns in which compliance writes its decisions."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import schema, text
from derbes.findings import SEVERITIES
from derbes.telling import reason
from derbes.wording import Wording
from derbes.workbook.book import LINES, NAME, opened
from derbes.workbook.course import Course, changed_lines, course_notes, write_course
from derbes.workbook.cover import Contents, operator_words, write_cover
from derbes.workbook.decided import decided
from derbes.workbook.law import law_notes, law_sheets
from derbes.workbook.lines import lines
from derbes.workbook.sheets import DECIDED, FINDINGS, QUESTIONS, RULES, SOURCES, Frame, asked, write_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from derbes.auditing import Audit
    from derbes.law import Act

#: The order of the sheets: what the law and the policy say comes before the tidiness of tables.
_ORDER = ("kz", "policy", "structure", "completeness", "hygiene", "history", "live")
#: Lines from which rows go straight to disk: a table of so many would take hundreds of megabytes.
_STREAM = 20_000


def write_findings(
    audit: Audit, path: Path, *, quarter: str | None, lang: str, course: Course | None = None, room: int = LINES
) -> None:
    """Write an audit as a workbook of one sheet a family; equal findings share a line, unknown facts are questions.

    Every cell is text, a number of ours or a date: no formula, no link. The same audit gives the same bytes. ``room``
    is the number of lines a sheet may hold; what is left out is said on the cover. ``course`` tells of the quarters
    before. The workbook bears the document property ``derbes``, by which the reader knows its own output. Raises
    OutputError, UsageError (language).
    """
    words = text.words(lang)["workbook"]
    told = lines(audit, words, lang)
    parts = _parts(told, audit, words, lang)
    contents = [_contents(name, part, room) for name, part in parts]
    largest = max([changed_lines(audit), *(one.lines for one in contents)])
    legal = [*law_sheets(audit, words, lang=lang, quarter=quarter)]
    facts = _facts(audit, words, lang=lang, quarter=quarter) | {"contents": contents}
    facts["notes"] = [*law_notes(audit, words, [name for name, *_ in legal], lang), *course_notes(audit, words, course)]
    frame = Frame(words, facts["footer"], audit.as_of)
    form = {"created": audit.as_of, "mark": words["cut"], "dates": words["excel_date"]}
    with opened(path, **form, streamed=largest >= _STREAM) as book:
        book.file.set_properties({**book.file.doc_properties, "title": words["title"], "author": "derbes"})
        book.file.set_custom_property("derbes", facts["version"], "text")
        write_cover(book, audit, words, facts=facts)
        for name, part in parts:
            layout = QUESTIONS if name == words["sheets"]["questions"] else FINDINGS
            write_rows(book, name, part.iloc[:room], layout=layout, frame=frame)
        if len(audit.decisions):
            told_so_far = decided(audit, words, lang)
            write_rows(book, words["sheets"]["decisions"], told_so_far, layout=DECIDED, frame=frame)
        for name, rows, layout in legal:
            write_rows(book, name, rows.iloc[:room], layout=layout, frame=frame)
        write_course(book, audit, course, frame=frame, room=room)
        write_rows(book, words["sheets"]["sources"], _sources(audit, facts, lang), layout=SOURCES, frame=frame)
        write_rows(book, words["sheets"]["rules"], _rules(audit, words, facts), layout=RULES, frame=frame)


def _facts(audit: Audit, words: Mapping[str, Any], *, lang: str, quarter: str | None) -> dict[str, Any]:
    name, _ = operator_words(audit)
    wording = Wording(lang, "workbook")
    return {
        "wording": wording,
        "quarter": quarter,
        "version": version("derbes"),
        "sheets": words["sheets"],
        "reasons": lambda code: reason(str(code), lang),
        "footer": f"{name} · {wording.date(audit.as_of)}",
        "law": words["cover"]["law_titles"].get(audit.law.id, audit.law.name[lang]),
        "acts": _acts(audit, words, lang),
    }


def _acts(audit: Audit, words: Mapping[str, Any], lang: str) -> str:
    """Numbers of the acts that findings cite, with their titles; one in another language says in which."""
    numbers = sorted({str(one["act"]) for cited in audit.findings["citations"] for one in cited})
    found = [(number, act) for number in numbers if (act := audit.law.find(number)) and act.titles]
    return "; ".join(f"{number} {words['dash']} {_titled(act, words, lang)}" for number, act in found)


def _titled(act: Act, words: Mapping[str, Any], lang: str) -> str:
    title = str(act.title(lang))
    if lang in act.titles:
        return title
    spoken = next(code for code, text in act.titles.items() if text == title)
    return f"{title} ({words['spoken'].format(language=schema.load().label('language', spoken, lang))})"


def _parts(told: pd.DataFrame, audit: Audit, words: Mapping[str, Any], lang: str) -> list[tuple[str, pd.DataFrame]]:
    """Sheets of lines under their names: families by weight, then the questions."""
    wording = Wording(lang, "workbook")
    unknown = told["unknown"].fillna(value=False).astype(bool)
    risks, questions = told[~unknown], told[unknown]
    found = [*dict.fromkeys([*_ORDER, *risks["family"]])]
    parts = [(wording.label("family", one)[:NAME], risks[risks["family"] == one]) for one in found]
    if len(questions):
        answered = questions.assign(question=asked(questions, audit.inventory.schema, words, lang), answer="")
        parts.append((words["sheets"]["questions"], answered))
    return [(name, part.assign(number=range(1, len(part) + 1))) for name, part in parts if len(part)]


def _contents(name: str, part: pd.DataFrame, room: int) -> Contents:
    """Count a sheet's active findings by severity; a line may stand for many."""
    active = part[part["active"]]
    counts = active.groupby("grave")["count"].sum()
    return Contents(
        name=name,
        counts={code: int(counts.get(code, 0)) for code in SEVERITIES},
        lines=min(len(part), room),
        left=max(0, len(part) - room),
    )


def _sources(audit: Audit, facts: Mapping[str, Any], lang: str) -> pd.DataFrame:
    tables = audit.inventory.schema.tables
    frame = audit.sources.reset_index(drop=True)
    return pd.DataFrame(
        {
            "file": frame["file"].fillna(""),
            "sheet": frame["sheet"].fillna(""),
            "table": frame["table"].map(lambda name: tables[name].title[lang] if name in tables else ""),
            "rows": frame["rows"].fillna(0).astype(int),
            "hidden": frame["hidden_rows"].fillna(0).astype(int),
            "reason": frame["reason"].map(lambda code: "" if pd.isna(code) else facts["reasons"](code)),
        }
    )


def _rules(audit: Audit, words: Mapping[str, Any], facts: Mapping[str, Any]) -> pd.DataFrame:
    """Rules as the catalogue of what was asked, broken ones first, then those that did not run.

    A title's named places show as an ellipsis.
    """
    order = pd.DataFrame({"kept": audit.rules["broken"].fillna(0).eq(0), "ran": audit.rules["status"].eq("run")})
    frame = audit.rules.loc[order.sort_values(["kept", "ran"], kind="stable").index].reset_index(drop=True)
    ran = frame["status"].eq("run")
    return pd.DataFrame(
        {
            "rule": frame["rule"],
            "family": frame["family"].map(lambda name: facts["wording"].label("family", name)),
            "severity": frame["severity"].map(words["severities"]),
            "title": frame["title"].str.replace(r"\{\w+\}", "…", regex=True),
            "looked": frame["rows"].fillna(0).astype(int),
            "broken": frame["broken"].fillna(0).astype(int),
            "state": ran.map({True: words["yes_run"], False: words["not_run"]}),
            "reason": frame["reason"].map(lambda code: "" if pd.isna(code) else facts["reasons"](code)),
        }
    )
