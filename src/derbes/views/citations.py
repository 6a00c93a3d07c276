"""Acts that the policy cites, beside the acts of the law pack as they stand on the day."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.text import LANGUAGES, data, plain
from derbes.views.links import related
from derbes.views.registry import view
from derbes.views.topics import cited, meeting
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

    from derbes.inventory import Inventory
    from derbes.law import Act, LawPack

#: Which of several acts of one title is meant: the one that is law that day.
_MEANT = ("in_force", "verify", "ceased", "future")
_MARKS = re.compile("[\"'\u00ab\u00bb\u201c\u201d\u201e\u2018\u2019`.,;:()\\s]+")
_NEVER = r"(?!)"
#: Where no official title was seen, none is made up.
_UNTITLED = "[\u2026]"


@view("citations", table="citations")
def citations(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row a citation: ``status`` of the act that day, ``titled`` and ``dated`` as cited, and what the act is now.

    ``status``: in_force, verify, future, ceased; foreign or unknown by number; unidentified by the title alone.
    ``titled``: current, former or later title of the act; ``dated``: same or other. Missing where nothing is said.
    """
    frame = _identified(inv, law).join(_registry(law).set_index("act"), on="act")
    day = inv.citations["act_date"]
    frame["dated"] = day.eq(pd.to_datetime(frame["adopted"])).map({True: "same", False: "other"})
    frame["dated"] = frame["dated"].astype(object).where(day.notna() & frame["act"].notna(), None)
    frame["whole"] = frame["number"].notna() & day.notna()
    linked = inv.citations["clause_id"].dropna().astype(object).rename("id").rename_axis("origin").reset_index()
    beside = related(frame["origin"], {"clauses": linked[linked["id"].isin(inv.clause_ids)]})
    return frame.fillna({"status": frame["recognised"]}).assign(related=beside, cite=_cites(frame["act"]))


def _identified(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """Citations with the ``act`` of the law pack that is meant: by its number, without one by its title."""
    number, title = (inv.citations[column].astype(object) for column in ("act_number", "act_title"))
    titles = _titles(law)
    meant = titles.drop_duplicates("title").set_index("title")["act"]
    key = title.map(_title, na_action="ignore").astype(object)
    by_number = number.map(lambda said: getattr(law.find(said), "number", None), na_action="ignore")
    act = by_number.where(number.notna(), key.map(meant)).astype(object)
    abroad = (
        number.astype("string").str.fullmatch(str(law.constants.get("foreign_act_number", _NEVER))).fillna(value=False)
    )
    known = pd.Series("unknown", index=number.index, dtype=object).mask(abroad.astype(bool), "foreign")
    known = known.where(number.notna(), key.notna().map({True: "unidentified", False: None}))
    frame = pd.DataFrame({"origin": number.index, "number": number, "act": act, "title": key, "recognised": known})
    return frame.merge(titles.drop(columns="order"), on=["act", "title"], how="left").drop(columns="title")


def _titles(law: LawPack) -> pd.DataFrame:
    """Titles of acts in every language and of every edition: ``act``, ``title`` to compare, ``titled``."""
    rows = [
        (act.number, _title(words), kind, _MEANT.index(act.status))
        for act in law.acts.values()
        for kind, titles in (("current", (act.titles,)), ("former", act.former), ("later", act.later))
        for title in titles
        for words in title.values()
    ]
    frame = pd.DataFrame(rows, columns=["act", "title", "titled", "order"], dtype=object)
    return frame.sort_values("order", kind="stable").drop_duplicates(["act", "title"])


def _title(words: str) -> str:
    """A title as titles are compared: letters alone, in one case."""
    return " ".join(_MARKS.sub(" ", plain(words)).split())


def _registry(law: LawPack) -> pd.DataFrame:
    """One row an act: its ``status`` that day, when it was ``adopted``, its titles now, what stands in its place.

    ``full``, by language, is how it is cited.
    """
    rows = [
        {
            "act": act.number,
            "status": act.status,
            "kind": act.kind,
            "adopted": act.adopted,
            "since": act.valid_from,
            "last_day": act.valid_to or "–",
            "instead": ", ".join(act.replaced_by) or "–",
            **{f"title_{lang}": act.title(lang) or _UNTITLED for lang in LANGUAGES},
            **{f"full_{lang}": _in_full(act, lang) for lang in LANGUAGES},
        }
        for act in law.acts.values()
    ]
    return pd.DataFrame(rows)


def _in_full(act: Act, lang: str) -> str:
    """The act as a policy may cite it: a constitution by its title alone."""
    if act.kind not in data("notice")["acts"]["untitled"]:
        return act.titles.get(lang) or _UNTITLED
    return Wording(lang, "notice").act(act.kind, act.number, act.adopted, act.titles.get(lang))


def _cites(acts: pd.Series[Any]) -> pd.Series[Any]:
    """For each act the citation of it as a whole, none where it is not known."""
    found = [((act, "", ""),) if known else () for act, known in zip(acts, acts.notna(), strict=True)]
    return pd.Series(found, index=acts.index, dtype=object)


@view("required_citations", table="citations", needs=("clauses", "citations"))
def required_citations(inv: Inventory, law: LawPack) -> pd.DataFrame:
    """One row an act that this policy should name: how many citations do (``met``), its title, and why it should."""
    named = _identified(inv, law)["act"].dropna()
    wanted = {act: entry for act, entry in law.sections["required_citations"].items() if _due(inv, entry, named)}
    due = (
        pd.DataFrame({"absent": pd.Series([*wanted], dtype=object)})
        if len(inv.citations)
        else pd.DataFrame({"absent": []})
    )
    why = [[entry.get("why", {}).get(lang, "") for lang in LANGUAGES] for entry in wanted.values()]
    reasons = pd.DataFrame(why, index=[*wanted], columns=[f"why_{lang}" for lang in LANGUAGES], dtype=object)
    told = [f"{part}_{lang}" for part in ("title", "full") for lang in LANGUAGES]
    titles = _registry(law).set_index("act")[told]
    cites = pd.Series({act: cited(entry) for act, entry in wanted.items()}, dtype=object)
    met = due["absent"].map(named.value_counts()).fillna(0).astype(float)
    return (
        due.join(reasons, on="absent")
        .join(titles, on="absent")
        .assign(origin=-1, met=met, cite=due["absent"].map(cites))
    )


def _due(inv: Inventory, entry: Mapping[str, Any], named: pd.Series[Any]) -> bool:
    """Whether the policy speaks of all that makes it name the act, and cites what the act goes with."""
    matters = all(len(meeting(inv, {"": [one]})) for one in entry.get("match", ()))
    return matters and set(map(str, entry.get("cites", ()))) <= set(named)
