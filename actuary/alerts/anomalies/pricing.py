"""What stays are paid, and what upcoded ones would be without the suspicious code, at the same value of a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from actuary.alerts.anomalies.stays import Stays
from actuary.drg.grouper import group_cases
from actuary.payment.case_cells import Coded
from actuary.payment.case_kinds import sort_cases
from actuary.payment.cell_compiler import compile_cells
from actuary.payment.settle import settle_cases

if TYPE_CHECKING:
    import pandas as pd

    from actuary.drg.scheme import Scheme
    from actuary.payment.declaration import PaymentPolicy
    from actuary.payment.exact import Number
    from actuary.payment.settlement import Settlement

__all__ = ["Regrouped", "payments", "price_difference", "regroup_without"]

type IntArray = NDArray[np.int64]

#: Columns without which a stay cannot be grouped again.
_GROUPING = ("sex", "age_years", "dx", "px")


@dataclass(frozen=True, kw_only=True, eq=False)
class Regrouped:
    """Hold stays grouped without the codes that made them grave.

    Parameters
    ----------
    rows : int array
        Rows of the table.
    codes : tuple of str
        Codes that were left out, joined by ``|``.
    drg : tuple of str
        Group without them; empty where the stay cannot be grouped then.
    """

    rows: IntArray
    codes: tuple[str, ...]
    drg: tuple[str, ...]


def payments(
    stays: Stays,
    policy: PaymentPolicy | str | Path,
    *,
    budget: Mapping[str, Number] | Number | None = None,
    hospitals: pd.DataFrame | str | Path | None = None,
) -> Settlement:
    """Settle all cases under a policy, see :func:`~actuary.payment.settle.settle_cases`."""
    return settle_cases(stays.table, policy, budget=budget, hospitals=hospitals)


def regroup_without(stays: Stays, rows: IntArray, scheme: Scheme) -> Regrouped | str:
    """Group stays again without the secondary codes that decide their severity.

    Of a stay in a group with grave complications these are its codes on the scheme's list of grave ones; of a stay in
    a group with complications, those on the list of complications.

    Parameters
    ----------
    stays : Stays
        The cases.
    rows : int array
        Rows of the table that are grouped again.
    scheme : Scheme
        The scheme that grouped them.

    Returns
    -------
    Regrouped or str
        The stays, or why that is not possible.
    """
    lacking = [name for name in _GROUPING if name not in stays.table.column_names]
    if lacking:
        return f"the cases have no {', '.join(lacking)}: they cannot be grouped again"
    part = stays.table.take(pa.array(rows))
    listed = _code_lists(part["dx"])
    severity = stays.severity_of[stays.drg[rows]]
    kept: list[list[str]] = []
    taken: list[str] = []
    for codes, level in zip(listed, severity.tolist(), strict=True):
        decides = scheme.mcc if level == 2 else scheme.cc
        kept.append([code for place, code in enumerate(codes) if place == 0 or code not in decides])
        taken.append("|".join(code for code in codes[1:] if code in decides))
    place = part.column_names.index("dx")
    part = part.set_column(place, "dx", pa.array(kept, pa.list_(pa.string())))
    wanted = [name for name in ("age_days", "birth_weight_g") if name not in part.column_names]
    for name in wanted:
        part = part.append_column(name, pa.nulls(part.num_rows, pa.int64()))
    part = part.rename_columns([_plain_name(stays, name) for name in part.column_names])
    answer = group_cases(part, scheme)
    return Regrouped(rows=rows, codes=tuple(taken), drg=tuple(one or "" for one in answer["drg"].to_pylist()))


def _plain_name(stays: Stays, name: str) -> str:
    return next((ours for ours, theirs in stays.names.items() if theirs == name), name)


def _code_lists(column: pa.ChunkedArray) -> list[list[str]]:
    """Return the codes of each stay, whether they are lists or texts joined by ``|``."""
    cells = column.to_pylist()
    return [cell.split("|") if isinstance(cell, str) else list(cell or []) for cell in cells]


def price_difference(settled: Settlement, regrouped: Regrouped) -> IntArray:
    """Return by how much the standard of each regrouped stay falls [fen], at the prices of the settlement.

    The whole table is settled again with the other groups; the price of a point stays what it was, because a single
    stay does not move it.

    Parameters
    ----------
    settled : Settlement
        The settlement as it was.
    regrouped : Regrouped
        Stays with other groups.

    Returns
    -------
    int64 array
        One a stay of `regrouped`; 0 where it is not paid, or cannot be grouped without the codes.
    """
    if not len(regrouped.rows):
        return np.zeros(0, np.int64)
    table = settled.table
    names = list(table.group_names)
    place = {name: number for number, name in enumerate(names)}
    codes = table.group_code.copy()
    for row, drg in zip(regrouped.rows.tolist(), regrouped.drg, strict=True):
        if drg:
            if drg not in place:
                place[drg] = len(names)
                names.append(drg)
            codes[row] = place[drg]
    other = replace(table, coded={**table.coded, "drg": Coded(codes, tuple(names))})
    kinds = sort_cases(other, settled.policy)
    compiled = compile_cells(other, kinds, settled.policy, threads=2)
    segment, points = compiled.points(2)
    if settled.policy.price.mode == "fixed":
        prices = [cell.price for cell in compiled.cells]
    else:
        by_pool = {value.insurance: value.value for value in settled.point_values}
        prices = [by_pool.get(key.insurance, by_pool.get("all")) for key in compiled.keys]
    after = compiled.money(segment, points, prices, 2)
    difference = settled.standard_fen[regrouped.rows] - after[regrouped.rows]
    grouped = np.array([bool(drg) for drg in regrouped.drg]) & settled.paid[regrouped.rows]
    return np.where(grouped, difference, 0).astype(np.int64)
