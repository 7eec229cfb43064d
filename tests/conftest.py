"""Settings of the suite's own tests: one thread, every torch warning, shape checks in the workers."""

import os
from importlib.util import find_spec

import pytest

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import torch  # noqa: E402  (the variables above must be set before the import)

torch.set_warn_always(True)  # otherwise a warning is an error in the first test that meets it, and only there


def pytest_configure(config: pytest.Config) -> None:
    """Before the workers start: name the plugin that checks fbscore's shapes."""
    if config.getoption("numprocesses", None) and find_spec("jaxtyping") and find_spec("beartype"):
        os.environ["PYTEST_PLUGINS"] = ",".join(
            filter(None, [os.environ.get("PYTEST_PLUGINS"), "tests.shape_checks"])
        )
