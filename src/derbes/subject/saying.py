"""How a notice says things in one language: sentences, labels, terms, grounds, acts; gaps where nothing is known."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

import pandas as pd
from babel import Locale

from derbes import lasting, period
from derbes.identity import mask
from derbes.subject.facts import known
from derbes.text import clean, data, fill, words
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from derbes.subject.facts import Facts, Row

#: Around a gap in a text, or what the law forbids, so that it can be set apart; cells cannot bring them in.
OPEN, CLOSE, BARRED = "\ue000", "\ue001", "\ue002"

_MARKS = re.compile(f"[{OPEN}{CLOSE}{BARRED}]")
_GAP = re.compile(f"[{OPEN}{BARRED}]([^{CLOSE}]*){CLOSE}")
CONSENT = "consent"  # the ground that needs no provision to be understood
_CASES = "9"  # the article of the law whose items are the cases without consent
_DOTS = re.compile(r"(?<!\.)\.\.(?!\.)")  # where a name that ends in a full stop ends a sentence
_BRACKETS = str.maketrans("[]", "()")


@dataclass(frozen=True, eq=False)
class Says:
    """The words of notices in one language, over the facts that they are about.

    ``barred`` has the provisions that forbid what a cell says, by table, id and column; ``kind`` is that of the
    document, which decides how such a passage is marked.
    """

    lang: str
    facts: Facts
    barred: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    kind: str = "notice"

    def __call__(self, *path: str, **values: object) -> str:
        """The sentence at this place of ``text/notice.yaml``, filled in; ``n`` chooses among forms of number."""
        entry = self._entry(*path)
        if isinstance(entry, list):
            forms = Locale.parse(self.lang).plural_form(int(str(values["n"])))
            entry = entry[min(("one", "few", "many", "other").index(forms), len(entry) - 1)]
        return _DOTS.sub(".", fill(entry, values))

    def _entry(self, *path: str) -> Any:  # noqa: ANN401 - a text or its forms
        found: Any = data("notice")
        for step in path:
            found = found[step]
        return found[self.lang]

    def gap(self, what: str, **values: object) -> str:
        """What stands where the inventory says nothing."""
        return f"{OPEN}{self('words', 'gap', what=self('gaps', what, **values))}{CLOSE}"

    def allowed(self, told: str, table: str, row: Row, column: str) -> str:
        """What a row's cell is told as, marked where the law forbids what it says."""
        law = self.barred.get((table, str(row[self.facts.inv.schema.tables[table].key]), column))
        return told if law is None else f"{BARRED}{self('words', 'barred', self.kind, what=told, law=law)}{CLOSE}"

    def text(self, value: object, gap: str) -> str:
        """A cell's text, a person's data masked, or a gap; *none* is said."""
        if not known(value):
            return self.gap(gap)
        said = shown(value)
        return self("words", "none") if said in {"none", ""} else said

    def date(self, value: object, gap: str) -> str:
        """A date in full, or a gap."""
        return Wording(self.lang, "wording").date(pd.Timestamp(str(value)).date()) if known(value) else self.gap(gap)

    def flag(self, value: object, gap: str) -> str:
        """Yes, no or a gap."""
        return self("words", "yes" if value else "no") if known(value) else self.gap(gap)

    def label(self, name: str, code: object, gap: str) -> str:
        """The label of a code of a closed list, or a gap; what is none of the list says nothing that can be told."""
        labels = self.facts.inv.schema.lists[name].get(str(code)) if known(code) else None
        return labels[self.lang] if labels else self.gap(gap)

    def labels(self, name: str, codes: object, gap: str) -> str:
        """Labels of a list of codes; *none* where it is known to be empty."""
        if not isinstance(codes, tuple):
            return self.gap(gap)
        every = self.facts.inv.schema.lists[name] if "all" in codes else codes
        return self.joined((self.label(name, code, gap) for code in every), ", ")

    def joined(self, texts: Iterable[str], by: str = "; ") -> str:
        """Texts as a list within a sentence, each once; *none* where there are none."""
        return by.join(dict.fromkeys(texts)) or self("words", "none")

    def name(self, table: str, key: object) -> str:
        """What a row of a table is called, its id where there is no such row or it has no name."""
        row = self.facts.rows(table).get(str(key), {}) if known(key) else {}
        return self.called(row.get("name"), key, gap="unnamed")

    def called(self, *cells: object, gap: str) -> str:
        """The first of the cells that says something, a person's data masked, or a gap."""
        return next((shown(cell) for cell in cells if known(cell)), None) or self.gap(gap)

    def named(self, table: str, rows: Iterable[Row], column: str, gap: str) -> str:
        """Names of the rows of a table that cells of a column refer to, each once, and a gap where one is empty."""
        names: list[str] = []
        for row in rows:
            ids = self.facts.listed(row, column, table)
            names += [self.name(table, key) for key in ids] if known(row[column]) else [self.gap(gap)]
        return self.joined(names)

    def country(self, code: object) -> str:
        """Name of a country, *all* in words; what is none as it was written, no person's data in it."""
        return shown(Wording(self.lang, "wording").country(str(code)))

    def countries(self, codes: object, gap: str) -> str:
        """Names of countries, or a gap."""
        return self.joined(map(self.country, codes), ", ") if isinstance(codes, tuple) else self.gap(gap)

    def within(self, constant: str) -> str:
        """*Within so many working days*, as the law's constant of the day says; a gap where the law says nothing."""
        days = self.facts.law.constants.get(constant)
        return self.gap("deadline") if days is None else self("words", "within", n=days)

    def days(self, value: object, gap: str) -> str:
        """So many working days, or a gap."""
        return self("words", "days", n=int(str(value))) if known(value) else self.gap(gap)

    def basis(self, row: Row) -> str:
        """Ground of an activity with its provision, and the act where the ground is another law.

        A ground of another country, or one that the law does not have that day, is not told: nothing can rest on it.
        """
        if not known(row["legal_basis"]):
            return self.gap("basis")
        code = self.facts.law.basis(shown(row["legal_basis"]))
        bases = self.facts.law.bases
        found = bases[bases["code"].eq(code) & bases["valid"].astype(bool)]
        if not len(found):
            told = self.allowed(self("words", "groundless"), "processing", row, "legal_basis")
            return told if told.startswith(BARRED) else self.gap("lawful")
        ground = found.iloc[0]
        if code == CONSENT:
            return str(ground["labels"][self.lang])
        needs = bool(ground["needs_authority"])
        label = self("words", "by_law") if needs else str(ground["labels"][self.lang])
        told = self("words", "basis", label=label, provision=self.provision(str(ground["at"])))
        return (
            self("purposes", "authority", basis=told, authority=self.text(row["authority"], "act")) if needs else told
        )

    def provision(self, at: str) -> str:
        """A provision of the law on personal data in words; the cases of article 9 are items."""
        article, _, part = at.removesuffix(")").partition("(")
        form = "article" if not part else "item" if article == _CASES else "part"
        return self("words", form, article=article, part=part.replace(")(", "."))

    def act(self, number: str) -> str:
        """An act with its date and number, and the title in force where one in the language is known."""
        act = self.facts.law.act(number)
        return Wording(self.lang, "notice").act(act.kind, number, act.adopted, act.titles.get(self.lang))

    def retention(self, row: Row, *, authority: bool = True) -> str:
        """How long an activity's data are kept: every stage with its event, ground (where asked for) and end."""
        rows, first = self.facts.rows("retention"), str(row["retention_id"])
        if not known(row["retention_id"]) or first not in rows:
            return self.gap("retention")
        chain = lasting.stages(first, {key: one["then_retention_id"] for key, one in rows.items()})
        parts = [self._stage(rows[key], authority=authority) for key in reversed(chain)]
        return reduce(lambda after, stage: self("terms", "then", term=stage, then=after), parts)

    def _stage(self, row: Row, *, authority: bool) -> str:
        term = self.allowed(self.term(row["period"], row["trigger"], row["bound"]), "retention", row, "period")
        named = authority and known(row["authority"])
        told = self("terms", "by_act", term=term, authority=shown(row["authority"])) if named else term
        if known(row["then_retention_id"]) and row["then_retention_id"] != "none":
            return told
        if (
            not known(row["disposal"])
            and known(row["period"])
            and period.parse(str(row["period"])).kind == "indefinite"
        ):
            return told  # nothing follows what has no end
        fate = self.label("disposal", row["disposal"], "disposal")
        return self("terms", "then", term=told, then=fate)

    def form(self, row: Row) -> str:
        """Form of a consent, or a gap."""
        return self.allowed(self.label("consent_form", row["form"], "form"), "consents", row, "form")

    def consent_term(self, row: Row) -> str:
        """How long a consent holds: from the day it is given where the register names no other event."""
        return self.allowed(self._given(row["term"]), "consents", row, "term")

    def _given(self, cell: object) -> str:
        said = period.parse(str(cell)) if known(cell) else None
        span = lasting.told(self.lang, said) if said and said.kind == "fixed" and said.trigger is None else None
        return self("terms", "given", span=span) if span else self.term(cell, gap="term")

    def _after(self, event: object) -> str:
        named = known(event) and str(event) in data("notice")["terms"]["after"]
        return self("terms", "after", str(event)) if named else self.gap("trigger")

    def term(self, cell: object, trigger: object = None, bound: object = None, *, gap: str = "retention") -> str:
        """A period in words; a gap where it is not understood, or the event that it is counted from is not."""
        said = period.parse(str(cell)) if known(cell) else None
        if said is None or said.kind in {"vague", "unknown"}:
            return self.gap(gap)
        told = lasting.told(self.lang, said, bound)
        if told is None:
            return shown(cell)  # hours, which have no words of ours
        if said.kind != "fixed":
            return told
        return self("terms", "order", span=told, event=self._after(trigger if known(trigger) else said.trigger))


def shown(value: object) -> str:
    """A cell's text as it may be published: on one line, a person's data masked, no marks of gaps in it."""
    text = "; ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return mask(clean(_MARKS.sub("", text)).translate(_BRACKETS))


def runs(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the text in pieces, each with whether it is a gap or what the law forbids."""
    place = 0
    for found in _GAP.finditer(text):
        if found.start() > place:
            yield text[place : found.start()], False
        yield found[1], True
        place = found.end()
    if place < len(text):
        yield text[place:], False


def unmarked(text: str) -> str:
    """The text without the marks in it."""
    return _MARKS.sub("", text)


def begun(text: str) -> str:
    """The text with a capital letter at its beginning."""
    return f"{text[:1].upper()}{text[1:]}"


def languages(lang: str) -> tuple[str, ...]:
    """The languages of a document, in the order of its columns. Raises UsageError for one without words."""
    languages = tuple(lang.split("-"))
    for one in languages:
        words(one)
    return languages
