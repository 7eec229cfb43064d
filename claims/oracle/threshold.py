r"""The threshold of the projections on a simplex and an l1 ball, without a search for the active set.

For x in R^n and r >= 0 the root of sum_i max(x_i - theta, 0) = r is theta = max_k (x_(1) + ... + x_(k) - r) /
k over the sorted entries: every index set gives a lower bound, the true active set gives equality. A maximum
of continuous functions survives ball arithmetic, which a search for the active set does not. (For r = 0 it is
max_i x_i.)
"""

import numpy as np

from claims.oracle.elementary import Array, descending, largest


def simplex_threshold(x: Array, r: Array) -> Array:
    """Threshold theta over the last axis, x (..., n) and r (...); entries -inf (floats) are left out."""
    ordered = descending(x)
    counts = np.arange(1, ordered.shape[-1] + 1)
    return largest((np.cumsum(ordered, axis=-1) - r[..., None]) / counts)
