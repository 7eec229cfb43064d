"""Networks with regularisers that the theorems exclude, for negative controls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from claims.families import networks, regularizers
from claims.families.plain import plain
from claims.kit.instances import Network, Regularizer
from claims.kit.sampling import Batch, Sampler, Source, fixed


def off_center() -> Sampler:
    """Return networks with ‖u − b‖₁ that start at or near 0, at rest and expanding."""

    def strata(source: Source) -> Iterator[tuple[str, Network]]:
        for d, depth in ((1, 1), (1, 4), (3, 8)):
            for gain in (0.0, -1.0, -4.0):
                base = plain(source, "shifted_l1", 32, d, depth, gain=gain, lam=1.0)
                regularizer = regularizers.draw("shifted_l1", source, 32, d)
                start = base.u0 * source.scale(32, 1, low=-16, high=-8)
                yield f"K = {gain:g} I", replace(base, regularizer=regularizer, u0=start)

    return fixed(
        "‖u − b‖₁, b gaussian, λ = 1, f = 0, K = 0, −I or −4I, u0 between 2^-16 and 1, N = 1, 4, 8.", strata
    )


def with_off_center() -> Sampler:
    """Return the networks of every admissible regulariser, and those with ‖u − b‖₁."""

    def drawn(source: Source, size: int) -> Iterator[Batch]:
        yield from networks.draw(source, size, (*regularizers.ADMISSIBLE, "shifted_l1"))
        yield from off_center().draw(source, size)
        pulled = plain(source, "shifted_l1", 4, 1, 2, lam=0.25)
        at_zero = replace(pulled, u0=0 * pulled.u0)
        yield Batch(at_zero.representable(), "corner: pulled from 0 towards the centre", independent=False)

    return Sampler(f"{networks.DISTRIBUTION} ‖u − b‖₁ with gaussian b besides.", drawn)


def jumping() -> Sampler:
    """Return networks with ‖·‖₀ whose weight is beyond the jump of the prox: the state falls to 0 at once."""

    def strata(source: Source) -> Iterator[tuple[str, Network]]:
        for d, depth in ((1, 1), (2, 3)):
            base = plain(source, "l0", 32, d, depth)
            weight = base.lam + depth * source.scale(32, 1, low=-2, high=6)
            start = (2 * weight[:, :1] / depth).sqrt() * (1 - source.uniform(32, d, high=0.5))
            yield "beyond the jump", replace(base, regularizer=Regularizer("l0", {}), lam=weight, u0=start)

    return fixed("ℓ₀, K = 0, f = 0, u0 between half the jump √(2hλ) and the jump.", strata)
