"""What a clause is about and what it says: kinds, statements affirmed and denied, rights, channels, words to weigh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes.policy.phrasing import lexicon, sentences

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

    from derbes.policy.numbering import Clause
    from derbes.policy.phrasing import Lexicon

#: What a line of a list may be besides what its list is: a right told in two steps is a right and a procedure.
_IN_LIST = {
    "definition": (),
    "data": (),
    "right": ("procedure",),
    "duty": ("procedure",),
    "basis": (),
    "subject": ("retention", "basis", "consent"),
    "purpose": ("basis", "recipient", "retention", "consent"),
    "recipient": ("basis", "retention"),
    "retention": ("basis",),
    "security": (),
    "consent": ("procedure",),
}
_CONTACTS = ("bin=", "address=", "role=", "authority=")
_OPEN = "open_list"


def statements(clause: Clause, lang: str) -> dict[str, list[str]]:
    """Return the statements that a clause asserts, denies and excepts; a heading states nothing."""
    words = lexicon(lang)
    said: dict[str, dict[str, None]] = {"asserts": {}, "denies": {}, "except": {}}
    if clause.heading:
        return {name: [] for name in said}
    folded = told(clause.text, words)
    for start, end in sentences(folded):
        for column, code in _sentence(folded[start:end], words):
            said[column][code] = None
    if words.pattern("open_list").search(_without(folded, words.pattern("open_list_not"))):
        said["asserts"][_OPEN] = None
    return {name: list(codes) for name, codes in said.items()}


def told(text: str, words: Lexicon) -> str:
    """Return a folded text without what it mentions only as the matter of a consent: *consent to the transfer*."""
    return _without(words.fold(text), words.pattern("asides"))


def _sentence(sentence: str, words: Lexicon) -> list[tuple[str, str]]:
    found = []
    exception = words.pattern("except", "words").search(sentence)
    claim, rest = _apart(sentence, exception, behind=bool(words.at("except", "behind")))
    for code in words.at("statements"):
        if words.pattern("statements", code, "qualified").search(sentence):
            found.append(("asserts", code))
        elif words.pattern("statements", code, "denies").search(claim):
            found.append(("denies", code))
        elif words.pattern("statements", code, "asserts").search(sentence):
            found.append(("asserts", code))
    if exception and any(column == "denies" for column, _ in found):
        found += [("except", code) for code, said in words.codes("except", "things").items() if said.search(rest)]
    return found


def _apart(sentence: str, exception: re.Match[str] | None, *, behind: bool) -> tuple[str, str]:
    """Part a sentence into its claim and its exception, which in Kazakh stands before the word that makes it one."""
    if exception is None:
        return sentence, ""
    ahead, after = sentence[: exception.start()], sentence[exception.end() :]
    return (after, ahead) if behind else (ahead, after)


def _without(folded: str, pattern: re.Pattern[str]) -> str:
    """Cover what a pattern finds, every place kept."""
    return pattern.sub(lambda found: " " * len(found[0]), folded)


def kinds(clauses: Sequence[Clause], facts: Sequence[dict[str, list[str]]], lang: str) -> list[list[str]]:
    """Return the kinds of every clause; ``facts`` are the other columns, in the same order."""
    words = lexicon(lang)
    known: dict[str, list[str]] = {}
    for clause, fact in zip(clauses, facts, strict=True):
        known[clause.clause_id] = _kinds(clause, fact, known, words)
    return [known[clause.clause_id] for clause in clauses]


def _kinds(clause: Clause, fact: dict[str, list[str]], known: dict[str, list[str]], words: Lexicon) -> list[str]:
    if clause.heading:
        return ["statement"]
    own = _own(clause, fact, words)
    inherited = [kind for kind in known.get(clause.parent_id, ()) if kind in _IN_LIST] if clause.in_list else []
    if inherited:
        allowed = {kind for one in inherited for kind in _IN_LIST[one]} | set(inherited)
        return [*inherited, *(kind for kind in own if kind in allowed and kind not in inherited)]
    section = _by_heading(clause, words) if own or not (fact["asserts"] or fact["denies"]) else []
    if "right" in section and own and not {"duty", "right"} & set(own):
        own = ["right", *own]
    return own or section or ["statement"]


def _own(clause: Clause, fact: dict[str, list[str]], words: Lexicon) -> list[str]:
    folded = told(clause.text, words)
    found = [kind for kind, pattern in words.codes("kinds").items() if pattern.search(folded)]
    if fact["defines"]:
        among = words.pattern("headings", "definition").search(words.fold(clause.section))
        found = ["definition"] if among else list(dict.fromkeys(("definition", *found)))
    if any(requisite.startswith(_CONTACTS) for requisite in fact["requisites"]):
        found.append("contact")
    return found


def _by_heading(clause: Clause, words: Lexicon) -> list[str]:
    folded = words.fold(clause.section)
    groups = words.codes("headings").items()
    return next(([kind] for kind, pattern in groups if kind != "definition" and pattern.search(folded)), [])


def coded(clause: Clause, column: str, lang: str) -> list[str]:
    """Return the codes of a closed list whose phrases a clause holds."""
    words = lexicon(lang)
    folded = words.fold(clause.text)
    return [code for code, pattern in words.codes(column).items() if pattern.search(folded)]


def weighty(clause: Clause, group: str, lang: str, without: str = "") -> list[str]:
    """Return the words of a group that a clause holds, as it writes them."""
    words = lexicon(lang)
    folded = _without(words.fold(clause.text), words.pattern(without))
    return _once(clause.text[found.start() : found.end()] for found in words.pattern(group).finditer(folded))


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(" ".join(text.split()) for text in texts))
