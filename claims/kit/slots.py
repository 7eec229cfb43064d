r"""The numbers of an instance that may be moved, as one row of a table, and the instance with other numbers.

Both systems of a pair share ``A`` and the regulariser; shared numbers exist once here, so a change hits both.
What may be moved at all says `claims.kit.layout`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import torch

from claims import argmin_constants, convergence_constants
from claims import sequence_constants as sequence
from claims.kit import gamma_rates
from claims.kit.argmin_instances import FiniteProblem, PerturbedProblem
from claims.kit.compact_instances import CompactSequence
from claims.kit.convergence_instances import AdmissibleSequence, ControlSequence, LearningSequence
from claims.kit.coordinates import on_mesh, recentred
from claims.kit.gamma_instances import GammaLimits, GammaPerturbation, GammaSequence
from claims.kit.image_instances import ImageProblem
from claims.kit.instances import Instances, StepFunction
from claims.kit.layout import SHARED, Path, known, leaves, owner
from claims.kit.sequence_instances import GraphSequence

T = TypeVar("T", bound=Instances)


@dataclass(frozen=True)
class Slot:
    """Where the numbers of one array lie among all that may be moved: columns ``start`` to ``stop``.

    Of ``centred`` slopes the last one is left out: it is minus the sum of the others.
    """

    path: Path
    nonnegative: bool
    positive: bool
    centred: bool
    start: int
    stop: int


def _movable(layout: str | None, array: torch.Tensor) -> bool:
    words = (layout or "still").split()
    single = array.numel() == array.shape[0]  # a 1×1 matrix is a number
    return "still" not in words and ("psd" not in words or single)


def _free(array: torch.Tensor, centred: bool) -> torch.Tensor:
    """Return the entries of an array that are numbers of their own."""
    return array[:, :-1] if centred else array


def slots(instances: Instances) -> list[Slot]:
    """Return the arrays that may be moved, shared ones once; none of an instance of a kind not listed."""
    found: dict[Path, Slot] = {}
    if not known(instances):
        return []
    start = 0
    for path, layout, array in leaves(instances):
        if layout is not None and _movable(layout, array) and (place := owner(path)) not in found:
            words = layout.split()
            stop = start + _free(array, "centred" in words)[0].numel()
            nonnegative = not {"+", "++", "psd"}.isdisjoint(words)
            found[place] = Slot(place, nonnegative, "++" in words, "centred" in words, start, stop)
            start = stop
    return list(found.values())


def numbers(instances: Instances) -> torch.Tensor:
    """Return all numbers that may be moved, (batch, P), in the order of `slots`."""
    arrays = {path: array for path, _, array in leaves(instances)}
    free = [_free(arrays[slot.path], slot.centred) for slot in slots(instances)]
    nothing = instances.arrays()[0].new_zeros(instances.size, 0)
    columns = [x.reshape(len(x), x[0].numel()) for x in free]
    return torch.cat([nothing, *columns], 1)


def placed(instances: T, values: torch.Tensor, rows: torch.Tensor) -> T:
    """Return the instances ``rows`` of a batch with ``values`` (len(rows), P) for their numbers."""
    at = {slot.path: slot for slot in slots(instances)}
    order = iter([owner(path) for path, _, _ in leaves(instances)])

    def place(array: torch.Tensor) -> torch.Tensor:
        slot = at.get(next(order))
        if slot is None:
            return array[rows]
        own = values[:, slot.start : slot.stop]
        own = own.reshape(len(rows), *_free(array, slot.centred).shape[1:])
        return recentred(on_mesh(own)) if slot.centred else own

    return instances.map(place)


def twins(instances: Instances) -> dict[int, int]:
    """Return for each column that a second system has of its own the same column of the first."""
    found = {slot.path: slot for slot in slots(instances)}
    firsts = {path: tuple("first" if part in SHARED else part for part in path) for path in found}
    return {
        column: column - slot.start + found[firsts[path]].start
        for path, slot in found.items()
        if firsts[path] != path and firsts[path] in found
        for column in range(slot.start, slot.stop)
    }


def repeated(instances: Instances) -> int:
    """Return how many numbers an instance holds a second time, those that its systems share."""
    return sum(array[0].numel() for path, _, array in leaves(instances) if owner(path) != path)


def renewed(instances: T) -> T:
    """Return the batch with what an instance says of itself measured and rounded up.

    Of functions these are bound and variation, of sequences on a graph the distances of the last member, of
    sequences of controls those of all members, of functions that Γ-converge errors and constants.
    """
    if isinstance(instances, (AdmissibleSequence, CompactSequence)):
        return replace(instances, learning=renewed(instances.learning))
    if isinstance(instances, ImageProblem):
        found = replace(instances, problem=renewed(instances.problem))
        measured = (argmin_constants.sizes(found.sequence), argmin_constants.variations(found.sequence))
        bound, variation = (torch.where(x > 0, _above(x), 0.0) for x in measured)
        return replace(found, bound=bound, variation=variation)
    if isinstance(instances, (FiniteProblem, PerturbedProblem)):
        return replace(instances, problem=renewed(instances.problem))
    if isinstance(instances, LearningSequence):
        return replace(instances, sequence=renewed(instances.sequence))
    if isinstance(instances, ControlSequence):
        apart = convergence_constants.distances(instances)
        return replace(instances, rates=torch.where(apart > 0, _above(apart), 0.0))
    if isinstance(instances, StepFunction):
        values = instances.values
        bound = values.norm(dim=2).amax(1)
        variation = (values[:, 1:] - values[:, :-1]).norm(dim=2).sum(1)
        return replace(instances, bound=_above(bound), variation=_above(variation))
    if isinstance(instances, GraphSequence):
        return replace(instances, rates=_above(_last_distances(instances)))
    if isinstance(instances, (GammaSequence, GammaPerturbation, GammaLimits)):
        return gamma_rates.measured(instances)
    return instances


def _last_distances(p: GraphSequence) -> torch.Tensor:
    """Return ‖u_m − u‖ and ‖p_m − p‖ of the last member, (batch, 2)."""
    u: torch.Tensor = sequence.resolvents(p)
    s: torch.Tensor = sequence.graph_points(p, u)
    return torch.stack([(u[:, -1] - p.u).norm(dim=1), (s[:, -1] - p.p).norm(dim=1)], 1)


def _above(x: torch.Tensor) -> torch.Tensor:
    """Return the next number of float32 above each."""
    return torch.nextafter(x.float(), torch.tensor(torch.inf, device=x.device)).double()
