r"""What training leaves behind."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from fbscore.network import AnyControls

__all__ = ["History", "Trained"]

PerEpoch = Float[Tensor, "epochs batch"]


@dataclass(frozen=True, eq=False)
class History:
    r"""Figures at the end of every epoch; row 0 is the start.  On the CPU, whatever the device.

    Parameters
    ----------
    objective : (epochs + 1, batch)
        ``J`` over all training samples, penalties included.
    loss : (epochs + 1, batch)
        The mean loss alone.
    validation : (epochs + 1, batch) or None
        The mean loss over the validation samples.
    seconds : (epochs + 1,)
        Time of each epoch with these measurements, without checkpoints and callbacks.
    """

    objective: PerEpoch
    loss: PerEpoch
    validation: PerEpoch | None
    seconds: Float[Tensor, "epochs"]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.seconds)

    @property
    def epochs(self) -> int:
        """Complete epochs."""
        return max(len(self) - 1, 0)

    def extended(self, row: "History") -> "History":
        """This history and the rows of another one after it."""
        validation = None
        if self.validation is not None and row.validation is not None:
            validation = torch.cat((self.validation, row.validation))
        return History(
            torch.cat((self.objective, row.objective)),
            torch.cat((self.loss, row.loss)),
            validation,
            torch.cat((self.seconds, row.seconds)),
        )


@dataclass(frozen=True, eq=False)
class Trained:
    r"""The result of `fbscore.learning.train`.

    Parameters
    ----------
    controls : Controls, ListaControls or AlistaControls
        After the last complete epoch; where training diverged, those of the last epoch that was finite.
    history : History
        ``epochs + 1`` rows.
    epochs : int
        Complete epochs, those before a resumption included.
    stopped : str or None
        Why training ended early, ``None`` if it did not.
    """

    controls: AnyControls
    history: History
    epochs: int
    stopped: str | None
