"""The self-test: defects planted one at a time, to see which of them the rules find."""

from derbes.mutation.result import Selftest, listing
from derbes.mutation.surveying import selftest

__all__ = ["Selftest", "listing", "selftest"]
