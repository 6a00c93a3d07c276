"""Rules: one sentence about one view each, written as data and checked as they are read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from derbes import workdays
from derbes.errors import RuleError, did_you_mean
from derbes.law import load_law
from derbes.schema import load as load_schema
from derbes.text import LANGUAGES
from derbes.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

    from derbes.law import LawPack

SEVERITIES = ("critical", "warning", "info")
#: Languages that a policy is published in: a rule about a clause offers its wording in both.
PUBLISHED = ("ru", "kk")
#: How a finding sets two sides at odds: they exclude each other, or the rest belies the row that it stands on.
CONTRADICTIONS = ("mutual", "one_sided")
FAMILIES = ("structure", "completeness", "hygiene", "kz", "policy", "history", "live")
#: Expectations a rule may use, without ``expect_``, and the arguments each must have.
EXPECTATIONS: dict[str, frozenset[str]] = {
    "column_values_to_be_null": frozenset({"column"}),
    "column_values_to_not_be_null": frozenset({"column"}),
    "column_values_to_be_in_set": frozenset({"column", "value_set"}),
    "column_values_to_not_be_in_set": frozenset({"column", "value_set"}),
    "column_values_to_match_regex": frozenset({"column", "regex"}),
    "column_values_to_not_match_regex": frozenset({"column", "regex"}),
    "column_values_to_be_between": frozenset({"column"}),
    "column_values_to_be_unique": frozenset({"column"}),
    "column_pair_values_a_to_be_greater_than_b": frozenset({"column_A", "column_B"}),
    "column_pair_values_to_be_equal": frozenset({"column_A", "column_B"}),
    "column_values_to_be_referenced": frozenset({"column", "reference"}),
}
_OPTIONAL_ARGS = frozenset({"min_value", "max_value", "strict_min", "strict_max", "or_equal", "ignore_row_if"})
#: Source of the rules that are made from the model.
GENERATED = "tables.yaml"
#: Files of an operator's folder of rules that hold something else.
_NO_RULES = ("exemptions.yaml", workdays.FILE)
_REQUIRED = frozenset({"id", "view", "expect", "args", "severity", "title", "why", "fix", "good", "bad"})
_DATED = frozenset({"valid_from", "valid_to", "cite"})
_OPTIONAL = _DATED | {"code", "when", "at", "was", "unknown", "waits_for", "replacement", "contradiction"}


@dataclass(frozen=True)
class Rule:
    """One rule; ``at`` is the column a finding points to, ``replacement`` what the clause may say instead.

    ``contradiction`` is one of `CONTRADICTIONS` where a finding says that a promise is at odds with another promise or
    with the register, and None where it says that something is wrong in itself, missing, or not said.
    """

    id: str
    view: str
    expect: str
    args: dict[str, Any]
    severity: str
    title: dict[str, str]
    why: dict[str, str]
    fix: dict[str, str]
    source: str = ""
    code: str | None = None
    when: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    at: str | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    cite: tuple[dict[str, str], ...] = ()
    good: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    bad: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    was: tuple[str, ...] = ()
    unknown: bool = False
    waits_for: dict[str, str] | None = None
    replacement: dict[str, str] = field(default_factory=dict)
    contradiction: str | None = None

    @property
    def family(self) -> str:
        """First segment of the id."""
        return self.id.split(".", 1)[0]

    @property
    def column(self) -> str | None:
        """The column of the model that a finding points to."""
        return self.at or self.args.get("column") or self.args.get("column_A")

    def looks_at(self, frame: pd.DataFrame) -> pd.Series[bool]:
        """Which rows of its view meet the rule's condition."""
        met = pd.Series(data=True, index=frame.index)
        for column, values in self.when.items():
            known = [value for value in values if value is not None]
            met &= frame[column].isin(known) if known else frame[column].isna()
        return met

    def in_force(self, as_of: dt.date) -> bool:
        """Whether the rule was law on that day; a rule without dates always is."""
        return (self.valid_from or dt.date.min) <= as_of <= (self.valid_to or dt.date.max)


@cache
def _known_acts() -> frozenset[str]:
    return frozenset(load_law("kz", dt.date.max).acts)


@cache
def shipped(law: str) -> tuple[Rule, ...]:
    """Every rule that comes with derbes and with a law pack, in the order of their files."""
    home = resources.files("derbes")
    pack = home.joinpath("law", law) if "/" not in law and "\\" not in law else Path(law)
    files = [*_yaml_files(home.joinpath("rules")), *(f for f in _yaml_files(pack) if f.name.startswith("rules"))]
    rules = [rule for file in files for rule in read(file)]
    return _unique(rules)


def own(folder: Path) -> tuple[Rule, ...]:
    """The operator's own rules, from the ``rules`` folder of the inventory; what else lies there is checked."""
    workdays.moved(folder)
    files = [] if not folder.is_dir() else [f for f in _yaml_files(folder) if f.name not in _NO_RULES]
    return _unique([rule for file in files for rule in read(file)])


def together(law: str, folder: Path) -> tuple[Rule, ...]:
    """Rules of a law pack and the operator's own. Raises RuleError where both have a rule of the same id."""
    return _unique([*shipped(law), *own(folder)])


def effective(rules: tuple[Rule, ...], law: LawPack) -> tuple[Rule, ...]:
    """Rules with severities that their citations bear: critical takes a citation read in the act itself (T)."""
    return tuple(_sober(rule, law) for rule in rules)


def _sober(rule: Rule, law: LawPack) -> Rule:
    if rule.severity != "critical" or rule.family not in {"kz", "policy"}:
        return rule
    confident = any(law.confidence(cite["act"], cite.get("at", "")) == "T" for cite in rule.cite)
    return rule if confident else replace(rule, severity="warning")


