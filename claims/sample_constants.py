r"""Constants of multi-sample problems: the terms of (4.3) and (4.5) in the mean square over the samples.

With one θ for all samples the factors ρ_n and the weights σ_n are common, and Minkowski's inequality carries
each bound over from the samples to their root mean square, rms_i x_i = (mean_i x_i²)^{1/2}, term by term.
As in `claims.constants`, everything works on float64 tensors and in ball arithmetic, and nothing comes from
`fbscore`.

Shapes: states (batch, samples, N+1, d).  Terms of a bound are returned by name; the bound is their sum.
"""

from __future__ import annotations

from claims import constants, magnitudes
from claims.constants import Terms
from claims.kit.arithmetic import Array, accumulate, maximum, norm, sqrt
from claims.kit.sample_instances import Samples, SamplesPair, joined


def rms(x: Array) -> Array:
    """Return the root mean square over the samples, (batch, …) of x (batch, samples, …)."""
    return sqrt((x * x).sum(1) / x.shape[1])


def operations(p: Samples) -> int:
    """Return the length of the chain of operations behind a mean square, for the rounding model."""
    return magnitudes.operations(p.network) + p.samples


def flat(states: Array) -> Array:
    """Return the states (batch, samples, N+1, d) as those of `Samples.each`, (batch · samples, N+1, d)."""
    return states.reshape(states.shape[0] * states.shape[1], *states.shape[2:])


def step_factors(p: Samples) -> Array:
    """Return ρ_n = ‖I − hK_n‖₂ (batch, N), the same for all samples."""
    return constants.step_factors(constants.operators(p.network)[0], p.h)


def runs(p: Samples) -> Array:
    """Return the trajectories (batch, samples, N+1, d) of the oracle's own recursion, sample by sample."""
    return joined(p.u0, p.grouped(constants.resolvent_run(p.each)))


def step_magnitude(p: Samples, states: Array) -> Array:
    """Return the sum of norms behind each step (batch, samples, N), for the rounding model."""
    return p.grouped(magnitudes.step_magnitude(p.each, flat(states)))


def run_magnitude(p: Samples, states: Array) -> Array:
    """Return the magnitude of the first n steps carried on by the later ones, (batch, samples, N+1)."""
    steps = step_magnitude(p, states).swapaxes(1, 2)
    return accumulate(step_factors(p)[..., None], norm(p.u0), steps).swapaxes(1, 2)


def state_bound(p: Samples) -> Terms:
    """Return the terms of (4.3) in the mean square, a bound on rms_i ‖uⁱ_n‖, n = 1 … N, each (batch, N)."""
    rho, start = step_factors(p), rms(norm(p.u0))
    data = p.h * rms(p.grouped(norm(constants.operators(p.each)[1])))
    return {
        "initial": accumulate(rho, start, 0 * rho)[:, 1:],
        "data": accumulate(rho, 0 * start, data)[:, 1:],
    }


def state_magnitude(p: Samples, states: Array) -> Array:
    """Return the magnitude behind rms_i ‖uⁱ_n‖, n = 1 … N, (batch, N)."""
    return accumulate(step_factors(p), rms(norm(p.u0)), rms(step_magnitude(p, states)))[:, 1:]


def stability(pair: SamplesPair, u: Array, uncertainty: Array) -> Terms:
    """Return the terms of (4.5) in the mean square, bounds on rms_i ‖uⁱ_n − vⁱ_n‖, n = 1 … N, (batch, N).

    ``u`` are the states of the first system; ``uncertainty`` (batch, samples, N) is the round-off of its
    steps.
    """
    factors, start = step_factors(pair.second), rms(norm(pair.first.u0 - pair.second.u0))
    increments = constants.stability_increments(pair.each, flat(u), flat(uncertainty))
    grown = {name: rms(pair.first.grouped(part)) for name, part in increments.items()}
    carried = {name: accumulate(factors, 0 * start, part)[:, 1:] for name, part in grown.items()}
    return {"initial": accumulate(factors, start, 0 * factors)[:, 1:], **carried}


def stability_magnitude(pair: SamplesPair, u: Array, v: Array) -> Array:
    """Return the magnitude behind rms_i ‖uⁱ_n − vⁱ_n‖, each system's steps on both states, (batch, N)."""
    rho = maximum(step_factors(pair.first), step_factors(pair.second))
    start = rms(norm(pair.first.u0)) + rms(norm(pair.second.u0))
    crossed = magnitudes.crossed_magnitude(pair.each, flat(u), flat(v))
    return accumulate(rho, start, rms(pair.first.grouped(crossed)))[:, 1:]
