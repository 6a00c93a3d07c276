"""The model: tables, columns and closed lists, read from tables.yaml and held against itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from derbes.errors import ModelError
from derbes.identity import mask
from derbes.text import LANGUAGES, heading

if TYPE_CHECKING:
    from collections.abc import Mapping

TYPES = frozenset({"id", "ref", "text", "choice", "flag", "date", "number", "country", "period", "code", "basis"})
_COLUMN_KEYS = frozenset(
    {"type", "many", "to", "list", "required", "required_unless", "cite", "example", "title", "help"}
)
_TABLE_KEYS = frozenset({"title", "help", "key", "rows", "required", "distinct", "referenced", "columns"})

Words = dict[str, str]


@dataclass(frozen=True)
class Column:
    """One column of a table; ``many`` cells hold several values, ``to`` names the table a reference leads to."""

    name: str
    type: str
    title: Words
    help: Words
    many: bool = False
    to: str | None = None
    list: str | None = None
    required: bool = False
    required_unless: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cite: tuple[dict[str, str], ...] = ()
    example: str | None = None

    @property
    def is_code(self) -> bool:
        """Whether a number or a date typed here has lost what stood there (7.10 became 7.1)."""
        return self.type in {"id", "ref", "code"}


@dataclass(frozen=True)
class Table:
    """One table: its key column, its columns in order, and whether an inventory must have it.

    ``distinct`` columns together name a row; of a ``referenced`` table every row should be referred to from somewhere.
    """

    name: str
    title: Words
    help: Words
    key: str
    columns: dict[str, Column]
    required: bool = False
    one_row: bool = False
    distinct: tuple[str, ...] = ()
    referenced: bool = False

    @property
    def names(self) -> dict[str, str]:
        """Canonical heading to column name: the code and the title in every language."""
        return {heading(word): c.name for c in self.columns.values() for word in (c.name, *c.title.values())}


@dataclass(frozen=True)
class Schema:
    """The whole model; ``lists`` maps a closed list to code to language to label."""

    tables: dict[str, Table]
    lists: dict[str, dict[str, Words]]

    def table_named(self, name: str) -> Table | None:
        """Return the table that a sheet's name or title means, or None."""
        return self._titles.get(heading(name))

    @property
    def _titles(self) -> dict[str, Table]:
        return {heading(word): t for t in self.tables.values() for word in (t.name, *t.title.values())}

    def references(self) -> list[tuple[Table, Column]]:
        """Every column that refers to another table, with its own table."""
        return [(t, c) for t in self.tables.values() for c in t.columns.values() if c.type == "ref"]

    def label(self, name: str, code: str, lang: str) -> str:
        """Return the label of a code of a closed list, or the code itself when it is not in the list.

        What stands in place of a code may be anything, a person's number too, and is masked.
        """
        return self.lists.get(name, {}).get(code, {}).get(lang) or mask(code)


@cache
def load() -> Schema:
    """The shipped model. Raises ModelError naming table and column where tables.yaml contradicts itself."""
    text = resources.files("derbes").joinpath("tables.yaml").read_text(encoding="utf-8")
    return parse(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506 - safe loader, in C


def parse(data: Mapping[str, Any]) -> Schema:
    """Model from the parsed tables.yaml. Raises ModelError."""
    lists = {name: {str(code): dict(words) for code, words in codes.items()} for name, codes in data["lists"].items()}
    schema = Schema({name: _table(name, entry) for name, entry in data["tables"].items()}, lists)
    _check(schema)
    return schema


def _table(name: str, entry: Mapping[str, Any]) -> Table:
    _known(name, entry, _TABLE_KEYS)
    columns = {column: _column(f"{name}.{column}", column, body) for column, body in entry["columns"].items()}
    if entry["key"] not in columns:
        raise ModelError(name, f"the key {entry['key']} is not a column", "Name one of its columns.")
    return Table(
        name=name,
        title=entry["title"],
        help=entry["help"],
        key=entry["key"],
        columns=columns,
        required=bool(entry.get("required", False)),
        one_row=entry.get("rows") == "one",
        distinct=tuple(entry.get("distinct", ())),
        referenced=bool(entry.get("referenced", False)),
    )


def _column(where: str, name: str, body: Mapping[str, Any]) -> Column:
    _known(where, body, _COLUMN_KEYS)
    if body["type"] not in TYPES:
        raise ModelError(where, f"unknown type {body['type']}", f"Use one of {', '.join(sorted(TYPES))}.")
    unless = {key: tuple(map(str, values)) for key, values in body.get("required_unless", {}).items()}
    return Column(
        name=name,
        type=body["type"],
        title=body["title"],
        help=body["help"],
        many=bool(body.get("many", False)),
        to=body.get("to"),
        list=body.get("list"),
        required=bool(body.get("required", False)) or bool(unless),
        required_unless=unless,
        cite=tuple(body.get("cite", ())),
        example=body.get("example"),
    )


def _known(where: str, entry: Mapping[str, Any], keys: frozenset[str]) -> None:
    if extra := set(entry) - keys:
        raise ModelError(where, f"unknown entry {', '.join(sorted(extra))}", f"Known: {', '.join(sorted(keys))}.")


def _check(schema: Schema) -> None:
    for table in schema.tables.values():
        seen: dict[str, str] = {}
        for column in table.columns.values():
            where = f"{table.name}.{column.name}"
            if missing := [lang for lang in LANGUAGES if not column.title.get(lang) or not column.help.get(lang)]:
                raise ModelError(where, f"no title or help in {', '.join(missing)}", "Add the words.")
            if (column.type == "ref") != (column.to in schema.tables):
                raise ModelError(where, f"refers to {column.to}", "A ref names a table of the model.")
            if (column.type == "choice") != (column.list in schema.lists):
                raise ModelError(where, f"picks from {column.list}", "A choice names a closed list of the model.")
            for word in {heading(w) for w in (column.name, *column.title.values())}:
                if seen.setdefault(word, column.name) != column.name:
                    raise ModelError(where, f"shares the heading {word} with {seen[word]}", "Make titles unique.")
