r"""The options of the suite: what they are called, what they may say, and the settings that they make."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from claims.kit.context import DTYPES
from claims.kit.evidence import EvidenceError, Writer
from claims.kit.experiment import SIZES
from claims.kit.profiles import PROFILES
from claims.kit.session import Settings, new_run_id
from claims.kit.subject import DEFAULT, load


def declare(group: pytest.OptionGroup) -> None:
    """Declare the options."""
    profiles = ", ".join(PROFILES)
    group.addoption(
        "--claims-profile", default="default", metavar="NAME", help=f"budget: {profiles} (default: default)"
    )
    group.addoption(
        "--claims-seed", default=None, metavar="INT", help="seed of the run (random by default, echoed)"
    )
    group.addoption("--device", default="cpu", help="torch device of the subject (cpu by default)")
    group.addoption("--dtype", default="float64", help="float64 (default) or float32")
    group.addoption(
        "--subject", default=DEFAULT, metavar="pkg.mod:name", help="the implementation under test"
    )
    group.addoption("--experiments", action="store_true", help="run the experiments (thorough does anyway)")
    sizes = ", ".join(SIZES)
    group.addoption(
        "--experiment-size", default="everyday", metavar="NAME", help=f"{sizes} (default: everyday)"
    )
    group.addoption(
        "--experiment-seed", default="0", metavar="INT", help="seed of the experiments, not of the run (0)"
    )
    group.addoption(
        "--experiment-folder", metavar="DIR", help="where experiments go on (default: reports/experiments)"
    )
    group.addoption("--evidence", default=None, metavar="DIR", help="folder for this run's evidence")
    group.addoption(
        "--report", default=None, metavar="DIR", help="folder for the report (default: reports/html)"
    )


def settings(config: pytest.Config) -> Settings:
    """Return what the options of a run say.

    Raises
    ------
    ValueError, SubjectError, EvidenceError
        If one of them says something else than it may; the message names it.
    """

    def option(name: str) -> Any:
        return config.getoption(name)

    profile, dtype, device = option("--claims-profile"), option("--dtype"), option("--device")
    if profile not in PROFILES:
        raise ValueError(f"--claims-profile: expected one of {', '.join(PROFILES)}, got {profile!r}")
    if dtype not in DTYPES:
        raise ValueError(f"--dtype: expected one of {', '.join(DTYPES)}, got {dtype!r}")
    _check_device(device)
    subject = option("--subject")
    load(subject)
    seed = option("--claims-seed")
    number = secrets.randbelow(2**31) if seed is None else _seed("--claims-seed", seed)
    run = new_run_id()
    given = option("--evidence")
    folder = Path(given).absolute() if given else config.rootpath / "reports" / "evidence" / run
    if given:
        _check_folder(folder)
    asked = (number, profile, device, dtype, subject, _selection(config), _workers(config))
    return Settings(run, str(folder), *asked, **_experiments(config, profile))


def _seed(option: str, given: str) -> int:
    if not re.fullmatch(r"\d{1,18}", given):
        raise ValueError(f"{option}: expected a nonnegative integer below 10^18, got {given!r}")
    return int(given)


def _experiments(config: pytest.Config, profile: str) -> dict[str, Any]:
    """Return what the options say of the experiments."""
    names = ("--experiment-size", "--experiment-seed", "--experiment-folder")
    size, seed, given = (cast("Any", config.getoption(name)) for name in names)
    if size not in SIZES:
        raise ValueError(f"--experiment-size: expected one of {', '.join(SIZES)}, got {size!r}")
    folder = Path(given).absolute() if given else config.rootpath / "reports" / "experiments"
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"--experiment-folder: expected a folder, got {folder}, which is a file")
    return {
        "experiments": config.getoption("--experiments") or profile == "thorough",
        "experiment_size": size,
        "experiment_seed": _seed("--experiment-seed", seed),
        "experiment_folder": str(folder),
    }


def _selection(config: pytest.Config) -> tuple[str, ...]:
    """Return what was asked to run, in pytest's words: paths and test ids, -k, -m, --lf."""
    option = config.option
    chosen = [str(path) for path in option.file_or_dir] or [str(path) for path in config.args]
    chosen += [f"-k {option.keyword}"] if option.keyword else []
    chosen += [f"-m {option.markexpr}"] if option.markexpr else []
    return (*chosen, *(["--lf"] if getattr(option, "lf", False) else []))


def _workers(config: pytest.Config) -> int:
    asked: list[Any] = getattr(config.option, "tx", None) or []
    return len(asked) or 1


def _check_device(device: str) -> None:
    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        # torch raises either for a device that is unknown or absent
        first = str(error).partition("\n")[0]
        raise ValueError(
            f"--device: expected a device that torch can use here, got {device!r}: {first}"
        ) from error


def _check_folder(folder: Path) -> None:
    """Raise unless ``folder`` can take the evidence of a new run."""
    try:
        taken = folder.is_dir() and any(folder.glob("*.jsonl"))
    except OSError as error:
        raise EvidenceError(f"--evidence: cannot use {folder}: {error.strerror}") from error
    if taken:
        raise EvidenceError(f"--evidence: {folder} already holds the evidence of a run; name a new folder")
    probe = folder / "probe"
    writer = Writer(probe)
    writer.close()
    probe.unlink()
