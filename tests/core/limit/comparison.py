"""`fbscore.limit` against the event-driven oracle: true errors beside certified radii.

A `Case` is a batch of systems with their exact solutions. Every function of one returns the true error, the
radius that the core certifies and the oracle's own radius, each (B,); an enclosure is refuted where the error
exceeds the sum of both.
"""

import importlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from claims.oracle import event_driven
from claims.oracle.flow import Flow, Stuck
from tests.core.limit.draws import AnyControls, Raw, extended, projected

__all__ = [
    "Case",
    "Measured",
    "case",
    "composite",
    "events",
    "final",
    "network",
    "served_by_events",
    "shallow",
    "solved",
    "uniform",
]

# By module: the package exports functions of the same names, and a test may replace these.
certificate = importlib.import_module("fbscore.limit.network_certificate")
distance = importlib.import_module("fbscore.limit.control_error")
by_events = importlib.import_module("fbscore.limit.event_steps")
solver = importlib.import_module("fbscore.limit.solve")

SAMPLES = 4  # times in each layer at which the interpolant is judged
TIMES = np.linspace(0.0, 1.0, 257)


class Measured(NamedTuple):
    """One number an instance."""

    error: np.ndarray
    radius: np.ndarray
    exact: np.ndarray  # radius of the oracle

    @property
    def ratio(self) -> np.ndarray:
        """Of the error to what is admitted: 0 for no error and where nothing is known, infinite for NaN."""
        error, allowed = self.error, self.radius + self.exact
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where((error == 0) | np.isinf(allowed), 0.0, error / allowed)
        return np.where(np.isnan(error + allowed), np.inf, ratio)

    @property
    def violated(self) -> np.ndarray:
        return self.ratio > 1.0


@dataclass(frozen=True)
class Case:
    """Systems and their solutions, and other controls for the same problems: the means unless given."""

    raw: Raw
    flows: tuple[Flow, ...]
    coarse: Raw
    coarse_flows: tuple[Flow, ...]
    averaged: bool
    refused: int

    def first(self) -> AnyControls:
        """The coarse controls, means by the core's own projection."""
        if self.averaged:
            return projected(self.raw.core_controls(), self.coarse.cells)
        return self.coarse.core_controls()


def case(raw: Raw, other: int | Raw) -> Case:
    """Solve a batch with the oracle, and the means over `other` cells, or the controls of `other`.

    What the oracle refuses is left out.
    """
    coarse = raw.means(other) if isinstance(other, int) else other
    rows, flows, coarse_flows = list[int](), list[Flow](), list[Flow]()
    for i, (system, other_system) in enumerate(zip(raw.systems(), coarse.systems(), strict=True)):
        try:
            fine = event_driven.flow(*system)
            mean = fine if coarse is raw else event_driven.flow(*other_system)
        except Stuck:
            continue
        rows.append(i)
        flows.append(fine)
        coarse_flows.append(mean)
    found = (raw.take(rows), tuple(flows), coarse.take(rows), tuple(coarse_flows))
    return Case(*found, isinstance(other, int), raw.batch - len(rows))


def network(one: Case, factor: int) -> tuple[Measured, Measured]:
    """4.7 at t = 1, and at the t_n where the ratio is largest, with so many layers a cell."""
    controls = extended(one.raw.core_controls(), one.raw.cells * factor)
    found = certificate.network_certificate(one.raw.problem(), controls)
    t = np.arange(controls.N + 1) / controls.N
    errors = np.array([_apart(u, flow.at(t)) for u, flow in zip(found.value.numpy(), one.flows, strict=True)])
    radii, exact = found.radius.numpy(), _radii(one.flows)
    everywhere = Measured(errors[:, 1:], radii[:, 1:], exact[:, None])
    at = (np.arange(len(errors)), 1 + everywhere.ratio.argmax(axis=1))
    return Measured(errors[:, -1], radii[:, -1], exact), Measured(errors[at], radii[at], exact)


def uniform(one: Case, factor: int) -> Measured:
    """4.7 for all times: the interpolant within each layer, and where the solution has events."""
    controls = extended(one.raw.core_controls(), one.raw.cells * factor)
    found = certificate.uniform_certificate(one.raw.problem(), controls)
    errors = [_farthest(u, flow) for u, flow in zip(found.value.numpy(), one.flows, strict=True)]
    return Measured(np.array(errors), found.radius.numpy(), _radii(one.flows))


