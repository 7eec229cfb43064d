"""What admissible sets refuse, and how they say so; dtypes, devices and the smallest sizes."""

import math
from typing import Any

import pytest
import torch

from fbscore import Controls
from fbscore.learning.admissible import Box, FewPieces, Finite, Lipschitz, NormBall, Product, TotalVariation
from fbscore.learning.domain import Domain
from fbscore.learning.pieces import Pieces, Track

ZERO, ONE = torch.zeros(1, 1), torch.ones(1, 1)
UNIT = Box(ZERO, ONE)
CONTROLS = Controls(torch.ones(2, 3, 2, 1), torch.ones(2, 3), torch.ones(2, 3))
LIKE = torch.ones(2, 1)
STEADY, FIXED = Track.of(0, P=1, like=LIKE), Track.fixed(1.0, P=1, like=LIKE)
FLOATS: Any = 1.0  # what is no tensor, no set and no controls


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Box(ONE, ZERO), ValueError, "lower, upper: expected bounds with something between them"),
        (lambda: Box(ONE, ONE, lower_open=True), ValueError, "lower, upper: expected bounds with something"),
        (lambda: Box(ZERO + math.inf, ZERO + math.inf), ValueError, "lower, upper: expected bounds"),
        (lambda: Box(ZERO - math.inf, ZERO - math.inf), ValueError, "lower, upper: expected bounds"),
        (lambda: Box(ZERO, ZERO + math.nan), ValueError, "upper: expected no NaN, got NaN"),
        (lambda: Box(FLOATS, ONE), TypeError, "lower: expected a torch.Tensor, got float"),
        (lambda: Box(torch.ones(1), torch.ones(1)), ValueError, r"lower: expected shape \(batch, P, "),
        (lambda: Box(ZERO, torch.ones(1, 2)), ValueError, r"upper: expected shape \(1, 1\) as lower"),
        (lambda: Box(ZERO, ONE.double()), TypeError, "upper: expected the dtype of lower"),
        (lambda: Box(ZERO, ONE, cells=0), ValueError, "cells: expected at least 1 cell, got 0"),
        (lambda: Box(ZERO, ONE, cells=FLOATS), TypeError, "cells: expected an int, got float"),
        (
            lambda: Box(torch.zeros(1, 2), torch.ones(1, 2), cells=3),
            ValueError,
            "cells: expected a multiple of the 2 pieces of the bounds, got 3",
        ),
        (lambda: UNIT.projected(0), ValueError, "cells: expected at least 1 cell, got 0"),
        (lambda: UNIT.contains(ONE.double()), TypeError, "values: expected the dtype of lower"),
        (lambda: UNIT.contains(torch.ones(2)), ValueError, r"values: expected shape \(batch, N\), N >= 1"),
        (lambda: UNIT.contains(torch.ones(2, 3, 1)), ValueError, "values: expected shape"),
        (
            lambda: Box(torch.zeros(3, 1), torch.ones(3, 1)).contains(torch.ones(2, 3)),
            ValueError,
            r"values: expected shape \(3, N\), N >= 1, got \(2, 3\)",
        ),
        (
            lambda: Box(torch.zeros(1, 2), torch.ones(1, 2)).project(torch.ones(2, 3)),
            NotImplementedError,
            "values: expected a multiple of 2 cells, got 3: the nearest point is on another grid",
        ),
        (lambda: UNIT.is_projection_of(UNIT), ValueError, "cells: expected the N of a set of functions"),
        (lambda: UNIT.extends_into(UNIT), ValueError, "cells: expected the N of a set of functions"),
        (
            lambda: UNIT.within(NormBall(torch.ones(1))),
            NotImplementedError,
            "other: expected a set that a Box can be compared with, got NormBall",
        ),
        (lambda: NormBall(-torch.ones(1)), ValueError, "radius: expected entries >= 0"),
        (lambda: NormBall(torch.ones(1) * math.nan), ValueError, "radius: expected finite entries"),
        (lambda: NormBall(ONE), ValueError, r"radius: expected shape \(batch\)"),
        (lambda: TotalVariation(-torch.ones(1), UNIT), ValueError, "limit: expected entries >= 0"),
        (lambda: TotalVariation(torch.ones(1), FLOATS), TypeError, "box: expected a Box, got float"),
        (lambda: TotalVariation(torch.ones(1).double(), UNIT), TypeError, "limit: expected the dtype of box"),
        (
            lambda: TotalVariation(torch.ones(1), Box(torch.zeros(1, 2), torch.ones(1, 2))),
            ValueError,
            "box: expected bounds that are constant in time, got 2 pieces",
        ),
        (
            lambda: Lipschitz(torch.ones(3), Box(torch.zeros(2, 1), torch.ones(2, 1))),
            ValueError,
            "limit: expected a batch of 1 or 2, as the box, got 3",
        ),
        (
            lambda: Lipschitz(torch.ones(1), UNIT).project(torch.ones(2, 3)),
            NotImplementedError,
            "values: expected real functions on N cells: no nearest points are known of others",
        ),
        (lambda: Product(UNIT, UNIT, FLOATS), TypeError, "third: expected an Admissible set of functions"),
        (
            lambda: Product(UNIT, UNIT, Box(ZERO, ONE, cells=2)),
            ValueError,
            "third: expected cells = None as first, got 2",
        ),
        (lambda: Product(UNIT, UNIT, UNIT).contains(FLOATS), TypeError, "controls: expected one of Controls"),
        (lambda: Finite(()), ValueError, "members: expected at least one, got none"),
        (lambda: Finite(FLOATS), TypeError, "members: expected a tuple of controls, got float"),
        (lambda: Finite((CONTROLS, FLOATS)), TypeError, r"members\[1\]: expected one of Controls"),
        (
            lambda: Finite((CONTROLS, CONTROLS.to(torch.float64))),
            ValueError,
            r"members\[1\]: expected dtype = torch.float32 as members\[0\]",
        ),
        (
            lambda: Finite((CONTROLS,)).contains(Controls(*(x[:1] for x in CONTROLS.tensors))),
            ValueError,
            r"controls: expected batch = 2 as members\[0\], got 1",
        ),
        (
            lambda: FewPieces(Pieces("fbs", STEADY, STEADY, STEADY, LIKE), Domain(ZERO[0].repeat(2), ONE[0])),
            ValueError,
            "upper: expected shape",
        ),
        (
            lambda: FewPieces(Pieces("fbs", FIXED, FIXED, FIXED, LIKE), Domain(ZERO[0], ONE[0])),
            ValueError,
            "pieces: expected every parameter in use, got 1 that are not",
        ),
        (
            lambda: FewPieces(
                Pieces("alista", STEADY, STEADY, STEADY, LIKE), Domain(ZERO[0], ONE[0])
            ).contains(CONTROLS),
            TypeError,
            "controls: expected AlistaControls, got Controls",
        ),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_what_is_not_finite_is_no_member():
    for value in (math.nan, math.inf):
        v = torch.full((1, 2), value)
        assert not Box(ZERO, ZERO + math.inf).contains(v).any()
        assert not NormBall(torch.ones(1)).contains(v).any()
        assert not TotalVariation(torch.ones(1), UNIT).contains(v).any()
        assert not Lipschitz(torch.ones(1), Box(ZERO, ONE, cells=2)).contains(v).any()


