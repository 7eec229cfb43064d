"""Random instances of the limit system in operator form, u' in -(K u - c) - sigma dR(u), one at a time.

`instance(rng, name)` draws the kind of everything first: FBS products or free operators, near the gradient
flow or far from it (contracting, expanding, rank-deficient), 1 to 6 pieces, step or weight zero on some of
them, start at zero, sparse, with ties, or anywhere, thresholds that hold much or little at rest. Numbers are
either normal or small integers, which make events coincide.
"""

from typing import Any, NamedTuple

import numpy as np

from tests.oracle.samples import parameters, rotations

SUPPORTED = (
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
    "nuclear",
    "rotated",
)
INNER = ("l1", "linf", "huber", "total_variation", "max_affine")  # of `rotated`
LARGEST = 3.0  # spectral norm of an operator, so that e^{int kappa} stays moderate
PIECES = 6
DIMENSION = 8


class Instance(NamedTuple):
    """One limit system; array parameters with a batch axis of 1."""

    name: str
    params: dict[str, Any]
    K: np.ndarray  # (P, d, d)
    c: np.ndarray  # (P, d)
    sigma: np.ndarray  # (P,)
    u0: np.ndarray  # (d,)

    @property
    def system(self) -> tuple[Any, ...]:
        """The arguments of an oracle."""
        return tuple(self)


def instance(
    rng: np.random.Generator, name: str, d: int | None = None, pieces: int | None = None
) -> Instance:
    """A random instance of a regulariser, of dimension `d` and with so many pieces if they are given."""
    d = int(rng.integers(1, DIMENSION + 1)) if d is None else d
    P = int(rng.integers(1, PIECES + 1)) if pieces is None else pieces
    whole = bool(rng.random() < 0.2)
    K, c, sigma = _products(rng, P, d, whole) if rng.random() < 0.5 else _free(rng, P, d, whole)
    size = np.maximum(np.linalg.norm(K, ord=2, axis=(1, 2)) / LARGEST, 1.0)
    K = K / (np.exp2(np.ceil(np.log2(size))) if whole else size)[:, None, None]
    u0 = _start(rng, d, whole) if np.any(c) else np.full(d, 1.5)
    return Instance(name, _parameters(rng, name, d), K, c, sigma, u0)


def instances(seed: int, name: str, count: int) -> list[Instance]:
    """The first `count` instances of a regulariser for a seed."""
    rng = np.random.default_rng([seed, SUPPORTED.index(name)])
    return [instance(rng, name) for _ in range(count)]


def _parameters(rng: np.random.Generator, name: str, d: int) -> dict[str, Any]:
    if name == "rotated":
        inner = str(rng.choice(INNER))
        return {
            "D": rotations(rng, 2, d)[[int(rng.integers(2))]],
            "inner": (inner, _parameters(rng, inner, d)),
        }
    kinds = 4 if name == "max_affine" else 1  # its kinds of slopes come in turn
    params = parameters(rng, name, kinds, d)
    if name == "max_affine":
        params["slopes"] = params["slopes"][[int(rng.integers(4))]]
    if name == "group_lasso":  # labels in any order, groups of one and groups of all
        labels = rng.permutation(rng.integers(0, int(rng.integers(1, d + 1)), size=d))
        params["groups"] = tuple(int(x) for x in labels)
        params["weights"] = rng.random((1, d)) * 2 * (rng.random((1, d)) < 0.85)
    return params


def _numbers(rng: np.random.Generator, shape: tuple[int, ...], whole: bool) -> np.ndarray:
    return rng.integers(-2, 3, size=shape).astype(float) if whole else rng.normal(size=shape)


def _steps(rng: np.random.Generator, P: int, whole: bool) -> np.ndarray:
    """Numbers >= 0, a fifth of them zero, not all."""
    size = rng.integers(1, 3, size=P).astype(float) if whole else 2 * rng.random(P)
    kept = rng.random(P) < 0.8
    kept[rng.integers(P)] |= not np.any(kept)
    return size * kept


def _products(
    rng: np.random.Generator, P: int, d: int, whole: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """FBS: K = tau W A, c = tau W f, sigma = tau lam; W near A^T or far from it."""
    m = int(rng.integers(1, d + 3))
    A = _numbers(rng, (m, d), whole) / (1 if whole else np.sqrt(m))
    if rng.random() < 0.3:
        A[-1] = A[0]
    f = _numbers(rng, (m,), whole) * float(rng.choice([0.5, 1.0, 3.0]))
    away = float(rng.choice([0.0, 0.1, 1.0]))
    W = A.T + away * _numbers(rng, (P, d, m), whole) * float(rng.choice([-1.0, 1.0]))
    tau, lam = _steps(rng, P, whole), _steps(rng, P, whole) * float(rng.choice([0.25, 1.0, 2.0]))
    return tau[:, None, None] * (W @ A), tau[:, None] * (W @ f), tau * lam


def _free(rng: np.random.Generator, P: int, d: int, whole: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """LISTA: anything; shifted by a multiple of the identity it contracts or expands."""
    K = _numbers(rng, (P, d, d), whole) + float(rng.choice([-1.0, 0.0, 0.0, 2.0])) * np.eye(d)
    if rng.random() < 0.15:
        K = 0 * K
    c = _numbers(rng, (P, d), whole) * float(rng.choice([0.0, 0.5, 1.0, 3.0]))
    return K, c, _steps(rng, P, whole) * float(rng.choice([0.5, 1.0, 2.0]))


def _start(rng: np.random.Generator, d: int, whole: bool) -> np.ndarray:
    match int(rng.integers(4)):
        case 0:
            return np.zeros(d)
        case 1:
            return _numbers(rng, (d,), whole) * (rng.random(d) < 0.5)
        case 2:
            return rng.choice([-1.5, 1.5, 0.5], size=d)
        case _:
            return _numbers(rng, (d,), whole) * float(rng.choice([0.2, 1.0, 3.0]))
