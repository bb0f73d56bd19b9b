"""First days of the lunar year, computed from the sun and the moon.

Chinese months begin on the day of the new moon at 120° E. The month that holds the winter solstice is the eleventh, so
the year begins with the second month after it, or the third where a leap month would put that before 21 January. New
moons and solstices by the mean elements and largest terms of Meeus, *Astronomical Algorithms*, chapters 27 and 49.
"""

from __future__ import annotations

import datetime as dt
import math

from actuary.errors import PeriodError, Problem

__all__ = ["lunar_new_year"]

_SYNODIC = 29.530588861
_EPOCH = dt.datetime(2000, 1, 1, 12)
_J2000 = 2451545.0

#: Terms of the new moon's time [days]: coefficient, multiples of the sun's and the moon's anomaly and the latitude.
_TERMS = (
    (-0.40720, 0, 1, 0),
    (0.17241, 1, 0, 0),
    (0.01608, 0, 2, 0),
    (0.01039, 0, 0, 2),
    (0.00739, -1, 1, 0),
    (-0.00514, 1, 1, 0),
    (0.00208, 2, 0, 0),
    (-0.00111, 0, 1, -2),
    (-0.00057, 0, 1, 2),
    (0.00056, 1, 2, 0),
    (-0.00042, 0, 3, 0),
    (0.00042, 1, 0, 2),
    (0.00038, 1, 0, -2),
    (-0.00024, -1, 2, 0),
)


def _new_moon(number: int) -> dt.datetime:
    """Return the time of a new moon in China, counted from that of 6 January 2000."""
    century = number / 1236.85
    day = 2451550.09766 + _SYNODIC * number + 0.00015437 * century**2
    sun = math.radians(2.5534 + 29.10535670 * number)
    moon = math.radians(201.5643 + 385.81693528 * number + 0.0107582 * century**2)
    latitude = math.radians(160.7108 + 390.67050284 * number - 0.0016118 * century**2)
    node = math.radians(124.7746 - 1.56375588 * number)
    day += sum(size * math.sin(i * sun + j * moon + k * latitude) for size, i, j, k in _TERMS)
    day += -0.00017 * math.sin(node) + 0.000325 * math.sin(math.radians(299.77 + 0.107408 * number))
    # Terrestrial time runs about a minute ahead of the clock; China is eight hours ahead of Greenwich.
    return _EPOCH + dt.timedelta(days=day - _J2000 + 8 / 24 - 66 / 86400)


def _solstice(year: int) -> dt.date:
    """Return the day of the winter solstice in China; the mean one, right to a quarter of an hour."""
    y = (year - 2000) / 1000
    day = 2451900.05952 + 365242.74049 * y - 0.06223 * y**2 - 0.00823 * y**3
    return (_EPOCH + dt.timedelta(days=day - _J2000 + 8 / 24)).date()


def lunar_new_year(year: int) -> dt.date:
    """Return the first day of the lunar year that begins in a year.

    Parameters
    ----------
    year : int
        1950 to 2100.

    Raises
    ------
    PeriodError
        When the year lies outside.

    Examples
    --------
    >>> lunar_new_year(2024).isoformat(), lunar_new_year(2034).isoformat()
    ('2024-02-10', '2034-02-19')
    """
    if not 1950 <= year <= 2100:
        raise PeriodError(Problem("lunar new year", str(year), "a year from 1950 to 2100"))
    first = int((year - 2000) * 12.3685) - 4
    days = [_new_moon(number).date() for number in range(first, first + 8)]
    eleventh = max(number for number, day in enumerate(days) if day <= _solstice(year - 1))
    second = days[eleventh + 2]
    return second if second >= dt.date(year, 1, 21) else days[eleventh + 3]
