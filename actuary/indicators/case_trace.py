"""The cases behind a value, with what each adds above and below the line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from actuary.errors import UnknownNameError, unknown_name
from actuary.indicators.case_parts import SUMMED, CaseBasis, case_parts
from actuary.indicators.registry import get_indicator

__all__ = ["TRACED", "check_subject", "check_traced", "traced_cases"]

#: Columns of the cases behind a value.
TRACED: tuple[str, ...] = ("case_id", "subject", "drg", "top", "bottom")


def check_traced(indicator: str) -> None:
    """Raise when an indicator is not one that cases add up to.

    Raises
    ------
    UnknownNameError
        With the nearest that is.
    """
    get_indicator(indicator)
    if indicator not in SUMMED:
        raise UnknownNameError(unknown_name("indicator", indicator, SUMMED, what="sum over cases"))


def check_subject(subject: str | None, names: Sequence[str], *, by: str) -> None:
    """Raise when there is no such subject.

    Raises
    ------
    UnknownNameError
        With the nearest there is.
    """
    if subject is not None and subject not in names:
        raise UnknownNameError(unknown_name("subject", subject, names, what=by))


def traced_cases(basis: CaseBasis, indicator: str, *, subject: str | None = None) -> pd.DataFrame:
    """Return the cases behind a value, see :meth:`CaseIndicators.trace`.

    Parameters
    ----------
    basis : CaseBasis
        The cases, or a part of them.
    indicator : str
        One of :data:`~actuary.indicators.case_parts.SUMMED`.
    subject : str, optional
        One subject; all cases when left out.
    """
    parts = case_parts(basis, indicator)
    names, code = basis.stays.hospitals, basis.stays.hospital_code
    chosen = parts.counted & (code >= 0)
    if subject is not None:
        chosen &= code == (names.index(subject) if subject in names else -1)
    rows = np.flatnonzero(chosen)
    groups = (*basis.stays.groups, "")
    return pd.DataFrame(
        {
            "case_id": basis.cases.case_id.take(rows).to_pylist(),
            "subject": [names[one] for one in code[rows].tolist()],
            "drg": [groups[one] for one in basis.stays.group_code[rows].tolist()],
            "top": parts.top[rows] / parts.top_parts,
            "bottom": 1.0 if parts.bottom is None else parts.bottom[rows] / parts.bottom_parts,
        },
        columns=list(TRACED),
    )
