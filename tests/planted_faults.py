"""Faults planted in the core, and in the constants that judge it, each with the checks that must turn red.

``python -m tests.planted_faults`` runs every check against every fault in ``quick`` and prints who caught
what.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch

import claims.kit.threads  # noqa: F401 - before torch does any work
import fbscore.network
from claims import constants, sample_constants, sequence_constants
from claims.kit import catalogue
from claims.kit.claim import Check
from claims.kit.context import FloatRun
from claims.kit.profiles import PROFILES
from claims.kit.routes import Outcome, Route, run_route
from claims.kit.subject import Subject
from fbscore import regularizers
from fbscore.layers import fbs_step

Plant = Callable[[pytest.MonkeyPatch], Subject]


@dataclass(frozen=True)
class Fault:
    """A fault: what is wrong, how it is planted, the checks that must catch it, and their verdict."""

    name: str
    plant: Plant
    caught_by: tuple[str, ...]
    verdict: str = "refuted"


def _step(change: Callable[..., torch.Tensor]) -> Plant:
    """Return the plant that puts ``change`` in the place of the layer."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        patch.setattr(fbscore.network, "fbs_step", change)
        return Subject()

    return plant


def _prox(cls: type, change: Callable[..., torch.Tensor]) -> Plant:
    """Return the plant that gives a regulariser another prox; ``change(right prox, self, v, a)``."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right: Any = cls.prox  # pyright: ignore[reportAttributeAccessIssue]
        patch.setattr(cls, "prox", lambda self, v, a: change(right, self, v, a))
        return Subject()

    return plant


def _step_of(name: str, change: Callable[..., torch.Tensor]) -> Plant:
    """Return the plant that puts ``change(right step, ...)`` in the place of another system's layer."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right = getattr(fbscore.network, name)
        patch.setattr(fbscore.network, name, lambda *given: change(right, *given))
        return Subject()

    return plant


