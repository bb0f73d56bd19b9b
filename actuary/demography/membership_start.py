"""The members of the first day: curves over age, scaled to the published totals, with every factor shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.demography.membership_rules import MembershipRules
from actuary.errors import DeclarationError, Problem, raise_all
from actuary.periods import Quarter

__all__ = ["FirstMembers", "first_members", "odds_scaled"]

type FloatArray = NDArray[np.float64]

_ROUNDS = 200
_LARGEST = 1e9


@dataclass(frozen=True, eq=False)
class FirstMembers:
    """Hold the members of the first day.

    Parameters
    ----------
    shares : ndarray, shape (6, 2, A)
        Shares of the people of each sex and age by inner status; they add to 1.
    covered, flexible, participation : ndarray, shape (2, A)
        The curves as scaled.
    calibration : DataFrame
        Columns total, curve, unscaled [persons], published [persons], factor [odds].
    """

    shares: FloatArray
    covered: FloatArray
    flexible: FloatArray
    participation: FloatArray
    calibration: pd.DataFrame


def odds_scaled(share: FloatArray, factor: FloatArray | float) -> FloatArray:
    """Multiply the odds of shares by a factor; the result stays a share.

    Examples
    --------
    >>> odds_scaled(np.array([0.0, 0.5, 1.0]), 3.0).tolist()
    [0.0, 0.75, 1.0]
    """
    return np.asarray(share * factor / (1.0 - share + share * factor))


def first_members(rules: MembershipRules, people: FloatArray, *, year: int, ages: NDArray[np.int64]) -> FirstMembers:
    """Divide the people of a year-end among the statuses.

    The odds of each curve are multiplied by one factor for all ages, so that the total is the published one and no
    share leaves 0 to 1.

    Parameters
    ----------
    rules : MembershipRules
        Curves, retirement and totals.
    people : ndarray, shape (2, A)
        Persons by sex and age on 31 December.
    year : int
        Calendar year.
    ages : ndarray, shape (A,)
        Single ages, the last one open.

    Raises
    ------
    DeclarationError
        When the totals are more than the people, or more than the ages hold that a curve covers; all at once.
    """
    anchors = rules.anchors
    totals = dict(anchors.totals) if anchors is not None else {}
    enrolled = sum(totals.get(name, 0.0) for name in ("contributing", "retired", "resident"))
    everyone = float(people.sum())
    if enrolled > everyone * (1 + 1e-12):
        raise DeclarationError(
            Problem(
                f"totals of {rules.region} at the end of {year}",
                f"{enrolled:,.0f} enrolled",
                f"no more than the {everyone:,.0f} people of the population",
                "check the unit (persons), the area of both, and members who live elsewhere or are counted twice",
            )
        )
    births = year - np.asarray(ages)
    retired = rules.retirement.retired_share(births.tolist(), [Quarter(year, 4)])[:, :, 0]
    past, not_yet = people * retired, people * (1.0 - retired)
    rows: list[dict[str, object]] = []
    problems: list[Problem] = []

    def scaled(curve: str, name: str, base: FloatArray) -> FloatArray:
        shares = rules.curve(curve, ages)
        wanted = totals.get(name)
        factor = 1.0
        if wanted is not None:
            found = _odds_factor(shares, base, wanted)
            if found is None:
                most = float(base[shares > 0].sum())
                problems.append(
                    Problem(
                        f"{name} members of {rules.region} at the end of {year}",
                        f"{wanted:,.0f}",
                        f"less than the {most:,.0f} people whom the curve {curve} covers",
                        f"check the total and its unit, or the ages of {curve}",
                    )
                )
            else:
                factor = found
        result = odds_scaled(shares, factor)
        rows.append(
            {
                "total": name,
                "curve": curve,
                "unscaled": float((shares * base).sum()),
                "published": float("nan") if wanted is None else wanted,
                "factor": factor,
            }
        )
        return result

    covered = scaled("employee_covered", "contributing", not_yet)
    retired_covered = scaled("retired_covered", "retired", past)
    contributing = covered * (1.0 - retired)
    flexible = scaled("flexible_share", "flexible", people * contributing)
    pensioned = retired_covered * retired
    outside = 1.0 - contributing - pensioned
    participation = scaled("resident_participation", "resident", people * outside)
    raise_all(problems, DeclarationError)
    shares = np.stack(
        [
            contributing * (1.0 - flexible),
            contributing * flexible,
            np.zeros_like(contributing),
            pensioned,
            outside * participation,
            outside * (1.0 - participation),
        ]
    )
    return FirstMembers(shares, covered, flexible, participation, pd.DataFrame(rows))


def _odds_factor(shares: FloatArray, base: FloatArray, wanted: float) -> float | None:
    """Return the factor on the odds that gives a total, or None when no factor does."""

    def excess(factor: float) -> float:
        return float((odds_scaled(shares, factor) * base).sum()) - wanted

    if wanted == 0.0:
        return 0.0
    if excess(_LARGEST) < 0 or not (shares * base).sum() > 0:
        return None
    low, high = -np.log(_LARGEST), np.log(_LARGEST)
    for _ in range(_ROUNDS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if excess(float(np.exp(middle))) < 0 else (low, middle)
    return float(np.exp(0.5 * (low + high)))
