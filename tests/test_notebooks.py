"""The notebooks as documents: stripped, short, in the library's words, and the same wherever they are run."""

from __future__ import annotations

import ast
import builtins
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from conftest import DEMO, ROOT
from IPython.core.getipython import get_ipython

from derbes.errors import DerbesError, OutputError, UsageError
from derbes.quarter import Quarter
from derbes.report import report
from derbes.report.shelf import found

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
Q3 = Quarter(2026, 3)
PARAMETERS = ["inventory", "quarter", "as_of", "law", "lang", "before", "out"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_a_notebook_is_kept_without_outputs_counts_or_traces_of_a_run(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.outputs and cell.execution_count is None for cell in code(notebook))
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)


def test_a_notebook_has_one_cell_of_parameters_that_papermill_reads_with_type_default_and_help(path: Path) -> None:
    tagged = [cell for cell in code(nbformat.read(path, as_version=4)) if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    known = papermill.inspect_notebook(str(path))
    assert list(known)[: len(PARAMETERS)] == PARAMETERS
    assert all(one["inferred_type_name"] == "str" and one["help"] for one in known.values())


def test_the_cells_are_short_and_call_the_library_alone(path: Path) -> None:
    for cell in code(nbformat.read(path, as_version=4)):
        assert 1 <= len(cell.source.splitlines()) <= 8
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} == {"derbes"}
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] == "derbes"


def test_the_words_of_a_notebook_come_from_the_library(path: Path) -> None:
    assert not [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    assert path.read_text(encoding="utf-8").isascii()


def test_an_ordinary_kernel_in_the_notebooks_folder_shows_what_the_report_shows(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    shutil.copytree(ROOT / "inventory" / "demo", tmp_path / "inventory" / "demo")
    asked = {"inventory": "inventory/demo", "quarter": "2026Q3", "lang": "kk"}
    source = tmp_path / "notebooks" / "audit.ipynb"
    target = tmp_path / "alone.ipynb"
    papermill.execute_notebook(source, target, asked, cwd=source.parent, progress_bar=False)
    home = tmp_path / "inventory" / "demo"
    made = report(home, quarter=Q3, as_of=Q3.last_day, lang="kk", out=tmp_path / "reports")
    alone, kept = (nbformat.read(one, as_version=4) for one in (target, made / "audit.ipynb"))
    assert shown(alone) == shown(kept)


def shown(notebook: nbformat.NotebookNode) -> list[str]:
    return [output.data["text/html"] for cell in code(notebook) for output in cell.outputs]


def test_the_notebooks_of_the_checkout_are_found_by_name() -> None:
    assert found(["audit"])["audit"].samefile(ROOT / "notebooks" / "audit.ipynb")


def test_a_notebook_of_ones_own_is_found_by_path(tmp_path: Path) -> None:
    own = tmp_path / "own.ipynb"
    own.write_text(json.dumps({}), encoding="utf-8")
    assert found([str(own)]) == {"own": own}


CELL = "\n".join(f'{name}: str = ""' for name in PARAMETERS)


def write(out: Path, *notebooks: str) -> Path:
    return report(DEMO, quarter=Q3, as_of=Q3.last_day, before="none", out=out, notebooks=notebooks)


def notebook(path: Path, *sources: str, parameters: str = CELL) -> str:
    kernel = {"name": "python3", "display_name": "", "language": "python"}
    made = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    made.cells = [first, *map(nbformat.v4.new_code_cell, sources)]
    nbformat.write(made, path)
    return str(path)


def test_a_notebook_that_does_not_exist_is_refused_with_the_closest_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean “audit”"):
        write(tmp_path, "audits")


def test_a_notebook_that_lacks_a_parameter_is_refused(tmp_path: Path) -> None:
    own = notebook(tmp_path / "own.ipynb", "1 + 1", parameters='inventory: str = ""')
    with pytest.raises(UsageError, match=r"own\.ipynb: the notebook takes no parameter quarter"):
        write(tmp_path / "reports", own)


def test_a_notebook_that_fails_is_told_by_cell_and_kind_and_never_with_the_data(tmp_path: Path) -> None:
    own = notebook(tmp_path / "own.ipynb", "1 + 1", "{}['someone@example.org']")
    with pytest.raises(DerbesError) as told:
        write(tmp_path / "reports", own)
    assert str(told.value).startswith("own.ipynb: cell 4 failed: KeyError.")
    left = [path for path in (tmp_path / "reports").rglob("*") if path.is_file()]
    assert [path.name for path in left] == ["summary.txt"]
    assert "someone@" not in left[0].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("cell", "raised"),
    [
        ("raise KeyboardInterrupt", KeyboardInterrupt),
        ("raise OSError(28, 'No space left on device', 'picture.png')", OutputError),
        ("import derbes\nderbes.Quarter.parse('soon')", UsageError),
    ],
)
def test_what_a_report_can_say_itself_comes_out_of_a_cell_as_it_is(
    tmp_path: Path, cell: str, raised: type[BaseException]
) -> None:
    with pytest.raises(raised):
        write(tmp_path / "reports", notebook(tmp_path / "own.ipynb", cell))
    assert not list((tmp_path / "reports").rglob("own.ipynb"))


def test_what_a_cell_prints_and_shows_is_kept_in_order_and_shown_escaped(tmp_path: Path) -> None:
    own = notebook(
        tmp_path / "own.ipynb",
        "print('one <b>'); display('two'); print('three'); 'four'",
        "from IPython.display import HTML, Markdown\ndisplay(Markdown('**five**'))\nHTML('<p id=\"six\">six</p>')",
        "4;",
        "def f():\n    return 'seven'\nawait_free = f()\nawait_free",
    )
    done = write(tmp_path / "reports", own)
    outputs = nbformat.read(done / "own.ipynb", as_version=4).cells[2].outputs
    kinds = [output.output_type for output in outputs]
    assert kinds == ["stream", "display_data", "stream", "execute_result"]
    page = (done / "own.html").read_text(encoding="utf-8")
    words = ("one &lt;b&gt;", "two", "three", "four", "<strong>five", '<p id="six">', "seven")
    places = [page.index(word) for word in words]
    assert places == sorted(places)


def test_running_notebooks_leaves_the_process_as_it_was(tmp_path: Path) -> None:
    def state() -> tuple[Any, ...]:
        here = (sys.displayhook, sys.excepthook, sys.stdout, sys.modules["__main__"], Path.cwd(), list(sys.path))
        return (*here, "display" in vars(builtins), get_ipython())

    before = state()
    write(tmp_path, notebook(tmp_path / "own.ipynb", "leaked = 1", "get_ipython().run_cell('2')"))
    assert state() == before
    assert "leaked" not in vars(sys.modules["__main__"])
