r"""Networks trained at N layers and run at M: the change of the objective against its modulus.

With θ^N trained, |J^M(P_M E_N θ^N) − J^N(θ^N)| is at most the mean over the samples of
e (‖u_N − u*‖ + ‖u_M − u*‖), e = (4.7) of the one network + (4.7) of the other + (4.8) where M does not refine
N, plus Σ weights·δ(‖v^N‖ + ‖v^M‖) over the three controls, δ = ‖E_M P_M E_N v − E_N v‖.  The left side comes
from `fbscore`, the right side from the judge (`claims.experiments.modulus`), who runs both networks once
more: were `fbscore`'s network another one, it would be found out where the change exceeds the modulus.
Another subject is not trained: with ``--subject`` observations are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch

from claims import magnitudes
from claims.experiments import modulus
from claims.experiments.modulus import Followed
from claims.kit.instances import Alista, AnyNetwork, Lista, Network, Regularizer
from claims.kit.rounding import UNIT_ROUNDOFF, rounding
from fbscore import Samples
from fbscore.learning import Learning, objective, project_controls
from fbscore.network import AnyControls

__all__ = ["Transfer", "transfers"]

Array = Any
Objective = Callable[[Samples, AnyControls, Learning], torch.Tensor]
KINDS: dict[str, type[Any]] = {"Controls": Network, "ListaControls": Lista, "AlistaControls": Alista}


@dataclass(frozen=True)
class Transfer:
    """One pair of depths; lists have one entry a replicate.

    ``objective`` is J^M, ``change`` the signed J^M − J^N; ``modulus`` bounds its absolute value and is the
    sum of ``network``, ``controls`` and ``penalty``; ``rounding`` is forgiven on top of that.
    """

    trained: int
    depth: int
    objective: list[float]
    change: list[float]
    modulus: list[float]
    network: list[float]
    controls: list[float]
    penalty: list[float]
    rounding: list[float]

    @property
    def exceeded(self) -> bool:
        """Whether the proved bound is exceeded beyond round-off; what overflows refutes nothing."""
        return any(abs(change) > most + own for change, most, own in self._known)

    @property
    def finite(self) -> bool:
        """Whether every replicate has finite numbers; otherwise it is open if the bound is kept."""
        return len(self._known) == len(self.change)

    @property
    def ratio(self) -> float:
        """The largest of change/modulus over the replicates; 0 where nothing may change and nothing did."""
        return max((abs(change) / most for change, most, _ in self._known if most > 0), default=0.0)

    @property
    def _known(self) -> list[tuple[float, float, float]]:
        """Change, modulus and round-off of the replicates in which they are finite."""
        triples = zip(self.change, self.modulus, self.rounding, strict=True)
        return [triple for triple in triples if all(map(math.isfinite, triple))]

    def plain(self) -> dict[str, Any]:
        """Return the numbers as plain data."""
        return asdict(self)


def transfers(
    problem: Samples,
    learning: Learning,
    controls: AnyControls,
    depths: Sequence[int],
    subject: Objective = objective,
) -> list[Transfer]:
    """Return what becomes of a network, trained at its own depth, at every other depth.

    Parameters
    ----------
    problem : Samples
        With starts 0.
    learning : Learning
        With the squared error and squares as penalties.
    controls : Controls, ListaControls or AlistaControls
    depths : the numbers M of layers
    subject : callable
        Who computes objectives.
    """
    here, f = instances(problem, controls), problem.f.double()
    home, value = modulus.follow(here, f), subject(problem, controls, learning).double()
    found: list[Transfer] = []
    for cells in depths:
        there = subject(problem, project_controls(controls, cells), learning).double()
        other = home if cells == controls.N else modulus.follow(modulus.projected(here, cells), f)
        terms = _terms(home, other, learning, f)
        own = _rounding(home, other, learning, value + there, UNIT_ROUNDOFF[problem.dtype])
        lists = {name: x.tolist() for name, x in terms.items()} | {"rounding": own.tolist()}
        total = torch.stack(list(terms.values())).sum(0)
        numbers = (there.tolist(), (there - value).tolist(), total.tolist())
        found.append(Transfer(controls.N, cells, *numbers, **lists))
    return found


def instances(problem: Samples, controls: AnyControls) -> AnyNetwork:
    """Return the raw data of the first sample with the controls, widened to float64, for the judge."""
    weights = problem.regularizer.parameters["weights"]
    regularizer = Regularizer("l1", {"weights": weights})
    raw = {field.name: getattr(controls, field.name) for field in fields(controls)}
    kind = KINDS[type(controls).__name__]
    network = kind(regularizer, problem.A, problem.f[:, 0], problem.u0[:, 0], **raw)
    return network.map(lambda x: x.detach().double())


def _terms(home: Followed, other: Followed, learning: Learning, f: Array) -> dict[str, Array]:
    """Return the three terms of the modulus, (replicates,) each."""
    labels, weights = learning.labels.double(), learning.weights.double()
    lengths = sum((one.end - labels).norm(dim=-1) for one in (home, other))
    away = modulus.apart(home.network, other.network.depth)
    nothing = torch.zeros_like(home.certificate)
    of_network = nothing if other is home else home.certificate + other.certificate
    refines = other.network.depth % home.network.depth == 0
    of_controls = nothing if refines else modulus.control_error(home.network, other, away, f)
    norms = modulus.sizes(home.network) + modulus.sizes(other.network)
    return {
        "network": (of_network * lengths).mean(1),
        "controls": (of_controls * lengths).mean(1),
        "penalty": (weights * away * norms).sum(1),
    }


def _rounding(home: Followed, other: Followed, learning: Learning, values: Array, unit: float) -> Array:
    """Return what round-off may have done to both objectives and to the judge's own states, (replicates,)."""
    labels, units = learning.labels.double(), unit + UNIT_ROUNDOFF[torch.float64]
    samples, d = labels.shape[1:]
    total = rounding(units, d + samples + _entries(home.network), values)
    for one in (home, other):
        # means over the cells of a finer grid come before a layer
        operations = magnitudes.operations(one.network) + home.network.depth
        off = rounding(units, operations, one.magnitude)
        total = total + (off * (2 * (one.end - labels).norm(dim=-1) + off)).mean(1)
    return total


def _entries(network: AnyNetwork) -> int:
    return max(x[0].numel() for x in network.arrays())
