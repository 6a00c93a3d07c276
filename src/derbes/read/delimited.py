"""Grid of a .csv file: encoding and separator are found out, every record is kept, every cell is text."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from itertools import chain, islice
from statistics import mode
from typing import TYPE_CHECKING

from derbes.read import guard
from derbes.read.assembly import MAX_AREA, MAX_CELL, Columns, Facts, OverlongCellError, refused
from derbes.text import unescape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from derbes.cells import Grid
    from derbes.errors import SourceError

SEPARATORS = (";", ",", "\t")
_SAMPLE = 1 << 16  # characters looked at to find the separator
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FOREIGN = (
    (guard.ZIP, "is a workbook under the name .csv", "Give it the name .xlsx or .ods."),
    (guard.OLE, "is an Excel file under the name .csv", "Save it as .xlsx."),
    (b"%PDF", "is a PDF under the name .csv", "Ask for the table itself."),
)
#: What follows the last line; if it does not come out as a record of its own, a quote was never closed.
_END = "\0derbes: end of file\0"


@dataclass(frozen=True)
class Form:
    """How a .csv file is written: its bytes, encoding, separator, and whether a line ``sep=;`` stands before it."""

    raw: bytes
    encoding: str
    separator: str
    announced: bool


def form(path: Path) -> Form:
    """Form of a file, found out as for reading it. Raises SourceError."""
    with guard.opened(path) as file:
        raw = file.read()
    encoding, sample, _ = _deciphered(path, raw)
    announced = _announced(sample)
    return Form(raw, encoding, announced or _separator(sample), announced is not None)


def grids(path: Path) -> Iterator[Grid]:
    """One grid named after the file; row numbers are record numbers, a line ``sep=;`` at the top is none.

    Raises SourceError when the file cannot be read as text. A quote that is never closed, or a cell of more than
    a million characters, is a reason of the grid.
    """
    with guard.opened(path) as file:
        raw = file.read()
    encoding, sample, notes = _deciphered(path, raw)
    lines = io.TextIOWrapper(io.BytesIO(raw), encoding, newline="")  # decoded line by line: text is twice as large
    yield _grid(path, lines, sample, Facts(notes=notes))


def _grid(path: Path, lines: io.TextIOWrapper, sample: str, facts: Facts) -> Grid:
    separator = _announced(sample)
    if separator:
        lines.readline()
    separator = separator or _separator(sample)
    columns = Columns()
    try:
        columns.extend(_records(lines, separator, facts))
        if not facts.reason:
            grid = columns.grid(path.name, path.stem, facts)
            _unescape(grid)
            return grid
    except OverlongCellError:
        facts.reason, facts.notes = "too_large", ("cell_overlong",)
    return refused(path.name, path.stem, facts)


def _records(lines: Iterable[str], separator: str, facts: Facts) -> Iterator[list[str]]:
    """Records as they stand, ragged ones too."""
    before = csv.field_size_limit(MAX_CELL + 1)  # of the whole process: put back below
    reader = csv.reader(chain(lines, [_END]), delimiter=separator)
    number = area = 0
    record: list[str] = []
    widest = 0
    try:
        for record in reader:
            if record == [_END]:
                return
            number += 1
            widest = max(widest, len(record))
            area = number * widest
            if area > MAX_AREA:
                facts.reason, facts.notes = "too_large", (f"record:{number}",)
                return
            yield record
        facts.reason, facts.notes = "unclosed_quote", (f"record:{number}",)
    except csv.Error:
        facts.reason, facts.notes = "too_large", (f"record:{number + 1}",)
    finally:
        csv.field_size_limit(before)


def _unescape(grid: Grid) -> None:
    """Take back the apostrophe that derbes puts before ``= + - @`` for spreadsheet programs."""
    for number, column in enumerate(grid.text):
        escaped = {text: unescape(text) for text in set(column) if text[:1] == "'"}
        if escaped:
            grid.text[number][:] = [escaped.get(text, text) for text in column]


def _deciphered(path: Path, raw: bytes) -> tuple[str, str, tuple[str, ...]]:
    """Encoding that fits the whole file, the beginning of its text, and a note where the encoding is a conclusion."""
    for signature, what, remedy in _FOREIGN:
        if raw.startswith(signature):
            raise guard.refusal(path, "not_a_spreadsheet", what, remedy)
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), None) or _sixteen(raw)
    notes: tuple[str, ...] = ()
    try:
        text = raw.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding:
            raise _damaged(path, error.start, f"is damaged {encoding.upper()} text") from error
        encoding, notes = "cp1251", ("read_as:cp1251",)
        text = _cyrillic(path, raw, error.start)
    _check_text(path, text)
    return encoding or "utf-8", text[:_SAMPLE], notes


def _sixteen(raw: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of the Latin text at its beginning is zero."""
    head = raw[:256]
    odd, even = head[1::2].count(0), head[::2].count(0)
    if max(odd, even) * 5 < len(head):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _cyrillic(path: Path, raw: bytes, place: int) -> str:
    """Windows text; damaged UTF-8 is refused, since most of it would come out as other letters."""
    lenient = raw.decode("utf-8", errors="replace")
    bad = lenient.count("\ufffd")
    good = len(lenient) - bad - sum(map(lenient.count, map(chr, range(128))))
    if good > 3 * bad:
        raise _damaged(path, place)
    try:
        return raw.decode("cp1251")
    except UnicodeDecodeError as error:
        raise _damaged(path, error.start) from error


def _damaged(path: Path, place: int, what: str = "is neither UTF-8 nor Windows-1251 text") -> SourceError:
    return guard.refusal(path, "unreadable", f"{what}, first at byte {place + 1}", "Save it as CSV UTF-8.")


def _check_text(path: Path, text: str) -> None:
    head = text[:4096].lstrip("\ufeff \t\r\n")
    if not head and not text.strip("\ufeff \t\r\n"):
        raise guard.refusal(path, "empty_file", "holds nothing but blanks", "Copy or export it again.")
    if head[:5].lower() == "<html" or head[:9].lower() == "<!doctype":
        raise guard.refusal(path, "not_a_spreadsheet", "is a web page under the name .csv", "Save its table as CSV.")
    control = sum(character < " " and character not in "\t\r\n\0" for character in head)
    if control * 20 > len(head):
        raise guard.refusal(path, "not_a_spreadsheet", "holds no text", "Save the table as CSV UTF-8.")


def _announced(sample: str) -> str | None:
    """Separator that Excel's first line ``sep=;`` names."""
    said = sample[:16].replace("\r", "\n").split("\n")[0].strip('"')
    return said[-1] if len(said) == len("sep=;") and said.lower().startswith("sep=") else None


def _separator(sample: str) -> str:
    """Separator that cuts the sample most evenly, judged by the first record that is not blank."""
    return max(SEPARATORS, key=lambda separator: _evenness(sample, separator))


def _evenness(sample: str, separator: str) -> tuple[bool, float, int]:
    records = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    try:
        widths = [len(record) for record in islice(records, 200) if any(record)]
    except csv.Error:
        return False, 0.0, 0  # a cell longer than the reader's default: no way to cut it
    if len(sample) == _SAMPLE and len(widths) > 1:
        widths.pop()  # the sample may end within it
    header = widths[0] if widths else 1
    usual = header if header > 1 else mode(widths or [1])
    even = sum(width == usual for width in widths) / max(len(widths), 1) if usual > 1 else 0.0
    return header > 1, even, usual
