"""Training problems over a finite Θ, with u0, f and labels that approach their own, together or alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch

from claims.families import finite_problems, learning_sequences, systems
from claims.families import samples as several
from claims.families.learning_failures import alone
from claims.families.learning_sequences import COUNTS, posed
from claims.families.limits import SOLVED
from claims.families.plain import plain
from claims.kit.argmin_instances import PerturbedProblem
from claims.kit.convergence_instances import LearningSequence
from claims.kit.instances import AnyNetwork, Network
from claims.kit.sample_instances import Samples
from claims.kit.sampling import Source
from claims.learning_constants import LOSSES

#: Shares of the way from the moved data to the own ones: 4^-k, fast; 1/k, slow.
FAST, SLOW = (1.0, 2.0**-2, 2.0**-4, 2.0**-6), (1.0, 1 / 2, 1 / 4, 1 / 8)
SHARES = (FAST, SLOW, (1.0, 1 / 3, 1 / 9, 1 / 27))

#: What moves, and how far.
MOVES = ("u0", "f", "labels", "all", "all", "unrelated")

DEPTHS, SIZES = (1, 2, 3, 4, 8, 16), (2, 3, 4, 5)

#: Members at equal distances.
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)

#: A direction that is not quite (1, 1): the bounds are attained but for a share that every radius resolves.
BENT = 1.0 - 2.0**-10

Corner = tuple[str, PerturbedProblem, tuple[str, ...]]


def moved(
    problem: LearningSequence,
    depth: int,
    *,
    f: torch.Tensor | None = None,
    u0: torch.Tensor | None = None,
    labels: torch.Tensor | None = None,
    shares: Sequence[float] = FAST,
) -> PerturbedProblem:
    """Return the problem with data that come from these, (batch, samples, ·), the own ones if not given."""
    samples = problem.over(problem.sequence.first)
    share = samples.u0.new_tensor(shares).expand(problem.size, len(shares)).contiguous()
    return PerturbedProblem(
        problem,
        samples.f if f is None else f,
        samples.u0 if u0 is None else u0,
        problem.labels if labels is None else labels,
        share,
        depth,
    ).representable()


def drawn(
    source: Source, problem: LearningSequence, depth: int, shares: Sequence[float] | None = None
) -> tuple[str, PerturbedProblem]:
    """Return the problem with data moved in one of the ways of `MOVES`, and its family."""
    samples, kind = problem.over(problem.sequence.first), source.choice(MOVES)
    size = source.scale(problem.size, 1, 1, low=-8, high=0)
    changed = {
        "f": samples.f * (1 + size * source.normal(*samples.f.shape)),
        "u0": samples.u0 * (1 + size * source.normal(*samples.u0.shape)),
        "labels": problem.labels + size * source.normal(*problem.labels.shape),
    }
    if kind == "unrelated":
        changed = {name: source.normal(*x.shape) for name, x in changed.items()}
    chosen = changed if kind in ("all", "unrelated") else {kind: changed[kind]}
    return f"{kind} moved", moved(problem, depth, shares=shares or source.choice(SHARES), **chosen)


def volume(
    source: Source,
    count: int,
    depths: Sequence[int] = DEPTHS,
    sizes: Sequence[int] = SIZES,
    counts: Sequence[int] = COUNTS,
    cells: Sequence[int] = finite_problems.CELLS,
) -> tuple[str, PerturbedProblem]:
    """Return one group of independent draws of the stated distribution, and its family."""
    family, sequence = finite_problems.drawn(source, count, sizes, cells)
    label, problem = finite_problems.learnt(source, sequence, counts)
    kind, found = drawn(source, problem, source.choice(depths))
    return f"{family}, {label}, {kind}", found


# ---------------------------------------------------------------- corners


def alike(network: AnyNetwork) -> Samples:
    """Return three samples that are that of the network."""
    f, u0 = (x[:, None].expand(-1, 2, -1).contiguous() for x in (network.f, network.u0))
    return Samples(network, f, u0)


def around(
    system: systems.Maker,
    first: Network,
    other: Network,
    scales: Sequence[float],
    sampled: Callable[[AnyNetwork], Samples] = several.spread,
    **rest: Any,
) -> LearningSequence:
    """Return Θ = {θ + s_j(ϑ − θ)} with several samples and the labels −8u0."""
    network = system(first)
    scale = first.u0.new_tensor(scales).expand(first.size, len(scales)).contiguous()
    samples = sampled(network)
    return posed(finite_problems.members(network, system(other), scale), samples, -8 * samples.u0, **rest)


def data(problem: LearningSequence) -> Samples:
    """Return the samples with their own data."""
    return problem.over(problem.sequence.first)


def direction(like: torch.Tensor, loss: str, *, bent: bool = False) -> torch.Tensor:
    """Return the direction of R² in which the loss rises fastest, or one that is nearly that."""
    found = like.new_tensor(learning_sequences.DIRECTIONS[loss])
    return found * like.new_tensor([1.0, BENT]) if bent else found


def base(source: Source, loss: str, gain: float, count: int = 1) -> Network:
    """Return one layer in R², K near ``gain`` times the identity, λ = 0, u0 in the direction of the loss."""
    first = plain(source, "l1", count, 2, 1, gain=gain)
    first = replace(first, u0=first.u0[:, :1] * direction(first.u0, loss))
    return replace(first, W=first.W * first.u0.new_tensor([1.0, BENT]))


def started(source: Source, system: systems.Maker, loss: str) -> Corner:
    """Return one layer and u0 that moves away from labels beyond 0; both members are the same."""
    gain, width = source.choice((0.5, -1.0, 0.0)), source.scale(1, low=-2, high=12)
    first = base(source, loss, gain)
    problem = around(system, first, first, (0.0, 1.0), loss=loss, width=width)
    found = moved(problem, 1, u0=1.5 * data(problem).u0, shares=source.choice(SHARES))
    return f"attains: u0 alone, K near {gain:g} I", found, ("start",)


def driven(source: Source, system: systems.Maker, loss: str) -> Corner:
    """Return one layer driven by f alone, A = 0, with f moved away from labels beyond 0."""
    first, width = base(source, loss, 0.0), source.scale(1, low=-2, high=12)
    first = replace(first, f=first.u0.clone())
    problem = around(system, first, first, (0.0, 1.0), loss=loss, width=width)
    found = moved(problem, 1, f=1.5 * data(problem).f, shares=source.choice(SHARES))
    return "attains: f alone, K = 0", found, ("data",)


def labelled(source: Source, system: systems.Maker, loss: str) -> Corner:
    """Return labels beyond 0 that move away from the state."""
    first, width = base(source, loss, source.choice((0.5, 0.0))), source.scale(1, low=-2, high=12)
    problem = around(system, first, first, (0.0, 1.0), loss=loss, width=width)
    step = 4 * data(problem).u0 * direction(first.u0, "p=2", bent=True)
    found = moved(problem, 1, labels=problem.labels - step, shares=source.choice(SHARES))
    return "attains: labels alone", found, ("label",)


def torn(source: Source, system: systems.Maker, what: str) -> Corner:
    """Return two members on both sides of the label, whose losses move against each other: 2δ is attained.

    K = 0, R = ‖·‖₁: the state is u0 + f, or 16 less in the second member, which is nearer to the label by 1/4
    in each entry; the moved data make up for a little more than that.
    """
    first = plain(source, "l1", 1, 2, 1)
    first = replace(first, f=0 * first.f + 8)
    problem = around(system, first, replace(first, lam=first.lam + 16), (0.0, 1.0), alike, loss="p=1")
    here = data(problem)
    labels = here.u0 + here.f - 8.125
    problem = replace(problem, label=labels[:, 0], further_labels=labels[:, 1:])
    step = 0.125 * (1 + 2.0**-9) * direction(first.u0, "p=1", bent=True)
    chosen = {
        "start": {"u0": here.u0 - step},
        "data": {"f": here.f - step},
        "label": {"labels": labels + step},
    }[what]
    return f"attains: {what}, between two members", moved(problem, 1, **chosen), (f"{what} twice", "near")


def level(source: Source, system: systems.Maker) -> Corner:
    """Return members with λ so large that all states are 0: all are minimisers, of every problem."""
    first = plain(source, "l1", 1, 2, 1, lam=128.0)
    problem = around(system, first, replace(first, lam=2 * first.lam), (0.0, 0.5, 1.0))
    return "corner: all members minimise", moved(problem, 1, labels=0 * problem.labels + 1, shares=SLOW), ()


def still(source: Source, system: systems.Maker) -> Corner:
    """Return moved data that are the own ones."""
    first = plain(source, source.choice(SOLVED), 1, 3, 2, gain=0.5, lam=0.5)
    problem = around(system, first, replace(first, W=1.5 * first.W, lam=2 * first.lam), (0.0, 0.5, 1.0))
    return "corner: the same data", moved(problem, 4), ()


def corners_of_limits(source: Source) -> Iterator[Corner]:
    """Yield corners in which every term is attained, each by a drawn system, and one with many minimisers."""
    for corner in (started, driven, labelled):
        yield corner(source, source.choice(systems.MAKERS), source.choice(LOSSES))
    for what in ("start", "data", "label"):
        yield torn(source, source.choice(systems.MAKERS), what)
    yield level(source, source.choice(systems.MAKERS))


def corners(source: Source) -> Iterator[Corner]:
    """Yield the corners of one shard: every system attains every term."""
    start = source.integer(0, len(LOSSES) - 1)
    for i, system in enumerate(systems.MAKERS):
        loss = LOSSES[(start + 2 * i) % len(LOSSES)]
        for corner in (started, driven, labelled):
            yield corner(source, system, loss)
        yield torn(source, system, ("start", "data", "label")[i])
    yield level(source, source.choice(systems.MAKERS))
    yield still(source, source.choice(systems.MAKERS))


# ---------------------------------------------------------------- restrictions


def first_and_last(p: PerturbedProblem) -> PerturbedProblem:
    """Return the problem with two of its shares only, the first and the last."""
    return replace(p, shares=p.shares[:, [0, -1]])


def on_a_segment(p: PerturbedProblem) -> PerturbedProblem:
    """Return the problem with the members θ + |s_j|(ϑ − θ), which do not oscillate."""
    sequence = p.problem.sequence
    scales, frequencies = sequence.scales.abs(), (0,) * len(sequence.frequencies)
    again = finite_problems.members(sequence.first, sequence.other, scales, frequencies)
    return replace(p, problem=replace(p.problem, sequence=again))


def in_turn(source: Source, system: systems.Maker) -> Corner:
    """Return five members at equal distances, of which the labels choose one after the other."""
    first = plain(source, "l1", 1, 1, 1)
    first = replace(first, f=0 * first.f)
    sequence = around(system, first, replace(first, lam=first.lam + 8), QUARTERS).sequence
    labels = first.u0[:, None]
    problem = posed(*alone(sequence), labels)
    found = moved(problem, 1, labels=labels - 8, shares=QUARTERS[:0:-1])
    return "attains: minimisers at equal distances", found, ("spread",)


def moving(p: PerturbedProblem, name: str) -> PerturbedProblem:
    """Return the problem in which only ``u0``, ``f`` or the ``labels`` move."""
    samples = data(p.problem)
    own = {"u0": samples.u0, "f": samples.f, "labels": p.problem.labels}
    return replace(p, **{f"to_{other}": x for other, x in own.items() if other != name})
