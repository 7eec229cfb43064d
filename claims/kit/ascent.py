r"""Adversarial search: instances are moved uphill on their margin until one violates or the budget is spent.

Climbers start from sampled instances of a few shapes, those with the largest score and some corners.  Every
round tries all moves of all climbers of a shape in one batch: entries, tensors or parts of tensors are
doubled, halved, negated, set to 0, ±1 or ± their largest, or shifted a little; two entries are swapped;
random directions are tried within a radius that grows with success and shrinks without (an evolution step,
one lineage a climber); the last successful step is repeated, shortened or lengthened.  A climber follows one
position of the margin, goes where its score does not fall, and makes room for the next start when it gets
stuck.

No gradients: the oracles behind the bounds are numpy, and a subject owes no derivative.

Moved numbers stay exact in float32, 0 or between `SMALLEST` and `LARGEST` in absolute value, nonnegative or
positive where they must be; what is no number of `claims.kit.slots` is left alone.  Candidates that do
not meet the assumptions, or whose bound or round-off overflows, are counted as unmet and are nowhere to go.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import cast

import torch

from claims.kit.instances import Instances
from claims.kit.margin import Decision, Margin
from claims.kit.profiles import Climb
from claims.kit.sampling import Batch, Source
from claims.kit.slots import numbers, placed, renewed, slots

Judged = tuple[torch.Tensor, Margin, Decision]
Judge = Callable[[Instances], Judged]
Seen = tuple[Instances, str, bool, torch.Tensor, Margin, Decision]

#: Family of instances that were moved.
MOVED = "adversarial"

LARGEST, SMALLEST = 2.0**12, 2.0**-16

#: Rounds without a rise after which a climber is replaced, and what counts as a rise.
PATIENCE, RISE = 6, 1e-9

#: A batch holds at most this many numbers; where instances are large, a climber has fewer moves.
BATCH = 2**17

#: (α, β, ρ, γ): an entry x becomes αx + (β + ρ·radius)·largest + γ, largest being that of its tensor.
CHANGES = (
    *((2.0, 0, 0, 0), (0.5, 0, 0, 0), (-1.0, 0, 0, 0), (0, 0, 0, 0), (1.0, 0, 1.0, 0), (1.0, 0, -1.0, 0)),
    *((0, 0, 0, 1.0), (0, 0, 0, -1.0), (0, 1.0, 0, 0), (0, -1.0, 0, 0)),
)


def scores(margin: Margin) -> torch.Tensor:
    r"""Return (left − right − rounding − certified)/(\|right\| + rounding + certified), (batch, positions).

    Positive exactly where the position violates; −∞ where the bound or an uncertainty is not finite: there
    the numbers have outgrown the arithmetic, which says nothing about the claim.
    """
    shape = margin.left.shape
    parts = (margin.left, margin.right, margin.rounding, margin.certified)
    aligned = (x.reshape(*x.shape, *(1 for _ in shape[x.dim() :])).expand(shape) for x in parts)
    left, right, rounding, certified = (x.reshape(shape[0], math.prod(shape[1:])) for x in aligned)
    slack, size = left - right - rounding - certified, right.abs() + rounding + certified
    score = torch.where(size > 0, slack / size, torch.where(slack > 0, torch.inf, -1.0))
    return torch.where(size.isfinite(), score.nan_to_num(nan=torch.inf, posinf=torch.inf), -torch.inf)


@dataclass
class _Group:
    """Climbers of one shape: the instances that they come from, and where they are."""

    pool: Instances
    order: list[int]
    heights: torch.Tensor
    targets: torch.Tensor
    rows: torch.Tensor
    where: torch.Tensor
    score: torch.Tensor
    step: torch.Tensor
    radius: torch.Tensor
    idle: torch.Tensor
    best: float


def ascend(batches: Iterable[Batch], judge: Judge, climb: Climb, source: Source) -> Iterator[Seen]:
    """Judge starts, then climb; yield every batch judged, as arguments of `claims.kit.tally.Tally.add`.

    Parameters
    ----------
    batches : batches of one shard
        Independent ones are all judged, of the corners ``climb.corners`` random batches.
    judge : function
        Instances to which of them meet the assumptions, their margins and the decisions.
    climb : Climb
        Budget.
    source : Source
        Random numbers of the search.
    """
    volume: list[Batch] = []
    corners: list[Batch] = []
    for batch in batches:
        (volume if batch.independent else corners).append(batch)
    chosen = _integers(source.uniform(len(corners)).argsort()[: climb.corners])
    groups: list[_Group] = []
    for batch in (*volume, *(corners[i] for i in chosen)):
        met, margin, decision = judge(batch.instances)
        yield batch.instances, batch.family, False, met, margin, decision
        groups += _gathered(batch, met, margin, climb.starts)
    groups = sorted(groups, key=lambda group: -group.best)[: climb.shapes]
    for _ in range(climb.rounds):
        for group in groups:
            candidates, rows = _candidates(group, climb, source)
            met, margin, decision = judge(candidates)
            score = scores(margin)
            met &= (score > -torch.inf).all(1)
            yield candidates, MOVED, False, met, margin, decision
            _advance(group, candidates, rows, torch.where(met[:, None], score, -torch.inf))


def _gathered(batch: Batch, met: torch.Tensor, margin: Margin, starts: int) -> list[_Group]:
    """Return the climbers of one batch; none if nothing in it can move or meets the assumptions.

    A position that is tied already is followed only where all are: a sharp bound has nothing above it.
    """
    values = numbers(batch.instances)
    score = torch.where(met[:, None], scores(margin), -torch.inf)
    if not values.numel() or not bool((score > -torch.inf).any()):
        return []
    open_ = torch.where(score < -RISE, score, score - 2.0)
    height, targets = open_.max(1)
    ranked = _integers(height.argsort(descending=True, stable=True))
    order = [i for i in ranked if height[i] > -torch.inf]
    first = torch.tensor(order[:starts], device=values.device)
    unset = height[first] * 0
    return [
        _Group(
            pool=batch.instances,
            order=order[starts:],
            heights=score.gather(1, targets[:, None])[:, 0],
            targets=targets,
            rows=first,
            where=values[first],
            score=score[first, targets[first]],
            step=torch.zeros_like(values[first]),
            radius=unset + 0.5,
            idle=unset,
            best=float(height.max()),
        )
    ]


def _candidates(group: _Group, climb: Climb, source: Source) -> tuple[Instances, torch.Tensor]:
    """Return all moves of all climbers as one batch, and the climber (batch,) of each."""
    climbers, size = group.where.shape
    moves = max(4, min(climb.moves, BATCH // (climbers * size)))
    each = torch.arange(climbers, device=group.where.device).repeat_interleave(moves)
    before = group.where[each]
    owner, nonnegative, positive = _columns(group.pool, before.device)
    kind = torch.arange(climbers * moves, device=before.device) % 8
    radius = group.radius[each][:, None]
    largest = _largest(before, owner)
    after = _changed(before, largest, radius, owner, kind, source)
    after = torch.where((kind == 4)[:, None], _swapped(before, owner, source), after)
    share = torch.where(kind == 5, 1.0, torch.exp2(-5 * source.uniform(len(each))))[:, None]
    direction = source.normal(*before.shape) * largest * radius * (source.uniform(*before.shape) < share)
    after = torch.where(((kind == 5) | (kind == 6))[:, None], before + direction, after)
    stretch = source.scale(len(each), 1, low=-1, high=2)
    after = torch.where((kind == 7)[:, None], before + stretch * group.step[each], after)
    after = torch.where(nonnegative, after.abs(), after).clamp(-LARGEST, LARGEST).float().double()
    after = torch.where((after.abs() < SMALLEST) & (after != before), positive * SMALLEST, after)
    return renewed(placed(group.pool, after, group.rows[each])), each


def _columns(instances: Instances, device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return for each column the number of its tensor, and whether it is nonnegative and positive."""
    found = slots(instances)
    sizes = torch.tensor([slot.stop - slot.start for slot in found], device=device)
    each = (range(len(found)), [slot.nonnegative for slot in found], [slot.positive for slot in found])
    owner, nonnegative, positive = (torch.tensor(x, device=device).repeat_interleave(sizes) for x in each)
    return owner, nonnegative, positive


