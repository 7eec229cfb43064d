r"""Paired differences over replicates, their intervals, and the verdicts read off them.

Replicates are independent draws of the whole problem, and within one replicate every depth trains on the same
draw, so differences between depths are taken replicate by replicate.  Intervals are Student's, simultaneous
over the k differences of one question by Bonferroni's inequality: each has the level 1 − (1 − level)/k, if
the differences are about normal, which so few replicates cannot show.
Student (W. S. Gosset), Biometrika 6 (1908) 1-25; O. J. Dunn, J. Amer. Statist. Assoc. 56 (1961) 52-64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from scipy import stats

__all__ = [
    "INCONCLUSIVE",
    "LEAST",
    "LEVEL",
    "NOT_OBSERVED",
    "OBSERVED",
    "REFUTED",
    "Effect",
    "Group",
    "Observation",
    "decided",
    "effects",
    "interval",
    "worst",
]

LEVEL = 0.95
LEAST = 5  # replicates

OBSERVED, NOT_OBSERVED, INCONCLUSIVE, REFUTED = "observed", "not observed", "inconclusive", "refuted"

#: The verdict of several groups is the first of these that one of them has.
ORDER = (REFUTED, NOT_OBSERVED, INCONCLUSIVE, OBSERVED)


@dataclass(frozen=True)
class Effect:
    """A mean difference with its simultaneous interval; ``relative`` to the mean of what it is taken from."""

    label: str
    first: int
    last: int
    mean: float
    low: float
    high: float
    n: int
    relative: float

    def document(self) -> dict[str, Any]:
        """Return plain data; the depths are called ``from`` and ``to``."""
        plain = asdict(self)
        return {"label": plain.pop("label"), "from": plain.pop("first"), "to": plain.pop("last"), **plain}


@dataclass(frozen=True)
class Group:
    """What one question gave for one kind of data, system and variant."""

    data: str
    system: str
    variant: str
    measure: str
    verdict: str
    effects: tuple[Effect, ...]
    text: str

    def document(self) -> dict[str, Any]:
        """Return plain data."""
        plain = {name: getattr(self, name) for name in ("data", "system", "variant", "verdict", "measure")}
        return {**plain, "effects": [effect.document() for effect in self.effects], "text": self.text}


@dataclass(frozen=True)
class Observation:
    """The answer to one question: the worst verdict of its groups."""

    question: str
    groups: tuple[Group, ...]
    text: str
    level: float = LEVEL
    verdict: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", worst([group.verdict for group in self.groups]))

    def document(self) -> dict[str, Any]:
        """Return plain data for the evidence."""
        groups = [group.document() for group in self.groups]
        plain = {"question": self.question, "verdict": self.verdict, "level": self.level}
        return {**plain, "groups": groups, "text": self.text}


def interval(values: Sequence[float], level: float = LEVEL, comparisons: int = 1) -> tuple[float, float]:
    """Return the interval of Student for the mean, one of ``comparisons`` that hold together.

    Raises
    ------
    ValueError
        Fewer than `LEAST` values, or one that is not finite.
    """
    n = len(values)
    if n < LEAST:
        raise ValueError(f"values: expected at least {LEAST} replicates, got {n}")
    if not all(map(math.isfinite, values)):
        raise ValueError(f"values: expected finite numbers, got {list(values)}")
    mean = math.fsum(values) / n
    spread = math.sqrt(math.fsum((x - mean) ** 2 for x in values) / (n - 1) / n)
    quantile = float(stats.t.ppf(1 - (1 - level) / comparisons / 2, n - 1))
    return mean - quantile * spread, mean + quantile * spread


def effects(
    labels: Sequence[tuple[str, int, int]],
    differences: Sequence[Sequence[float]],
    references: Sequence[Sequence[float]],
    level: float = LEVEL,
) -> tuple[Effect, ...]:
    """Return the mean differences with intervals that hold together.

    Parameters
    ----------
    labels : of each difference its name and the two depths
    differences : of each its value in every replicate
    references : of each what it is taken relative to, in every replicate
    """
    found: list[Effect] = []
    for (label, first, last), x, base in zip(labels, differences, references, strict=True):
        low, high = interval(x, level, len(differences))
        mean, size = math.fsum(x) / len(x), math.fsum(base) / len(base)
        relative = mean / size if size else math.nan
        found.append(Effect(label, first, last, mean, low, high, len(x), relative))
    return tuple(found)


def decided(found: Sequence[Effect]) -> str:
    """Return whether all differences are positive, as far as their intervals tell.

    *observed*: every interval lies above 0; *not observed*: one lies below 0; else *inconclusive*.
    """
    if any(effect.high < 0 for effect in found):
        return NOT_OBSERVED
    return OBSERVED if found and all(effect.low > 0 for effect in found) else INCONCLUSIVE


def worst(verdicts: Sequence[str]) -> str:
    """Return the verdict of several groups; that of none is inconclusive."""
    return next((word for word in ORDER if word in verdicts), INCONCLUSIVE)
