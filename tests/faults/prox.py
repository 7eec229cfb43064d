"""Faults in the proxes."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from fbscore import regularizers
from tests.faults.checks import ENERGY, GAP, GRAPH, PROX, RESOLVENT
from tests.faults.plants import Fault, changed_prox, with_parts


def _without_first_slope(right: Any, R: Any, v: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    """Put the opposite of the last slope in the place of the first."""
    slopes = torch.cat([-R.slopes[:, -1:], R.slopes[:, 1:]], 1)
    changed = object.__new__(type(R))
    object.__setattr__(changed, "slopes", slopes)
    return right(changed, v, a)


PROX = (
    Fault(
        "ℓ₁ threshold scaled by 1.0001",
        changed_prox(regularizers.L1, lambda right, R, v, a: right(R, v, 1.0001 * a)),
        PROX,
    ),
    Fault(
        "ℓ₁ hard for soft thresholding",
        changed_prox(
            regularizers.L1, lambda right, R, v, a: torch.where(v.abs() > a[:, None] * R.weights, v, 0.0)
        ),
        ("test_modulus_in_values", "test_lipschitz_in_the_weight"),
    ),
    Fault(
        "group lasso shrinks entries, not groups",
        changed_prox(
            regularizers.GroupLasso,
            lambda right, R, v, a: (
                torch.sign(v) * torch.relu(v.abs() - a[:, None] * R.weights[:, list(R.groups)])
            ),
        ),
        (RESOLVENT, "test_energy_form_lower"),
    ),
    Fault(
        "ℓ₂ weight scaled by 0.9999",
        changed_prox(regularizers.L2, lambda right, R, v, a: right(R, v, 0.9999 * a)),
        ENERGY,
    ),
    Fault(
        "ℓ_∞ level at half the weight",
        changed_prox(regularizers.LInf, lambda right, R, v, a: right(R, v, a / 2)),
        ENERGY,
    ),
    Fault(
        "½‖u‖² without the identity",
        changed_prox(regularizers.HalfSquaredNorm, lambda right, R, v, a: v / (1 + 2 * a)[:, None]),
        PROX,
    ),
    Fault(
        "quadratic at half the weight",
        changed_prox(regularizers.Quadratic, lambda right, R, v, a: right(R, v, a / 2)),
        ENERGY,
    ),
    Fault(
        "prox stretched by 1.0001",
        with_parts(prox=lambda R, v, a: 1.0001 * R.prox(v, a)),
        ("test_bound", "test_bound_without_minimum_at_zero", "test_energy_form_lower"),
    ),
    Fault(
        "D for its transpose",
        changed_prox(
            regularizers.Rotated,
            lambda right, R, v, a: right(dataclasses.replace(R, D=R.D.mT.contiguous()), v, a),
        ),
        ENERGY,
    ),
    Fault(
        "Huber at half the width",
        changed_prox(
            regularizers.Huber, lambda right, R, v, a: right(dataclasses.replace(R, width=R.width / 2), v, a)
        ),
        ENERGY[:1],
    ),
    Fault(
        "elastic net without the ridge",
        changed_prox(
            regularizers.ElasticNet,
            lambda right, R, v, a: right(dataclasses.replace(R, ridge=0 * R.ridge), v, a),
        ),
        ENERGY,
    ),
    Fault(
        "total variation scaled by 0.9999",
        changed_prox(regularizers.TotalVariation, lambda right, R, v, a: right(R, v, 0.9999 * a)),
        ENERGY,
    ),
    Fault(
        "max-affine loses its first slope", changed_prox(regularizers.MaxAffine, _without_first_slope), ENERGY
    ),
    Fault(
        "nuclear norm of the transpose shape",
        changed_prox(
            regularizers.Nuclear,
            lambda right, R, v, a: right(dataclasses.replace(R, rows=R.columns, columns=R.rows), v, a),
        ),
        ENERGY,
    ),
    Fault(
        "prox shortened by 0.9999",
        with_parts(prox=lambda R, v, a: 0.9999 * R.prox(v, a)),
        (GRAPH, "test_gap_is_nonnegative", GAP),
    ),
    Fault(
        "ℓ₁ left unthresholded",
        changed_prox(regularizers.L1, lambda right, R, v, a: v),
        (RESOLVENT, GRAPH, "test_gap_is_nonnegative"),
    ),
)
