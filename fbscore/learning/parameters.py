r"""What gradient steps change: the controls as tensors of their own, kept where controls may be."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from fbscore import linalg
from fbscore.batched import LayerControls
from fbscore.errors import extremes, require, require_instance
from fbscore.lista import AlistaControls
from fbscore.network import AnyControls

__all__ = ["Admissible", "Parameters", "Rates", "rates_by_name"]

NONNEGATIVE = ("tau", "lam")

Rates = float | int | Mapping[str, float]


@runtime_checkable
class Admissible(Protocol):
    """A set of controls that can be projected on."""

    def project(self, controls: AnyControls) -> AnyControls:
        """A member of the set, of the same kind and shapes; usually the nearest."""
        ...


def rates_by_name(controls: AnyControls, rates: Rates) -> dict[str, float]:
    r"""Learning rates by the names of the controls that are trained, in the order of the fields.

    Parameters
    ----------
    controls : Controls, ListaControls or AlistaControls
    rates : float or mapping from names to floats
        One for every control that depends on time (not ALISTA's ``W``, which is fixed); or one each, where
        those that are left out stay as they are.

    Raises
    ------
    TypeError, ValueError
        A name that is no control, a rate that is not positive and finite, or no rate at all.
    """
    require_instance("controls", controls, LayerControls, "Controls, ListaControls or AlistaControls")
    names = [field.name for field in fields(controls)]
    if not isinstance(rates, Mapping):
        fixed = ("W",) if isinstance(controls, AlistaControls) else ()
        rates = {name: rates for name in names if name not in fixed}
    require(len(rates) > 0, "rates", f"a rate for at least one of {', '.join(names)}", "none")
    for name, rate in rates.items():
        require(name in names, "rates", f"names among {', '.join(names)}", repr(name))
        require_number(f"rates[{name}]", rate)
        require(0.0 < rate < torch.inf, f"rates[{name}]", "a rate > 0, finite", rate)
    return {name: float(rates[name]) for name in names if name in rates}


def require_number(argument: str, x: object) -> None:
    """Require an int or a float."""
    is_number = isinstance(x, int | float) and not isinstance(x, bool)
    require(is_number, argument, "a float", type(x).__name__, TypeError)


class Parameters:
    r"""Leaves of the tape for the trained controls, beside the controls that stay as they are.

    Parameters
    ----------
    controls : Controls, ListaControls or AlistaControls
        Copied, never changed.
    trained : names of fields
    """

    def __init__(self, controls: AnyControls, trained: Mapping[str, float]) -> None:
        self._like = controls
        self.tensors: dict[str, Tensor] = {
            name: getattr(controls, name).detach().clone().requires_grad_() for name in trained
        }

    def controls(self) -> AnyControls:
        """The controls on the tape."""
        return replace(self._like, **self.tensors)

    def copy(self) -> AnyControls:
        """The controls off the tape; later steps do not change them."""
        return replace(self._like, **{name: x.detach().clone() for name, x in self.tensors.items()})

    def set_tensors(self, values: Mapping[str, Tensor]) -> None:
        """Take values by name."""
        with torch.no_grad():
            for name, x in self.tensors.items():
                x.copy_(values[name])

    def clip(self, largest: float) -> None:
        """Shorten the gradient of each instance, all its controls together, to at most ``largest``."""
        gradients = [x.grad for x in self.tensors.values() if x.grad is not None]
        length = linalg.norm(torch.cat([g.flatten(1) for g in gradients], dim=1))
        factor = torch.where(length > largest, largest / length, 1.0)
        for g in gradients:
            g.mul_(factor.reshape(-1, *(1,) * (g.ndim - 1)))

    def project(self, admissible: Admissible | None) -> None:
        """Replace negative ``τ`` and ``λ`` by 0, then project on the admissible set."""
        with torch.no_grad():
            for name in NONNEGATIVE:
                if name in self.tensors:
                    self.tensors[name].clamp_(min=0.0)
        if admissible is not None:
            found = projected(admissible, self.copy())
            self.set_tensors({name: getattr(found, name) for name in self.tensors})

    def not_finite(self, part: Callable[[Tensor], Tensor | None]) -> str | None:
        """Name of the first control whose ``part`` (itself, its gradient) has NaN or infinite entries."""
        for name, x in self.tensors.items():
            entries = part(x)
            low, high = (0.0, 0.0) if entries is None else extremes(entries)
            if not -torch.inf < low <= high < torch.inf:
                return name
        return None


def projected(admissible: Admissible, controls: AnyControls) -> AnyControls:
    """The projection, which must be controls of the same kind and shapes."""
    found = admissible.project(controls)
    require_instance("admissible", found, type(controls), f"a projection to {type(controls).__name__}")
    expected, got = ([tuple(x.shape) for x in theta.tensors] for theta in (controls, found))
    require(expected == got, "admissible", f"a projection of shapes {expected}", got)
    return found
