"""summary.txt: ten lines for a mail, whether the report was made or not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from derbes import scores
from derbes.page import facts
from derbes.tally import not_run, proof, tally, unread
from derbes.telling import reason
from derbes.wording import Wording

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from derbes.auditing import Audit
    from derbes.quarter import Quarter

LINE = 200
RISKS = 3


def made(audit: Audit, quarter: Quarter, operator: str, *, pdf: bool | None = None) -> str:
    """Ten lines: title, verdict and counts, what is new, three worst risks, what did not run or was not read, files.

    The last but one says what the audit rests on and that it is no legal advice. ``pdf`` tells whether the page was
    printed too, or could not be; None where nobody asked.
    """
    say = Wording(audit.lang, "report")
    found = facts.counted(audit)
    worst = int(((found["status"] == "new") & (found["severity"] == "critical")).sum())
    verdict = Wording(audit.lang, "page")("verdict", facts.verdict(audit), "title")
    idle = not_run(audit)
    return _lines(
        title(operator, quarter, as_of=audit.as_of, lang=audit.lang),
        f"{say('verdict', verdict=verdict)} {tally(audit)}",
        say("changes", **facts.by_status(audit), worst=worst),
        *_risks(say, facts.risks(found, scores.risks(audit))),
        f"{say('not_run', count=sum(n for _, n in idle), reasons=_listed(idle))} {proof(audit)}",
        say("left_out", **_left_out(audit)),
        audit.notice,
        say("files", pdf="" if pdf is None else say("pdf" if pdf else "no_pdf")),
    )


def failed(audit: Audit | None, *, title: str, lang: str, why: str | None, stage: str, whole: bool) -> str:
    """Ten lines on a run that made no report; ``why`` None means it was interrupted, ``whole`` an old report stands."""
    say = Wording(lang, "report")
    return _lines(
        title,
        say("failed"),
        say("why", why=why or say("interrupted")),
        say("stage", stage=stage),
        say("audited" if audit else "nothing_run"),
        tally(audit) if audit else say("nothing_read"),
        say("nothing_new"),
        say("old", state=say("whole" if whole else "absent")),
        say("no_files"),
        say("retry"),
    )


def title(operator: str, quarter: Quarter, *, as_of: dt.date, lang: str) -> str:
    """First line: whose audit, of which quarter, as of which day."""
    say = Wording(lang, "report")
    return say("title", operator=operator, quarter=say.quarter(quarter), date=say.date(as_of))


def _risks(say: Wording, groups: list[pd.DataFrame]) -> list[str]:
    titles = [str(group.iloc[0]["title"]) for group in groups[:RISKS]]
    lines = [say("risk", place=place, title=title) for place, title in enumerate(titles, 1)]
    return lines + [say("no_risk", place=place) for place in range(len(titles) + 1, RISKS + 1)]


def _left_out(audit: Audit) -> dict[str, object]:
    codes = unread(audit)["reason"]
    told = [(reason(code, audit.lang), n) for code, n in Counter(sorted(codes)).items()]
    return {"count": len(codes), "reasons": _listed(told)}


def _listed(reasons: list[tuple[str, int]]) -> str:
    """The reasons with the number of each, in brackets; nothing where there is none."""
    return f" ({'; '.join(f'{text} – {n}' for text, n in reasons)})" if reasons else ""


def _lines(*lines: str) -> str:
    """Lines of a plain text, each on one line and of a length that a mail program leaves alone."""
    flat = (" ".join(line.split()) for line in lines)
    return "".join(f"{line if len(line) <= LINE else line[: LINE - 1] + '…'}\n" for line in flat)
