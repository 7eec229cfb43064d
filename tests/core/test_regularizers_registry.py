"""Regularisers by name."""

import pytest
import torch

from fbscore.regularizers import L1, REGISTRY, by_name


def test_names():
    admissible = [name for name, cls in REGISTRY.items() if cls.admissible]
    assert admissible == [
        "l1",
        "l2",
        "group_lasso",
        "half_squared_norm",
        "quadratic",
        "linf",
        "elastic_net",
        "huber",
        "total_variation",
        "max_affine",
        "nuclear",
        "rotated",
    ]
    inadmissible = {
        "l0",
        "half_power",
        "negative_l1",
        "double_well",
        "shifted_l1",
        "box_indicator",
        "quartic",
    }
    assert set(REGISTRY) - set(admissible) == inadmissible
    assert all(cls.name == name for name, cls in REGISTRY.items())


def test_by_name_constructs():
    w = torch.ones(2, 3)
    R = by_name("l1", weights=w)
    assert isinstance(R, L1)
    assert R.parameters == {"weights": w}


def test_by_name_takes_an_inner_regularizer():
    inner, D = L1(torch.ones(2, 1)), torch.ones(2, 1, 1)
    R = by_name("rotated", D=D, inner=inner)
    assert R.parameters == {"D": D, "inner": inner}


def test_by_name_passes_validation_on():
    with pytest.raises(ValueError, match=r"^weights: expected entries >= 0"):
        by_name("l1", weights=-torch.ones(2, 3))


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("l3", {}, r"name: expected one of l1, l2, .*, quartic, got 'l3'"),
        ("l1", {}, r"parameters: expected \['weights'\] for l1, got \[\]"),
        ("l2", {"weights": torch.ones(1, 1)}, r"parameters: expected \[\] for l2, got \['weights'\]"),
    ],
)
def test_by_name_refuses(name, parameters, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        by_name(name, **parameters)
