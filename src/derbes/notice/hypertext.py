"""Notices as one page: HTML that asks nobody for anything and runs nothing, gaps marked."""

from __future__ import annotations

from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING

from markupsafe import Markup

from derbes.notice.sheet import Grid, Line, both
from derbes.page.markup import element, joined, table
from derbes.subject.saying import runs, unmarked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from derbes.notice.sheet import Document

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_ELEMENTS = {"title": "h1", "heading": "h2", "apart": "h2", "item": "li"}
_PAGE = Markup(
    '<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
    '<title>{title}</title>\n<link rel="icon" href="data:,">\n<style>\n{style}</style>\n</head>\n'
    "<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
)


def page(documents: Sequence[Document]) -> str:
    """The page of one document, or of two side by side."""
    style = resources.files("derbes.notice").joinpath("notice.css").read_text(encoding="utf-8")
    first = documents[0]
    body = Markup("\n").join(_beside(documents) if len(documents) > 1 else _alone(first))
    title = unmarked(" / ".join(document.title for document in documents))
    return _PAGE.format(lang=first.lang, policy=Markup(_POLICY), title=title, style=Markup(style), body=body)  # noqa: S704 - ours


def _alone(document: Document) -> Iterator[Markup]:
    for kind, pieces in groupby(document.pieces(), key=lambda piece: piece[0]):
        made = (_piece(kind, number, piece) for _, number, piece in pieces)
        if kind == "item":
            yield element("ul", *made)
        else:
            yield from made


def _piece(kind: str, number: str, piece: Line | Grid | str, lang: str | None = None) -> Markup:
    if isinstance(piece, Grid):
        return _grid(piece)
    text = piece.text if isinstance(piece, Line) else piece
    marked = [element("mark", part) if gap else part for part, gap in runs(text)]
    shown = [f"{number} ", *marked] if number else marked
    return element(_ELEMENTS.get(kind, "p"), *shown, class_=kind if kind in {"lead", "apart"} else None, lang=lang)


def _grid(piece: Grid) -> Markup:
    rows = [[_marked(cell) for cell in row] for row in piece.rows]
    return table(piece.headings, rows, caption=piece.caption)


def _marked(text: str) -> Markup:
    return joined(element("mark", part) if gap else part for part, gap in runs(text))


def _beside(documents: Sequence[Document]) -> Iterator[Markup]:
    """Rows of two languages, piece by piece; a table stands once, in both."""
    rows = zip(*(document.pieces() for document in documents), strict=True)
    langs = [document.lang for document in documents]
    for pieces in rows:
        grids = [piece for _, _, piece in pieces if isinstance(piece, Grid)]
        yield _grid(both(grids)) if grids else element("div", *_columns(pieces, langs), class_="both")


def _columns(pieces: Iterable[tuple[str, str, Line | Grid | str]], langs: Iterable[str]) -> Iterator[Markup]:
    """One piece in every language; a line of a list stands by itself there."""
    for (kind, number, piece), lang in zip(pieces, langs, strict=True):
        yield _piece("clause" if kind == "item" else kind, number, piece, lang)
