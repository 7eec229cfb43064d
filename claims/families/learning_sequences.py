"""Learning problems along sequences of controls: samples, labels, a loss and penalties for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from claims.families import control_sequences, systems
from claims.families import samples as several
from claims.families.plain import plain
from claims.kit.convergence_instances import ControlSequence, LearningSequence
from claims.kit.instances import Network
from claims.kit.sample_instances import Samples
from claims.kit.sampling import Batch, Sampler, Source, portions
from claims.learning_constants import LOSSES, PENALTIES

COUNTS = (1, 1, 2, 3)
LABELS = ("unrelated", "near the start", "zero")

#: In R², directions in which ‖·‖_p is largest against ‖·‖₂.
DIRECTIONS = {
    "p=1": (1.0, 1.0),
    "p=3/2": (1.0, 1.0),
    "p=2": (1.0, 1.0),
    "p=3": (1.0, 0.0),
    "huber": (1.0, 1.0),
}

DISTRIBUTION = (
    f"{control_sequences.DISTRIBUTION} 1, 2 or 3 samples, the further ones related to the first as for "
    "networks with samples; labels gaussian with a factor 2^k, k in −3…2, or near u0 (relative gaussian "
    "change of size 2^-k, k in 0…12), or 0; the loss Σ|u − u*|^p with p = 1, 3/2, 2, 3 or Huber's of width "
    "2^k, k in −2…2; penalties s, s² or |s − 1| with weights 0 or 2^k, k in −4…0. Corners in which one term "
    "of the modulus stands alone, with samples of three sizes, 0 among them; rest; everything at once."
)

Corner = tuple[str, LearningSequence, tuple[str, ...]]


def posed(
    sequence: ControlSequence,
    samples: Samples,
    labels: torch.Tensor,
    loss: str = "p=2",
    penalties: tuple[str, str, str] = ("s", "s", "s"),
    weights: Sequence[float] | torch.Tensor = (0.0, 0.0, 0.0),
    width: float | torch.Tensor = 1.0,
) -> LearningSequence:
    """Return the learning problem with these labels (batch, samples, d), without penalties if not given."""
    like = labels[:, 0, 0]
    weight = torch.as_tensor(weights, dtype=like.dtype, device=like.device).expand(len(like), 3).contiguous()
    size = torch.as_tensor(width, dtype=like.dtype, device=like.device).expand(len(like)).contiguous()
    further = (samples.further_f, samples.further_u0)
    posed = LearningSequence(sequence, *further, labels[:, 0], labels[:, 1:], size, weight, loss, penalties)
    return posed.representable()


def labelled(source: Source, samples: Samples, kind: str) -> torch.Tensor:
    """Return labels (batch, samples, d), one of `LABELS`."""
    u0 = samples.u0
    if kind == "near the start":
        return u0 * (1 + source.scale(len(u0), 1, 1, low=-12, high=0) * source.normal(*u0.shape))
    return source.normal(*u0.shape) * source.scale(len(u0), 1, 1, low=-3, high=2) * float(kind == "unrelated")


def drawn(source: Source, sequence: ControlSequence) -> tuple[str, LearningSequence]:
    """Return a learning problem of the stated distribution along a sequence, and its family."""
    count = sequence.size
    relation, number = source.choice(several.RELATIONS), source.choice(COUNTS)
    samples = several.further(source, sequence.first, relation, number)
    kind, loss = source.choice(LABELS), source.choice(LOSSES)
    first, second, third = (source.choice(PENALTIES) for _ in range(3))
    weights = source.scale(count, 3, low=-4, high=0) * source.integers(count, 3, low=0, high=1)
    width = source.scale(count, low=-2, high=2)
    labels = labelled(source, samples, kind)
    return f"label {kind}", posed(sequence, samples, labels, loss, (first, second, third), weights, width)


def volume(source: Source, count: int) -> tuple[str, LearningSequence]:
    """Return one group of independent draws of the stated distribution, and its family."""
    family, sequence = control_sequences.volume(source, count)
    kind, found = drawn(source, sequence)
    return f"{family}, {kind}", found


# ---------------------------------------------------------------- corners


def still(system: systems.Maker, first: Network, depths: Sequence[int]) -> tuple[ControlSequence, Samples]:
    """Return the sequence θ^j = θ, and three samples of different sizes."""
    network = system(first)
    return control_sequences.sequence(network, network, depths), several.spread(network)


def moving(
    system: systems.Maker, first: Network, other: Network, depths: Sequence[int]
) -> tuple[ControlSequence, Samples]:
    """Return the sequence θ + (ϑ − θ)/N of the controls of both, and three samples of different sizes."""
    network = system(first)
    return control_sequences.sequence(network, system(other), depths, rate=1.0), several.spread(network)


def discretised(source: Source, system: systems.Maker, loss: str, count: int = 1) -> Corner:
    """Return one linear layer whose certificate nearly is the error, and labels beyond 0.

    K = ±1 or 4 in R², but for 2^-10, as in `claims.families.limits.linear`; λ = 0.  The limit is further
    along u0 than the network, so that its loss is larger.
    """
    gain = source.choice((1.0, -1.0, 4.0))
    base = plain(source, "l1", count, 2, 1, gain=gain)
    bent = base.u0.new_tensor([1.0, 1.0 - 2.0**-10])
    start = base.u0[:, :1] * base.u0.new_tensor(DIRECTIONS[loss])
    sequence, samples = still(system, replace(base, W=base.W * bent, u0=start), (1, 2))
    width = source.scale(count, low=-2, high=12)
    return (
        f"attains: one layer, K near {gain:g} I",
        posed(sequence, samples, -8 * samples.u0, loss, width=width),
        ("network",),
    )


def steered(source: Source, system: systems.Maker, loss: str, count: int = 1) -> Corner:
    """Return K = 0, λ = 0 in R¹, where controls move u by what (4.8) says, and labels beyond both ends."""
    first = plain(source, "l1", count, 1, 1, data=1.0)
    name = "W" if system is systems.coupled else source.choice(("W", "tau"))
    other = replace(first, **{name: 2 * getattr(first, name)})
    sequence, samples = moving(system, first, other, (1, 2, 4, 8))
    labels = 128 * (0 * samples.u0 + 1) * (samples.u0 > 0)
    width = source.scale(count, low=-2, high=12)
    return (
        f"attains: {name} alone, K = 0",
        posed(sequence, samples, 4 * labels, loss, width=width),
        ("controls",),
    )


def penalised(source: Source, system: systems.Maker, name: str, count: int = 1) -> Corner:
    """Return a system at rest in 0 with f = 0: controls matter for their norms alone."""
    base = plain(source, "l1", count, source.choice((1, 2)), 1)
    rest = replace(base, u0=0 * base.u0, W=2 * base.W, tau=2 * base.tau)
    place = 0 if system is systems.coupled else source.choice((0, 1))
    control = ("W", "tau")[place]
    other = replace(rest, **{control: 2 * getattr(rest, control)})
    sequence, samples = moving(system, rest, other, (1, 2, 4, 8))
    weights = torch.zeros(count, 3, dtype=torch.float64, device=source.device)
    weights[:, place] = source.scale(count, low=-4, high=0)
    loss, labels = source.choice(LOSSES), source.integers(*samples.u0.shape, low=-2, high=2)
    family = f"attains: the norm of {control} alone"
    return family, posed(sequence, samples, labels, loss, (name, name, name), weights), ("penalty",)


def mixed(source: Source, system: systems.Maker, count: int = 1) -> Corner:
    """Return small integers for everything, all controls in motion, and τ zero in the second half."""
    name = source.choice(control_sequences.limits.SOLVED)
    first = plain(source, name, count, source.choice((1, 3)), 2, gain=0.5, data=0.25, lam=0.5)
    first = replace(first, tau=first.tau * first.u0.new_tensor([1.0, 0.0]))
    other = replace(first, W=1.5 * first.W, tau=first.tau / 2, lam=2 * first.lam)
    sequence, samples = moving(system, first, other, (1, 2, 8))
    labels = 0 * samples.u0 if source.choice((True, False)) else samples.u0 / 4
    weights = source.scale(count, 3, low=-2, high=2)
    return (
        "corner: everything at once",
        posed(sequence, samples, labels, source.choice(LOSSES), PENALTIES, weights),
        (),
    )


def resting(source: Source, system: systems.Maker, count: int = 1) -> Corner:
    """Return states and labels that are 0 for ever, under controls that change: R is minimal there."""
    name = source.choice(control_sequences.limits.SOLVED)
    base = plain(source, name, count, 2, 1, gain=1.0, lam=1.0)
    base = replace(base, u0=0 * base.u0)
    other = replace(base, lam=2 * base.lam)
    sequence, samples = moving(system, base, other, (1, 3))
    return "corner: at rest in 0", posed(sequence, samples, 0 * samples.u0, source.choice(LOSSES)), ()


def taking_turns(source: Source, count: int = 1) -> Corner:
    """Return τ = 1, 0 and λ = 0, 1 on two cells, at rest in 0: τλ = 0 has neither mean nor norm of λ."""
    base = plain(source, "l1", count, 1, 2)
    turns = base.lam.new_tensor([1.0, 0.0]).expand(count, 2)
    rest = replace(base, u0=0 * base.u0, tau=turns.clone(), lam=1 - turns)
    sequence, samples = still(systems.same, rest, (1, 2, 4))
    weights = (0.0, 0.0, 2.0 ** source.integer(4, 8))
    return "corner: τ and λ take turns", posed(sequence, samples, 0 * samples.u0, weights=weights), ()


def corners(source: Source) -> Iterator[Corner]:
    """Yield the corners of one shard: every system attains every term, three losses take part."""
    start = source.integer(0, len(LOSSES) - 1)
    for i, system in enumerate(systems.MAKERS):
        loss = LOSSES[(start + 2 * i) % len(LOSSES)]  # p = 1 or p = 3/2 among three in a row
        yield discretised(source, system, loss)
        yield steered(source, system, loss)
        yield penalised(source, system, source.choice(PENALTIES))
    yield taking_turns(source)
    yield mixed(source, source.choice(systems.MAKERS))
    yield resting(source, source.choice(systems.MAKERS))


def draw(source: Source, size: int) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then the corners."""
    for count in portions(size, max(1, min(24, size // 4))):
        family, problem = volume(source, count)
        yield Batch(problem, family, independent=True)
    for family, problem, terms in corners(source):
        yield Batch(problem, family, independent=False, attains=terms)


def problems() -> Sampler:
    """Return the sampler of learning problems along sequences that converge."""
    return Sampler(DISTRIBUTION, draw)
