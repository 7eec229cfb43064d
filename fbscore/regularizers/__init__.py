"""Regularisers ``R``: one family a file, looked up by name in ``REGISTRY``."""

from fbscore.regularizers.base import Regularizer
from fbscore.regularizers.elastic_net import ElasticNet
from fbscore.regularizers.huber import Huber
from fbscore.regularizers.inadmissible import L0, HalfPower, NegativeL1, ShiftedL1
from fbscore.regularizers.inadmissible_growth import BoxIndicator, Quartic
from fbscore.regularizers.inadmissible_wells import DoubleWell
from fbscore.regularizers.l1 import L1
from fbscore.regularizers.l2 import L2, GroupLasso
from fbscore.regularizers.linf import LInf
from fbscore.regularizers.max_affine import MaxAffine
from fbscore.regularizers.nuclear import Nuclear
from fbscore.regularizers.quadratic import HalfSquaredNorm, Quadratic
from fbscore.regularizers.registry import REGISTRY, by_name
from fbscore.regularizers.rotated import Rotated
from fbscore.regularizers.total_variation import TotalVariation

__all__ = [
    "L0",
    "L1",
    "L2",
    "REGISTRY",
    "BoxIndicator",
    "DoubleWell",
    "ElasticNet",
    "GroupLasso",
    "HalfPower",
    "HalfSquaredNorm",
    "Huber",
    "LInf",
    "MaxAffine",
    "NegativeL1",
    "Nuclear",
    "Quadratic",
    "Quartic",
    "Regularizer",
    "Rotated",
    "ShiftedL1",
    "TotalVariation",
    "by_name",
]
