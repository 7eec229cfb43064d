"""Forward-backward-splitting networks in batches: the minimal core under test."""

from fbscore import regularizers
from fbscore.controls import distance, extend, norm, project, shift
from fbscore.layers import alista_step, fbs_step, lista_step
from fbscore.lista import AlistaControls, ListaControls, coupled
from fbscore.network import forward
from fbscore.samples import Samples
from fbscore.types import Controls, Enclosure, Problem

__all__ = [
    "AlistaControls",
    "Controls",
    "Enclosure",
    "ListaControls",
    "Problem",
    "Samples",
    "alista_step",
    "coupled",
    "distance",
    "extend",
    "fbs_step",
    "forward",
    "lista_step",
    "norm",
    "project",
    "regularizers",
    "shift",
]
