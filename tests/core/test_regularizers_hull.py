"""Projection on the convex hull of a few points."""

import numpy as np
import pytest
import scipy.optimize
import torch

from fbscore.regularizers import hull


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def every(points):
    return torch.ones(points.shape[:2], dtype=torch.bool)


def project(points, target):
    """Nonnegative least squares with the constraint on the sum, both scaled so that it holds to round-off."""
    k = len(points)
    heavy = 1e4
    M = np.vstack((points.T, np.full((1, k), heavy)))
    shares, _ = scipy.optimize.nnls(M, np.append(target, heavy), maxiter=1000)
    return shares @ points / shares.sum()


@pytest.mark.parametrize("shape", [(1, 3), (2, 1), (3, 2), (4, 3), (6, 4), (8, 2), (8, 8), (8, 16)])
def test_against_nonnegative_least_squares(shape):
    numbers = np.random.default_rng(sum(shape))
    points, target = numbers.standard_normal((30, *shape)), 2 * numbers.standard_normal((30, shape[1]))
    given = torch.tensor(points), torch.tensor(target)
    rest = hull.residual(given[0], every(given[0]), given[1], torch.ones(30, dtype=torch.float64))
    for i in range(30):
        expected = target[i] - project(points[i], target[i])
        np.testing.assert_allclose(rest[i].numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["random", "integer", "repeated", "flat", "scaled"])
@pytest.mark.parametrize("shape", [(3, 2), (5, 3), (8, 5), (8, 16)])
def test_residual_is_the_normal_of_the_hull(shape, kind, dtype, rng):
    """``q = π(v)`` if and only if ``<x_i − q, v − q> <= 0`` for every vertex."""
    batch, (k, d) = 500, shape
    points = torch.randn(batch, k, d, generator=rng, dtype=torch.float64)
    target = 3.0 * torch.randn(batch, d, generator=rng, dtype=torch.float64)
    if kind == "integer":
        points, target = points.round(), target.round()
    elif kind == "repeated":
        points[:, k // 2 :] = points[:, : k - k // 2]
    elif kind == "flat":
        points[..., 1:] = points[..., :1] * target[:, None, 1:]
    elif kind == "scaled":
        points *= 10.0 ** (3 * torch.rand(batch, k, 1, generator=rng, dtype=torch.float64) - 3)
    points, target = points.to(dtype), target.to(dtype)
    rest = hull.residual(points, every(points), target, torch.ones(batch, dtype=dtype)).double()
    size = points.double().norm(dim=-1).amax(-1) + target.double().norm(dim=-1)
    beyond = ((points.double() - target.double()[:, None] + rest[:, None]) * rest[:, None]).sum(-1).amax(-1)
    # Of a target inside the hull there remains round-off of round-off, in any direction.
    unit = torch.finfo(dtype).eps * size
    assert (beyond <= 16 * unit * (rest.norm(dim=-1) + unit)).all()


def test_residual_is_orthogonal_relative_to_itself():
    """A target that cancels to 1 part in 2^40: the vertices still tie to round-off of what is left."""
    points = tensor([1, 0, 0.1], [0, 1, 0.1], [-1, -1, 0.1]).unsqueeze(0)
    target = tensor([0.2, 0.3, 0.1 + 2.0**-40])
    rest = hull.residual(points, every(points), target, tensor(1))
    heights = (points @ rest.unsqueeze(-1)).squeeze(-1)
    assert rest.norm().item() == pytest.approx(2.0**-40, rel=1e-4)
    assert (heights.amax() - heights.amin()) <= 1e-15 * rest.norm()


def test_only_allowed_points_count():
    points = tensor([1, 0], [0, 1], [5, 5]).unsqueeze(0)
    allowed = torch.tensor([[True, True, False]])
    rest = hull.residual(points, allowed, tensor([1, 1]), tensor(1))
    torch.testing.assert_close(rest, tensor([0.5, 0.5]), rtol=1e-15, atol=0)
    assert hull.residual(points, allowed, tensor([1, 1]), tensor(0)).tolist() == [[1.0, 1.0]]


def test_steps_suffice_with_one_in_three_to_spare(monkeypatch, rng):
    points = torch.randn(2000, 8, 5, generator=rng, dtype=torch.float64)
    target = 3.0 * torch.randn(2000, 5, generator=rng, dtype=torch.float64)
    given = points, every(points), target, torch.ones(2000, dtype=torch.float64)
    found = {}
    for steps in (hull.STEPS - 1, hull.STEPS, 10):
        monkeypatch.setattr(hull, "STEPS", steps)
        found[steps] = hull.residual(*given)
    assert all(torch.equal(x, found[10]) for x in found.values())
