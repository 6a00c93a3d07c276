"""The seal of a report: what went into it and what came out, each file by its SHA-256, and the quarter before."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from derbes import decisions, snapshot
from derbes.errors import SourceError, UsageError
from derbes.identity import mask
from derbes.quarter import Quarter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from derbes.auditing import Audit

MANIFEST = "manifest.json"
SCHEMA = "derbes.manifest/1"
_CHUNK = 1 << 20
#: Kept beside a sealed report without being part of it: signatures that somebody's own tool has made of the manifest.
_SIGNATURES = frozenset({f"{MANIFEST}.{end}" for end in ("asc", "sig", "p7s", "cms", "minisig")})
#: A journal of the inventory that is only ever appended to: what stood in it then still begins it.
_JOURNAL = decisions.FILE
_SEAL = "seal"
_SHAPE = {"artefacts": dict, "inputs": dict, "parameters": dict, "quarter": str, "findings": str, "derbes": str}


@dataclass(frozen=True)
class Verdict:
    """Whether a sealed report holds: ``broken`` names what does not, each as place and reason code.

    ``notes`` are what is worth saying and breaks nothing; ``chain`` the sealed quarters, this one first.
    """

    broken: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, str], ...]
    chain: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is broken."""
        return not self.broken


def manifest(audit: Audit, folder: Path, *, quarter: Quarter, parameters: Mapping[str, str], before: Path) -> str:
    """The text of a report's manifest: JSON with no time and no path but the one given, the same for the same report.

    Every file of the inventory that could have had a say, every rule, law and model file, the version of derbes, the
    digest of the findings, every file in the folder, and the manifest of the quarter sealed before it in the folder
    ``before``, where reports of this operator stand. Raises SourceError where a file of the inventory is no longer the
    one that was audited, OSError where one cannot be read.
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
        "model": _hashes(package, [package / "tables.yaml", *package.glob("text/**/*.yaml")]),
        "artefacts": _hashes(folder, (path for path in folder.rglob("*") if path.name != MANIFEST)),
        "frozen": snapshot.sums(audit.inventory),
        "journal": _journal(audit.inventory.path),
        "previous": _previous(before, quarter),
    }
    return json.dumps({**content, _SEAL: _sealed(content)}, ensure_ascii=False, indent=1) + "\n"


def loses(report: Path, text: str) -> list[str]:
    """What a report loses when one with this manifest takes its place: *findings*, if they are others, and files.

    Empty where no sealed report stands there, or one that says the same.
    """
    try:
        old, new = _said(report), json.loads(text)
    except SourceError:
        return []
    files = sorted(set(old["artefacts"]) - set(new["artefacts"]))
    return [*(["findings"] if old["findings"] != new["findings"] else []), *files]


def _sealed(content: Mapping[str, object]) -> str:
    """SHA-256 over the manifest itself, without this hash."""
    kept = {name: value for name, value in content.items() if name != _SEAL}
    return hashlib.sha256(json.dumps(kept, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _journal(home: Path) -> dict[str, int | str] | None:
    """Length and hash of the decisions on record, to tell appended ones from changed ones."""
    path = decisions.home(home) / _JOURNAL
    return {"bytes": path.stat().st_size, "sha256": _sha256(path)} if path.is_file() else None


def _previous(reports: Path, quarter: Quarter) -> dict[str, str] | None:
    """Quarter and hash of the manifest sealed last before this quarter, beside the report that is being made."""
    earlier = [(when, path) for when, path in sealed(reports).items() if when < quarter]
    return {"quarter": str(earlier[-1][0]), "sha256": _sha256(earlier[-1][1] / MANIFEST)} if earlier else None


def sealed(reports: Path) -> dict[Quarter, Path]:
    """Folders of the sealed quarters of one operator, the oldest first."""
    found = {}
    for path in sorted(reports.glob(f"*/{MANIFEST}")):
        try:
            quarter = Quarter.parse(path.parent.name)
        except UsageError:
            continue
        if str(quarter) == path.parent.name:  # a link of the chain names the folder
            found[quarter] = path.parent
    return dict(sorted(found.items()))


def verify(report: Path, *, inventory: Path | None = None) -> Verdict:
    """Whether a sealed report is what it was, and the quarters before it up to the first.

    Its inputs are looked for where they were, or in ``inventory``; where they have moved on since, the quarter frozen
    then stands for them. Raises SourceError where there is no manifest to hold it against.
    """
    said = _said(report)
    broken = [*_own(said), *_differing(report, said["artefacts"], "artefact")]
    home = inventory or Path(said["parameters"]["inventory"])
    inputs, notes = _input_faults(home, said)
    chain = [said["quarter"]]
    broken += [*_digest(report, said), *inputs]
    folder, link = report, said["previous"]
    while link:
        folder = folder.parent / link["quarter"]
        path = folder / MANIFEST
        chain.append(link["quarter"])
        if not path.is_file():
            broken.append((f"{link['quarter']}/{MANIFEST}", "missing"))
            break
        if _sha256(path) != link["sha256"]:
            broken.append((f"{link['quarter']}/{MANIFEST}", "changed"))
            break
        earlier = _said(folder)
        broken += [(f"{link['quarter']}/{name}", why) for name, why in _differing(folder, earlier["artefacts"], "")]
        link = earlier["previous"]
    notes += [(name, "signature") for name in sorted(_SIGNATURES) if (report / name).exists()]
    return Verdict(tuple(broken), (*notes, *_version(said)), tuple(chain))


def _said(report: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((report / MANIFEST).read_text(encoding="utf-8"))
        whole = content["schema"] == SCHEMA and all(isinstance(content[name], kind) for name, kind in _SHAPE.items())
        whole = whole and isinstance(content["parameters"]["inventory"], str)
        known = dict.fromkeys(("previous", "journal", "frozen", _SEAL)) | content if whole else content[""]
        Quarter.parse(known["previous"]["quarter"] if known["previous"] else known["quarter"])
    except OSError as error:
        raise SourceError(str(report / MANIFEST), "cannot be read", "Name the folder of a sealed report.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SourceError(str(report / MANIFEST), "is no manifest of derbes", "Take the report from a copy.") from error
    return known


def _own(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if said[_SEAL] != _sealed(said):
        yield MANIFEST, "changed"


def _digest(report: Path, said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    path = report / "findings.json"
    if path.is_file() and "findings.json" in said["artefacts"]:
        try:
            same = json.loads(path.read_text(encoding="utf-8"))["digest"] == said["findings"]
        except (ValueError, KeyError, TypeError):
            same = False
        if not same and _sha256(path) == said["artefacts"]["findings.json"]:
            yield "findings.json", "digest"


def _differing(root: Path, listed: Mapping[str, str], what: str) -> Iterator[tuple[str, str]]:
    """Files that are not what was listed: changed, missing, or added where ``what`` is a closed set."""
    there = _hashes(root, (path for path in root.rglob("*") if path.name not in _SIGNATURES | {MANIFEST}))
    for name, sha in listed.items():
        if there.get(name) != sha:
            yield name, "changed" if name in there else "missing"
    if what == "artefact":
        yield from ((name, "added") for name in sorted(set(there) - set(listed)))


def _input_faults(home: Path, said: Mapping[str, Any]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Inputs that are no longer what went in, unless the quarter frozen then has kept them; and what to say of them."""
    root = home if home.is_dir() else home.parent
    listed = {name: sha for name, sha in said["inputs"].items() if not name.startswith("before/")}
    there = _named(root, [*(root / name for name in listed), *_own_files(home)])
    faults = [(name, "missing") for name in listed if name not in there]
    for name, path in there.items():
        if name not in listed:
            faults += [(name, "added")] * (name != _JOURNAL)
        elif _sha256(path) != listed[name] and not (name == _JOURNAL and _appended(path, said["journal"])):
            faults.append((name, "changed"))
    frozen = root / "history" / said["quarter"]
    if faults and said["frozen"] and (frozen / snapshot.SUMS).is_file():
        kept = _sha256(frozen / snapshot.SUMS) == said["frozen"] and not snapshot.broken_sums(frozen)
        others = sorted(fault for fault in faults if "/" in fault[0] or fault[0] == _JOURNAL)
        if kept:
            return others, [(name, "moved_on") for name, why in sorted(faults) if (name, why) not in others]
    return sorted(faults), []


