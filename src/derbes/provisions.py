"""The law beside an audit: which provisions its rules rest on, which acts the policy cites, which fines may follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import rules as rulebook
from derbes.findings import ACTIVE
from derbes.identity import mask
from derbes.structure import bundles
from derbes.text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from derbes.auditing import Audit
    from derbes.law import Act, LawPack

COVERAGE = ("act", "at", "label", "rules", "ran", "findings", "unknown", "state")
CITATIONS = ("key", "clause", "number", "title", "provision", "act", "status", "edition", "now", "renamed", "successor")
FINES = ("article", "label", "rules", "findings", "verify", "confidence")
#: Who pays by the size of the business, as the section of fines has it.
PAYERS = ("individual", "small", "medium", "large")


def coverage(audit: Audit) -> pd.DataFrame:
    """One row a provision of the law pack's list, then those that rules cite beyond it.

    Columns: act, at, label, ``rules`` (ids that cite it), ``ran`` (how many of them ran), ``findings`` and ``unknown``
    (active findings of theirs, and those that only say that a fact is unknown), ``state``: broken, unknown (also where
    no row that the rules looked at held a fact to judge), passed, idle (the rules that ran had no row to look at),
    not_run, or uncovered where no rule cites it.
    """
    listed = audit.law.sections.get("articles", {})
    labels = {(one["cite"]["act"], str(one["cite"]["at"])): one["labels"][audit.lang] for one in listed.values()}
    pairs = pd.DataFrame(_resting(audit, set(labels)), columns=["act", "at", "rule"]).drop_duplicates()
    named = pairs.groupby(["act", "at"], sort=False)["rule"].agg(lambda ids: tuple(sorted(ids))).to_dict()
    beyond = sorted(set(named) - set(labels))
    rows = [
        (act, at, labels.get((act, at)) or audit.law.act(act).title(audit.lang) or "", named.get((act, at), ()))
        for act, at in [*labels, *beyond]
    ]
    return _counted(pd.DataFrame(rows, columns=list(COVERAGE[:4])), audit)


def _resting(audit: Audit, listed: set[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Provision and rule of every citation: the listed provision that holds it, else those it holds, else itself."""
    own = rulebook.together(audit.pack, audit.inventory.path / "rules")
    made = [rule for bundle in bundles(audit.inventory.schema) for rule in bundle.rules.values()]
    known = set(audit.rules["rule"])
    return [
        (act, at, rule.id)
        for rule in (*own, *made)
        if rule.id in known and rule.in_force(audit.as_of)
        for cite in rule.cite
        for act, at in _places(audit.law.act(cite["act"]).number, str(cite.get("at", "")), listed)
    ]


def _places(act: str, at: str, listed: set[tuple[str, str]]) -> list[tuple[str, str]]:
    holding = [place for place in listed if place[0] == act and _holds(place[1], at)]
    held = [place for place in listed if place[0] == act and _holds(at, place[1])]
    return [max(holding, key=lambda place: len(place[1]))] if holding else held or [(act, at)]


def _holds(whole: str, part: str) -> bool:
    """Whether a provision holds another: 12 holds 12(2), and neither 121 nor 12-1."""
    return part == whole or (bool(whole) and part.startswith(f"{whole}("))


def _counted(frame: pd.DataFrame, audit: Audit) -> pd.DataFrame:
    active = audit.findings[audit.findings["status"].isin(ACTIVE)]
    unknown = active["unknown"].astype(bool)
    ran = audit.rules[audit.rules["status"] == "run"].set_index("rule")
    facts = {
        "ran": pd.Series(1, index=ran.index),
        "looked": ran["rows"].fillna(0),
        "judged": ran["judged"].fillna(0),
        "findings": active.loc[~unknown, "rule"].value_counts(),
        "unknown": active.loc[unknown, "rule"].value_counts(),
    }
    named = frame["rules"].explode()
    sums = {name: named.map(counts).fillna(0).groupby(level=0).sum().astype(int) for name, counts in facts.items()}
    told = frame.assign(**sums, cited=frame["rules"].str.len())
    state = pd.Series("passed", index=told.index, dtype=object).mask(told["looked"] == 0, "idle")
    silent = (told["looked"] > 0) & (told["judged"] == 0)
    state = state.mask((told["unknown"] > 0) | silent, "unknown").mask(told["findings"] > 0, "broken")
    state = state.mask(told["ran"] == 0, "not_run").mask(told["cited"] == 0, "uncovered")
    return told.assign(state=state)[list(COVERAGE)]


