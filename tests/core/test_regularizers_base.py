"""What every regulariser must satisfy, whatever the family."""

import math

import numpy as np
import pytest
import scipy.optimize
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fbscore.regularizers import (
    REGISTRY,
    ElasticNet,
    Huber,
    MaxAffine,
    Nuclear,
    Quadratic,
    Regularizer,
    TotalVariation,
)
from tests.core.instances import (
    ADMISSIBLE,
    CONVEX,
    EVERY,
    VALUES,
    gaussian,
    one_of,
    parameters_of,
    regularizer,
    some_subgradients,
    states,
)

BATCH = 64
#: In units of round-off: two products with D, and a singular value decomposition.
LIMITS = {"rotated": 16.0, "nuclear": 16.0}
QUIET = settings(database=None, deadline=None, max_examples=60)


def points(batch: int, d: int, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Points over eight orders of magnitude and weights over nine."""
    v = gaussian(batch, d, rng) * 10.0 ** (
        8.0 * torch.rand(batch, 1, generator=rng, dtype=torch.float64) - 4.0
    )
    return v, 10.0 ** (9.0 * torch.rand(batch, generator=rng, dtype=torch.float64) - 6.0)


def optimality_error(R: Regularizer, v: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    """Distance of ``p = (v − u)/a`` to ``∂R(u)`` in units of the rounding of ``v/a`` and ``p``."""
    u = R.prox(v, a)
    C0, C1 = R.growth()
    scale = v.norm(dim=-1) / a + C0 + C1 * u.norm(dim=-1)
    distance = R.subdifferential_distance(u, (v - u) / a.unsqueeze(-1))
    return distance / (condition(R, u) * scale * torch.finfo(v.dtype).eps)


def condition(R: Regularizer, u: torch.Tensor) -> torch.Tensor:
    """How much faster than ``u`` itself its singular vectors turn; 1 where there are none."""
    if not isinstance(R, Nuclear):
        return torch.ones_like(u[:, 0])
    sigma = torch.linalg.svdvals(u.reshape(-1, R.rows, R.columns))
    smallest = torch.where(sigma > 0, sigma, torch.inf).amin(-1)
    return 1.0 + sigma[:, 0] / smallest


@pytest.mark.parametrize("d", [1, 2, 5, 16])
@pytest.mark.parametrize("name", CONVEX)
def test_prox_is_optimal_to_round_off(name, d, dtype, device, rng):
    R = regularizer(name, BATCH, d, rng, dtype, device)
    v, a = (x.to(device, dtype) for x in points(BATCH, d, rng))
    assert optimality_error(R, v, a).max() <= LIMITS.get(name, 4.0)


@pytest.mark.parametrize("name", EVERY)
def test_prox_at_zero_weight_is_the_identity(name, dtype, device, rng):
    R = regularizer(name, BATCH, 5, rng, dtype, device)
    v = points(BATCH, 5, rng)[0].to(device, dtype)
    v[:2] = 0.0
    v[2, 1:] = v[2, 0]
    assert torch.equal(R.prox(v, torch.zeros_like(v[:, 0])), v)


@pytest.mark.parametrize("name", CONVEX)
def test_prox_is_nonexpansive(name, dtype, rng):
    R = regularizer(name, BATCH, 5, rng, dtype)
    v, a = (x.to(dtype) for x in points(BATCH, 5, rng))
    w = v + points(BATCH, 5, rng)[0].to(dtype)
    left, right = (R.prox(v, a) - R.prox(w, a)).norm(dim=-1), (v - w).norm(dim=-1)
    rounding = 8 * torch.finfo(dtype).eps * (v.norm(dim=-1) + w.norm(dim=-1))
    assert (left <= right + rounding).all()


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", CONVEX)
def test_prox_is_the_minimiser_scipy_finds(name, d, rng):
    batch = 4
    R = regularizer(name, batch, d, rng)
    v, a = 2.0 * gaussian(batch, d, rng), 1.5 * torch.rand(batch, generator=rng, dtype=torch.float64)
    u = R.prox(v, a).numpy()
    for i in range(batch):
        p, start, weight = parameters_of(R, i), v[i].numpy(), float(a[i])

        def objective(x, p=p, start=start, weight=weight):
            return np.dot(x - start, x - start) / 2 + weight * VALUES[name](p, x)

        options = {"xatol": 1e-9, "fatol": 1e-15, "maxiter": 4000, "maxfev": 4000}
        found = scipy.optimize.minimize(objective, start, method="Nelder-Mead", options=options)
        assert objective(u[i]) <= found.fun + 1e-14
        np.testing.assert_allclose(u[i], found.x, atol=1e-4)


@pytest.mark.parametrize("name", EVERY)
def test_value(name, dtype, device, rng):
    R = regularizer(name, BATCH, 5, rng, dtype, device)
    u = states(R, BATCH, 5, rng).to(device, dtype)
    expected = [VALUES[name](parameters_of(R, i), u[i].cpu().double().numpy()) for i in range(BATCH)]
    value = R.value(u)
    assert value.dtype == dtype
    np.testing.assert_allclose(value.cpu(), expected, rtol=8 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("name", CONVEX)
def test_sampled_subgradients_are_subgradients_and_bounded(name, rng):
    R = regularizer(name, BATCH, 5, rng)
    u, numbers = states(R, BATCH, 5, rng), np.random.default_rng(1)
    z = gaussian(BATCH, 5, rng)
    C0, C1 = R.growth()
    bound = (C0 + C1 * u.norm(dim=-1)) * (1 + 1e-14)
    for _ in range(20):
        p = torch.tensor(
            np.array(
                [
                    some_subgradients(name, parameters_of(R, i), u[i].numpy(), 1, numbers)[0]
                    for i in range(BATCH)
                ]
            )
        )
        assert (p.norm(dim=-1) <= bound).all()
        assert R.contains(u, p, 1e-14).all()
        assert (R.value(z) >= R.value(u) + (p * (z - u)).sum(-1) - 1e-13).all()


@pytest.mark.parametrize("name", CONVEX)
def test_subgradient_is_one_and_attains_the_growth_constant(name, dtype, device, rng):
    R = regularizer(name, BATCH, 6, rng, dtype, device)
    u = states(R, BATCH, 6, rng).to(device, dtype)
    p = R.subgradient(u)
    eps = torch.finfo(dtype).eps
    assert R.contains(u, p, 16 * eps).all()
    C0, C1 = R.growth()
    u = steepest(R, u)
    p = R.subgradient(u)
    bound = C0 + C1 * u.norm(dim=-1)
    np.testing.assert_allclose(p.norm(dim=-1).cpu(), bound.cpu(), rtol=32 * eps)


def steepest(R: Regularizer, u: torch.Tensor) -> torch.Tensor:
    """States where the bound is attained: ``u`` itself if it is everywhere."""
    if isinstance(R, Quadratic):
        return torch.linalg.eigh(R.Q)[1][..., -1]
    if isinstance(R, ElasticNet):
        return R.weights
    if isinstance(R, Huber):
        return torch.where(u < 0, -R.width.unsqueeze(-1), R.width.unsqueeze(-1))
    return torch.zeros_like(u) if isinstance(R, TotalVariation | MaxAffine) else u


@pytest.mark.parametrize("name", CONVEX)
def test_minimal_subgradient_is_one_and_minimal(name, dtype, device, rng):
    R = regularizer(name, BATCH, 5, rng, dtype, device)
    u = states(R, BATCH, 5, rng).to(device, dtype)
    p = R.minimal_subgradient(u)
    eps = torch.finfo(dtype).eps
    numbers = np.random.default_rng(2)
    assert R.contains(u, p, 16 * eps).all()
    for i in range(BATCH):
        shortest = p[i].cpu().double().numpy()
        others = some_subgradients(name, parameters_of(R, i), u[i].cpu().double().numpy(), 50, numbers)
        # The projection of 0 on a convex set is the p with <q − p, p> >= 0 for all q in the set.
        assert ((others - shortest) @ shortest >= -64 * eps * max(1.0, np.dot(shortest, shortest))).all()


@pytest.mark.parametrize("name", CONVEX)
def test_distance_is_that_to_the_nearest_of_many_subgradients(name, rng):
    R = regularizer(name, 12, 2, rng)
    u, q = states(R, 12, 2, rng), 2.0 * gaussian(12, 2, rng)
    distance, numbers = R.subdifferential_distance(u, q), np.random.default_rng(3)
    for i in range(12):
        many = some_subgradients(name, parameters_of(R, i), u[i].numpy(), 40_000, numbers)
        nearest = np.sqrt(((many - q[i].numpy()) ** 2).sum(1)).min()
        assert distance[i] <= nearest + 1e-14
        assert nearest <= distance[i] + 0.03


@pytest.mark.parametrize("name", CONVEX)
def test_contains_compares_with_the_slack(name, rng):
    R = regularizer(name, BATCH, 3, rng)
    u = states(R, BATCH, 3, rng)
    outward = 100.0 * torch.ones_like(u)
    distance = R.subdifferential_distance(u, outward)
    assert (distance > 0).all()
    assert R.contains(u, outward, distance).all()
    assert not R.contains(u, outward, 0.999 * distance).any()


@pytest.mark.parametrize("name", ADMISSIBLE)
def test_admissible_ones_are_minimal_at_zero(name, rng):
    R = regularizer(name, BATCH, 4, rng)
    zero = torch.zeros(BATCH, 4, dtype=torch.float64)
    assert R.admissible
    # 0 is in the hull of the slopes up to round-off.
    assert R.contains(zero, zero, 1e-15 if name == "max_affine" else 0.0).all()
    assert (R.value(gaussian(BATCH, 4, rng)) >= R.value(zero)).all()


@pytest.mark.parametrize("name", EVERY)
def test_shapes_at_the_corners(name, dtype, device, rng):
    for batch, d in [(0, 1), (0, 3), (1, 1), (3, 1)]:
        R = regularizer(name, batch, d, rng, dtype, device)
        v = gaussian(batch, d, rng).to(device, dtype)
        u = R.prox(v, torch.ones_like(v[:, 0]))
        assert (u.shape, u.dtype, u.device) == (v.shape, v.dtype, v.device)
        assert R.value(u).shape == (batch,)
        assert R.minimal_subgradient(u).shape == (batch, d)
        if name in CONVEX:
            assert R.subgradient(u).dtype == dtype
            assert R.contains(u, v - u, 1e-5).all()
            assert all(torch.broadcast_to(C.to(device), (batch,)).shape == (batch,) for C in R.growth())


@pytest.mark.parametrize("name", EVERY)
def test_nan_stays_visible_and_in_its_instance(name, rng):
    R = regularizer(name, 3, 4, rng)
    v = gaussian(3, 4, rng)
    v[1, 2] = torch.nan
    u = R.prox(v, torch.ones(3, dtype=torch.float64))
    assert u[1].isnan().any()
    assert not u[[0, 2]].isnan().any()


@pytest.mark.parametrize("name", EVERY)
def test_instances_do_not_see_each_other(name, rng):
    R = regularizer(name, 8, 5, rng)
    v, a = gaussian(8, 5, rng), torch.rand(8, generator=rng, dtype=torch.float64)
    for i in range(8):
        alone = one_of(R, i).prox(v[i : i + 1], a[i : i + 1])
        torch.testing.assert_close(alone, R.prox(v, a)[i : i + 1], rtol=0, atol=1e-14)


def flat(R: Regularizer) -> dict[str, object]:
    """The parameters, those of an inner regulariser in place of it."""
    found: dict[str, object] = {}
    for field, x in R.parameters.items():
        found |= {f"{field}.{k}": y for k, y in flat(x).items()} if isinstance(x, Regularizer) else {field: x}
    return found


@pytest.mark.parametrize("name", EVERY)
def test_to_moves_every_tensor_and_keeps_the_rest(name, device, rng):
    R = regularizer(name, 2, 3, rng)
    moved = R.to(torch.float32, device)
    assert type(moved) is type(R)
    assert moved.dimension == R.dimension
    before, after, same = flat(R), flat(moved), flat(R.to())
    assert before.keys() == after.keys()
    for field, x in before.items():
        y = after[field]
        if isinstance(x, torch.Tensor):
            assert isinstance(y, torch.Tensor)
            assert (y.dtype, y.device.type) == (torch.float32, device.type)
            torch.testing.assert_close(y.cpu().double(), x, rtol=1e-6, atol=0)
        else:
            assert y == x
    assert all(x is same[field] for field, x in before.items())


@pytest.mark.parametrize("name", EVERY)
def test_class_is_final_and_frozen(name, rng):
    R = regularizer(name, 2, 3, rng)
    assert REGISTRY[name] is type(R)
    assert type(R).__bases__ == (Regularizer,)
    with pytest.raises(AttributeError):
        R.name = "other"  # pyright: ignore[reportAttributeAccessIssue]


@QUIET
@given(
    name=st.sampled_from(CONVEX),
    v=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4),
    a=st.floats(1e-6, 1e6),
)
def test_prox_is_optimal_where_hypothesis_looks(name, v, a):
    R = regularizer(name, 1, len(v), torch.Generator().manual_seed(7))
    point = torch.tensor([v], dtype=torch.float64)
    weight = torch.tensor([a], dtype=torch.float64)
    if not any(v):
        assert name == "shifted_l1" or torch.equal(R.prox(point, weight), point)
        return
    u = R.prox(point, weight)
    # Subnormal numbers are rounded absolutely: their quantum counts beside the relative round-off.
    C0, C1 = R.growth()
    scale = math.hypot(*v) / weight + C0 + C1 * math.hypot(*u[0].tolist())
    allowed = 16 * torch.finfo(torch.float64).eps * scale * condition(R, u) + 1e-320 / weight
    assert R.subdifferential_distance(u, (point - u) / weight) <= allowed
    assert math.isfinite(float(R.value(u)))
