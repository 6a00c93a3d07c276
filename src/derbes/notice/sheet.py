"""A document before it is a file: sections of numbered clauses, lines of lists and tables, gaps marked in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from derbes.subject.saying import BARRED, OPEN, unmarked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BULLET = "-"


@dataclass(frozen=True)
class Line:
    """One paragraph: a clause with a number of its own, a line of the list under it, or plain text."""

    text: str
    kind: str = "clause"


@dataclass(frozen=True)
class Grid:
    """A table: what it shows, its headings, and rows of texts."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; one that stands ``apart`` begins on a page of its own."""

    title: str
    parts: tuple[Line | Grid, ...]
    apart: bool = False


@dataclass(frozen=True)
class Document:
    """A whole document in one language; ``lead`` stands between its title and the first section."""

    lang: str
    title: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]

    def pieces(self) -> Iterator[tuple[str, str, Line | Grid | str]]:
        """Yield every piece in order: kind, its number (empty for most), and the line, the table or the heading."""
        yield "title", "", self.title
        yield from (("lead", "", text) for text in self.lead)
        for place, section in enumerate(self.sections, 1):
            yield "apart" if section.apart else "heading", f"{place}.", section.title
            number = 0
            for part in section.parts:
                counted = isinstance(part, Line) and part.kind == "clause"
                number += counted
                kind = part.kind if isinstance(part, Line) else "grid"
                yield kind, f"{place}.{number}." if counted else "", part

    @property
    def gaps(self) -> int:
        """How many facts are missing."""
        return sum(text.count(OPEN) for text in self.texts())

    @property
    def barred(self) -> int:
        """How many passages tell what the law forbids."""
        return sum(text.count(BARRED) for text in self.texts())

    def texts(self) -> Iterator[str]:
        """Yield every text of the document, cells of tables among them, gaps marked."""
        for _, _, piece in self.pieces():
            if isinstance(piece, Grid):
                yield from (piece.caption, *piece.headings, *(cell for row in piece.rows for cell in row))
            else:
                yield piece.text if isinstance(piece, Line) else piece


def both(grids: Sequence[Grid]) -> Grid:
    """One table in two languages: what differs stands as *one / other*."""

    def joined(texts: Sequence[str]) -> str:
        return " / ".join(dict.fromkeys(texts))

    rows = zip(*(grid.rows for grid in grids), strict=True)
    return Grid(
        joined([grid.caption for grid in grids]),
        tuple(map(joined, zip(*(grid.headings for grid in grids), strict=True))),
        tuple(tuple(map(joined, zip(*row, strict=True))) for row in rows),
    )


def plain(document: Document) -> str:
    """The document as text for a terminal: a line a piece, cells of tables apart by bars."""
    lines = []
    for kind, number, piece in document.pieces():
        if isinstance(piece, Grid):
            lines += [unmarked(" | ".join(row)) for row in (piece.headings, *piece.rows)]
        else:
            text = piece.text if isinstance(piece, Line) else piece
            lines.append(unmarked(f"{_BULLET if kind == 'item' else number} {text}".strip()))
    return "\n".join(lines)
