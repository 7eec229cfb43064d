"""Training problems over boxes of a few parameters, and corners in which one bound is attained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch

from claims import box_constants
from claims.families import finite_problems, regularizers, systems
from claims.families import samples as several
from claims.families.learning_failures import alone, scalar
from claims.families.learning_sequences import posed
from claims.families.plain import plain
from claims.kit.box_instances import BoxProblem
from claims.kit.convergence_instances import LearningSequence
from claims.kit.instances import AnyNetwork, Network
from claims.kit.sampling import Batch, Sampler, Source, portions

#: Regularisers that are bounded over boxes entry by entry, or in the norm; of the limits those with events.
NAMES = ("l1", "half_squared_norm", "elastic_net", "l2", "linf")
EVENTFUL = ("l1", "half_squared_norm", "elastic_net")

#: Which controls are parameters, and in how many pieces.
FREE = ((0,), (1,), (2,), (0, 2), (1, 2))
PIECES = (1, 1, 2)

SIZES, DATA = (1, 2, 3), (1, 2)

#: Factors that no bound on the variation keeps together.
ANY = 2.0**10

DISTRIBUTION = (
    "Groups of one shape: regulariser among {names}; d uniform over 1, 2, 3, m over 1, 2, gaussian A, f and "
    "u0; W_0 = ±Aᵀ/‖A‖² or gaussian of size 1/‖A‖, τ_0 = λ_0 = 1, as FBS, LISTA or ALISTA; one or two "
    "samples, labels, loss, penalties and weights as for learning problems. One or two of W, τ, λ are "
    "parameters, W in [0, 2^k] or [2^k/2, 2^k], k in -2…0, τ and λ the same, on {pieces}; the others are "
    "fixed at the upper end. With two pieces the variation of the factors is at most a quarter of the width, "
    "or any. N is {layers}."
)

Corner = tuple[str, BoxProblem, tuple[str, ...]]


def boxed(
    problem: LearningSequence,
    low: torch.Tensor,
    high: torch.Tensor,
    layers: Sequence[int],
    *,
    share: float | torch.Tensor = 0.5,
    variation: torch.Tensor | None = None,
) -> BoxProblem:
    """Return the problem over the box, the point that is tried besides at a share of the way."""
    free = torch.full_like(low[:, :, 0], ANY) if variation is None else variation
    found = BoxProblem(problem, low, high, low, free, tuple(layers)).representable()
    known = box_constants.feasible(found, found.low + share * (found.high - found.low))
    return replace(found, known=known).representable()


def unit(source: Source, count: int, name: str) -> Network:
    """Return networks of one layer with τ_0 = λ_0 = 1 and ‖W_0‖ about 1/‖A‖."""
    d, m = source.choice(SIZES), source.choice(DATA)
    A, f, u0 = source.normal(count, m, d), source.normal(count, m), source.normal(count, d)
    size = torch.linalg.matrix_norm(A, ord=2).clamp(min=2.0**-4)[:, None, None]
    sign = 1 - 2 * source.integers(count, 1, 1, low=0, high=1)
    other = source.normal(count, d, m) / (d * m) ** 0.5
    W = source.choice((A.mT / size, A.mT / size, sign * A.mT / size, other)) / size
    ones = torch.ones(count, 1, dtype=torch.float64, device=source.device)
    network = Network(regularizers.draw(name, source, count, d), A, f, u0, W[:, None], ones, ones)
    return network.representable()


def single(network: AnyNetwork) -> LearningSequence:
    """Return the problem of a network without labels and penalties, a set of one."""
    sequence, samples = alone(finite_problems.members(network, network, torch.zeros_like(network.u0[:, :1])))
    return posed(sequence, samples, 0 * samples.u0)


def ends(
    source: Source, network: AnyNetwork, free: Sequence[int], pieces: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return low and high ends of the stated distribution."""
    high = source.scale(network.u0.shape[0], 3, 1, low=-2, high=0)
    low = high * source.choice((0.0, 0.0, 0.5))
    chosen = torch.zeros_like(high)
    chosen[:, list(free)] = 1.0
    low = torch.where(chosen > 0, low, high)
    low, high = (x.expand(-1, 3, pieces).contiguous() for x in (low, high))
    return low, high


def volume(
    source: Source,
    count: int,
    layers: Sequence[tuple[int, ...]],
    names: Sequence[str] = NAMES,
    pieces: Sequence[int] = PIECES,
    free: Sequence[tuple[int, ...]] = FREE,
) -> tuple[str, BoxProblem]:
    """Return one group of independent draws of the stated distribution, and its family."""
    network = source.choice(systems.MAKERS)(unit(source, count, source.choice(names)))
    sequence = single(network).sequence
    label, problem = finite_problems.learnt(source, sequence, (1, 1, 2))
    chosen, number = source.choice(free), source.choice(pieces)
    if not (set(chosen) - {0}):
        number = 1  # ALISTA's W has no time, and one control is enough
    low, high = ends(source, network, chosen, number)
    variation = (high - low).amax(2) / 4 if number > 1 and source.choice((True, False)) else None
    share = source.integers(count, 3, 1, low=0, high=4) / 4
    depths = tuple(number * n for n in source.choice(layers))
    found = boxed(problem, low, high, depths, share=share, variation=variation)
    kind = ", ".join(("W", "τ", "λ")[i] for i in chosen)
    return f"{kind} in {number} pieces, label {label}", found


