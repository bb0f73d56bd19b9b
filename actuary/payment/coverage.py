"""Measure how far payment by group reaches, against the thresholds that a region's plan has declared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from actuary.errors import ActuaryError, Problem
from actuary.payment.case_columns import MISSING
from actuary.payment.exact import Number, exact_sum, fen_to_yuan, in_units
from actuary.payment.paid_classes import PaidClass
from actuary.payment.settlement import Settlement
from actuary.policy import load_policy_book
from actuary.policy.fingerprints import fingerprint

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Coverage", "CoverageRow", "measure_coverage"]

#: Classes whose cases are not paid by their group.
_BY_OTHER_MEANS: Final = frozenset(
    {PaidClass.ITEM_BY_ITEM, PaidClass.UNSTABLE, PaidClass.UNGROUPABLE, PaidClass.BED_DAY}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """Hold one threshold of a plan, and what the cases say to it.

    Parameters
    ----------
    key : str
        Key of the threshold among the region's rules.
    name_zh, name_en : str
        What it is.
    wanted : float
        Least share.
    part, whole : int or None
        Hospitals, groups or fen; None where not assessable.
    met : bool or None
        Whether the share is reached; None where not assessable.
    basis : str
        What the share is of what.
    reason : str
        Why it is not assessable; empty where it is.
    source : str
        Where the threshold stands.
    """

    key: str
    name_zh: str
    name_en: str
    wanted: float
    part: int | None
    whole: int | None
    met: bool | None
    basis: str
    reason: str
    source: str

    @property
    def value(self) -> float | None:
        """The share that is reached; None where not assessable."""
        return None if self.part is None or not self.whole else self.part / self.whole


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Hold the thresholds of a plan that are in force on a day.

    Parameters
    ----------
    region, policy : str
        Whose plan, and under which policy the cases were settled.
    day : datetime.date
        The day.
    rows : tuple of CoverageRow
        One a threshold.
    synthetic : bool
        Whether the cases are made up.
    fingerprint : str
        Hash of settlement, region, day and thresholds.
    """

    region: str
    policy: str
    day: dt.date
    rows: tuple[CoverageRow, ...]
    synthetic: bool
    fingerprint: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row a threshold: key, names, value and wanted [share], met, basis, reason, source."""
        import pandas  # noqa: ICN001, PLC0415  (only where tables are wanted)

        names = ["key", "name_zh", "name_en", "value", "wanted", "met", "basis", "reason", "source"]
        rows = [{name: getattr(row, name) for name in names} for row in self.rows]
        return pandas.DataFrame(rows, columns=names)

    def summary(self) -> dict[str, Any]:
        """Return the number of thresholds met, missed and not assessable."""
        answers = [row.met for row in self.rows]
        counts = {"met": answers.count(True), "missed": answers.count(False), "not_assessable": answers.count(None)}
        return {"region": self.region, "day": self.day.isoformat(), **counts}

    def _repr_html_(self) -> str:
        html: str = self.to_frame().to_html(index=False)
        return html


@dataclass(frozen=True, slots=True)
class _Measured:
    part: int | None = None
    whole: int | None = None
    basis: str = ""
    reason: str = ""


def measure_coverage(
    settlement: Settlement,
    region: str,
    *,
    day: dt.date,
    inpatient_fund_yuan: Number | None = None,
    root: Path | None = None,
) -> Coverage:
    """Compare the reach of payment by group with the thresholds that a region's plan declares.

    Parameters
    ----------
    settlement : Settlement
        The region's cases, settled.
    region : str
        Region whose rules hold the thresholds, such as liuyang.
    day : datetime.date
        Day whose thresholds count.
    inpatient_fund_yuan : number, optional
        What the fund spends on all inpatient care of the period [yuan]; without it the shares are taken of what the
        fund was charged item by item.
    root : Path, optional
        Root of the models.

    Returns
    -------
    Coverage
        One row a threshold in force; none where the region has no plan.

    Raises
    ------
    UnknownNameError
        When there is no such region.
    ActuaryError
        When `inpatient_fund_yuan` is no amount above 0.

    Notes
    -----
    Paid by group is a paid case whose class is neither item by item, nor a group without a usable weight, nor without a
    group, nor by the day. Hospitals: those with such a case, of those on the list of hospitals. Groups: those with such
    a case, of those that occur. Fund: of all inpatient spending.

    Examples
    --------
    >>> import pandas as pd
    >>> from actuary.payment.settle import settle_cases
    >>> rows = pd.DataFrame({"case_id": ["a", "b"], "hospital": ["H1", "H2"], "tier": "3", "insurance": "employee",
    ...                      "drg": ["BR25", "BR25"], "total_cost": [12000.0, 9000.0]})
    >>> found = measure_coverage(settle_cases(rows, "suzhou-2022"), "liuyang", day=dt.date(2023, 7, 1))
    >>> len(found.rows)
    4
    """
    book = load_policy_book(region, root=root)
    _check_fund(inpatient_fund_yuan)
    by_group = _paid_by_group(settlement)
    rows = []
    for key, measure in _MEASURES.items():
        parameter = book.parameters.get(key)
        if parameter is None or parameter.entry(day) is None:
            continue
        wanted = float(book.value(key, day))
        found = measure(settlement, by_group, inpatient_fund_yuan)
        met = None
        if found.part is not None and found.whole:
            met = Fraction(found.part, found.whole) >= Fraction(repr(wanted))
        rows.append(
            CoverageRow(
                key=key,
                name_zh=parameter.name,
                name_en=parameter.name_en,
                wanted=wanted,
                part=found.part,
                whole=found.whole,
                met=met,
                basis=found.basis,
                reason=found.reason,
                source=book.source_text(key, day),
            )
        )
    thresholds = {row.key: row.wanted for row in rows}
    parts = {"settlement": settlement.fingerprint, "region": region, "day": day, "thresholds": thresholds}
    return Coverage(
        region=region,
        policy=settlement.policy.id,
        day=day,
        rows=tuple(rows),
        synthetic=settlement.synthetic,
        fingerprint=fingerprint(parts),
    )


def _check_fund(inpatient_yuan: Number | None) -> None:
    if inpatient_yuan is None:
        return
    try:
        right = in_units(inpatient_yuan, 2) > 0
    except (TypeError, ValueError):
        right = False
    if not right:
        expected = "what the fund spends on all inpatient care, in yuan, above 0, as an int, Decimal or text"
        raise ActuaryError(Problem("the fund's inpatient spending", repr(inpatient_yuan), expected))


def _paid_by_group(settlement: Settlement) -> NDArray[np.bool_]:
    counts = np.array([*(one not in _BY_OTHER_MEANS for one in PaidClass), False])
    paid: NDArray[np.bool_] = settlement.paid & counts[settlement.class_code]
    return paid


def _hospitals(settlement: Settlement, by_group: NDArray[np.bool_], _: Number | None) -> _Measured:
    table = settlement.table
    if not table.listed_hospitals:
        return _Measured(reason="no list of hospitals: hospitals without any case are not known; give hospitals")
    codes = np.unique(table.hospital_code[by_group & (table.hospital_code >= 0)])
    listed = set(table.listed_hospitals)
    part = sum(table.hospital_names[code] in listed for code in codes.tolist())
    return _Measured(part, len(listed), "hospitals with a case paid by its group, of the hospitals on the list")


def _groups(settlement: Settlement, by_group: NDArray[np.bool_], _: Number | None) -> _Measured:
    codes = settlement.table.group_code
    whole = len(np.unique(codes[codes >= 0]))
    if not whole:
        return _Measured(reason="no case has a group")
    part = len(np.unique(codes[by_group & (codes >= 0)]))
    return _Measured(part, whole, "groups with a case paid by it, of the groups that have cases")


def _fund(settlement: Settlement, by_group: NDArray[np.bool_], inpatient_yuan: Number | None) -> _Measured:
    if inpatient_yuan is not None:
        part = exact_sum(settlement.payers.fund_fen[by_group])
        whole = in_units(inpatient_yuan, 2)
        if part > whole:
            reason = f"the cases paid by their group come to {fen_to_yuan(part):,} yuan, more than all that was given"
            return _Measured(reason=reason)
        basis = "what the fund pays for cases paid by their group, of its inpatient spending as given"
        return _Measured(part, whole, basis)
    charged = settlement.table.numbers.get("fund_charged")
    if charged is None:
        reason = "the fund's inpatient spending is not known: give it, or the column fund_charged"
        return _Measured(reason=reason)
    missing = int(np.count_nonzero(charged == MISSING))
    if missing:
        return _Measured(reason=f"fund_charged is missing for {missing:,} of {len(settlement):,} cases")
    basis = "what the fund was charged item by item for cases paid by their group, of all cases"
    whole = exact_sum(charged)
    if not whole:
        return _Measured(reason="the fund was charged nothing")
    return _Measured(exact_sum(charged[by_group]), whole, basis)


_MEASURES: Final[dict[str, Callable[[Settlement, NDArray[np.bool_], Number | None], _Measured]]] = {
    "payment.drg_first_batch_hospital_share_min": _hospitals,
    "payment.drg_hospital_coverage_target": _hospitals,
    "payment.drg_disease_coverage_target": _groups,
    "payment.drg_fund_share_target": _fund,
}
