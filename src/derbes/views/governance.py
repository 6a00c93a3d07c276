"""What the rules of governance look at: papers an operator has to have, its size, whom to write to, what it logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes.views.links import active, lineage, links, said
from derbes.views.registry import view
from derbes.views.scopes import labels
from derbes.views.topics import cited
from derbes.views.use import held_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from derbes.inventory import Inventory
    from derbes.law import LawPack

#: Kinds of paper of which one is in force at a time: a later one takes the place of the earlier.
_SINGLE = (
    *("policy", "personal_data_list", "responsible_order", "access_list", "breach_procedure", "transfer_log"),
    *("confidentiality", "retention_schedule"),
)
#: Kinds of which many are in force: a paper counts while a row of another table names it.
_NAMED = {"consent_form": ("consents", "document_id"), "contract": ("recipients", "contract")}
#: Kinds that stand or fall with facts of their own, not with the operator's being one.
_OWN_RULE = ("transfer_log", "authority_notification")
#: Kinds of which one rule asks for each, that rest on provisions of their own.
_SHARED = ("personal_data_list", "policy", "responsible_order")
#: Forms of consent whose text is not the operator's.
_STATE_TEXT = ("state_service",)
_SIZES = ("small", "medium", "large")
_OUTSIDERS = ("third_party", "public", "group")


def months_begun(dates: pd.Series[Any], law: LawPack) -> pd.Series[Any]:
    """Months between each date and the day of the audit, a month begun counting as one."""
    whole = (law.as_of.year - dates.dt.year) * 12 + law.as_of.month - dates.dt.month
    return (whole + (law.as_of.day > dates.dt.day)).astype(float).where(dates.notna())


def _starts(inv: Inventory) -> pd.Series[Any]:
    """Day from which each paper is in force: the day it names, or that of its approval."""
    return inv.documents["effective_on"].fillna(inv.documents["approved_on"])


def _begun(inv: Inventory, law: LawPack) -> pd.Series[Any]:
    """Whether each paper is in force on the day or may be: one without a date may."""
    starts = _starts(inv)
    return starts.isna() | starts.le(pd.Timestamp(law.as_of))


def _current(inv: Inventory, law: LawPack) -> pd.Series[Any]:
    """Whether each paper is in force and no later one of its kind has taken its place."""
    begun, starts, kind = _begun(inv, law), _starts(inv), inv.documents["kind"]
    latest = starts.where(begun).groupby(kind).transform("max")
    standing = starts.isna() | starts.eq(latest) | ~kind.isin(_SINGLE)
    for one, (table, column) in _NAMED.items():
        standing &= kind.ne(one) | inv.documents["document_id"].isin(inv.tables[table][column])
    return begun & standing


def _count(inv: Inventory, law: LawPack) -> Mapping[str, int]:
    """Papers in force on the day, or that may be, by kind."""
    tally = inv.documents.loc[_begun(inv, law), "kind"].value_counts()
    return {str(kind): int(number) for kind, number in tally.items()}


@view("papers", table="documents")
def papers(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a paper: ``kind``, ``named`` (number or version), ``dated``, ``begun``: how many of its kind have."""
    frame, starts = inv.documents, _starts(inv)
    dated, approved = (said(inv, "documents", name) for name in ("effective_on", "approved_on"))
    return pd.DataFrame(
        {
            "origin": frame.index,
            "kind": frame["kind"].astype(object),
            "required": frame["kind"].isin([*law.sections["documents"]]) & ~frame["kind"].isin(_OWN_RULE),
            "first": starts.eq(starts.groupby(frame["kind"]).transform("min")),
            "current": _current(inv, law),
            "named": said(inv, "documents", "number").fillna(said(inv, "documents", "version")),
            "dated": approved.fillna(dated),
            "begun": frame["kind"].map(_count(inv, law)).fillna(0).astype(float),
            "starts": starts.dt.strftime("%Y-%m-%d"),
            "days_left": (frame["review_due_on"] - pd.Timestamp(law.as_of)).dt.days.astype(float),
            "months": months_begun(frame["approved_on"], law),
        }
    )


