"""The same work by derbes: reading, checking, the findings workbook; each timed.

usage: ours.py WORKBOOK.xlsx OUT.xlsx {plain,full}

*plain* runs the rules that match the naive pipeline's 54 checks, *full* every rule. Prints seconds and peak memory by
stage, the number of findings, and a digest of the cells they point to.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from checks import CHECKS
from stages import Stages

stages = Stages()
with stages.stage("import"):
    from derbes import audit, engine, load  # noqa: F401 - the engine is Great Expectations, which an audit would import
    from derbes.workbook import write_findings

if TYPE_CHECKING:
    from derbes import Audit

DAY = "2026-09-30"


def cells(done: Audit) -> str:
    """Digest of the cells that findings point to, by which the two pipelines are compared."""
    found = done.findings[["table", "column", "cells"]].explode("cells").dropna(subset="cells")
    rows = found["cells"].map(lambda cell: int(re.sub(r"\D", "", cell)))
    places = sorted(set(zip(found["table"], found["column"], rows, strict=True)))
    return hashlib.sha256(json.dumps(places).encode()).hexdigest()


if __name__ == "__main__":
    source, out, scope = sys.argv[1:]
    only = None if scope == "full" else [rule for check in CHECKS for rule in check.rules]
    with stages.stage("read"):
        inventory = load(source)
    with stages.stage("check"):
        done = audit(inventory, as_of=DAY, before="none", only=only)
    with stages.stage("workbook"):
        write_findings(done, Path(out), quarter="2026Q3", lang="ru")
    ran = done.summary["rules_run"]
    stages.report(findings=len(done.findings), rules=ran, cells=cells(done), digest=done.digest)
