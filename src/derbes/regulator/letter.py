"""A letter in two languages as .docx: paragraphs side by side, Kazakh on the left, to be finished in Word."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.shared import Mm, Pt, RGBColor

from derbes.regulator.archive import archived, members
from derbes.text import drawn

if TYPE_CHECKING:
    from collections.abc import Iterable

_FONT, _SIZE, _INK = "Arial", 9.5, RGBColor(0x1F, 0x29, 0x33)
#: How a paragraph looks: its size in points, whether it is bold, the points above it.
_LOOKS = {"plain": (_SIZE, False, 2), "title": (12, True, 8), "head": (10.5, True, 8), "item": (9, False, 1),
          "signature": (_SIZE, False, 18)}  # fmt: skip


def letter(rows: Iterable[tuple[str, str, str]], *, title: str, created: dt.date) -> bytes:
    """Letter of rows, each a look (plain, title, head, item, signature) and its text in two languages.

    The same rows give the same bytes. Raises KeyError for a look that there is not.
    """
    document = Document()
    _page(document)
    table = document.add_table(rows=0, cols=2)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for look, *texts in rows:
        for cell, text in zip(table.add_row().cells, texts, strict=True):
            cell.width = Mm(87)
            _write(cell.paragraphs[0], text, look)
    document.core_properties.title = drawn(title)
    document.core_properties.author = document.core_properties.last_modified_by = "derbes"
    document.core_properties.comments = ""
    stamp = dt.datetime.combine(created, dt.time(), dt.UTC)
    document.core_properties.created = document.core_properties.modified = stamp
    buffer = io.BytesIO()
    document.save(buffer)
    return archived(members(buffer.getvalue()))  # python-docx stamps every part with the clock


def _page(document: Any) -> None:  # noqa: ANN401 - python-docx returns its document from a function of that name
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(20), Mm(15)
    section.top_margin = section.bottom_margin = Mm(15)
    style = document.styles["Normal"]
    style.font.name, style.font.size, style.font.color.rgb = _FONT, Pt(_SIZE), _INK


def _write(paragraph: Any, text: str, look: str) -> None:  # noqa: ANN401
    size, bold, above = _LOOKS[look]
    run = paragraph.add_run(drawn(text))
    run.font.size, run.bold = Pt(size), bold
    form = paragraph.paragraph_format
    form.space_before, form.space_after, form.line_spacing = Pt(above), Pt(1), 1.0
    if look == "item":
        form.left_indent, form.first_line_indent = Mm(4), Mm(-4)
