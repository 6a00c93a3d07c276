"""A proposed register of a policy's clauses and citations: what the text says, in the columns of the model.

It proposes and a person decides. Columns that need judgement or the register's own ids (subjects, categories, purposes,
recipients) stay empty; ``summary`` is the beginning of the text, for a person to write anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from derbes import schema
from derbes.policy import citing, lasting, reading, stating
from derbes.policy.numbering import Clause, clauses
from derbes.policy.phrasing import lexicon
from derbes.policy.requisites import requisites
from derbes.policy.terms import defined, used
from derbes.read.guard import refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Columns of closed lists that phrases tell.
CODED = ("natures", "recipient_kinds", "right_kinds", "channels", "basis_codes", "elements")
PERIODS = ("clause_id", "phrase", "kind", "duration", "trigger", "bound")
_LISTS = (*CODED, "listed_natures", "requisites", "absolute_words", "open_words")
_SUMMARY_WORDS = 12


@dataclass(frozen=True)
class Register:
    """What a policy says, proposed: frames of texts in the model's columns, lists joined with ``;``.

    ``clauses`` has two more columns, ``absolute_words`` and ``open_words``; ``periods`` are the terms of keeping by
    clause; ``parts`` the clauses with their raw texts, and ``title`` what stands before the first of them.
    """

    path: Path
    lang: str
    clauses: pd.DataFrame
    citations: pd.DataFrame
    periods: pd.DataFrame
    parts: tuple[Clause, ...]
    title: str


def propose(path: str | Path, lang: str | None = None) -> Register:
    """Return the register proposed from a policy in .txt, .docx, .html or .pdf; the language is told from its letters.

    Raises SourceError where the file cannot be read or is in no language of the lexicons, UsageError for a language
    that has no lexicon.
    """
    home = Path(path)
    paragraphs = reading.read(home)
    text = "\n".join(one.text for one in paragraphs)
    chosen = lang or reading.language(home, text)
    lexicon(chosen)
    parts = tuple(clauses(paragraphs, chosen))
    if not parts:
        raise refusal(home, "no_text", "has a title and no clauses", "Give the policy's text.")
    frame = _clauses(parts, chosen)
    kept = set(frame.loc[frame["kinds"].str.contains("retention"), "clause_id"])
    title = text.partition(parts[0].raw)[0].strip()
    return Register(
        path=home,
        lang=chosen,
        clauses=frame,
        citations=_frame([row for part in parts for row in citing.citations(part, chosen)], citing.COLUMNS),
        periods=_frame([row for part in parts for row in _periods(part, chosen, kept=part.clause_id in kept)], PERIODS),
        parts=parts,
        title=title,
    )


def _clauses(parts: Sequence[Clause], lang: str) -> pd.DataFrame:
    definitions = [defined(part, lang) for part in parts]
    uses = used(parts, [terms for terms, _ in definitions], lang)
    facts = [
        _facts(part, lang) | {"terms_defined": terms, "terms_used": using, "defines": ["yes"] if defines else []}
        for part, (terms, defines), using in zip(parts, definitions, uses, strict=True)
    ]
    kinds = stating.kinds(parts, facts, lang)
    facts = [_fitting(fact, kind) for fact, kind in zip(facts, kinds, strict=True)]
    rows = []
    for part, fact, kind in zip(parts, facts, kinds, strict=True):
        lists = {column: "; ".join(values) for column, values in {**fact, "kinds": kind}.items()}
        rows.append({
            **lists,
            "clause_id": part.clause_id,
            "parent_id": part.parent_id,
            "summary": _beginning(part.text),
            "text": part.text,
            "text_sha256": part.sha256,
            "deadline_days": lasting.working_days(part, lang),
        })  # fmt: skip
    model = list(schema.load().tables["clauses"].columns)
    return _frame(rows, (*model, "absolute_words", "open_words"))


def _facts(part: Clause, lang: str) -> dict[str, list[str]]:
    if part.heading:
        return {column: [] for column in ("asserts", "denies", "except", *_LISTS)}
    return {
        **stating.statements(part, lang),
        **{column: stating.coded(part, column, lang) for column in (*CODED, "listed_natures")},
        "requisites": requisites(part.text, lang),
        "absolute_words": stating.weighty(part, "absolute", lang),
        "open_words": stating.weighty(part, "open_list", lang, "open_list_not"),
    }


def _fitting(fact: dict[str, list[str]], kinds: list[str]) -> dict[str, list[str]]:
    """Drop what a clause of these kinds does not say: a definition that says *and other* leaves no list open."""
    kept = dict(fact)
    if set(kinds) <= {"definition"}:
        kept |= {"asserts": [code for code in fact["asserts"] if code != "open_list"], "recipient_kinds": []}
    if set(kinds) <= {"right"}:
        kept["recipient_kinds"] = []
    if not {"right", "duty", "procedure", "consent"} & set(kinds):
        kept["right_kinds"] = []
    listed = fact["listed_natures"] if "data" in kinds else []
    kept["natures"] = list(dict.fromkeys([*listed, *fact["natures"]]))
    return kept


def _periods(part: Clause, lang: str, *, kept: bool) -> list[dict[str, str]]:
    return [
        {
            "clause_id": part.clause_id,
            "phrase": said.phrase or "",
            "kind": said.kind,
            "duration": said.duration or "",
            "trigger": said.trigger or "",
            "bound": said.bound or "",
        }
        for said in lasting.periods(part, lang, kept=kept)
    ]


def _beginning(text: str) -> str:
    words = text.split()
    cut = " ".join(words[:_SUMMARY_WORDS])
    return cut if len(words) <= _SUMMARY_WORDS else f"{cut} \u2026"


def _frame(rows: Sequence[dict[str, str]], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns), dtype=object).fillna("")
