"""The limit itself, in float64: what every bound is computed from, whatever dtype the network ran in."""

from dataclasses import dataclass

import torch

from fbscore.limit.curvature import Curvature, curvature
from fbscore.network import AnyControls
from fbscore.regularizers.quadratic import HalfSquaredNorm
from fbscore.types import Problem

__all__ = ["Exact", "exact"]


@dataclass(frozen=True, eq=False)
class Exact:
    r"""Data and controls in float64, and the quadratic part of ``R``.

    Parameters
    ----------
    problem : Problem
        ``A, f, u0`` alone: its regulariser is a placeholder.
    controls : Controls, ListaControls or AlistaControls
    curved : Curvature or None
    """

    problem: Problem
    controls: AnyControls
    curved: Curvature | None


def exact(problem: Problem, controls: AnyControls) -> Exact:
    """The same numbers in float64.

    The parameters of ``R`` stay as they are: orthogonal or semidefinite they are to round-off of their own
    dtype only.
    """
    A, f, u0 = problem.A.double(), problem.f.double(), problem.u0.double()
    linear = Problem(A, f, u0, HalfSquaredNorm())
    return Exact(linear, controls.to(torch.float64), curvature(problem.regularizer, u0))
