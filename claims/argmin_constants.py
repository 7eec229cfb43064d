r"""Sets of minimisers over finite sets Θ of controls, decided exactly: fibres, images, excess and distances.

A member of Θ is θ^j = θ + s_j r_{k_j}(ϑ − θ), one of Θ^N is P_N η^i with η^i of the same form, see
`claims.kit.image_instances`.  Whether P_N θ^j = P_N η^i, and whether E_N P_N η^i = θ^j, is decided by sums
over cells, which are exact: in float64 while controls and scales are short binary fractions, else in ball
arithmetic.  As in `claims.constants`, everything works on float64 tensors and in ball arithmetic, and nothing
comes from `fbscore`.  The proofs are in ``docs/mathematics.md``, section 12.

Shapes: values (batch, J) or (batch, K); relations between Θ^N and Θ (batch, K, J), 1 where they hold, else 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from claims import convergence_constants as convergence
from claims import grid_constants
from claims.admissible_constants import variation as total_variation
from claims.kit.arithmetic import (
    Array,
    is_ball,
    largest,
    maximum,
    norm,
    sqrt,
    stack,
    where,
)
from claims.kit.convergence_instances import CONTROLS, TIMED, ControlSequence, controls, rademacher
from claims.kit.image_instances import ImageProblem
from claims.kit.instances import AnyNetwork

#: Numbers that are multiples of the mesh and no larger than the reach: sums of products of two are exact.
MESH, REACH = 2.0**-12, 2.0**10

# ---------------------------------------------------------------- values and their minima


def smallest(x: Array) -> Array:
    """Return the minimum over the last axis."""
    return -largest(-x)


def excess(values: Array) -> Array:
    """Return the values (batch, K) less the smallest of them."""
    return values - smallest(values)[:, None]


def maybe_at_most(x: Array, level: Array) -> Array:
    """Return whether x ≤ level, element by element: also where balls leave it open."""
    return ~(x > level)


def nearest(distance: Array, chosen: Array) -> Array:
    """Return the smallest distance over the last axis among those chosen, of which there is one."""
    far = largest(distance)[..., None] + 0 * distance
    return smallest(where(chosen, distance, far))


# ---------------------------------------------------------------- Θ and Θ^N


def function(p: ControlSequence, j: int) -> AnyNetwork:
    """Return the problem with the controls θ^j."""
    return convergence.function(p, j)


def projected(p: ControlSequence, cells: int) -> list[AnyNetwork]:
    """Return the networks with the controls P_N of every member, by the judge's own means."""
    return [convergence.network(function(p, j), cells) for j in range(len(p.frequencies))]


def variations(p: ControlSequence) -> Array:
    """Return the largest total variation of each control over the members, (batch, 3)."""
    each = [stack([_variation(x) for x in controls(theta)], 1) for theta in _functions(p)]
    return largest(stack(each, 2))


def sizes(p: ControlSequence) -> Array:
    """Return the largest value of each control over the members, in the Frobenius norm, (batch, 3)."""
    each = [stack([_height(x) for x in controls(theta)], 1) for theta in _functions(p)]
    return largest(stack(each, 2))


def modulus(p: ImageProblem, cells: int) -> Array:
    """Return (Σ_i M_iV_i/(2N))^{1/2}, what ‖E_N P_N θ − θ‖ is at most for every θ in Θ, (batch,).

    It is (MV/(2N))^{1/2} of section 3 for each control, with the declared bounds of Θ.
    """
    each = grid_constants.family_projection_error(p.bound, p.variation, cells)
    return norm(each)


def _functions(p: ControlSequence) -> list[AnyNetwork]:
    return [function(p, j) for j in range(len(p.frequencies))]


def _variation(values: Array) -> Array:
    """Return Σ‖v_{n+1} − v_n‖ in the Frobenius norm, (batch,)."""
    flat = _flat(values)
    if flat.shape[1] == 1 or not flat.shape[2]:
        return 0 * total_variation(values)
    return norm(flat[:, 1:] - flat[:, :-1]).sum(1)


def _height(values: Array) -> Array:
    flat = _flat(values)
    return largest(norm(flat)) if flat.shape[2] else 0 * total_variation(values)


def _flat(values: Array) -> Array:
    return values.reshape(*values.shape[:2], math.prod(values.shape[2:]))


# ---------------------------------------------------------------- relations, decided exactly


def fibres(p: ImageProblem, cells: int) -> Array:
    """Return where P_N θ^j = P_N η^i, (batch, K, J)."""
    return _decided(p, lambda q: _related(q, cells, extended=False))


def members(p: ImageProblem, cells: int) -> Array:
    """Return where E_N P_N η^i = θ^j, (batch, K, J)."""
    return _decided(p, lambda q: _related(q, cells, extended=True))


