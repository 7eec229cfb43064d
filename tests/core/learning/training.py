"""Small training problems.  As a program: trains one and keeps checkpoints until it is killed.

python -m tests.core.learning.training FILE
"""

import sys
from dataclasses import fields
from functools import partial
from typing import Any

import torch

from claims.kit import checkpoints
from fbscore import Samples
from fbscore.learning import Learning, penalties, power
from fbscore.learning.objective import Penalties
from fbscore.learning.settings import Training
from fbscore.learning.start import start
from fbscore.learning.train import train
from fbscore.regularizers import L1

M, D, CELLS, SAMPLES = 3, 5, 3, 7
SYSTEMS = ("FBS", "LISTA", "ALISTA")
_SQUARE = penalties.by_name("s^2")
SQUARE: Penalties = (_SQUARE, _SQUARE, _SQUARE)


def task(
    batch: int = 1, count: int = SAMPLES, seed: int = 1, dtype: torch.dtype = torch.float64
) -> tuple[Samples, Learning]:
    """Sparse states seen through a matrix, the same for all seeds; penalties have the weight 0.01."""
    fixed, rng = torch.Generator().manual_seed(7), torch.Generator().manual_seed(seed)
    A = torch.randn(batch, M, D, generator=fixed, dtype=torch.float64)
    label = torch.randn(batch, count, D, generator=rng, dtype=torch.float64)
    label = torch.where(torch.rand(batch, count, D, generator=rng) < 0.5, label, 0.0)
    f = label @ A.mT + 0.01 * torch.randn(batch, count, M, generator=rng, dtype=torch.float64)
    problem = Samples(A, f, torch.zeros_like(label), L1(torch.ones(batch, D, dtype=torch.float64)))
    weights = torch.full((batch, 3), 0.01, dtype=dtype)
    return problem.to(dtype), Learning(label.to(dtype), power(2.0), SQUARE, weights)


def begin(problem: Samples, system: str = "FBS", cells: int = CELLS) -> Any:
    """Steps and weights of 1 and 0.1."""
    return start(problem.A, cells, 1.0, 0.1, system)


def assert_close(found, expected):
    for field in fields(found):
        close(getattr(found, field.name), getattr(expected, field.name))


def close(found, expected):
    """Equal up to the round-off of a few hundred operations."""
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def assert_same(found, expected):
    for field in fields(found):
        assert torch.equal(getattr(found, field.name), getattr(expected, field.name)), field.name


def killed_run(epochs: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments of the run that the program below makes: mini-batches, momentum, schedule, clipping."""
    problem, learning = task(count=20)
    held_out = task(count=4, seed=2)
    settings = Training(
        epochs, 0.02, batch_size=6, schedule=lambda epoch: 1.0 / (1.0 + 0.01 * epoch), clip=3.0, seed=11
    )
    return (problem, begin(problem), learning, settings), {"validation": held_out}


def main(path: str) -> None:
    arguments, options = killed_run(epochs=1_000_000)
    train(*arguments, **options, keep=partial(checkpoints.save, path))


if __name__ == "__main__":
    main(*sys.argv[1:])