def _largest(values: torch.Tensor, owner: torch.Tensor) -> torch.Tensor:
    """Return for each entry the largest absolute value in its tensor, 1 where that is 0; (batch, P)."""
    index = owner.expand(values.shape)
    tops = values.new_zeros(len(values), int(owner.max()) + 1).scatter_reduce(1, index, values.abs(), "amax")
    return torch.where(tops > 0, tops, 1.0).gather(1, index)


def _changed(
    before: torch.Tensor,
    largest: torch.Tensor,
    radius: torch.Tensor,
    owner: torch.Tensor,
    kind: torch.Tensor,
    source: Source,
) -> torch.Tensor:
    """Return ``before`` with one of `CHANGES` at one entry, half a tensor (kind 2) or all of it (kind 3)."""
    batch, size = before.shape
    table = torch.tensor(CHANGES, dtype=torch.float64, device=before.device)
    picked = table[source.integers(batch, low=0, high=len(CHANGES) - 1).long()]
    alpha, beta, rho, gamma = picked.T[:, :, None]
    entry = source.integers(batch, 1, low=0, high=size - 1).long()
    tensor = source.integers(batch, 1, low=0, high=int(owner.max())).long()
    single = torch.arange(size, device=before.device) == entry
    share = torch.where(kind == 2, 0.5, 1.0)[:, None]
    several = (owner == tensor) & (source.uniform(batch, size) < share)
    mask = torch.where((kind >= 2)[:, None], several, single)
    return torch.where(mask, alpha * before + (beta + rho * radius) * largest + gamma, before)


