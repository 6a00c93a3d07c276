"""Everything derbes raises on purpose: one root, one line (*where: what. what to do.*)."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class DerbesError(Exception):
    """A refusal that a user can act on; the command line prints it as one line and exits with 2.

    ``where`` is a file, sheet, cell, rule or option; ``what`` the fault; ``remedy`` the next step.
    """

    def __init__(self, where: str, what: str, remedy: str = "") -> None:
        self.where = where
        self.what = what
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        """One line without control characters, so that a log stays one line an error."""
        tail = f" {self.remedy}" if self.remedy else ""
        line = f"{self.where}: {self.what}.{tail}"
        return " ".join(line.split())


class SourceError(DerbesError, ValueError):
    """A folder or file that cannot be read as an inventory; ``code`` names the reason for `sources`."""

    def __init__(self, where: str, what: str, remedy: str = "", *, code: str = "unreadable") -> None:
        super().__init__(where, what, remedy)
        self.code = code


class RuleError(DerbesError, ValueError):
    """A rule file that breaks the grammar, or a rule that could not run; ``rule`` is its id, if known."""

    def __init__(self, where: str, what: str, remedy: str = "", *, rule: str | None = None) -> None:
        super().__init__(where, what, remedy)
        self.rule = rule


class LawError(DerbesError, ValueError):
    """A law pack that is missing, malformed, or silent about something a rule asks for."""


class ModelError(DerbesError, ValueError):
    """A tables.yaml that contradicts itself."""


class OutputError(DerbesError, OSError):
    """A folder or file that could not be written; what stood there before is whole."""


class UsageError(DerbesError, ValueError):
    """A parameter that makes no sense: a quarter, a date, a language, a table's name."""


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the closest of the known words, or None where nothing is near."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the sentence *Did you mean “x”?* for the closest of the known words, or an empty string."""
    found = closest(word, known)
    return f"Did you mean “{found}”?" if found else ""
