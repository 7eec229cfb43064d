"""Counts, histogram, terms, strata and extremes of constructed decisions."""

import math

import pytest
import torch

from claims.kit.evidence import RATIO_EDGES
from claims.kit.margin import at_most, decide
from claims.kit.tally import Tally, summary
from tests.kit import toys

NAN = math.nan


def counted(
    lefts,
    *,
    right=1.0,
    rounding=0.0,
    certified=0.0,
    met=None,
    independent=True,
    family="toy",
    tally=None,
):
    """A tally to which one batch was added whose left sides are given."""
    tally = tally or Tally()
    left = torch.tensor(lefts, dtype=torch.float64)
    batch = toys.points([float(i) for i in range(len(lefts))])
    right, rounding, certified = (torch.full_like(left, x) for x in (right, rounding, certified))
    margin = at_most(left, {"bound": right}, rounding, certified)
    met = torch.ones(len(lefts), dtype=torch.bool) if met is None else torch.tensor(met)
    tally.add(batch, family, independent, met, margin, decide(margin))
    return tally


def test_every_instance_is_counted_once():
    tally = counted([0.0, 1.0, 0.75, 1.25, 2.0, NAN, 9.0], certified=0.25, met=[True] * 6 + [False])
    counts = tally.counts
    assert counts == {"instances": 6, "held": 2, "tied": 0, "violated": 2, "undecided": 2, "unmet": 1}
    assert counts["held"] + counts["violated"] + counts["undecided"] == counts["instances"]


def test_tied_is_part_of_held():
    counts = counted([1.0, 1.125, 0.5], rounding=0.125).counts
    assert (counts["held"], counts["tied"]) == (3, 2)


def test_batches_add_up():
    tally = counted([0.5, 2.0])
    counted([0.25], tally=tally)
    assert tally.counts["instances"] == 3
    assert tally.counts["violated"] == 1
    assert tally.ratio == 2.0


def test_only_independent_draws_count_for_the_probability():
    tally = counted([0.5, 2.0, 1.0], certified=0.25, met=[True, True, True])
    assert (tally.independent, tally.bad) == (3, 2)
    counted([0.5, 2.0], independent=False, tally=tally)
    assert (tally.independent, tally.bad) == (3, 2)
    counted([0.5, 2.0], met=[False, False], tally=tally)
    assert (tally.independent, tally.bad) == (3, 2)
    assert tally.record()["draws"] == {"independent": 3, "bad": 2}


@pytest.mark.parametrize(("ratio", "bin_"), [(edge, i) for i, edge in enumerate(RATIO_EDGES[:-1])])
def test_a_ratio_on_an_edge_opens_its_bin(ratio, bin_):
    assert counted([ratio]).histogram[bin_] == 1
    if bin_:
        assert counted([math.nextafter(ratio, 0)]).histogram[bin_ - 1] == 1


def test_histogram_holds_every_known_ratio():
    tally = counted([-3.0, 0.0, 0.5, 1e9, math.inf, NAN])
    assert len(tally.histogram) == len(RATIO_EDGES) - 1 == 32
    assert sum(tally.histogram) == 5
    assert tally.histogram[0] == 2
    assert tally.histogram[-1] == 2


def test_unmet_instances_leave_no_other_trace():
    tally = counted([5.0, NAN], met=[False, False])
    assert tally.counts == {"instances": 0, "held": 0, "tied": 0, "violated": 0, "undecided": 0, "unmet": 2}
    assert tally.ratio is None
    assert sum(tally.histogram) == 0
    assert tally.worst is tally.violation is tally.undecided is None
    assert tally.terms["bound"] == {"instances": 0, "max": None, "refuted": 0}


def test_terms_are_counted_where_they_stand_alone():
    tally = Tally()
    left = torch.tensor([1.0, 1.0, 0.5], dtype=torch.float64)
    terms = {"a": torch.tensor([1.0, 0.5, 0.0]).double(), "b": torch.tensor([0.0, 0.5, 1.0]).double()}
    margin = at_most(left, terms, left * 0)
    tally.add(toys.points([1, 2, 3]), "toy", True, torch.ones(3, dtype=torch.bool), margin, decide(margin))
    assert tally.terms == {
        "a": {"instances": 1, "max": 1.0, "refuted": 1},
        "b": {"instances": 1, "max": 0.5, "refuted": 0},
    }


