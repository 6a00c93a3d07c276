"""What is handed over: one state of the inventory, read once, and the sealed report that was made of it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from derbes import seal, snapshot
from derbes.errors import SourceError
from derbes.exchange import Listed, personal_data, registers
from derbes.identity import mask
from derbes.law import LawPack, load_law
from derbes.read.loading import load

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from derbes.inventory import Inventory
    from derbes.quarter import Quarter


@dataclass(frozen=True)
class Dossier:
    """One quarter of an operator, as of a day.

    ``report`` is the folder of the sealed report, None where none is handed over; ``faults`` then say why, each as
    place and reason code. ``frozen`` tells that the inventory has moved on and its frozen copy stands for it.
    """

    inventory: Inventory
    law: LawPack
    quarter: Quarter
    as_of: dt.date
    listed: Listed
    registers: dict[str, pd.DataFrame | None]
    report: Path | None
    faults: tuple[tuple[str, str], ...]
    frozen: bool

    def requisite(self, name: str) -> str:
        """One of the operator's particulars, safe to show; empty where it is not known."""
        known = self.inventory.operator[name].dropna()
        return mask(" ".join(str(known.iat[0]).split())) if len(known) else ""

    @property
    def name(self) -> str:
        """The operator's full name, or what is known in its stead."""
        return self.requisite("legal_name") or self.requisite("name") or self.inventory.operator_id


def dossier(inventory: Path, *, quarter: Quarter, reports: Path, law: str = "kz", unsealed: bool = False) -> Dossier:
    """Dossier of a quarter, from its sealed report in ``reports/<operator>/<quarter>`` and the inventory it is of.

    Where the inventory has changed since, the quarter frozen then is taken. Raises SourceError where there is no such
    report or it does not hold; ``unsealed`` goes on without it.
    """
    now = load(inventory)
    folder = reports / now.operator_id / str(quarter)
    kept = _frozen(inventory, quarter)
    faults, moved = _judged(folder, inventory, frozen=kept is not None)
    if faults and not unsealed:
        what = "; ".join(f"{name} {why}" for name, why in faults)
        raise SourceError(str(folder), f"is no sealed report that holds ({what})", "Make it again, or add --unsealed.")
    source = load(kept) if kept and (moved or faults) else now
    day = quarter.last_day if faults else _day(folder)
    pack = load_law(law, day)
    return Dossier(
        inventory=source,
        law=pack,
        quarter=quarter,
        as_of=day,
        listed=personal_data(source, pack),
        registers=registers(source, pack),
        report=None if faults else folder,
        faults=faults,
        frozen=source is not now,
    )


def _frozen(inventory: Path, quarter: Quarter) -> Path | None:
    """The frozen copy of a quarter, where it is there and is what it was."""
    folder = (inventory if inventory.is_dir() else inventory.parent) / "history" / str(quarter)
    return folder if (folder / snapshot.SUMS).is_file() and not snapshot.broken_sums(folder) else None


def _judged(folder: Path, inventory: Path, *, frozen: bool) -> tuple[tuple[tuple[str, str], ...], bool]:
    """What breaks the seal of a report, and whether its inventory has moved on with a frozen copy to stand for it.

    One that has moved on without a copy of the quarter asked for breaks it: its registers are no longer those.
    """
    if not (folder / seal.MANIFEST).is_file():
        return ((seal.MANIFEST, "missing"),), False
    verdict = seal.verify(folder, inventory=inventory)
    moved = tuple((name, "changed") for name, why in verdict.notes if why == "moved_on")
    return (verdict.broken, bool(moved)) if frozen else ((*verdict.broken, *moved), False)


def _day(folder: Path) -> dt.date:
    return dt.date.fromisoformat(json.loads((folder / seal.MANIFEST).read_text(encoding="utf-8"))["as_of"])
