"""Checkpoints of a training run on disk; `fbscore.learning.train` hands over their content and takes it back.

``train(..., keep=partial(save, path))`` writes one after every epoch, ``train(..., resume=load(path))``
goes on from there.
"""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any, cast

import torch

__all__ = ["CheckpointError", "load", "save"]


class CheckpointError(Exception):
    """A checkpoint is missing or cannot be read; the message names the file."""


def save(path: str | os.PathLike[str], content: dict[str, Any]) -> None:
    """Write a checkpoint: whenever the process or the machine stops, the file is the old one or the new one.

    Parameters
    ----------
    path : path
        Replaced by a rename in its folder, once the new content is on disk.  A partial file of an earlier
        attempt, ``<name>.partial``, is overwritten: one process writes to a path.
    content : dict
        Tensors, numbers, strings, dictionaries and lists.

    Raises
    ------
    OSError
        The folder cannot be written to; the old file is untouched.
    """
    target = Path(path)
    partial = target.with_name(target.name + ".partial")
    with partial.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename too
    finally:
        os.close(folder)


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a checkpoint onto the CPU; nothing in it is executed.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, or holds anything but a dictionary of tensors and plain values.
    """
    target = Path(path)
    try:
        with zipfile.ZipFile(target) as records:
            damaged = records.testzip()  # torch.load does not look at the checksums
        content = None if damaged else torch.load(target, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"checkpoint: expected the file {target}, which does not exist") from None
    except (OSError, RuntimeError, ValueError, zipfile.BadZipFile, pickle.UnpicklingError) as error:
        raise CheckpointError(f"checkpoint: {target} cannot be read: {error!r}") from error
    if damaged:
        raise CheckpointError(f"checkpoint: {target} is damaged: the checksum of {damaged} does not fit")
    if not isinstance(content, dict):
        raise CheckpointError(f"checkpoint: {target} holds no dictionary but a {type(content).__name__}")
    return cast(dict[str, Any], content)
