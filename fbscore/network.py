"""The FBS-network: the only recursion over layers."""

import torch

from fbscore.errors import require
from fbscore.layers import fbs_step
from fbscore.shapes import Trajectory
from fbscore.types import Controls, Problem

__all__ = ["forward"]


def forward(problem: Problem, controls: Controls) -> Trajectory:
    r"""States ``u_0, ..., u_N`` of the FBS-network.

    Parameters
    ----------
    problem : Problem
        ``A, f, u0, R`` for a batch of instances.
    controls : Controls
        ``W, tau, lam`` on ``N`` cells for the same batch, ``d``, ``m``, dtype and device.

    Returns
    -------
    (batch, N + 1, d)
        ``states[:, 0] = u0``.  ``O(N d m)`` operations an instance besides the prox: ``K = τ W A`` is
        never formed.  Differentiable in every tensor.

    Raises
    ------
    ValueError
        ``controls`` does not match ``problem``.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.2) [reconstructed].
    """
    for name in ("batch", "d", "m", "dtype", "device"):
        expected, got = getattr(problem, name), getattr(controls, name)
        require(expected == got, "controls", f"{name} = {expected} as in the problem", got)
    h = controls.h
    states = [problem.u0]
    for W, tau, lam in zip(controls.W.unbind(1), controls.tau.unbind(1), controls.lam.unbind(1), strict=True):
        states.append(fbs_step(states[-1], h, problem.A, problem.f, W, tau, lam, problem.regularizer))
    return torch.stack(states, dim=1)
