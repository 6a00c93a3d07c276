"""The seal of a report: what went into it and what came out, each file by its SHA-256."""

from __future__ import annotations

import hashlib
import json
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING

from derbes.errors import UsageError
from derbes.quarter import Quarter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from derbes.auditing import Audit

MANIFEST = "manifest.json"
SCHEMA = "derbes.manifest/1"
_CHUNK = 1 << 20


def manifest(audit: Audit, folder: Path, *, quarter: Quarter, parameters: Mapping[str, str | None]) -> str:
    """The text of a report's manifest: JSON without a time or an absolute path, the same for the same report.

    Every file of the inventory that could have had a say, every rule, law and model file, the version of derbes, the
    digest of the findings, and every file in the folder. Raises OSError where one cannot be read.
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
        "inputs": _hashes(audit.inventory.path, _inputs(audit.inventory.path, quarter)),
        "rules": _hashes(package, package.glob("rules/**/*.yaml")),
        "law_files": _hashes(package, (package / "law" / audit.law.id).glob("**/*.*")),
        "model": _hashes(package, [package / "tables.yaml", *package.glob("text/*.yaml")]),
        "artefacts": _hashes(folder, (path for path in folder.rglob("*") if path.name != MANIFEST)),
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _inputs(inventory: Path, quarter: Quarter) -> list[Path]:
    """Files of an inventory: those in the folder itself, the operator's rules, and quarters frozen before this one."""
    if inventory.is_file():
        return [inventory]
    here = [path for path in inventory.iterdir() if not path.name.startswith((".", "~$"))]
    frozen = [path for path in inventory.glob("history/*") if _earlier(path.name, quarter)]
    return [*here, *inventory.glob("rules/**/*"), *(path for place in frozen for path in place.rglob("*"))]


def _earlier(name: str, quarter: Quarter) -> bool:
    try:
        return Quarter.parse(name) < quarter
    except UsageError:
        return False


def _hashes(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Hashes by path relative to the root, with forward slashes, sorted; folders are passed over."""
    base = root.parent if root.is_file() else root
    return {path.relative_to(base).as_posix(): _sha256(path) for path in sorted(paths) if path.is_file()}


def _sha256(path: Path) -> str:
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha.update(chunk)
    return sha.hexdigest()
