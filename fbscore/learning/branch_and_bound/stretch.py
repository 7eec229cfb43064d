r"""How far layers, and the limit, pull states apart when ``K = kM`` and ``k`` lies in an interval.

``k ↦ ‖I − hkM‖₂`` is convex: it is largest at an end of an interval and lies below its chords, so that a
table of its values bounds it everywhere.  ``κ = −λ_min(kS)``, ``S = (M + Mᵀ)/2``, is convex in ``k`` too.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg

__all__ = ["Stretch", "growth_rate", "stretch"]

NODES = 1025

Bounds = Float[Tensor, "*boxes"]


@dataclass(frozen=True, eq=False)
class Stretch:
    """Values of a convex function at equidistant nodes, and ``slope`` with ``ρ(k) <= 1 + slope |k|``."""

    start: float
    step: float
    values: Float[Tensor, "nodes"]
    slope: float

    def over(self, low: Bounds, high: Bounds) -> Bounds:
        """An upper bound over each interval, which lies within the table."""
        return torch.maximum(self._chord(low), self._chord(high))

    def _chord(self, k: Tensor) -> Tensor:
        """Between two nodes, or the cruder bound where the table overflowed."""
        last = self.values.shape[0] - 1.0
        position = ((k - self.start) / self.step).nan_to_num(nan=0.0).clamp(0.0, last)
        cell = position.floor().clamp(max=last - 1.0).long()
        share = position - cell
        chord = self.values[cell] * (1.0 - share) + self.values[cell + 1] * share
        crude = 1.0 + self.slope * k.abs()
        return torch.where(chord.isfinite(), chord, torch.where(crude.isfinite(), crude, torch.inf))


def stretch(M: Float[Tensor, "d d"], h: float, low: float, high: float) -> Stretch:
    r"""``ρ(k) = ‖I − hkM‖₂`` on [low, high].

    Parameters
    ----------
    M : (d, d)
    h : float
    low, high : float
        Finite.

    Returns
    -------
    Stretch
        Values of the dtype of ``M``, raised by their round-off.
    """
    step = max(high - low, torch.finfo(M.dtype).eps * max(1.0, abs(low))) / (NODES - 1)
    k = low + step * torch.arange(NODES, dtype=torch.float64, device=M.device)
    d = M.shape[0]
    identity = torch.eye(d, dtype=torch.float64, device=M.device)
    rho = linalg.spectral_norm(identity - (h * k)[:, None, None] * M.double())
    size = 1.0 + h * k.abs() * linalg.norm(M.double().flatten())
    raised = (rho + 16 * d * torch.finfo(M.dtype).eps * size).to(M.dtype)
    slope = (1.0 + 16 * d * torch.finfo(M.dtype).eps) * h * float(linalg.norm(M.flatten()))
    return Stretch(low, step, raised, slope)


def growth_rate(M: Float[Tensor, "d d"], low: Bounds, high: Bounds) -> Bounds:
    r"""The largest ``κ = −λ_min(k (M + Mᵀ)/2)`` over each interval of ``k``, raised by its round-off."""
    eigenvalues = linalg.symmetric_eigenvalues(((M + M.mT) / 2).unsqueeze(0)).squeeze(0)
    least, most = eigenvalues[0], eigenvalues[-1]
    ends = [torch.where(k >= 0, -k * least, -k * most) for k in (low, high)]
    size = torch.maximum(low.abs(), high.abs()) * linalg.norm(M.flatten())
    return torch.maximum(*ends) + 16 * M.shape[0] * torch.finfo(M.dtype).eps * size
