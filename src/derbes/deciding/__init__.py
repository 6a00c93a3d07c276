"""Decisions of compliance taken back from its copy of the workbook."""

from derbes.deciding.taking import Conflict, Decided, decide
from derbes.deciding.telling import told

__all__ = ["Conflict", "Decided", "decide", "told"]
