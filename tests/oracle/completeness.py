"""What the rules of completeness and hygiene have to find, from their words."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from stdnum import iban, luhn

from oracle.law import _held, _needs
from oracle.rows import oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.rows import Case


@oracle("completeness.cell.placeholder")
def placeholder(case: Case) -> Iterator[tuple[str, str]]:
    for table, model in case.inv.schema.tables.items():
        for column in model.columns.values():
            said = case.facts.verdicts[table][column.name]
            rows = [] if column.required else said.index[said == "placeholder"]
            yield from ((table, case.facts.keys[table][row]) for row in rows)


@oracle("completeness.column.copied")
def copied(case: Case) -> Iterator[tuple[str, str]]:
    for table, rows in case.tables.items():
        for column in ("label", "summary", "text", "ends_when"):
            texts = [(row[column].strip(), row["key"]) for row in rows if row.get(column)]
            tally = Counter(text for text, _ in texts if len(text) >= 40)
            for text, count in tally.items():
                if count >= 5 and count / len(texts) >= 0.8:
                    yield table, min(key for said, key in texts if said == text)


@oracle("completeness.period.unclear")
def period_unclear(case: Case) -> Iterator[tuple[str, str]]:
    for table, column in (("retention", "period"), ("consents", "term")):
        for row in case.tables[table]:
            if row[column] and case.period(row[column]).kind == "unknown":
                yield table, row["key"]


@oracle("completeness.system.no_processing", "systems")
def system_idle(case: Case) -> Iterator[str]:
    used = {name for row in case.register for name in case.named("processing", row, "system_ids")}
    for row in case.tables["systems"]:
        if row["status"] != "retired" and row["system_id"] not in used:
            yield row["key"]


@oracle("completeness.purpose.no_processing", "purposes")
def purpose_idle(case: Case) -> Iterator[str]:
    tables = ("clauses", "consents", "rights")
    declared = {name for t in tables for row in case.tables[t] for name in case.named(t, row, "purpose_ids")}
    planned = [row for row in case.tables["processing"] if row["status"] != "stopped"]
    served = {name for row in planned for name in case.named("processing", row, "purpose_id")}
    for row in case.tables["purposes"]:
        said = row["purpose_id"] in declared or row["clauses"]
        if said and not served & case.line("purposes", row["purpose_id"]):
            yield row["key"]


@oracle("completeness.processing.no_fields", "processing")
def no_fields(case: Case) -> Iterator[str]:
    for row in case.register:
        unsure = any(row[column] is None for column in ("system_ids", "category_ids", "purpose_id"))
        if unsure or row["field_ids"] == () or case.named("processing", row, "field_ids"):
            continue
        if not any(_needs(case, row, field) for field in _held(case)):
            yield row["key"]


@oracle("hygiene.cell.personal_data")
def personal(case: Case) -> Iterator[tuple[str, str]]:
    for table, rows in case.tables.items():
        cells = {**case.inv.raw[table], **case.inv.extras[table]}
        for row in rows:
            if any(_personal(table, str(column), said.iat[row["at"]]) for column, said in cells.items()):
                yield table, row["key"]


def _personal(table: str, column: str, text: str) -> bool:
    requisites = {("operator", "email"), ("operator", "responsible_contact"), ("clauses", "requisites")}
    written_to = (table, column) in requisites or column == "channels"
    digits = re.findall(r"(?<![\w.])\d+(?![\w.])", text)
    return (
        any(_iin(number) for number in digits)
        or any(len(number) == 16 and number[0] in "245" and luhn.is_valid(number) for number in digits)
        or any(iban.is_valid(word) for word in re.findall(r"\bKZ[0-9A-Z]{18}\b", text))
        or (not written_to and bool(re.search(r"@(gmail\.com|mail\.ru)\b", text)))
        or (not written_to and bool(re.search(r"\+77[0-9]{9}\b", text)))
    )


def _iin(number: str) -> bool:
    if len(number) != 12 or number[4] in "456":
        return False
    for weights in (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
        rest = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False)) % 11
        if rest < 10:
            return rest == int(number[11])
    return False
