"""A workbook being written: text that stays text, formats by name, the file in its place only when it is whole."""

from __future__ import annotations

import datetime as dt
import errno
import math
import os
import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from derbes.errors import OutputError
from derbes.text import drawn
from derbes.workbook.style import DATE, FONT, INK, LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

#: UTF-16 units that a cell can hold, lines that a sheet can hold beside its header, characters of a sheet's name.
CELL, LINES, NAME = 32_767, 1_048_575, 31
#: Points of a line of 10-point Arial, and characters that the indent of a cell leaves unused.
_LINE_HEIGHT, _MARGIN = 12.8, 2
#: Paper sizes as Excel numbers them, and the characters across each, landscape, that are read without a glass.
_A4, _A3, _LEGIBLE = 9, 8, {9: 230, 8: 330}
#: Letters to a unit of width: Cyrillic ones are wider.
_LATIN, _CYRILLIC = 1.2, 1.07
#: Units of width that a bold Cyrillic letter takes at most, on the average of a word.
_BOLD = 1.26

_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def plain(text: object, *, mark: str = "…") -> str:
    """Text as a cell may hold it: control characters shown as symbols, cut to what fits and marked so."""
    clean = drawn(str(text))
    if len(clean) <= CELL // 2:
        return clean
    units = clean.encode("utf-16-le")
    if len(units) <= 2 * CELL:
        return clean
    return units[: 2 * (CELL - len(mark))].decode("utf-16-le", "ignore") + mark


@dataclass
class Book:
    """An open workbook with its formats and the mark that a cut text ends with; sheets are named once."""

    file: Any
    looks: dict[str, Any]
    mark: str
    streamed: bool = False
    names: set[str] = field(default_factory=set)

    def sheet(self, name: str) -> Any:  # noqa: ANN401 - XlsxWriter has no types
        """Return a new sheet under the name or, where Excel does not take it or has it, the nearest it does take."""
        bare = _FORBIDDEN.sub(" ", name).strip(" '")[:NAME].strip(" '") or "_"
        unique, number = bare, 1
        while unique.lower() in self.names | {"history"}:  # Excel keeps the word History for itself
            number += 1
            unique = f"{bare[: NAME - len(str(number)) - 1]} {number}"
        self.names.add(unique.lower())
        return self.file.add_worksheet(unique)

    def put(self, sheet: Any, place: tuple[int, int], text: object, look: str = "text") -> None:  # noqa: ANN401
        """Write a text; what a cell cannot hold is cut with a mark. An empty text leaves a formatted blank."""
        content = plain(text, mark=self.mark)
        if content:
            sheet.write_string(place[0], place[1], content, self.looks[look])
        else:
            sheet.write_blank(place[0], place[1], None, self.looks[look])

    def spread(self, sheet: Any, place: tuple[int, int], text: str, look: str, *, over: list[float]) -> None:  # noqa: ANN401
        """Write a text over neighbouring columns of the widths given, in a row as high as it needs."""
        row, col = place
        content = plain(text, mark=self.mark)
        if len(over) > 1:
            sheet.merge_range(row, col, row, col + len(over) - 1, "", self.looks[look])
        sheet.write_string(row, col, content, self.looks[look])
        sheet.set_row(row, height([([content], sum(over))], size=LOOKS[look].get("font_size", 10))[0])


def height(columns: Iterable[tuple[Sequence[str | None], float]], *, size: float = 10) -> list[float]:
    """Points that every row of wrapped texts needs; columns of texts come with their widths in characters.

    Excel fits rows on opening, LibreOffice and viewers of mail programs do not, and nobody fits merged cells.
    """
    most: list[int] = []
    for texts, width in columns:
        known = {text: _lines(text or "", width * 10 / size) for text in set(texts)}
        needed = [known[text] for text in texts]
        most = list(map(max, most, needed)) if most else needed
    return [min(409.0, lines * _LINE_HEIGHT * size / 10 + 3) for lines in most]


def roomy(heading: str, width: float) -> float:
    """Width of a column, more where the longest word of its bold heading would be broken inside."""
    longest = max(map(len, re.split(r"\s+", heading)))
    return max(width, math.ceil(longest * _BOLD) + _MARGIN)


