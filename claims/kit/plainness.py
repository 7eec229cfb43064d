r"""How plain an instance is: the key by which reductions of a counterexample are ordered.

The key is, in this order,

1. the size: how many numbers there are, those that both systems of a pair share counted once, and the
   cells that a function is projected onto;
2. how many of the movable numbers are not 0 (in the second system: neither 0 nor equal to the first's);
3. the sum of their complexities: digits of the odd part in binary, plus the distance of its place from that
   of 1, plus 1 for a sign; 1 has complexity 1, then come −1, 2, 3, 1/2 (2), 1/4, 3/2, 5 (3), 3/4 (4).

A matrix in a regulariser that cannot move entry by entry, an orthogonal D or a semidefinite Q, counts between
the first and the second part: the complexities of its entries, and those off the diagonal once more.
"""

from __future__ import annotations

from typing import cast

import torch

from claims.kit.instances import Instances, StepFunction
from claims.kit.layout import stiff_matrices
from claims.kit.slots import repeated, twins

Table = torch.Tensor


def size(instance: Instances) -> int:
    """Return the first part of the key: how many numbers there are, and cells."""
    cells = instance.cells if isinstance(instance, StepFunction) else 0
    return sum(array[0].numel() for array in instance.arrays()) - repeated(instance) + cells


def stiffness(instance: Instances) -> int:
    """Return the part of the key for matrices that do not move."""
    total = 0
    for matrix in stiff_matrices(instance):
        apart = matrix * (1 - torch.eye(matrix.shape[-1], dtype=matrix.dtype))
        total += int(complexity(matrix).sum()) + int((apart != 0).sum())
    return total


def complexity(x: torch.Tensor) -> torch.Tensor:
    """Return the complexity of each number, an integer; 0 for 0."""
    mantissa, exponent = torch.frexp(x.double())
    whole = (mantissa.abs() * 2.0**53).long()
    zeros = torch.frexp((whole & -whole).double())[1] - 1
    value = (53 - zeros) + (exponent - 53 + zeros).abs() + (x < 0).long()
    return torch.where(x == 0, 0, value)


def keys(instance: Instances, table: Table) -> list[tuple[int, int]]:
    """Return the second and the third part of the key for each row of numbers (candidates, P)."""
    own = table != 0
    for column, twin in twins(instance).items():
        own[:, column] &= table[:, column] != table[:, twin]
    counts, sums = own.sum(1), (complexity(table) * own).sum(1)
    return list(zip(cast("list[int]", counts.tolist()), cast("list[int]", sums.tolist()), strict=True))
