"""What changed in an inventory since the last frozen quarter that an audit compared it with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from derbes import change
from derbes.change.telling import without_hashes
from derbes.read.loading import load

if TYPE_CHECKING:
    from derbes.auditing import Audit
    from derbes.change import Change

#: The audit asked about last and its answer: a page and a workbook of one report ask the same.
_LAST: list[tuple[Audit, Change]] = []


def comparison(audit: Audit) -> Change | None:
    """Change from the last frozen quarter to the audited inventory; None where there was none to compare with.

    Without the hashes of texts, where something else of the same row tells of the change.
    """
    if audit.latest is None:
        return None
    if not _LAST or _LAST[0][0] is not audit:
        whole = change.diff(load(audit.latest), audit.inventory)
        _LAST[:] = [(audit, replace(whole, rows=without_hashes(whole.rows).reset_index(drop=True)))]
    return _LAST[0][1]
