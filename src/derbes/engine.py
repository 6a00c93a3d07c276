"""The only place that runs Great Expectations: views and rules in, broken rows out, nothing dropped in silence."""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.util import LazyLoader, find_spec, module_from_spec
from itertools import chain
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.cells import State
from derbes.errors import RuleError, did_you_mean
from derbes.looking import bearing, known_cells, known_facts, watched
from derbes.looking import judged as looked_at
from derbes.rules import GENERATED
from derbes.structure import bundles, sheet_rules
from derbes.views import VIEWS


def _load_at_first_use(package: str, name: str) -> None:
    spec = None if f"{package}.{name}" in sys.modules else find_spec(f"{package}.{name}")
    if spec and spec.loader:
        spec.loader = LazyLoader(spec.loader)
        module = sys.modules[spec.name] = module_from_spec(spec)
        spec.loader.exec_module(module)
        setattr(sys.modules[package], name, module)  # else importing it would look at it, and that is a use


# Great Expectations loads it for tests of distributions, which no rule makes: 0.7 s and 55 MB of every run.
_load_at_first_use("scipy", "stats")
# jsonschema, which Great Expectations loads, compiles a grammar for internationalised links that nothing here uses,
# 1.2 s of every run; without the module it leaves that one format unchecked.
_LINKS = "rfc3987_syntax"
_had = sys.modules.get(_LINKS)
sys.modules.setdefault(_LINKS, None)  # type: ignore[arg-type]
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports deprecated modules of the standard library
    import great_expectations as gx
    from great_expectations.core.id_dict import IDDict
    from great_expectations.execution_engine import pandas_execution_engine
    from great_expectations.expectations.expectation import Expectation, parse_result_format
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    from derbes import expectations

if _had is None:
    del sys.modules[_LINKS]

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from derbes.inventory import Inventory
    from derbes.law import LawPack
    from derbes.rules import Rule
    from derbes.structure import Bundle

# An index list without index columns is 45 times faster, and complete on pandas (lists of values are cut at 200).
_FACTS = ("column", "column_A", "column_B")
_NO_CELLS = pd.DataFrame({"origin": pd.Series(dtype=int), "element": pd.Series(dtype=object)})
_RESULT = {"result_format": "COMPLETE", "return_unexpected_index_query": False, "partial_unexpected_count": 0}


@dataclass(frozen=True)
class Outcome:
    """What came of one rule: the rows it looked at, the broken rows of its view, or the reason it did not run.

    ``broken`` has the view's columns, and for generated rules ``element``: the part of the cell at fault, or a group.
    ``known`` is the number of those rows that hold a fact to judge. ``reads`` and ``judged`` tell of a written rule
    what `derbes.looking.Look` gathers.
    """

    rule: Rule
    rows: int
    broken: pd.DataFrame
    reason: str | None = None
    known: int = 0
    reads: frozenset[tuple[str, str]] = frozenset()
    judged: Mapping[str, pd.Index[Any]] = field(default_factory=dict)


