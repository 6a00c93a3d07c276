"""The command line: what it prints, with which status it exits, and what it says when it cannot go on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click
import openpyxl
import pytest
from click.testing import CliRunner
from conftest import DAY, DEMO, LETOILE, write_csv, write_tables

from derbes import law
from derbes.auditing import audit
from derbes.cli import main
from derbes.errors import UsageError
from derbes.quarter import Quarter
from derbes.schema import load as load_schema
from derbes.text import words

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from conftest import Rows

ASKED = ["--as-of", DAY, "--before", "none"]
TOP = ["schema", "operator", "inventory", "as_of", "law", "digest", "summary", "sources", "rules", "findings"]
COUNTS = {"critical", "warning", "info", "unknown", "rules_run", "rules_not_run", "rows"}
SOURCE = {"file", "sheet", "table", "rows", "hidden_rows", "reason"}
RULE = {"rule", "view", "rows", "broken", "status", "reason"}
PLACE = {"table", "key", "column", "file", "sheet", "cell", "cells", "value", "related"}
FINDING = PLACE | {
    "id",
    "rule",
    "family",
    "severity",
    "title",
    "why",
    "fix",
    "citations",
    "status",
    "since",
    "decision",
}
CITATION = {"act", "at", "edition", "confidence"}


def run(*asked: object, group: click.Group = main) -> Result:
    return CliRunner().invoke(group, [str(word) for word in asked])


def refused(result: Result, code: int = 2) -> str:
    """The one line on stderr of a command that could not run."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


def only_number_of(form: str) -> Any:
    raise AssertionError(f"{form} is no JSON")


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    result = run("check", LETOILE, *ASKED, "--format", "json", "--fail-on", "never")
    said: dict[str, Any] = json.loads(result.stdout, parse_constant=only_number_of)
    return said


# check


@pytest.mark.parametrize(
    ("home", "fail_on", "code"),
    [
        (DEMO, "critical", 0),
        (DEMO, "warning", 1),
        (DEMO, "info", 1),
        (DEMO, "never", 0),
        (LETOILE, "critical", 1),
        (LETOILE, "never", 0),
    ],
)
def test_a_check_exits_with_one_where_there_are_findings_at_that_level(home: Path, fail_on: str, code: int) -> None:
    assert run("check", home, *ASKED, "--fail-on", fail_on).exit_code == code


def test_a_check_fails_on_critical_findings_unless_told_otherwise() -> None:
    assert (run("check", DEMO, *ASKED).exit_code, run("check", LETOILE, *ASKED).exit_code) == (0, 1)


def test_the_json_has_the_keys_of_its_schema_and_no_others(told: dict[str, Any]) -> None:
    assert list(told) == TOP
    assert told["schema"] == "derbes.check/1"
    assert set(told["law"]) == {"id", "edition", "newer_reported"}
    assert set(told["summary"]) == COUNTS
    assert {frozenset(source) for source in told["sources"]} == {frozenset(SOURCE)}
    assert {frozenset(rule) for rule in told["rules"]} == {frozenset(RULE)}
    assert {frozenset(finding) for finding in told["findings"]} == {frozenset(FINDING)}
    cited = [citation for finding in told["findings"] for citation in finding["citations"]]
    assert {frozenset(citation) for citation in cited} == {frozenset(CITATION)}
    related = [other for finding in told["findings"] for other in finding["related"]]
    assert {frozenset(other) for other in related} <= {frozenset({"table", "key"})}


def test_the_json_counts_what_it_lists(told: dict[str, Any]) -> None:
    severities = [finding["severity"] for finding in told["findings"] if finding["status"] in {"new", "open"}]
    counts = told["summary"]
    assert {name: severities.count(name) for name in set(severities)} == {n: counts[n] for n in set(severities)}
    states = [rule["status"] for rule in told["rules"]]
    assert (states.count("run"), states.count("not_run")) == (counts["rules_run"], counts["rules_not_run"])
    assert sum(source["rows"] for source in told["sources"]) == counts["rows"]


@pytest.mark.parametrize("lang", ["ru", "kk", "en"])
def test_the_text_names_the_rules_broken_and_ends_with_the_digest(lang: str) -> None:
    lines = run("check", DEMO, *ASKED, "--lang", lang).stdout.splitlines()
    assert "kz.rights.deadline_missing" in "".join(lines)
    assert lines[-1].endswith(audit(DEMO, as_of=DAY, before="none", lang=lang).digest)


