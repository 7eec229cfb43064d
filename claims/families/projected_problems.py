"""Finite sets Θ of controls with their projections Θ^N, and corners in which one term stands alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch

from claims import argmin_constants, set_assumptions
from claims.families import finite_problems, systems
from claims.families import samples as several
from claims.families.learning_failures import alone, scalar
from claims.families.learning_sequences import discretised, posed
from claims.families.limits import SOLVED
from claims.families.plain import plain
from claims.kit.argmin_instances import FiniteProblem
from claims.kit.convergence_instances import ControlSequence
from claims.kit.image_instances import ImageProblem
from claims.kit.instances import AnyNetwork
from claims.kit.sampling import Batch, Sampler, Source, portions

IMAGES = " Θ^N = P_N(Θ) in another order, and without some of those that have the same projection."
DISTRIBUTION = f"{finite_problems.DISTRIBUTION}{IMAGES} N is 1, 2 or 1, 3 or 2, 4 or 1, 2, 4 or 2, 3, 8."
EXTENDED = (
    f"{finite_problems.DISTRIBUTION}{IMAGES} θ on 1 or 2 cells and N a power of two, so that a member of Θ "
    "is constant on the N cells, or has the same projection as θ."
)
WITHOUT_A1 = " Corners besides, of them four with ‖u‖₀, |u|^½, −|u| or a double well."
SMALL = f"{finite_problems.DISTRIBUTION}{IMAGES} Θ has 4 members, one or two samples; N is "

#: One depth, or several at which minimisers, and minimal values, are seen to converge.
SHALLOW = ((1,), (2,), (3,), (4,))
DEEPER = ((2, 8, 32),)
DEEP = ((2, 4, 8, 16, 32, 64),)

#: Regularisers whose prox and limit take no iteration and no equation to integrate, for deep networks.
QUICK = tuple(name for name in SOLVED if name not in ("l2", "group_lasso", "max_affine", "rotated"))

#: Depths for θ on so many cells with E_N P_N Θ ⊂ Θ.
DYADIC = {1: ((1, 2), (1, 4), (2, 8)), 2: ((2, 4), (2, 8), (4, 8))}

#: R without A1, which the statements about sets alone do not need.
NONCONVEX = ("l0", "half_power", "negative_l1", "double_well")

Corner = tuple[str, ImageProblem, tuple[str, ...]]


def above(x: torch.Tensor) -> torch.Tensor:
    """Return the next number of float32 above each that is not 0."""
    higher = torch.nextafter(x.float(), torch.tensor(torch.inf, device=x.device)).double()
    return torch.where(x > 0, higher, x)


def imaged(
    problem: FiniteProblem, scales: torch.Tensor | None = None, frequencies: Sequence[int] | None = None
) -> ImageProblem:
    """Return the problem with Θ^N = {P_N η^i}, the t_i and l_i those given; without any, Θ^N = P_N(Θ)."""
    sequence = problem.problem.sequence
    t = sequence.scales if scales is None else scales
    chosen = sequence.frequencies if frequencies is None else tuple(frequencies)
    bound, variation = (
        above(measure(sequence)) for measure in (argmin_constants.sizes, argmin_constants.variations)
    )
    return ImageProblem(problem, t.clone(), bound, variation, chosen).representable()


def projected(source: Source, problem: FiniteProblem) -> ImageProblem:
    """Return the problem with Θ^N = P_N(Θ) in another order, redundant members dropped."""
    sequence = problem.problem.sequence
    order = sorted(range(problem.members), key=lambda _: source.uniform(1).item())
    found = imaged(problem, sequence.scales[:, order], [sequence.frequencies[j] for j in order])
    for i in reversed(range(problem.members)):
        keep = [j for j in range(len(found.frequencies)) if j != i]
        fewer = imaged(problem, found.scales[:, keep], [found.frequencies[j] for j in keep])
        if keep and bool(set_assumptions.IMAGE.predicate(fewer).all()):
            found = fewer
    return found


# ---------------------------------------------------------------- corners


def over(
    first: AnyNetwork, other: AnyNetwork, scales: Sequence[float], frequencies: Sequence[int] | None = None
) -> ControlSequence:
    """Return Θ with the same scales for every instance."""
    like = first.u0
    row = torch.tensor(scales, dtype=like.dtype, device=like.device).expand(first.size, -1).contiguous()
    return finite_problems.members(first, other, row, frequencies)


def repeated(source: Source, system: systems.Maker, loss: str) -> Corner:
    """Return Θ with one member, four times, whose network and limit differ by all that (4.7) allows."""
    _, found, _ = discretised(source, system, loss)
    first = found.sequence.first
    sequence = over(first, first, (0.0, 0.0, 0.0, 0.0))
    problem = FiniteProblem(replace(found, sequence=sequence), (1, 2))
    return "attains: one member four times", imaged(problem), ("supremum", "modulus")


def between(source: Source, count: int = 2) -> Corner:
    """Return two controls W = 1 and W = −w, R = 0, N = 2, which err by the same in opposite directions.

    u0 = u* = 1 and ℓ = |u − u*|: the network is (1 − W/2)², the limit e^−W, and both are larger in the limit.
    The penalty |s − 1| of W makes up the difference of 2 sup_Θ|J_N − J| but for 2^-10.
    """
    w = 0.5715484619140625
    u0 = torch.ones(count, dtype=torch.float64, device=source.device)
    first, other = scalar(u0, W=1.0), scalar(u0, W=-w)
    lost, won = (abs((1 - x / 2) ** 2 - _exp(-x)) for x in (1.0, -w))
    least = min(lost, won)
    weight = (2 * least * (1 - 2.0**-10) - (_exp(w) - 1) + (1 - _exp(-1.0))) / (1 - w)
    sequence, samples = alone(over(first, other, (0.0, 1.0, 0.0, 1.0)))
    labels = u0[:, None, None].clone()
    problem = posed(sequence, samples, labels, "p=1", ("kinked", "s", "s"), (weight, 0.0, 0.0))
    return "attains: two opposite errors", imaged(FiniteProblem(problem, (2,))), ("twice",)


def _exp(x: float) -> float:
    return float(torch.tensor(x, dtype=torch.float64).exp())


def jumping(source: Source, count: int = 2) -> Corner:
    """Return one member with W = ±1 on two cells, whose projection onto one layer is 0."""
    base = plain(source, "l1", count, 1, 2, data=1.0)
    first = replace(base, W=base.W * base.u0.new_tensor([1.0, -1.0])[:, None, None])
    sequence, samples = over(first, first, (0.0,) * 4), several.spread(first)
    problem = posed(sequence, samples, 0 * samples.u0)
    return "attains: one jump in mid-cell", imaged(FiniteProblem(problem, (1,))), ("projection",)


def hidden(source: Source, layers: Sequence[int] = (1, 2), count: int = 2) -> Corner:
    """Return Θ with oscillations that no network sees: fibres of several members, with different limits."""
    first = plain(source, "l1", count, 2, 1, gain=0.5, data=0.25, lam=0.5)
    other = replace(first, W=1.5 * first.W, tau=1.25 * first.tau, lam=first.lam / 2)
    sequence, samples = over(first, other, (0.0, 1.0, 0.5, -0.5, 1.0), (0, 1, 2, 3, 0)), several.spread(first)
    problem = FiniteProblem(posed(sequence, samples, samples.u0 / 4, "p=1"), tuple(layers))
    return "corner: fibres of several members", projected(source, problem), ()


def resting(source: Source, layers: Sequence[int] = (1, 3), count: int = 2) -> Corner:
    """Return states and labels that are 0 for ever: all members minimise."""
    first = plain(source, "l1", count, 2, 1, gain=1.0, lam=1.0)
    first = replace(first, u0=0 * first.u0)
    other, samples = replace(first, lam=2 * first.lam), several.spread(first)
    sequence = over(first, other, (0.0, 0.25, 0.5, 1.0))
    problem = posed(sequence, samples, 0 * samples.u0)
    return "corner: every member minimises", imaged(FiniteProblem(problem, tuple(layers))), ()


def stopping(source: Source, layers: Sequence[int] = (1, 2, 4)) -> Corner:
    """Return λ in {0, 1/4, 1/2, 1}, R = |u|, W = 0, u0 = 1, u* = 0: network and limit are 1 − λ."""
    u0 = source.scale(2, low=0, high=4)
    sequence, samples = alone(over(scalar(u0), scalar(u0, lam=1.0), (0.0, 0.25, 0.5, 1.0)))
    problem = posed(sequence, samples, 0 * u0[:, None, None])
    found = imaged(FiniteProblem(problem, tuple(layers)))
    return "attains: λ alone, networks are the limit", found, ("excess",)


def not_convex(source: Source) -> Corner:
    """Return the same with an R that is not convex: states jump, or are led away from 0."""
    u0, name = source.scale(2, low=-1, high=4), source.choice(NONCONVEX)
    sequence, samples = alone(
        over(scalar(u0, name=name), scalar(u0, lam=1.0, name=name), (0.0, 0.25, 0.5, 1.0))
    )
    by_size = (u0 * u0)[:, None]
    sequence = replace(sequence, other=replace(sequence.other, lam=sequence.other.lam * by_size))
    problem = posed(sequence, samples, source.integers(2, 1, 1, low=-2, high=2))
    found = imaged(FiniteProblem(problem, source.choice(((1,), (1, 2), (2, 4)))))
    return f"corner: {name}, not convex", found, ()


def corners(source: Source, deep: Sequence[int] | None = None) -> Iterator[Corner]:
    """Yield the corners of one shard; ``deep`` are depths in the place of those that attain no other term."""
    yield repeated(source, source.choice(systems.MAKERS), source.choice(finite_problems.LOSSES))
    yield between(source)
    yield jumping(source)
    for corner in (hidden, resting, stopping):
        yield corner(source) if deep is None else corner(source, deep)


def extended_corners(source: Source) -> Iterator[Corner]:
    """Yield corners in which E_N(Θ^N) ⊂ Θ."""
    yield from (repeated(source, source.choice(systems.MAKERS), "p=1"), between(source), hidden(source))
    yield from (resting(source), stopping(source))


def beside(source: Source, found: Iterator[Corner]) -> Iterator[Corner]:
    """Yield the corners, and four without convexity."""
    yield from (*found, *(not_convex(source) for _ in NONCONVEX))


# ---------------------------------------------------------------- samplers


def sampler(
    distribution: str,
    volume: Callable[[Source, int], tuple[str, FiniteProblem]],
    corners: Callable[[Source], Iterator[Corner]],
) -> Sampler:
    """Return the sampler of problems with Θ^N = P_N(Θ), and of corners."""

    def draw(source: Source, size: int) -> Iterator[Batch]:
        for count in portions(size, max(1, min(16, size // 4))):
            family, problem = volume(source, count)
            yield Batch(projected(source, problem), family, independent=True)
        for family, found, terms in corners(source):
            yield Batch(found, family, independent=False, attains=terms)

    return Sampler(distribution, draw)


def problems() -> Sampler:
    """Return the sampler of projected problems."""
    return sampler(f"{DISTRIBUTION}{WITHOUT_A1}", finite_problems.volume, lambda s: beside(s, corners(s)))


def extended() -> Sampler:
    """Return the sampler of projected problems with E_N(Θ^N) ⊂ Θ."""

    def volume(source: Source, count: int) -> tuple[str, FiniteProblem]:
        cells = source.choice(tuple(DYADIC))
        return finite_problems.volume(source, count, DYADIC[cells], cells=(cells,))

    return sampler(f"{EXTENDED}{WITHOUT_A1}", volume, lambda s: beside(s, extended_corners(s)))


def small(layers: Sequence[tuple[int, ...]], names: Sequence[str] = SOLVED) -> Sampler:
    """Return the sampler of projected problems with four members, for claims that solve all their limits."""

    def volume(source: Source, count: int) -> tuple[str, FiniteProblem]:
        return finite_problems.volume(source, count, layers, (4,), (1, 1, 2), names=names)

    deep = max(layers, key=len) if len(layers) == 1 else None
    said = " or ".join(", ".join(map(str, one)) for one in layers)
    also = "" if names is SOLVED else f" Regularisers {', '.join(names)}."
    return sampler(f"{SMALL}{said}.{also}", volume, lambda source: corners(source, deep))


def small_extended() -> Sampler:
    """Return the same with E_N(Θ^N) ⊂ Θ, at one depth."""

    def volume(source: Source, count: int) -> tuple[str, FiniteProblem]:
        cells = source.choice(tuple(DYADIC))
        layers = [pair[-1:] for pair in DYADIC[cells]]
        return finite_problems.volume(source, count, layers, (4,), (1, 1, 2), (cells,))

    return sampler(f"{EXTENDED} Θ has 4 members, one or two samples.", volume, extended_corners)
