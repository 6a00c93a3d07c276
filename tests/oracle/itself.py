"""What the rules that hold the policy against itself have to find, from their words."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from itertools import permutations
from typing import TYPE_CHECKING

from derbes.period import days
from oracle.rows import oracle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from oracle.rows import Case, Row

SCOPES = {
    "subject_ids": "subjects",
    "category_ids": "categories",
    "purpose_ids": "purposes",
    "recipient_ids": "recipients",
}
STATEMENTS = (
    *("anonymised", "automated", "biometric", "confidential", "cross_border", "identification"),
    *("minors", "open_list", "public", "refusal", "unlimited_term", "withdrawal"),
)
PROMISES = {"confidential", "anonymised", "refusal", "withdrawal"}
CONSENT = {"refusal", "withdrawal"}


def _has(row: Row, column: str, *values: str) -> bool:
    return bool(set(row[column] or ()) & set(values))


def _wide(row: Row, column: str) -> bool:
    return not row[column] or "all" in row[column]


def _order(row: Row) -> str:
    return re.sub(r"\d+", lambda found: found[0].zfill(9), row["key"])


def _clauses(case: Case, kind: str | None = None) -> list[Row]:
    return [row for row in case.tables["clauses"] if kind is None or _has(row, "kinds", kind)]


def _overlap(case: Case, one: Row, other: Row, column: str) -> bool:
    if _wide(one, column) or _wide(other, column):
        return True
    lines = {name for said in case.named("clauses", one, column) for name in case.line(SCOPES[column], said)}
    return bool(lines & case.named("clauses", other, column))


def _clear(row: Row, statement: str, column: str, opposite: str) -> bool:
    """Whether a clause states something one way, without exceptions from just that."""
    return _has(row, column, statement) and not _has(row, opposite, statement) and not _has(row, "except", statement)


def _of_consent(case: Case, row: Row, statement: str) -> bool:
    if statement not in CONSENT:
        return True
    grounds = [" ".join(ground.casefold().split()) for ground in row["basis_codes"] or ()]
    known = {
        case.law.basis_words.get(word, ground) for word, ground in zip(grounds, row["basis_codes"] or (), strict=True)
    }
    elsewhere = known and not known & {"consent", "all"} and _has(row, "denies", statement)
    return not elsewhere and (not row["right_kinds"] or _has(row, "right_kinds", "withdraw", "all"))


def _apart(denial: Row, other: Row, statement: str) -> bool:
    """Whether something keeps a denial and an assertion apart whose scopes overlap."""
    if _has(denial, "except", *(other["asserts"] or ())) or _has(other, "except", *(denial["asserts"] or ())):
        return True
    general = not any(other[column] for column in SCOPES) and not all(_wide(denial, column) for column in SCOPES)
    if statement not in PROMISES and (general or _has(other, "asserts", "anonymised")):
        return True
    named = not _wide(denial, "natures") and not _wide(other, "natures")
    if statement != "biometric" and named and not _has(denial, "natures", *other["natures"]):
        return True
    kinds = {"data", "subject", "purpose", "recipient"} & set(denial["kinds"] or ()) & set(other["kinds"] or ())
    return statement == "open_list" and not kinds


def _contradicted(case: Case, statement: str) -> Iterator[str]:
    rows = [row for row in _clauses(case) if _of_consent(case, row, statement)]
    denials = [row for row in rows if _clear(row, statement, "denies", "asserts")]
    others = [row for row in rows if _clear(row, statement, "asserts", "denies")]
    for denial in denials:
        met = [other for other in others if all(_overlap(case, denial, other, column) for column in SCOPES)]
        if any(not _apart(denial, other, statement) for other in met):
            yield denial["key"]


for _statement in STATEMENTS:
    oracle(f"policy.{_statement}.contradicted", "clauses")(partial(_contradicted, statement=_statement))


def _bodies(case: Case, natures: Collection[str]) -> Iterator[tuple[str, Row, str]]:
    """Fields in use and clauses with each category of these natures: table, row, category."""
    first: dict[str, str] = {}
    for row in case.tables["categories"]:
        if row["category_id"] and row["nature"] in {"biometric", "voice", "image"}:
            first.setdefault(row["category_id"], row["nature"])
    wanted = {name for name, nature in first.items() if nature in natures}
    retired = {row["system_id"] for row in case.tables["systems"] if row["status"] == "retired"}
    for row in case.tables["fields"]:
        if row["category_id"] in wanted and row["state"] != "anonymised" and row["system_id"] not in retired - {None}:
            yield "fields", row, row["category_id"]
    denying = {row["clause_id"] for row in _clauses(case) if _has(row, "denies", "biometric")}
    for row in _clauses(case):
        if row["clause_id"] and row["clause_id"] not in denying and not _has(row, "asserts", "anonymised"):
            own = {
                c["category_id"]
                for c in case.tables["categories"]
                if row["key"] in case.named("categories", c, "clauses")
            }
            spoken = set() if _has(row, "category_ids", "all") else case.named("clauses", row, "category_ids")
            yield from (("clauses", row, name) for name in wanted & (own | spoken))


def _denied_bodies(case: Case, natures: Collection[str]) -> Iterator[str]:
    held = list(_bodies(case, natures))
    for denial in _clauses(case):
        if _clear(denial, "biometric", "denies", "asserts"):
            named = {n for said in case.named("clauses", denial, "category_ids") for n in case.line("categories", said)}
            for table, row, category in held:
                people = {n for s in case.named("clauses", denial, "subject_ids") for n in case.line("subjects", s)}
                meet = _wide(denial, "subject_ids") or people & case.named(table, row, "subject_ids")
                meet = meet or (table == "clauses" and _wide(row, "subject_ids"))
                if meet and (_wide(denial, "category_ids") or category in named):
                    yield denial["key"]


oracle("policy.biometric.denied", "clauses")(partial(_denied_bodies, natures={"biometric"}))
oracle("policy.biometric.likeness", "clauses")(partial(_denied_bodies, natures={"voice", "image"}))


def _told(case: Case, table: str, column: str, clauses: list[Row]) -> set[str]:
    """Ids that these clauses name or whose rows come from them."""
    named = {name for row in clauses for name in case.named("clauses", row, column)}
    keys = {row["key"] for row in clauses}
    key = column.removesuffix("s")
    return named | {row[key] for row in case.tables[table] if row[key] and keys & case.named(table, row, "clauses")}


def _first_beyond(case: Case, spoken: list[Row], column: str, told: set[str]) -> Iterator[str]:
    """Clauses that are the first by number to name something that is told nowhere."""
    table = SCOPES[column]
    covered = {name for said in told for name in case.line(table, said)}
    beyond: dict[str, list[Row]] = {}
    for row in spoken:
        if not _has(row, column, "all"):
            for name in case.named("clauses", row, column) & case.ids(table) - covered:
                beyond.setdefault(name, []).append(row)
    for rows in beyond.values() if told else ():
        yield from (row["key"] for row in rows if _order(row) == min(map(_order, rows)))


@oracle("policy.data.unlisted", "clauses")
def data_unlisted(case: Case) -> Iterator[str]:
    lists = [row for row in _clauses(case, "data") if not _has(row, "denies", "biometric")]
    natures = {nature for row in lists if not row["category_ids"] for nature in row["natures"] or ()}
    told = _told(case, "categories", "category_ids", lists)
    told |= {row["category_id"] for row in case.tables["categories"] if row["category_id"] and row["nature"] in natures}
    silent = [
        row for row in _clauses(case) if not _has(row, "denies", "biometric") and not _has(row, "asserts", "anonymised")
    ]
    yield from _first_beyond(case, [row for row in silent if not _has(row, "kinds", "data")], "category_ids", told)


@oracle("policy.purposes.undeclared", "clauses")
def purposes_undeclared(case: Case) -> Iterator[str]:
    told = _told(case, "purposes", "purpose_ids", _clauses(case, "purpose"))
    spoken = [row for row in _clauses(case) if not _has(row, "kinds", "purpose")]
    yield from _first_beyond(case, spoken, "purpose_ids", told)


@oracle("policy.purposes.of_nobody", "clauses")
def purposes_of_nobody(case: Case) -> Iterator[str]:
    scoped = {row["key"] for row in _clauses(case) if any(row[c] for c in ("subject_ids", "category_ids", "natures"))}
    some: set[str] = set()
    for row in _clauses(case):
        if row["key"] in scoped or (row["clause_id"] and case.above("clauses", row["clause_id"]) & scoped):
            some |= {n for said in case.named("clauses", row, "purpose_ids") for n in case.line("purposes", said)}
    for row in _clauses(case, "purpose"):
        if case.named("clauses", row, "purpose_ids") & case.ids("purposes") - some:
            yield row["key"]


@oracle("policy.scope.narrower", "clauses")
def scope_narrower(case: Case) -> Iterator[str]:
    scope = _clauses(case, "scope")
    if not scope or any(_wide(row, "subject_ids") for row in scope):
        return
    covered = {name for row in scope for name in case.named("clauses", row, "subject_ids")}
    for row in _clauses(case):
        if (
            not _has(row, "kinds", "scope")
            and not _has(row, "denies", "minors")
            and not _has(row, "subject_ids", "all")
        ):
            for name in case.named("clauses", row, "subject_ids") & case.ids("subjects"):
                if not case.above("subjects", name) & covered:
                    yield min(scope, key=_order)["key"]


def _lists(case: Case) -> dict[str, list[Row]]:
    """Clauses on data by the topmost of them above."""
    rows = [row for row in _clauses(case, "data") if row["clause_id"]]
    above = {row["key"]: case.above("clauses", row["key"]) & {r["key"] for r in rows} for row in rows}
    units: dict[str, list[Row]] = {}
    for row in rows:
        top = min(above[row["key"]], key=lambda key: (len(above[key]), _order({"key": key})))
        units.setdefault(top, []).append(row)
    return units


@oracle("policy.data.lists_differ", "clauses")
def data_lists_differ(case: Case) -> Iterator[str]:
    facts = {}
    for unit, members in _lists(case).items():
        held = {name for row in members for name in case.named("clauses", row, "category_ids")}
        people = {n for r in members if not _wide(r, "subject_ids") for n in case.named("clauses", r, "subject_ids")}
        heads = [row for row in members if row["key"] == unit]
        listing = any(row["category_ids"] and _wide(row, "subject_ids") for row in members)
        everybody = listing and any(_wide(row, "subject_ids") for row in heads)
        opened = any(_has(row, "asserts", "open_list") for row in members)
        facts[unit] = (held, people, everybody, opened)
    for one, other in permutations(facts, 2):
        (mine, my_people, my_all, my_open), (yours, your_people, your_all, your_open) = facts[one], facts[other]
        same = my_people & your_people or (my_all and your_all)
        first = not my_open and (your_open or _order({"key": one}) < _order({"key": other}))
        covered = {name for said in mine for name in case.line("categories", said)}
        covering = {name for said in yours for name in case.line("categories", said)}
        if same and first and yours - covered and yours & covered and mine - covering and mine & covering:
            yield one


def _later(rows: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
    ordered = sorted(rows, key=_order)
    yield from ((one, other) for one in ordered for other in ordered if _order(one) < _order(other))


@oracle("policy.retention.differs", "clauses")
def retention_differs(case: Case) -> Iterator[str]:
    told = {}
    for row in _clauses(case, "retention"):
        terms = [case.find("retention", name) for name in case.named("clauses", row, "retention_ids")]
        kinds = {period.kind if term and (period := case.period(term["period"])) else "" for term in terms}
        if terms and kinds <= {"fixed", "until", "indefinite"}:
            told[row["at"]] = [term for term in terms if term]
    for one, other in _later([row for row in _clauses(case) if row["at"] in told]):
        columns = ("subject_ids", "category_ids", "purpose_ids")
        wide = {column: (_wide(one, column), _wide(other, column)) for column in columns}
        named = {c for c in columns if not any(wide[c]) and _has(one, c, *other[c])}
        same = named and all(column in named or all(wide[column]) for column in columns)
        agree = any(_agree(case, a, b) for a in told[one["at"]] for b in told[other["at"]])
        if same and not agree and other["key"] not in case.line("clauses", one["key"]):
            yield one["key"]


def _agree(case: Case, one: Row, other: Row) -> bool:
    a, b = case.period(one["period"]), case.period(other["period"])
    if a is None or b is None:
        return False
    if other["retention_id"] in {one["retention_id"], one["then_retention_id"]}:
        return True
    if one["retention_id"] == other["then_retention_id"] or (one["bound"] == "min") != (other["bound"] == "min"):
        return True
    begins = {one["trigger"] or a.trigger, other["trigger"] or b.trigger} - {None}
    return a.kind == b.kind and days(a) == days(b) and len(begins) < 2


def _repeated(case: Case, what: str) -> Iterator[str]:
    rows = [row for row in _clauses(case) if set(row["right_kinds"] or ()) - {"all"}]
    for one, other in _later(rows):
        scopes = ("subject_ids", "category_ids", "purpose_ids")
        if _has(one, "right_kinds", *other["right_kinds"]) and all(_overlap(case, one, other, c) for c in scopes):
            named = not _wide(one, "channels") and not _wide(other, "channels")
            apart = named and not _has(one, "channels", *other["channels"])
            said = {one["deadline_days"], other["deadline_days"]}
            if apart if what == "channels" else not apart and None not in said and len(said) > 1:
                yield one["key"]


oracle("policy.rights.channels_differ", "clauses")(partial(_repeated, what="channels"))
oracle("policy.rights.deadlines_differ", "clauses")(partial(_repeated, what="deadline"))

AMONG = {
    "right": {"right", "consent", "duty", "contact"},
    "consent": {"consent", "basis", "purpose", "right"},
    "recipient": {"recipient", "purpose", "security", "consent"},
    "retention": {"retention", "data", "purpose", "subject", "consent"},
}


@oracle("policy.commitment.misplaced", "clauses")
def commitment_misplaced(case: Case) -> Iterator[str]:
    sections: dict[str, list[Row]] = {}
    for row in _clauses(case):
        if row["clause_id"] and row["kinds"]:
            sections.setdefault(row["key"].split(".")[0], []).append(row)
    for kind, among in AMONG.items():
        sizes = Counter({name: sum(_has(row, "kinds", kind) for row in rows) for name, rows in sections.items()})
        most = [name for name in sorted(sections, key=lambda name: name.zfill(9)) if sizes[name] == max(sizes.values())]
        for name, rows in sections.items():
            for row in rows:
                alone = not any(_has(other, "kinds", *among) for other in rows if other is not row)
                elsewhere = most[0] != name and sizes[most[0]] > 1
                if _has(row, "kinds", kind) and "." in row["key"] and len(rows) > 1 and alone and elsewhere:
                    yield row["key"]


def _folded(said: str) -> str:
    plain = said.casefold().replace("\u0451", "\u0435")
    return " ".join(re.sub("[\"'\u00ab\u00bb\u201c\u201d\u201e\u2018\u2019]", "", plain).split())


def _terms(row: Row, column: str) -> set[str]:
    return {_folded(said) for said in row[column] or () if said != "all"}


def _undefined(case: Case, *, of_acts: bool) -> Iterator[str]:
    """Clauses that are the first to use a term no clause defines: of a law's words for itself, or of all others."""
    defined = {term for row in _clauses(case) for term in _terms(row, "terms_defined")}
    for term in {term for row in _clauses(case) for term in _terms(row, "terms_used")} - defined:
        using = [row for row in _clauses(case) if term in _terms(row, "terms_used")]
        fits = bool(re.search(case.law.constants["own_act"], term)) == of_acts
        yield from (row["key"] for row in using if fits and _order(row) == min(map(_order, using)))


