"""jaxtyping's import hook with beartype on fbscore; a pytest plugin, since it must precede the first import.

The plugin of the claims imports fbscore, and the root conftest.py loads it before tests/conftest.py. So the
latter names this module in PYTEST_PLUGINS, which a worker reads before any conftest. Without workers nothing
is checked, unless the run is started as ``python -m pytest -n0 -p tests.shape_checks tests/``.
"""

import os

from jaxtyping import install_import_hook

os.environ.pop("PYTEST_PLUGINS", None)  # a test that starts pytest itself must not get this module
install_import_hook("fbscore", "beartype.beartype")
