"""What is shipped and what it asks for.

The wheel holds every file of the three packages and nothing else, the sdist what builds it again; each
third-party import is declared where its package may rely on it. The build runs setuptools' own functions in a
process of their own: no isolated environment, no network.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.architecture import inside, modules

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("claims", "fbscore", "reports")
GENERATED = ("reports/evidence/", "reports/html/")
METADATA = ("pyproject.toml", "README.md", "LICENSE")
BUILD = "import sys; from setuptools import build_meta as b; b.build_wheel('dist'); b.build_sdist('dist')"

DISTRIBUTION = {"flint": "python-flint", "skimage": "scikit-image"}  # where the import has another name
EXTRAS = {"fbscore": [], "reports": ["report"], "claims": ["test", "data"]}  # what a package may import
NOT_IMPORTED = {"pytest-xdist", "beartype", "setuptools"}  # used by pytest and by tests/


def package_files(root: Path) -> set[str]:
    """Files on disk below the three packages that belong in a wheel."""
    paths = (path for package in PACKAGES for path in (root / package).rglob("*") if path.is_file())
    names = {path.relative_to(root).as_posix() for path in paths}
    return {name for name in names if "__pycache__" not in name and not name.startswith(GENERATED)}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with wheel and sdist of a copy of the tree, with a stored run that must stay out of both."""
    copy = tmp_path_factory.mktemp("tree")
    ignore = shutil.ignore_patterns("__pycache__", "evidence", "html")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=ignore)
    for name in METADATA:
        shutil.copy(ROOT / name, copy)
    for folder in GENERATED:
        (copy / folder / "run").mkdir(parents=True)
        (copy / folder / "run" / "planted.py").write_text("")
    build = [sys.executable, "-c", BUILD]
    done = subprocess.run(build, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return copy / "dist"


def test_wheel_holds_the_packages(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert sorted(package_files(ROOT) - names) == [], "on disk, not in the wheel: see [tool.setuptools]"
    assert sorted(names - package_files(ROOT)) == [], "in the wheel, not on disk"


def test_sdist_holds_the_packages(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert sorted((package_files(ROOT) | set(METADATA)) - names) == []
    assert not [name for name in names if "planted" in name]


@pytest.mark.parametrize("name", ["claims/README.md", "claims/references.bib"])
def test_data_is_there(name: str) -> None:
    assert name in package_files(ROOT)


@pytest.mark.parametrize("pattern", ["claims/witnesses/*.json", "reports/templates/*"])
def test_data_folder_is_filled(pattern: str) -> None:
    assert list(ROOT.glob(pattern))


def declared(*extras: str) -> set[str]:
    """Names of the distributions in ``dependencies`` and in the given extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in extras for line in optional[extra])]
    return {re.split(r"[\[<>=~! ]", line)[0] for line in lines}


def imported(package: str) -> set[str]:
    """Names of the distributions that a package imports anywhere, also inside functions."""
    found = [module for name, module in modules(ROOT).items() if inside(name, package)]
    tops = {target.split(".")[0] for module in found for _, target in module.imports()}
    return {DISTRIBUTION.get(top, top) for top in tops - set(PACKAGES) - sys.stdlib_module_names}


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_are_declared(package: str) -> None:
    assert sorted(imported(package) - declared(*EXTRAS[package])) == []


def test_declared_are_imported() -> None:
    used = {name for package in PACKAGES for name in imported(package)} | NOT_IMPORTED
    assert sorted(declared("test", "report", "data") - used) == []
