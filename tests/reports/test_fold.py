r"""Records folded as they come: the order leaves no trace, and the memory does not grow with the shards."""

from __future__ import annotations

import json
import random
import tracemalloc

from claims.kit.evidence import read
from reports.collect import collect
from reports.fold import DECIDING, WORST, Fold
from reports.summary import dumps, summarise
from tests.reports.evidence_builder import (
    CLAIM,
    bins,
    check,
    finished,
    header,
    instance,
    plan,
    result,
    series,
    stratum,
    tally,
    write,
)


def shards(count: int) -> list[dict]:
    rng = random.Random(7)
    found = []
    for k in range(count):
        ratio = rng.random()
        rows = [stratum(9, ratio), stratum(1, 0.1, regularizer=f"r{k % 5}")]
        curves = [series({4: [rng.gauss(0, 1)], 8: [rng.gauss(0, 1)]}, [rng.random()])]
        about = {"ratio": {"max": ratio, "histogram": bins({ratio: 10})}, "worst": f"{k:012x}"}
        found.append(
            [
                instance(identifier=f"{k:012x}"),
                tally(shard=k, instances=10, strata=rows, series=curves, **about),
            ]
        )
    return found


def run(tmp_path, name, groups):
    records = [record for group in groups for record in group]
    plans = plan(check(routes=["sampled"]))
    return write(tmp_path / name, [header(), plans, *records, result(), finished()])


def test_the_order_of_the_shards_leaves_no_trace(tmp_path):
    groups = shards(40)
    found = []
    for name in ("a", "b"):
        summary = summarise(collect(run(tmp_path, name, groups)))
        found.append(dumps({**summary, "hash": ""}))
        random.Random(3).shuffle(groups)
    assert found[0] == found[1]
    assert json.loads(found[0])["claims"][0]["instances"] == 400


def test_the_worst_instances_of_a_route_are_kept_and_the_rest_counted(tmp_path):
    groups = shards(30)
    (found,) = collect(run(tmp_path, "a", groups)).checks
    ratios = sorted((group[1]["ratio"]["max"], group[0]["id"]) for group in groups)
    assert {kept.id for kept in found.instances} == {identifier for _, identifier in ratios[-WORST:]}
    assert found.worst == ratios[-1][1]
    assert found.left_out == 30 - WORST


def test_a_worst_instance_whose_tally_was_lost_is_kept(tmp_path):
    (found,) = collect(run(tmp_path, "a", [[instance()]])).checks
    assert [kept.id for kept in found.instances] == [instance()["id"]]
    assert found.left_out == 0


def test_a_shard_of_any_name_counts_once(tmp_path):
    groups = [[{**tally(instances=10), "shard": name}] for name in (0, 9, 9, 70, "a", "a", 0, -1, 10**12)]
    (found,) = collect(run(tmp_path, "a", groups)).checks
    assert found.counts.instances == 60


def test_instances_that_decide_are_kept_up_to_a_number(tmp_path):
    records = [instance(identifier=f"{k:012x}", role="undecided") for k in range(DECIDING + 5)]
    (found,) = collect(run(tmp_path, "a", [records])).checks
    assert (len(found.instances), found.left_out) == (DECIDING, 5)


def peak(folder) -> int:
    tracemalloc.start()
    try:
        fold = Fold()
        read(folder, fold.take)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_shards(tmp_path):
    r"""A thousand more shards, some 5 MB of them, leave nothing behind but a bit each."""
    progress = {"record": "progress", "check": CLAIM, "route": "sampled", "total": 1500}
    few = [[*group, {**progress, "done": k}] for k, group in enumerate(shards(500))]
    many = [[*group, {**progress, "done": k}] for k, group in enumerate(shards(1500))]
    small, large = (peak(run(tmp_path, name, groups)) for name, groups in (("few", few), ("many", many)))
    assert large < small + 250_000
