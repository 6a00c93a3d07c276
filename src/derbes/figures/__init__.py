"""Figures of an audit: each is a Picture, with its title, caption and alternative text in the audit's language."""

from derbes.figures.arcs import contradictions
from derbes.figures.fates import fates
from derbes.figures.findings import findings
from derbes.figures.matrices import purposes, systems
from derbes.figures.retention import retention
from derbes.figures.style import Picture
from derbes.figures.terms import terms
from derbes.figures.trends import trends

__all__ = ["Picture", "contradictions", "fates", "findings", "purposes", "retention", "systems", "terms", "trends"]
