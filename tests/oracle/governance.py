"""What the rules on papers, size, the authority and deadlines have to find, from their words."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, Any

import holidays

from oracle.rows import oracle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oracle.rows import Case, Row

_ONE_AT_A_TIME = {
    *("policy", "personal_data_list", "responsible_order", "access_list", "breach_procedure", "transfer_log"),
    *("confidentiality", "retention_schedule"),
}
_APPROVED = ("personal_data_list", "responsible_order")
_ENTERED = ("received_on", "detected_on")


def _day(row: Row, column: str) -> dt.date | None:
    return row[column].date() if row[column] is not None else None


def _start(row: Row) -> dt.date | None:
    return _day(row, "effective_on") or _day(row, "approved_on")


def _held(case: Case, row: Row) -> bool:
    return (_start(row) or dt.date.min) <= case.law.as_of


def _stands(case: Case, row: Row) -> bool:
    """Whether a paper is in force on the day, and nothing has taken its place."""
    if not _held(case, row):
        return False
    if row["kind"] == "consent_form":
        return any(one["document_id"] == row["document_id"] for one in case.tables["consents"])
    if row["kind"] == "contract":
        return any(one["contract"] == row["document_id"] for one in case.tables["recipients"])
    if row["kind"] not in _ONE_AT_A_TIME or not _start(row):
        return True
    same = [one for one in case.tables["documents"] if one["kind"] == row["kind"] and _held(case, one)]
    return _start(row) == max(filter(None, map(_start, same)))


def _papers(case: Case, *kinds: str) -> list[Row]:
    return [row for row in case.tables["documents"] if row["kind"] in kinds]


def _lacking(kind: str) -> Callable[[Case], Iterator[str]]:
    def find(case: Case) -> Iterator[str]:
        if case.tables["operator"] and kind in case.law.sections["documents"] and not _papers(case, kind):
            yield kind

    return find


oracle("kz.document.access_list_missing", "documents")(_lacking("access_list"))
oracle("kz.document.breach_procedure_missing", "documents")(_lacking("breach_procedure"))


@oracle("kz.document.missing", "documents")
def document_missing(case: Case) -> Iterator[str]:
    for kind in ("personal_data_list", "policy", "responsible_order"):
        yield from _lacking(kind)(case)


@oracle("kz.document.consent_form_missing", "documents")
def consent_form_missing(case: Case) -> Iterator[str]:
    used = {name for row in case.register for name in case.named("processing", row, "consent_ids")}
    own = {row["consent_id"] for row in case.tables["consents"] if row["form"] != "state_service"}
    if used & own:
        yield from _lacking("consent_form")(case)


def _unnumbered(*kinds: str) -> Callable[[Case], Iterator[str]]:
    def find(case: Case) -> Iterator[str]:
        for row in _papers(case, *kinds):
            told = case.text("documents", row, "number") or case.text("documents", row, "version")
            if _stands(case, row) and not told:
                yield row["key"]

    return find


def _undated(*kinds: str) -> Callable[[Case], Iterator[str]]:
    def find(case: Case) -> Iterator[str]:
        for row in _papers(case, *kinds):
            if not any(case.text("documents", row, column) for column in ("approved_on", "effective_on")):
                yield row["key"]

    return find


oracle("kz.document.unnumbered", "documents")(_unnumbered(*_APPROVED))
oracle("kz.policy.unnumbered", "documents")(_unnumbered("policy"))
oracle("kz.document.undated", "documents")(_undated(*_APPROVED))
oracle("kz.policy.undated", "documents")(_undated("policy"))


@oracle("kz.document.not_in_force", "documents")
def not_in_force(case: Case) -> Iterator[str]:
    for kind in {*case.law.sections["documents"]} - {"transfer_log", "authority_notification"}:
        rows = _papers(case, kind)
        starts = [start for start in map(_start, rows) if start]
        if not any(_held(case, row) for row in rows):
            yield from (row["key"] for row in rows if _start(row) == min(starts))


@oracle("kz.policy.outdated", "documents")
def policy_outdated(case: Case) -> Iterator[str]:
    for row in _papers(case, "policy"):
        approved = _day(row, "approved_on") or _day(row, "effective_on")
        for law in case.law.sections["duty_changes"].values():
            met = case.law.as_of <= law["valid_from"] + dt.timedelta(days=30)
            if _stands(case, row) and approved and approved < law["adopted"] and not met:
                yield row["key"]


@oracle("kz.policy.language", "documents")
def policy_language(case: Case) -> Iterator[str]:
    for row in _papers(case, "policy"):
        if row["languages"] and _stands(case, row) and not {"kk", "all"} & set(row["languages"]):
            yield row["key"]


@oracle("kz.operator.no_contact", "operator")
def no_contact(case: Case) -> Iterator[str]:
    for row in case.tables["operator"]:
        if not case.text("operator", row, "responsible_contact"):
            yield row["key"]


def _used(case: Case) -> list[Row]:
    """Categories that the register in force names or a system in use holds, with those below them."""
    retired = {row["system_id"] for row in case.tables["systems"] if row["status"] == "retired"}
    named = {name for row in case.register for name in case.named("processing", row, "category_ids")}
    for field in case.tables["fields"]:
        if field["system_id"] not in retired and field["state"] != "anonymised" and field["category_id"]:
            named.add(field["category_id"])
    return [row for row in case.tables["categories"] if case.above("categories", row["category_id"]) & named]


def _size(case: Case, operator: Row) -> str | None:
    count, access = operator["subject_count"], [row["access_class"] for row in _used(case)]
    if count is None or "class_small_max" not in case.law.constants:
        return None
    size = 0 if count <= 10_000 else 1 if count < 500_000 else 2
    if "restricted" in access:
        size = min(size + 1, 2)
    elif size < 2 and (not access or None in access):
        return None
    return ("small", "medium", "large")[size]


@oracle("kz.class.differs", "operator")
def class_differs(case: Case) -> Iterator[str]:
    for row in case.tables["operator"]:
        size = _size(case, row)
        if size and row["size_class"] and size != row["size_class"]:
            yield row["key"]


@oracle("kz.class.unknown", "operator")
def class_unknown(case: Case) -> Iterator[str]:
    yield from (row["key"] for row in case.tables["operator"] if not _size(case, row))


@oracle("kz.notification.missing", "documents")
def notification_missing(case: Case) -> Iterator[str]:
    sent = [row for row in _papers(case, "authority_notification") if _held(case, row)]
    large = [row for row in case.tables["operator"] if (_size(case, row) or row["size_class"]) == "large"]
    if large and not sent:
        yield "authority_notification"


@oracle("kz.transfer.no_log", "documents")
def no_log(case: Case) -> Iterator[str]:
    named = {name for row in case.register for name in case.named("processing", row, "recipient_ids")}
    for row in case.tables["recipients"]:
        counts = row["kind"] in {"third_party", "public", "group"} or set(row["countries"] or ()) - {"KZ"}
        if counts and row["recipient_id"] in named and not any(_held(case, p) for p in _papers(case, "transfer_log")):
            yield "transfer_log"
            return


@cache
def _off(year: int) -> frozenset[dt.date]:
    """Days of a year on which nobody has to work; before all of them are published, those that may yet be off too."""
    known = holidays.country_holidays("KZ", years=year, language="en_US")
    days = [dt.date(year, 1, 1) + dt.timedelta(n) for n in range(366)]
    free = {day for day in days if not known.is_working_day(day)}
    guessed = {day for day, name in known.items() if "(estimated)" in name}
    if guessed:
        free |= {day + dt.timedelta(n) for day in guessed for n in (-1, 1)}
        free |= {d for d in days if {d - dt.timedelta(1), d + dt.timedelta(1)} <= free}
    return frozenset(free)


@cache
def _last() -> int:
    """The first year whose holidays are guessed in part."""
    known = holidays.country_holidays("KZ", years=range(2013, 2050), language="en_US")
    return min(day.year for day, name in known.items() if "(estimated)" in name)


def _until(day: dt.date | None, count: int | None) -> dt.date | None:
    """The last day of so many working days; none of a time that the calendar of today does not reach."""
    if not day or not count or not 2013 <= day.year <= _last():
        return None
    while count:
        day += dt.timedelta(1)
        if day.year > _last():
            return None
        count -= day not in _off(day.year)
    return day


def _asked(case: Case) -> Iterator[tuple[Row, str | None, dt.date | None]]:
    """Requests with the kind of right and the last day for an answer."""
    for row in case.tables["requests"]:
        right = case.find("rights", row["right_id"]) if row["right_id"] else None
        kind = right["kind"] if right else None
        yield row, kind, _until(_day(row, "received_on"), case.law.constants["right_deadline_days"].get(kind))


def _late(*kinds: str) -> Callable[[Case], Iterator[str]]:
    def find(case: Case) -> Iterator[str]:
        for row, kind, due in _asked(case):
            answered = _day(row, "answered_on")
            if kind in kinds and due and answered and due < answered <= case.law.as_of:
                yield row["key"]

    return find


_PROMPT = ("correct", "supplement", "block", "destroy", "withdraw", "public_sources", "object_automated")
oracle("kz.request.late", "requests")(_late(*_PROMPT))
oracle("kz.request.answer_late", "requests")(_late("know", "access"))


@oracle("kz.request.overdue", "requests")
def overdue(case: Case) -> Iterator[str]:
    for row, _, due in _asked(case):
        silent = not case.text("requests", row, "answered_on") and row["outcome"] not in {"done", "refused"}
        if silent and due and due < case.law.as_of:
            yield row["key"]


def _breaches(case: Case) -> Iterator[tuple[Row, dt.date]]:
    for row in case.tables["incidents"]:
        detected = _day(row, "detected_on")
        due = _until(detected, 1)
        if due and detected and detected >= dt.date(2024, 7, 1):
            yield row, due


@oracle("kz.incident.notice_late", "incidents")
def notice_late(case: Case) -> Iterator[str]:
    for row, due in _breaches(case):
        notified = _day(row, "notified_on")
        if notified and due < notified <= case.law.as_of:
            yield row["key"]


@oracle("kz.incident.not_notified", "incidents")
def not_notified(case: Case) -> Iterator[str]:
    for row, due in _breaches(case):
        suffered = row["subjects_affected"] is None or row["subjects_affected"] > 0
        if suffered and due < case.law.as_of and not case.text("incidents", row, "notified_on"):
            yield row["key"]


def _reversed(table: str, column: str) -> Callable[[Case], Iterator[str]]:
    def find(case: Case) -> Iterator[str]:
        for row in case.tables[table]:
            first = next(row[name] for name in _ENTERED if name in row)
            if first and row[column] and row[column] < first:
                yield row["key"]

    return find


oracle("completeness.request.dates", "requests")(_reversed("requests", "answered_on"))
oracle("completeness.incident.dates", "incidents")(_reversed("incidents", "notified_on"))
oracle("completeness.incident.closed_early", "incidents")(_reversed("incidents", "closed_on"))


@oracle("completeness.request.answer_undated", "requests")
def answer_undated(case: Case) -> Iterator[str]:
    for row in case.tables["requests"]:
        if row["outcome"] in {"done", "refused"} and not case.text("requests", row, "answered_on"):
            yield row["key"]


@oracle("completeness.operator.subject_count", "operator")
def subject_count(case: Case) -> Iterator[str]:
    largest = max((row["subject_count"] or 0 for row in case.tables["systems"]), default=0)
    for row in case.tables["operator"]:
        if row["subject_count"] is not None and row["subject_count"] < largest:
            yield row["key"]


@oracle("completeness.document.review_overdue", "documents")
def review_overdue(case: Case) -> Iterator[str]:
    for row in case.tables["documents"]:
        due = _day(row, "review_due_on")
        if due and due < case.law.as_of and _stands(case, row):
            yield row["key"]


def _old(case: Case, row: Row, column: str) -> bool:
    """Whether more than twelve months have gone since; a month ends on the day of its number."""
    day, today = _day(row, column), case.law.as_of
    return bool(day) and (day.year + 1, day.month, day.day) < (today.year, today.month, today.day)


@oracle("completeness.list.review_old", "documents")
def list_old(case: Case) -> Iterator[str]:
    for row in _papers(case, "personal_data_list"):
        if _stands(case, row) and _old(case, row, "approved_on"):
            yield row["key"]


@oracle("completeness.row.review_old")
def row_old(case: Case) -> Iterator[tuple[str, str]]:
    retired = {row["system_id"] for row in case.tables["systems"] if row["status"] == "retired"}
    oldest: dict[Any, dict[str, Any]] = {}
    for row in case.tables["fields"]:
        first = oldest.setdefault(row["system_id"], row) if row["reviewed_on"] else row
        if (row["reviewed_on"], row["key"]) < (first["reviewed_on"], first["key"]):
            oldest[row["system_id"]] = row
    places: dict[str, list[dict[str, Any]]] = {
        "systems": [row for row in case.tables["systems"] if row["status"] != "retired"],
        "fields": [row for row in oldest.values() if row["system_id"] not in retired],
        "processing": case.register,
    }
    for table, rows in places.items():
        yield from ((table, row["key"]) for row in rows if _old(case, row, "reviewed_on"))


@oracle("kz.relation.ended_active", "systems")
def ended_active(_: Case) -> Iterator[str]:
    yield from ()
