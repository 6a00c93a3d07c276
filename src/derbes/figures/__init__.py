"""Figures of an audit: each is a Picture, with its title, caption and alternative text in the audit's language."""

from derbes.figures.arcs import contradictions
from derbes.figures.fates import fates
from derbes.figures.findings import findings
from derbes.figures.flow import flow
from derbes.figures.gaps import gaps
from derbes.figures.matrices import holdings, purposes, systems
from derbes.figures.retention import retention
from derbes.figures.style import Picture
from derbes.figures.terms import terms
from derbes.figures.trends import trends
from derbes.figures.world import world

__all__ = [
    "Picture",
    "contradictions",
    "fates",
    "findings",
    "flow",
    "gaps",
    "holdings",
    "purposes",
    "retention",
    "systems",
    "terms",
    "trends",
    "world",
]
