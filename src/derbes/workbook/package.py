"""A zip with some of its members replaced: all others are copied as they lie, packed bytes, dates and order."""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING

from derbes.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOCAL, _CENTRAL = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_DESCRIBED, _DEFLATED, _VERSION = 0x08, 8, 20
_HUGE = 0xFFFFFFFF


def replaced(raw: bytes, parts: Mapping[str, bytes], *, name: str) -> bytes:
    """Bytes of the zip with the content of these members replaced. Raises OutputError for a zip of more than 4 GB."""
    with zipfile.ZipFile(BytesIO(raw)) as package:
        count, start, comment = len(package.infolist()), package.start_dir, package.comment
    chosen = {part.casefold(): content for part, content in parts.items()}
    directory = _entries(raw, start, count, name)
    begins = sorted({*map(_offset, directory), start})
    ends = dict(pairwise(begins))
    made = bytearray(raw[: begins[0]])
    placed: dict[int, bytes] = {}
    for entry in sorted(directory, key=_offset):
        offset, content = _offset(entry), chosen.get(_name(entry))
        new = _moved(entry, len(made)) if content is None else None
        if new is None:
            new, packed = _packed(entry, content or b"", len(made))
            made += packed
        else:
            made += raw[offset : ends[offset]]
        placed[offset] = new
    central = b"".join(placed[_offset(entry)] for entry in directory)
    counts = len(directory), len(directory), len(central), len(made), len(comment)
    return bytes(made) + central + _END.pack(b"PK\x05\x06", 0, 0, *counts) + comment


def _entries(raw: bytes, start: int, count: int, name: str) -> list[bytes]:
    """Entries of the table of contents, in its order."""
    found, place = [], start
    for _ in range(count):
        fields = _CENTRAL.unpack_from(raw, place)
        whole = fields[0] == b"PK\x01\x02" and raw[fields[16] : fields[16] + 4] == b"PK\x03\x04"
        if not whole or _HUGE in {fields[8], fields[9], fields[16]}:
            remedy = "Save it again in the spreadsheet program."
            raise OutputError(name, "is packed in an unusual way", remedy)
        end = place + _CENTRAL.size + sum(fields[10:13])
        found.append(raw[place:end])
        place = end
    return found


def _offset(entry: bytes) -> int:
    return int(_CENTRAL.unpack_from(entry)[16])


def _name(entry: bytes) -> str:
    fields = _CENTRAL.unpack_from(entry)
    name = entry[_CENTRAL.size : _CENTRAL.size + fields[10]]
    return name.decode("utf-8" if fields[3] & 0x800 else "cp437").replace("\\", "/").casefold()


def _moved(entry: bytes, offset: int) -> bytes:
    """Entry whose member begins elsewhere."""
    return entry[: _CENTRAL.size - 4] + struct.pack("<L", offset) + entry[_CENTRAL.size :]


def _packed(entry: bytes, content: bytes, offset: int) -> tuple[bytes, bytes]:
    """Entry and bytes of a member with new content, under its old name and date."""
    fields = list(_CENTRAL.unpack_from(entry))
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    flags, sizes = fields[3] & ~_DESCRIBED, (zlib.crc32(content), len(packed), len(content))
    name = entry[_CENTRAL.size : _CENTRAL.size + fields[10]]
    local = _LOCAL.pack(b"PK\x03\x04", _VERSION, flags, _DEFLATED, fields[5], fields[6], *sizes, len(name), 0)
    fields[3], fields[4], fields[7:10], fields[16] = flags, _DEFLATED, sizes, offset
    return _CENTRAL.pack(*fields) + entry[_CENTRAL.size :], local + name + packed