def read(file: Traversable) -> Iterator[Rule]:
    """Rules of one file. Raises RuleError naming file and rule."""
    try:
        entries = yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RuleError(file.name, f"is not readable YAML ({error.__class__.__name__})", "Mend the file.") from error
    if not isinstance(entries, list):
        raise RuleError(file.name, "holds no list of rules", "Begin each rule with “- id:”.")
    for entry in entries:
        yield _rule(file.name, entry)


def _rule(source: str, entry: Mapping[str, Any]) -> Rule:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise RuleError(source, "an entry has no id", "Give every rule an id.")
    where = f"{source}, rule {entry['id']}"
    _keys(where, entry)
    _shapes(where, entry)
    _names(where, entry)
    _words(where, entry)
    _examples(where, entry)
    body = {key: value for key, value in entry.items() if value is not None}
    when = {column: _values(value) for column, value in (entry.get("when") or {}).items()}
    cite = tuple(body.pop("cite", ()))
    was = tuple(body.pop("was", ()))
    return Rule(**{**body, "when": when, "cite": cite, "was": was, "source": source})


def _values(value: object) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _keys(where: str, entry: Mapping[str, Any]) -> None:
    for key in entry:
        if key not in _REQUIRED | _OPTIONAL:
            hint = did_you_mean(str(key), _REQUIRED | _OPTIONAL)
            raise RuleError(where, f"unknown key {key}", hint or "Remove it.", rule=entry["id"])
    if missing := sorted(_REQUIRED - set(entry)):
        raise RuleError(where, f"lacks {', '.join(missing)}", "Add what is missing.", rule=entry["id"])


def _shapes(where: str, entry: Mapping[str, Any]) -> None:
    kinds = {"args": dict, "when": dict, "good": dict, "bad": dict, "waits_for": dict, "cite": list, "was": list}
    kinds |= {"replacement": dict}
    for key, kind in {**kinds, "valid_from": dt.date, "valid_to": dt.date}.items():
        if entry.get(key) is not None and not isinstance(entry[key], kind):
            said = {dict: "mapping", list: "list", dt.date: "date"}[kind]
            raise RuleError(where, f"{key} is no {said}", "See the rules that come with derbes.", rule=entry["id"])
    for column, values in (entry.get("when") or {}).items():
        if isinstance(values, list) and (not values or None in values):
            remedy = "Name values, or null alone."
            raise RuleError(where, f"its condition on {column} cannot be met", remedy, rule=entry["id"])


def _names(where: str, entry: Mapping[str, Any]) -> None:
    rule = entry["id"]
    known = {
        "family": (rule.split(".", 1)[0], FAMILIES),
        "view": (entry["view"], VIEWS),
        "expectation": (entry["expect"], EXPECTATIONS),
        "severity": (entry["severity"], SEVERITIES),
        "contradiction": (entry.get("contradiction") or CONTRADICTIONS[0], CONTRADICTIONS),
    }
    for what, (name, names) in known.items():
        if name not in names:
            raise RuleError(where, f"unknown {what} {name}", did_you_mean(str(name), names), rule=rule)
    needed = EXPECTATIONS[entry["expect"]]
    if set(entry["args"]) - needed - _OPTIONAL_ARGS or needed - set(entry["args"]):
        raise RuleError(where, f"{entry['expect']} takes {', '.join(sorted(needed))}", "Mend args.", rule=rule)
    table = VIEWS[entry["view"]].table
    column = entry.get("at") or entry["args"].get("column") or entry["args"].get("column_A")
    if table != "*" and column not in load_schema().tables[table].columns:
        raise RuleError(where, f"points at no column of {table}: {column}", "Name one by “at”.", rule=rule)


def _words(where: str, entry: Mapping[str, Any]) -> None:
    for part in ("title", "why", "fix"):
        said = [entry[part].get(lang) for lang in LANGUAGES] if isinstance(entry[part], dict) else [None]
        if not all(isinstance(text, str) and text for text in said):
            raise RuleError(where, f"has no {part} in every language", f"Needed: {', '.join(LANGUAGES)}.")
    offered = entry.get("replacement") or dict.fromkeys(PUBLISHED, "-")
    if not all(isinstance(offered.get(lang), str) and offered[lang] for lang in PUBLISHED):
        raise RuleError(where, "has no replacement in both languages", f"Needed: {', '.join(PUBLISHED)}.")
    for cite in entry.get("cite") or ():
        if cite.get("act") not in _known_acts():
            raise RuleError(where, f"cites an unknown act {cite.get('act')}", "Add it to acts.yaml.", rule=entry["id"])


def _examples(where: str, entry: Mapping[str, Any]) -> None:
    if not entry["good"] or not entry["bad"]:
        raise RuleError(where, "has no example of both kinds", "Give rows under good and bad.", rule=entry["id"])
    tables = load_schema().tables
    for kind in ("good", "bad"):
        for table, rows in entry[kind].items():
            if table not in tables:
                what = f"its {kind} example has a table that the model does not know, {table}"
                raise RuleError(where, what, did_you_mean(str(table), tables), rule=entry["id"])
            for column in {column for row in rows for column in row} - set(tables[table].columns):
                what = f"its {kind} example has a column that {table} does not, {column}"
                raise RuleError(where, what, did_you_mean(str(column), tables[table].columns), rule=entry["id"])


def _unique(rules: list[Rule]) -> tuple[Rule, ...]:
    seen: dict[str, str] = {}
    for rule in rules:
        if rule.id in seen:
            raise RuleError(f"{rule.source}, rule {rule.id}", f"stands in {seen[rule.id]} too", "Rename one.")
        seen[rule.id] = rule.source
    return tuple(rules)


def _yaml_files(folder: Traversable) -> list[Traversable]:
    return sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
