"""The inventory in forms that others ask for."""

from derbes.exchange.personal_data import Listed, personal_data

__all__ = ["Listed", "personal_data"]
