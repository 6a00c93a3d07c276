"""The seal: one byte anywhere breaks it by name; what moves on lawfully does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import DEMO

from derbes import seal, snapshot
from derbes.cli import main
from derbes.errors import SourceError
from derbes.quarter import Quarter
from derbes.read.loading import load
from derbes.report import report
from derbes.text import LANGUAGES, words

ARTEFACTS = ["audit.html", "audit.ipynb", "findings.json", "findings.xlsx", "summary.txt", "figures/findings.png"]
PERSON = "dana.nobody7@gmail.com"
INPUTS = ["register.xlsx", "policy.xlsx", "history/2026Q2/fields.csv", "rules/own.yaml"]


def _made(home: Path, out: Path, quarter: str) -> Path:
    when = Quarter.parse(quarter)
    return report(home, quarter=when, as_of=when.last_day, lang="en", out=out, notebooks=("audit",))


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an inventory and two sealed quarters of it."""
    folder = tmp_path_factory.mktemp("sealed")
    home = shutil.copytree(DEMO, folder / "demo")
    (home / "rules").mkdir(exist_ok=True)
    (home / "rules" / "own.yaml").write_text("[]\n", encoding="utf-8")
    for quarter in ("2026Q2", "2026Q3"):
        _made(home, folder / "reports", quarter)
    return folder


