"""The operator's list of personal data: what article 25(2)(1) of Law 94-V has it approve, a short form and a full one.

No act that is known to us prescribes the columns; each is traced to the article that needs it (text/list.yaml).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.exchange.bilingual import AND, bases, countries, flags, labels, names, prefixed, through, timed, word
from derbes.identity import mask
from derbes.inventory import keyed
from derbes.lasting import stages
from derbes.views.links import active, links, said

if TYPE_CHECKING:
    from collections.abc import Iterable

    from derbes.inventory import Inventory
    from derbes.law import LawPack

SHORT = ("number", "data", "subjects", "purpose", "basis")
FULL = (
    *("number", "subjects", "data", "identifier", "access", "purpose", "task", "basis", "consent", "consent_term"),
    *("source", "system", "storage", "retention", "disposal", "recipients", "countries", "public", "automated"),
    *("responsible", "reviewed"),
)
#: What every row must say, and what it must say if it rests on consent or names recipients; the rest may stay empty.
NEEDED = (
    *("subjects", "data", "identifier", "access", "purpose", "basis", "source", "system", "storage", "retention"),
    *("recipients", "automated", "responsible"),
)
_OF_CONSENT, _OF_RECIPIENTS = ["consent", "consent_term"], ["countries", "public"]
_BULLET, _PAIR = "\N{BULLET} ", " \N{EN DASH} "
_LATER = ", {}: "  # between the stages of a term


@dataclass(frozen=True)
class Listed:
    """The list: ``short`` one row a category, ``full`` one row a category and activity, texts in all cells.

    An unknown cell is empty. ``open`` tells of every cell of the full list whether it is empty and has to be known,
    ``gaps`` counts such cells by column. Where purposes of a category differ in their grounds, ``basis`` of the short
    list has a line a purpose with its ground.
    """

    short: pd.DataFrame
    full: pd.DataFrame
    open: pd.DataFrame
    gaps: dict[str, int]


def personal_data(inv: Inventory, law: LawPack) -> Listed:
    """The list of an inventory: data in use now; words of the model in Kazakh and Russian beside one another."""
    uses = _uses(inv)
    full = _described(inv, law, uses)
    full = full.sort_values(["data", "subjects", "purpose", *full], ignore_index=True)
    unknown = _open(full)
    gaps = {column: int(count) for column, count in unknown.sum().items() if count}
    return Listed(_numbered(_short(full), SHORT), _numbered(full, FULL), unknown, gaps)


def _open(full: pd.DataFrame) -> pd.DataFrame:
    """Which cells are empty and have to be known."""
    due = pd.DataFrame(data=False, index=full.index, columns=list(FULL))
    due[list(NEEDED)] = True
    due.loc[full["consented"].eq(word("yes")), _OF_CONSENT] = True
    due.loc[~full["recipients"].isin(["", word("none")]), _OF_RECIPIENTS] = True
    return due & full.reindex(columns=list(FULL), fill_value="0").eq("")


def _short(full: pd.DataFrame) -> pd.DataFrame:
    """One row a category: whose it is by activities and by fields, its purposes, their grounds."""
    rows = [
        (data, _joined([*part["subjects"], *part["held"][part["held"] != ""]]), _joined(part["purpose"]), _paired(part))
        for data, part in full.groupby("data", sort=True)
    ]
    return pd.DataFrame(rows, columns=["data", "subjects", "purpose", "basis"], dtype=object)


def _paired(part: pd.DataFrame) -> str:
    """The ground of a category where it has one for all purposes, else a line a purpose with its ground."""
    if len({*part["basis"]}) == 1:
        return str(part["basis"].iat[0])
    told = part[["purpose", "basis"]].replace("", word("unknown")).drop_duplicates()
    return "\n".join(_BULLET + told["purpose"] + _PAIR + told["basis"])


def _numbered(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    return frame.assign(number=[str(n) for n in range(1, len(frame) + 1)])[[*columns]]


def _joined(texts: Iterable[str]) -> str:
    """Texts as one, each part once; that some are unknown is said beside what is known."""
    cells = list(texts)
    parts = dict.fromkeys(part for text in cells for part in text.split(AND) if part)
    return AND.join([*parts, *([word("unknown")] if parts and "" in cells else [])])


def _uses(inv: Inventory) -> pd.DataFrame:
    """One row a row of the register in force (missing for a category that none uses) and a category: origin, id."""
    named = links(inv, "processing", "category_ids")
    fields = links(inv, "processing", "field_ids").rename(columns={"id": "field"})
    known = inv.fields[["field_id", "category_id"]].dropna().astype(object).set_axis(["field", "id"], axis=1)
    both = pd.concat([named, fields.merge(known, on="field")[["origin", "id"]]], ignore_index=True).drop_duplicates()
    both = both[both["origin"].isin(active(inv))]
    held = inv.fields["category_id"].dropna().unique()
    idle = pd.DataFrame({"origin": pd.NA, "id": [name for name in held if name not in set(both["id"])]})
    return pd.concat([both, idle], ignore_index=True)


def _described(inv: Inventory, law: LawPack, uses: pd.DataFrame) -> pd.DataFrame:
    categories = keyed(inv, "categories")
    at = uses["origin"].astype("Int64")
    frame = pd.DataFrame({name: at.map(column).astype(object) for name, column in _register(inv, law).items()})
    frame["data"] = uses["id"].map(names(inv, "categories")).fillna(uses["id"])
    frame["identifier"] = uses["id"].map(flags(categories["is_identifier"]))
    frame["access"] = uses["id"].map(labels(inv, categories["access_class"], "access_class"))
    frame["source"] = uses["id"].map(_sources(inv))
    fields = _fields(inv)
    for name, told in fields.items():  # of what no activity uses, the fields that hold it tell where and whose it is
        frame[name] = frame[name].where(uses["origin"].notna(), uses["id"].map(told))
    frame["held"] = uses["id"].map(fields["subjects"])
    return frame.astype(object).fillna("").map(lambda text: mask(" ".join(str(text).split())))


def _register(inv: Inventory, law: LawPack) -> dict[str, pd.Series[Any]]:
    """Columns of the list that a row of the register gives, by its position."""
    frame, consents = inv.processing, keyed(inv, "consents")
    recipients = keyed(inv, "recipients")
    kept, fate = _kept(inv)
    codes = frame["legal_basis"].astype(object).map(law.basis, na_action="ignore")
    forms = labels(inv, consents["form"], "consent_form").fillna("") + prefixed(consents["evidence"])
    public = flags(recipients["kind"].eq("public").where(recipients["kind"].notna()))
    return {
        "subjects": through(inv, "subject_ids", names(inv, "subjects")),
        "purpose": frame["purpose_id"].map(names(inv, "purposes")),
        "task": said(inv, "processing", "authority"),
        "basis": bases(inv, law),
        "consented": flags(codes.eq("consent")),
        "consent": through(inv, "consent_ids", forms),
        "consent_term": through(inv, "consent_ids", timed(inv, consents["term"])),
        "system": through(inv, "system_ids", names(inv, "systems")),
        "storage": through(inv, "system_ids", _places(inv)),
        "retention": frame["retention_id"].map(kept),
        "disposal": frame["retention_id"].map(fate),
        "recipients": through(inv, "recipient_ids", names(inv, "recipients")),
        "countries": through(inv, "recipient_ids", countries(recipients["countries"])),
        "public": through(inv, "recipient_ids", public).map(_any, na_action="ignore"),
        "automated": flags(frame["automated_decision"]),
        "responsible": frame["owner"],
        "reviewed": frame["reviewed_on"].dt.strftime("%Y-%m-%d"),
    }


def _kept(inv: Inventory) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """How long data of each term are kept, one stage after another, and what becomes of them after the last.

    Empty where the term itself says nothing; a later stage that says nothing is called unknown.
    """
    terms = keyed(inv, "retention")
    told = timed(inv, terms["period"], terms["trigger"], terms["bound"])
    texts, then = dict(told.fillna(word("unknown"))), dict(terms["then_retention_id"])
    chains = [stages(str(key), then) for key in terms.index]
    kept = pd.Series([_LATER.format(word("then")).join(texts[key] for key in chain) for chain in chains], terms.index)
    fate = labels(inv, terms["disposal"], "disposal").reindex([chain[-1] for chain in chains])
    return kept.where(told.notna(), ""), fate.set_axis(terms.index)


def _any(told: str) -> str:
    """*Yes* where one of the answers is."""
    return word("yes") if word("yes") in told.split(AND) else told


def _places(inv: Inventory) -> pd.Series[Any]:
    """Where each system stores data: countries and site."""
    systems = keyed(inv, "systems")
    return countries(systems["storage_countries"]) + prefixed(systems["storage_site"])


def _fields(inv: Inventory) -> dict[str, pd.Series[Any]]:
    """Whose data of each category are, in which system and where, by the fields that hold them."""
    whose, category = links(inv, "fields", "subject_ids"), inv.fields["category_id"]
    system = inv.fields["system_id"].astype(object)
    told = {
        "subjects": (whose["id"].map(names(inv, "subjects")), whose["origin"].map(category)),
        "system": (system.map(names(inv, "systems")), category),
        "storage": (system.map(_places(inv)), category),
    }
    return {
        name: texts.groupby(held).agg(lambda some: AND.join(sorted({one for one in some.dropna() if one})))
        for name, (texts, held) in told.items()
    }


def _sources(inv: Inventory) -> pd.Series[Any]:
    """Where and how data of each category are collected, by what its fields say."""
    origin = labels(inv, inv.fields["source"], "source").fillna("")
    how = labels(inv, inv.fields["collected_by"], "collected_by")
    told = (origin + prefixed(how)).where(origin != "")
    return told.groupby(inv.fields["category_id"]).agg(lambda texts: AND.join(sorted(set(texts.dropna()))))
