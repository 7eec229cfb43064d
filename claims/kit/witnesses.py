"""Witnesses: one exact JSON file for every negative control, in ``claims/witnesses/``.

A witness holds one instance, every number as a hexadecimal float, and where the numbers come from.
"""

from __future__ import annotations

import json
from pathlib import Path

from claims.kit.decoding import decode
from claims.kit.instances import Instances

FOLDER = Path(__file__).parents[1] / "witnesses"


class WitnessError(Exception):
    """A witness is missing or cannot be read; the message names the file."""


def path_of(name: str) -> Path:
    """Return the file of a witness."""
    return FOLDER / f"{name}.json"


def load(name: str) -> Instances:
    """Return the instance that a witness holds, a batch of one.

    Raises
    ------
    WitnessError
        If the file is missing, is not JSON, or does not hold one instance.
    """
    path = path_of(name)
    try:
        found = decode(json.loads(path.read_text(encoding="utf-8"))["instance"])
    except FileNotFoundError:
        raise WitnessError(f"witness: expected the file {path}, which does not exist") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WitnessError(f"witness: {path} does not hold one instance: {error!r}") from error
    if not isinstance(found, Instances):
        raise WitnessError(f"witness: {path} does not hold one instance but {type(found).__name__}")
    if any(x.shape[:1] != (1,) for x in found.arrays()):
        raise WitnessError(f"witness: {path} does not hold one instance but a batch of {found.size}")
    return found


def save(name: str, about: str, instance: Instances) -> Path:
    """Write a witness and return its file; ``about`` says what it shows and where it comes from."""
    path = path_of(name)
    content = {"about": about, "instance": instance.encode()}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
