r"""The objective over some of the samples, in pieces that fit into memory, with and without the tape."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import fields, replace

import torch
from jaxtyping import Int
from torch import Tensor

from fbscore.errors import require
from fbscore.learning.objective import Learning, objective
from fbscore.lista import AlistaControls
from fbscore.network import AnyControls, layer, layers
from fbscore.samples import Samples
from fbscore.shapes import Scalars, Trajectories
from fbscore.types import Problem

__all__ = ["AnyProblem", "Task", "differentiate", "measure", "minibatches", "part", "samples_of"]

AnyProblem = Problem | Samples
Task = tuple[AnyProblem, Learning]
Index = Int[Tensor, "chosen"]


def samples_of(problem: AnyProblem) -> int:
    """Number of samples that share the controls: 1 for a `Problem`."""
    return problem.samples if isinstance(problem, Samples) else 1


def minibatches(count: int, size: int | None, generator: torch.Generator) -> list[Index]:
    r"""Indices of ``0 .. count − 1`` in mini-batches of ``size``, in an order drawn from the generator.

    The last one is smaller where ``size`` does not divide ``count``.  ``None``: all in their own order, and
    nothing is drawn.
    """
    if size is None or size >= count:
        return [torch.arange(count)]
    return list(torch.split(torch.randperm(count, generator=generator), size))


def part(task: Task, index: Index) -> Task:
    """The samples ``index`` and their labels; the whole of a `Problem`."""
    problem, learning = task
    if not isinstance(problem, Samples) or len(index) == problem.samples:
        return task
    index = index.to(problem.device)
    chosen = replace(problem, f=problem.f[:, index], u0=problem.u0[:, index])
    return chosen, replace(learning, labels=learning.labels[:, index])


def differentiate(task: Task, controls: AnyControls, index: Index, chunk: int | None) -> Scalars:
    r"""Add the gradient of ``J`` over the samples ``index`` to the leaves of ``controls``; return ``J``.

    Parameters
    ----------
    task : Problem or Samples, and Learning
    controls : Controls, ListaControls or AlistaControls
        On the tape.
    index : (chosen,)
    chunk : int or None
        Samples on the tape at once: the gradients of several pieces add up to that of the mean.

    Returns
    -------
    (batch,)
        Off the tape.  The instances have controls of their own, so the gradient of the sum serves each.
    """
    terms: list[Scalars] = []
    for piece, share in _pieces(index, chunk):
        problem, learning = part(task, piece)
        term = share * objective(problem, controls, learning, forward=_last)
        require(term.requires_grad, "learning", "a loss or a penalty with a gradient", "none")
        term.sum().backward()
        terms.append(term.detach())
    return torch.stack(terms).sum(0)


@torch.no_grad()
def measure(task: Task, controls: AnyControls, chunk: int | None) -> tuple[Scalars, Scalars]:
    r"""``J`` over all samples and the mean loss alone, (batch,) each, off the tape."""
    terms: list[Tensor] = []
    for piece, share in _pieces(torch.arange(samples_of(task[0])), chunk):
        problem, learning = part(task, piece)
        ends = _given(_last(problem, controls))
        bare = replace(learning, weights=torch.zeros_like(learning.weights))
        both = [objective(problem, controls, aim, forward=ends) for aim in (learning, bare)]
        terms.append(share * torch.stack(both))
    J, loss = torch.stack(terms).sum(0)
    return J, loss


def _pieces(index: Index, chunk: int | None) -> Iterator[tuple[Index, float]]:
    """Consecutive pieces with their share of the mean."""
    for piece in torch.split(index, chunk or len(index)):
        yield piece, len(piece) / len(index)


def _last(problem: AnyProblem, controls: AnyControls) -> Trajectories:
    """The state after the last layer as a trajectory of one state: the others are not stacked."""
    u = next(layers(problem, controls))  # requires controls that match
    for cell in _cells(controls):
        u = layer(cell, 0, controls.h, u, problem)
    return u.unsqueeze(-2)


def _cells(controls: AnyControls) -> Iterator[AnyControls]:
    """Each cell as controls of its own, not validated again.

    ``W[:, n]`` of one tensor for all layers gets a gradient of the size of ``W`` from each of them: ``N²`` in
    all, 4 times the time of a step at ``N = 64``, ``m = 250``, ``d = 500``.
    """
    timed = [field.name for field in fields(controls)]
    if isinstance(controls, AlistaControls):
        timed.remove("W")
    pieces = {name: torch.split(getattr(controls, name), 1, dim=1) for name in timed}
    for n in range(controls.N):
        cell = copy.copy(controls)
        for name, x in pieces.items():
            object.__setattr__(cell, name, x[n])
        yield cell


def _given(states: Trajectories) -> Callable[[AnyProblem, AnyControls], Trajectories]:
    """A network that has run already."""

    def forward(problem: AnyProblem, controls: AnyControls) -> Trajectories:
        return states

    return forward
