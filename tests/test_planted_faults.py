"""Each planted fault must turn the checks red that are named beside it."""

import pytest

from claims.kit import catalogue
from claims.kit.subject import Subject
from tests.planted_fault_seeds import missed
from tests.planted_faults import FAULTS, Fault, judge, verdicts


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_caught(fault: Fault) -> None:
    checks = [check for check in catalogue.checks() if check.name in fault.caught_by]
    assert {check.name for check in checks} == set(fault.caught_by)
    assert {name: outcome.verdict for name, outcome in verdicts(fault, checks).items()} == dict.fromkeys(
        fault.caught_by, fault.verdict
    )


def test_refutation_blames_the_subject_where_the_core_is_broken() -> None:
    fault = next(fault for fault in FAULTS if fault.name == "step h scaled by 1.0001")
    checks = [check for check in catalogue.checks() if check.name in fault.caught_by]
    assert all(outcome.subject_at_fault for outcome in verdicts(fault, checks).values())


def test_refutation_blames_the_statement_where_a_constant_is_broken() -> None:
    fault = next(fault for fault in FAULTS if fault.name == "drift term dropped")
    checks = [check for check in catalogue.checks() if check.name in fault.caught_by]
    assert not any(outcome.subject_at_fault for outcome in verdicts(fault, checks).values())


def test_every_claim_catches_some_fault_and_holds_without_one() -> None:
    named = {name for fault in FAULTS for name in fault.caught_by}
    claims = [check for check in catalogue.checks() if check.kind == "claim"]
    unnamed = {check.name for check in claims} - named
    assert unnamed == set()
    assert {check.name: judge(check, Subject()).verdict for check in claims} == {
        c.name: "holds" for c in claims
    }


@pytest.mark.parametrize("seed", [2, 3])
def test_other_seeds_catch_a_fault_of_ten_thousandths(seed: int) -> None:
    index = next(i for i, fault in enumerate(FAULTS) if fault.name == "step h scaled by 1.0001")
    assert missed((index, seed)) == []
