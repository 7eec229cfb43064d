"""The FBS-, LISTA and ALISTA networks: the only recursion over layers."""

from functools import singledispatch

import torch

from fbscore.errors import require
from fbscore.layers import alista_step, fbs_step, lista_step
from fbscore.lista import AlistaControls, ListaControls
from fbscore.samples import Samples
from fbscore.shapes import States, Trajectories
from fbscore.types import Controls, Problem

__all__ = ["forward", "layer"]

AnyControls = Controls | ListaControls | AlistaControls
AnyProblem = Problem | Samples


@singledispatch
def layer(controls: object, n: int, u: States, problem: AnyProblem) -> States:
    r"""State after layer ``n`` of the network that the type of ``controls`` stands for.

    Parameters
    ----------
    controls : Controls, ListaControls or AlistaControls
        Further networks register a layer of their own: ``@layer.register``.
    n : int
        ``0 .. N − 1``.
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
def _(controls: Controls, n: int, u: States, problem: AnyProblem) -> States:
    W, tau, lam = controls.W[:, n], controls.tau[:, n], controls.lam[:, n]
    return fbs_step(u, controls.h, problem.A, problem.f, W, tau, lam, problem.regularizer)


@layer.register
def _(controls: ListaControls, n: int, u: States, problem: AnyProblem) -> States:
    W1, W2, lam = controls.W1[:, n], controls.W2[:, n], controls.lam[:, n]
    return lista_step(u, controls.h, problem.f, W1, W2, lam, problem.regularizer)


@layer.register
def _(controls: AlistaControls, n: int, u: States, problem: AnyProblem) -> States:
    tau, lam = controls.tau[:, n], controls.lam[:, n]
    return alista_step(u, controls.h, problem.A, problem.f, controls.W, tau, lam, problem.regularizer)


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
    if layer.dispatch(type(controls)) is layer.dispatch(object):
        layer(controls, 0, problem.u0, problem)  # says which types are known
    for name in ("batch", "d", "m", "dtype", "device"):
        expected, got = getattr(problem, name), getattr(controls, name)
        require(expected == got, "controls", f"{name} = {expected} as in the problem", got)
    states = [problem.u0]
    for n in range(controls.N):
        states.append(layer(controls, n, states[-1], problem))
    return torch.stack(states, dim=-2)
