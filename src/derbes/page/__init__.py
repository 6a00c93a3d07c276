"""Words and tables of the notebooks: what an audit found, as passages that a person reads."""

from derbes.page.audit import AuditPage
from derbes.page.changes import ChangesPage
from derbes.page.explore import ExplorePage
from derbes.page.markup import Passage
from derbes.page.policy import PolicyPage
from derbes.page.retention import RetentionPage
from derbes.page.subject import SubjectPage

__all__ = ["AuditPage", "ChangesPage", "ExplorePage", "Passage", "PolicyPage", "RetentionPage", "SubjectPage"]
