"""Random problems of a few parameters for certified minimisation, and what they are judged by."""

from dataclasses import dataclass, replace

import torch

from fbscore import Problem, Samples
from fbscore.learning import Learning, losses, objective, penalties
from fbscore.learning.admissible import FewPieces
from fbscore.learning.branch_and_bound.models import NetworkModel, net
from fbscore.learning.branch_and_bound.system import system
from fbscore.learning.domain import Domain
from fbscore.learning.pieces import Pieces, Track
from fbscore.limit.batches import problem_of
from fbscore.regularizers import by_name
from tests.core.instances import regularizer

KINDS = ("fbs", "lista", "alista")
LOSSES = ("p=1", "p=3/2", "p=2", "p=3", "huber")
PENALTIES = ("s", "s^2", "kinked")
#: With a form of its own in the bounds, or without.
NAMES = (
    "l1",
    "elastic_net",
    "half_squared_norm",
    "l2",
    "group_lasso",
    "linf",
    "total_variation",
    "quadratic",
)
DOUBLE = torch.float64


@dataclass(frozen=True)
class Few:
    """A problem, what it is trained for, and a set of controls."""

    problem: Problem | Samples
    learning: Learning
    admissible: FewPieces

    @property
    def P(self):
        return self.admissible.pieces.P

    def model(self, cells):
        own = system(self.problem, self.learning, self.admissible.pieces)
        return NetworkModel(net(own, self.learning, self.admissible.pieces, self.admissible.domain, cells))

    def repeated(self, count):
        """The problem and the learning for a batch of points."""
        rows = torch.zeros(count, dtype=torch.long)
        p, learning = self.problem, self.learning
        R = problem_of(_first(p), rows).regularizer
        again = type(p)(p.A[rows], p.f[rows], p.u0[rows], R)
        return again, Learning(
            learning.labels[rows], learning.loss, learning.penalties, learning.weights[rows]
        )

    def objective(self, x, cells):
        """``J^N`` at points, by the core's own network."""
        problem, learning = self.repeated(len(x))
        return objective(problem, self.admissible.pieces.controls(x, cells), learning)

    def inside(self, count, rng, corners=0.3):
        """Points of the box, some of their coordinates at its ends."""
        return between(self.admissible.domain.lower, self.admissible.domain.upper, count, rng, corners)


def _first(p):
    return p if isinstance(p, Problem) else Problem(p.A, p.f[:, 0], p.u0[:, 0], p.regularizer)


def between(lower, upper, count, rng, corners=0.3):
    """Random points of a box, or of one box each."""
    shape = (count, lower.shape[-1])
    share = torch.rand(shape, generator=rng, dtype=lower.dtype)
    share = torch.where(torch.rand(shape, generator=rng) < corners, share.round(), share)
    # Not a convex combination, which may leave the box by round-off.
    return torch.minimum(torch.maximum(lower + share * (upper - lower), lower), upper)


def few(
    rng,
    kind="fbs",
    pieces=(1, 1, 1),
    name="l1",
    loss="p=2",
    names=("s^2", "s^2", "s^2"),
    weights=(0.05, 0.05, 0.05),
    d=3,
    m=2,
    samples=0,
    dtype=DOUBLE,
    variation=(None, None, None),
    expanding=False,
):
    """A random problem with parameters in boxes of side 2, 2 and 1.

    ``expanding``: of any ``W0`` and ``C`` instead of ``Aᵀ`` and ``W0 A``, with negative ``w`` (LISTA ``w¹,
    w²``) too, so that layers and limits may expand.
    """
    A = torch.randn(1, m, d, generator=rng, dtype=dtype) / m**0.5
    shape = (1, samples) if samples else (1,)
    f, u0, label = (torch.randn(*shape, n, generator=rng, dtype=dtype) for n in (m, d, d))
    R = regularizer(name, 1, d, rng).to(dtype)
    problem = (Samples if samples else Problem)(A, f, u0, R)
    P, count, tracks = sum(pieces), 0, []
    for n in pieces:
        # No parameter: the control is 1.
        track = Track.of(*range(count, count + n), P=P, like=A) if n else Track.fixed(1.0, P=P, like=A)
        tracks.append(track)
        count += n
    W0 = A[0].mT.contiguous()
    C = W0 @ A[0] if kind == "lista" else None
    upper = A.new_tensor([2.0] * pieces[0] + [2.0] * pieces[1] + [1.0] * pieces[2])
    lower = torch.zeros_like(upper)
    if expanding:
        W0 = torch.randn(W0.shape, generator=rng, dtype=dtype) / d**0.5
        C = None if C is None else torch.randn(C.shape, generator=rng, dtype=dtype) / d**0.5
        signed = pieces[0] + (pieces[1] if kind == "lista" else 0)
        lower[:signed] = -upper[:signed]
    domain = Domain(lower, upper, variation=variation)
    learning = Learning(
        label,
        losses.by_name(loss, 0.5),
        penalties_of(names),
        A.new_tensor([list(weights)]),
    )
    first, second, third = tracks
    return Few(problem, learning, FewPieces(Pieces(kind, first, second, third, W0, C), domain))


def in_double(one):
    """The same numbers in float64."""
    pieces, domain = one.admissible.pieces, one.admissible.domain
    first, second, third = (Track(t.coefficients.double(), t.offset.double()) for t in pieces.tracks)
    C = None if pieces.C is None else pieces.C.double()
    wide = Pieces(pieces.kind, first, second, third, pieces.W0.double(), C)
    bounds = replace(domain, lower=domain.lower.double(), upper=domain.upper.double())
    problem, learning = one.problem.to(DOUBLE), one.learning.to(DOUBLE)
    return Few(problem, learning, FewPieces(wide, bounds))


def penalties_of(names):
    first, second, third = (penalties.by_name(name) for name in names)
    return first, second, third


def weight_alone(u0=1.0, label=0.0, upper=2.0, R="l1", loss="p=2", gamma=0.0, dtype=DOUBLE, **domain):
    """``d = m = 1, A = 1, f = 0, W = 0, τ = 1`` and ``λ ∈ [0, upper]``.

    For ``R = |u|`` the network of any depth and the limit end in ``max(u0 − λ, 0)``.
    """
    one = torch.ones(1, 1, 1, dtype=dtype)
    parameters = {"weights": one[0]} if R == "l1" else {}
    problem = Problem(one, 0 * one[0], u0 * one[0], by_name(R, **parameters))
    tracks = (Track.fixed(0.0, P=1, like=one), Track.fixed(1.0, P=1, like=one), Track.of(0, P=1, like=one))
    lower, most = torch.zeros(1, dtype=dtype), torch.full((1,), upper, dtype=dtype)
    learning = Learning(
        label * one[0],
        losses.by_name(loss, 0.5),
        penalties_of(("s^2",) * 3),
        one.new_tensor([[0.0, 0.0, gamma]]),
    )
    return Few(problem, learning, FewPieces(Pieces("fbs", *tracks, one[0]), Domain(lower, most, **domain)))
