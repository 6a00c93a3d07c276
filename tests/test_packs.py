"""Packs: every row goes to its owner with what is asked of it, and to nobody else."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from typing import TYPE_CHECKING

import openpyxl
import pytest
from click.testing import CliRunner
from conftest import DAY, DEMO, spoil, write_tables
from packing import Dealt

import derbes
from derbes import packs
from derbes.auditing import audit
from derbes.cli import main
from derbes.errors import OutputError, UsageError
from derbes.read import sources
from derbes.schema import load
from derbes.text import LANGUAGES, words

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Rows

    from derbes.packs.dealing import Dealing

PERSON = "dana.nobody7@gmail.com"
UNTIL = dt.date(2026, 10, 14)


def deal(folder: Path, tables: Rows, *, lang: str = "ru") -> tuple[Dealing, Dealt]:
    """Packs of tables, audited by a few rules."""
    home = write_tables(folder / "home", tables)
    asked = ("systems.owner", "systems.storage_countries", "consents.form")
    done = audit(home, as_of=DAY, before="none", lang=lang, only=[f"structure.required.{one}" for one in asked])
    written = packs.hand_out(done, folder / "packs", until=UNTIL)
    return written.dealing, Dealt(folder / "packs", home)


def rows(dealing: Dealing) -> dict[str, set[tuple[str, str]]]:
    """Table and key of every row by the owner that it went to."""
    keys = {name: table.key for name, table in load().tables.items()}
    return {
        pack.owner or "": {(table, key) for table, frame in pack.rows.items() for key in frame[keys[table]]}
        for pack in dealing.packs
    }


def test_a_blank_inventory_has_nothing_to_hand_out(tmp_path: Path, small: Rows) -> None:
    with pytest.raises(UsageError, match="no row to hand out"):
        deal(tmp_path, {"systems": [dict.fromkeys(small["systems"][0], "")]})


def test_every_row_goes_to_its_owner_and_a_field_to_that_of_its_system(tmp_path: Path, small: Rows) -> None:
    dealing, _ = deal(tmp_path, small)
    inv = derbes.load(DEMO)
    owners = dict(zip(inv.systems["system_id"], inv.systems["owner"], strict=True))
    expected: dict[str, set[tuple[str, str]]] = {}
    for table in ("systems", "processing", "rights"):
        for key, owner in zip(inv.keys[table], inv.tables[table]["owner"], strict=True):
            expected.setdefault(owner, set()).add((table, key))
    for key, system in zip(inv.keys["fields"], inv.fields["system_id"], strict=True):
        expected[owners[system]].add(("fields", key))
    assert rows(dealing) == expected


def test_owners_that_differ_by_case_and_spaces_are_one(tmp_path: Path, small: Rows) -> None:
    for row in small["systems"]:
        row["owner"] = "Sales"
    for row in small["processing"]:
        row["owner"] = "  SALES "
    for row in small["rights"]:
        row["owner"] = "sales"
    dealing, _ = deal(tmp_path, small)
    assert [pack.owner for pack in dealing.packs] == ["Sales"]


def test_rows_without_an_owner_go_together_with_those_of_tables_that_have_none_and_are_asked_about(
    tmp_path: Path, small: Rows
) -> None:
    spoil(small, "systems", row=0, owner="")
    spoil(small, "consents", row=1, form="")
    dealing, _ = deal(tmp_path, small)
    system, consent = small["systems"][0]["system_id"], small["consents"][1]["consent_id"]
    fields = {("fields", row["field_id"]) for row in small["fields"] if row["system_id"] == system}
    assert dealing.packs[-1].owner is None
    assert rows(dealing)[""] == {("systems", system), ("consents", consent), *fields}


def test_a_row_without_an_id_of_its_own_stays_behind_and_is_counted(tmp_path: Path, small: Rows) -> None:
    spoil(small, "systems", row=0, system_id=small["systems"][1]["system_id"])
    dealing, _ = deal(tmp_path, small)
    assert dealing.left["systems"] == 2
    assert small["systems"][1]["system_id"] not in {key for found in rows(dealing).values() for _, key in found}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_pack_says_what_to_do_until_when_and_whom_to_return_it_to(tmp_path: Path, small: Rows, lang: str) -> None:
    spoil(small, "systems", row=0, storage_countries="")
    dealing, dealt = deal(tmp_path, small, lang=lang)
    said = words(lang)["packs"]
    pack = next(one for one in dealing.packs if len(one.findings))
    book = openpyxl.load_workbook(dealt.folder / pack.file)
    cover = " ".join(str(cell.value) for row in book[said["sheets"]["cover"]].iter_rows() for cell in row)
    assert pack.owner in cover
    assert "14" in cover
    assert small["operator"][0]["responsible_role"] in cover
    questions = [[cell.value for cell in row] for row in book[said["sheets"]["questions"]].iter_rows(min_row=2)]
    place = questions[0][5]
    sheet = book[load().tables["systems"].title[lang]]
    column = load().tables["systems"].columns["storage_countries"].title[lang]
    assert sheet[re.sub(r"\d", "", place) + "1"].value.rstrip(" *") == column
    assert sheet[place].value is None
    assert sheet[place].fill.fgColor.rgb == "FFFFFBEA"
    assert said["sheets"]["findings"] not in book.sheetnames


def test_a_pack_lists_what_may_be_picked_and_is_no_inventory_where_it_lies(tmp_path: Path, small: Rows) -> None:
    _, dealt = deal(tmp_path, small)
    path = min(dealt.folder.glob("*.xlsx"))
    sheet = openpyxl.load_workbook(path)[load().tables["systems"].title["ru"]]
    assert len(sheet.data_validations.dataValidation) == len(load().tables["systems"].columns)
    assert {source.reason for source in sources(dealt.folder)} == {"written_by_derbes"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_pack_shows_no_inner_names_sorts_its_cells_and_breaks_no_heading_inside_a_word(
    tmp_path: Path, small: Rows, lang: str
) -> None:
    for place, row in enumerate(reversed(small["systems"])):
        row["owner"], row["storage_countries"] = "", "KZ" if place % 3 else ""
        row["system_id"] = f"s{place}-{row['system_id']}"  # findings go by id, cells by row
    small["fields"] = []
    dealing, dealt = deal(tmp_path, small, lang=lang)
    book = openpyxl.load_workbook(dealt.folder / dealing.packs[-1].file)
    said = words(lang)
    assert [sheet.title for sheet in book if sheet.sheet_state == "visible" and sheet.title.startswith("_")] == []
    assert book.sheetnames[-1] == said["template"]["guide"]
    shown = [row[5].value for row in book[said["packs"]["sheets"]["questions"]].iter_rows(min_row=2)]
    places = [[int(re.sub(r"\D", "", one.split("\N{EN DASH}")[0])) for one in text.split(", ")] for text in shown]
    assert max(map(len, places)) > 1 or any("\N{EN DASH}" in text for text in shown)
    assert places == [sorted(numbers) for numbers in places]
    for sheet in [book[table.title[lang]] for table in load().tables.values() if table.title[lang] in book.sheetnames]:
        wide = {at: one.width for one in sheet.column_dimensions.values() for at in range(one.min, one.max + 1)}
        narrow = [cell.value for cell in sheet[1] if wide[cell.column] < 1.2 * max(map(len, str(cell.value).split()))]
        assert narrow == []


def test_the_same_inventory_gives_the_same_packs(tmp_path: Path, small: Rows) -> None:
    _, first = deal(tmp_path / "a", small)
    _, second = deal(tmp_path / "b", small)
    one, other = ({path.name: path.read_bytes() for path in dealt.folder.iterdir()} for dealt in (first, second))
    assert one == other


def test_no_pack_repeats_a_personal_value(tmp_path: Path, small: Rows) -> None:
    spoil(small, "systems", row=0, note=f"ask {PERSON}", owner=f"sales {PERSON}")
    _, dealt = deal(tmp_path, small)
    assert not [path.name for path in dealt.folder.iterdir() if PERSON in path.name]
    assert PERSON not in (dealt.folder / "packs.json").read_text(encoding="utf-8")
    for path in dealt.folder.glob("*.xlsx"):
        cells = [str(cell.value) for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
        assert PERSON not in " ".join(cells)
    assert not len(dealt.merge().changes)


def test_a_folder_with_answers_in_it_is_never_written_over(tmp_path: Path, small: Rows) -> None:
    _, dealt = deal(tmp_path, small)
    done = audit(dealt.home, as_of=DAY, before="none", only=["hygiene.cell.personal_data"])
    with pytest.raises(UsageError, match="not empty"):
        packs.hand_out(done, dealt.folder, until=UNTIL)


def test_packs_are_all_there_or_none(tmp_path: Path, small: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("derbes.packs.handing.write_pack", full)
    with pytest.raises(OutputError, match="No space left"):
        deal(tmp_path, small)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]


def test_the_commands_deal_and_preview(tmp_path: Path) -> None:
    home = shutil.copytree(DEMO, tmp_path / "demo")
    arguments = ["--out", str(tmp_path / "packs"), "--as-of", DAY, "--lang", "en"]
    dealt = CliRunner().invoke(main, ["packs", str(home), *arguments])
    assert dealt.exit_code == 0, dealt.output
    assert len(dealt.output.splitlines()) == 1 + len(json.loads((tmp_path / "packs/packs.json").read_text())["packs"])
    preview = CliRunner().invoke(main, ["merge", str(tmp_path / "packs"), "--into", str(home), "--lang", "en"])
    assert preview.exit_code == 0
    assert preview.output.splitlines()[0] == words("en")["merge"]["silent"]
    refused = CliRunner().invoke(main, ["packs", str(home), *arguments, "--until", "soon"])
    assert (refused.exit_code, refused.stderr) == (2, "--until soon: is not a date. Write it as 2026-09-30.\n")
