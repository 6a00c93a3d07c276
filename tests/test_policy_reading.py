"""Policies in four formats, honest and hostile."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
import matplotlib as mpl
import pypdf
import pytest
import yaml
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from derbes import policy
from derbes.errors import SourceError
from derbes.policy import pdf, reading

if TYPE_CHECKING:
    from docx.document import Document

CASES: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "cases" / "policy.yaml").read_text(encoding="utf-8"),
)
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def texts(path: Path) -> list[str]:
    return [one.text for one in reading.read(path)]


def refused(path: Path) -> str:
    with pytest.raises(SourceError) as refusal:
        policy.propose(path)
    line = str(refusal.value)
    assert line.startswith(f"{path.name}: ")
    assert "\n" not in line
    assert str(path.parent) not in line
    return refusal.value.code


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


# plain text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "kz1048"])
def test_a_text_is_read_in_the_encoding_it_was_saved_in(tmp_path: Path, encoding: str) -> None:
    path = put(tmp_path / "policy.txt", CASES["saved"].encode(encoding))
    assert texts(path) == CASES["saved"].split("\n")


def test_windows_russian_is_not_taken_for_windows_kazakh(tmp_path: Path) -> None:
    text = (Path(__file__).parent / "cases" / "policy-ru.txt").read_text(encoding="utf-8")
    path = put(tmp_path / "policy.txt", text.replace("\u049a", "\u041a").encode("cp1251"))
    assert texts(path)[0] == text.split("\n")[0]


def test_noise_is_no_text(tmp_path: Path) -> None:
    assert refused(put(tmp_path / "policy.txt", bytes(range(256)) * 40)) == "not_a_policy"


def test_another_language_is_refused(tmp_path: Path) -> None:
    assert refused(put(tmp_path / "policy.txt", CASES["foreign"].encode())) == "not_a_policy"


# .docx


def made(path: Path) -> Path:
    """Write a document as python-docx does: headings and lists by style, numbers in a list of several levels."""
    words = CASES["word"]
    document = docx.Document()
    document.add_paragraph(words["title"], style="Title")
    _levels(document)
    for heading, lines in words["sections"].items():
        _numbered(document.add_paragraph(heading, style="Heading 1"), 0)
        for line in lines:
            _numbered(document.add_paragraph(f"{line}:" if line == lines[-1] else line), 1)
    for line in words["listed"]:
        _tracked(document.add_paragraph(line, style="List Bullet"), words)
    document.save(str(path))
    return path


def _levels(document: Document) -> None:
    """Add a list whose levels are written 1. and 1.1."""
    numbering = document.part.numbering_part.element
    abstract, listed = OxmlElement("w:abstractNum"), OxmlElement("w:num")
    abstract.set(qn("w:abstractNumId"), "900")
    for depth, written in enumerate(("%1.", "%1.%2.")):
        level = OxmlElement("w:lvl")
        level.set(qn("w:ilvl"), str(depth))
        for name, value in (("start", "1"), ("numFmt", "decimal"), ("lvlText", written)):
            child = OxmlElement(f"w:{name}")
            child.set(qn("w:val"), value)
            level.append(child)
        abstract.append(level)
    numbering.insert(0, abstract)
    listed.set(qn("w:numId"), "900")
    child = OxmlElement("w:abstractNumId")
    child.set(qn("w:val"), "900")
    listed.append(child)
    numbering.append(listed)


def _numbered(paragraph: Any, depth: int) -> None:
    properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()  # noqa: SLF001 - python-docx has no other way
    properties.get_or_add_ilvl().val = depth
    properties.get_or_add_numId().val = 900


def _tracked(paragraph: Any, words: dict[str, str]) -> None:
    """Add a tracked deletion and a tracked insertion."""
    for tag, holder, text in (("w:del", "w:delText", words["deleted"]), ("w:ins", "w:t", f" {words['inserted']}")):
        change, run, said = OxmlElement(tag), OxmlElement("w:r"), OxmlElement(holder)
        said.text = text
        run.append(said)
        change.append(run)
        paragraph._p.append(change)  # noqa: SLF001


def test_word_lists_get_the_numbers_that_word_shows(tmp_path: Path) -> None:
    register = policy.propose(made(tmp_path / "policy.docx"))
    assert list(register.clauses["clause_id"]) == CASES["word"]["ids"]
    assert register.clauses["text"].iloc[-1] == f"{CASES['word']['listed'][-1]} {CASES['word']['inserted']}"
    assert register.title == CASES["word"]["title"]


def test_a_word_document_is_known_by_its_content(tmp_path: Path) -> None:
    assert len(texts(made(tmp_path / "policy.bin"))) == 8


def _zip(path: Path, **parts: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", content)
    return path


def test_hostile_documents_are_refused_in_one_line(tmp_path: Path) -> None:
    body = f'<w:document xmlns:w="{W}"><w:body>%s</w:body></w:document>'
    deep = body % ("<w:sdt>" * 5000 + "</w:sdt>" * 5000)
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    codes = {
        "entities.docx": refused(_zip(tmp_path / "entities.docx", word__document=bomb)),
        "vast.docx": refused(_zip(tmp_path / "vast.docx", word__document=b" " * (70 << 20))),
        "deep.docx": refused(_zip(tmp_path / "deep.docx", word__document=deep.encode())),
        "broken.docx": refused(_zip(tmp_path / "broken.docx", word__document=b"<w:document")),
        "other.docx": refused(_zip(tmp_path / "other.docx", xl__workbook=b"<a/>")),
        "empty.docx": refused(_zip(tmp_path / "empty.docx", word__document=(body % "").encode())),
        "cut.docx": refused(put(tmp_path / "cut.docx", made(tmp_path / "whole.docx").read_bytes()[:2000])),
    }
    assert codes == {
        "entities.docx": "bomb",
        "vast.docx": "bomb",
        "deep.docx": "truncated",
        "broken.docx": "truncated",
        "other.docx": "not_a_policy",
        "empty.docx": "no_text",
        "cut.docx": "truncated",
    }


# .html


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251"])
def test_a_page_gives_what_a_reader_sees(tmp_path: Path, charset: str) -> None:
    page = CASES["web"].format(charset=charset)
    assert texts(put(tmp_path / "policy.html", page.encode(charset))) == CASES["web_paragraphs"]


def test_a_page_nested_a_thousand_times_is_read(tmp_path: Path) -> None:
    page = "<div>" * 1000 + CASES["saved"].replace("\n", "<p>") + "</div>" * 1000
    assert len(texts(put(tmp_path / "policy.htm", page.encode()))) == 2


# .pdf


@pytest.fixture
def printed(tmp_path: Path) -> Path:
    path = tmp_path / "policy.pdf"
    with mpl.rc_context({"pdf.fonttype": 42, "font.family": "DejaVu Sans"}), PdfPages(path) as pages:
        for number, lines in enumerate([*CASES["pdf"], *([[]] * 3)], 1):
            page = Figure(figsize=(8, 11))
            page.text(0.1, 0.97, CASES["pdf_head"], fontsize=8)
            for place, line in enumerate(lines):
                page.text(0.1, 0.9 - place * 0.03, line, fontsize=9)
            page.text(0.5, 0.03, str(number), fontsize=8)
            pages.savefig(page)
    return path


def test_a_pdf_gives_paragraphs_without_running_heads(printed: Path) -> None:
    register = policy.propose(printed)
    told = register.clauses.set_index("clause_id")["text"]
    assert {clause: told[clause] for clause in CASES["pdf_texts"]} == CASES["pdf_texts"]
    assert not register.clauses["text"].str.contains(CASES["pdf_head"]).any()


def test_a_pdf_that_anyone_may_open_is_read_and_a_locked_one_refused(printed: Path, tmp_path: Path) -> None:
    codes = {}
    for password in ("", "camel"):
        writer = pypdf.PdfWriter(printed)
        writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")  # noqa: S106
        content = io.BytesIO()
        writer.write(content)
        path = put(tmp_path / f"locked{password}.pdf", content.getvalue())
        codes[password] = refused(path) if password else len(policy.propose(path).clauses)
    assert codes == {"": 5, "camel": "encrypted"}


def test_a_scan_is_told_from_a_text(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(width=600, height=800)
    writer.write(tmp_path / "scan.pdf")
    assert refused(tmp_path / "scan.pdf") == "no_text"


def test_a_damaged_or_endless_pdf_is_refused(
    printed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    content = printed.read_bytes()
    assert refused(put(tmp_path / "cut.pdf", content[: len(content) // 3])) in {"truncated", "no_text"}
    assert refused(put(tmp_path / "noise.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 20)) == "truncated"
    monkeypatch.setattr(pdf, "MAX_PAGES", 1)
    assert refused(printed) == "too_large"
    assert not list(recwarn)


# any file


def test_files_that_are_no_policy_are_refused(tmp_path: Path) -> None:
    codes = {
        "missing.txt": refused(tmp_path / "missing.txt"),
        "empty.txt": refused(put(tmp_path / "empty.txt", b"")),
        "blank.txt": refused(put(tmp_path / "blank.txt", b" \n\n")),
        "old.doc": refused(put(tmp_path / "old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))),
        "letter.rtf": refused(put(tmp_path / "letter.rtf", b"{\\rtf1 x}")),
        "page.mht": refused(put(tmp_path / "page.mht", b"MIME-Version: 1.0\n\n<html>")),
        "folder.txt": refused(_folder(tmp_path / "folder.txt")),
    }
    assert codes == {
        "missing.txt": "missing",
        "empty.txt": "empty_file",
        "blank.txt": "no_text",
        "old.doc": "encrypted",
        "letter.rtf": "not_a_policy",
        "page.mht": "not_a_policy",
        "folder.txt": "unreadable",
    }


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_a_vast_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "policy.txt", CASES["saved"].encode())
    monkeypatch.setattr(reading, "MAX_TEXT", 10)
    assert refused(path) == "too_large"
    monkeypatch.setattr(reading, "MAX_FILE", 10)
    assert refused(path) == "too_large"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("damaged.pdf", b"%PDF-1.4\n" + bytes(range(256)) * 8),
        ("damaged.html", b"<p>plain English words \x98\x98\xff</p>"),
        ("link.html", b"http://example.org/politics"),
        ("data.html", b'<?xml version="1.0"?><a>text</a>'),
    ],
)
def test_what_libraries_say_of_a_policy_is_not_printed(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    asked = [sys.executable, "-c", "from derbes.cli import main; main()", "policy", str(path)]
    done = subprocess.run(asked, check=False, capture_output=True, text=True, encoding="utf-8")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert done.stderr.startswith(f"{name}: ")