def test_strata_by_family_and_size():
    tally = counted([0.5, 2.0], family="one")
    counted([0.25], family="two", tally=tally)
    counted([0.75], family="one", tally=tally)
    rows = tally.record()["strata"]
    assert [(r["family"], r["instances"], r["held"], r["violated"], r["ratio"]) for r in rows] == [
        ("one", 3, 2, 1, 2.0),
        ("two", 1, 1, 0, 0.25),
    ]
    assert all(r["M"] == r["N"] == 1 for r in rows)


def brute_force(batches, certified, rounding):
    """What each stratum should say of each term, from plain numbers, one instance at a time."""
    found = {}
    for family, met, lefts, *terms in batches:
        for n, counts in enumerate(met):
            alone = {}
            for left, *parts in zip(lefts[n], *(term[n] for term in terms), strict=True):
                for name, part in zip("abc", parts, strict=True):
                    if counts and sum(parts) > rounding + certified and sum(parts) - part <= rounding:
                        ratio = left / sum(parts)
                        ratio = min(ratio, 1.0) if left - sum(parts) <= rounding else ratio
                        refuted = left - sum(parts) + 0.01 * part > rounding + certified
                        alone.setdefault(name, []).append((ratio, refuted))
            for name, seen in alone.items():
                found.setdefault((family, name), []).append(
                    (max(r for r, _ in seen), any(x for _, x in seen))
                )
    return {
        key: {"instances": len(seen), "max": max(r for r, _ in seen), "refuted": sum(x for _, x in seen)}
        for key, seen in found.items()
    }


@pytest.mark.parametrize("certified", [0.0, 0.125])
def test_terms_of_a_stratum_are_those_of_its_instances(certified):
    generator = torch.Generator().manual_seed(20260527)
    rounding, tally, batches = 2.0**-7, Tally(), []
    for k in range(24):
        share = torch.randint(0, 3, (9, 2, 3), generator=generator).double() / 2  # half of the parts alone
        left = share.sum(2) * torch.randint(60, 140, (9, 2), generator=generator).double() / 100
        met = torch.rand(9, generator=generator) < 0.75
        terms = dict(zip("abc", share.unbind(2), strict=True))
        margin = at_most(left, terms, left * 0 + rounding, left * 0 + certified)
        family = f"family {k % 5}"
        tally.add(toys.points([float(n) for n in range(9)]), family, True, met, margin, decide(margin))
        batches.append((family, *(x.tolist() for x in (met, left, *share.unbind(2)))))
    rows = {row["family"]: row for row in tally.record()["strata"]}
    assert len(rows) == 5
    found = {(family, name): term for family, row in rows.items() for name, term in row["terms"].items()}
    assert found == brute_force(batches, certified, rounding)
    assert 0 < sum(term["refuted"] for term in found.values()) < sum(t["instances"] for t in found.values())


def test_strata_make_up_the_terms_of_the_check():
    tally = counted([0.5, 1.0, 2.0], family="one")
    counted([0.25, 9.0], met=[True, False], family="two", tally=tally)
    rows = [row["terms"]["bound"] for row in tally.record()["strata"]]
    assert rows == [
        {"instances": 3, "max": 2.0, "refuted": 2},
        {"instances": 1, "max": 0.25, "refuted": 0},
    ]
    assert tally.terms["bound"] == {"instances": 4, "max": 2.0, "refuted": 2}


@pytest.mark.parametrize("changes", [{"right": 0.0}, {"met": [False, False]}])
def test_a_stratum_in_which_no_term_stands_alone_says_nothing_of_terms(changes):
    tally = counted([0.5, 1.0], **changes)
    (row,) = tally.record()["strata"]
    assert "terms" not in row
    assert tally.record()["terms"] == {"bound": {"instances": 0, "max": None, "refuted": 0}}
    counted([0.5], tally=tally)  # the record is a copy: what is counted later still counts
    assert tally.record()["strata"][0]["terms"]["bound"]["instances"] == 1


def test_worst_is_the_largest_ratio():
    tally = counted([0.5, 0.875, NAN, 0.25])
    assert tally.worst is not None
    assert toys.values(tally.worst.instance) == [1.0]
    assert tally.worst.score == 0.875
    counted([0.75], tally=tally)
    assert tally.worst.score == 0.875


def test_worst_of_negative_ratios_is_not_the_instance_without_one():
    tally = Tally()
    left = torch.tensor([-4.0, -2.0, 0.0], dtype=torch.float64)
    margin = at_most(left, {"bound": torch.tensor([1.0, 1.0, 0.0]).double()}, left * 0)
    met = torch.ones(3, dtype=torch.bool)
    tally.add(toys.points([1.0, 2.0, 3.0]), "toy", True, met, margin, decide(margin))
    assert tally.worst is not None
    assert tally.worst.score == -2.0
    assert toys.values(tally.worst.instance) == [2.0]


