"""The README and the pages of docs say what is so: code runs, commands and files exist, outputs are real."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from conftest import DEMO, ROOT, found

from derbes.auditing import audit
from derbes.cli import main

if TYPE_CHECKING:
    from pathlib import Path

PAGES = {path: path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
README = "\n".join(text for path, text in PAGES.items() if path.name != "rules.md")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list[str]:
    return [body for name, body in BLOCKS if name == language]


def commands() -> list[list[str]]:
    """Every mention of derbes with a verb, in words: in code blocks and between backticks."""
    spoken = re.findall(r"`(derbes [^`]+)`", README)
    typed = [line for body in blocks("console") for line in body.splitlines()]
    called = [line[place.start() :] for line in typed if (place := re.search(r"\bderbes (?=[a-z])", line))]
    return [line.split()[1:] for line in (*spoken, *called)]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("body", blocks("python"))
def test_the_python_runs_and_prints_what_stands_below_it(
    body: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(body, "README.md", "exec"), {})  # noqa: S102 - the README's own code
    assert capsys.readouterr().out.splitlines() == blocks("text")[blocks("python").index(body)].splitlines()


def options(verb: str) -> set[str]:
    """Names of a command's options, those that turn one off among them."""
    return {name for option in main.commands[verb].params for name in (*option.opts, *option.secondary_opts)}


def test_every_command_named_exists_with_its_options() -> None:
    assert {words[0] for words in commands()} == set(main.commands)
    for verb, *rest in commands():
        known = options(verb) | {"--help"}
        assert {word for word in rest if word.startswith("--")} <= known


def test_every_option_named_between_backticks_is_one_of_a_command() -> None:
    known = {name for verb in main.commands for name in options(verb)}
    assert set(re.findall(r"`(--[a-z-]+)", README)) <= known


def test_the_check_shown_is_what_check_prints_but_for_the_lines_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    typed, said = next(body for body in blocks("console") if "derbes check" in body).split("\n", 1)
    printed = run(*typed.split("derbes ", 1)[1].split()).output
    parts = re.split(r"^\.\.\.\n", said, flags=re.MULTILINE)
    places = [printed.find(part) for part in parts]
    assert -1 not in places
    assert places[:-1] == sorted(places[:-1])


def test_the_new_inventory_shown_is_what_new_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = next(body for body in blocks("console") if "derbes new" in body).splitlines()
    assert run(*shown[0].split("derbes ", 1)[1].split()).output.splitlines() == shown[1:]


def test_the_files_linked_exist() -> None:
    linked = [(path, name) for path, text in PAGES.items() for name in re.findall(r"\]\(([^)#]+)\)", text)]
    assert linked
    assert not [(path.name, name) for path, name in linked if not (path.parent / name).exists()]


def test_every_page_of_the_docs_is_linked_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(([^)#]+)\)", PAGES[ROOT / "README.md"]))
    pages = {f"docs/{path.name}" for path in PAGES if path.parent.name == "docs"}
    assert pages <= linked


def test_the_report_is_described_file_by_file() -> None:
    told = set(re.findall(r"^\| `([\w.]+)/?` \|", README, re.MULTILINE))
    assert told == {path.name for path in (ROOT / "reports" / "sample").iterdir()}


def test_the_rule_and_the_exemptions_shown_are_taken(tmp_path: Path) -> None:
    home = shutil.copytree(DEMO, tmp_path / "demo")
    rule, exemptions = blocks("yaml")
    before = audit(home, as_of="2026-09-30", before="none")
    (home / "rules").mkdir()
    (home / "rules" / "house.yaml").write_text(rule, encoding="utf-8")
    (home / "rules" / "exemptions.yaml").write_text(exemptions, encoding="utf-8")
    done = audit(home, as_of="2026-09-30", before="none")
    assert set(found(done)) - set(found(before)) == {("policy.house.recorded_call", "consents/call")}
    accepted = done.findings[done.findings["status"] == "accepted"]
    assert list(zip(accepted["rule"], accepted["key"], strict=True)) == [("kz.rights.deadline_missing", "access")]
    near = done.findings.loc[done.findings["rule"] == "structure.near_duplicate.fields.field_id", "severity"]
    assert near.to_list() == ["info"]
