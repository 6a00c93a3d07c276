"""What the rules on what a policy has to say by law have to find, from their words."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from oracle.rows import oracle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oracle.rows import Case, Row

_OUTSIDE = {"third_party", "group", "public"}


def says(case: Case, row: Row, column: str, *values: str) -> bool:
    """Whether a clause's cell names one of the values, *all* being each of a closed list."""
    cell = row[column] or ()
    listed = case.inv.schema.tables["clauses"].columns[column].list
    return bool(set(cell) & set(values)) or (
        "all" in cell and bool(set(case.inv.schema.lists.get(listed, ())) & set(values))
    )


def number(row: Row) -> list[Any]:
    """A clause's number as a reader sorts it; a clause without one comes last."""
    said = row["clause_id"] or "~"
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", said)]


def meets(case: Case, row: Row, alternative: dict[str, list[str]]) -> bool:
    """Whether one clause bears a value of every column that the alternative names."""
    for column, values in alternative.items():
        if column == "requisites":
            pairs = [said.partition("=") for said in row[column] or ()]
            if not {name.strip().casefold() for name, _, value in pairs if value.strip()} & set(values):
                return False
        elif "*" in values:
            if row[column] is None or row[column] == ():
                return False
        elif not says(case, row, column, *values):
            return False
    return True


def _machines(case: Case) -> bool:
    """Whether machines may decide something, for all that the policy and the register say."""
    if any(says(case, row, "denies", "automated") for row in case.tables["clauses"]):
        return False
    return not case.register or any(row["automated_decision"] is not False for row in case.register)


def _outsiders(case: Case) -> bool:
    outside = {row["recipient_id"] for row in case.tables["recipients"] if row["kind"] in _OUTSIDE} - {None}
    clauses = case.tables["clauses"]
    told = any(
        says(case, r, "asserts", "third_parties") or says(case, r, "recipient_kinds", *_OUTSIDE) for r in clauses
    )
    named = any(case.named("clauses", row, "recipient_ids") & outside for row in clauses)
    return told or named or any(case.named("processing", row, "recipient_ids") & outside for row in case.register)


def _minors(case: Case) -> bool:
    subjects = case.tables["subjects"]
    return not subjects or any(row["minors"] is not False for row in subjects)


_APPLIES = {"automated": _machines, "third_parties": _outsiders, "minors": _minors}


def _silent(case: Case, entries: Iterable[tuple[str, list[dict[str, list[str]]], str]]) -> Iterator[str]:
    """Codes of what no clause meets; of a policy that nobody has read, nothing can be said."""
    clauses = case.tables["clauses"]
    if any(row["kinds"] is not None for row in clauses):
        for code, alternatives, fact in entries:
            applies = not fact or _APPLIES[fact](case)
            if applies and not any(meets(case, row, one) for row in clauses for one in alternatives):
                yield code


@oracle("policy.topic.absent", "clauses")
def topic_absent(case: Case) -> Iterator[str]:
    topics = case.law.sections["topics"].items()
    yield from _silent(case, [(code, topic["met_by"], topic.get("applies", "")) for code, topic in topics])


@oracle("policy.authority.unnamed", "clauses")
def authority_unnamed(case: Case) -> Iterator[str]:
    yield from _silent(case, [("authority", [{"requisites": ["authority"]}], "")])


def _elements(case: Case, section: str) -> dict[str, dict[str, Any]]:
    frame = case.law.elements
    return {row["code"]: row for row in frame[frame["section"] == section].to_dict("records")}


@oracle("policy.right.absent", "clauses")
def right_absent(case: Case) -> Iterator[str]:
    in_force = {element["item"] for element in _elements(case, "rights").values() if element["valid"]}
    rights = {code: right for code, right in case.law.sections["rights"].items() if code in in_force}
    asked = [
        (code, [{"right_kinds": right["right_kinds"]}], right.get("applies", "")) for code, right in rights.items()
    ]
    yield from _silent(case, asked)


@oracle("policy.right.incomplete", "clauses")
def right_incomplete(case: Case) -> Iterator[str]:
    known = _elements(case, "rights")
    stated = {row["at"]: {code for code in row["elements"] or () if code in known} for row in case.tables["clauses"]}
    told = set().union(*stated.values()) if stated else set()
    for right, body in case.law.sections["rights"].items():
        own = {code for code in told if known[code]["item"] == right}
        due = {code: element for code, element in body["elements"].items() if known[code]["valid"]}
        lacking = [c for c, e in due.items() if not e.get("limits") and c not in told and e.get("also", c) not in told]
        if own and lacking:
            rows = [row for row in case.tables["clauses"] if stated[row["at"]] & own]
            yield min(rows, key=lambda row: (-len(stated[row["at"]] & own), number(row), row["at"]))["key"]


# ---- definitions -----------------------------------------------------------------------------------------------------


def _definitions(case: Case) -> Iterator[tuple[Row, str, set[str]]]:
    """Clauses at the head of a definition, its term, and the elements that it and clauses below it state."""
    known = _elements(case, "definitions")
    rows = [row for row in case.tables["clauses"] if says(case, row, "kinds", "definition")]
    for item in dict.fromkeys(element["item"] for element in known.values()):
        own = {row["at"]: {c for c in row["elements"] or () if c in known and known[c]["item"] == item} for row in rows}
        defining = [row for row in rows if own[row["at"]]]
        found: dict[int, set[str]] = {}
        for row in defining:
            found.setdefault(_head(case, row, defining)["at"], set()).update(own[row["at"]])
        yield from ((row, item, found[row["at"]]) for row in defining if row["at"] in found)


