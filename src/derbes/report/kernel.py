"""A papermill engine that runs a notebook's cells in this process: no kernel to start, the audit already made.

The same notebooks run in an ordinary kernel; this is the fast road of a report. What a failing cell would print as a
traceback may hold cells of the inventory, so it is kept out of the notebook: one line says which cell and what kind.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import io
import tempfile
from typing import TYPE_CHECKING, Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_output
from papermill.engines import Engine, papermill_engines
from traitlets import Type
from traitlets.config import Config

from derbes.errors import DerbesError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbformat import NotebookNode
    from papermill.engines import NotebookExecutionManager

ENGINE = "derbes"


class InProcess(Engine):  # type: ignore[misc]
    """Runs every code cell of a notebook in one fresh namespace, in order, and stops at the first that fails."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **_: object) -> None:  # noqa: ARG003
        """Fill in the outputs of the cells; a failure is an error output of one line, which papermill raises.

        Ctrl-C, the operating system's refusals and derbes' own errors pass through as they are.
        """
        with _shell() as shell:
            for index, cell in enumerate(nb_man.nb.cells):
                nb_man.cell_start(cell, index)
                failure = shell.run(cell) if cell.cell_type == "code" else None
                if failure is not None:
                    cell.outputs.append(_error(failure))
                    nb_man.cell_exception(cell, index)
                nb_man.cell_complete(cell, index)
                if isinstance(failure, (KeyboardInterrupt, DerbesError, OSError)):
                    raise failure
                if failure is not None:
                    break


papermill_engines.register(ENGINE, InProcess)


class _Publisher(DisplayPublisher):
    """Display data becomes an output of the cell that runs."""

    def publish(self, data: Any, metadata: Any = None, *_: Any, **__: Any) -> None:  # noqa: ANN401 - IPython's signature
        self.shell.record(new_output("display_data", data=data, metadata=metadata or {}))

    def clear_output(self, wait: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - IPython's signature
        self.shell.outputs.clear()


class _Hook(DisplayHook):
    """The value of a cell's last expression becomes its result."""

    shell: Any

    def write_output_prompt(self) -> None:
        """Write nothing: the number stands in the output."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        count = self.shell.execution_count
        result = new_output("execute_result", data=format_dict, metadata=md_dict or {}, execution_count=count)
        self.shell.record(result)


class _Stream(io.TextIOBase):
    """Printed text becomes a stream output; neighbours of one stream are joined."""

    def __init__(self, shell: _Shell, name: str) -> None:
        self._shell = shell
        self._name = name

    def write(self, text: str) -> int:
        last = self._shell.outputs[-1] if self._shell.outputs else None
        if last is not None and last.output_type == "stream" and last.name == self._name:
            last.text += text
        elif text:
            self._shell.record(new_output("stream", name=self._name, text=text))
        return len(text)


class _Shell(InteractiveShell):
    """An IPython without a terminal, a history or a traceback."""

    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)

    outputs: list[NotebookNode]

    def record(self, output: NotebookNode) -> None:
        self.outputs.append(output)

    def run(self, cell: NotebookNode) -> BaseException | None:
        """Run one cell, put its outputs and number into it, and return what it raised."""
        self.outputs = cell.outputs = []
        cell.execution_count = self.execution_count
        with contextlib.redirect_stdout(_Stream(self, "stdout")), contextlib.redirect_stderr(_Stream(self, "stderr")):
            result = self.run_cell(cell.source, store_history=True)
        error: BaseException | None = result.error_before_exec or result.error_in_exec
        return error

    def init_virtualenv(self) -> None:
        """Leave sys.path alone: this process already has the packages it needs."""

    def init_sys_modules(self) -> None:
        """Leave ``__main__`` to the process."""

    def init_prompts(self) -> None:
        """Set no prompts: nobody is asked."""

    def showtraceback(self, *_: object, **__: object) -> None:
        """Show nothing: a traceback may hold cells of the inventory."""

    showsyntaxerror = showindentationerror = showtraceback


@contextlib.contextmanager
def _shell() -> Iterator[_Shell]:
    """Shell that stands in for the running IPython, if there is one, and leaves no trace in this process or on disk."""
    standing = InteractiveShell._instance  # noqa: SLF001 - there is no public way to step aside for a while
    named = {name: vars(builtins).get(name) for name in ("display", "__IPYTHON__")}
    with tempfile.TemporaryDirectory() as folder:
        shell = _Shell(config=Config({"HistoryManager": {"enabled": False}}), ipython_dir=folder)
        atexit.unregister(shell.atexit_operations)
        InteractiveShell._instance = shell  # type: ignore[assignment]  # noqa: SLF001
        try:
            yield shell
        finally:
            shell.atexit_operations()
            InteractiveShell._instance = standing  # noqa: SLF001
            _restore(named)


def _restore(named: dict[str, object]) -> None:
    """Give the built-in names back what they meant before IPython put its own there."""
    for name, value in named.items():
        if value is None:
            vars(builtins).pop(name, None)
        else:
            setattr(builtins, name, value)


def _error(failure: BaseException) -> NotebookNode:
    """One safe line: derbes' own errors are written for the user, of any other only the kind is told."""
    said = str(failure) if isinstance(failure, DerbesError) else ""
    name = type(failure).__name__
    return new_output("error", ename=name, evalue=said, traceback=[f"{name}: {said}".rstrip(": ")])
