"""What every admissible set offers."""

import abc
from typing import Any, Generic, TypeVar

from fbscore.errors import require
from fbscore.shapes import Flags

__all__ = ["Admissible"]

Member = TypeVar("Member")


class Admissible(abc.ABC, Generic[Member]):
    r"""A set in ``L²(0, 1)``, one for every instance of a batch or one for all.

    Members are functions, tensors (batch, N, \*shape) of values on ``N`` equal cells, or controls, which are
    three functions.  With ``cells = N`` the set is a ``Θ^N``: its members are constant on ``N`` cells, and
    ``Θ^N`` and ``E_N(Θ^N)`` are one and the same.  With ``cells = None`` it is a ``Θ`` of functions of all
    kinds, of which only those with finitely many equal cells can be asked about.

    Comparisons have no tolerance: what is computed from a member (a sum, a norm) is compared as it is.
    Predicates speak of all instances at once: true if every instance has the property.
    """

    @property
    @abc.abstractmethod
    def cells(self) -> int | None:
        """``N`` for a ``Θ^N``, ``None`` for a ``Θ``."""

    @abc.abstractmethod
    def contains(self, member: Member) -> Flags:
        """Whether each instance of ``member``, on any grid, lies in the set."""

    @abc.abstractmethod
    def project(self, member: Member) -> Member:
        """The nearest point of the set in ``L²(0, 1)``, a member to the last bit.

        Raises
        ------
        ValueError
            The set is not closed: there may be no nearest point.
        NotImplementedError
            None is known in closed form or by an exact algorithm.
        """

    @abc.abstractmethod
    def projected(self, cells: int) -> "Admissible[Member]":
        """The image ``P_N(Θ)``, ``N = cells``.

        Raises
        ------
        TypeError, ValueError
            ``cells`` is not an int that is at least 1.
        NotImplementedError
            The image is no set of a kind that is known here.
        """

    @abc.abstractmethod
    def within(self, other: "Admissible[Any]") -> bool:
        """Whether every member is one of ``other``.

        Raises
        ------
        NotImplementedError
            Sets of these two kinds are not compared here.
        """

    @property
    @abc.abstractmethod
    def bounded(self) -> bool:
        """Bounded in ``L^∞(0, 1)``."""

    @property
    @abc.abstractmethod
    def closed(self) -> bool:
        """Closed in ``L²(0, 1)``."""

    @property
    @abc.abstractmethod
    def equicontinuous(self) -> bool:
        """``sup_v ‖S_r v − v‖ → 0`` as ``r → 0``, with zero extension: precompact in ``L²(0, 1)``.

        This is condition (3) of Theorem 3.5, which with zero extension implies an ``L²`` bound (Kolmogorov,
        Riesz).  Bounded sets of a finite-dimensional space have it.
        """

    def is_projection_of(self, other: "Admissible[Any]") -> bool:
        """Whether ``Θ^N = P_N(Θ)``, this set being ``Θ^N`` and ``other`` being ``Θ``.

        Raises
        ------
        ValueError
            This set has no ``N``.
        NotImplementedError
            As `projected` and `within`.
        """
        if self.cells is None:
            raise ValueError("cells: expected the N of a set of functions on N cells, got None")
        image = other.projected(self.cells)
        return self.within(image) and image.within(self)

    def extends_into(self, other: "Admissible[Any]") -> bool:
        """Whether ``E_N(Θ^N) ⊂ Θ``, this set being ``Θ^N`` and ``other`` being ``Θ``.

        Raises
        ------
        ValueError
            This set has no ``N``.
        NotImplementedError
            As `within`.
        """
        require(self.cells is not None, "cells", "the N of a set of functions on N cells", self.cells)
        return self.within(other)

    def _require_closed(self) -> None:
        require(self.closed, "project", "a closed set, which has nearest points", "one that is not closed")

    def _incomparable(self, other: object) -> NotImplementedError:
        mine, yours = type(self).__name__, type(other).__name__
        return NotImplementedError(f"other: expected a set that a {mine} can be compared with, got {yours}")
