r"""The independent route: the same predicate on the same numbers, with the oracles, in ball arithmetic.

A violation counts as a refutation of the *statement* only if this route agrees; where it does not, the
subject is at fault.  A tie is re-decided here: exact ties stay tied at any precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claims.kit.context import BallRun
from claims.kit.instances import Instances
from claims.kit.margin import decide_ball
from claims.oracle import elementary

if TYPE_CHECKING:
    from claims.kit.claim import Check

#: Decimal digits of the working precision.
DIGITS = 60


@dataclass(frozen=True)
class Confirmation:
    """What ball arithmetic decided, with both sides where the excess is largest, as decimal strings."""

    verdict: str
    left: str
    right: str

    def record(self) -> dict[str, Any]:
        """Return the ``exact`` field of an instance record."""
        return {"digits": DIGITS, "verdict": self.verdict, "left": self.left, "right": self.right}


def confirm(check: Check, instance: Instances) -> Confirmation:
    """Judge one instance by ``check``'s predicate at `DIGITS` digits."""
    with elementary.digits(DIGITS):
        margin = check.predicate(instance.ball(), BallRun())
        verdict = decide_ball(margin)
        pairs = list(zip(margin.left.reshape(-1), margin.right.reshape(-1), strict=True))
        left, right = max(pairs, key=lambda pair: float((pair[0] - pair[1]).mid()))
        return Confirmation(verdict, left.str(DIGITS // 2), right.str(DIGITS // 2))
