"""The prox of every regulariser on the tape and on the device: derivatives, no branch on a number."""

from dataclasses import replace

import pytest
import torch

from fbscore.regularizers import Regularizer
from tests.core.instances import EVERY, gaussian, regularizer


@pytest.mark.parametrize("name", EVERY)
def test_prox_has_the_gradient_of_differences(name, rng):
    R = regularizer(name, 6, 6, rng)
    v = 2.0 * gaussian(6, 6, rng)
    a = 0.2 + torch.rand(6, generator=rng, dtype=torch.float64)
    torch.autograd.gradcheck(R.prox, (v.requires_grad_(), a.requires_grad_()))


@pytest.mark.parametrize(
    "name",
    ["l1", "group_lasso", "elastic_net", "huber", "max_affine", "shifted_l1", "double_well", "box_indicator"],
)
def test_prox_is_differentiable_in_the_parameters(name, rng):
    R = regularizer(name, 4, 3, rng)
    tensors = {k: x + 0.01 for k, x in R.parameters.items() if isinstance(x, torch.Tensor)}
    if name == "max_affine":  # 0 inside the hull, so that it stays there
        tensors["slopes"] = torch.cat((torch.eye(3), -torch.ones(1, 3))).double().repeat(4, 1, 1)
    v = 2.0 * gaussian(4, 3, rng)
    a = 0.2 + torch.rand(4, generator=rng, dtype=torch.float64)

    def prox(*given: torch.Tensor) -> torch.Tensor:
        return replace(R, **dict(zip(tensors, given, strict=True))).prox(v, a)

    torch.autograd.gradcheck(prox, tuple(x.requires_grad_() for x in tensors.values()))


@pytest.mark.parametrize("name", EVERY)
def test_prox_reads_no_number_back(name, rng):
    """On the device "meta" there are shapes but no numbers: a branch on one raises."""
    R = regularizer(name, 3, 6, rng)
    v = torch.empty(3, 6, dtype=torch.float64, device="meta")
    u = on_meta(R).prox(v, torch.empty(3, dtype=torch.float64, device="meta"))
    assert (u.shape, u.dtype, u.device.type) == (v.shape, v.dtype, "meta")


def on_meta(R: Regularizer) -> Regularizer:
    """A copy without numbers, past the validation."""
    copy = object.__new__(type(R))
    for field, x in R.parameters.items():
        moved = on_meta(x) if isinstance(x, Regularizer) else x
        object.__setattr__(copy, field, moved.to("meta") if isinstance(moved, torch.Tensor) else moved)
    return copy
