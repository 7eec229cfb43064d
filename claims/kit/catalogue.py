"""All checks of the suite, found by importing the claim files."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path

from claims.kit.claim import Check

ROOT = Path(__file__).parents[1]


@functools.cache
def checks() -> tuple[Check, ...]:
    """Return every check, in the order of files and lines."""
    found: list[Check] = []
    for path in sorted(ROOT.glob("*/s[0-9A]*_*.py")):
        module = importlib.import_module(f"claims.{path.parent.name}.{path.stem}")
        declared = (getattr(value, "check", None) for value in vars(module).values())
        found += sorted((c for c in declared if isinstance(c, Check)), key=lambda check: check.line)
    return tuple(found)


def by_id(identifier: str) -> Check | None:
    """Return the check with this id, or None."""
    return next((check for check in checks() if check.id == identifier), None)
