"""Stays and bills as the rows that users read."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from actuary.drg.grouper import group_cases
from actuary.drg.scheme import Scheme
from actuary.synth.plan import KINDS, Death
from actuary.synth.setting import INSURANCES, Setting
from actuary.synth.stays import Stays

__all__ = ["case_rows", "money", "truth_rows"]

IntArray = NDArray[np.int64]


def money(fen: IntArray) -> pa.Array:
    """Return whole fen as exact yuan with two decimals.

    Examples
    --------
    >>> money(np.array([12345]))[0].as_py()
    Decimal('123.45')
    """
    whole = pa.array(fen).cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(pa.decimal128(19, 2), len(whole), whole.buffers())


def _coded(codes: IntArray, names: list[str] | tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names))


def _optional(values: IntArray) -> pa.Array:
    return pa.array(values, mask=values < 0)


def case_rows(
    setting: Setting, stays: Stays, bills: dict[str, IntArray], *, scheme: Scheme, first: int, person_offset: int
) -> pa.Table:
    """Return the table of cases: what a bureau would hold of each stay, grouped by the scheme.

    Parameters
    ----------
    setting : Setting
        The city.
    stays : Stays
        The stays.
    bills : dict
        Amounts [fen] of `draw_bills`.
    scheme : Scheme
        Groups the cases by what is on their lists.
    first, person_offset : int
        Numbers before the first case and the first person of this part.

    Returns
    -------
    pyarrow.Table
        Money in yuan, exact to the fen; `synthetic` is true in every row.
    """
    plan = setting.plan
    size = len(stays)
    table = setting.prototypes.table
    rows = pa.array(stays.prototype)
    sex = table["sex"].combine_chunks().take(rows)
    start = np.datetime64(dt.date(plan.year, 1, 1), "D")
    admission = start + stays.admission
    discharge = admission + stays.los_days
    level = table["level"].to_numpy()[stays.true_prototype]
    # Death follows severity and age by a fixed rule of the place in the table, so it needs no further draw.
    death = _dies(plan.death, stays, level)
    letters = [drg[0] for drg in setting.prototypes.drgs]
    departments = [plan.departments.get(letter, letter) for letter in letters]
    columns: dict[str, pa.Array] = {
        "case_id": pc.binary_join_element_wise("SYN", _padded(np.arange(first, first + size) + 1, 8), ""),
        "hospital": _coded(stays.hospital, setting.hospitals),
        "tier": _coded(setting.tier[stays.hospital], plan.hospitals.tiers),
        "insurance": _coded(stays.insurance, INSURANCES),
        "department": _coded(stays.group, departments).dictionary_decode().dictionary_encode(),
        "person_key": pc.binary_join_element_wise("P", _padded(stays.person + person_offset + 1, 8), ""),
        "sex": sex,
        "age_years": pa.array(stays.age_years),
        "age_days": _optional(stays.age_days),
        "birth_weight_g": _optional(stays.birth_weight_g),
        "admission_date": pa.array(admission),
        "discharge_date": pa.array(discharge),
        "month": pc.strftime(pa.array(discharge), format="%Y-%m"),
        "los_days": pa.array(stays.los_days),
        "discharge_status": pa.array(np.where(death, "5", "1")),
        "death": pa.array(death),
        "dx": table["dx"].combine_chunks().take(rows),
        "px": table["px"].combine_chunks().take(rows),
        **{name: money(amount) for name, amount in bills.items()},
        "policy_ratio": pa.array(setting.pool_share[stays.insurance]),
    }
    cases = pa.table(columns)
    answer = group_cases(cases, scheme)
    for name in ("status", "mdc", "adrg", "drg", "severity"):
        cases = cases.append_column("group_status" if name == "status" else name, answer[name])
    return cases.append_column("synthetic", pa.array(np.ones(size, dtype=np.bool_)))


def _padded(numbers: IntArray, width: int) -> pa.Array:
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, padding="0")


def _dies(plan: Death, stays: Stays, level: IntArray) -> NDArray[np.bool_]:
    """Return who dies in hospital: a share that grows with severity and age, spread evenly by cost's last digits."""
    older = np.maximum(stays.age_years - plan.from_age, 0)
    risk = np.array(plan.share)[level] * np.exp(older * plan.growth_per_year)
    evenly = np.modf(stays.cost_yuan * 1009.0)[0]
    return np.asarray(evenly < np.minimum(risk, plan.most), dtype=np.bool_)


def truth_rows(setting: Setting, stays: Stays, *, first: int) -> pa.Table:
    """Return what was really behind each stay, to be kept apart from the cases.

    Parameters
    ----------
    setting : Setting
        The city.
    stays : Stays
        The stays.
    first : int
        Number before the first case of this part.

    Returns
    -------
    pyarrow.Table
        `case_id`, `kind` (empty for an honest stay), `true_drg`.
    """
    drg = setting.prototypes.table["drg"].combine_chunks()
    names = pa.array(["", *KINDS])
    return pa.table(
        {
            "case_id": pc.binary_join_element_wise("SYN", _padded(np.arange(first, first + len(stays)) + 1, 8), ""),
            "kind": names.take(pa.array(stays.kind)),
            "true_drg": drg.take(pa.array(stays.true_prototype)),
        }
    )
