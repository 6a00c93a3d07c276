"""What a published policy has to speak of by law, and in how many of its clauses it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.text import LANGUAGES, plain
from derbes.views.links import active, links
from derbes.views.registry import view

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from derbes.inventory import Inventory
    from derbes.law import LawPack

    Entries = Mapping[str, Mapping[str, Any]]

#: Stands for any value of a cell that says something.
ANY = "*"
_OUTSIDERS = ("third_party", "group", "public")


@view("topics", table="clauses")
def topics(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a topic of the law that matters here: in how many clauses it is ``met``, its words and an offer."""
    return _spoken(inv, law.sections["topics"])


@view("rights_told", table="clauses")
def rights_told(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a right of the subject that is law that day: in how many clauses it is ``met``, its words, an offer."""
    known = inv.schema.lists["right_kind"]
    due = law.elements.loc[law.elements["valid"] & law.elements["section"].eq("rights"), "item"]
    rights = {name: right for name, right in law.sections["rights"].items() if name in {*due}}
    kinds = {name: [{"right_kinds": right.get("right_kinds", [name])}] for name, right in rights.items()}
    return _spoken(inv, {n: {**r, "met_by": kinds[n], "labels": known.get(n, {})} for n, r in rights.items()})


@view("authority_named", table="clauses")
def authority_named(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a policy: how many clauses name the authority for the protection of personal data (``met``)."""
    return _spoken(inv, {"authority": {"met_by": [{"requisites": ["authority"]}]}})


def _spoken(inv: Inventory, entries: Entries) -> pd.DataFrame:
    """A row an entry that applies, absent by its own code; no row where no clause says what it is about."""
    facts = _facts(inv)
    coded = inv.clauses["kinds"].notna().any()
    due = {name: entry for name, entry in entries.items() if coded and facts.get(entry.get("applies", ""), True)}
    met = meeting(inv, {name: entry.get("met_by", ()) for name, entry in due.items()})
    words = [_words(entry) for entry in due.values()]
    columns = [*(f"label_{lang}" for lang in LANGUAGES), *(f"offer_{lang}" for lang in LANGUAGES)]
    return pd.DataFrame(words, columns=columns).assign(
        origin=-1,
        absent=list(due),
        met=pd.Series(list(due), dtype=object).map(met["topic"].value_counts()).fillna(0).astype(float),
        cite=pd.Series([cited(entry) for entry in due.values()], dtype=object),
    )


def _words(entry: Mapping[str, Any]) -> dict[str, str]:
    said = {"label": entry.get("labels", {}), "offer": entry.get("replacement", {})}
    return {f"{part}_{lang}": text for part, texts in said.items() for lang, text in texts.items()}


def cited(entry: Mapping[str, Any], known: str = "") -> tuple[tuple[str, str, str], ...]:
    """The citation of an entry of the law pack as findings take it, as well known as said; none where it has none."""
    cite = entry.get("cite")
    return ((str(cite["act"]), str(cite.get("at", "")), known),) if cite else ()


def meeting(inv: Inventory, wanted: Mapping[str, Iterable[Mapping[str, Iterable[str]]]]) -> pd.DataFrame:
    """One row a topic and a clause (``origin``) that meets one of its alternatives in every column that this names."""
    rows = [
        (topic, number, column, value)
        for topic, alternatives in wanted.items()
        for number, alternative in enumerate(alternatives)
        for column, values in alternative.items()
        for value in values
    ]
    asked = pd.DataFrame(rows, columns=["topic", "number", "column", "value"], dtype=object)
    hits = asked.merge(_said(inv, asked["column"].unique()), on=["column", "value"])
    needed = asked.groupby(["topic", "number"])["column"].nunique()
    found = hits.groupby(["topic", "number", "origin"])["column"].nunique().rename("found").reset_index()
    whole = found.join(needed.rename("needed"), on=["topic", "number"])
    return whole.loc[whole["found"].eq(whole["needed"]), ["topic", "origin"]].drop_duplicates()


def _said(inv: Inventory, columns: Iterable[str]) -> pd.DataFrame:
    """What clauses say in these columns: ``column``, ``origin``, ``value``, once more as any value; *all* is each."""
    parts = [pd.DataFrame({"column": [], "origin": [], "value": []}, dtype=object)]
    for column in columns:
        cells = inv.clauses[column].explode().dropna().astype(object)
        cells = _names(cells) if column == "requisites" else cells
        every = cells.index[cells == "all"].unique()
        known = inv.schema.tables["clauses"].columns[column].list
        each = pd.Series([*inv.schema.lists.get(known or "", ())], dtype=object)
        parts += [pd.DataFrame({"column": column, "origin": cells.index, "value": cells})]
        parts += [pd.DataFrame({"column": column, "origin": cells.index, "value": ANY})]
        parts += [pd.DataFrame({"origin": every}).merge(each.rename("value"), how="cross").assign(column=column)]
    return pd.concat(parts, ignore_index=True).drop_duplicates()


def _names(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Names of particulars that are written as *name=value*, those with a value."""
    return cells.astype(str).str.extract(r"^([^=]*)=\s*\S", expand=False).dropna().map(plain).astype(object)


def _facts(inv: Inventory) -> dict[str, bool]:
    """What gives rise to a topic: people under age, outsiders who get data, decisions made by machines.

    What is not known may be so: only an answer that rules it out, row by row, takes a topic away.
    """
    ages, machines = inv.subjects["minors"], inv.processing.loc[active(inv), "automated_decision"]
    denied = inv.clauses["denies"].explode().isin(["automated", "all"]).any()
    return {
        "minors": not _ruled_out(ages),
        "automated": not denied and not _ruled_out(machines),
        "third_parties": _outsiders(inv),
    }


def _ruled_out(answers: pd.Series[Any]) -> bool:
    """Whether there are answers, and every one of them is no."""
    return bool(len(answers)) and bool(answers.notna().all()) and not bool(answers.any())


def _outsiders(inv: Inventory) -> bool:
    """Whether the policy or the register lets anybody outside have personal data."""
    kinds = inv.clauses["recipient_kinds"].explode()
    told = kinds.isin([*_OUTSIDERS, "all"]).any()
    told |= inv.clauses["asserts"].explode().isin(["third_parties", "all"]).any()
    outside = inv.recipients.loc[inv.recipients["kind"].isin(_OUTSIDERS), "recipient_id"]
    named = links(inv, "processing", "recipient_ids")
    named = pd.concat([named[named["origin"].isin(active(inv))]["id"], links(inv, "clauses", "recipient_ids")["id"]])
    return bool(told or named.isin(outside).any())
