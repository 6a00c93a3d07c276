"""The operator's list of personal data: what article 25(2)(1) of Law 94-V has it approve, a short form and a full one.

No act that is known to us prescribes the columns; each is traced to the article that needs it (text/list.yaml).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.exchange.bilingual import AND, bases, countries, flags, labels, names, prefixed, through, timed, word
from derbes.identity import mask
from derbes.views.links import active, links, said

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

SHORT = ("number", "data", "subjects", "purpose", "basis")
FULL = (
    *("number", "subjects", "data", "identifier", "access", "purpose", "task", "basis", "consent", "consent_term"),
    *("source", "system", "storage", "retention", "disposal", "recipients", "countries", "public", "automated"),
    *("responsible", "reviewed"),
)
#: What every row must say; the rest depends on its ground, on whether there is a consent or a recipient.
NEEDED = ("subjects", "data", "access", "purpose", "basis", "source", "system", "storage", "retention", "responsible")


@dataclass(frozen=True)
class Listed:
    """The list: ``short`` one row a category, ``full`` one row a category and activity, texts in all cells.

    ``gaps`` counts, by column of the full list, rows in which it is not known. An unknown cell is empty.
    """

    short: pd.DataFrame
    full: pd.DataFrame
    gaps: dict[str, int]


def personal_data(inv: Inventory, law: LawPack) -> Listed:
    """The list of an inventory: data in use now; words of the model in Kazakh and Russian beside one another."""
    uses = _uses(inv)
    full = _described(inv, law, uses)
    full = full.sort_values(["data", "subjects", "purpose", *full], ignore_index=True)
    short = full.groupby("data", sort=True)[["subjects", "purpose", "basis"]].agg(_joined).reset_index()
    gaps = {column: int((full[column] == "").sum()) for column in NEEDED}
    return Listed(
        _numbered(short, SHORT), _numbered(full, FULL), {name: count for name, count in gaps.items() if count}
    )


def _numbered(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    return frame.assign(number=[str(n) for n in range(1, len(frame) + 1)])[[*columns]]


def _joined(texts: pd.Series[Any]) -> str:
    parts = texts.str.split(AND).explode()
    return AND.join(dict.fromkeys(part for part in parts if part))


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
    categories = inv.categories.drop_duplicates("category_id").set_index("category_id")
    at = uses["origin"].astype("Int64")
    frame = pd.DataFrame({name: at.map(column).astype(object) for name, column in _register(inv, law).items()})
    frame["data"] = uses["id"].map(names(inv, "categories")).fillna(uses["id"])
    frame["identifier"] = uses["id"].map(flags(categories["is_identifier"]))
    frame["access"] = uses["id"].map(labels(inv, categories["access_class"], "access_class"))
    frame["source"] = uses["id"].map(_sources(inv))
    return frame.astype(object).fillna("").map(lambda text: mask(" ".join(str(text).split())))


def _register(inv: Inventory, law: LawPack) -> dict[str, pd.Series[Any]]:
    """Columns of the list that a row of the register gives, by its position."""
    frame, consents = inv.processing, inv.consents.drop_duplicates("consent_id").set_index("consent_id")
    systems = inv.systems.drop_duplicates("system_id").set_index("system_id")
    recipients = inv.recipients.drop_duplicates("recipient_id").set_index("recipient_id")
    retention = inv.retention.drop_duplicates("retention_id").set_index("retention_id")
    forms = labels(inv, consents["form"], "consent_form").fillna("") + prefixed(consents["evidence"])
    places = countries(systems["storage_countries"]) + prefixed(systems["storage_site"])
    kept = timed(inv, retention["period"], retention["trigger"]).fillna("")
    fate = labels(inv, retention["disposal"], "disposal")
    public = pd.Series(recipients["kind"].eq("public").map({True: word("yes"), False: ""}), index=recipients.index)
    return {
        "subjects": through(inv, "subject_ids", names(inv, "subjects")),
        "purpose": frame["purpose_id"].map(names(inv, "purposes")),
        "task": said(inv, "processing", "authority"),
        "basis": bases(inv, law),
        "consent": through(inv, "consent_ids", forms),
        "consent_term": through(inv, "consent_ids", timed(inv, consents["term"])),
        "system": through(inv, "system_ids", names(inv, "systems")),
        "storage": through(inv, "system_ids", places),
        "retention": frame["retention_id"].map(kept),
        "disposal": frame["retention_id"].map(fate),
        "recipients": through(inv, "recipient_ids", names(inv, "recipients")),
        "countries": through(inv, "recipient_ids", countries(recipients["countries"])),
        "public": through(inv, "recipient_ids", public),
        "automated": flags(frame["automated_decision"]),
        "responsible": frame["owner"],
        "reviewed": frame["reviewed_on"].dt.strftime("%Y-%m-%d"),
    }


def _sources(inv: Inventory) -> pd.Series[Any]:
    """Where and how data of each category are collected, by what its fields say."""
    origin = labels(inv, inv.fields["source"], "source").fillna("")
    how = labels(inv, inv.fields["collected_by"], "collected_by")
    told = (origin + prefixed(how)).where(origin != "")
    return told.groupby(inv.fields["category_id"]).agg(lambda texts: AND.join(sorted(set(texts.dropna()))))
