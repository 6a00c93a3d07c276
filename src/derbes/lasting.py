"""How long data are kept, in words: told once for all papers, so that no two of them say different things."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from derbes.text import data
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

    from derbes.period import Period

_SPAN = re.compile(r"(\d+)([YMWD])")
_DATED = re.compile(rf"P(?:{_SPAN.pattern})+")  # of years to days; minutes share their letter with months
_BOUNDS = ("max", "min")


def told(lang: str, said: Period, bound: object = None) -> str | None:
    """A period in words, without the event that it is counted from; None where there are no words for it.

    ``bound`` (max, min) is what the register says beside it; without it that counts which the period itself says.
    """
    words = data("notice")["terms"]
    if said.kind == "until" and said.trigger in words["until"]:
        return str(words["until"][said.trigger][lang])
    if said.kind in {"indefinite", "by_law"}:
        return str(words[said.kind][lang])
    if said.kind != "fixed" or not _DATED.fullmatch(said.duration or ""):
        return None
    limit = bound if isinstance(bound, str) else said.bound
    spans = " ".join(Wording(lang, "wording").span(int(n), unit) for n, unit in _SPAN.findall(said.duration or ""))
    return (str(words[limit][lang]) if limit in _BOUNDS else "") + spans


def stages(first: str, then: Mapping[str, Any]) -> tuple[str, ...]:
    """The terms from one on, each by its id; one that is no row of the table ends them, a circle where it began."""
    chain = [first]
    while (following := then.get(chain[-1])) in then and following not in chain:
        chain.append(str(following))
    return tuple(chain)