def _swapped(before: torch.Tensor, owner: torch.Tensor, source: Source) -> torch.Tensor:
    """Return ``before`` with two entries of one tensor exchanged."""
    first = source.integers(len(before), 1, low=0, high=before.shape[1] - 1).long()
    same = owner == owner[first]
    second = (source.uniform(*before.shape) * same).argmax(1, keepdim=True)
    exchanged = before.scatter(1, first, before.gather(1, second))
    return exchanged.scatter(1, second, before.gather(1, first))


def _advance(group: _Group, candidates: Instances, climber: torch.Tensor, score: torch.Tensor) -> None:
    """Let every climber go to its best candidate unless that is lower, and replace those that are stuck."""
    followed = score.gather(1, group.targets[group.rows][climber][:, None])[:, 0]
    height, index = followed.reshape(len(group.rows), -1).max(1)
    chosen = index + torch.arange(len(index), device=index.device) * (len(followed) // len(index))
    goes, rises = height >= group.score, height > group.score + RISE
    there = numbers(candidates)[chosen]
    group.step = torch.where(goes[:, None], there - group.where, group.step)
    group.where = torch.where(goes[:, None], there, group.where)
    group.score = torch.where(goes, height, group.score)
    group.radius = torch.where(rises, group.radius * 2, group.radius / 2).clamp(2.0**-12, 1.0)
    group.idle = torch.where(rises, 0.0, group.idle + 1)
    for stuck in _integers(torch.nonzero(group.idle >= PATIENCE)[:, 0]):
        if group.order:
            _restart(group, stuck)


def _restart(group: _Group, climber: int) -> None:
    row = group.order.pop(0)
    group.rows[climber] = row
    group.where[climber] = numbers(group.pool.take(row))[0]
    group.score[climber], group.step[climber] = group.heights[row], 0.0
    group.radius[climber], group.idle[climber] = 0.5, 0.0


def _integers(indices: torch.Tensor) -> list[int]:
    return cast("list[int]", indices.tolist())
