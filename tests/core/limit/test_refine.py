"""Refinement: what is requested is reached, and where it cannot be the best is returned."""

import importlib
import math

import pytest
import torch

from fbscore import Enclosure, ListaControls, Problem
from fbscore.limit.network_certificate import final_enclosure
from fbscore.limit.refine import refine
from fbscore.regularizers import L1, HalfSquaredNorm
from tests.core.instances import ADMISSIBLE, regularizer
from tests.core.limit.networks import KINDS, network

# The package exports a function of that name.
module = importlib.import_module("fbscore.limit.refine")


@pytest.fixture
def runs(monkeypatch):
    """The layers a cell and the batch of each network that is run."""
    seen: list[tuple[int, int]] = []

    def recorded(problem, controls, factor):
        seen.append((factor, problem.batch))
        return final_enclosure(problem, controls, factor)

    monkeypatch.setattr(module, "final_enclosure", recorded)
    return seen


def decay(rates, R=None, dtype=torch.float64):
    """``u' = −rate u − u`` from 1, on two cells."""
    K = torch.tensor(rates, dtype=dtype)[:, None, None, None].expand(-1, 2, 1, 1).contiguous()
    one = torch.ones(len(rates), 1, dtype=dtype)
    problem = Problem(one[..., None], one, one, R or HalfSquaredNorm())
    return problem, ListaControls(torch.zeros_like(K), K, one.expand(-1, 2).contiguous())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [name for name in ADMISSIBLE if name != "max_affine"])
def test_the_request_is_met(name, kind, rng):
    problem, controls = network(regularizer(name, 6, 3, rng), kind, 6, 3, 2, 3, rng)
    found = refine(problem, controls, 0.02)
    assert bool(found.met.all())
    assert float(found.radius.max()) <= 0.02 == found.requested
    deep = final_enclosure(problem, controls, 300)
    assert bool(((found.value - deep.value).norm(dim=-1) <= found.radius + deep.radius).all())


def test_against_the_exponential():
    rates = [-1.0, 0.0, 3.0, 40.0]
    found = refine(*decay(rates), 1e-4)
    assert bool(found.met.all())
    for value, radius, rate in zip(found.value[:, 0], found.radius, rates, strict=True):
        assert abs(value.item() - math.exp(-rate - 1.0)) <= radius.item() <= 1e-4


def test_instances_that_are_done_leave(runs):
    """An easy instance and one that needs many layers."""
    found = refine(*decay([-1.0, 4.0]), 1e-3)
    assert bool(found.met.all())
    (first, both), *later = runs
    assert (first, both) == (16, 2)
    assert all(batch < 2 for _, batch in later)
    assert len(later) <= 3
    first_radius = final_enclosure(*decay([-1.0, 4.0]), 16).radius
    assert found.radius[first_radius <= 1e-3].equal(first_radius[first_radius <= 1e-3])


def test_the_best_is_returned_where_layers_run_out(runs):
    problem, controls = decay([-3.0, 0.0])
    found = refine(problem, controls, 1e-9, max_layers=101)
    assert runs[-1] == (50, 2)  # 100 of 101 layers, whole cells
    assert found.met.tolist() == [False, False]
    assert torch.equal(found.radius, final_enclosure(problem, controls, 50).radius)
    assert "requested 1.00e-09: met by 0 of 2" in repr(found)


def test_what_round_off_forbids_is_given_up(runs):
    """Far fewer layers than allowed, once more of them do not help."""
    problem, controls = decay([-1.0, 0.5], L1(torch.ones(2, 1)), torch.float32)
    found = refine(problem, controls, 1e-6)
    assert found.met.tolist() == [False, False]
    assert 2 * runs[-1][0] < 2**20
    assert float(found.radius.max()) < 0.05


def test_a_worse_run_changes_nothing(monkeypatch):
    """Radii of 1, then of 2 and ½: the first instance keeps what it had."""
    radii = iter(([1.0, 1.0], [2.0, 0.5]))

    def scripted(problem, controls, factor):
        return Enclosure(torch.full((2, 1), float(factor)).double(), torch.tensor(next(radii)).double())

    monkeypatch.setattr(module, "final_enclosure", scripted)
    found = refine(*decay([0.0, 0.0]), 0.01, max_layers=64)
    assert found.radius.tolist() == [1.0, 0.5]
    assert found.value[:, 0].tolist() == [16.0, 32.0]


def test_an_unstable_start_is_overcome(runs):
    """``h‖K‖ > 2`` in the first network: a huge radius, then a small one."""
    problem, controls = decay([200.0])
    assert final_enclosure(problem, controls, 16).radius.item() > 1.0
    assert bool(refine(problem, controls, 1e-3).met.all())


@pytest.mark.parametrize("batch", [0, 1])
def test_small_shapes(batch, rng):
    problem, controls = network(regularizer("l1", batch, 1, rng), "fbs", batch, 1, 0, 1, rng)
    found = refine(problem, controls, 0.1)
    assert (found.value.shape, found.radius.shape, found.met.shape) == ((batch, 1), (batch,), (batch,))


def test_single_precision(rng, device):
    problem, controls = network(regularizer("l2", 3, 3, rng), "lista", 3, 2, 2, 3, rng)
    found = refine(problem.to(torch.float32, device), controls.to(torch.float32, device), 0.05)
    assert bool(found.met.all())
    assert (found.value.dtype, found.value.device.type) == (torch.float32, device.type)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("radius", "layers", "error", "message"),
    [
        (0.0, 100, ValueError, "radius: expected a radius > 0, finite, got 0.0"),
        (-1.0, 100, ValueError, "radius: expected a radius > 0, finite, got -1.0"),
        (math.inf, 100, ValueError, "radius: expected a radius > 0, finite, got inf"),
        (math.nan, 100, ValueError, "radius: expected a radius > 0, finite, got nan"),
        ("small", 100, TypeError, "radius: expected a float, got str"),
        (0.1, 1, ValueError, "max_layers: expected at least the N = 2 of the controls, got 1"),
        (0.1, 10.0, TypeError, "max_layers: expected an int, got float"),
    ],
)
def test_bad_input_names_the_argument(radius, layers, error, message):
    with pytest.raises(error, match=f"^{message}"):
        refine(*decay([1.0]), radius, layers)


@pytest.mark.usefixtures("unchecked")
def test_unknown_controls_are_refused():
    with pytest.raises(
        TypeError, match=r"^controls: expected one of Controls, ListaControls, AlistaControls"
    ):
        refine(decay([1.0])[0], object(), 0.1)  # pyright: ignore[reportArgumentType]
