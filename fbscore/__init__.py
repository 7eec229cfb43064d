"""Forward-backward-splitting networks in batches: the minimal core under test."""

from fbscore import regularizers
from fbscore.controls import distance, extend, norm, project, shift
from fbscore.layers import fbs_step
from fbscore.network import forward
from fbscore.types import Controls, Enclosure, Problem

__all__ = [
    "Controls",
    "Enclosure",
    "Problem",
    "distance",
    "extend",
    "fbs_step",
    "forward",
    "norm",
    "project",
    "regularizers",
    "shift",
]
