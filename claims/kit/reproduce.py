"""Replay one recorded instance: by the subject in its dtype, and independently at full precision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from claims.kit import catalogue, witnesses
from claims.kit.claim import Check
from claims.kit.confirm import DIGITS, confirm
from claims.kit.context import DTYPES, FloatRun
from claims.kit.decoding import decode, is_object
from claims.kit.evidence import EvidenceError, read
from claims.kit.instances import Instances
from claims.kit.margin import decide
from claims.kit.subject import DEFAULT, SubjectError, load
from claims.kit.tally import summary

#: Where `pytest claims/` puts evidence by default.
EVIDENCE = Path("reports") / "evidence"


class ReproduceError(Exception):
    """There is nothing to replay; the message says what was looked for and where."""


@dataclass(frozen=True)
class Recorded:
    """An instance with the check that judged it, the verdict that was recorded, and how it was run."""

    instance: Instances
    check: Check
    verdict: str
    where: str
    subject: str = DEFAULT
    dtype: str = "float64"
    device: str = "cpu"


def find(identifier: str, folder: Path | None) -> list[Recorded]:
    """Return what is known under an id: one run's instances, or a witness with the checks that use it.

    Raises
    ------
    ReproduceError
        If neither a record nor a witness has this id, or it is that of an observation.
    EvidenceError
        If ``folder`` is given and cannot be read.
    """
    _refuse_observation(identifier)
    folders = [folder] if folder else sorted((p for p in EVIDENCE.glob("*") if p.is_dir()), reverse=True)
    for place in folders:
        try:
            run = read(place)
        except EvidenceError:
            if folder:
                raise
            continue
        records = [record for record in run.instances if record["id"] == identifier]
        found = [_recorded(record, run.header, place) for record in records]
        if found:
            return list({(r.check.id, r.verdict): r for r in found}.values())
    if witnesses.path_of(identifier).is_file():
        instance = witnesses.load(identifier)
        users = [check for check in catalogue.checks() if check.witness == identifier]
        if not users:
            raise ReproduceError(f"id: the witness {identifier!r} is used by no check of the suite")
        return [Recorded(instance, check, "violated", f"witness {identifier}") for check in users]
    looked = str(folder) if folder else f"{EVIDENCE} ({len(folders)} runs)"
    raise ReproduceError(
        f"id: expected the id of a recorded instance or the name of a witness, got {identifier!r}; "
        f"looked in {looked}"
    )


def _refuse_observation(identifier: str) -> None:
    """Raise if an id is that of an observation, or names one or its statement: there is nothing to replay."""
    names = {
        name: check
        for check in catalogue.checks()
        if check.kind == "observation"
        for name in (check.id, check.name, check.claim.reference)
    }
    if check := names.get(identifier):
        raise ReproduceError(
            f"id: {identifier!r} is an observation, which has no instance to replay; `pytest "
            f"claims/{check.id.partition('::')[0]} --experiments` looks again at what is on disk, or runs it"
        )


def _recorded(record: dict[str, Any], header: dict[str, Any], place: Path) -> Recorded:
    check = catalogue.by_id(record["check"])
    if check is None:
        raise ReproduceError(
            f"{place}: the check {record['check']} that recorded it is no longer in the suite"
        )
    how = {name: header[name] for name in ("subject", "dtype", "device")}
    try:
        instance = decode(record["data"])
    except ValueError as error:
        raise ReproduceError(f"{place}: the instance {record['id']} cannot be read: {error}") from error
    return Recorded(instance, check, record["verdict"], str(place), **how)


def main(identifier: str, folder: Path | None, subject: str | None) -> int:
    """Print the replay of all that is known under an id; return 0 if every verdict is as recorded, else 1."""
    agreed = [_replay(recorded, subject) for recorded in find(identifier, folder)]
    return 0 if all(agreed) else 1


def _replay(recorded: Recorded, subject: str | None) -> bool:
    check, instance = recorded.check, recorded.instance
    try:
        run = FloatRun(
            load(subject or recorded.subject), torch.device(recorded.device), DTYPES[recorded.dtype]
        )
        margin = check.predicate(instance.to(run.device), run)
    except SubjectError as error:
        raise ReproduceError(str(error)) from error
    except (RuntimeError, AssertionError) as error:  # what torch raises where the recorded device is absent
        raise ReproduceError(f"device: {recorded.device} cannot run it here: {error}") from error
    decision = decide(margin)
    flags = {
        "violated": decision.violated,
        "undecided": decision.undecided,
        "tied": decision.tied,
        "held": decision.held,
    }
    verdict = next(name for name, flag in flags.items() if bool(flag[0]))
    numbers, exact = summary(margin, 0), confirm(check, instance)
    print(f"{check.claim.reference}: {check.id}")
    print(f"  {check.describe(0, 0)['finite_form']}\n  from {recorded.where}")
    print(f"  instance ({', '.join(f'{k} {v}' for k, v in instance.dimensions.items())})")
    for name, value in _flat(instance.encode()):
        print(f"    {name} = {value}")
    print(f"  subject {run.subject.name} in {recorded.dtype} on {recorded.device}: {verdict}")
    for name in ("left", "right", "rounding", "certified"):
        print(f"    {name:<10} {numbers[name]!r}")
    for name, value in numbers["terms"].items():
        print(f"      term {name}: {value!r}")
    print(f"  independent route at {DIGITS} digits: {exact.verdict}")
    print(f"    left       {exact.left}\n    right      {exact.right}")
    if verdict == "tied" and exact.verdict == "violated":  # the excess hides within the round-off
        verdict = "violated"
    same = verdict == recorded.verdict or {verdict, recorded.verdict} == {"tied", "held"}
    print(f"  recorded as {recorded.verdict}: {'reproduced' if same else f'NOT reproduced, {verdict} now'}")
    return same


def _flat(data: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return the numbers of an encoded instance as (name, decimal and hexadecimal values)."""
    found: list[tuple[str, str]] = []
    for name, value in data.items():
        if is_object(value) and "hex" in value:
            numbers = [float.fromhex(x) for x in value["hex"]]
            shape = "×".join(map(str, value["shape"])) or "1"
            found.append((prefix + name, f"[{shape}] " + " ".join(repr(x) for x in numbers)))
        elif is_object(value):
            found += _flat(value, f"{prefix}{name}.")
        else:
            found.append((prefix + name, str(value)))
    return found
