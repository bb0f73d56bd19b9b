"""Weights from a settlement case table by the declaration of a policy: which cases count, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_columns import MISSING
from actuary.payment.case_files import read_cases
from actuary.payment.cases import CaseTable
from actuary.payment.cost_structure import ITEM_CLASSES, adjust_structure
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_prices import Trimming
from actuary.payment.declared_values import EVERY
from actuary.payment.stability import StabilityRule, Treatment
from actuary.payment.statuses import PaymentReason
from actuary.payment.trimming import TrimRule
from actuary.payment.weight_rules import WeightRule
from actuary.payment.weight_set import WeightSet
from actuary.payment.weight_tables import WeightTable
from actuary.payment.weights import weigh_groups

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["counted_cases", "rule_of_policy", "weights_from_cases", "weights_of_table"]

#: Decimals of a weight where the policy declares none: as many as it could declare.
_MOST_PLACES = 12


def rule_of_policy(policy: PaymentPolicy) -> WeightRule:
    """Return how a policy computes weights.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy. Without a trimming rule nothing is trimmed; without a rule of stability every group with a case has
        its own weight; without decimals of a weight twelve are kept.

    Raises
    ------
    DeclarationError
        When the numbers of the rule make no sense together.
    """
    declared = policy.weights
    stable = declared.stable
    places = policy.rounding.weight
    return WeightRule(
        trim=_trim_rule(declared.trim),
        stable=StabilityRule()
        if stable is None
        else StabilityRule(
            min_cases=stable.min_cases,
            cv_max=None if stable.cv_max is None else Fraction(stable.cv_max),
            sd=stable.sd,
            otherwise=Treatment(stable.otherwise),
        ),
        basis=declared.basis,
        years={year.year: Fraction(year.w) for year in declared.years},
        decimals=_MOST_PLACES if places is None else places,
        mode=policy.rounding.mode,
        scale=Fraction(declared.scale),
        holds=declared.holds,
        keep_total=declared.keep_total,
        freeze=declared.freeze,
        smoothing=Fraction(1) if declared.smoothing is None else Fraction(declared.smoothing),
    )


def _trim_rule(trim: Trimming | None) -> TrimRule:
    if trim is None:
        return TrimRule()
    # One k serves both sides; a number of its own for a side goes before it.
    low, high = (trim.k if side is None else side for side in (trim.low, trim.high))
    return TrimRule(
        method=trim.method,
        low=None if low is None else Fraction(low),
        high=None if high is None else Fraction(high),
        log=trim.log,
        quantile_type=7 if trim.quantile_type is None else trim.quantile_type,
        sd=trim.sd,
        rounds=trim.rounds,
    )


def counted_cases(cases: CaseTable, policy: PaymentPolicy) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Say which cases weights may rest on, and how many do not count for which reason.

    Left out are rows that cannot be paid, stays paid by the day, pseudo-groups of cases without a group, and stays
    whose length the policy excludes.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    policy : PaymentPolicy
        The policy.

    Returns
    -------
    counted : bool array, shape (case,)
        Whether the case counts.
    left_out : dict of str to int
        Cases by the first reason that holds.
    """
    counted = np.ones(len(cases), dtype=bool)
    left_out: dict[str, int] = {}

    def leave_out(where: NDArray[np.bool_], reason: str) -> None:
        number = int((where & counted).sum())
        if number:
            left_out[reason] = number
            counted[where] = False

    for reason in PaymentReason:
        if reason is not PaymentReason.REGULAR:
            leave_out(cases.reason == reason.number, reason.en)
    leave_out(cases.flag("bed_day"), "paid by the day")
    pseudo = np.array([*(name in policy.weights.special.ungrouped for name in cases.group_names), False])
    leave_out(pseudo[cases.group_code], "in a pseudo-group of cases without a group")
    shortest, longest = policy.weights.excluded_days_to, policy.weights.excluded_days_from
    if cases.has("los_days"):
        days = cases.numbers["los_days"]
        if shortest is not None:
            leave_out((days != MISSING) & (days <= shortest), f"a stay of at most {shortest} days")
        if longest is not None:
            leave_out((days != MISSING) & (days >= longest), f"a stay of at least {longest} days")
    return counted, left_out


