"""Structure rules, generated from the model: a rule a kind of check and column, bundled a kind and table.

A bundle is what Great Expectations runs: one expectation for all the columns of a table that are checked alike,
because its cost is per expectation. Its result says which columns, so every column keeps a rule of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from derbes.cells import State
from derbes.rules import GENERATED, Rule
from derbes.text import data

if TYPE_CHECKING:
    from collections.abc import Container

    from derbes.schema import Column, Schema, Table


@dataclass(frozen=True)
class Bundle:
    """Sibling rules of one table, run as one expectation; ``rules`` maps a column of the table to its rule."""

    kind: str
    table: str
    view: str
    expect: str
    args: dict[str, Any]
    rules: dict[str, Rule]


def _words() -> dict[str, dict[str, dict[str, Any]]]:
    kinds: dict[str, dict[str, dict[str, Any]]] = data("structure")
    return kinds


def wording() -> dict[str, dict[str, Any]]:
    """Kinds of check over cells, with their severities and words."""
    return _words()["cells"]


def sheet_rules() -> list[Rule]:
    """Rules about files, sheets, whole tables and the record of decisions: what no row can say."""
    faults, doubts = _by_problem("sheets"), _by_problem("decisions")
    return [
        *(_whole("sheets", f"structure.sheet.{name}", body) for name, body in faults.items()),
        *(_whole("tables", f"structure.table.{name}", body) for name, body in _words()["tables"].items()),
        *(_whole("decisions", f"history.decision.{name}", body) for name, body in doubts.items()),
    ]


def _by_problem(section: str) -> dict[str, dict[str, Any]]:
    """Rules that flag the rows of a view in which one problem stands, by the problem."""
    expect = "column_values_to_not_be_in_set"
    return {
        problem: {**body, "expect": expect, "args": {"column": "problem", "value_set": [problem]}}
        for problem, body in _words()[section].items()
    }


def _whole(view: str, name: str, body: dict[str, Any]) -> Rule:
    when = {column: (value,) for column, value in body.get("when", {}).items()}
    kept = {key: body[key] for key in ("expect", "args", "severity", "title", "why", "fix")}
    return Rule(id=name, view=view, when=when, source="structure.yaml", **kept)


def bundles(schema: Schema, only: Container[str] | None = None) -> list[Bundle]:
    """Every bundle of the model, in the order of tables and kinds; narrowed to the rules of these ids, if given."""
    made = [_bundle(schema, table, kind) for table in schema.tables.values() for kind in wording()]
    chosen = made if only is None else [_narrowed(bundle, only) for bundle in made]
    return [bundle for bundle in chosen if bundle.rules]


def _narrowed(bundle: Bundle, only: Container[str]) -> Bundle:
    rules = {column: rule for column, rule in bundle.rules.items() if rule.id in only}
    args = {
        name: {column: value for column, value in arg.items() if column in rules} if isinstance(arg, dict) else arg
        for name, arg in bundle.args.items()
    }
    return replace(bundle, rules=rules, args=args)


def _bundle(schema: Schema, table: Table, kind: str) -> Bundle:
    view = f"structure.{table.name}"
    columns = [column for column in table.columns.values() if _concerns(schema, kind, table, column)]
    expect, args = _expectation(kind, columns)
    rules = {column.name: _rule(kind, view, table.name, column) for column in columns}
    return Bundle(kind, table.name, view, expect, args, rules)


def _concerns(schema: Schema, kind: str, table: Table, column: Column) -> bool:
    if kind == "required":
        return column.required
    if kind == "comma":
        return column.many and column.type != "text"
    if kind == "near_duplicate":
        return column.name == table.key and bool(table.distinct)
    if kind == "unused":
        return column.name == table.key and table.referenced
    if kind in {"unique", "duplicate"}:
        return column.name == table.key and not table.one_row
    if kind == "closed_list":
        return column.type in {"choice", "country"} and (column.type == "country" or column.list in schema.lists)
    return column.type in wording()[kind].get("types", [column.type])


def _expectation(kind: str, columns: list[Column]) -> tuple[str, dict[str, Any]]:
    if states := wording()[kind].get("states"):
        looked = {c.name: f"due:{c.name}" if kind == "required" and c.required_unless else c.name for c in columns}
        return "cell_states_to_not_be_in_set", {"columns": looked, "states": [int(State[name]) for name in states]}
    if kind == "reference":
        return "references_to_resolve", {
            "columns": {c.name: f"ref:{c.name}" for c in columns},
            "to": {c.name: c.to for c in columns},
        }
    if kind == "unused":
        return "rows_to_be_referenced", {"columns": {c.name: "row:key" for c in columns}}
    fact = {"unique": "row:key", "duplicate": "row:content", "near_duplicate": "row:name"}[kind]
    return "rows_to_be_told_apart", {"columns": {c.name: fact for c in columns}}


def _rule(kind: str, view: str, table: str, column: Column) -> Rule:
    words = wording()[kind]
    return Rule(
        id=f"structure.{kind}.{table}.{column.name}",
        view=view,
        expect=kind,
        args={"column": column.name},
        severity=words["severity"],
        title=words["title"],
        why=words["why"],
        fix=words["fix"],
        source=GENERATED,
        cite=column.cite if kind == "required" else (),
        unknown=bool(words.get("unknown", False)),
    )
