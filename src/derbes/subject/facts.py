"""What an inventory knows of one group of subjects: its activities, data, consents, recipients, systems and rights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from derbes.errors import UsageError, did_you_mean
from derbes.views.links import active, kin, links

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from derbes.inventory import Inventory
    from derbes.law import LawPack

Row: TypeAlias = "Mapping[str, Any]"
#: Instead of a group's id: every group of the inventory, as a policy speaks of all.
EVERYBODY = "all"
_NOBODY = frozenset({"none"})


def known(value: object) -> bool:
    """Whether a cell says something; *none* is something, an empty list of values too."""
    return isinstance(value, tuple) or (value is not None and not bool(pd.isna(value)))


@dataclass(frozen=True, eq=False)
class Facts:
    """An inventory seen from one group of subjects and its kin, or from all groups, on the day of a law pack.

    Kin are the groups above and below it in the tree of subjects. A row that does not say whose data it is about is
    none of theirs; ``nobodys`` names such rows. Rows are mappings of a table's columns, in the inventory's order.
    """

    inv: Inventory
    law: LawPack
    subject: str

    @cached_property
    def group(self) -> tuple[str, ...]:
        """The group's id and those of its kin, itself first, the others in the order of the table."""
        if self.subject == EVERYBODY:
            return tuple(dict.fromkeys(self.inv.subjects["subject_id"].dropna()))
        pairs = kin(self.inv, "subjects")
        others = {*pairs.loc[pairs["id"].eq(self.subject), "other"]} - {self.subject}
        return (self.subject, *(name for name in self.inv.subjects["subject_id"].dropna() if name in others))

    @cached_property
    def operator(self) -> Row:
        """What is known of the operator, by column, whether or not its row has an id."""
        frame = self.inv.operator
        return {str(name): frame[name].dropna().iat[0] for name in frame if frame[name].notna().any()}

    @cached_property
    def activities(self) -> list[Row]:
        """Rows of the register that tell what is done now with data of the group."""
        rows = self._about("processing")
        return self._rows("processing", rows[rows.isin(active(self.inv))])

    @cached_property
    def fields(self) -> list[Row]:
        """Fields that hold data of the group, and those that its activities name."""
        own = {*self._about("fields")}
        named = {name for row in self.activities for name in self.listed(row, "field_ids", "fields")}
        whose = self.inv.fields["subject_ids"].map(known)
        taken = self.inv.fields["field_id"].isin(named) & ~whose
        return self._rows("fields", [place for place in self.inv.fields.index if place in own or taken[place]])

    @cached_property
    def nobodys(self) -> list[Row]:
        """Rows of the register in force that do not say whose data they are about."""
        silent = ~self.inv.processing["subject_ids"].map(known)
        return self._rows("processing", [place for place in active(self.inv) if silent[place]])

    @cached_property
    def consents(self) -> list[Row]:
        """Consents that the group's activities rest on, and others asked of the group for the same purposes."""
        named = {name for row in self.activities for name in self.listed(row, "consent_ids", "consents")}
        ends = {row["purpose_id"] for row in self.activities if known(row["purpose_id"])}
        own = self._rows("consents", self._about("consents"))
        asked = {row["consent_id"] for row in own if ends & {*self.listed(row, "purpose_ids", "purposes")}}
        return [row for row in self.rows("consents").values() if row["consent_id"] in named | asked]

    @cached_property
    def systems(self) -> list[Row]:
        """Systems in which the group's data are processed or held."""
        named = {name for row in self.activities for name in self.listed(row, "system_ids", "systems")}
        named |= {row["system_id"] for row in self.fields}
        return [row for name, row in self.rows("systems").items() if name in named]

    @cached_property
    def recipients(self) -> list[Row]:
        """Whoever receives data of the group."""
        named = {name for row in self.activities for name in self.listed(row, "recipient_ids", "recipients")}
        return [row for name, row in self.rows("recipients").items() if name in named]

    @cached_property
    def by_purpose(self) -> list[list[Row]]:
        """The group's activities, those of one purpose together."""
        ends = [row["purpose_id"] if known(row["purpose_id"]) else None for row in self.activities]
        told = list(zip(ends, self.activities, strict=True))
        return [[row for end, row in told if end == purpose] for purpose in dict.fromkeys(ends)]

    @cached_property
    def automated(self) -> bool:
        """Whether machines may decide about the group: only a plain *no* of every activity rules it out."""
        answers = [row["automated_decision"] for row in self.activities]
        return not answers or not all(known(one) and not one for one in answers)

    @cached_property
    def entitled(self) -> list[tuple[str, Mapping[str, Any], list[Row]]]:
        """Every right that the law gives the group that day: its name, what the law pack says of it, its procedures."""
        given = self.law.sections["rights"]
        told = {name: right for name, right in given.items() if right.get("applies") != "automated" or self.automated}
        return [(name, right, self.rights(right.get("right_kinds", [name]))) for name, right in told.items()]

    def categories(self, subject: str) -> list[Row]:
        """Kinds of data that the register keeps of one group: those of its activities and of its fields."""
        rows = self.of(subject, self.activities)
        named = {name for row in rows for name in self.listed(row, "category_ids", "categories")}
        named |= {row["category_id"] for row in self.held(subject)}
        return [row for name, row in self.rows("categories").items() if name in named]

    def held(self, subject: str) -> list[Row]:
        """Fields of one group, and those that do not say whose they are where its activities name them."""
        rows = self.of(subject, self.activities)
        named = {name for row in rows for name in self.listed(row, "field_ids", "fields")}
        silent = [row for row in self.fields if not known(row["subject_ids"]) and row["field_id"] in named]
        return [*self.of(subject, self.fields), *silent]

    def of(self, subject: str, rows: Iterable[Row]) -> list[Row]:
        """Those of the rows that are about one group."""
        return [row for row in rows if subject in self.listed(row, "subject_ids", "subjects")]

    def subjects(self, row: Row) -> list[str]:
        """Groups of this family that a row is about."""
        named = self.listed(row, "subject_ids", "subjects")
        return [name for name in self.group if name in named]

    def rights(self, kinds: Iterable[str]) -> list[Row]:
        """Procedures for rights of these kinds that are open to the group."""
        wanted, about = {*kinds}, {*self._about("rights")}
        return [
            row
            for place, row in zip(self.inv.rights.index, self._rows("rights", self.inv.rights.index), strict=True)
            if row["kind"] in wanted and (place in about or not known(row["subject_ids"]))
        ]

    def rows(self, table: str) -> dict[str, Row]:
        """All rows of a table by id."""
        if table not in self._kept:
            key, rows = self.inv.schema.tables[table].key, self._rows(table, self.inv.tables[table].index)
            self._kept[table] = {str(row[key]): row for row in rows if known(row[key])}
        return self._kept[table]

    @cached_property
    def _kept(self) -> dict[str, dict[str, Row]]:
        return {}

    def listed(self, row: Row, column: str, to: str) -> tuple[str, ...]:
        """Ids that a cell names, every row of the table for *all*; none where it is empty or says *none*."""
        cell = row[column]
        named = cell if isinstance(cell, tuple) else (cell,) if known(cell) else ()
        return tuple(self.rows(to)) if "all" in named else tuple(name for name in named if name not in _NOBODY)

    def _rows(self, table: str, places: Iterable[Any]) -> list[Row]:
        return [dict(row) for row in self.inv.tables[table].loc[[*places]].to_dict("records")]

    def _about(self, table: str) -> pd.Index[Any]:
        """Positions of the rows of a table that are about the group."""
        pairs = links(self.inv, table, "subject_ids")
        return pd.Index(sorted(pairs.loc[pairs["id"].isin(self.group), "origin"].unique()))


def facts(inv: Inventory, law: LawPack, subject: str) -> Facts:
    """What an inventory knows of a group of subjects, or of ``all``.

    Raises UsageError with the closest id where it has no such group.
    """
    ids = [str(key) for key in inv.keys["subjects"] if not str(key).startswith("~")]  # a person's value is no id
    if subject not in {*ids, EVERYBODY}:
        remedy = did_you_mean(subject, ids) or f"Choose one of {', '.join(ids)}."
        raise UsageError(f"subject {subject}", "is not in the inventory", remedy)
    return Facts(inv, law, subject)
