"""The inventory in forms that others ask for."""

from derbes.exchange.personal_data import Listed, personal_data
from derbes.exchange.registers import GROUPS, registers

__all__ = ["GROUPS", "Listed", "personal_data", "registers"]
