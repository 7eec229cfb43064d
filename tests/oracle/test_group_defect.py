"""The radius of group trajectories: not less than the error of trajectories that were spoiled on purpose."""

import numpy as np
import pytest

from claims.oracle import group_defect
from claims.oracle.flow import Flow
from claims.oracle.group_flow import flow
from tests.oracle.limit_samples import Instance, instances


def radius(one: Instance, found: Flow, coefficients: np.ndarray) -> float:
    weights = np.ones(1) if one.name == "l2" else one.params["weights"][0]
    labels = np.zeros(len(one.u0), dtype=int) if one.name == "l2" else np.array(one.params["groups"])
    used = np.unique(labels)
    members = [np.flatnonzero(labels == g) for g in used]
    controls = one.K, one.c, one.sigma
    return group_defect.radius(controls, weights[used], members, one.u0, found.times, coefficients)


@pytest.mark.parametrize("name", ["l2", "group_lasso"])
@pytest.mark.parametrize("size", [1e-9, 1e-5, 1e-2])
def test_spoiled_trajectories_are_found_out(name: str, size: float) -> None:
    rng = np.random.default_rng(3)
    for one in instances(6, name, 6):
        found = flow(*one.system)
        assert radius(one, found, found.coefficients) == found.radius
        spoiled = found.coefficients.copy()
        spoiled[rng.integers(len(spoiled)), rng.integers(4), rng.integers(len(one.u0))] += size
        times = np.linspace(0, 1, 400)
        other = Flow(found.times, spoiled, found.statuses, 0.0)
        apart = float(np.max(np.linalg.norm(other.at(times) - found.at(times), axis=1)))
        assert apart - found.radius <= radius(one, found, spoiled)


def test_wrong_rest_is_found_out() -> None:
    """A group that is kept at rest although the force is twice the limit: the solution is t e."""
    one = Instance("l2", {}, np.zeros((1, 2, 2)), np.array([[2.0, 0.0]]), np.ones(1), np.zeros(2))
    found = flow(*one.system)
    kept = Flow(np.array([0.0, 1.0]), np.zeros((1, group_defect.DEGREE + 1, 2)), ((0,),), 0.0)
    assert found.states[-1] == pytest.approx([1.0, 0.0], abs=1e-12)
    assert 1.0 <= radius(one, kept, kept.coefficients) < 1.001


def test_polynomial_bounds_hold_and_are_near() -> None:
    rng = np.random.default_rng(4)
    s = np.linspace(0, 1, 2001)
    for _ in range(50):
        a = rng.normal(size=group_defect.PRODUCT_DEGREE + 1) * 0.5 ** np.arange(
            group_defect.PRODUCT_DEGREE + 1
        )
        values = np.abs(np.polynomial.polynomial.polyval(s, a))
        parts = np.minimum((s * group_defect.PARTS).astype(int), group_defect.PARTS - 1)
        seen = np.array([values[parts == i].max() for i in range(group_defect.PARTS)])
        bound = group_defect._most(a)
        assert np.all(seen <= bound)
        assert np.all(bound <= seen + 0.2 * np.sum(np.abs(a)))


def test_products_of_polynomials() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, group_defect.DEGREE + 1, 3))
    expected = [np.polynomial.polynomial.polymul(x, y) for x, y in zip(a.T, b.T, strict=True)]
    assert np.allclose(group_defect.product(a, b).T, expected, rtol=0, atol=1e-13)