def _lines(text: str, width: float) -> int:
    room = max(1, int(width * (_LATIN if text.isascii() else _CYRILLIC)) - _MARGIN)
    if len(text) <= room and "\n" not in text:
        return 1
    return sum(_wrapped(line, room) for line in text.split("\n"))


def _wrapped(line: str, room: int) -> int:
    """Lines that a line comes to when it is broken between words, and inside those longer than the room."""
    count, used = 1, 0
    for length in map(len, line.split(" ")):
        if used and used + 1 + length <= room:
            used += 1 + length
            continue
        whole, rest = divmod(length, room)
        count += bool(used) + (whole if rest else max(0, whole - 1))
        used = rest or (room if whole else 0)
    return count


@contextmanager
def opened(
    path: Path, *, created: dt.date, mark: str = "…", dates: str = "yyyy-mm-dd", streamed: bool = False
) -> Iterator[Book]:
    """Yield a workbook that replaces ``path`` in one step when the block ends well, and leaves it alone otherwise.

    ``created`` stands in its properties instead of the clock: same input, same bytes. ``dates`` is the number format
    of dates. ``streamed`` writes rows to disk as they come and can hold no Excel tables. Raises OutputError.
    """
    buffer = BytesIO()
    with tempfile.TemporaryDirectory(prefix="derbes-") as folder:
        options = {**_OPTIONS, "constant_memory": streamed, "in_memory": not streamed, "tmpdir": folder}
        file = xlsxwriter.Workbook(buffer, options)
        file.set_properties({"created": dt.datetime.combine(created, dt.time(), dt.UTC)})
        file.formats[0].set_font_name(FONT)
        file.formats[0].set_font_size(10)
        try:
            yield Book(file, {name: file.add_format(_look(name, dates)) for name in LOOKS}, mark, streamed)
        except OSError as error:
            file.fileclosed = True  # else its destructor would write what is not whole
            if error.errno != errno.ENOSPC:
                raise  # some other file that the block needed
            raise _refused(path, error) from error
        except BaseException:
            file.fileclosed = True
            raise
        try:
            file.close()
            _replace(path, buffer)
        except (OSError, FileCreateError) as error:
            raise _refused(path, error) from error


def _refused(path: Path, error: Exception) -> OutputError:
    what = f"could not be written ({getattr(error, 'strerror', None) or error})"
    return OutputError(str(path), what, "Check that the folder may be written to and has room, and close the file.")


def _look(name: str, dates: str) -> dict[str, Any]:
    look = {"font_name": FONT, "font_size": 10, "font_color": INK, **LOOKS[name]}
    return look | {"num_format": dates} if look.get("num_format") == DATE else look


def _replace(path: Path, buffer: BytesIO) -> None:
    if path.exists() and not path.is_file():
        raise OSError(errno.EEXIST, "is no file")  # a device would be replaced as a file is
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_bytes(buffer.getbuffer())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def page(sheet: Any, *, footer: str, pages: str, area: tuple[int, int] | None = None, wide: float = 0) -> None:  # noqa: ANN401
    """Set a sheet to print: landscape, header row repeated, pages numbered; A4, as wide as the page.

    Where ``wide``, its width in characters, would make the letters too small it is A3, on as many sheets as it takes.
    """
    paper = _A4 if wide <= _LEGIBLE[_A4] else _A3
    sheet.set_landscape()
    sheet.set_paper(paper)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(max(1, math.ceil(wide / _LEGIBLE[paper])), 0)
    sheet.set_footer(f"&L&8{_quoted(footer)}&C&8&A&R&8{pages}")
    if area:
        sheet.repeat_rows(0)
        sheet.print_area(0, 0, *area)


def _quoted(text: str) -> str:
    """Return a text for a page footer: an ampersand there is a command, and Excel takes 255 characters in all."""
    short = plain(text)[:90].replace("\n", " ").replace("&", "&&")
    return f" {short}" if short[:1].isdigit() else short  # &8 before a digit would be another font size
