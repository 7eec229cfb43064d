"""Regularisers ``R``: one family a file, looked up by name in ``REGISTRY``."""

from fbscore.regularizers.base import Regularizer
from fbscore.regularizers.inadmissible import L0, HalfPower, ShiftedL1
from fbscore.regularizers.l1 import L1
from fbscore.regularizers.l2 import L2, GroupLasso
from fbscore.regularizers.linf import LInf
from fbscore.regularizers.quadratic import HalfSquaredNorm, Quadratic
from fbscore.regularizers.registry import REGISTRY, by_name

__all__ = [
    "L0",
    "L1",
    "L2",
    "REGISTRY",
    "GroupLasso",
    "HalfPower",
    "HalfSquaredNorm",
    "LInf",
    "Quadratic",
    "Regularizer",
    "ShiftedL1",
    "by_name",
]
