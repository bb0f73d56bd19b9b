"""What cases add up to, in whole numbers: every indicator of cases follows from it, at once or part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from actuary.indicators.case_parts import SUMMED, CaseBasis, case_parts
from actuary.indicators.case_subjects import months_of_cases
from actuary.kernels.cost_cells import cell_sums
from actuary.payment.hospital_indicator_list import HOSPITAL_INDICATORS
from actuary.payment.stay_tally import CellCosts, StayTally, join_tallies, tally_stays

__all__ = ["TALLIED", "CaseTally", "PartOfValue", "join_case_tallies", "tally_cases"]

type IntArray = NDArray[np.int64]

_OF_HOSPITALS: Final = frozenset(one.name for one in HOSPITAL_INDICATORS)
#: Indicators that are one sum over another and nothing else; those of hospitals follow from the tally of stays.
TALLIED: Final = tuple(name for name in SUMMED if name not in _OF_HOSPITALS)


@dataclass(frozen=True, slots=True)
class PartOfValue:
    """Say how an indicator follows from its sums.

    Parameters
    ----------
    divides : bool
        Whether there is a sum below the line.
    top_parts, bottom_parts : int
        How many parts of the sums make a unit.
    why : str
        Why there is no value where no case counts.
    """

    divides: bool
    top_parts: int
    bottom_parts: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaseTally:
    """Hold what cases add up to.

    Parameters
    ----------
    stays : StayTally
        By subject and group; its hospitals are the subjects.
    summed : int64 array, shape (indicator, 3, subject)
        Cases that count, and their sums above and below the line, of :data:`TALLIED`.
    rules : mapping of str to PartOfValue
        How these follow from their sums.
    months : tuple of str or None
        Months of all cases, sorted; None where the cases do not say.
    by_month : int64 array, shape (2, subject, month)
        Cases that can be read and their cost, of every month [count, fen].
    cases : int
        Rows, also those that count nowhere.
    synthetic : bool
        Whether a case is made up.
    """

    stays: StayTally
    summed: IntArray
    rules: Mapping[str, PartOfValue]
    months: tuple[str, ...] | None
    by_month: IntArray
    cases: int
    synthetic: bool

    @property
    def subjects(self) -> tuple[str, ...]:
        """For whom the sums are."""
        return self.stays.hospitals


def tally_cases(basis: CaseBasis) -> tuple[CaseTally, CellCosts]:
    """Add up cases.

    Parameters
    ----------
    basis : CaseBasis
        The cases, see :func:`actuary.indicators.case_subjects.basis_of_cases`.

    Returns
    -------
    CaseTally, CellCosts
        The sums, and the costs of the grouped cases of the base.
    """
    stays, costs = tally_stays(basis.stays, basis.limits)
    names, code = basis.stays.hospitals, basis.stays.hospital_code
    summed, rules = [], {}
    for name in TALLIED:
        parts = case_parts(basis, name)
        places = np.where(parts.counted, code, -1)
        numbers, top = cell_sums(places, np.asarray(parts.top, dtype=np.int64), cells=len(names))
        bottom = np.zeros_like(top)
        if parts.bottom is not None:
            _, bottom = cell_sums(places, np.asarray(parts.bottom, dtype=np.int64), cells=len(names))
        summed.append(np.stack([numbers, top, bottom]))
        rules[name] = PartOfValue(parts.bottom is not None, parts.top_parts, parts.bottom_parts, parts.why)
    held = months_of_cases(basis.cases)
    months = () if held is None else held.names
    cell = np.full(len(basis.cases), -1, dtype=np.int64)
    if held is not None:
        counted = basis.stays.valid & (basis.subject >= 0) & (held.codes >= 0)
        cell = np.where(counted, basis.subject.astype(np.int64) * len(months) + held.codes, -1)
    by_month = cell_sums(cell, basis.cases.cost_fen, cells=len(names) * len(months))
    tally = CaseTally(
        stays=stays,
        summed=np.stack(summed),
        rules=rules,
        months=None if held is None else months,
        by_month=np.stack(by_month).reshape(2, len(names), len(months)),
        cases=len(basis.cases),
        synthetic=basis.cases.synthetic,
    )
    return tally, costs


def join_case_tallies(parts: Iterable[CaseTally]) -> CaseTally:
    """Add up the tallies of parts, in any order; subjects and months come sorted.

    Parameters
    ----------
    parts : iterable of CaseTally
        At least one; they are read one after the other.
    """
    held: list[CaseTally] = []

    def stays() -> Iterator[StayTally]:
        for part in parts:
            yield part.stays
            # What is left of it is small: subjects by months.
            held.append(_without_cells(part))

    joined = join_tallies(stays())
    subjects = joined.hospitals
    every = (
        None if any(part.months is None for part in held) else sorted({m for part in held for m in part.months or ()})
    )
    months = every or []
    summed = np.zeros((len(TALLIED), 3, len(subjects)), dtype=np.int64)
    by_month = np.zeros((2, len(subjects), len(months)), dtype=np.int64)
    ranks = {name: rank for rank, name in enumerate(subjects)}
    of_month = {name: rank for rank, name in enumerate(months)}
    for part in held:
        mine = _ranked(ranks, part.subjects)
        summed[:, :, mine] += part.summed
        if every is not None:
            by_month[:, mine[:, None], _ranked(of_month, part.months or ())] += part.by_month
    return CaseTally(
        stays=joined,
        summed=summed,
        rules=held[0].rules,
        months=None if every is None else tuple(every),
        by_month=by_month,
        cases=sum(part.cases for part in held),
        synthetic=any(part.synthetic for part in held),
    )


def _without_cells(part: CaseTally) -> CaseTally:
    none = np.zeros(0, dtype=np.int64)
    few = part.stays.of_cell[:, :0].copy()
    return replace(part, stays=replace(part.stays, groups=(), hospital_code=none, group_code=none, of_cell=few))


def _ranked(ranks: Mapping[str, int], names: Sequence[str]) -> IntArray:
    return np.array([ranks[name] for name in names], dtype=np.int64)
