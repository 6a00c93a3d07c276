"""What changed in an inventory since the last frozen quarter that an audit compared it with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes import change
from derbes.read.loading import load

if TYPE_CHECKING:
    from derbes.auditing import Audit
    from derbes.change import Change

#: The audit asked about last and its answer: a page and a workbook of one report ask the same.
_LAST: list[tuple[Audit, Change]] = []


def comparison(audit: Audit) -> Change | None:
    """Change from the last frozen quarter to the audited inventory; None where there was none to compare with."""
    if audit.latest is None:
        return None
    if not _LAST or _LAST[0][0] is not audit:
        _LAST[:] = [(audit, change.diff(load(audit.latest), audit.inventory))]
    return _LAST[0][1]
