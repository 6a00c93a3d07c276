"""What the rules of a country's law look at: grounds, consents, transfers, storage, purposes, excess, rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import period
from derbes.cells import State
from derbes.inventory import keyed
from derbes.text import LANGUAGES
from derbes.views.links import active, along, at, everything, lineage, links, related, said, singles, status
from derbes.views.registry import view
from derbes.views.use import (
    category_uses,
    counts,
    field_uses,
    grounds,
    held_clauses,
    held_fields,
    personal_systems,
    unsettled_categories,
    unsettled_fields,
)
from derbes.wording import Wording

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

_COUNTRY = r"[A-Z]{2}|all"
#: Events that start a term when the data or the consent are given, so that both terms can be laid side by side.
_STARTS_AT_ONCE = ("collection", "document_year_end")


@view("retention", table="retention")
def retention(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a term of storage: the ``period`` as written and in words, its ``period_kind``, ``authority``."""
    frame = inv.retention[["period"]].assign(origin=inv.retention.index, authority=said(inv, "retention", "authority"))
    parsed = period.parse_all(inv.retention["period"])
    told = {f"period_{lang}": _in_words(parsed, lang).fillna(frame["period"]) for lang in LANGUAGES}
    return frame.assign(period_kind=parsed["kind"], **told)


def _in_words(parsed: pd.DataFrame, lang: str) -> pd.Series[Any]:
    """Terms with a length of one unit, and those that a law sets, as the language says them; missing for others."""
    say = Wording(lang, "retention")
    single = parsed["duration"].astype(object).where(parsed["duration"].astype("string").str.fullmatch(r"P\d+[YMWD]"))
    lengths = single.map(lambda length: say.span(int(length[1:-1]), length[-1]), na_action="ignore")
    return lengths.mask(parsed["kind"].eq("by_law"), say("kinds", "by_law"))


