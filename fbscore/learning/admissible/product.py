"""Controls each of which is chosen by itself."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from fbscore.errors import require, require_instance
from fbscore.learning.admissible.base import Admissible
from fbscore.learning.controls import parts, with_parts
from fbscore.network import AnyControls
from fbscore.shapes import Flags

__all__ = ["Product"]

Factor = Admissible[Tensor]


@dataclass(frozen=True, eq=False)
class Product(Admissible[AnyControls]):
    r"""``Θ_W × Θ_τ × Θ_λ``, for LISTA ``Θ_{W¹} × Θ_{W²} × Θ_λ``.

    ALISTA's ``W`` is a function with one cell, which lies in its factor if the constant does.

    Parameters
    ----------
    first, second, third : Admissible
        Sets of functions with the same ``cells``.

    Raises
    ------
    TypeError, ValueError
        Anything else.
    """

    first: Factor
    second: Factor
    third: Factor

    def __post_init__(self) -> None:
        for name in ("first", "second", "third"):
            require_instance(name, getattr(self, name), Admissible, "an Admissible set of functions")
        for name, factor in (("second", self.second), ("third", self.third)):
            expected = self.first.cells
            require(factor.cells == expected, name, f"cells = {expected} as first", factor.cells)

    @property
    def factors(self) -> tuple[Factor, Factor, Factor]:
        """The three sets."""
        return self.first, self.second, self.third

    @property
    def cells(self) -> int | None:
        """Those of the factors."""
        return self.first.cells

    def contains(self, member: AnyControls) -> Flags:
        """Whether each control lies in its factor."""
        first, second, third = (
            factor.contains(part) for factor, part in zip(self.factors, parts(member), strict=True)
        )
        return first & second & third

    def project(self, member: AnyControls) -> AnyControls:
        """Every control by itself, not their products: squares of distances add up."""
        first, second, third = (
            factor.project(part) for factor, part in zip(self.factors, parts(member), strict=True)
        )
        return with_parts(member, (first, second, third))

    def projected(self, cells: int) -> "Product":
        """The product of the images: ``P_N`` acts on each control by itself."""
        return Product(*(factor.projected(cells) for factor in self.factors))

    def within(self, other: Admissible[Any]) -> bool:
        """Factor by factor: none is empty."""
        if not isinstance(other, Product):
            raise self._incomparable(other)
        return all(mine.within(yours) for mine, yours in zip(self.factors, other.factors, strict=True))

    @property
    def bounded(self) -> bool:
        """If all factors are: none is empty."""
        return all(factor.bounded for factor in self.factors)

    @property
    def closed(self) -> bool:
        """If all factors are: none is empty."""
        return all(factor.closed for factor in self.factors)

    @property
    def equicontinuous(self) -> bool:
        """If all factors are: none is empty."""
        return all(factor.equicontinuous for factor in self.factors)
