"""The list of cases that a settlement does not pay: where, what was found, why, and the nearest known name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actuary.errors import nearest_name
from actuary.payment.cells import known_tiers
from actuary.payment.declared_values import INSURANCES
from actuary.payment.pricing import known_hospitals
from actuary.payment.statuses import REASONS, PaymentReason, PaymentStatus
from actuary.personal_numbers import mask_numbers

if TYPE_CHECKING:
    import pandas as pd

    from actuary.payment.settlement import Settlement

__all__ = ["problem_frame"]

#: Names of which the nearest known one is looked for; a table with more is wrong as a whole.
_LOOKED_UP = 2_000

_COLUMN_OF = {
    PaymentReason.HOSPITAL_UNKNOWN: "hospital",
    PaymentReason.TIER_UNKNOWN: "tier",
    PaymentReason.INSURANCE_UNKNOWN: "insurance",
    PaymentReason.GROUP_UNKNOWN: "drg",
    PaymentReason.HOSPITAL_MISSING: "hospital",
    PaymentReason.TIER_MISSING: "tier",
    PaymentReason.INSURANCE_MISSING: "insurance",
    PaymentReason.GROUP_MISSING: "drg",
    PaymentReason.WEIGHT_MISSING: "drg",
    PaymentReason.WEIGHT_ZERO: "drg",
    PaymentReason.WEIGHT_PLACEHOLDER: "drg",
    PaymentReason.MEAN_MISSING: "drg",
    PaymentReason.COEFFICIENT_MISSING: "drg",
    PaymentReason.UNGROUPED: "drg",
    PaymentReason.DUPLICATE: "case_id",
    PaymentReason.CASE_ID_MISSING: "case_id",
    PaymentReason.COST_MISSING: "total_cost",
    PaymentReason.DAYS_MISSING: "los_days",
}


def problem_frame(settlement: Settlement, *, lang: str = "zh") -> pd.DataFrame:
    """List the cases that are not paid.

    Parameters
    ----------
    settlement : Settlement
        The settlement.
    lang : str
        Language of the reasons, ``zh`` or ``en``.

    Returns
    -------
    DataFrame
        One row a case: `row` (1 is the first case of the table; a header is not counted), `case_id`, `hospital`,
        `status`, `reason`, `text`, `column` and `found` (what stood there), `nearest` (the nearest known name).
    """
    import pandas  # noqa: ICN001, PLC0415  (only where the list is wanted)

    table = settlement.table
    rows = np.flatnonzero(~settlement.paid)
    reasons = [REASONS[number] for number in settlement.reason[rows].tolist()]
    columns = np.array([_COLUMN_OF.get(reason, "") for reason in reasons], object)
    found = np.full(len(rows), "", object)
    nearest = np.full(len(rows), "", object)
    for column in ("hospital", "tier", "insurance", "drg"):
        here = np.flatnonzero(columns == column)
        coded = table.coded[column]
        codes = coded.codes[rows[here]]
        found[here] = np.array([*coded.names, ""], object)[codes]
        nearest[here] = np.array([*_nearest(settlement, column, coded.names, codes), ""], object)[codes]
    _put_cells(settlement, rows, reasons, (columns, found))
    names = table.case_id.take(rows).to_pylist()
    hospital = np.array([*table.hospital_names, ""], object)[table.hospital_code[rows]]
    return pandas.DataFrame(
        {
            "row": rows + 1,
            "case_id": ["" if name is None else name for name in names],
            "hospital": hospital,
            "status": [reason.status.value for reason in reasons],
            "reason": [reason.value for reason in reasons],
            "text": [reason.text(lang) for reason in reasons],
            "column": columns,
            "found": [mask_numbers(str(cell)) for cell in found],
            "nearest": nearest,
        }
    )


def _known(settlement: Settlement, column: str) -> Iterable[str]:
    policy = settlement.policy
    if column == "hospital":
        table = settlement.table
        priced = known_hospitals(policy, table.hospital_coefficients) or frozenset[str]()
        return {*table.listed_hospitals, *priced}
    if column == "tier":
        return known_tiers(policy) or ()
    return INSURANCES if column == "insurance" else policy.weight_table.groups


def _nearest(settlement: Settlement, column: str, names: Sequence[str], codes: NDArray[np.int32]) -> list[str]:
    """Return the nearest known name of each unknown one that occurs, in the order of the names."""
    known = list(_known(settlement, column))
    occurring = np.unique(codes[codes >= 0]).tolist()[:_LOOKED_UP]
    near = [""] * len(names)
    for code in occurring:
        if names[code] not in known:
            near[code] = nearest_name(names[code], known) or ""
    return near


def _put_cells(
    settlement: Settlement,
    rows: NDArray[np.int64],
    reasons: Sequence[PaymentReason],
    answers: tuple[NDArray[np.object_], NDArray[np.object_]],
) -> None:
    """Write what stood in cells that could not be read."""
    columns, found = answers
    rejected = np.array([reason.status is PaymentStatus.REJECTED for reason in reasons], bool)
    for note in reversed(settlement.table.notes):
        places = np.searchsorted(rows, note.rows)
        of_cost = note.of == "total_cost"
        for place, row, cell in zip(places.tolist(), note.rows.tolist(), note.found, strict=True):
            if place < len(rows) and rows[place] == row and rejected[place] and (of_cost or not columns[place]):
                columns[place], found[place] = note.column, cell
