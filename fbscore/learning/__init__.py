"""Training objectives of networks and of their deep-layer limit, and admissible sets of controls."""

from fbscore.learning import admissible, losses, penalties
from fbscore.learning.controls import (
    control_distance,
    control_norms,
    extend_controls,
    parts,
    project_controls,
)
from fbscore.learning.limit_objective import limit_objective
from fbscore.learning.losses import Loss, huber, power
from fbscore.learning.objective import Learning, objective
from fbscore.learning.penalties import Penalty

__all__ = [
    "Learning",
    "Loss",
    "Penalty",
    "admissible",
    "control_distance",
    "control_norms",
    "extend_controls",
    "huber",
    "limit_objective",
    "losses",
    "objective",
    "parts",
    "penalties",
    "power",
    "project_controls",
]
