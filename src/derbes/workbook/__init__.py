"""Workbooks out: the findings of an audit, and inventories to fill in."""

from derbes.workbook.findings import write_findings
from derbes.workbook.template import write_inventory

__all__ = ["write_findings", "write_inventory"]
