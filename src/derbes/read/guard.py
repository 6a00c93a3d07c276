"""Safety before parsing: a file is looked at, weighed and unpacked under limits before any library opens it."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import mmap
import re
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO, Self

from derbes.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

MIB = 1 << 20
#: Bytes of a file on disk: a million rows of 20 columns make 110 MB of .xlsx; more is an export, not an inventory.
MAX_FILE = 128 * MIB
#: Bytes unpacked from one file, all parts together: that same million rows unpacks to 0.9 GB.
MAX_UNPACKED = 1024 * MIB
#: Bytes of the shared strings, which the library keeps whole in memory while the file is open.
MAX_STRINGS = 256 * MIB
#: Bytes of a part that only describes (workbook, relations, styles): bloated styles of real life reach 30 MB.
MAX_DESCRIPTION = 64 * MIB
#: Unpacked bytes for each packed one, counted once a part exceeds RATIO_FROM. Real sheets reach 8 (.xlsx) and 40
#: (.ods), and 100 where every row repeats the one above; deflate itself ends at 1032.
MAX_RATIO = 250
RATIO_FROM = 16 * MIB
#: Bytes of the zip's table of contents: about 30,000 parts; a workbook of 200 sheets with pictures has 2,000.
MAX_DIRECTORY = 4 * MIB
#: Entries that a shared-strings table may announce: the library reserves memory for them unseen, and dies of too much.
MAX_ANNOUNCED = 20_000_000
CHUNK = 1 << 18

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
_END, _END64, _END64_PLACE = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_OWN = re.compile(rb"""\bname\s*=\s*["']derbes["']""")
_AGAIN = "Save it again in the spreadsheet program."


def refusal(path: Path, code: str, what: str, remedy: str = "") -> SourceError:
    """Error that names the file only, not the folders above it."""
    return SourceError(path.name, what, remedy, code=code)


def opened(path: Path) -> BinaryIO:
    """Open file, after looking at what it is; never waits for a pipe or a device, never opens a folder.

    Raises SourceError with code missing, unreadable, permission, empty_file or too_large.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise refusal(path, "unreadable", "is not a file", "Put the spreadsheet itself there.")
        if found.st_size > MAX_FILE:
            size = f"has {found.st_size // MIB} MB, the limit is {MAX_FILE // MIB} MB"
            raise refusal(path, "too_large", size, "Split it, or remove pictures and empty rows.")
        if not found.st_size:
            raise refusal(path, "empty_file", "is empty: 0 bytes", "Copy or export it again.")
        return path.open("rb")
    except FileNotFoundError as error:
        raise refusal(path, "missing", "there is no such file", "Check the name.") from error
    except PermissionError as error:
        remedy = "Close it in the spreadsheet program, or ask for the right to read it."
        raise refusal(path, "permission", "is locked or may not be read", remedy) from error
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise refusal(path, "unreadable", what, "Check the disk or the link.") from error


def sha256(path: Path) -> str:
    """SHA-256 of a file, 64 hex. Raises SourceError."""
    sha = hashlib.sha256()
    with opened(path) as file:
        while chunk := file.read(CHUNK):
            sha.update(chunk)
    return sha.hexdigest()


def written_by_derbes(path: Path) -> bool:
    """True for a workbook that derbes wrote: its custom document properties have one named `derbes`.

    False where the file cannot be opened as a workbook; why it cannot is said when it is read.
    """
    try:
        with Archive(path) as archive:
            return "docProps/custom.xml" in archive and bool(_OWN.search(archive.read("docProps/custom.xml")))
    except SourceError:
        return False


class Archive:
    """A zip of XML parts, opened under the limits of this module.

    Names are compared without regard to case, with forward slashes, as spreadsheet programs do.
    Raises SourceError with code encrypted, truncated, not_a_spreadsheet, bomb, too_large or unreadable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unpacked: dict[str, int] = {}
        self._file = opened(path)
        try:
            self._check_head()
            self._check_directory()
            self._zip = zipfile.ZipFile(self._file)
            self._parts = self._listed()
        except (zipfile.BadZipFile, struct.error, OSError, ValueError) as error:
            self._file.close()
            if isinstance(error, SourceError):
                raise
            raise self._refusal("truncated", "is cut off or damaged", "Copy or download it again.") from error

    def __enter__(self) -> Self:
        """Open already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._zip.close()
        self._file.close()

    def __contains__(self, name: str) -> bool:
        """Whether the zip has a part of that name."""
        return name.casefold() in self._parts

    def read(self, name: str) -> bytes:
        """Whole text of a small part."""
        return b"".join(self.stream(name, MAX_DESCRIPTION))

    def drain(self, name: str, limit: int) -> None:
        """Unpack a part under a limit and forget it: the library will unpack it again, without one."""
        for _ in self.stream(name, limit):
            pass

    def stream(self, name: str, limit: int = MAX_UNPACKED) -> Iterator[bytes]:
        """Chunks of a part, as they are unpacked; what the zip says of its size is not believed.

        Raises SourceError when it exceeds ``limit`` bytes, expands more than MAX_RATIO, or declares entities.
        """
        part = self._parts.get(name.casefold())
        if part is None:
            raise self._refusal("unreadable", f"lacks its part {name}", _AGAIN)
        true = copy.copy(part)
        true.file_size = MAX_UNPACKED + CHUNK  # zipfile stops at this size: the one in the zip may be a lie
        seen, tail = 0, b""
        self._weigh(part, part.file_size, limit)
        try:
            with self._zip.open(true) as unpacked:
                while chunk := unpacked.read(CHUNK):
                    if not seen and (chunk[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in chunk[:4]):
                        raise self._refusal("unreadable", f"keeps {name} in UTF-16", _AGAIN)
                    seen += len(chunk)
                    self._weigh(part, seen, limit)
                    joined = tail + chunk
                    if b"!" in joined and any(declaration in joined for declaration in _DECLARATIONS):
                        raise self._refusal("bomb", f"declares entities in {name}", "Ask its author for a plain copy.")
                    tail = chunk[-16:]
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            what = f"is cut off or damaged in {name}"
            raise self._refusal("truncated", what, "Copy or download it again.") from error

    def _weigh(self, part: zipfile.ZipInfo, size: int, limit: int) -> None:
        if size > RATIO_FROM and size > MAX_RATIO * max(part.compress_size, 1):
            what = f"expands more than {MAX_RATIO} times in {part.filename}, as a zip bomb does"
            raise self._refusal("bomb", what, "Ask its author for another copy.")
        self._unpacked[part.filename] = size  # once for each part, however often it is passed
        if size > limit or sum(self._unpacked.values()) > MAX_UNPACKED:
            what = f"unpacks to more than {min(limit, MAX_UNPACKED) // MIB} MB in {part.filename}"
            raise self._refusal("too_large", what, "Split it, or delete formatted but empty rows.")

    def _refusal(self, code: str, what: str, remedy: str = "") -> SourceError:
        return refusal(self.path, code, what, remedy)

    def _check_head(self) -> None:
        head = self._file.read(64)
        if head.startswith(OLE):
            raise self._ole()
        if not head.startswith((ZIP, _END)):
            text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
            page = text.startswith((b"<!doctype", b"<html", b"<head", b"<table", b"<meta"))
            what = f"is {'a web page' if page else 'no workbook'} under a workbook's name"
            remedy = "Open it in a spreadsheet program and save it as .xlsx."
            raise self._refusal("not_a_spreadsheet", what, remedy)

    def _ole(self) -> SourceError:
        with contextlib.closing(mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)) as content:
            locked = content.find("EncryptedPackage".encode("utf-16-le")) >= 0
        if locked:
            return self._refusal("encrypted", "is protected by a password", "Save a copy without the password.")
        return self._refusal("not_a_spreadsheet", "is in the old .xls format", "Save it as .xlsx.")

    def _check_directory(self) -> None:
        """Measure the table of contents before zipfile makes an object of every entry in it."""
        size = self._file.seek(0, 2)
        self._file.seek(max(0, size - 65_557))  # the end record and the longest comment
        tail = self._file.read()
        place = tail.rfind(_END)
        if place < 0:
            raise zipfile.BadZipFile
        directory: int = struct.unpack_from("<L", tail, place + 12)[0]
        locator = tail[max(0, place - 20) : place]  # of the end record for large zips, if there is one
        if locator.startswith(_END64_PLACE):
            self._file.seek(struct.unpack_from("<Q", locator, 8)[0])
            record = self._file.read(56)
            directory = struct.unpack_from("<Q", record, 40)[0] if record.startswith(_END64) else size
        if directory > MAX_DIRECTORY:
            raise self._refusal("bomb", "lists more parts than a workbook has", "Ask its author for another copy.")
        self._file.seek(0)

    def _listed(self) -> dict[str, zipfile.ZipInfo]:
        parts: dict[str, zipfile.ZipInfo] = {}
        for part in self._zip.infolist():
            name = part.filename.replace("\\", "/").casefold()
            if name in parts:
                raise self._refusal("unreadable", f"has two parts named {part.filename}", _AGAIN)
            if part.flag_bits & 1:
                remedy = "Save a copy without the password."
                raise self._refusal("encrypted", "is a zip protected by a password", remedy)
            if part.compress_type not in _PLAIN:
                raise self._refusal("unreadable", "is packed in an unusual way", _AGAIN)
            parts[name] = part
        return parts
