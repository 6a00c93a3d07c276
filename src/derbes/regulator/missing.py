"""What a dossier lacks, in words: said on its first page, so that nobody takes silence for completeness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.identity import mask
from derbes.text import data, words
from derbes.views.governance import notifications, paper_kinds, transfer_logs
from derbes.views.links import active, said
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from derbes.inventory import Inventory
    from derbes.regulator.dossier import Dossier

#: Particulars that a letter and the list need, and what of each paper tells one from another.
_REQUISITES = ("legal_name", "bin", "address", "responsible_role")
#: Names that a line gives before it says how many more there are: all has to fit on one page.
_NAMED = 6


def missing(dossier: Dossier, lang: str) -> list[str]:
    """One sentence a thing that is not there or not known, the gravest first; empty where nothing is missing."""
    say = Wording(lang, "regulator")
    found = [*_report(dossier, say), *_unread(dossier, say), *_papers(dossier, say), *_registers(dossier, say)]
    return [*found, *_consents(dossier, say), *_listed(dossier, say), *_requisites(dossier, say)]


def _some(names: Iterable[object], say: Wording) -> str:
    known = list(dict.fromkeys(mask(" ".join(str(name).split())) for name in names))
    rest = len(known) - _NAMED
    return "; ".join([*known[:_NAMED], *([say("more", n=rest)] if rest > 0 else [])])


def _called(inv: Inventory, table: str, which: pd.Series[Any], lang: str) -> list[str]:
    """What rows are called, each with its id in brackets: a reader outside knows no ids. A paper is called its kind."""
    frame, rows = inv.tables[table], which.to_numpy(dtype=bool)
    kinds = {code: labels[lang] for code, labels in inv.schema.lists["document_kind"].items()}
    names = frame["name"] if "name" in frame else frame["kind"].astype(object).map(kinds)
    told = zip(names[rows], inv.keys[table][rows], strict=True)
    return [key if pd.isna(name) or name == key else f"{name} ({key})" for name, key in told]


def _inside(title: str) -> str:
    """A heading as it stands inside a sentence; an abbreviation keeps its capitals."""
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def _report(dossier: Dossier, say: Wording) -> Iterator[str]:
    if dossier.faults:
        reasons = words(say.lang)["verify"]["reasons"]
        faults = [f"{name} ({reasons[why]})" for name, why in dossier.faults]
        yield say("missing", "report", quarter=dossier.quarter, faults=_some(faults, say))
        if not dossier.frozen:
            yield say("missing", "frozen", quarter=dossier.quarter)


def _unread(dossier: Dossier, say: Wording) -> Iterator[str]:
    if faults := [
        one.file for one in dossier.inventory.faults if one.problem in {"file_unreadable", "sheet_unreadable"}
    ]:
        yield say("missing", "unread", names=_some(faults, say))


def _papers(dossier: Dossier, say: Wording) -> Iterator[str]:
    """Papers that the law requires and no row tells of, and rows that do not tell enough to find or cite a paper."""
    inv = dossier.inventory
    for code, lacking in _required(dossier, say.lang).items():
        if lacking:
            yield say("missing", code, names="; ".join(lacking))
    named = said(inv, "documents", "number").fillna(said(inv, "documents", "version"))
    dated = said(inv, "documents", "approved_on").fillna(said(inv, "documents", "effective_on"))
    told = {"unplaced": said(inv, "documents", "location").isna(), "unnamed": named.isna() | dated.isna()}
    for code, open_ in told.items():
        if open_.any():
            yield say("missing", code, names=_some(_called(inv, "documents", open_, say.lang), say))
    if not len(inv.clauses):
        yield say("missing", "clauses")


def _required(dossier: Dossier, lang: str) -> dict[str, list[str]]:
    """Papers expected on the day of which the register has none, with their provisions, by how far the law asks.

    Those that the law requires; those of which a lawyer has still to confirm the provision; those that the law does
    not name itself.
    """
    law, found = dossier.law, dict[str, list[str]](papers=[], unsure=[], advised=[])
    wanted = law.sections["documents"]
    for kind in _lacking(dossier):
        if kind in wanted:
            act, at = wanted[kind]["cite"]["act"], wanted[kind]["cite"]["at"]
            sure = "papers" if law.confidence(act, at) == "T" else "unsure"
            code = sure if wanted[kind].get("named", True) else "advised"
            found[code].append(f"{wanted[kind]['labels'][lang]} ({act} {at})")
    return found


def _lacking(dossier: Dossier) -> list[str]:
    """Kinds of papers that the operator should have that day and of which the register has none."""
    inv, law = dossier.inventory, dossier.law
    kinds, logs, notices = paper_kinds(inv, law), transfer_logs(inv, law), notifications(inv, law)
    lacking = list(kinds.loc[kinds["applies"].astype(bool) & kinds["papers"].eq(0), "kind"])
    if (logs["recipients"].gt(0) & logs["logs"].eq(0)).any():
        lacking.append("transfer_log")
    if (notices["size"].eq("large") & notices["notices"].eq(0)).any():
        lacking.append("authority_notification")
    return lacking


def _registers(dossier: Dossier, say: Wording) -> Iterator[str]:
    """Registers that are not kept in the inventory, and activities of which it is not known who gets the data."""
    inv, titles = dossier.inventory, say.entry("sheets")
    if absent := [titles[name] for name, frame in dossier.registers.items() if frame is None]:
        yield say("missing", "registers", names=", ".join(absent))
    open_ = said(inv, "processing", "recipient_ids").isna() & _none_unsaid(inv.processing["recipient_ids"])
    if names := _activities(dossier, open_, say.lang):
        yield say("missing", "recipients", names=_some(names, say), n=len(names))


def _none_unsaid(cells: pd.Series[Any]) -> pd.Series[Any]:
    return ~cells.map(lambda cell: isinstance(cell, tuple)).astype(bool)


def _activities(dossier: Dossier, which: pd.Series[Any], lang: str) -> list[str]:
    """What the register's rows in force are called for which something holds."""
    inv = dossier.inventory
    return _called(inv, "processing", which.astype(bool) & which.index.isin(active(inv)), lang)


def _consents(dossier: Dossier, say: Wording) -> Iterator[str]:
    """Activities on consent that name none, and consents of which it is not said how they are proved."""
    inv = dossier.inventory
    unnamed = inv.processing["legal_basis"].eq("consent") & said(inv, "processing", "consent_ids").isna()
    if names := _activities(dossier, unnamed, say.lang):
        yield say("missing", "unbacked", names=_some(names, say), n=len(names))
    if names := _called(inv, "consents", said(inv, "consents", "evidence").isna(), say.lang):
        yield say("missing", "evidence", names=_some(names, say), n=len(names))


def _listed(dossier: Dossier, say: Wording) -> Iterator[str]:
    if gaps := dossier.listed.gaps:
        columns = data("list")["columns"]
        names = [_inside(columns[name].get(say.lang, name)) for name in gaps]
        yield say("missing", "list", n=sum(gaps.values()), names=", ".join(names))


def _requisites(dossier: Dossier, say: Wording) -> Iterator[str]:
    columns = dossier.inventory.schema.tables["operator"].columns
    if unknown := [_inside(columns[name].title[say.lang]) for name in _REQUISITES if not dossier.requisite(name)]:
        yield say("missing", "requisites", names=", ".join(unknown))
