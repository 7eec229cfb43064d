r"""The table regulariser × system of a check: instances, and the largest ratio term by term."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reports.model import Check, Counts, Stratum, Term
from reports.statistics import largest

#: The networks of the papers, in their order; others follow.
SYSTEMS = ("FBS", "LISTA", "ALISTA")


@dataclass(frozen=True)
class Row:
    r"""The instances of one regulariser in one system; either is empty where the claim speaks of none.

    ``terms`` are those that stand alone in some of the instances, None if the evidence does not say.
    """

    regularizer: str
    system: str
    counts: Counts
    ratio: float | None
    terms: Mapping[str, Term] | None


@dataclass(frozen=True)
class Table:
    r"""The rows of a check, and the terms that are worth a column: declared sharp, or alone somewhere."""

    rows: tuple[Row, ...]
    terms: tuple[str, ...]
    recorded: bool

    @property
    def regularizers(self) -> dict[str, dict[str, Row]]:
        r"""``{regulariser: {system: row}}``."""
        found: dict[str, dict[str, Row]] = {}
        for row in self.rows:
            found.setdefault(row.regularizer, {})[row.system] = row
        return found

    @property
    def distinguishes(self) -> bool:
        r"""Whether the claim speaks of a regulariser or of a system at all."""
        return any(row.regularizer or row.system for row in self.rows)


def columns(tables: Iterable[Table]) -> tuple[str, ...]:
    r"""The systems that these tables speak of, in the order of the papers."""
    rows = sorted((row for table in tables for row in table.rows), key=lambda row: rank(row.system))
    return tuple(dict.fromkeys(row.system for row in rows if row.system))


def table(check: Check) -> Table:
    r"""The strata of a check merged over sizes and families."""
    names = dict.fromkeys([*check.sharp, *check.terms])
    alone = tuple(n for n in names if n in check.sharp or (n in check.terms and check.terms[n].instances))
    counted = any(term.instances for term in check.terms.values())
    recorded = not counted or any(stratum.terms for stratum in check.strata)
    groups: dict[tuple[str, str], list[Stratum]] = {}
    for stratum in check.strata:
        key = str(stratum.label("regularizer") or ""), str(stratum.label("system") or "")
        groups.setdefault(key, []).append(stratum)
    rows = (_row(key, strata, recorded) for key, strata in groups.items())
    return Table(tuple(sorted(rows, key=lambda row: (row.regularizer, rank(row.system)))), alone, recorded)


def rank(system: str) -> tuple[int, str]:
    r"""The place of a system in the order of the papers."""
    return (SYSTEMS.index(system) if system in SYSTEMS else len(SYSTEMS)), system


def _row(key: tuple[str, str], strata: Sequence[Stratum], recorded: bool) -> Row:
    counts = sum((stratum.counts for stratum in strata), start=Counts())
    merged = _merged(stratum.terms for stratum in strata) if recorded else None
    return Row(*key, counts, largest(stratum.ratio for stratum in strata), merged)


def _merged(found: Iterable[Mapping[str, Term]]) -> dict[str, Term]:
    groups: dict[str, list[Term]] = {}
    for terms in found:
        for name, term in terms.items():
            groups.setdefault(name, []).append(term)
    return {name: sum(inside[1:], start=inside[0]) for name, inside in sorted(groups.items())}
