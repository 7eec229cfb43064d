"""The deep-layer limit: certificates of networks, distances of limits, enclosures of the solution."""

from fbscore.limit.control_error import ControlError, control_error
from fbscore.limit.event_steps import event_steps
from fbscore.limit.network_certificate import final_enclosure, network_certificate, uniform_certificate
from fbscore.limit.refine import refine
from fbscore.limit.solve import solve

__all__ = [
    "ControlError",
    "control_error",
    "event_steps",
    "final_enclosure",
    "network_certificate",
    "refine",
    "solve",
    "uniform_certificate",
]
