"""What the forecast says of the measures of rules: probabilities and medians from joint draws that passed their gate."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actuary.errors import ActuaryError
from actuary.periods import Quarter
from actuary.policy import AlertCondition, AlertRule, fingerprint

if TYPE_CHECKING:
    from actuary.forecast.fund_backtest import Verdict
    from actuary.forecast.fund_forecast import FundForecast

__all__ = ["NO_FORECAST", "Outlook", "OutlookValue", "SchemeDraws", "draw_scheme", "fund_outlook", "measure_draws"]

type FloatArray = NDArray[np.float64]

#: Raised whenever what is kept changes its meaning.
_VERSION = 1
#: Joint futures, and completed histories they begin from: a probability of 25 % is known to 1.4 points.
_DRAWS, _HISTORIES = 1000, 10
_MODEL, _SEED = "pooled", 1
#: What is made once covers every horizon that a rule may ask.
_FURTHEST_YEARS = 10
_QUARTERS_A_YEAR = 4
_INTERVAL = 1.645

_REASONS = {
    "error": (
        "预测误差未通过回测检验（{found:.2f}，上限{limit:g}）",
        "the error in the back-test is too large ({found:.2f}, bound {limit:g})",
    ),
    "cover": (
        "预测区间覆盖率未通过回测检验（{found:.2f}，下限{limit:g}）",
        "the intervals held too little in the back-test ({found:.2f}, bound {limit:g})",
    ),
    "sampler": ("抽样未通过检验", "the sampler did not pass its checks"),
}


@dataclass(frozen=True, slots=True)
class OutlookValue:
    """Hold one measure of the forecast.

    Parameters
    ----------
    value : float
        In the unit of the measure; infinite where the median draw does not reach the event within the horizon.
    low, high : float
        Ends of an interval of 90 %: of the probability by the number of draws, or of the years among the draws.
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
    """

    quarter: Quarter
    schemes: Mapping[str, SchemeDraws] = field(default_factory=dict)
    reason_zh: str = ""
    reason_en: str = ""
    origin: str = ""
    cases: int = 0
    cover: float = math.nan
    fingerprint: str = ""

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
    year. The median of the years to an event counts draws without it as later than any other.

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
        crossed = found < condition.below if condition.below is not None else found > condition.above
        share = float(crossed.any(axis=1).mean())
        error = _INTERVAL * math.sqrt(share * (1 - share) / count)
        return OutlookValue(share, max(share - error, 0.0), min(share + error, 1.0), count)
    year_end = np.array([label.endswith("Q4") for label in draws.ends])
    happens = {
        "years_to_current_deficit": (draws.net < 0) & year_end,
        "years_to_months_below_3": draws.months < 3,
        "years_to_exhaustion": draws.balance < 0,
    }[condition.indicator] & within
    first = np.where(happens.any(axis=1), ahead[happens.argmax(axis=1)] / _QUARTERS_A_YEAR, math.inf)
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


def fund_outlook(
    region: str,
    quarter: Quarter,
    rules: Iterable[AlertRule],
    *,
    verdict: Verdict | None = None,
    models: Path | None = None,
    data: Path | None = None,
    folder: Path | None = None,
) -> Outlook:
    """Forecast the funds of a region as far as the rules ask, where the back-test of its series allows it.

    The draws are kept on disk by everything they rest on, so that the next call answers at once.

    Parameters
    ----------
    region : str
        Region id.
    quarter : Quarter
        Report quarter: nothing later is known.
    rules : iterable of AlertRule
        The rules; without one that asks the forecast none is made.
    verdict : Verdict, optional
        What the back-test said, where it was made already.
    models, data : Path, optional
        Folders; those of the package when left out.
    folder : Path, optional
        Where draws are kept; the user's own cache when left out.
    """
    if not any(rule.of_forecast for rule in rules):
        return Outlook(quarter, reason_zh=NO_FORECAST[0], reason_en=NO_FORECAST[1])
    key = _key(region, quarter, models, data)
    return _outlook(region, quarter, verdict, models, data, folder, key)


def _key(region: str, quarter: Quarter, models: Path | None, data: Path | None) -> str:
    from actuary.forecast.fund_spec import load_fund_spec  # noqa: PLC0415  (loads the numerical libraries)
    from actuary.tables import data_fingerprint  # noqa: PLC0415

    made = (_VERSION, _DRAWS, _HISTORIES, _MODEL, _SEED, _FURTHEST_YEARS)
    spec = load_fund_spec(models=models).model_dump(mode="json")
    asked = {"region": region, "quarter": str(quarter), "made": list(made)}
    return fingerprint({"asked": asked, "spec": spec, "data": data_fingerprint(data)})


@lru_cache(maxsize=32)
def _outlook(
    region: str,
    quarter: Quarter,
    verdict: Verdict | None,
    models: Path | None,
    data: Path | None,
    folder: Path | None,
    key: str,
) -> Outlook:
    from actuary.forecast.posterior_cache import cache_folder  # noqa: PLC0415

    kept = (cache_folder(folder) if folder is not None else cache_folder().parent / "alerts") / f"{key}.outlook"
    found = _load(kept, quarter)
    if found is None:
        found = _make(region, quarter, verdict, models, data, key)
        _store(kept, found)
    return found


def _make(
    region: str, quarter: Quarter, verdict: Verdict | None, models: Path | None, data: Path | None, key: str
) -> Outlook:
    from actuary.forecast.fund_backtest import backtest_funds, judge  # noqa: PLC0415
    from actuary.forecast.fund_forecast import forecast_fund  # noqa: PLC0415
    from actuary.forecast.fund_series import fund_history  # noqa: PLC0415
    from actuary.forecast.fund_spec import load_fund_spec  # noqa: PLC0415

    spec = load_fund_spec(models=models)
    few = Outlook(
        quarter,
        reason_zh="公布的历史太短，不能预测（至少需要同一险种三年的收入和支出）",
        reason_en="the published history is too short for a forecast (income and spending of one scheme in three years)",
        fingerprint=key,
    )
    try:
        history = fund_history(region, spec=spec, until=quarter, data=data, draws=1, seed=_SEED)
    except ActuaryError:
        return few
    if not history.schemes:
        return few
    table = backtest_funds((region,), spec=spec, until=quarter, model=_MODEL, seed=_SEED, data=data)
    judged = judge(table, region, spec.gate) if verdict is None or verdict.passed else verdict
    if not judged.passed:
        said = [(code, found, limit) for code, _, found, limit in judged.reasons if code in _REASONS]
        texts = [
            [_REASONS[code][lang].format(found=found, limit=limit) for code, found, limit in said] for lang in (0, 1)
        ]
        return Outlook(quarter, reason_zh="；".join(texts[0]), reason_en="; ".join(texts[1]), fingerprint=key)
    origin = history.periods[-1]
    ends = Quarter.parse(origin) if "Q" in origin else Quarter(int(origin), _QUARTERS_A_YEAR)
    if quarter - ends >= _QUARTERS_A_YEAR:
        return Outlook(
            quarter,
            reason_zh=f"公布的收支止于{origin}，早于报告季度一年以上",
            reason_en=f"published income and spending end with {origin}, a year or more before the report quarter",
            fingerprint=key,
        )
    season = history.season
    furthest = ends + _QUARTERS_A_YEAR * _FURTHEST_YEARS
    try:
        forecast = forecast_fund(
            region,
            to=furthest if season > 1 else Quarter(furthest.year, _QUARTERS_A_YEAR),
            until=quarter,
            draws=_DRAWS,
            seed=_SEED,
            model=_MODEL,
            spec=spec.model_copy(update={"histories": _HISTORIES}),
            models=models,
            data=data,
        )
    except ActuaryError as error:
        return Outlook(quarter, reason_zh="预测无法完成", reason_en=f"no forecast: {error}", fingerprint=key)
    own = table[table["region"] == region]
    cases = int(own["cases"].sum())
    cover = float((own["cover80"] * own["cases"]).sum() / cases) if cases else math.nan
    schemes = {scheme: draw_scheme(forecast, scheme) for scheme in forecast.leading}
    return Outlook(quarter, schemes, origin=origin, cases=cases, cover=cover, fingerprint=key)


def _store(path: Path, outlook: Outlook) -> None:
    """Keep an outlook, whole or not at all; where the folder cannot be written it is made again next time."""
    arrays: dict[str, Any] = {}
    names = ("reason_zh", "reason_en", "origin", "cases", "cover", "fingerprint")
    head: dict[str, Any] = {name: getattr(outlook, name) for name in names}
    head["schemes"] = {scheme: [list(one.ends), one.pooled] for scheme, one in outlook.schemes.items()}
    for scheme, one in outlook.schemes.items():
        arrays |= {f"{scheme}.{name}": getattr(one, name) for name in ("months", "balance", "net")}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    body = json.dumps(head).encode() + b"\n" + buffer.getvalue()
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(hashlib.sha256(body).digest() + body)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)


def _load(path: Path, quarter: Quarter) -> Outlook | None:
    """Read an outlook; None where there is none or it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content[32:]).digest() != content[:32]:
        return None
    head, _, arrays = content[32:].partition(b"\n")
    told = json.loads(head)
    loaded = np.load(io.BytesIO(arrays), allow_pickle=False)
    schemes = {
        scheme: SchemeDraws(tuple(ends), *(loaded[f"{scheme}.{name}"] for name in ("months", "balance", "net")), pooled)
        for scheme, (ends, pooled) in told.pop("schemes").items()
    }
    return Outlook(quarter, schemes, **told)
