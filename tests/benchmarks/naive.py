"""The pipeline that a capable analyst writes in a day: pandas and openpyxl in, a batch a rule, openpyxl out.

usage: naive.py WORKBOOK.xlsx OUT.xlsx

Every rule is validated alone, with the columns that identify its rows; every finding becomes a styled row. Prints
seconds and peak memory by stage, the number of findings, and a digest of the cells they point to.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import warnings
from typing import Any

from checks import CHECKS, KEYS, LISTS, SLUG, Check
from stages import Stages

HEAD = ("rule", "severity", "table", "row", "key", "column", "value", "message", "law", "status", "decision", "comment")

stages = Stages()
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
with stages.stage("import"):
    import great_expectations as gx
    import pandas as pd
    from great_expectations import expectations as gxe
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, PatternFill


def expectation(check: Check, sheets: dict[str, pd.DataFrame]) -> Any:
    """Return the check as an expectation."""
    if check.kind == "unique":
        return gxe.ExpectColumnValuesToBeUnique(column=check.column)
    if check.kind == "spelling":
        return gxe.ExpectColumnValuesToMatchRegex(column=check.column, regex=SLUG)
    if check.kind == "required":
        return gxe.ExpectColumnValuesToNotBeNull(column=check.column)
    if check.kind == "closed_list":
        return gxe.ExpectColumnValuesToBeInSet(column=check.column, value_set=LISTS[check.table][check.column])
    known = sheets[check.to][KEYS[check.to]].dropna().tolist()
    return gxe.ExpectColumnValuesToBeInSet(column=check.column, value_set=known)


def findings(sheets: dict[str, pd.DataFrame]) -> list[list[Any]]:
    """Validate every check as a batch of its own."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("inventory")
    found = []
    for number, check in enumerate(CHECKS):
        frame = sheets[check.table].reset_index(names="row")
        asset = source.add_dataframe_asset(f"asset{number}").add_batch_definition_whole_dataframe("whole")
        form = {"result_format": "COMPLETE", "unexpected_index_column_names": ["row", KEYS[check.table]]}
        batch = asset.get_batch({"dataframe": frame})
        result = batch.validate(expectation(check, sheets), result_format=form).result
        for hit in result.get("unexpected_index_list") or []:
            key, value = str(hit.get(KEYS[check.table])), str(hit.get(check.column))
            place = [check.table, int(hit["row"]) + 2, key, check.column, value]
            found.append([check.kind, "critical", *place, "the value does not meet the rule", "94-V", "new", "", ""])
    return found


def write(found: list[list[Any]], path: str) -> None:
    """Write findings as a workbook with coloured, wrapped cells."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Findings"
    sheet.freeze_panes = "A2"
    sheet.append(HEAD)
    fill, wrap = PatternFill("solid", fgColor="FFC7CE"), Alignment(wrap_text=True, vertical="top")
    for number, row in enumerate(found, 2):
        sheet.append(row)
        for column in range(1, len(row) + 1):
            cell = sheet.cell(number, column)
            cell.fill = fill
            cell.alignment = wrap
    book.save(path)


def cells(found: list[list[Any]]) -> str:
    """Digest of the cells that findings point to, by which the two pipelines are compared."""
    places = sorted({(row[2], row[5], row[3]) for row in found})
    return hashlib.sha256(json.dumps(places).encode()).hexdigest()


if __name__ == "__main__":
    with stages.stage("read"):
        workbook = pd.read_excel(sys.argv[1], sheet_name=None, engine="openpyxl")
    with stages.stage("check"):
        said = findings(workbook)
    with stages.stage("workbook"):
        write(said, sys.argv[2])
    stages.report(findings=len(said), rules=len(CHECKS), cells=cells(said))
