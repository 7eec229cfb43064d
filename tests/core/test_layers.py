"""One layer by hand."""

import torch

from fbscore import fbs_step
from fbscore.regularizers import L1


def test_step_by_hand(dtype, device):
    def tensor(*x):
        return torch.tensor([x], dtype=dtype, device=device)

    u = fbs_step(
        u=tensor(1.0, -2.0),
        h=0.5,
        A=tensor([1.0, 1.0]),
        f=tensor(1.0),
        W=tensor([3.0], [-1.0]),
        tau=tensor(2.0)[0],
        lam=tensor(0.25)[0],
        regularizer=L1(tensor(1.0, 4.0)),
    )
    # A u − f = −2, so h τ W (A u − f) = (−6, 2); the thresholds h τ λ w are 0.25 and 1.
    assert u.tolist() == [[6.75, -3.0]]
    assert (u.dtype, u.device.type) == (dtype, device.type)


def test_zero_step_does_nothing(dtype, rng):
    u = torch.randn(4, 3, generator=rng, dtype=dtype)
    W, A, f = torch.ones(4, 3, 2).to(u), torch.ones(4, 2, 3).to(u), torch.ones(4, 2).to(u)
    zero, one = torch.zeros(4).to(u), torch.ones(4).to(u)
    assert torch.equal(fbs_step(u, 0.1, A, f, W, zero, one, L1(torch.ones_like(u))), u)
