"""Income of the two schemes by source: contributions on the wage base, subsidies and premiums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from actuary.errors import DeclarationError, Problem
from actuary.fund.model.wages import contribution_base
from actuary.policy.finance_shapes import ResidentFinance

if TYPE_CHECKING:
    from actuary.fund.model.calibration import Calibration

__all__ = [
    "SOURCES",
    "contribution_wages",
    "contributions_per_wage",
    "employee_income",
    "raised_premium",
    "resident_funding",
    "resident_income",
    "subsidy_course",
]

#: Sources of income, in their order. What the pool credits to retired members' accounts nets out over both funds.
SOURCES: tuple[str, ...] = (
    "employer",
    "employee",
    "flexible",
    "subsidy",
    "premium",
    "other",
    "interest",
    "retiree_credit",
)


def contributions_per_wage(drivers: xr.Dataset, persons: xr.DataArray, *, divided: bool) -> dict[str, xr.DataArray]:
    r"""Return the contributions a year for each yuan of average wage, by payer and by fund.

    .. math:: A_{\text{employer}} = N_a \, g(\sigma, f, c) \, r \, (1 - d) \, q

    with active members :math:`N_a`, base over average wage :math:`g`, rate :math:`r`, reduction :math:`d` and
    collection :math:`q`; flexible workers pay their own rates on their own base.

    Parameters
    ----------
    drivers : Dataset, dims (..., quarter)
        Rates, base, collection and account split.
    persons : DataArray, dims (..., status[, quarter])
        Average persons.
    divided : bool
        Whether the scheme has personal accounts apart from the pool.

    Returns
    -------
    dict
        ``employer_pooled``, ``employer_personal``, ``employee_pooled``, ``employee_personal``, ``flexible_pooled``,
        ``flexible_personal``, ``other_pooled``, and the sums ``pooled`` and ``personal``; dims (..., quarter)
        [yuan a year for each yuan of average wage].
    """
    active, flexible = (persons.sel(status=f"employee_{name}", drop=True) for name in ("active", "flexible"))
    names = ("wage_spread", "base_floor", "base_cap")
    relative = xr.apply_ufunc(contribution_base, *(drivers[name] for name in names))
    levied = active * relative * drivers["collection_rate"]
    employer = levied * drivers["employer_rate"] * (1 - drivers["rate_reduction"])
    own = levied * drivers["employee_rate"]
    kept = 1.0 if divided else 0.0
    employer_account = employer * drivers["employer_to_account"] * kept
    own_account = levied * np.minimum(drivers["account_credit"], drivers["employee_rate"]) * kept
    base = flexible * drivers["flexible_base"] * drivers["flexible_collection_rate"]
    flexible_pool = base * drivers["flexible_pool_rate"]
    flexible_account = base * drivers["flexible_account_rate"]
    parts = {
        "employer_pooled": employer - employer_account,
        "employer_personal": employer_account,
        "employee_pooled": own - own_account,
        "employee_personal": own_account,
        "flexible_pooled": flexible_pool + (1.0 - kept) * flexible_account,
        "flexible_personal": flexible_account * kept,
    }
    parts["other_pooled"] = drivers["other_income_share"] * sum(parts.values())
    for fund in ("pooled", "personal"):
        parts[fund] = sum(value for name, value in parts.items() if name.endswith(f"_{fund}"))
    return parts


def contribution_wages(drivers: xr.Dataset, persons: xr.DataArray) -> xr.DataArray:
    """Return the persons that a yuan of average wage is levied on: members times base over average wage."""
    active, flexible = (persons.sel(status=f"employee_{name}", drop=True) for name in ("active", "flexible"))
    names = ("wage_spread", "base_floor", "base_cap")
    relative = xr.apply_ufunc(contribution_base, *(drivers[name] for name in names))
    levied: xr.DataArray = active * relative + flexible * drivers["flexible_base"]
    return levied


def employee_income(
    drivers: xr.Dataset,
    persons: xr.DataArray,
    calibration: Calibration,
    *,
    wage_level: xr.DataArray,
    season: xr.DataArray,
    divided: bool,
) -> dict[str, dict[str, xr.DataArray]]:
    """Return the income of the employee scheme without interest, by fund and source.

    Parameters
    ----------
    drivers : Dataset, dims (..., quarter)
        Rates.
    persons : DataArray, dims (..., status, quarter)
        Average persons.
    calibration : Calibration
        Levels of the base year.
    wage_level : DataArray, dims (..., quarter)
        Average wage over that of the base year.
    season : DataArray, dims (quarter,)
        Share of the year in each quarter.
    divided : bool
        Whether the scheme has personal accounts apart from the pool.

    Returns
    -------
    dict
        ``"pooled" | "personal" -> source -> DataArray, dims (..., quarter)`` [yuan].
    """
    parts = contributions_per_wage(drivers, persons, divided=divided)
    scale = calibration.average_wage * wage_level * calibration.collection_factor * season
    credit = calibration.retiree_credit * persons.sel(status="employee_retired", drop=True) * season
    funds: dict[str, dict[str, xr.DataArray]] = {"pooled": {}, "personal": {}}
    for payer in ("employer", "employee", "flexible"):
        moved = calibration.account_factor if divided else 1.0
        funds["pooled"][payer] = scale * parts[f"{payer}_pooled"]
        funds["personal"][payer] = scale * parts[f"{payer}_personal"] * moved
    funds["pooled"]["other"] = scale * parts["other_pooled"]
    funds["pooled"]["retiree_credit"] = -credit
    funds["personal"]["retiree_credit"] = credit
    return funds


def raised_premium(
    drivers: xr.Dataset, rule: ResidentFinance, *, first_year: int
) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Hold the ratio of subsidy to premium from a year on, as declared.

    Parameters
    ----------
    drivers : Dataset, dims (..., quarter)
        ``subsidy``, ``premium``, ``premium_before``, ``subsidy_limit``.
    rule : ResidentFinance
        What happens where the ratio is exceeded.
    first_year : int
        Notices before it are history and stay.

    Returns
    -------
    premium, before : DataArray, dims (..., quarter)
        Premium of the notice of the quarter's year and of the year before [yuan a year].
    breached : DataArray, dims (..., quarter)
        Where the declared notices exceed the ratio.

    Raises
    ------
    DeclarationError
        When the rule says that a breach is refused.
    """
    years = np.array([int(str(label)[:4]) for label in drivers["quarter"].to_numpy()])
    held = xr.DataArray(years >= first_year, dims="quarter", coords={"quarter": drivers["quarter"]})
    least = drivers["subsidy"] / drivers["subsidy_limit"]
    # A share of a fen is rounding, no breach.
    breached = held & (drivers["premium"] < least - 0.001)
    if rule.on_breach == "refuse" and bool(breached.any()):
        year = years[np.flatnonzero(breached.any([d for d in breached.dims if d != "quarter"]))[0]]
        raise DeclarationError(
            Problem(f"resident premium {year}", "a subsidy above the ratio", "one within it", "raise the premium")
        )
    if rule.on_breach != "raise_premium":
        return drivers["premium"], drivers["premium_before"], breached
    premium = drivers["premium"].where(~breached, least)
    before = premium.shift(quarter=4)
    known = xr.DataArray(years > years[0], dims="quarter", coords={"quarter": drivers["quarter"]})
    return premium, before.where(known, drivers["premium_before"]), breached


