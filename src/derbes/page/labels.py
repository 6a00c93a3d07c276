"""What codes of the law and of the model are called in the reader's language; a code that nothing names, as a code."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from markupsafe import escape

from derbes import provisions as law
from derbes.identity import mask
from derbes.page.markup import element, joined
from derbes.page.sheet import NAME, cut
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from markupsafe import Markup

    from derbes.auditing import Audit

_PARTS = 12  # codes of a change that are told one by one
_OPERATION = "operation."
_NESTED = frozenset("[(|")  # of a value that is a list within a list, or a pattern: it is told as it stands


class Labels:
    """Names of codes for one audit: elements of clauses, particulars of the operator, parts of the law that changed."""

    def __init__(self, audit: Audit) -> None:
        self.audit = audit
        self.say = Wording(audit.lang, "page")
        self.tell = Wording(audit.lang, "policy")

    def basis(self, code: str) -> Markup:
        """A ground on which data are processed."""
        return self._named(code, self._bases)

    def part(self, code: str) -> Markup:
        """An element of a definition, right or statement of a clause; an operation by what the model calls it."""
        operation = code.removeprefix(_OPERATION)
        known = {**self._elements, **self._statements}
        if operation != code and code not in known:
            listed = self.audit.inventory.schema.label("operation", operation, self.audit.lang)
            known[code] = self.tell.entry("operations").get(operation, listed if listed != operation else "")
        return self._named(code, known)

    def particular(self, text: str) -> Markup:
        """What a clause says of the operator as ``name=value``: the name in words, then the value."""
        name, sign, value = mask(text).partition("=")
        known = self.tell.entry("particulars")
        if not sign or name not in known:
            return element("code", _short(text))
        return joined([known[name], ": ", cut(value, NAME)])

    def turn(self, kind: str, name: str, before: str, after: str) -> Markup:
        """From what to what a part of the law changed, in words."""
        old, new = (self._told(kind, name, text) if text else None for text in (before, after))
        if old is not None and new is not None and before != after:
            return escape(self.say.entry("amendments", "from_to")).format(before=old, after=new)
        return joined([part for part in (new or old,) if part is not None])

    def constant(self, name: str) -> Markup:
        """What a value of the law is called."""
        return self._named(name, self.say.entry("amendments", "constants"))

    # -- parts ------------------------------------------------------------------------------------------------------

    def _told(self, kind: str, name: str, text: str) -> Markup:
        codes = text.split(", ") if kind != "constants" or not set(text) & _NESTED else [text]
        if kind == "constants":
            told = [self._value(code) for code in codes]
        elif kind == "acts":
            told = [joined([code if code[:1].isdigit() else self._act(code)]) for code in codes]
        else:
            known = {"bases": self._bases, "elements": self._elements}.get(kind)
            known = self._section(name) if known is None else known
            told = [self._named(code, known) for code in codes]
        told = list(dict.fromkeys(told))
        rest = [joined([self.say("promises", "more", n=len(told) - _PARTS)])] if len(told) > _PARTS else []
        return listed([*told[:_PARTS], *rest])

    def _value(self, text: str) -> Markup:
        """A value of the law: a number as the language writes it, a code by its name, else as it stands."""
        key, sign, rest = text.partition(": ")
        return joined([self._plain(key), ": ", self._plain(rest)]) if sign else self._plain(text)

    def _plain(self, text: str) -> Markup:
        schema, lang = self.audit.inventory.schema, self.audit.lang
        if text.isdecimal():
            return joined([self.say.number(int(text))])
        labels = (schema.label(name, text, lang) for name in ("right_kind", "size_class"))
        return self._named(text, {text: next((label for label in labels if label != text), "")})

    def _act(self, number: str) -> str:
        return cut(law.named(number, self.audit.law, self.audit.lang), NAME)

    def _section(self, name: str) -> dict[str, str]:
        """Labels of a list of the law, of acts their titles, of rights what the model calls them."""
        lang, held = self.audit.lang, self.audit.law
        named = {code: self._act(code) for code in held.acts}
        rights = {code: words[lang] for code, words in self.audit.inventory.schema.lists["right_kind"].items()}
        entries = held.sections.get(name, {})
        return named | rights | {code: entry["labels"][lang] for code, entry in entries.items() if "labels" in entry}

    @cached_property
    def _bases(self) -> dict[str, str]:
        return _words(self.audit.law.bases, self.audit.lang)

    @cached_property
    def _elements(self) -> dict[str, str]:
        return _words(self.audit.law.elements, self.audit.lang)

    @cached_property
    def _statements(self) -> dict[str, str]:
        said = self.audit.law.sections.get("statements", {})
        return {code: entry["labels"][self.audit.lang] for code, entry in said.items()}

    def _named(self, code: str, known: dict[str, str]) -> Markup:
        label = known.get(code)
        return joined([label]) if label else element("code", _short(code))


def listed(parts: Iterable[object]) -> Markup:
    """Return the parts on a line, with semicolons between them."""
    told = list(parts)
    return joined(piece for part in told for piece in (part, "; "))[:-2] if told else joined([])


def _words(frame: pd.DataFrame, lang: str) -> dict[str, str]:
    return {code: labels[lang] for code, labels in zip(frame["code"], frame["labels"], strict=True)}


def _short(text: str) -> str:
    return cut(mask(text), NAME)
