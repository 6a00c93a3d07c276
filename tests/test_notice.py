"""Notices, answers and consents: what they say is what the register says, and what it does not say stands out."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from functools import cache
from typing import TYPE_CHECKING, Any

import docx
import pytest
from click.testing import CliRunner
from conftest import DAY, DEMO, LETOILE, ROOT, spoil, write_tables
from docx.enum.text import WD_COLOR_INDEX

import derbes
from derbes import notice, policy, snapshot
from derbes.cli import main
from derbes.law import load_law
from derbes.notice.sheet import Grid, Line
from derbes.text import LANGUAGES, data, fill, slots

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Rows

    from derbes.inventory import Inventory

AS_OF = dt.date.fromisoformat(DAY)
#: Month 13: nobody has it.
IIN = "001301300009"
GAP = data("notice")["words"]["gap"]["ru"].split("{", 1)[0]


@cache
def loaded(path: Path) -> Inventory:
    return derbes.load(path)


def written(home: Path, subject: str, day: dt.date = AS_OF, **asked: str) -> tuple[notice.Document, ...]:
    return notice.documents(loaded(home), load_law("kz", day), subject, **asked)


def text(home: Path, subject: str, day: dt.date = AS_OF, **asked: str) -> str:
    return "\n".join(map(notice.plain, written(home, subject, day, **asked)))


def rows(home: Path, table: str) -> list[dict[str, Any]]:
    return loaded(home).tables[table].to_dict("records")


def names(cell: object) -> set[str]:
    return {*cell} if isinstance(cell, tuple) else set()


def items(document: notice.Document, section: int, lead: str) -> list[str]:
    """Lines of the list under the clause that begins with a text."""
    found: list[str] = []
    below = False
    for part in document.sections[section].parts:
        assert isinstance(part, Line)
        if part.kind == "item":
            found += [part.text] if below else []
        else:
            below = part.text.startswith(lead)
    return found


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if {*LANGUAGES} <= {*node}:
        yield path, node
    else:
        for name, below in node.items():
            yield from leaves(below, f"{path}/{name}")


def test_every_sentence_is_in_three_languages_and_asks_for_the_same_values() -> None:
    for path, leaf in leaves(data("notice")):
        forms = {lang: leaf[lang] if isinstance(leaf[lang], list) else [leaf[lang]] for lang in LANGUAGES}
        asked = {frozenset(slots(form)) for several in forms.values() for form in several}
        assert len(asked) == 1, path


def test_the_customer_of_letoile_is_told_exactly_the_data_that_the_register_has_of_customers() -> None:
    held = {row["field_id"]: row for row in rows(LETOILE, "fields")}
    expected = {row["category_id"] for row in held.values() if {"clients", "all"} & names(row["subject_ids"])}
    for row in rows(LETOILE, "processing"):
        if row["status"] == "active" and {"clients", "all"} & names(row["subject_ids"]):
            fields = [held[name] for name in names(row["field_ids"])]
            expected |= names(row["category_ids"])
            expected |= {field["category_id"] for field in fields if not isinstance(field["subject_ids"], tuple)}
    known = {row["category_id"]: row["name"] for row in rows(LETOILE, "categories")}
    (subject,) = [row["name"] for row in rows(LETOILE, "subjects") if row["subject_id"] == "clients"]
    lead = fill(data("notice")["data"]["lead"]["ru"], {"subject": subject})
    said = items(written(LETOILE, "clients")[0], 2, lead)
    unclear = [line for line in said if line.endswith(f"{GAP}{data('notice')['gaps']['categories']['ru']}]\ue001")]
    told = sorted(line.split(":", 1)[0] for line in said if line not in unclear)
    assert told == sorted(known[name] for name in expected if name in known)
    theirs = [row for row in held.values() if {"clients", "all"} & names(row["subject_ids"])]
    assert len(unclear) == sum(row["category_id"] not in known for row in theirs)


def test_every_gap_of_letoile_is_marked() -> None:
    (made,) = written(LETOILE, "clients")
    said = text(LETOILE, "clients")
    active = [row for row in rows(LETOILE, "processing") if {"clients", "loyalty-members"} & names(row["subject_ids"])]
    gaps = data("notice")["gaps"]
    wanted = {"retention": "retention_id", "basis": "legal_basis", "recipients": "recipient_ids"}
    for gap, column in wanted.items():
        assert any(row[column] is None or row[column] != row[column] for row in active), column
        assert f"{GAP}{gaps[gap]['ru']}]" in said
    for gap in ("minors", "contact", "authority", "access", "log", "cross_border", "measures", "automated", "policy"):
        assert gaps[gap]["ru"] in said, gap
    assert made.gaps + made.barred == said.count("[")
    assert made.gaps + made.barred == said.count("]")


def test_what_is_known_to_be_none_is_said_and_no_gap() -> None:
    (made,) = written(DEMO, "applicant")
    said = notice.plain(made)
    closed = data("notice")["transfers"]
    assert closed["none"]["ru"] in said
    assert closed["home"]["ru"] in said
    assert closed["closed"]["ru"] in said
    assert made.gaps == 1  # the planted right without a deadline


@pytest.mark.parametrize("lang", ["ru", "kk"])
def test_a_notice_of_the_demo_read_back_as_its_policy_raises_nothing_on_the_policy(lang: str, tmp_path: Path) -> None:
    file = tmp_path / ("notice.docx" if lang == "ru" else "notice.html")
    read = policy.rows(policy.propose(notice.publish(written(DEMO, "all", lang=lang), file)))
    home = snapshot.freeze(loaded(DEMO), tmp_path / "inventory")
    (home / snapshot.SUMS).unlink()
    with (home / "retention.csv").open(encoding="utf-8-sig", newline="") as kept:
        terms = [*csv.DictReader(kept)]
    tables = {
        "clauses": read["clauses"].to_dict("records"),
        "citations": read["citations"].to_dict("records"),
        "retention": [*terms, *read["retention"].to_dict("records")],
    }
    write_tables(home, tables)
    done = derbes.audit(home, as_of=DAY, before="none")
    on_policy = done.rules[done.rules["rule"].str.startswith("policy.")]
    assert len(read["clauses"]) > 100
    assert (on_policy["rows"].fillna(0) > 0).sum() > 20  # the rules looked at it
    assert not [*done.findings.loc[done.findings["family"].eq("policy"), "title"]]


@pytest.mark.parametrize("kind", notice.KINDS)
@pytest.mark.parametrize("home", [DEMO, LETOILE], ids=["demo", "letoile"])
def test_two_languages_stand_side_by_side_piece_for_piece(home: Path, kind: str, tmp_path: Path) -> None:
    for row in rows(home, "subjects"):
        made = written(home, row["subject_id"], kind=kind, lang="kk-ru")
        kinds = [[(kind, number, type(piece)) for kind, number, piece in one.pieces()] for one in made]
        assert kinds[0] == kinds[1]
        assert (made[0].gaps, made[0].barred) == (made[1].gaps, made[1].barred)
    notice.publish(made, tmp_path / "both.docx")
    assert "kk" in notice.publish(made, tmp_path / "both.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_consent_has_the_items_of_the_law_of_its_day(lang: str) -> None:
    law = load_law("kz", AS_OF)
    made = written(DEMO, "young-guest", kind="consent", lang=lang)[0]
    own = [row for row in rows(DEMO, "consents") if names(row["subject_ids"]) & {"young-guest", "class-guest"}]
    assert len(made.sections) == len(own)
    for section in made.sections:
        told = [part.text for part in section.parts if isinstance(part, Line)]
        labels = [item["labels"][lang] for item in law.sections["consent_contents"].values()]
        assert len(labels) == 7
        assert [line.split(": ")[0].lower() for line in told[: len(labels)]] == [
            label.split(": ")[0].lower() for label in labels
        ]
        assert len(told) > len(labels) + 2  # and the eighth: purposes, withdrawal, proof
    assert written(DEMO, "young-guest", dt.date(2021, 1, 1), kind="consent")[0].sections[0].parts != section.parts


def test_consents_stand_each_on_a_page_with_what_is_not_known_of_them() -> None:
    made = written(LETOILE, "clients", kind="consent")[0]
    assert made.gaps > 10
    assert [section.apart for section in made.sections] == [False, *[True] * (len(made.sections) - 1)]


def test_a_consent_that_the_register_lacks_is_a_form_full_of_gaps(small: Rows, tmp_path: Path) -> None:
    before = written(DEMO, "buyer", kind="consent")[0]
    small["consents"] = [row for row in small["consents"] if row["consent_id"] != "order"]
    for row in small["processing"]:
        row["consent_ids"] = row["consent_ids"] if row["consent_ids"] != "order" else ""
    made = written(write_tables(tmp_path / "inventory", small), "buyer", kind="consent")[0]
    assert len(made.sections) == len(before.sections)
    assert before.gaps == 0
    assert made.gaps > 4
    (order,) = [row["name"] for row in rows(DEMO, "purposes") if row["purpose_id"] == "order"]
    assert made.sections[-1].title == fill(data("notice")["form"]["untitled"]["ru"], {"purposes": order})


def test_the_law_of_an_earlier_day_gives_fewer_rights() -> None:
    restrict = data("notice")["right"]["restrict"]["text"]["ru"]
    part = data("notice")["right"]["destroy"]["parts"]["destroy.delete_or_anonymise"]["ru"]
    assert restrict in text(DEMO, "buyer")
    assert part in text(DEMO, "buyer")
    assert restrict not in text(DEMO, "buyer", dt.date(2026, 6, 30))
    assert part not in text(DEMO, "buyer", dt.date(2026, 7, 12))


def test_the_answer_names_every_field_of_the_subject_and_where_it_is() -> None:
    made = written(DEMO, "visitor", kind="answer")[0]
    grid = made.sections[-1].parts[-1]
    assert isinstance(grid, Grid)
    expected = [row["name"] for row in rows(DEMO, "fields") if {"visitor", "all"} & names(row["subject_ids"])]
    assert sorted(row[3] for row in grid.rows) == sorted(expected)
    data_told = made.sections[2].parts[0]
    assert isinstance(data_told, Grid)
    kinds = {row["category_id"] for row in rows(DEMO, "fields") if {"visitor", "all"} & names(row["subject_ids"])}
    assert len(data_told.rows) == len(kinds)


@pytest.mark.parametrize("kind", notice.KINDS)
@pytest.mark.parametrize("name", ["one.docx", "one.html"])
def test_the_same_inventory_gives_the_same_bytes(kind: str, name: str, tmp_path: Path) -> None:
    made = written(DEMO, "buyer", kind=kind)
    first = notice.publish(made, tmp_path / name).read_bytes()
    again = notice.publish(written(DEMO, "buyer", kind=kind), tmp_path / f"again-{name}").read_bytes()
    assert first == again
    if name.endswith(".docx"):
        with zipfile.ZipFile(io.BytesIO(first)) as package:
            assert {part.date_time for part in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_gaps_are_highlighted_in_word_and_nothing_else_is(tmp_path: Path) -> None:
    made = written(LETOILE, "clients")
    file = notice.publish(made, tmp_path / "notice.docx")
    paragraphs = docx.Document(str(file)).paragraphs
    runs = [run for paragraph in paragraphs for run in paragraph.runs]
    marked = [run.text for run in runs if run.font.highlight_color == WD_COLOR_INDEX.YELLOW]
    assert len(marked) == made[0].gaps + made[0].barred
    assert all(one.startswith("[") and one.endswith("]") for one in marked)
    assert not any("[" in run.text for run in runs if run.text not in marked)
    assert sum(paragraph.style.name == "Heading 1" for paragraph in paragraphs) == len(made[0].sections)


def test_what_cells_hold_is_shown_and_never_run_and_no_value_of_a_person_comes_out(small: Rows, tmp_path: Path) -> None:
    bad = f"<img src=x onerror=alert(1)> {IIN} [x] \ue000x\ue001 \ue002x\ue001"
    spoil(small, "categories", row=0, name=bad)
    spoil(small, "purposes", row=0, name=bad)
    home = write_tables(tmp_path / "inventory", small)
    for kind in notice.KINDS:
        made = written(home, "buyer", kind=kind)
        page = notice.publish(made, tmp_path / f"{kind}.html").read_text(encoding="utf-8")
        assert "<img" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;" in page
        assert IIN not in page + notice.plain(made[0])
        assert made[0].gaps == written(DEMO, "buyer", kind=kind)[0].gaps
        assert made[0].barred == 0


def test_a_country_that_is_none_shows_no_value_of_a_person(small: Rows, tmp_path: Path) -> None:
    for row in small["recipients"]:
        row["countries"] = f"Nowhere {IIN}"
    made = written(write_tables(tmp_path / "inventory", small), "buyer")
    assert "Nowhere" in notice.plain(made[0])
    assert IIN not in notice.plain(made[0])


@pytest.mark.parametrize("lang", [*LANGUAGES, "kk-ru"])
def test_the_page_asks_nobody_for_anything(lang: str, tmp_path: Path) -> None:
    page = notice.publish(written(DEMO, "buyer", lang=lang), tmp_path / "notice.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", page)
    assert f'<html lang="{lang[:2]}">' in page
    assert not re.search("[\ue000-\ue002]", page)


def run(*asked: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["notice", *asked])
    return done.exit_code, done.output


def test_the_verb_writes_a_file_or_prints_and_leaves_what_is_there(tmp_path: Path) -> None:
    file = str(tmp_path / "notice.docx")
    assert run(str(DEMO), "--subject", "buyer", "--as-of", DAY, "--out", file) == (0, f"{file}\n")
    code, said = run(str(DEMO), "--subject", "buyer", "--as-of", DAY, "--out", file)
    assert (code, said.count("\n")) == (2, 1)
    assert "is there already" in said
    code, said = run(str(DEMO), "--subject", "buyer", "--as-of", DAY, "--lang", "en", "--kind", "consent")
    assert code == 0
    assert "[" not in said


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("--subject", "buyers"), "buyer"),
        (("--subject", "buyer", "--out", "notice.pdf"), ".docx or .html"),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_line(asked: tuple[str, ...], told: str) -> None:
    code, said = run(str(DEMO), "--as-of", DAY, *asked)
    assert code == 2
    assert told in said
    assert said.count("\n") == 1


def test_the_page_on_notices_shows_lines_that_are_written() -> None:
    told = (ROOT / "docs" / "notices.md").read_text(encoding="utf-8")
    shown = told.partition("derbes notice inventory/letoile-kz")[2].partition("```")[0].splitlines()[1:]
    lines = notice.plain(written(LETOILE, "clients", lang="en")[0]).splitlines()
    assert len(shown) > 3
    assert [line for line in shown if line not in {"...", *lines}] == []