oracle("policy.term.undefined", "clauses")(partial(_undefined, of_acts=False))
oracle("policy.term.own_act", "clauses")(partial(_undefined, of_acts=True))


@oracle("policy.definition.conflict", "clauses")
def definition_conflict(case: Case) -> Iterator[str]:
    rows = [r for r in _clauses(case, "definition") if r["elements"] and len(_terms(r, "terms_defined")) == 1]
    for one, other in _later(rows):
        same = _terms(one, "terms_defined") == _terms(other, "terms_defined")
        if (
            same
            and set(one["elements"]) != set(other["elements"])
            and other["key"] not in case.line("clauses", one["key"])
        ):
            yield one["key"]


def _words(name: str, value: str) -> frozenset[str]:
    """Words of a requisite's value that tell it from another."""
    plain = _folded(value)
    if name in {"bin", "postcode"}:
        return frozenset(re.findall(r"[\d]+", "".join(re.findall(r"\d", plain))))
    if name == "email":
        return frozenset(plain.split())
    if name == "site":
        host = re.sub(r"^www\.", "", re.sub("^[a-z]+://", "", plain))
        return frozenset(re.split(r"[/?#\s]", host)[0].replace(".", " ").split())
    return frozenset(re.sub(r"[\W_]+", " ", re.sub(r"\b[0-9]{6}\b", " ", plain)).split())


