"""Fields changed inside a .csv file as it lies: encoding, separator, quotes and line ends of all others stay."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from derbes.errors import OutputError
from derbes.read.delimited import form
from derbes.text import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from derbes.read.delimited import Form

#: Encodings by the mark at the beginning, such that the mark stays a character and writing is the reverse of reading.
_EXACT = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


def patched(path: Path, changes: Mapping[tuple[int, int], str]) -> bytes:
    """Bytes of a file with these fields changed, by record and column from 1, as the reader counts them.

    A record that ends before the column is drawn out. Raises SourceError, and OutputError where the file's encoding
    lacks a letter of an answer.
    """
    found = form(path)
    codec = next((name for mark, name in _EXACT.items() if found.raw.startswith(mark)), found.encoding)
    text = found.raw.decode(codec)
    spliced = "".join(_spliced(text, found, changes))
    try:
        return spliced.encode(codec)
    except UnicodeEncodeError as error:
        letter = error.object[error.start]
        what = f"is {codec} text, which has no letter {letter}"
        raise OutputError(path.name, what, "Save it as CSV UTF-8, then run again.") from error


def _spliced(text: str, found: Form, changes: Mapping[tuple[int, int], str]) -> Iterator[str]:
    wanted: dict[int, dict[int, str]] = {}
    for (record, column), value in changes.items():
        wanted.setdefault(record, {})[column] = value
    done = 0
    for number, fields in _records(text, found):
        for column, value in sorted(wanted.get(number, {}).items()):
            start, stop = fields[column - 1] if column <= len(fields) else (fields[-1][1], fields[-1][1])
            gap = found.separator * max(0, column - len(fields))
            yield text[done:start] + gap + _field(value, text[start:stop], found.separator)
            fields.extend([(stop, stop)] * max(0, column - len(fields)))
            done = stop
    yield text[done:]


def _records(text: str, found: Form) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Number of every record, and where its fields begin and end."""
    s = re.escape(found.separator)
    field = re.compile(rf'(?:"(?:[^"]|"")*"[^{s}\r\n]*|[^{s}\r\n]*)')
    place, number = len("\ufeff") if text.startswith("\ufeff") else 0, 0
    if found.announced and (line := _LINE.match(text, place)):
        place = line.end()
    while place < len(text):
        number, fields = number + 1, []
        while True:
            match = field.match(text, place)
            place = match.end() if match else len(text)
            fields.append((match.start() if match else place, place))
            if text[place : place + 1] != found.separator:
                break
            place += 1
        yield number, fields
        place += 2 if text.startswith("\r\n", place) else 1


def _field(value: str, old: str, separator: str) -> str:
    """Value as a field: quoted where it must be, or where the old one was."""
    safe = escape(value)
    if old.startswith('"') or any(mark in safe for mark in (separator, '"', "\r", "\n")):
        return '"' + safe.replace('"', '""') + '"'
    return safe
