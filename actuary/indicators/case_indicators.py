"""Indicators of use and payment from a table of cases, for all or for each hospital, and the cases behind each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, UnknownNameError, unknown_name
from actuary.indicators.case_frame import frame_of_tally
from actuary.indicators.case_parts import CaseBasis
from actuary.indicators.case_subjects import basis_of_cases
from actuary.indicators.case_tally import tally_cases
from actuary.indicators.case_trace import check_subject, check_traced, traced_cases
from actuary.payment.case_files import read_cases
from actuary.payment.cases import CaseTable
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_rules import weights_of_table
from actuary.payment.exact import Number
from actuary.payment.indicator_limits import load_indicator_limits
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle import settle_cases
from actuary.payment.stay_tally import accurate_cases, accurate_costs
from actuary.periods import Quarter

if TYPE_CHECKING:
    import pyarrow as pa

    from actuary.payment.hospital_list import HospitalList

__all__ = [
    "BY",
    "CaseIndicators",
    "IndicatorsOfCases",
    "check_by",
    "compute_case_indicators",
    "indicators_of_table",
    "policy_named",
    "why_not_settled",
]

#: For whom indicators are computed: all cases together, or the words of a column.
BY: tuple[str, ...] = ("city", "hospital", "tier", "insurance", "department")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class IndicatorsOfCases:
    """Hold indicators of cases.

    Parameters
    ----------
    frame : DataFrame
        One row a subject and indicator: subject (``city`` or a word of the column), family, indicator, zh, en, value,
        unit, period, cases (how many count), reason (why there is no value), direction, formula, source.
    by : str
        One of :data:`BY`.
    cases : int
        How many cases were read.
    subject_names : tuple of str
        The subjects, sorted.
    policy : str
        Name of the payment policy, "" without one.
    not_settled : str
        Why the cases were not settled; "" where they were.
    synthetic : bool
        Whether the cases are made up.
    """

    frame: pd.DataFrame
    by: str
    cases: int
    subject_names: tuple[str, ...]
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
        return f"{head}{self.cases:,} cases, {len(self.subject_names):,} by {self.by}, {known:,} values"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.summary()}>"

    def _repr_html_(self) -> str:
        return f"<p>{self.summary()}</p>{self.wide().to_html(index=False, max_rows=30)}"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CaseIndicators(IndicatorsOfCases):
    """Hold indicators of a table of cases, and the cases that they were computed from.

    Parameters
    ----------
    frame, by, cases, subject_names, policy, not_settled, synthetic :
        As in :class:`IndicatorsOfCases`.
    basis : CaseBasis
        The cases.
    """

    basis: CaseBasis

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
        check_traced(indicator)
        check_subject(subject, self.subject_names, by=self.by)
        return traced_cases(self.basis, indicator, subject=subject)


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
    if isinstance(cases, str | Path) and Path(cases).expanduser().is_dir():
        mend = "actuary.indicators_of_dataset reads a folder part by part"
        raise TableError(Problem(str(cases), "a folder", "a file of cases", mend))
    rules = policy_named(policy)
    table = read_cases(cases, hospitals=hospitals, threads=threads)
    check_by(by, table.coded)
    fund, why = None, why_not_settled(rules, budget)
    weights: Mapping[str, Fraction] = {}
    if rules is not None:
        weights = weights_of_table(rules.weight_table, rules)
        if not why:
            settled = settle_cases(table, rules, budget=budget, hospitals=hospitals, threads=threads)
            fund = np.where(settled.paid, settled.payers.fund_fen, -1)
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
    limits = load_indicator_limits()
    basis = basis_of_cases(table, weights, limits, fund_fen=fund_fen, by=by, quarter=quarter)
    tally, costs = tally_cases(basis)
    accurate = accurate_cases(tally.stays, costs, accurate_costs(tally.stays, limits))
    return CaseIndicators(
        frame=frame_of_tally(tally, accurate, weights, limits, quarter=quarter),
        by=by,
        cases=len(table),
        subject_names=tally.subjects,
        policy=policy,
        not_settled=not_settled,
        synthetic=table.synthetic,
        basis=replace(basis, means=tally.stays.means()),
    )


def policy_named(policy: PaymentPolicy | str | Path | None) -> PaymentPolicy | None:
    """Return a policy, its name or its file as the policy; None where none is named."""
    return policy if policy is None or isinstance(policy, PaymentPolicy) else load_payment_policy(policy)


def check_by(by: str, columns: Collection[str]) -> None:
    """Raise when cases cannot be told apart by a column.

    Parameters
    ----------
    by : str
        One of :data:`BY`.
    columns : collection of str
        Columns of words that the cases have.

    Raises
    ------
    UnknownNameError, TableError
        When it is none of them, or the cases lack it.
    """
    if by not in BY:
        raise UnknownNameError(unknown_name("--by", by, BY, what="column"))
    if by not in ("city", *columns):
        raise TableError(Problem("cases", f"no column {by}", "one, to tell the cases apart by it"))


def why_not_settled(rules: PaymentPolicy | None, budget: Mapping[str, Number] | Number | None) -> str:
    """Return why cases are not settled; empty where they can be."""
    if rules is None:
        return "no policy was named"
    if budget is None and rules.price.mode != "fixed" and not rules.price.budget:
        return "the price of the policy floats and no budget was given"
    return ""