def final(one: Case, factor: int) -> Measured:
    """4.7 at t = 1 by the route that `refine` takes."""
    found = certificate.final_enclosure(one.raw.problem(), one.raw.core_controls(), factor)
    return _at_the_end(found, one)


def shallow(one: Case, factor: int) -> dict[str, Measured]:
    """4.8, between the limits of the coarse controls, P theta, and of theta; 4.7 for the network of P theta.

    "control error" and "factored": the bounds of 4.8; "projected": 4.7 for the network of P theta, extended
    to `factor` layers a cell, judged by the oracle's own means; "composite": 4.7 + 4.8 between that network
    and the limit of theta.
    """
    problem, theta = one.raw.problem(), one.raw.core_controls()
    mean = one.first()
    reached = certificate.uniform_certificate(problem, extended(mean, mean.N * factor))
    bound = distance.control_error(problem, mean, theta, reached)
    apart = np.array([_limits_apart(a, b) for a, b in zip(one.coarse_flows, one.flows, strict=True)])
    u = reached.value.numpy()
    own = np.array([_farthest(x, flow) for x, flow in zip(u, one.coarse_flows, strict=True)])
    other = np.array([_farthest(x, flow) for x, flow in zip(u, one.flows, strict=True)])
    both = _radii(one.flows) + _radii(one.coarse_flows)
    whole = (reached.radius + bound.bound).numpy()
    return {
        "control error": Measured(apart, bound.bound.numpy(), both),
        "factored": Measured(apart, bound.factored.numpy(), both),
        "projected": Measured(own, reached.radius.numpy(), _radii(one.coarse_flows)),
        "composite": Measured(other, whole, _radii(one.flows)),
    }


def composite(one: Case, N: int) -> Measured:
    """4.7 + 4.8 between the network of the means over N cells and the limit of theta, for all times."""
    problem, theta = one.raw.problem(), one.raw.core_controls()
    mean = projected(theta, N)
    reached = certificate.uniform_certificate(problem, mean)
    bound = distance.control_error(problem, mean, theta, reached).bound
    errors = [_farthest(u, flow) for u, flow in zip(reached.value.numpy(), one.flows, strict=True)]
    return Measured(np.array(errors), (reached.radius + bound).numpy(), _radii(one.flows))


def events(one: Case) -> Measured:
    """`event_steps`."""
    return _at_the_end(by_events.event_steps(one.raw.problem(), one.raw.core_controls()), one)


def solved(one: Case, radius: float, method: str = "auto", max_layers: int = 2**20) -> Measured:
    """`solve`; the radius is the one that it certifies, not the one requested."""
    found = solver.solve(one.raw.problem(), one.raw.core_controls(), radius, method, max_layers)
    return _at_the_end(found, one)


def served_by_events(one: Case) -> bool:
    return by_events.supports(one.raw.problem().regularizer)


def _at_the_end(found: object, one: Case) -> Measured:
    value, radius = (getattr(found, key) for key in ("value", "radius"))
    assert isinstance(value, torch.Tensor)
    end = np.array([flow.at(1.0) for flow in one.flows])
    return Measured(_apart(value.numpy(), end), radius.numpy(), _radii(one.flows))


def _radii(flows: tuple[Flow, ...]) -> np.ndarray:
    return np.array([flow.radius for flow in flows])


def _apart(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.linalg.norm(u - v, axis=-1)


def _farthest(states: np.ndarray, flow: Flow) -> float:
    """The largest error of the interpolant of states (N+1, d)."""
    N = len(states) - 1
    t = np.unique(np.concatenate([np.arange(SAMPLES * N + 1) / (SAMPLES * N), flow.times]))
    n = np.minimum((t * N).astype(int), N - 1)
    s = (t * N - n)[:, None]
    return float(_apart((1 - s) * states[n] + s * states[n + 1], flow.at(t)).max())


def _limits_apart(a: Flow, b: Flow) -> float:
    t = np.unique(np.concatenate([TIMES, a.times, b.times]))
    return float(_apart(a.at(t), b.at(t)).max())