def resident_funding(
    drivers: xr.Dataset, rule: ResidentFinance, *, subsidy_season: Sequence[float]
) -> dict[str, xr.DataArray]:
    """Return what is paid for each resident in each quarter.

    The premium of a notice is paid in its last quarter, and what is left of it in the quarter after: it buys the next
    year.

    Parameters
    ----------
    drivers : Dataset, dims (..., quarter)
        ``subsidy``, ``premium``, ``premium_before``, ``premium_collection``.
    rule : ResidentFinance
        Share of the premium paid in season.
    subsidy_season : sequence of four floats
        Share of the subsidy in each quarter, see :func:`subsidy_course`.

    Returns
    -------
    dict
        ``subsidy`` and ``premium``, dims (..., quarter) [yuan a person in the quarter].
    """
    numbers = _quarter_numbers(drivers)
    course = [subsidy_season[number - 1] for number in numbers]
    shares = xr.DataArray(course, dims="quarter", coords={"quarter": drivers["quarter"]})
    return {"subsidy": drivers["subsidy"] * shares, "premium": _premium_paid(drivers, rule)}


def subsidy_course(drivers: xr.Dataset, rule: ResidentFinance, *, season: xr.DataArray) -> tuple[float, ...]:
    r"""Return the share of the subsidy in each quarter: what the published season of all income leaves to it.

    .. math:: u_k = \frac{\max(s_k F - p_k, 0)}{\sum_j \max(s_j F - p_j, 0)}

    with funding per head :math:`F`, of which :math:`p_k` is premium paid in quarter :math:`k`.

    Parameters
    ----------
    drivers : Dataset, dims (..., quarter)
        The four quarters of the base year.
    rule : ResidentFinance
        Share of the premium paid in season.
    season : DataArray, dims (quarter,)
        Share of the year's income in each quarter.

    Returns
    -------
    tuple of four floats
        Shares that add up to 1.
    """
    first = {dim: 0 for dim in drivers["premium"].dims if dim != "quarter"}
    paid = _premium_paid(drivers.isel(first), rule).to_numpy()
    whole = float(drivers["subsidy"].isel(first).to_numpy()[0]) + paid.sum()
    left = np.maximum(season.to_numpy() * whole - paid, 0.0)
    return tuple(float(value) for value in left / left.sum())


def _quarter_numbers(drivers: xr.Dataset) -> list[int]:
    return [int(str(label)[-1]) for label in drivers["quarter"].to_numpy()]


def _premium_paid(drivers: xr.Dataset, rule: ResidentFinance) -> xr.DataArray:
    paid = rule.premium_in_season.value
    share = {4: paid, 1: 1 - paid}
    numbers = _quarter_numbers(drivers)
    now, before = (
        xr.DataArray(
            [share[quarter] if number == quarter else 0.0 for number in numbers],
            dims="quarter",
            coords={"quarter": drivers["quarter"]},
        )
        for quarter in (4, 1)
    )
    paid_now: xr.DataArray = drivers["premium_collection"] * (
        now * drivers["premium"] + before * drivers["premium_before"]
    )
    return paid_now


def resident_income(
    persons: xr.DataArray, calibration: Calibration, *, per_head: dict[str, xr.DataArray]
) -> dict[str, xr.DataArray]:
    """Return the income of the resident scheme without interest, by source.

    Parameters
    ----------
    persons : DataArray, dims (..., status, quarter)
        Average persons.
    calibration : Calibration
        Levels of the base year.
    per_head : dict
        From :func:`resident_funding`.

    Returns
    -------
    dict
        Source to DataArray, dims (..., quarter) [yuan].
    """
    statuses = ["resident_child", "resident_adult", "resident_elderly"]
    members = persons.sel(status=statuses).sum("status")
    return {name: calibration.funding_factor * members * value for name, value in per_head.items()}
