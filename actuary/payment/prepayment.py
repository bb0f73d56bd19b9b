"""Money within the year: monthly prepayment, an interim price and its correction, lists uploaded too late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from actuary.errors import ActuaryError, Problem, raise_all
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import Number, RoundingMode, as_fraction, in_units

__all__ = [
    "InterimMonth",
    "UploadState",
    "correct_interim",
    "interim_prices",
    "prepay_months",
    "settle_interim",
    "upload_state",
]


class UploadState(StrEnum):
    """Say whether a settlement list came in time.

    Examples
    --------
    >>> UploadState.LATE.text("en")
    'uploaded after the last day'
    """

    IN_TIME = "in_time"
    LATE = "late"
    MISSING = "missing"

    def text(self, lang: str = "zh") -> str:
        """Return the meaning in Chinese (``zh``) or English (``en``)."""
        words = {
            "in_time": ("按时上传", "uploaded in time"),
            "late": ("逾期上传", "uploaded after the last day"),
            "missing": ("未上传", "not uploaded"),
        }[self.value]
        return words[0] if lang == "zh" else words[1]


def upload_state(discharge: dt.date, upload: dt.date | None, *, days: int) -> UploadState:
    """Say whether a list was uploaded within the days that a policy allows after discharge.

    The day of discharge is not counted: with 10 days, a stay that ended on the 1st is in time on the 11th.

    Parameters
    ----------
    discharge : date
        Day of discharge.
    upload : date or None
        Day of the upload; None when there was none so far.
    days : int
        Days allowed.

    Raises
    ------
    ActuaryError
        When the upload lies before the discharge.

    Examples
    --------
    >>> discharge = dt.date(2025, 3, 1)
    >>> [upload_state(discharge, dt.date(2025, 3, day), days=10).value for day in (11, 12)]
    ['in_time', 'late']
    """
    if upload is None:
        return UploadState.MISSING
    passed = (upload - discharge).days
    if passed < 0:
        raise ActuaryError(Problem("upload", upload.isoformat(), f"{discharge.isoformat()}, the discharge, or later"))
    return UploadState.IN_TIME if passed <= days else UploadState.LATE


def prepay_months(monthly_fen: Sequence[int], *, share: Number, mode: RoundingMode = "half_up") -> tuple[int, ...]:
    """Prepay a share of each month's amount.

    Parameters
    ----------
    monthly_fen : sequence of int
        What each month is prepaid on [fen]: its charges item by item, its settled amount or its part of the budget.
        A month whose refunds exceed its charges is prepaid nothing.
    share : number
        Share prepaid, 0-1.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Returns
    -------
    tuple of int
        Prepayment of each month [fen].

    Raises
    ------
    ActuaryError
        When the share lies outside 0-1.

    Examples
    --------
    >>> prepay_months([1_000_01, 0, -500], share="0.85")
    (85001, 0, 0)
    """
    exact = as_fraction(share)
    raise_all([Problem("prepay", str(share), "a share from 0 to 1")] if not 0 <= exact <= 1 else [])
    return tuple(in_units(max(amount, 0) * exact, 0, mode) for amount in monthly_fen)


@dataclass(frozen=True, slots=True)
class InterimMonth:
    """Hold a hospital's month, settled before the year's price is known.

    Parameters
    ----------
    hospital, insurance, month : str
        Whose month it is, such as ``2025-03``.
    units : number
        Points or weights of the month, coefficients included.
    interim_fen : int
        Amount at the interim price [fen].
    """

    hospital: str
    insurance: str
    month: str
    units: Number
    interim_fen: int


def interim_prices(policy: PaymentPolicy, *, last_year: Mapping[str, Number] | None = None) -> dict[str, Fraction]:
    """Return the price at which a policy settles a month before the year's price is known.

    Parameters
    ----------
    policy : PaymentPolicy
        Its ``settlement.interim_price`` says which price: last year's, the value announced before the year, or a
        declared one.
    last_year : mapping of str to number, optional
        Price of the year before by insurance [yuan per unit], where the policy settles at it.

    Returns
    -------
    dict of str to Fraction
        Price by insurance [yuan per unit]; ``*`` for all.

    Raises
    ------
    ActuaryError
        When the policy declares no interim price, last year's is not given, or tiers have prices of their own.

    Examples
    --------
    >>> from actuary.payment.policy_files import load_payment_policy
    >>> interim_prices(load_payment_policy("chongqing-2025"), last_year={"resident": "9575.25"})
    {'resident': Fraction(38301, 4)}
    """
    declared, price = policy.settlement, policy.declared.price
    where = f"{policy.id}, settlement.interim_price"
    if declared.interim_price == "last_year":
        if not last_year:
            raise ActuaryError(Problem(where, "last_year without last year's price", "that price by insurance"))
        return {name: as_fraction(value) for name, value in last_year.items()}
    if declared.interim_price == "declared":
        tiers = sorted({row.tier for row in declared.interim_rate} - {"*"})
        if tiers:
            raise ActuaryError(Problem(where, f"prices of tier {', '.join(tiers)}", "one price for an insurance"))
        return {row.insurance: as_fraction(row.value) for row in declared.interim_rate}
    if declared.interim_price == "budget_value" and price is not None and price.budget_value:
        return {row.insurance: as_fraction(row.value) for row in price.budget_value}
    raise ActuaryError(Problem(where, "no price", "last_year, budget_value with price.budget_value, or declared"))


def settle_interim(
    months: Sequence[tuple[str, str, str, Number]],
    prices: Mapping[str, Number],
    *,
    mode: RoundingMode = "half_up",
) -> tuple[InterimMonth, ...]:
    """Settle months at the interim price, such as last year's rate or point value.

    Parameters
    ----------
    months : sequence of tuple
        Hospital, insurance, month, and points or weights.
    prices : mapping of str to number
        Interim price of each insurance [yuan per unit]; ``*`` for those not named.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Returns
    -------
    tuple of InterimMonth
        In the order given.

    Raises
    ------
    ActuaryError
        When an insurance has no interim price.

    Examples
    --------
    >>> months = settle_interim([("A", "resident", "2025-01", "100.5")], {"resident": "52.1"})
    >>> months[0].interim_fen
    523605
    """
    _check_prices(prices, (insurance for _, insurance, _, _ in months))
    return tuple(
        InterimMonth(
            hospital,
            insurance,
            month,
            units,
            in_units(as_fraction(units) * _price(prices, insurance), 2, mode),
        )
        for hospital, insurance, month, units in months
    )


def correct_interim(
    months: Sequence[InterimMonth], prices: Mapping[str, Number], *, mode: RoundingMode = "half_up"
) -> tuple[int, ...]:
    """Return what each month is still owed, or owes, once the year's price is known.

    correction = units × final price − interim amount.

    Parameters
    ----------
    months : sequence of InterimMonth
        What :func:`settle_interim` made.
    prices : mapping of str to number
        Final price of each insurance [yuan per unit]; ``*`` for those not named.
    mode : {"half_up", "half_even"}
        Rounding of the final amount to the fen.

    Returns
    -------
    tuple of int
        Correction of each month [fen]; negative where too much was paid.

    Raises
    ------
    ActuaryError
        When an insurance has no final price.

    Examples
    --------
    >>> months = settle_interim([("A", "resident", "2025-01", 100)], {"resident": 52})
    >>> correct_interim(months, {"resident": 50})
    (-20000,)
    """
    _check_prices(prices, (month.insurance for month in months))
    return tuple(
        in_units(as_fraction(month.units) * _price(prices, month.insurance), 2, mode) - month.interim_fen
        for month in months
    )


def _price(prices: Mapping[str, Number], insurance: str) -> Fraction:
    return as_fraction(prices[insurance] if insurance in prices else prices["*"])


def _check_prices(prices: Mapping[str, Number], insurances: Iterable[str]) -> None:
    missing = [] if "*" in prices else sorted(set(insurances) - set(prices))
    raise_all(Problem("prices", f"no price of {name}", "a price for every insurance settled") for name in missing)
