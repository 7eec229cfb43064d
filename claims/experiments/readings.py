r"""What is read off the outcome: each question a function from the outcome to an observation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from claims.experiments import statistics
from claims.experiments.design import SHUFFLED, TRAINED, UNSCALED
from claims.experiments.outcome import Curves, Outcome, Row
from claims.experiments.statistics import INCONCLUSIVE, OBSERVED, REFUTED, Effect, Group, Observation
from claims.experiments.transfer import Transfer

__all__ = [
    "changes_shrink",
    "decrements_shrink",
    "falls",
    "learnt_relation",
    "scaling_matters",
    "settles",
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


def settles(outcome: Outcome, question: str, kinds: Sequence[Kind]) -> Observation:
    """Return whether |L_N − L_2N| − |L_2N − L_4N| > 0 for every N, whatever the signs."""
    return _along(outcome, question, kinds, _sizes, "changes by less with every doubling of N")


def _along(
    outcome: Outcome, question: str, kinds: Sequence[Kind], differences: Differences, text: str
) -> Observation:
    groups = [
        _group(kind, outcome.trained(*kind), measure, differences, text)
        for kind in kinds
        for measure in MEASURES
    ]
    return Observation(question, tuple(groups), _summary(groups))


def _group(
    kind: Kind, trained: Mapping[int, Curves], measure: str, differences: Differences, text: str
) -> Group:
    stopped = [f"N = {N}: {curves.stopped}" for N, curves in trained.items() if curves.stopped]
    if stopped:
        return Group(*kind, MEASURES[measure], INCONCLUSIVE, (), "training stopped, " + "; ".join(stopped))
    last = {N: curves.final(measure) for N, curves in trained.items()}
    found = _effects(differences(last))
    verdict = statistics.decided(found)
    means = ", ".join(f"{sum(row) / len(row):.3g}" for row in last.values())
    depths = ", ".join(map(str, last))
    said = f"{means} at N = {depths}; {text}: {verdict}{_against(found)}"
    return Group(*kind, MEASURES[measure], verdict, found, said)


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
    true = outcome.trained("synthetic", "FBS")
    lost = outcome.trained("synthetic", "FBS", SHUFFLED)

    def differences(measure: str) -> Labelled:
        rows = ((N, lost[N].final(measure), true[N].final(measure)) for N in true)
        return [((f"N = {N}", N, N), _minus(x, y), x) for N, x, y in rows]

    groups = [
        _plain(("synthetic", "FBS", SHUFFLED), name, differences(measure), "larger than with true labels")
        for measure, name in MEASURES.items()
    ]
    return Observation(question, tuple(groups), _summary(groups))


def scaling_matters(outcome: Outcome, question: str) -> Observation:
    """Return whether doubling the layers changes the objective more where ``h`` is not scaled."""
    scaled = _doublings(outcome.transfers["synthetic", "FBS"])
    rows = ((N, [abs(x) for x in outcome.doubled[N]], scaled[N]) for N in scaled)
    differences = [((f"{N} → {2 * N}", N, 2 * N), _minus(x, y), x) for N, x, y in rows]
    text = "changes more with twice the layers than where h = 1/N"
    group = _plain(("synthetic", "FBS", UNSCALED), "change of the objective", differences, text)
    return Observation(question, (group,), _summary([group]))


def validated(outcome: Outcome, question: str) -> Observation:
    """Return whether training lowers the mean loss over the validation samples, at every depth."""
    groups: list[Group] = []
    for data, system in outcome.transfers:
        trained = outcome.trained(data, system)
        rows = ((N, x.first("validation"), x.final("validation")) for N, x in trained.items())
        differences = [((f"N = {N}", N, N), _minus(x, y), x) for N, x, y in rows]
        text = "below that of the untrained network"
        groups.append(_plain((data, system, TRAINED), "validation loss", differences, text))
    return Observation(question, tuple(groups), _summary(groups))


# ---------------------------------------------------------------- other depths


def transferred(outcome: Outcome, question: str) -> Observation:
    """Return whether the change of the objective keeps within its modulus; it is refuted if it does not."""
    groups: list[Group] = []
    for (data, system), rows in outcome.transfers.items():
        moved = [row for row in rows if row.trained != row.depth]
        labelled: Labelled = [
            ((f"{x.trained} → {x.depth}", x.trained, x.depth), x.change, _minus(x.objective, x.change))
            for x in moved
        ]
        exceeded = [f"{x.trained} → {x.depth}" for x in rows if x.exceeded]
        verdict = REFUTED if exceeded else OBSERVED
        largest = max(x.ratio for x in rows)
        text = f"the change is at most {largest:.2g} of its modulus"
        text = f"the modulus is exceeded: {', '.join(exceeded)}" if exceeded else text
        found = () if exceeded else _effects(labelled)
        groups.append(Group(data, system, TRAINED, "change of the objective", verdict, found, text))
    return Observation(question, tuple(groups), _summary(groups))


def changes_shrink(outcome: Outcome, question: str) -> Observation:
    """Return whether |J^2N(E_2N θ^N) − J^N(θ^N)| falls with N, θ^N trained at N layers."""
    groups: list[Group] = []
    for (data, system), rows in outcome.transfers.items():
        differences, text = _shrinking(_doublings(rows)), "falls with every doubling of N"
        groups.append(_plain((data, system, TRAINED), "change with twice the layers", differences, text))
    return Observation(question, tuple(groups), _summary(groups))


def _doublings(rows: Sequence[Transfer]) -> dict[int, Row]:
    """Return the size of the change from N to 2N layers, by N."""
    return {x.trained: [abs(y) for y in x.change] for x in rows if x.depth == 2 * x.trained}


# ---------------------------------------------------------------- words


def _plain(kind: Kind, measure: str, differences: Labelled, text: str) -> Group:
    found = _effects(differences)
    verdict = statistics.decided(found)
    return Group(*kind, measure, verdict, found, f"{text}: {verdict}{_against(found)}")


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
