"""Workbooks for the owners of rows, and their answers brought back into the inventory."""

from derbes.packs.applying import apply
from derbes.packs.handing import hand_out
from derbes.packs.merging import Merge, merge
from derbes.packs.telling import dealt, told

__all__ = ["Merge", "apply", "dealt", "hand_out", "merge", "told"]
