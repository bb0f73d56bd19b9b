"""Find names of cases whose last digits a spreadsheet has lost: they look like numbers, and several are one now."""

from __future__ import annotations

from typing import Any

from actuary.errors import Problem, TableError

__all__ = ["check_identifiers"]

#: As spreadsheets (1.23457E+17), Python (1.2e+17) and Java (1.23457E17) write them; 2E15 may be a name.
_ROUNDED = r"^\s*\d(\.\d+[eE]\+?|[eE]\+)\d{2,}\s*$"
#: From here on a fraction number of 64 bits no longer holds every whole number.
_LAST_EXACT = 2.0**53


def check_identifiers(column: Any, *, where: str) -> None:
    """Raise when names of cases were rounded so that different cases have one name.

    Parameters
    ----------
    column : pyarrow.Array
        Names of cases, as texts or as numbers.
    where : str
        How messages name the column.

    Raises
    ------
    TableError
        When names in the form 1.23457E+17, or fractions beyond 2**53, occur more than once.

    Examples
    --------
    >>> import pyarrow as pa
    >>> check_identifiers(pa.array(["1.23457E+17", "c2", "1.23457E+17"]), where="cases.csv, case_id")
    Traceback (most recent call last):
        ...
    actuary.errors.TableError: cases.csv, case_id: found numbers whose last digits are lost (2 rows, 1 different);
    expected the whole name of every case; export them again with the column formatted as text
    """
    import pyarrow as pa  # noqa: PLC0415  (only where rows are streamed)
    import pyarrow.compute as pc  # noqa: PLC0415

    if pa.types.is_floating(column.type):
        rounded = column.filter(pc.fill_null(pc.greater_equal(pc.abs(column), _LAST_EXACT), False))
    elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        # A plain search for a sign or a point is many times faster than the form, and nearly always settles it.
        if not any(pc.any(pc.match_substring(column, mark)).as_py() for mark in "+."):
            return
        rounded = column.filter(pc.fill_null(pc.match_substring_regex(column, _ROUNDED), False))
    else:
        return
    different = len(pc.unique(rounded))
    if different < len(rounded):
        found = f"numbers whose last digits are lost ({len(rounded)} rows, {different} different)"
        mend = "export them again with the column formatted as text"
        raise TableError(Problem(where, found, "the whole name of every case", mend))
