"""Admissible sets of controls: what they contain, nearest points, images under ``P_N``, and conditions."""

from fbscore.learning.admissible.base import Admissible
from fbscore.learning.admissible.box import Box
from fbscore.learning.admissible.few_pieces import FewPieces
from fbscore.learning.admissible.finite import Finite
from fbscore.learning.admissible.lipschitz import Lipschitz
from fbscore.learning.admissible.norm_ball import NormBall
from fbscore.learning.admissible.product import Product
from fbscore.learning.admissible.total_variation import TotalVariation

__all__ = [
    "Admissible",
    "Box",
    "FewPieces",
    "Finite",
    "Lipschitz",
    "NormBall",
    "Product",
    "TotalVariation",
]
