"""The list of hospitals: tier, and where there are, coefficient and name of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from actuary.errors import Problem, TableError, nearest_name, raise_all, unknown_name
from actuary.files import read_bytes, read_delimited
from actuary.payment.case_cells import Coded, clean_word
from actuary.payment.cases import CaseTable
from actuary.payment.statuses import PaymentReason

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["HospitalList", "read_hospitals", "with_hospitals"]

_KNOWN = ("hospital", "tier", "coefficient", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class HospitalList:
    """Say which hospitals there are.

    Parameters
    ----------
    tiers : mapping of str to str or None
        Tier by hospital; None where the list gives none.
    coefficients : mapping of str to Decimal
        Coefficient by hospital, where the list gives one.
    titles : mapping of str to str
        Name by hospital, where the list gives one.
    source : str
        Where the list comes from.
    """

    tiers: Mapping[str, str | None]
    coefficients: Mapping[str, Decimal] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    source: str = "the list of hospitals"


def read_hospitals(hospitals: HospitalList | pd.DataFrame | str | Path) -> HospitalList:
    """Read a list of hospitals.

    Parameters
    ----------
    hospitals : HospitalList, DataFrame or path of a CSV file
        Columns `hospital` and `tier`, optionally `coefficient` and `name`; others are not read.

    Returns
    -------
    HospitalList
        The list.

    Raises
    ------
    TableError
        Names every misspelt column, and every row without a hospital, with one that is listed already, or with a
        coefficient that is no number above 0.

    Examples
    --------
    >>> import pandas as pd
    >>> read_hospitals(pd.DataFrame({"hospital": ["H1", "H2"], "tier": [3, 2]})).tiers
    {'H1': '3', 'H2': '2'}
    """
    if isinstance(hospitals, HospitalList):
        return hospitals
    frame, where = _frame(hospitals)
    absent = [name for name in _KNOWN if name not in frame.columns]
    # Further columns are nobody's business, but a misspelt one must not be lost.
    problems: list[Problem] = [
        unknown_name(f"{where}, columns", name, absent, what="column")
        for name in map(str, frame.columns)
        if name not in _KNOWN and nearest_name(name, absent)
    ]
    if "hospital" not in frame.columns:
        raise TableError(Problem(where, "no column 'hospital'", "the columns hospital, tier [, coefficient, name]"))
    tiers: dict[str, str | None] = {}
    coefficients: dict[str, Decimal] = {}
    titles: dict[str, str] = {}
    for number, row in enumerate(frame.to_dict("records"), start=1):
        spot = f"{where} row {number}"
        words = {str(name): clean_word(_text(cell)) for name, cell in row.items()}
        hospital = words["hospital"]
        if hospital is None or hospital in tiers:
            found = "no hospital" if hospital is None else f"the hospital {hospital!r} a second time"
            problems.append(Problem(spot, found, "every hospital once"))
            continue
        tiers[hospital] = words.get("tier")
        if (title := words.get("name")) is not None:
            titles[hospital] = title
        if (written := words.get("coefficient")) is not None:
            value = _positive(written)
            if value is None:
                problems.append(Problem(f"{spot}, coefficient", repr(written), "a number above 0"))
            else:
                coefficients[hospital] = value
    raise_all(problems, TableError)
    return HospitalList(tiers=tiers, coefficients=coefficients, titles=titles, source=where)


def _frame(hospitals: pd.DataFrame | str | Path) -> tuple[pd.DataFrame, str]:
    import pandas  # noqa: ICN001, PLC0415  (only where a list is read)

    if isinstance(hospitals, pandas.DataFrame):
        return hospitals, "the list of hospitals"
    path = Path(hospitals).expanduser()
    table = read_delimited(
        read_bytes(path, where=str(path), expected="a CSV file with the columns hospital, tier"), where=str(path)
    )
    raise_all(table.problems(str(path)), TableError)
    return pandas.DataFrame(table.rows, columns=list(table.columns), dtype=str), str(path)


def _text(cell: Any) -> str | None:
    return None if cell is None or cell != cell else str(cell)  # noqa: PLR0124  (a missing value)


def _positive(written: str) -> Decimal | None:
    try:
        value = Decimal(written)
    except InvalidOperation:
        return None
    return value if value.is_finite() and value > 0 else None


def with_hospitals(cases: CaseTable, hospitals: HospitalList) -> CaseTable:
    """Return the cases with the tiers of a list; a hospital that is not on it keeps its cases from being paid.

    Parameters
    ----------
    cases : CaseTable
        The cases; a tier in their own table counts only where the list gives none.
    hospitals : HospitalList
        The list.

    Returns
    -------
    CaseTable
        The same rows.
    """
    own = cases.coded["tier"]
    names = {name: place for place, name in enumerate(own.names)}
    listed = [hospitals.tiers.get(name) for name in cases.hospital_names]
    places = [-1 if tier is None else names.setdefault(tier, len(names)) for tier in listed]
    of_list = np.array([*places, -1], np.int32)[cases.hospital_code]
    tier = Coded(np.where(of_list >= 0, of_list, own.codes).astype(np.int32), tuple(names))
    unknown = np.array([*(name not in hospitals.tiers for name in cases.hospital_names), False])[cases.hospital_code]
    reason = cases.reason.copy()
    reason[unknown & (reason == PaymentReason.REGULAR.number)] = PaymentReason.HOSPITAL_UNKNOWN.number
    return replace(
        cases,
        coded={**cases.coded, "tier": tier},
        reason=reason,
        hospital_coefficients=hospitals.coefficients,
        hospital_titles=hospitals.titles,
        listed_hospitals=tuple(hospitals.tiers),
    )