def citations(audit: Audit) -> pd.DataFrame:
    """One row an act that the policy cites, as the table of citations has it, beside the registry of acts that day.

    Columns: key, clause, ``number``, ``title`` and provision as cited; ``act`` (its number in the registry, found by
    number or else by title, None where it is not there), ``status`` (in_force, verify, ceased, future, unknown),
    edition, ``now`` (title in force that day), ``renamed`` (whether the act has borne another title before),
    ``successor`` (numbers of acts that replaced it).
    """
    table = audit.inventory.tables["citations"]
    keys = audit.inventory.keys["citations"]
    rows = []
    for at, row in enumerate(table[["clause_id", "act_number", "act_title", "provision"]].itertuples(index=False)):
        said = ["" if pd.isna(cell) else str(cell) for cell in row]
        rows.append((keys[at], *map(mask, said), *_standing(said[1], said[2], audit.law, audit.lang)))
    return pd.DataFrame(rows, columns=list(CITATIONS), dtype=object)


def _standing(number: str, title: str, law: LawPack, lang: str) -> tuple[Any, ...]:
    found = law.find(number) if number else _titled(title, law)
    if found is None:
        return None, "unknown", None, "", False, ""
    now = found.title(lang) or ""
    return found.number, found.status, found.edition, now, bool(found.former), ", ".join(found.replaced_by)


def named(number: str, law: LawPack, lang: str) -> str:
    """Title and number of an act; its year where it has no number, the number alone where no title was seen."""
    known = law.find(number)
    if known is None or not known.titles:
        return number
    return f"{known.title(lang)} ({number if number[:1].isdigit() else known.adopted.year})"


def _titled(title: str, law: LawPack) -> Act | None:
    """The one act of that title that has not ceased; an act cited without its number, as codes are."""
    said = plain(title)
    bearing = [act for act in law.acts.values() if said in map(plain, act.titles.values())]
    lasting = [act for act in bearing if act.status in {"in_force", "verify"}]
    return lasting[0] if len(lasting) == 1 else None


def fines(audit: Audit) -> pd.DataFrame:
    """One row an article to which active findings may lead, each once: for information, never to be added up.

    Columns: article, label, ``rules`` (broken ones that lead to it), ``findings``, ``verify`` (the amount is to be
    looked up), ``confidence``, and for each of `PAYERS` the amount in monthly calculation indices, a pair (least,
    most); with ``_tenge`` the same in the money of the audit's year, None where the pack has no index for it.
    """
    active = audit.findings[audit.findings["status"].isin(ACTIVE) & ~audit.findings["unknown"].astype(bool)]
    index = audit.law.constants.get("mci")
    rows = []
    leading = {rule: fines_of(rule, audit.law) for rule in active["rule"].unique()}
    for article, fine in audit.law.sections.get("fines", {}).items():
        led = active[active["rule"].isin([rule for rule, articles in leading.items() if article in articles])]
        if len(led):
            rules = tuple(sorted(led["rule"].unique()))
            verify = bool(fine.get("verify"))
            confidence = fine.get("confidence") or audit.law.confidence(fine["cite"]["act"], fine["cite"]["at"])
            facts = (article, fine["labels"][audit.lang], rules, len(led), verify, confidence)
            rows.append(dict(zip(FINES, facts, strict=True)) | _amounts(fine["mci"], index))
    amounts = [name for payer in PAYERS for name in (payer, f"{payer}_tenge")]
    return pd.DataFrame(rows, columns=[*FINES, *amounts], dtype=object)


def fines_of(rule: str, law: LawPack) -> dict[str, Mapping[str, Any]]:
    """Articles on fines to which findings of a rule may lead: what the law pack says of each, by article."""
    listed: Mapping[str, Mapping[str, Any]] = law.sections.get("fines", {})
    return {article: fine for article, fine in listed.items() if any(_meant(rule, name) for name in fine["rules"])}


def _meant(rule: str, name: str) -> bool:
    """Whether a rule is the one named, or one of those whose ids begin so, if the name ends in a dot."""
    return rule.startswith(name) if name.endswith(".") else rule == name


def _amounts(mci: dict[str, Any], index: int | None) -> dict[str, tuple[int, int] | None]:
    amounts: dict[str, tuple[int, int] | None] = {}
    for payer in PAYERS:
        said = mci.get(payer)
        ends = (said[0], said[-1]) if isinstance(said, list) else None if said is None else (said, said)
        amounts[payer] = ends
        amounts[f"{payer}_tenge"] = (ends[0] * index, ends[1] * index) if ends and index else None
    return amounts
