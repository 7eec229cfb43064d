r"""Learning problems and admissible sets as `fbscore` types, made from raw data for a subject."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch

import fbscore.learning
from claims import convergence_constants
from claims.kit.arithmetic import Array
from claims.kit.convergence_instances import (
    AdmissibleSequence,
    ControlSequence,
    LearningSequence,
    controls,
    in_time,
)
from claims.kit.instances import AnyNetwork
from fbscore.learning import admissible

#: What makes a tensor one for the subject.
Given = Callable[[torch.Tensor], torch.Tensor]


def member(p: ControlSequence, j: int, project: Callable[[Array, int], Array]) -> AnyNetwork:
    """Return the network of the member j: its depth, and its controls projected one by one."""
    cells = p.depths[j]

    def means(values: Array) -> Array:
        batch, grid, *shape = values.shape
        if not math.prod(shape):
            return convergence_constants.projected(values, cells)
        return project(values.reshape(batch, grid, math.prod(shape)), cells).reshape(batch, cells, *shape)

    return in_time(convergence_constants.function(p, j), means)


def learning(p: LearningSequence, given: Given) -> fbscore.learning.Learning:
    """Return labels, loss, penalties and weights; without an axis of samples if there is only one."""
    labels = given(p.label if p.samples == 1 else p.labels)
    loss = fbscore.learning.losses.by_name(p.loss, given(p.width))
    first, second, third = (fbscore.learning.penalties.by_name(name) for name in p.penalties)
    return fbscore.learning.Learning(labels, loss, (first, second, third), given(p.weights))


def by_ends(p: AdmissibleSequence) -> Iterator[tuple[torch.Tensor, list[bool]]]:
    """Yield rows (batch,) whose sets contain the same of their six ends, and which."""
    kinds, kind = (p.closed > 0).flatten(1).unique(dim=0, return_inverse=True)
    for i, closed in enumerate(kinds.tolist()):
        yield kind == i, closed


def sets(p: AdmissibleSequence, theta: AnyNetwork, closed: list[bool], given: Given) -> admissible.Product:
    """Return Θ for controls shaped as ``theta``; ``closed`` says which of the six ends belong to it."""
    factors: list[admissible.TotalVariation] = []
    for i, values in enumerate(controls(theta)):
        shape = (p.size, 1, *values.shape[2:])
        low, high = (x[:, i].reshape(-1, *(1 for _ in shape[1:])).expand(shape) for x in (p.low, p.high))
        box = admissible.Box(given(low), given(high), not closed[2 * i], not closed[2 * i + 1])
        factors.append(admissible.TotalVariation(given(p.variation[:, i]), box))
    first, second, third = factors
    return admissible.Product(first, second, third)
