"""Counterexamples reduced to few, small, round numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch

from claims.families import regularizers
from claims.kit import catalogue
from claims.kit.context import FloatRun
from claims.kit.instances import Instances, Network, NetworkPair, Regularizer, WeightPair
from claims.kit.layout import LAYOUTS, lengths
from claims.kit.minimise import minimised
from claims.kit.profiles import PROFILES
from claims.kit.routes import Outcome, Route, run_route
from claims.kit.slots import numbers
from claims.kit.subject import Subject
from tests.kit.small import function, network, tensor
from tests.kit.toys import CPU
from tests.planted_faults import FAULTS


def sizes(instance: Instances) -> tuple[int, ...]:
    return tuple(instance.dimensions[name] for name in ("d", "m", "N"))


def always(instances: Instances) -> torch.Tensor:
    return torch.ones(instances.size, dtype=torch.bool)


# ---------------------------------------------------------------- reductions


def test_everything_that_is_not_needed_goes() -> None:
    def positive(p: Any) -> torch.Tensor:
        return p.u0.amax(1) > 0.3

    for name in regularizers.ADMISSIBLE:
        found = minimised(network(name), positive)
        assert sizes(found) == (1, 0, 1), name
        assert found.u0.tolist() == [[1.0]]
        assert (found.tau.tolist(), found.lam.tolist()) == ([[0.0]], [[0.0]])


def test_every_regulariser_of_the_catalogue_can_be_shortened() -> None:
    assert all("d" in lengths(network(name)) for name in regularizers.ADMISSIBLE)


def test_needed_sizes_stay() -> None:
    def wide(p: Any) -> torch.Tensor:
        enough = p.A.shape[1] >= 2 and p.A.shape[2] >= 3 and p.W.shape[1] >= 2
        return (p.A.abs().amin((1, 2)) > 0) & enough if p.A.shape[1] else torch.zeros(p.size).bool()

    found = minimised(network("group_lasso"), wide)
    assert sizes(found) == (3, 2, 2)
    assert bool((found.A == 1).all())
    assert bool((found.W == 0).all())


@pytest.mark.parametrize(
    ("violating", "expected"),
    [
        (lambda x: x > 0.6, 1.0),
        (lambda x: (x > 0.6) & (x < 0.9), 0.75),
        (lambda x: x > 20, 21.0),
        (lambda x: (x > 2.1) & (x < 3.5), 3.0),
        (lambda x: x.abs() > 0.5, 1.0),
        (lambda x: x < -0.1, -1.0),
        (lambda x: (x > 1 / 16) & (x < 1 / 7), 0.125),
    ],
)
def test_numbers_become_round(violating: Callable[[Any], torch.Tensor], expected: float) -> None:
    for start in (0.7654321, 21.987654, 2.7182818, -0.7654321, 0.08765432):
        (only,) = torch.tensor([start]).double()
        if bool(violating(only)):
            pair = WeightPair(Regularizer("l2", {}), only[None, None], tensor(0.3)[0], tensor(0.6)[0])
            found = minimised(pair, lambda p: violating(p.v[:, 0]))
            assert (found.v.item(), found.a.item(), found.b.item()) == (expected, 0, 0)


def test_numbers_that_depend_on_each_other_are_scaled_together() -> None:
    def narrow(p: Any) -> torch.Tensor:
        square = p.v[:, 0] ** 2
        return (p.a * 2 > square * 0.99) & (p.a * 2 < square * 1.01) & (p.v[:, 0] > 0)

    pair = WeightPair(Regularizer("l2", {}), tensor(24.0), tensor(288.0)[0], tensor(0.0)[0])
    found = minimised(pair, narrow)
    assert found.a.item() * 2 == found.v.item() ** 2
    assert found.v.item() in (1.0, 2.0)


def test_the_second_system_becomes_the_first_where_it_may() -> None:
    first, second = network(), network(seed=2)
    pair = NetworkPair(first, Network(first.regularizer, first.A, second.f, second.u0, *controls(second)))
    found = minimised(pair, lambda p: (p.first.u0 - p.second.u0).norm(dim=1) > 0.1)
    assert sizes(found) == (1, 0, 1)
    assert sorted((found.first.u0.item(), found.second.u0.item())) == [0.0, 1.0]
    assert torch.equal(found.first.regularizer.params["weights"], found.second.regularizer.params["weights"])


def controls(p: Network) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return p.W, p.tau, p.lam


def test_functions_lose_cells() -> None:
    found = minimised(function(0.3, 4.7, -2.2, 8.1, cells=6), lambda p: p.values.amax((1, 2)) > 1.5)
    assert (found.values.reshape(-1).tolist(), found.cells) == ([2.0], 1)


def test_a_regulariser_of_unknown_layout_keeps_its_dimension() -> None:
    plain = network("l2")
    strange = Network(Regularizer("new", {"slopes": torch.ones(1, 2, 5).double()}), *fields_of(plain))
    found = minimised(strange, always)
    assert sizes(found) == (5, 0, 1)
    assert torch.equal(found.regularizer.params["slopes"], strange.regularizer.params["slopes"])


def test_an_instance_of_unknown_layout_stays_as_it_is() -> None:
    @dataclass(frozen=True)
    class Unknown(Instances):
        kind: ClassVar[str] = "unknown"
        regularizer: Regularizer
        x: torch.Tensor

    instance = Unknown(Regularizer("l1", {"weights": tensor(3, 4)}), tensor(5, 6))
    assert minimised(instance, always) is instance
    assert numbers(instance).shape == (1, 0)
    assert lengths(instance) == {}


def fields_of(p: Network) -> tuple[torch.Tensor, ...]:
    return p.A, p.f, p.u0, p.W, p.tau, p.lam


# ---------------------------------------------------------------- what it must not do


def test_what_does_not_violate_again_is_left_as_it_is() -> None:
    start = network()
    assert minimised(start, lambda p: ~always(p)) is start


def test_what_cannot_be_reduced_is_the_very_same() -> None:
    smallest = minimised(network(), always)
    assert minimised(smallest, always) is smallest
    assert not bool(numbers(smallest).any())


def test_a_reduction_that_raises_is_no_reduction() -> None:
    def brittle(p: Any) -> torch.Tensor:
        if p.W.shape[1] < 3 or p.A.shape[1] == 0:
            raise ArithmeticError("not built for this")
        return p.u0.amax(1) > 0.3

    found = minimised(network(), brittle)
    assert sizes(found) == (1, 1, 3)


def test_the_result_depends_on_nothing_but_the_instance() -> None:
    def norm_is_large(p: Any) -> torch.Tensor:
        return p.u0.norm(dim=1) > 2.5

    start = network(seed=4, d=8)
    start = Network(start.regularizer, start.A, start.f, 2 * start.u0, *controls(start))
    first, second = (minimised(start, norm_is_large) for _ in range(2))
    assert first.identifier() == second.identifier()


# ---------------------------------------------------------------- faults of the subject


@pytest.mark.parametrize(
    ("name", "d"),
    [
        ("D for its transpose", 3),
        ("total variation scaled by 0.9999", 2),
        ("max-affine loses its first slope", 2),
    ],
)
def test_a_fault_of_the_subject_is_shown_on_few_small_numbers(name: str, d: int) -> None:
    """Also where the independent route finds a tie in what was found, and room in what is left of it."""
    fault = next(fault for fault in FAULTS if fault.name == name)
    check = next(check for check in catalogue.checks() if check.name == fault.caught_by[0])
    with pytest.MonkeyPatch.context() as patch:
        outcome, records = searched(check, "sampled", fault.plant(patch), profile="quick")
    assert (outcome.verdict, outcome.subject_at_fault) == ("refuted", True)
    (small,) = [r for r in records if r["record"] == "instance" and r["role"] == "counterexample"]
    assert small["labels"]["d"] <= d
    assert all(number in (0.0, 0.5, 1.0, -1.0, 2.0, -2.0) for number in of(small["data"]))


# ---------------------------------------------------------------- the controls of the suite


def searched(
    check: Any, route: str = "search", subject: Subject | None = None, profile: str = "default"
) -> tuple[Outcome, list[dict[str, Any]]]:
    records: list[dict[str, Any]] = []

    def emit(record: str, **fields: Any) -> None:
        records.append({"record": record, **fields})

    run = FloatRun(subject or Subject(), CPU, torch.float64)
    return run_route(Route(check, route, run, PROFILES[profile], 1, emit)), records


#: Kinds in which some numbers are tied to others, so that reduction leaves them as they are.
WITH_SEQUENCES = {
    kind
    for kind, layout in LAYOUTS.items()
    if "control_sequence" in kind or "learning" in kind or "problem" in kind or "still" in str(layout)
} | {"admissible_sequence", "compact_sequence"}

CONTROLS = [check for check in catalogue.checks() if check.kind == "control"]


@pytest.mark.parametrize("check", CONTROLS, ids=[check.name for check in CONTROLS])
def test_counterexamples_of_the_controls_can_be_read(check: Any) -> None:
    outcome, records = searched(check)
    assert outcome.verdict == "found"
    roles = {r["role"]: r for r in records if r["record"] == "instance" and r["role"] != "worst"}
    small = roles["counterexample"]
    if small["data"]["kind"] not in LAYOUTS:  # such instances stay as they were found
        assert set(roles) == {"counterexample"}
        return
    assert outcome.counterexample == small["id"]
    assert small["exact"]["verdict"] == "violated"
    assert small["assumptions"] == roles.get("found", small)["assumptions"]
    if small["data"]["kind"] in WITH_SEQUENCES:  # scales, rates and thresholds stay as they were found
        return
    assert small["labels"].get("d", 1) == 1
    assert all(number * 4 == round(number * 4) and abs(number) <= 4 for number in of(small["data"]))


def of(data: Any) -> list[float]:
    """All numbers of an encoded instance."""
    if not isinstance(data, dict):
        return []
    if "hex" in data:
        return [float.fromhex(x) for x in data["hex"]]
    return [number for part in data.values() for number in of(part)]
