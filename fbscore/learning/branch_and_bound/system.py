r"""One problem whose layers are ``prox_{hsR}(u − h(kMu − bq))`` with fixed ``M, q`` and numbers ``k, b, s``.

FBS with ``W = wW0``: ``M = W0 A, q = W0 f, k = b = wτ, s = τλ``; ALISTA the same with ``s = λ``; LISTA with
``W¹ = w¹W0, W² = w²C``: ``M = C, q = W0 f, k = w², b = w¹, s = λ``.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.errors import require, require_floating, require_instance, require_shape
from fbscore.learning.objective import AnyProblem, Learning
from fbscore.learning.pieces import Pieces
from fbscore.limit.batches import problem_of
from fbscore.limit.rounding import prox_operations
from fbscore.regularizers.base import Regularizer
from fbscore.types import Problem

__all__ = ["System", "system"]


@dataclass(frozen=True, eq=False)
class System:
    r"""What does not depend on the parameters.

    Parameters
    ----------
    M : (d, d)
    q, u0, labels : (d, samples, 1)
    M_size, M_norm : float
        ``‖W0‖_F‖A‖_F`` or ``‖C‖_F``, for round-off; no less than ``‖M‖₂``.
    q_size : (samples, 1)
        ``‖W0‖_F‖f‖``.
    operations : int
        Behind a layer.
    problem : Problem
        The first sample, a batch of one.
    growth : tuple of two float
        ``C0, C1``.
    """

    M: Float[Tensor, "d d"]
    q: Float[Tensor, "d samples 1"]
    u0: Float[Tensor, "d samples 1"]
    labels: Float[Tensor, "d samples 1"]
    M_size: float
    M_norm: float
    q_size: Float[Tensor, "samples 1"]
    operations: int
    problem: Problem
    growth: tuple[float, float]

    @property
    def regularizer(self) -> Regularizer:
        """``R``, a batch of one."""
        return self.problem.regularizer

    @property
    def unit(self) -> float:
        """Unit round-off."""
        return 0.5 * torch.finfo(self.M.dtype).eps

    @property
    def floor(self) -> float:
        """By so much round-off is raised, for squares in norms that underflow."""
        return 64.0 * self.M.shape[0] * torch.finfo(self.M.dtype).tiny ** 0.5

    def repeated(self, boxes: int) -> Regularizer:
        """``R`` for a batch of boxes."""
        rows = torch.zeros(boxes, dtype=torch.long, device=self.M.device)
        return problem_of(self.problem, rows).regularizer


def system(problem: AnyProblem, learning: Learning, pieces: Pieces) -> System:
    r"""Form ``M`` and ``q``.

    Raises
    ------
    TypeError, ValueError
        The problem is no batch of one, its regulariser is not convex and finite, or something does not match.
    """
    require_instance("learning", learning, Learning, "a Learning")
    require_instance("pieces", pieces, Pieces, "Pieces")
    learning.require_match(problem)
    require(problem.batch == 1, "problem", "a batch of one", problem.batch)
    R = problem.regularizer
    require(
        R.admissible, "problem.regularizer", "an admissible regulariser: (4.5) needs a convex one", R.name
    )
    require_floating(**{"problem.A": problem.A, "pieces.W0": pieces.W0})
    require_shape("pieces.W0", pieces.W0, d=problem.d, m=problem.m)
    A, d = problem.A[0], problem.d
    f, u0, labels = (x.flatten(0, -2) for x in (problem.f, problem.u0, learning.labels))
    M = pieces.W0 @ A if pieces.C is None else pieces.C
    factor, size = (float(linalg.norm(x.flatten())) for x in (pieces.W0, A))
    M_size = factor * size if pieces.C is None else float(linalg.norm(M.flatten()))
    operations = prox_operations(R, d) + problem.m + d
    eps = torch.finfo(M.dtype).eps
    M_norm = (1.0 + 16 * d * eps) * float(linalg.spectral_norm(M.unsqueeze(0))) + problem.m * eps * M_size
    C0, C1 = (float(C.max()) for C in R.growth())
    first = Problem(problem.A, f[:1], u0[:1], R)
    q_size = factor * linalg.norm(f).unsqueeze(-1)
    q, start, labels = (x.mT.unsqueeze(-1) for x in (f @ pieces.W0.mT, u0, labels))
    return System(M, q, start, labels, M_size, M_norm, q_size, operations, first, (C0, C1))
