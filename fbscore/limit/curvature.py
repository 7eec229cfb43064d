r"""The quadratic part of a regulariser: a matrix ``Q`` such that ``R(u) − ½ uᵀQu`` is convex."""

from dataclasses import dataclass
from functools import singledispatch

import torch

from fbscore.regularizers.base import Regularizer
from fbscore.regularizers.elastic_net import ElasticNet
from fbscore.regularizers.quadratic import HalfSquaredNorm, Quadratic
from fbscore.regularizers.rotated import Rotated
from fbscore.shapes import Square, State

__all__ = ["Curvature", "curvature"]


@dataclass(frozen=True, eq=False)
class Curvature:
    r"""``R(u) = S(u) + ½ uᵀQu`` with ``S`` convex.

    Parameters
    ----------
    Q : (batch, d, d)
        Symmetric.
    entire : bool
        Whether ``S = 0``.
    """

    Q: Square
    entire: bool


@singledispatch
def curvature(regularizer: Regularizer, u: State) -> Curvature | None:
    r"""The quadratic part of ``R``, ``None`` where none is known.

    Parameters
    ----------
    regularizer : Regularizer
    u : (batch, d)
        Any states of the problem: they set the shape, dtype and device.

    Returns
    -------
    Curvature or None
    """
    return None


@curvature.register
def _(regularizer: HalfSquaredNorm, u: State) -> Curvature | None:
    return Curvature(_identity(u), entire=True)


@curvature.register
def _(regularizer: Quadratic, u: State) -> Curvature | None:
    return Curvature(regularizer.Q.to(u), entire=True)


@curvature.register
def _(regularizer: ElasticNet, u: State) -> Curvature | None:
    return Curvature(regularizer.ridge.to(u)[:, None, None] * _identity(u), entire=False)


@curvature.register
def _(regularizer: Rotated, u: State) -> Curvature | None:
    inner, D = curvature(regularizer.inner, u), regularizer.D.to(u)
    return inner and Curvature(D.mT @ inner.Q @ D, inner.entire)


def _identity(u: State) -> Square:
    return torch.eye(u.shape[1], dtype=u.dtype, device=u.device).expand(u.shape[0], -1, -1)
