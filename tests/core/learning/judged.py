"""Certified minima judged from outside: by closed forms, by planted minimisers, by many points."""

from dataclasses import replace

import torch

from fbscore.learning import limit_objective
from fbscore.learning.minimise import Budget, minimise, minimise_limit
from fbscore.limit.event_steps import supports
from tests.core.learning.few import DOUBLE, few

GAP = 1e-2


def run(one, cells, budget=None, **rest):
    """The network of so many layers, or the limit for ``cells = None``."""
    budget = budget or Budget(gap=GAP, seconds=300.0)
    if cells is None:
        return minimise_limit(one.problem, one.learning, one.admissible, budget=budget, **rest)
    return minimise(one.problem, one.learning, one.admissible, cells, budget, **rest)


def breaches(one, cells, found, rng, points=2000):
    """What is wrong with a certified minimum, in words."""
    wrong = []
    domain, pieces = one.admissible.domain, one.admissible.pieces
    if not found.minimum.lower <= found.minimum.upper:
        wrong.append("the enclosure is empty")
    x = one.inside(points, rng)
    x = domain.towards(x, pieces)
    x = x[domain.contains(x, pieces)]
    if cells is None:
        problem, learning = one.repeated(len(x))
        radius = 1e-9 if supports(problem.regularizer) else 1e-2
        exact = limit_objective(problem, pieces.controls(x, pieces.cells), learning, radius)
        values = exact.value + exact.radius
    else:
        values = one.objective(x, cells)
    # The reference is a sum of a few numbers of size 1 to 100, in float64.
    if len(values) and float(values.min()) < found.minimum.lower - 1e-12:
        wrong.append(f"a point has {float(values.min())} < {found.minimum.lower}")
    best = found.incumbent
    if best is not None:
        if not bool(domain.contains(best.x[None], pieces)):
            wrong.append("the incumbent is not in the set")
        own = pieces.controls(best.x[None], cells or pieces.cells).tensors
        if not all(torch.equal(x, y) for x, y in zip(own, best.controls.tensors, strict=True)):
            wrong.append("the incumbent's controls are not its own")
        if best.value.upper != found.minimum.upper:
            wrong.append("the incumbent does not have the upper bound as its value")
        if cells is not None:
            value = float(one.objective(best.x[None], cells))
            if not best.value.lower - 1e-12 <= value <= best.value.upper + 1e-12:
                wrong.append(f"the incumbent has {value}, not {best.value}")
    return wrong


def planted(rng, kind, pieces, cells, at=None, **rest):
    """A problem with a minimiser of value 0 at a point, which is returned: the label is what it reaches."""
    one = few(rng, kind, pieces, weights=(0.0, 0.0, 0.0), **rest)
    x = one.inside(1, rng, corners=0.2) if at is None else at
    net = one.model(cells).net
    *_, last = net.start(x, x).layers
    label = last.after.permute(2, 1, 0).reshape(one.learning.labels.shape)
    return replace(one, learning=replace(one.learning, labels=label.to(DOUBLE).contiguous())), x


def least_weight(u0, label, gamma, upper):
    """Minimum and minimiser of ``(max(u0 − λ, 0) − label)² + γλ²`` over [0, upper]."""
    shrunk = min(max((u0 - label) / (1.0 + gamma), 0.0), min(u0, upper))
    candidates = [0.0, shrunk, min(u0, upper), upper]
    values = [(max(u0 - s, 0.0) - label) ** 2 + gamma * s * s for s in candidates]
    return min(values), candidates[values.index(min(values))]


def draw(rng):
    """A random problem with one to three parameters, half of them with layers that may expand."""
    sizes = ((0, 0, 1), (1, 0, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1))
    pick = lambda options: options[int(torch.randint(len(options), (1,), generator=rng))]  # noqa: E731
    d = pick((1, 1, 2, 3))
    names = tuple(pick(("s", "s^2", "kinked")) for _ in range(3))
    weights = tuple(
        float(w) for w in 0.2 * torch.rand(3, generator=rng) * (torch.rand(3, generator=rng) < 0.7)
    )
    return few(
        rng,
        pick(("fbs", "lista", "alista")),
        pick(sizes),
        pick(("l1", "l1", "elastic_net", "half_squared_norm", "l2", "linf")),
        pick(("p=1", "p=3/2", "p=2", "p=3", "huber")),
        names,
        weights,
        d=d,
        m=pick((1, 2)),
        samples=pick((0, 2)),
        expanding=pick((False, True)),
    )