@pytest.fixture
def copy(sealed: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    return shutil.copytree(sealed, tmp_path / "copy")


def _report(folder: Path, quarter: str = "2026Q3") -> Path:
    return next(folder.glob(f"reports/*/{quarter}"))


def _verdict(folder: Path) -> seal.Verdict:
    return seal.verify(_report(folder), inventory=folder / "demo")


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_sealed_quarter_holds_with_the_one_before(copy: Path) -> None:
    verdict = _verdict(copy)
    assert (verdict.broken, verdict.notes, verdict.chain) == ((), (), ("2026Q3", "2026Q2"))


@pytest.mark.parametrize("name", ARTEFACTS)
def test_one_byte_of_an_artefact_breaks_the_seal_by_name(copy: Path, name: str) -> None:
    _flip(_report(copy) / name)
    assert _verdict(copy).broken == ((name, "changed"),)


@pytest.mark.parametrize("name", INPUTS)
def test_one_byte_of_an_input_breaks_the_seal_by_name(copy: Path, name: str) -> None:
    _flip(copy / "demo" / name)
    assert _verdict(copy).broken == ((name, "changed"),)


@pytest.mark.parametrize("name", ["manifest.json", "findings.json", "figures/systems.png"])
def test_one_byte_of_the_quarter_before_breaks_the_chain_by_name(copy: Path, name: str) -> None:
    _flip(_report(copy, "2026Q2") / name)
    assert _verdict(copy).broken == ((f"2026Q2/{name}", "changed"),)


def test_the_manifest_seals_itself(copy: Path) -> None:
    path = _report(copy) / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"as_of": "2026-09-30"', '"as_of": "2026-09-29"'), "utf-8")
    assert _verdict(copy).broken == (("manifest.json", "changed"),)


def test_what_is_missing_or_added_is_named(copy: Path) -> None:
    (_report(copy) / "summary.txt").unlink()
    (_report(copy) / "extra.txt").write_text("", encoding="utf-8")
    shutil.rmtree(_report(copy, "2026Q2"))
    broken = (("summary.txt", "missing"), ("extra.txt", "added"), ("2026Q2/manifest.json", "missing"))
    assert _verdict(copy).broken == broken


def test_a_file_that_the_inventory_has_besides_is_named(copy: Path) -> None:
    (copy / "demo" / "incidents.csv").write_text("incident_id\nnew\n", encoding="utf-8")
    (copy / "demo" / "rules" / "more.yaml").write_text("[]\n", encoding="utf-8")
    assert _verdict(copy).broken == (("incidents.csv", "added"), ("rules/more.yaml", "added"))


def test_the_name_of_a_file_tells_of_no_person_and_is_found_again(tmp_path: Path) -> None:
    home = shutil.copytree(DEMO, tmp_path / "demo")
    for number in range(2):
        (home / f"letter of {PERSON} {number}.txt").write_text(str(number), encoding="utf-8")
    made = _made(home, tmp_path / "reports", "2026Q3")
    assert PERSON not in (made / "manifest.json").read_text(encoding="utf-8")
    assert seal.verify(made, inventory=home).holds
    _flip(home / f"letter of {PERSON} 1.txt")
    assert [why for _, why in seal.verify(made, inventory=home).broken] == ["changed"]


def test_an_inventory_that_moved_on_is_held_against_the_quarter_frozen_then(copy: Path) -> None:
    home = copy / "demo"
    snapshot.freeze(load(home), home / "history" / "2026Q3")
    _flip(home / "register.xlsx")
    verdict = _verdict(copy)
    assert (verdict.broken, verdict.notes) == ((), (("register.xlsx", "moved_on"),))
    _flip(home / "history" / "2026Q3" / "fields.csv")
    assert _verdict(copy).broken == (("register.xlsx", "changed"),)


def test_a_folder_that_is_called_otherwise_is_no_link_of_the_chain(tmp_path: Path) -> None:
    for name in ("2026Q2", "2026-q1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("{}", encoding="utf-8")
    assert list(map(str, seal.sealed(tmp_path))) == ["2026Q2"]


def test_decisions_may_be_appended_and_not_changed(copy: Path) -> None:
    journal = copy / "demo" / "decisions.csv"
    journal.write_text("when,finding\n2026-10-01,a\n", encoding="utf-8")
    _made(copy / "demo", copy / "reports", "2026Q3")
    with journal.open("a", encoding="utf-8") as file:
        file.write("2026-10-02,b\n")
    assert _verdict(copy).holds
    journal.write_text("when,finding\n2026-10-01,c\n2026-10-02,b\n", encoding="utf-8")
    assert _verdict(copy).broken == (("decisions.csv", "changed"),)


def test_a_signature_beside_the_manifest_is_said_and_breaks_nothing(copy: Path) -> None:
    (_report(copy) / "manifest.json.asc").write_text("signed", encoding="utf-8")
    assert _verdict(copy).notes == (("manifest.json.asc", "signature"),)
    assert _verdict(copy).holds


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_command_says_in_one_line_what_broke(copy: Path, lang: str) -> None:
    asked = ["verify", str(_report(copy)), "--inventory", str(copy / "demo"), "--lang", lang]
    held = CliRunner().invoke(main, asked)
    assert (held.exit_code, held.output.count("\n")) == (0, 1)
    _flip(copy / "demo" / "register.xlsx")
    broken = CliRunner().invoke(main, asked)
    assert (broken.exit_code, broken.output.count("\n")) == (1, 1)
    assert f"register.xlsx ({words(lang)['verify']['reasons']['changed']})" in broken.output


@pytest.mark.parametrize("content", [None, "", "{}", '{"schema": "derbes.manifest/1"}', "[]", '{"schema": 1}'])
def test_what_is_no_manifest_is_refused_in_a_line(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=r"manifest\.json: (is no manifest|cannot be read)"):
        seal.verify(tmp_path)
    assert CliRunner().invoke(main, ["verify", str(tmp_path)]).exit_code == 2


def test_the_same_report_in_another_folder_has_the_same_bytes(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(copy / "demo", tmp_path / "elsewhere" / "demo")
    seals = []
    for folder in (copy, tmp_path / "elsewhere"):
        monkeypatch.chdir(folder)
        seals.append((_made(Path("demo"), Path("out"), "2026Q3") / "manifest.json").read_bytes())
    assert seals[0] == seals[1]


def test_the_decisions_beside_an_inventory_that_is_one_workbook_are_sealed(tmp_path: Path) -> None:
    book = Path(shutil.copy(DEMO / "register.xlsx", tmp_path / "register.xlsx"))
    journal = tmp_path / "decisions.csv"
    journal.write_text("when,finding\n2026-10-01,a\n", encoding="utf-8")
    made = _made(book, tmp_path / "reports", "2026Q3")
    assert seal.verify(made, inventory=book).holds
    with journal.open("a", encoding="utf-8") as file:
        file.write("2026-10-02,b\n")
    assert seal.verify(made, inventory=book).holds
    journal.write_text("when,finding\n2026-10-01,c\n", encoding="utf-8")
    assert seal.verify(made, inventory=book).broken == (("decisions.csv", "changed"),)
    journal.unlink()
    assert seal.verify(made, inventory=book).broken == (("decisions.csv", "missing"),)
