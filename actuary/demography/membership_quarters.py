"""Members at quarter-ends by age at the last birthday, and the flows between them, from the years of the cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actuary.demography.membership_steps import AT_RETIREMENT, CAUSES, YearCoefficients, YearFlows
from actuary.periods import Quarter

__all__ = ["QuarterMembers", "quarter_members"]

type FloatArray = NDArray[np.float64]

_ACTIVE, _FLEXIBLE, _PAYING, _RETIRED, _RESIDENT, _UNINSURED = range(6)


@dataclass(frozen=True, eq=False)
class QuarterMembers:
    """Hold members and flows by quarter; T years.

    Parameters
    ----------
    quarters : tuple of str
        Labels, the opening first: 4 T + 1 of them.
    stocks : ndarray, shape (7, 2, A, 4 T + 1)
        Members by age at the last birthday [persons].
    flows : dict
        For each cause the change of each status, shape (7, 4 T) [persons].
    """

    quarters: tuple[str, ...]
    stocks: FloatArray
    flows: dict[str, FloatArray]


def quarter_members(
    coefficients: YearCoefficients,
    openings: Sequence[FloatArray],
    flows: Sequence[YearFlows],
    *,
    bounds: tuple[int, int],
) -> QuarterMembers:
    r"""Lay years out by quarter.

    A flow is even over the quarters of its year, except retirement, which lies in the quarters of its months.
    Birthdays are even over the year: of the cohort that reaches age x in the year, k/4 have age x at the end of its
    k-th quarter and the others x - 1. The flow from resident child to adult in a quarter is a quarter of the mean of
    the cohort's residents at its two ends, and so is that from adult to elderly; with it, and with the other flows
    divided by the share of birthdays in the middle of the quarter, opening plus flows is closing exactly.

    Parameters
    ----------
    coefficients : YearCoefficients
        For the months of retirement.
    openings : sequence of ndarray, shape (6, 2, A)
        Members at the start of each year by age [persons].
    flows : sequence of YearFlows
        The years.
    bounds : tuple of int
        Age below which a resident is a child, and from which one is elderly.

    Returns
    -------
    QuarterMembers
        Stocks and flows of the seven statuses.
    """
    years = len(flows)
    start = np.stack(openings)
    moved = np.zeros_like(start)
    moved[..., 1:] = start[..., :-1]
    moved[..., -1] += start[..., -1]
    even = np.zeros_like(start)
    timed = np.zeros_like(start)
    for cause in flows[0].by_cause:
        total = timed if cause in AT_RETIREMENT else even
        total += np.stack([one.by_cause[cause] for one in flows])
    # Cohorts at the five ends of quarters of a year: dims year, end, status, sex, age reached in the year.
    parts = np.arange(5) / 4.0
    shares = np.moveaxis(coefficients.quarter_share, 3, 1)[:, :, None]
    cohorts = moved[:, None] + parts[:, None, None, None] * even[:, None] + shares * timed[:, None]
    younger = 1.0 - parts[1:, None, None]
    by_age = np.empty((years, 4, *start.shape[1:]))
    ends = cohorts[:, 1:]
    # Of the open age, only those who came from the age below it can be one year younger.
    came = np.divide(start[..., -2], moved[..., -1], out=np.zeros_like(moved[..., -1]), where=moved[..., -1] > 0)
    below = younger * came[:, None] * ends[..., -1]
    by_age[..., :-1] = (1.0 - younger[..., None]) * ends[..., :-1]
    by_age[..., 0] = ends[..., 0]
    by_age[..., :-2] += younger[..., None] * ends[..., 1:-1]
    by_age[..., -2] += below
    by_age[..., -1] = ends[..., -1] - below
    by_age[:, 3] = np.stack([one.closing for one in flows])
    whole = np.concatenate([start[:1], by_age.reshape(-1, *start.shape[1:])])
    first = Quarter(int(coefficients.years[0]) - 1, 4)
    return QuarterMembers(
        quarters=tuple(str(first + number) for number in range(4 * years + 1)),
        stocks=np.moveaxis(_outer_stocks(whole, bounds), 0, -1),
        flows=_flows(coefficients, flows, cohorts, bounds=bounds),
    )


def _outer_stocks(inner: FloatArray, bounds: tuple[int, int]) -> FloatArray:
    """Turn six inner statuses (second dimension) into the seven, residents by age."""
    child, elderly = bounds
    outer = np.zeros((inner.shape[0], 7, *inner.shape[2:]))
    outer[:, 0] = inner[:, _ACTIVE]
    outer[:, 1] = inner[:, _FLEXIBLE] + inner[:, _PAYING]
    outer[:, 2] = inner[:, _RETIRED]
    outer[:, 3, :, :child] = inner[:, _RESIDENT, :, :child]
    outer[:, 4, :, child:elderly] = inner[:, _RESIDENT, :, child:elderly]
    outer[:, 5, :, elderly:] = inner[:, _RESIDENT, :, elderly:]
    outer[:, 6] = inner[:, _UNINSURED]
    return outer


def _flows(
    coefficients: YearCoefficients, flows: Sequence[YearFlows], cohorts: FloatArray, *, bounds: tuple[int, int]
) -> dict[str, FloatArray]:
    years, ages = len(flows), cohorts.shape[-1]
    child, elderly = bounds
    middle = (np.arange(4) + 0.5) / 4.0
    # Share of a cohort's residents that is child, adult or elderly in the middle of each quarter.
    split = np.zeros((4, 3, ages))
    split[:, 0, :child] = 1.0
    split[:, 0, child] = 1.0 - middle
    split[:, 2, elderly + 1 :] = 1.0
    split[:, 2, elderly] = middle
    split[:, 1] = 1.0 - split[:, 0] - split[:, 2]
    steps = np.diff(np.moveaxis(coefficients.quarter_share, 3, 1), axis=1)
    laid = {}
    for cause in flows[0].by_cause:
        change = np.stack([one.by_cause[cause] for one in flows])
        quarterly = (
            np.einsum("tksa,tisa->tkia", steps, change)
            if cause in AT_RETIREMENT
            else np.broadcast_to((change.sum(axis=2) / 4.0)[:, None], (years, 4, 6, ages))
        )
        total = quarterly.sum(axis=-1)
        outer = np.zeros((years, 4, 7))
        outer[..., 0] = total[..., _ACTIVE]
        outer[..., 1] = total[..., _FLEXIBLE] + total[..., _PAYING]
        outer[..., 2] = total[..., _RETIRED]
        outer[..., 3:6] = np.einsum("tka,kca->tkc", quarterly[..., _RESIDENT, :], split)
        outer[..., 6] = total[..., _UNINSURED]
        laid[cause] = outer.reshape(-1, 7).T
    residents = cohorts[:, :, _RESIDENT].sum(axis=2)
    mean = (residents[:, :-1] + residents[:, 1:]) / 8.0
    grown, aged = mean[..., child].ravel(), mean[..., elderly].ravel()
    ageing = np.zeros((7, 4 * years))
    ageing[3], ageing[4], ageing[5] = -grown, grown - aged, aged
    laid["ageing"] = ageing
    return {cause: laid[cause] for cause in CAUSES}
