r"""Maps with interval values that depend on the sign of t only, and sequences on their graphs."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from claims.kit.sampling import Batch, Sampler, Source, fixed
from claims.kit.sequence_instances import IntervalMap

MAPS = (
    "F(t) an interval with integer ends between −3 and 3 for t < 0, t = 0 and t > 0, with closed ends; "
    "u_k = −r_k, 0 or r_k, p_k = limit + slope r_k with integers between −1 and 1. Those that are not "
    "upper semicontinuous at 0, or leave the graph, count as unmet. Corners: ∂|t|, constant maps, F(0) = "
    "[−3, 3]."
)


def _map(ends: torch.Tensor, side: torch.Tensor, limit: torch.Tensor, slope: torch.Tensor) -> IntervalMap:
    return IntervalMap(ends, torch.ones_like(ends), side, limit, slope)


def _draw_maps(source: Source, size: int) -> Iterator[Batch]:
    count = size
    ends = source.integers(count, 3, 2, low=-3, high=3).sort(dim=2).values
    # the value at 0 is widened in most of them, so that they are upper semicontinuous
    wide = torch.stack([ends[..., 0].amin(1), ends[..., 1].amax(1)], 1)
    ends[:, 1] = torch.where(source.uniform(count, 1) < 0.8, wide, ends[:, 1])
    side, limit, slope = (source.integers(count, low=-1, high=1) for _ in range(3))
    yield Batch(_map(ends, side, limit, slope), "integer ends", independent=True)
    sign = torch.tensor([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]], dtype=torch.float64, device=source.device)
    for t in (-1.0, 0.0, 1.0):
        one = torch.ones(1, dtype=torch.float64, device=source.device)
        yield Batch(_map(sign[None], t * one, t * one, 0 * one), "corner: ∂|t|", independent=False)
        same = torch.tensor([[0.0, 1.0]] * 3, dtype=torch.float64, device=source.device)
        yield Batch(_map(same[None], t * one, one, -one / 2), "corner: [0, 1]", independent=False)


def maps() -> Sampler:
    """Return the sampler of interval-valued maps with points of their graphs."""
    return Sampler(MAPS, _draw_maps)


def constant_open() -> IntervalMap:
    """Return F(t) = (0, 1) for every t, u_k = r_k and p_k = 1 − r_k/2 → 1."""
    ends = torch.tensor([[[0.0, 1.0]] * 3], dtype=torch.float64)
    one = torch.ones(1, dtype=torch.float64)
    return IntervalMap(ends, 0 * ends, one, one, -one / 2)


def sign_selection() -> IntervalMap:
    """Return F(t) = {sign t}, a selection of ∂|t|, with u_k = r_k and p_k = 1."""
    ends = torch.tensor([[[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]]], dtype=torch.float64)
    one = torch.ones(1, dtype=torch.float64)
    return IntervalMap(ends, torch.ones_like(ends), one, one, 0 * one)


def off_the_graph() -> IntervalMap:
    """Return F(t) = [0, 1] for every t, and p_k = 2 ∉ F(u_k)."""
    ends = torch.tensor([[[0.0, 1.0]] * 3], dtype=torch.float64)
    one = torch.ones(1, dtype=torch.float64)
    return IntervalMap(ends, torch.ones_like(ends), one, 2 * one, 0 * one)


def _scaled(base: IntervalMap, family: str, words: str) -> Sampler:
    """Return the map stretched by powers of two, and mirrored."""

    def strata(source: Source) -> Iterator[tuple[str, IntervalMap]]:
        size = source.scale(16, low=-4, high=4)
        wide = {
            name: getattr(base, name).to(source.device)
            for name in ("ends", "closed", "side", "limit", "slope")
        }
        ends = wide["ends"] * size[:, None, None]
        rest = {name: wide[name] * size for name in ("limit", "slope")}
        side, closed = wide["side"].expand(16).clone(), wide["closed"].expand(16, 3, 2).clone()
        yield family, IntervalMap(ends, closed, side, **rest)
        mirrored = {name: -value for name, value in rest.items()}
        yield (
            f"{family}, mirrored",
            IntervalMap(-ends.flip(1, 2), closed.flip(1, 2).clone(), -side, **mirrored),
        )

    return fixed(words, strata)


def open_values() -> Sampler:
    """Return constant maps whose value is an open interval."""
    return _scaled(
        constant_open(), "(0, s)", "F(t) = (0, s) for every t, p_k → s, and mirrored; s a power of two."
    )


def selections() -> Sampler:
    """Return single-valued discontinuous selections of s ∂|t|."""
    return _scaled(
        sign_selection(), "s sign(t)", "F(t) = {s sign t}, p_k = s, and mirrored; s a power of two."
    )


def strangers() -> Sampler:
    """Return points that do not belong to the graph."""
    return _scaled(
        off_the_graph(), "[0, s]", "F(t) = [0, s] for every t, p_k = 2s, and mirrored; s a power of two."
    )
