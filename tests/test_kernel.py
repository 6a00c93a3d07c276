"""In an ordinary kernel, as JupyterLab starts one: objects show themselves, names complete, errors are one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from conftest import DAY, DEMO, LETOILE, demo_tables, spoil, write_tables
from nbclient import NotebookClient

import derbes
from derbes import auditing
from derbes.errors import SourceError
from derbes.text import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def kernel() -> Iterator[NotebookClient]:
    client = NotebookClient(nbformat.v4.new_notebook(), kernel_name="python3", allow_errors=True, timeout=120)
    with client.setup_kernel():
        run(client, f"import derbes\ninv = derbes.load({str(DEMO)!r})")
        yield client


def run(client: NotebookClient, source: str) -> list[Any]:
    """Outputs of a cell."""
    cell = nbformat.v4.new_code_cell(source)
    client.nb.cells.append(cell)
    client.execute_cell(cell, len(client.nb.cells) - 1)
    return cell.outputs


def test_an_inventory_shows_its_operator_its_tables_and_what_was_left_out(kernel: NotebookClient) -> None:
    (shown,) = run(kernel, "inv")
    assert "<td>.fields</td>" in shown.data["text/html"]
    assert shown.data["text/plain"].startswith("<Inventory ")
    assert len(shown.data["text/html"]) < 10_000


def test_a_table_shows_itself_as_a_frame_of_pandas_and_no_longer_than_a_screen(kernel: NotebookClient) -> None:
    (shown,) = run(kernel, "inv.fields")
    assert shown.data["text/html"].count("<tr") < 25


def test_tables_are_completed_by_the_tab_key(kernel: NotebookClient) -> None:
    asked = (
        "with provisionalcompleter():\n    print(*(c.text for c in get_ipython().Completer.completions('inv.re', 6)))"
    )
    (shown,) = run(kernel, f"from IPython.core.completer import provisionalcompleter\n{asked}")
    assert {name.rpartition(".")[2] for name in shown.text.split()} >= {"recipients", "retention", "requests"}


def test_an_error_in_a_notebook_is_one_line_that_says_what_to_do(kernel: NotebookClient) -> None:
    (shown,) = run(kernel, "derbes.load('nowhere')")
    assert shown.output_type == "error"
    assert len(shown.traceback) == 1
    assert shown.traceback[0].startswith("SourceError: nowhere: ")
    assert "\n" not in shown.traceback[0]


def test_help_says_what_one_gets(kernel: NotebookClient) -> None:
    for name in ("load", "audit", "diff", "Inventory", "Audit", "Quarter"):
        assert derbes.__dict__.get(name, getattr(derbes, name)).__doc__
    assert run(kernel, "print(derbes.audit.__doc__.splitlines()[0])")[0].text.startswith("Audit of an inventory as of")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_audit_shows_the_counts_and_the_first_findings_in_its_language(lang: str) -> None:
    done = auditing.audit(LETOILE, as_of=DAY, before="none", lang=lang)
    shown = done._repr_html_()
    assert all(f"<td>{done.summary[name]}</td>" in shown for name in ("critical", "warning", "info", "unknown"))
    assert done.findings["id"].iat[0] in shown
    assert len(shown) < 10_000
    assert "nan" not in shown


def test_what_an_inventory_holds_is_shown_and_never_run_in_a_notebook(tmp_path: Path) -> None:
    tables = spoil(demo_tables(), "operator", name="<img src=x onerror=alert(1)>")
    spoil(tables, "retention", retention_id="<script>alert(2)</script>", period="indefinite")
    home = write_tables(tmp_path / "inventory", tables)
    (home / "<b>x.csv").write_text("a\n1\n", encoding="utf-8")
    inv = derbes.load(home)
    shown = inv._repr_html_() + derbes.audit(inv, as_of=DAY, before="none")._repr_html_()
    assert "&lt;img" in shown
    assert not [tag for tag in ("<img", "<script", "<b>") if tag in shown]


def test_an_inventory_without_an_operator_shows_itself_too(tmp_path: Path) -> None:
    tables = {"systems": demo_tables()["systems"]}
    shown = derbes.load(write_tables(tmp_path / "kiosk", tables))._repr_html_()
    assert "<strong>kiosk</strong>" in shown


def test_an_error_is_one_line_even_where_a_cell_broke_it() -> None:
    assert SourceError("a\nb", "c", "d.")._render_traceback_() == ["SourceError: a b: c. d."]
