"""Sizes, dtype and device are read off the fields of any class; moving keeps the class and the values."""

import pytest
import torch

from fbscore import AlistaControls, Controls, ListaControls, Problem, Samples
from fbscore.regularizers import L1

BATCH, N, M, D = 3, 4, 2, 5
W, LAM = torch.full((BATCH, N, D, M), 0.5), torch.ones(BATCH, N)
A, WEIGHTS = torch.full((BATCH, M, D), 0.5), L1(torch.ones(BATCH, D))
CONTROLS = {
    "FBS": Controls(W, LAM, LAM),
    "LISTA": ListaControls(W, torch.ones(BATCH, N, D, D), LAM),
    "ALISTA": AlistaControls(W[:, 0], LAM, LAM),
}
PROBLEMS = {
    "problem": Problem(A, A[..., 0], A[:, 0], WEIGHTS),
    "samples": Samples(A, A[:, :, :M], A, WEIGHTS),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_sizes_of_controls(name):
    c = CONTROLS[name]
    assert (c.batch, c.N, c.d, c.m, c.h) == (BATCH, N, D, M, 0.25)


@pytest.mark.parametrize("name", PROBLEMS)
def test_sizes_of_problems(name):
    p = PROBLEMS[name]
    assert (p.batch, p.d, p.m) == (BATCH, D, M)


@pytest.mark.parametrize("name", [*CONTROLS, *PROBLEMS])
def test_moving_keeps_the_class_and_the_values(name, device):
    x = (CONTROLS | PROBLEMS)[name]
    assert (x.dtype, x.device.type) == (torch.float32, "cpu")
    moved = x.to(torch.float64, device)
    assert type(moved) is type(x)
    assert (moved.dtype, moved.device.type) == (torch.float64, device.type)
    for new, old in zip(moved.tensors, x.tensors, strict=True):
        assert (new.dtype, new.device.type) == (torch.float64, device.type)
        assert torch.equal(new.cpu().float(), old)
    assert all(new is old for new, old in zip(x.to().tensors, x.tensors, strict=True))
