"""What judges shares nothing with what is judged: read off the source files of `claims/oracle`."""

import ast
import sys
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).resolve().parents[2] / "claims" / "oracle").rglob("*.py"))
ALLOWED = {"numpy", "scipy", "flint", *sys.stdlib_module_names}


def imported(source: str) -> set[str]:
    """Dotted names of all imports, wherever they stand; relative ones keep their dots."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {"." * node.level + (node.module or "") + "." + alias.name for alias in node.names}
    return names


def foreign(source: str) -> set[str]:
    return {
        name
        for name in imported(source)
        if not name.startswith("claims.oracle.") and name.split(".")[0] not in ALLOWED
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_oracle_imports_nothing_of_what_it_judges(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not foreign(source)
    assert "import_module" not in source
    assert "__import__" not in source


def test_oracle_was_read() -> None:
    assert {"elementary.py", "network.py", "prox.py", "regularizers.py"} <= {path.name for path in FILES}


@pytest.mark.parametrize(
    "line",
    [
        "import torch",
        "import torch.nn as nn",
        "def f():\n    from fbscore import network",
        "from claims.kit import margin",
        "from ..kit import margin",
        "from claims import oracle",
    ],
)
def test_foreign_imports_are_seen(line: str) -> None:
    if line == "from claims import oracle":
        assert foreign(line + ", kit") == {"claims.oracle", "claims.kit"}
    else:
        assert foreign(line)
