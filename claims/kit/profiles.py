"""Profiles: how many instances a check gets.  Budgets are counts, never seconds."""

from __future__ import annotations

from dataclasses import dataclass, replace

#: Instances a shard of the sampled route; fixed, so that workers and batch sizes change nothing.
SHARD = 4096

#: Drawn instances that a costly check keeps: with fewer, Hypothesis tries little but zeros.
FEWEST = 16

#: Moves that a climber of a costly check tries at least.
MOVES = 4


@dataclass(frozen=True)
class Climb:
    """Counts of the adversarial route: where climbers start, how many there are, how far they go.

    In each of ``shards`` shards ``starts`` climbers of each of ``shapes`` shapes, found among ``drawn``
    sampled instances and ``corners`` batches of corners, try at most ``moves`` moves each in every one of
    ``rounds`` rounds.
    """

    shards: int
    drawn: int
    corners: int
    shapes: int
    starts: int
    moves: int
    rounds: int

    @property
    def moved(self) -> int:
        """Instances that climbers try, at most."""
        return self.shards * self.shapes * self.starts * self.moves * self.rounds


QUICK = Climb(shards=1, drawn=64, corners=4, shapes=2, starts=4, moves=16, rounds=8)


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
    climb: Climb = QUICK

    @property
    def sampled(self) -> int:
        """Instances of the sampled route, corner strata not counted."""
        return self.shards * self.shard_size

    def divided(self, cost: int) -> Profile:
        """Return the profile for a check whose instances cost so many times what others do.

        Shards become smaller, not fewer; climbers make fewer rounds, then are fewer, then try fewer moves;
        drawn instances, which are small, become fewer by a quarter of ``cost`` only, and not fewer than
        `FEWEST`.
        """
        if cost == 1:
            return self
        rounds = max(1, self.climb.rounds // cost)
        starts = max(1, self.climb.starts * self.climb.rounds // (rounds * cost))
        moves = max(MOVES, self.climb.moves * self.climb.starts * self.climb.rounds // cost)
        seen = max(1, self.climb.drawn // cost)
        climb = replace(
            self.climb,
            drawn=seen,
            corners=1,
            rounds=rounds,
            starts=min(starts, self.climb.starts),
            moves=min(moves, self.climb.moves),
        )
        drawn, size = max(FEWEST, 4 * self.drawn // cost), max(1, self.shard_size // cost)
        return replace(self, drawn=min(self.drawn, drawn), shard_size=size, climb=climb)


PROFILES: dict[str, Profile] = {
    "quick": Profile("quick", drawn=40, shards=1, shard_size=1024, searched=0),
    "default": Profile(
        "default",
        drawn=300,
        shards=12,
        shard_size=SHARD,
        searched=4,
        climb=Climb(shards=2, drawn=512, corners=16, shapes=8, starts=8, moves=16, rounds=32),
    ),
    "thorough": Profile(
        "thorough",
        drawn=2000,
        shards=160,
        shard_size=SHARD,
        searched=24,
        climb=Climb(shards=8, drawn=1024, corners=32, shapes=16, starts=8, moves=16, rounds=64),
    ),
}
