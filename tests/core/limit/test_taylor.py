"""Series against matrix exponentials, control points against samples."""

import numpy as np
import torch

from fbscore.limit.taylor import DEGREE, at, control_points, rescale, solution, velocity


def series(rng, batch=5, d=3):
    M = torch.randn(batch, d, d, generator=rng, dtype=torch.float64)
    u, speed = torch.randn(2, batch, d, generator=rng, dtype=torch.float64)
    step = 1.0 / torch.linalg.matrix_norm(M)
    return solution(u, speed, M, step), M, u, speed, step


def test_the_series_sums_to_the_solution(rng):
    """``u(step) = u + step φ(−step M) speed``, read off the exponential of an augmented matrix."""
    p, M, u, speed, step = series(rng)
    top = torch.cat((-M, speed.unsqueeze(-1)), dim=-1)
    generator = step[:, None, None] * torch.nn.functional.pad(top, (0, 0, 0, 1))
    expected = u + torch.linalg.matrix_exp(generator)[:, :3, 3]
    assert p.shape == (5, 3, DEGREE + 1)
    assert torch.equal(p[..., 0], u)
    assert float((p.sum(-1) - expected).abs().max()) <= 1e-14


def test_the_series_solves_the_equation(rng):
    p, M, u, speed, step = series(rng)
    points = torch.linspace(0.0, 1.0, 9, dtype=torch.float64).expand(5, -1)
    residual = at(velocity(p, step), points) - speed.unsqueeze(-1) + M @ (at(p, points) - u.unsqueeze(-1))
    assert float(residual.abs().max()) <= 1e-13


def test_control_points_hold_the_polynomial(rng):
    p = torch.randn(7, 2, DEGREE + 1, generator=rng, dtype=torch.float64)
    b = control_points(p)
    samples = at(p, torch.linspace(0.0, 1.0, 101, dtype=torch.float64).expand(7, -1))
    assert bool((samples.amax(-1) <= b.amax(-1) + 1e-13).all())
    nodes, weights = (torch.from_numpy(x) for x in np.polynomial.legendre.leggauss(DEGREE + 1))
    squares = at(p, 0.5 * (nodes + 1.0).expand(7, -1)).square()  # integrated exactly
    assert bool((0.5 * (weights * squares).sum(-1) <= b.square().mean(-1)).all())
    ends = torch.stack((b[..., 0], b[..., -1]), dim=-1)
    torch.testing.assert_close(ends, samples[..., [0, -1]], rtol=0, atol=1e-13)


def test_rescaling_keeps_the_path(rng):
    p = torch.randn(4, 2, DEGREE + 1, generator=rng, dtype=torch.float64)
    fraction = torch.tensor([0.0, 0.3, 0.9, 1.0], dtype=torch.float64)
    points = torch.linspace(0.0, 1.0, 5, dtype=torch.float64).expand(4, -1)
    short = at(rescale(p, fraction), points)
    torch.testing.assert_close(short, at(p, fraction.unsqueeze(-1) * points), rtol=0, atol=1e-13)
