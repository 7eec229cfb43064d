"""Learning problems to test on: random ones of each kind of network, and scalar ones with closed forms."""

import torch

from fbscore import Controls, Problem, Samples
from fbscore.learning import Learning, losses, penalties
from fbscore.regularizers import by_name
from tests.core.instances import regularizer
from tests.core.limit.networks import network, normal

BATCH, SAMPLES, N, M, D = 4, 3, 6, 2, 3
WIDTHS = torch.tensor([0.25, 0.5, 1.0, 2.0], dtype=torch.float64)


def learning(labels, loss="p=2", names=("s", "s^2", "kinked"), weights=None):
    """Weights 1/4, 1/2, 2 unless others are given; the widths are used where the loss has one."""
    if weights is None:
        weights = torch.tensor([0.25, 0.5, 2.0], dtype=labels.dtype).expand(len(labels), 3)
    width = WIDTHS.to(labels)[: len(labels)]
    first, second, third = (penalties.by_name(name) for name in names)
    return Learning(labels, losses.by_name(loss, width), (first, second, third), weights)


def random(kind, rng, samples=False, loss="p=2", names=("s", "s^2", "kinked"), R="l1"):
    """A problem, controls and what they are trained for."""
    problem, theta = network(regularizer(R, BATCH, D, rng), kind, BATCH, N, M, D, rng)
    if samples:
        f, u0 = normal(rng, BATCH, SAMPLES, M), normal(rng, BATCH, SAMPLES, D)
        problem = Samples(problem.A, f, u0, problem.regularizer)
    weights = torch.rand(BATCH, 3, generator=rng, dtype=torch.float64)
    labels = normal(rng, *problem.u0.shape)
    return problem, theta, learning(labels, loss, names, weights)


def scalar(W, tau, lam, u0=1.0, f=0.0, R="l1", dtype=torch.float64, device="cpu"):
    """One instance with ``d = m = 1``, ``A = 1`` and the controls that are given as lists."""
    like = {"dtype": dtype, "device": device}
    x = {name: torch.tensor([values], **like) for name, values in (("W", W), ("tau", tau), ("lam", lam))}
    parameters = {"weights": torch.ones(1, 1, **like)} if R == "l1" else {}
    problem = Problem(
        torch.ones(1, 1, 1, **like),
        torch.full((1, 1), f, **like),
        torch.full((1, 1), u0, **like),
        by_name(R, **parameters),
    )
    return problem, Controls(x["W"][..., None, None], x["tau"], x["lam"])
