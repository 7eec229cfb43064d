"""A generator for what tests draw themselves."""

import pytest
import torch


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(20261120)
