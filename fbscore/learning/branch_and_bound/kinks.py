r"""Proximal maps that act entry by entry and whose slope is known but for kinks.

For ``R(u) = Σ_i w_i |u_i| + ½ r_i u_i²`` the prox with weight ``a`` has the slopes 0 where ``|v_i| < a
w_i`` and ``1/(1 + a r_i)`` where ``|v_i| > a w_i``.
"""

from dataclasses import dataclass
from functools import singledispatch

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore.learning.branch_and_bound.reach import Masks, States
from fbscore.regularizers.base import Regularizer
from fbscore.regularizers.elastic_net import ElasticNet
from fbscore.regularizers.l1 import L1
from fbscore.regularizers.quadratic import HalfSquaredNorm
from fbscore.shapes import Scalars

__all__ = ["Kinked", "Slopes", "kinked", "range_around", "slopes"]

Weights = tuple[Scalars, Scalars]


@dataclass(frozen=True, eq=False)
class Kinked:
    """``w`` and ``r``, each (d, 1, 1)."""

    w: Float[Tensor, "d 1 1"]
    r: Float[Tensor, "d 1 1"]


@singledispatch
def kinked(regularizer: Regularizer, like: Float[Tensor, "d 1 1"]) -> Kinked | None:
    """``w`` and ``r`` of a regulariser in a batch of one, ``None`` if it is of another form."""
    return None


@kinked.register
def _(regularizer: L1, like: Tensor) -> Kinked | None:
    return Kinked(regularizer.weights[0][:, None, None], torch.zeros_like(like))


@kinked.register
def _(regularizer: HalfSquaredNorm, like: Tensor) -> Kinked | None:
    return Kinked(torch.zeros_like(like), torch.ones_like(like))


@kinked.register
def _(regularizer: ElasticNet, like: Tensor) -> Kinked | None:
    return Kinked(regularizer.weights[0][:, None, None], regularizer.ridge[0].expand_as(like))


@dataclass(frozen=True, eq=False)
class Slopes:
    r"""What is known of the slopes of the prox of one layer, all over a box.

    Parameters
    ----------
    middle, radius : (d, samples, boxes)
        Every slope lies within ``radius`` of ``middle``.
    largest : (d, samples, boxes)
        No slope is larger; 0 where the entry rests.
    sign : (d, samples, boxes)
        Of the argument of the prox: −1, 1, or 0 where it is not certain.
    active, resting : (d, samples, boxes)
        Where the argument lies certainly beyond, or within, the kinks.
    """

    middle: States
    radius: States
    largest: States
    sign: States
    active: Masks
    resting: Masks


def slopes(form: Kinked, explicit: States, reach: States, weight: Weights) -> Slopes:
    r"""The slopes where the argument is within ``reach``, entry by entry, of ``explicit``.

    Parameters
    ----------
    form : Kinked
    explicit, reach : (d, samples, boxes)
    weight : two of (boxes,)
        The smallest and the largest ``a``.

    Returns
    -------
    Slopes
    """
    up, size = 4 * torch.finfo(explicit.dtype).eps, explicit.abs()
    low, high = weight
    active = (size - reach > (1.0 + up) * high * form.w) | (form.w == 0)
    resting = size + reach < (1.0 - up) * low * form.w
    largest = torch.where(resting, 0.0, (1.0 + up) / (1.0 + low * form.r))
    smallest = torch.where(active, (1.0 - up) / (1.0 + high * form.r), 0.0)
    sign = torch.where(size > reach, explicit.sign(), 0.0)
    middle, radius = 0.5 * (largest + smallest), 0.5 * (largest - smallest)
    return Slopes(middle, radius, largest, sign, active, resting)


def range_around(form: Kinked, explicit: States, reach: States, weight: Weights, after: States) -> States:
    r"""How far the prox may be from ``after``: it is monotone in its argument, and in ``a`` on either side
    of 0.

    An entry that comes to rest loses its radius this way, by ``a w_i`` in every layer.
    """
    low, high = weight
    top, bottom = explicit + reach, explicit - reach
    most = torch.relu(top - low * form.w) - torch.relu(-top - high * form.w)
    least = torch.relu(bottom - high * form.w) - torch.relu(-bottom - low * form.w)
    shrunk, more = 1.0 + low * form.r, 1.0 + high * form.r
    most = most / torch.where(most > 0, shrunk, more)
    least = least / torch.where(least > 0, more, shrunk)
    return torch.maximum(most - after, after - least)
