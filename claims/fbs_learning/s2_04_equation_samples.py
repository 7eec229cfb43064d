r"""Equation (2.4): the samples of a learning problem run through one network, each on its own data.

The loss of a multi-sample problem is a mean over samples (f_i, u0_i, u*_i) with one θ for all of them.  Its
states are those of the network for each sample by itself: they depend on f_i, u0_i and θ, and on no other
sample.

Finite form: the trajectory of every sample is the oracle's own, from u0_i on.  The bounds of part I in the
mean square over the samples would not see two samples exchanged; this does.

No negative control: this is a definition.

Shapes: states (batch, samples, N+1, d).  Source: arXiv:2605.27133, (2.4), *reconstructed*; prox by the
independent oracle.
"""

from claims import sample_constants as constants
from claims.assumptions import A1
from claims.families import samples, strategies
from claims.kit.claim import claim
from claims.kit.margin import equals

SEVERAL_VALUES = (
    "part of the definition: (2.4) asks for the state of (2.2), which without A1 may be one of several"
)
equation = claim("fbs_learning", "Equation (2.4)", assumes=(A1,), untestable={A1: SEVERAL_VALUES})


@equation.holds(drawn=strategies.samples(), sampled=samples.samples())
def test_every_sample_runs_on_its_own_data(p, run):
    """uⁱ_0 = u0_i and uⁱ_{n+1} = prox_{hσ_nR}(uⁱ_n − h(K_nuⁱ_n − cⁱ_n)) for every sample i and every n."""
    states = run.forward(p)
    rounding = run.rounding(constants.operations(p), constants.run_magnitude(p, states))
    return equals(states, constants.runs(p), rounding)