# ---------------------------------------------------------------- corners


def within(
    problem: LearningSequence,
    control: int,
    low: float,
    high: float,
    layers: Sequence[int],
    share: float = 0.5,
) -> BoxProblem:
    """Return the box in which one factor runs from ``low`` to ``high``, the others being 1."""
    ones = torch.ones(problem.size, 3, 1, dtype=torch.float64, device=problem.u0.device)
    bottom, top = ones.clone(), ones.clone()
    bottom[:, control], top[:, control] = low, high
    return boxed(problem, bottom, top, layers, share=share)


def thresholded(source: Source, layers: Sequence[int], system: systems.Maker) -> Corner:
    """Return λ ∈ [0, 2], R = |u|, W = 0, u0 = 1: networks and limit are 1 − λ.

    J = |1 − λ − ¼| + ½|λ − 1| is least at ¾, and 1/8 there: no enclosure is a number.
    """
    u0 = torch.ones(1, dtype=torch.float64, device=source.device)
    problem = single(system(scalar(u0, lam=1.0)))
    weights = problem.weights.new_tensor([[0.0, 0.0, 0.5]])
    problem = replace(
        problem, label=0 * problem.label + 0.25, loss="p=1", weights=weights, penalties=("s", "s", "kinked")
    )
    found = within(problem, 2, 0.0, 2.0, layers, share=0.375)
    return "corner: λ alone, networks are the limit", found, ()


def driven(source: Source, layers: Sequence[int], system: systems.Maker) -> Corner:
    """Return w ∈ [0, 1], K = 0: the state is u0 + wf, and w = 5/8 reaches the label."""
    first = plain(source, "l1", 1, 2, 1, data=8.0)
    problem = single(system(first))
    problem = replace(problem, label=first.u0 + 0.625 * first.f, loss=source.choice(finite_problems.LOSSES))
    found = within(problem, 0, 0.0, 1.0, layers, share=0.625)
    return "corner: w alone, K = 0, a minimiser that is known", found, ()


def folded(source: Source, layers: Sequence[int], system: systems.Maker) -> Corner:
    """Return τ ∈ [0, 2], K = τ, one layer u0(1 − τ) with the label u0/2, and two samples on both sides."""
    first = plain(source, "l1", 1, 1, 1, gain=1.0)
    network = system(first)
    sequence = finite_problems.members(network, network, torch.zeros_like(network.u0))
    samples = several.Samples(network, 0 * first.f[:, None], -first.u0[:, None])
    problem = posed(sequence, samples, samples.u0 / 2, "p=1", ("s", "kinked", "s"), (0.0, 0.25, 0.0))
    return "corner: two samples on both sides", within(problem, 1, 0.0, 2.0, layers), ()


def expanding(source: Source, layers: Sequence[int], system: systems.Maker) -> Corner:
    """Return τ ∈ [0, 1], K = −τ in R², one layer: it is 2u0, the limit eu0, and labels are beyond both.

    K is not quite a multiple of the identity, so that the bound is not attained exactly.
    """
    first = plain(source, "l1", 1, 2, 1, gain=-1.0)
    bent = first.u0.new_tensor([1.0, 1.0 - 2.0**-10])
    first = replace(first, W=first.W * bent, u0=first.u0[:, :1].expand(-1, 2).contiguous())
    problem = single(system(first))
    problem = replace(problem, label=8 * first.u0, loss="p=1").representable()
    return "attains: K = −τ, one layer", within(problem, 1, 0.0, 1.0, layers), ("modulus", "best points")


def sampler(
    layers: Sequence[tuple[int, ...]],
    names: Sequence[str],
    corners: Sequence[Callable[[Source, Sequence[int], systems.Maker], Corner]],
    depths: Sequence[int] = (1,),
    pieces: Sequence[int] = PIECES,
    free: Sequence[tuple[int, ...]] = FREE,
) -> Sampler:
    """Return the sampler of boxes, and of corners at ``depths``."""
    said = " or ".join(", ".join(map(str, one)) for one in layers)
    words = DISTRIBUTION.format(
        names=", ".join(names),
        pieces="one piece or two" if max(pieces) > 1 else "one piece",
        layers=f"{said} for each piece",
    )

    def draw(source: Source, size: int) -> Iterator[Batch]:
        for count in portions(size, max(1, min(24, size))):
            family, found = volume(source, count, layers, names, pieces, free)
            yield Batch(found, family, independent=True)
        for corner in corners:
            family, found, terms = corner(source, depths, source.choice(systems.MAKERS))
            yield Batch(found, family, independent=False, attains=terms)

    return Sampler(words, draw)


def existence() -> Sampler:
    """Return the sampler for Theorem 3.2 of part II: networks of up to eight layers."""
    return sampler(((1,), (2,), (3,), (4,)), NAMES, (thresholded, driven, folded))


def with_limits() -> Sampler:
    """Return the sampler of boxes with one or two layers for each piece, and the limit."""
    return sampler(((1,), (2,)), EVENTFUL, (expanding, thresholded), free=FREE[:3], pieces=(1,))


def deep() -> Sampler:
    """Return the sampler of boxes at depths from 1 to 64, and the limit."""
    return sampler(((1, 8, 64),), EVENTFUL, (), free=FREE[:3], pieces=(1,))
