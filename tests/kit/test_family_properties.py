"""What the families advertise really occurs in a quick shard: one that dies silently turns a test red."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache
from typing import Any

import pytest
import torch

from claims import constants
from claims.families import matrices, network_pairs, networks, regularizers, systems, weight_pairs
from claims.kit.context import FloatRun
from claims.kit.instances import AnyNetwork, Lista, Network, NetworkPair, WeightPair
from claims.kit.profiles import PROFILES
from claims.kit.sampling import Batch, Source
from claims.kit.subject import SYSTEMS, Subject
from tests.kit.toys import CPU

SEEDS = (1, 2, 3)
SIZE = PROFILES["quick"].shard_size
SAMPLERS = {
    "networks": networks.networks(),
    "network pairs": network_pairs.pairs(),
    "weight pairs": weight_pairs.pairs(),
}
#: Regularisers whose prox sets coordinates to 0.
SPARSE = ("l1", "l2", "group_lasso", "elastic_net")
RUN = FloatRun(Subject(), CPU, torch.float64)


@cache
def shard(name: str, seed: int, size: int = SIZE) -> list[Batch]:
    return list(SAMPLERS[name].draw(Source(seed, CPU), size))


def volume(name: str, seeds: Iterable[int] = SEEDS) -> list[Batch]:
    """The independent draws of several shards."""
    return [batch for seed in seeds for batch in shard(name, seed) if batch.independent]


def corners(name: str, seeds: Iterable[int] = SEEDS) -> list[Batch]:
    return [batch for seed in seeds for batch in shard(name, seed) if batch.family.startswith("corner")]


def share(flags: Iterable[torch.Tensor]) -> float:
    """The share of instances (batch,) that are true, over several batches."""
    return float(torch.cat(list(flags)).double().mean())


def operator(p: AnyNetwork) -> torch.Tensor:
    """K (batch, N, d, d)."""
    K = constants.operators(p)[0]
    return K.expand(K.shape[0], p.lam.shape[1], *K.shape[2:])


def growth_rate(p: AnyNetwork) -> torch.Tensor:
    """The largest logarithmic norm of −K_n over the layers, (batch,): positive where a layer expands."""
    K = operator(p)
    return torch.linalg.eigvalsh(-(K + K.mT) / 2)[..., -1].amax(1)


def partly_zero(x: torch.Tensor) -> torch.Tensor:
    """Which profiles (batch, N) are zero on a part of the time only."""
    return (x == 0).any(1) & (x > 0).any(1)


def drawn_networks() -> list[AnyNetwork]:
    return [batch.instances for batch in volume("networks")]  # pyright: ignore[reportReturnType]


# ---------------------------------------------------------------- networks


def test_most_networks_have_an_operator() -> None:
    assert share((operator(p) != 0).flatten(1).any(1) for p in drawn_networks()) > 0.5


def test_some_expand_and_some_contract() -> None:
    assert share(growth_rate(p) > 0.01 for p in drawn_networks()) > 0.2
    assert share(growth_rate(p) < -0.001 for p in drawn_networks()) > 0.02


def test_the_operator_is_small_and_large() -> None:
    sizes = torch.cat([operator(p).flatten(2).norm(dim=2).amax(1) for p in drawn_networks()])
    assert bool((sizes[sizes > 0] < 0.25).any())
    assert bool((sizes > 2).any())


def test_steps_and_weights_are_positive_or_zero_on_a_part_of_the_time() -> None:
    steps = [p.tau for p in drawn_networks() if not isinstance(p, Lista)]
    weights = [p.lam for p in drawn_networks()]
    assert share((x > 0).all(1) for x in steps) > 0.5
    assert share((x > 0).all(1) for x in weights) > 0.5
    assert share(partly_zero(x) for x in steps) > 0.02
    assert share(partly_zero(x) for x in weights) > 0.02


def test_controls_depend_on_time() -> None:
    deep = [p for p in drawn_networks() if p.lam.shape[1] > 1]
    assert share((p.lam != p.lam[:, :1]).any(1) for p in deep) > 0.4
    moving = [p.W for p in deep if isinstance(p, Network) and p.W.numel()]
    assert share((W != W[:, :1]).flatten(1).any(1) for W in moving) > 0.3


def test_data_and_initial_values_are_not_zero() -> None:
    assert share((p.f != 0).any(1) for p in drawn_networks() if p.f.shape[1]) == 1
    assert share((p.u0 != 0).any(1) for p in drawn_networks()) == 1


def rank(A: torch.Tensor) -> torch.Tensor:
    values = torch.linalg.svdvals(A)
    return (values > 1e-6 * values[:, :1]).sum(1)


@pytest.mark.parametrize("kind", matrices.MEASUREMENTS)
def test_measurements_are_what_they_are_called(kind: str) -> None:
    found = [b.instances for b in volume("networks", range(1, 9)) if b.family.startswith(f"A {kind}")]
    matrix = [p.A for p in found if min(p.A.shape[1:]) >= 2]  # pyright: ignore[reportAttributeAccessIssue]
    assert matrix
    for A in matrix:
        ranks, full = rank(A), min(A.shape[1:])
        if kind == "zero":
            assert bool((A == 0).all())
        elif kind == "rank-deficient":
            assert bool((ranks > 0).all())
            assert bool((ranks < full).all())
        elif kind != "ill-conditioned":
            assert bool((ranks == full).all())
        values = torch.linalg.svdvals(A)
        if kind == "orthogonal":
            assert bool(((values - 1).abs() < 1e-5).all())
        if kind == "ill-conditioned":
            assert float((values[:, 0] / values[:, -1]).median()) > 8


def test_shapes_are_wide_tall_and_empty() -> None:
    shapes = {tuple(p.A.shape[1:]) for p in drawn_networks()}
    assert any(0 < m < d for m, d in shapes)
    assert any(m > d for m, d in shapes)
    assert any(m == 0 for m, _ in shapes)
    assert {p.lam.shape[1] for p in drawn_networks()} >= {1, 2}


@pytest.mark.parametrize("name", ["networks", "network pairs"])
def test_every_system_is_drawn_and_has_corners(name: str) -> None:
    assert {batch.instances.dimensions["system"] for batch in volume(name)} == set(SYSTEMS)
    for seed in SEEDS:
        assert {batch.instances.dimensions["system"] for batch in corners(name, [seed])} == set(SYSTEMS)
    called = {word for batch in volume(name) for word in batch.family.split(", ")}
    assert called >= {"FBS", "coupled LISTA", "free LISTA", "ALISTA", "fixed W"}


def test_lista_is_coupled_or_free() -> None:
    for batch in volume("networks"):
        p = batch.instances
        if isinstance(p, Lista) and p.W1.numel():
            coupled = p.W1 @ p.A[:, None]
            size = coupled.flatten(1).norm(dim=1)
            apart = (p.W2 - coupled).flatten(1).norm(dim=1)
            if "coupled" in batch.family:
                assert bool((apart <= 1e-5 * (1 + size)).all())
            else:
                assert bool((apart > 1e-3 * size)[size > 0].all())


@pytest.mark.parametrize("system", SYSTEMS)
def test_under_l1_coordinates_rest_at_zero_and_cross_it(system: str) -> None:
    resting = crossing = moving = 0
    for seed in SEEDS:
        for batch in networks.draw(Source(seed, CPU), SIZE, ("l1",)):
            if batch.independent and batch.instances.dimensions["system"] == system:
                states = RUN.forward(batch.instances)  # pyright: ignore[reportArgumentType]
                before, after = states[:, :-1], states[:, 1:]
                resting += int(((before == 0) & (after == 0)).any(2).any(1).sum())
                crossing += int((before * after < 0).any(2).any(1).sum())
                moving += int((before != after).any(2).any(1).sum())
    assert min(resting, crossing) >= 8
    assert moving >= 64


def test_every_regulariser_is_drawn_with_parameters_that_vary() -> None:
    for name in SAMPLERS:
        drawn = [batch.instances for batch in volume(name, range(1, 9))]
        assert {p.dimensions["regularizer"] for p in drawn} == set(regularizers.ADMISSIBLE)
    for name in ("l1", "group_lasso", "elastic_net"):
        weights = regularizers.draw(name, Source(1, CPU), 64, 6).params["weights"]
        assert bool((weights == 0).any())
        assert 0.5 < float(weights.mean()) < 1.5
    Q = regularizers.draw("quadratic", Source(1, CPU), 64, 3).params["Q"]
    assert float(Q.flatten(1).norm(dim=1).median()) > 0


# ---------------------------------------------------------------- corners


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_regulariser_has_every_corner(name: str, seed: int) -> None:
    found: dict[str, set[str]] = {}
    for batch in corners(name, [seed]):
        found.setdefault(batch.instances.dimensions["regularizer"], set()).add(batch.family)
    assert set(found) == set(regularizers.ADMISSIBLE)
    assert len(found["l1"]) >= 9
    for regularizer, families in found.items():
        assert families - {"corner: v in the kernel of Q"} >= found["l1"] - by_depth(name), regularizer


def by_depth(name: str) -> set[str]:
    """Corners that exist for some depths only, for another regulariser draws its shape."""
    return {f"corner: K = {depth} I alone" for _, depth in networks.CORNERS} if name == "networks" else set()


def test_corners_of_networks_are_what_they_are_called() -> None:
    seen: Counter[str] = Counter()
    for batch in corners("networks"):
        p: Any = batch.instances
        seen[batch.family] += 1
        (K, c, sigma), depth, d = constants.operators(p), p.lam.shape[1], p.u0.shape[1]
        word = batch.family.removeprefix("corner: ")
        if word.endswith("I alone"):
            gain = float(word.split()[2])
            assert bool((operator(p) == gain * torch.eye(d, dtype=K.dtype)).all())
            assert not bool(c.any())
            assert not bool(sigma.any())
        elif word == "data alone":
            assert [bool(x.any()) for x in (operator(p), c, sigma)] == [False, True, False]
        elif word == "λ alone":
            assert [bool(x.any()) for x in (operator(p), c, sigma)] == [False, False, True]
        elif word == "everything at once":
            assert [bool(x.any()) for x in (operator(p), c, sigma)] == [True, True, True]
        elif word == "at rest in 0":
            assert not bool(RUN.forward(p).any())
        elif word == "τ zero in every other layer" and not isinstance(p, Lista):
            assert p.tau[0].tolist() == [float(n % 2) for n in range(depth)]
        elif word == "λ zero in every other layer":
            assert p.lam[0].tolist() == [0.5 * (n % 2) for n in range(depth)]
        elif word == "m = 0":
            assert p.f.shape[1] == 0
    assert len(seen) >= 12


def test_corners_of_pairs_differ_where_they_say() -> None:
    named = {
        **{f"corner: u0 alone, K = {gain:g} I": {"u0"} for gain in (0.0, 0.5, -0.5)},
        "corner: f alone": {"f"},
        "corner: W alone": {"W"},
        "corner: τ alone": {"tau"},
        "corner: λ alone": {"lam"},
        "corner: λ from zero": {"lam"},
        "corner: λ to zero": {"lam"},
        "corner: the same twice": set[str](),
        "corner: τ zero in the second": {"tau"},
    }
    assert {batch.family for batch in corners("network pairs")} == set(named)
    for batch in corners("network pairs"):
        pair = batch.instances
        if isinstance(pair, NetworkPair) and isinstance(pair.first, Network):
            assert set(altered(pair)) == named[batch.family], batch.family


# ---------------------------------------------------------------- pairs


def altered(pair: NetworkPair) -> dict[str, torch.Tensor]:
    """The fields in which the second system is not the first, and in which instances (batch,)."""
    found: dict[str, torch.Tensor] = {}
    for field in fields(pair.first):
        one, other = getattr(pair.first, field.name), getattr(pair.second, field.name)
        if field.name == "regularizer":
            assert one.name == other.name
            assert all(torch.equal(x, y) for x, y in parameters(one, other))
        elif bool((differs := (one != other).flatten(1).any(1)).any()):
            found[field.name] = differs
    return found


def parameters(one: Any, other: Any) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    for name, value in one.params.items():
        if isinstance(value, torch.Tensor):
            yield value, other.params[name]
        elif hasattr(value, "params"):
            yield from parameters(value, other.params[name])


#: What each change is called in the fields of a system.
PARTS = {
    "controls": ("W", "tau", "lam"),
    "everything": ("u0", "f", "W", "tau", "lam"),
    "unrelated controls": ("W", "tau", "lam"),
}


def named_fields(first: AnyNetwork, change: str) -> set[str]:
    own: dict[str, str] = {"W": "W1", "tau": "W2"} if isinstance(first, Lista) else {}
    return {own[part] if part in own else part for part in PARTS.get(change, (change,))}


@pytest.mark.parametrize("change", network_pairs.CHANGES)
@pytest.mark.parametrize("system", range(len(systems.MAKERS)))
def test_a_change_alters_the_fields_it_names_and_no_other(change: str, system: int) -> None:
    source = Source(1, CPU)
    A, f, u0 = source.normal(64, 2, 3), source.normal(64, 2), source.normal(64, 3)
    W, tau, lam = source.normal(64, 4, 3, 2), source.uniform(64, 4, low=0.5), source.uniform(64, 4, low=0.5)
    first = systems.MAKERS[system](
        Network(regularizers.draw("l1", source, 64, 3), A, f, u0, W, tau, lam)
    ).representable()
    pair = NetworkPair(first, network_pairs.perturbed(source, first, change)).representable()
    found = altered(pair)
    assert set(found) == named_fields(first, change)
    assert all(share([differs]) > 0.9 for differs in found.values())
    assert all(bool((getattr(pair.second, name) >= 0).all()) for name in {"tau", "lam"} & set(found))


@pytest.mark.parametrize("change", network_pairs.CHANGES)
def test_drawn_pairs_differ_as_their_family_says(change: str) -> None:
    found = [
        b.instances for b in volume("network pairs", range(1, 9)) if b.family.endswith(f", {change} differs")
    ]
    assert found
    for pair in found:
        assert isinstance(pair, NetworkPair)
        differing, named = altered(pair), named_fields(pair.first, change)
        assert set(differing) <= named
        if change != "unrelated controls":
            for name in named:  # a zero stays zero
                positive = (getattr(pair.first, name) != 0).flatten(1).any(1)
                if bool(positive.any()):
                    assert share([differing[name][positive]]) > 0.9, name


def test_every_change_occurs_and_most_pairs_are_two() -> None:
    called = Counter(b.family.rpartition(", ")[2].removesuffix(" differs") for b in volume("network pairs"))
    assert set(called) == set(network_pairs.CHANGES)
    pairs = [batch.instances for batch in volume("network pairs")]
    two = [
        torch.stack([*altered(p).values(), torch.zeros(p.size, dtype=torch.bool)]).any(0)
        for p in pairs
        if isinstance(p, NetworkPair)
    ]
    assert share(two) > 0.8


def test_changes_are_of_all_sizes() -> None:
    sizes: list[torch.Tensor] = []
    for batch in volume("network pairs", range(1, 9)):
        pair = batch.instances
        if isinstance(pair, NetworkPair) and batch.family.endswith(", u0 differs"):
            change = (pair.second.u0 - pair.first.u0).norm(dim=1) / pair.first.u0.norm(dim=1)
            sizes.append(change)
    relative = torch.cat(sizes)
    assert float(relative.min()) < 2.0**-9
    assert float(relative.max()) > 0.5


# ---------------------------------------------------------------- weight pairs


def weight_volume(names: Iterable[str], seeds: Iterable[int] = range(1, 9)) -> list[WeightPair]:
    wanted = set(names)
    return [
        batch.instances
        for batch in volume("weight pairs", seeds)
        if isinstance(batch.instances, WeightPair) and batch.instances.regularizer.name in wanted
    ]


@pytest.mark.parametrize("name", SPARSE)
def test_points_jump_between_branches(name: str) -> None:
    jumping = both = none = 0
    for p in weight_volume([name]):
        first, second = (RUN.prox(p.regularizer, p.v, weight) == 0 for weight in (p.a, p.b))
        jumping += int((first != second).any(1).sum())
        both += int((first & second & (p.v != 0)).any(1).sum())
        none += int((~first & ~second).any(1).sum())
    assert min(jumping, both, none) >= 4


def test_weights_are_of_either_order_near_far_equal_and_zero() -> None:
    pairs = weight_volume(regularizers.ADMISSIBLE, SEEDS)
    assert share(p.a < p.b for p in pairs) > 0.2
    assert share(p.a > p.b for p in pairs) > 0.2
    assert share(p.a == p.b for p in pairs) > 0.01
    assert share((p.a == 0) & (p.b > 0) for p in pairs) > 0.05
    assert share((p.b == 0) & (p.a > 0) for p in pairs) > 0.05
    near = share(((p.a - p.b).abs() < p.a / 100) & (p.a != p.b) for p in pairs)
    assert near > 0.02


def test_points_have_zeros_ties_and_all_sizes() -> None:
    pairs = weight_volume(regularizers.ADMISSIBLE, SEEDS)
    several = [p.v for p in pairs if p.v.shape[1] > 1]
    ties = [v.abs().sort(dim=1).values for v in several]
    assert share((v == 0).any(1) & (v != 0).any(1) for v in several) > 0.05
    assert share(((s[:, 1:] == s[:, :-1]) & (s[:, 1:] > 0)).any(1) for s in ties) > 0.2
    sizes = torch.cat([p.v.norm(dim=1) for p in pairs])
    assert float(sizes.max()) > 64
    assert 0 < float(sizes[sizes > 0].min()) < 2.0**-4


@pytest.mark.parametrize("name", SAMPLERS)
def test_instances_made_to_attain_a_term_are_no_independent_draws(name: str) -> None:
    for seed in SEEDS:
        assert not any(batch.independent for batch in shard(name, seed) if batch.attains)
