"""What a dossier lacks, in words: said on its first page, so that nobody takes silence for completeness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derbes.identity import mask
from derbes.text import data, words
from derbes.views.governance import notifications, paper_kinds, transfer_logs
from derbes.views.links import active, said
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

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
    known = list(dict.fromkeys(mask(str(name)) for name in names))
    rest = len(known) - _NAMED
    return ", ".join([*known[:_NAMED], *([say("more", n=rest)] if rest > 0 else [])])


def _inside(title: str) -> str:
    """A heading as it stands inside a sentence; an abbreviation keeps its capitals."""
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def _report(dossier: Dossier, say: Wording) -> Iterator[str]:
    if dossier.faults:
        reasons = words(say.lang)["verify"]["reasons"]
        faults = [f"{name} ({reasons[why]})" for name, why in dossier.faults]
        yield say("missing", "report", quarter=dossier.quarter, faults=_some(faults, say))


def _unread(dossier: Dossier, say: Wording) -> Iterator[str]:
    if faults := [
        one.file for one in dossier.inventory.faults if one.problem in {"file_unreadable", "sheet_unreadable"}
    ]:
        yield say("missing", "unread", names=_some(faults, say))


def _papers(dossier: Dossier, say: Wording) -> Iterator[str]:
    """Papers that the law requires and no row tells of, and rows that do not tell enough to find or cite a paper."""
    inv = dossier.inventory
    if lacking := _required(dossier, say.lang):
        yield say("missing", "papers", names="; ".join(lacking))
    named = said(inv, "documents", "number").fillna(said(inv, "documents", "version"))
    dated = said(inv, "documents", "approved_on").fillna(said(inv, "documents", "effective_on"))
    told = {"unplaced": said(inv, "documents", "location").isna(), "unnamed": named.isna() | dated.isna()}
    for code, open_ in told.items():
        if open_.any():
            yield say("missing", code, names=_some(inv.keys["documents"][open_.to_numpy(dtype=bool)], say))
    if not len(inv.clauses):
        yield say("missing", "clauses")


def _required(dossier: Dossier, lang: str) -> list[str]:
    """Papers required on the day of which the register has none: their names and the provisions that require them."""
    inv, law = dossier.inventory, dossier.law
    wanted, kinds = law.sections["documents"], paper_kinds(inv, law)
    lacking = list(kinds.loc[kinds["applies"].astype(bool) & kinds["papers"].eq(0), "kind"])
    logs, notices = transfer_logs(inv, law), notifications(inv, law)
    if (logs["recipients"].gt(0) & logs["logs"].eq(0)).any():
        lacking.append("transfer_log")
    if (notices["size"].eq("large") & notices["notices"].eq(0)).any():
        lacking.append("authority_notification")
    known = [(wanted[kind]["labels"][lang], wanted[kind]["cite"]) for kind in lacking if kind in wanted]
    return [f"{label} ({cite['act']} {cite['at']})" for label, cite in known]


def _registers(dossier: Dossier, say: Wording) -> Iterator[str]:
    """Registers that are not kept in the inventory, and activities of which it is not known who gets the data."""
    inv, titles = dossier.inventory, say.entry("sheets")
    if absent := [titles[name] for name, frame in dossier.registers.items() if frame is None]:
        yield say("missing", "registers", names=", ".join(absent))
    open_ = said(inv, "processing", "recipient_ids").isna() & _none_unsaid(inv.processing["recipient_ids"])
    if keys := _keys(dossier, open_):
        yield say("missing", "recipients", names=_some(keys, say), n=len(keys))


def _none_unsaid(cells: pd.Series[Any]) -> pd.Series[Any]:
    return ~cells.map(lambda cell: isinstance(cell, tuple)).astype(bool)


def _keys(dossier: Dossier, which: pd.Series[Any]) -> list[str]:
    """Keys of the register's rows in force for which something holds."""
    inv = dossier.inventory
    return list(inv.keys["processing"][which.index.isin(active(inv)) & which.to_numpy(dtype=bool)])


def _consents(dossier: Dossier, say: Wording) -> Iterator[str]:
    """Activities on consent that name none, and consents of which it is not said how they are proved."""
    inv = dossier.inventory
    unnamed = inv.processing["legal_basis"].eq("consent") & said(inv, "processing", "consent_ids").isna()
    if keys := _keys(dossier, unnamed):
        yield say("missing", "unbacked", names=_some(keys, say), n=len(keys))
    open_ = said(inv, "consents", "evidence").isna().to_numpy(dtype=bool)
    if open_.any():
        yield say("missing", "evidence", names=_some(inv.keys["consents"][open_], say), n=int(open_.sum()))


def _listed(dossier: Dossier, say: Wording) -> Iterator[str]:
    if gaps := dossier.listed.gaps:
        columns = data("list")["columns"]
        names = [_inside(columns[name].get(say.lang, name)) for name in gaps]
        yield say("missing", "list", n=sum(gaps.values()), names=", ".join(names))


def _requisites(dossier: Dossier, say: Wording) -> Iterator[str]:
    columns = dossier.inventory.schema.tables["operator"].columns
    if unknown := [_inside(columns[name].title[say.lang]) for name in _REQUISITES if not dossier.requisite(name)]:
        yield say("missing", "requisites", names=", ".join(unknown))
