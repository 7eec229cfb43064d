r"""Controls as functions on [0, 1]: ``P_N`` and ``E_N`` of each one separately, norms, distances.

The three controls are ``(W, τ, λ)``, for LISTA ``(W¹, W², λ)``.  ALISTA's ``W`` does not depend on time: it
is a function with one cell, whose norm is the Frobenius norm.
Source: X. Lin, C. Wu, arXiv:2605.27133, section 2.2 and (2.8)-(2.11); part (I), IMA J. Numer. Anal. (2025)
draf068, section 3 [reconstructed].
"""

import math
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore import controls as functions
from fbscore.errors import require
from fbscore.lista import AlistaControls, ListaControls
from fbscore.network import AnyControls
from fbscore.shapes import Scalars
from fbscore.types import Controls

__all__ = [
    "control_distance",
    "control_norms",
    "extend_controls",
    "map_controls",
    "parts",
    "project_controls",
    "require_controls",
    "with_parts",
]

KINDS = (Controls, ListaControls, AlistaControls)

Kind = TypeVar("Kind", bound=AnyControls)
Change = Callable[[Tensor], Tensor]


def project_controls(controls: Kind, cells: int) -> Kind:
    r"""``P_N θ``: the means of every control over each of ``cells`` cells, for any pair of grids.

    ``W``, ``τ`` and ``λ`` are averaged, not their products: ``K``, ``c`` and ``σ`` of the result are not the
    means of ``K``, ``c`` and ``σ``.  The objective at depth ``N`` is ``J_N(θ) = J^N(P_N θ)``.

    Parameters
    ----------
    controls : Controls, ListaControls or AlistaControls
    cells : int
        At least 1.

    Returns
    -------
    As ``controls``
        ALISTA's ``W`` is unchanged.

    Raises
    ------
    TypeError, ValueError
        ``controls`` is of no known kind; as `fbscore.project`.
    """
    return map_controls(controls, partial(functions.project, cells=cells))


def extend_controls(controls: Kind, cells: int) -> Kind:
    r"""``E_N θ`` written on a finer grid: every value is repeated.

    Parameters
    ----------
    controls : Controls, ListaControls or AlistaControls
        On ``N`` cells.
    cells : int
        A positive multiple of ``N``.

    Returns
    -------
    As ``controls``

    Raises
    ------
    TypeError, ValueError
        ``controls`` is of no known kind; as `fbscore.extend`.
    """
    return map_controls(controls, partial(functions.extend, cells=cells))


def map_controls(controls: Kind, change: Change) -> Kind:
    """Apply ``change``, of tensors (batch, N, ...), to every control that depends on time."""
    require_controls("controls", controls)
    timed = [field.name for field in fields(controls)]
    if isinstance(controls, AlistaControls):
        timed.remove("W")
    return replace(controls, **{name: change(getattr(controls, name)) for name in timed})


def parts(controls: AnyControls) -> tuple[Tensor, Tensor, Tensor]:
    r"""The three controls, each (batch, cells, \*shape); ALISTA's ``W`` has one cell."""
    require_controls("controls", controls)
    first, second, third = controls.tensors
    return (first.unsqueeze(1) if isinstance(controls, AlistaControls) else first), second, third


def with_parts(controls: Kind, found: tuple[Tensor, Tensor, Tensor]) -> Kind:
    r"""Controls of the kind of ``controls`` from the three of `parts`, on the finest of their grids.

    Raises
    ------
    ValueError
        ALISTA's ``W`` depends on time; as the class of ``controls``.
    """
    require_controls("controls", controls)
    names = [field.name for field in fields(controls)]
    given = dict(zip(names, found, strict=True))
    fixed = {}
    if isinstance(controls, AlistaControls):
        W = given.pop("W")
        require(W.shape[1] == 1, "W", "one cell: the W of ALISTA does not depend on time", W.shape[1])
        fixed = {"W": W.squeeze(1)}
    cells = math.lcm(*(x.shape[1] for x in given.values()))
    return replace(controls, **fixed, **{name: functions.extend(x, cells) for name, x in given.items()})


def control_norms(controls: AnyControls) -> Float[Tensor, "batch 3"]:
    r"""The ``L²(0, 1)`` norms of the three controls, ``(1/N Σ_n |v_n|²)^{1/2}`` with the Frobenius norm.

    Parameters
    ----------
    controls : Controls, ListaControls or AlistaControls

    Returns
    -------
    (batch, 3)
        In the order ``(W, τ, λ)``, for LISTA ``(W¹, W², λ)``.

    Raises
    ------
    TypeError
        ``controls`` is of no known kind.
    """
    return torch.stack([functions.norm(part) for part in parts(controls)], dim=-1)


def control_distance(first: AnyControls, second: AnyControls) -> Scalars:
    r"""``‖θ − ϑ‖`` in ``L²(0, 1)``, the root of the sum of the squares of the three distances.

    Parameters
    ----------
    first, second : Controls, ListaControls or AlistaControls
        Of one kind, batch and shape, on any two grids.

    Returns
    -------
    (batch,)

    Raises
    ------
    TypeError, ValueError
        They are of two kinds, or their shapes differ.
    """
    require(type(first) is type(second), "second", type(first).__name__, type(second).__name__, TypeError)
    distances = [functions.distance(v, w) for v, w in zip(parts(first), parts(second), strict=True)]
    return functions.norm(torch.stack(distances, dim=-1).unsqueeze(1))


def require_controls(argument: str, controls: object) -> None:
    """Require controls of a known kind."""
    known = ", ".join(cls.__name__ for cls in KINDS)
    require(isinstance(controls, KINDS), argument, f"one of {known}", type(controls).__name__, TypeError)
