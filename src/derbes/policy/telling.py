"""A proposed register as rows of workbook tables, and as text for a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import schema
from derbes.errors import UsageError
from derbes.findings import SEVERITIES
from derbes.identity import mask
from derbes.policy.checks import WHOLE
from derbes.policy.comparing import CHANGES
from derbes.policy.phrasing import content
from derbes.text import LANGUAGES, fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.policy.proposing import Register

_MOST = 12  # lines of one kind; the workbook has them all
_QUOTED = ("summary", "text", "requisites", "note")
_CELLS = ("filled", "differs")


def rows(register: Register) -> dict[str, pd.DataFrame]:
    """Return the rows of the tables ``clauses``, ``citations`` and ``retention``, texts in the model's columns.

    Terms of keeping become rows of their own, to which the clauses refer; absolute and open-list words are in ``note``.
    A person's data that the policy gives are masked; the hash is that of the text as published.
    """
    words = _words(register.lang)
    periods = register.periods.assign(retention_id=_ids(register.periods["clause_id"]))
    model = {name: list(schema.load().tables[name].columns) for name in ("clauses", "citations", "retention")}
    named = periods.groupby("clause_id")["retention_id"].agg("; ".join)
    clauses = register.clauses.assign(
        retention_ids=register.clauses["clause_id"].map(named).fillna(""),
        note=[_note(row, words) for row in register.clauses.to_dict("records")],
    )
    for column in _QUOTED:
        clauses[column] = clauses[column].map(mask)
    retention = pd.DataFrame(
        {
            "retention_id": periods["retention_id"],
            "name": [fill(words["period"], {"clause": clause_id}) for clause_id in periods["clause_id"]],
            "period": periods["phrase"],
            "bound": periods["bound"],
            "trigger": periods["trigger"],
            "clauses": periods["clause_id"],
        }
    )
    frames = {"clauses": clauses, "citations": register.citations, "retention": retention}
    return {name: frame.reindex(columns=model[name], fill_value="") for name, frame in frames.items()}


def _ids(clauses: pd.Series[Any]) -> pd.Series[Any]:
    number = clauses.groupby(clauses).cumcount() + 1
    return "clause-" + clauses.astype(str) + number.map(lambda n: "" if n == 1 else f"-{n}")


def _note(row: dict[Any, Any], words: dict[str, Any]) -> str:
    said = (("absolute", row["absolute_words"]), ("open", row["open_words"]))
    return ". ".join(f"{words[name]}: {found}" for name, found in said if found)


def told(register: Register, comparison: pd.DataFrame | None, checks: pd.DataFrame, lang: str = "ru") -> str:
    """Return what a terminal shows: what was read, how the text differs from the register, remarks on the text.

    ``comparison`` is None where there is no register to compare with. Raises UsageError for a language without words.
    """
    words = _words(lang)
    lines = [*_head(register, words, lang)]
    if comparison is not None:
        lines += ["", *_compared(comparison, words, lang)]
    lines += ["", fill(words["checks"], {"n": len(checks)}), *_remarks(checks, words)]
    return "\n".join(map(mask, lines))


def _words(lang: str) -> dict[str, Any]:
    if lang not in LANGUAGES:
        raise UsageError("language", f"there are no words in “{lang}”", f"Choose one of {', '.join(LANGUAGES)}.")
    words: dict[str, Any] = content("checks")["words"][lang]
    return words


def _head(register: Register, words: dict[str, Any], lang: str) -> Iterator[str]:
    yield fill(
        words["head"],
        {
            "file": register.path.name,
            "clauses": len(register.clauses),
            "citations": len(register.citations),
            "periods": len(register.periods),
        },
    )
    yield fill(words["proposed"], {"kinds": _counted(register, "kinds", words, lang)})
    said = {column: _counted(register, column, words, lang) for column in ("asserts", "denies")}
    yield fill(words["statements"], said)


def _counted(register: Register, column: str, words: dict[str, Any], lang: str) -> str:
    model = schema.load()
    listed = model.tables["clauses"].columns[column].list or ""
    counts = Counter(code for cell in register.clauses[column] for code in cell.split("; ") if code)
    return ", ".join(f"{model.label(listed, code, lang)} {n}" for code, n in counts.most_common()) or words["nothing"]


def _compared(comparison: pd.DataFrame, words: dict[str, Any], lang: str) -> Iterator[str]:
    if not len(comparison):
        yield words["same"]
    for change in CHANGES:
        alike = comparison[comparison["change"] == change]
        if len(alike):
            ids = [_moved(row) for row in alike.to_dict("records")]
            cut = fill(words["more"], {"n": len(ids) - _MOST}) if len(ids) > _MOST else ""
            told = {"n": len(alike), "clauses": f"{', '.join(ids[:_MOST])} {cut}".strip()}
            yield fill(words["changes"][change], told)
            if change in _CELLS:
                yield from _cells(alike, words, lang)


def _moved(row: dict[Any, Any]) -> str:
    if row["clause_id"] and row["register_id"] and row["clause_id"] != row["register_id"]:
        return f"{row['register_id']} \u2192 {row['clause_id']}"
    return str(row["clause_id"] or row["register_id"])


def _cells(alike: pd.DataFrame, words: dict[str, Any], lang: str) -> Iterator[str]:
    model = schema.load()
    for row in alike.head(_MOST).to_dict("records"):
        column = model.tables[row["table"]].columns[row["column"]]
        sides = {side: _labels(row[side], column.list, model, lang) or words["nothing"] for side in ("before", "after")}
        yield "  " + fill(words["cell"], {"clause": _moved(row), "column": column.title[lang], **sides})
    if len(alike) > _MOST:
        yield "  " + fill(words["more"], {"n": len(alike) - _MOST})


def _labels(cell: str, listed: str | None, model: schema.Schema, lang: str) -> str:
    return "; ".join(model.label(listed or "", part.strip(), lang) for part in cell.split(";") if part.strip())


def _remarks(checks: pd.DataFrame, words: dict[str, Any]) -> Iterator[str]:
    for severity in SEVERITIES:
        alike = checks[checks["severity"] == severity]
        if len(alike):
            yield f"{words['severities'][severity]} ({len(alike)})"
        for row in alike.to_dict("records"):
            law = "; ".join(f"{cite['act']} {cite['at']}".strip() for cite in row["citations"])
            place = words["whole"] if row["clause_id"] == WHOLE else row["clause_id"]
            yield f"  {row['title']}"
            yield f"    {row['rule']}, {place}{f' ({law})' if law else ''}"
