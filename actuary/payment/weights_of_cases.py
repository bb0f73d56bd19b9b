"""Weights from a settlement case table by the declaration of a policy: which cases count, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, TableError
from actuary.payment.case_columns import MISSING
from actuary.payment.case_files import read_cases
from actuary.payment.cases import CaseTable
from actuary.payment.coefficients import CoefficientRule, CoefficientSet, compute_coefficients
from actuary.payment.cost_structure import ITEM_CLASSES, StructureSums, sum_structure, used_cases
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_rules import rule_of_policy, weights_of_table
from actuary.payment.scheme_quality import SchemeQuality, measure_scheme
from actuary.payment.statuses import PaymentReason
from actuary.payment.weight_rules import WeightRule
from actuary.payment.weight_set import WeightSet
from actuary.payment.weights import weigh_groups, weight_cells

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = [
    "WeighedCases",
    "classes_of",
    "columns_of",
    "costs_that_count",
    "counted_cases",
    "known_groups",
    "weigh_cases",
    "weights_from_cases",
    "years_of",
]


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


def columns_of(rule: WeightRule) -> tuple[str, ...]:
    """Return the columns that a rule of weights needs beside those of every case table."""
    return ITEM_CLASSES if rule.basis == "structure_adjusted" else ()


def classes_of(cases: CaseTable, counted: NDArray[np.bool_]) -> dict[str, NDArray[np.int64]]:
    """Return the five classes of items of cases [fen]; -1, which no class can be, where a case does not count.

    Parameters
    ----------
    cases : CaseTable
        The cases, read with the columns of :data:`~actuary.payment.cost_structure.ITEM_CLASSES`.
    counted : bool array, shape (case,)
        Whether the case counts.
    """
    per_fen = cases.parts(ITEM_CLASSES[0]) // 100
    return {name: _fen(np.where(counted, cases.numbers[name], MISSING), per_fen) for name in ITEM_CLASSES}


def costs_that_count(
    cases: CaseTable, policy: PaymentPolicy, rule: WeightRule, *, structure: StructureSums | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, int]]:
    """Return the group of each case that weights may rest on, what it costs, and how many cases do not count.

    Parameters
    ----------
    cases : CaseTable
        The cases, read with the columns of :func:`columns_of`.
    policy : PaymentPolicy
        The policy.
    rule : WeightRule
        Its rule of weights.
    structure : StructureSums, optional
        What the classes of items of all cases add up to, where these are a part of them.

    Returns
    -------
    group : int64 array, shape (case,)
        Place of the group, -1 where the case does not count.
    cost_fen : int64 array, shape (case,)
        As charged, or adjusted [fen].
    left_out : dict of str to int
        Cases that do not count, by the first reason that holds.

    Raises
    ------
    TableError
        When costs are adjusted and a class of items is empty in all cases.
    """
    counted, left_out = counted_cases(cases, policy)
    cost = cases.cost_fen
    if rule.basis == "structure_adjusted":
        classes = classes_of(cases, counted)
        used = used_cases(cost, classes)
        cost = (sum_structure(cost, classes) if structure is None else structure).adjust(cost, classes)
        if number := int((counted & ~used).sum()):
            left_out["its five classes of items do not add up to its cost"] = number
        counted &= used
    group = np.where(counted, cases.group_code, -1).astype(np.int64)
    if number := int((counted & (group < 0)).sum()):
        left_out["no group"] = number
    return group, cost, left_out


def known_groups(policy: PaymentPolicy) -> list[str]:
    """Return the groups that a policy's weight table knows, but for those of cases without a group."""
    return [name for name in policy.weight_table.groups if name not in policy.weights.special.ungrouped]


def years_of(cases: CaseTable) -> NDArray[np.int64] | None:
    """Return the year of discharge of each case, -1 where it is not known; None where the cases do not say it."""
    if cases.has("discharge_date"):
        day = cases.numbers["discharge_date"]
        known = day != MISSING
        year = np.where(known, day, 0).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
        return np.where(known, year, -1)
    if cases.has("month"):
        coded = cases.coded["month"]
        of_name = [int(name[:4]) if name[:4].isdecimal() else -1 for name in coded.names]
        return np.array([*of_name, -1], dtype=np.int64)[coded.codes]
    return None