def test_violation_and_undecided_are_kept():
    tally = counted([0.5, 1.0, 2.0, NAN], certified=0.25)
    assert tally.undecided is not None
    assert tally.violation is not None
    assert toys.values(tally.undecided.instance) == [1.0]
    assert toys.values(tally.violation.instance) == [2.0]
    assert tally.violation.margin["left"] == 2.0


def test_the_smallest_violating_instance_is_kept():
    tally = Tally()
    for cells in (4, 1, 2):
        batch = toys.points([float(cells)])
        batch = type(batch)(batch.values.expand(1, cells, 1), batch.bound, batch.variation, 1)
        left = torch.tensor([2.0], dtype=torch.float64)
        margin = at_most(left, left - 1, left * 0)
        tally.add(batch, "toy", True, torch.tensor([True]), margin, decide(margin))
    assert tally.violation is not None
    assert len(toys.values(tally.violation.instance)) == 1


def test_at_most_three_ties_are_kept_for_rechecking():
    tally = Tally()
    for _ in range(5):
        counted([1.0, 1.0], tally=tally)
    assert tally.counts["tied"] == 10
    assert len(tally.ties) == 3


def test_a_refuted_tie_is_a_violation():
    tally = counted([1.0, 0.5])
    tally.refute_tie(tally.ties[0])
    assert tally.counts == {"instances": 2, "held": 1, "tied": 0, "violated": 1, "undecided": 0, "unmet": 0}
    assert tally.violation is tally.ties[0]


def test_a_refuted_tie_among_independent_draws_is_bad():
    tally = counted([1.0, 0.5])
    tally.refute_tie(tally.ties[0])
    assert tally.record()["draws"] == {"independent": 2, "bad": 1}


def test_strata_agree_with_the_counts_after_a_refuted_tie():
    tally = counted([1.0, 0.5])
    tally.refute_tie(tally.ties[0])
    (row,) = tally.record()["strata"]
    assert (row["held"], row["violated"]) == (tally.counts["held"], tally.counts["violated"])


def test_summary_is_of_the_worst_position():
    left = torch.tensor([[1.0, 5.0, 2.0], [0.0, NAN, 7.0]], dtype=torch.float64)
    terms = {"a": left * 0 + 1, "b": left * 0 + torch.tensor([0.0, 4.5, 0.5]).double()}
    margin = at_most(left, terms, left * 0 + 0.25, left * 0 + 0.125)
    first = summary(margin, 0)
    assert (first["position"], first["left"], first["right"]) == (2, 2.0, 1.5)
    assert first["terms"] == {"a": 1.0, "b": 0.5}
    assert (first["rounding"], first["certified"]) == (0.25, 0.125)
    assert float.fromhex(first["hex"]["left"]) == 2.0
    assert summary(margin, 1)["position"] == 1


def test_rounding_used_is_the_largest_share_among_held():
    tally = counted([1.0625, 1.125, 3.0], rounding=0.25)
    assert tally.record()["rounding_used"] == 0.5


def test_strata_count_what_is_unmet():
    tally = counted([0.5, 2.0, 0.25], met=[True, False, False])
    (row,) = tally.record()["strata"]
    assert (row["instances"], row["unmet"], row["violated"]) == (1, 2, 0)


def missed(lefts, terms=("bound",), met=None):
    """What is noted of a batch that should attain ``bound`` = 1 and does not."""
    tally, left = Tally(), torch.tensor(lefts, dtype=torch.float64)
    margin = at_most(left, {"bound": torch.ones_like(left), "other": left * 0}, left * 0)
    met = torch.ones(len(lefts), dtype=torch.bool) if met is None else torch.tensor(met)
    tally.expect(terms, "there", met, decide(margin))
    return tally.missed


def test_what_was_expected_and_not_attained_is_noted():
    assert missed([0.995, 1.0]) == []
    assert missed([0.25, 1.0]) == [("bound", "there", 0.25)]  # every instance was made to attain it
    assert missed([0.25, 1.0], met=[False, True]) == []
    assert missed([0.25, 1.0], met=[True, False]) == [("bound", "there", 0.25)]


def test_what_was_not_expected_or_not_met_is_not_missed():
    assert missed([0.5], terms=()) == missed([0.5], terms=("unknown",)) == []
    assert missed([0.5], met=[False]) == []


def test_a_term_that_never_stood_alone_was_not_attained():
    assert missed([1.0], terms=("bound", "other")) == [("other", "there", 0.0)]
