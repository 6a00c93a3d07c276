"""What every reader of a published policy yields: paragraphs in the order in which a person reads them."""

from __future__ import annotations

from dataclasses import dataclass

#: Sign before the text of a list line without a number, whatever the list looked like.
BULLET = "\u00b7"


@dataclass(frozen=True)
class Paragraph:
    """One paragraph or list line, its number or bullet first; ``level`` 1, 2 … where the file marks a heading."""

    text: str
    level: int = 0
