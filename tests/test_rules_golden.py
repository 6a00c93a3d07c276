"""What reviewers read as one file: ids that never vanish, the days on which rules are law, translations of what.

``DERBES_BLESS=1 python -m pytest tests/test_rules_golden.py`` rewrites the three files of tests/golden. A translation
older than its Russian text stays red even so; ``DERBES_BLESS=translations`` says that it has been read and still fits.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from functools import cache
from typing import TYPE_CHECKING

import pytest
import yaml
from conftest import DAY, DEMO, ROOT

from derbes import rules as rulebook
from derbes.auditing import audit
from derbes.catalogue import every_rule
from derbes.law import load_law
from derbes.structure import sheet_rules, wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.rules import Rule

GOLDEN = ROOT / "tests" / "golden"
BLESS = os.environ.get("DERBES_BLESS", "")
SHIPPED = sorted(rulebook.shipped("kz"), key=lambda rule: rule.id)
SAYS = "Run again with DERBES_BLESS=1 and read the difference before you commit it."


def _golden(name: str, text: str) -> str:
    path = GOLDEN / name
    if BLESS:
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def _ids() -> list[str]:
    return [rule.id for rule in every_rule(load_law("kz", dt.date.fromisoformat(DAY)), "kz")]


def test_no_rule_vanishes_and_none_comes_unseen() -> None:
    ids, renamed = set(_ids()), {old for rule in SHIPPED for old in rule.was}
    kept = GOLDEN / "rules.lock"
    locked = set(kept.read_text(encoding="utf-8").split()) if kept.exists() else ids
    assert sorted(locked - ids - renamed) == [], "Rules vanished: list the old id under “was” of the new one."
    lock = set(_golden("rules.lock", "".join(f"{name}\n" for name in sorted(ids | renamed))).split())
    assert sorted(ids - lock) == [], f"New rules. {SAYS}"


def test_every_id_stands_once() -> None:
    ids = _ids()
    assert sorted({name for name in ids if ids.count(name) > 1}) == []


def _editions() -> list[dt.date]:
    acts = yaml.safe_load((ROOT / "src/derbes/law/kz/acts.yaml").read_text(encoding="utf-8"))["acts"]
    return sorted({*(edition["valid_from"] for edition in acts["94-V"]["editions"]), dt.date.fromisoformat(DAY)})


@cache
def _constants(day: dt.date) -> frozenset[str]:
    return frozenset(load_law("kz", day).constants)


def _runs(rule: Rule, day: dt.date) -> bool:
    asked = {str(value)[1:] for value in rule.args.values() if str(value).startswith("$")}
    return rule.in_force(day) and not rule.waits_for and asked <= _constants(day)


def _calendar() -> str:
    days = _editions()
    lines = ["# Rules by the editions of Law 94-V: + is run as of that day, . is not.", ""]
    lines += [f"{' ' * 44}{' '.join(day.strftime('%y%m%d') for day in days)}"]
    for rule in SHIPPED:
        marks = [("+" if _runs(rule, day) else ".").center(6) for day in days]
        lines.append(f"{rule.id:<44}{' '.join(marks)}".rstrip())
    return "\n".join([*lines, ""])


def test_rules_run_on_the_days_on_which_they_are_law() -> None:
    assert _golden("editions.txt", _calendar()) == _calendar(), SAYS


@pytest.mark.parametrize("day", ["2016-01-01", "2026-01-17"])
def test_an_audit_keeps_to_the_calendar(day: str) -> None:
    done = audit(DEMO, as_of=day, before="none", only=[rule.id for rule in SHIPPED]).rules.set_index("rule")
    idle = set(done.index[done["reason"].isin(["not_in_force", "waits"]) | done["reason"].str.startswith("constant_")])
    assert idle == {rule.id for rule in SHIPPED if not _runs(rule, dt.date.fromisoformat(day))}


def _wordings() -> Iterator[tuple[str, dict[str, str]]]:
    words = {f"structure.{kind}": body for kind, body in wording().items()}
    for rule in (*SHIPPED, *sheet_rules()):
        words[rule.id] = {"title": rule.title, "why": rule.why, "fix": rule.fix}
    for name, said in sorted(words.items()):
        yield from ((f"{name} {part}", said[part]) for part in ("title", "why", "fix"))
    for rule in SHIPPED:
        if rule.replacement:
            yield f"{rule.id} replacement", {"en": rule.replacement["ru"], **rule.replacement}


def _hash(text: str) -> str:
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16]


def _translations() -> dict[str, tuple[str, str]]:
    """Hashes of a translation's Russian text and of its own, by rule, part and language."""
    return {
        f"{name} {lang}": (_hash(said["ru"]), _hash(said[lang])) for name, said in _wordings() for lang in ("kk", "en")
    }


def _locked() -> dict[str, tuple[str, str]]:
    kept = GOLDEN / "translations.lock"
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    return {name: (ru, own) for name, ru, own in (line.rsplit(" ", 2) for line in lines)}


def _stale() -> dict[str, tuple[str, str]]:
    """Translations whose Russian text has changed while they have not, with the hashes they were made from."""
    now, locked = _translations(), _locked()
    return {
        name: old for name, old in locked.items() if name in now and now[name][0] != old[0] and now[name][1] == old[1]
    }


def test_no_translation_is_older_than_its_russian_text() -> None:
    stale = {} if BLESS == "translations" else _stale()
    entries = {**_translations(), **stale}
    lock = _golden("translations.lock", "".join(f"{name} {ru} {own}\n" for name, (ru, own) in sorted(entries.items())))
    assert sorted(stale) == [], "The Russian text has changed: translate it anew."
    assert set(lock.splitlines()) == {f"{name} {ru} {own}" for name, (ru, own) in _translations().items()}, SAYS
