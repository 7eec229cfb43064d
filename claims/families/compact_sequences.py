"""Learning problems along sequences in bounded, equi-continuous sets, and finite nested families."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from claims import admissible_constants, compact_constants, convergence_constants
from claims.families import control_sequences, finite_problems, learning_sequences, systems
from claims.families import samples as several
from claims.families.existence_sequences import Corner, groups, single, stretched
from claims.families.learning_sequences import moving, penalised, posed, steered
from claims.families.plain import plain
from claims.kit.argmin_instances import FiniteProblem
from claims.kit.compact_instances import CompactSequence
from claims.kit.convergence_instances import LearningSequence, controls
from claims.kit.sampling import Batch, Sampler, Source, portions
from claims.learning_constants import LOSSES, PENALTIES

#: Depths of sequences: those of a limit do not matter.
ANY = (1, 2, 4)

MODULI = f"{learning_sequences.DISTRIBUTION} Corners: data alone, norms alone, the second limit expands more."
COMPACT = (
    f"{learning_sequences.DISTRIBUTION} Members only of 1, 2, 4. Θ: the smallest intervals and "
    "variations that hold θ and all members; in two groups of five one control may at no time be "
    "smaller than 5/4 of the least size of θ, so that θ ∉ Θ. Corners in which one term stands alone; "
    "σ_k > 0 with σ_k → 0 on [0, ½]; zero sets [0, ½ + 1/k]."
)
SPEEDS = (
    f"{control_sequences.DISTRIBUTION} Corners of 1 to 32 layers: drive alone, weights alone, a weak "
    "operator."
)
NESTED = (
    f"{finite_problems.DISTRIBUTION} Here 3 or 4 members, θ on 1, 2 or 4 cells, and 1, 2, 4 or 2, 4, 8 "
    "or 1, 3 layers."
)


# ---------------------------------------------------------------- pairs of limits


def _moduli(source: Source, size: int) -> Iterator[Batch]:
    for count in portions(size, groups(size)):
        family, problem = learning_sequences.volume(source, count)
        yield Batch(problem, family, independent=True)
    for i, system in enumerate(systems.MAKERS):
        family, problem, _ = steered(source, system, LOSSES[(source.integer(0, 4) + 2 * i) % len(LOSSES)])
        yield Batch(problem, family, independent=False, attains=("loss",))
        family, problem, _ = penalised(source, system, source.choice(PENALTIES))
        yield Batch(problem, family, independent=False, attains=("penalty",))
        family, problem, _ = stretched(source, system, source.choice(LOSSES))
        yield Batch(problem, family.replace("attains", "corner"), independent=False)


def moduli() -> Sampler:
    """Return the sampler of learning problems along sequences, for the modulus of the limit's objective."""
    return Sampler(MODULI, _moduli)


# ---------------------------------------------------------------- sets of functions


def compact(p: LearningSequence, small: int | None = None) -> CompactSequence:
    """Return the smallest Θ that holds θ and all members, but not θ if ``small`` names a control."""
    members = [convergence_constants.function(p.sequence, j) for j in range(len(p.sequence.depths))]
    rows: list[list[torch.Tensor]] = [[], [], [], []]
    for i, values in enumerate(controls(p.sequence.first)):
        every = [values, *(controls(theta)[i] for theta in members)]
        entries = torch.cat([_entries(x) for x in every], 1)
        sizes = compact_constants.flat(values).norm(dim=2).amin(1)
        least = 1.25 * sizes if i == small else 0 * sizes
        variation = torch.stack([admissible_constants.variation(x) for x in every]).amax(0)
        for row, x in zip(
            rows, (_below(entries.amin(1)), -_below(-entries.amax(1)), least, variation), strict=True
        ):
            row.append(x)
    low, high, least, variation = (torch.stack(row, 1) for row in rows)
    found = CompactSequence(
        p, low, high, torch.ones_like(low)[:, :, None].repeat(1, 1, 2), least, -_below(-variation)
    )
    return found.representable()


def _entries(values: torch.Tensor) -> torch.Tensor:
    return torch.cat([values.flatten(1), values.new_zeros(len(values), not values[0].numel())], 1)


def _below(x: torch.Tensor) -> torch.Tensor:
    """Return x itself where it is a number of float32, else the next one below."""
    near = x.float()
    lower = torch.nextafter(near, torch.tensor(-torch.inf, device=x.device))
    return torch.where(near.double() <= x, near, lower).double()


def volume(source: Source, count: int) -> tuple[str, CompactSequence]:
    """Return one group of independent draws of the stated distribution, and its family."""
    family, sequence = control_sequences.volume(source, count, depths=ANY)
    kind, problem = learning_sequences.drawn(source, sequence)
    small = source.choice((None, None, None, 0, 1))
    return f"{family}, {kind}, {'θ ∈ Θ' if small is None else 'θ too small'}", compact(problem, small)


def aimed(source: Source, system: systems.Maker) -> Corner:
    """Return W constant and K = 0, one member, and the label that its limit reaches; p = 1."""
    first = plain(source, "l1", 1, 1, 1, data=1.0)
    sequence, _ = moving(system, first, replace(first, W=2 * first.W), (1,))
    labels = (first.u0 + 2 * first.f)[:, None]
    return (
        "attains: the member reaches the label",
        posed(sequence, single(sequence), labels, "p=1"),
        ("loss", "values"),
    )


