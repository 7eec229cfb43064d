"""Training objectives of networks and of their deep-layer limit, and admissible sets of controls."""

from fbscore.learning import admissible, losses, penalties
from fbscore.learning.controls import (
    control_distance,
    control_norms,
    extend_controls,
    parts,
    project_controls,
)
from fbscore.learning.domain import Domain
from fbscore.learning.limit_objective import limit_objective
from fbscore.learning.losses import Loss, huber, power
from fbscore.learning.minimise import Budget, Minimum, minimise, minimise_limit
from fbscore.learning.minimise_finite import FiniteMinimum, minimise_finite
from fbscore.learning.objective import Learning, objective
from fbscore.learning.penalties import Penalty
from fbscore.learning.pieces import Pieces, Track

__all__ = [
    "Budget",
    "Domain",
    "FiniteMinimum",
    "Learning",
    "Loss",
    "Minimum",
    "Penalty",
    "Pieces",
    "Track",
    "admissible",
    "control_distance",
    "control_norms",
    "extend_controls",
    "huber",
    "limit_objective",
    "losses",
    "minimise",
    "minimise_finite",
    "minimise_limit",
    "objective",
    "parts",
    "penalties",
    "power",
    "project_controls",
]
