r"""Instances of the claims about Γ-convergence: functions on finite metric spaces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from claims.kit.arithmetic import Array
from claims.kit.instances import Instances


@dataclass(frozen=True)
class GammaSequence(Instances):
    r"""Functions F_k on finitely many points, a candidate F for their Γ-limit, and the rates that go with it.

    Shapes: ``points`` (batch, n, d), with the distance of the maximum norm and balls around 0; ``limit``
    (batch, n), the values of F; ``members`` (batch, m, n), those of the F_k.  For member k and points in the
    ball of radius ``reach``, windows of radius ``radius`` and errors ``error`` are declared, each (batch, m);
    minimisers are claimed to lie in the ball of radius ``coercive`` (batch,).  Minimisers up to ``slack`` are
    followed, and points at most ``approach`` from where the statement looks at F, each (batch, m).  All
    numbers but the points and the values are nonnegative.
    """

    kind: ClassVar[str] = "gamma_sequence"
    points: Array
    limit: Array
    members: Array
    radius: Array
    error: Array
    reach: Array
    coercive: Array
    slack: Array
    approach: Array

    @property
    def dimensions(self) -> dict[str, Any]:
        _, members, size = self.members.shape
        return {"d": self.points.shape[2], "m": members, "M": size}


@dataclass(frozen=True)
class GammaPerturbation(Instances):
    """A sequence and a function to be added to its members and to its limit.

    Shapes: ``perturbation`` (batch, n), the values of G; ``lipschitz`` (batch,), its declared constant.
    """

    kind: ClassVar[str] = "gamma_perturbation"
    sequence: GammaSequence
    perturbation: Array
    lipschitz: Array

    @property
    def dimensions(self) -> dict[str, Any]:
        return self.sequence.dimensions


@dataclass(frozen=True)
class GammaLimits(Instances):
    """A sequence with a second candidate for its limit, which has windows, errors and balls of its own.

    Shapes: ``rival`` (batch, n); ``rival_radius``, ``rival_error``, ``rival_reach`` (batch, m).
    """

    kind: ClassVar[str] = "gamma_limits"
    sequence: GammaSequence
    rival: Array
    rival_radius: Array
    rival_error: Array
    rival_reach: Array

    @property
    def second(self) -> GammaSequence:
        """The same members with the second candidate."""
        rates = {"radius": self.rival_radius, "error": self.rival_error, "reach": self.rival_reach}
        return replace(self.sequence, limit=self.rival, **rates)

    @property
    def dimensions(self) -> dict[str, Any]:
        return self.sequence.dimensions


#: Whatever holds a sequence with its limit.
AnyGamma = GammaSequence | GammaPerturbation | GammaLimits


def candidates(p: AnyGamma) -> tuple[GammaSequence, ...]:
    """Return the sequence with every limit that is claimed for it."""
    if isinstance(p, GammaSequence):
        return (p,)
    return (p.sequence, p.second) if isinstance(p, GammaLimits) else (p.sequence,)
