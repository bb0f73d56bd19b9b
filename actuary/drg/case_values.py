"""One case as the grouper reads it: numbers as numbers, lists as lists."""

from __future__ import annotations

import math
from dataclasses import dataclass

from actuary.drg.cases import Case
from actuary.drg.cell_words import cell_codes, department_code, discharge_code
from actuary.kernels.grouping_arrays import HIGHEST, INVALID, LOWEST

__all__ = ["CaseValues", "read_case"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseValues:
    """Hold one case after conversion; None means missing or not to be read.

    Parameters
    ----------
    case_id : str
        Its name.
    sex, age_years, age_days, birth_weight_g, los_days, icu_hours : int or None
        As in :class:`~actuary.drg.cases.Case` [1 or 2, years, days, g, days, h].
    age_is_no_number : bool
        Whether an age in years is given that is no number.
    discharge_status, department : str or None
        As they are compared with those of a scheme.
    dx, px : tuple of str
        Codes, the principal or main one first.
    """

    case_id: str = ""
    sex: int | None = None
    age_years: int | None = None
    age_is_no_number: bool = False
    age_days: int | None = None
    birth_weight_g: int | None = None
    los_days: int | None = None
    icu_hours: int | None = None
    discharge_status: str | None = None
    department: str | None = None
    dx: tuple[str, ...] = ()
    px: tuple[str, ...] = ()


def _number(cell: object) -> int | None:
    """Return a number in whole units, `INVALID` for what is none, None for nothing."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    try:
        value = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):  # what pandas writes for a missing value is no number either
        return None if type(cell).__name__ in {"NAType", "NaTType"} else INVALID
    if math.isnan(value):
        return None
    return math.floor(value) if LOWEST <= value <= HIGHEST else INVALID


def _quantity(cell: object) -> int | None:
    number = _number(cell)
    return None if number == INVALID else number


def _sex(cell: object) -> int | None:
    number = _quantity(cell)
    return None if number is None or float(cell) != number else number  # type: ignore[arg-type]


def _codes(cell: object) -> tuple[str, ...]:
    return tuple(code or "" for code in cell_codes(cell) or ())


def read_case(case: Case) -> CaseValues:
    """Convert one case as the grouper does.

    Examples
    --------
    >>> read_case(Case(sex="1", age_years=40.0, dx="A41.900|N17.900")).dx
    ('A41.900', 'N17.900')
    """
    age_years = _number(case.age_years)
    return CaseValues(
        case_id=case.case_id,
        sex=_sex(case.sex),
        age_years=None if age_years == INVALID else age_years,
        age_is_no_number=age_years == INVALID,
        age_days=_quantity(case.age_days),
        birth_weight_g=_quantity(case.birth_weight_g),
        los_days=_quantity(case.los_days),
        icu_hours=_quantity(case.icu_hours),
        discharge_status=discharge_code(case.discharge_status),
        department=department_code(case.department),
        dx=_codes(case.dx),
        px=_codes(case.px),
    )
