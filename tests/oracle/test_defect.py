"""The radius is a bound whatever the trajectory, and large where solver or trajectory are wrong."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from claims.oracle import defect, march, modes
from claims.oracle.event_driven import flow
from claims.oracle.faces import Faces
from claims.oracle.flow import Flow, Stuck
from tests.oracle.flow_samples import System, system

MODES = ("l1", "linf", "total_variation", "max_affine", "huber")
T = np.linspace(0, 1, 401)


def judged(name: str, instance: System, found: Flow, **changed: Any) -> Flow:
    """The trajectory with changed parts, and the radius of that."""
    parts = {"times": found.times, "coefficients": found.coefficients, "statuses": found.statuses, **changed}
    params, K, c, sigma, u0 = instance
    at = parts["times"], parts["coefficients"], parts["statuses"]
    return Flow(**parts, radius=defect.radius(name, params, (K, c, sigma), u0, *at))


def apart(a: Flow, b: Flow) -> float:
    return float(np.max(np.linalg.norm(a.at(T) - b.at(T), axis=1)))


@pytest.mark.parametrize("name", MODES)
@pytest.mark.parametrize("seed", range(5))
def test_the_radius_covers_trajectories_of_other_systems(name: str, seed: int) -> None:
    """The flow from another start, with other controls or another weight of R, judged in the first system."""
    params, K, c, sigma, u0 = instance = system(seed, name, 4)
    rng = np.random.default_rng([seed, 40])
    true = flow(name, *instance)
    for size in (1e-6, 1e-2, 1.0):
        others = [
            flow(name, params, K, c, sigma, u0 + size * rng.normal(size=4)),
            flow(name, params, K + size * rng.normal(size=K.shape), c, sigma, u0),
            flow(name, params, K, c + size * rng.normal(size=c.shape), sigma, u0),
            flow(name, params, K, c, sigma * (1 + size), u0),
        ]
        for other in others:
            assert apart(other, true) <= judged(name, instance, other).radius + true.radius


@pytest.mark.parametrize("name", MODES)
@pytest.mark.parametrize("seed", range(5))
def test_the_radius_covers_broken_trajectories(name: str, seed: int) -> None:
    """Coefficients moved, intervals left out of order, statuses exchanged."""
    instance = system(seed, name, 4)
    found, rng = flow(name, *instance), np.random.default_rng([seed, 41])
    for size in (1e-12, 1e-8, 1e-3, 1.0):
        moved = found.coefficients + size * rng.normal(size=found.coefficients.shape)
        broken = judged(name, instance, found, coefficients=moved)
        assert size * 0.1 < apart(broken, found) <= broken.radius + found.radius
    late = np.floor(4 * found.times)
    late = (late + (4 * found.times - late) ** 1.01) / 4  # events late, breakpoints where they are
    assert apart(shifted := judged(name, instance, found, times=late), found) <= shifted.radius + found.radius


@pytest.mark.parametrize("name", MODES)
def test_a_status_that_is_not_true_costs(name: str) -> None:
    """What rests is said to move, or the other way round."""
    instance = system(0, name, 4)
    found = flow(name, *instance)
    for i, status in enumerate(found.statuses):
        if instance[3][min(int(found.times[i] * 4), 3)] > 0:
            flipped = tuple(1 - abs(entry) if entry != modes.SMOOTH else entry for entry in status)
            if any(flipped) or name != "max_affine":
                lie = (*found.statuses[:i], flipped, *found.statuses[i + 1 :])
                assert judged(name, instance, found, statuses=lie).radius > 1e-3


def caught(name: str) -> Iterator[bool]:
    """On 12 instances: whether the radius is large, or the solver does not come to an end."""
    for seed in range(12):
        try:
            yield flow(name, *system(seed, name, 4)).radius > 1e-4
        except Stuck:
            yield True


Patch = Callable[[Callable[..., Any]], Callable[..., Any]]


def altered(**changes: Callable[[Any], Any]) -> Patch:
    """A `mode` method whose result has changed fields."""

    def wrap(mode: Callable[..., Any]) -> Callable[..., Any]:
        def changed(self: Any, status: Any) -> Any:
            right = mode(self, status)
            return right._replace(**{key: change(right) for key, change in changes.items()})

        return changed

    return wrap


FAULTS = {
    "wrong direction when leaving rest": altered(
        flips=lambda mode: tuple(tuple((i, -entry) for i, entry in flips) for flips in mode.flips)
    ),
    "limits without sigma": altered(tau=lambda mode: np.where(mode.tau_terms > 0, mode.tau + 1, mode.tau)),
    "R forgotten": lambda mode: lambda self, status: modes.Smooth(self.K, self.c).mode(()),
    "rows forgotten": altered(
        T=lambda mode: mode.T[:0], tau=lambda mode: mode.tau[:0], flips=lambda mode: (),
        tau_terms=lambda mode: mode.tau_terms[:0],
    ),
    "K transposed": lambda mode: lambda self, status: mode(_transposed(self), status),
    "b with the wrong sign": altered(b=lambda mode: -mode.b),
}  # fmt: skip


def _transposed(family: Any) -> Any:
    copy = object.__new__(type(family))
    copy.__dict__.update(family.__dict__, K=family.K.T)
    return copy


FAMILIES = {
    "l1": modes.Absolute,
    "linf": modes.Largest,
    "total_variation": modes.Variation,
    "max_affine": Faces,
    "huber": modes.Huber,
}
WITHOUT = {("huber", "limits without sigma"), ("max_affine", "wrong direction when leaving rest")}


@pytest.mark.parametrize("name", FAMILIES)
def test_nothing_is_caught_without_a_fault(name: str) -> None:
    assert not any(caught(name))


@pytest.mark.parametrize(
    ("name", "fault"), [case for case in itertools.product(FAMILIES, FAULTS) if case not in WITHOUT]
)
def test_planted_faults_in_the_modes_are_caught(
    name: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    family: Any = FAMILIES[name]
    monkeypatch.setattr(family, "mode", FAULTS[fault](family.mode))
    assert any(caught(name))


@pytest.mark.parametrize("name", MODES)
def test_missed_events_are_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(march, "first_root", lambda a, small: None)
    assert sum(caught(name)) > 6


@pytest.mark.parametrize("name", MODES)
def test_late_events_are_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = march.first_root

    def late(a: np.ndarray, small: float) -> float | None:
        root = right(a, small)
        return None if root is None else min(1.0, root + 0.02)

    monkeypatch.setattr(march, "first_root", late)
    assert sum(caught(name)) > 6


def test_intervals_across_a_breakpoint_are_refused() -> None:
    instance = system(0, "l1", 4)
    found = flow("l1", *instance)
    with pytest.raises(ValueError, match="times: expected 0 to 1"):
        judged("l1", instance, found, times=found.times**1.01)


@pytest.mark.parametrize("degree", [4, 8])
def test_truncated_series_are_caught(degree: int) -> None:
    instance = system(0, "l1", 4)
    found = flow("l1", *instance)
    kept = found.coefficients.copy()
    kept[:, degree:] = 0
    assert judged("l1", instance, found, coefficients=kept).radius > 100 * found.radius
