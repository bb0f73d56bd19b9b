"""Cases as settlement reads them: whole numbers and codes in flat arrays, and for every row whether it can be paid.

A row that cannot be paid stays in the table with its reason; what stood in the cell is kept for the list of problems.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_cells import Coded
from actuary.payment.case_columns import COLUMNS, MISSING, Kind
from actuary.payment.statuses import PaymentReason

__all__ = ["CaseTable", "CellNote"]


@dataclass(frozen=True, slots=True)
class CellNote:
    """Keep what stood in the cells of one column that could not be read.

    Parameters
    ----------
    of : str
        Name of the column here.
    column : str
        Name of the column in the table.
    rows : int64 (cells)
        Rows, from 0, rising.
    found : tuple of str
        What stood there.
    """

    of: str
    column: str
    rows: NDArray[np.int64]
    found: tuple[str, ...]

    def cell_of(self, row: int) -> str:
        """Return what stood in a row; empty where its cell could be read."""
        place = int(np.searchsorted(self.rows, row))
        return self.found[place] if place < len(self.rows) and self.rows[place] == row else ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaseTable:
    """Hold the cases of one settlement; arrays have one place a case, in the order of the file.

    Parameters
    ----------
    case_id : pyarrow.Array
        Names of the cases [texts].
    coded : mapping of str to Coded
        Columns of words by name: always ``hospital``, ``insurance``, ``drg``, ``tier``; others where the table has
        them (``department``, ``month``, ``group_status``, ``review_decision``, ``severity_index``, ``tumour_index``).
    numbers : mapping of str to int64 array
        Columns of numbers by name: always ``total_cost`` [fen]; money in fen, shares and factors in the parts of
        :data:`~actuary.payment.case_columns.COLUMNS`, flags 0 or 1, dates in days since 1970-01-01.
        :data:`~actuary.payment.case_columns.MISSING` stands for a missing or unreadable cell, in ``total_cost`` 0.
    reason : int8 (cases)
        Number of the :class:`~actuary.payment.statuses.PaymentReason` that keeps the case from being paid; 0
        (``regular``) when nothing does so far.
    person : pyarrow.Array or None
        Persons [texts].
    hospital_coefficients : mapping of str to Decimal
        Coefficients that the list of hospitals gives, by hospital.
    hospital_titles : mapping of str to str
        Names that the list of hospitals gives, by hospital.
    listed_hospitals : tuple of str
        Hospitals of the list; empty without a list.
    notes : tuple of CellNote
        Cells that could not be read.
    renamed : mapping of str to str
        Name of a column here to its name in the table, where they differ.
    unread : tuple of str
        Columns of the table that were not read, because they have no name that is known here.
    source : str
        Where the cases come from.
    synthetic : bool
        Whether they are made up.
    """

    case_id: Any
    coded: Mapping[str, Coded]
    numbers: Mapping[str, NDArray[np.int64]]
    reason: NDArray[np.int8]
    person: Any = None
    hospital_coefficients: Mapping[str, Decimal] = field(default_factory=dict)
    hospital_titles: Mapping[str, str] = field(default_factory=dict)
    listed_hospitals: tuple[str, ...] = ()
    notes: tuple[CellNote, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    source: str = "the cases given"
    synthetic: bool = False

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self.reason)

    @property
    def cost_fen(self) -> NDArray[np.int64]:
        """Total cost [fen], 0 where the cell cannot be read."""
        return self.numbers["total_cost"]

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Whether nothing keeps the case from being paid."""
        valid: NDArray[np.bool_] = self.reason == PaymentReason.REGULAR.number
        return valid

    @property
    def hospital_code(self) -> NDArray[np.int32]:
        """Place of the hospital among the names, -1 where it is missing."""
        return self.coded["hospital"].codes

    @property
    def hospital_names(self) -> tuple[str, ...]:
        """Names of the hospitals."""
        return self.coded["hospital"].names

    @property
    def group_code(self) -> NDArray[np.int32]:
        """Place of the group among the names, -1 where it is missing."""
        return self.coded["drg"].codes

    @property
    def group_names(self) -> tuple[str, ...]:
        """Names of the groups."""
        return self.coded["drg"].names

    @property
    def tier_code(self) -> NDArray[np.int32]:
        """Place of the tier among the names, -1 where it is missing."""
        return self.coded["tier"].codes

    @property
    def tier_names(self) -> tuple[str, ...]:
        """Names of the tiers."""
        return self.coded["tier"].names

    @property
    def insurance_code(self) -> NDArray[np.int32]:
        """Place of the insurance among the names, -1 where it is missing."""
        return self.coded["insurance"].codes

    @property
    def insurance_names(self) -> tuple[str, ...]:
        """Names of the insurances."""
        return self.coded["insurance"].names

    def has(self, name: str) -> bool:
        """Say whether the table has a column."""
        return name in self.numbers or name in self.coded or (name == "person_key" and self.person is not None)

    def amount(self, name: str) -> NDArray[np.int64]:
        """Return a column of money [fen]; 0 where a cell or the whole column is missing."""
        if name not in self.numbers:
            return np.zeros(len(self), np.int64)
        column = self.numbers[name]
        return np.where(column == MISSING, 0, column)

    def flag(self, name: str) -> NDArray[np.bool_]:
        """Return a column of yes and no; no where a cell or the whole column is missing."""
        if name not in self.numbers:
            return np.zeros(len(self), bool)
        flags: NDArray[np.bool_] = self.numbers[name] == 1
        return flags

    def parts(self, name: str) -> int:
        """Return how many parts of a column of numbers make a whole: 100 for money, 1 for counts."""
        if name not in COLUMNS:
            return EXTRA_PARTS
        column = COLUMNS[name]
        return 100 if column.kind is Kind.MONEY else column.parts


#: Parts of a whole in columns that only a rule of a policy knows.
EXTRA_PARTS = 10**9
