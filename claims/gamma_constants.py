r"""Γ-convergence in windows: Definition A.3 and Theorem A.4 on finite metric spaces, from the raw data.

As `claims.constants`, of which this is a continuation: nothing here comes from `fbscore`, and everything
works on float64 tensors and in ball arithmetic.  The proofs are in ``docs/mathematics.md``, section 11; all
displayed formulas are *reconstructed*.

F_k and F are functions on finitely many points; d is the distance of the maximum norm and B(x, r) the points
at most r from x.  Member k comes with a radius r_k, an error e_k and a ball |x| ≤ ρ_k.  Where a quantity is
asked for outside of the points that the statement speaks of, it is 0, which every bound here allows.
"""

from __future__ import annotations

from dataclasses import replace

from claims.constants import Terms
from claims.kit.arithmetic import Array, largest, minimum, stack, where
from claims.kit.gamma_instances import AnyGamma, GammaLimits, GammaPerturbation, GammaSequence, candidates

# ---------------------------------------------------------------- points, windows, balls


def distances(points: Array) -> Array:
    """Return the distances of all points (batch, n, d) in the maximum norm, (batch, n, n)."""
    return largest(abs(points[:, :, None] - points[:, None]))


def norms(points: Array) -> Array:
    """Return the maximum norms of the points, (batch, n)."""
    return largest(abs(points))


def windows(p: GammaSequence, radius: Array) -> Array:
    """Return whether y lies in B(x, radius_k), (batch, m, n, n) with x before y, for radii (batch, m)."""
    return distances(p.points)[:, None] <= radius[:, :, None, None]


def balls(p: GammaSequence, radius: Array) -> Array:
    """Return whether |x| ≤ radius_k, (batch, m, n), for radii (batch, m)."""
    return norms(p.points)[:, None] <= radius[:, :, None]


def smallest(values: Array, chosen: Array) -> Array:
    """Return the least of the chosen values over the last axis; where none is, the largest of all."""
    top = largest(values)[..., None]
    return -largest(-where(chosen, values, top + 0 * values))


def window_minima(values: Array, near: Array) -> Array:
    """Return the minima of functions (batch, m or 1, n) over the windows (batch, m, n, n), (batch, m, n)."""
    top = largest(values)[:, :, None, None]
    return -largest(-where(near, values[:, :, None], top))


def limits(p: GammaSequence) -> Array:
    """Return the limit once for each member, (batch, m, n)."""
    return p.limit[:, None] + 0 * p.members


def only(chosen: Array, values: Array) -> Array:
    """Return the chosen values, and 0 elsewhere."""
    return where(chosen, values, 0 * values)


# ---------------------------------------------------------------- the two inequalities


def below(p: GammaSequence) -> Array:
    """Return min_{B(x, r_k)} F − F_k(x) for |x| ≤ ρ_k, (batch, m, n); the liminf inequality: at most e_k."""
    near = windows(p, p.radius)
    return only(balls(p, p.reach), window_minima(p.limit[:, None], near) - p.members)


def above(p: GammaSequence) -> Array:
    """Return min_{B(x, r_k)} F_k − F(x) for |x| ≤ ρ_k, (batch, m, n); the limsup inequality: at most e_k."""
    near = windows(p, p.radius)
    return only(balls(p, p.reach), window_minima(p.members, near) - limits(p))


# ---------------------------------------------------------------- Definition A.3


def perturbed(p: GammaPerturbation) -> GammaSequence:
    """Return the sequence F_k + G with the limit F + G."""
    one, g = p.sequence, p.perturbation
    return replace(one, limit=one.limit + g, members=one.members + g[:, None])


def both_halves(p: GammaSequence) -> Array:
    """Return `below` and `above`, (batch, 2, m, n)."""
    return stack([below(p), above(p)], 1)


def perturbed_errors(p: GammaPerturbation) -> Terms:
    """Return the terms of e_k + Λ r_k, each (batch, 2, m, n)."""
    one = p.sequence
    nothing = 0 * stack([one.members, one.members], 1)
    modulus = p.lipschitz[:, None] * one.radius
    return {"error": one.error[:, None, :, None] + nothing, "modulus": modulus[:, None, :, None] + nothing}


def crossed(p: GammaLimits) -> Array:
    """Return min_{B(x, r_k + r'_k)} F' − F(x) for |x| ≤ min(ρ_k, ρ'_k − r_k), and with F, F' exchanged.

    Shape (batch, 2, m, n).
    """
    first, second = p.sequence, p.second
    near = windows(first, first.radius + second.radius)

    def one_way(here: GammaSequence, there: GammaSequence) -> Array:
        ball = balls(here, minimum(here.reach, there.reach - here.radius))
        return only(ball, window_minima(there.limit[:, None], near) - limits(here))

    return stack([one_way(first, second), one_way(second, first)], 1)


def crossed_errors(p: GammaLimits) -> Terms:
    """Return the terms of e_k + e'_k, each (batch, 2, m, n)."""
    nothing = 0 * stack([p.sequence.members, p.sequence.members], 1)
    errors = {"first": p.sequence.error, "second": p.rival_error}
    return {name: error[:, None, :, None] + nothing for name, error in errors.items()}


