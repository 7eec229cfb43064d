r"""Assumptions on training problems whose data move, over a finite set Θ of controls.

As in `claims.assumptions`, a predicate reads the raw data of a batch and returns one truth value an instance.
What bounds Θ is declared, as its rates: the distances of its members from θ.
"""

from __future__ import annotations

import torch

from claims import convergence_constants
from claims import training_constants as training
from claims.kit.argmin_instances import PerturbedProblem
from claims.kit.claim import Assumption

#: Two values of an objective are as good as equal where they are closer than this, relative to their size.
APART = 2.0**-16

#: What moves, and where an instance says whereto.
DATA = {"u0": "to_u0", "f": "to_f", "u*": "to_labels"}


def _bounded(p: PerturbedProblem) -> torch.Tensor:
    sequence = p.problem.sequence
    return (convergence_constants.distances(sequence).abs() <= sequence.rates).flatten(1).all(1)


def _on_a_segment(p: PerturbedProblem) -> torch.Tensor:
    sequence = p.problem.sequence
    still = torch.tensor([k == 0 for k in sequence.frequencies])
    return ((sequence.scales >= 0) & (still | (sequence.scales == 0))).all(1)


def _approaching(p: PerturbedProblem) -> torch.Tensor:
    """Decide 0 < share_1 ≤ 1, 0 ≤ share_{k+1} ≤ share_k, and share_I ≤ share_1/8."""
    share = p.shares
    falling = (share[:, 1:] <= share[:, :-1]).all(1) & (share[:, 0] <= 1)
    return (share >= 0).all(1) & (share[:, 0] > 0) & falling & (8 * share[:, -1] <= share[:, 0])


def _unique(p: PerturbedProblem) -> torch.Tensor:
    """Decide that the own data have one minimiser: by the judge's recursion, J is larger elsewhere."""
    values = training.own_values(p)
    others, size = values.sort(1).values[:, 1:2], values.abs().amax(1, keepdim=True)
    return (others - values.amin(1, keepdim=True) > APART * size).all(1)


def _only(name: str) -> Assumption:
    """Return the assumption that one of `DATA` moves alone."""

    def predicate(p: PerturbedProblem) -> torch.Tensor:
        own = p.unmoved.over(p.unmoved.sequence.first)
        here = {"u0": own.u0, "f": own.f, "u*": p.unmoved.labels}
        others = [getattr(p, DATA[other]) == x for other, x in here.items() if other != name]
        return torch.stack([same.flatten(1).all(1) for same in others]).all(0)

    text = f"the data of all problems are the same, but for {name}"
    reason = (
        "it says which case of Theorems 4.1 and 4.2 this is: other data that move have terms of their own"
    )
    return Assumption(f"only {name}", text, predicate, "other data that move too", untestable=reason)


BOUNDED = Assumption(
    "bounded set",
    "Θ is bounded: no member is further from θ than the stated rates",
    _bounded,
    "λ = 0, 1, 2, …, which no rate bounds",
)
SEGMENT = Assumption(
    "segment",
    "the members lie between θ and ϑ (no part of the theorem: so few of them must come close)",
    _on_a_segment,
    "members that oscillate, each in a direction of its own",
    untestable="no part of the theorem: it makes the number small at which two of many members must be close",
)
NO_FASTER = Assumption(
    "equi-continuous",
    "Θ is equi-continuous in L²: its members θ + s(ϑ − θ), s ≥ 0, oscillate no faster than θ and ϑ do",
    _on_a_segment,
    "Rademacher functions, which are all at one distance of each other",
)
APPROACHING = Assumption(
    "data converge",
    "the data of the problems approach their own: their shares of the way fall, to 1/8 of the first or less",
    _approaching,
    "data that stay away",
)
UNIQUE = Assumption(
    "one minimiser",
    "the problem with its own data has one minimiser (no part of the theorem)",
    _unique,
    "λ beyond 1 where R = |u| keeps the state at 0: every such λ is a minimiser",
)
ONLY_U0, ONLY_F, ONLY_LABEL = (_only(name) for name in DATA)
