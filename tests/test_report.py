"""The quarterly report: what it holds, what it asks of nobody, and what is left when it cannot be written."""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import nbformat
import pypdf
import pytest
from conftest import DEMO, LETOILE, spoil, write_tables

from derbes import auditing, seal
from derbes.auditing import audit
from derbes.errors import OutputError, SourceError, UsageError
from derbes.page import widget
from derbes.quarter import Quarter
from derbes.report import pdf, report, shelf
from derbes.text import LANGUAGES, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Rows

Q3 = Quarter(2026, 3)
FILES = {
    "audit.html", "audit.ipynb", "due.ics", "findings.json", "findings.xlsx", "manifest.json", "quarter.json",
    "summary.txt", "figures/findings.png", "figures/purposes.png", "figures/retention.png", "figures/systems.png",
    "figures/trends.png",
}  # fmt: skip


def write(inventory: Path, out: Path, **options: Any) -> Path:
    asked = {"quarter": Q3, "as_of": Q3.last_day, "before": "none", "lang": "ru", "notebooks": ("audit",)} | options
    return report(inventory, out=out, **asked)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(LETOILE, tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def page(made: Path) -> str:
    return (made / "audit.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """Elements of a page, and the texts that its tables, headings and figures must not do without."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


# -- what it holds -------------------------------------------------------------------------------------------------


def test_a_report_lies_under_its_operator_and_quarter_and_holds_these_files(made: Path) -> None:
    assert made.parts[-2:] == ("letoile-kz", "2026Q3")
    assert set(contents(made)) == FILES
    assert sorted(path.name for path in made.parent.iterdir()) == ["2026Q3"]


def test_the_findings_in_the_report_are_those_of_the_audit(made: Path) -> None:
    done = audit(LETOILE, as_of=Q3.last_day, before="none")
    said = json.loads((made / "findings.json").read_text(encoding="utf-8"))
    assert said["digest"] == done.digest
    assert [finding["id"] for finding in said["findings"]] == list(done.findings["id"])


def test_every_critical_finding_has_its_place_on_the_page(page: str) -> None:
    done = audit(LETOILE, as_of=Q3.last_day, before="none")
    critical = done.findings.loc[done.findings["severity"] == "critical", "id"]
    anchors = [attributes["id"] for _, attributes in Page(page).elements if attributes.get("id")]
    assert {f"f-{code}" for code in critical} <= set(anchors)
    assert len(anchors) == len(set(anchors))


def test_every_link_on_the_page_leads_to_a_place_on_it(page: str) -> None:
    parsed = Page(page)
    anchors = {f"#{attributes['id']}" for _, attributes in parsed.elements if attributes.get("id")}
    assert {attributes["href"] for attributes in parsed.all("a")} <= anchors


def test_the_page_asks_nobody_for_anything_and_runs_nothing_but_the_widget_of_its_tables(page: str) -> None:
    parsed = Page(page)
    assert not re.search(r"@import|url\(", page)
    said = [value for _, attributes in parsed.elements for value in attributes.values() if value]
    assert not [value for value in said if re.search(r"https?:", value)]  # an address in a clause is text
    assert not [tag for tag, _ in parsed.elements if tag in {"iframe", "object", "embed", "form", "base"}]
    assert not [name for _, attributes in parsed.elements for name in attributes if name.startswith("on")]
    policy = next(meta["content"] for meta in parsed.all("meta") if meta.get("http-equiv"))
    scripts = widget.policy("ru")
    assert policy.startswith(f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:")
    assert scripts.count("sha256-") == 2
    assert page.count("<script") == 2
    assert page.endswith(f"</main>\n{widget.widget('ru')}\n</body>\n</html>\n")
    assert all(image["src"].startswith("data:image/png;base64,") for image in parsed.all("img"))
    assert all(link["href"] == "data:," for link in parsed.all("link"))


def test_the_page_is_light_and_can_be_read_by_those_who_do_not_see_it(page: str) -> None:
    parsed = Page(page)
    assert len(page.encode()) < 1_500_000
    assert parsed.all("html") == [{"lang": "ru"}]
    assert len(parsed.all("img")) == 4  # the course over quarters is a sentence where there is one quarter
    assert all(image["alt"] for image in parsed.all("img"))
    assert all(heading["scope"] in {"col", "row"} for heading in parsed.all("th"))
    assert len(parsed.all("caption")) == len(parsed.all("table"))
    assert len(parsed.all("h1")) == 1
    assert f"<title>{words('ru')['pages']['names']['audit']} — Alkor Kazakhstan Ltd. — III " in page


def test_the_page_says_what_was_audited_the_verdict_the_risks_what_is_unknown_and_what_was_not_checked(
    page: str,
) -> None:
    sections = [attributes.get("id") for attributes in Page(page).all("h2")]
    law = ["provisions", "citations", "amendments", "fines"]
    time = ["changes", "due", "trends"]
    first = ["summary", "scope", "risks", "score"]
    asked = [*first, "promises", "coverage", *law, *time, "unknown", "not-checked", "findings"]
    assert sections == asked
    links = [attributes["href"] for attributes in Page(page).all("a")]
    assert links[: len(asked)] == [f"#{section}" for section in asked]


def test_a_page_stays_light_however_long_the_cells_are(small: Rows, tmp_path: Path) -> None:
    for table in ("operator", "systems", "retention", "categories"):
        spoil(small, table, name="long " * 6000)
    for row in range(10):
        spoil(small, "processing", row=row, name=f"word{row} " * 4000, legal_basis="gdpr-contract")
    done = write(write_tables(tmp_path / "inventory", small), tmp_path / "reports")
    assert (done / "audit.html").stat().st_size < 1_500_000
    assert max(map(len, (done / "summary.txt").read_text(encoding="utf-8").splitlines())) <= 200


def test_a_page_never_lists_findings_by_the_thousand(page: str) -> None:
    done = audit(LETOILE, as_of=Q3.last_day, before="none")
    assert page.count('id="f-') <= 160
    assert len(done.findings) > 160


def test_what_an_inventory_says_is_shown_and_never_run(small: Rows, tmp_path: Path) -> None:
    attack = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    spoil(small, "operator", name=attack)
    spoil(small, "retention", name=attack, period="indefinite")
    spoil(small, "systems", name=attack, owner="")
    spoil(small, "categories", name=attack)
    done = write(write_tables(tmp_path / "inventory", small), tmp_path / "reports")
    parsed = Page((done / "audit.html").read_text(encoding="utf-8"))
    assert len(parsed.all("script")) == 2  # the widget's
    assert all(image["src"].startswith("data:") for image in parsed.all("img"))
    assert attack in parsed.text


@pytest.mark.usefixtures("forgetful")
def test_the_same_report_made_twice_is_the_same_to_the_byte(made: Path, tmp_path: Path) -> None:
    again = contents(write(LETOILE, tmp_path / "reports"))
    assert [name for name, data in contents(made).items() if again[name] != data] == []


def test_the_notebook_that_is_kept_names_the_parameters_and_no_place_of_this_machine(made: Path) -> None:
    notebook = nbformat.read(made / "audit.ipynb", as_version=4)
    nbformat.validate(notebook)
    given = next(cell for cell in notebook.cells if "injected-parameters" in cell.metadata.get("tags", []))
    assert 'quarter = "2026Q3"' in given.source
    assert ".tmp" not in given.source
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert {name for cell in notebook.cells for name in cell.metadata} <= {"tags"}


@pytest.mark.parametrize("lang", ["ru", "kk", "en"])
def test_the_summary_is_ten_lines_for_a_mail(tmp_path: Path, lang: str) -> None:
    text = (write(DEMO, tmp_path, lang=lang) / "summary.txt").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 10
    assert all(line.strip() and len(line) <= 200 and "{" not in line for line in text.splitlines())
    assert "findings.xlsx" in text.splitlines()[-1]


def test_the_pages_of_a_report_lead_to_one_another(tmp_path: Path) -> None:
    for name in ("second", "a third"):
        source = Path(auditing.__file__).parents[2] / "notebooks" / "audit.ipynb"
        shutil.copy(source, tmp_path / f"{name}.ipynb")
    own = (str(tmp_path / "second.ipynb"), str(tmp_path / "a third.ipynb"))
    done = write(DEMO, tmp_path / "reports", lang="en", notebooks=("audit", *own))
    for name in ("audit", "second", "a third"):
        links = Page((done / f"{name}.html").read_text(encoding="utf-8")).all("a")[:3]
        assert [link["href"] for link in links] == ["audit.html", "second.html", "a%20third.html"]
        assert [link["href"] for link in links if "aria-current" in link] == [quote(f"{name}.html")]


def test_every_notebook_that_comes_with_derbes_is_in_a_report_in_the_order_of_reading() -> None:
    names = [path.stem for path in (Path(auditing.__file__).parents[2] / "notebooks").glob("*.ipynb")]
    assert list(shelf.shipped()) == [name for name in shelf.ORDER if name in names]
    assert set(names) <= set(shelf.ORDER)
    assert all(set(words(lang)["pages"]["names"]) == set(shelf.ORDER) for lang in LANGUAGES)


@pytest.mark.skipif(not pdf.browser(), reason="no Chromium, Chrome or Edge is installed")
def test_the_report_is_printed_where_there_is_a_browser_the_same_each_time(tmp_path: Path) -> None:
    first, again = (write(DEMO, tmp_path / name, lang="kk", pdf=True) for name in ("first", "again"))
    printed = pypdf.PdfReader(first / "audit.pdf")
    assert len(printed.pages) > 5
    assert printed.pages[0].mediabox.width == pytest.approx(595, abs=2)  # A4
    assert words("kk")["page"]["title"] in printed.pages[0].extract_text()
    assert (first / "audit.pdf").read_bytes() == (again / "audit.pdf").read_bytes()
    assert "audit.pdf" in (first / "summary.txt").read_text(encoding="utf-8").splitlines()[-1]
    assert "audit.pdf" in json.loads((first / "manifest.json").read_text(encoding="utf-8"))["artefacts"]
    assert seal.verify(first, inventory=DEMO).holds


@pytest.mark.parametrize("program", [None, "no-such-program", sys.executable])
def test_a_report_without_a_pdf_is_whole_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None
) -> None:
    monkeypatch.setattr(pdf, "browser", lambda: program)
    done = write(DEMO, tmp_path, lang="en", pdf=True)
    assert set(contents(done)) == FILES
    assert "(no PDF: " in (done / "summary.txt").read_text(encoding="utf-8").splitlines()[-1]


@pytest.mark.usefixtures("forgetful")
def test_the_audit_is_made_once_however_many_notebooks_there_are(tmp_path: Path) -> None:
    shutil.copy(Path(auditing.__file__).parents[2] / "notebooks" / "audit.ipynb", tmp_path / "second.ipynb")
    steps: list[str] = []
    done = write(DEMO, tmp_path / "reports", notebooks=("audit", str(tmp_path / "second.ipynb")), progress=steps.append)
    assert (done / "second.html").exists()
    assert {"notebook audit", "notebook second"} <= set(steps)
    assert len(steps) == len(set(steps))


# -- the seal ------------------------------------------------------------------------------------------------------


def test_the_manifest_has_the_hash_of_every_file_beside_it_and_of_every_file_that_went_in(made: Path) -> None:
    said = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
    files = {name: hashlib.sha256(data).hexdigest() for name, data in contents(made).items()}
    assert said["artefacts"] == {name: sha for name, sha in sorted(files.items()) if name != "manifest.json"}
    books = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in LETOILE.glob("*.xlsx")}
    assert said["inputs"] | books == said["inputs"]
    assert said["findings"] == json.loads((made / "findings.json").read_text(encoding="utf-8"))["digest"]
    assert {"law/kz/acts.yaml", "law/kz/rules.yaml"} <= set(said["law_files"])
    assert "rules/completeness.yaml" in said["rules"]
    assert {"tables.yaml", "text/structure.yaml", "text/kk/page.yaml"} <= set(said["model"])


def test_a_workbook_that_is_saved_while_the_report_is_made_stops_it(small: Rows, tmp_path: Path) -> None:
    folder = write_tables(tmp_path / "inventory", small)

    def save(step: str) -> None:
        if step == "manifest.json":
            (folder / "systems.csv").write_text("system_id\nnew\n", encoding="utf-8")

    with pytest.raises(SourceError, match=r"systems\.csv: changed while the report was being made"):
        write(folder, tmp_path / "reports", progress=save)


def test_the_manifest_lists_the_operators_own_rules_and_the_quarters_compared_with(small: Rows, tmp_path: Path) -> None:
    folder = write_tables(tmp_path / "inventory", small)
    write_tables(folder / "history" / "2026Q2", small)
    write_tables(folder / "history" / "2026Q4", small)
    (folder / "decisions.csv").write_text("id\n", encoding="utf-8")
    done = write(folder, tmp_path / "reports", before=None)
    inputs = json.loads((done / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    assert "decisions.csv" in inputs
    assert "history/2026Q2/systems.csv" in inputs
    assert not [name for name in inputs if "2026Q4" in name]


# -- when it cannot be written -------------------------------------------------------------------------------------


def broken(step: str, error: BaseException) -> Callable[[str], None]:
    """Progress that fails at a step, as a full disk or Ctrl-C would."""

    def progress(said: str) -> None:
        if said == step:
            raise error

    return progress


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(DEMO, tmp_path_factory.mktemp("shop"))


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("notebook audit", OSError(errno.ENOSPC, "No space left on device", "figures")),
        ("findings.xlsx", KeyboardInterrupt()),
        ("findings.json", OSError(errno.EACCES, "Permission denied", "findings.json")),
        ("manifest.json", MemoryError()),
    ],
)
def test_an_old_report_is_whole_whatever_stops_the_new_one(
    shop: Path, tmp_path: Path, step: str, error: BaseException
) -> None:
    old = shutil.copytree(shop, tmp_path / shop.parent.name / shop.name)
    with pytest.raises(OutputError if isinstance(error, OSError) else type(error)):
        write(DEMO, tmp_path, lang="en", progress=broken(step, error))
    assert contents(old) == contents(shop)
    assert sorted(path.name for path in old.parent.iterdir()) == ["2026Q3", "2026Q3.failed"]
    summary = (old.with_name("2026Q3.failed") / "summary.txt").read_text(encoding="utf-8")
    assert len(summary.splitlines()) == 10
    assert "whole, and it stands" in summary
    assert step in summary


def test_a_report_that_is_made_clears_the_note_on_the_one_that_failed(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write(DEMO, tmp_path, progress=broken("findings.json", KeyboardInterrupt()))
    done = write(DEMO, tmp_path)
    assert [path.name for path in done.parent.iterdir()] == ["2026Q3"]


def test_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "audit.html")
    with pytest.raises(OutputError) as told:
        write(DEMO, tmp_path, progress=broken("findings.json", full))
    assert str(told.value).startswith("audit.html: No space left on device.")


def test_an_unknown_language_is_refused_as_such(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="language"):
        write(DEMO, tmp_path, lang="de")


def test_an_output_that_is_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("not a folder", encoding="utf-8")
    with pytest.raises(OutputError, match="reports"):
        write(DEMO, tmp_path / "reports")
    assert (tmp_path / "reports").read_text(encoding="utf-8") == "not a folder"


def test_an_inventory_that_cannot_be_read_leaves_ten_lines_too(tmp_path: Path) -> None:
    folder = write_tables(tmp_path / "shop", {"nothing_known": [{"a": "b"}]})
    with pytest.raises(SourceError):
        write(folder, tmp_path / "reports", lang="en")
    summary = (tmp_path / "reports" / "shop" / "2026Q3.failed" / "summary.txt").read_text(encoding="utf-8")
    assert len(summary.splitlines()) == 10
    assert "there is no conclusion" in summary


def test_an_inventory_that_does_not_exist_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        write(tmp_path / "nowhere", tmp_path / "reports")
    assert not (tmp_path / "reports").exists()


def test_a_report_that_replaces_a_sealed_one_says_what_is_lost(tmp_path: Path) -> None:
    heard: list[str] = []
    home = shutil.copytree(DEMO, tmp_path / "demo")
    asked = {"quarter": Q3, "as_of": Q3.last_day, "before": "none", "out": tmp_path / "out", "warn": heard.append}
    report(home, notebooks=("changes", "subject"), **asked)
    report(home, notebooks=("changes", "subject"), **asked)
    assert heard == []  # the same report again
    report(home, notebooks=("changes",), **asked)
    assert len(heard) == 1
    assert "without" in heard[0]
    assert "subject.html" in heard[0]
    assert "other findings" not in heard[0]
    (home / "customers.xlsx").unlink()
    report(home, notebooks=("changes",), **asked)
    assert "other findings" in heard[1]
