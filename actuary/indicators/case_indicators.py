"""Indicators of use and payment from a table of cases, for all or for each hospital, and the cases behind each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, UnknownNameError, unknown_name
from actuary.indicators.case_parts import SUMMED, CaseBasis, case_parts
from actuary.indicators.case_subjects import (
    cases_within,
    every_subject,
    months_of_period,
    subjects_of,
    sums_of_parts,
)
from actuary.indicators.registry import INDICATORS, get_indicator
from actuary.payment.case_files import read_cases
from actuary.payment.cases import CaseTable
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_rules import weights_of_table
from actuary.payment.exact import Number
from actuary.payment.hospital_indicator_list import HOSPITAL_INDICATORS
from actuary.payment.hospital_indicators import compute_indicators as indicators_of_stays
from actuary.payment.indicator_limits import load_indicator_limits
from actuary.payment.indicator_stays import stays_of_cases
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.scheme_quality import measure_scheme
from actuary.payment.settle import settle_cases
from actuary.payment.trimming import TrimRule
from actuary.periods import Quarter

if TYPE_CHECKING:
    import pyarrow as pa

    from actuary.payment.hospital_list import HospitalList

__all__ = ["BY", "CaseIndicators", "compute_case_indicators", "indicators_of_table"]

#: For whom indicators are computed: all cases together, or the words of a column.
BY: tuple[str, ...] = ("city", "hospital", "tier", "insurance", "department")

_GROWTH = {
    "inpatient_cost_growth": "inpatient_cost_yuan",
    "inpatient_visits_growth": "inpatient_visits",
    "inpatient_cost_per_stay_growth": "inpatient_cost_per_stay_yuan",
}
_QUALITY = ("riv", "low_cv_cases")


@dataclass(frozen=True, eq=False, repr=False)
class CaseIndicators:
    """Hold indicators of cases and what they were computed from.

    Parameters
    ----------
    frame : DataFrame
        One row a subject and indicator: subject (``city`` or a word of the column), family, indicator, zh, en, value,
        unit, period, cases (how many count), reason (why there is no value), direction, formula, source.
    by : str
        One of :data:`BY`.
    basis : CaseBasis
        The cases.
    subject_names : tuple of str
        The subjects.
    subject_code : int32 array
        Place of each case's subject, -1 where it has none.
    policy : str
        Name of the payment policy, "" without one.
    not_settled : str
        Why the cases were not settled; "" where they were.
    synthetic : bool
        Whether the cases are made up.
    """

    frame: pd.DataFrame
    by: str
    basis: CaseBasis
    subject_names: tuple[str, ...]
    subject_code: NDArray[np.int32]
    policy: str
    not_settled: str
    synthetic: bool

    def to_frame(self) -> pd.DataFrame:
        """Return one row a subject and indicator."""
        return self.frame

    def wide(self) -> pd.DataFrame:
        """Return one row a subject and one column an indicator."""
        table = self.frame.pivot_table(index="subject", columns="indicator", values="value", sort=False, dropna=False)
        return table.reset_index()

    def summary(self) -> str:
        """Return one line on size and origin."""
        known = int(self.frame["value"].notna().sum())
        head = "made-up cases: " if self.synthetic else ""
        return f"{head}{len(self.basis.cases):,} cases, {len(self.subject_names):,} by {self.by}, {known:,} values"

    def trace(self, indicator: str, *, subject: str | None = None) -> pd.DataFrame:
        """Return the cases behind a value, with what each adds above and below the line.

        Parameters
        ----------
        indicator : str
            An indicator that is a sum over cases, or one over another.
        subject : str, optional
            One subject; all cases when left out.

        Returns
        -------
        DataFrame
            One row a case that counts: case_id, subject, drg, top, bottom (1 where the indicator is a plain sum). The
            sum of `top`, over that of `bottom` where the indicator divides, is the value.

        Raises
        ------
        UnknownNameError
            When the indicator is not one of cases, or there is no such subject.
        """
        get_indicator(indicator)
        if indicator not in SUMMED:
            raise UnknownNameError(unknown_name("indicator", indicator, SUMMED, what="sum over cases"))
        if subject is not None and subject not in self.subject_names:
            raise UnknownNameError(unknown_name("subject", subject, self.subject_names, what=self.by))
        parts = case_parts(self.basis, indicator)
        code = self.subject_code
        chosen = parts.counted & (code >= 0)
        if subject is not None:
            chosen &= code == self.subject_names.index(subject)
        rows = np.flatnonzero(chosen)
        groups = (*self.basis.stays.groups, "")
        return pd.DataFrame(
            {
                "case_id": self.basis.cases.case_id.take(rows).to_pylist(),
                "subject": [self.subject_names[one] for one in code[rows].tolist()],
                "drg": [groups[one] for one in self.basis.stays.group_code[rows].tolist()],
                "top": parts.top[rows],
                "bottom": 1.0 if parts.bottom is None else parts.bottom[rows],
            }
        )

    def __repr__(self) -> str:
        return f"<CaseIndicators: {self.summary()}>"

    def _repr_html_(self) -> str:
        return f"<p>{self.summary()}</p>{self.wide().to_html(index=False, max_rows=30)}"


def compute_case_indicators(
    cases: CaseTable | pd.DataFrame | pa.Table | str | Path,
    *,
    policy: PaymentPolicy | str | Path | None = None,
    budget: Mapping[str, Number] | Number | None = None,
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None,
    by: str = "city",
    quarter: str | Quarter | None = None,
    threads: int | None = None,
) -> CaseIndicators:
    """Compute every indicator that a table of cases can give.

    Without a policy there are no weights and no settlement: what needs them has no value but a reason. Means of groups
    are those of all cases of the period, whatever the subject.

    Parameters
    ----------
    cases : CaseTable, DataFrame, pyarrow.Table or path
        The cases, see :func:`actuary.payment.case_files.read_cases`.
    policy : PaymentPolicy, str or Path, optional
        The payment policy, whose weights count and by which cases are settled.
    budget : mapping or number, optional
        Budgets by insurance, where the price of the policy floats [yuan].
    hospitals : DataFrame or path, optional
        List of hospitals with their tiers.
    by : str
        One of :data:`BY`.
    quarter : str or Quarter, optional
        Stays of one quarter, or of a year such as 2024; the whole table when left out. Growth compares with the same
        months a year before.
    threads : int, optional
        Threads; all cores when left out.

    Returns
    -------
    CaseIndicators
        The indicators.

    Raises
    ------
    UnknownNameError
        When cases are not told apart by that.
    TableError, DeclarationError, BudgetError
        When cases, policy or budget are not what they should be.

    Examples
    --------
    >>> stays = pd.DataFrame(
    ...     {"case_id": ["a", "b"], "hospital": ["H1", "H2"], "tier": ["3", "2"], "insurance": ["employee"] * 2,
    ...      "drg": ["BR25", "BR25"], "total_cost": ["9000.00", "6000.00"]}
    ... )
    >>> found = compute_case_indicators(stays, policy="suzhou-2022", by="hospital").wide()
    >>> found.set_index("subject")["cost_index"].to_dict()
    {'H1': 1.2, 'H2': 0.8}
    """
    if by not in BY:
        raise UnknownNameError(unknown_name("--by", by, BY, what="column"))
    rules = None if policy is None else _policy(policy)
    table = read_cases(cases, hospitals=hospitals, threads=threads)
    if by not in ("city", *table.coded):
        raise TableError(Problem("cases", f"no column {by}", "one, to tell the cases apart by it"))
    fund = None
    why = "no policy was named"
    weights: Mapping[str, Fraction] = {}
    if rules is not None:
        weights = weights_of_table(rules.weight_table, rules)
        if budget is None and _floats(rules):
            why = "the price of the policy floats and no budget was given"
        else:
            settled = settle_cases(table, rules, budget=budget, hospitals=hospitals, threads=threads)
            fund, why = np.where(settled.paid, settled.payers.fund_fen, -1), ""
    return indicators_of_table(
        table, weights, fund_fen=fund, by=by, quarter=quarter, policy="" if rules is None else rules.id, not_settled=why
    )


def indicators_of_table(
    table: CaseTable,
    weights: Mapping[str, Fraction],
    *,
    fund_fen: NDArray[np.int64] | None = None,
    by: str = "city",
    quarter: str | Quarter | None = None,
    policy: str = "",
    not_settled: str = "",
) -> CaseIndicators:
    """Compute every indicator of cases that are read, and settled where they are.

    Parameters
    ----------
    table : CaseTable
        The cases.
    weights : mapping of str to Fraction
        Weight by group; a group that is not named has none.
    fund_fen : int64 array, shape (case,), optional
        What the fund pays by the rule, negative where it pays nothing [fen]; left out where nothing is settled.
    by : str
        One of :data:`BY` that the table has.
    quarter : str or Quarter, optional
        Stays of one quarter, or of a year such as 2024; the whole table when left out.
    policy, not_settled : str
        Name of the policy, and why the cases are not settled.

    Raises
    ------
    TableError
        When the table has no stay of the quarter.
    """
    within, period = cases_within(table, quarter)
    names, code = subjects_of(table, by, within)
    stays = stays_of_cases(table, weights, standard_fen=fund_fen)
    stays = replace(stays, hospitals=names, hospital_code=code.astype(np.int64))
    basis = CaseBasis(table, stays, load_indicator_limits(), within, fund_fen)
    rows = [*_summed(basis, names, code), *_growth(basis, names, code, quarter), *_of_stays(basis)]
    frame = _frame(rows, names, period)
    return CaseIndicators(
        frame=frame,
        by=by,
        basis=basis,
        subject_names=names,
        subject_code=code,
        policy=policy,
        not_settled=not_settled,
        synthetic=table.synthetic,
    )


type _Row = tuple[str, NDArray[np.float64], NDArray[np.int64], str]


def _policy(policy: PaymentPolicy | str | Path) -> PaymentPolicy:
    return policy if isinstance(policy, PaymentPolicy) else load_payment_policy(policy)


def _floats(rules: PaymentPolicy) -> bool:
    return rules.price.mode != "fixed" and not rules.price.budget


def _summed(basis: CaseBasis, names: tuple[str, ...], code: NDArray[np.int32]) -> list[_Row]:
    of_hospitals = {one.name for one in HOSPITAL_INDICATORS}
    rows = []
    for name in SUMMED:
        if name not in of_hospitals:
            parts = case_parts(basis, name)
            rows.append((name, *sums_of_parts(parts, code, len(names)), parts.why))
    return rows


def _growth(
    basis: CaseBasis, names: tuple[str, ...], code: NDArray[np.int32], quarter: str | Quarter | None
) -> list[_Row]:
    """Return growth on the same months of the year before: of the quarter, or of the last year of the table."""
    held = basis.cases.coded.get("month")
    size = len(names)
    none, nobody = np.full(size, np.nan), np.zeros(size, dtype=np.int64)
    if held is None or not held.names:
        return [(name, none, nobody, "months of discharge are missing") for name in _GROWTH]
    year = max(held.names)[:4]
    now = set(months_of_period(quarter)) if quarter is not None else {m for m in held.names if m[:4] == year}
    before = {f"{int(month[:4]) - 1}{month[4:]}" for month in now}
    if not before <= set(held.names):
        why = f"the cases hold no stays of {min(before)} to {max(before)}"
        return [(name, none, nobody, why) for name in _GROWTH]
    subject = replace(basis, within=np.ones(len(basis.cases), dtype=bool))
    every = every_subject(basis.cases, code, names)
    rows: list[_Row] = []
    for name, level in _GROWTH.items():
        values = []
        for months in (now, before):
            inside = np.array([*(month in months for month in held.names), False])[held.codes]
            parts = case_parts(replace(subject, within=inside), level)
            values.append(sums_of_parts(parts, every, size))
        (latest, numbers), (earlier, _) = values
        grown = np.divide(latest, earlier, out=np.full(size, np.nan), where=earlier > 0) - 1
        rows.append((name, grown, numbers, "no stay in one of the two periods"))
    return rows


def _of_stays(basis: CaseBasis) -> list[_Row]:
    found = indicators_of_stays(basis.stays, basis.limits, synthetic=basis.cases.synthetic)
    rows: list[_Row] = [
        (one.name, found.figures[one.name], found.base, found.why[one.name]) for one in HOSPITAL_INDICATORS
    ]
    size = len(basis.stays.hospitals)
    values = {name: np.full(size, np.nan) for name in _QUALITY}
    grouped = basis.grouped
    for place in range(size):
        mine = grouped & (basis.stays.hospital_code == place)
        if mine.any():
            quality = measure_scheme(
                basis.stays.groups,
                basis.stays.group_code[mine],
                basis.stays.cost_fen[mine],
                trim=TrimRule(),
                cv_limit=basis.limits.cv_under.exact,
            ).overall_before
            values["riv"][place], values["low_cv_cases"][place] = quality.riv, quality.low_cv_cases
    why = "no grouped case, or no spread of costs, in the base"
    return rows + [(name, values[name], found.base, why) for name in _QUALITY]


def _frame(rows: list[_Row], names: tuple[str, ...], period: str) -> pd.DataFrame:
    order = {name: place for place, name in enumerate(INDICATORS)}
    records = []
    for name, values, numbers, why in sorted(rows, key=lambda row: order[row[0]]):
        one = INDICATORS[name]
        for subject, value, number in zip(names, values.tolist(), numbers.tolist(), strict=True):
            records.append(
                {
                    "subject": subject,
                    "family": one.family,
                    "indicator": name,
                    "zh": one.zh,
                    "en": one.en,
                    "value": value,
                    "unit": one.unit,
                    "period": period,
                    "cases": number,
                    "reason": why if math.isnan(value) else "",
                    "direction": one.direction,
                    "formula": one.formula,
                    "source": one.source,
                }
            )
    return pd.DataFrame(records)
