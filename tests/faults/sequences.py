"""Faults in the constants for sequences."""

from __future__ import annotations

from functools import partial

import torch

from claims import sequence_constants
from tests.faults.checks import BAD_SETS, CAUCHY, CLOSED, GAP, GRAPH, KEPT, LAYERS, LIMIT, MEANS, OFF_SETS
from tests.faults.plants import Fault, changed_constant, scaled

_sequence = partial(changed_constant, sequence_constants)

SEQUENCES = (
    Fault(
        "distance to the layers 2 % too small", _sequence("family_distance", lambda x: 0.98 * x), (LAYERS,)
    ),
    Fault(
        "distance to the layers 2 % too large",
        _sequence("family_distance", lambda x: 1.02 * x),
        (LAYERS,),
        "loose",
    ),
    Fault("variation 2 % too small", _sequence("variation_square", lambda x: 0.98 * x), (MEANS,)),
    Fault("variation 2 % too large", _sequence("variation_square", lambda x: 1.02 * x), (MEANS,), "loose"),
    Fault("boxes 2 % too small", _sequence("mesh_square", lambda x: 0.98 * x), (CAUCHY,)),
    Fault("boxes 2 % too large", _sequence("mesh_square", lambda x: 1.02 * x), (CAUCHY,), "loose"),
    Fault(
        "all members kept",
        _sequence("kept_members", lambda levels: [torch.ones_like(mask) for mask in levels]),
        (CAUCHY,),
    ),
    Fault(
        "half of the members kept",
        _sequence("kept_members", lambda levels: [mask & (mask.cumsum(1) % 2 == 0) for mask in levels]),
        (KEPT,),
    ),
    Fault("boxes counted twice", _sequence("boxes", lambda n: [2 * x for x in n]), (KEPT,), "loose"),
    Fault("Bregman gap dropped", _sequence("graph_error", lambda t: scaled(t, "gap", 0.0)), (GRAPH,)),
    Fault("tilt of p dropped", _sequence("graph_error", lambda t: scaled(t, "tilt", 0.0)), (GRAPH,)),
    Fault(
        "tilt 2 % too large", _sequence("graph_error", lambda t: scaled(t, "tilt", 1.02)), (GRAPH,), "loose"
    ),
    Fault("bound on the gap halved", _sequence("gap_bound", lambda x: x / 2), (GAP,)),
    Fault("bound on the gap 2 % too large", _sequence("gap_bound", lambda x: 1.02 * x), (GAP,), "loose"),
    Fault(
        "rate of the points halved", _sequence("limit_bound", lambda t: scaled(t, "points", 0.5)), (LIMIT,)
    ),
    Fault(
        "rate of the subgradients 2 % too small",
        _sequence("limit_bound", lambda t: scaled(t, "subgradients", 0.98)),
        (LIMIT,),
    ),
    Fault("limits outside and inside swapped", _sequence("outside_value", lambda x: 1 - x), (CLOSED,)),
    Fault("near taken for far", _sequence("far", lambda x: 1 - x), (BAD_SETS, OFF_SETS)),
    Fault("tail 2 % too small", _sequence("tail", lambda x: 0.98 * x), (OFF_SETS,)),
    Fault("tail 2 % too large", _sequence("tail", lambda x: 1.02 * x), (OFF_SETS,), "loose"),
    Fault(
        "supremum norm 0.01 % too small",
        _sequence("uniform_distances", lambda x: 0.9999 * x),
        ("test_stays_apart_in_the_supremum_norm",),
    ),
)
