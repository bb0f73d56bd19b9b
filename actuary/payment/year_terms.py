"""What a policy declares beside the price: prepayment, days for the list, first review, savings that are retained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import NoReturn

from actuary.errors import ActuaryError, Problem
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_settlement import Procurement
from actuary.payment.exact import Number, as_fraction
from actuary.payment.methods.procurement import Purchase, Retention, retain_surplus, returned_surplus
from actuary.payment.prepayment import UploadState, prepay_months, upload_state

__all__ = [
    "declared_device_return",
    "declared_first_review",
    "declared_prepayment",
    "declared_retention",
    "declared_upload",
]


def _missing(policy: PaymentPolicy, key: str) -> NoReturn:
    mend = f"declare {key} in a file that extends {policy.id}, or call the function that takes the number itself"
    raise ActuaryError(Problem(f"policy {policy.id}, {key}", "nothing", "a declared value", mend))


def declared_prepayment(monthly_fen: Sequence[int], policy: PaymentPolicy) -> tuple[int, ...]:
    """Prepay each month by the share that a policy declares (`settlement.prepay`).

    Parameters
    ----------
    monthly_fen : sequence of int
        What each month is prepaid on [fen].
    policy : PaymentPolicy
        The policy; it rounds by its own mode.

    Raises
    ------
    ActuaryError
        When the policy declares no share.

    Examples
    --------
    >>> from actuary.payment.policy_files import load_payment_policy
    >>> declared_prepayment([1_000_000], load_payment_policy("zhejiang-2019", partial_ok=True))
    (850000,)
    """
    share = policy.settlement.prepay
    if share is None:
        _missing(policy, "settlement.prepay")
    return prepay_months(monthly_fen, share=share, mode=policy.rounding.mode)


def declared_upload(discharge: dt.date, upload: dt.date | None, policy: PaymentPolicy) -> UploadState:
    """Say whether a list came within the days that a policy declares (`settlement.upload_days`).

    Parameters
    ----------
    discharge : date
        Day of discharge.
    upload : date or None
        Day of the upload; None when there was none so far.
    policy : PaymentPolicy
        The policy.

    Raises
    ------
    ActuaryError
        When the policy declares no days, or the upload lies before the discharge.

    Examples
    --------
    >>> from actuary.payment.policy_files import load_payment_policy
    >>> chongqing = load_payment_policy("chongqing-2025", partial_ok=True)
    >>> declared_upload(dt.date(2025, 3, 1), dt.date(2025, 3, 12), chongqing).value
    'late'
    """
    days = policy.settlement.upload_days
    if days is None:
        _missing(policy, "settlement.upload_days")
    return upload_state(discharge, upload, days=days)


def declared_first_review(claims: int, policy: PaymentPolicy) -> int:
    """Return how many claims the first review must take (`audit.first_review`), rounded up.

    Parameters
    ----------
    claims : int
        Claims of a provider.
    policy : PaymentPolicy
        The policy.

    Raises
    ------
    ActuaryError
        When the policy declares no share.

    Examples
    --------
    >>> from actuary.payment.policy_files import load_payment_policy
    >>> declared_first_review(1234, load_payment_policy("shenyang-2021", partial_ok=True))
    1234
    """
    share = policy.audit.first_review if policy.audit is not None else None
    if share is None:
        _missing(policy, "audit.first_review")
    return ceil(Fraction(share) * claims)


def declared_retention(
    purchase: Purchase, policy: PaymentPolicy, *, assessment: Number | None = None, fund_share: Number | None = None
) -> Retention:
    """Return what hospitals keep of a procurement's saving by the shares that a policy declares (`procurement`).

    Parameters
    ----------
    purchase : Purchase
        What was bought.
    policy : PaymentPolicy
        The policy: its `retain_share`, and its `assessment` and `fund_share` where these are not given.
    assessment : number, optional
        Coefficient of the hospital's assessment, 0-1.
    fund_share : number, optional
        Share of the spending that the fund bears, 0-1.

    Raises
    ------
    ActuaryError
        When a share is neither declared nor given, or lies outside 0-1.
    """
    terms = policy.procurement or Procurement()
    given: dict[str, Number | Decimal | None] = {
        "retain_share": terms.retain_share,
        "assessment": terms.assessment if assessment is None else assessment,
        "fund_share": terms.fund_share if fund_share is None else fund_share,
    }
    known: dict[str, Fraction] = {}
    for key, value in given.items():
        if value is None:
            _missing(policy, f"procurement.{key}")
        known[key] = as_fraction(value)
    return retain_surplus(
        purchase,
        fund_share=known["fund_share"],
        retain_share=known["retain_share"],
        assessment=known["assessment"],
        mode=policy.rounding.mode,
    )


def declared_device_return(surplus_fen: int, policy: PaymentPolicy) -> int:
    """Return what hospitals get of a surplus on devices by the share that a policy declares.

    Parameters
    ----------
    surplus_fen : int
        The surplus [fen].
    policy : PaymentPolicy
        The policy: its `procurement.device_share`.

    Raises
    ------
    ActuaryError
        When the policy declares no share.

    Examples
    --------
    >>> from actuary.payment.policy_files import load_payment_policy
    >>> declared_device_return(100_000, load_payment_policy("anyang-2021", partial_ok=True))
    50000
    """
    share = policy.procurement.device_share if policy.procurement is not None else None
    if share is None:
        _missing(policy, "procurement.device_share")
    return returned_surplus(surplus_fen, hospital_share=share, mode=policy.rounding.mode)
