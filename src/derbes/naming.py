"""What parts of the law and their codes are called in the reader's language; what nothing names keeps its code."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from derbes import provisions as law
from derbes.identity import mask
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from derbes.auditing import Audit

_PARTS = 12  # codes of a change that are told one by one
_NESTED = frozenset("[(|")  # of a value that is a list within a list, or a pattern: it is told as it stands


class LawNames:
    """Names of codes of the law for one audit, and of the parts that changed (`derbes.amendments.Amendments`)."""

    def __init__(self, audit: Audit) -> None:
        self.audit = audit
        self.say = Wording(audit.lang, "page")

    @cached_property
    def bases(self) -> dict[str, str]:
        """Grounds on which data are processed, by code."""
        return _labels(self.audit.law.bases, self.audit.lang)

    @cached_property
    def elements(self) -> dict[str, str]:
        """Elements of definitions and rights, by code."""
        return _labels(self.audit.law.elements, self.audit.lang)

    @cached_property
    def statements(self) -> dict[str, str]:
        """What a clause may state beside those, by code."""
        return self._entries("statements")

    def part(self, kind: str, name: str) -> str:
        """What of the law changed: a value or a list by its name, else the part as a whole."""
        known: dict[str, str] = self.say.entry("amendments", kind if name else "parts")
        return known.get(name or kind, name)

    def turn(self, kind: str, name: str, before: str, after: str) -> str:
        """From what to what a part of the law changed."""
        old, new = (self._told(kind, name, text) if text else "" for text in (before, after))
        if old and new and before != after:
            return self.say("amendments", "from_to", before=old, after=new)
        return new or old

    # -- parts ------------------------------------------------------------------------------------------------------

    def _told(self, kind: str, name: str, text: str) -> str:
        codes = text.split(", ") if kind != "constants" or not set(text) & _NESTED else [text]
        if kind == "constants":
            return self._listed(map(self._value, codes))
        known = {"bases": self.bases, "elements": self.elements, "acts": {}}.get(kind)
        known = self._section(name) if known is None else known
        return self._listed(known.get(code) or self._act(code) for code in codes)

    def _listed(self, parts: Iterable[str]) -> str:
        told = list(dict.fromkeys(parts))
        rest = [self.say("promises", "more", n=len(told) - _PARTS)] if len(told) > _PARTS else []
        return "; ".join([*told[:_PARTS], *rest])

    def _value(self, text: str) -> str:
        """A value of the law: a number as the language writes it, a code by its name, else as it stands."""
        key, sign, rest = text.partition(": ")
        return f"{self._plain(key)}: {self._plain(rest)}" if sign else self._plain(text)

    def _plain(self, text: str) -> str:
        if text.isdecimal():
            return str(self.say.number(int(text)))
        schema = self.audit.inventory.schema
        labels = (schema.label(name, text, self.audit.lang) for name in ("right_kind", "size_class"))
        return next((label for label in labels if label != text), mask(text))

    def _act(self, number: str) -> str:
        return law.named(number, self.audit.law, self.audit.lang)

    def _section(self, name: str) -> dict[str, str]:
        """Labels of a list of the law, of rights what the model calls them."""
        rights = self.audit.inventory.schema.lists["right_kind"].items()
        return {code: words[self.audit.lang] for code, words in rights} | self._entries(name)

    def _entries(self, name: str) -> dict[str, str]:
        entries: dict[str, Any] = dict(self.audit.law.sections.get(name, {}))
        return {code: entry["labels"][self.audit.lang] for code, entry in entries.items() if "labels" in entry}


def _labels(frame: pd.DataFrame, lang: str) -> dict[str, str]:
    return {code: labels[lang] for code, labels in zip(frame["code"], frame["labels"], strict=True)}
