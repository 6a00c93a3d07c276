"""The sheets of findings.xlsx that tell of the policy and the law: promises, provisions, acts cited, changes, fines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import promises as clauses
from derbes import provisions as law
from derbes.amendments import amendments
from derbes.identity import mask
from derbes.naming import LawNames
from derbes.quarter import Quarter
from derbes.wording import Wording
from derbes.workbook.lines import provision
from derbes.workbook.sheets import Heading, Layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from derbes.auditing import Audit

_PLACES = re.compile(r"\{\w+\}")
#: Findings, facts and rules named in a cell before it says how many more there are.
_NAMED = 12
PROMISES = Layout(
    (Heading("clause", 12), Heading("summary", 60), Heading("verdict", 17), Heading("grounds", 70)), printed=4
)
PROVISIONS = Layout(
    (Heading("at", 22), Heading("about", 46), Heading("standing", 18), Heading("applied", 10, "number"),
     Heading("met", 12, "number"), Heading("open", 12, "number"), Heading("citing", 50, "grey")),
    printed=7,
)  # fmt: skip
CITATIONS = Layout(
    (Heading("clause", 12), Heading("cited", 44), Heading("number_cited", 16), Heading("actual", 20),
     Heading("now", 44), Heading("edition", 20), Heading("successor", 28)),
    printed=7,
)  # fmt: skip
AMENDMENTS = Layout(
    (Heading("day", 20), Heading("event", 26), Heading("act", 52), Heading("before", 30), Heading("after", 30),
     Heading("applied", 10, "number"), Heading("met", 12, "number")),
    printed=7,
)  # fmt: skip
FINES = Layout(
    (Heading("article", 12), Heading("offence", 44), Heading("individual", 18), Heading("small", 24),
     Heading("medium", 18), Heading("large", 18), Heading("met", 12, "number"), Heading("leading", 44, "grey")),
    printed=8,
)  # fmt: skip


def law_notes(audit: Audit, words: Mapping[str, Any], names: list[str], lang: str) -> list[str]:
    """What the cover says of the sheets of these names: that they are to be read, and what fines are and are not."""
    say, quoted = Wording(lang, "page"), (Wording(lang, "wording")("quoted", text=name) for name in names)
    notes = [words["cover"]["law_sheets"].format(sheets=", ".join(quoted))] if names else []
    if len(law.fines(audit)):
        index, year = audit.law.constants.get("mci"), str(audit.as_of.year)
        known = say("fines", "index", year=year, index=index) if index else say("fines", "no_index", year=year)
        notes.append(f"{say('fines', 'text')} {known}")
    return notes


def law_sheets(
    audit: Audit, words: Mapping[str, Any], *, lang: str, quarter: str | None
) -> Iterator[tuple[str, pd.DataFrame, Layout]]:
    """Names, rows and layouts of the sheets that have rows; ``words`` are those of the workbook in its language."""
    say = Wording(lang, "page")
    made = {
        "promises": (_promises(audit, say, words), PROMISES),
        "provisions": (_provisions(audit, say, words), PROVISIONS),
        "citations": (_citations(audit, say), CITATIONS),
        "amendments": (_amendments(audit, say, quarter), AMENDMENTS),
        "fines": (_fines(audit, say), FINES),
    }
    yield from ((words["sheets"][name], rows, layout) for name, (rows, layout) in made.items() if len(rows))


def _promises(audit: Audit, say: Wording, words: Mapping[str, Any]) -> pd.DataFrame:
    told = clauses.promises(audit)
    titles = audit.findings.set_index("id")["title"]
    grounds = [_grounds(row, audit, titles, say=say, words=words) for row in told.itertuples()]
    return pd.DataFrame(
        {
            "clause": told["clause"],
            "summary": told["summary"].map(mask),
            "verdict": [say("promises", "verdicts", code) for code in told["verdict"]],
            "grounds": grounds,
        }
    )


def _grounds(row: Any, audit: Audit, titles: pd.Series[Any], *, say: Wording, words: Mapping[str, Any]) -> str:  # noqa: ANN401 - a namedtuple of pandas
    """Why a promise has its verdict, a reason a line."""
    tables = audit.inventory.schema.tables
    if row.verdict in {"contradicted", "objected"}:
        return _some(dict.fromkeys(titles[one] for one in (*row.findings, *row.objections)), words)
    if row.verdict == "not_provable":
        open_ = [
            f"{tables[name].title[say.lang]}: "
            + (say("promises", "absent") if column == "*" else tables[name].columns[column].title[say.lang])
            for name, column in row.unknown
        ]
        return say("promises", "unknown", facts=_some(open_, words, joint="; "))
    if row.verdict == "kept":
        told = say("promises", "looked", n=len(row.rules), rules=_some(row.rules, words, joint=", "))
        notes = [say("promises", "note", titles=titles[one]) for one in row.notes]
        return _some([told, *notes], words)
    return say("promises", "unwatched_one" if row.coded else "uncoded_one")


def _some(parts: Any, words: Mapping[str, Any], joint: str = "\n") -> str:  # noqa: ANN401 - texts
    listed = list(parts)
    rest = [words["more"].format(n=len(listed) - _NAMED)] if len(listed) > _NAMED else []
    return joint.join([*listed[:_NAMED], *rest])


def _provisions(audit: Audit, say: Wording, words: Mapping[str, Any]) -> pd.DataFrame:
    told = law.coverage(audit)
    return pd.DataFrame(
        {
            "at": [provision(act, at, audit.law, words) for act, at in zip(told["act"], told["at"], strict=True)],
            "about": told["label"],
            "standing": [say("provisions", "states", code) for code in told["state"]],
            "applied": told["rules"].str.len(),
            "met": told["findings"],
            "open": told["unknown"],
            "citing": [_some(rules, words, joint=", ") for rules in told["rules"]],
        }
    )


def _citations(audit: Audit, say: Wording) -> pd.DataFrame:
    told = law.citations(audit)
    return pd.DataFrame(
        {
            "clause": told["clause"],
            "cited": told["title"].map(mask),
            "number_cited": told["number"],
            "actual": [say("citations", "statuses", code) for code in told["status"]],
            "now": told["now"],
            "edition": told["edition"].map(say.date),
            "successor": [_named(numbers, audit, say.lang) for numbers in told["successor"]],
        }
    )


def _amendments(audit: Audit, say: Wording, quarter: str | None) -> pd.DataFrame:
    """Events with acts, then rules and values of the law that changed because of them."""
    start = (Quarter.parse(quarter) if quarter else Quarter.of(audit.as_of)).previous().last_day
    changes = amendments(audit, start=start)
    found, names = audit.findings["rule"].value_counts(), LawNames(audit)
    titles = audit.rules.set_index("rule")["title"].str.replace(_PLACES, "…", regex=True)
    events = [
        {
            "day": say.date(row.date),
            "event": say("amendments", "changes", row.change),
            "act": law.named(row.act, audit.law, say.lang),
            "before": row.before,
            "after": row.after if row.change == "renamed" else _named(row.after, audit, say.lang),
        }
        for row in changes.acts.itertuples()
    ]
    rules = [
        {
            "day": "",
            "event": say("amendments", "kinds", row.kind),
            "act": f"{row.name} {titles.get(row.name, '')}" if row.name in titles else names.part(row.kind, row.name),
            "before": names.turn(row.kind, row.name, row.before, ""),
            "after": names.turn(row.kind, row.name, "", row.after),
            "applied": len(row.rules),
            "met": int(sum(found.get(rule, 0) for rule in row.rules)),
        }
        for row in changes.rules.itertuples()
    ]
    return pd.DataFrame([*events, *rules], columns=[one.name for one in AMENDMENTS.headings], dtype=object)


def _named(numbers: str, audit: Audit, lang: str) -> str:
    return "\n".join(law.named(number, audit.law, lang) for number in numbers.split(", ") if number)


def _fines(audit: Audit, say: Wording) -> pd.DataFrame:
    told = law.fines(audit)
    facts: dict[str, Any] = {
        payer: [_amount(say, *pair) for pair in zip(told[payer], told[f"{payer}_tenge"], strict=True)]
        for payer in law.PAYERS
    }
    doubt = told["verify"].map({True: f" ({say('fines', 'verify')})", False: ""})
    facts |= {"article": told["article"], "offence": told["label"] + doubt, "met": told["findings"]}
    return pd.DataFrame(facts | {"leading": told["rules"].map(", ".join)}, dtype=object)


def _amount(say: Wording, mci: tuple[int, int] | None, tenge: tuple[int, int] | None) -> str:
    if mci is None:
        return ""
    lines = [say("fines", "mci", amount=say.between(mci))]
    return "\n".join([*lines, *([say("fines", "tenge", amount=say.between(tenge))] if tenge else [])])
