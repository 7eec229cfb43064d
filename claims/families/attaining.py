"""Networks and pairs made to attain a term of a bound where nothing is trivial: general K, singular vectors.

A batch names the terms that it attains; a claim that declares one of them sharp is loose if it is not
reached here.  That is what turns a constant too large, a norm of the wrong kind or a triangle inequality too
many red; at K = 0 or d = 1 they coincide with the right one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from claims.families import regularizers, systems
from claims.families.plain import plain
from claims.kit.instances import AnyNetwork, Network, NetworkPair
from claims.kit.sampling import Source

Attaining = Iterator[tuple[str, AnyNetwork, tuple[str, ...]]]
AttainingPairs = Iterator[tuple[str, NetworkPair, tuple[str, ...]]]

#: Regularisers that are affine along a small step from a generic point, so that λ alone moves it by hσ‖∂R⁰‖.
AFFINE = ("l1", "l2", "group_lasso", "linf", "max_affine", "nuclear", "rotated")


#: Regularisers whose subgradient changes along a step, by a share of about hλ.
CURVED = ("half_squared_norm", "quadratic", "elastic_net")


def general(source: Source, count: int, depth: int, *, data: float = 1.0) -> Network:
    """Return networks with d = 3, m = 2, gaussian A, W and f, λ = 0 and τ = 1/2."""
    d, m = 3, 2
    A, f, u0 = source.normal(count, m, d), data * source.normal(count, m), source.normal(count, d)
    W = source.normal(count, depth, d, m)
    ones = torch.ones(count, depth, dtype=torch.float64, device=source.device)
    return Network(regularizers.unit("l1", count, d, source.device), A, f, u0, W, ones / 2, 0 * ones)


def leading_direction(network: Network) -> torch.Tensor:
    """Return the leading right singular vectors (batch, d) of I − hK of the first layer."""
    K = network.tau[:, 0, None, None] * (network.W[:, 0] @ network.A)
    eye = torch.eye(K.shape[1], dtype=K.dtype, device=K.device)
    return torch.linalg.svd(eye - float(network.h) * K).Vh[:, 0]


def draw(source: Source, count: int = 4) -> Attaining:
    """Yield (family, networks, terms that they attain)."""
    for system in systems.MAKERS:
        turned = general(source, count, 1, data=0.0)
        turned = replace(turned, u0=4 * leading_direction(turned))
        yield "attains: u0 along the leading direction", system(turned), ("initial",)
        yield (
            "attains: explicit step, general K and f",
            system(general(source, count, 1)),
            ("drift", "distance"),
        )
    for name in regularizers.ADMISSIBLE:
        d = 1 if name != "total_variation" else 3
        lam = 2.0**-8 if name in CURVED else 0.25  # large enough to stand out of float32's round-off
        small = plain(source, name, count, d, 4, lam=lam)
        zigzag = torch.tensor([16.0, 64.0, 16.0][-d:], dtype=torch.float64, device=source.device)
        small = replace(small, u0=zigzag * source.integers(count, 1, low=1, high=2))
        yield "attains: small λ alone", small, ("subgradient", "distance")
        if name in ("l1", "l2", "group_lasso", "linf"):
            pushed = plain(source, name, count, 1, 1, data=4.0, lam=1.0)
            yield "attains: driven off the kink at 0", replace(pushed, u0=0 * pushed.u0), ("distance",)


def draw_pairs(source: Source, count: int = 4) -> AttainingPairs:
    """Yield (family, pairs, terms that they attain)."""
    for system in systems.MAKERS:
        first = general(source, count, 1)
        apart = replace(first, u0=first.u0 + 2 * leading_direction(first))
        yield "attains: u0 apart along the leading direction", _pair(system, first, apart), ("initial",)
        other = general(source, count, 1)
        changed = replace(first, W=other.W, tau=other.tau * 2)
        yield "attains: other controls, general K and f", _pair(system, first, changed), ("drift",)
    for name in AFFINE:
        weighted = plain(source, name, count, 1, 2, lam=1.0)
        doubled = replace(weighted, lam=2 * weighted.lam)
        yield "attains: λ alone differs", NetworkPair(weighted, doubled), ("weight",)


def _pair(system: systems.Maker, first: Network, second: Network) -> NetworkPair:
    return NetworkPair(system(first), system(second))
