"""Measures of a forecast that rules ask: probabilities and medians counted in joint draws; the draws kept on disk."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actuary.durable.checked import CacheFolder
from actuary.periods import Quarter
from actuary.policy import AlertCondition

if TYPE_CHECKING:
    from actuary.forecast.fund_forecast import FundForecast

__all__ = [
    "NO_FORECAST",
    "Outlook",
    "OutlookValue",
    "SchemeDraws",
    "draw_scheme",
    "load_outlook",
    "measure_draws",
    "outlooks",
    "store_outlook",
]

type FloatArray = NDArray[np.float64]

_QUARTERS_A_YEAR = 4
#: The standard normal's point for an interval of 90 %.
_INTERVAL = 1.645


@dataclass(frozen=True, slots=True)
class OutlookValue:
    """Hold one measure of the forecast.

    Parameters
    ----------
    value : float
        In the unit of the measure; infinite where the median draw does not reach the event within the horizon.
    low, high : float
        Ends of an interval of 90 %: of the probability for the error of counting it in so many draws, or of the years
        among the draws.
    draws : int
        How many joint futures it is counted in.
    """

    value: float
    low: float
    high: float
    draws: int


@dataclass(frozen=True, slots=True)
class SchemeDraws:
    """Hold what rules ask of the joint draws of one scheme.

    Parameters
    ----------
    ends : tuple of str
        Quarter at the end of every period.
    months, balance, net : array, shape (draw, period)
        Months payable [months], balance [yuan], and balance of the last year [yuan] at the end of every period.
    pooled : bool
        Whether they are of the pool, or else of the undivided fund.
    """

    ends: tuple[str, ...]
    months: FloatArray
    balance: FloatArray
    net: FloatArray
    pooled: bool


@dataclass(frozen=True, eq=False)
class Outlook:
    """Hold the forecast that rules are held against, or the reason why there is none.

    Parameters
    ----------
    quarter : Quarter
        The report quarter.
    schemes : mapping of str to SchemeDraws
        Draws by scheme; empty where there is no forecast.
    reason_zh, reason_en : str
        Why there is none; empty where there is one.
    origin : str
        Last period the forecast knows.
    cases : int
        Cases of the back-test it passed; 0 where there were too few to test it.
    cover : float
        Share of them that came inside the 80 % interval.
    fingerprint : str
        Hash of what it rests on.
    earlier : tuple of Outlook
        Forecasts from the ends of the years before, each from what was known then, the first one first.
    """

    quarter: Quarter
    schemes: Mapping[str, SchemeDraws] = field(default_factory=dict)
    reason_zh: str = ""
    reason_en: str = ""
    origin: str = ""
    cases: int = 0
    cover: float = math.nan
    fingerprint: str = ""
    earlier: tuple[Outlook, ...] = ()

    def measure(self, scheme: str, condition: AlertCondition) -> OutlookValue | None:
        """Return a measure of the forecast of a scheme; None where there is none.

        Parameters
        ----------
        scheme : str
            The scheme.
        condition : AlertCondition
            A condition on the forecast.
        """
        draws = self.schemes.get(scheme)
        return None if draws is None else measure_draws(draws, condition, self.quarter)


#: What stands where nobody asked for a forecast.
NO_FORECAST = ("本次未作预测", "no forecast was asked for")


def measure_draws(draws: SchemeDraws, condition: AlertCondition, quarter: Quarter) -> OutlookValue:
    """Return the probability or the median that a condition asks, counted in joint draws.

    A path that crosses a level counts once, whenever it does so within the horizon. A deficit is one of a calendar
    year. The median of the years to an event counts draws without it as later than any other, and an event in a period
    that is over but not published yet as one of no years.

    Parameters
    ----------
    draws : SchemeDraws
        The draws.
    condition : AlertCondition
        What is asked.
    quarter : Quarter
        From when years are counted.

    Examples
    --------
    >>> from actuary.policy import AlertCondition
    >>> months = np.array([[5.0, 2.0], [5.0, 4.0], [2.5, 6.0], [7.0, 8.0]])
    >>> draws = SchemeDraws(("2025Q4", "2026Q4"), months, months * 1e9, np.ones_like(months), True)
    >>> asked = AlertCondition(indicator="payable_months", measure="probability", below=3.0, within_years=2,
    ...                        operator=">", threshold=0.25, unit="share")
    >>> measure_draws(draws, asked, Quarter(2024, 4)).value
    0.5
    """
    ahead = np.array([Quarter.parse(label) - quarter for label in draws.ends])
    within = ahead <= _QUARTERS_A_YEAR * (condition.within_years or 0)
    paths = {"payable_months": draws.months, "current_balance_yuan": draws.net, "balance_end_yuan": draws.balance}
    count = draws.months.shape[0]
    if condition.measure == "probability":
        found = paths[condition.indicator][:, within]
        below, above = condition.below, condition.above
        crossed = found < below if below is not None else found > (math.inf if above is None else above)
        share = float(crossed.any(axis=1).mean())
        error = _INTERVAL * math.sqrt(share * (1 - share) / count)
        return OutlookValue(share, max(share - error, 0.0), min(share + error, 1.0), count)
    year_end = np.array([label.endswith("Q4") for label in draws.ends])
    happens = {
        "years_to_current_deficit": (draws.net < 0) & year_end,
        "years_to_months_below_3": draws.months < 3,
        "years_to_exhaustion": draws.balance < 0,
    }[condition.indicator] & within
    first = np.where(happens.any(axis=1), np.maximum(ahead, 0)[happens.argmax(axis=1)] / _QUARTERS_A_YEAR, math.inf)
    low, median, high = np.quantile(first, (0.05, 0.5, 0.95), method="higher")
    return OutlookValue(float(median), float(low), float(high), count)


def draw_scheme(forecast: FundForecast, scheme: str) -> SchemeDraws:
    """Return what rules ask of a forecast.

    Parameters
    ----------
    forecast : FundForecast
        The forecast.
    scheme : str
        One of its leading schemes.
    """
    name = forecast.leading[scheme]
    fund = forecast.funds[name]
    season = fund.season
    past = forecast.past.transpose("draw", "series", "period")
    before = past.sel(series=f"{name}.income").to_numpy() - past.sel(series=f"{name}.expenditure").to_numpy()
    every = np.concatenate([before[:, before.shape[1] - (season - 1) :], fund.values("balance_of_period")], axis=1)
    yearly = np.stack([every[:, t : t + season].sum(axis=1) for t in range(len(fund.periods))], axis=1)
    ends = tuple(label if "Q" in label else f"{label}Q4" for label in fund.periods)
    pooled = name.endswith("_pooled") or scheme == "resident"
    return SchemeDraws(ends, fund.values("payable_months"), fund.values("balance"), yearly, pooled)


def outlooks(folder: Path) -> CacheFolder:
    """Return the outlooks kept in a folder."""
    return CacheFolder(folder, "outlook 2", ".outlook")


def store_outlook(cache: CacheFolder, key: str, outlook: Outlook) -> None:
    """Keep an outlook, whole or not at all; where the folder cannot be written it is made again next time."""
    arrays: dict[str, Any] = {}
    names = ("reason_zh", "reason_en", "origin", "cases", "cover", "fingerprint")
    head: dict[str, Any] = {name: getattr(outlook, name) for name in names}
    head["schemes"] = {scheme: [list(one.ends), one.pooled] for scheme, one in outlook.schemes.items()}
    for scheme, one in outlook.schemes.items():
        arrays |= {f"{scheme}.{name}": getattr(one, name) for name in ("months", "balance", "net")}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    cache.store(key, json.dumps(head).encode() + b"\n" + buffer.getvalue())


def load_outlook(cache: CacheFolder, key: str, quarter: Quarter) -> Outlook | None:
    """Read an outlook; None where there is none or it is damaged, which the cache notes."""
    body = cache.load(key)
    if body is None:
        return None
    head, _, arrays = body.partition(b"\n")
    told = json.loads(head)
    loaded = np.load(io.BytesIO(arrays), allow_pickle=False)
    schemes = {}
    for scheme, (ends, pooled) in told.pop("schemes").items():
        months, balance, net = (loaded[f"{scheme}.{name}"] for name in ("months", "balance", "net"))
        schemes[scheme] = SchemeDraws(tuple(ends), months, balance, net, pooled)
    return Outlook(quarter, schemes, **told)
