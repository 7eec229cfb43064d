r"""Piecewise-constant functions on uniform grids of [0, 1], cell by cell in plain loops.

Independent of ``fbscore.controls``: overlaps are integers over the common denominator, no overlap matrix is
formed.  Arrays are (batch, cells, k), float64 or balls.
"""

from typing import Any

import numpy as np

from claims.oracle import elementary


def project(values: Any, cells: int) -> Any:
    r"""Return the means over ``cells`` cells: :math:`(P_N v)_n = N \int_{I_n} v` (part I, Prop. 3.7).

    *Reconstructed.*  With M cells given and N wanted, both grids consist of whole parts of length 1/(MN):
    given cell i holds the parts iN … (i+1)N − 1, wanted cell n the parts nM … (n+1)M − 1.
    """
    given = values.shape[1]
    means = []
    for n in range(cells):
        first, last = n * given, (n + 1) * given
        total = values[:, 0] * 0
        for i in range(first // cells, -(-last // cells)):
            total = total + values[:, i] * (min(last, (i + 1) * cells) - max(first, i * cells))
        means.append(total / given)
    return elementary.stack(means, 1)


def extend(values: Any, cells: int) -> Any:
    """Return the step function on a grid of ``cells`` cells, a multiple of its own."""
    if cells % values.shape[1]:
        raise ValueError(f"cells: expected a multiple of {values.shape[1]}, got {cells}")
    return np.repeat(values, cells // values.shape[1], axis=1)
