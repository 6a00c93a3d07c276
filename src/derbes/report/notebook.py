"""The notebooks of a report: how they are run with parameters, and what of a run is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError
from papermill.translators import translate_parameters

from derbes.errors import DerbesError, UsageError, did_you_mean
from derbes.page.widget import live
from derbes.report.kernel import ENGINE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nbformat import NotebookNode

Parameters = dict[str, str]
_INJECTED = "injected-parameters"
_CELL_METADATA = ("tags", "jupyter")


class NotebookError(DerbesError, RuntimeError):
    """A notebook that failed, with the kind of failure and no more: what it says may hold cells of the inventory."""


def run(path: Path, parameters: Parameters, *, shown: Parameters) -> NotebookNode:
    """The notebook with the outputs of a run in this process, and nothing in it that differs between two equal runs.

    ``shown`` are the parameters to be read in it: a report is written in one folder and stands in another.
    Raises UsageError for parameters that the notebook does not take, NotebookError where a cell fails, DerbesError
    and OSError as they come out of one.
    """
    _refuse_unknown(path, parameters)
    notebook = nbformat.read(path, as_version=4)
    try:
        ran = papermill.execute_notebook(notebook, None, parameters, engine_name=ENGINE, progress_bar=False)
    except PapermillExecutionError as error:
        remedy = "Run the notebook alone, in JupyterLab, to see what failed."
        raise NotebookError(path.name, f"cell {error.exec_count} failed: {error.ename}", remedy) from None
    return _settled(ran, shown)


def written(notebook: NotebookNode) -> str:
    """The text of an .ipynb file: indented by one, keys sorted, as Jupyter writes it."""
    return str(nbformat.writes(notebook, version=nbformat.NO_CONVERT)).rstrip("\n") + "\n"


def _refuse_unknown(path: Path, parameters: Parameters) -> None:
    """Papermill only warns of a parameter that a notebook does not have, and the run is not what was asked for."""
    try:
        known = papermill.inspect_notebook(str(path))
    except (ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        raise UsageError(path.name, "is no notebook", "Save it anew from JupyterLab.") from error
    for name in parameters:
        if name not in known:
            remedy = did_you_mean(name, known) or f"It takes {', '.join(known) or 'none'}."
            raise UsageError(path.name, f"the notebook takes no parameter {name}", remedy)


def _settled(notebook: NotebookNode, shown: Parameters) -> NotebookNode:
    """Leave out times, paths, warnings and random ids, and let the parameters be those of the finished report.

    The widget of tables is for those who run a notebook: in a kept one it would be weight, and a script to account for.
    """
    besides = live(shown["lang"])
    for cell in notebook.cells:
        if "outputs" in cell:  # a warning says where on this machine the program lies
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        for output in cell.get("outputs", []):
            if besides in (html := output.get("data", {}).get("text/html", "")):
                output.data["text/html"] = html.replace(besides, "")
        if _INJECTED in cell.metadata.get("tags", []):
            cell.id = _INJECTED
            cell.source = translate_parameters("python3", "python", shown, "Parameters").rstrip("\n")
        cell.metadata = _kept(cell.metadata, _CELL_METADATA)
    notebook.metadata = _kept(notebook.metadata, ("kernelspec",)) | {"language_info": {"name": "python"}}
    return notebook


def _kept(metadata: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return nbformat.from_dict({name: metadata[name] for name in names if name in metadata})
