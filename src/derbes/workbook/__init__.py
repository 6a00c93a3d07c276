"""Workbooks out: the findings of an audit, what changed, and inventories to fill in."""

from derbes.workbook.changes import write_changes
from derbes.workbook.choices import shown
from derbes.workbook.course import Course
from derbes.workbook.findings import write_findings
from derbes.workbook.pack import Letter, Pack, write_pack
from derbes.workbook.patch import Patched, patched
from derbes.workbook.personal_data import write_list
from derbes.workbook.registers import write_registers
from derbes.workbook.template import write_inventory

__all__ = [
    "Course",
    "Letter",
    "Pack",
    "Patched",
    "patched",
    "shown",
    "write_changes",
    "write_findings",
    "write_inventory",
    "write_list",
    "write_pack",
    "write_registers",
]
