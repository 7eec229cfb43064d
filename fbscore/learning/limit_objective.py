r"""The training objective of the deep-layer limit, enclosed.

Everything is evaluated in float64 from the numbers as they are. ``u(1)`` is known up to a radius, which the
modulus of the loss turns into one of the objective; the penalties are exact. All the rest is round-off: the
terms are not negative, so that a sum of them has a small *relative* error, and where a term is a difference
or has a jump, its own modulus at the round-off of its argument bounds what that does.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from fbscore import limit, linalg
from fbscore.learning.controls import control_norms, parts
from fbscore.learning.objective import AnyProblem, Learning, mean_over_samples
from fbscore.limit.batches import controls_of, problem_of
from fbscore.network import AnyControls
from fbscore.shapes import Scalars
from fbscore.types import Enclosure, Problem

__all__ = ["limit_objective"]

#: Unit round-off of float64.
UNIT = 2.0**-53

#: Operations behind a term besides the length of its sums: differences, powers, quotients, weights.
OVERHEAD = 32

Solve = Callable[[Problem, AnyControls, float], Enclosure]


@torch.no_grad()
def limit_objective(
    problem: AnyProblem,
    controls: AnyControls,
    learning: Learning,
    radius: float,
    solve: Solve = limit.solve,
) -> Enclosure:
    r"""Enclose ``J(θ) = mean of ℓ(u(1), u*) + α r_W(‖W‖) + β r_τ(‖τ‖) + γ r_λ(‖λ‖)``.

    Parameters
    ----------
    problem : Problem or Samples
        With a convex, finite regulariser; every sample is a limit of its own.
    controls : Controls, ListaControls or AlistaControls
        Constant on their cells: they drive the limit.
    learning : Learning
        With labels of the shape of ``problem.u0``.
    radius : float
        Requested for ``u(1)``, not for the objective; positive and finite.
    solve : callable
        ``(problem, controls, radius) ->`` an enclosure of ``u(1)``, as `fbscore.limit.solve`.

    Returns
    -------
    Enclosure
        ``value`` (batch,), the objective at the centre of the enclosure of ``u(1)``; ``radius`` (batch,), the
        mean over the samples of the loss's modulus there, plus round-off.  Both infinite where something
        overflowed.

    Raises
    ------
    TypeError, ValueError, NotImplementedError
        The arguments do not match; as ``solve``.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.11), (2.5), (2.7) [reconstructed].
    """
    learning.require_match(problem)
    reached = _ends(problem, controls, radius, solve)
    wide = learning.to(torch.float64)
    loss, loss_radius = _loss(wide, reached)
    penalty, penalty_radius = _penalty(wide, controls)
    total = loss + penalty
    return _rounded(total, loss_radius + penalty_radius + 8 * UNIT * total.abs(), problem.dtype)


def _ends(problem: AnyProblem, controls: AnyControls, radius: float, solve: Solve) -> Enclosure:
    """``u(1)`` of every sample: value (batch, *samples, d), radius (batch, *samples), in float64."""
    if isinstance(problem, Problem):
        found = solve(problem, controls, radius)
        return Enclosure(found.value.double(), found.radius.double())
    rows = torch.arange(problem.batch, device=problem.device).repeat_interleave(problem.samples)
    first = Problem(problem.A, problem.f[:, 0], problem.u0[:, 0], problem.regularizer)
    each = replace(problem_of(first, rows), f=problem.f.flatten(0, 1), u0=problem.u0.flatten(0, 1))
    found = solve(each, controls_of(controls, rows), radius)
    shape = problem.u0.shape
    return Enclosure(found.value.double().reshape(shape), found.radius.double().reshape(shape[:2]))


def _loss(learning: Learning, reached: Enclosure) -> tuple[Scalars, Scalars]:
    """The loss at the centre, and how far from it the loss of ``u(1)`` may be, averaged over the samples."""
    difference = reached.value - learning.labels
    value = learning.loss.value(reached.value, learning.labels)
    # The computed difference is that of a point within its round-off.
    step = reached.radius + 2 * UNIT * linalg.norm(difference)
    relative = UNIT * (4 * difference.shape[-1] + learning.labels.shape[1:].numel() + OVERHEAD)
    modulus = (1.0 + relative) * learning.loss.modulus(difference, step)
    return mean_over_samples(value), mean_over_samples(modulus + relative * value)


def _penalty(learning: Learning, controls: AnyControls) -> tuple[Scalars, Scalars]:
    """The weighted penalties and their round-off."""
    wide = controls.to(torch.float64)
    norms = control_norms(wide)
    lengths = [part[0].numel() for part in parts(wide)]
    value, off = torch.zeros_like(norms[:, 0]), torch.zeros_like(norms[:, 0])
    for i, (penalty, length) in enumerate(zip(learning.penalties, lengths, strict=True)):
        s, weight = norms[:, i], learning.weights[:, i]
        term = weight * penalty.value(s)
        value = value + term
        modulus = penalty.modulus(s, UNIT * (length + OVERHEAD) * s)
        off = off + weight * modulus + UNIT * OVERHEAD * term.abs()
    return value, off


def _rounded(total: Tensor, radius: Tensor, dtype: torch.dtype) -> Enclosure:
    """Round the value to ``dtype``, and up what is known of it; where something overflowed nothing is."""
    value = total.to(dtype)
    radius = (1.0 + OVERHEAD * UNIT) * (radius + (value.double() - total).abs())
    above = radius.to(dtype)
    above = torch.where(above.double() < radius, torch.nextafter(above, above.new_tensor(torch.inf)), above)
    known = value.isfinite() & above.isfinite()
    return Enclosure(torch.where(value.isnan(), torch.inf, value), torch.where(known, above, torch.inf))
