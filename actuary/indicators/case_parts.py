"""What every indicator of cases is made of, case by case: a part above the line, and where there is one below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_columns import MISSING
from actuary.payment.cases import CaseTable
from actuary.payment.hospital_indicators import IndicatorStays, indicator_base
from actuary.payment.indicator_limits import IndicatorLimits

__all__ = ["SUMMED", "CaseBasis", "CaseParts", "case_parts"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]

#: Words for the tiers of hospitals in a case table, by the tier of the registry.
_TIERS = {"tertiary": ("3", "三级"), "secondary": ("2", "二级"), "primary": ("1", "一级", "0", "未定级")}
_FEN = 100


@dataclass(frozen=True, slots=True, eq=False)
class CaseParts:
    """Hold the parts of an indicator, one place a case; its value is the sum above over the sum below.

    Parameters
    ----------
    counted : bool array
        Which cases count.
    top : int64 or float array
        What they add above the line, in parts of its unit.
    bottom : int64 or float array, or None
        What they add below the line, in parts of its unit.
    why : str
        Why there is no value where no case counts.
    top_parts, bottom_parts : int
        How many parts make a unit: 100 fen a yuan.
    """

    counted: BoolArray
    top: IntArray | FloatArray
    bottom: IntArray | FloatArray | None
    why: str
    top_parts: int = 1
    bottom_parts: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class CaseBasis:
    """Hold what parts are computed from: the cases, the stays as indicators read them, and what the fund pays.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    stays : IndicatorStays
        The same, as the indicators of hospitals read them; their hospitals are the subjects, -1 outside the period.
    limits : IndicatorLimits
        Limits of the base.
    within : bool array
        Cases of the period that is asked for.
    subject : int32 array
        Place of each case's subject, those outside the period too; -1 where it has none.
    fund_fen : int64 array or None
        What the fund pays by the rule, negative where it pays nothing [fen]; None without a settlement.
    means : mapping, optional
        What the means of groups are made of, see :meth:`actuary.payment.stay_tally.StayTally.means`: those of all
        cases where these are a part of them.
    """

    cases: CaseTable
    stays: IndicatorStays
    limits: IndicatorLimits
    within: BoolArray
    subject: NDArray[np.int32]
    fund_fen: IntArray | None
    means: Mapping[str, tuple[int, int, int, int]] = field(default_factory=dict)

    @property
    def readable(self) -> BoolArray:
        """Cases of the period whose cells can be read."""
        return self.stays.valid & self.within

    @property
    def grouped(self) -> BoolArray:
        """Cases of the base that have a group."""
        return indicator_base(self.stays, self.limits) & self.within & (self.stays.group_code >= 0)

    def amounts(self, name: str) -> tuple[IntArray, BoolArray]:
        """Return a column of money [fen], and where it is known."""
        if name not in self.cases.numbers:
            return np.zeros(len(self.cases), dtype=np.int64), np.zeros(len(self.cases), dtype=bool)
        held = self.cases.numbers[name]
        known = held != MISSING
        return np.where(known, held, 0), known

    def weights(self) -> tuple[FloatArray, BoolArray]:
        """Return the weight of each case's group, and where it has one."""
        known = np.array([*(weight is not None for weight in self.stays.weights), False])
        values = np.array([*(float(weight or 0) for weight in self.stays.weights), 0.0])
        return values[self.stays.group_code], known[self.stays.group_code]

    def group_means(self, of: str) -> FloatArray:
        """Return for each case the mean cost of its group [yuan], or the mean stay (``days``)."""
        means = []
        for group in self.stays.groups:
            number, cost, with_days, days = self.means.get(group, (0, 0, 0, 0))
            total, divisor = (days, with_days) if of == "days" else (cost, number * _FEN)
            means.append(total / divisor if divisor else 0.0)
        found: FloatArray = np.array([*means, 0.0])[self.stays.group_code]
        return found

    def one_each(self) -> IntArray:
        """Return 1 for every case."""
        return np.ones(len(self.cases), dtype=np.int64)

    def nothing(self, why: str) -> CaseParts:
        """Return the parts of an indicator for which no case counts."""
        none = np.zeros(len(self.cases), dtype=np.int64)
        return CaseParts(none.astype(bool), none, none, why)


def _cost(basis: CaseBasis) -> CaseParts:
    return CaseParts(basis.readable, basis.cases.cost_fen, None, "no stay", _FEN)


def _visits(basis: CaseBasis) -> CaseParts:
    return CaseParts(basis.readable, basis.one_each(), None, "no stay")


def _cost_per_stay(basis: CaseBasis) -> CaseParts:
    return CaseParts(basis.readable, basis.cases.cost_fen, basis.one_each(), "no stay", _FEN)


def _cost_of_tier(tier: str) -> Callable[[CaseBasis], CaseParts]:
    def parts(basis: CaseBasis) -> CaseParts:
        held = basis.cases.coded["tier"]
        named = np.array([*(name in _TIERS[tier] for name in held.names), False])
        counted = basis.readable & named[held.codes]
        return CaseParts(counted, basis.cases.cost_fen, basis.one_each(), f"no stay of {tier} hospitals", _FEN)

    return parts


