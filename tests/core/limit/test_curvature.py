"""The quadratic part of each regulariser: what is left is convex, and nothing is left where it says so."""

import pytest
import torch

from fbscore.limit.curvature import curvature
from fbscore.regularizers import by_name
from tests.core.instances import ADMISSIBLE, gaussian, regularizer

WITH = ("half_squared_norm", "quadratic", "elastic_net")


@pytest.mark.parametrize("name", ADMISSIBLE)
def test_what_is_left_is_convex(name, rng):
    R = regularizer(name, 30, 4, rng)
    u, v = gaussian(30, 4, rng), gaussian(30, 4, rng)
    found = curvature(R, u)
    assert (found is not None) == (name in WITH)
    if found is None:
        return

    def rest(x):
        return R.value(x) - 0.5 * (x * (found.Q @ x[..., None]).squeeze(-1)).sum(-1)

    assert bool((rest(0.5 * (u + v)) <= 0.5 * (rest(u) + rest(v)) + 1e-12).all())
    assert (float(rest(u).abs().max()) < 1e-12) == found.entire


def test_a_rotated_one_is_turned(rng):
    D = torch.linalg.qr(torch.randn(3, 4, 4, generator=rng, dtype=torch.float64)).Q
    inner = regularizer("elastic_net", 3, 4, rng)
    found = curvature(by_name("rotated", D=D, inner=inner), D[..., 0])
    assert found is not None
    assert not found.entire
    ridge = inner.parameters["ridge"]
    assert isinstance(ridge, torch.Tensor)
    torch.testing.assert_close(found.Q, ridge[:, None, None] * torch.eye(4).double().expand(3, 4, 4))
    quadratic = curvature(by_name("rotated", D=D, inner=regularizer("quadratic", 3, 4, rng)), D[..., 0])
    assert quadratic is not None
    assert quadratic.entire


def test_none_for_a_rotated_norm(rng):
    assert curvature(regularizer("rotated", 2, 3, rng), gaussian(2, 3, rng)) is None


def test_in_the_dtype_that_is_asked_for(rng, device):
    found = curvature(
        regularizer("quadratic", 2, 3, rng, torch.float32, device), gaussian(2, 3, rng).to(device)
    )
    assert found is not None
    assert (found.Q.dtype, found.Q.device.type) == (torch.float64, device.type)
