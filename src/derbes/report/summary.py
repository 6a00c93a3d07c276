"""summary.txt: ten lines for a mail, whether the report was made or not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from derbes.page import facts
from derbes.page.wording import Wording
from derbes.telling import reason
from derbes.text import fill, words

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from derbes.auditing import Audit
    from derbes.quarter import Quarter

LINE = 200
RISKS = 3


def made(audit: Audit, quarter: Quarter, operator: str) -> str:
    """Ten lines: title, verdict, counts, what is new, three worst risks, what did not run or was not read, files."""
    say, text = words(audit.lang)["report"]["summary"], Wording(audit.lang)
    found = facts.counted(audit)
    statuses = facts.by_status(audit)
    worst = int(((found["status"] == "new") & (found["severity"] == "critical")).sum())
    missed, left = _reasons(audit, text)
    return _lines(
        title(operator, quarter, as_of=audit.as_of, lang=audit.lang),
        fill(say["verdict"], {"verdict": text("verdict", facts.verdict(audit), "title")}),
        fill(say["counts"], audit.summary),
        fill(say["changes"], {**statuses, "worst": worst}),
        *_risks(say, found),
        fill(say["not_run"], missed),
        fill(say["left_out"], left),
        say["files"],
    )


def failed(audit: Audit | None, *, title: str, lang: str, why: str | None, stage: str, whole: bool) -> str:
    """Ten lines on a run that made no report; ``why`` None means it was interrupted, ``whole`` an old report stands."""
    say = words(lang)["report"]["summary"]
    return _lines(
        title,
        say["failed"],
        fill(say["why"], {"why": why or say["interrupted"]}),
        fill(say["stage"], {"stage": stage}),
        say["audited"] if audit else say["nothing_run"],
        fill(say["counts"], audit.summary) if audit else say["nothing_read"],
        say["nothing_new"],
        fill(say["old"], {"state": say["whole" if whole else "absent"]}),
        say["no_files"],
        say["retry"],
    )


def title(operator: str, quarter: Quarter, *, as_of: dt.date, lang: str) -> str:
    """First line: whose audit, of which quarter, as of which day."""
    text = Wording(lang)
    names = {"operator": operator, "quarter": text.quarter(quarter), "date": text.date(as_of)}
    return fill(words(lang)["report"]["summary"]["title"], names)


def _risks(say: dict[str, str], found: pd.DataFrame) -> list[str]:
    titles = [str(group.iloc[0]["title"]) for group in facts.risks(found)[:RISKS]]
    lines = [fill(say["risk"], {"n": n, "title": title}) for n, title in enumerate(titles, 1)]
    return lines + [fill(say["no_risk"], {"n": n}) for n in range(len(titles) + 1, RISKS + 1)]


def _reasons(audit: Audit, text: Wording) -> tuple[dict[str, object], dict[str, object]]:
    """Rules not run and sheets not read: how many, and the reasons with the number of each."""
    rules = audit.rules.loc[audit.rules["status"] == "not_run", "reason"].dropna()
    sources = audit.sources["reason"].dropna()
    return _counted(rules, text), _counted(sources, text)


def _counted(codes: pd.Series[str], text: Wording) -> dict[str, object]:
    parts = [f"{reason(code, text.lang)}: {n}" for code, n in Counter(sorted(codes)).items()]
    return {"n": len(codes), "reasons": f" ({'; '.join(parts)})" if parts else ""}


def _lines(*lines: str) -> str:
    """Lines of a plain text, each on one line and of a length that a mail program leaves alone."""
    flat = (" ".join(str(line).split()) for line in lines)
    return "".join(f"{line if len(line) <= LINE else line[: LINE - 1] + '…'}\n" for line in flat)
