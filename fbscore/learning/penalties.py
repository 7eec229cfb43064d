r"""Penalties ``r(s)`` of the norms ``s >= 0`` of the controls.

Source: X. Lin, C. Wu, arXiv:2605.27133, (2.10), (2.11), assumption A5 [reconstructed].
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fbscore.errors import require

__all__ = ["NAMES", "Penalty", "by_name"]


@dataclass(frozen=True)
class Penalty:
    r"""A function ``r`` of a norm.

    Parameters
    ----------
    name : str
    value : callable
        ``s -> r(s)``, tensors of one shape; differentiable by torch where ``r`` is.
    modulus : callable
        ``(s, eps) ->`` a bound on ``|r(t) − r(s)|`` for all ``t >= 0`` with ``|t − s| <= eps``.
    continuous : bool
        Those that are, are locally Lipschitz too (A5).
    """

    name: str
    value: Callable[[Tensor], Tensor]
    modulus: Callable[[Tensor, Tensor], Tensor]
    continuous: bool = True


def _same(s: Tensor) -> Tensor:
    return s


def _square(s: Tensor) -> Tensor:
    return s * s


def _kinked(s: Tensor) -> Tensor:
    return (s - 1.0).abs()


def _jump(s: Tensor) -> Tensor:
    return (s > 0.5).to(s.dtype)


def _spike(s: Tensor) -> Tensor:
    return torch.where(s > 0, s, 1.0)


def _nonexpansive(s: Tensor, eps: Tensor) -> Tensor:
    """``eps``, for functions with a Lipschitz constant of 1."""
    return eps + torch.zeros_like(s)


def _square_modulus(s: Tensor, eps: Tensor) -> Tensor:
    """``(s + eps)² − s²``, attained."""
    return eps * (2.0 * s + eps)


def _jump_modulus(s: Tensor, eps: Tensor) -> Tensor:
    """1 where both sides of 1/2 are within reach; rounding is monotone, so that ``<=`` misses nothing."""
    return (((s - 0.5).abs() <= eps) & (eps > 0)).to(s.dtype)


def _spike_modulus(s: Tensor, eps: Tensor) -> Tensor:
    """The supremum: ``eps`` where 0 is out of reach, with the jump from or to 0 where it is not."""
    to_zero = torch.where(eps < s, eps, torch.maximum(eps, (1.0 - s).abs()))
    from_zero = torch.where(eps > 0, torch.clamp(eps - 1.0, min=1.0), 0.0)
    return torch.where(s > 0, to_zero, from_zero)


_ALL = (
    Penalty("s", _same, _nonexpansive),
    Penalty("s^2", _square, _square_modulus),
    Penalty("kinked", _kinked, _nonexpansive),
    Penalty("jump", _jump, _jump_modulus, continuous=False),
    Penalty("spike", _spike, _spike_modulus, continuous=False),
)

_BY_NAME = {penalty.name: penalty for penalty in _ALL}

NAMES = tuple(_BY_NAME)


def by_name(name: str) -> Penalty:
    """Return a penalty by its name.

    Parameters
    ----------
    name : str
        ``"s"``: ``s``; ``"s^2"``: ``s²``; ``"kinked"``: ``|s − 1|``.  Not continuous, for negative controls
        (A5): ``"jump"``: 1 where ``s > 1/2``, else 0; ``"spike"``: ``s``, but 1 at ``s = 0``.

    Raises
    ------
    ValueError
        The name is unknown.
    """
    require(name in NAMES, "name", f"one of {', '.join(NAMES)}", repr(name))
    return _BY_NAME[name]