def _given(row: Row, *wanted: str) -> dict[str, set[frozenset[str]]]:
    given: dict[str, set[frozenset[str]]] = {}
    for said in row["requisites"] or ():
        name, _, value = said.partition("=")
        if _folded(name) in wanted and (words := _words(_folded(name), value)):
            given.setdefault(_folded(name), set()).add(words)
    return given


def _odd(mine: set[frozenset[str]], others: set[frozenset[str]]) -> bool:
    """Whether one has a value that is neither part of any of the others nor has one as its part."""
    return any(not any(one <= other or other <= one for other in others) for one in mine)


@oracle("policy.requisites.differ", "clauses")
def requisites_differ(case: Case) -> Iterator[str]:
    for name in ("bin", "name", "address", "postcode", "site"):
        rows = [row for row in _clauses(case) if name in _given(row, name)]
        values = {row["at"]: _given(row, name)[name] for row in rows}
        found = [
            one
            for one, other in _later(rows)
            if _odd(values[one["at"]], values[other["at"]]) and _odd(values[other["at"]], values[one["at"]])
        ]
        yield from (row["key"] for row in found if _order(row) == min(map(_order, found)))


@oracle("policy.requisites.unregistered", "clauses")
def requisites_unregistered(case: Case) -> Iterator[str]:
    columns = {"bin": ("bin",), "name": ("name", "legal_name"), "address": ("address",), "email": ("email",)}
    for name, places in columns.items():
        said = [row[column] for row in case.tables["operator"] for column in places if row[column]]
        known = {words for value in said if (words := _words(name, value))}
        rows = [row for row in _clauses(case) if name in _given(row, name)]
        apart = all(_odd({value}, known) for row in rows for value in _given(row, name)[name])
        if known and rows and apart:
            yield from (row["key"] for row in rows if _order(row) == min(map(_order, rows)))
