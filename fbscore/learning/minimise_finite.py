r"""The minimum over finitely many controls: every value enclosed, and which of them may be the smallest."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fbscore import linalg
from fbscore.batched import Measured
from fbscore.errors import require, require_instance, require_request
from fbscore.learning.admissible import Finite
from fbscore.learning.branch_and_bound.loss_bounds import Ball, highest, lowest
from fbscore.learning.branch_and_bound.results import Bracket
from fbscore.learning.controls import control_norms
from fbscore.learning.limit_objective import limit_objective
from fbscore.learning.objective import AnyProblem, Learning
from fbscore.limit.rounding import layer_round_off, prox_operations
from fbscore.network import AnyControls, layers
from fbscore.operators import magnitudes, operators
from fbscore.shapes import Scalars
from fbscore.types import Enclosure, Problem

__all__ = ["FiniteMinimum", "minimise_finite", "objective_enclosure"]


@dataclass(frozen=True, eq=False)
class FiniteMinimum:
    r"""What is certified of the smallest of finitely many values.

    Parameters
    ----------
    minimum : Bracket
        Of the minimum, which is attained.
    values : Enclosure
        Of the objective at each member, (members,).
    best : int
        The member with the smallest upper bound.
    candidates : (members,)
        The members that may be minimisers: all of them are among these.
    """

    minimum: Bracket
    values: Enclosure
    best: int
    candidates: Bool[Tensor, "members"]


@torch.no_grad()
def minimise_finite(
    problem: AnyProblem, learning: Learning, admissible: Finite, radius: float | None = None
) -> FiniteMinimum:
    r"""Enclose the minimum over a finite set of controls.

    Parameters
    ----------
    problem : Problem or Samples
        A batch of one.
    learning : Learning
    admissible : Finite
        Members for a batch of one.
    radius : float, optional
        ``None``: the network of as many layers as the members have cells.  A number: the deep-layer limit,
        whose ``u(1)`` is requested to this radius, see `limit_objective`.

    Returns
    -------
    FiniteMinimum

    Raises
    ------
    TypeError, ValueError
        The arguments do not match, or no value is known.
    """
    require_instance("problem", problem, Measured, "a Problem or Samples")
    require_instance("learning", learning, Learning, "a Learning")
    require_instance("admissible", admissible, Finite, "a Finite set")
    require(problem.batch == 1, "problem", "a batch of one", problem.batch)
    if radius is not None:
        require_request("radius", radius)
    found = [_value(problem, learning, member, radius) for member in admissible.members]
    value, off = (torch.cat([getattr(x, name) for x in found]) for name in ("value", "radius"))
    values = Enclosure(value, off)
    slack = 4 * torch.finfo(value.dtype).eps * value.abs()
    # What is not known may be anything.
    lost = off.isinf() | value.isinf()
    low, high = (
        torch.where(lost, x, y)
        for x, y in ((-torch.inf, value - off - slack), (torch.inf, value + off + slack))
    )
    best = int(high.argmin())
    upper = float(high[best])
    require(upper < torch.inf, "admissible", "a member with a finite value", "none")
    return FiniteMinimum(Bracket(float(low.min()), upper), values, best, ~(low > upper))


def _value(problem: AnyProblem, learning: Learning, member: AnyControls, radius: float | None) -> Enclosure:
    if radius is None:
        return objective_enclosure(problem, member, learning)
    return limit_objective(problem, member, learning, radius)


@torch.no_grad()
def objective_enclosure(problem: AnyProblem, controls: AnyControls, learning: Learning) -> Enclosure:
    r"""``J^N(θ^N)`` with its round-off: that of every layer, carried on by ``‖I − hK_n‖`` of the later ones.

    Parameters
    ----------
    problem : Problem or Samples
        With an admissible regulariser.
    controls : Controls, ListaControls or AlistaControls
    learning : Learning

    Returns
    -------
    Enclosure
        Both (batch,); infinite where something overflowed.

    Raises
    ------
    TypeError, ValueError
        The arguments do not match.
    """
    learning.require_match(problem)
    R = problem.regularizer
    require(R.admissible, "problem.regularizer", "an admissible regulariser", R.name)
    last, error = _run(problem, controls)
    labels = learning.labels.reshape(last.shape)
    difference = last - labels
    low = lowest(learning.loss, difference, Ball.of(error, difference)).mean(1)
    high = highest(learning.loss, difference, error).mean(1)
    penalty, off = _penalties(controls, learning)
    low, high = low + penalty - off, high + penalty + off
    slack = (2 * last.shape[1] + 64) * torch.finfo(low.dtype).eps * torch.maximum(low.abs(), high.abs())
    known = low.isfinite() & high.isfinite()
    value = torch.where(known, 0.5 * (low + high), torch.inf)
    return Enclosure(value, torch.where(known, 0.5 * (high - low) + slack, torch.inf))


def _run(problem: AnyProblem, controls: AnyControls) -> tuple[Float[Tensor, "batch samples d"], Tensor]:
    """The last states (batch, samples, d) and bounds on their errors (batch, samples)."""
    f = problem.f.reshape(problem.batch, -1, problem.m)
    h, R = controls.h, problem.regularizer
    first = Problem(problem.A, f[:, 0], problem.u0.reshape(problem.batch, -1, problem.d)[:, 0], R)
    own, (K_size, _) = operators(controls, first), magnitudes(controls, first)
    data = (
        linalg.norm(controls.tensors[0].flatten(-2)).reshape(problem.batch, -1)[..., None]
        * linalg.norm(f)[:, None]
    )
    steps = controls.tensors[1].abs() if controls.tensors[1].ndim == 2 else torch.ones_like(own.sigma)
    identity = torch.eye(problem.d, dtype=f.dtype, device=f.device)
    rho = linalg.spectral_norm(identity - h * own.K)
    eps = torch.finfo(f.dtype).eps
    rho = rho + 16 * problem.d * eps * (1.0 + h * K_size)
    C0, C1 = (C.to(f).expand(problem.batch)[:, None] for C in R.growth())
    error, u = torch.zeros_like(f[..., 0]), problem.u0
    before = linalg.norm(u).reshape(error.shape)
    operations = prox_operations(R, problem.d) + problem.m + problem.d + 8
    states = layers(problem, controls)
    next(states)
    for n, u in enumerate(states):
        after = linalg.norm(u).reshape(error.shape)
        size = before + h * (
            K_size[:, n, None] * before + steps[:, n, None] * data[:, min(n, data.shape[1] - 1)]
        )
        size = size + h * own.sigma[:, n, None] * (C0 + C1 * after)
        error = (1.0 + 16 * eps) * (rho[:, n, None] * error + layer_round_off(f.dtype, operations, size))
        before = after
    return u.reshape(problem.batch, -1, problem.d), error


def _penalties(controls: AnyControls, learning: Learning) -> tuple[Scalars, Scalars]:
    """The weighted penalties and their round-off."""
    norms = control_norms(controls)
    relative = torch.finfo(norms.dtype).eps * (max(x[0].numel() for x in controls.tensors) + 32)
    value, off = torch.zeros_like(norms[:, 0]), torch.zeros_like(norms[:, 0])
    for i, penalty in enumerate(learning.penalties):
        s, weight = norms[:, i], learning.weights[:, i]
        term = weight * penalty.value(s)
        value = value + term
        off = off + (1.0 + relative) * weight * penalty.modulus(s, relative * s) + relative * term.abs()
    return value, off
