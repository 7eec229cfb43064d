"""Faults in the modulus of the certificate, which no state enters, and in the stability of the limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fbscore
from claims import depth_constants, limit_constants, limit_margins, limit_pair_constants
from claims.kit.arithmetic import spectral_norm
from tests.faults.checks import CONVERGE, LIMIT_STABLE, MODULUS, SOLVER_STABLE, VANISHES
from tests.faults.limits import changed_solution
from tests.faults.plants import Fault, Plant, changed_constant, changed_states, scaled, with_functions


def modulus(name: str, factor: float) -> Plant:
    """Return the plant that scales a term of the modulus of (4.7)."""
    return changed_constant(depth_constants, "accumulated", lambda t: scaled(t, name, factor))


def rates(*factors: float) -> Plant:
    """Return the plant that scales A and B."""
    return changed_constant(
        depth_constants, "rates", lambda found: tuple(f * x for f, x in zip(factors, found, strict=True))
    )


def stability(name: str, factor: float) -> Plant:
    """Return the plant that scales a term of (4.5) for the limit."""
    return changed_constant(
        limit_pair_constants, "stability", lambda found: (scaled(found[0], name, factor), found[1])
    )


def carried_by(exponents: Callable[[Any], Any]) -> Plant:
    """Return the plant that carries distances between limits on by other exponents than the right hκ̃."""
    return with_functions(limit_pair_constants, exponents=exponents)


def _spectral(pair: Any) -> Any:
    K = limit_pair_constants.operators(pair.second)[0]
    return pair.second.h * spectral_norm(K)


def _shorter(found: tuple[dict[str, Any], Any]) -> tuple[dict[str, Any], Any]:
    return {name: 0.98 * term for name, term in found[0].items()}, found[1]


_shrunk = changed_constant(limit_pair_constants, "stability", _shorter)

STABILITY = (
    # The modulus of the certificate
    Fault("gap of the modulus 2 % too small", modulus("gap", 0.98), (MODULUS,)),
    Fault("gap of the modulus 2 % too large", modulus("gap", 1.02), (MODULUS,), "loose"),
    Fault("drift of the modulus 2 % too small", modulus("drift", 0.98), (MODULUS, CONVERGE)),
    Fault("drift of the modulus 2 % too large", modulus("drift", 1.02), (MODULUS, CONVERGE), "loose"),
    Fault(
        "modulus without the step h",
        changed_constant(depth_constants, "_cells", lambda c: c._replace(h=0 * c.h + 1.0)),
        (MODULUS, CONVERGE),
        "loose",
    ),
    Fault(
        "modulus of one layer more",
        changed_constant(depth_constants, "_cells", lambda c: c._replace(h=c.h / (1 + c.h))),
        (MODULUS, CONVERGE),
    ),
    Fault(
        "C0 of the modulus halved",
        changed_constant(depth_constants, "growth", lambda found: (found[0] / 2, found[1])),
        (MODULUS, VANISHES),
    ),
    Fault(
        "states of the modulus as large as u0",
        changed_constant(depth_constants, "state_sizes", lambda sizes: sizes[:, :1] + 0 * sizes),
        (MODULUS, CONVERGE),
    ),
    Fault("A two per cent too small", rates(0.98, 1.0), (VANISHES,)),
    Fault("A two per cent too large", rates(1.02, 1.0), (VANISHES,), "loose"),
    Fault("B two per cent too small", rates(1.0, 0.98), (VANISHES,)),
    Fault("B two per cent too large", rates(1.0, 1.02), (VANISHES,), "loose"),
    Fault("Ah for A√h", with_functions(limit_margins, sqrt=lambda x: x), (VANISHES,)),
    Fault("states one per cent too small", changed_states(lambda u: 0.99 * u), (CONVERGE,)),
    # Stability of the limit
    Fault(
        "κ of the first system",
        carried_by(lambda pair: limit_constants.exponents(pair.first)),
        (LIMIT_STABLE,),
    ),
    Fault(
        "distances of limits not carried on", carried_by(lambda pair: 0 * pair.second.lam), (LIMIT_STABLE,)
    ),
    Fault("spectral norm for the logarithmic one", carried_by(_spectral), (LIMIT_STABLE,), "loose"),
    *(
        Fault(f"{name} between limits 2 % too {size}", stability(name, factor), (LIMIT_STABLE,), verdict)
        for name in ("initial", "drift", "weight")
        for size, factor, verdict in (("small", 0.98, "refuted"), ("large", 1.02, "loose"))
    ),
    Fault("σ − σ̃ between limits dropped", stability("weight", 0.0), (LIMIT_STABLE,)),
    Fault(
        "solutions two per cent too large",
        changed_solution(lambda e: fbscore.Enclosure(1.02 * e.value, e.radius)),
        (SOLVER_STABLE,),
    ),
    Fault("bound between solutions 2 % too small", _shrunk, (SOLVER_STABLE,)),
)
