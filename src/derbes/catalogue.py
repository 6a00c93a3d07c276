"""The rules as text: all of them in a line each, or one explained with its law, example and remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derbes import rules as rulebook
from derbes import schema
from derbes.errors import UsageError, did_you_mean
from derbes.law import load_law
from derbes.structure import bundles, sheet_rules
from derbes.text import words

if TYPE_CHECKING:
    import datetime as dt

    from derbes.law import LawPack
    from derbes.rules import Rule


def every_rule(law: LawPack, pack: str) -> list[Rule]:
    """All rules of a law pack and of the model, in the order of their ids."""
    generated = [rule for bundle in bundles(schema.load()) for rule in bundle.rules.values()]
    return sorted([*rulebook.effective(rulebook.shipped(pack), law), *sheet_rules(), *generated], key=lambda r: r.id)


def catalogue(*, law: str, lang: str, as_of: dt.date) -> str:
    """One line a rule: id, severity, what it says; generated rules as one line a kind and table."""
    pack = load_law(law, as_of)
    said = words(lang)["catalogue"]
    model = schema.load()
    lines = []
    for rule in every_rule(pack, law):
        if rule.source != "tables.yaml":
            idle = "" if rule.in_force(as_of) else f" ({said['not_in_force']})"
            lines.append(f"{rule.id:<44} {said[rule.severity]:<16} {rule.title[lang]}{idle}")
    for bundle in bundles(model):
        columns = ", ".join(bundle.rules)
        one = next(iter(bundle.rules.values()))
        lines.append(f"{f'structure.{bundle.kind}.{bundle.table}.*':<44} {said[one.severity]:<16} {columns}")
    return "\n".join(lines)


def explained(name: str, *, law: str, lang: str, as_of: dt.date) -> str:
    """One rule: what it finds, why, what to do, the law, since when, and rows it passes and flags.

    Raises UsageError with the closest id.
    """
    pack = load_law(law, as_of)
    rules = {rule.id: rule for rule in every_rule(pack, law)}
    if name not in rules:
        raise UsageError(name, "no such rule", did_you_mean(name, rules) or "derbes rules lists them.")
    rule, said = rules[name], words(lang)["catalogue"]
    lines = [f"{rule.id} — {said[rule.severity]}{f' ({rule.code})' if rule.code else ''}", "", rule.title[lang], ""]
    lines += [f"{said['why']}: {rule.why[lang]}", f"{said['fix']}: {rule.fix[lang]}", ""]
    for cite in rule.cite:
        cited = pack.citation(cite["act"], cite.get("at", ""))
        title = cited["title"][lang] or ""
        edition = f"{said['edition']} {cited['edition'] or '–'}, {said['confidence']} {cited['confidence']}"
        lines.append(f"{said['law']}: {cited['act']} {cited['at']} «{title}», {edition}")
    if rule.valid_from or rule.valid_to:
        lines.append(f"{said['valid']}: {rule.valid_from or '…'} – {rule.valid_to or '…'}")
    lines.append(f"{said['looks_at']}: {rule.view}; {rule.expect} {rule.args}")
    for kind in ("good", "bad"):
        lines += _example(said[kind], getattr(rule, kind))
    return "\n".join(lines)


def _example(title: str, tables: dict[str, list[dict[str, Any]]]) -> list[str]:
    rows = [
        f"  {table}: {', '.join(f'{k}={v}' for k, v in row.items())}" for table, rows in tables.items() for row in rows
    ]
    return [f"{title}:", *rows] if rows else []