@dataclass(frozen=True, kw_only=True, eq=False)
class WeighedCases:
    """Hold weights with the cases they were computed from, for coefficients and for the quality of the grouping.

    Parameters
    ----------
    weights : WeightSet
        The weights.
    cases : CaseTable
        The cases as read.
    group_code : int64 array, shape (case,)
        Place of the group among the names of the cases, -1 where the case did not count.
    cost_fen : int64 array, shape (case,)
        Cost that counted: as charged, or adjusted [fen].
    kept : bool array, shape (case,)
        Cases that trimming kept.
    """

    weights: WeightSet
    cases: CaseTable
    group_code: NDArray[np.int64]
    cost_fen: NDArray[np.int64]
    kept: NDArray[np.bool_]

    def quality(self, *, cv_limit: Fraction = Fraction(1)) -> SchemeQuality:
        """Measure how well the groups explain costs, before and after trimming, all years together."""
        rule = self.weights.rule
        return measure_scheme(
            self.cases.group_names,
            self.group_code,
            self.cost_fen,
            trim=replace(rule.trim, sd=rule.stable.sd),
            cv_limit=cv_limit,
        )

    def coefficients(self, rule: CoefficientRule) -> CoefficientSet:
        """Compute coefficients of tiers or hospitals.

        Raises
        ------
        TableError
            When no case has a tier.
        """
        of_tier = rule.form.endswith("tier")
        names = self.cases.tier_names if of_tier else self.cases.hospital_names
        if not names:
            raise TableError(
                Problem(self.weights.source, "no tier of a hospital", "a column tier, or a list of hospitals")
            )
        return compute_coefficients(
            self.group_code,
            (self.cases.tier_code if of_tier else self.cases.hospital_code).astype(np.int64),
            self.cost_fen,
            keep=self.kept,
            names=(self.cases.group_names, names),
            weights=tuple(self.weights.rw(name) for name in self.cases.group_names),
            rule=rule,
        )


def weigh_cases(
    cases: CaseTable | pd.DataFrame | pa.Table | str | Path,
    policy: PaymentPolicy,
    *,
    hospitals: pd.DataFrame | str | Path | None = None,
    earlier: Mapping[str, Fraction] | None = None,
    threads: int | None = None,
) -> WeighedCases:
    """Compute the weights of groups from cases as a policy declares, and keep the cases beside them.

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
    WeighedCases
        Weights and cases.

    Raises
    ------
    TableError
        When the table cannot be read, or see :func:`actuary.payment.weights.weigh_groups`.
    DeclarationError
        When the declaration makes no sense.
    """
    rule = rule_of_policy(policy)
    read = read_cases(cases, hospitals=hospitals, extra=columns_of(rule), threads=threads)
    group, cost, left_out = costs_that_count(read, policy, rule)
    year = years_of(read)
    weights = weigh_groups(
        read.group_names,
        group,
        cost,
        rule=rule,
        year=year,
        earlier=weights_of_table(policy.weight_table, policy) if earlier is None else earlier,
        known=known_groups(policy),
    )
    other = {reason: number for reason, number in weights.left_out.items() if reason != "no group"}
    weights = replace(
        weights,
        left_out={**left_out, **other},
        source=read.source,
        fingerprint=policy.fingerprint,
        synthetic=read.synthetic,
    )
    cell = weight_cells(group, rule, year)[0]
    kept = weights.trimmed.keep(cell, cost)
    return WeighedCases(weights=weights, cases=read, group_code=np.where(cell < 0, -1, group), cost_fen=cost, kept=kept)


def weights_from_cases(
    cases: CaseTable | pd.DataFrame | pa.Table | str | Path,
    policy: PaymentPolicy,
    *,
    hospitals: pd.DataFrame | str | Path | None = None,
    earlier: Mapping[str, Fraction] | None = None,
) -> WeightSet:
    """Compute the weights of groups from cases as a policy declares; see :func:`weigh_cases`.

    Parameters
    ----------
    cases : CaseTable, DataFrame, pyarrow.Table or path
        The cases; costs in yuan.
    policy : PaymentPolicy
        Says how weights are computed from cases.
    hospitals : DataFrame or path, optional
        List of hospitals with their tiers.
    earlier : mapping of str to Fraction, optional
        Weights of the year before, for smoothing.

    Returns
    -------
    WeightSet
        The weights, with the cases left out by reason.

    Raises
    ------
    TableError, DeclarationError
        As :func:`weigh_cases`.

    Examples
    --------
    >>> import pandas as pd
    >>> from actuary.payment.policy_files import load_payment_policy
    >>> rows = pd.DataFrame({"case_id": [str(n) for n in range(40)], "hospital": "H1", "tier": "3"})
    >>> rows = rows.assign(insurance="employee", drg=["BR25", "BR23"] * 20, total_cost=[9000.0, 12000.0] * 20)
    >>> found = weights_from_cases(rows, load_payment_policy("points-from-cases", partial_ok=True))
    >>> {one.group: float(round(one.rw, 2)) for one in found.groups}
    {'BR23': 1.14, 'BR25': 0.86}
    """
    return weigh_cases(cases, policy, hospitals=hospitals, earlier=earlier).weights


def _fen(column: NDArray[np.int64], per_fen: int) -> NDArray[np.int64]:
    """Return whole fen; -1, which no class can be, where the cell is missing or holds parts of a fen."""
    return np.where((column == MISSING) | (column % per_fen != 0), -1, column // per_fen)
