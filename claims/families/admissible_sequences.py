"""Learning problems along sequences of controls, and sets Θ in which the controls lie, or do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from claims import admissible_constants
from claims.families import control_sequences, learning_sequences, systems
from claims.families import samples as several
from claims.families.learning_failures import alone, scalar
from claims.families.learning_sequences import posed
from claims.families.plain import plain
from claims.kit.convergence_instances import AdmissibleSequence, LearningSequence, controls
from claims.kit.sampling import Batch, Sampler, Source, fixed, portions

#: How far a set reaches, beside the values and the variation of θ: it holds θ, or not.
INSIDE, OUTSIDE = ("wide", "exact"), ("narrow", "steep")

SETS = (
    " Θ for each of the controls: the smallest box and variation that hold θ, or three times as much; in "
    "three groups of five for one of them half the box or half the variation. All ends belong to Θ."
)
DISTRIBUTION = f"{learning_sequences.DISTRIBUTION}{SETS}"

Corner = tuple[str, AdmissibleSequence, tuple[str, ...]]


def within(p: LearningSequence, rooms: Sequence[str], closed: bool = True) -> AdmissibleSequence:
    """Return the problem with one of `INSIDE` or `OUTSIDE` for each control around the values of θ."""
    found = [_room(values, room) for values, room in zip(controls(p.sequence.first), rooms, strict=True)]
    low, high, variation = (torch.stack(column, 1) for column in zip(*found, strict=True))
    flags = torch.full((p.size, 3, 2), float(closed), dtype=torch.float64, device=low.device)
    return AdmissibleSequence(p, low, high, flags, variation).representable()


def _room(values: torch.Tensor, room: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    flat = torch.cat([values.flatten(1), values.new_zeros(len(values), not values[0].numel())], 1)
    low, high, variation = flat.amin(1), flat.amax(1), _above(admissible_constants.variation(values))
    reach = (high - low).clamp(min=2.0**-4)
    if room == "wide":
        return low - reach, high + reach, 3 * variation + 1
    if room == "narrow":
        return low, low + (high - low) / 2, variation
    return low, high, variation / 2 if room == "steep" else variation


def _above(x: torch.Tensor) -> torch.Tensor:
    """Return the next number of float32 above each that is not 0."""
    above = torch.nextafter(x.float(), torch.tensor(torch.inf, device=x.device)).double()
    return torch.where(x > 0, above, x)


def volume(source: Source, count: int) -> tuple[str, AdmissibleSequence]:
    """Return one group of independent draws of the stated distribution, and its family."""
    family, problem = learning_sequences.volume(source, count)
    rooms, off = [source.choice(INSIDE) for _ in range(3)], source.choice((0, 1, 2, None, None))
    if off is not None:
        rooms[off] = source.choice(OUTSIDE)
    return f"{family}, Θ {', '.join(rooms)}", within(problem, rooms)


# ---------------------------------------------------------------- corners


def equal(source: Source, system: systems.Maker) -> Corner:
    """Return K = 0, λ = 0: networks of every depth and the limit are the same."""
    first = system(plain(source, "l1", 1, 1, 1, data=1.0))
    sequence, samples = control_sequences.sequence(first, first, (1, 2)), several.spread(first)
    labels = source.integers(*samples.u0.shape, low=-8, high=8)
    problem = posed(sequence, samples, labels, source.choice(learning_sequences.LOSSES))
    return "attains: networks are the limit", within(problem, ("wide", "exact", "wide")), ("value",)


def falling(source: Source, depths: Sequence[int], low: float) -> AdmissibleSequence:
    """Return λ_N = 1/N with Θ = {low ≤ λ ≤ 1}: R = |u|, W = 0, τ = 1, u0 = 1, u* = 0, λ = 0 in the limit."""
    u0 = source.scale(2, low=0, high=4)
    first, other = scalar(u0), scalar(u0, lam=1.0 / depths[0])
    found = within(
        posed(*alone(control_sequences.sequence(first, other, depths, rate=1.0)), 0 * u0[:, None, None]),
        ("wide",) * 3,
    )
    ends = found.low.new_tensor([[-4.0, 0.0, low], [4.0, 2.0, 1.0]])
    return replace(found, low=ends[:1].expand(2, 3).clone(), high=ends[1:].expand(2, 3).clone())


def jumping(source: Source, depths: Sequence[int]) -> AdmissibleSequence:
    """Return λ = 0, 1 on two cells, flattened in the members: of these the first vary by at most 1/2."""
    u0 = source.scale(2, low=0, high=4)
    base = control_sequences.limits.refined(scalar(u0), 2)
    steps = base.lam.new_tensor([0.0, 1.0])
    first, other = replace(base, lam=0 * base.lam + steps), replace(base, lam=0 * base.lam + 0.5)
    sequence = control_sequences.sequence(first, other, depths, rate=1.0)
    return within(posed(*alone(sequence), 0 * u0[:, None, None]), ("wide", "wide", "steep"))


def corners(source: Source) -> Iterator[Corner]:
    """Yield the corners of one shard."""
    for system in systems.MAKERS:
        yield equal(source, system)
    family, turning, _ = learning_sequences.taking_turns(source)
    yield f"{family}, at the ends of Θ", within(turning, ("exact",) * 3), ()
    yield "corner: λ falls to 0 in Θ", falling(source, (1, 2, 4), 0.0), ()
    yield "corner: λ about to fall out of Θ", falling(source, (1, 2, 4), 0.25), ()
    yield "attains: λ falls out of Θ", falling(source, (1, 2, 8, 16), 0.25), ("outside",)
    yield "attains: λ leaves a set of small variation", jumping(source, (1, 2, 16)), ("outside",)


def draw(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then the corners."""
    for count in portions(size, max(1, min(24, size // 4))):
        family, problem = volume(source, count)
        yield Batch(problem, family, independent=True)
    for family, problem, terms in corners(source):
        yield Batch(problem, family, independent=False, attains=terms)


def problems() -> Sampler:
    """Return the sampler of learning problems with sets of admissible controls."""
    return Sampler(DISTRIBUTION, draw)


# ---------------------------------------------------------------- not closed


def half_open(u0: torch.Tensor, depths: Sequence[int] = (1, 2, 4, 8)) -> AdmissibleSequence:
    """Return Θ = {0 < λ ≤ 1} and λ_N = 1/N: R = |u|, W = 0, τ = 1, u* = 0; λ = 0 is not in Θ."""
    first, other = scalar(u0), scalar(u0, lam=1.0 / depths[0])
    sequence = control_sequences.sequence(first, other, depths, rate=1.0)
    found = within(posed(*alone(sequence), 0 * u0[:, None, None]), ("wide",) * 3)
    low, high, closed = found.low.clone(), found.high.clone(), found.closed.clone()
    low[:, 2], high[:, 2], closed[:, 2, 0] = 0.0, 1.0, 0.0
    return replace(found, low=low, high=high, closed=closed)


def not_closed() -> Sampler:
    """Return sets that leave out the limit of a sequence which lies in them."""

    def strata(source: Source) -> Iterator[tuple[str, AdmissibleSequence]]:
        for depths in ((1, 2, 4, 8), (2, 4, 16), (1, 32)):
            yield "λ falls to 0", half_open(source.scale(8, low=-2, high=4), depths)

    return fixed("R = |u|, W = 0, τ = 1, u0 = 2^k, u* = 0, λ_N = 1/N, Θ = {0 < λ ≤ 1}.", strata)