def test_dtypes_and_devices(dtype, device, rng):
    def number(x):
        return torch.full((1,), x, dtype=dtype, device=device)

    low, high = number(0.0)[None], number(1.0)[None]
    v = torch.randn(5, 6, generator=rng, dtype=torch.float64).to(device, dtype)
    unit = Box(low, high, cells=6)
    for theta in (
        unit,
        NormBall(number(0.3)),
        TotalVariation(number(0.5), unit),
        Lipschitz(number(1.0), unit),
    ):
        p = theta.project(v)
        assert (p.dtype, p.device.type, p.shape) == (dtype, device.type, v.shape)
        assert theta.contains(p).all()


@pytest.mark.parametrize("batch", [0, 1])
@pytest.mark.parametrize("N", [1, 2])
def test_the_smallest_sizes(batch, N):
    v = torch.full((batch, N, 2, 0), 1.0)
    none = Box(torch.zeros(1, 1, 2, 0), torch.ones(1, 1, 2, 0))
    for theta in (none, NormBall(torch.ones(1)), TotalVariation(torch.ones(1), none)):
        assert theta.contains(v).shape == (batch,)
        assert theta.project(v).shape == v.shape
    w = torch.full((batch, N), 3.0)
    for theta in (TotalVariation(torch.ones(1), UNIT), Lipschitz(torch.ones(1), Box(ZERO, ONE, cells=N))):
        assert torch.equal(theta.project(w), torch.ones(batch, N))


def test_projections_pass_gradients(rng):
    v = torch.randn(4, 6, generator=rng, dtype=torch.float64, requires_grad=True)
    limit, unit = torch.ones(1).double(), Box(ZERO.double(), ONE.double(), cells=6)
    for theta in (unit, NormBall(limit), TotalVariation(limit, unit)):
        (grad,) = torch.autograd.grad(theta.project(v).sum(), v)
        assert grad.isfinite().all()
