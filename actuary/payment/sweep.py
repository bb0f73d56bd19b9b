"""Settle the same cases under many settings of one policy: rates, boundaries, coefficients, budgets.

Whatever no setting changes is made once: reading and sorting the cases, and which kinds of them occur. A setting then
costs its tables of lines, made for all kinds at once, and the two loops over the cases. Settings that change more than
prices, coefficients and classes are settled the plain way; both ways agree to the fen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actuary.errors import ActuaryError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.payment.case_files import read_cases
from actuary.payment.case_sums import case_keys
from actuary.payment.cases import CaseTable
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import Number
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.sweep_result import Sweep
from actuary.payment.sweep_settling import SweptCases
from actuary.threads import threads_to_use

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from actuary.payment.hospital_list import HospitalList

__all__ = ["sweep_policy"]


def sweep_policy(
    cases: CaseTable | pd.DataFrame | pa.Table | str | Path,
    policy: PaymentPolicy | str | Path,
    settings: Sequence[Mapping[str, object]],
    *,
    budget: Mapping[str, Number] | Number | None = None,
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None,
    by: Sequence[str] = ("hospital", "tier"),
    threads: int | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Sweep:
    """Settle the same cases under many settings of a policy.

    Parameters
    ----------
    cases : CaseTable, DataFrame, pyarrow.Table or path
        The cases, see :func:`~actuary.payment.case_files.read_cases`.
    policy : PaymentPolicy, str or Path
        The policy that the settings change.
    settings : sequence of mapping of str to object
        Values by key path, as :func:`~actuary.payment.policy_changes.change_policy` takes them; ``budget``, or
        ``budget.employee``, is the budget [yuan].
    budget : mapping of str to number, or number, optional
        Budgets of the settings that give none [yuan].
    hospitals : DataFrame or path, optional
        List of hospitals with their tiers.
    by : sequence of str
        By what the outcomes are added up: hospital, tier, drg, department, insurance, month.
    threads : int, optional
        Threads; all cores when left out. The result does not depend on it.
    progress : callable, optional
        Called with the settings done, and how many there are.

    Returns
    -------
    Sweep
        Settings x outcomes, in the order of the settings; each to the fen what
        :func:`~actuary.payment.settle.settle_cases` gives.

    Raises
    ------
    DeclarationError
        When a setting leads nowhere, or contradicts itself; the message names the setting.
    BudgetError
        When a pool has no budget.
    UnknownNameError
        When the cases cannot be added up so.

    Examples
    --------
    >>> import pandas as pd
    >>> stays = pd.DataFrame(
    ...     {"case_id": ["a", "b"], "hospital": ["H1", "H2"], "tier": ["3", "2"], "insurance": ["employee"] * 2,
    ...      "drg": ["AA19"] * 2, "total_cost": ["9000.00", "8000.00"]}
    ... )
    >>> sweep = sweep_policy(stays, "suzhou-2022", [{"price.rate[1].value": rate} for rate in (9000, 10000)])
    >>> sweep.total("fund_fen").tolist()
    [59340600, 65934000]
    """
    rules = policy if isinstance(policy, PaymentPolicy) else load_payment_policy(policy)
    count = threads_to_use(threads)
    table = read_cases(cases, hospitals=hospitals, threads=count)
    keys = case_keys(table)
    raise_all([unknown_name("by", name, keys, what="column of the cases") for name in by if name not in keys],
              UnknownNameError)  # fmt: skip
    swept = SweptCases(table, rules, {name: keys[name] for name in by}, count)
    outcomes = []
    for number, setting in enumerate(settings):
        try:
            outcomes.append(swept.outcome(setting, budget))
        except ActuaryError as error:
            named = [
                Problem(f"setting {number + 1}, {item.where}", item.found, item.expected, item.mend)
                for item in error.problems
            ]
            raise type(error)(named) from None
        if progress is not None:
            progress(number + 1, len(settings))
    return Sweep.of(rules, settings, outcomes, {name: keys[name].names for name in by}, table)
