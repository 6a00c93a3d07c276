"""The positive control: what the self-test of exactly these rules is on record to have found."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from derbes.schema import load
from derbes.structure import bundles, sheet_rules
from derbes.text import words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.resources.abc import Traversable

    from derbes.rules import Rule

#: The record, written by the tests: one self-test of the shipped rules.
RECORD = "selftest.json"
_SAYS = ("id", "view", "expect", "args", "when", "at", "severity", "valid_from", "valid_to", "unknown", "waits_for")
_MACHINE = ("cells", "engine", "expectations", "identity", "inventory", "period", "structure", "telling", "workdays")


def ruleset(rules: Iterable[Rule], law: str) -> str:
    """SHA-256 over what decides on findings: rules without their words, the model, the views, the engine, the law."""
    said = sorted(json.dumps([getattr(rule, name) for name in _SAYS], default=str) for rule in (*rules, *sheet_rules()))
    return hashlib.sha256(json.dumps([said, _model(), _sources(law)]).encode()).hexdigest()


@cache
def _model() -> list[Any]:
    return [[bundle.kind, bundle.table, bundle.expect, str(bundle.args)] for bundle in bundles(load())]


@cache
def _sources(law: str) -> list[list[str]]:
    """Names and hashes of the code that lays facts out and judges them, and of the law pack's data."""
    home = resources.files("derbes")
    pack = home.joinpath("law", law) if "/" not in law and "\\" not in law else Path(law)
    views = [file for file in home.joinpath("views").iterdir() if file.name.endswith(".py")]
    facts = [file for file in pack.iterdir() if file.name.endswith(".yaml") and not file.name.startswith("rules")]
    files = [*sorted(views, key=_name), *(home.joinpath(f"{name}.py") for name in _MACHINE), *sorted(facts, key=_name)]
    # line ends are the checkout's business
    return [[file.name, hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()] for file in files]


def _name(file: Traversable) -> str:
    return file.name


@cache
def on_record() -> dict[str, Any]:
    """The self-test on record, empty where there is none."""
    file = resources.files("derbes").joinpath(RECORD)
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def positive_control(digest: str, lang: str) -> str:
    """One sentence for a report made by the rules of that digest: the self-test's counts, or that there is none."""
    say, record = words(lang)["selftest"], on_record()
    if record.get("ruleset") != digest:
        return str(say["no_control"])
    return str(say["control"].format(**{**record, "survivors": len(record["survivors"])}))
