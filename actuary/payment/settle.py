"""Settle cases under a policy: classes, points, prices, payers, and books that close to the fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from actuary.payment.case_files import read_cases
from actuary.payment.cases import CaseTable
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import Number
from actuary.payment.point_value import budgets_of
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle_pools import book_pools, money_by_pool, sum_pools, value_points
from actuary.payment.settle_steps import insurances_of, pay_cases, sort_and_point
from actuary.payment.settlement import Settlement
from actuary.threads import threads_to_use

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from actuary.payment.hospital_list import HospitalList

__all__ = ["settle_cases"]


def settle_cases(
    cases: CaseTable | pd.DataFrame | pa.Table | str | Path,
    policy: PaymentPolicy | str | Path,
    *,
    budget: Mapping[str, Number] | Number | None = None,
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None,
    threads: int | None = None,
) -> Settlement:
    """Settle cases under a payment policy.

    Every case gets its class, points, standard and payers, or a status and the reason why it is not paid. Where the
    price of a point floats, the budget of the pool is divided over the points of its cases. Amounts are exact and
    rounded once by the policy's rule; the answer does not depend on the number of threads.

    Parameters
    ----------
    cases : CaseTable, DataFrame, pyarrow.Table or path
        The cases, see :func:`~actuary.payment.case_files.read_cases`.
    policy : PaymentPolicy, str or Path
        The policy, its name or its file.
    budget : mapping of str to number, or number, optional
        Budgets by insurance, or one for a common pool [yuan]; needed where the price floats and the policy names none.
    hospitals : DataFrame or path, optional
        List of hospitals with their tiers.
    threads : int, optional
        Threads; all cores when left out.

    Returns
    -------
    Settlement
        Cases, point values and books.

    Raises
    ------
    TableError
        When the cases cannot be read.
    DeclarationError
        When the policy is not valid, or lacks inputs that the user must give.
    BudgetError
        When a pool has no budget, or one that is not above 0.

    Examples
    --------
    >>> import pandas as pd
    >>> stays = pd.DataFrame(
    ...     {"case_id": ["a"], "hospital": ["H1"], "tier": ["3"], "insurance": ["employee"],
    ...      "drg": ["BR25"], "total_cost": ["9000.00"]}
    ... )
    >>> settled = settle_cases(stays, "suzhou-2022")
    >>> settled.standard_fen.tolist(), settled.payers.gain_fen.tolist()
    ([1200436], [300436])
    """
    rules = policy if isinstance(policy, PaymentPolicy) else load_payment_policy(policy)
    if rules.partial:
        # Loading it again says which inputs are missing, and how to give them.
        rules = load_payment_policy(rules.source_path)
    count = threads_to_use(threads)
    table = read_cases(cases, hospitals=hospitals, extra=(), threads=count)
    pools = budgets_of(rules, budget, insurances_of(table))
    ready = sort_and_point(table, rules, threads=count)
    floats = rules.price.mode != "fixed"
    values = value_points(rules, pools, sum_pools(ready, tuple(pools), threads=count)) if floats else ()
    settled = pay_cases(ready, pools, values, threads=count)
    return replace(settled, books=book_pools(pools, values, money_by_pool(settled, tuple(pools), threads=count)))
