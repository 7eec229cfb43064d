r"""Section 5, experiment (Figure 1): the final training loss falls with the number of layers, ever slower.

Sparse recovery: labels u* with few nonzero entries, f = A u* + noise with A fixed, FBS-networks of N = 2, 4,
…, 64 layers with h = 1/N and R = ‖·‖₁; the training loss is the mean squared error plus a small weight times
(1/N) Σ of the squared parameters; stochastic gradient descent with momentum and a learning rate for W, for τ
and for λ; W_n starts from the transpose of the orthogonal factor of A, τ_n and λ_n from constants, and both
stay nonnegative.  LISTA and ALISTA beside it, and patches of photographs in a DCT basis.

This is an observation and no theorem: none of the paper implies it, and it is false for the minimum itself.
With A = W = 1, R = 0, f = 0, u0 = 1, u* = 0 and τ ∈ [0, 1] the least training loss is (1 − 1/N)^{2N}, which
is 0 for N = 1, 1/16 for N = 2 and *rises* to e^{−2}.  What is proved, and would be refuted here, is the last
table: controls trained at N layers and run at M change the objective by no more than (4.7) of both networks,
(4.8) where M does not refine N, and the change of the penalties allow.

Differences are paired over replicates; their Student intervals hold together over the depths with 95 %
(Bonferroni), if the differences are about normal, which 8 or 5 replicates cannot show.  A question is
*observed* if every difference is positive beyond its interval, *not observed* if one is negative beyond it,
else, and where training stopped, *inconclusive*.  All sizes, rates and constants are *reconstructed*: the
paper's are lost; docs/experiment.md gives ours with reasons.

Source: X. Lin, C. Wu, arXiv:2605.27133, section 5 and Figure 1, *reconstructed*; constants 4.7, 4.8.
"""

from claims.experiments import readings
from claims.experiments.depth import EXPERIMENT
from claims.experiments.design import SHUFFLED, TRAINED, UNSCALED
from claims.kit.claim import claim

figure = claim("fbs_learning", "Section 5", assumes=())

PAPER = (("synthetic", "FBS", TRAINED),)
BESIDE = {
    "synthetic": (("synthetic", "LISTA", TRAINED), ("synthetic", "ALISTA", TRAINED)),
    "photographs": tuple(("photographs", system, TRAINED) for system in ("FBS", "LISTA", "ALISTA")),
}


def _beside(outcome):
    """Return the other systems and data that were trained."""
    return [kind for data in outcome.design.data for kind in BESIDE[data]]


@figure.observes(experiment=EXPERIMENT)
def test_final_loss_falls(outcome, run):
    """FBS on synthetic data: L_N − L_{2N} > 0 for every N, L_N the training loss after the last epoch."""
    return readings.falls(outcome, "Does the final training loss fall with N?", PAPER)


@figure.observes(experiment=EXPERIMENT)
def test_decrements_shrink(outcome, run):
    """FBS on synthetic data: (L_N − L_{2N}) − (L_{2N} − L_{4N}) > 0 for every N."""
    return readings.decrements_shrink(outcome, "Do the decrements shrink with N?", PAPER)


@figure.observes(experiment=EXPERIMENT)
def test_final_loss_changes_less(outcome, run):
    """All systems and data: |L_N − L_{2N}| − |L_{2N} − L_{4N}| > 0 for every N, be it a fall or a rise."""
    question = "Does the final training loss change by less with every doubling of N, whatever the sign?"
    return readings.changes_less(outcome, question, [*PAPER, *_beside(outcome)])


@figure.observes(experiment=EXPERIMENT)
def test_final_loss_falls_beside(outcome, run):
    """LISTA, ALISTA, and all three on photographs: L_N − L_{2N} > 0 for every N."""
    question = "Does the final training loss fall with N for the other systems and data?"
    return readings.falls(outcome, question, _beside(outcome))


@figure.observes(experiment=EXPERIMENT)
def test_decrements_shrink_beside(outcome, run):
    """LISTA, ALISTA, and all three on photographs: (L_N − L_{2N}) − (L_{2N} − L_{4N}) > 0 for every N."""
    question = "Do the decrements shrink for the other systems and data?"
    return readings.decrements_shrink(outcome, question, _beside(outcome))


@figure.observes(experiment=EXPERIMENT)
def test_validation_loss_falls_in_training(outcome, run):
    """At every depth the mean loss over samples that were not trained on falls below that of the start."""
    return readings.validated(outcome, "Does training help on samples that were not trained on?")


@figure.observes(experiment=EXPERIMENT)
def test_shuffled_labels_are_not_learnt(outcome, run):
    """Control: with labels given to other samples the final training loss is larger at every depth."""
    return readings.learnt_relation(outcome, "Is less learnt where the data say nothing of the labels?")


@figure.observes(experiment=EXPERIMENT)
def test_final_loss_falls_with_shuffled_labels(outcome, run):
    """Control: does L_N − L_{2N} > 0 hold although nothing can be learnt but by heart?"""
    question = "With labels shuffled, does the final training loss still fall with N?"
    return readings.falls(outcome, question, [("synthetic", "FBS", SHUFFLED)])


@figure.observes(experiment=EXPERIMENT)
def test_final_loss_falls_with_h_not_scaled(outcome, run):
    """Control: does L_N − L_{2N} > 0 hold if layers are as long at every depth, so that N is time?"""
    question = "With h not scaled with N, does the final training loss fall with N?"
    return readings.falls(outcome, question, [("synthetic", "FBS", UNSCALED)])


@figure.observes(experiment=EXPERIMENT)
def test_scaling_h_keeps_the_objective(outcome, run):
    """Control: twice the layers of a trained network change J by more if h is not scaled, for every N."""
    return readings.scaling_matters(outcome, "Is it the scaling of h that lets a network be run deeper?")


@figure.observes(experiment=EXPERIMENT)
def test_transfers_keep_within_the_modulus(outcome, run):
    """|J^M(P_M E_N θ^N) − J^N(θ^N)| ≤ (4.7) of both + (4.8) + penalties, θ^N trained; refuted if not."""
    return readings.transferred(outcome, "Does running at another depth change J by no more than is proved?")


@figure.observes(experiment=EXPERIMENT)
def test_transfers_change_less_when_deeper(outcome, run):
    """|J^{2N}(E_{2N} θ^N) − J^N(θ^N)| falls with N: what deeper networks learn is closer to the limit."""
    return readings.changes_shrink(outcome, "Does doubling the depth change J less for deeper networks?")
