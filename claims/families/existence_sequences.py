"""Learning problems for the existence of minimisers: pairs, sequences and nets of admissible controls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from claims import convergence_constants, sample_constants
from claims.families import admissible_sequences, control_sequences, learning_sequences, systems
from claims.families import samples as several
from claims.families.learning_sequences import moving, penalised, posed, steered
from claims.families.plain import plain
from claims.kit.convergence_instances import AdmissibleSequence, ControlSequence, LearningSequence
from claims.kit.instances import AnyNetwork, Network
from claims.kit.sample_instances import Samples
from claims.kit.sampling import Batch, Sampler, Source, portions
from claims.learning_constants import LOSSES, PENALTIES

Corner = tuple[str, LearningSequence, tuple[str, ...]]

MODULI = (
    f"{learning_sequences.DISTRIBUTION} Corners besides: states that the second network stretches, "
    "weights alone."
)
LOWER = (
    f"{admissible_sequences.DISTRIBUTION} Corners besides: labels that the last member reaches, norms "
    "that cost it nothing."
)
NETS = (
    "Groups of one shape: problem, samples, labels, loss, penalties and weights as for learning "
    "problems; 1, 2, 3, 4, 6 or 8 layers; ϑ has W, τ, λ or all changed by a gaussian relative change of "
    "size 2^-k, k in 0…12, or is within the size of θ, or has unrelated controls; a net of 3, 5 or 9 "
    "members θ + s(ϑ − θ), s = 0, 1 and uniform multiples of 1/16 between them; the last member has any "
    "multiple of 1/64. Corners in which one term stands alone."
)


def groups(size: int) -> int:
    """Return how many shapes a shard of ``size`` draws has: networks cost by the shape, not by the draw."""
    return max(1, min(24, size // 8))


# ---------------------------------------------------------------- pairs of controls


def stretched(source: Source, system: systems.Maker, loss: str) -> Corner:
    """Return K = −1 and W alone in motion, d = 1: the second network expands more; labels below both."""
    first = plain(source, "l1", 1, 1, 1, gain=-1.0)
    sequence, samples = moving(system, first, replace(first, W=first.W / 2), (1, 2, 4))
    labels = -8 * samples.u0
    return "attains: the second network expands more", posed(sequence, samples, labels, loss), ("loss",)


def weighted(source: Source, system: systems.Maker, loss: str) -> Corner:
    """Return λ alone in motion, d = 1, R = |u| away from 0, expanding or not; labels below all states."""
    gain = source.choice((0.0, -1.0))
    first = plain(source, "l1", 1, 1, 1, gain=gain, lam=1.0)
    sequence, samples = moving(system, first, replace(first, lam=2 * first.lam), (1, 2, 4))
    samples = Samples(samples.network, samples.further_f[:, :0], samples.further_u0[:, :0])
    return "attains: λ alone", posed(sequence, samples, -8 * samples.u0, loss), ("loss",)


def _moduli(source: Source, size: int) -> Iterator[Batch]:
    for count in portions(size, groups(size)):
        family, problem = learning_sequences.volume(source, count)
        yield Batch(problem, family, independent=True)
    start = source.integer(0, len(LOSSES) - 1)
    for i, system in enumerate(systems.MAKERS):
        loss = LOSSES[(start + 2 * i) % len(LOSSES)]
        family, problem, _ = steered(source, system, loss)
        yield Batch(problem, family, independent=False, attains=("loss",))
        family, problem, _ = penalised(source, system, source.choice(PENALTIES))
        yield Batch(problem, family, independent=False, attains=("penalty",))
        for corner in (stretched, weighted):
            family, problem, terms = corner(source, system, loss)
            yield Batch(problem, family, independent=False, attains=terms)
    family, problem, _ = learning_sequences.mixed(source, source.choice(systems.MAKERS))
    yield Batch(problem, family, independent=False)


def moduli() -> Sampler:
    """Return the sampler of learning problems along sequences, for the modulus of their objectives."""
    return Sampler(MODULI, _moduli)


# ---------------------------------------------------------------- sequences in a set


def reached(sequence: ControlSequence, j: int) -> torch.Tensor:
    """Return the last state of the member j as the label of its one sample, (batch, 1, d)."""
    network = convergence_constants.member(sequence, j)
    empty = network.f[:, None, :][:, :0], network.u0[:, None, :][:, :0]
    return sample_constants.runs(Samples(network, *empty))[:, :, -1]


def single(sequence: ControlSequence) -> Samples:
    """Return the one sample of the problem of a sequence."""
    first = sequence.first
    return Samples(first, first.f[:, None, :][:, :0], first.u0[:, None, :][:, :0])


def driven(source: Source, kind: str) -> tuple[Network, Network]:
    """Return θ and ϑ in R¹ that differ in W or λ, K = 0 or, for ``grown``, K = −1."""
    first = plain(source, "l1", 1, 1, 1, gain=-1.0 if kind == "grown" else 0.0, data=1.0, lam=1.0)
    return first, replace(first, **({"W": 2 * first.W} if kind == "W" else {"lam": 2 * first.lam}))


def aimed(source: Source, system: systems.Maker, kind: str) -> Corner:
    """Return controls that approach θ, p = 1, and the label that the last member reaches: it pays nothing."""
    first, other = driven(source, kind)
    sequence, _ = moving(system, first, other, (2, 4, 8) if kind == "grown" else (1, 2, 4))
    problem = posed(sequence, single(sequence), reached(sequence, 2), "p=1")
    return (
        f"attains: the last member reaches the label, {kind}",
        problem,
        () if kind == "grown" else ("loss",),
    )


def free_of_cost(source: Source, system: systems.Maker) -> Corner:
    """Return a system at rest in 0, and the penalty |s − 1|, which the last member does not pay."""
    base = plain(source, "l1", 1, 1, 1)
    name = "W" if system is systems.coupled else source.choice(("W", "tau"))
    rest = replace(base, u0=0 * base.u0, **{name: getattr(base, name) / 2})
    other = replace(rest, **{name: 2.5 * getattr(base, name)})
    sequence, _ = moving(system, rest, other, (1, 2, 4))
    samples, weights = single(sequence), [0.0, 0.0, 0.0]
    weights[0 if name == "W" else 1] = 1.0
    problem = posed(sequence, samples, 0 * samples.u0, "p=1", ("kinked", "kinked", "kinked"), weights)
    return f"attains: the norm of {name} costs the last member nothing", problem, ("penalty",)


def in_a_wide_box(problem: LearningSequence) -> AdmissibleSequence:
    """Return the problem with entries of at most 8, constant in time."""
    found = admissible_sequences.within(problem, ("wide",) * 3)
    low, high = torch.full_like(found.low, -8.0), torch.full_like(found.high, 8.0)
    return replace(found, low=low, high=high, variation=0 * found.variation)


def _lower(source: Source, size: int) -> Iterator[Batch]:
    for count in portions(size, groups(size)):
        family, found = admissible_sequences.volume(source, count)
        yield Batch(found, family, independent=True)
    for family, found, terms in admissible_sequences.corners(source):
        yield Batch(found, family, independent=False, attains=tuple(x for x in terms if x == "value"))
    for system in systems.MAKERS:
        kind = source.choice(("W", "λ"))
        for family, problem, terms in (
            aimed(source, system, kind),
            aimed(source, system, "grown"),
            free_of_cost(source, system),
        ):
            yield Batch(in_a_wide_box(problem), family, independent=False, attains=terms)


def admissible() -> Sampler:
    """Return the sampler of sequences of controls that converge, and of sets Θ around them."""
    return Sampler(LOWER, _lower)


# ---------------------------------------------------------------- nets


def net(
    first: AnyNetwork, other: AnyNetwork, points: torch.Tensor, last: torch.Tensor, depth: int
) -> ControlSequence:
    """Return members θ + s(ϑ − θ) with s in ``points`` (batch, J − 1), then ``last`` (batch,)."""
    scales = torch.cat([points, last[:, None]], 1)
    J = scales.shape[1]
    rates = scales[:, :, None].expand(-1, -1, 3)
    return control_sequences.declared(ControlSequence(first, other, scales, rates, (depth,) * J, (0,) * J))


def volume(source: Source, count: int) -> tuple[str, LearningSequence]:
    """Return one group of independent draws of nets, and its family."""
    cells = source.choice(control_sequences.CELLS)
    family, drawn = control_sequences.problem(source, count, control_sequences.limits.SOLVED, cells)
    system, first = systems.vary(source, drawn)
    first, kind = first.representable(), source.choice(control_sequences.DIRECTIONS)
    other = control_sequences.direction(source, first, kind)
    more = source.choice((1, 3, 7))
    points = source.integers(count, more + 2, low=0, high=16) / 16
    points[:, 0], points[:, -1] = 0.0, 1.0
    last = source.integers(count, low=0, high=64) / 64
    sequence = net(first, other, points, last, cells)
    label, problem = learning_sequences.drawn(source, sequence)
    return f"{family}, {system}, {kind}, net of {more + 2}, {label}", problem


def halfway(source: Source, system: systems.Maker) -> Corner:
    """Return three members and one halfway between two of them, whose last state is the label; p = 1."""
    first, other = driven(source, source.choice(("W", "λ")))
    points, last = first.u0.new_tensor([[0.0, 0.5, 1.0]]), first.u0.new_tensor([source.choice((0.25, 0.75))])
    sequence = net(system(first), system(other), points, last, source.choice((1, 2)))
    problem = posed(sequence, single(sequence), reached(sequence, 3), "p=1")
    return "attains: the label between two of the net", problem, ("loss",)


def best_norm(source: Source, system: systems.Maker) -> Corner:
    """Return a system at rest in 0 and the penalty |s − 1|: a member between two of the net pays nothing."""
    base = plain(source, "l1", 1, 1, 1)
    rest = replace(base, u0=0 * base.u0, W=base.W / 2)
    points, last = base.u0.new_tensor([[0.0, 1.0]]), base.u0.new_tensor([0.5])
    sequence = net(system(rest), system(replace(rest, W=3 * rest.W)), points, last, 1)
    samples, penalties = single(sequence), ("kinked", "s", "s")
    problem = posed(sequence, samples, 0 * samples.u0, "p=1", penalties, (1.0, 0.0, 0.0))
    return "attains: the best norm between two of the net", problem, ("penalty",)


def of_the_net(source: Source, system: systems.Maker) -> Corner:
    """Return a net of which the last member is one, of one point: it bounds the minimum by itself."""
    first, _ = driven(source, "W")
    points = first.u0.new_tensor([[0.0, 0.0]])
    sequence = net(system(first), system(first), points, points[:, 0], 1)
    samples = several.spread(sequence.first)
    return "attains: one point", posed(sequence, samples, 0 * samples.u0, source.choice(LOSSES)), ("value",)


def _nets(source: Source, size: int) -> Iterator[Batch]:
    for count in portions(size, groups(size)):
        family, problem = volume(source, count)
        yield Batch(problem, family, independent=True)
    for system in systems.MAKERS:
        for corner in (halfway, best_norm, of_the_net):
            family, problem, terms = corner(source, system)
            yield Batch(problem, family, independent=False, attains=terms)


def nets() -> Sampler:
    """Return the sampler of finite nets of controls on a line, and of one more member between them."""
    return Sampler(NETS, _nets)
