r"""The assumptions of theorems about minimisers over a finite set Θ of controls: what each says, how it is decided.

Those of `claims.assumptions` that concern the learning problem are decided on the problem that an instance
holds; bounds and moduli of Θ are what the instance declares, as its rates.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from claims import assumptions, convergence_constants, limit_constants
from claims import training_constants as training
from claims.kit.argmin_instances import FiniteProblem, PerturbedProblem
from claims.kit.claim import Assumption

#: Two values of an objective are as good as equal where they are closer than this, relative to their size.
APART = 2.0**-16


def of_problem(assumption: Assumption) -> Assumption:
    """Return the assumption, decided on the learning problem that an instance holds."""
    return replace(assumption, predicate=lambda p: assumption.predicate(p.problem))


def _moderate(p: FiniteProblem | PerturbedProblem) -> torch.Tensor:
    sequence, verdict = p.problem.sequence, torch.ones(p.size, dtype=torch.bool)
    for j in range(len(sequence.depths)):
        verdict &= limit_constants.stretch(convergence_constants.function(sequence, j)) <= 2.0**10
    return verdict


def _bounded(p: FiniteProblem | PerturbedProblem) -> torch.Tensor:
    sequence = p.problem.sequence
    return (convergence_constants.distances(sequence).abs() <= sequence.rates).flatten(1).all(1)


def _on_a_segment(p: FiniteProblem | PerturbedProblem) -> torch.Tensor:
    sequence = p.problem.sequence
    still = torch.tensor([k == 0 for k in sequence.frequencies])
    return ((sequence.scales >= 0) & (still | (sequence.scales == 0))).all(1)


def _approaching(p: PerturbedProblem) -> torch.Tensor:
    """Decide 0 < share_1, 0 ≤ share_{k+1} ≤ share_k ≤ 1, and share_I ≤ share_1/8."""
    share = p.shares
    falling = (share[:, 1:] <= share[:, :-1]).all(1) & (share[:, 0] <= 1)
    return (share >= 0).all(1) & (share[:, 0] > 0) & falling & (8 * share[:, -1] <= share[:, 0])


def _unique(p: PerturbedProblem) -> torch.Tensor:
    """Decide that the own data have one minimiser: by the judge's recursion, J is larger elsewhere."""
    values = training.own_values(p)
    others = values.sort(1).values[:, 1:2]
    size = values.abs().amax(1, keepdim=True)
    return (others - values.amin(1, keepdim=True) > APART * size).all(1)


def _only(name: str) -> Assumption:
    parts = {"u0": "to_u0", "f": "to_f", "u*": "to_labels"}

    def predicate(p: PerturbedProblem) -> torch.Tensor:
        own = p.unmoved.over(p.unmoved.sequence.first)
        here = {"to_u0": own.u0, "to_f": own.f, "to_labels": p.unmoved.labels}
        verdict = torch.ones(p.size, dtype=torch.bool)
        for other, field in parts.items():
            if other != name:
                verdict &= (getattr(p, field) == here[field]).flatten(1).all(1)
        return verdict

    return Assumption(
        f"only {name}", f"the data of all problems are the same but for {name}", predicate, "other data move too"
    )


A4, A5 = (of_problem(a) for a in (assumptions.A4, assumptions.A5))
MEMBERS = of_problem(assumptions.MEMBERS)
MODERATE = replace(assumptions.MODERATE, predicate=_moderate)
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
)
EQUICONTINUOUS = Assumption(
    "equi-continuous",
    "Θ is equi-continuous in L²: its members θ + s(ϑ − θ), s ≥ 0, oscillate no more than θ and ϑ do",
    _on_a_segment,
    "Rademacher functions, which are at one distance of each other",
)
APPROACHING = Assumption(
    "data converge",
    "the data of the problems approach their own: shares of the way fall, and the last is 1/8 of the first or less",
    _approaching,
    "data that stay away",
)
UNIQUE = Assumption(
    "one minimiser",
    "the problem with its own data has one minimiser (no part of the theorem)",
    _unique,
    "λ beyond 1 where R = |u| keeps the state at 0: every such λ is a minimiser",
)
ONLY_U0, ONLY_F, ONLY_LABEL = (_only(name) for name in ("u0", "f", "u*"))
