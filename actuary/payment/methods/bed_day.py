"""Payment by bed-day (按床日付费): a tariff a day, in bands of the length of stay; or points a day."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from actuary.errors import ActuaryError, Problem, nearest_name
from actuary.payment.declared_classes import BedDay, BedDayBand
from actuary.payment.exact import RoundingMode, as_fraction, in_units

__all__ = ["bed_day_amount", "bed_day_points", "paid_days", "tariff_per_day"]


def paid_days(days: int, bands: Sequence[BedDayBand]) -> Fraction:
    """Return how many full tariffs the days of a stay are worth.

    paid days = Σ over bands of (days of the stay in the band) × (part of the tariff paid there). Days beyond the
    last band are not paid; without bands every day counts in full.

    Parameters
    ----------
    days : int
        Days of the stay, 0 or more.
    bands : sequence of BedDayBand
        Bands in order of their last day.

    Returns
    -------
    Fraction
        Number of full tariffs.

    Raises
    ------
    ActuaryError
        When the days are negative or the bands do not follow each other.

    Examples
    --------
    >>> bands = [BedDayBand(to=30, pay="0.8"), BedDayBand(to=60, pay="0.6"), BedDayBand(to=90, pay="0.5")]
    >>> [str(paid_days(days, bands)) for days in (30, 45, 100)]
    ['24', '33', '57']
    """
    if days < 0:
        raise ActuaryError(Problem("days", str(days), "0 or more"))
    if not bands:
        return Fraction(days)
    total, before = Fraction(0), 0
    for number, band in enumerate(bands, 1):
        last = days if band.to is None else band.to
        if band.to is not None and band.to <= before:
            place = f"bed_day.bands[{number}].to"
            raise ActuaryError(Problem(place, str(band.to), f"more than {before}", "sort the bands, none may overlap"))
        total += max(min(days, last) - before, 0) * as_fraction(band.pay)
        before = max(last, before)
    return total


def tariff_per_day(rule: BedDay, *, tier: str, insurance: str) -> Fraction:
    """Return the tariff of a tier and insurance [yuan a day].

    Parameters
    ----------
    rule : BedDay
        The declared rule.
    tier, insurance : str
        Whose tariff it is; a row with ``*`` holds for all.

    Raises
    ------
    ActuaryError
        When no row holds, with the nearest tier; or when several do.

    Examples
    --------
    >>> rule = BedDay(tariff=({"tier": "2", "value": 112}, {"tier": "3", "value": 179}))
    >>> tariff_per_day(rule, tier="2", insurance="resident")
    Fraction(112, 1)
    """
    rows = [row for row in rule.tariff if row.tier in (tier, "*") and row.insurance in (insurance, "*")]
    exact = [row for row in rows if row.tier == tier] or rows
    found = [row for row in exact if row.insurance == insurance] or exact
    if len(found) == 1:
        return as_fraction(found[0].value)
    tiers = sorted({row.tier for row in rule.tariff})
    close = nearest_name(tier, tiers)
    raise ActuaryError(
        Problem(
            "bed_day.tariff",
            f"{len(found)} rows for tier {tier!r} and insurance {insurance!r}",
            f"one row (tiers: {', '.join(tiers)})" if tiers else "a tariff: the user gives it",
            f"did you mean tier {close!r}?" if close else "",
        )
    )


def bed_day_amount(days: int, rule: BedDay, *, tier: str, insurance: str = "*", mode: RoundingMode = "half_up") -> int:
    """Return what a stay is paid by the day [fen]: paid days × tariff.

    Parameters
    ----------
    days : int
        Days of the stay.
    rule : BedDay
        Tariff and bands.
    tier, insurance : str
        Of the hospital and the patient.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Raises
    ------
    ActuaryError
        As :func:`paid_days` and :func:`tariff_per_day`.

    Examples
    --------
    >>> bed_day_amount(30, BedDay(tariff=({"tier": "2", "value": 112},)), tier="2")
    336000
    """
    return in_units(paid_days(days, rule.bands) * tariff_per_day(rule, tier=tier, insurance=insurance), 2, mode)


def bed_day_points(days: int, rule: BedDay) -> Fraction:
    """Return the points of a stay that is paid by the day: paid days × points a day.

    Parameters
    ----------
    days : int
        Days of the stay.
    rule : BedDay
        Points a day and bands.

    Raises
    ------
    ActuaryError
        When the rule declares no points a day.

    Examples
    --------
    >>> bed_day_points(45, BedDay(points_per_day="3.2"))
    Fraction(144, 1)
    """
    if rule.points_per_day is None:
        raise ActuaryError(Problem("bed_day.points_per_day", "nothing", "points a day"))
    return paid_days(days, rule.bands) * as_fraction(rule.points_per_day)
