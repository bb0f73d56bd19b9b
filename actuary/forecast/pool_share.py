"""The pool's share of the employee fund: what was published of it, and draws of where it goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actuary.forecast.fund_series import FundHistory
from actuary.forecast.fund_spec import ShareSpec

__all__ = ["draw_pool_share", "known_shares"]

type FloatArray = NDArray[np.float64]


def known_shares(history: FundHistory, flow: str) -> dict[int, float]:
    """Return the pool's share of a flow of the employee fund in every year in which both are published.

    Parameters
    ----------
    history : FundHistory
        Completed histories, which hold the year figures.
    flow : str
        ``income`` or ``expenditure``.
    """
    frame = history.annual
    mine = frame[frame["scheme"] == "employee"].set_index(["indicator", "year"])["value"]
    years = sorted({int(year) for name, year in mine.index if name == f"pooled_{flow}"})
    return {
        year: float(mine[f"pooled_{flow}", year] / mine[flow, year]) for year in years if (flow, year) in mine.index
    }


def draw_pool_share(
    shares: dict[int, float], *, spec: ShareSpec, draws: int, periods: int, season: int, rng: np.random.Generator
) -> FloatArray:
    """Draw the share of the pool in the periods after the last published one.

    On the logit scale the share walks without drift from the last published one. The size of its yearly step is drawn
    given the steps seen between consecutive years and the declared one.

    Parameters
    ----------
    shares : dict
        Year to published share.
    spec : ShareSpec
        The declaration.
    draws, periods : int
        How many draws, of how many periods.
    season : int
        Periods a year.
    rng : numpy.random.Generator
        Where the randomness is from.

    Returns
    -------
    array, shape (draw, period)
        Shares, between 0 and 1.
    """
    logits = {year: float(np.log(share / (1 - share))) for year, share in shares.items()}
    steps = [logits[year] - logits[year - 1] for year in logits if year - 1 in logits]
    degrees = spec.worth + len(steps)
    squares = spec.worth * spec.step**2 + sum(step**2 for step in steps)
    size = np.sqrt(squares / rng.chisquare(degrees, size=draws))
    walk = rng.standard_normal((draws, periods)).cumsum(axis=1) * (size / np.sqrt(season))[:, None]
    found: FloatArray = 1 / (1 + np.exp(-(logits[max(logits)] + walk)))
    return found
