"""Random limit systems as raw numbers, and what either side makes of them.

All numbers but the parameters of R are multiples of 1/256, so that the products K = tau W A, c = tau W f and
sigma = tau lam are exact and both sides solve the very same system. The oracle's operators and cell means are
formed here with numpy; `fbscore` forms its own.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from fbscore import AlistaControls, Controls, ListaControls, Problem, extend, project
from tests.oracle.prox_table import build
from tests.oracle.samples import each, parameters

__all__ = ["KINDS", "NAMES", "AnyControls", "Raw", "draw", "dyadic", "extended", "projected", "stretch"]

#: What the event-driven oracle serves.
NAMES = (
    "l1",
    "l2",
    "group_lasso",
    "half_squared_norm",
    "quadratic",
    "linf",
    "elastic_net",
    "huber",
    "total_variation",
    "max_affine",
    "rotated",
)
KINDS = ("fbs", "lista", "alista")
LARGEST = 3.0  # spectral norm of an operator, so that e^{int kappa} stays moderate
GRID = 256.0

AnyControls = Controls | ListaControls | AlistaControls


@dataclass(frozen=True)
class Raw:
    """A batch of limit systems.

    `controls` has the fields of the core's class, without their meaning: W (B, P, d, m), tau (B, P), lam
    (B, P) for "fbs"; W1, W2, lam for "lista"; W (B, d, m), tau, lam for "alista".
    """

    name: str
    kind: str
    params: dict[str, Any]
    A: np.ndarray  # (B, m, d)
    f: np.ndarray  # (B, m)
    u0: np.ndarray  # (B, d)
    controls: dict[str, np.ndarray]

    @property
    def batch(self) -> int:
        return len(self.u0)

    @property
    def cells(self) -> int:
        return self.controls["lam"].shape[1]

    def take(self, rows: Any) -> "Raw":
        """The instances `rows`."""
        return replace(
            self,
            params=each(self.params, lambda x: x[rows]),
            A=self.A[rows],
            f=self.f[rows],
            u0=self.u0[rows],
            controls={key: x[rows] for key, x in self.controls.items()},
        )

    def operators(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """K (B, P, d, d), c (B, P, d), sigma (B, P)."""
        x, f = self.controls, self.f[:, None, :, None]
        if self.kind == "lista":
            return x["W2"], (x["W1"] @ f)[..., 0], x["lam"]
        W = x["W"] if self.kind == "fbs" else x["W"][:, None]
        tau = x["tau"][:, :, None, None]
        sigma = x["lam"] * (x["tau"] if self.kind == "fbs" else 1.0)
        return tau * (W @ self.A[:, None]), (tau * (W @ f))[..., 0], sigma

    def systems(self) -> list[tuple[Any, ...]]:
        """The arguments of the oracle, one instance after the other."""
        K, c, sigma = self.operators()
        rows = ([i] for i in range(self.batch))
        params = [each(self.params, lambda x, row=row: x[row]) for row in rows]
        return [(self.name, params[i], K[i], c[i], sigma[i], self.u0[i]) for i in range(self.batch)]

    def means(self, N: int) -> "Raw":
        """The same with the means of the controls over N cells."""
        return replace(
            self,
            controls={key: x if _constant(self, key) else _means(x, N) for key, x in self.controls.items()},
        )

    def problem(self) -> Problem:
        """What the core is given."""
        R = build(self.name, self.params, torch.float64)
        return Problem(torch.tensor(self.A), torch.tensor(self.f), torch.tensor(self.u0), R)

    def core_controls(self) -> AnyControls:
        """The controls as the core's class."""
        cls = {"fbs": Controls, "lista": ListaControls, "alista": AlistaControls}[self.kind]
        return cls(**{key: torch.tensor(x) for key, x in self.controls.items()})


def _constant(raw: Raw, key: str) -> bool:
    return raw.kind == "alista" and key == "W"


