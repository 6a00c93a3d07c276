"""The quarterly report: one audit, its notebooks run and rendered, sealed and put in place whole."""

from derbes.report.making import report
from derbes.report.notebook import NotebookError

__all__ = ["NotebookError", "report"]
