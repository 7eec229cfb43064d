r"""The operators ``K, c, σ`` of a network: its layers are ``prox_{hσR}(u − h(Ku − c))``, whatever its kind.

The layers themselves never form ``K``; what bounds the distance to the limit ``u' ∈ −(Ku − c) − σ∂R(u)``
does.
"""

from dataclasses import dataclass
from functools import singledispatch

from jaxtyping import Float
from torch import Tensor

from fbscore import linalg
from fbscore.errors import require
from fbscore.lista import AlistaControls, ListaControls
from fbscore.shapes import Steps
from fbscore.types import Controls, Problem

__all__ = ["Operators", "magnitudes", "operators"]

EVERY = slice(None)


@dataclass(frozen=True, eq=False)
class Operators:
    r"""``K, c, σ`` on the cells of the controls.

    Parameters
    ----------
    K : (batch, N, d, d)
    c : (batch, N, d)
    sigma : (batch, N)
    """

    K: Float[Tensor, "batch N d d"]
    c: Float[Tensor, "batch N d"]
    sigma: Steps


@singledispatch
def operators(controls: object, problem: Problem, cells: slice = EVERY) -> Operators:
    r"""``K, c, σ`` of the network that the type of ``controls`` stands for.

    Parameters
    ----------
    controls : Controls, ListaControls or AlistaControls
        ``K = τWA, c = τWf, σ = τλ``; ``K = W², c = W¹f, σ = λ``; ``K = τWA, c = τWf, σ = λ``.
    problem : Problem
        For the same batch, ``d``, ``m``, dtype and device.
    cells : slice
        Which cells of the controls; all of them by default.

    Returns
    -------
    Operators

    Raises
    ------
    TypeError, ValueError
        The controls are of no known type, or do not match the problem.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.2), (2.3), (2.6), (2.7) and section 2.2 [reconstructed].
    """
    known = ", ".join(cls.__name__ for cls in operators.registry if cls is not object)
    raise TypeError(f"controls: expected one of {known}, got {type(controls).__name__}")


@operators.register
def _(controls: Controls, problem: Problem, cells: slice = EVERY) -> Operators:
    _require_match(controls, problem)
    W, tau, lam = controls.W[:, cells], controls.tau[:, cells], controls.lam[:, cells]
    return _preconditioned(tau[:, :, None, None] * W, tau * lam, problem)


@operators.register
def _(controls: ListaControls, problem: Problem, cells: slice = EVERY) -> Operators:
    _require_match(controls, problem)
    return Operators(controls.W2[:, cells], _applied(controls.W1[:, cells], problem), controls.lam[:, cells])


@operators.register
def _(controls: AlistaControls, problem: Problem, cells: slice = EVERY) -> Operators:
    _require_match(controls, problem)
    tau = controls.tau[:, cells, None, None]
    return _preconditioned(tau * controls.W[:, None], controls.lam[:, cells], problem)


@singledispatch
def magnitudes(controls: object, problem: Problem, cells: slice = EVERY) -> tuple[Steps, Steps]:
    r"""Norms behind ``K`` and ``c``, for bounds on their round-off.

    Parameters
    ----------
    controls, problem, cells
        As for `operators`.

    Returns
    -------
    (batch, N), (batch, N)
        ``τ‖W‖‖A‖`` and ``τ‖W‖‖f‖``, for LISTA ``‖W²‖`` and ``‖W¹‖‖f‖``, in the Frobenius norm.

    Raises
    ------
    TypeError
        The controls are of no known type.
    """
    known = ", ".join(cls.__name__ for cls in magnitudes.registry if cls is not object)
    raise TypeError(f"controls: expected one of {known}, got {type(controls).__name__}")


@magnitudes.register
def _(controls: Controls, problem: Problem, cells: slice = EVERY) -> tuple[Steps, Steps]:
    size = controls.tau[:, cells] * linalg.norm(controls.W[:, cells].flatten(2))
    return _with_data(size, problem)


@magnitudes.register
def _(controls: ListaControls, problem: Problem, cells: slice = EVERY) -> tuple[Steps, Steps]:
    W1, W2 = controls.W1[:, cells].flatten(2), controls.W2[:, cells].flatten(2)
    return linalg.norm(W2), linalg.norm(W1) * linalg.norm(problem.f).unsqueeze(-1)


@magnitudes.register
def _(controls: AlistaControls, problem: Problem, cells: slice = EVERY) -> tuple[Steps, Steps]:
    size = controls.tau[:, cells] * linalg.norm(controls.W.flatten(1)).unsqueeze(-1)
    return _with_data(size, problem)


def _preconditioned(W: Float[Tensor, "batch N d m"], sigma: Steps, problem: Problem) -> Operators:
    return Operators(W @ problem.A[:, None], _applied(W, problem), sigma)


def _applied(W: Float[Tensor, "batch N d m"], problem: Problem) -> Float[Tensor, "batch N d"]:
    return (W @ problem.f[:, None, :, None]).squeeze(-1)


def _with_data(size: Steps, problem: Problem) -> tuple[Steps, Steps]:
    A, f = linalg.norm(problem.A.flatten(1)), linalg.norm(problem.f)
    return size * A.unsqueeze(-1), size * f.unsqueeze(-1)


def _require_match(controls: Controls | ListaControls | AlistaControls, problem: Problem) -> None:
    for name in ("batch", "d", "m", "dtype", "device"):
        expected, got = getattr(problem, name), getattr(controls, name)
        require(expected == got, "controls", f"{name} = {expected} as in the problem", got)
