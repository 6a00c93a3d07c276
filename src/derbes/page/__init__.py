"""Words and tables of the notebooks: what an audit found, as passages that a person reads."""

from derbes.page.audit import AuditPage
from derbes.page.explore import ExplorePage
from derbes.page.markup import Passage

__all__ = ["AuditPage", "ExplorePage", "Passage"]
