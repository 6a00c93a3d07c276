"""Named views: functions that lay facts out flat, one row a thing that a rule can be about."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from typing import TYPE_CHECKING

from derbes.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    import pandas as pd

    from derbes.inventory import Inventory
    from derbes.law import LawPack

    Build = Callable[..., pd.DataFrame]  # of an Inventory and a LawPack

#: Columns that say to which row a finding belongs, and by ``cite`` what it rests on in place of what the rule cites
#: (tuples of act, provision, confidence or nothing); every other column of a view is a fact.
RESERVED = ("origin", "table", "absent", "related", "sub", "cite")
_MANY = 20_000  # rows from which a view is worked out anew rather than kept with the inventory


@dataclass(frozen=True)
class View:
    """A view: its name, the table whose rows its findings point to, what it needs, and how it is built.

    A ``sparing`` one is built with only those columns that ``wanted`` holds, and with all of them if that is None.
    """

    name: str
    table: str
    needs: tuple[str, ...]
    build: Build
    sparing: bool = False

    @cached_property
    def lawless(self) -> bool:
        """Whether it is the same under any law: its function says so by the underscore of the name ``_law``."""
        return "_law" in signature(self.build).parameters

    def frame(self, inv: Inventory, law: LawPack, wanted: Container[str] | None = None) -> pd.DataFrame:
        """Rows of the view, numbered from 0."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning may name cells, whoever asks for the view
            built = self.build(inv, law, wanted=wanted) if self.sparing else self.build(inv, law)
        return built.reset_index(drop=True)

    def kept(self, inv: Inventory, law: LawPack, wanted: Container[str] | None = None) -> pd.DataFrame:
        """Rows of the view; if they are the same under any law, and not many, those worked out before."""
        if not self.lawless or self.sparing:
            return self.frame(inv, law, wanted)
        known: pd.DataFrame | None = inv.remembered.get(("view", self.name))
        if known is None:
            known = self.frame(inv, law)
            if len(known) <= _MANY:
                inv.remembered["view", self.name] = known
        return known.copy(deep=False)


VIEWS: dict[str, View] = {}


def view(
    name: str, *, table: str, needs: tuple[str, ...] | None = None, sparing: bool = False
) -> Callable[[Build], Build]:
    """Enter a function under a view's name. Raises ModelError where the name is taken.

    ``table`` is the table whose rows the findings point to (``*`` where the frame names it row by row in ``table``).
    ``needs`` are the tables without which the view says nothing (its own by default): a rule over it is not run then.
    """

    def enter(build: Build) -> Build:
        if name in VIEWS:
            raise ModelError(f"view {name}", "stands twice", "Give one of the two another name.")
        own = () if table == "*" else (table,)
        VIEWS[name] = View(name, table, own if needs is None else needs, build, sparing)
        return build

    return enter