def _without_first_slope(right: Any, R: Any, v: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    """Put the opposite of the last slope in the place of the first."""
    slopes = torch.cat([-R.slopes[:, -1:], R.slopes[:, 1:]], 1)
    changed = object.__new__(type(R))
    object.__setattr__(changed, "slopes", slopes)
    return right(changed, v, a)


def _subject(**parts: Callable[..., torch.Tensor]) -> Plant:
    """Return the plant that replaces whole functions of the subject; a ``forward`` is given no samples."""
    return lambda patch: replace(Subject(), takes_samples="forward" not in parts, **parts)


def _states(change: Callable[[torch.Tensor], torch.Tensor]) -> Plant:
    """Return the plant that changes the trajectory after the right recursion."""
    return _subject(forward=lambda problem, controls: change(fbscore.forward(problem, controls)))


def _samples(change: Callable[[Any, Any], tuple[Any, Any]]) -> Plant:
    """Return the plant that runs samples on ``change(problem, controls)``, and other problems as they are."""

    def forward(problem: Any, controls: Any) -> torch.Tensor:
        several = isinstance(problem, fbscore.Samples)
        return fbscore.forward(*change(problem, controls)) if several else fbscore.forward(problem, controls)

    return lambda patch: replace(Subject(), forward=forward)


def _data(**changes: Callable[[torch.Tensor], torch.Tensor]) -> Plant:
    """Return the plant that changes ``f`` or ``u0`` (batch, samples, ...) of samples."""
    return _samples(
        lambda problem, theta: (
            replace(problem, **{k: c(getattr(problem, k)) for k, c in changes.items()}),
            theta,
        )
    )


def _of_the_next(problem: Any, controls: Any) -> tuple[Any, Any]:
    """Every instance gets the controls of the next one."""
    names = [field.name for field in dataclasses.fields(controls)]
    return problem, replace(controls, **{name: getattr(controls, name).roll(-1, 0) for name in names})


def _over_samples(name: str, change: Callable[..., Any]) -> Plant:
    """Return the plant that changes a constant for samples; ``change(right answer)``."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right = getattr(sample_constants, name)
        patch.setattr(sample_constants, name, lambda *given: change(right(*given)))
        return Subject()

    return plant


def _constant(name: str, change: Callable[..., Any]) -> Plant:
    """Return the plant that changes a constant of the judge; ``change(right answer)``."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right = getattr(constants, name)
        patch.setattr(constants, name, lambda *given: change(right(*given)))
        return Subject()

    return plant


def _sequence(name: str, change: Callable[..., Any]) -> Plant:
    """Return the plant that changes a constant for sequences; ``change(right answer)``."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        right = getattr(sequence_constants, name)
        patch.setattr(sequence_constants, name, lambda *given: change(right(*given)))
        return Subject()

    return plant


def _instead(**functions: Callable[..., Any]) -> Plant:
    """Return the plant that replaces functions of the judge's constants."""

    def plant(patch: pytest.MonkeyPatch) -> Subject:
        for name, function in functions.items():
            patch.setattr(constants, name, function)
        return Subject()

    return plant


def _triangle(p: Any, states: torch.Tensor) -> dict[str, Any]:
    K, c, sigma = constants.operators(p)
    before = states[:, :-1]
    drift = p.h * (constants.norm(constants.matvec(K, before)) + constants.norm(c))
    return {"drift": drift, "subgradient": p.h * sigma * constants.minimal_subgradient(p.regularizer, before)}


def _sum_of_increments(p: Any, states: torch.Tensor) -> torch.Tensor:
    terms = constants.increment_bound(p, states)
    return terms["drift"] + terms["subgradient"]


def _controls(**changes: Callable[[torch.Tensor], torch.Tensor]) -> Plant:
    """Return the plant that runs the right recursion on changed controls."""

    def forward(problem: Any, controls: Any) -> torch.Tensor:
        if not isinstance(controls, fbscore.Controls):
            return fbscore.forward(problem, controls)
        changed = {name: change(getattr(controls, name)) for name, change in changes.items()}
        return fbscore.forward(problem, replace(controls, **changed))

    return _subject(forward=forward)


def _stale(problem: Any, controls: Any) -> torch.Tensor:
    """Every layer takes its gradient at the state before the last."""
    if not isinstance(controls, fbscore.Controls):
        return fbscore.forward(problem, controls)
    states = [problem.u0, problem.u0]
    for n in range(controls.N):
        old, now = states[-2], states[-1]
        residual = (problem.A @ old[..., None])[..., 0] - problem.f
        step = controls.h * controls.tau[:, n]
        moved = now - step[:, None] * (controls.W[:, n] @ residual[..., None])[..., 0]
        states.append(problem.regularizer.prox(moved, step * controls.lam[:, n]))
    return torch.stack(states[1:], 1)


def _single(problem: Any, controls: Any) -> torch.Tensor:
    """Everything is computed in float32 and passed off as the dtype asked for."""
    single = torch.float32
    return fbscore.forward(problem.to(single), controls.to(single)).to(problem.dtype)


def _left_values(values: torch.Tensor, cells: int) -> torch.Tensor:
    index = torch.arange(cells) * values.shape[1] // cells
    return values[:, index]


def _interpolated(values: torch.Tensor, cells: int) -> torch.Tensor:
    """Half of every cell is averaged with the next."""
    fine = fbscore.extend(values, cells)
    return (fine + fine.roll(-1, 1)) / 2


def _scaled(terms: dict[str, Any], name: str, factor: float) -> dict[str, Any]:
    return terms | {name: terms[name] * factor}


RESOLVENT, RUN = "test_layer_is_resolvent", "test_deeper_states_continue_the_same_run"
STATE, LAYER = "test_state_bound", "test_state_bound_of_a_layer"
INCREMENT, DISTANCE, H1 = "test_increment_bound", "test_increment_distance", "test_h1_bound"
STABLE, STABLE_LAYER = "test_stability", "test_stability_of_a_layer"
SAMPLE, STATE_OF_SAMPLES = "test_every_sample_runs_on_its_own_data", "test_state_bound_of_samples"
STABLE_SAMPLES = "test_stability_of_samples"
PROX = ("test_modulus_in_values", "test_lipschitz_in_the_weight", "test_energy_form_lower")
#: A weight that is too small still satisfies the moduli; only the energy sees that the point is no minimiser.
ENERGY = ("test_energy_form_lower", "test_energy_form_upper")
LAYERS, MEANS, CAUCHY = (
    "test_distance_to_layers",
    "test_means_decide_distances",
    "test_chosen_members_are_cauchy",
)
GRAPH, GAP, LIMIT = (
    "test_points_of_the_graph_bound_the_excess",
    "test_gap_vanishes",
    "test_limit_is_a_subgradient",
)
KEPT, CLOSED = "test_levels_keep_enough_members", "test_graph_is_closed"
EQUIDISTANT, IN_L2 = "test_rademacher_functions_are_equidistant", "test_converges_in_l2"
BAD_SETS, OFF_SETS = "test_bad_sets_are_small", "test_converges_off_a_small_set"

FAULTS = (
    Fault(
        "step h scaled by 1.0001",
        _step(lambda u, h, *rest: fbs_step(u, 1.0001 * h, *rest)),
        (RESOLVENT, LAYER, STATE, "test_state_bound_without_minimum_at_zero", INCREMENT, STABLE_LAYER),
    ),
    Fault(
        "step h scaled by 0.9999",
        _step(lambda u, h, *rest: fbs_step(u, 0.9999 * h, *rest)),
        (RESOLVENT, LAYER, STABLE_LAYER),
    ),
    Fault("factor h dropped", _step(lambda u, h, *rest: fbs_step(u, 1.0, *rest)), (RESOLVENT, INCREMENT, H1)),
    Fault(
        "sign of the step swapped",
        _step(lambda u, h, A, f, W, *rest: fbs_step(u, h, A, f, -W, *rest)),
        (RESOLVENT, STATE),
    ),
    Fault(
        "τ² for τ",
        _step(lambda u, h, A, f, W, tau, lam, R: fbs_step(u, h, A, f, W * tau[:, None, None], tau, lam, R)),
        (RESOLVENT, LAYER, INCREMENT),
    ),
    Fault(
        "τ missing from the weight of R",
        _step(
            lambda u, h, A, f, W, tau, lam, R: fbs_step(
                u, h, A, f, W * tau[:, None, None], torch.ones_like(tau), lam, R
            )
        ),
        (RESOLVENT, INCREMENT),
    ),
    Fault(
        "weight of R doubled",
        _step(lambda u, h, A, f, W, tau, lam, R: fbs_step(u, h, A, f, W, tau, 2 * lam, R)),
        (RESOLVENT, INCREMENT, DISTANCE, H1),
    ),
    Fault(
        "prox left out",
        _step(lambda u, h, A, f, W, tau, lam, R: fbs_step(u, h, A, f, W, tau, 0 * lam, R)),
        (RESOLVENT, RUN),
    ),
    Fault(
        "prox before the explicit step",
        _step(
            lambda u, h, A, f, W, tau, lam, R: fbs_step(
                R.prox(u, h * tau * lam), h, A, f, W, tau, 0 * lam, R
            ),
        ),
        (RESOLVENT,),
    ),
    Fault(
        "data f dropped",
        _step(lambda u, h, A, f, *rest: fbs_step(u, h, A, 0 * f, *rest)),
        (RESOLVENT, INCREMENT),
    ),
    Fault(
        "transpose of A for W",
        _step(lambda u, h, A, f, W, *rest: fbs_step(u, h, A, f, A.mT, *rest)),
        (RESOLVENT, STATE, STABLE),
    ),
    Fault("W one layer late", _controls(W=lambda W: W.roll(1, 1)), (RESOLVENT, INCREMENT)),
    Fault("τ one layer early", _controls(tau=lambda tau: tau.roll(-1, 1)), (RESOLVENT, INCREMENT)),
    Fault(
        "λ of the first layer everywhere",
        _controls(lam=lambda lam: lam[:, :1].expand_as(lam)),
        (RESOLVENT, INCREMENT),
    ),
    Fault("stale state in the gradient", _subject(forward=_stale), (RESOLVENT, RUN, INCREMENT)),
    Fault(
        "first layer skipped",
        _states(lambda s: torch.cat((s[:, :1], s[:, :1], s[:, 2:]), 1)),
        (RESOLVENT, LAYER),
    ),
    Fault(
        "states returned one late",
        _states(lambda s: torch.cat((s[:, 1:], s[:, -1:]), 1)),
        ("test_starts_at_initial_value",),
    ),
    Fault("float32 passed off as float64", _subject(forward=_single), (RESOLVENT, STATE, STABLE_LAYER)),
    Fault(
        "ℓ₁ threshold scaled by 1.0001",
        _prox(regularizers.L1, lambda right, R, v, a: right(R, v, 1.0001 * a)),
        PROX,
    ),
    Fault(
        "ℓ₁ hard for soft thresholding",
        _prox(regularizers.L1, lambda right, R, v, a: torch.where(v.abs() > a[:, None] * R.weights, v, 0.0)),
        ("test_modulus_in_values", "test_lipschitz_in_the_weight"),
    ),
    Fault(
        "group lasso shrinks entries, not groups",
        _prox(
            regularizers.GroupLasso,
            lambda right, R, v, a: (
                torch.sign(v) * torch.relu(v.abs() - a[:, None] * R.weights[:, list(R.groups)])
            ),
        ),
        (RESOLVENT, "test_energy_form_lower"),
    ),
    Fault(
        "ℓ₂ weight scaled by 0.9999",
        _prox(regularizers.L2, lambda right, R, v, a: right(R, v, 0.9999 * a)),
        ENERGY,
    ),
    Fault(
        "ℓ_∞ level at half the weight",
        _prox(regularizers.LInf, lambda right, R, v, a: right(R, v, a / 2)),
        ENERGY,
    ),
    Fault(
        "½‖u‖² without the identity",
        _prox(regularizers.HalfSquaredNorm, lambda right, R, v, a: v / (1 + 2 * a)[:, None]),
        PROX,
    ),
    Fault(
        "quadratic at half the weight",
        _prox(regularizers.Quadratic, lambda right, R, v, a: right(R, v, a / 2)),
        ENERGY,
    ),
    Fault(
        "prox stretched by 1.0001",
        _subject(prox=lambda R, v, a: 1.0001 * R.prox(v, a)),
        ("test_bound", "test_bound_without_minimum_at_zero", "test_energy_form_lower"),
    ),
    Fault(
        "cell means replaced by samples",
        _subject(project=_left_values),
        ("test_projection_is_the_cell_mean", "test_projection_error", LAYERS, MEANS, CAUCHY),
    ),
    Fault(
        "cell means scaled by 1.0001",
        _subject(project=lambda values, cells: 1.0001 * fbscore.project(values, cells)),
        ("test_projection_is_bounded", "test_projection_inverts_extension"),
    ),
    Fault(
        "extension one cell late",
        _subject(extend=lambda values, cells: fbscore.extend(values, cells).roll(1, 1)),
        ("test_projection_inverts_extension", "test_projection_error", "test_converges_uniformly"),
    ),
    Fault(
        "time reversed in the extension",
        _subject(extend=lambda values, cells: fbscore.extend(values, cells).flip(1)),
        ("test_projection_inverts_extension", "test_projection_error"),
    ),
    Fault(
        "data term of the bound 2 % too large",
        _constant("state_bound_step", lambda t: _scaled(t, "data", 1.02)),
        (LAYER,),
        "loose",
    ),
    Fault(
        "initial term 2 % too large",
        _constant("stability_step", lambda t: _scaled(t, "initial", 1.02)),
        (STABLE_LAYER,),
        "loose",
    ),
    Fault(
        "weight term 2 % too large",
        _constant("stability_increments", lambda t: _scaled(t, "weight", 1.02)),
        (STABLE,),
        "loose",
    ),
    Fault(
        "modulus √2 too large",
        _constant("modulus", lambda value: value * 2**0.5),
        ("test_projection_error",),
        "loose",
    ),
    Fault(
        "modulus 2 % too small", _constant("modulus", lambda value: value * 0.98), ("test_projection_error",)
    ),
    Fault(
        "modulus 2 % too large",
        _constant("modulus", lambda value: value * 1.02),
        ("test_modulus_of_the_family",),
    ),
    Fault(
        "step factor 0.01 % too small",
        _constant("step_factors", lambda rho: 0.9999 * rho),
        (LAYER, STABLE_LAYER),
    ),
    Fault(
        "ρ in the Frobenius norm", _instead(spectral_norm=constants.frobenius), (LAYER, STABLE_LAYER), "loose"
    ),
    Fault(
        "ρ by the triangle inequality",
        _instead(step_factors=lambda K, h: 1 + h * constants.spectral_norm(K)),
        (LAYER, STATE, STABLE_LAYER, STABLE),
        "loose",
    ),
    Fault("drift by the triangle inequality", _instead(increment_bound=_triangle), (INCREMENT,), "loose"),
    Fault(
        "distance by the triangle inequality",
        _instead(increment_distance=_sum_of_increments),
        (DISTANCE,),
        "loose",
    ),
    Fault("C0 doubled", _constant("growth", lambda found: (2 * found[0], found[1])), (H1,), "loose"),
    Fault("C1 doubled", _constant("growth", lambda found: (found[0], 2 * found[1])), (H1,), "loose"),
    Fault(
        "W¹ of LISTA one layer late",
        _step_of(
            "lista_step", lambda right, u, h, f, W1, W2, lam, R: right(u, h, f, W1.roll(1, 0), W2, lam, R)
        ),
        (RESOLVENT,),
    ),
    Fault(
        "sign of W² in LISTA",
        _step_of("lista_step", lambda right, u, h, f, W1, W2, lam, R: right(u, h, f, W1, -W2, lam, R)),
        (RESOLVENT, LAYER, STABLE_LAYER),
    ),
    Fault(
        "LISTA step scaled by 1.0001",
        _step_of("lista_step", lambda right, u, h, *rest: right(u, 1.0001 * h, *rest)),
        (RESOLVENT, LAYER, INCREMENT, STABLE_LAYER),
    ),
    Fault(
        "ALISTA with the weight of FBS",
        _step_of(
            "alista_step",
            lambda right, u, h, A, f, W, tau, lam, R: right(u, h, A, f, W, tau, tau * lam, R),
        ),
        (RESOLVENT,),
    ),
    Fault(
        "ALISTA step scaled by 1.0001",
        _step_of("alista_step", lambda right, u, h, *rest: right(u, 1.0001 * h, *rest)),
        (RESOLVENT, LAYER, INCREMENT, STABLE_LAYER),
    ),
    Fault(
        "D for its transpose",
        _prox(
            regularizers.Rotated,
            lambda right, R, v, a: right(dataclasses.replace(R, D=R.D.mT.contiguous()), v, a),
        ),
        ENERGY,
    ),
    Fault(
        "Huber at half the width",
        _prox(
            regularizers.Huber, lambda right, R, v, a: right(dataclasses.replace(R, width=R.width / 2), v, a)
        ),
        ENERGY[:1],
    ),
    Fault(
        "elastic net without the ridge",
        _prox(
            regularizers.ElasticNet,
            lambda right, R, v, a: right(dataclasses.replace(R, ridge=0 * R.ridge), v, a),
        ),
        ENERGY,
    ),
    Fault(
        "total variation scaled by 0.9999",
        _prox(regularizers.TotalVariation, lambda right, R, v, a: right(R, v, 0.9999 * a)),
        ENERGY,
    ),
    Fault("max-affine loses its first slope", _prox(regularizers.MaxAffine, _without_first_slope), ENERGY),
    Fault(
        "nuclear norm of the transpose shape",
        _prox(
            regularizers.Nuclear,
            lambda right, R, v, a: right(dataclasses.replace(R, rows=R.columns, columns=R.rows), v, a),
        ),
        ENERGY,
    ),
    Fault(
        "drift term dropped",
        _constant("stability_increments", lambda t: _scaled(t, "drift", 0.0)),
        (STABLE_LAYER, STABLE),
    ),
    Fault(
        "extension scaled by 1.0001",
        _subject(extend=lambda values, cells: 1.0001 * fbscore.extend(values, cells)),
        (
            *("test_projection_inverts_extension", EQUIDISTANT, IN_L2),
            *("test_stays_apart_in_the_supremum_norm", "test_family_is_equicontinuous"),
        ),
    ),
    Fault(
        "extension interpolates",
        _subject(extend=_interpolated),
        ("test_projection_inverts_extension", LAYERS, EQUIDISTANT, IN_L2),
    ),
    Fault(
        "cell means scaled by 0.9999",
        _subject(project=lambda values, cells: 0.9999 * fbscore.project(values, cells)),
        ("test_projection_inverts_extension", LAYERS, MEANS),
    ),
    Fault(
        "every mean is that of the first cell",
        _subject(project=lambda values, cells: fbscore.project(values, cells)[:, :1].expand(-1, cells, -1)),
        ("test_projection_is_the_cell_mean", LAYERS, MEANS),
    ),
    Fault(
        "prox shortened by 0.9999",
        _subject(prox=lambda R, v, a: 0.9999 * R.prox(v, a)),
        (GRAPH, "test_gap_is_nonnegative", GAP),
    ),
    Fault(
        "ℓ₁ left unthresholded",
        _prox(regularizers.L1, lambda right, R, v, a: v),
        (RESOLVENT, GRAPH, "test_gap_is_nonnegative"),
    ),
    Fault(
        "distance to the layers 2 % too small", _sequence("family_distance", lambda x: 0.98 * x), (LAYERS,)
    ),
    Fault(
        "distance to the layers 2 % too large",
        _sequence("family_distance", lambda x: 1.02 * x),
        (LAYERS,),
        "loose",
    ),
    Fault("variation 2 % too small", _sequence("variation_square", lambda x: 0.98 * x), (MEANS,)),
    Fault("variation 2 % too large", _sequence("variation_square", lambda x: 1.02 * x), (MEANS,), "loose"),
    Fault("boxes 2 % too small", _sequence("mesh_square", lambda x: 0.98 * x), (CAUCHY,)),
    Fault("boxes 2 % too large", _sequence("mesh_square", lambda x: 1.02 * x), (CAUCHY,), "loose"),
    Fault(
        "all members kept",
        _sequence("kept_members", lambda levels: [torch.ones_like(mask) for mask in levels]),
        (CAUCHY,),
    ),
    Fault(
        "half of the members kept",
        _sequence("kept_members", lambda levels: [mask & (mask.cumsum(1) % 2 == 0) for mask in levels]),
        (KEPT,),
    ),
    Fault("boxes counted twice", _sequence("boxes", lambda n: [2 * x for x in n]), (KEPT,), "loose"),
    Fault("Bregman gap dropped", _sequence("graph_error", lambda t: _scaled(t, "gap", 0.0)), (GRAPH,)),
    Fault("tilt of p dropped", _sequence("graph_error", lambda t: _scaled(t, "tilt", 0.0)), (GRAPH,)),
    Fault(
        "tilt 2 % too large", _sequence("graph_error", lambda t: _scaled(t, "tilt", 1.02)), (GRAPH,), "loose"
    ),
    Fault("bound on the gap halved", _sequence("gap_bound", lambda x: x / 2), (GAP,)),
    Fault("bound on the gap 2 % too large", _sequence("gap_bound", lambda x: 1.02 * x), (GAP,), "loose"),
    Fault(
        "rate of the points halved", _sequence("limit_bound", lambda t: _scaled(t, "points", 0.5)), (LIMIT,)
    ),
    Fault(
        "rate of the subgradients 2 % too small",
        _sequence("limit_bound", lambda t: _scaled(t, "subgradients", 0.98)),
        (LIMIT,),
    ),
    Fault("limits outside and inside swapped", _sequence("outside_value", lambda x: 1 - x), (CLOSED,)),
    Fault("near taken for far", _sequence("far", lambda x: 1 - x), (BAD_SETS, OFF_SETS)),
    Fault("tail 2 % too small", _sequence("tail", lambda x: 0.98 * x), (OFF_SETS,)),
    Fault("tail 2 % too large", _sequence("tail", lambda x: 1.02 * x), (OFF_SETS,), "loose"),
    Fault(
        "supremum norm 0.01 % too small",
        _sequence("uniform_distances", lambda x: 0.9999 * x),
        ("test_stays_apart_in_the_supremum_norm",),
    ),
    Fault(
        "samples share the first one's data",
        _data(f=lambda f: f[:, :1].expand_as(f)),
        (SAMPLE, STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
    Fault(
        "data averaged over the samples", _data(f=lambda f: f.mean(1, keepdim=True).expand_as(f)), (SAMPLE,)
    ),
    Fault("initial values of the samples reversed", _data(u0=lambda u0: u0.flip(1)), (SAMPLE,)),
    Fault(
        "samples share the first one's initial value",
        _data(u0=lambda u0: u0[:, :1].expand_as(u0)),
        (SAMPLE, STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
    Fault(
        "samples run under the controls of the next instance",
        _samples(_of_the_next),
        (SAMPLE, STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
    Fault(
        "data averaged over the batch",
        _data(f=lambda f: f.mean(0, keepdim=True).expand_as(f)),
        (SAMPLE, STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
    Fault(
        "mean square without the root",
        _over_samples("rms", lambda x: x * x),
        (STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
    Fault(
        "step factors of samples 0.01 % too small",
        _over_samples("step_factors", lambda rho: 0.9999 * rho),
        (STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
    Fault(
        "data term of samples 2 % too large",
        _over_samples("state_bound", lambda t: _scaled(t, "data", 1.02)),
        (STATE_OF_SAMPLES,),
        "loose",
    ),
    Fault(
        "initial term of samples 2 % too large",
        _over_samples("stability", lambda t: _scaled(t, "initial", 1.02)),
        (STABLE_SAMPLES,),
        "loose",
    ),
    Fault(
        "weight term of samples dropped",
        _over_samples("stability", lambda t: _scaled(t, "weight", 0.0)),
        (STABLE_SAMPLES,),
    ),
    Fault(
        "drift term of samples 2 % too large",
        _over_samples("stability", lambda t: _scaled(t, "drift", 1.02)),
        (STABLE_SAMPLES,),
        "loose",
    ),
    Fault(
        "step of several samples scaled by 1.0001",
        _step(lambda u, h, *rest: fbs_step(u, 1.0001 * h if u.ndim > 2 else h, *rest)),
        (SAMPLE, STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
)


def judge(check: Check, subject: Subject, seed: int = 1) -> Outcome:
    """Carry out the sampled route of a check in ``quick`` against a subject."""
    run = FloatRun(subject, torch.device("cpu"), torch.float64)
    return run_route(Route(check, "sampled", run, PROFILES["quick"], seed, lambda *record, **fields: None))


def verdicts(fault: Fault, checks: list[Check], seed: int = 1) -> dict[str, Outcome]:
    """Plant a fault, carry out the checks, take the fault out again."""
    with pytest.MonkeyPatch.context() as patch:
        subject = fault.plant(patch)
        return {check.name: judge(check, subject, seed) for check in checks}


def main() -> int:
    """Print fault → checks that caught it; return 1 if a fault survived."""
    checks = [check for check in catalogue.checks() if check.kind == "claim"]
    survived = 0
    for fault in FAULTS:
        caught = [name for name, outcome in verdicts(fault, checks).items() if outcome.verdict != "holds"]
        missed = [name for name in fault.caught_by if name not in caught]
        survived += bool(missed or not caught)
        print(
            f"{fault.name}: caught by {', '.join(caught) or 'NOBODY'}"
            + (f"; MISSED BY {', '.join(missed)}" if missed else "")
        )
    print(f"{len(FAULTS)} faults, {survived} not caught as promised")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
