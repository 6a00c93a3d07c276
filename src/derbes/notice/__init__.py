"""Notices to subjects, answers to their requests and texts of consent, written from the inventory.

What is published then cannot differ from what is kept. What the inventory does not say stands out as a gap, and so does
what it says and the law forbids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes.errors import UsageError
from derbes.notice.answer import answer
from derbes.notice.barred import barred
from derbes.notice.consent import consent
from derbes.notice.hypertext import page
from derbes.notice.privacy import privacy
from derbes.notice.sheet import Document, plain
from derbes.notice.word import word
from derbes.subject.facts import facts
from derbes.subject.saying import Says, languages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from derbes.inventory import Inventory
    from derbes.law import LawPack
    from derbes.notice.sheet import Section
    from derbes.subject.facts import Facts

__all__ = ["KINDS", "Document", "documents", "plain", "publish"]

_SECTIONS: dict[str, Callable[[Facts, Says], tuple[Section, ...]]] = {
    "notice": privacy,
    "answer": answer,
    "consent": consent,
}
KINDS = tuple(_SECTIONS)
#: Kinds of files, by the end of their names.
FORMS = (".docx", ".html")


def documents(
    inv: Inventory, law: LawPack, subject: str, *, kind: str = "notice", lang: str = "ru", pack: str | None = None
) -> tuple[Document, ...]:
    """One document a language (``kk-ru`` gives two, piece for piece alike) about a group of subjects and its kin.

    ``pack`` is the name or folder of the law pack where it is not the law's own id. Raises UsageError for a group, a
    kind or a language that is not there.
    """
    if kind not in KINDS:
        raise UsageError(f"kind {kind}", "is none that is written", f"Choose one of {', '.join(KINDS)}.")
    about, wrong = facts(inv, law, subject), barred(inv, law, pack)
    return tuple(_document(about, Says(one, about, wrong, kind), kind) for one in languages(lang))


def _document(about: Facts, says: Says, kind: str) -> Document:
    sections = _SECTIONS[kind](about, says)
    title = says("titles", kind)
    whom = says("lead", "whom", subject=says.joined(says.name("subjects", name) for name in about.group))
    lead = (whom, says("lead", "edition", date=says.date(about.law.as_of, "deadline")), says("lead", "names"))
    made = Document(says.lang, title, lead, sections)
    marks = {"gaps": made.gaps, "barred": made.barred}
    told = (says("lead", mark, kind, n=count) for mark, count in marks.items() if count)
    return Document(says.lang, title, (*lead, *told), sections)


def publish(made: tuple[Document, ...], target: Path) -> Path:
    """Write documents as .docx or .html, by the name of the file; two languages stand side by side.

    A file that is there is left alone, since people fill the gaps in by hand. Raises UsageError for it, and for
    another kind of file.
    """
    if target.suffix.lower() not in FORMS:
        raise UsageError(str(target), "is not named .docx or .html", "Give the file a name that ends in one of them.")
    if target.exists():
        raise UsageError(str(target), "is there already", "Name a new file: what was filled in by hand is not lost.")
    content = word(made) if target.suffix.lower() == ".docx" else page(made).encode()
    draft = target.with_name(f".{target.name}.tmp")
    try:
        draft.write_bytes(content)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target