@view("policies", table="documents")
def policies(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a policy in force: ``kazakh`` among its known languages or not, ``changes`` of duties made since.

    ``label``, by language, are its languages.
    """
    frame = inv.documents[inv.documents["kind"].eq("policy") & _current(inv, law)]
    told = frame["languages"].explode().dropna()
    kazakh = told.isin(["kk", "all"]).groupby(level=0).any()
    languages = labels(inv, told, "language").groupby(level=0).agg(", ".join).reindex(frame.index)
    approved = frame["approved_on"].fillna(frame["effective_on"])
    changes = _changes(approved, law)
    return pd.DataFrame(
        {
            "origin": frame.index,
            "kazakh": kazakh.reindex(frame.index).astype(object),
            "approved": approved.dt.strftime("%Y-%m-%d"),
            "changes": changes.str.len().astype(float).where(approved.notna()),
            "laws": changes.str.join(", "),
            **languages,
        }
    )


def _changes(approved: pd.Series[Any], law: LawPack) -> pd.Series[Any]:
    """Numbers of the laws, adopted after each day, that changed duties and have stood long enough to be met."""
    grace = pd.Timedelta(days=law.constants.get("policy_update_days", 0))
    known = law.sections["duty_changes"]
    settled = {no: one for no, one in known.items() if one["valid_from"] + grace.to_pytimedelta() < law.as_of}
    adopted = pd.Series({no: pd.Timestamp(one["adopted"]) for no, one in settled.items()}, dtype="datetime64[ns]")
    later = pd.DataFrame({no: approved.lt(day) for no, day in adopted.items()}, index=approved.index, dtype=bool)
    return pd.Series([tuple(later.columns[row]) for row in later.to_numpy()], index=approved.index, dtype=object)


@view("paper_kinds", table="documents", needs=("operator", "documents"))
def paper_kinds(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a kind of paper that an operator has to have: whether it ``applies``, and how many ``papers`` there are.

    Where no operator has been entered yet, nobody can lack a paper.
    """
    wanted = {kind: one for kind, one in law.sections["documents"].items() if kind not in _OWN_RULE}
    tally = inv.documents["kind"].value_counts()
    titles = pd.DataFrame([one["labels"] for one in wanted.values()], columns=["ru", "kk", "en"]).add_prefix("label_")
    kinds = pd.Series([*wanted], dtype=object)
    applies = kinds.ne("consent_form") | _asks_for_consent(inv)
    papers = kinds.map(tally).fillna(0).astype(float)
    cite = pd.Series([cited(one) if kind in _SHARED else () for kind, one in wanted.items()], dtype=object)
    frame = titles.assign(origin=-1, absent=kinds, kind=kinds, applies=applies, papers=papers, cite=cite)
    return frame if len(inv.operator) else frame.iloc[:0]


def _asks_for_consent(inv: Inventory) -> bool:
    """Whether a row of the register in force names a consent whose text the operator gives."""
    own = inv.consents.loc[~inv.consents["form"].isin(_STATE_TEXT), "consent_id"]
    named = links(inv, "processing", "consent_ids")
    return bool(named.loc[named["origin"].isin(active(inv)), "id"].isin(own).any())


@view("responsible", table="operator")
def responsible(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row an operator: the ``role`` that is responsible, and the ``contact`` of it."""
    told = {name: said(inv, "operator", f"responsible_{name}") for name in ("role", "contact")}
    return pd.DataFrame({"origin": inv.operator.index, **told})


@view("size_class", table="operator", needs=("operator", "categories"))
def size_class(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row an operator: the size ``declared``, that ``reckoned`` where it is certain, and what it follows from."""
    used = inv.categories[inv.categories["category_id"].isin(_in_use(inv))]
    restricted, unclassed = int(used["access_class"].eq("restricted").sum()), int(used["access_class"].isna().sum())
    count = inv.operator["subject_count"].astype(float)
    reckoned = _reckoned(count, law, restricted=restricted, certain=bool(len(used)) and not unclassed)
    labels = pd.DataFrame(inv.schema.lists["size_class"]).add_prefix("reckoned_", axis=0)
    largest = inv.systems["subject_count"].astype(float).max()
    return pd.DataFrame(
        {
            "origin": inv.operator.index,
            "declared": inv.operator["size_class"].astype(object),
            "reckoned": reckoned,
            "count": count,
            "short": float(np.nan_to_num(largest)) - count,
            **{word: reckoned.map(labels.loc[word]) for word in labels.index},
        }
    ).assign(restricted=restricted, unclassed=unclassed, largest=f"{largest:.0f}")


def _reckoned(count: pd.Series[Any], law: LawPack, *, restricted: int, certain: bool) -> pd.Series[Any]:
    """Size by number of subjects, one class up with restricted data; missing where either is not known."""
    small, large = (float(law.constants.get(name, np.nan)) for name in ("class_small_max", "class_large_min"))
    step = count.gt(small).astype(float) + count.ge(large)
    step = step + (law.constants.get("class_uplift_restricted", 0) if restricted else 0)
    sure = count.notna() & (certain or restricted > 0 or step.ge(2)) & ~np.isnan(small)
    return step.clip(upper=2).map(dict(enumerate(_SIZES))).astype(object).where(sure)


def _in_use(inv: Inventory) -> set[Any]:
    """Categories that a system in use holds or that the register in force uses, and those below them."""
    named = links(inv, "processing", "category_ids")
    named = named.loc[named["origin"].isin(active(inv)), "id"]
    down = lineage(inv, "categories")
    return {*down.loc[down["above"].isin({*named, *held_fields(inv)["category"].dropna()}), "id"]}


@view("notifications", table="documents", needs=("operator", "documents", "categories"))
def notifications(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row an operator: its ``size``, reckoned or else declared, and how many ``notices`` it has sent."""
    sizes = size_class(inv, law)
    size = sizes["reckoned"].fillna(sizes["declared"])
    related = pd.Series([(("operator", key),) for key in inv.keys["operator"]], index=size.index, dtype=object)
    notices = float(_count(inv, law).get("authority_notification", 0))
    frame = pd.DataFrame({"origin": -1, "absent": "authority_notification", "size": size, "related": related})
    return frame.assign(notices=notices)


@view("transfer_logs", table="documents", needs=("documents", "recipients", "processing"))
def transfer_logs(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row: how many ``recipients`` outside or abroad the register in force has, and how many ``logs`` of them."""
    named = links(inv, "processing", "recipient_ids")
    places = inv.recipients["countries"].explode().dropna()
    abroad = places.index[places.ne(law.country)].unique()
    counts = inv.recipients["kind"].isin(_OUTSIDERS) | inv.recipients.index.isin(abroad)
    ids = inv.recipients.loc[counts, "recipient_id"].dropna()
    found = sorted({*ids} & {*named.loc[named["origin"].isin(active(inv)), "id"]})
    facts = {"origin": -1, "absent": "transfer_log", "recipients": float(len(found))}
    logs = float(_count(inv, law).get("transfer_log", 0))
    return pd.DataFrame([facts]).assign(logs=logs, related=[tuple(("recipients", one) for one in found)])
