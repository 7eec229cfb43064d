r"""A training run between two epochs."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fbscore.errors import require, require_instance
from fbscore.learning.history import History
from fbscore.learning.parameters import Parameters, projected, rates_by_name
from fbscore.learning.settings import Training
from fbscore.network import AnyControls
from fbscore.shapes import Scalars

__all__ = ["Diverged", "State", "begin"]


class Diverged(Exception):
    """Training left the finite numbers; the text says where."""


@dataclass
class State:
    """Everything that the next epoch depends on, and the figures so far."""

    parameters: Parameters
    optimizer: torch.optim.Optimizer
    rates: dict[str, float]
    generator: torch.Generator
    history: History

    def set_rates(self, factor: float) -> None:
        """Set every rate to ``factor`` times what was asked for."""
        for group in self.optimizer.param_groups:
            group["lr"] = factor * self.rates[group["name"]]

    def require_finite(self, what: str, part: Callable[[Tensor], Tensor | None]) -> None:
        """Stop training where ``part`` of a control has NaN or infinite entries."""
        name = self.parameters.not_finite(part)
        if name is not None:
            raise Diverged(f"epoch {self.history.epochs + 1}: {what} {name} is not finite")

    def require_finite_objective(self, J: Scalars) -> None:
        """Stop training where the objective of an instance is NaN or infinite."""
        if not bool(J.isfinite().all()):
            epoch = self.history.epochs + 1 if len(self.history) else 0
            instance = int(J.isfinite().int().argmin())
            raise Diverged(f"epoch {epoch}: the objective of instance {instance} is {float(J[instance])}")


def begin(controls: AnyControls, settings: Training, validated: bool) -> State:
    """Copy the controls, project them, set up the optimiser, the generator and an empty history."""
    rates = rates_by_name(controls, settings.rates)
    if settings.admissible is not None:
        controls = projected(settings.admissible, controls)
    parameters = Parameters(controls, rates)
    groups = [{"params": [x], "lr": rates[name], "name": name} for name, x in parameters.tensors.items()]
    optimizer = settings.optimizer(groups)
    require_instance("optimizer", optimizer, torch.optim.Optimizer, "a torch.optim.Optimizer")
    names = [group.get("name") for group in optimizer.param_groups]
    require(names == list(rates), "optimizer", f"the parameter groups {list(rates)}", names)
    generator = torch.Generator().manual_seed(settings.seed)
    none = torch.empty(0, controls.batch, dtype=controls.dtype)
    history = History(none, none, none if validated else None, torch.empty(0, dtype=torch.float64))
    return State(parameters, optimizer, rates, generator, history)
