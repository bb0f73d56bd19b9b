"""Run two policies over the same cases: a parallel run (模拟运行)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from actuary.errors import ActuaryError, Problem
from actuary.payment.attribution import Budgets, attribute_difference, check_order
from actuary.payment.case_files import read_cases
from actuary.payment.case_sums import case_keys
from actuary.payment.cases import CaseTable
from actuary.payment.cells import known_tiers
from actuary.payment.comparison import PolicyComparison
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.point_value import BudgetError
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle import settle_cases
from actuary.payment.settlement import Settlement
from actuary.payment.statuses import REASONS
from actuary.policy.fingerprints import fingerprint

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from actuary.payment.hospital_list import HospitalList

__all__ = ["compare_policies"]

_SHOWN_REASONS = 3


def compare_policies(  # noqa: PLR0913  (one argument an input)
    cases: CaseTable | pd.DataFrame | pa.Table | str | Path,
    policy_a: PaymentPolicy | str | Path,
    policy_b: PaymentPolicy | str | Path,
    *,
    budget_a: Budgets = None,
    budget_b: Budgets = None,
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None,
    attribution: Literal["ordered", "shapley"] = "ordered",
    order: Sequence[str] | None = None,
    threads: int | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> PolicyComparison:
    """Settle the same cases under two policies and tell who gains, who loses and by which rule.

    The difference is told apart by exchanging the parts in which the policies differ, one after the other. The order
    matters where rules act on each other: the first part is seen under the rest of a, the last under the rest of b.

    Parameters
    ----------
    cases : CaseTable, DataFrame, pyarrow.Table or path
        The cases, see :func:`~actuary.payment.case_files.read_cases`.
    policy_a, policy_b : PaymentPolicy, str or Path
        The policies, their names or files; the same one twice gives differences of 0.
    budget_a, budget_b : mapping of str to number, or number, optional
        Budgets by insurance, or one for a common pool [yuan]; `budget_b` is that of a when left out.
    hospitals : DataFrame or path, optional
        List of hospitals with their tiers.
    attribution : {"ordered", "shapley"}
        Parts exchanged in one order, or the mean over all orders (for few parts).
    order : sequence of str, optional
        Names of :data:`~actuary.payment.policy_parts.POLICY_PARTS` in the order of their exchange.
    threads : int, optional
        Threads; all cores when left out. The result does not depend on it.
    progress : callable, optional
        Called with the parts exchanged, and how many differ; over all orders with the settlements done for it.

    Returns
    -------
    PolicyComparison
        Differences are b less a.

    Raises
    ------
    TableError
        When the cases cannot be read.
    DeclarationError
        When a policy is not valid, or lacks inputs that the user must give.
    BudgetError
        When a pool has no budget.
    ActuaryError
        When one of the policies pays none of the cases, or `order` names no part of a policy.

    Examples
    --------
    >>> import pandas as pd
    >>> from actuary.payment.policy_changes import change_policy
    >>> stays = pd.DataFrame(
    ...     {"case_id": ["a", "b"], "hospital": ["H1", "H2"], "tier": ["3", "2"], "insurance": ["employee"] * 2,
    ...      "drg": ["AA19"] * 2, "total_cost": ["9000.00", "8000.00"]}
    ... )
    >>> suzhou = load_payment_policy("suzhou-2022")
    >>> higher = change_policy(suzhou, {"price.rate[1].value": 10000, "coefficient.tier.2": 1})
    >>> run = compare_policies(stays, suzhou, higher)
    >>> run.rules[["rule", "difference_fen"]].values.tolist()
    [['coefficients', -560453], ['price', 3690076]]
    """
    check_order(order)
    first_rules, second_rules = (
        policy if isinstance(policy, PaymentPolicy) else load_payment_policy(policy) for policy in (policy_a, policy_b)
    )
    table = read_cases(cases, hospitals=hospitals, threads=threads)
    budgets = (budget_a, budget_a if budget_b is None else budget_b)

    def settle(policy: PaymentPolicy, budget: Budgets) -> Settlement:
        return settle_cases(table, policy, budget=budget, threads=threads)

    first, second = (
        _settled(settle, policy, budget, side)
        for policy, budget, side in zip((first_rules, second_rules), budgets, ("a", "b"), strict=True)
    )
    keys = case_keys(table)
    told = attribute_difference(
        first, second, budgets=budgets, keys=keys, settle=settle, order=order, method=attribution, progress=progress
    )
    steps = [step.name for step in told.steps]
    parts = {"a": first.fingerprint, "b": second.fingerprint, "method": told.method, "steps": steps}
    return PolicyComparison(first=first, second=second, keys=keys, attribution=told, fingerprint=fingerprint(parts))


def _settled(
    settle: Callable[[PaymentPolicy, Budgets], Settlement], policy: PaymentPolicy, budget: Budgets, side: str
) -> Settlement:
    """Settle under one of the policies, and refuse one that pays nothing."""
    where = f"policy {side} ({policy.id})"
    try:
        settled = settle(policy, budget)
    except BudgetError as error:
        raise BudgetError(
            [Problem(f"{where}, {item.where}", item.found, item.expected, item.mend) for item in error.problems]
        ) from None
    if len(settled) and not settled.paid.any():
        raise ActuaryError(_pays_nothing(settled, where))
    return settled


def _pays_nothing(settled: Settlement, where: str) -> Problem:
    counts = np.bincount(settled.reason, minlength=len(REASONS)).tolist()
    shown = sorted(((count, reason) for count, reason in zip(counts, REASONS, strict=True) if count), reverse=True)
    found = ", ".join(f"{count:,} {reason.value} ({reason.en})" for count, reason in shown[:_SHOWN_REASONS])
    tiers, groups = known_tiers(settled.policy), settled.policy.weight_table.groups
    prices = [
        "any tier" if tiers is None else f"tiers {', '.join(sorted(tiers))}",
        f"{len(groups):,} groups such as {', '.join(groups[:3])}" if groups else "no group of its own",
    ]
    mend = (
        f"the cases have tiers {', '.join(settled.table.tier_names[:5]) or '(none)'}; map them to those of the policy"
    )
    return Problem(where, f"no case that it pays: {found}", f"cases that it prices: {'; '.join(prices)}", mend)
