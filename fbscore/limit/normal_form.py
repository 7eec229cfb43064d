r"""A limit system written with kinks only: quadratic parts of ``R`` go to ``K``, rotations to the axes."""

from dataclasses import dataclass, replace
from functools import singledispatch
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.limit.chain_faces import Chain
from fbscore.limit.faces import Bends, Kinks, Thresholds
from fbscore.limit.residual import Piece
from fbscore.limit.rows import Rows
from fbscore.regularizers.base import Regularizer
from fbscore.regularizers.elastic_net import ElasticNet
from fbscore.regularizers.huber import Huber
from fbscore.regularizers.l1 import L1
from fbscore.regularizers.quadratic import HalfSquaredNorm, Quadratic
from fbscore.regularizers.rotated import Rotated
from fbscore.regularizers.total_variation import TotalVariation
from fbscore.shapes import Scalars, Square, State, Steps

__all__ = ["Drive", "System", "normal_form", "supports", "system"]

Matrices: TypeAlias = Float[Tensor, "batch N d d"]
Vectors: TypeAlias = Float[Tensor, "batch N d"]

EPS = torch.finfo(torch.float64).eps


@dataclass(frozen=True, eq=False)
class Drive:
    r"""The coefficients of ``u' ∈ −(K u − c) − σ ∂R(u)``, ``u(0) = u0``, and how well they are known.

    Parameters
    ----------
    K : (batch, N, d, d)
    c : (batch, N, d)
    sigma : (batch, N)
    u0 : (batch, d)
        All float64.
    doubt_K, doubt : (batch, N)
        Bounds on the error of ``K`` in norm, and of all else that drives ``u'``.
    doubt_u0 : (batch,)
    turns : tuple of (batch, d, d) and (batch,)
        ``u`` stands for ``… D₂ D₁`` times the state; each ``D`` with a bound on ``‖D Dᵀ − I‖``.
    """

    K: Matrices
    c: Vectors
    sigma: Steps
    u0: State
    doubt_K: Steps
    doubt: Steps
    doubt_u0: Scalars
    turns: tuple[tuple[Square, Scalars], ...] = ()


@dataclass(frozen=True, eq=False)
class System:
    """A drive with the kinks of its regulariser and, on each cell, ``κ`` and ``‖K‖``."""

    drive: Drive
    kinks: Kinks
    kappa: Steps
    size: Steps

    def piece(self, rows: Rows, cells: Rows) -> Piece:
        """The coefficients of the instances ``rows``, each on a cell of its own."""
        drive, at = self.drive, (rows, cells)
        tables = (drive.K, drive.c, drive.sigma, self.kappa, self.size, drive.doubt_K, drive.doubt)
        return Piece(*(table[at] for table in tables))


def supports(regularizer: Regularizer) -> bool:
    """Whether this regulariser has a normal form: the others need plain refinement."""
    if isinstance(regularizer, Rotated):
        return supports(regularizer.inner)
    return normal_form.dispatch(type(regularizer)) is not normal_form.dispatch(object)


def system(regularizer: Regularizer, drive: Drive) -> System:
    """The system to solve.  Where a coefficient overflowed it is 0 and the doubt infinite."""
    drive = _cleared(drive)
    drive, kinks = normal_form(regularizer, drive)
    roundings = 8 * EPS * drive.sigma * kinks.largest().unsqueeze(-1)
    drive = _cleared(replace(drive, doubt=drive.doubt + roundings))
    size = linalg.norm(drive.K.flatten(2))
    symmetric = -0.5 * (drive.K + drive.K.mT)
    largest = linalg.symmetric_eigenvalues(symmetric.flatten(0, 1))[:, -1].reshape(size.shape)
    kappa = largest + 8 * drive.K.shape[-1] * EPS * size + drive.doubt_K
    return System(drive, kinks, kappa, size)


@singledispatch
def normal_form(regularizer: Regularizer, drive: Drive) -> tuple[Drive, Kinks]:
    r"""The same system with ``R`` reduced to its kinks.

    Parameters
    ----------
    regularizer : Regularizer
    drive : Drive

    Raises
    ------
    TypeError
        No normal form is registered for this regulariser.
    """
    raise TypeError(f"regularizer: expected one with faces (see `supports`), got {regularizer.name}")


