r"""Equation (2.2): every layer of the FBS-network is a resolvent step.

With h = 1/N the states satisfy u_{n+1} ∈ u_n − hτ_nW_n(Au_n − f) − hτ_nλ_n∂R(u_{n+1}), n = 0 … N−1.  Under A1
this inclusion has exactly one solution, u_{n+1} = prox_{hτ_nλ_nR}(u_n − hτ_nW_n(Au_n − f)).

Finite form: each state equals the oracle's prox of the explicit step taken from the state before it, and
the first one is u0.  This is what ties the subject to the paper: all bounds of part I would also hold for
a network without a prox.

No negative control: this is a definition.  What it needs A1 for, that the prox has one value, is
Lemma 3.1's to test.

Shapes: states (batch, N+1, d).  Source: arXiv:2605.27133, (2.2), *reconstructed*; prox by the
independent oracle.
"""

from claims import constants, magnitudes
from claims.assumptions import A1
from claims.families import networks, strategies
from claims.kit.arithmetic import norm
from claims.kit.claim import claim
from claims.kit.margin import at_most, equals

SEVERAL_VALUES = (
    "part of the definition: without A1 the inclusion may have several solutions, or none, and (2.2) defines "
    "no network; that the prox then jumps is shown with Lemma 3.1"
)
equation = claim("fbs_learning", "Equation (2.2)", assumes=(A1,), untestable={A1: SEVERAL_VALUES})


@equation.holds(drawn=strategies.networks(), sampled=networks.networks())
def test_layer_is_resolvent(p, run):
    """u_{n+1} = prox_{hσ_nR}(u_n − h(K_nu_n − c_n)) for every n."""
    states = run.forward(p)
    rounding = run.rounding(magnitudes.operations(p), magnitudes.step_magnitude(p, states))
    return equals(states[:, 1:], constants.resolvent_steps(p, states), rounding)


@equation.holds(drawn=strategies.networks(), sampled=networks.networks())
def test_starts_at_initial_value(p, run):
    """u_0 is the initial value, to the last bit."""
    gap = norm(run.forward(p)[:, 0] - p.u0)
    return at_most(gap, {"zero": gap * 0}, gap * 0)


@equation.holds(drawn=strategies.networks(), sampled=networks.networks())
def test_deeper_states_continue_the_same_run(p, run):
    """The whole trajectory is the oracle's: errors of the layers stay within what their factors carry on."""
    states = run.forward(p)
    rounding = run.rounding(magnitudes.operations(p), magnitudes.accumulated_magnitude(p, states))
    return equals(states[:, 1:], constants.resolvent_run(p), rounding)
