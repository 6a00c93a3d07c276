"""The quarterly report: one audit, its notebooks run and rendered, sealed and put in place whole."""

from derbes.report.making import report

__all__ = ["report"]
