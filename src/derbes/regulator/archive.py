"""Zip archives without a clock: the same members give the same bytes."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE = 3, 0o100644 << 16


def archived(content: Mapping[str, bytes]) -> bytes:
    """Zip archive of members in their order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, member in content.items():
            place = zipfile.ZipInfo(name, _EPOCH)
            place.create_system, place.external_attr, place.compress_type = _UNIX, _MODE, zipfile.ZIP_DEFLATED
            file.writestr(place, member, compresslevel=9)
    return buffer.getvalue()


def members(content: bytes) -> dict[str, bytes]:
    """Members of an archive that this process has made, in their order."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}
