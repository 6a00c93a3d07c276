"""What changed in the law: the rules listed are those by which two audits of one inventory differ, and no others."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner
from conftest import DEMO, LETOILE, ROOT, demo_tables, spoil, write_tables

import derbes
from derbes.amendments import Amendments, amendments, outlook
from derbes.auditing import audit
from derbes.cli import main
from derbes.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

Q2, Q3 = dt.date(2026, 6, 30), dt.date(2026, 9, 30)
PAIRS = [(Q2, Q3), (dt.date(2026, 1, 17), Q3), (dt.date(2015, 6, 30), Q3)]
LATER = "2026-10-05"
RULE = {
    "id": "kz.house.owner",
    "view": "purposes",
    "expect": "column_values_to_be_null",
    "args": {"column": "name"},
    "severity": "warning",
    "valid_from": dt.date(2026, 10, 1),
    **{part: {"ru": "{key}", "kk": "{key}", "en": "{key}"} for part in ("title", "why", "fix")},
    "good": {"purposes": [{"purpose_id": "a"}]},
    "bad": {"purposes": [{"purpose_id": "b", "name": "B"}]},
}


def between(home: Path, start: dt.date, end: dt.date) -> Amendments:
    return amendments(derbes.audit(home, as_of=end, before="none"), start=start)


def told(home: Path, day: dt.date) -> dict[str, str]:
    """Rule of every finding, by its id and all that may change of it."""
    found = audit(home, as_of=day, before="none").findings
    return {f"{row.id} {row.severity} {row.value} {row.related}": row.rule for row in found.itertuples()}


@pytest.mark.parametrize(("start", "end"), PAIRS)
@pytest.mark.parametrize("home", [LETOILE, DEMO], ids=lambda home: home.name)
def test_two_audits_differ_by_findings_of_the_rules_that_changed(home: Path, start: dt.date, end: dt.date) -> None:
    changes, before, after = between(home, start, end), told(home, start), told(home, end)
    differing = {
        rule for side in (before, after) for said, rule in side.items() if said not in before or said not in after
    }
    assert differing <= changes.concerned | changes.daily
    for kind, side in (("starts", before), ("stops", after)):
        turned = set(changes.rules.loc[changes.rules["kind"] == kind, "name"])
        assert not turned & set(side.values())


def test_a_rule_that_becomes_law_starts_and_one_that_was_law_does_not() -> None:
    changes = between(DEMO, dt.date(2021, 12, 31), dt.date(2022, 6, 30)).rules
    starts = set(changes.loc[changes["kind"] == "starts", "name"])
    assert "kz.consent.no_term" in starts
    assert "kz.retention.unlimited" not in starts


def test_a_value_of_the_law_that_changes_names_the_rules_whose_views_look_at_it() -> None:
    changes = between(DEMO, dt.date(2026, 1, 17), Q2).rules.set_index("name")
    row = changes.loc["right_deadline_days"]
    assert "kz.rights.deadline_too_long" in row["rules"]
    assert "object_automated" in row["after"]
    assert "object_automated" not in row["before"]


def test_what_became_of_acts_is_told_with_its_day() -> None:
    acts = between(LETOILE, Q2, Q3).acts
    events = set(zip(acts["act"], acts["change"], acts["date"].astype(str), strict=True))
    assert {("418-V", "renamed", "2026-07-12"), ("370-II", "ceased", "2026-07-12")} <= events
    assert {("94-V", "edition", "2026-07-12"), ("94-V", "edition", "2026-08-25")} <= events
    assert ("94-V", "reported", "2026-09-14") in events
    assert ("255-VIII", "came", "2026-07-12") in events


def test_between_a_day_and_itself_nothing_changes() -> None:
    changes = between(DEMO, Q3, Q3)
    assert changes.rules.empty
    assert changes.acts.empty


# -- the later day --------------------------------------------------------------------------------------------------


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The law of Kazakhstan with one more rule, from October on."""
    folder = tmp_path / "law"
    shutil.copytree(ROOT / "src" / "derbes" / "law" / "kz", folder)
    (folder / "rules-house.yaml").write_text(yaml.safe_dump([RULE], sort_keys=False), encoding="utf-8")
    return folder


def run(*asked: object) -> Any:
    return CliRunner().invoke(main, ["check", *map(str, asked), "--before", "none", "--lang", "en"])


def test_next_tells_which_rules_start_and_which_rows_then_fail(pack: Path) -> None:
    done = run(DEMO, "--as-of", Q3, "--next", LATER, "--law", pack, "--format", "json")
    said = json.loads(done.stdout)
    ahead = said["next"]
    assert ("starts", "kz.house.owner") in {(row["kind"], row["name"]) for row in ahead["rules"]}
    fails = [row for row in ahead["fails"] if row["rule"] == "kz.house.owner"]
    assert {row["key"] for row in fails} == set(derbes.load(DEMO).keys["purposes"])
    assert {row["because"] for row in fails} == {"starts"}
    assert "kz.house.owner" not in {row["rule"] for row in said["findings"]}


def test_the_exit_status_is_that_of_today_and_the_text_ends_with_the_later_day(pack: Path) -> None:
    done = run(DEMO, "--as-of", Q3, "--next", LATER, "--law", pack, "--fail-on", "critical")
    assert done.exit_code == 0
    tail = done.stdout.split("As of 2026-10-05", 1)[1]
    assert "rule starts: kz.house.owner" in tail
    assert "Passes now and fails then" in tail
    assert all(line.isprintable() for line in tail.split("\n"))


def test_without_next_the_json_has_no_word_of_it() -> None:
    assert "next" not in json.loads(run(DEMO, "--as-of", Q3, "--format", "json").stdout)


@pytest.mark.parametrize("day", ["2026-09-30", "2026-09-29", "tomorrow"])
def test_a_day_that_is_not_later_is_refused_in_a_line(day: str) -> None:
    done = run(DEMO, "--as-of", Q3, "--next", day)
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert "--next" in done.stderr


def test_a_decision_that_runs_out_brings_its_findings_back(tmp_path: Path) -> None:
    home = shutil.copytree(DEMO, tmp_path / "demo")
    (home / "rules").mkdir(exist_ok=True)
    exemption = {"rule": "kz.rights.deadline_missing", "reason": "later", "decided_on": dt.date(2026, 9, 1)}
    text = yaml.safe_dump([exemption | {"until": dt.date(2026, 10, 1)}])
    (home / "rules" / "exemptions.yaml").write_text(text, encoding="utf-8")
    ahead = outlook(*(audit(home, as_of=day, before="none") for day in (Q3, dt.date(2026, 10, 5))))
    because = dict(zip(ahead.comes["rule"], ahead.comes["because"], strict=True))
    assert because["kz.rights.deadline_missing"] == "decision"


def test_what_the_law_once_forbade_passes_when_it_no_longer_does(tmp_path: Path) -> None:
    tables = spoil(demo_tables(), "processing", legal_basis="art9-9-5")
    home = write_tables(tmp_path / "inventory", tables)
    ahead = outlook(*(audit(home, as_of=day, before="none") for day in (Q2, Q3)))
    gone = ahead.goes[ahead.goes["rule"] == "kz.basis.unknown"]
    assert list(gone["because"]) == ["changed"]


def test_an_outlook_is_on_a_later_day() -> None:
    done = audit(DEMO, as_of=Q3, before="none")
    with pytest.raises(UsageError, match="is not after"):
        outlook(done, done)
