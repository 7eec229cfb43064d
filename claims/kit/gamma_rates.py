r"""The least rates with which a sequence of functions is what it says of itself, in float64.

Families and moves of the adversarial search declare them.  Nothing here is shared with the bounds of
`claims.gamma_constants` nor with the predicates of `claims.assumptions`: if one of the three were wrong, the
others would say so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import torch

from claims.kit.gamma_instances import GammaLimits, GammaPerturbation, GammaSequence

T = TypeVar("T", GammaSequence, GammaPerturbation, GammaLimits)


def measured(p: T) -> T:
    """Return the batch with its errors, radius of coercivity and Lipschitz constant, least in float32."""
    if isinstance(p, GammaPerturbation):
        return replace(p, sequence=measured(p.sequence), lipschitz=_single(least_lipschitz(p)))
    if isinstance(p, GammaLimits):
        return replace(p, sequence=measured(p.sequence), rival_error=_single(least_errors(p.second)))
    return replace(p, error=_single(least_errors(p)), coercive=_single(least_coercive(p)))


def least_errors(p: GammaSequence) -> torch.Tensor:
    """Return the least e_k >= 0 with which the liminf and the limsup inequality hold, (batch, m)."""
    apart = (p.points[:, :, None] - p.points[:, None]).abs().amax(3)
    far = apart[:, None] > p.radius[:, :, None, None]
    inside = p.points.abs().amax(2)[:, None] <= p.reach[:, :, None]
    limit = p.limit[:, None].expand_as(p.members)
    errors = torch.zeros_like(p.radius)
    for below, above in ((limit, p.members), (p.members, limit)):
        excess = below[:, :, None] - above[..., None]
        least = excess.masked_fill(far, torch.inf).amin(3)
        errors = torch.maximum(errors, least.masked_fill(~inside, 0.0).amax(2))
    return errors


def least_coercive(p: GammaSequence) -> torch.Tensor:
    """Return the least radius of a ball in which every member attains its minimum, (batch,)."""
    sizes = p.points.abs().amax(2)[:, None].expand_as(p.members)
    above = p.members > p.members.amin(2, keepdim=True)
    return sizes.masked_fill(above, torch.inf).amin(2).amax(1)


def least_lipschitz(p: GammaPerturbation) -> torch.Tensor:
    """Return the Lipschitz constant of G, (batch,); infinite where G jumps between points that agree."""
    points = p.sequence.points
    apart = (points[:, :, None] - points[:, None]).abs().amax(3)
    jumps = (p.perturbation[:, :, None] - p.perturbation[:, None]).abs()
    return torch.where(jumps > 0, jumps / apart, 0.0).amax((1, 2))


def _single(x: torch.Tensor) -> torch.Tensor:
    """Return the least numbers of float32 that are not below, in float64."""
    near = x.float()
    above = torch.nextafter(near, torch.full_like(near, torch.inf))
    return torch.where(near.double() >= x, near, above).double()
