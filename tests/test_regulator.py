"""The zip for a regulator: whole, the same each time, in two languages, candid about what is not there."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING

import docx
import openpyxl
import pytest
from click.testing import CliRunner
from conftest import DAY, DEMO, LETOILE, write_tables

from derbes import regulator, seal, snapshot
from derbes.auditing import audit
from derbes.cli import main
from derbes.errors import OutputError, SourceError, UsageError
from derbes.quarter import Quarter
from derbes.read.loading import load
from derbes.regulator.packing import INDEX, LETTER, PARTS
from derbes.text import LANGUAGES, words

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Rows

Q3 = Quarter.parse("2026Q3")
A_RULE = ["kz.retention.unlimited"]


def sealed(home: Path, reports: Path) -> Path:
    """A sealed report of an inventory, of one rule: what it says does not matter here, that it is sealed does."""
    done = audit(home, as_of=DAY, before="none", only=A_RULE)
    folder = reports / done.operator / str(Q3)
    folder.mkdir(parents=True)
    (folder / "findings.json").write_text(json.dumps(done.to_json()), encoding="utf-8")
    said = seal.manifest(done, folder, quarter=Q3, parameters={"inventory": str(home)}, before=folder.parent)
    (folder / seal.MANIFEST).write_text(said, encoding="utf-8")
    return folder


def _dossier(home: Path, reports: Path) -> regulator.Dossier:
    return regulator.dossier(home, quarter=Q3, reports=reports)


def _unsealed(home: Path) -> regulator.Dossier:
    return regulator.dossier(home, quarter=Q3, reports=home / "nowhere", unsealed=True)


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def _letter(content: bytes) -> list[tuple[str, str]]:
    rows = docx.Document(io.BytesIO(content)).tables[0].rows
    return [(row.cells[0].text, row.cells[1].text) for row in rows]


@pytest.fixture
def home(small: Rows, tmp_path: Path) -> Path:
    return write_tables(tmp_path / "home", small)


@pytest.fixture
def made(home: Path, tmp_path: Path) -> dict[str, bytes]:
    sealed(home, tmp_path / "reports")
    return _members(regulator.pack(_dossier(home, tmp_path / "reports"), tmp_path / "out.zip"))


def test_everything_is_there_and_the_index_has_the_hash_of_each(made: dict[str, bytes]) -> None:
    report = [f"05-report-2026Q3/{name}" for name in ("findings.json", seal.MANIFEST)]
    assert list(made) == [LETTER, *PARTS.values(), *report, INDEX]
    sums = [
        line.split("  ") for line in made[INDEX].decode().splitlines() if line[:1].isalnum() and line[64:66] == "  "
    ]
    assert {name: digest for digest, name in sums} == {
        name: hashlib.sha256(content).hexdigest() for name, content in made.items() if name != INDEX
    }


def test_the_same_dossier_gives_the_same_bytes(home: Path, tmp_path: Path) -> None:
    sealed(home, tmp_path / "reports")
    one, other = (regulator.pack(_dossier(home, tmp_path / "reports"), tmp_path / f"{n}.zip") for n in range(2))
    assert one.read_bytes() == other.read_bytes()


def test_the_sealed_report_in_it_still_holds(home: Path, made: dict[str, bytes], tmp_path: Path) -> None:
    for name, content in made.items():
        path = tmp_path / "unpacked" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert seal.verify(tmp_path / "unpacked" / "05-report-2026Q3", inventory=home).holds


def test_the_letter_says_the_same_in_both_languages_and_what_is_missing_first(home: Path, tmp_path: Path) -> None:
    (home / "requests.csv").unlink()
    dossier = _unsealed(home)
    rows = _letter(_members(regulator.pack(dossier, tmp_path / "out.zip"))[LETTER])
    for side, lang in enumerate(("kk", "ru")):
        said, told = words(lang)["regulator"], [row[side] for row in rows]
        lines = [f"{n}. {line}" for n, line in enumerate(regulator.missing(dossier, lang), 1)]
        first = told.index(said["lacking"]) + 1
        assert told[first : first + len(lines)] == lines
        assert first < told.index(said["enclosures"])
        assert any(said["sheets"]["requests"] in line for line in lines)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_missing_is_named_one_thing_a_line(lang: str, small: Rows, tmp_path: Path) -> None:
    said = words(lang)["regulator"]["missing"]
    small["documents"] = [
        row for row in small["documents"] if row["document_id"] not in {"access-list", "transfer-log"}
    ]
    small["documents"][0] |= {"location": "", "number": "", "version": ""}
    small["processing"][0] |= {"legal_basis": "consent", "consent_ids": "", "recipient_ids": "", "status": "active"}
    small["consents"][0]["evidence"] = ""
    small["operator"][0]["address"] = ""
    small["systems"][0]["storage_countries"] = small["systems"][0]["storage_site"] = ""
    small["citations"] = small["clauses"] = []
    home = write_tables(tmp_path / "home", {name: rows for name, rows in small.items() if rows})
    lines = regulator.missing(_unsealed(home), lang)
    expected = ["report", "papers", "unsure", "unplaced", "unnamed", "clauses", "registers", "recipients", "unbacked"]
    expected += ["evidence", "requisites"]
    begins = {code: said[code].partition("{")[0] for code in expected}
    assert [code for code in expected if not any(line.startswith(begins[code]) for line in lines)] == []
    found = {code: next(line for line in lines if line.startswith(begins[code])) for code in expected}
    assert [found[code].count("(94-V") + found[code].count("(179") for code in ("papers", "unsure")] == [1, 1]
    assert f"({small['documents'][0]['document_id']})" in found["unplaced"]
    activity, consent = small["processing"][0], small["consents"][0]
    assert f"{activity['name']} ({activity['processing_id']})" in found["recipients"]
    assert f"{consent['name']} ({consent['consent_id']})" in found["evidence"]


def test_a_complete_inventory_lacks_nothing_but_what_was_planted() -> None:
    said = words("ru")["regulator"]["missing"]
    lines = [line for line in regulator.missing(_unsealed(DEMO), "ru") if "dpia-offer" not in line]
    assert lines == [
        said["report"].format(
            quarter="2026Q3", faults=f"manifest.json ({words('ru')['verify']['reasons']['missing']})"
        ),
        said["frozen"].format(quarter="2026Q3"),
    ]


def test_papers_are_lacked_as_surely_as_the_audit_finds_them_lacking() -> None:
    lines = regulator.missing(_unsealed(LETOILE), "ru")
    said, labels = words("ru")["regulator"]["missing"], _unsealed(LETOILE).law.sections["documents"]
    found = audit(LETOILE, as_of=DAY, before="none").findings
    found = found[found["table"].eq("documents") & found["cells"].str.len().eq(0)].set_index("key")
    codes = found["confirm"].map({True: "unsure", False: "papers"}).mask(found["severity"].eq("info"), "advised")
    told = {code: next(one for one in lines if one.startswith(said[code].partition("{")[0])) for code in {*codes}}
    assert {*codes} == {"papers", "unsure", "advised"}
    assert {
        kind: [code for code, line in told.items() if labels[kind]["labels"]["ru"] in line] for kind in codes.index
    } == {kind: [code] for kind, code in codes.items()}


def test_a_register_that_is_not_kept_and_one_without_entries_are_told_apart(home: Path, tmp_path: Path) -> None:
    (home / "requests.csv").unlink()
    headings = (home / "incidents.csv").read_text(encoding="utf-8").splitlines()[0]
    (home / "incidents.csv").write_text(headings + "\n", encoding="utf-8")
    (home / "documents.csv").unlink()
    made = _members(regulator.pack(_unsealed(home), tmp_path / "out.zip"))
    for side, lang in enumerate(("kk", "ru")):
        said, told = words(lang)["regulator"], "\n".join(row[side] for row in _letter(made[LETTER]))
        for text in (told, made[INDEX].decode()):
            assert f"{said['sheets']['requests']}: {said['absent']}" in text
            assert f"{said['sheets']['incidents']}: {said['empty']}" in text
        assert said["papers_apart"].format(file=PARTS["papers"], count=said["absent"]) in told


def test_an_inventory_read_off_a_policy_lacks_its_papers_and_registers() -> None:
    lines = "\n".join(regulator.missing(_unsealed(LETOILE), "en"))
    assert "order naming the person responsible (94-V 25(2)(10))" in lines
    assert "requests, incidents" in lines


def test_every_transfer_in_force_is_a_row(home: Path, tmp_path: Path) -> None:
    book = _members(regulator.pack(_unsealed(home), tmp_path / "out.zip"))[PARTS["registers"]]
    sheet = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)]
    inv = load(home)
    names = inv.recipients.set_index("recipient_id")["name"]
    expected, idle = [], set(names.index)
    for row in inv.processing.itertuples():
        named = row.recipient_ids if isinstance(row.recipient_ids, tuple) else ()
        for one in names.index if named == ("all",) else named:
            if row.status == "active":
                expected.append((f"{names[one]} ({one})", row.name))
                idle.discard(one)
    assert sorted((row[0], row[5]) for row in rows if row[5]) == sorted(expected)
    assert {row[0] for row in rows if not row[5]} == {f"{names[one]} ({one})" for one in idle}


def test_registers_are_texts_and_no_inventory(home: Path, tmp_path: Path) -> None:
    made = _members(regulator.pack(_unsealed(home), tmp_path / "out.zip"))
    for group in ("policy", "papers", "registers"):
        path = tmp_path / PARTS[group]
        path.write_bytes(made[PARTS[group]])
        cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
        assert {cell.data_type for cell in cells if cell.value} == {"s"}
        assert CliRunner().invoke(main, ["check", str(path)]).exit_code == 2


def test_without_a_sealed_report_it_is_refused_in_a_line(home: Path, tmp_path: Path) -> None:
    asked = [
        "regulator",
        str(home),
        "--quarter",
        "2026Q3",
        "--reports",
        str(tmp_path),
        "--out",
        str(tmp_path / "o.zip"),
    ]
    refused = CliRunner().invoke(main, asked)
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert "--unsealed" in refused.output
    assert not (tmp_path / "o.zip").exists()
    done = CliRunner().invoke(main, [*asked, "--unsealed", "--lang", "en"])
    assert done.exit_code == 0
    assert "The sealed report of 2026Q3 is not enclosed" in done.output
    assert not any(name.startswith("05") for name in _members(tmp_path / "o.zip"))


def test_a_report_that_was_changed_is_not_handed_over(home: Path, tmp_path: Path) -> None:
    folder = sealed(home, tmp_path / "reports")
    (folder / "findings.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SourceError, match=r"findings\.json changed"):
        _dossier(home, tmp_path / "reports")


def test_where_the_inventory_has_moved_on_the_frozen_quarter_is_handed_over(home: Path, tmp_path: Path) -> None:
    snapshot.freeze(load(home), home / "history" / "2026Q3")
    sealed(home, tmp_path / "reports")
    (home / "requests.csv").unlink()
    dossier = _dossier(home, tmp_path / "reports")
    assert dossier.frozen
    assert dossier.registers["requests"] is not None
    told = [row[1] for row in _letter(_members(regulator.pack(dossier, tmp_path / "out.zip"))[LETTER])]
    assert words("ru")["regulator"]["frozen"] in told


def test_a_file_that_was_added_since_is_not_handed_over_unsaid(home: Path, tmp_path: Path) -> None:
    text = (home / "requests.csv").read_text(encoding="utf-8").splitlines()
    sealed(home, tmp_path / "reports")
    (home / "more requests.csv").write_text("\n".join(text[:2]) + "\n", encoding="utf-8")
    with pytest.raises(SourceError, match="added"):
        _dossier(home, tmp_path / "reports")
    unsealed = regulator.dossier(home, quarter=Q3, reports=tmp_path / "reports", unsealed=True)
    assert words("ru")["regulator"]["missing"]["frozen"].format(quarter=Q3) in regulator.missing(unsealed, "ru")


def test_only_a_whole_copy_of_the_quarter_asked_for_stands_for_an_inventory(home: Path, tmp_path: Path) -> None:
    frozen = snapshot.freeze(load(home), home / "history" / "2026Q3")
    sealed(home, tmp_path / "reports")
    (home / "requests.csv").unlink()
    (frozen / "requests.csv").write_text("", encoding="utf-8")
    with pytest.raises(SourceError, match=r"requests\.csv"):
        _dossier(home, tmp_path / "reports")
    unsealed = regulator.dossier(home, quarter=Q3, reports=tmp_path / "reports", unsealed=True)
    assert not unsealed.frozen
    assert unsealed.registers["requests"] is None


def test_a_control_character_in_a_name_is_drawn_in_the_letter(small: Rows, tmp_path: Path) -> None:
    small["operator"][0]["legal_name"] = "Shop \x01Bad"
    made = _members(regulator.pack(_unsealed(write_tables(tmp_path / "home", small)), tmp_path / "out.zip"))
    assert any("Shop \u2401Bad" in row[1] for row in _letter(made[LETTER]))


def test_a_wrong_place_is_refused_and_what_stood_there_stays(home: Path, tmp_path: Path) -> None:
    folder = sealed(home, tmp_path / "reports")
    dossier = _dossier(home, tmp_path / "reports")
    with pytest.raises(UsageError, match=r"\.zip"):
        regulator.pack(dossier, tmp_path / "out.tar")
    with pytest.raises(UsageError, match="sealed"):
        regulator.pack(dossier, folder / "out.zip")
    (tmp_path / "file").write_text("whole", encoding="utf-8")
    with pytest.raises(OutputError):
        regulator.pack(dossier, tmp_path / "file" / "out.zip")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "whole"


def test_an_earlier_dossier_is_replaced_and_no_other_file(home: Path, tmp_path: Path) -> None:
    out = regulator.pack(_unsealed(home), tmp_path / "out.zip")
    assert regulator.pack(_unsealed(home), out) == out
    kept = {"photos.zip": zipped(tmp_path / "photos.zip"), "text.zip": b"no zip"}
    (tmp_path / "text.zip").write_bytes(b"no zip")
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "link.zip").symlink_to(tmp_path / "nowhere.zip")
    for name in (*kept, "folder.zip", "link.zip"):
        with pytest.raises(UsageError, match="is there already"):
            regulator.pack(_unsealed(home), tmp_path / name)
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept


def zipped(path: Path) -> bytes:
    """A zip of something else."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("picture.png", b"")
    return path.read_bytes()