def _length_of_stay(basis: CaseBasis) -> CaseParts:
    days = basis.stays.days
    if days is None:
        return basis.nothing("lengths of stay are missing")
    return CaseParts(basis.readable & (days >= 0), days, basis.one_each(), "no stay with a length of stay")


def _eligible(basis: CaseBasis) -> CaseParts:
    paid, known = basis.amounts("fund_charged")
    own, own_known = basis.amounts("fully_self_paid")
    first, first_known = basis.amounts("first_self_paid")
    eligible = basis.cases.cost_fen - own - first
    counted = basis.readable & known & own_known & first_known & (eligible > 0)
    why = "the fund money charged, or what the patient pays alone, is missing"
    return CaseParts(counted, paid, eligible, why, _FEN, _FEN)


_NOT_SETTLED = "the cases are not settled: name a policy, and a budget where it needs one"


def _settlement_rate(basis: CaseBasis) -> CaseParts:
    charged, known = basis.amounts("fund_charged")
    if basis.fund_fen is None:
        return basis.nothing(_NOT_SETTLED)
    counted = basis.readable & known & (basis.fund_fen >= 0)
    return CaseParts(counted, basis.fund_fen, charged, "no paid case with the fund money charged", _FEN, _FEN)


def _drg_share(column: str) -> Callable[[CaseBasis], CaseParts]:
    def parts(basis: CaseBasis) -> CaseParts:
        amount, known = basis.amounts(column)
        if basis.fund_fen is None:
            return basis.nothing(_NOT_SETTLED)
        by_group = (basis.fund_fen >= 0) & (basis.stays.group_code >= 0)
        top = np.where(by_group, amount, 0)
        return CaseParts(basis.readable & known, top, amount, f"no case with {column}", _FEN, _FEN)

    return parts


def _grouping_rate(basis: CaseBasis) -> CaseParts:
    base = indicator_base(basis.stays, basis.limits) & basis.within
    grouped = (basis.stays.group_code >= 0).astype(np.int64)
    return CaseParts(base, grouped, basis.one_each(), "no case in the base")


def _grouping_rate_listed(basis: CaseBasis) -> CaseParts:
    grouped = (basis.stays.group_code >= 0).astype(np.int64)
    return CaseParts(basis.readable, grouped, basis.one_each(), "no case")


def _total_weight(basis: CaseBasis) -> CaseParts:
    weight, known = basis.weights()
    return CaseParts(basis.grouped & known, weight, None, "no case of a group with a weight")


def _cmi(basis: CaseBasis) -> CaseParts:
    weight, known = basis.weights()
    return CaseParts(basis.grouped & known, weight, basis.one_each(), "no case of a group with a weight")


def _cost_per_weight(basis: CaseBasis) -> CaseParts:
    weight, known = basis.weights()
    return CaseParts(basis.grouped & known, basis.cases.cost_fen, weight, "no case of a group with a weight", _FEN)


def _cost_index(basis: CaseBasis) -> CaseParts:
    means = basis.group_means("cost")
    return CaseParts(basis.grouped, basis.cases.cost_fen, means, "no grouped case in the base", _FEN)


def _time_index(basis: CaseBasis) -> CaseParts:
    found = _length_of_stay(basis)
    return CaseParts(basis.grouped & found.counted, found.top, basis.group_means("days"), found.why)


def _mean_gap(basis: CaseBasis) -> CaseParts:
    charged, known = basis.amounts("fund_charged")
    standard = basis.stays.standard_fen
    if standard is None:
        return basis.nothing("the fund money charged, or the standard, is missing")
    base = indicator_base(basis.stays, basis.limits) & basis.within
    return CaseParts(
        base & known & (standard >= 0),
        charged - standard,
        basis.one_each(),
        "no case with both the fund money charged and the standard",
        _FEN,
    )


_PARTS: dict[str, Callable[[CaseBasis], CaseParts]] = {
    "inpatient_cost_yuan": _cost,
    "inpatient_visits": _visits,
    "inpatient_cost_per_stay_yuan": _cost_per_stay,
    **{f"inpatient_cost_per_stay_{tier}_yuan": _cost_of_tier(tier) for tier in _TIERS},
    "length_of_stay_days": _length_of_stay,
    "inpatient_eligible_reimbursement_rate": _eligible,
    "settlement_rate": _settlement_rate,
    "drg_share_of_inpatient_fund": _drg_share("fund_charged"),
    "drg_share_of_inpatient_cost": _drg_share("total_cost"),
    "grouping_rate": _grouping_rate,
    "grouping_rate_listed": _grouping_rate_listed,
    "total_weight": _total_weight,
    "cmi": _cmi,
    "cost_per_weight_yuan": _cost_per_weight,
    "cost_index": _cost_index,
    "time_index": _time_index,
    "mean_fund_gap_yuan": _mean_gap,
}

#: Indicators that are one sum over cases, or one over another.
SUMMED: tuple[str, ...] = tuple(_PARTS)


def case_parts(basis: CaseBasis, indicator: str) -> CaseParts:
    """Return the parts of an indicator, case by case.

    Parameters
    ----------
    basis : CaseBasis
        What they are computed from.
    indicator : str
        One of :data:`SUMMED`.
    """
    return _PARTS[indicator](basis)
