r"""A run between two epochs as plain content, from which it continues bit for bit.

The content is a dictionary of dictionaries, lists, tensors on the CPU, strings and numbers: what
``torch.load(..., weights_only=True)`` reads.  Nothing here touches files.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, cast

from torch import Tensor

from fbscore.errors import require, require_instance
from fbscore.learning.history import History
from fbscore.learning.minibatches import Task
from fbscore.learning.settings import Training
from fbscore.learning.state import State
from fbscore.network import AnyControls

__all__ = ["FORMAT", "Content", "marks", "pack", "restore"]

FORMAT = 1

Content = dict[str, Any]

KEYS = ("format", "marks", "controls", "optimizer", "generator", "history")


def marks(
    controls: AnyControls, settings: Training, state: State, training: Task, validation: Task | None
) -> dict[str, str]:
    """Texts that tell one run from another: data, start, settings; schedules and sets are not compared."""
    options = {key: x for key, x in state.optimizer.defaults.items() if key != "lr"}
    return {
        "network": f"{type(controls).__name__} in {controls.dtype}",
        "rates": repr(state.rates),
        "batch_size": repr(settings.batch_size),
        "chunk": repr(settings.chunk),
        "clip": repr(settings.clip),
        "seed": repr(settings.seed),
        "optimizer": f"{type(state.optimizer).__name__} {options}",
        "problem, labels or start": _digest(training, controls),
        "validation": "none" if validation is None else _digest(validation),
    }


def pack(state: State, marks: Mapping[str, str]) -> Content:
    """Everything that the next epoch depends on, copied: later steps do not change it."""
    history = {field.name: getattr(state.history, field.name) for field in fields(History)}
    return {
        "format": FORMAT,
        "marks": dict(marks),
        "controls": _copied(state.parameters.tensors),
        "optimizer": _copied(state.optimizer.state_dict()),
        "generator": state.generator.get_state(),
        "history": _copied(history),
    }


def restore(state: State, content: object, marks: Mapping[str, str]) -> None:
    """Put a run that has just begun where the content left off.

    Raises
    ------
    TypeError, ValueError
        The content is none of `pack`, or of another run: the first mark that differs is named.
    """
    require_instance("resume", content, dict, "the content of a checkpoint")
    given = cast(Content, content)
    missing = [key for key in KEYS if key not in given]
    require(not missing, "resume", f"the keys {', '.join(KEYS)}", f"a content without {', '.join(missing)}")
    require(given["format"] == FORMAT, "resume", f"format {FORMAT}", given["format"])
    try:
        for name, expected in marks.items():
            got = given["marks"].get(name)
            require(got == expected, "resume", f"a checkpoint with {name}: {expected}", got)
        state.parameters.set_tensors(given["controls"])
        state.optimizer.load_state_dict(given["optimizer"])
        state.generator.set_state(given["generator"])
        state.history = History(**_copied(given["history"]))
    except (AttributeError, KeyError, TypeError, RuntimeError) as error:
        raise ValueError(
            f"resume: expected what an earlier run kept, got a changed content: {error}"
        ) from error


def _copied(x: Any) -> Any:
    """Tensors copied to the CPU, off the tape, in new containers."""
    if isinstance(x, Tensor):
        return x.detach().cpu().clone()
    if isinstance(x, dict):
        return {key: _copied(entry) for key, entry in cast(Content, x).items()}
    return [_copied(entry) for entry in cast(list[Any], x)] if isinstance(x, list | tuple) else x


def _digest(task: Task, controls: AnyControls | None = None) -> str:
    """SHA-256 of every number and name that the objective depends on."""
    problem, learning = task
    found = hashlib.sha256()
    for x in _leaves((problem, learning, controls)):
        found.update(x)
    return found.hexdigest()[:16]


def _leaves(x: Any) -> Iterator[bytes]:
    """Names, shapes and bytes of everything inside frozen dataclasses and tuples."""
    if isinstance(x, Tensor):
        yield f"{x.dtype} {tuple(x.shape)}".encode()
        yield x.detach().cpu().contiguous().numpy().tobytes()
    elif isinstance(x, tuple):
        for entry in cast(tuple[Any, ...], x):
            yield from _leaves(entry)
    elif hasattr(x, "__dataclass_fields__"):
        yield type(x).__name__.encode()
        for field in fields(x):
            yield from _leaves(getattr(x, field.name))
    elif isinstance(x, str | int | float):
        yield repr(x).encode()
