r"""What the assumptions of Γ-convergence exclude: each sequence lacks exactly one of them.

They are the first members of infinite sequences, on a few points that show it; the samplers stretch points
and values by powers of two, and mirror the points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from claims.kit.gamma_instances import AnyGamma, GammaLimits, GammaPerturbation, GammaSequence
from claims.kit.sampling import Sampler, Source, fixed

NUMBERS = (2, 4, 8, 16)


def _row(*numbers: float) -> torch.Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


def _sequence(
    places: Sequence[float],
    limit: torch.Tensor,
    members: Sequence[torch.Tensor],
    *,
    coercive: float = 0.0,
    reach: Sequence[float] | None = None,
    **rates: Sequence[float],
) -> GammaSequence:
    """Return one sequence on a line with rates that are 0 unless they are given, in balls that hold all."""
    m, nothing = len(members), [0.0] * len(members)
    far = max(map(abs, places)) + max(rates.get("radius", nothing))
    names = ("radius", "error", "slack", "approach")
    given = {name: _row(*rates.get(name, nothing)) for name in names}
    ball = _row(*(reach or [far] * m))
    values = torch.cat(list(members))[None]
    points = _row(*places)[:, :, None]
    return GammaSequence(points, limit, values, reach=ball, coercive=_row(coercive)[0], **given)


# ---------------------------------------------------------------- the liminf inequality


def spikes(places: Sequence[float] = (0, *(1 + 1 / k for k in NUMBERS), 1)) -> GammaSequence:
    """Return x² − 3 max(0, 1 − k|x − 1 − 1/k|), k = 2, 4, 8, 16, which tend to x² pointwise.

    Their Γ-limit is −2 at x = 1.  Declared: r_k = e_k = t_k = 1/k.
    """
    x, rates = _row(*places), [1 / k for k in NUMBERS]
    members = [x * x - 3 * (1 - k * (x - 1 - 1 / k).abs()).clamp(min=0) for k in NUMBERS]
    return _sequence(places, x * x, members, coercive=1.5, radius=rates, error=rates, approach=rates)


def waves(size: int = 3) -> GammaLimits:
    """Return F_k = 1 and 0 by turns from node to node, exchanged from member to member.

    Their Γ-limit is 0, the lower envelope; the second candidate is the weak limit ½.  Windows of one node.
    """
    x = torch.arange(size, dtype=torch.float64)[None]
    places, beats = [float(i) for i in range(size)], [x % 2, (x + 1) % 2]
    one = _sequence(places, 0 * x, beats, coercive=1.0, radius=[1.0, 1.0])
    return GammaLimits(one, 0 * x + 0.5, one.radius, 0 * one.error, one.reach)


# ---------------------------------------------------------------- the limsup inequality


def second_wells(places: Sequence[float] = (0, 2)) -> GammaSequence:
    """Return |x|, with −1 at x = 2 in every second member; the candidate has that value: no Γ-limit."""
    x = _row(*places)
    well = torch.where(x == 2, -1.0, x.abs())
    return _sequence(places, well, [well, x.abs(), well, x.abs()], coercive=2.0)


def missing_well(places: Sequence[float] = (0, 2)) -> GammaLimits:
    """Return F_k = |x| with the limits |x| and one that is −1 at x = 2, where no member comes near."""
    x = _row(*places)
    one = _sequence(places, x.abs(), [x.abs()] * 2)
    return GammaLimits(one, torch.where(x == 2, -1.0, x.abs()), one.radius, one.error, one.reach)


# ---------------------------------------------------------------- minimisers, and continuity


def escaping(places: Sequence[float] = (0, 1, 2, 4, 8)) -> GammaSequence:
    """Return min(|x|, 1) − 2 max(0, 1 − |x − k|), k = 2, 4, 8, equal to min(|x|, 1) for |x| ≤ k − 1."""
    x, numbers = _row(*places), NUMBERS[:3]
    base = x.abs().clamp(max=1)
    members = [base - 2 * (1 - (x - k).abs()).clamp(min=0) for k in numbers]
    return _sequence(places, base, members, reach=[k - 1.0 for k in numbers])


def unattained(places: Sequence[float] = (0, 1, 2, 4, 8)) -> GammaSequence:
    """Return F_k = F = 2^−|x| in balls of radius 2, 4, 8: the infimum 0 is not attained."""
    values = torch.exp2(-_row(*places).abs())
    return _sequence(places, values, [values] * 3, reach=NUMBERS[:3])


def jumping(places: Sequence[float] = (0, *(1 / k for k in NUMBERS))) -> GammaPerturbation:
    """Return −max(0, 1 − k|x − 1/k|), k = 2, 4, 8, 16, with the Γ-limit −1 at 0, and G = 3 for x > 0.

    F_k + G ≥ 0, but F + G = −1 at 0.  Declared: r_k = 2/k, e_k = 0, Λ = 1.
    """
    x, rates = _row(*places), [2 / k for k in NUMBERS]
    members = [-(1 - k * (x - 1 / k).abs()).clamp(min=0) for k in NUMBERS]
    one = _sequence(places, -(x == 0).double(), members, radius=rates)
    return GammaPerturbation(one, 3 * (x > 0).double(), _row(1)[0])


# ---------------------------------------------------------------- samplers


def _varied(source: Source, base: AnyGamma, count: int = 16) -> AnyGamma:
    """Return the instance with points and values stretched by powers of two, and mirrored."""
    wide, high = source.scale(count, low=-3, high=2), source.scale(count, low=-4, high=4)
    side = torch.where(source.uniform(count) < 0.5, -1.0, 1.0)

    def times(x: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
        return x.to(source.device) * factor.reshape(count, *(1 for _ in x.shape[1:]))

    def sequence(p: GammaSequence) -> GammaSequence:
        factors = dict.fromkeys(("limit", "members", "error", "slack"), high)
        factors |= dict.fromkeys(("radius", "reach", "coercive", "approach"), wide) | {"points": wide * side}
        return GammaSequence(**{name: times(getattr(p, name), factor) for name, factor in factors.items()})

    if isinstance(base, GammaSequence):
        return sequence(base)
    if isinstance(base, GammaPerturbation):
        rest = times(base.perturbation, high), times(base.lipschitz, high / wide)
        return GammaPerturbation(sequence(base.sequence), *rest)
    rival = sequence(base.second)
    return GammaLimits(sequence(base.sequence), rival.limit, rival.radius, rival.error, rival.reach)


def _sampler(words: str, **bases: AnyGamma) -> Sampler:
    def strata(source: Source) -> Iterator[tuple[str, AnyGamma]]:
        for family, base in bases.items():
            yield family.replace("_", " "), _varied(source, base)

    return fixed(f"{words}; points and values times powers of two, and mirrored.", strata)


def _grid(first: float, last: float, step: float) -> list[float]:
    return [first + step * i for i in range(round((last - first) / step) + 1)]


def pointwise() -> Sampler:
    """Return sequences that converge pointwise and not in the sense of Γ."""
    finer, weak = spikes(_grid(-0.5, 2, 1 / 16)), replace(waves(9).second, approach=_row(0, 0))
    words = "Spikes x² − 3 max(0, 1 − k|x − 1 − 1/k|), k = 2 … 16, with the limit x²; waves of 0 and 1 with ½"
    return _sampler(words, spikes=spikes(), spikes_on_a_grid=finer, waves=weak)


def spiked() -> Sampler:
    """Return the spikes alone."""
    finer = spikes(_grid(-0.5, 2, 1 / 16))
    words = "Spikes x² − 3 max(0, 1 − k|x − 1 − 1/k|), k = 2, 4, 8, 16, with the limit x²"
    return _sampler(words, spikes=spikes(), spikes_on_a_grid=finer)


def weak_limits() -> Sampler:
    """Return waves with their lower envelope and their weak limit."""
    return _sampler("Waves of 0 and 1 with the limits 0 and ½", waves=waves(), long_waves=waves(9))


def subsequences() -> Sampler:
    """Return sequences of which every second member has a well."""
    several = second_wells(_grid(-3, 3, 0.5))
    words = "|x|, with −1 at 2 in every second member and in the candidate"
    return _sampler(words, two_points=second_wells(), on_a_grid=several)


def missing_wells() -> Sampler:
    """Return limits with a well that no member has."""
    several = missing_well(_grid(-3, 3, 0.5))
    words = "F_k = |x|; the second limit is −1 at 2"
    return _sampler(words, two_points=missing_well(), on_a_grid=several)


def escapes() -> Sampler:
    """Return sequences whose minimisers escape."""
    words = "min(|x|, 1) − 2 max(0, 1 − |x − k|), k = 2, 4, 8, in balls of radius k − 1"
    return _sampler(words, five_points=escaping(), on_a_grid=escaping(_grid(-9, 9, 1)))


def infima() -> Sampler:
    """Return functions whose infimum is not attained."""
    words = "F_k = F = 2^−|x| in balls of radius 2, 4, 8"
    return _sampler(words, five_points=unattained(), on_a_grid=unattained(_grid(-8, 8, 1)))


def jumps() -> Sampler:
    """Return perturbations that jump where a spike comes to rest."""
    words = "−max(0, 1 − k|x − 1/k|), k = 2, 4, 8, 16, G = 3 for x > 0, declared Lipschitz with constant 1"
    return _sampler(words, five_points=jumping(), on_a_grid=jumping(_grid(-0.5, 1, 1 / 16)))