def free_of_cost(source: Source, system: systems.Maker) -> Corner:
    """Return a system at rest in 0, and the penalty |s − 1|, which the one member does not pay."""
    base = plain(source, "l1", 1, 1, 1)
    rest = replace(base, u0=0 * base.u0, W=base.W / 2)
    sequence, _ = moving(system, rest, replace(rest, W=base.W), (1,))
    samples, penalties = single(sequence), ("kinked", "s", "s")
    problem = posed(sequence, samples, 0 * samples.u0, "p=1", penalties, (1.0, 0.0, 0.0))
    return "attains: the norm of W costs the member nothing", problem, ("penalty", "values")


def at_rest(source: Source, system: systems.Maker) -> Corner:
    """Return the sequence θ^k = θ: the values are the same."""
    first = system(plain(source, "l1", 1, 1, 1, data=1.0))
    sequence = control_sequences.sequence(first, first, (1, 2))
    samples = several.spread(first)
    labels = source.integers(*samples.u0.shape, low=-8, high=8)
    return "attains: nothing moves", posed(sequence, samples, labels, source.choice(LOSSES)), ("value",)


def oscillating(source: Source, system: systems.Maker) -> Corner:
    """Return W = 1 + r_3/4, which is near 1 weakly: the variation says by how much it is not strongly."""
    first = system(plain(source, "l1", 1, 1, 1, data=1.0))
    name = "tau" if system is systems.fixed else ("W1" if system is systems.coupled else "W")
    other = replace(first, **{name: 1.25 * getattr(first, name)})
    sequence = control_sequences.sequence(first, other, (8,), rate=0.0, frequencies=(3,))
    samples = single(sequence)
    return f"corner: {name} oscillates", posed(sequence, samples, 0 * samples.u0, "p=1"), ()


def vanishing(source: Source) -> Corner:
    """Return τ or λ that is 2^-k > 0 on [0, ½] and 0 there in the limit, and 1 beyond."""
    name = source.choice(("tau", "lam"))
    base = plain(source, source.choice(("l1", "l2")), 2, 2, 2, gain=0.5, data=0.25, lam=0.5)
    half = base.lam.new_tensor([0.0, 1.0])
    first = replace(base, **{name: getattr(base, name) * half})
    other = replace(base, **{name: getattr(base, name)})
    sequence = control_sequences.sequence(first, other, (1, 2, 4, 8, 16), rate=1.0)
    samples = single(sequence)
    problem = posed(sequence, samples, 0 * samples.u0, source.choice(LOSSES), PENALTIES, (0.25, 0.25, 0.25))
    return f"corner: {name} > 0 tends to 0 on half of the time", problem, ()


def shrinking(source: Source) -> Corner:
    """Return τ or λ that is 0 on [0, ½ + 1/k], and on [0, ½] in the limit."""
    name, k = source.choice(("tau", "lam")), source.choice((4, 8, 16))
    base = plain(source, source.choice(("l1", "l2")), 2, 2, k, gain=0.5, data=0.25, lam=0.5)
    value = getattr(base, name)
    times = torch.arange(k, device=value.device)
    first = replace(base, **{name: value * (times >= k // 2)})
    other = replace(base, **{name: value * (times >= k // 2 + 1)})
    sequence = control_sequences.sequence(first, other, (1,), rate=1.0)
    samples = single(sequence)
    problem = posed(sequence, samples, 0 * samples.u0, source.choice(LOSSES), PENALTIES, (0.25, 0.25, 0.25))
    return f"corner: {name} = 0 up to ½ + 1/{k}", problem, ()


def _compact(source: Source, size: int) -> Iterator[Batch]:
    for count in portions(size, groups(size)):
        family, found = volume(source, count)
        yield Batch(found, family, independent=True)
    makers = (aimed, free_of_cost, at_rest, oscillating)
    corners = [make(source, system) for system in systems.MAKERS for make in makers]
    for family, problem, _ in (*corners, vanishing(source), shrinking(source)):
        yield Batch(compact(problem), family, independent=False)


def sequences() -> Sampler:
    """Return the sampler of sequences of controls in bounded, equi-continuous sets."""
    return Sampler(COMPACT, _compact)


# ---------------------------------------------------------------- networks


def _speeds(source: Source, size: int) -> Iterator[Batch]:
    for count in portions(size, groups(size)):
        family, sequence = control_sequences.volume(source, count)
        yield Batch(sequence, family, independent=True)
    for system in systems.MAKERS:
        depths = source.choice(((1, 2, 4), (1, 8, 32)))
        for given, gain, term in (
            ({"data": 1.0}, 0.0, "data"),
            ({"lam": 1.0}, 0.0, "subgradient"),
            ({}, 2.0**-8, "operator"),
        ):
            first = system(plain(source, "l1", 2, 1, 1, gain=gain, **given))
            still = control_sequences.sequence(first, first, depths)
            yield Batch(still, f"attains: {term} alone", independent=False, attains=(term,))


def speeds() -> Sampler:
    """Return the sampler of sequences of controls for the H¹ bound of all depths."""
    return Sampler(SPEEDS, _speeds)


def _nested(source: Source, size: int) -> Iterator[Batch]:
    layers = ((1, 2, 4), (2, 4, 8), (1, 3))
    for count in portions(size, groups(size)):
        family, found = finite_problems.volume(source, count, layers, (3, 4), (1, 1, 2), (1, 2, 4))
        yield Batch(found, family, independent=True)
    for system in systems.MAKERS:
        family, problem, _ = learning_sequences.discretised(source, system, source.choice(LOSSES))
        yield Batch(FiniteProblem(problem, (1, 2)), family, independent=False)
    _, problem, _ = penalised(source, source.choice(systems.MAKERS), source.choice(PENALTIES))
    yield Batch(FiniteProblem(problem, (1, 2)), "corner: norms alone", independent=False)


def nested() -> Sampler:
    """Return the sampler of finite families of controls, projected onto more and more cells."""
    return Sampler(NESTED, _nested)