def _means(x: np.ndarray, N: int) -> np.ndarray:
    fine = math.lcm(x.shape[1], N)
    repeated = np.repeat(x, fine // x.shape[1], axis=1)
    return repeated.reshape(len(x), N, fine // N, *x.shape[2:]).mean(axis=2)


def stretch(controls: AnyControls, change: Any) -> AnyControls:
    """Controls with `change` applied to all that depends on time."""
    changed = {key: x if key == "W" and x.ndim == 3 else change(x) for key, x in vars(controls).items()}
    return type(controls)(**changed)


def extended(controls: AnyControls, N: int) -> AnyControls:
    """E by the core."""
    return stretch(controls, lambda x: extend(x, N))


def projected(controls: AnyControls, N: int) -> AnyControls:
    """P by the core."""
    return stretch(controls, lambda x: project(x, N))


def dyadic(x: Any) -> np.ndarray:
    """The nearest multiples of 1/256."""
    return np.round(np.asarray(x, dtype=float) * GRID) / GRID


def draw(
    rng: np.random.Generator, name: str, kind: str, batch: int, d: int | None = None, cells: int | None = None
) -> Raw:
    """Random systems of one regulariser, kind, dimension and grid.

    Each instance contracts, expands or neither; W is near A^T or far from it; steps and weights vanish on
    some cells; thresholds hold much or little at rest; a quarter starts at 0, a quarter is sparse; some are
    whole numbers, which make events coincide.
    """
    d = int(rng.integers(1, 9)) if d is None else d
    P = int(rng.choice([1, 2, 3, 4, 6, 8])) if cells is None else cells
    m = int(rng.integers(1, d + 3))
    whole = rng.random(batch) < 0.15
    A = _numbers(rng, (batch, m, d), whole) / math.sqrt(m)
    A[rng.random(batch) < 0.2, -1] = A[0, 0]
    f = _numbers(rng, (batch, m), whole) * rng.choice([0.0, 0.5, 1.0, 3.0], (batch, 1))
    W = _weights(rng, A, P, whole)
    tau, lam = _steps(rng, batch, P, whole), _steps(rng, batch, P, whole)
    lam = lam * rng.choice([0.25, 1.0, 2.0], (batch, 1))
    if kind == "alista":
        controls = {"W": W[:, 0], "tau": tau, "lam": lam}
    elif kind == "fbs":
        controls = {"W": W, "tau": tau, "lam": lam}
    else:
        away = rng.choice([0.0, 0.3, 1.0], (batch, 1, 1, 1)) * _numbers(rng, (batch, P, d, d), whole)
        shift = rng.choice([0.0, 0.0, 1.0], (batch, 1, 1, 1)) * np.eye(d)
        controls = {"W1": tau[:, :, None, None] * W, "W2": W @ A[:, None] + away + shift, "lam": lam}
    raw = Raw(name, kind, parameters(rng, name, batch, d), A, f, _start(rng, batch, d, whole), controls)
    return _rounded(_moderate(raw))


def _numbers(rng: np.random.Generator, shape: tuple[int, ...], whole: np.ndarray) -> np.ndarray:
    integers = rng.integers(-2, 3, shape).astype(float)
    return np.where(whole.reshape(-1, *(1 for _ in shape[1:])), integers, rng.normal(size=shape))


def _weights(rng: np.random.Generator, A: np.ndarray, P: int, whole: np.ndarray) -> np.ndarray:
    """W (B, P, d, m): plus or minus A^T, and noise."""
    batch, m, d = A.shape
    each_one = (batch, 1, 1, 1)
    sign = rng.choice([1.0, 1.0, 1.0, -1.0], each_one)
    away = rng.choice([0.0, 0.1, 1.0], each_one)
    return sign * np.swapaxes(A, 1, 2)[:, None] + away * _numbers(rng, (batch, P, d, m), whole)


def _steps(rng: np.random.Generator, batch: int, P: int, whole: np.ndarray) -> np.ndarray:
    """Numbers in [0, 2], a sixth of them 0, not all."""
    size = np.where(whole[:, None], rng.integers(1, 3, (batch, P)), 2 * rng.random((batch, P)))
    kept = rng.random((batch, P)) < 5 / 6
    kept[np.arange(batch), rng.integers(0, P, batch)] = True
    return size * kept


def _start(rng: np.random.Generator, batch: int, d: int, whole: np.ndarray) -> np.ndarray:
    u0 = _numbers(rng, (batch, d), whole)
    kind = rng.integers(0, 4, batch)
    u0[kind == 0] = 0.0
    u0[kind == 1] *= rng.random((int((kind == 1).sum()), d)) < 0.5
    return u0 * np.where(whole, 1.0, rng.choice([0.2, 1.0, 3.0], batch))[:, None]


def _moderate(raw: Raw) -> Raw:
    """K of norm at most `LARGEST`, by a power of two."""
    size = np.linalg.norm(raw.operators()[0], ord=2, axis=(2, 3)).max(axis=1)
    factor = np.exp2(-np.ceil(np.log2(np.maximum(size / LARGEST, 1.0))))
    key = "W2" if raw.kind == "lista" else "W"
    x = raw.controls[key]
    return replace(raw, controls=raw.controls | {key: x * factor.reshape(-1, *(1 for _ in x.shape[1:]))})


def _rounded(raw: Raw) -> Raw:
    controls = {key: dyadic(x) for key, x in raw.controls.items()}
    return replace(raw, A=dyadic(raw.A), f=dyadic(raw.f), u0=dyadic(raw.u0), controls=controls)
