"""A second judge: the sentence of a rule over the frame of its view, in plain pandas and without the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes.structure import bundles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from derbes.law import LawPack
    from derbes.rules import Rule
    from derbes.schema import Schema

#: What is known beside the frame: ids by table, and the ids referred to by the key column of their table.
Known = tuple["Mapping[str, pd.Index[Any]]", "Mapping[str, pd.Index[Any] | None]"]
_SLUG = r"[a-z0-9][a-z0-9_.-]*"
_EITHER = "either_value_is_missing"
#: Expectations that judge a row by itself; the others look at other rows, or at other tables.
BY_ROW = frozenset(
    {
        "column_values_to_be_null",
        "column_values_to_not_be_null",
        "column_values_to_be_in_set",
        "column_values_to_not_be_in_set",
        "column_values_to_match_regex",
        "column_values_to_not_match_regex",
        "column_values_to_be_between",
        "column_pair_values_a_to_be_greater_than_b",
        "column_pair_values_to_be_equal",
        "cell_states_to_not_be_in_set",
    }
)


@dataclass(frozen=True)
class Sentence:
    """One rule as it is judged: its expectation with resolved arguments, and the columns of the view it looks at."""

    rule: Rule
    view: str
    expect: str
    args: Mapping[str, Any]
    columns: tuple[str, ...]
    generated: bool = False

    @property
    def alone(self) -> bool:
        """Whether every row is judged by itself."""
        return self.expect in BY_ROW

    @property
    def looks_up(self) -> str | None:
        """Name under which ids are looked up beside the frame: a table, or a key with *referred* before it."""
        if self.expect == "rows_to_be_referenced":
            return f"referred:{self.args['key']}"
        return self.args.get("reference") or self.args.get("to")


def sentences(rules: tuple[Rule, ...], schema: Schema, law: LawPack) -> Iterator[Sentence]:
    """Rules, those that the model generates among them, as sentences."""
    for rule in rules:
        args = {name: _resolved(value, law) for name, value in rule.args.items()}
        columns = [args[name] for name in ("column", "column_A", "column_B") if name in args]
        yield Sentence(rule, rule.view, rule.expect, args, (*columns, *rule.when))
    for bundle in bundles(schema):
        for name, rule in bundle.rules.items():
            column = bundle.args["columns"][name]
            own = {"column": column, "states": bundle.args.get("states"), "to": bundle.args.get("to", {}).get(name)}
            yield Sentence(rule, bundle.view, bundle.expect, {**own, "key": name}, (column,), generated=True)


def _resolved(value: Any, law: LawPack) -> Any:  # noqa: ANN401 - an argument of any expectation
    return law.constants.get(value[1:]) if isinstance(value, str) and value.startswith("$") else value


def broken(sentence: Sentence, frame: pd.DataFrame, known: Known) -> pd.DataFrame:
    """Rows of the frame that break the sentence, with ``element`` where a part of a cell does."""
    if sentence.generated:
        return _generated(sentence, frame, known)
    asked = pd.Series(data=True, index=frame.index)
    for column, values in sentence.rule.when.items():
        said = [value for value in values if value is not None]
        asked &= frame[column].isin(said) if said else frame[column].isna()
    return frame[asked & _breaks(sentence, frame, known, asked)]


def _breaks(sentence: Sentence, frame: pd.DataFrame, known: Known, asked: pd.Series[Any]) -> Any:  # noqa: ANN401
    args, expect = sentence.args, sentence.expect
    if "column_A" in args:
        return _pair(args, frame, equal=expect.endswith("equal"))
    column = frame[args["column"]]
    if expect == "column_values_to_be_null":
        return column.notna()
    if expect == "column_values_to_not_be_null":
        return column.isna()
    holds = {
        "column_values_to_be_in_set": lambda: column.isin(args["value_set"]),
        "column_values_to_not_be_in_set": lambda: ~column.isin(args["value_set"]),
        "column_values_to_match_regex": lambda: column.astype(str).str.contains(args["regex"]),
        "column_values_to_not_match_regex": lambda: ~column.astype(str).str.contains(args["regex"]),
        "column_values_to_be_between": lambda: _between(column, args),
        "column_values_to_be_unique": lambda: ~column.where(asked).duplicated(keep=False),
        "column_values_to_be_referenced": lambda: column.isin(known[0][args["reference"]]),
    }
    return column.notna() & ~holds[expect]()


def _between(column: pd.Series[Any], args: Mapping[str, Any]) -> pd.Series[Any]:
    within = pd.Series(data=True, index=column.index)
    if args.get("min_value") is not None:
        within &= column > args["min_value"] if args.get("strict_min") else column >= args["min_value"]
    if args.get("max_value") is not None:
        within &= column < args["max_value"] if args.get("strict_max") else column <= args["max_value"]
    return within


def _pair(args: Mapping[str, Any], frame: pd.DataFrame, *, equal: bool) -> pd.Series[Any]:
    left, right = frame[args["column_A"]], frame[args["column_B"]]
    ignored = left.isna() | right.isna() if args.get("ignore_row_if") == _EITHER else left.isna() & right.isna()
    if equal:
        return ~ignored & ~(left == right)
    return ~ignored & ~(left >= right if args.get("or_equal") else left > right)


def _generated(sentence: Sentence, frame: pd.DataFrame, known: Known) -> pd.DataFrame:
    args, column = sentence.args, frame[sentence.args["column"]]
    element: pd.Series[Any] = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    if sentence.expect == "cell_states_to_not_be_in_set":
        element = element[np.isin(column.to_numpy(), args["states"])]
    elif sentence.expect == "references_to_resolve":
        said = column.explode().dropna().astype(str)
        strange = ~said.isin({"none", "all", *known[0][args["to"]]})
        element = said[strange & said.str.fullmatch(_SLUG)]
    elif sentence.expect == "rows_to_be_referenced":
        referred, said = known[1][args["key"]], column.dropna()
        element = element[[] if referred is None else said[~said.isin(referred)].index]
    else:
        said = column.dropna()
        element = said[said.duplicated(keep=False)].map(str)
    return frame.loc[element.index, ["origin"]].assign(element=element)
