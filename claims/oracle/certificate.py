r"""An enclosure of a prox from any guess at it and at its dual: what strong convexity leaves to it.

For a support function h(u) = max_{x in C} <x, u>, a point q and an x in C, the energy 1/2 ||u - v||^2 + h(u)
is at most 1/2 ||q - v||^2 + h(q) and at least <x, v> - 1/2 ||x||^2; being strongly convex it gives

    || prox_h(v) - q ||^2 <= || v - x - q ||^2 + 2 (h(q) - <x, q>).

In balls the right side bounds the error for all points of the balls, wherever the guesses came from. Half the
digits are lost to the root, so guesses are made within `doubled()`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flint import arb, ctx

from claims.oracle.elementary import Array, ball, digits, norm


@contextmanager
def doubled() -> Iterator[None]:
    """Twice the digits, and some, inside the block."""
    with digits(2 * ctx.dps + 20):
        yield


def error(v: Array, x: Array, q: Array, gap: arb) -> arb:
    """Bound of the error of q as prox_h(v), for x in C and h(q) - <x, q> <= `gap`; all arrays are balls."""
    apart = ball(norm(v - x - q).item())
    return (apart * apart + 2 * gap.max(0)).upper().nonnegative_part().sqrt().upper()
