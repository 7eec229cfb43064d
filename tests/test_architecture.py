"""The import arrows of the real tree, and the checker itself on small planted trees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import CLAIM_FILE, inside, modules, violations

ROOT = Path(__file__).resolve().parents[1]

SOUND = {
    "fbscore/__init__.py": '"""Core."""\nfrom .network import forward\n\n__all__ = ["forward"]\n',
    "fbscore/network.py": "import torch\n\n\ndef forward(u):\n    return torch.relu(u)\n",
    "fbscore/linalg.py": "import torch\n\n\ndef norm(u):\n    return torch.linalg.vector_norm(u)\n",
    "claims/__init__.py": "",
    "claims/constants.py": "import importlib\n\nfrom claims.oracle import prox\n",
    "claims/sequence_constants.py": "from claims import constants\n",
    "claims/sample_constants.py": "from claims import constants\n",
    "claims/gamma_constants.py": "from claims import constants\n",
    "claims/regularizer_constants.py": "from claims.oracle import prox\n",
    "claims/grid_constants.py": "import numpy\n",
    "claims/magnitudes.py": "from claims import constants\n",
    "claims/oracle/__init__.py": "",
    "claims/oracle/prox.py": "import math\n\nimport numpy\nimport scipy.linalg\nfrom flint import arb\n",
    "claims/kit/__init__.py": "",
    "claims/kit/evidence.py": "import json\nfrom pathlib import Path\n",
    "claims/kit/plugin.py": "import fbscore\nfrom claims.kit import evidence\n",
    "claims/fbs_learning/__init__.py": "",
    "claims/fbs_learning/s3_01_lemma.py": "from fbscore import forward\n\nNUMBERS = (0.99, 0.0, 4096)\n",
    "reports/__init__.py": "",
    "reports/collect.py": "import jinja2\nfrom claims.kit.evidence import read\nfrom reports import html\n",
    "reports/html.py": "",
}

CLAIM = "claims/fbs_learning/s3_01_lemma.py"
PLANTED = [
    ("reports/html.py", "from claims import constants", "imports claims.constants; of the project reports"),
    ("reports/html.py", "from claims.kit import plugin", "imports claims.kit.plugin; of the project"),
    ("reports/html.py", "import fbscore.network", "imports fbscore.network; of the project"),
    ("claims/kit/evidence.py", "import torch", "imports torch; evidence is read without"),
    ("claims/kit/plugin.py", "def f():\n    import reports.html", "imports reports.html; claims never"),
    ("claims/constants.py", "importlib.import_module('reports')", "imports reports; claims never imports"),
    ("fbscore/network.py", "import claims.kit", "imports claims.kit; fbscore stands alone"),
    ("fbscore/network.py", "from hypothesis import given", "hypothesis.given; fbscore stands alone"),
    ("fbscore/network.py", "import pytest", "imports pytest; fbscore stands alone"),
    ("fbscore/network.py", "from pathlib import Path", "imports pathlib.Path; fbscore touches no files"),
    ("fbscore/network.py", "open('x')", "calls open; fbscore touches no files"),
    ("fbscore/network.py", "torch.save(1, 'x')", "calls torch.save; fbscore touches no files"),
    ("fbscore/network.py", "torch.linalg.norm(1)", "uses torch.linalg; only fbscore/linalg.py does"),
    ("claims/oracle/prox.py", "import torch", "imports torch; claims/oracle shares nothing"),
    ("claims/oracle/prox.py", "from fbscore import forward", "fbscore.forward; claims/oracle shares"),
    ("claims/oracle/prox.py", "import sympy", "imports sympy; claims/oracle uses numpy"),
    ("claims/__init__.py", "import torch", "imports torch; claims/oracle shares nothing"),
    ("claims/constants.py", "from fbscore import forward", "imports fbscore.forward; claims/constants.py"),
    ("claims/sequence_constants.py", "import fbscore", "imports fbscore; claims/constants.py"),
    ("claims/sample_constants.py", "import fbscore", "imports fbscore; claims/constants.py"),
    ("claims/gamma_constants.py", "import fbscore", "imports fbscore; claims/constants.py"),
    ("claims/regularizer_constants.py", "import fbscore", "imports fbscore; claims/constants.py"),
    ("claims/grid_constants.py", "import fbscore", "imports fbscore; claims/constants.py"),
    ("claims/magnitudes.py", "import fbscore", "imports fbscore; claims/constants.py"),
    ("claims/constants.py", "from .kit import plugin", "plugin.py:1: imports fbscore; claims/constants.py"),
    ("claims/kit/plugin.py", "from ..fbs_learning import s3_01_lemma", "claims/kit knows no theorem"),
    (CLAIM, "SLACK = 1e-9", "the literal 1e-09; a claim file has no tolerance"),
    (CLAIM, "f(atol=1)", "the name atol; a claim file has no tolerance"),
    (CLAIM, "import math\nmath.isclose(1, 1)", "the name isclose; a claim file has no tolerance"),
    ("fbscore/__init__.py", "DEBUG = True", "a statement; fbscore/__init__.py only exports"),
]


def write(root: Path, files: dict[str, str]) -> None:
    for name, source in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")


def test_project_keeps_the_arrows() -> None:
    found = violations(ROOT)
    assert not found, "\n" + "\n".join(found)


def test_project_was_read() -> None:
    """Every part that a rule speaks of is there, so that no rule holds for want of files."""
    names = list(modules(ROOT))
    assert {"fbscore", "fbscore.linalg", "claims.constants", "claims.kit.evidence"} <= set(names)
    assert any(inside(name, "claims.oracle") for name in names)
    assert any(inside(name, "reports") for name in names)
    assert any(CLAIM_FILE.fullmatch(name) for name in names)


def test_sound_tree_is_clean(tmp_path: Path) -> None:
    write(tmp_path, SOUND)
    assert violations(tmp_path) == []


@pytest.mark.parametrize(("path", "line", "message"), PLANTED)
def test_planted_breach_is_reported(tmp_path: Path, path: str, line: str, message: str) -> None:
    write(tmp_path, {**SOUND, path: SOUND[path] + line + "\n"})
    found = violations(tmp_path)
    assert any(message in breach for breach in found), found


def test_breach_names_its_place(tmp_path: Path) -> None:
    write(tmp_path, {**SOUND, "reports/html.py": "\nimport fbscore\n"})
    assert violations(tmp_path) == [
        "reports/html.py:2: imports fbscore; of the project reports reads claims.kit.evidence only"
    ]
