"""A folder of packs: a workbook for every owner, and the record of what was handed out."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from derbes.errors import OutputError, UsageError
from derbes.identity import mask
from derbes.packs import ledger
from derbes.packs.dealing import deal
from derbes.text import words
from derbes.workbook.pack import Letter, write_pack

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from derbes.auditing import Audit
    from derbes.inventory import Inventory
    from derbes.packs.dealing import Dealing


@dataclass(frozen=True)
class Written:
    """A folder of packs as it was written, and what was dealt."""

    folder: Path
    dealing: Dealing


def hand_out(audit: Audit, folder: Path, *, until: dt.date) -> Written:
    """Write the packs of an audited inventory into a new folder, in the audit's language, and return what was dealt.

    Raises UsageError where the folder is not empty or there is nothing to hand out, OutputError.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir()) or folder.samefile(".")):
        raise UsageError(str(folder), "is there already and not empty", "Name a new folder: answers may lie there.")
    dealing = deal(audit, nobody=words(audit.lang)["packs"]["nobody"])
    if not dealing.packs:
        raise UsageError(
            str(audit.inventory.path), "has no row to hand out", "Fill it in, or mend the ids of its rows."
        )
    name = ledger.identify(audit.inventory, dealing.packs)
    letter = Letter(until, _responsible(audit.inventory), name)
    staging = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        staging.mkdir(parents=True)
        for pack in dealing.packs:
            write_pack(pack, staging / pack.file, audit, letter)
        sums = {pack.file: hashlib.sha256((staging / pack.file).read_bytes()).hexdigest() for pack in dealing.packs}
        record = ledger.written(audit.inventory, dealing.packs, sums, lang=audit.lang, name=name)
        (staging / ledger.FILE).write_text(record, encoding="utf-8", newline="\n")
        if folder.exists():
            folder.rmdir()
        staging.rename(folder)
    except OutputError:
        raise
    except OSError as error:
        what = f"cannot be written ({error.strerror or type(error).__name__})"
        raise OutputError(str(folder), what, "Check the folder and its space.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Written(folder, dealing)


def _responsible(inv: Inventory) -> str | None:
    """Role, and how to reach it, of whoever answers for personal data at the operator."""
    if not len(inv.operator):
        return None
    said = inv.operator[["responsible_role", "responsible_contact"]].iloc[0].dropna()
    return "; ".join(mask(" ".join(str(one).split())) for one in said) or None
