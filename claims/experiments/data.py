r"""Data of the experiment: sparse vectors or patches of photographs, seen through random matrices with noise.

``f = A u* + noise`` with a gaussian matrix ``A`` whose columns have length 1, the same for all samples of a
replicate.  A replicate draws everything anew, from generators of its own: neither the depth nor the system
nor the number of replicates changes what it draws.  X. Lin, C. Wu, arXiv:2605.27133, section 5
[reconstructed].
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch

from claims.experiments import photographs
from claims.experiments.design import SHUFFLED, UNSCALED, Design

__all__ = ["TEXT", "Drawn", "Part", "describe", "draw", "shuffled"]

VARIANTS = {
    SHUFFLED: "control: training labels given to other samples, for FBS on synthetic data",
    UNSCALED: "control: layers of length 1/{first} at every depth, for FBS on synthetic data",
}

TEXT = {
    "synthetic": "labels with {sparsity} of {d} entries nonzero (standard normal, at random places)",
    "photographs": "{d} DCT coefficients of {side}×{side} patches of photographs, training and validation on "
    "different ones, scaled to the mean square {sparsity}",
}


@dataclass(frozen=True)
class Part:
    """Data ``f`` (replicates, samples, m) and labels (replicates, samples, d)."""

    f: torch.Tensor
    labels: torch.Tensor


@dataclass(frozen=True)
class Drawn:
    """Matrices ``A`` (replicates, m, d), and what to train and to validate on."""

    A: torch.Tensor
    training: Part
    validation: Part


def describe(design: Design) -> dict[str, str]:
    """Return one line on each kind of data, or why it is not there, and on each control."""
    found = {data: _describe(design, data) for data in TEXT}
    return found | {name: text.format(first=min(design.depths)) for name, text in VARIANTS.items()}


def _describe(design: Design, data: str) -> str:
    if data == "photographs" and not photographs.available():
        return photographs.MISSING
    m, d = design.sizes(data)
    labels = TEXT[data].format(sparsity=design.sparsity, d=d, side=design.patch)
    return f"{labels}; {m} gaussian measurements with noise of standard deviation {design.noise:g}"


def draw(design: Design, data: str, seed: int) -> Drawn:
    """Return all replicates, float64 on the CPU."""
    each = [_replicate(design, data, seed, r) for r in range(design.replicates)]
    A = torch.stack([x.A for x in each])
    parts = [
        Part(torch.stack([p.f for p in group]), torch.stack([p.labels for p in group]))
        for group in ([x.training for x in each], [x.validation for x in each])
    ]
    return Drawn(A, *parts)


def shuffled(drawn: Drawn, seed: int) -> Drawn:
    """Return the same with the training labels given to other samples: no datum says anything of its label.

    A cyclic shift of a random order: no label stays where it was, if there are two samples at least.
    """
    labels: list[torch.Tensor] = []
    for r, mine in enumerate(drawn.training.labels):
        order = torch.randperm(len(mine), generator=generator(seed, r, "shuffle"))
        moved = torch.empty_like(mine)
        moved[order] = mine[order.roll(1)]
        labels.append(moved)
    return Drawn(drawn.A, Part(drawn.training.f, torch.stack(labels)), drawn.validation)


def generator(seed: int, replicate: int, purpose: str) -> torch.Generator:
    """Return a generator for one purpose of one replicate."""
    digest = hashlib.sha256(f"{seed} {replicate} {purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def _replicate(design: Design, data: str, seed: int, replicate: int) -> Drawn:
    m, d = design.sizes(data)
    A = _normal((m, d), generator(seed, replicate, f"{data} matrix"))
    A = A / A.norm(dim=0)
    sizes = {"training": design.samples, "validation": design.validation}
    labels = {
        name: _labels(design, data, name, count, generator(seed, replicate, f"{data} {name}"))
        for name, count in sizes.items()
    }
    if data == "photographs":  # one factor, from what is trained on
        scale = (design.sparsity / labels["training"].square().sum(1).mean()).sqrt()
        labels = {name: scale * x for name, x in labels.items()}
    parts: list[Part] = []
    for name, x in labels.items():
        noise = _normal((len(x), m), generator(seed, replicate, f"{data} {name} noise"))
        parts.append(Part(x @ A.mT + design.noise * noise, x))
    return Drawn(A, *parts)


def _labels(design: Design, data: str, part: str, count: int, source: torch.Generator) -> torch.Tensor:
    if data == "photographs":
        names = photographs.TRAINING if part == "training" else photographs.VALIDATION
        return photographs.coefficients(photographs.patches(names, count, design.patch, source))
    values = _normal((count, design.d), source)
    places = torch.rand(count, design.d, generator=source, dtype=torch.float64).argsort(1).argsort(1)
    return torch.where(places < design.sparsity, values, 0.0)


def _normal(shape: tuple[int, int], source: torch.Generator) -> torch.Tensor:
    return torch.randn(shape, generator=source, dtype=torch.float64)
