"""The rules as text: all of them in a line each, or one explained with its law, example and remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derbes import rules as rulebook
from derbes import schema
from derbes.errors import UsageError, did_you_mean
from derbes.law import load_law
from derbes.provisions import fines_of
from derbes.structure import bundles, sheet_rules
from derbes.text import words

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from derbes.law import LawPack
    from derbes.rules import Rule

_WIDE = 160  # characters of a constant: some are long patterns


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
        if rule.source != rulebook.GENERATED:
            idle = "" if rule.in_force(as_of) else f" ({said['not_in_force']})"
            lines.append(f"{rule.id:<44} {said[rule.severity]:<16} {rule.title[lang]}{idle}")
    for bundle in bundles(model):
        columns = ", ".join(bundle.rules)
        one = next(iter(bundle.rules.values()))
        lines.append(f"{f'structure.{bundle.kind}.{bundle.table}.*':<44} {said[one.severity]:<16} {columns}")
    return "\n".join(lines)


def explained(name: str, *, law: str, lang: str, as_of: dt.date) -> str:
    """One rule: what it finds, why, what to do, the law by its editions, fines, and rows it passes and flags.

    Raises UsageError with the closest id.
    """
    pack = load_law(law, as_of)
    rules = {rule.id: rule for rule in every_rule(pack, law)}
    if name not in rules:
        raise UsageError(name, "no such rule", did_you_mean(name, rules) or "derbes rules lists them.")
    rule, said = rules[name], words(lang)["catalogue"]
    idle = "" if rule.in_force(as_of) else f" – {said['not_in_force']}"
    code = f" ({rule.code})" if rule.code else ""
    lines = [f"{rule.id} — {said[rule.severity]}{code}{idle}", "", rule.title[lang], ""]
    lines += [f"{said['why']}: {rule.why[lang]}", f"{said['fix']}: {rule.fix[lang]}"]
    lines += [f"{said['replacement']} ({tongue}): «{rule.replacement[tongue]}»" for tongue in sorted(rule.replacement)]
    lines += ["", *_law(rule, pack, said, lang)]
    lines += _fines(rule, pack, said, lang)
    lines += [f"{said['was']}: {', '.join(rule.was)}"] if rule.was else []
    lines += [f"{said['waits']}: {rule.waits_for[lang]}"] if rule.waits_for else []
    lines.append(f"{said['looks_at']}: {rule.view}{_condition(rule)}; {rule.expect} {_arguments(rule, pack)}")
    for kind in ("good", "bad"):
        lines += _example(said[kind], getattr(rule, kind))
    return "\n".join(lines)


def _law(rule: Rule, pack: LawPack, said: Mapping[str, Any], lang: str) -> list[str]:
    """What the rule rests on: provisions with the title that day, and the editions of the act that it holds for."""
    lines = []
    for cite in rule.cite:
        cited, act = pack.citation(cite["act"], cite.get("at", "")), pack.act(cite["act"])
        edition = f"{said['edition']} {cited['edition'] or '–'}, {said['confidence']} {cited['confidence']}"
        lines.append(f"{said['law']}: {cited['act']} {cited['at']} «{cited['title'][lang] or ''}», {edition}")
        known = [day.isoformat() for day, _ in act.editions if rule.in_force(day)]
        if known:
            lines.append(f"  {said['editions'].format(n=len(known), of=len(act.editions))}: {', '.join(known)}")
    if rule.valid_from or rule.valid_to:
        lines.append(f"{said['valid']}: {rule.valid_from or '…'} – {rule.valid_to or '…'}")
    return lines


def _fines(rule: Rule, pack: LawPack, said: Mapping[str, Any], lang: str) -> list[str]:
    """Articles on fines to which its findings may lead, with the range over those who pay."""
    lines = []
    for fine in fines_of(rule.id, pack).values():
        ends = [end for amount in fine["mci"].values() for end in (amount if isinstance(amount, list) else [amount])]
        span = said["mci"].format(least=min(ends), most=max(ends))
        lines.append(f"{said['fine']}: {fine['cite']['act']} {fine['cite']['at']} – {fine['labels'][lang]}: {span}")
    return lines


def _condition(rule: Rule) -> str:
    told = [f"{column} = {' | '.join(map(str, values))}" for column, values in rule.when.items()]
    return f" ({', '.join(told)})" if told else ""


def _arguments(rule: Rule, pack: LawPack) -> str:
    """Arguments of the expectation, a constant of the law with the value it has that day."""
    named = {value: value[1:] for value in rule.args.values() if isinstance(value, str) and value.startswith("$")}
    values = {value: str(pack.constants.get(name, "–")) for value, name in named.items()}
    known = {value: f"{value} = {text[:_WIDE]}{'…' * (len(text) > _WIDE)}" for value, text in values.items()}
    told = {key: known.get(value, value) if isinstance(value, str) else value for key, value in rule.args.items()}
    return ", ".join(f"{key}: {value}" for key, value in told.items())


def _example(title: str, tables: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Rows of an example under their columns, a table after the other."""
    lines = [f"{title}:"] if tables else []
    for name, rows in tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        cells = [columns, *([str(row.get(column, "")) for column in columns] for row in rows)]
        widths = [max(len(line[at]) for line in cells) for at in range(len(columns))]
        lines.append(f"  {name}")
        lines += [f"    {'  '.join(map(str.ljust, line, widths))}".rstrip() for line in cells]
    return lines
