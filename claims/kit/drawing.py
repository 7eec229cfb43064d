r"""What a recorded instance looks like: the states that its predicate asks for, as numbers to draw.

The predicate is judged once more, on this instance alone, by a run that writes down what the subject and the
oracle answer.  A drawing is a list of curves, each an object with ``what`` and, for

* ``network``, ``limit`` and ``enclosure``: ``times`` and ``values`` (times, components), ``radius`` for the
  latter two: what the oracle, and what a solver of the subject says of the limit;
* ``function``: ``values`` (cells, components) of a step function on [0, 1], ``of`` says which part made it;
* ``prox``: ``weight`` and the components of the argument, ``v``, and of the answer, ``p``.

``components`` of ``size`` are those that move most.  It decides nothing and is rounded to six digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch

from claims.kit.context import FloatRun
from claims.kit.instances import AnyNetwork, Instances
from claims.kit.limits import Limit

MOST_NUMBERS, MOST_CURVES, MOST_COMPONENTS = 400, 6, 3
FINE = 33  # times at which the limit is drawn where the predicate asks for fewer

Curve = dict[str, Any]


@dataclass(frozen=True)
class Recorder(FloatRun):
    """A run that keeps what its parts and the limit answered, in ``seen``: (curve, values (points, d))."""

    seen: list[tuple[Curve, torch.Tensor]] = field(
        default_factory=list[tuple[Curve, torch.Tensor]], compare=False
    )

    def _asked(self, part: str, shape: tuple[int, ...], *given: Any) -> torch.Tensor:
        answer = super()._asked(part, shape, *given)
        if part == "forward":
            for states in answer.reshape(-1, *answer.shape[-2:]):
                self._keep("network", states, times=_uniform(len(states)))
        elif part in ("project", "extend"):
            self._keep("function", given[0][0], of="given")
            self._keep("function", answer[0], of=part)
        elif part == "prox":
            values = torch.stack([given[1][0].to(answer), answer[0]])
            self._keep("prox", values, weight=float(given[2][0]))
        return answer

    def limit(self, p: AnyNetwork, times: Sequence[float] | None = None) -> Limit:
        found = super().limit(p, times)
        drawn, at = found, _uniform(p.depth + 1) if times is None else list(times)
        if len(at) < FINE:
            at = [k / (FINE - 1) for k in range(FINE)]
            drawn = super().limit(p, at)
        self._keep("limit", drawn.states[0], times=at, radius=_rounded(float(drawn.radius[0])))
        return found

    def enclosure(self, p: AnyNetwork, request: float) -> Limit:
        found = super().enclosure(p, request)
        self._keep("enclosure", found.states[:1], times=[1.0], radius=_rounded(float(found.radius[0])))
        return found

    def _keep(self, what: str, values: torch.Tensor, **fields: Any) -> None:
        known = any(c["what"] == what and v.shape == values.shape and v.equal(values) for c, v in self.seen)
        if values.numel() and bool(values.isfinite().all()) and not known:
            self.seen.append(({"what": what, **fields}, values.detach().cpu()))


def drawing(
    predicate: Callable[[Instances, Any], Any], instance: Instances, run: FloatRun
) -> dict[str, Any] | None:
    """Return the curves of one instance, or None where its predicate asks for nothing that can be drawn.

    Parameters
    ----------
    predicate : callable
        ``(instances, run) -> Margin``.
    instance : Instances
        A batch of one.
    run : FloatRun
        Subject, device and dtype; what it notes of the parts used stays as it is.
    """
    recorder = Recorder(run.subject, run.device, run.dtype)
    try:
        predicate(instance.to(run.device), recorder)
    except Exception:  # a picture decides nothing: what fails here is reported where it is judged
        return None
    seen = [pair for pair in recorder.seen if pair[1].shape[-1] == recorder.seen[0][1].shape[-1]]
    return _reduced(seen[:MOST_CURVES]) if seen else None


def _reduced(seen: list[tuple[Curve, torch.Tensor]]) -> dict[str, Any]:
    """Return the curves thinned to a few components and times."""
    size = seen[0][1].shape[-1]
    together = torch.cat([values.double().reshape(-1, size) for _, values in seen])
    spread = together.amax(0) - together.amin(0)
    largest = cast("list[int]", spread.argsort(descending=True, stable=True).tolist())
    kept = sorted(largest[:MOST_COMPONENTS])
    points = max(2, MOST_NUMBERS // (len(kept) * len(seen)))
    curves = [_curve(about, values[:, kept], points) for about, values in seen]
    return {"size": size, "components": kept, "curves": [curve for curve in curves if curve]}


def _curve(about: Curve, values: torch.Tensor, points: int) -> Curve | None:
    """Return one curve at no more than ``points`` points; a step function is drawn whole or not at all."""
    if about["what"] == "prox":
        return {**about, **{name: _list(row) for name, row in zip(("v", "p"), values, strict=True)}}
    if about["what"] == "function":
        return {**about, "values": _list(values)} if len(values) <= points else None
    last = len(values) - 1
    count = min(points, len(values))
    places = sorted({round(k * last / max(1, count - 1)) for k in range(count)})
    times = [_rounded(about["times"][k]) for k in places]
    return {**about, "layers": last, "times": times, "values": _list(values[places])}


def _uniform(count: int) -> list[float]:
    return [k / max(1, count - 1) for k in range(count)]


def _list(values: torch.Tensor) -> Any:
    if values.ndim > 1:
        return [_list(row) for row in values]
    return [_rounded(x) for x in cast("list[float]", values.double().tolist())]


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
