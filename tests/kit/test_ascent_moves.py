"""Where an adversarial search may go: what moves stays of its kind, and everything else stays as it is."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch

from claims.assumptions import A1, A2, CONVERGES
from claims.families import (
    convergent,
    functions,
    graph_sequences,
    network_pairs,
    networks,
    regularizers,
    sequences,
    weight_pairs,
)
from claims.kit.ascent import LARGEST, MOVED, SMALLEST, ascend
from claims.kit.context import FloatRun
from claims.kit.instances import Instances, NetworkPair, Regularizer, StepFunction, WeightPair
from claims.kit.layout import lengths
from claims.kit.margin import Margin, at_most, decide
from claims.kit.profiles import PROFILES, Climb
from claims.kit.sampling import Batch, Sampler, Source
from claims.kit.slots import numbers, slots
from claims.kit.subject import Subject

CPU = torch.device("cpu")
SMALL = Climb(shards=1, drawn=64, corners=2, shapes=2, starts=4, moves=16, rounds=6)

#: What a function says of itself follows from its values.
MEASURED = ("bound", "variation", "rates")

#: Parameters of regularisers that moves change.
MOVING = ("weights", "ridge", "center", "width", "half_width", "slopes")

SAMPLERS = {
    "weight pairs": weight_pairs.pairs(),
    "networks": networks.networks(),
    "network pairs": network_pairs.pairs(),
    "functions": functions.functions(),
    "graph sequences": graph_sequences.candidates(),
}


def everything_judged(sampler: Sampler, seed: int, climb: Climb = SMALL) -> list[tuple[Instances, str]]:
    """Every batch of a search that climbs towards nothing in particular: the largest first number."""

    def judge(instances: Instances) -> Any:
        first = numbers(instances)[:, :1].clamp(min=0)
        margin = Margin(first, {"largest": first * 0 + 2 * LARGEST}, first * 0, first * 0)
        return torch.ones(instances.size, dtype=torch.bool), margin, decide(margin)

    source = Source(seed, CPU)
    return [seen[:2] for seen in ascend(sampler.draw(source, climb.drawn), judge, climb, source)]


def fixed_parts(value: Any) -> Any:
    """Everything in an instance that no move may touch, for membership in a set."""
    if isinstance(value, Regularizer):
        kept = {k: v for k, v in value.params.items() if k not in MOVING}
        kept = {k: v for k, v in kept.items() if k != "Q" or v[0].numel() > 1}
        return value.name, *(fixed_parts(v) for v in kept.values())
    if isinstance(value, (torch.Tensor, int, tuple)):
        return str(value.tolist() if isinstance(value, torch.Tensor) else value)
    return value.cells if isinstance(value, StepFunction) else ()


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("seed", [1, 2])
def test_moved_instances_are_of_the_family(name: str, seed: int) -> None:
    judged = everything_judged(SAMPLERS[name], seed)
    moved = [instances for instances, family in judged if family == MOVED]
    assert len(moved) == SMALL.shapes * SMALL.rounds
    for batch in moved:
        values = numbers(batch)
        assert bool(values.isfinite().all())
        assert torch.equal(values, values.float().double())
        for slot in slots(batch):
            own = values[:, slot.start : slot.stop]
            assert not slot.nonnegative or bool((own >= 0).all()), slot.path
            assert not slot.positive or bool((own >= SMALLEST).all()), slot.path
            assert slot.path[-1] in MEASURED or bool((own.abs() <= LARGEST).all()), slot.path
        if isinstance(batch, NetworkPair):
            assert torch.equal(batch.first.A, batch.second.A)
            assert fixed_parts(batch.first.regularizer) == fixed_parts(batch.second.regularizer)
        if isinstance(batch, StepFunction):
            assert bool((batch.values.norm(dim=2).amax(1) <= batch.bound).all())


@pytest.mark.parametrize("seed", range(4))
def test_matrices_groups_and_cells_are_left_alone(seed: int) -> None:
    for sampler in SAMPLERS.values():
        judged = everything_judged(sampler, seed)
        starts = {
            part
            for instances, family in judged
            if family != MOVED
            for i in range(instances.size)
            for part in parts(instances.take(i))
        }
        for instances, family in judged:
            if family == MOVED:
                assert all(part in starts for i in range(instances.size) for part in parts(instances.take(i)))


def parts(instance: Any) -> list[Any]:
    if isinstance(instance, NetworkPair):
        return [fixed_parts(instance.first.regularizer)]
    return [fixed_parts(getattr(instance, "regularizer", instance))]


@pytest.mark.parametrize("name", regularizers.ADMISSIBLE)
def test_moved_regularisers_stay_admissible(name: str) -> None:
    """Widths stay positive, 0 stays in the hull of the slopes, D stays orthogonal: fbscore accepts them."""
    sampler = Sampler(name, lambda source, size: weight_pairs.draw(source, size, (name,)))
    run = FloatRun(Subject(), CPU, torch.float32)
    moved = [instances for instances, family in everything_judged(sampler, 1) if family == MOVED]
    assert moved
    for batch in moved:
        run.prox(batch.regularizer, batch.v, batch.a)  # type: ignore[attr-defined]
        assert bool(A1.predicate(batch).all())
        assert bool(A2.predicate(batch).all())


def test_widths_slopes_and_what_is_rotated_move() -> None:
    for name, path in (("huber", "width"), ("max_affine", "slopes"), ("rotated", "weights")):
        unit = regularizers.unit(name, 3, 2, CPU)
        pair = WeightPair(unit, torch.ones(3, 2).double(), *torch.ones(2, 3).double())
        assert [slot.path[-1] for slot in slots(pair)] == [path, "v", "a", "b"]


def test_the_rates_of_a_sequence_are_measured_anew() -> None:
    judged = everything_judged(SAMPLERS["graph sequences"], 1)
    moved = [instances for instances, family in judged if family == MOVED]
    assert all(bool(CONVERGES.predicate(batch).all()) for batch in moved)
    assert any(bool((batch.rates > 1).any()) for batch in moved)  # type: ignore[attr-defined]


@pytest.mark.parametrize("sampler", [sequences.rademacher_sequences(), convergent.moving_indicators()])
def test_sequences_that_a_claim_is_about_are_not_moved(sampler: Sampler) -> None:
    """Remark 3.6 and the distances of Rademacher functions are about those very functions."""
    for batch in sampler.draw(Source(1, CPU), 8):
        assert numbers(batch.instances).shape[1] == 0
        assert list(lengths(batch.instances)) == ["member"]


def test_tiny_numbers_become_zero_but_starts_stay_as_they_are() -> None:
    judged = everything_judged(SAMPLERS["weight pairs"], 3)
    tiny = torch.cat([numbers(batch).reshape(-1) for batch, family in judged if family == MOVED])
    started = torch.cat([numbers(batch).reshape(-1) for batch, family in judged if family != MOVED])
    left = tiny[(tiny != 0) & (tiny.abs() < SMALLEST)]
    assert bool(torch.isin(left, started).all())


def test_a_kind_without_a_layout_is_judged_and_left_alone() -> None:
    @dataclass(frozen=True)
    class Unknown(Instances):
        kind: ClassVar[str] = "unknown"
        x: torch.Tensor

    batch = Unknown(torch.ones(3, 2, dtype=torch.float64))
    sampler = Sampler("unknown", lambda source, size: iter([Batch(batch, "unknown", independent=True)]))

    def judge(instances: Any) -> Any:
        margin = at_most(instances.x[:, 0], instances.x[:, 1], instances.x[:, 0] * 0)
        return torch.ones(3, dtype=torch.bool), margin, decide(margin)

    seen = list(ascend(sampler.draw(Source(1, CPU), 3), judge, SMALL, Source(1, CPU)))
    assert [family for _, family, *_ in seen] == ["unknown"]


def test_the_budget_is_kept() -> None:
    for name in ("quick", "default", "thorough"):
        climb = PROFILES[name].climb
        assert climb.moved == climb.shards * climb.shapes * climb.starts * climb.moves * climb.rounds
    judged = everything_judged(SAMPLERS["weight pairs"], 1)
    moved = sum(batch.size for batch, family in judged if family == MOVED)
    assert moved <= SMALL.moved
    assert PROFILES["quick"].climb.moved < PROFILES["default"].climb.moved < PROFILES["thorough"].climb.moved
