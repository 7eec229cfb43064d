"""Training problems over finite sets Θ = {θ + s_j r_{k_j}(ϑ − θ)} of controls, whose argmin is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from claims.families import control_sequences, learning_sequences, systems
from claims.families.learning_sequences import labelled, posed
from claims.families.samples import RELATIONS, further
from claims.kit.argmin_instances import FiniteProblem
from claims.kit.convergence_instances import CONTROLS, TIMED, ControlSequence, LearningSequence
from claims.kit.instances import AnyNetwork
from claims.kit.sampling import Source
from claims.learning_constants import LOSSES, PENALTIES

#: Controls are multiples of the mesh, scales of a sixteenth: sums over cells are exact in float64.
MESH, SHARE, REACH = 2.0**-10, 2.0**-4, 2.0**8

#: Members of Θ, cells of θ and ϑ, frequencies of the members that oscillate.
MEMBERS = (4, 5, 6, 8)
CELLS = (1, 2, 3, 4)
FREQUENCIES = (0, 0, 0, 1, 2, 3)

#: How ϑ comes from θ; the last one lets members oscillate.
DIRECTIONS = ("controls", "W", "tau", "lam", "within its size", "within its size")

#: Depths at which a problem is posed.
LAYERS = ((1, 2), (1, 3), (2, 4), (1, 2, 4), (2, 3, 8))

DISTRIBUTION = (
    "Groups of one shape: problem, samples, labels, loss, penalties and weights as for learning problems, θ "
    "on 1, 2, 3 or 4 cells; Θ has 4, 5, 6 or 8 members θ + s_j r_k(ϑ − θ), one of them θ; ϑ has W, τ, λ or "
    "all changed by a gaussian relative change of size 2^-k, k in 0…3, s_j uniform in 0, 1/16, … 1; or ϑ is "
    "within the size of θ, s_j uniform in -1, -15/16, … 1 and k uniform in 0, 0, 0, 1, 2, 3. Controls are "
    "rounded to multiples of 2^-10."
)


def on_the_mesh(p: AnyNetwork) -> AnyNetwork:
    """Return the network with its controls rounded to the mesh and cut off at its reach."""
    rounded = {
        name: (getattr(p, name) / MESH).round().mul(MESH).clamp(-REACH, REACH) for name in CONTROLS[type(p)]
    }
    return replace(p, **rounded)


def towards(source: Source, first: AnyNetwork, kind: str) -> AnyNetwork:
    """Return ϑ, one of `DIRECTIONS`, on the mesh; if members oscillate, its τ, λ are at most twice θ's.

    What does not depend on time, ALISTA's W, does not oscillate either.
    """
    if kind == DIRECTIONS[-1]:
        other = on_the_mesh(control_sequences.within(source, first))
        bounded = {
            name: torch.minimum(getattr(other, name), 2 * getattr(first, name))
            for name in TIMED[type(first)]
            if getattr(first, name).dim() == 2
        }
        still = {name: getattr(first, name) for name in set(CONTROLS[type(first)]) - set(TIMED[type(first)])}
        return replace(other, **bounded, **still)
    changed: dict[str, torch.Tensor] = {}
    for name, place in zip(CONTROLS[type(first)], ("W", "tau", "lam"), strict=True):
        theta = getattr(first, name)
        if kind in (place, "controls"):
            size = source.scale(len(theta), *(1 for _ in theta.shape[1:]), low=-3, high=0)
            moved = theta * (1 + size * source.normal(*theta.shape))
            changed[name] = moved.abs() if theta.dim() == 2 else moved
    return on_the_mesh(replace(first, **changed))


def members(
    first: AnyNetwork, other: AnyNetwork, scales: torch.Tensor, frequencies: Sequence[int] | None = None
) -> ControlSequence:
    """Return Θ as the members θ + s_j r_{k_j}(ϑ − θ), with scales (batch, J)."""
    count = scales.shape[1]
    rates = scales[:, :, None].expand(-1, -1, 3).contiguous()
    chosen = tuple(frequencies or (0,) * count)
    return control_sequences.declared(ControlSequence(first, other, scales, rates, (1,) * count, chosen))


def drawn(
    source: Source,
    count: int,
    sizes: Sequence[int] = MEMBERS,
    cells: Sequence[int] = CELLS,
    names: Sequence[str] = control_sequences.limits.SOLVED,
) -> tuple[str, ControlSequence]:
    """Return sets Θ of the stated distribution, and their family."""
    family, network = control_sequences.problem(source, count, names, source.choice(cells))
    system, first = systems.vary(source, network)
    first = on_the_mesh(first.representable())
    kind, J = source.choice(DIRECTIONS), source.choice(sizes)
    swings = kind == DIRECTIONS[-1]
    other = towards(source, first, kind)
    scales = SHARE * source.integers(count, J, low=-16 if swings else 0, high=16)
    scales[:, 0] = 0.0
    frequencies = [0, *(source.choice(FREQUENCIES) if swings else 0 for _ in range(J - 1))]
    return f"{family}, {system}, {kind}", members(first, other, scales, frequencies)


def learnt(source: Source, sequence: ControlSequence, counts: Sequence[int]) -> tuple[str, LearningSequence]:
    """Return the learning problem of the stated distribution over a set Θ, and its family."""
    size = sequence.size
    samples = further(source, sequence.first, source.choice(RELATIONS), source.choice(counts))
    kind, loss = source.choice(learning_sequences.LABELS), source.choice(LOSSES)
    first, second, third = (source.choice(PENALTIES) for _ in range(3))
    weights = source.scale(size, 3, low=-4, high=0) * source.integers(size, 3, low=0, high=1)
    width, labels = source.scale(size, low=-2, high=2), labelled(source, samples, kind)
    return f"label {kind}", posed(sequence, samples, labels, loss, (first, second, third), weights, width)


def volume(
    source: Source,
    count: int,
    layers: Sequence[tuple[int, ...]] = LAYERS,
    sizes: Sequence[int] = MEMBERS,
    counts: Sequence[int] = learning_sequences.COUNTS,
    cells: Sequence[int] = CELLS,
    names: Sequence[str] = control_sequences.limits.SOLVED,
) -> tuple[str, FiniteProblem]:
    """Return one group of independent draws of the stated distribution, and its family.

    ``layers`` are the depths to choose from, ``sizes`` the numbers of members, ``counts`` those of samples,
    ``cells`` those of cells of θ, ``names`` the regularisers.
    """
    family, sequence = drawn(source, count, sizes, cells, names)
    kind, problem = learnt(source, sequence, counts)
    return f"{family}, {kind}", FiniteProblem(problem, source.choice(layers))