def test_a_line_of_the_text_is_a_line_whatever_a_cell_holds(small: Rows, tmp_path: Path) -> None:
    small["systems"][0]["kind"] = "kiosk\n0 findings\x1b[2J\u202e"
    shown = run("check", write_tables(tmp_path / "inventory", small), *ASKED).stdout
    assert "kiosk" in shown
    assert all(line.isprintable() for line in shown.split("\n"))
    assert "\n0 findings" not in shown


def _shown(*asked: str) -> list[dict[str, Any]]:
    result = run("check", LETOILE, *ASKED, "--format", "json", *asked)
    assert result.exit_code in {0, 1}, result.stderr
    return json.loads(result.stdout)["findings"]


def test_only_findings_of_a_rule_a_table_and_an_owner_are_shown(told: dict[str, Any]) -> None:
    rule = told["findings"][0]["rule"]
    assert _shown("--rule", rule) == [finding for finding in told["findings"] if finding["rule"] == rule]
    systems = [finding for finding in told["findings"] if finding["table"] == "systems"]
    title = load_schema().tables["systems"].title["ru"]
    assert _shown("--table", "systems") == _shown("--table", title) == systems


def test_only_findings_in_rows_of_an_owner_are_shown_however_the_name_is_written(small: Rows, tmp_path: Path) -> None:
    for row, owner in zip(small["systems"], ["Cash  desk", "cash desk", "Call centre"], strict=False):
        row.update(owner=owner, kind="kiosk")
    home = write_tables(tmp_path / "inventory", small)
    shown = json.loads(run("check", home, *ASKED, "--format", "json", "--owner", "CASH DESK").stdout)["findings"]
    lists = {one["key"] for one in shown if one["rule"] == "structure.closed_list.systems.kind"}
    assert lists == {row["system_id"] for row in small["systems"][:2]}
    assert {(one["table"], one["key"]) for one in shown} == {("systems", key) for key in lists}


# what cannot be done


