"""derbes: a personal-data inventory kept as spreadsheets, held against its own promises and the law of the day.

>>> import derbes
>>> inv = derbes.load("inventory/demo")
>>> audit = derbes.audit(inv, as_of="2026-09-30")

What is named here is loaded when it is first asked for: reading an inventory does not wait for Great Expectations.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from derbes import page, period, whatif
    from derbes.auditing import Audit, audit
    from derbes.change import Change, diff
    from derbes.errors import DerbesError
    from derbes.inventory import Inventory
    from derbes.quarter import Quarter
    from derbes.read.loading import load

__all__ = [
    "Audit",
    "Change",
    "DerbesError",
    "Inventory",
    "Quarter",
    "__version__",
    "audit",
    "diff",
    "load",
    "page",
    "period",
    "whatif",
]
__version__ = version("derbes")

_HOMES = {
    "Audit": "auditing",
    "Change": "change",
    "DerbesError": "errors",
    "Inventory": "inventory",
    "Quarter": "quarter",
    "audit": "auditing",
    "diff": "change",
    "load": "read.loading",
}


def __dir__() -> list[str]:
    """Return the public names, those not yet loaded too."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attributes are of any type
    """Return a public name, importing its module. Raises AttributeError."""
    if name in _HOMES:
        return getattr(import_module(f"derbes.{_HOMES[name]}"), name)
    if name in __all__:
        return import_module(f"derbes.{name}")
    raise AttributeError(f"module derbes has no attribute {name}")
