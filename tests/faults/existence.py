"""Faults in the claims of existence: moduli of objectives, sets of controls, nets, bounds of all depths."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from claims import (
    admissible_constants,
    compact_constants,
    compact_margins,
    constants,
    convergence_constants,
    existence_constants,
    existence_margins,
    learning_constants,
    limit_constants,
    limit_pair_constants,
)
from claims.kit.instances import NetworkPair
from claims.kit.subject import Subject
from fbscore.learning import admissible, losses
from tests.faults.checks import (
    ALL_DEPTHS,
    COVERED,
    J_CONTINUOUS,
    J_LOWER,
    LEAST_VALUES,
    LIMIT_CONTINUOUS,
    LIMIT_LOWER,
    STRONGLY,
)
from tests.faults.objectives import changed_loss, changed_norms, changed_set
from tests.faults.plants import Fault, Plant, changed_constant, scaled, with_functions

_judged = partial(changed_constant, existence_constants)
_loss = partial(changed_constant, learning_constants)

ALL = (J_CONTINUOUS, J_LOWER, COVERED)
LIMITS = (LIMIT_CONTINUOUS, LIMIT_LOWER)


def _of_the_first(pair: NetworkPair, states: Any, uncertainty: Any) -> Any:
    """(4.5) with the factors of the first system in the place of those of the second."""
    factors = constants.step_factors(constants.operators(pair.first)[0], pair.first.h)
    terms = constants.stability_increments(pair, states, uncertainty)
    grown = constants.accumulate(factors, 0 * factors[:, 0], terms["drift"] + terms["weight"])
    return grown[:, -1]


def without_penalties(patch: pytest.MonkeyPatch) -> Subject:
    """Forget what a change of the norms does to the penalties."""
    right = existence_margins.bound

    def bound(*given: Any) -> Any:
        found = right(*given)
        return found._replace(terms=scaled(found.terms, "penalty", 0.0))

    patch.setattr(existence_margins, "bound", bound)
    return Subject()


def _below(right: Any, box: Any, values: Any) -> Any:
    return (values <= box.upper).flatten(1).all(1)


def without_penalties_of_limits(patch: pytest.MonkeyPatch) -> Subject:
    """Forget what a change of the norms does to the penalties."""
    right = compact_margins.change

    def change(*given: Any) -> Any:
        found = right(*given)
        return found._replace(terms=scaled(found.terms, "penalty", 0.0))

    patch.setattr(compact_margins, "change", change)
    return Subject()


def speed_times_root_of_depth(patch: pytest.MonkeyPatch) -> Subject:
    """Measure Σ‖u_{n+1} − u_n‖²/h² in the place of its mean."""
    right = compact_margins.h1_seminorm
    patch.setattr(compact_margins, "h1_seminorm", lambda p, u: right(p, u) * float(p.depth) ** 0.5)
    return Subject()


def rates_of_compactness(name: str, factor: float) -> Plant:
    """Return the plant that scales a term of ‖θ^k − θ‖² ≤ δ(k(high − low) + 2V)."""
    return changed_constant(compact_constants, "strong_rates", lambda terms: scaled(terms, name, factor))


def _of_the_other(pair: NetworkPair) -> Any:
    return limit_constants.exponents(pair.first)


EXISTENCE = (
    Fault("difference of the penalties forgotten", without_penalties, ALL),
    Fault(
        "factors of the first network in the modulus",
        with_functions(existence_constants, deviation=_of_the_first),
        (J_CONTINUOUS,),
    ),
    Fault(
        "deviation of the last states 2 % too small",
        _judged("deviation", lambda x: 0.98 * x),
        (J_CONTINUOUS,),
    ),
    Fault(
        "deviation of the last states 2 % too large",
        _judged("deviation", lambda x: 1.02 * x),
        (J_CONTINUOUS,),
        "loose",
    ),
    Fault("modulus of the losses 2 % too small", _loss("rise", lambda x: 0.98 * x), ALL),
    Fault("modulus of the losses 2 % too large", _loss("rise", lambda x: 1.02 * x), ALL, "loose"),
    Fault("modulus of the penalties 2 % too small", _loss("penalty_rise", lambda x: 0.98 * x), ALL),
    Fault("modulus of the penalties 2 % too large", _loss("penalty_rise", lambda x: 1.02 * x), ALL, "loose"),
    Fault(
        "declared deviation 2 % too small",
        _judged("declared_deviation", lambda x: 0.98 * x),
        (J_LOWER, COVERED),
    ),
    Fault("nothing is stretched", _judged("stretch", lambda x: 0 * x + 1), (J_LOWER,)),
    Fault(
        "subgradients of the weights forgotten",
        changed_constant(convergence_constants, "reach", lambda x: x._replace(subgradient=0 * x.subgradient)),
        (J_LOWER,),
    ),
    Fault(
        "weights left out of (4.5)",
        changed_constant(constants, "used_subgradient", lambda x: 0 * x),
        (J_CONTINUOUS,),
    ),
    Fault("half of the radius of a net", _judged("covering", lambda x: x / 2), (COVERED,)),
    Fault(
        "ends left out of closed sets by the judge",
        changed_constant(admissible_constants, "belonging", lambda x: 0 * x),
        (J_LOWER,),
    ),
    Fault("lower ends of boxes ignored", changed_set(admissible.Box, _below), (J_LOWER,)),
    Fault(
        "variation of admissible controls not asked for",
        changed_set(admissible.TotalVariation, lambda right, self, values: self.box.contains(values)),
        (J_LOWER,),
    ),
    Fault(
        "losses above 1/8 are 1 % too large",
        changed_loss(losses.Power, lambda self, x: x * (1 + 0.01 * (x > 0.125))),
        (J_CONTINUOUS, COVERED),
    ),
    Fault("penalties of the limit forgotten", without_penalties_of_limits, LIMITS),
    Fault("modulus of the losses of limits 2 % too small", _loss("rise", lambda x: 0.98 * x), LIMITS),
    Fault(
        "modulus of the losses of limits 2 % too large", _loss("rise", lambda x: 1.02 * x), LIMITS, "loose"
    ),
    Fault(
        "modulus of the penalties of limits 2 % too small", _loss("penalty_rise", lambda x: 0.98 * x), LIMITS
    ),
    Fault(
        "modulus of the penalties of limits 2 % too large",
        _loss("penalty_rise", lambda x: 1.02 * x),
        LIMITS,
        "loose",
    ),
    Fault(
        "κ of the first limit",
        with_functions(limit_pair_constants, exponents=_of_the_other),
        (LIMIT_CONTINUOUS,),
    ),
    Fault("variation forgotten in weak convergence", rates_of_compactness("variation", 0.0), (STRONGLY,)),
    Fault("width of the boxes forgotten", rates_of_compactness("values", 0.0), (STRONGLY, LIMIT_LOWER)),
    Fault("width of the boxes 2 % too large", rates_of_compactness("values", 1.02), (STRONGLY,), "loose"),
    Fault(
        "primitives in the place of controls",
        changed_constant(compact_constants, "weak_distances", lambda x: x / 4),
        (STRONGLY, LIMIT_LOWER),
    ),
    Fault(
        "ends left out of closed sets of functions",
        changed_constant(admissible_constants, "belonging", lambda x: 0 * x),
        (LIMIT_LOWER,),
    ),
    Fault("speed times the root of the depth", speed_times_root_of_depth, (ALL_DEPTHS,)),
    Fault(
        "speeds of all depths 2 % too large",
        changed_constant(compact_constants, "speeds", lambda terms: {k: 1.02 * x for k, x in terms.items()}),
        (ALL_DEPTHS,),
        "loose",
    ),
    Fault(
        "subgradients left out of the speeds",
        changed_constant(compact_constants, "speeds", lambda terms: scaled(terms, "subgradient", 0.0)),
        (ALL_DEPTHS,),
    ),
    Fault("a quarter of the modulus of the losses", _loss("rise", lambda x: x / 4), (LEAST_VALUES,)),
    Fault(
        "norms of the controls of every depth without 1/N",
        changed_norms(lambda theta, s: s * theta.N**0.5),
        (LEAST_VALUES,),
    ),
)
