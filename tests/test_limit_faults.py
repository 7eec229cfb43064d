"""Each fault planted in the limit solver and its certificates must turn the checks red that are named."""

import pytest

from tests.limit_checks import CHECKS, verdict
from tests.limit_faults import FAULTS, Fault, verdicts


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_caught(fault: Fault) -> None:
    assert verdicts(fault, fault.caught_by) == dict.fromkeys(fault.caught_by, fault.verdict)


def test_every_check_catches_some_fault() -> None:
    assert {check for fault in FAULTS for check in fault.caught_by} == {*CHECKS, "by hand"}


@pytest.mark.parametrize("check", [*CHECKS, "by hand"])
def test_check_holds_without_a_fault(check: str) -> None:
    assert verdict(check) == "holds"
