"""Regularisers by name."""

from dataclasses import fields

from fbscore.errors import require
from fbscore.regularizers.base import Parameter, Regularizer
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
from fbscore.regularizers.rotated import Rotated
from fbscore.regularizers.total_variation import TotalVariation

__all__ = ["REGISTRY", "by_name"]

ADMISSIBLE = (
    L1,
    L2,
    GroupLasso,
    HalfSquaredNorm,
    Quadratic,
    LInf,
    ElasticNet,
    Huber,
    TotalVariation,
    MaxAffine,
    Nuclear,
    Rotated,
)
INADMISSIBLE = (L0, HalfPower, NegativeL1, DoubleWell, ShiftedL1, BoxIndicator, Quartic)

REGISTRY: dict[str, type[Regularizer]] = {cls.name: cls for cls in (*ADMISSIBLE, *INADMISSIBLE)}


def by_name(name: str, **parameters: Parameter) -> Regularizer:
    """Construct a regulariser from its name and the fields of its class.

    Parameters
    ----------
    name : str
        A key of ``REGISTRY``.
    **parameters
        Exactly the fields of that class.

    Raises
    ------
    ValueError
        The name is unknown, or the parameters are not the fields.
    TypeError, ValueError
        What the class itself raises.
    """
    require(name in REGISTRY, "name", f"one of {', '.join(REGISTRY)}", repr(name))
    cls = REGISTRY[name]
    expected = [field.name for field in fields(cls)]
    require(set(parameters) == set(expected), "parameters", f"{expected} for {name}", list(parameters))
    return cls(**parameters)
