"""What codes of clauses are called in the reader's language; a code that nothing names, as a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes.identity import mask
from derbes.naming import LawNames
from derbes.page.markup import element, joined
from derbes.page.sheet import NAME, cut
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from markupsafe import Markup

    from derbes.auditing import Audit

_OPERATION = "operation."


class Labels:
    """Names of codes for one audit: grounds, elements of clauses, particulars of the operator."""

    def __init__(self, audit: Audit) -> None:
        self.audit = audit
        self.law = LawNames(audit)
        self.tell = Wording(audit.lang, "policy")

    def basis(self, code: str) -> Markup:
        """A ground on which data are processed."""
        return _named(code, self.law.bases)

    def part(self, code: str) -> Markup:
        """An element of a definition, right or statement of a clause; an operation by what the model calls it."""
        operation = code.removeprefix(_OPERATION)
        known = {**self.law.elements, **self.law.statements}
        if operation != code and code not in known:
            listed = self.audit.inventory.schema.label("operation", operation, self.audit.lang)
            known[code] = self.tell.entry("operations").get(operation, listed if listed != operation else "")
        return _named(code, known)

    def particular(self, text: str) -> Markup:
        """What a clause says of the operator as ``name=value``: the name in words, then the value."""
        name, sign, value = mask(text).partition("=")
        known = self.tell.entry("particulars")
        if not sign or name not in known:
            return element("code", _short(text))
        return joined([known[name], ": ", cut(value, NAME)])


def listed(parts: Iterable[object]) -> Markup:
    """Return the parts on a line, with semicolons between them."""
    told = list(parts)
    return joined(piece for part in told for piece in (part, "; "))[:-2] if told else joined([])


def _named(code: str, known: Mapping[str, str]) -> Markup:
    label = known.get(code)
    return joined([label]) if label else element("code", _short(code))


def _short(text: str) -> str:
    return cut(mask(text), NAME)
