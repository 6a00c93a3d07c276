"""The rules as a page of Markdown, `docs/rules.md`: each that comes with derbes, with its law, wordings and rows."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from derbes.catalogue import every_rule
from derbes.law import load_law
from derbes.provisions import fines_of
from derbes.rules import FAMILIES, GENERATED
from derbes.structure import wording
from derbes.text import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from derbes.law import LawPack
    from derbes.rules import Rule

_HEAD = """# Rules

What `derbes check` holds an inventory to. This page is made from the rules by `make docs`, and a test compares the two.
`derbes rules RULE` explains one in Russian, Kazakh or English, with rows that pass and the values of the law on a day.

A *critical* finding breaks a provision that was read in the act itself; where the provision was not (confidence Q, N
or M), the rule is a *warning* and its findings ask for a lawyer. Places in braces are filled from the row: `{name}` is
what it is called, `{key}` its id, `{value}` what the cell says.
"""
_GENERATED = """Made from the model, one for each table and column that the check concerns, and called
`structure.<kind>.<table>.<column>`, for instance `structure.required.systems.owner`.
"""
_SHEETS = "Of files, sheets and whole tables: what no row can say.\n"


def handbook(law: str = "kz") -> str:
    """Markdown of the rules of a law pack: by family, the generated ones by kind alone."""
    pack = load_law(law, dt.date.max)
    rules = [rule for rule in every_rule(pack, law) if rule.source != GENERATED]
    written = {family: [rule for rule in rules if rule.family == family] for family in FAMILIES}
    families = words("en")["wording"]["family"]
    order = [family for family in ("kz", "policy", *FAMILIES) if written[family] and family != "structure"]
    parts = [_HEAD, "".join(_entry(families[family], written[family]) for family in dict.fromkeys(order))]
    for family in dict.fromkeys(order):
        parts += [f"## {families[family]}\n", *(_rule(rule, pack) for rule in written[family])]
    parts += [f"## {families['structure']}\n", _GENERATED, _kinds(), _SHEETS, _sheets(written["structure"])]
    return "\n".join(parts)


def _entry(family: str, rules: Sequence[Rule]) -> str:
    """One family in the contents, with links to its rules."""
    links = ", ".join(f"[{rule.id.split('.', 1)[1]}](#{_anchor(rule.id)})" for rule in rules)
    return f"- **{family}** ({len(rules)}): {links}\n"


def _anchor(heading: str) -> str:
    """The anchor that renderers of Markdown give a heading."""
    return re.sub(r"[^\w-]", "", heading.lower())


def _rule(rule: Rule, pack: LawPack) -> str:
    code = f", {rule.code}" if rule.code else ""
    since = f", since {rule.valid_from}" if rule.valid_from else ""
    until = f", until {rule.valid_to}" if rule.valid_to else ""
    waits = " Not run: it waits for " + rule.waits_for["en"] if rule.waits_for else ""
    lines = [f"### {rule.id}\n", f"*{rule.severity}*{code}{since}{until}.{waits}\n"]
    lines += [f"> {rule.title['en']}  \n> {rule.title['ru']}  \n> {rule.title['kk']}\n"]
    lines += [f"{_flat(rule.why['en'])}\n", f"What to do: {_flat(rule.fix['en'])}\n"]
    lines += [f"Wording offered ({tongue}): «{_flat(text)}»\n" for tongue, text in sorted(rule.replacement.items())]
    if rule.cite:
        lines.append(f"Law: {'; '.join(_cited(cite, pack) for cite in rule.cite)}.\n")
    if fines := fines_of(rule.id, pack):
        articles = [f"{fine['cite']['act']} {at}" for at, fine in fines.items()]
        lines.append(f"May lead to a fine: {'; '.join(articles)}.\n")
    if rule.bad:  # what is read beside the tables has no rows to show
        lines += ["Fails:\n", *(_rows(name, rows) for name, rows in rule.bad.items())]
    return "\n".join(lines)


def _cited(cite: dict[str, str], pack: LawPack) -> str:
    act, at = cite["act"], cite.get("at", "")
    return f"{act} {at} (confidence {pack.confidence(act, at)})".replace("  ", " ")


def _rows(name: str, rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return _table([f"{name}: {columns[0]}", *columns[1:]], ([row.get(c, "") for c in columns] for row in rows))


def _kinds() -> str:
    rows = [
        (f"`{kind}`", body["severity"], body["title"]["en"], body["title"]["ru"], body["title"]["kk"])
        for kind, body in wording().items()
    ]
    return _table(["kind", "severity", "title", "ru", "kk"], rows)


def _sheets(rules: Sequence[Rule]) -> str:
    rows = [(f"`{rule.id}`", rule.severity, rule.title["en"], rule.title["ru"], rule.title["kk"]) for rule in rules]
    return _table(["rule", "severity", "title", "ru", "kk"], rows)


def _table(heads: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [list(heads), ["---"] * len(heads), *([_cell(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    return _flat(str(value)).replace("|", "\\|")


def _flat(text: str) -> str:
    return " ".join(text.split())
