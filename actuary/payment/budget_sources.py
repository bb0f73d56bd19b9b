"""Where a budget is declared: in a user's own TOML file, or in the payment policy."""

from __future__ import annotations

from pathlib import Path

from actuary.errors import ActuaryError, DeclarationError, Problem, raise_all, unknown_name
from actuary.payment.budget import BudgetChain, BudgetStep, build_budget, divide_by_insurance
from actuary.payment.budget_file import BudgetFile, StepRow
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_files import read_declared
from actuary.payment.exact import Number, as_fraction, fen_to_yuan, yuan_to_fen
from actuary.payment.provenance import covers

__all__ = ["budget_of_policy", "load_budget"]

#: Steps that a policy may declare, in their order, with the keys of their shares.
_POLICY_STEPS = (
    ("reserve", "reserve_share"),
    ("out_of_area", "out_of_area_share"),
    ("outpatient_chronic", "outpatient_share"),
    ("other_methods", "other_methods_share"),
)


def budget_of_policy(
    policy: PaymentPolicy,
    *,
    income_yuan: Number | None = None,
    last_spend_yuan: Number | None = None,
    insurance: str = "all",
) -> BudgetChain:
    """Build the chain that a policy declares in its section ``[budget]``.

    The start is the expected income, or last year's spending × (1 + growth). Shares are parts of the start; what is
    not for inpatient care leaves the chain first.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    income_yuan : number, optional
        Expected income of the insurance [yuan].
    last_spend_yuan : number, optional
        Spending of the year before [yuan], instead; the policy then declares the growth.
    insurance : str
        Whose budget it is.

    Raises
    ------
    ActuaryError
        When the policy declares no budget, or not exactly one of income and last spending is given.

    Examples
    --------
    >>> from actuary.payment.policy_files import load_payment_policy
    >>> budget_of_policy(load_payment_policy("suzhou-2022"), income_yuan=100)
    Traceback (most recent call last):
    actuary.errors.ActuaryError: suzhou-2022, budget: found no section [budget]; expected the shares of the chain;
    declare them in a policy that extends this one, or use build_budget with your own steps
    """
    declared, where = policy.budget, f"{policy.id}, budget"
    if declared is None:
        mend = "declare them in a policy that extends this one, or use build_budget with your own steps"
        raise ActuaryError(Problem(where, "no section [budget]", "the shares of the chain", mend))
    if (income_yuan is None) == (last_spend_yuan is None):
        raise ActuaryError(Problem(where, "both or none of income and last spending", "one of the two"))
    if last_spend_yuan is not None and declared.growth is None:
        raise ActuaryError(Problem(f"{where}.growth", "nothing", "the growth on last year's spending"))
    start = as_fraction(income_yuan if income_yuan is not None else last_spend_yuan or 0)
    if last_spend_yuan is not None:
        start *= 1 + as_fraction(declared.growth or 0)
    steps = []
    if declared.inpatient_share is not None:
        source = _source_of(policy, "budget.inpatient_share")
        steps.append(BudgetStep("not_inpatient", source, share=1 - declared.inpatient_share))
    for name, key in _POLICY_STEPS:
        share = getattr(declared, key)
        if share is not None:
            steps.append(BudgetStep(name, _source_of(policy, f"budget.{key}"), share=share))
    price = policy.declared.price
    adjust = price.adjust_share if price is not None and price.adjust_share is not None else 0
    return build_budget(start, steps, insurance=insurance, adjust_share=adjust, mode=policy.rounding.mode)


def _source_of(policy: PaymentPolicy, path: str) -> str:
    return next((entry.source for entry in policy.provenance if covers(entry, path)), "judgement")


def load_budget(path: Path | str) -> tuple[BudgetChain, ...]:
    r"""Read a budget that a user declared in TOML, and build the chain of every insurance.

    The file holds ``income_yuan`` and ``[insurance_share]``, or ``[budget_yuan]`` with an amount for each insurance;
    ``adjust_share``; and ``[[step]]`` tables with name, source, share or amount_yuan, base and, where a step is for
    one insurance only, insurance. Amounts that are not whole yuan are written as text or with a decimal point.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    tuple of BudgetChain
        One for each insurance, in the order of the file.

    Raises
    ------
    DeclarationError
        When the file cannot be read or holds an unknown key or a figure that is no number.
    ActuaryError
        As :func:`build_budget` and :func:`divide_by_insurance`.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "budget.toml"
    >>> _ = path.write_text('adjust_share = "0.05"\n[budget_yuan]\nemployee = 1000000\n')
    >>> [(chain.insurance, chain.pool_fen, chain.adjusting_fen) for chain in load_budget(path)]
    [('employee', 100000000, 5000000)]
    """
    declared = read_declared(path, BudgetFile)
    if declared.budget_yuan:
        starts = {name: yuan_to_fen(amount) for name, amount in declared.budget_yuan.items()}
    elif declared.income_yuan is not None and declared.insurance_share:
        starts = divide_by_insurance(declared.income_yuan, declared.insurance_share)
    else:
        raise DeclarationError(
            Problem(str(path), "no amount", "[budget_yuan], or income_yuan and [insurance_share]", "add one of them")
        )
    strangers = sorted({row.insurance for row in declared.step} - {"all", *starts})
    raise_all(
        (unknown_name(f"{path}, step", name, starts, what="insurance of this budget") for name in strangers),
        DeclarationError,
    )
    chains = []
    for name, start_fen in starts.items():
        steps = [_step_of(row) for row in declared.step if row.insurance in ("all", name)]
        chains.append(build_budget(fen_to_yuan(start_fen), steps, insurance=name, adjust_share=declared.adjust_share))
    return tuple(chains)


def _step_of(row: StepRow) -> BudgetStep:
    return BudgetStep(row.name, row.source, share=row.share, amount_yuan=row.amount_yuan, base=row.base)
