"""Regularisers by name."""

from dataclasses import fields

from fbscore.errors import require
from fbscore.regularizers.base import Parameter, Regularizer
from fbscore.regularizers.inadmissible import L0, HalfPower, ShiftedL1
from fbscore.regularizers.l1 import L1
from fbscore.regularizers.l2 import L2, GroupLasso
from fbscore.regularizers.linf import LInf
from fbscore.regularizers.quadratic import HalfSquaredNorm, Quadratic

__all__ = ["REGISTRY", "by_name"]

REGISTRY: dict[str, type[Regularizer]] = {
    cls.name: cls for cls in (L1, L2, GroupLasso, HalfSquaredNorm, Quadratic, LInf, L0, HalfPower, ShiftedL1)
}


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
