"""The result of a settlement: what every case is paid, by whom and why, with the values and books behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from actuary.payment.case_cells import Coded
from actuary.payment.case_content import content_fingerprint
from actuary.payment.case_kinds import CaseKinds
from actuary.payment.cases import CaseTable
from actuary.payment.compiled import CompiledCells, point_places
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import as_decimal, exact_sum, fen_to_yuan
from actuary.payment.paid_classes import PaidClass
from actuary.payment.payers import Payers
from actuary.payment.point_value import PointValue
from actuary.payment.statuses import REASON_STATUS, PaymentReason, PaymentStatus
from actuary.payment.totals import totals_by
from actuary.policy.fingerprints import fingerprint
from actuary.threads import threads_to_use

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BookRow", "Settlement"]


@dataclass(frozen=True, slots=True)
class BookRow:
    """Hold one line of the books of a pool.

    Parameters
    ----------
    insurance : str
        The pool.
    item : str
        budget, adjusting_fund, paid_by_fund, residual (what rounding leaves) or reserve (what the pool did not spend,
        or spent beyond its budget); the first is the sum of the others.
    amount_fen : int
        Amount [fen].
    """

    insurance: str
    item: str
    amount_fen: int


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Settlement:
    """Hold a settlement.

    Arrays have one place a case, in the order of the table.

    Parameters
    ----------
    policy : PaymentPolicy
        The rules.
    table : CaseTable
        The cases.
    kinds : CaseKinds
        What each is paid as.
    compiled : CompiledCells
        What each kind is paid.
    segment : int32 (cases)
        Segment of each case in `compiled`, -1 where there is none.
    reason : int8 (cases)
        Number of the :class:`~actuary.payment.statuses.PaymentReason`.
    points : int64 (cases)
        Points in units of the last of :attr:`point_places` decimals; 0 for a case that is not paid.
    standard_fen : int64 (cases)
        What the case is paid by its rule [fen].
    payers : Payers
        Fund, patient, others and gain [fen].
    prices : tuple of Fraction or None
        Price of a unit in each cell [yuan].
    point_values : tuple of PointValue
        One a pool; empty where prices are declared.
    books : tuple of BookRow
        Lines that add up to the budget of each pool.
    """

    policy: PaymentPolicy
    table: CaseTable
    kinds: CaseKinds
    compiled: CompiledCells
    segment: NDArray[np.int32]
    reason: NDArray[np.int8]
    points: NDArray[np.int64]
    standard_fen: NDArray[np.int64]
    payers: Payers
    prices: tuple[Fraction | None, ...]
    point_values: tuple[PointValue, ...]
    books: tuple[BookRow, ...]

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self.segment)

    def __repr__(self) -> str:
        """Return policy, cases and payment."""
        return f"Settlement({self.policy.id!r}, {len(self):,} cases, fund {fen_to_yuan(self.fund_total_fen):,} yuan)"

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the policy, of every cell of the cases, and of the budgets."""
        parts = {
            "policy": self.policy.fingerprint,
            "cases": content_fingerprint(self.table, threads=threads_to_use(None)),
            "budgets_fen": {row.insurance: str(row.amount_fen) for row in self.books if row.item == "budget"},
        }
        return fingerprint(parts)

    @property
    def synthetic(self) -> bool:
        """Whether the cases are made up."""
        return self.table.synthetic

    @property
    def point_places(self) -> int:
        """Decimals in which points are held."""
        return point_places(self.policy)

    @property
    def paid_group(self) -> Coded:
        """Group each case is paid as."""
        return self.kinds.group

    @property
    def paid(self) -> NDArray[np.bool_]:
        """Whether the case is paid."""
        of_reason = np.array([status is PaymentStatus.PAID for status in REASON_STATUS])
        paid: NDArray[np.bool_] = of_reason[self.reason]
        return paid

    @property
    def fund_total_fen(self) -> int:
        """What the fund pays in all [fen]."""
        return exact_sum(self.payers.fund_fen)

    @cached_property
    def class_code(self) -> NDArray[np.int8]:
        """Number of the :class:`~actuary.payment.paid_classes.PaidClass` of each case, -1 where there is none."""
        names = [PaidClass(segment.case_class).number for segment in self.compiled.segments]
        codes: NDArray[np.int8] = np.array([*names, -1], np.int8)[self.segment]
        return codes

    @cached_property
    def ratio(self) -> NDArray[np.float64]:
        """Cost over what it is compared with; NaN where the rule of a case has no such ratio. For showing only."""
        means = [None if cell.terms is None else cell.terms.mean_fen for cell in self.compiled.cells]
        of_cell = np.array([float(mean) if mean else np.nan for mean in means] or [np.nan])
        by_day = [segment.case_class == "bed_day" for segment in self.compiled.segments]
        of_segment = np.where(by_day, np.nan, of_cell[self.compiled.segment_cell]) if by_day else np.zeros(0)
        ratio: NDArray[np.float64] = self.kinds.variable / np.append(of_segment, np.nan)[self.segment]
        places = self.policy.rounding.ratio
        return ratio if places is None else np.round(ratio, places)

    @cached_property
    def cases(self) -> pa.Table:
        """One row a case: what it is, its class, ratio, points [last decimal], money [fen], status and reason."""
        table, payers = self.table, self.payers
        columns: dict[str, Any] = {"case_id": table.case_id}
        for name in ("hospital", "department", "month", "insurance", "tier", "drg"):
            if name in table.coded:
                columns[name] = _dictionary(table.coded[name].codes, table.coded[name].names)
        columns["paid_group"] = _dictionary(self.paid_group.codes, self.paid_group.names)
        columns["class"] = _dictionary(self.class_code, [name.value for name in PaidClass])
        columns["ratio"] = pa.array(self.ratio, from_pandas=True)
        columns["points"] = pa.array(self.points)
        columns["cost_fen"] = pa.array(table.cost_fen)
        columns["standard_fen"] = pa.array(self.standard_fen)
        for name in ("fund_fen", "patient_fen", "other_fen", "gain_fen"):
            columns[name] = pa.array(getattr(payers, name))
        statuses, reasons = list(PaymentStatus), list(PaymentReason)
        of_reason = np.array([status.number for status in REASON_STATUS], np.int8)
        columns["status"] = _dictionary(of_reason[self.reason], [status.value for status in statuses])
        columns["reason"] = _dictionary(self.reason, [reason.value for reason in reasons])
        return pa.table(columns)

    def to_frame(self) -> pd.DataFrame:
        """Return :attr:`cases` as a DataFrame."""
        frame: pd.DataFrame = self.cases.to_pandas()
        return frame

    def totals(self, by: Sequence[str] = ("hospital",)) -> pd.DataFrame:
        """Return sums by hospital, department, group, insurance, month or class; see :mod:`actuary.payment.totals`."""
        return totals_by(
            self.cases,
            by,
            policy=self.policy,
            fund_charged_fen=self.table.numbers.get("fund_charged"),
            points_places=self.point_places,
        )

    def explain(self, case_id: str) -> Any:
        """Return each step that led to the payment of a case; see :mod:`actuary.payment.trace`."""
        from actuary.payment.trace import trace_case  # noqa: PLC0415 (it imports this module)

        return trace_case(self, case_id)

    def summary(self) -> Mapping[str, object]:
        """Return the main figures: cases by status, cost, standard, fund and point values."""
        numbers = np.bincount(self.reason, minlength=len(REASON_STATUS))
        by_status = {status.value: 0 for status in PaymentStatus}
        for number, status in zip(numbers.tolist(), REASON_STATUS, strict=True):
            by_status[status.value] += number
        values = {pool.insurance: None if pool.value is None else as_decimal(pool.value) for pool in self.point_values}
        return {
            "policy": self.policy.id,
            "cases": len(self),
            **by_status,
            "cost_yuan": fen_to_yuan(exact_sum(self.table.cost_fen[self.paid])),
            "standard_yuan": fen_to_yuan(exact_sum(self.standard_fen)),
            "fund_yuan": fen_to_yuan(self.fund_total_fen),
            "point_values_yuan": values,
            "synthetic": self.synthetic,
            "fingerprint": self.fingerprint,
        }

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{key}</th><td>{value}</td></tr>" for key, value in self.summary().items())
        return f"<table>{rows}</table>"


def _dictionary(codes: NDArray[Any], names: Sequence[str]) -> pa.DictionaryArray:
    indices = pa.array(codes, mask=codes < 0) if (codes < 0).any() else pa.array(codes)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(names), pa.string()))
