"""Instances, samplers and assumptions so small that it is known what the kit must say of them.

The instance is a constant function of time: one number ``values`` and a ``bound`` for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from hypothesis import strategies as st

from claims.kit.arithmetic import norm
from claims.kit.claim import Assumption
from claims.kit.context import FloatRun
from claims.kit.instances import Instances, StepFunction
from claims.kit.profiles import Profile
from claims.kit.routes import Outcome, Route, run_route
from claims.kit.sampling import Batch, Sampler, Source
from claims.kit.subject import Subject

CPU = torch.device("cpu")


def points(values: Sequence[float], bound: float = 1.0) -> StepFunction:
    """A batch of constant functions, each ascribed to the same bound."""
    v = torch.tensor(values, dtype=torch.float64)
    return StepFunction(v[:, None, None], torch.full_like(v, bound), torch.zeros_like(v), 1)


def drawn(largest: int = 1000, bound: float = 1.0) -> st.SearchStrategy[StepFunction]:
    return st.integers(0, largest).map(lambda k: points([float(k)], bound))


def exactly(*batches: Instances) -> Sampler:
    """These very batches, as corners, not rounded to float32."""

    def draw(source: Source, size: int) -> Iterator[Batch]:
        for i, batch in enumerate(batches):
            yield Batch(batch, f"toy {i}", independent=False)

    return Sampler("toys", draw)


def uniform(bound: float = 1.0, batch: int = 16) -> Sampler:
    """Numbers uniform in [0, 1), in independent batches, and one corner."""

    def draw(source: Source, size: int) -> Iterator[Batch]:
        for _ in range(size // batch):
            yield Batch(points(source.uniform(batch).tolist(), bound), "uniform", independent=True)
        yield Batch(points([1.0], bound), "corner: one", independent=False)

    return Sampler("uniform in [0, 1)", draw)


def values(instance: Any) -> list[float]:
    """The numbers of a batch of constant functions."""
    return instance.values.reshape(-1).tolist()


def size(p: StepFunction) -> Any:
    """|v| (batch,), in either arithmetic."""
    return norm(p.values[:, 0])


def _assumption(key: str, decide: Any) -> Assumption:
    return Assumption(key, f"toy: {key}", decide, "nothing")


ALWAYS = _assumption("always", lambda p: torch.ones(p.size, dtype=torch.bool))
NEVER = _assumption("never", lambda p: torch.zeros(p.size, dtype=torch.bool))
POSITIVE = _assumption("positive", lambda p: p.values[:, 0, 0] > 0)
SMALL = _assumption("small", lambda p: p.values[:, 0, 0].abs() <= p.bound)


def run(
    test: Any,
    route: str,
    *,
    seed: int = 1,
    drawn: int = 60,
    shards: int = 1,
    size: int = 64,
    searched: int = 1,
    subject: Subject | None = None,
    dtype: torch.dtype = torch.float64,
) -> tuple[Outcome, list[dict[str, Any]]]:
    """Carry out one route of a check; its outcome, and the records it would have written."""
    records: list[dict[str, Any]] = []
    outcome = run_route(
        Route(
            getattr(test, "check", test),
            route,
            FloatRun(subject or Subject(), CPU, dtype),
            Profile("toy", drawn, shards, size, searched),
            seed,
            lambda record, **fields: records.append({"record": record, **fields}),
        )
    )
    return outcome, records


def of_kind(records: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [record for record in records if record["record"] == kind]