def _years(cases: CaseTable) -> NDArray[np.int64] | None:
    if cases.has("discharge_date"):
        day = cases.numbers["discharge_date"]
        known = day != MISSING
        year = np.where(known, day, 0).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
        return np.where(known, year, -1)
    if cases.has("month"):
        coded = cases.coded["month"]
        of_name = [int(name[:4]) if name[:4].isdigit() else -1 for name in coded.names]
        return np.array([*of_name, -1], dtype=np.int64)[coded.codes]
    return None


def weights_of_table(table: WeightTable, policy: PaymentPolicy) -> dict[str, Fraction]:
    """Return the weights of a table that hold at all tiers, by group.

    Parameters
    ----------
    table : WeightTable
        The table: that of the policy, or an earlier one written in the same way.
    policy : PaymentPolicy
        It says whether the table holds weights or base points.
    """
    points = policy.weights.scale if policy.weights.holds == "points" else 1
    return {row.group: Fraction(row.rw) / Fraction(points) for row in table if row.rw is not None and row.tier == EVERY}


def weights_from_cases(
    cases: CaseTable | pd.DataFrame | pa.Table | str | Path,
    policy: PaymentPolicy,
    *,
    hospitals: pd.DataFrame | str | Path | None = None,
    earlier: Mapping[str, Fraction] | None = None,
    threads: int | None = None,
) -> WeightSet:
    """Compute the weights of groups from cases as a policy declares.

    Parameters
    ----------
    cases : CaseTable, DataFrame, pyarrow.Table or path
        What :func:`actuary.payment.case_files.read_cases` takes; with the basis ``structure_adjusted`` also the five
        classes of items of :data:`actuary.payment.cost_structure.ITEM_CLASSES` [yuan].
    policy : PaymentPolicy
        The policy; also a partial one.
    hospitals : DataFrame or path, optional
        List of hospitals; a case of another hospital does not count.
    earlier : mapping of str to Fraction, optional
        Weights in force before, for smoothing and freezing; those of the policy's own table when left out.
    threads : int, optional
        Threads to read with.

    Returns
    -------
    WeightSet
        The weights, with the cases left out by reason.

    Raises
    ------
    TableError
        When the table cannot be read, or see :func:`actuary.payment.weights.weigh_groups`.
    DeclarationError
        When the declaration makes no sense.
    """
    rule = rule_of_policy(policy)
    adjusted = rule.basis == "structure_adjusted"
    read = read_cases(cases, hospitals=hospitals, extra=ITEM_CLASSES if adjusted else (), threads=threads)
    counted, left_out = counted_cases(read, policy)
    cost = read.cost_fen
    if adjusted:
        per_fen = read.parts(ITEM_CLASSES[0]) // 100
        classes = {name: _fen(np.where(counted, read.numbers[name], MISSING), per_fen) for name in ITEM_CLASSES}
        changed = adjust_structure(cost, classes)
        if number := int((counted & ~changed.used).sum()):
            left_out["its five classes of items do not add up to its cost"] = number
        counted, cost = counted & changed.used, changed.cost_fen
    group = np.where(counted, read.group_code, -1).astype(np.int64)
    if number := int((counted & (group < 0)).sum()):
        left_out["no group"] = number
    weights = weigh_groups(
        read.group_names,
        group,
        cost,
        rule=rule,
        year=_years(read),
        earlier=weights_of_table(policy.weight_table, policy) if earlier is None else earlier,
        known=[name for name in policy.weight_table.groups if name not in policy.weights.special.ungrouped],
    )
    other = {reason: number for reason, number in weights.left_out.items() if reason != "no group"}
    return replace(
        weights,
        left_out={**left_out, **other},
        source=read.source,
        fingerprint=policy.fingerprint,
        synthetic=read.synthetic,
    )


def _fen(column: NDArray[np.int64], per_fen: int) -> NDArray[np.int64]:
    """Return whole fen; -1, which no class can be, where the cell is missing or holds parts of a fen."""
    return np.where((column == MISSING) | (column % per_fen != 0), -1, column // per_fen)
