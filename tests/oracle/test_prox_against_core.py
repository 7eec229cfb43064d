"""`fbscore`'s regularisers against the oracle: random batches with corners, float64 and float32."""

from typing import Any

import numpy as np
import pytest
import torch

from claims.oracle import prox as oracle
from claims.oracle import regularizers
from fbscore.regularizers import REGISTRY
from tests.oracle.prox_table import (
    DIMENSIONS,
    DTYPES,
    THRESHOLD,
    as_float,
    build,
    differences,
    instances,
    main,
)
from tests.oracle.samples import GROWING, NAMES


def test_both_sides_know_the_same_regularisers() -> None:
    assert set(REGISTRY) == set(NAMES)


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_differences_are_round_off(name: str, dtype: torch.dtype, d: int, record_property: Any) -> None:
    for quantity, gap in differences(name, dtype, d, seed=100 + d).items():
        record_property(quantity, float(np.max(gap)))
        assert np.max(gap) <= THRESHOLD, quantity


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_zero_step_returns_the_argument_exactly(name: str, dtype: torch.dtype) -> None:
    params, v, _ = instances(name, dtype, 3, seed=1)
    result = build(name, params, dtype).prox(torch.tensor(v, dtype=dtype), torch.zeros(len(v), dtype=dtype))
    assert np.array_equal(as_float(result), v)
    assert np.array_equal(oracle.prox(name, params, v, np.zeros(len(v))), v)


@pytest.mark.parametrize("name", GROWING)
def test_growth_constants_are_the_same(name: str) -> None:
    params, v, _ = instances(name, torch.float64, 4, seed=2)
    for mine, theirs in zip(
        regularizers.growth(name, params), build(name, params, torch.float64).growth(), strict=True
    ):
        broadcast = np.broadcast_to(as_float(theirs), len(v))
        assert np.allclose(np.broadcast_to(mine, len(v)), broadcast, rtol=1e-14, atol=0)


@pytest.mark.parametrize(("name", "a"), [("l0", 0.5), ("half_power", 1.0)])
def test_exact_ties_keep_the_value_on_both_sides(name: str, a: float) -> None:
    v = np.array([[1.0, -1.0, 0.5, 0.0]]) if name == "l0" else np.array([[1.5, -1.5, 1.25, 0.0]])
    expected = np.array([[1.0, -1.0, 0.0, 0.0]])
    assert np.allclose(oracle.prox(name, {}, v, np.array([a])), expected, rtol=1e-15)
    core = build(name, {}, torch.float64).prox(torch.tensor(v), torch.tensor([a], dtype=torch.float64))
    assert np.allclose(as_float(core), expected, rtol=1e-15)


def test_a_wrong_prox_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself: a threshold that is off by one part in 1e14 is far beyond the unit."""
    true = REGISTRY["l1"].prox
    monkeypatch.setattr(REGISTRY["l1"], "prox", lambda self, v, a: true(self, v, a * (1 + 1e-14)))
    assert np.max(differences("l1", torch.float64, 1, seed=0)["prox"]) > THRESHOLD


def test_table_is_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.oracle.prox_table.NAMES", ("l1", "l0"))
    main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert [line.split()[:2] for line in lines[1:3]] == [["l1", "float64"], ["l1", "float32"]]
