"""What a settlement comes to by hospital, department, group, insurance and month: exact sums of whole numbers.

Two rates of settlement (结算率) are told apart: what the fund pays over what it would have paid item by item, and the
payment standard over the cost.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actuary.errors import UnknownNameError, raise_all, unknown_name
from actuary.kernels.case_rows import add_by_code
from actuary.payment.case_cells import Coded, read_codes
from actuary.payment.case_columns import MISSING
from actuary.payment.chunks import sums_by_code
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import as_decimal
from actuary.payment.statuses import PaymentStatus

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["KEYS", "MONEY_TOTALS", "CaseTotals", "sum_by", "totals_by"]

#: By what can be added up.
KEYS = ("hospital", "department", "drg", "paid_group", "tier", "insurance", "month", "class", "status", "reason")

#: Sums of money over the paid cases [fen].
MONEY_TOTALS = ("cost_fen", "standard_fen", "fund_fen", "patient_fen", "other_fen", "gain_fen")

#: Below this a weight in parts of the common fraction is a whole number that loops can add.
_HIGHEST_UNIT = 1 << 62

#: Up to so many combinations of keys get a place each; more are sorted.
_DENSE = 1 << 22


def _codes(table: pa.Table, name: str) -> Coded:
    column = table[name]
    if column.num_chunks != 1:
        column = column.unify_dictionaries().combine_chunks()
        return read_codes(column.chunk(0) if hasattr(column, "chunk") and column.num_chunks else column)
    return read_codes(column.chunk(0))


class _Places:
    """Give every combination of keys that occurs a place."""

    def __init__(self, coded: Sequence[Coded], rows: int) -> None:
        self.sizes = [len(one.names) + 1 for one in coded]
        self.names = [(*one.names, None) for one in coded]
        key = np.zeros(rows, np.int64)
        combinations = 1
        for one, size in zip(coded, self.sizes, strict=True):
            # A missing name has the last place, which is where the code -1 leads.
            key = key * size + np.where(one.codes < 0, size - 1, one.codes)
            combinations *= size
        if combinations <= _DENSE:
            present = np.bincount(key, minlength=combinations) > 0
            self.present = np.flatnonzero(present)
            self.code = (np.cumsum(present) - 1)[key]
        else:
            self.present, self.code = np.unique(key, return_inverse=True)

    def columns(self) -> list[list[str | None]]:
        """Return the names of each place, key by key."""
        rest = self.present
        columns = []
        for size, names in zip(reversed(self.sizes), reversed(self.names), strict=True):
            rest, place = np.divmod(rest, size)
            columns.append([names[one] for one in place.tolist()])
        return columns[::-1]

    def count(self, taking_part: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return how many rows each place has."""
        return np.bincount(self.code[taking_part], minlength=len(self.present))

    def add(self, values: NDArray[np.int64], taking_part: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the sum of each place."""
        sums = np.zeros(len(self.present), np.int64)
        add_by_code(self.code, taking_part, values, sums)
        return sums


def _integers(table: pa.Table, name: str) -> NDArray[np.int64]:
    column = table[name].combine_chunks() if table[name].num_chunks != 1 else table[name].chunk(0)
    if column.null_count:
        column = column.fill_null(0)
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTotals:
    """Hold exact sums by key, so that sums of parts can be put together to those of the whole.

    Parameters
    ----------
    keys : tuple of str
        By what is added up.
    columns : tuple of str
        What is added up: whole numbers, and weights as fractions.
    rows : mapping of tuple to tuple
        Names of the keys (None where a case has none) to the sums.
    """

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    rows: Mapping[tuple[str | None, ...], tuple[int | Fraction, ...]]

    def joined(self, other: CaseTotals) -> CaseTotals:
        """Return the sums of two parts together.

        Examples
        --------
        >>> one = CaseTotals(keys=("hospital",), columns=("cases",), rows={("H1",): (2,)})
        >>> other = CaseTotals(keys=("hospital",), columns=("cases",), rows={("H1",): (3,), (None,): (1,)})
        >>> one.joined(other).rows
        {('H1',): (5,), (None,): (1,)}
        """
        rows = dict(self.rows)
        for names, sums in other.rows.items():
            before = rows.get(names)
            rows[names] = sums if before is None else tuple(map(operator.add, before, sums))
        return CaseTotals(keys=self.keys, columns=self.columns or other.columns, rows=rows)

    def to_frame(self, *, points_places: int | None = None) -> pd.DataFrame:
        """Return the sums as :func:`totals_by` does.

        Parameters
        ----------
        points_places : int, optional
            Decimals in which the whole numbers of the column `points` are.
        """
        import pandas  # noqa: ICN001, PLC0415  (only where totals are wanted)

        order = sorted(self.rows, key=lambda names: [(name is None, name or "") for name in names])
        columns: dict[str, Any] = {key: [names[at] for names in order] for at, key in enumerate(self.keys)}
        columns |= {name: [self.rows[names][at] for names in order] for at, name in enumerate(self.columns)}
        if "weight" in columns:
            columns["weight"] = [as_decimal(weight) for weight in columns["weight"]]
        if "points" in columns:
            columns["points"] = [_scaled(int(one), points_places) for one in columns["points"]]
        paid = columns.pop("_fund_of_charged_fen", None)
        if paid is not None:
            columns["settlement_rate"] = _shares(paid, columns["fund_charged_fen"])
        columns["standard_to_cost"] = _shares(columns["standard_fen"], columns["cost_fen"])
        return pandas.DataFrame(columns)


def totals_by(
    cases: pa.Table,
    by: str | Sequence[str] = ("hospital",),
    *,
    policy: PaymentPolicy | None = None,
    fund_charged_fen: NDArray[np.int64] | None = None,
    points_places: int | None = None,
) -> pd.DataFrame:
    """Add up the settled cases.

    Parameters
    ----------
    cases : pyarrow.Table
        The cases of a settlement.
    by : str or sequence of str
        Keys, see :data:`KEYS`; without any there is one row.
    policy : PaymentPolicy, optional
        The policy; with it the weights of the paid cases are added up.
    fund_charged_fen : int64 (cases), optional
        What the fund would have paid item by item [fen], MISSING where not known.
    points_places : int, optional
        Decimals in which the whole numbers of the column `points` are.

    Returns
    -------
    DataFrame
        The keys; `cases` and the cases by status; `weight`, `points`; sums over the paid cases [fen] as in
        :data:`MONEY_TOTALS`; `unpaid_cost_fen` of the others; `fund_charged_fen` and `settlement_rate` (fund over
        charged, of the paid cases whose charge is known); `standard_to_cost`. Rows in the order of the keys.

    Raises
    ------
    UnknownNameError
        When a key is not known.
    """
    found = sum_by(cases, by, policy=policy, fund_charged_fen=fund_charged_fen)
    return found.to_frame(points_places=points_places)


def sum_by(
    cases: pa.Table,
    by: str | Sequence[str] = ("hospital",),
    *,
    policy: PaymentPolicy | None = None,
    fund_charged_fen: NDArray[np.int64] | None = None,
    known: dict[tuple[str, str], Fraction] | None = None,
) -> CaseTotals:
    """Add up settled cases, all of them or a part, exactly.

    Parameters
    ----------
    cases, by, policy, fund_charged_fen :
        As in :func:`totals_by`.
    known : dict, optional
        Weights by group and tier that were looked up for other keys; it is added to.

    Raises
    ------
    UnknownNameError
        When a key is not known.
    """
    keys = (by,) if isinstance(by, str) else tuple(by)
    raise_all([unknown_name("by", key, KEYS, what="key") for key in keys if key not in KEYS], UnknownNameError)
    places = _Places([_codes(cases, key) for key in keys], cases.num_rows)
    status = _codes(cases, "status")
    columns: dict[str, Any] = {}
    columns["cases"] = places.count(np.ones(cases.num_rows, bool)).tolist()
    of_status = {one: _is(status, one.value) for one in PaymentStatus}
    for one, flags in of_status.items():
        columns[f"{one.value}_cases"] = places.count(flags).tolist()
    paid = of_status[PaymentStatus.PAID]
    if policy is not None:
        columns["weight"] = _weights(cases, places, paid, policy, {} if known is None else known)
    if "points" in cases.column_names:
        columns["points"] = places.add(_integers(cases, "points"), paid).tolist()
    for name in MONEY_TOTALS:
        columns[name] = places.add(_integers(cases, name), paid).tolist()
    columns["unpaid_cost_fen"] = places.add(_integers(cases, "cost_fen"), ~paid).tolist()
    if fund_charged_fen is not None:
        told = paid & (fund_charged_fen != MISSING)
        columns["fund_charged_fen"] = places.add(fund_charged_fen, told).tolist()
        columns["_fund_of_charged_fen"] = places.add(_integers(cases, "fund_fen"), told).tolist()
    names = list(zip(*places.columns(), strict=True)) if keys else [()] * len(places.present)
    rows = list(zip(*columns.values(), strict=True))
    return CaseTotals(keys=keys, columns=tuple(columns), rows=dict(zip(names, rows, strict=True)))


def _is(coded: Coded, name: str) -> NDArray[np.bool_]:
    flags: NDArray[np.bool_] = np.array([*(one == name for one in coded.names), False], bool)[coded.codes]
    return flags


def _scaled(number: int, places: int | None) -> Decimal | int:
    return number if places is None else Decimal(number).scaleb(-places)


def _shares(parts: Sequence[int], wholes: Sequence[int]) -> list[float]:
    return [part / whole if whole else math.nan for part, whole in zip(parts, wholes, strict=True)]


def _weights(
    cases: pa.Table,
    places: _Places,
    paid: NDArray[np.bool_],
    policy: PaymentPolicy,
    known: dict[tuple[str, str], Fraction],
) -> list[Fraction]:
    """Add up the weights of the paid cases exactly, as whole numbers of their common fraction."""
    group, tier = _codes(cases, "paid_group"), _codes(cases, "tier")
    width = len(tier.names) + 1
    pair = np.where(group.codes < 0, len(group.names), group.codes).astype(np.int64) * width
    pair += np.where(tier.codes < 0, len(tier.names), tier.codes)
    present = np.flatnonzero(np.bincount(pair[paid], minlength=(len(group.names) + 1) * width))
    names = ((*group.names, ""), (*tier.names, ""))
    found = [(names[0][one // width], names[1][one % width]) for one in present.tolist()]
    for pair_of_names in found:
        if pair_of_names not in known:
            known[pair_of_names] = _weight(policy, *pair_of_names)
    weights = [known[pair_of_names] for pair_of_names in found]
    parts = math.lcm(*(weight.denominator for weight in weights))
    units = [weight.numerator * (parts // weight.denominator) for weight in weights]
    code = np.where(paid, places.code, -1).astype(np.int32)
    if max(units, default=0) < _HIGHEST_UNIT:
        unit_of = np.zeros((len(group.names) + 1) * width, np.int64)
        unit_of[present] = units
        return [Fraction(total, parts) for total in sums_by_code(code, unit_of[pair], len(places.present))]
    of_pair = dict(zip(present.tolist(), units, strict=True))
    totals = [0] * len(places.present)
    for place, one in zip(code[paid].tolist(), pair[paid].tolist(), strict=True):
        totals[place] += of_pair[one]
    return [Fraction(total, parts) for total in totals]


def _weight(policy: PaymentPolicy, group: str, tier: str) -> Fraction:
    special: Mapping[str, Decimal] = policy.weights.special.ungrouped
    row = policy.weight_table.row(group, tier)
    own = special.get(group)
    number = own if own is not None else (row.rw if row is not None else None)
    if number is None:
        return Fraction(0)
    scale = Fraction(policy.weights.scale) if policy.weights.holds == "points" else Fraction(1)
    return Fraction(number) / scale
