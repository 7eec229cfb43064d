"""The shape checks of tests/shape_checks.py are really on."""

import os
import sys

import pytest

EXPECTED = "PYTEST_XDIST_WORKER" in os.environ or "tests.shape_checks" in sys.modules


@pytest.mark.skipif(not EXPECTED, reason="a run without workers has no shape checks")
def test_fbscore_is_checked() -> None:
    pytest.importorskip("beartype")
    import fbscore.network

    assert type(fbscore.network.__loader__).__module__.startswith("jaxtyping")
