r"""Training by stochastic gradient descent: batches of networks, mini-batches of samples."""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from fbscore.batched import Measured
from fbscore.errors import require, require_instance
from fbscore.learning import checkpoint
from fbscore.learning.checkpoint import Content
from fbscore.learning.history import History, Trained
from fbscore.learning.minibatches import AnyProblem, Task, differentiate, measure, minibatches, samples_of
from fbscore.learning.objective import Learning
from fbscore.learning.settings import Training
from fbscore.learning.state import Diverged, State, begin
from fbscore.network import AnyControls
from fbscore.samples import Samples
from fbscore.shapes import Scalars

__all__ = ["train"]

Progress = Callable[[int, History], object]
Keep = Callable[[Content], object]


def train(
    problem: AnyProblem,
    controls: AnyControls,
    learning: Learning,
    settings: Training,
    *,
    validation: Task | None = None,
    progress: Progress | None = None,
    keep: Keep | None = None,
    resume: Content | None = None,
) -> Trained:
    r"""Minimise ``J^N`` over the controls of one network an instance, from given ones.

    A step is taken for the samples of one mini-batch, whose mean loss and penalties make its objective; then
    negative ``τ`` and ``λ`` become 0, and the momentum stays.  The instances of a batch have controls,
    gradients and clipping of their own and share only the order of the samples: a batch trains replicates at
    once.  One that diverges stops them all.

    Everything that is drawn comes from ``settings.seed``: on the CPU, with one number of threads, two runs
    are equal bit for bit, and so are a run and one that was interrupted and resumed.

    Parameters
    ----------
    problem : Problem or Samples
    controls : Controls, ListaControls or AlistaControls
        Where training starts (`fbscore.learning.start`); not changed.
    learning : Learning
        With labels of the shape of ``problem.u0``.
    settings : Training
    validation : (Problem or Samples, Learning), optional
        Of the same batch; only its mean loss counts.
    progress : callable, optional
        Called after every epoch with its number and the history; what is true stops training.
    keep : callable, optional
        Called after every ``settings.keep_every`` epochs and the last one with the content of a checkpoint, a
        dictionary that ``torch.save`` writes and ``torch.load(..., weights_only=True)`` reads.
    resume : dict, optional
        Such a content.  All other arguments are those of the first call; only ``settings.epochs`` and
        ``settings.keep_every`` may differ.

    Returns
    -------
    Trained
        Where an objective, a gradient or a control is NaN or infinite, training stops: the controls are those
        of the last complete epoch and ``stopped`` says what happened.

    Raises
    ------
    TypeError, ValueError
        The arguments do not match, the objective is not finite at the start, ``resume`` is of another run.

    Notes
    -----
    The gradient is that of the tape, the derivative wherever there is one but for two cases.  Soft thresholds
    block a coordinate at the threshold itself and, though the prox is then the identity, at 0 in a layer with
    ``τ_n λ_n = 0`` (LISTA, ALISTA ``λ_n = 0``): with ``u0 = 0`` a first ``τ_0`` that is projected to 0 stays
    there.  ``Σ|u_i|^{1/2}`` gives NaN at 0: training stops.  At other kinks of the prox, the loss or a
    penalty it is finite, not always one-sided (ties in ``‖·‖_∞``).

    The tape keeps a few states a layer for each sample: ``settings.chunk`` bounds the samples on it.
    Only the CPU has been tested; on a CUDA device nothing is promised bit for bit.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, (2.4), (2.8)-(2.10) and section 5 [reconstructed].
    """
    for name, called in (("progress", progress), ("keep", keep)):
        require(called is None or callable(called), name, "a callable", type(called).__name__, TypeError)
    task = (problem, learning)
    _require_match(task, validation, settings)
    state = begin(controls, settings, validation is not None)
    marks = checkpoint.marks(controls, settings, state, task, validation)
    if resume is None:
        _start_history(state, settings, task, validation)
    else:
        checkpoint.restore(state, resume, marks)
    stopped = None
    while state.history.epochs < settings.epochs and stopped is None:
        before = state.parameters.copy()
        try:
            _epoch(state, settings, task, validation)
        except Diverged as reason:
            return Trained(before, state.history, state.history.epochs, str(reason))
        done = state.history.epochs
        if progress is not None and progress(done, state.history):
            stopped = f"epoch {done}: progress asked to stop"
        if keep is not None and (done % settings.keep_every == 0 or done == settings.epochs or stopped):
            keep(checkpoint.pack(state, marks))
    return Trained(state.parameters.copy(), state.history, state.history.epochs, stopped)


def _require_match(task: Task, validation: Task | None, settings: Training) -> None:
    """Require labels for every sample, at least one of them, and mini-batches of `Samples` only."""
    require_instance("settings", settings, Training, "a Training")
    _require_task("problem", task)
    mini = settings.batch_size is None or isinstance(task[0], Samples)
    require(mini, "batch_size", "None for a Problem, whose instances have one sample", settings.batch_size)
    if validation is not None:
        require_instance("validation", validation, tuple, "a problem and a Learning")
        require(len(validation) == 2, "validation", "a problem and a Learning", f"{len(validation)} of them")
        _require_task("validation", validation)
        expected, got = task[0].batch, validation[0].batch
        require(expected == got, "validation", f"a batch of {expected}", got)


def _require_task(argument: str, task: Task) -> None:
    problem, learning = task
    require_instance(argument, problem, Measured, "a Problem or Samples")
    require_instance("learning", learning, Learning, "a Learning")
    learning.require_match(problem)
    require(samples_of(problem) >= 1, argument, "at least one sample", samples_of(problem))


def _start_history(state: State, settings: Training, task: Task, validation: Task | None) -> None:
    """Row 0; a start that is not finite is the caller's mistake."""
    try:
        _record(state, settings, task, validation, time.perf_counter())
    except Diverged as reason:
        raise ValueError(f"controls: expected a finite objective at the start, got {reason}") from None


def _epoch(state: State, settings: Training, task: Task, validation: Task | None) -> None:
    """One pass over the samples and the figures after it."""
    started = time.perf_counter()
    state.set_rates(settings.factor(state.history.epochs))
    for index in minibatches(samples_of(task[0]), settings.batch_size, state.generator):
        _step(state, settings, task, index)
    _record(state, settings, task, validation, started)


def _step(state: State, settings: Training, task: Task, index: Tensor) -> None:
    """One step of the optimiser for the mini-batch ``index``, and back to where controls may be."""
    state.optimizer.zero_grad(set_to_none=True)
    J = differentiate(task, state.parameters.controls(), index, settings.chunk)
    state.require_finite_objective(J)
    state.require_finite("the gradient with respect to", lambda x: x.grad)
    if settings.clip is not None:
        state.parameters.clip(settings.clip)
    state.optimizer.step()
    state.require_finite("after a step", lambda x: x)
    state.parameters.project(settings.admissible)


def _record(state: State, settings: Training, task: Task, validation: Task | None, started: float) -> None:
    """Measure and add a row to the history."""
    controls = state.parameters.copy()
    J, loss = measure(task, controls, settings.chunk)
    state.require_finite_objective(J)
    held_out = None
    if validation is not None:
        held_out = _row(measure(validation, controls, settings.chunk)[1])
    seconds = torch.tensor([time.perf_counter() - started], dtype=torch.float64)
    state.history = state.history.extended(History(_row(J), _row(loss), held_out, seconds))


def _row(x: Scalars) -> Tensor:
    return x.cpu().unsqueeze(0)
