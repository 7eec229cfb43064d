"""Load the suite's plugin wherever pytest is started in this checkout."""

import claims.kit.threads  # noqa: F401 - before torch

pytest_plugins = ["claims.kit.plugin"]
