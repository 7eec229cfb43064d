"""Random networks of the three kinds, and constant 4.7 written out with numpy and quadrature."""

import math

import numpy as np
import torch
from scipy.integrate import quad

from fbscore import AlistaControls, Controls, ListaControls, Problem, extend
from fbscore.regularizers import Regularizer

KINDS = ("fbs", "lista", "alista")
AnyControls = Controls | ListaControls | AlistaControls


def normal(rng: torch.Generator, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=rng, dtype=torch.float64)


def network(
    R: Regularizer, kind: str, batch: int, P: int, m: int, d: int, rng: torch.Generator
) -> tuple[Problem, AnyControls]:
    """W between the transpose of A and noise; steps and weights in [0, 2] and [0, 1], some of them 0."""
    A = normal(rng, batch, m, d) / math.sqrt(max(m, 1))
    problem = Problem(A, normal(rng, batch, m), normal(rng, batch, d), R)
    tau, lam = (torch.rand(batch, P, generator=rng).double() for _ in range(2))
    tau, lam = 2.0 * torch.where(tau < 0.1, 0.0, tau), torch.where(lam < 0.1, 0.0, lam)
    W = A.mT[:, None] + 0.5 * normal(rng, batch, P, d, m) / math.sqrt(max(m, 1))
    if kind == "alista":
        return problem, AlistaControls(W[:, 0].contiguous(), tau, lam)
    if kind == "fbs":
        return problem, Controls(W, tau, lam)
    K = W @ A[:, None] + 0.5 * normal(rng, batch, P, d, d) / math.sqrt(d)
    return problem, ListaControls(tau[:, :, None, None] * W, tau[:, :, None, None] * K, lam)


def extended(controls: AnyControls, N: int) -> AnyControls:
    """The same controls on ``N`` cells."""
    if isinstance(controls, Controls):
        return Controls(extend(controls.W, N), extend(controls.tau, N), extend(controls.lam, N))
    if isinstance(controls, ListaControls):
        return ListaControls(extend(controls.W1, N), extend(controls.W2, N), extend(controls.lam, N))
    return AlistaControls(controls.W, extend(controls.tau, N), extend(controls.lam, N))


def plain_operators(problem: Problem, controls: AnyControls, i: int) -> tuple[np.ndarray, ...]:
    """``K, c, σ`` of one instance, by loops."""
    A, f = problem.A[i].numpy(), problem.f[i].numpy()
    found = []
    for n in range(controls.N):
        if isinstance(controls, ListaControls):
            W1, W2, lam = (x[i, n].numpy() for x in (controls.W1, controls.W2, controls.lam))
            found.append((W2, W1 @ f, lam))
            continue
        W = (controls.W[i] if isinstance(controls, AlistaControls) else controls.W[i, n]).numpy()
        tau, lam = controls.tau[i, n].item(), controls.lam[i, n].item()
        sigma = lam if isinstance(controls, AlistaControls) else tau * lam
        found.append((tau * W @ A, tau * W @ f, sigma))
    return tuple(np.array(x) for x in zip(*found, strict=True))


def plain_certificate(
    R: Regularizer, u: np.ndarray, K: np.ndarray, c: np.ndarray, sigma: np.ndarray
) -> float:
    """``√a + b`` at ``t = 1`` of constant 4.7 for a batch of one, the linear equations by quadrature."""
    N, a, b = len(sigma), 0.0, 0.0
    h = 1.0 / N

    def value(x: np.ndarray) -> float:
        return R.value(torch.as_tensor(x)[None]).item()

    for n in range(N):
        step = u[n + 1] - u[n]
        kappa = -np.linalg.eigvalsh((K[n] + K[n].T) / 2)[0]
        D = 0.0
        if sigma[n] > 0:
            p = -(step + h * (K[n] @ u[n] - c[n])) / (h * sigma[n])
            D = max(value(u[n]) - value(u[n + 1]) + p @ step, 0.0)
        late = quad(lambda s, x=kappa * h: math.exp(2 * x * (1 - s)) * (1 - s), 0, 1)[0]
        early = quad(lambda s, x=kappa * h: math.exp(x * (1 - s)) * s, 0, 1)[0]
        a = math.exp(2 * kappa * h) * a + 2 * sigma[n] * h * D * late
        b = math.exp(kappa * h) * b + h * float(np.linalg.norm(K[n] @ step)) * early
    return math.sqrt(a) + b
