"""Budgets are counts; shards have one size, so that workers and batch sizes change nothing."""

from claims.kit.profiles import FEWEST, PROFILES, SHARD


def test_names_and_order():
    assert list(PROFILES) == ["quick", "default", "thorough"]
    assert all(profile.name == name for name, profile in PROFILES.items())


def test_each_profile_does_more():
    quick, default, thorough = PROFILES.values()
    for less, more in ((quick, default), (default, thorough)):
        assert less.drawn < more.drawn
        assert less.sampled < more.sampled
        assert less.searched < more.searched


def test_counts():
    assert PROFILES["quick"].sampled == 1024
    assert PROFILES["quick"].searched == 0
    assert {PROFILES[name].shard_size for name in ("default", "thorough")} == {SHARD} == {4096}
    assert PROFILES["default"].sampled == 12 * 4096


def test_costly_checks_get_smaller_shards_not_fewer():
    default = PROFILES["default"]
    less = default.divided(32)
    assert default.divided(1) is default
    assert (less.shards, less.searched) == (default.shards, default.searched)
    assert less.shard_size == default.shard_size // 32
    assert less.climb.moved == default.climb.moved // 32
    assert 1 <= less.drawn < default.drawn
    assert PROFILES["quick"].divided(10**9).shard_size == 1
    assert PROFILES["quick"].divided(10**9).drawn == FEWEST
