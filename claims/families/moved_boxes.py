"""Training problems over boxes of a few parameters, with u0, f and labels that approach their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from claims.families import box_problems, perturbed_problems, systems
from claims.families.box_problems import EVENTFUL, FREE, NAMES, PIECES, single, within
from claims.families.perturbed_problems import BENT, SHARES
from claims.families.plain import plain
from claims.kit.argmin_instances import PerturbedProblem
from claims.kit.box_instances import BoxProblem, MovedBoxProblem
from claims.kit.convergence_instances import LearningSequence
from claims.kit.sampling import Batch, Sampler, Source, portions

#: The shares of the problems whose limits are enclosed: fewest that fall to an eighth.
FEW = ((1.0, 2.0**-3),)

MOVES = (
    " The data are moved in u0, f or the labels alone, in all of them by a gaussian relative change of size "
    "2^-k, k in 0…8 (labels by an absolute one), or to data drawn afresh; of the way there the problems go "
    "the shares {shares}. Corners in which u0, f or the labels move alone."
)

Corner = tuple[str, MovedBoxProblem, tuple[str, ...]]


def moved(box: BoxProblem, q: PerturbedProblem) -> MovedBoxProblem:
    """Return the box with the data of a problem over a finite set."""
    return MovedBoxProblem(box, q.to_f, q.to_u0, q.to_labels, q.shares).representable()


def aside(source: Source) -> LearningSequence:
    """Return K = 0 in R², the state u0 + wf with f < 0, p = 1 and the labels −8u0: w = 1 is best."""
    first = plain(source, "l1", 1, 2, 1, data=-8.0)
    both = first.u0.new_ones(2)
    first = replace(first, u0=first.u0[:, :1] * both, f=first.f[:, :1] * both)
    problem = single(source.choice(systems.MAKERS)(first))
    return replace(problem, label=-8 * first.u0, loss="p=1")


def alone(source: Source, what: str, shares: Sequence[float]) -> Corner:
    """Return one of the data in motion away from the label, in a direction that is nearly (1, 1)."""
    problem = aside(source)
    bent = problem.u0.new_tensor([1.0, BENT])
    samples = problem.over(problem.sequence.first)
    changed = {
        "start": {"u0": samples.u0 * (1 + 0.5 * bent)},
        "data": {"f": samples.f * (1 - 0.5 * bent)},
        "label": {"labels": problem.labels * (1 + 0.5 * bent)},
    }[what]
    q = perturbed_problems.moved(problem, 1, shares=shares, **changed)
    return (
        f"attains: {what} alone, K = 0",
        moved(within(problem, 0, 0.0, 1.0, (1,)), q),
        (what, "best points"),
    )


def still(source: Source, shares: Sequence[float]) -> Corner:
    """Return moved data that are the own ones."""
    _, box, _ = box_problems.thresholded(source, (1,), source.choice(systems.MAKERS))
    return "corner: the same data", moved(box, perturbed_problems.moved(box.problem, 1, shares=shares)), ()


def sampler(
    layers: Sequence[tuple[int, ...]],
    names: Sequence[str],
    shares: Sequence[Sequence[float]],
    pieces: Sequence[int] = PIECES,
    free: Sequence[tuple[int, ...]] = FREE,
    more: Sequence[Callable[[Source, Sequence[float]], Corner]] = (),
) -> Sampler:
    """Return the sampler of boxes whose data move, and of corners in which a term stands alone."""
    of_boxes = box_problems.sampler(layers, names, (), pieces=pieces, free=free)
    said = "; ".join(", ".join(f"{x:g}" for x in one) for one in shares)

    def draw(source: Source, size: int) -> Iterator[Batch]:
        for count in portions(size, max(1, min(24, size))):
            family, box = box_problems.volume(source, count, layers, names, pieces, free)
            kind, q = perturbed_problems.drawn(source, box.problem, box.layers[-1], source.choice(shares))
            yield Batch(moved(box, q), f"{family}, {kind}", independent=True)
        corners = [alone(source, what, shares[0]) for what in ("start", "data", "label")]
        corners += [corner(source, shares[0]) for corner in more]
        for family, found, terms in corners:
            yield Batch(found, family, independent=False, attains=terms)

    return Sampler(of_boxes.distribution + MOVES.format(shares=said), draw)


def networks() -> Sampler:
    """Return the sampler for Theorem 4.1: networks of one to four layers."""
    return sampler(((1,), (2,), (4,)), NAMES, SHARES, more=(still,))


def limits() -> Sampler:
    """Return the sampler for Theorem 4.2: the deep-layer limit, and two problems."""
    return sampler(((1,),), EVENTFUL, FEW, pieces=(1,), free=FREE[:3])
