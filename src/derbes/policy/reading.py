"""The paragraphs of a published policy, from .txt, .docx, .html or .pdf, read under limits."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from derbes.policy import hypertext, pdf, word
from derbes.policy.paragraph import Paragraph
from derbes.policy.phrasing import LANGUAGES, lexicon
from derbes.read import guard

if TYPE_CHECKING:
    from pathlib import Path

#: Bytes of a file; a policy with a logo and fonts inside rarely reaches 5 MB.
MAX_FILE = 32 * guard.MIB
#: Characters of text: a hundred pages, several times the longest policy.
MAX_TEXT = 300_000

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WIDE = ("utf-16-le", "utf-16-be")
_NARROW = ("cp1251", "kz1048", "cp866", "koi8-r")
_LEGIBLE = 0.9
_FOREIGN = 0.5  # of the letters; fewer in the language's own alphabet make another language
_OTHERS = {
    "doc": "Save it as .docx.",
    "rtf": "Save it as .docx.",
    "odt": "Save it as .docx.",
    "pages": "Export it as .docx.",
    "md": "Save it as .txt.",
}
_SAVED_PAGES = (b"mime-version:", b"from: <saved by", b'from: "saved by')


def read(path: Path) -> list[Paragraph]:
    """Return the paragraphs of a policy, empty ones left out; lists come with their numbers or a bullet.

    What the file is, its first bytes tell, not its name. Raises SourceError with code missing, permission, unreadable,
    empty_file, too_large, bomb, encrypted, truncated, not_a_policy or no_text.
    """
    with guard.opened(path) as file:
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        what = f"has more than {MAX_FILE // guard.MIB} MB"
        raise guard.refusal(path, "too_large", what, "Remove its pictures, or save it as .txt.")
    paragraphs = [one for one in _read(path, content) if one.text.strip()]
    size = sum(len(one.text) for one in paragraphs)
    if not size:
        raise guard.refusal(path, "no_text", "holds no text", "Give the text itself, not a picture of it.")
    if size > MAX_TEXT:
        what = f"has {size} characters of text, the limit is {MAX_TEXT}"
        raise guard.refusal(path, "too_large", what, "Give the policy alone.")
    return paragraphs


def _read(path: Path, content: bytes) -> list[Paragraph]:
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    name = path.suffix.lower().lstrip(".")
    if content.startswith(guard.OLE):
        what = "is protected by a password or in the old .doc format"
        raise guard.refusal(path, "encrypted", what, "Save it as .docx without a password.")
    if content.startswith(guard.ZIP):
        return word.paragraphs(path)
    if b"%pdf-" in start:
        return pdf.paragraphs(path, content)
    if start.startswith(_SAVED_PAGES):
        what = "is a web page archive (.mht)"
        raise guard.refusal(path, "not_a_policy", what, "Save the page as .html.")
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml")) or name in {"html", "htm"}:
        return hypertext.paragraphs(content)
    if name in _OTHERS or start.startswith(b"{\\rtf"):
        raise guard.refusal(path, "not_a_policy", "is of a kind that is not read", _OTHERS.get(name, _OTHERS["rtf"]))
    return [Paragraph(line) for line in _decoded(path, content).splitlines()]


def _decoded(path: Path, content: bytes) -> str:
    """Return the text; without a mark of its own, in the encoding that makes the most of it letters of a language."""
    for bom, codec in _BOMS:
        if content.startswith(bom):
            return _strictly(content, codec) or _unreadable(path)
    if b"\0" not in content and (text := _strictly(content, "utf-8")) is not None:
        return text
    tries = ((_strictly(content, codec), codec) for codec in (_WIDE if b"\0" in content else _NARROW))
    texts = [text for text, _ in tries if text is not None]
    best = max(texts, key=_legible, default="")
    return best if _legible(best) >= _LEGIBLE else _unreadable(path)


def _strictly(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except UnicodeDecodeError:
        return None


def _unreadable(path: Path) -> str:
    raise guard.refusal(path, "not_a_policy", "is no text in a known encoding", "Save it as UTF-8.")


def _legible(text: str) -> float:
    """Share of the letters beyond ASCII that belong to an alphabet of the lexicons."""
    beyond = [letter for letter in text.lower() if letter >= "\u0080" and letter.isalpha()]
    known = frozenset("".join(lexicon(lang).at("letters") for lang in LANGUAGES))
    odd = sum(not letter.isprintable() and not letter.isspace() for letter in text)
    return (sum(letter in known for letter in beyond) - odd) / max(len(beyond), 1)


def language(path: Path, text: str) -> str:
    """Return the code of the language a text is written in. Raises SourceError where no lexicon knows it."""
    letters = [letter for letter in text.lower() if letter.isalpha()]
    own = {lang: frozenset(lexicon(lang).at("own_letters")) for lang in LANGUAGES}
    alphabets = frozenset("".join(lexicon(lang).at("letters") for lang in LANGUAGES))
    if sum(letter in alphabets for letter in letters) < _FOREIGN * len(letters):
        what = "is written neither in Russian nor in Kazakh"
        raise guard.refusal(path, "not_a_policy", what, "Give the Russian or the Kazakh text.")
    return max(LANGUAGES, key=lambda lang: sum(letter in own[lang] for letter in letters))
