"""The FBS-, LISTA and ALISTA networks: the only recursion over layers."""

from collections.abc import Iterator
from functools import singledispatch

import torch

from fbscore.errors import require, require_size
from fbscore.layers import alista_step, fbs_step, lista_step
from fbscore.lista import AlistaControls, ListaControls
from fbscore.samples import Samples
from fbscore.shapes import States, Trajectories
from fbscore.types import Controls, Problem

__all__ = ["AnyControls", "forward", "layer", "layers"]

AnyControls = Controls | ListaControls | AlistaControls
AnyProblem = Problem | Samples


@singledispatch
def layer(controls: object, n: int, h: float, u: States, problem: AnyProblem) -> States:
    r"""State after layer ``n``, of length ``h``, of the network that the type of ``controls`` stands for.

    Parameters
    ----------
    controls : Controls, ListaControls or AlistaControls
        Further networks register a layer of their own: ``@layer.register``.
    n : int
        ``0 .. N − 1``.
    h : float
        ``1/N``, or less where a cell of the controls serves several layers.
    u : (batch, d) or (batch, samples, d)
        State before the layer.
    problem : Problem or Samples

    Returns
    -------
    As ``u``.

    Raises
    ------
    TypeError
        No layer is registered for this type.
    """
    known = ", ".join(cls.__name__ for cls in layer.registry if cls is not object)
    raise TypeError(f"controls: expected one of {known}, got {type(controls).__name__}")


@layer.register
def _(controls: Controls, n: int, h: float, u: States, problem: AnyProblem) -> States:
    W, tau, lam = controls.W[:, n], controls.tau[:, n], controls.lam[:, n]
    return fbs_step(u, h, problem.A, problem.f, W, tau, lam, problem.regularizer)


@layer.register
def _(controls: ListaControls, n: int, h: float, u: States, problem: AnyProblem) -> States:
    W1, W2, lam = controls.W1[:, n], controls.W2[:, n], controls.lam[:, n]
    return lista_step(u, h, problem.f, W1, W2, lam, problem.regularizer)


@layer.register
def _(controls: AlistaControls, n: int, h: float, u: States, problem: AnyProblem) -> States:
    tau, lam = controls.tau[:, n], controls.lam[:, n]
    return alista_step(u, h, problem.A, problem.f, controls.W, tau, lam, problem.regularizer)


def forward(problem: AnyProblem, controls: AnyControls) -> Trajectories:
    r"""States ``u_0, ..., u_N`` of the network.

    Parameters
    ----------
    problem : Problem or Samples
        ``A, f, u0, R`` for a batch of instances; LISTA does not use ``A``.  `Samples` share the controls.
    controls : Controls, ListaControls or AlistaControls
        The layers' parameters on ``N`` cells for the same batch, ``d``, ``m``, dtype and device.

    Returns
    -------
    (batch, N + 1, d) or (batch, samples, N + 1, d)
        ``states[..., 0, :] = u0``.  ``O(N d m)`` operations a sample besides the prox (``O(N d (d + m))`` for
        LISTA): ``K = τ W A`` is never formed, and no matrix is repeated for the samples.  Differentiable in
        every tensor.

    Raises
    ------
    TypeError, ValueError
        ``controls`` is of no known type, or does not match ``problem``.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.2), (2.4), (2.6) and section 2.2 [reconstructed].
    """
    return torch.stack(list(layers(problem, controls)), dim=-2)


def layers(problem: AnyProblem, controls: AnyControls, factor: int = 1) -> Iterator[States]:
    r"""States ``u_0, u_1, ...`` one after the other: what does not keep them needs no memory for them.

    Parameters
    ----------
    problem, controls
        As for `forward`.
    factor : int
        Layers for each cell of the controls, at least 1: the network of ``factor N`` layers whose controls
        are those of ``N`` cells, extended (but never written out).

    Yields
    ------
    (batch, d) or (batch, samples, d)
        ``factor N + 1`` states.

    Raises
    ------
    TypeError, ValueError
        As for `forward`, when called; ``factor`` is not an int that is at least 1.
    """
    if layer.dispatch(type(controls)) is layer.dispatch(object):
        layer(controls, 0, 1.0, problem.u0, problem)  # says which types are known
    for name in ("batch", "d", "m", "dtype", "device"):
        expected, got = getattr(problem, name), getattr(controls, name)
        require(expected == got, "controls", f"{name} = {expected} as in the problem", got)
    require_size("factor", factor)
    return _recursion(problem, controls, factor)


def _recursion(problem: AnyProblem, controls: AnyControls, factor: int) -> Iterator[States]:
    u, h = problem.u0, 1.0 / (controls.N * factor)
    yield u
    for n in range(controls.N * factor):
        u = layer(controls, n // factor, h, u, problem)
        yield u
