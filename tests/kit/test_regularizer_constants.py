"""What the judge knows of a regulariser: floats against balls, and numbers worked out by hand."""

import torch
from hypothesis import given

from claims import regularizer_constants
from claims.families import strategies
from claims.kit.context import FloatRun
from claims.kit.instances import Regularizer
from claims.kit.subject import Subject
from claims.oracle import elementary
from tests.kit.toys import CPU
from tests.kit.two_arithmetics import QUIET, agree

FLOAT = FloatRun(Subject(), CPU, torch.float64)


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


@QUIET
@given(strategies.weight_pairs())
def test_prox_constants_in_both_arithmetics(x):
    p, q = FLOAT.prox(x.regularizer, x.v, x.a), FLOAT.prox(x.regularizer, x.v, x.b)
    agree(
        lambda y, p, q: {
            "value": regularizer_constants.value(y.regularizer, y.v),
            "subgradient": regularizer_constants.minimal_subgradient(y.regularizer, y.v),
            "distance": regularizer_constants.distance_to_subdifferential(y.regularizer, y.v, p, y.a),
            "gap": regularizer_constants.proximal_energy_gap(y.regularizer, y.v, y.b, p, q),
            "c0": regularizer_constants.growth(y.regularizer, y.v)[0],
            "c1": regularizer_constants.growth(y.regularizer, y.v)[1],
        },
        (x, p, q),
        lambda: (x.ball(), elementary.to_ball(p.numpy()), elementary.to_ball(q.numpy())),
    )


def test_proximal_energy_by_hand():
    # Φ_2(u) = ½(u - 3)² + 2|u|: Φ(3) = 6, Φ(1) = 4
    three, one = tensor([3.0]), tensor([1.0])
    l1 = Regularizer("l1", {"weights": one})
    assert regularizer_constants.proximal_energy_gap(l1, three, tensor(2.0), three, one).tolist() == [2.0]


def test_growth_of_what_is_not_convex_is_none():
    c0, c1 = regularizer_constants.growth(Regularizer("l0", {}), torch.ones(3, 2, dtype=torch.float64))
    assert c0.tolist() == c1.tolist() == [0.0] * 3
