"""Figures of an audit: each is a Picture, with its title, caption and alternative text in the audit's language."""

from derbes.figures.fates import fates
from derbes.figures.findings import findings
from derbes.figures.matrices import purposes, systems
from derbes.figures.retention import retention
from derbes.figures.style import Picture
from derbes.figures.trends import trends

__all__ = ["Picture", "fates", "findings", "purposes", "retention", "systems", "trends"]
