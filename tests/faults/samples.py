"""Faults where several samples run under one control, in the core and in their constants."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from functools import partial
from typing import Any

from claims import sample_constants
from fbscore.layers import fbs_step
from tests.faults.checks import SAMPLE, STABLE_SAMPLES, STATE_OF_SAMPLES
from tests.faults.plants import Fault, changed_constant, changed_data, changed_samples, changed_step, scaled

_over_samples = partial(changed_constant, sample_constants)


def _of_the_next(problem: Any, controls: Any) -> tuple[Any, Any]:
    """Every instance gets the controls of the next one."""
    names = [field.name for field in dataclasses.fields(controls)]
    return problem, replace(controls, **{name: getattr(controls, name).roll(-1, 0) for name in names})


SAMPLES = (
    Fault(
        "samples share the first one's data",
        changed_data(f=lambda f: f[:, :1].expand_as(f)),
        (SAMPLE, STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
    Fault(
        "data averaged over the samples",
        changed_data(f=lambda f: f.mean(1, keepdim=True).expand_as(f)),
        (SAMPLE,),
    ),
    Fault("initial values of the samples reversed", changed_data(u0=lambda u0: u0.flip(1)), (SAMPLE,)),
    Fault(
        "samples share the first one's initial value",
        changed_data(u0=lambda u0: u0[:, :1].expand_as(u0)),
        (SAMPLE, STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
    Fault(
        "samples run under the controls of the next instance",
        changed_samples(_of_the_next),
        (SAMPLE, STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
    Fault(
        "data averaged over the batch",
        changed_data(f=lambda f: f.mean(0, keepdim=True).expand_as(f)),
        (SAMPLE, STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
    Fault(
        "mean square without the root",
        _over_samples("rms", lambda x: x * x),
        (STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
    Fault(
        "step factors of samples 0.01 % too small",
        _over_samples("step_factors", lambda rho: 0.9999 * rho),
        (STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
    Fault(
        "data term of samples 2 % too large",
        _over_samples("state_bound", lambda t: scaled(t, "data", 1.02)),
        (STATE_OF_SAMPLES,),
        "loose",
    ),
    Fault(
        "initial term of samples 2 % too large",
        _over_samples("stability", lambda t: scaled(t, "initial", 1.02)),
        (STABLE_SAMPLES,),
        "loose",
    ),
    Fault(
        "weight term of samples dropped",
        _over_samples("stability", lambda t: scaled(t, "weight", 0.0)),
        (STABLE_SAMPLES,),
    ),
    Fault(
        "drift term of samples 2 % too large",
        _over_samples("stability", lambda t: scaled(t, "drift", 1.02)),
        (STABLE_SAMPLES,),
        "loose",
    ),
    Fault(
        "step of several samples scaled by 1.0001",
        changed_step(lambda u, h, *rest: fbs_step(u, 1.0001 * h if u.ndim > 2 else h, *rest)),
        (SAMPLE, STATE_OF_SAMPLES, STABLE_SAMPLES),
    ),
)