REFUSED = {
    "no inventory": (["check", "nowhere"], "nowhere: there is no such file or folder."),
    "no date": (["check", DEMO, "--as-of", "30.09.2026"], "--as-of 30.09.2026: is not a date."),
    "no law": (["check", DEMO, "--law", "nosuch"], "law nosuch: no such law pack."),
    "no quarter": (["check", DEMO, "--before", "autumn"], "“autumn” is not a quarter."),
    "not frozen": (["check", DEMO, "--as-of", DAY, "--before", "2020Q1"], "not frozen (frozen: 2026Q1, 2026Q2)."),
    "rule": (["check", DEMO, *ASKED, "--rule", "kz.retention.unlimitd"], "Did you mean “kz.retention.unlimited”?"),
    "table": (["check", DEMO, *ASKED, "--table", "retentoin"], "Did you mean “retention”?"),
    "no table": (["check", DEMO, *ASKED, "--table", ""], "no such table."),
    "owner": (["check", DEMO, *ASKED, "--owner", "nobody"], "--owner nobody: no such owner."),
    "explained": (["rules", "kz.retention.unlimitd"], "Did you mean “kz.retention.unlimited”?"),
    "law of rules": (["rules", "--law", "nosuch"], "law nosuch: no such law pack."),
    "late": (["report", DEMO, "--quarter", "2026Q3", "--as-of", "2026-10-01"], "later than the last day of 2026Q3"),
    "freeze": (["freeze", DEMO, "--quarter", "2026Q2"], "is frozen already."),
    "not new": (["new", DEMO], "is there already and not empty."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_said_in_one_line(case: str) -> None:
    asked, said = REFUSED[case]
    assert said in refused(run(*asked))


def test_an_unknown_language_is_an_error_of_usage() -> None:
    result = run("check", DEMO, "--lang", "xx")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'xx' is not one of 'ru', 'kk', 'en'" in result.stderr


def test_an_owner_with_no_rows_is_refused_and_a_person_is_never_suggested(small: Rows, tmp_path: Path) -> None:
    small["systems"][0]["owner"] = "someone.unknown@gmail.com"
    home = write_tables(tmp_path / "inventory", small)
    assert "gmail" not in refused(run("check", home, *ASKED, "--owner", "someone.unknwn")).removeprefix("--owner")


def test_an_audit_of_rules_that_there_are_not_is_refused() -> None:
    with pytest.raises(UsageError, match=re.escape("Did you mean “structure.table.empty”")):
        audit(DEMO, as_of=DAY, only=["structure.table.emty"])
    with pytest.raises(UsageError, match="no such rule"):
        audit(DEMO, as_of=DAY, only=["xyz"])


@pytest.mark.parametrize("content", ["- id: [", "- id: kz.own\n  vew: fields\n", "\xff"])
def test_a_rule_file_that_cannot_be_read_is_said_in_one_line(small: Rows, tmp_path: Path, content: str) -> None:
    home = write_tables(tmp_path / "inventory", small)
    (home / "rules").mkdir()
    (home / "rules" / "own.yaml").write_text(content, encoding="latin-1")
    assert refused(run("check", home, *ASKED)).startswith("own.yaml")


def test_a_file_that_the_system_refuses_is_said_in_one_line(small: Rows, tmp_path: Path) -> None:
    home = write_tables(tmp_path / "inventory", small)
    (home / "rules" / "own.yaml").mkdir(parents=True)  # a folder under a file's name: no one may read it, root neither
    assert "own.yaml: Is a directory. Check the path" in refused(run("check", home, *ASKED))


def _group(command: Any) -> click.Group:
    return type(main)("derbes", commands={"fail": click.Command("fail", callback=command)})


def test_an_error_of_ours_shows_its_kind_and_place_and_nothing_of_the_cells() -> None:
    def deep() -> None:
        Quarter.parse({"991332300012": "a cell"})  # type: ignore[arg-type]

    line = refused(run("fail", group=_group(deep)))
    assert re.fullmatch(r"derbes: internal error \(\w+Error in [a-z.]+:\d+\)\. Please report it\.", line)
    assert "AttributeError in quarter:" in line


def test_a_name_in_an_error_gives_the_terminal_no_commands() -> None:
    line = refused(run("check", "a\x1b[2J\u202eb"))
    assert line.isprintable()


def test_ctrl_c_is_one_line_and_130() -> None:
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is deaf to it
    try:
        line = refused(run("fail", group=_group(lambda: signal.raise_signal(signal.SIGINT))), code=130)
    finally:
        signal.signal(signal.SIGINT, kept)
    assert line == "derbes: interrupted. Run it again."


# streams


def derbes(*asked: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    words = [sys.executable, "-c", "from derbes.cli import main; main()", *map(str, asked)]
    return subprocess.run(words, check=False, stderr=subprocess.PIPE, **options)


def test_json_on_stdout_is_utf8_whatever_the_machine_speaks() -> None:
    env = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "cp1251", "PYTHONUTF8": "0"}
    done = derbes("check", DEMO, *ASKED, "--format", "json", "--lang", "kk", stdout=subprocess.PIPE, env=env)
    said = json.loads(done.stdout.decode("utf-8"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert {letter for finding in said["findings"] for letter in finding["fix"]} & set("\u04d9\u0493\u049b\u04a3\u04e9")


def test_a_reader_that_closes_the_pipe_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = derbes("rules", stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")  # noqa: PTH110 - at import
def test_a_disk_that_is_full_under_stdout_is_said_in_one_line() -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = derbes("rules", stdout=full)
    assert done.returncode == 2
    assert done.stderr.decode() == "derbes: No space left on device. Check the path, its rights and space.\n"


# other verbs


def test_rules_are_listed_a_line_each_and_one_is_explained_with_its_law_and_example() -> None:
    lines = run("rules", "--as-of", DAY, "--lang", "en").stdout.splitlines()
    assert len(lines) > 50
    assert any(line.startswith("kz.retention.unlimited ") for line in lines)
    shown = run("rules", "kz.retention.unlimited", "--as-of", DAY, "--lang", "en").stdout
    assert "94-V 12" in shown
    assert "indefinite" in shown.split("Fails:")[1]


def test_every_rule_that_a_check_names_can_be_explained(told: dict[str, Any]) -> None:
    for rule in sorted({finding["rule"] for finding in told["findings"]}):
        assert run("rules", rule, "--as-of", DAY).stdout.startswith(f"{rule} ")


@pytest.mark.parametrize("lang", ["ru", "kk", "en"])
def test_a_new_inventory_is_read_at_once_and_its_empty_tables_are_critical(tmp_path: Path, lang: str) -> None:
    made = run("new", tmp_path / "shop", "--lang", lang)
    assert (made.exit_code, made.stdout) == (0, f"{tmp_path / 'shop' / 'register.xlsx'}\n")
    done = run("check", tmp_path / "shop", *ASKED, "--format", "json", "--lang", lang)
    findings = json.loads(done.stdout)["findings"]
    required = {name for name, table in load_schema().tables.items() if table.required}
    assert done.exit_code == 1
    assert {(one["rule"], one["severity"]) for one in findings} == {("structure.table.empty", "critical")}
    assert {one["table"] for one in findings} == required


def test_a_new_inventory_offers_the_grounds_of_the_law(tmp_path: Path) -> None:
    run("new", tmp_path, "--lang", "en")
    book = openpyxl.load_workbook(tmp_path / "register.xlsx")
    lists = book[words("en")["template"]["lists"]]
    offered = {column[0]: set(filter(None, column[1:])) for column in lists.iter_cols(values_only=True)}
    bases = law.load_law("kz", audit(DEMO, as_of=DAY).as_of).bases
    assert "consent" in offered["basis"]
    assert offered["basis"] - {"none"} <= set(bases.loc[~bases["foreign"], "code"])
    sheet = book[load_schema().tables["processing"].title["en"]]
    place = list(load_schema().tables["processing"].columns).index("legal_basis")
    at = {next(iter(one.sqref.ranges)).min_col: one for one in sheet.data_validations.dataValidation}
    assert at[place + 1].type == "list"


def test_a_frozen_quarter_is_what_the_next_check_compares_with(small: Rows, tmp_path: Path) -> None:
    home = write_tables(tmp_path / "shop", small)
    assert run("freeze", home, "--quarter", "2026Q2").stdout == f"{home / 'history' / '2026Q2'}\n"
    after = json.loads(run("check", home, "--as-of", DAY, "--format", "json").stdout)["findings"]
    assert after
    assert {(one["status"], one["since"]) for one in after} == {("open", "2026Q2")}


def test_an_operators_own_rule_is_held_against_the_frozen_quarters_too(small: Rows, tmp_path: Path) -> None:
    home = write_tables(tmp_path / "shop", small)
    (home / "rules").mkdir()
    rule = """
- id: hygiene.own.crm
  view: storage
  expect: column_values_to_be_null
  args: {column: country}
  at: storage_countries
  severity: info
  title: {ru: a, kk: a, en: a}
  why: {ru: a, kk: a, en: a}
  fix: {ru: a, kk: a, en: a}
  good: {systems: [{system_id: a}]}
  bad: {systems: [{system_id: a, storage_countries: KZ}]}
"""
    (home / "rules" / "own.yaml").write_text(rule, encoding="utf-8")
    run("freeze", home, "--quarter", "2026Q2")
    found = audit(home, as_of=DAY, only=["hygiene.own.crm"]).findings
    assert set(found["status"]) == {"open"}


def test_a_report_exits_with_one_only_where_it_is_asked_to(tmp_path: Path) -> None:
    asked = [
        "report",
        DEMO,
        "--quarter",
        "2026Q3",
        "--before",
        "none",
        "--out",
        tmp_path,
        "--notebook",
        "audit",
        "--no-pdf",
    ]
    done = run(*asked)
    assert (done.exit_code, done.stderr) == (0, "")
    assert (tmp_path / done.stdout.strip() / "audit.html").is_file()
    assert run(*asked, "--fail-on", "warning").exit_code == 1


def test_the_folder_one_stands_in_is_the_inventory_where_it_holds_a_register(
    small: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del small["operator"]
    home = write_tables(tmp_path / "kiosk", small)
    write_csv(home / "register.csv", [{"a": "b"}])
    monkeypatch.chdir(home)
    assert json.loads(run("check", *ASKED, "--format", "json").stdout)["operator"] == "kiosk"
