"""Named views: functions that lay facts out flat, one row a thing that a rule can be about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from derbes.inventory import Inventory
    from derbes.law import LawPack

    Build = Callable[[Inventory, LawPack], pd.DataFrame]

#: Columns that say to which row a finding belongs; every other column of a view is a fact.
RESERVED = ("origin", "table", "absent", "related", "sub")


@dataclass(frozen=True)
class View:
    """A view: its name, the table whose rows its findings point to, what it needs, and how it is built."""

    name: str
    table: str
    needs: tuple[str, ...]
    build: Build


VIEWS: dict[str, View] = {}


def view(name: str, *, table: str, needs: tuple[str, ...] | None = None) -> Callable[[Build], Build]:
    """Enter a function under a view's name.

    ``table`` is the table whose rows the findings point to (``*`` where the frame names it row by row in ``table``).
    ``needs`` are the tables without which the view says nothing (its own by default): a rule over it is not run then.
    """

    def enter(build: Build) -> Build:
        own = () if table == "*" else (table,)
        VIEWS[name] = View(name, table, own if needs is None else needs, build)
        return build

    return enter