def semicontinuity(p: GammaSequence, radius: Array) -> Array:
    """Return F(x) − min_{B(x, radius_k)} F, (batch, m, n): tends to 0 with the radius where F is l.s.c."""
    return limits(p) - window_minima(p.limit[:, None], windows(p, radius))


def along_sequences(p: GammaSequence) -> Array:
    """Return F(x) − min F_k(x') over all |x'| ≤ ρ_k at most t_k from x, (batch, m, n)."""
    allowed = windows(p, p.approach) & balls(p, p.reach)[:, :, None]
    return only(allowed.any(-1), limits(p) - window_minima(p.members, allowed))


def liminf_bound(p: GammaSequence) -> Terms:
    """Return the terms of e_k + (F(x) − min_{B(x, r_k + t_k)} F), each (batch, m, n)."""
    gap = semicontinuity(p, p.radius + p.approach)
    return {"error": p.error[:, :, None] + 0 * gap, "semicontinuity": gap}


def recovered(p: GammaSequence) -> Array:
    """Return |min_{B(x, r_k)} F_k − F(x)| for |x| ≤ ρ_k − r_k, (batch, m, n)."""
    found = window_minima(p.members, windows(p, p.radius))
    return only(balls(p, p.reach - p.radius), abs(found - limits(p)))


def recovery_bound(p: GammaSequence) -> Terms:
    """Return the terms of e_k + (F(x) − min_{B(x, 2r_k)} F), each (batch, m, n)."""
    gap = semicontinuity(p, 2 * p.radius)
    return {"error": p.error[:, :, None] + 0 * gap, "two windows": gap}


# ---------------------------------------------------------------- Theorem A.4


def floors(p: GammaSequence, radius: Array) -> Array:
    """Return min F over |x| ≤ radius_k, (batch, m)."""
    return smallest(limits(p), balls(p, radius))


def minima(p: GammaSequence) -> Array:
    """Return min F_k, (batch, m)."""
    return -largest(-p.members)


def minima_distance(p: GammaSequence) -> Array:
    """Return |min F_k − min_{|x| ≤ ρ_k} F|, (batch, m)."""
    return abs(minima(p) - floors(p, p.reach))


def outer_gain(p: GammaSequence) -> Array:
    """Return min_{|x| ≤ c + r_k} F − min_{|x| ≤ ρ_k} F, (batch, m): what F gains far out."""
    return floors(p, p.coercive[:, None] + p.radius) - floors(p, p.reach)


def almost_minimisers(p: GammaSequence) -> Array:
    """Return whether |x| ≤ ρ_k and F_k(x) ≤ min F_k + s_k, (batch, m, n)."""
    level = minima(p) + p.slack
    return balls(p, p.reach) & (p.members <= level[:, :, None])


def level(p: GammaSequence) -> Array:
    """Return min_{|x| ≤ ρ_k} F + 2e_k + s_k, (batch, m)."""
    return floors(p, p.reach) + 2 * p.error + p.slack


def minimiser_distances(p: GammaSequence) -> Array:
    """Return dist(x, {F ≤ min_{|x| ≤ ρ_k} F + 2e_k + s_k}) for the almost minimisers x, (batch, m, n)."""
    reached = limits(p) <= level(p)[:, :, None]
    apart = distances(p.points)[:, None] + 0 * p.members[..., None]
    return only(almost_minimisers(p), smallest(apart, reached[:, :, None]))


def cluster_excess(p: GammaSequence) -> Array:
    """Return F(x) − min_{|y| ≤ ρ_k} F for x at most t_k from an almost minimiser of F_k, (batch, m, n)."""
    clusters = (windows(p, p.approach) & almost_minimisers(p)[:, :, None]).any(-1)
    return only(clusters, limits(p) - floors(p, p.reach)[:, :, None])


def cluster_bound(p: GammaSequence) -> Terms:
    """Return the terms of 2e_k + s_k + (F(x) − min_{B(x, r_k + t_k)} F), each (batch, m, n)."""
    gap = semicontinuity(p, p.radius + p.approach)
    constant = {"errors": 2 * p.error, "slack": p.slack}
    spread = {name: term[:, :, None] + 0 * gap for name, term in constant.items()}
    return {**spread, "semicontinuity": gap}


# ---------------------------------------------------------------- round-off


def magnitude(p: AnyGamma) -> Array:
    """Return the sum of the largest values and rates, (batch,): what the sums of three numbers round on."""
    one = candidates(p)[0]
    size = largest(abs(one.limit)) + largest(largest(abs(one.members)))
    size = size + 2 * largest(one.error) + largest(one.slack)
    if isinstance(p, GammaPerturbation):
        return size + largest(abs(p.perturbation)) + p.lipschitz * largest(one.radius)
    return size + largest(abs(p.rival)) + largest(p.rival_error) if isinstance(p, GammaLimits) else size
