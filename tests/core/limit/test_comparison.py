"""No enclosure of `fbscore.limit` is refuted by the exact flow; what compares them can tell."""

from fractions import Fraction

import numpy as np
import pytest

from tests.core.limit import comparison, orders, table
from tests.core.limit.comparison import Measured, case
from tests.core.limit.draws import KINDS, NAMES, draw

ALLOWED = {"l2": 2, "group_lasso": 2}  # instances: their exact flow takes some 50 ms


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_no_enclosure_is_refuted(name: str, kind: str) -> None:
    rng = np.random.default_rng([20261120, NAMES.index(name), KINDS.index(kind)])
    one = case(draw(rng, name, kind, ALLOWED.get(name, 6), 3, 4), 3)
    assert one.refused == 0
    for label, found in table.measure(one, 16, refined=False).items():
        assert not found.violated.any(), label
        assert np.isfinite(found.radius).all(), label


@pytest.mark.parametrize("kind", KINDS)
def test_products_are_exact(kind: str) -> None:
    raw = draw(np.random.default_rng(3), "l1", kind, 2, 3, 2)
    K, c, sigma = raw.operators()
    A, f = ([[Fraction(y) for y in row] for row in x] for x in (raw.A[1], raw.f[[1]]))
    x = {key: value[1] for key, value in raw.controls.items()}
    if kind == "lista":
        assert np.array_equal(K[1], x["W2"])
        step, W = Fraction(1), x["W1"][1]
    else:
        step, W = Fraction(x["tau"][1]), x["W"] if kind == "alista" else x["W"][1]
    W = [[Fraction(y) for y in row] for row in W]
    assert c[1, 1].tolist() == [step * sum(w * y for w, y in zip(row, f[0], strict=True)) for row in W]
    if kind != "lista":
        product = [
            [step * sum(w * line[j] for w, line in zip(row, A, strict=True)) for j in range(3)] for row in W
        ]
        assert K[1, 1].tolist() == product
    assert sigma[1, 1] == Fraction(x["lam"][1]) * (step if kind == "fbs" else 1)


def test_means_on_any_grid() -> None:
    raw = draw(np.random.default_rng(4), "l1", "fbs", 1, 2, 4)
    lam = raw.controls["lam"][0]
    thirds = [(lam[0] + lam[1] / 3) * 3 / 4, (2 * lam[1] + 2 * lam[2]) / 4, (lam[2] / 3 + lam[3]) * 3 / 4]
    assert raw.means(3).controls["lam"][0] == pytest.approx(thirds, rel=1e-14)
    assert raw.means(4).controls["W"].tolist() == raw.controls["W"].tolist()


def test_what_counts_as_a_violation() -> None:
    nan, inf = float("nan"), float("inf")
    error = np.array([1.0, 1.0, 0.0, nan, 1.0, 1.0, 0.0])
    radius = np.array([0.5, 1.0, 0.0, 1.0, inf, 0.0, nan])
    found = Measured(error, radius, np.zeros(7))
    assert found.violated.tolist() == [True, False, False, True, False, True, True]
    assert Measured(error[:1], radius[:1], np.array([0.5])).ratio.tolist() == [1.0]


def test_interpolant_is_judged_between_the_states() -> None:
    """From 1 at rate -4 to 0 within a layer: the error is largest where the limit comes to rest."""
    raw = draw(np.random.default_rng(5), "l1", "lista", 1, 1, 1)
    raw.params["weights"][:] = 1.0
    raw.u0[:] = 1.0
    raw.controls["W1"][:], raw.controls["W2"][:], raw.controls["lam"][:] = 0.0, 0.0, 4.0
    one = case(raw, raw)
    assert comparison.uniform(one, 1).error.tolist() == pytest.approx([0.75], abs=1e-9)
    assert comparison.network(one, 1)[0].error.tolist() == pytest.approx([0.0], abs=1e-9)


def test_order_of_a_power() -> None:
    assert orders.order([3.0 * N**-0.5 for N in orders.LAYERS]) == pytest.approx(0.5)
    mean, low, high = orders.interval([0.0, 2.0])
    assert (mean, high - mean) == (1.0, pytest.approx(12.706, abs=1e-3))  # Student with one degree of freedom
    assert low == pytest.approx(2.0 - high)


def test_table_counts_violations(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert table.one_regularizer("huber", 1, table.BATCH) == 0
    wrong = Measured(np.array([2.0, 0.5]), np.ones(2), np.zeros(2))
    monkeypatch.setattr(table, "measure", lambda *given, **named: {"4.7 at 1": wrong})
    assert table.one_regularizer("huber", 1, table.BATCH) == 1
    assert "4.7 at 1" in capsys.readouterr().out
