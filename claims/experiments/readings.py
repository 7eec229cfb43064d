r"""What is read off the outcome: each question a function from the outcome to an observation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from claims.experiments import statistics
from claims.experiments.design import SHUFFLED, TRAINED, UNSCALED
from claims.experiments.outcome import Outcome, Row
from claims.experiments.statistics import INCONCLUSIVE, OBSERVED, REFUTED, Effect, Group, Observation
from claims.experiments.transfer import Transfer

__all__ = [
    "changes_less",
    "changes_shrink",
    "decrements_shrink",
    "falls",
    "learnt_relation",
    "scaling_matters",
    "transferred",
    "validated",
]

#: The training loss as section 5 has it, with the penalties, and without them.
MEASURES = {"objective": "final objective", "loss": "final mean squared error"}

Kind = tuple[str, str, str]
Differences = Callable[[Mapping[int, Row]], "Labelled"]
Labelled = list[tuple[tuple[str, int, int], Row, Row]]


# ---------------------------------------------------------------- the final loss against N


def falls(outcome: Outcome, question: str, kinds: Sequence[Kind]) -> Observation:
    """Return whether L_N − L_2N > 0 for every N, L the final training loss."""
    return _along(outcome, question, kinds, _decrements, "falls with every doubling of N")


def decrements_shrink(outcome: Outcome, question: str, kinds: Sequence[Kind]) -> Observation:
    """Return whether (L_N − L_2N) − (L_2N − L_4N) > 0 for every N."""
    return _along(outcome, question, kinds, _second_differences, "falls by less with every doubling of N")


def changes_less(outcome: Outcome, question: str, kinds: Sequence[Kind]) -> Observation:
    """Return whether |L_N − L_2N| − |L_2N − L_4N| > 0 for every N, of any sign; no convergence is shown."""
    return _along(outcome, question, kinds, _sizes, "changes by less with every doubling of N")


def _along(
    outcome: Outcome, question: str, kinds: Sequence[Kind], differences: Differences, text: str
) -> Observation:
    groups = [_group(outcome, kind, measure, differences, text) for kind in kinds for measure in MEASURES]
    return Observation(question, tuple(groups), _summary(groups))


def _group(outcome: Outcome, kind: Kind, measure: str, differences: Differences, text: str) -> Group:
    last = {N: curves.final(measure) for N, curves in outcome.trained(*kind).items()}
    means = ", ".join(f"{sum(row) / len(row):.3g}" for row in last.values())
    said = f"{means} at N = {', '.join(map(str, last))}; {text}"
    return _plain(outcome, [kind], MEASURES[measure], differences(last), said)


def _decrements(last: Mapping[int, Row]) -> Labelled:
    pairs = pairwise(last.items())
    return [((f"{N} → {M}", N, M), _minus(x, y), x) for (N, x), (M, y) in pairs]


def _second_differences(last: Mapping[int, Row]) -> Labelled:
    """Return the differences of successive decrements, relative to the earlier one."""
    return _shrinking({label[1]: x for label, x, _ in _decrements(last)})


def _sizes(last: Mapping[int, Row]) -> Labelled:
    return _shrinking({label[1]: list(map(abs, x)) for label, x, _ in _decrements(last)})


def _shrinking(changes: Mapping[int, Row]) -> Labelled:
    """Return by how much what happens from N to 2N, by N, exceeds what happens from 2N to 4N."""
    return [
        ((f"{N} → {M} less {M} → {2 * M}", N, 2 * M), _minus(x, y), x)
        for (N, x), (M, y) in pairwise(changes.items())
    ]


# ---------------------------------------------------------------- controls


def learnt_relation(outcome: Outcome, question: str) -> Observation:
    """Return whether the final loss is larger with shuffled labels, at every depth."""
    kinds: list[Kind] = [("synthetic", "FBS", SHUFFLED), ("synthetic", "FBS", TRAINED)]
    lost, true = (outcome.trained(*kind) for kind in kinds)

    def differences(measure: str) -> Labelled:
        rows = ((N, lost[N].final(measure), true[N].final(measure)) for N in true)
        return [((f"N = {N}", N, N), _minus(x, y), x) for N, x, y in rows]

    groups = [
        _plain(outcome, kinds, name, differences(measure), "larger than with true labels")
        for measure, name in MEASURES.items()
    ]
    return Observation(question, tuple(groups), _summary(groups))


def scaling_matters(outcome: Outcome, question: str) -> Observation:
    """Return whether doubling the layers changes the objective more where ``h`` is not scaled."""
    scaled = _doublings(outcome.transfers["synthetic", "FBS"])
    rows = ((N, [abs(x) for x in outcome.doubled[N]], scaled[N]) for N in scaled)
    differences = [((f"{N} → {2 * N}", N, 2 * N), _minus(x, y), x) for N, x, y in rows]
    text = "changes more with twice the layers than where h = 1/N"
    kinds: list[Kind] = [("synthetic", "FBS", UNSCALED), ("synthetic", "FBS", TRAINED)]
    group = _plain(outcome, kinds, "change of the objective", differences, text)
    return Observation(question, (group,), _summary([group]))


def validated(outcome: Outcome, question: str) -> Observation:
    """Return whether training lowers the mean loss over the validation samples, at every depth."""
    groups: list[Group] = []
    for data, system in outcome.transfers:
        trained = outcome.trained(data, system)
        rows = ((N, x.first("validation"), x.final("validation")) for N, x in trained.items())
        differences = [((f"N = {N}", N, N), _minus(x, y), x) for N, x, y in rows]
        text = "below that of the untrained network"
        groups.append(_plain(outcome, [(data, system, TRAINED)], "validation loss", differences, text))
    return Observation(question, tuple(groups), _summary(groups))


# ---------------------------------------------------------------- other depths


def transferred(outcome: Outcome, question: str) -> Observation:
    """Return whether the change of the objective keeps within its modulus; it is refuted if it does not.

    Refuted by finite numbers only; where one overflows, or training stopped, it is inconclusive.
    """
    kinds: list[Kind] = [(data, system, TRAINED) for data, system in outcome.transfers]
    groups = [_kept(outcome, kind, outcome.transfers[kind[:2]]) for kind in kinds]
    return Observation(question, tuple(groups), _summary(groups))


def _kept(outcome: Outcome, kind: Kind, rows: Sequence[Transfer]) -> Group:
    measure = "change of the objective"
    if exceeded := [f"{x.trained} → {x.depth}" for x in rows if x.exceeded]:
        return Group(*kind, measure, REFUTED, (), f"the modulus is exceeded: {', '.join(exceeded)}")
    overflown = [f"{x.trained} → {x.depth}" for x in rows if not x.finite]
    if reason := _stopped(outcome, [kind]) or _not_finite(overflown):
        return Group(*kind, measure, INCONCLUSIVE, (), reason)
    labelled: Labelled = [
        ((f"{x.trained} → {x.depth}", x.trained, x.depth), x.change, _minus(x.objective, x.change))
        for x in rows
        if x.trained != x.depth
    ]
    text = f"the change is at most {max(x.ratio for x in rows):.2g} of its modulus"
    return Group(*kind, measure, OBSERVED, _effects(labelled), text)


def changes_shrink(outcome: Outcome, question: str) -> Observation:
    """Return whether |J^2N(E_2N θ^N) − J^N(θ^N)| falls with N, θ^N trained at N layers."""
    groups: list[Group] = []
    for (data, system), rows in outcome.transfers.items():
        differences, text = _shrinking(_doublings(rows)), "falls with every doubling of N"
        kind = (data, system, TRAINED)
        groups.append(_plain(outcome, [kind], "change with twice the layers", differences, text))
    return Observation(question, tuple(groups), _summary(groups))


def _doublings(rows: Sequence[Transfer]) -> dict[int, Row]:
    """Return the size of the change from N to 2N layers, by N."""
    return {x.trained: [abs(y) for y in x.change] for x in rows if x.depth == 2 * x.trained}


# ---------------------------------------------------------------- words


def _plain(outcome: Outcome, kinds: Sequence[Kind], measure: str, differences: Labelled, text: str) -> Group:
    """Return what the differences say of the first of the kinds; all of them were looked at."""
    overflown = [label[0] for label, x, _ in differences if not all(map(math.isfinite, x))]
    if reason := _stopped(outcome, kinds) or _not_finite(overflown):
        return Group(*kinds[0], measure, INCONCLUSIVE, (), reason)
    found = _effects(differences)
    verdict = statistics.decided(found)
    return Group(*kinds[0], measure, verdict, found, f"{text}: {verdict}{_against(found)}")


def _stopped(outcome: Outcome, kinds: Sequence[Kind]) -> str:
    """Return where training stopped, nothing if nowhere: cells that diverged decide no question."""
    cells = [(kind[2], N, x.stopped) for kind in kinds for N, x in outcome.trained(*kind).items()]
    found = [
        f"N = {N}{'' if variant == TRAINED else f', {variant}'}: {why}" for variant, N, why in cells if why
    ]
    return f"training stopped, {'; '.join(found)}" if found else ""


def _not_finite(labels: Sequence[str]) -> str:
    return f"a number is not finite: {', '.join(labels)}" if labels else ""


def _effects(differences: Labelled) -> tuple[Effect, ...]:
    if not differences:
        return ()
    labels, values, bases = zip(*differences, strict=True)
    return statistics.effects(labels, values, bases)


def _against(found: Sequence[Effect]) -> str:
    """Return the differences that are not positive beyond their intervals, with these."""
    open_ones = [effect for effect in found if effect.low <= 0]
    listed = "; ".join(f"{x.label}: {x.mean:.2g} [{x.low:.2g}, {x.high:.2g}]" for x in open_ones)
    return f"; not positive beyond its interval: {listed}" if listed else ""


def _summary(groups: Sequence[Group]) -> str:
    """Return the groups by verdict, in a sentence."""
    found: dict[str, list[str]] = {}
    for group in groups:
        variant = "" if group.variant == TRAINED else f", {group.variant}"
        found.setdefault(group.verdict, []).append(f"{group.system} {group.data}{variant} ({group.measure})")
    return "; ".join(f"{verdict}: {', '.join(names)}" for verdict, names in found.items())


def _minus(x: Row, y: Row) -> Row:
    return [a - b for a, b in zip(x, y, strict=True)]
