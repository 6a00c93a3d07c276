"""Workbooks out: the findings of an audit, what changed, and inventories to fill in."""

from derbes.workbook.changes import write_changes
from derbes.workbook.findings import write_findings
from derbes.workbook.personal_data import write_list
from derbes.workbook.template import write_inventory

__all__ = ["write_changes", "write_findings", "write_inventory", "write_list"]
