"""Regularisers on fewer coordinates and with plainer parameters: every step stays in the catalogue."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from claims import regularizer_constants
from claims.assumptions import A1, A2, A3
from claims.families import regularizers, weight_pairs
from claims.kit.arithmetic import largest
from claims.kit.ascent import MOVED
from claims.kit.claim import claim
from claims.kit.context import FloatRun
from claims.kit.coordinates import partitions, plainer, restricted
from claims.kit.instances import Network, NetworkPair, Regularizer, WeightPair
from claims.kit.layout import kept, lengths
from claims.kit.margin import Margin, at_most
from claims.kit.minimise import minimised
from claims.kit.plainness import size
from claims.kit.profiles import PROFILES, Climb
from claims.kit.routes import Outcome, Route, run_route
from claims.kit.sampling import Sampler, Source
from claims.kit.slots import numbers, placed, slots
from claims.kit.subject import Subject

CPU = torch.device("cpu")
CLIMB = Climb(shards=1, drawn=64, corners=2, shapes=2, starts=4, moves=16, rounds=24)
RUN = FloatRun(Subject(), CPU, torch.float64)


def numbers_of(*values: float) -> torch.Tensor:
    return torch.tensor([values], dtype=torch.float64)


def pair(regularizer: Regularizer, *v: float, a: float = 0.75) -> WeightPair:
    return WeightPair(regularizer, numbers_of(*v), numbers_of(a)[0], numbers_of(1)[0])


def random_pair(name: str, d: int, seed: int) -> WeightPair:
    """One random point with weights for a random regulariser of a kind."""
    source = Source(seed, CPU)
    regularizer = regularizers.draw(name, source, 1, d)
    return WeightPair(regularizer, source.normal(1, d), source.uniform(1), source.uniform(1))


def inside(regularizer: Regularizer) -> str:
    """The name of the regulariser, of that inside where one is rotated."""
    return regularizer.params["inner"].name if regularizer.name == "rotated" else regularizer.name


def value(p: Any) -> torch.Tensor:
    return regularizer_constants.value(p.regularizer, p.v)


def admissible(p: Any) -> bool:
    """Whether fbscore accepts the instances and the oracle says that they meet A1, A2 and A3."""
    RUN.prox(p.regularizer, p.v, p.a)
    return all(bool(assumption.predicate(p).all()) for assumption in (A1, A2, A3))


# ---------------------------------------------------------------- fewer coordinates


@pytest.mark.parametrize("name", regularizers.ADMISSIBLE)
@pytest.mark.parametrize("d", [2, 6, 9])
def test_every_block_can_go_and_leaves_an_admissible_regulariser(name: str, d: int) -> None:
    for seed in range(4):
        p = random_pair(name, d, seed)
        ways = partitions(p.regularizer, d)
        assert ways
        for blocks in ways:
            assert sorted(i for block in blocks for i in block) == list(range(d))
            for block in blocks if len(blocks) > 1 else []:
                rest = [i for i in range(d) if i not in block]
                short = kept(p, "d", rest)
                assert short.v.shape == (1, len(rest))
                assert admissible(short), (name, seed, block)


@pytest.mark.parametrize(
    "name", ["l1", "group_lasso", "huber", "nuclear", "max_affine", "rotated", "quadratic", "double_well"]
)
def test_the_regulariser_on_some_coordinates_is_that_of_vectors_with_zeros_elsewhere(name: str) -> None:
    """All but the total variation, which joins what is left."""
    drawn = (random_pair(name, 6, seed) for seed in range(8))
    for p in (p for p in drawn if inside(p.regularizer) != "total_variation"):
        for blocks in partitions(p.regularizer, 6):
            keep = sorted(blocks[-1])
            outside = [i for i in range(6) if i not in keep]
            padded = p.v.clone()
            padded[:, outside] = 0.0
            short = regularizer_constants.value(restricted(p.regularizer, keep), p.v[:, keep])
            assert torch.allclose(
                short, regularizer_constants.value(p.regularizer, padded), rtol=1e-14, atol=1e-15
            )


def test_the_wells_move_and_stay_positive() -> None:
    found = {slot.path[-1]: slot for slot in slots(random_pair("double_well", 3, 1))}
    assert (found["center"].positive, found["center"].stop - found["center"].start) == (True, 3)
    assert not found["v"].nonnegative


def test_a_matrix_loses_rows_or_columns() -> None:
    nuclear = Regularizer("nuclear", {"rows": 2, "columns": 3})
    assert partitions(nuclear, 6) == [[(0, 1, 2), (3, 4, 5)], [(0, 3), (1, 4), (2, 5)]]
    assert restricted(nuclear, (0, 2, 3, 5)).params == {"rows": 2, "columns": 2}
    assert restricted(nuclear, (4,)).params == {"rows": 1, "columns": 1}


def test_an_orthogonal_matrix_is_cut_along_its_blocks() -> None:
    swap = torch.eye(4, dtype=torch.float64)[[1, 0, 3, 2]]
    swap[2:, 2:] = torch.tensor([[0.6, -0.8], [0.8, 0.6]])
    inner = Regularizer("l1", {"weights": numbers_of(1, 2, 3, 4)})
    turned = Regularizer("rotated", {"D": swap[None], "inner": inner})
    assert partitions(turned, 4) == [[(0,), (1,), (2, 3)]]
    short = restricted(turned, (0, 2, 3))
    assert torch.equal(short.params["D"][0], swap[1:][:, [0, 2, 3]])
    assert short.params["inner"].params["weights"].tolist() == [[2.0, 3.0, 4.0]]


def test_a_matrix_inside_a_rotation_and_an_unknown_regulariser_keep_their_size() -> None:
    matrix = Regularizer("nuclear", {"rows": 2, "columns": 2})
    eye = torch.eye(4, dtype=torch.float64)[None]
    assert partitions(Regularizer("rotated", {"D": eye, "inner": matrix}), 4) == []
    assert partitions(Regularizer("new", {"slopes": eye}), 4) == []
    assert "d" not in lengths(pair(Regularizer("new", {"slopes": eye}), 1, 2, 3, 4))


def test_slopes_that_are_left_are_recentred() -> None:
    slopes = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [-1.0, -2.0]]]).double()
    p = pair(Regularizer("max_affine", {"slopes": slopes}), 1, 2)
    assert lengths(p) == {"d": 2, "slope": 3}
    assert kept(p, "slope", (0, 1)).regularizer.params["slopes"].tolist() == [[[1, 0], [-1, 0]]]
    assert kept(p, "slope", (1,)).regularizer.params["slopes"].tolist() == [[[0, 0]]]
    assert kept(p, "d", (1,)).regularizer.params["slopes"].tolist() == [[[0], [2], [-2]]]


# ---------------------------------------------------------------- numbers that move


def test_the_last_slope_follows_the_others_exactly() -> None:
    p = pair(regularizers.unit("max_affine", 1, 2, CPU), 1, 2)
    assert [slot.path[-1] for slot in slots(p)] == ["slopes", "v", "a", "b"]
    row = numbers(p)
    row[0, :6] = torch.tensor([0.1, 3000.0, -0.3, 1 / 512, 7.0, 1e-9])
    slopes = placed(p, row, torch.zeros(1, dtype=torch.long)).regularizer.params["slopes"]
    assert slopes.sum(1).tolist() == [[0.0, 0.0]]
    assert torch.equal(slopes, slopes.float().double())
    assert slopes[0, :3].tolist() == [[26 / 256, 1024.0], [-77 / 256, 0.0], [7.0, 0.0]]


def test_both_systems_of_a_pair_have_the_regulariser_that_moved() -> None:
    ones = torch.ones(1, 2, dtype=torch.float64)
    rotated = regularizers.unit("rotated", 1, 2, CPU)
    one = Network(
        rotated, ones[:, None], ones[:, :1], ones, ones[:, :, None, None] * ones[:, None, :, None], ones, ones
    )
    both = NetworkPair(one, one)
    row = numbers(both) + 1
    moved = placed(both, row, torch.zeros(1, dtype=torch.long))
    weights = [p.regularizer.params["inner"].params["weights"].tolist() for p in (moved.first, moved.second)]
    assert weights == [[[2.0, 3.0]]] * 2
    assert torch.equal(moved.first.regularizer.params["D"], rotated.params["D"])


# ---------------------------------------------------------------- plainer ones


def test_what_may_take_the_place_of_a_matrix() -> None:
    rotated = regularizers.unit("rotated", 1, 3, CPU)
    inner, eye, shift = plainer(rotated)
    assert inner.name == "l1"
    assert torch.equal(eye.params["D"][0], torch.eye(3, dtype=torch.float64))
    assert torch.equal(shift.params["D"], rotated.params["D"])
    Q = torch.tensor([[[2.0, 1.0], [1.0, 3.0]]]).double()
    first, second = plainer(Regularizer("quadratic", {"Q": Q}))
    assert (first.params["Q"].tolist(), second.params["Q"].tolist()) == (
        [[[1, 0], [0, 1]]],
        [[[2, 0], [0, 3]]],
    )
    assert not list(plainer(Regularizer("quadratic", {"Q": Q[:, :1, :1]})))
    assert not list(plainer(Regularizer("l2", {})))


# ---------------------------------------------------------------- planted false claims


def soft_threshold(p: Any) -> torch.Tensor:
    """Huber: "the prox is the soft threshold"."""
    apart = RUN.prox(p.regularizer, p.v, p.a) - p.v.sign() * (p.v.abs() - p.a[:, None]).clamp(min=0)
    return apart.norm(dim=1) > 0.1


def ends_only(p: Any) -> torch.Tensor:
    """Total variation: "R(u) is the distance of the first and the last entry"."""
    return value(p) > (p.v[:, 0] - p.v[:, -1]).abs() + 0.1


def gentle(p: Any) -> torch.Tensor:
    """Max-affine and rotated: "R(u) ≤ 2‖u‖ − 1/8 wherever ‖u‖ ≥ 1"."""
    size = p.v.norm(dim=1)
    return (size >= 1) & (value(p) > 2 * size - 0.125)


def bent(p: Any) -> torch.Tensor:
    """Max-affine: "R(u) = R(−u)", true of two slopes."""
    return value(p) > regularizer_constants.value(p.regularizer, -p.v) + 0.1


def of_rank_one(p: Any) -> torch.Tensor:
    """Nuclear: "R(u) is the Frobenius norm"."""
    return value(p) > p.v.norm(dim=1) + 0.1


def transposed(p: Any) -> torch.Tensor:
    """Rotated: "R(Du) = R(Dᵀu)"."""
    if p.regularizer.name != "rotated":
        return torch.zeros(p.size, dtype=torch.bool)
    D, inner = p.regularizer.params["D"], p.regularizer.params["inner"]
    back = (D.mT @ p.v[:, :, None])[..., 0]
    return (value(p) - regularizer_constants.value(inner, back)).abs() > 0.1


def doubled_rotation(p: Any) -> torch.Tensor:
    """Rotated: "nothing that is called rotated exceeds 1/2"."""
    return (value(p) > 0.5) if p.regularizer.name == "rotated" else torch.zeros(p.size, dtype=torch.bool)


def coupled(p: Any) -> torch.Tensor:
    """Quadratic: "R(u) ≤ 1/8"."""
    return value(p) > 0.125


#: Kind, false claim, where it is refuted first, what is left of v and of the regulariser.
FALSE = [
    ("huber", soft_threshold, 9, [[1.0]], {"width": [1.0], "size": 1}),
    ("total_variation", ends_only, 9, [[0.0, 1.0, 0.0]], {"size": 3}),
    ("max_affine", gentle, 5, [[1.0]], {"slopes": [[[2.0], [-2.0]]]}),
    ("nuclear", of_rank_one, 9, None, {"rows": 2, "columns": 2}),
    ("rotated", gentle, 9, [[1.0]], None),
    ("rotated", doubled_rotation, 9, [[1.0]], None),
    ("quadratic", coupled, 9, [[1.0]], {"Q": [[[1.0]]]}),
]


def refuting(name: str, false: Any, d: int) -> WeightPair:
    """A random instance that refutes a false claim, the first one."""
    found = (random_pair(name, d, seed) for seed in range(200))
    larger = (WeightPair(p.regularizer, 3 * p.v, p.a, p.b) for p in found)
    return next(p for p in larger if bool(false(p)[0]) and inside(p.regularizer) in (name, "l1"))


def listed(regularizer: Regularizer) -> dict[str, Any]:
    return {k: x.tolist()[:1] if isinstance(x, torch.Tensor) else x for k, x in regularizer.params.items()}


@pytest.mark.parametrize(("name", "false", "d", "v", "params"), FALSE)
def test_counterexamples_to_a_false_claim_shrink(name: str, false: Any, d: int, v: Any, params: Any) -> None:
    start = refuting(name, false, d)
    judged: list[Any] = []

    def violating(batch: Any) -> torch.Tensor:
        judged.append(batch)
        return false(batch)

    found = minimised(start, violating)
    assert bool(false(found)[0])
    assert size(found) < size(start)
    assert v is None or found.v.abs().tolist() == v
    if params is not None:
        assert listed(found.regularizer) == params
    assert all(admissible(batch) for batch in judged)


def test_what_is_left_of_a_matrix_of_rank_two_is_round() -> None:
    found = minimised(refuting("nuclear", of_rank_one, 9), of_rank_one)
    assert sorted(found.v.abs()[0].tolist()) == [0.0, 0.0, 1.0, 1.0]


def test_a_rotation_that_does_not_matter_is_dropped() -> None:
    assert minimised(refuting("rotated", gentle, 9), gentle).regularizer.name != "rotated"


def test_a_rotation_that_matters_becomes_a_cyclic_shift() -> None:
    found = minimised(refuting("rotated", transposed, 6), transposed)
    D = found.regularizer.params["D"][0]
    assert sorted(D.abs().reshape(-1).tolist()) == [0.0] * (D.numel() - len(D)) + [1.0] * len(D)
    assert found.v.shape[1] == 3
    assert torch.equal(D, torch.eye(3, dtype=torch.float64).roll(1, 0))


def test_a_rotation_of_which_only_the_name_matters_becomes_the_identity() -> None:
    found = minimised(refuting("rotated", doubled_rotation, 9), doubled_rotation)
    assert found.regularizer.params["D"].tolist() == [[[1.0]]]


def test_three_slopes_stay_where_two_are_not_enough() -> None:
    found = minimised(refuting("max_affine", bent, 5), bent)
    slopes = found.regularizer.params["slopes"]
    assert slopes.shape == (1, 3, 1)
    assert slopes.sum() == 0


# ---------------------------------------------------------------- what moving them finds


def extent(p: Any) -> torch.Tensor:
    """How far a parameter is that only a move can take out of the sampled range."""
    params = p.regularizer.params
    params = params["inner"].params if "inner" in params else params
    found = params.get("width", params.get("slopes", params.get("weights")))
    return 0 * p.a if found is None else largest(abs(found.reshape(len(found), -1)))


@pytest.mark.parametrize("name", ["huber", "max_affine", "rotated"])
def test_moves_refute_what_sampling_cannot(name: str) -> None:
    def within_reach(p: Any, run: Any) -> Margin:
        """No parameter exceeds 32"""
        return at_most(extent(p), {"range": 0 * p.a + 32}, run.rounding(1, p.a))

    sampler = Sampler(name, lambda source, size: weight_pairs.draw(source, size, (name,)))
    check = claim("toys", "Claim 1", assumes=(A1, A2)).holds(sampled=sampler)(within_reach).check
    families: list[str] = []

    def emit(record: str, **fields: Any) -> None:
        families.extend(stratum["family"] for stratum in fields.get("strata", ()))

    def verdict(route: str) -> Outcome:
        return run_route(Route(check, route, RUN, replace(PROFILES["quick"], climb=CLIMB), 1, emit))

    assert verdict("sampled").verdict == "holds"
    assert verdict("adversarial").verdict == "refuted"
    assert MOVED in families
