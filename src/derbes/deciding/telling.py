"""What came of a returned workbook, as text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from derbes.identity import mask
from derbes.text import words

if TYPE_CHECKING:
    from derbes.deciding.taking import Conflict, Decided
    from derbes.deciding.understanding import Remark
    from derbes.decisions import Entry

_SHOWN = 40  # places of one kind before a number stands for the rest


def told(decided: Decided, lang: str) -> str:
    """What came of a returned workbook, as text in the language: what was understood, conflicts, what was not taken."""
    said = words(lang)["decide"]
    lines = [said["head"].format(workbook=decided.workbook, sha=decided.sha256[:16])]
    counts = {"taken": len(decided.taken), "known": decided.known, "conflicts": len(decided.conflicts)}
    lines.append(said["counts"].format(**counts, refused=len(decided.refused), unplaced=len(decided.unplaced)))
    labels = words(lang)["workbook"]["decisions"]
    lines += _section(said, "taken", _entries(decided, said, labels))
    clashes = [_clash(conflict, said, labels) for conflict in decided.conflicts]
    lines += _section(said, "conflicts", clashes)
    if clashes:
        lines.append(said["settle"])
    for name in ("refused", "unplaced", "remarks"):
        remarks: tuple[Remark, ...] = getattr(decided, name)
        lines += _section(said, name, [_remark(one, said) for one in remarks])
    return "\n".join("".join(letter if letter.isprintable() else " " for letter in mask(line)) for line in lines)


def _section(said: Any, name: str, lines: list[str]) -> list[str]:  # noqa: ANN401 - words are a tree
    if not lines:
        return []
    more = [f"  {said['more'].format(n=len(lines) - _SHOWN)}"] if len(lines) > _SHOWN else []
    return ["", said["sections"][name], *(f"  {line}" for line in lines[:_SHOWN]), *more]


def _entries(decided: Decided, said: Any, labels: Any) -> list[str]:  # noqa: ANN401
    """One text a line of the workbook: what it says and of how many findings."""
    counts = Counter(entry.place for entry in decided.taken)
    first = {entry.place: entry for entry in reversed(decided.taken)}
    return [
        said["entry"].format(place=place, n=counts[place], what=_what(entry, said, labels), rule=entry.rule)
        + f" {entry.table}/{entry.key}"
        for place, entry in sorted(first.items(), key=lambda item: decided.taken.index(item[1]))
    ]


def _what(entry: Entry, said: Any, labels: Any) -> str:  # noqa: ANN401
    until = said["until"].format(day=entry.until) if entry.until else ""
    return "; ".join(filter(None, [labels[entry.decision], entry.owner, until, entry.comment]))


def _clash(conflict: Conflict, said: Any, labels: Any) -> str:  # noqa: ANN401
    one = conflict.entry
    others = "; ".join(
        f"{labels[other.decision]} ({other.workbook}, {other.place}, {other.when[:10]})" for other in conflict.others
    )
    return str(said["clash"]).format(
        place=one.place, rule=one.rule, key=f"{one.table}/{one.key}", what=labels[one.decision], others=others
    )


def _remark(remark: Remark, said: Any) -> str:  # noqa: ANN401
    return f"{remark.place}: {said['faults'][remark.code].format(said=remark.said)}"
