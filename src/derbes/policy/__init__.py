"""A published policy in; out: a proposed register of its clauses, what changed since, and remarks on its text.

It proposes and a person decides: nothing in an existing register is overwritten.
"""

from __future__ import annotations

from derbes.policy.checks import checks
from derbes.policy.comparing import compare
from derbes.policy.proposing import Register, propose
from derbes.policy.telling import rows, told

__all__ = ["Register", "checks", "compare", "propose", "rows", "told"]
