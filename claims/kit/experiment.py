r"""What the kit asks of an experiment: to run at a size for a seed, and to be looked at afterwards.

An experiment decides nothing: what is read off it is an observation, which no theorem implies.  So its
verdicts are words of their own, and only a proved bound that is exceeded, or an error, makes a run red.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch

#: What the option ``--experiment-size`` may say; ``tiny`` is for tests, ``paper`` for a GPU.
SIZES = ("tiny", "everyday", "paper")

#: The one route of an observation, and why it is left out: nobody asked, or somebody asked about a subject.
ROUTE = "observed"
LEFT_OUT = "runs with --experiments or in the profile thorough"
OTHER_SUBJECT = "trains fbscore's own network; the subject is {}"

#: Verdicts of an observation that leave the run green, and the one that does not: a proved bound is exceeded.
OBSERVED = ("observed", "not observed", "inconclusive")
VERDICTS = (*OBSERVED, "refuted")


class Outcome(Protocol):
    """What came of an experiment."""

    def document(self) -> list[dict[str, Any]]:
        """Return the records ``experiment``, ``cell`` and ``transfer``, each with its key ``record``."""
        ...


class Observation(Protocol):
    """What a check read off an outcome."""

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`."""
        ...

    def document(self) -> dict[str, Any]:
        """Return question, verdict, effects with their intervals and a sentence, as plain data."""
        ...


@runtime_checkable
class Experiment(Protocol):
    """Runs at one of its sizes; what is finished on disk is not done again."""

    @property
    def name(self) -> str:
        """A word; the records and the folder on disk are called so."""
        ...

    @property
    def sizes(self) -> Mapping[str, Any]:
        """The design at each size, some of `SIZES`."""
        ...

    def run(
        self,
        size: str,
        seed: int,
        folder: Path,
        *,
        device: torch.device,
        dtype: torch.dtype,
        report: Callable[[str], None],
    ) -> Outcome:
        """Run what is not yet in ``folder``, tell ``report`` now and then, and return all of it."""
        ...