def _appended(path: Path, then: Mapping[str, Any] | None) -> bool:
    """Whether the journal begins with what it was then."""
    if not then:
        return False
    with path.open("rb") as file:
        return hashlib.sha256(file.read(int(then["bytes"]))).hexdigest() == then["sha256"]


def _version(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if said["derbes"] != metadata.version("derbes"):
        yield f"derbes {said['derbes']}", "version"


def _inputs(audit: Audit, before: str) -> dict[str, str]:
    """Hashes of the inventory's own files, of the operator's rules, and of the quarters that it was compared with."""
    home = audit.inventory.path
    frozen = [path for name in audit.compared for path in (home / "history" / name).rglob("*")]
    hashes = _hashes(home if home.is_dir() else home.parent, [*_own_files(home), *frozen])
    for name, sha in audit.inventory.hashes.items():
        if sha not in hashes.values():
            raise SourceError(str(home / name), "changed while the report was being made", "Run again.", code="changed")
    return hashes | _compared(before)


def _own_files(home: Path) -> list[Path]:
    """Files that can have a say in an audit: those of the inventory's folder and its rules; of a workbook it alone."""
    if not home.is_dir():
        return [home, home.with_name(_JOURNAL)]
    return [*(path for path in home.iterdir() if not path.name.startswith((".", "~$"))), *home.glob("rules/**/*")]


def _compared(before: str) -> dict[str, str]:
    """Hashes of an inventory elsewhere that was named to compare with."""
    path = Path(before)
    if not before or not path.exists():
        return {}
    files = [path] if path.is_file() else path.glob("*")
    root = path.parent if path.is_file() else path
    return {f"before/{name}": sha for name, sha in _hashes(root, files).items()}


def _hashes(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Hashes by path relative to the root, as `_named` has it."""
    return {name: _sha256(path) for name, path in _named(root, paths).items()}


def _named(root: Path, paths: Iterable[Path]) -> dict[str, Path]:
    """Files by their path relative to the root, with forward slashes, sorted; folders are passed over.

    A personal value in a name is masked; files that only it told apart are numbered.
    """
    named: dict[str, Path] = {}
    for path in sorted(set(paths)):
        if path.is_file():
            # the name of a file may be no text, and JSON is: what is none is written as Python would write it
            text = path.relative_to(root).as_posix().encode("utf-8", "backslashreplace").decode()
            shown, number = mask(text), 1
            while (name := shown if number == 1 else f"{shown} {number}") in named:
                number += 1
            named[name] = path
    return named


def _sha256(path: Path) -> str:
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha.update(chunk)
    return sha.hexdigest()
