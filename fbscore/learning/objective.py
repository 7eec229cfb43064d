r"""The training objective of a network and of the deep-layer limit.

``J^N(θ^N) = mean of ℓ(u_N, u*) + α r_W(‖W^N‖) + β r_τ(‖τ^N‖) + γ r_λ(‖λ^N‖)``, and ``J(θ)`` the same with the
limit's ``u(1)`` and norms of ``L²(0, 1)``.
Source: X. Lin, C. Wu, arXiv:2605.27133, (2.4), (2.5), (2.8)-(2.11) [reconstructed].
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import network
from fbscore.batched import Measured
from fbscore.errors import (
    require,
    require_finite,
    require_floating,
    require_instance,
    require_nonnegative,
    require_shape,
)
from fbscore.learning.controls import control_norms
from fbscore.learning.losses import Loss
from fbscore.learning.penalties import Penalty
from fbscore.network import AnyControls
from fbscore.samples import Samples
from fbscore.shapes import Scalars, States, Trajectories
from fbscore.types import Problem

__all__ = ["AnyProblem", "Learning", "Penalties", "mean_over_samples", "objective"]

AnyProblem = Problem | Samples
Penalties = tuple[Penalty, Penalty, Penalty]
Forward = Callable[[AnyProblem, AnyControls], Trajectories]


@dataclass(frozen=True, eq=False)
class Learning:
    r"""What a problem is trained for: labels, a loss, and penalties of the three controls with weights.

    Parameters
    ----------
    labels : (batch, d) or (batch, samples, d)
        ``u*``, with an axis of samples, at least one, for `Samples`.
    loss : Loss
        ``ℓ``, see `fbscore.learning.losses`.
    penalties : tuple of three Penalty
        ``r_W, r_τ, r_λ``, for LISTA of ``W¹, W², λ``; see `fbscore.learning.penalties`.
    weights : (batch, 3)
        ``α, β, γ``, ``>= 0``.

    Raises
    ------
    TypeError, ValueError
        Anything but finite tensors of these shapes and signs, of one dtype, on one device.
    """

    labels: States
    loss: Loss
    penalties: Penalties
    weights: Float[Tensor, "batch 3"]

    def __post_init__(self) -> None:
        require_floating(labels=self.labels, weights=self.weights)
        shape = tuple(self.labels.shape)
        fits = len(shape) in (2, 3) and min(shape[1:]) >= 1
        require(fits, "labels", "shape (batch, d) or (batch, samples, d), samples >= 1, d >= 1", shape)
        require_shape("weights", self.weights, batch=self.batch, controls=3)
        require_finite("labels", self.labels)
        require_nonnegative("weights", self.weights)
        require_instance("loss", self.loss, Loss, "a Loss")
        self.loss.require_match("loss", self.batch, labels=self.labels)
        require_instance("penalties", self.penalties, tuple, "a tuple of three Penalty")
        require(len(self.penalties) == 3, "penalties", "three of them", len(self.penalties))
        for i, penalty in enumerate(self.penalties):
            require_instance(f"penalties[{i}]", penalty, Penalty, "a Penalty")

    @property
    def batch(self) -> int:
        """Number of instances."""
        return self.labels.shape[0]

    def to(self, dtype: torch.dtype | None = None, device: torch.device | str | None = None) -> "Learning":
        """Return the same in another dtype or on another device (``None``: unchanged)."""
        labels, weights = (
            x.to(device=device or x.device, dtype=dtype or x.dtype) for x in (self.labels, self.weights)
        )
        return replace(self, labels=labels, weights=weights, loss=self.loss.to(dtype, device))

    def require_match(self, problem: AnyProblem) -> None:
        """Require labels for every state at the end of ``problem``, of its dtype and on its device."""
        require_instance("problem", problem, Measured, "a Problem or Samples")
        require_floating(u0=problem.u0, labels=self.labels)
        expected = tuple(problem.u0.shape)
        require(self.labels.shape == expected, "labels", f"shape {expected} as u0", tuple(self.labels.shape))


def objective(
    problem: AnyProblem,
    controls: AnyControls,
    learning: Learning,
    forward: Forward = network.forward,
) -> Scalars:
    r"""``J^N(θ^N)``: the loss of a network's last state, averaged over the samples, and the penalties.

    With `project_controls` the objective at another depth, ``J_N(θ) = J^N(P_N θ)``.

    Parameters
    ----------
    problem : Problem or Samples
    controls : Controls, ListaControls or AlistaControls
        On ``N`` cells.
    learning : Learning
        With labels of the shape of ``problem.u0``.
    forward : callable
        The network, as `fbscore.forward`.

    Returns
    -------
    (batch,)
        Differentiable in every tensor where the loss, the penalties and the network are; infinite or NaN
        where the network overflows.

    Raises
    ------
    TypeError, ValueError
        The arguments do not match; as `fbscore.forward`.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.10), (2.4), (2.8), (2.9) [reconstructed].
    """
    learning.require_match(problem)
    last = forward(problem, controls)[..., -1, :]
    losses = learning.loss.value(last, learning.labels)
    norms = control_norms(controls)
    values = [penalty.value(norms[:, i]) for i, penalty in enumerate(learning.penalties)]
    regularization = (learning.weights * torch.stack(values, dim=-1)).sum(-1)
    return mean_over_samples(losses) + regularization


def mean_over_samples(x: Float[Tensor, "batch *samples"]) -> Scalars:
    """The mean over the axis of samples, if there is one."""
    return x.mean(1) if x.ndim == 2 else x
