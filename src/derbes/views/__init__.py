"""Every view by its name: importing the package enters them all."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from derbes.views.registry import RESERVED, VIEWS, View, view

for _family in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_family}")

__all__ = ["RESERVED", "VIEWS", "View", "view"]
