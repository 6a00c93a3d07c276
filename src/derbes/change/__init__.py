"""What changed between two inventories, cell by cell, and whether the risk rose."""

from derbes.change.comparing import Change, diff
from derbes.change.sides import sides
from derbes.change.telling import to_json, told

__all__ = ["Change", "diff", "sides", "to_json", "told"]
