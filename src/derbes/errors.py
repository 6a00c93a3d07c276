"""Everything derbes raises on purpose: one root, one line (*where: what. what to do.*)."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from functools import cached_property
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

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows: the one line, for it says what to do, and a traceback does not."""
        return [f"{type(self).__name__}: {self}"]


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


class Vocabulary:
    """Known words, of which the closest to a misspelt one is found quickly, however many they are.

    Of more than a few, only those are compared that are near in the order of their letters, read from either end: a
    slip leaves the beginning or the end of a word whole.
    """

    _ALL, _NEAR = 200, 10

    def __init__(self, words: Iterable[str]) -> None:
        self._words = words
        self._found: dict[str, str | None] = {}

    def closest(self, word: str) -> str | None:
        """Return the closest of the words, or None where nothing is near."""
        if word not in self._found:
            forwards, backwards = self._orders
            if len(forwards) <= self._ALL:
                self._found[word] = closest(word, forwards)
            else:
                mirrored = [other[::-1] for other in self._around(backwards, word[::-1])]
                self._found[word] = closest(word, {*self._around(forwards, word), *mirrored})
        return self._found[word]

    @cached_property
    def _orders(self) -> tuple[list[str], list[str]]:
        words = sorted({str(word) for word in self._words})
        return words, sorted(word[::-1] for word in words)

    def _around(self, words: list[str], word: str) -> list[str]:
        place = bisect_left(words, word)
        return words[max(0, place - self._NEAR) : place + self._NEAR]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the sentence *Did you mean “x”?* for the closest of the known words, or an empty string."""
    found = closest(word, known)
    return f"Did you mean “{found}”?" if found else ""
