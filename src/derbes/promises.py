"""The published policy, promise by promise: what an audit can say of every clause, and why it can say no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import rules as rulebook
from derbes.findings import ACTIVE, SEVERITIES
from derbes.identity import mask
from derbes.views import VIEWS

if TYPE_CHECKING:
    from derbes.auditing import Audit
    from derbes.inventory import Inventory

VERDICTS = ("contradicted", "objected", "not_provable", "kept", "not_checkable")
COLUMNS = ("origin", "clause", "summary", "verdict", "findings", "objections", "notes", "unknown", "rules", "coded")
OPPOSED = ("id", "rule", "severity", "clause", "other")
#: Families whose rules hold promises to the law, to each other and to the register.
_JUDGING = ("kz", "policy")
#: Columns of a clause that say what it promises; the others say how it is numbered, worded and kept.
_CODED = (
    "asserts", "denies", "except", "subject_ids", "category_ids", "natures", "purpose_ids", "recipient_ids",
    "recipient_kinds", "retention_ids", "right_kinds", "channels", "basis_codes", "elements", "terms_defined",
    "requisites", "deadline_days",
)  # fmt: skip
#: Where what a clause of some kind promises is shown to be so: tables with their columns, the first table before all.
_SHOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "data": {"categories": ("*",), "fields": ("*",), "processing": ("category_ids", "field_ids")},
    "subject": {"subjects": ("*",), "processing": ("subject_ids",)},
    "scope": {"subjects": ("*",)},
    "purpose": {"purposes": ("*",), "processing": ("purpose_id",), "consents": ("purpose_ids",)},
    "basis": {"processing": ("legal_basis", "authority", "consent_ids"), "consents": ("*",)},
    "consent": {"consents": ("*",), "processing": ("consent_ids",)},
    "retention": {"retention": ("*",), "processing": ("retention_id",)},
    "recipient": {"recipients": ("*",), "processing": ("recipient_ids",), "consents": ("recipient_ids",)},
    "right": {"rights": ("*",)},
    "procedure": {"rights": ("*",), "requests": ("*",)},
    "security": {"systems": ("measures",), "incidents": ("*",)},
    "contact": {"operator": ("*",)},
}


def promises(audit: Audit) -> pd.DataFrame:
    """One row a clause of the policy, in the order of the table, with one of `VERDICTS`.

    contradicted: a critical finding or a warning says that the clause and another one, or the register, exclude each
        other; rules that find such things say so themselves (`derbes.rules.Rule`), and the clause is one of the sides.
    objected: none does, but one stands on the clause itself, or on what shows the promise in the rows read off it.
    not_provable: none does, but something that would show it in the rows read off the clause is unknown.
    kept: a rule of the law or of the policy looked at what shows it, in the clause or in those rows, and found nothing
        but a note for information at most.
    not_checkable: no rule looks at what the clause says; ``coded`` tells whether anything is said in its columns.
    What shows a promise depends on the kinds of its clause: a promise of terms is shown by the terms of retention.
    A clause to which a finding on another one merely refers has its verdict from its own facts.

    ``findings`` are ids of findings that contradict, ``objections`` of the others that stand on it, ``notes`` of
    those for information alone, ``unknown`` pairs (table, column) of what is unknown, ``rules`` ids of those that
    looked at it. ``origin`` is the position of the clause's row.
    """
    inv = audit.inventory
    clauses = inv.tables["clauses"]
    frame = pd.DataFrame({"origin": clauses.index, "clause": inv.keys["clauses"]})
    frame["summary"] = [mask(text) for text in clauses["summary"].fillna("")]
    active = audit.findings[audit.findings["status"].isin(ACTIVE)]
    unknown = active["unknown"].astype(bool)
    against = _against(active[active["family"].isin(_JUDGING) & ~unknown], audit)
    facts = {
        "findings": _gathered(against[against["grave"] & against["opposed"]], "id"),
        "objections": _gathered(against[against["grave"] & ~against["opposed"]], "id"),
        "notes": _gathered(against[~against["grave"]], "id"),
        "unknown": _open(active[unknown], inv),
        "rules": _looking(audit),
    }
    for name, gathered in facts.items():
        frame[name] = [gathered.get(clause, ()) for clause in frame["clause"]]
    frame["coded"] = clauses[list(_CODED)].map(_says).any(axis=1).to_numpy().astype(bool)
    return frame.assign(verdict=_verdict(frame))[list(COLUMNS)]


def _verdict(frame: pd.DataFrame) -> pd.Series[str]:
    """The gravest verdict that the facts of each clause allow."""
    verdict = pd.Series("not_checkable", index=frame.index, dtype=object)
    ranks = {"rules": "kept", "unknown": "not_provable", "objections": "objected", "findings": "contradicted"}
    for name, code in ranks.items():
        verdict = verdict.mask(frame[name].map(bool).astype(bool), code)
    return verdict


def _says(cell: object) -> bool:
    return len(cell) > 0 if isinstance(cell, tuple) else bool(pd.notna(cell))


def _gathered(pairs: pd.DataFrame, what: str) -> dict[str, tuple[Any, ...]]:
    """What belongs to each clause: each once, in the order of the rows."""
    distinct = pairs.drop_duplicates(["clause", what])
    return {str(clause): tuple(group) for clause, group in distinct.groupby("clause", sort=False)[what]}


def oppositions(audit: Audit) -> pd.DataFrame:
    """One row two clauses that a finding sets at odds: id, rule, severity, ``clause`` it stands on, the ``other``.

    Of any severity, the gravest first; findings that count alone. Where a clause is at odds with the register and no
    other clause there is no row.
    """
    active = audit.findings[audit.findings["status"].isin(ACTIVE) & ~audit.findings["unknown"].astype(bool)]
    rules = _opposing(audit)
    told = active[active["rule"].isin(rules.index) & (active["table"] == "clauses")].rename(columns={"key": "clause"})
    told = told.sort_values("severity", key=lambda codes: codes.map(SEVERITIES.index), kind="stable")
    others = _related(told).rename(columns={"clause": "other"})
    return others.merge(told[["id", "rule", "severity", "clause"]], on="id")[list(OPPOSED)].reset_index(drop=True)


def _against(findings: pd.DataFrame, audit: Audit) -> pd.DataFrame:
    """Findings by clause, as the audit has them: clause, id, whether ``grave`` and whether they set it at odds.

    The gravest come first; ``opposed`` are those of which the clause is a side.
    """
    inv = audit.inventory
    on_clause = findings["table"] == "clauses"
    own = findings.loc[on_clause, ["key", "id"]].set_axis(["clause", "id"], axis=1)
    cited = pd.Series(inv.tables["citations"]["clause_id"].to_numpy(), index=inv.keys["citations"], dtype=object)
    cited = cited[~cited.index.duplicated()].dropna()
    acts = findings[(findings["table"] == "citations") & findings["key"].isin(cited.index)]
    acts = acts.assign(clause=acts["key"].map(cited))[["clause", "id"]]
    rows = _rows_of(inv)
    rows = findings[~on_clause].reset_index().merge(rows[rows["table"] != "clauses"], on=["table", "key"])
    shown = _telling(rows[["table", "key", "column", "clause", "id"]], inv)[["clause", "id"]]
    sides = _sides(findings, audit)
    every = pd.concat([sides, own, acts, shown]).drop_duplicates()
    order = dict(zip(findings["id"], range(len(findings)), strict=True))
    every = every.sort_values("id", key=lambda ids: ids.map(order), kind="stable", ignore_index=True)
    grave = every["id"].isin(findings.loc[findings["severity"] != "info", "id"])
    return every.assign(opposed=pd.MultiIndex.from_frame(every).isin(pd.MultiIndex.from_frame(sides)), grave=grave)


def _opposing(audit: Audit) -> pd.Series[Any]:
    """Rules whose findings set two sides at odds: which way, by id."""
    rules = rulebook.together(audit.pack, audit.inventory.path / "rules")
    return pd.Series({rule.id: rule.contradiction for rule in rules if rule.contradiction}, dtype=object)


def _sides(findings: pd.DataFrame, audit: Audit) -> pd.DataFrame:
    """Clauses that are a side of what a finding sets at odds: id, clause.

    A row of the register is related to the clauses that it was read off too; sides are those of the rule's view.
    """
    way = findings["rule"].map(_opposing(audit))
    on_clause = findings["table"] == "clauses"
    own = findings.loc[way.notna() & on_clause, ["id", "key"]].rename(columns={"key": "clause"})
    others = _related(findings[way.eq("mutual") & on_clause])
    rows = findings[way.eq("mutual") & ~on_clause]
    beside = _related(rows).merge(rows[["id", "rule", "table", "key"]], on="id")
    meant = pd.concat([_meant(rule, audit) for rule in rows["rule"].unique()] or [beside.iloc[:0]])
    keyed = ["rule", "table", "key", "clause"]
    beside = beside[pd.MultiIndex.from_frame(beside[keyed]).isin(pd.MultiIndex.from_frame(meant[keyed]))]
    return pd.concat([own, others, beside[["id", "clause"]]], ignore_index=True)[["clause", "id"]]


def _related(findings: pd.DataFrame) -> pd.DataFrame:
    """Clauses that findings are related to: id, clause."""
    each = findings[["id", "related"]].explode("related").dropna(subset="related")
    told = each[each["related"].map(lambda pair: pair[0] == "clauses").astype(bool)]
    return pd.DataFrame({"id": told["id"], "clause": [pair[1] for pair in told["related"]]}, dtype=object)


def _meant(rule_id: str, audit: Audit) -> pd.DataFrame:
    """Clauses that the view of a rule itself sets beside the rows of the register: rule, table, key, clause."""
    inv = audit.inventory
    rule = next(one for one in rulebook.together(audit.pack, inv.path / "rules") if one.id == rule_id)
    frame = VIEWS[rule.view].kept(inv, audit.law)
    frame = frame[rule.looks_at(frame) & (frame["origin"] >= 0)]
    table = VIEWS[rule.view].table
    keys = pd.Series(inv.keys[table]).reindex(frame["origin"]).to_numpy()
    pairs = _related(pd.DataFrame({"id": keys, "related": frame["related"].to_numpy()}, dtype=object))
    return pairs.rename(columns={"id": "key"}).assign(rule=rule_id, table=table)


def _open(findings: pd.DataFrame, inv: Inventory) -> dict[str, tuple[Any, ...]]:
    """Table and column of what would show the promises and is unknown, by clause; all of a table that is absent."""
    facts = findings[["table", "key", "column"]].dropna(subset="column")
    pairs = _telling(facts.merge(_rows_of(inv), on=["table", "key"]), inv)
    absent = _kinds(inv).assign(
        table=lambda kinds: kinds["kind"].map({kind: next(iter(_SHOWN[kind])) for kind in _SHOWN})
    )
    absent = absent[absent["table"].notna() & ~absent["table"].isin(inv.present)].assign(column="*")
    told = pd.concat([pairs, absent[["clause", "table", "column"]]]).sort_values(["table", "column"], kind="stable")
    return _gathered(told.assign(what=list(zip(told["table"], told["column"], strict=True))), "what")


def _looking(audit: Audit) -> dict[str, tuple[Any, ...]]:
    """Rules of the law and the policy that looked at what shows the promises, by clause."""
    inv, cells = audit.inventory, audit.look.cells
    judging = audit.rules.loc[audit.rules["family"].isin(_JUDGING), "rule"]
    pairs = (
        cells[cells["rule"].isin(judging)]
        .merge(_rows_of(inv), on=["table", "key"])
        .sort_values("rule", kind="stable", ignore_index=True)
    )
    return _gathered(_telling(pairs, inv), "rule")


def _telling(cells: pd.DataFrame, inv: Inventory) -> pd.DataFrame:
    """Those cells that show what their clause promises: by its kinds, or what the clause itself is coded to say."""
    shown = pd.DataFrame(
        [
            (kind, table, column)
            for kind, tables in _SHOWN.items()
            for table, names in tables.items()
            for column in names
        ],
        columns=["kind", "table", "shown"],
    )
    meant = cells.reset_index().merge(_kinds(inv), on="clause").merge(shown, on=["kind", "table"])
    meant = meant[meant["shown"].isin(["*"]) | (meant["shown"] == meant["column"])]
    coded = inv.tables["clauses"][list(_CODED)].map(_says).to_numpy().ravel().astype(bool)
    said = pd.MultiIndex.from_product([inv.keys["clauses"], _CODED])[coded]
    own = (cells["table"] == "clauses") & pd.MultiIndex.from_frame(cells[["key", "column"]]).isin(said)
    return cells[own | cells.index.isin(meant["index"])]


def _kinds(inv: Inventory) -> pd.DataFrame:
    """Kinds of every clause: clause, kind."""
    kinds = pd.DataFrame({"clause": inv.keys["clauses"], "kind": inv.tables["clauses"]["kinds"]}, dtype=object)
    return kinds.explode("kind").dropna().reset_index(drop=True)


def _rows_of(inv: Inventory) -> pd.DataFrame:
    """Rows by clause: the clause's own, and those that say they come from it. Columns: table, key, clause."""
    own = pd.DataFrame({"table": "clauses", "key": inv.keys["clauses"], "clause": inv.keys["clauses"]}, dtype=object)
    parts = [own]
    for name, frame in inv.tables.items():
        if "clauses" in frame and len(frame):
            said = pd.DataFrame({"table": name, "key": inv.keys[name], "clause": frame["clauses"]}, dtype=object)
            parts.append(said.explode("clause").dropna(subset="clause"))
    return pd.concat(parts, ignore_index=True).astype(object).drop_duplicates()
