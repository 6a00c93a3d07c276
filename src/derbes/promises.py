"""The published policy, promise by promise: what an audit can say of every clause, and why it can say no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import rules as rulebook
from derbes.findings import ACTIVE
from derbes.identity import mask
from derbes.looking import looked

if TYPE_CHECKING:
    from derbes.auditing import Audit
    from derbes.inventory import Inventory

VERDICTS = ("contradicted", "not_provable", "kept", "not_checkable")
COLUMNS = ("origin", "clause", "summary", "verdict", "findings", "unknown", "rules", "coded")
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

    contradicted: a critical finding or a warning of the law or of the policy stands on the clause or relates to it.
    not_provable: none does, but something that would show it in the rows read off the clause is unknown.
    kept: a rule of the law or of the policy looked at what shows it, in the clause or in those rows, and found nothing.
    not_checkable: no rule looks at what the clause says; ``coded`` tells whether anything is said in its columns.
    What shows a promise depends on the kinds of its clause: a promise of terms is shown by the terms of retention.

    ``findings`` are ids of findings that contradict, ``unknown`` pairs (table, column) of what is unknown,
    ``rules`` ids of those that looked at it. ``origin`` is the position of the clause's row.
    """
    inv = audit.inventory
    clauses = inv.tables["clauses"]
    frame = pd.DataFrame({"origin": clauses.index, "clause": inv.keys["clauses"]})
    frame["summary"] = [mask(text) for text in clauses["summary"].fillna("")]
    active = audit.findings[audit.findings["status"].isin(ACTIVE)]
    unknown = active["unknown"].astype(bool)
    grave = active["family"].isin(_JUDGING) & active["severity"].isin(["critical", "warning"])
    facts = {
        "findings": _against(active[grave & ~unknown]),
        "unknown": _open(active[unknown], inv),
        "rules": _looking(audit),
    }
    for name, gathered in facts.items():
        frame[name] = [gathered.get(clause, ()) for clause in frame["clause"]]
    frame["coded"] = clauses[list(_CODED)].map(_says).any(axis=1).to_numpy().astype(bool)
    verdict = pd.Series("not_checkable", index=frame.index, dtype=object)
    if frame.empty:
        return frame.assign(verdict=verdict)[list(COLUMNS)]
    for name, code in {"rules": "kept", "unknown": "not_provable", "findings": "contradicted"}.items():
        verdict = verdict.mask(frame[name].str.len() > 0, code)
    return frame.assign(verdict=verdict)[list(COLUMNS)]


def _says(cell: object) -> bool:
    return len(cell) > 0 if isinstance(cell, tuple) else bool(pd.notna(cell))


def _gathered(pairs: pd.DataFrame, what: str) -> dict[str, tuple[Any, ...]]:
    """What belongs to each clause: each once, in the order of the rows."""
    distinct = pairs.drop_duplicates(["clause", what])
    return {str(clause): tuple(group) for clause, group in distinct.groupby("clause", sort=False)[what]}


def _against(findings: pd.DataFrame) -> dict[str, tuple[Any, ...]]:
    """Ids of the findings that stand on a clause or relate to it, by clause, the gravest first as in the audit."""
    own = findings.loc[findings["table"] == "clauses", ["key", "id"]].set_axis(["clause", "id"], axis=1)
    others = findings[["id", "related"]].explode("related").dropna(subset="related")
    meant = others[others["related"].map(lambda pair: pair[0] == "clauses").astype(bool)]
    told = meant.assign(clause=[pair[1] for pair in meant["related"]])
    return _gathered(pd.concat([own, told[["clause", "id"]]]).sort_index(kind="stable"), "id")


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
    inv = audit.inventory
    ran = set(audit.rules.loc[(audit.rules["status"] == "run") & audit.rules["family"].isin(_JUDGING), "rule"])
    rules = rulebook.together(audit.pack, inv.path / "rules")
    cells = looked(inv, audit.law, rules, pack=audit.pack).cells
    pairs = (
        cells[cells["rule"].isin(ran)]
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
