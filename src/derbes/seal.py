"""The seal of a report: what went into it and what came out, each file by its SHA-256."""

from __future__ import annotations

import hashlib
import json
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING

from derbes.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from derbes.auditing import Audit
    from derbes.quarter import Quarter

MANIFEST = "manifest.json"
SCHEMA = "derbes.manifest/1"
_CHUNK = 1 << 20


def manifest(audit: Audit, folder: Path, *, quarter: Quarter, parameters: Mapping[str, str]) -> str:
    """The text of a report's manifest: JSON without a time or an absolute path, the same for the same report.

    Every file of the inventory that could have had a say, every rule, law and model file, the version of derbes, the
    digest of the findings, and every file in the folder. Raises SourceError where a file of the inventory is no longer
    the one that was audited, OSError where one cannot be read.
    """
    law = {"id": audit.law.id, "edition": audit.law.edition, "newer_reported": audit.law.newer_reported}
    package = Path(str(resources.files("derbes")))
    content = {
        "schema": SCHEMA,
        "operator": audit.operator,
        "quarter": str(quarter),
        "as_of": audit.as_of.isoformat(),
        "law": law,
        "lang": audit.lang,
        "parameters": dict(sorted(parameters.items())),
        "derbes": metadata.version("derbes"),
        "findings": audit.digest,
        "inputs": _inputs(audit, parameters.get("before", "")),
        "rules": _hashes(package, package.glob("rules/**/*.yaml")),
        "law_files": _hashes(package, (package / "law" / audit.law.id).glob("**/*.*")),
        "model": _hashes(package, [package / "tables.yaml", *package.glob("text/*.yaml")]),
        "artefacts": _hashes(folder, (path for path in folder.rglob("*") if path.name != MANIFEST)),
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _inputs(audit: Audit, before: str) -> dict[str, str]:
    """Hashes of the inventory's own files, of the operator's rules, and of the quarters that it was compared with."""
    home = audit.inventory.path
    if home.is_file():
        hashes = _hashes(home.parent, [home])
    else:
        here = [path for path in home.iterdir() if not path.name.startswith((".", "~$"))]
        frozen = [path for name in audit.compared for path in (home / "history" / name).rglob("*")]
        hashes = _hashes(home, [*here, *home.glob("rules/**/*"), *frozen])
    for name, sha in audit.inventory.hashes.items():
        if hashes.get(name) != sha:
            raise SourceError(str(home / name), "changed while the report was being made", "Run again.", code="changed")
    return hashes | _compared(before)


def _compared(before: str) -> dict[str, str]:
    """Hashes of an inventory elsewhere that was named to compare with."""
    path = Path(before)
    if not before or not path.exists():
        return {}
    files = [path] if path.is_file() else path.glob("*")
    root = path.parent if path.is_file() else path
    return {f"before/{name}": sha for name, sha in _hashes(root, files).items()}


def _hashes(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Hashes by path relative to the root, with forward slashes, sorted; folders are passed over."""
    files = [(path.relative_to(root).as_posix(), path) for path in sorted(paths) if path.is_file()]
    # the name of a file may be no text, and JSON is: what is none is written as Python would write it
    return {name.encode("utf-8", "backslashreplace").decode(): _sha256(path) for name, path in files}


def _sha256(path: Path) -> str:
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha.update(chunk)
    return sha.hexdigest()
