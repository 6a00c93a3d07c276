"""One group of subjects: what an inventory knows of it, and how that is said; notices and pages are written from it."""

from derbes.subject.facts import Facts, Row, facts, known
from derbes.subject.saying import Says, runs, shown, unmarked

__all__ = ["Facts", "Row", "Says", "facts", "known", "runs", "shown", "unmarked"]
