r"""A violating instance reduced to few, small, round numbers, so that it can be read.

A reduction is tried if its key is smaller (see `claims.kit.plainness`), and accepted if the instance still
violates.

Every round tries all reductions of one sort at once, one batch a shape: first a plainer regulariser (R for
R(Du), the identity or a cyclic shift for D, the identity or the diagonal for Q), then shorter axes (one
block kept, a half, one dropped), then rounder numbers, tensor by tensor and entry by entry, then pairs of
entries and tensors scaled together, for where no entry can move alone.  The next round starts from the
smallest that still violates; a round in which none does is the last.  No random numbers: the result depends
on nothing but the instance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, product
from typing import Any, TypeVar, cast

import torch

from claims.kit.instances import Instances, StepFunction
from claims.kit.layout import FEWEST, blocks, joined, kept, lengths, signature, with_plainer_regularizer
from claims.kit.plainness import Table, keys, size, stiffness
from claims.kit.slots import numbers, placed, slots, twins

T = TypeVar("T", bound=Instances)
Violating = Callable[[Any], torch.Tensor]

#: Most rounds, and most candidates of one batch.
ROUNDS, BATCH = 200, 4096

#: Up to this many numbers pairs of them are tried, up to the second every single one, beyond it only spans.
FEW, MANY = 12, 64

#: Values that pairs of entries take.
VALUES = (0.0, 1.0, -1.0, 2.0, 0.5, 0.25, 0.75, 1.5, 3.0)


def minimised(instance: T, violating: Violating) -> T:
    """Return the smallest instance that reductions reach; the very same object if there is none.

    Parameters
    ----------
    instance : batch of one, on the CPU
    violating : function
        Batch of instances to which of them (batch,) are counterexamples still.  What it raises counts as no.
    """
    best = instance
    if not bool(_safely(violating, instance).any()):
        return instance
    for _ in range(ROUNDS):
        found = _plainer(best, violating) or _shorter(best, violating)
        found = found or _first(best, _rounder(best), violating) or _first(best, _together(best), violating)
        if found is None:
            break
        best = found
    return best


def _safely(violating: Violating, batch: Instances) -> torch.Tensor:
    """Return which are counterexamples; none if judging them raises: a reduction must not hide a finding."""
    try:
        return violating(batch)
    except Exception:
        return torch.zeros(batch.size, dtype=torch.bool)


# ---------------------------------------------------------------- shorter axes


def _plainer(instance: T, violating: Violating) -> T | None:
    """Return the first violating instance with a plainer regulariser."""
    limit = size(instance), stiffness(instance)
    for candidate in with_plainer_regularizer(instance):
        smaller = (size(candidate), stiffness(candidate)) < limit
        if smaller and bool(_safely(violating, candidate).any()):
            return candidate
    return None


def _shorter(instance: T, violating: Violating) -> T | None:
    """Return the smallest violating instance with a shorter axis or fewer cells, the first among equals."""
    groups: dict[tuple[object, ...], list[T]] = {}
    for candidate in _shortened(instance):
        groups.setdefault(signature(candidate), []).append(candidate)
    for group in sorted(groups.values(), key=lambda group: size(group[0])):
        verdicts = _safely(violating, joined(group))
        if bool(verdicts.any()):
            return group[int(verdicts.long().argmax())]
    return None


def _shortened(instance: T) -> Iterator[T]:
    """Yield the instance with no or one block of an axis, a half of it, one less; and with fewer cells."""
    for axis, length in lengths(instance).items():
        for parts in blocks(instance, axis, length):
            everything = tuple(range(len(parts)))
            keeps = [(), *((i,) for i in everything)]
            keeps += [everything[: len(parts) // 2], everything[len(parts) // 2 :]]
            keeps += [everything[:i] + everything[i + 1 :] for i in everything]
            for chosen in dict.fromkeys(keeps):
                keep = sorted(entry for i in chosen for entry in parts[i])
                if FEWEST.get(axis, 1) <= len(keep) < length:
                    yield kept(instance, axis, keep)
    if isinstance(instance, StepFunction):
        for cells in dict.fromkeys((1, instance.cells // 2, instance.cells - 1)):
            if 0 < cells < instance.cells:
                yield cast(T, replace(instance, cells=cells))


# ---------------------------------------------------------------- rounder numbers


def _first(instance: T, rows: list[torch.Tensor], violating: Violating) -> T | None:
    """Return the instance with the row of numbers of smallest key that still violates, if below its own."""
    if not rows:
        return None
    table = torch.stack(rows)
    for slot in slots(instance):
        own = table[:, slot.start : slot.stop]
        own = own.abs() if slot.nonnegative else own
        table[:, slot.start : slot.stop] = torch.where(own == 0, 1.0, own) if slot.positive else own
    table = table.float().double()
    table = cast(Table, torch.unique(table[table.isfinite().all(1)] + 0.0, dim=0))
    found = keys(instance, table)
    (limit,) = keys(instance, numbers(instance))
    order = sorted((i for i in range(len(found)) if found[i] < limit), key=lambda i: found[i])[:BATCH]
    if not order:
        return None
    batch = placed(instance, table[order], torch.zeros(len(order), dtype=torch.long))
    verdicts = _safely(violating, batch)
    return batch.take(int(verdicts.long().argmax())) if bool(verdicts.any()) else None


def _rounder(instance: Instances) -> list[torch.Tensor]:
    """Return rows of rounder numbers: everything, a tensor, a part of one, or an entry changed."""
    values = numbers(instance)[0]
    equal = values.clone()
    for column, twin in twins(instance).items():
        equal[column] = values[twin]
    changes = [change(values) for change in _CHANGES] + [_significant(values, n) for n in (1, 2, 4, 8)]
    column = torch.arange(len(values))
    masks = [(column >= start) & (column < stop) for start, stop in _spans(instance, len(values))]
    return [torch.where(mask, change, values) for mask in masks for change in (*changes, equal)]


def _spans(instance: Instances, length: int) -> list[tuple[int, int]]:
    """Return the spans of entries that are changed at once: all, tensors, their halves and so on."""
    spans = {(0, length): None} | {(slot.start, slot.stop): None for slot in slots(instance)}
    for start, stop in list(spans):
        step = (stop - start) // 2
        while step >= 1 and (stop - start) // step <= MANY:
            spans |= {(a, min(a + step, stop)): None for a in range(start, stop, step)}
            step //= 2
    return [(start, stop) for start, stop in spans if stop > start]


def _together(instance: Instances) -> list[torch.Tensor]:
    """Return rows with two entries set at once, or two tensors scaled by powers of 2 at once."""
    values = numbers(instance)[0]
    rows: list[torch.Tensor] = []
    if len(values) <= FEW:
        for (i, j), (x, y) in product(combinations(range(len(values)), 2), product(VALUES, VALUES)):
            rows.append(values.clone())
            rows[-1][i], rows[-1][j] = x, y
    for (one, other), power in product(combinations(slots(instance), 2), (1, 2, -1, -2, 0.5, -0.5)):
        for exponent in (-8, -4, -2, -1, 1, 2, 4, 8):
            if float(power * exponent).is_integer():
                rows.append(values.clone())
                rows[-1][one.start : one.stop] *= 2.0**exponent
                rows[-1][other.start : other.stop] *= 2.0 ** (power * exponent)
    return rows


def _significant(x: torch.Tensor, digits: int) -> torch.Tensor:
    """Return x rounded to so many binary digits."""
    mantissa, exponent = torch.frexp(x)
    return torch.ldexp((mantissa * 2.0**digits).round() / 2.0**digits, exponent)


def _halved(x: torch.Tensor) -> torch.Tensor:
    return x / 2


def _down(place: int) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda x: (place * x).floor() / place


def _up(place: int) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda x: (place * x).ceil() / place


_CHANGES: tuple[Callable[[torch.Tensor], torch.Tensor], ...] = (
    *(torch.zeros_like, torch.ones_like, lambda x: -torch.ones_like(x), torch.abs, _halved),
    *(_down(1), _up(1), _down(4), _up(4), _down(16), _up(16)),
)
