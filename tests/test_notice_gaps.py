"""What half-filled inventories make of notices: gaps with the right name, nothing raw, no sentence against another."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import TYPE_CHECKING

import docx
import pytest
from conftest import DAY, DEMO, LETOILE, write_tables

import derbes
from derbes import notice
from derbes.law import load_law
from derbes.notice.barred import barred as forbidden
from derbes.text import LANGUAGES, data, fill

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Rows

LAW = load_law("kz", dt.date.fromisoformat(DAY))
#: How Python writes what is not there, and the marks around gaps.
LEAK = re.compile(r"\b(?:nan|None|NaT)\b|<NA>|[\ue000-\ue002]")
WORDS = data("notice")


def written(home: Path, subject: str = "buyer", **asked: str) -> notice.Document:
    return notice.documents(derbes.load(home), LAW, subject, **asked)[0]


def gap(what: str, lang: str = "ru") -> str:
    return fill(WORDS["words"]["gap"][lang], {"what": WORDS["gaps"][what][lang]})


def barred(what: str, law: str, lang: str = "ru", kind: str = "notice") -> str:
    return fill(WORDS["words"]["barred"][kind][lang], {"what": what, "law": law})


def one_recipient(tables: Rows, **cells: str) -> Rows:
    """The tables with one recipient, of all activities and consents, who alone may be abroad."""
    tables["recipients"] = [tables["recipients"][0] | {"recipient_id": "mail", "name": "Mail service"} | cells]
    for row in (*tables["processing"], *tables["consents"]):
        row["recipient_ids"] = "mail"
    for row in tables["consents"]:
        row["countries"] = ""
    for row in tables["systems"]:
        row["storage_countries"], row["provider_id"] = "KZ", "none"
    return tables


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("ground", ["gdpr-contract", "contract", "ru152-contract", "something else"])
def test_a_ground_that_the_law_does_not_have_is_not_told(ground: str, lang: str, small: Rows, tmp_path: Path) -> None:
    foreign = [one["labels"][lang] for _, one in LAW.bases.iterrows() if one["foreign"]]
    for row in small["processing"]:
        row["legal_basis"] = ground
    home = write_tables(tmp_path / "inventory", small)
    for kind in notice.KINDS:
        made = written(home, kind=kind, lang=lang)
        said = notice.plain(made)
        foreign_or_none = barred(WORDS["words"]["groundless"][lang], "94-V 7(1), 9", lang, kind)
        told = gap("lawful", lang) if ground == "something else" else foreign_or_none  # no code at all: a slip
        assert (told in said) == (kind != "consent")
        assert not LEAK.search(said)
        assert not [name for name in foreign if name in said]
        assert ground == "contract" or ground not in said  # an event is the end of a contract
        assert made.barred == said.count(foreign_or_none)
        counts = {"gaps": made.gaps, "barred": made.barred}
        heads = [fill(WORDS["lead"][mark][kind][lang], {"n": str(n)}) for mark, n in counts.items() if n]
        assert [*made.lead[3:]] == heads


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_half_empty_inventories_leave_gaps_and_no_words_of_python(
    lang: str, half: int, small: Rows, tmp_path: Path
) -> None:
    keys = {"subjects": "subject_id", "consents": "consent_id", "systems": "system_id", "recipients": "recipient_id"}
    kept = {"subject_ids", "category_ids", "field_ids", "system_ids", "recipient_ids", "consent_ids", "status"}
    for table, rows in small.items():
        for place, row in enumerate(rows):
            for number, name in enumerate(row):
                if (place + number) % 2 == half and name not in kept | {keys.get(table)}:
                    row[name] = ""
    home = write_tables(tmp_path / "inventory", small)
    for kind in notice.KINDS:
        made = written(home, "all", kind=kind, lang=lang)
        said = notice.plain(made)
        assert made.gaps > 10
        assert made.gaps + made.barred == said.count("[") == said.count("]")
        assert not LEAK.search(said)


def test_those_who_act_for_the_operator_are_told_apart_from_third_parties(small: Rows, tmp_path: Path) -> None:
    home = write_tables(tmp_path / "inventory", one_recipient(small, kind="processor", countries="US"))
    said, words = notice.plain(written(home, lang="en")), WORDS["transfers"]
    assert fill(words["processors"]["en"], {"names": "Mail service"}) in said
    assert words["others"]["en"] in said
    assert words["none"]["en"] not in said
    assert "Data leave Kazakhstan: United States (Mail service" in said


@pytest.mark.parametrize(("kind", "countries"), [("processor", "US"), ("third_party", "US"), ("third_party", "KZ")])
def test_a_consent_says_of_the_border_what_is_known_of_the_recipient(
    kind: str, countries: str, small: Rows, tmp_path: Path
) -> None:
    home = write_tables(tmp_path / "inventory", one_recipient(small, kind=kind, countries=countries))
    lines = notice.plain(written(home, kind="consent", lang="en")).splitlines()
    third, border = (next(line for line in lines if line.startswith(number)) for number in ("1.4.", "1.5."))
    assert "Mail service" in third
    assert third.endswith("to other third parties: no.") == (kind == "processor")
    assert border.endswith("yes: United States." if countries == "US" else "no.")


def test_a_consent_does_not_deny_what_it_does_not_know(small: Rows, tmp_path: Path) -> None:
    tables = one_recipient(small, kind="third_party", countries="")
    for row in (*tables["processing"], *tables["consents"]):
        row["recipient_ids"] = "gone"
    lines = notice.plain(written(write_tables(tmp_path / "inventory", tables), kind="consent")).splitlines()
    third, border = (next(line for line in lines if line.startswith(number)) for number in ("1.4.", "1.5."))
    assert gap("recipients") in third
    assert gap("cross_border") in border
    assert gap("recipients") in notice.plain(written(tmp_path / "inventory"))


def test_the_activities_whose_recipients_are_not_known_are_named(small: Rows, tmp_path: Path) -> None:
    tables = one_recipient(small, kind="third_party", countries="KZ")
    names = [row["name"] for row in tables["processing"] if row["processing_id"] in {"order-taking", "order-payment"}]
    for row in tables["processing"]:
        row["recipient_ids"] = "" if row["name"] in names else "mail"
    said = notice.plain(written(write_tables(tmp_path / "inventory", tables)))
    words = WORDS["transfers"]
    rows = fill(WORDS["gaps"]["receivers"]["ru"], {"rows": "; ".join(names)})
    assert fill(words["silent"]["ru"], {"gap": fill(WORDS["words"]["gap"]["ru"], {"what": rows})}) in said
    assert fill(words["outsiders"]["ru"], {"names": "Mail service"}) in said
    assert fill(words["unsure"]["ru"], {"gap": gap("recipients")}) not in said


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_the_law_forbids_is_marked_and_never_told_as_it_stands(lang: str, small: Rows, tmp_path: Path) -> None:
    for row in small["retention"]:
        row |= {"period": "indefinite", "trigger": "", "then_retention_id": "", "disposal": ""}
    for row in small["consents"]:
        row |= {"form": "implied", "term": "indefinite"}
    for row in small["systems"]:
        row["storage_countries"] = "DE"
    home = write_tables(tmp_path / "inventory", small)
    endless, form = WORDS["terms"]["indefinite"][lang], derbes.load(home).schema.lists["consent_form"]["implied"][lang]
    for kind in notice.KINDS:
        made, wanted = written(home, kind=kind, lang=lang), [barred(form, "94-V 8(1), 25(2)(5)", lang, kind)]
        said = notice.plain(made)
        wanted += [barred(endless, "94-V 8(5), 8(4)(3)", lang, kind)]
        if kind != "consent":
            wanted.append(barred(endless, "94-V 12(2), 18", lang, kind))
        assert [one for one in wanted if one not in said] == []
        assert made.barred == said.count(barred("", "", lang, kind).partition(":")[0])
        assert endless not in re.sub(r"\[[^]]*\]", "", said)  # and no gap asks what follows what has no end
        assert gap("disposal", lang) not in said
    assert "94-V 12(2))]" in notice.plain(written(home, lang=lang))  # bases abroad


def test_the_audit_and_the_notice_forbid_the_same_cells() -> None:
    inv = derbes.load(LETOILE)
    found = derbes.audit(LETOILE, as_of=DAY, before="none").findings
    cells = {("retention", "period"), ("consents", "form"), ("consents", "term"), ("processing", "legal_basis")}
    grave = found[found["severity"].eq("critical") & found["family"].eq("kz")]
    places = {*zip(grave["table"], grave["key"], grave["column"], strict=True)}
    told = forbidden(inv, LAW)
    assert {place for place in told if (place[0], place[2]) in cells} == {
        place for place in places if (place[0], place[2]) in cells
    }
    assert len(told) > 4


@pytest.mark.parametrize(
    ("term", "missing"),
    [
        (("3 years", "consent withdrawn"), "trigger"),
        (("some while or other", ""), "retention"),
        (("P1Y", ""), "trigger"),
    ],
)
def test_a_term_or_an_event_that_is_not_understood_is_a_gap(
    term: tuple[str, str], missing: str, small: Rows, tmp_path: Path
) -> None:
    for row in small["retention"]:
        row["period"], row["trigger"] = term
    said = notice.plain(written(write_tables(tmp_path / "inventory", small), lang="en"))
    assert gap(missing, "en") in said
    assert not [text for text in ("consent withdrawn", "some while") if text in said]


def test_minutes_are_no_months(small: Rows, tmp_path: Path) -> None:
    for row in small["retention"]:
        row["period"] = "PT30M"
    assert "30 months" not in notice.plain(written(write_tables(tmp_path / "inventory", small), lang="en"))


def test_the_annex_of_an_answer_asks_for_what_its_column_says(small: Rows, tmp_path: Path) -> None:
    for row in small["categories"]:
        row["is_identifier"] = ""
    made = written(write_tables(tmp_path / "inventory", small), kind="answer")
    lines = notice.plain(made).splitlines()
    annex = lines[lines.index(next(line for line in lines if line.startswith("9."))) :]
    assert sum(line.endswith(gap("search")) for line in annex) > 1
    assert gap("access") not in "\n".join(annex)
    forms = WORDS["lead"]["gaps"]
    assert made.lead[-1] == fill(forms["answer"]["ru"], {"n": str(made.gaps)})
    assert len({forms[kind]["ru"] for kind in notice.KINDS}) == len(notice.KINDS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_acts_bear_titles_of_the_language_or_none(lang: str) -> None:
    for home in (DEMO, LETOILE):
        (line,) = [one for one in notice.plain(written(home, "all", lang=lang)).splitlines() if one.startswith("1.3.")]
        for number in ("94-V", "179/\u041d\u049a", "481/\u041d\u049a"):
            act = LAW.act(number)
            assert number in line
            assert not [title for one, title in act.titles.items() if one != lang and title in line]
            assert act.titles.get(lang, "") in line
    untitled = fill(WORDS["acts"]["untitled"]["order"]["kk"], {"date": "", "number": "481/\u041d\u049a"})
    assert lang != "kk" or untitled.strip() in line


def test_the_items_of_an_article_are_cited_with_brackets_in_pairs() -> None:
    said = notice.plain(written(DEMO, "all", lang="en"))
    assert "(article 9(10) of the law on personal data)" in said
    assert "), of the law" not in said


def test_one_word_is_called_a_word(tmp_path: Path) -> None:
    home = write_tables(tmp_path / "inventory", {"subjects": [{"subject_id": "people", "name": "X"}]})
    word = "\u0441\u0430\u044f\u0441\u0430\u0442"  # policy
    quoted = f"\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}{word}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"
    last = notice.plain(written(home, "people", lang="kk")).splitlines()[-1]
    assert last.endswith(fill(WORDS["about"]["single"]["kk"], {"terms": quoted}))


def test_an_operator_without_an_id_is_told_by_its_other_cells(small: Rows, tmp_path: Path) -> None:
    small["operator"][0]["operator_id"] = ""
    row, home = small["operator"][0], write_tables(tmp_path / "inventory", small)
    said = notice.plain(written(home))
    assert all(row[name] in said for name in ("bin", "address"))
    assert all(gap(what) not in said for what in ("name", "bin", "address"))


@pytest.mark.parametrize("lang", ["ru", "kk-ru"])
def test_a_control_character_in_a_name_is_drawn(lang: str, small: Rows, tmp_path: Path) -> None:
    small["operator"][0]["name"] = "Shop \x01Bad"
    home = write_tables(tmp_path / "inventory", small)
    made = docx.Document(io.BytesIO(notice.word(notice.documents(derbes.load(home), LAW, "buyer", lang=lang))))
    cells = [cell.text for table in made.tables for row in table.rows for cell in row.cells]
    assert "Shop \u2401Bad" in "\n".join([*cells, *(paragraph.text for paragraph in made.paragraphs)])
