"""Notices as Word documents: real headings and lists, gaps highlighted, the same bytes for the same content."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from derbes.notice.sheet import Grid, Line, both
from derbes.subject.saying import runs
from derbes.text import drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from derbes.notice.sheet import Document

_STYLES = {"title": "Title", "heading": "Heading 1", "apart": "Heading 1", "item": "List Bullet"}
_LANGUAGES = {"ru": "ru-RU", "kk": "kk-KZ", "en": "en-GB"}
_EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_FONT = "Times New Roman"
_CELL = 9  # points, in tables: five columns on a page


def word(documents: Sequence[Document]) -> bytes:
    """The bytes of a .docx: one document as paragraphs, two side by side in a table."""
    made = docx.Document()
    _dress(made, documents[0].lang)
    if len(documents) == 1:
        for kind, number, piece in documents[0].pieces():
            _write(made, kind, number, piece)
    else:
        _beside(made, documents)
    properties = made.core_properties
    properties.title, properties.author, properties.comments = drawn(documents[0].title), "derbes", ""
    properties.language = _LANGUAGES[documents[0].lang]
    properties.created = properties.modified = _EPOCH.replace(tzinfo=None)
    return _still(made)


def _dress(made: Any, lang: str) -> None:  # noqa: ANN401 - python-docx's document
    """Set paper, margins, fonts and language."""
    page = made.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin, page.right_margin, page.top_margin, page.bottom_margin = Cm(2.5), Cm(1.5), Cm(2), Cm(2)
    for name, size in (("Normal", 11), ("Title", 18), ("Heading 1", 13)):
        style = made.styles[name]
        style.font.name, style.font.size = _FONT, Pt(size)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{attribute}"), None)
        for attribute in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(qn(f"w:{attribute}"), _FONT)
        style.font.color.rgb = None
    made.styles["Normal"].paragraph_format.space_after = Pt(4)
    _speak(made.styles["Normal"].element.get_or_add_rPr(), lang)


def _speak(properties: Any, lang: str) -> None:  # noqa: ANN401 - an element
    mark = OxmlElement("w:lang")
    mark.set(qn("w:val"), _LANGUAGES[lang])
    properties.append(mark)


def _write(place: Any, kind: str, number: str, piece: Line | Grid | str) -> None:  # noqa: ANN401 - a document or cell
    if isinstance(piece, Grid):
        _grid(place, piece)
        return
    text = piece.text if isinstance(piece, Line) else piece
    paragraph = place.add_paragraph(style=_STYLES.get(kind))
    paragraph.paragraph_format.page_break_before = kind == "apart" or None
    _fill(paragraph, f"{number} {text}".strip(), quiet=kind == "lead")


def _fill(paragraph: Any, text: str, *, quiet: bool = False, size: int | None = None) -> None:  # noqa: ANN401
    for part, gap in runs(text):
        run = paragraph.add_run(drawn(part))
        run.italic = quiet or None
        run.font.size = Pt(size) if size else None
        if gap:
            run.font.highlight_color = WD_COLOR_INDEX.YELLOW


def _grid(place: Any, piece: Grid) -> None:  # noqa: ANN401 - a document or cell
    _fill(place.add_paragraph(), piece.caption)
    table = place.add_table(rows=0, cols=len(piece.headings))
    table.style = "Table Grid"
    for row in (piece.headings, *piece.rows):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            _fill(cell.paragraphs[0], text, size=_CELL)
    _repeat(table.rows[0])
    for cell in table.rows[0].cells:
        for run in cell.paragraphs[0].runs:
            run.bold = True


def _repeat(row: Any) -> None:  # noqa: ANN401 - a table's row
    """Let a heading row stand on every page."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)  # noqa: SLF001 - python-docx has no name for it


def _beside(made: Any, documents: Sequence[Document]) -> None:  # noqa: ANN401 - a document
    """Write two languages side by side, piece by piece; a table stands once, in both."""
    table = None
    for pieces in zip(*(document.pieces() for document in documents), strict=True):
        grids = [piece for _, _, piece in pieces if isinstance(piece, Grid)]
        if grids:
            table = None
            _grid(made, both(grids))
            continue
        if table is None:
            table = made.add_table(rows=0, cols=len(pieces))
        for cell, (kind, number, piece), document in zip(table.add_row().cells, pieces, documents, strict=True):
            text = piece.text if isinstance(piece, Line) else str(piece)
            paragraph = cell.paragraphs[0]
            paragraph.style = made.styles[_STYLES.get(kind, "Normal")]
            _fill(paragraph, f"{number} {text}".strip(), quiet=kind == "lead")
            for run in paragraph.runs:
                _speak(run._r.get_or_add_rPr(), document.lang)  # noqa: SLF001 - same


def _still(made: Any) -> bytes:  # noqa: ANN401 - a document
    """The document's bytes with one date for all parts."""
    drawn, kept = io.BytesIO(), io.BytesIO()
    made.save(drawn)
    with zipfile.ZipFile(drawn) as source, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            still = zipfile.ZipInfo(part.filename, (1980, 1, 1, 0, 0, 0))
            still.compress_type, still.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            target.writestr(still, source.read(part.filename))
    return kept.getvalue()
