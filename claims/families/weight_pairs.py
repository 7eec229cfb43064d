"""Instances for the prox: a point and two weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from claims.families import regularizers
from claims.kit.instances import Regularizer, WeightPair
from claims.kit.sampling import Batch, Sampler, Source, fixed, portions

POINTS = ("gaussian", "integers", "sparse", "equal entries")
WEIGHTS = ("unrelated", "nearby", "integers", "first zero", "second zero")

DISTRIBUTION = (
    "Groups of one shape: regulariser uniform over the catalogue, d uniform over 1, 2, 3, 5, 10, 50; v "
    "gaussian, integer, sparse or with equal entries, times 2^k, k uniform in −6…6; weights a, b uniform "
    "times powers of two, or b = a(1 + 2^-k), or integers (ties), or one of them 0. All numbers are exact "
    "in float32. Corners besides: v = 0, a = b = 0, a = b, weights so small that R is affine between both "
    "points, weights so large that both points are 0, Q with a kernel."
)


def _points(source: Source, kind: str, batch: int, d: int) -> torch.Tensor:
    if kind == "integers":
        return source.integers(batch, d, low=-4, high=4)
    v = source.normal(batch, d)
    if kind == "sparse":
        v = v * (source.uniform(batch, d) < 0.3)
    if kind == "equal entries":
        v = v[:, :1] * torch.sign(v)
    return v * source.scale(batch, 1)


def _weights(source: Source, kind: str, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    if kind == "integers":
        return source.integers(batch, low=0, high=4), source.integers(batch, low=0, high=4)
    a = source.uniform(batch) * source.scale(batch, low=-6, high=4)
    b = source.uniform(batch) * source.scale(batch, low=-6, high=4)
    if kind == "nearby":
        b = a * (1 + source.scale(batch, low=-10, high=-1))
    if kind == "first zero":
        a = a * 0
    return a, b * 0 if kind == "second zero" else b


def draw(source: Source, size: int, names: Sequence[str] = regularizers.ADMISSIBLE) -> Iterator[Batch]:
    """Yield ``size`` independent draws in groups of one shape, then the corners."""
    for count in portions(size, max(1, min(24, size // 32))):
        name = source.choice(names)
        d = source.choice(regularizers.sizes(name))
        points, weights = source.choice(POINTS), source.choice(WEIGHTS)
        a, b = _weights(source, weights, count)
        regularizer = regularizers.draw(name, source, count, d)
        pair = WeightPair(regularizer, _points(source, points, count, d), a, b)
        yield Batch(pair.representable(), f"{points}, {weights}", independent=True)
    for name in names:
        for family, pair in corners(source, name):
            yield Batch(pair.representable(), family, independent=False)


def corners(source: Source, name: str, count: int = 4) -> Iterator[tuple[str, WeightPair]]:
    """Yield the corner strata of one regulariser, each as (family, pairs)."""
    zero = torch.zeros(count, dtype=torch.float64, device=source.device)
    for d in (1, 6 if name == "nuclear" else 3):
        unit = regularizers.unit(name, count, d, source.device)
        v = source.integers(count, d, low=1, high=4) * 4
        small, large = (source.integers(count, low=low, high=high) for low, high in ((1, 2), (3, 4)))
        yield "corner: v = 0", WeightPair(unit, v * 0, small, large)
        yield "corner: a = b = 0", WeightPair(unit, v, zero, zero)
        yield "corner: a = b", WeightPair(unit, v, small, small)
        yield "corner: R affine between the points", WeightPair(unit, v, small / 8, large / 8)
        yield "corner: R affine, order swapped", WeightPair(unit, v, large / 8, small / 8)
        yield "corner: from weight 0", WeightPair(unit, v, zero, large / 8)
        yield "corner: back to weight 0", WeightPair(unit, v, large / 8, zero)
        yield "corner: tiny weights", WeightPair(unit, v, small / 2**20, large / 2**20)
        size = v.amax(1)
        yield "corner: across the threshold", WeightPair(unit, v, size * 7 / 8, size * 9 / 8)
        yield "corner: both points 0", WeightPair(unit, v, small * 2**10, large * 2**10)
    if name == "quadratic":
        kernel = torch.zeros(count, 2, 2, dtype=torch.float64, device=source.device)
        kernel[:, 1, 1] = 1.0
        v = torch.stack([source.integers(count, low=1, high=4), zero], 1)
        yield (
            "corner: v in the kernel of Q",
            WeightPair(Regularizer(name, {"Q": kernel}), v, zero + 1, zero + 2),
        )


def pairs() -> Sampler:
    """Return the sampler of points with two weights for every admissible regulariser."""
    return Sampler(DISTRIBUTION, draw)


def pairs_off_center() -> Sampler:
    """Return the sampler of points with two weights for admissible regularisers and for ‖u − b‖₁."""

    def drawn(source: Source, size: int) -> Iterator[Batch]:
        yield from draw(source, size, (*regularizers.ADMISSIBLE, "shifted_l1", "shifted_l1"))
        unit = regularizers.unit("shifted_l1", 4, 1, source.device)
        weight = source.uniform(4, high=1.0)
        start = WeightPair(unit, torch.zeros(4, 1, dtype=torch.float64, device=source.device), weight, weight)
        yield Batch(start.representable(), "corner: v = 0, pulled towards the centre", independent=False)

    return Sampler(f"{DISTRIBUTION} ‖u − b‖₁ with gaussian b among the regularisers.", drawn)


def around_the_jump(name: str) -> Sampler:
    """Return weights on both sides of that at which the prox of ``l0`` or ``half_power`` jumps, d = 1."""

    def strata(source: Source) -> Iterator[tuple[str, WeightPair]]:
        v = source.integers(64, 1, low=1, high=8) * source.scale(64, 1, low=-2, high=2)
        size = v.abs()[:, 0]
        jump = size**2 / 2 if name == "l0" else (size / 1.5) ** 1.5
        gap = source.scale(64, low=-10, high=-1)
        yield "around the jump", WeightPair(Regularizer(name, {}), v, jump * (1 - gap), jump * (1 + gap))

    return fixed(
        f"{name}: v = k·2^j, weights a = (1 − 2^-i) and b = (1 + 2^-i) times the weight of the jump.", strata
    )


def off_center() -> Sampler:
    """Return points for ‖u − b‖₁, whose minimiser is not 0."""

    def strata(source: Source) -> Iterator[tuple[str, WeightPair]]:
        for d in (1, 2, 5):
            regularizer = regularizers.draw("shifted_l1", source, 64, d)
            a, b = source.uniform(64, high=2.0), source.uniform(64, high=2.0)
            yield "random centre", WeightPair(regularizer, source.normal(64, d) / 4, a, b)

    return fixed("‖u − b‖₁ with gaussian b, v gaussian/4, weights uniform in [0, 2).", strata)
