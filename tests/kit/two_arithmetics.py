"""A constant in floats against the same constant in ball arithmetic."""

import numpy as np
from hypothesis import settings

from claims.oracle import elementary

QUIET = settings(database=None, deadline=None, max_examples=12)


def named(answer):
    """What a constant returns, as (name, array) pairs: terms, tuples or one array."""
    if isinstance(answer, dict):
        return list(answer.items())
    return list(enumerate(answer)) if isinstance(answer, tuple) else [("value", answer)]


def agree(function, floats, balls):
    """Assert that a constant says the same of floats and of the same numbers as balls."""
    with elementary.digits(50):
        exact = named(function(*balls()))
        for (name, x), (other, ball) in zip(named(function(*floats)), exact, strict=True):
            expected = elementary.to_float(ball)
            assert name == other
            assert tuple(x.shape) == expected.shape
            scale = 1.0 + np.abs(expected).max(initial=0.0)
            # norms go through Gram matrices: half the digits where they nearly vanish
            assert np.abs(x.numpy() - expected).max(initial=0.0) <= 1e-7 * scale, (function, name)
