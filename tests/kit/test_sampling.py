"""One seed makes one shard; numbers are exact in float32; what a sampler of corners promises."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.kit.sampling import Source, fixed, portions
from tests.kit.toys import CPU, points, values

QUIET = settings(database=None, deadline=None, max_examples=100)


def sequence(source):
    """A bit of everything that a source gives."""
    return [
        source.choice(range(1000)),
        source.integer(0, 10**6),
        source.normal(2, 3).tolist(),
        source.uniform(4).tolist(),
        source.integers(4, low=-3, high=3).tolist(),
        source.scale(4).tolist(),
    ]


def test_one_seed_makes_one_sequence():
    assert sequence(Source(1, CPU)) == sequence(Source(1, CPU))
    assert sequence(Source(1, CPU)) != sequence(Source(2, CPU))


def test_a_source_leaves_the_global_generators_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    sequence(Source(1, CPU))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("seed", range(3))
def test_numbers_are_exact_in_float32(seed):
    source = Source(seed, CPU)
    drawn = source.normal(100), source.uniform(100), source.integers(100, low=-9, high=9), source.scale(100)
    for numbers in drawn:
        assert numbers.dtype == torch.float64
        assert torch.equal(numbers.float().double(), numbers)


def test_ranges():
    source = Source(1, CPU)
    assert set(source.integers(500, low=-2, high=2).tolist()) == {-2.0, -1.0, 0.0, 1.0, 2.0}
    assert set(source.scale(500, low=-1, high=1).tolist()) == {0.5, 1.0, 2.0}
    uniform = source.uniform(1000, low=2.0, high=3.0)
    assert ((uniform >= 2.0) & (uniform < 3.0)).all()
    assert {source.integer(1, 3) for _ in range(100)} == {1, 2, 3}
    assert {source.choice("ab") for _ in range(100)} == {"a", "b"}
    assert source.normal(0, 3).shape == (0, 3)


@QUIET
@given(size=st.integers(0, 5000), groups=st.integers(1, 50))
def test_portions_are_even_and_complete(size, groups):
    parts = portions(size, groups)
    assert len(parts) == groups
    assert sum(parts) == size
    assert max(parts) - min(parts) <= 1


def test_fixed_strata_are_exact_and_never_independent():
    sampler = fixed("words", lambda source: iter([("a", points([0.1])), ("b", points([0.2]))]))
    batches = list(sampler.draw(Source(1, CPU), 4096))
    assert [b.family for b in batches] == ["a", "b"]
    assert not any(b.independent for b in batches)
    for batch in batches:
        (number,) = values(batch.instances)
        assert number == float(np.float32(number)) != 0.1
    assert sampler.distribution == "words"
    assert sampler.not_run == ()
