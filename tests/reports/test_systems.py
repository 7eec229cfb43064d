r"""The table regulariser × system, against sums and maxima taken one stratum at a time."""

from __future__ import annotations

import random

import pytest

from reports.collect import collect
from reports.model import Check, Counts, Term
from reports.systems import columns, table
from tests.reports.evidence_builder import check, complete, result, stratum, tally, write

REGULARIZERS, SYSTEMS, NAMES = ("l1", "linf", "tv"), ("LISTA", "ALISTA", "FBS"), ("initial", "data")


def term(instances: int, largest: float | str | None, refuted: int = 0) -> dict:
    return {"instances": instances, "max": largest, "refuted": refuted}


def collected(tmp_path, *tallies, **changes) -> Check:
    routes = sorted({record["route"] for record in tallies})
    plan = check(routes=routes, **changes)
    results = [result(route=route) for route in routes]
    (found,) = collect(write(tmp_path, complete(*tallies, *results, checks=[plan]))).checks
    return found


def shard(route: str, number: int, strata: list[dict]) -> dict:
    n = sum(row["instances"] for row in strata)
    terms = {name: [row["terms"][name] for row in strata if name in row.get("terms", {})] for name in NAMES}
    whole = {
        name: term(sum(t["instances"] for t in some), max((t["max"] for t in some), default=None))
        for name, some in terms.items()
    }
    return tally(route=route, shard=number, instances=n, strata=strata, terms=whole)


def made(random_numbers: random.Random) -> dict:
    r"""A stratum of random labels in which some of the terms stand alone."""
    labels = {"regularizer": random_numbers.choice(REGULARIZERS), "system": random_numbers.choice(SYSTEMS)}
    labels |= {"d": random_numbers.randint(1, 3), "family": random_numbers.choice(("a", "b"))}
    alone = {name: term(random_numbers.randint(1, 9), random_numbers.random(), 1) for name in NAMES}
    kept = {name: t for name, t in alone.items() if random_numbers.random() < 0.4}
    row = stratum(random_numbers.randint(9, 99), random_numbers.random(), **labels)
    return {**row, "terms": kept} if kept else row


def test_rows_are_the_strata_merged(tmp_path):
    numbers = random.Random(20260527)
    strata = {(r, s): [made(numbers) for _ in range(12)] for r in ("sampled", "drawn") for s in range(3)}
    found = table(collected(tmp_path, *(shard(*key, rows) for key, rows in strata.items())))
    every = [row for rows in strata.values() for row in rows]
    for row in found.rows:
        inside = [s for s in every if (s["regularizer"], s["system"]) == (row.regularizer, row.system)]
        assert row.counts.instances == row.counts.held == sum(s["instances"] for s in inside)
        assert row.ratio == max(s["ratio"] for s in inside)
        for name in NAMES:
            alone = [s["terms"][name] for s in inside if name in s.get("terms", {})]
            assert row.terms is not None
            assert (name in row.terms) == bool(alone)
            if alone:
                largest = max(t["max"] for t in alone)
                assert row.terms[name] == Term(sum(t["instances"] for t in alone), largest, len(alone), None)
    assert sum(row.counts.instances for row in found.rows) == sum(s["instances"] for s in every)
    assert found.recorded


def test_rows_and_columns_are_in_order(tmp_path):
    systems = ("ALISTA", "own", "LISTA", "FBS")
    rows = [stratum(1, 0.5, regularizer=r, system=s) for s in systems for r in ("tv", "l1")]
    found = table(collected(tmp_path, shard("sampled", 0, rows)))
    assert columns([found]) == ("FBS", "LISTA", "ALISTA", "own")
    assert list(found.regularizers) == ["l1", "tv"]
    assert [row.system for row in found.rows] == [*columns([found]), *columns([found])]


def test_shards_that_ran_twice_count_once(tmp_path):
    rows = [stratum(5, 0.5, terms={"initial": term(2, 0.5, 1)})]
    found = table(collected(tmp_path, shard("sampled", 0, rows), shard("sampled", 0, rows)))
    (row,) = found.rows
    assert row.counts == Counts(instances=5, held=5)
    assert row.terms == {"initial": Term(2, 0.5, 1, None)}


def test_claims_without_a_system_or_a_regulariser(tmp_path):
    rows = [stratum(5, 0.5, regularizer="l1", system=None), stratum(2, 0.7, regularizer=None, system=None)]
    kept = [{k: v for k, v in row.items() if v is not None} for row in rows]
    found = table(collected(tmp_path, shard("sampled", 0, kept)))
    assert [(row.regularizer, row.system) for row in found.rows] == [("", ""), ("l1", "")]
    assert columns([found]) == ()
    assert found.distinguishes
    assert not table(collected(tmp_path / "b", shard("sampled", 0, kept[1:]))).distinguishes


def test_evidence_that_does_not_say(tmp_path):
    r"""Strata of older runs hold no terms: what is not known is not zero."""
    found = table(collected(tmp_path, tally(strata=[stratum(100, 0.9)])))
    assert not found.recorded
    assert [row.terms for row in found.rows] == [None]
    nothing = {"initial": term(0, None)}
    found = table(collected(tmp_path / "b", tally(strata=[stratum(100, 0.9)], terms=nothing)))
    assert found.recorded
    assert [row.terms for row in found.rows] == [{}]


def test_terms_are_shown_where_they_say_something(tmp_path):
    terms = {"zero": term(0, None), "data": term(3, 0.2), "initial": term(0, None)}
    strata = [stratum(9, 0.5, terms={"data": term(3, 0.2)})]
    found = table(collected(tmp_path, tally(strata=strata, terms=terms), sharp=["initial"]))
    assert found.terms == ("initial", "data")


@pytest.mark.parametrize(("largest", "expected"), [("nan", "nan"), ("inf", "inf")])
def test_nan_and_infinity_are_not_hidden(tmp_path, largest, expected):
    rows = [
        stratum(5, 0.5, terms={"data": term(2, 0.5)}),
        stratum(5, 0.5, d=7, terms={"data": term(2, largest)}),
    ]
    found = table(collected(tmp_path, tally(strata=rows, terms={"data": term(4, largest)})))
    (row,) = found.rows
    assert row.terms is not None
    assert str(row.terms["data"].max) == expected


def test_what_did_not_meet_the_assumptions_is_counted(tmp_path):
    (row,) = table(collected(tmp_path, tally(strata=[stratum(0, None, unmet=40)]))).rows
    assert row.counts == Counts(unmet=40)
