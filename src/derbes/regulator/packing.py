"""One zip for a regulator: letter, list to sign, policy, papers, registers, the sealed report, and an index."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from derbes.errors import OutputError, UsageError
from derbes.exchange import GROUPS
from derbes.regulator.archive import archived
from derbes.regulator.letter import letter
from derbes.regulator.missing import missing
from derbes.text import words
from derbes.wording import Wording
from derbes.workbook import write_list, write_registers

if TYPE_CHECKING:
    import pandas as pd

    from derbes.regulator.dossier import Dossier

LETTER, INDEX = "00-letter.docx", "README.txt"
#: Where each part of the dossier stands in the zip, by its name in the words.
PARTS = {
    "list": "01-list.xlsx",
    "policy": "02-policy.xlsx",
    "papers": "03-papers.xlsx",
    "registers": "04-registers.xlsx",
}
_REPORT = "05-report"
_LANGUAGES = ("kk", "ru")


def pack(dossier: Dossier, out: Path) -> Path:
    """Write the dossier as one zip and return its path; the same dossier gives the same bytes.

    Kazakh and Russian side by side; an earlier dossier of that name is replaced, nothing else is. Raises UsageError
    (not a .zip, another file of that name, or inside the sealed report), OutputError.
    """
    if out.suffix.lower() != ".zip":
        raise UsageError(str(out), "is not named .zip", "Give the file a name that ends in .zip.")
    if dossier.report and out.resolve().is_relative_to(dossier.report.resolve()):
        raise UsageError(str(out), "lies in the sealed report", "Name a place outside: a file more breaks the seal.")
    if (out.exists() or out.is_symlink()) and not _ours(out):
        raise UsageError(str(out), "is there already and is no dossier", "Name a new file.")
    try:
        content = {**_workbooks(dossier), **_report(dossier)}
        content = {LETTER: _letter(dossier), **content}
        _write(out, archived({**content, INDEX: _index(dossier, content)}))
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        remedy = "Check that the folder may be written to and has room."
        raise OutputError(str(out), f"could not be written ({error.strerror or error})", remedy) from error
    return out


def _ours(path: Path) -> bool:
    """Whether a file is a dossier that was written before."""
    try:
        with zipfile.ZipFile(path) as file:
            return {LETTER, INDEX, PARTS["list"]} <= set(file.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _workbooks(dossier: Dossier) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="derbes-") as folder:
        place = Path(folder)
        write_list(dossier.listed, dossier.inventory, place / PARTS["list"], as_of=dossier.as_of)
        for group, tables in GROUPS.items():
            sheets = {name: dossier.registers[name] for name in tables}
            write_registers(sheets, place / PARTS[group], operator=dossier.name, as_of=dossier.as_of)
        return {name: (place / name).read_bytes() for name in PARTS.values()}


def _report(dossier: Dossier) -> dict[str, bytes]:
    """Files of the sealed report, its manifest and signatures among them, byte for byte."""
    root = dossier.report
    files = sorted(path for path in root.rglob("*") if path.is_file()) if root else []
    return {f"{_home(dossier)}/{path.relative_to(root).as_posix()}": path.read_bytes() for path in files if root}


def _home(dossier: Dossier) -> str:
    return f"{_REPORT}-{dossier.quarter}"


def _letter(dossier: Dossier) -> bytes:
    sides = [_paragraphs(dossier, Wording(lang, "regulator")) for lang in _LANGUAGES]
    rows = [(look, kazakh, russian) for (look, kazakh), (_, russian) in zip(*sides, strict=True)]
    titles = [Wording(lang, "regulator")("title") for lang in _LANGUAGES]
    return letter(rows, title=" / ".join(titles), created=dossier.as_of)


def _paragraphs(dossier: Dossier, say: Wording) -> list[tuple[str, str]]:
    """The letter in one language: what is missing stands right under the first sentence."""
    blank = say("blank")
    who = {name: dossier.requisite(name) or blank for name in ("bin", "address", "responsible_role")}
    day = {"as_of": say.date(dossier.as_of), "quarter": say.quarter(dossier.quarter)}
    lacking = missing(dossier, say.lang)
    papers = dossier.registers["documents"]
    return [
        ("plain", say("addressee")),
        ("plain", say("operator", name=dossier.name, **who)),
        ("plain", say("number")),
        ("title", say("title")),
        ("plain", say("text", **day)),
        *([("plain", say("frozen", **day))] if dossier.frozen else []),
        ("head", say("lacking" if lacking else "nothing_lacking")),
        *(("item", f"{n}. {line}") for n, line in enumerate(lacking, 1)),
        ("plain", say("papers_apart", file=PARTS["papers"], count=_told(papers, say))),
        ("head", say("enclosures")),
        *(("item", f"{n}. {line}") for n, line in enumerate(_enclosures(dossier, say), 1)),
        ("signature", say("signature", **who)),
    ]


def _enclosures(dossier: Dossier, say: Wording) -> list[str]:
    lines = [say("parts", "list", file=PARTS["list"], n=len(dossier.listed.short))]
    for group, tables in GROUPS.items():
        sheets = words(say.lang)["regulator"]["sheets"]
        known = {name: dossier.registers[name] for name in tables}
        told = [f"{sheets[name]}: {_told(rows, say)}" for name, rows in known.items()]
        lines.append(say("parts", group, file=PARTS[group], rows=", ".join(told)))
    if dossier.report:
        lines.append(say("parts", "report", file=_home(dossier), quarter=say.quarter(dossier.quarter)))
    return [*lines, say("parts", "index", file=INDEX)]


def _told(rows: pd.DataFrame | None, say: Wording) -> str:
    """How many entries a register has: that it is not kept, and that nothing was entered, are different answers."""
    if rows is None:
        return say("absent")
    return str(len(rows)) if len(rows) else say("empty")


def _index(dossier: Dossier, content: dict[str, bytes]) -> bytes:
    """What is in the zip, in words, then a line a file that ``sha256sum -c`` understands."""
    told = []
    for lang in _LANGUAGES:
        say = Wording(lang, "regulator")
        told += [f"{say('title')}. {dossier.name}, {say.quarter(dossier.quarter)}", f"  {LETTER}: {say('letter')}"]
        told += [*(f"  {line}" for line in _enclosures(dossier, say)[:-1]), say("sums"), ""]
    sums = [f"{hashlib.sha256(member).hexdigest()}  {name}" for name, member in content.items()]
    return ("\n".join([*told, *sums]) + "\n").encode()


def _write(out: Path, content: bytes) -> None:
    """Put the file in its place when it is whole; what stood there stays until then."""
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        draft.write_bytes(content)
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