def run(
    inv: Inventory,
    law: LawPack,
    rules: Sequence[Rule],
    *,
    as_of: dt.date,
    only: Container[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Outcome]:
    """Outcomes of rules and of the model's own checks over an inventory, one validation a view.

    ``only`` narrows both to the rules of these ids.

    Raises RuleError where a rule names what its view lacks, or Great Expectations could not run it.
    """
    groups: dict[str, list[Rule | Bundle]] = defaultdict(list)
    outcomes: list[Outcome] = []
    for rule in [*rules, *sheet_rules()]:
        if only is not None and rule.id not in only:
            continue
        if reason := idle(inv, law, rule, as_of):
            outcomes.append(Outcome(rule, 0, pd.DataFrame(), reason))
        else:
            groups[rule.view].append(rule)
    for bundle in bundles(inv.schema, only):
        if bundle.table in inv.present:
            groups[bundle.view].append(bundle)
        else:
            outcomes += [_absent(rule, bundle.table) for rule in bundle.rules.values()]
    promised = bearing(inv)
    with listening(*known(inv, law)):
        for view, members in groups.items():
            if progress:
                progress(view)
            frame, reads = watched(view, inv, law, _wanted(members))
            outcomes += [_noted(one, frame, reads, promised) for one in judged(frame, law, view, members)]
    return outcomes


def _noted(
    outcome: Outcome, frame: pd.DataFrame, reads: frozenset[tuple[str, str]], rows: Mapping[str, pd.Index[Any]]
) -> Outcome:
    """Outcome of a rule with what it looked at; of those that are made from the model nobody asks."""
    if outcome.rule.source == GENERATED:
        return outcome
    return replace(outcome, reads=reads, judged=looked_at(outcome.rule, frame, rows))


def known(inv: Inventory, law: LawPack) -> tuple[dict[str, pd.Index[Any]], dict[str, pd.Index[Any] | None]]:
    """What expectations look up by name: ids by table, and the ids that rows refer to, None where some say *all*."""
    return _ids(inv, law), _referred(inv)


@contextmanager
def listening(ids: dict[str, pd.Index[Any]], referred: dict[str, pd.Index[Any] | None]) -> Iterator[None]:
    """Let views be judged while this lasts: ids can be looked up, and Great Expectations says nothing."""
    with expectations.known_ids(ids, referred), _quiet(), _brisk():
        yield


def _absent(rule: Rule, table: str) -> Outcome:
    return Outcome(rule, 0, pd.DataFrame(), f"table_absent:{table}")


def idle(inv: Inventory, law: LawPack, rule: Rule, as_of: dt.date) -> str | None:
    """Reason code for which the rule cannot be run over the inventory on that day, None where it can."""
    if rule.waits_for:
        return "waits"
    if not rule.in_force(as_of):
        return "not_in_force"
    if missing := [table for table in VIEWS[rule.view].needs if table not in inv.present]:
        return f"table_absent:{missing[0]}"
    for value in rule.args.values():
        if isinstance(value, str) and value.startswith("$") and value[1:] not in law.constants:
            return f"constant_unknown:{value[1:]}"
    return None


def judged(frame: pd.DataFrame, law: LawPack, view: str, members: Sequence[Rule | Bundle]) -> list[Outcome]:
    """Outcomes of rules over one view's frame, inside `listening`. Raises RuleError as `run` does."""
    if "origin" not in frame:
        raise RuleError(f"view {view}", "has no column origin", "Say to which row a finding belongs.")
    suite = gx.ExpectationSuite(name=view)
    batch = frame.copy(deep=False)
    suite.expectations = [_expectation(member, batch, law, number) for number, member in enumerate(members)]
    batch = batch[_asked(suite.expectations, batch)]  # metrics take rows out of the whole batch, column by column
    try:
        results = _frames().get_batch({"dataframe": batch}).validate(suite, result_format=_RESULT).results
    except gx.exceptions.GreatExpectationsError as error:
        what = f"Great Expectations could not run it ({type(error).__name__})"
        raise RuleError(f"view {view}", what, "Check the rules over it.") from error
    by_id = {result.expectation_config.meta["member"]: result for result in results}
    # Great Expectations drops what it does not know and repeats what crashed: only a full match is a run.
    if len(results) != len(members) or set(by_id) != set(range(len(members))):
        raise RuleError(f"view {view}", f"{len(members)} rules went in, {len(by_id)} came out", "Report this.")
    found = [_outcomes(member, frame, by_id[number]) for number, member in enumerate(members)]
    return [outcome for group in found for outcome in group]


def _asked(asking: Iterable[Any], every: Iterable[str]) -> list[str]:
    """Columns that expectations look at; every one as soon as there is an expectation that does not name them so."""
    named = [
        [*(getattr(one, name) for name in _FACTS if hasattr(one, name)), *getattr(one, "columns", {}).values()]
        for one in asking
    ]
    return list(dict.fromkeys(chain.from_iterable(named) if all(named) else every))


def _wanted(members: Sequence[Rule | Bundle]) -> set[str] | None:
    """Columns that bundles look at; None as soon as there is a rule, whose words may name any column."""
    if not all(hasattr(member, "rules") for member in members):
        return None
    return {column for member in members for column in member.args["columns"].values()}


def _expectation(member: Rule | Bundle, frame: pd.DataFrame, law: LawPack, number: int) -> Any:  # noqa: ANN401 - untyped
    name = "Expect" + "".join(part.capitalize() for part in member.expect.split("_"))
    made = getattr(expectations, name, None) or getattr(gx.expectations, name)
    args = {key: _resolved(value, law) for key, value in member.args.items()}
    rule = next(iter(member.rules.values())) if hasattr(member, "rules") else member
    where = f"{rule.source}, rule {rule.id}"
    columns = [v for k, v in args.items() if k in {"column", "column_A", "column_B"}]
    columns += [*args["columns"].values()] if hasattr(member, "rules") else [*rule.when]
    for column in columns:
        if column not in frame:
            hint = did_you_mean(column, frame.columns)
            raise RuleError(where, f"view {member.view} has no column {column}", hint, rule=rule.id)
    if not hasattr(member, "rules") and rule.when:
        args |= _narrowed(rule, frame, {name: args[name] for name in _FACTS if name in args}, number)
    try:
        return made(**args, meta={"member": number})
    except ValueError as error:
        raise RuleError(where, f"{member.expect} cannot be asked like that", "Mend its args.", rule=rule.id) from error


def _resolved(value: Any, law: LawPack) -> Any:  # noqa: ANN401 - an argument of any expectation
    return law.constants[value[1:]] if isinstance(value, str) and value.startswith("$") else value


def _narrowed(rule: Rule, frame: pd.DataFrame, facts: Mapping[str, str], number: int) -> dict[str, str]:
    """Names of columns, put into the frame, with the facts of the rows that the rule looks at and nothing elsewhere.

    Every expectation passes over empty cells, and one that wants none finds a word there. A row condition of Great
    Expectations says the same, and compiles a query for every metric of every rule.
    """
    looked = rule.looks_at(frame)
    elsewhere = "" if rule.expect == "column_values_to_not_be_null" else None
    named = {name: f"{column} ({number})" for name, column in facts.items()}
    for name, column in facts.items():
        frame[named[name]] = frame[column].astype(object).where(looked, elsewhere)
    return named


def _outcomes(member: Rule | Bundle, frame: pd.DataFrame, result: Any) -> list[Outcome]:  # noqa: ANN401
    rule = next(iter(member.rules.values())) if hasattr(member, "rules") else member
    info = result.exception_info or {}
    if info.get("raised_exception") or (not result.result and not result.success):
        # The message of the exception may hold cells of the inventory: only its class is said.
        raise RuleError(f"{rule.source}, rule {rule.id}", "Great Expectations could not run it", "Check its view.")
    if not hasattr(member, "rules"):
        broken = frame.loc[result.result.get("unexpected_index_list") or []]
        rows = int(rule.looks_at(frame).sum())
        return [Outcome(rule, rows, broken, known=known_facts(rule, frame, len(broken)))]
    found = result.result["details"]["broken"]
    names, cells = member.args["columns"], {name: _cells(frame, found.get(name, [])) for name in member.rules}
    return [
        Outcome(one, len(frame), cells[name], known=known_cells(one, names[name], frame, len(cells[name])))
        for name, one in member.rules.items()
    ]


def _cells(frame: pd.DataFrame, pairs: list[list[Any]]) -> pd.DataFrame:
    if not pairs:
        return _NO_CELLS
    positions = [pair[0] for pair in pairs]
    return frame.loc[positions, ["origin"]].assign(element=[pair[1] for pair in pairs])


def _ids(inv: Inventory, law: LawPack) -> dict[str, pd.Index[Any]]:
    ids = {
        name: pd.Index(keys[inv.states[name][inv.schema.tables[name].key] == State.OK])
        for name, keys in inv.keys.items()
    }
    return {**ids, "law.bases": pd.Index(law.bases["code"])}


def _referred(inv: Inventory) -> dict[str, pd.Index[Any] | None]:
    """Ids by the key column of their table, where it should be referred to; None where some cell says *all*."""
    said: dict[str, list[pd.Series[Any]]] = defaultdict(list)
    for table, column in inv.schema.references():
        to = inv.schema.tables[column.to or ""]
        if to.referenced:
            said[to.key].append(inv.tables[table.name][column.name].explode().dropna())
    united = {key: pd.Index(pd.concat(parts).unique()) for key, parts in said.items()}
    return {key: None if "all" in ids else ids for key, ids in united.items()}


@cache
def _frames() -> Any:  # noqa: ANN401 - untyped library
    """Batch definition that takes any frame; one for the process, since making one costs as much as running a view."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return (
        context.data_sources.add_pandas("views").add_dataframe_asset("view").add_batch_definition_whole_dataframe("all")
    )


@contextmanager
def _brisk() -> Iterator[None]:
    """Great Expectations works out an expectation's settings, and the key of each metric, ninety times over.

    While rules run it works each out once a question: a third of the time of an audit.
    """
    own = [(owner, name, getattr(owner, name)) for owner, name, _ in _SHORTCUTS]
    for owner, name, told in _SHORTCUTS:
        setattr(owner, name, told)
    try:
        yield
    finally:
        _WORKED_OUT.clear()
        for owner, name, told in own:
            setattr(owner, name, told)


#: What was made of a thing, by its identity; the thing is kept too, so that no other can take its place.
_WORKED_OUT: dict[int, tuple[object, Any]] = {}


def _once(work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Expectations and their settings are made of one another, and nobody changes them before their result."""

    def known(self: object) -> Any:  # noqa: ANN401 - untyped library
        if id(self) not in _WORKED_OUT:
            made = work(self)
            _WORKED_OUT[id(self)] = self, made
            _WORKED_OUT.setdefault(id(made), (made, self))
        return _WORKED_OUT[id(self)][1]

    return known


def _default(self: Expectation, key: str) -> Any:  # noqa: ANN401 - a default of any type
    return self.configuration.kwargs.get(key, self._get_default_value(key))


def _domain_kwargs(self: Expectation) -> dict[str, Any]:
    return {key: _default(self, key) for key in self.domain_keys}


def _success_kwargs(self: Expectation) -> dict[str, Any]:
    return {key: _default(self, key) for key in (*self.success_keys, *self.domain_keys)}


def _runtime_kwargs(self: Expectation, runtime_configuration: dict[str, Any] | None = None) -> dict[str, Any]:
    asked = runtime_configuration or {}
    told = {key: asked[key] if key in asked else _default(self, key) for key in self.runtime_keys}
    told |= self._get_success_kwargs()
    return {**told, "result_format": parse_result_format(told["result_format"])}


def _key(self: IDDict, id_keys: object = None, id_ignore_keys: object = None) -> Any:  # noqa: ANN401 - as it is there
    """Key by which metrics of one run are told apart; it need not be that of another process."""
    if id_keys is not None or id_ignore_keys is not None or self._id_ignore_keys:
        return _hashed(self, id_keys, id_ignore_keys)
    return json.dumps(self, sort_keys=True, default=_listed) if self else ()


def _listed(value: object) -> object:
    return sorted(map(repr, value)) if isinstance(value, (set, frozenset)) else repr(value)


_hashed = IDDict.to_id
_SHORTCUTS: list[tuple[Any, str, Any]] = [
    (Expectation, "configuration", property(_once(Expectation.configuration.fget))),
    (ExpectationConfiguration, "to_domain_obj", _once(ExpectationConfiguration.to_domain_obj)),
    (Expectation, "_get_domain_kwargs", _domain_kwargs),
    (Expectation, "_get_success_kwargs", _success_kwargs),
    (Expectation, "_get_runtime_kwargs", _runtime_kwargs),
    (IDDict, "to_id", _key),
    (pandas_execution_engine, "hash_pandas_dataframe", lambda frame: str(id(frame))),  # written down, never compared
]


class _quiet:  # noqa: N801 - reads as the statement it is
    """Great Expectations' log lines and warnings may name cells: neither leaves the engine."""

    def __enter__(self) -> None:
        self._level = logging.getLogger("great_expectations").level
        self._caught = warnings.catch_warnings()
        self._caught.__enter__()
        warnings.simplefilter("ignore")
        logging.getLogger("great_expectations").setLevel(logging.CRITICAL)

    def __exit__(self, *_: object) -> None:
        self._caught.__exit__(None, None, None)
        logging.getLogger("great_expectations").setLevel(self._level)
