"""Profiles: how many instances a check gets.  Budgets are counts, never seconds."""

from __future__ import annotations

from dataclasses import dataclass

#: Instances a shard of the sampled route; fixed, so that workers and batch sizes change nothing.
SHARD = 4096


@dataclass(frozen=True)
class Profile:
    """Counts of instances a check: drawn by Hypothesis, sampled in shards, shards searched for a control.

    Only ``quick`` takes less than a whole shard.
    """

    name: str
    drawn: int
    shards: int
    shard_size: int
    searched: int

    @property
    def sampled(self) -> int:
        """Instances of the sampled route, corner strata not counted."""
        return self.shards * self.shard_size


PROFILES: dict[str, Profile] = {
    "quick": Profile("quick", drawn=40, shards=1, shard_size=1024, searched=0),
    "default": Profile("default", drawn=300, shards=24, shard_size=SHARD, searched=4),
    "thorough": Profile("thorough", drawn=2000, shards=160, shard_size=SHARD, searched=24),
}