def _decided(p: ImageProblem, relation: Callable[[ImageProblem], Array]) -> Array:
    """Return a relation decided in float64 where that is exact, else in balls."""
    if is_ball(p.scales) or _exact(p):
        return relation(p)
    return torch.as_tensor((relation(p.ball()) > 0.5).astype(float), device=p.scales.device)


def _exact(p: ImageProblem) -> bool:
    """Return whether all controls and scales of the batch are on the mesh and within reach."""
    sequence = p.sequence
    systems = (sequence.first, sequence.other)
    numbers = [getattr(one, name) for one in systems for name in CONTROLS[type(one)]]
    return all(
        bool(((x / MESH).frac() == 0).all() and (x.abs() <= REACH).all())
        for x in (*numbers, p.scales, sequence.scales)
        if x.numel()
    )


def _related(p: ImageProblem, cells: int, *, extended: bool) -> Array:
    """Return where the sums of θ^j over cells, or its values, are those of η^i; (batch, K, J)."""
    grid = _grid(p, cells)
    own, theirs = (_values(one, grid) for one in (p.sequence, p.images))
    theirs = [_sums(x, cells) for x in theirs]
    own = [x * (grid // cells) if extended else _sums(x, cells) for x in own]
    rows = [
        stack([_same(a, grid_constants.refined(b, grid) if extended else b) for a in own], 1) for b in theirs
    ]
    fixed = _fixed(p)
    return stack(rows, 1) if fixed is None else stack(rows, 1) * fixed


def _grid(p: ImageProblem, cells: int) -> int:
    """Return the number of cells on which all members, and N cells, can be written."""
    fine = cells
    for k in (*p.sequence.frequencies, *p.frequencies):
        fine = grid_constants.common_cells(fine, 2**k)
    return grid_constants.common_cells(fine, p.sequence.first.depth)


def _values(p: ControlSequence, grid: int) -> list[Array]:
    """Return the controls in time of every member, all their entries, (batch, grid, entries)."""
    names = TIMED[type(p.first)]
    here, there = (
        _together([grid_constants.refined(getattr(one, name), grid) for name in names])
        for one in (p.first, p.other)
    )
    found: list[Array] = []
    for j, k in enumerate(p.frequencies):
        sign = rademacher(p.scales, k, grid)
        found.append(here + p.scales[:, j, None, None] * sign[:, None] * (there - here))
    return found


def _together(values: list[Array]) -> Array:
    flat = [_flat(x) for x in values]
    columns = [x[:, :, i] for x in flat for i in range(x.shape[2])]
    return stack(columns, 2)


def _sums(values: Array, cells: int) -> Array:
    """Return the sums over the values in each of ``cells`` cells, (batch, cells, entries)."""
    batch, grid, entries = values.shape
    return values.reshape(batch, cells, grid // cells, entries).sum(2)


def _same(x: Array, y: Array) -> Array:
    """Return 1 where all numbers of x and y are equal, else 0, (batch,)."""
    off = abs(x - y)
    worst = largest(off.reshape(off.shape[0], math.prod(off.shape[1:])))
    return where(worst > 0, 0 * worst, 0 * worst + 1)


def _fixed(p: ImageProblem) -> Array | None:
    """Return where the controls without time agree, (batch, K, J): ALISTA's W goes with s_j and t_i."""
    names = [name for name in CONTROLS[type(p.sequence.first)] if name not in TIMED[type(p.sequence.first)]]
    if not names:
        return None
    apart = [getattr(p.sequence.other, n) - getattr(p.sequence.first, n) for n in names]
    moved = [abs(x.reshape(x.shape[0], math.prod(x.shape[1:]))) for x in apart]
    size: Array = sum([x.sum(1) for x in moved], start=0 * p.scales[:, 0])
    off = abs(p.scales[:, :, None] - p.sequence.scales[:, None, :]) * size[:, None, None]
    return where(off > 0, 0 * off, 0 * off + 1)


# ---------------------------------------------------------------- distances


def distances(p: ImageProblem, cells: int) -> Array:
    """Return ‖E_N P_N η^i − θ^j‖ in L², all three controls together, (batch, K, J)."""
    rows: list[Array] = []
    functions = _functions(p.sequence)
    for image in projected(p.images, cells):
        rows.append(stack([_apart(image, theta) for theta in functions], 1))
    return stack(rows, 1)


def _apart(p: AnyNetwork, q: AnyNetwork) -> Array:
    squares: list[Array] = []
    for here, there in zip(controls(p), controls(q), strict=True):
        x, y = _flat(here), _flat(there)
        grid = grid_constants.common_cells(x.shape[1], y.shape[1])
        off = grid_constants.l2_norm(grid_constants.refined(x, grid) - grid_constants.refined(y, grid))
        squares.append(off * off)
    return sqrt(squares[0] + squares[1] + squares[2])


def reach(p: ImageProblem) -> Array:
    """Return the sum of norms behind the distances, (batch,)."""
    return maximum(norm(sizes(p.sequence)), norm(sizes(p.images)))