@normal_form.register
def _(regularizer: L1, drive: Drive) -> tuple[Drive, Kinks]:
    return drive, Thresholds(regularizer.weights.double())


@normal_form.register
def _(regularizer: ElasticNet, drive: Drive) -> tuple[Drive, Kinks]:
    ridge = torch.eye(regularizer.weights.shape[1]).to(drive.K) * regularizer.ridge.double()[:, None, None]
    return _with_quadratic(drive, ridge), Thresholds(regularizer.weights.double())


@normal_form.register
def _(regularizer: HalfSquaredNorm, drive: Drive) -> tuple[Drive, Kinks]:
    identity = torch.eye(drive.u0.shape[1]).to(drive.K).expand(drive.u0.shape[0], -1, -1)
    return _with_quadratic(drive, identity), Thresholds(torch.zeros_like(drive.u0))


@normal_form.register
def _(regularizer: Quadratic, drive: Drive) -> tuple[Drive, Kinks]:
    return _with_quadratic(drive, regularizer.Q.double()), Thresholds(torch.zeros_like(drive.u0))


@normal_form.register
def _(regularizer: Huber, drive: Drive) -> tuple[Drive, Kinks]:
    return drive, Bends(regularizer.width.double(), regularizer.size)


@normal_form.register
def _(regularizer: TotalVariation, drive: Drive) -> tuple[Drive, Kinks]:
    if regularizer.size == 1:
        return drive, Thresholds(torch.zeros_like(drive.u0))
    return drive, Chain(drive.u0)


@normal_form.register
def _(regularizer: Rotated, drive: Drive) -> tuple[Drive, Kinks]:
    r"""``v = D u`` has ``v' ∈ −(D K Dᵀ v − D c) − σ ∂S(v)``.

    With ``D`` as it is, orthogonal up to round-off only, ``D⁻¹`` stands for ``Dᵀ`` and ``D Dᵀ ∂S`` for
    ``∂S``: off by ``‖D Dᵀ − I‖`` times their norm.
    """
    D = regularizer.D.double()
    d = drive.u0.shape[1]
    identity = torch.eye(d).to(D)
    skew = linalg.norm((D @ D.mT - identity).flatten(1)) + 4 * d * d * EPS
    share, size = skew.unsqueeze(-1), linalg.norm(drive.K.flatten(2))
    turned = replace(
        drive,
        K=D.unsqueeze(1) @ drive.K @ D.mT.unsqueeze(1),
        c=(D.unsqueeze(1) @ drive.c.unsqueeze(-1)).squeeze(-1),
        u0=linalg.matvec(D, drive.u0),
        doubt_K=2.0 * drive.doubt_K + 4.0 * share * size,
        doubt=2.0 * drive.doubt + 2.0 * share * linalg.norm(drive.c),
        doubt_u0=2.0 * drive.doubt_u0 + skew * linalg.norm(drive.u0),
        turns=(*drive.turns, (D, skew)),
    )
    reduced, kinks = normal_form(regularizer.inner, turned)
    lost = share * reduced.sigma * kinks.largest().unsqueeze(-1)
    return replace(reduced, doubt=reduced.doubt + lost), kinks


def _with_quadratic(drive: Drive, Q: Square) -> Drive:
    """``R`` less ``½ uᵀ Q u``."""
    added = drive.sigma[..., None, None] * Q.unsqueeze(1)
    size = linalg.norm(drive.K.flatten(2)) + linalg.norm(added.flatten(2))
    return replace(drive, K=drive.K + added, doubt_K=drive.doubt_K + 4 * EPS * size)


def _cleared(drive: Drive) -> Drive:
    """Replace what is not finite by 0 and say so in ``doubt``."""
    lost = ~(drive.K.isfinite().flatten(2).all(-1) & drive.c.isfinite().all(-1) & drive.sigma.isfinite())
    lost = lost | ~(drive.doubt_K.isfinite() & drive.doubt.isfinite())
    return replace(
        drive,
        K=torch.where(lost[..., None, None], 0.0, drive.K),
        c=torch.where(lost.unsqueeze(-1), 0.0, drive.c),
        sigma=torch.where(lost, 0.0, drive.sigma),
        doubt_K=torch.where(lost, 0.0, drive.doubt_K),
        doubt=torch.where(lost, torch.inf, drive.doubt),
    )