@view("storage", table="systems")
def storage(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a system and a country it stores in: ``country``, ``base`` (home, where it is at ``home`` too), facts."""
    places = inv.systems["storage_countries"].explode().dropna().astype(object)
    places = places[places.str.fullmatch(_COUNTRY)]
    frame = pd.DataFrame({"origin": places.index, "country": places.to_numpy()})
    home = frame["origin"].isin(frame.loc[frame["country"].isin([law.country, "all"]), "origin"])
    return frame.assign(
        live=at(inv.systems["status"].ne("retired"), frame["origin"]),
        personal=at(personal_systems(inv), frame["origin"]),
        home=home,
        base=frame["country"].mask(home, law.country),
        sub=singles(frame["country"]),
    )


@view("bases", table="processing")
def bases(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a row of the register and a ground it names: ``basis``, its ``state``, ``authority``, ``consents``.

    ``label``, by language, is the ground in words, what was written where the law pack does not know it.
    """
    frame = grounds(inv, law)
    known = law.bases.set_index("code")
    labels = pd.DataFrame([*known["labels"]], index=known.index)[[*LANGUAGES]]
    frame = frame.assign(
        **{f"label_{lang}": frame["basis"].map(labels[lang]).fillna(frame["basis"]) for lang in LANGUAGES}
    )
    return frame.assign(
        state=frame["basis"].map(known["state"]).fillna("unknown"),
        needs_authority=frame["basis"].map(known["needs_authority"]).astype(object).fillna(value=False).astype(bool),
        authority=at(said(inv, "processing", "authority"), frame["origin"]).fillna(""),
        consents=at(inv.processing["consent_ids"].str.len(), frame["origin"]).astype(float),
        status=at(status(inv), frame["origin"]),
        well_formed=inv.states["processing"]["legal_basis"][frame["origin"]] == State.OK,
    )


@view("consents", table="consents")
def consents(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a consent: ``form`` (unknown where not said), ``evidence``, ``term``, ``term_kind``."""
    return pd.DataFrame(
        {
            "origin": inv.consents.index,
            "form": inv.consents["form"].fillna("unknown"),
            "evidence": said(inv, "consents", "evidence"),
            "term": said(inv, "consents", "term"),
            "term_kind": period.parse_all(inv.consents["term"])["kind"],
        }
    )


@view("consent_contents", table="consents")
def consent_contents(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a consent whose contents are known: how many things the law wants in it are ``missing``, and labels."""
    wanted = pd.DataFrame.from_dict(dict(law.sections["consent_contents"]), orient="index")["labels"]
    labels = pd.DataFrame([*wanted], index=wanted.index).add_prefix("label_").rename_axis("id").reset_index()
    known = pd.DataFrame({"origin": inv.consents.index[inv.consents["contents"].notna()]})
    frame = known.merge(labels, how="cross")
    told = pd.MultiIndex.from_frame(links(inv, "consents", "contents"))
    stated = pd.MultiIndex.from_frame(frame[["origin", "id"]]).isin(told)
    stated |= frame["origin"].isin(everything(inv, "consents", "contents")).to_numpy()
    untimed = frame["id"].eq("term") & at(said(inv, "consents", "term"), frame["origin"]).isna()
    missing = frame[~stated & ~untimed].groupby("origin")
    words = missing[[column for column in labels if column != "id"]].agg("; ".join)
    return known.merge(words.assign(missing=missing.size()), on="origin", how="left").fillna({"missing": 0.0})


@view("consent_terms", table="consents", needs=("consents", "processing", "retention"))
def consent_terms(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a consent: its ``term`` in ``days``, and ``kept``, how long its data are kept, where that compares."""
    uses = links(inv, "processing", "consent_ids").rename(columns={"id": "consent_id"})
    uses = uses[uses["origin"].isin(active(inv))]
    uses["id"] = at(inv.processing["retention_id"].astype(object), uses["origin"])
    terms = keyed(inv, "retention", days=_kept_days(inv))
    uses["days"] = uses["id"].map(terms["days"])
    ids = inv.consents["consent_id"].astype(object)
    kept = uses.groupby("consent_id")["days"].agg(lambda days: days.max(skipna=False))
    uses["origin"] = uses["consent_id"].map(pd.Series(ids.index, index=ids).groupby(level=0).first())
    frame = pd.DataFrame({"origin": ids.index, "term": inv.consents["term"], "kept": ids.map(kept).astype(float)})
    days = period.parse_all(inv.consents["term"])["days"]
    return frame.assign(days=days, related=related(frame["origin"], {"retention": uses}))


def _kept_days(inv: Inventory) -> pd.Series[Any]:
    """Days of terms of storage that run from collection and end there; missing for those that cannot be compared."""
    parsed, frame = period.parse_all(inv.retention["period"]), inv.retention
    trigger = frame["trigger"].astype(object).fillna(parsed["trigger"].astype(object)).fillna(_STARTS_AT_ONCE[0])
    last = frame["then_retention_id"].isna() | frame["then_retention_id"].eq("none")
    return parsed["days"].where(trigger.isin(_STARTS_AT_ONCE) & last & frame["bound"].ne("min"))


@view("transfers", table="processing", needs=("processing", "recipients"))
def transfers(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a row of the register and a recipient: ``kind``, ``bearing`` ground, ``consent`` that names it or not."""
    pairs = links(inv, "processing", "recipient_ids")
    kinds = keyed(inv, "recipients")["kind"].astype(object)
    told = grounds(inv, law)
    bearing = told["basis"].map(law.bases.set_index("code")["third_party_ok"]).astype(object)
    pairs = pairs.assign(kind=pairs["id"].map(kinds), status=at(status(inv), pairs["origin"]))
    handed = _spoken_of(inv, pairs, "recipient_ids", vague=_silent_on(inv, "third_parties"))
    published = _spoken_of(inv, pairs, "recipient_ids", vague=_silent_on(inv, "third_parties", "public_sources"))
    return pairs.assign(
        bearing=pairs["origin"].map(bearing.groupby(told["origin"]).any()),
        consent=handed.where(pairs["kind"].ne("public"), published),
        sub=singles(pairs["id"]),
        related=_beside(inv, pairs, "recipients"),
    )


def _silent_on(inv: Inventory, *contents: str) -> pd.Series[Any]:
    """Whether a consent names no recipient and may yet allow one: it speaks of such contents, or they are not known."""
    told = inv.consents["contents"]
    mentioned = told.explode().isin([*contents, "all"]).groupby(level=0).any()
    return inv.consents["recipient_ids"].isna() & (told.isna() | mentioned)


@view("consent_purposes", table="processing", needs=("processing", "consents"))
def consent_purposes(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a row of the register that rests on consent: ``consent`` names its purpose, or does not."""
    told = grounds(inv, law)
    resting = told.loc[told["basis"] == "consent", "origin"].unique()
    pairs = links(inv, "processing", "purpose_id")
    pairs = pairs[pairs["origin"].isin(resting)].reset_index(drop=True)
    consent = _spoken_of(inv, pairs, "purpose_ids", vague=inv.consents["purpose_ids"].isna())
    given = at(inv.processing["consent_ids"].str.len(), pairs["origin"]).gt(0)
    linked = _beside(inv, pairs, "purposes")
    return pairs.assign(consent=consent.where(given), status=at(status(inv), pairs["origin"]), related=linked)


def _spoken_of(inv: Inventory, pairs: pd.DataFrame, column: str, *, vague: pd.Series[Any]) -> pd.Series[Any]:
    """*named* or *unnamed*: whether a consent of the row names the id, or one above it; missing where nobody can say.

    A ``vague`` consent may mean anything, and so may one that is not in the table or a row that names none.
    """
    ids = inv.consents["consent_id"].astype(object)
    own = links(inv, "processing", "consent_ids").rename(columns={"id": "consent"})
    spoken = links(inv, "consents", column)
    if column == "purpose_ids":
        spoken = along(spoken, lineage(inv, "purposes").set_axis(["other", "id"], axis=1))[["origin", "other"]]
    spoken = spoken.set_axis(["consent", "id"], axis=1)
    spoken["consent"] = at(ids, spoken["consent"])
    named = pd.MultiIndex.from_frame(own.merge(spoken, on="consent")[["origin", "id"]])
    clear = ids[~vague.astype(bool)]
    unsure = own.loc[~own["consent"].isin(clear), "origin"]
    silent = at(inv.processing["consent_ids"].isna(), pairs["origin"]).astype(bool) | pairs["origin"].isin(unsure)
    hit = pd.MultiIndex.from_frame(pairs[["origin", "id"]]).isin(named)
    return pd.Series("unnamed", index=pairs.index, dtype=object).mask(silent, None).mask(hit, "named")


def _beside(inv: Inventory, pairs: pd.DataFrame, table: str) -> pd.Series[Any]:
    """The row of the other table that each pair links to, and the consents of its row of the register."""
    numbered = pairs.assign(pair=pairs.index)
    own = links(inv, "processing", "consent_ids").merge(numbered[["origin", "pair"]], on="origin")
    found = {"consents": own.assign(origin=own["pair"]), table: numbered.assign(origin=numbered["pair"])}
    return related(pd.Series(pairs.index, index=pairs.index), found)


@view("abroad", table="recipients")
def abroad(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a recipient abroad: its foreign ``countries``, ``kind``, ``ground``, and whether it is ``current``."""
    places = inv.recipients["countries"].explode().dropna().astype(object)
    countries = places[places.str.fullmatch(_COUNTRY) & places.ne(law.country)].groupby(level=0).agg(", ".join)
    rows = inv.recipients.loc[countries.index]
    return pd.DataFrame(
        {
            "origin": countries.index,
            "countries": countries,
            "kind": rows["kind"].fillna("unknown"),
            "ground": said(inv, "recipients", "transfer_ground").loc[countries.index],
            "current": ~rows["recipient_id"].isin(_no_longer(inv)),
        }
    )


def _no_longer(inv: Inventory) -> set[str]:
    """Recipients whom only stopped rows of the register name, and who provide no system."""
    named = links(inv, "processing", "recipient_ids")
    stopped = at(status(inv), named["origin"]).eq("stopped")
    return set(named["id"]) - set(named.loc[~stopped, "id"]) - set(inv.systems["provider_id"].dropna())


@view("purposes", table="purposes")
def purposes(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a purpose: ``name``, ``used`` now, ``declared`` in how many clauses; whether there is a ``policy``."""
    frame = inv.purposes
    spoken = links(inv, "clauses", "purpose_ids")
    above = lineage(inv, "purposes").merge(spoken.rename(columns={"id": "above"}), on="above")
    declared = counts(above["origin"], above["id"], frame["purpose_id"]) + frame["clauses"].str.len().fillna(0)
    used = frame["purpose_id"].isin(inv.processing.loc[active(inv), "purpose_id"])
    facts = {"origin": frame.index, "name": frame["name"], "used": used, "declared": declared.astype(float)}
    return pd.DataFrame(facts).assign(policy=len(spoken) > 0)


@view("category_use", table="categories", needs=("categories", "processing"))
def category_use(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a category: whether it is ``held`` (a field or the policy has it), and how many rows ``use`` it.

    ``unsettled``: a row that does not say what it uses, or what for, may use it too.
    """
    ids = inv.categories["category_id"].astype(object)
    first = pd.Series(ids.index, index=ids).groupby(level=0).first()
    found = {"fields": held_fields(inv), "clauses": held_clauses(inv)}
    placed = {table: pairs.assign(origin=pairs["category"].map(first)) for table, pairs in found.items()}
    uses = category_uses(inv)
    frame = pd.DataFrame({"origin": ids.index, "use": counts(uses["origin"], uses["category"], ids)})
    holders = related(frame["origin"], placed)
    return frame.assign(held=holders.str.len() > 0, unsettled=unsettled_categories(inv, ids), related=holders)


@view("field_use", table="fields", needs=("fields", "processing"))
def field_use(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a field with data of a known category: how many rows ``use`` it; ``elsewhere``: others use such data.

    ``unsettled``: a row that does not say what it uses, or what for, may use it too.
    """
    held, uses = held_fields(inv).dropna(subset="category"), field_uses(inv)
    used = held["category"].isin(category_uses(inv)["category"])
    unregistered = ~held["category"].isin(inv.categories["category_id"])
    use = counts(uses["origin"], uses["id"], held["id"])
    facts = {"use": use, "elsewhere": used | unregistered, "unsettled": unsettled_fields(inv, held)}
    return pd.DataFrame({"origin": held.index, **facts})


@view("rights", table="rights")
def rights(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a procedure: ``kind``, ``deadline`` as said, ``days`` of it, and the ``longest`` the law allows."""
    longest = law.constants.get("right_deadline_days", {})
    return pd.DataFrame(
        {
            "origin": inv.rights.index,
            "kind": inv.rights["kind"].astype(object),
            "deadline": said(inv, "rights", "deadline_days"),
            "days": inv.rights["deadline_days"].astype(float),
            "longest": inv.rights["kind"].astype(object).map(longest).astype(float),
        }
    )