def _head(case: Case, row: Row, defining: list[Row]) -> Row:
    if not row["clause_id"]:
        return row
    line = case.above("clauses", row["clause_id"])
    above = [other for other in defining if other["clause_id"] in line]
    return min(above, key=lambda other: (len(case.above("clauses", other["clause_id"])), other["at"]))


def _judged(case: Case) -> Iterator[tuple[Row, str]]:
    known = _elements(case, "definitions")
    for row, item, told in _definitions(case):
        own = {c: e for c, e in known.items() if e["item"] == item and not e["foreign"]}
        days = sorted({element["since"] for element in own.values() if element["since"] <= case.law.as_of})
        wordings = [{c for c, e in own.items() if e["since"] <= day <= e["until"]} for day in days]
        fits = [len(told & wording) / len(told | wording) for wording in wordings]
        if any(known[code]["foreign"] for code in told):
            yield row, "foreign"
        elif fits and max(fits[:-1], default=0) > fits[-1]:
            yield row, "outdated"
        elif any(element["valid"] and code not in told for code, element in own.items()):
            yield row, "incomplete"


@oracle("policy.definition.foreign", "clauses")
def definition_foreign(case: Case) -> Iterator[str]:
    yield from (row["key"] for row, fault in _judged(case) if fault == "foreign")


@oracle("policy.definition.outdated", "clauses")
def definition_outdated(case: Case) -> Iterator[str]:
    yield from (row["key"] for row, fault in _judged(case) if fault == "outdated")


@oracle("policy.definition.incomplete", "clauses")
def definition_incomplete(case: Case) -> Iterator[str]:
    yield from (row["key"] for row, fault in _judged(case) if fault == "incomplete")


# ---- acts ------------------------------------------------------------------------------------------------------------


def _letters(title: str) -> str:
    folded = title.casefold().replace("\u0451", "\u0435")
    return " ".join(re.sub("[\"'\u00ab\u00bb\u201c\u201d\u201e\u2018\u2019`.,;:()]", " ", folded).split())


def _act(case: Case, row: Row) -> Any:
    """The act that a citation means: by its number, without one by any title of it, the act in force first."""
    if row["act_number"]:
        return case.law.find(row["act_number"])
    order = ("in_force", "verify", "ceased", "future")
    acts = sorted(case.law.acts.values(), key=lambda act: order.index(act.status))
    said = _letters(row["act_title"] or "")
    return next((act for act in acts if said and said in _called(act.titles, *act.former, *act.later)), None)


def _called(*titles: Any) -> set[str]:
    return {_letters(words) for title in titles for words in title.values()}


def _status(case: Case, row: Row) -> str:
    act = _act(case, row)
    if act:
        return str(act.status)
    if not row["act_number"]:
        return "unidentified" if row["act_title"] else ""
    pattern = case.law.constants["foreign_act_number"]
    return "foreign" if re.fullmatch(pattern, row["act_number"]) else "unknown"


def _cited(case: Case, *states: str) -> Iterator[Row]:
    yield from (row for row in case.tables["citations"] if _status(case, row) in states)


@oracle("policy.citation.not_in_force", "citations")
def not_in_force(case: Case) -> Iterator[str]:
    yield from (row["key"] for row in _cited(case, "ceased", "future"))


@oracle("policy.citation.renamed", "citations")
def renamed(case: Case) -> Iterator[str]:
    for row in _cited(case, "in_force", "verify"):
        act, said = _act(case, row), _letters(row["act_title"] or "")
        if said in _called(*act.former) - _called(act.titles):
            yield row["key"]


@oracle("policy.citation.verify", "citations")
def verify(case: Case) -> Iterator[str]:
    yield from (row["key"] for row in _cited(case, "verify"))


@oracle("policy.citation.undated", "citations")
def undated(case: Case) -> Iterator[str]:
    for row in _cited(case, "in_force", "verify", "ceased", "future"):
        if _act(case, row).kind != "constitution" and not (row["act_number"] and row["act_date"]):
            yield row["key"]


@oracle("policy.citation.unidentified", "citations")
def unidentified(case: Case) -> Iterator[str]:
    yield from (row["key"] for row in _cited(case, "unidentified"))


@oracle("policy.citation.unknown", "citations")
def unknown(case: Case) -> Iterator[str]:
    yield from (row["key"] for row in _cited(case, "unknown"))


@oracle("policy.citation.foreign", "citations")
def foreign(case: Case) -> Iterator[str]:
    yield from (row["key"] for row in _cited(case, "foreign"))


@oracle("policy.citation.wrong_date", "citations")
def wrong_date(case: Case) -> Iterator[str]:
    for row in case.tables["citations"]:
        act = _act(case, row)
        if act and row["act_date"] and dt.date.fromisoformat(str(row["act_date"])[:10]) != act.adopted:
            yield row["key"]


@oracle("policy.act.uncited", "citations")
def act_uncited(case: Case) -> Iterator[str]:
    named = {act.number for act in (_act(case, row) for row in case.tables["citations"]) if act}
    for number_, entry in case.law.sections["required_citations"].items() if case.tables["citations"] else ():
        spoken = [any(meets(case, row, one) for row in case.tables["clauses"]) for one in entry.get("match", ())]
        if all(spoken) and set(entry.get("cites", ())) <= named and number_ not in named:
            yield number_
