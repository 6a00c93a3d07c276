"""Paragraphs of a .pdf file: the lines of its pages, joined again where the page had broken them."""

from __future__ import annotations

import io
import re
import time
from collections import Counter
from typing import TYPE_CHECKING

from derbes.errors import SourceError
from derbes.policy.paragraph import Paragraph
from derbes.read import guard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypdf import PdfReader

MAX_PAGES = 500
#: Seconds for all pages; an honest page takes a tenth of one.
MAX_SECONDS = 60

_EDGE = 2  # lines at the top and bottom of a page that may be running heads
_FULL = 0.8  # of the longest usual line: a shorter one ended by itself
_HYPHENS = ("-", "\u00ad", "\u2010")
_PAGE_NUMBER = re.compile(r"\W*\d{1,4}\W*(?:/\W*\d{1,4}\W*)?")
_ENDED = re.compile(r"[.;:!?]\W*$")
_LABELLED = re.compile(r"(?:\d+(?:\.\d+)*[.)]|[\u00b7\u2022\u25cf\u25aa\u2013\u2014-])\s")
_REPAIR = "Open it and save or print it as .pdf again, or give the .docx."


def paragraphs(path: Path, content: bytes) -> list[Paragraph]:
    """Return the paragraphs of a file given as its bytes; ``path`` names it in errors.

    Raises SourceError with code encrypted, too_large, truncated or no_text (a scan).
    """
    pages = [page.splitlines() for page in _pages(path, content)]
    lines = list(_without_running_heads(pages))
    if not lines:
        what = "holds pictures of pages and no text"
        raise guard.refusal(path, "no_text", what, "Give the .docx, or run text recognition first.")
    return [Paragraph(text) for text in _joined(lines)]


def _pages(path: Path, content: bytes) -> Iterator[str]:
    from pypdf import PdfReader  # noqa: PLC0415 - slow to import, and most policies are no .pdf
    from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError, PyPdfError  # noqa: PLC0415

    ends = time.monotonic() + MAX_SECONDS
    try:
        for number, page in enumerate(_unlocked(path, PdfReader(io.BytesIO(content))).pages):
            if number >= MAX_PAGES or time.monotonic() > ends:
                what = f"has more than {MAX_PAGES} pages, or pages that take too long"
                raise guard.refusal(path, "too_large", what, "Give the policy alone, as .docx or .txt.")
            yield page.extract_text()
    except (DependencyError, FileNotDecryptedError) as error:
        raise _locked(path) from error
    except LimitReachedError as error:
        raise guard.refusal(path, "bomb", "unpacks to more than a policy holds", _REPAIR) from error
    except (PyPdfError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        # a damaged file makes the library stumble anywhere
        raise guard.refusal(path, "truncated", "is cut off or damaged", _REPAIR) from error


def _unlocked(path: Path, reader: PdfReader) -> PdfReader:
    """Return the reader; a file that anyone may read opens with an empty password."""
    if reader.is_encrypted and not reader.decrypt(""):
        raise _locked(path)
    return reader


def _locked(path: Path) -> SourceError:
    return guard.refusal(path, "encrypted", "is protected by a password", "Save a copy without the password.")


def _without_running_heads(pages: list[list[str]]) -> Iterator[str]:
    """Yield the lines of all pages but page numbers and what stands at the edge of most pages."""
    edges = [[*page[:_EDGE], *page[_EDGE:][-_EDGE:]] for page in pages]
    counted = Counter(shape for edge in edges for shape in {_shape(line) for line in edge})
    running = {shape for shape, n in counted.items() if n > max(2, len(pages) / 2)}
    for page in pages:
        last = len(page) - _EDGE
        for place, line in enumerate(page):
            at_edge = place < _EDGE or place >= last
            if line.strip() and not (at_edge and (_shape(line) in running or _PAGE_NUMBER.fullmatch(line))):
                yield line.strip()


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", line).strip()


def _joined(lines: list[str]) -> Iterator[str]:
    """Yield paragraphs: a line goes on with the next one unless it has ended, or that one begins something new."""
    lengths = sorted(len(line) for line in lines)
    full = lengths[(len(lengths) * 9) // 10] * _FULL
    text, length = lines[0], len(lines[0])
    for line in lines[1:]:
        if _goes_on(text, line, broken=length >= full):
            text = _hyphenless(text, line)
        else:
            yield text
            text = line
        length = len(line)
    yield text


def _goes_on(text: str, line: str, *, broken: bool) -> bool:
    if _LABELLED.match(line) or text.isupper() != line.isupper():
        return False
    return line[0].islower() or text.isupper() or (broken and not _ENDED.search(text))


def _hyphenless(text: str, line: str) -> str:
    """Join a line to a text; a word that was cut in two at a hyphen becomes one again."""
    cut = text.endswith(_HYPHENS) and text[-2:-1].islower() and line[0].islower()
    return f"{text[:-1]}{line}" if cut else f"{text} {line}"
