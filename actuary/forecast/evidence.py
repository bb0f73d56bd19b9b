"""What a report prints of forecasts: the back-test, the verdict on it, and the forecast only where it may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from actuary.errors import ActuaryError
from actuary.forecast.fund_backtest import Verdict, backtest_funds, judge
from actuary.forecast.fund_forecast import FundForecast, forecast_fund
from actuary.forecast.fund_spec import FundSpec, load_fund_spec
from actuary.forecast.kept_draws import kept_key, load_kept, store_kept
from actuary.forecast.posterior_cache import cache_folder
from actuary.periods import Quarter
from actuary.tables import data_fingerprint

__all__ = ["ForecastEvidence", "forecast_evidence"]

#: Regions whose published series are long enough to test forecasts on.
TESTED = ("national", "city_panel")
_QUARTERS_AHEAD = 8
_DRAWS = 2000


@dataclass(frozen=True, eq=False)
class ForecastEvidence:
    """Hold what is printed.

    Parameters
    ----------
    region : str
        Whose report it is.
    model : str
        Name of the model of the series.
    to : str
        Last quarter asked for.
    backtest : DataFrame
        See :func:`actuary.forecast.fund_backtest.backtest_funds`.
    verdict : Verdict
        Whether the forecast may be shown.
    forecast : FundForecast or None
        The forecast; None where it may not be shown, or the figures are too few.
    too_few : str
        What is missing where the figures are too few, else empty.
    """

    region: str
    model: str
    to: str
    backtest: pd.DataFrame
    verdict: Verdict
    forecast: FundForecast | None
    too_few: str = ""


def forecast_evidence(
    region: str,
    quarter: Quarter,
    *,
    model: str = "pooled",
    seed: int = 1,
    models: Path | None = None,
    data: Path | None = None,
) -> ForecastEvidence:
    """Back-test the shipped fund series, and forecast a region eight quarters ahead where that may be shown.

    The answer is kept for the time of the process: reports in two languages share it. The back-test and the drawn
    flows are kept on disk as well, by everything they rest on, and made again where that has changed or the file is
    damaged.

    Parameters
    ----------
    region : str
        Region id.
    quarter : Quarter
        Report quarter; nothing later is known.
    model : str
        Name of the model of the series.
    seed : int
        Root seed.
    models, data : Path, optional
        Folders; those of the package when left out.
    """
    return _evidence(region, quarter, model, seed, models, data, data_fingerprint(data))


@lru_cache(maxsize=16)
def _backtest(
    quarter: Quarter, model: str, seed: int, models: Path | None, data: Path | None, _read: str
) -> pd.DataFrame:
    spec = load_fund_spec(models=models)
    path = cache_folder() / f"{_backtest_key(quarter, model, seed, spec, _read)}.backtest"
    kept = load_kept(path)
    if kept is not None:
        return pd.DataFrame(kept[0]["rows"], columns=kept[0]["columns"])
    table = backtest_funds(TESTED, spec=spec, until=quarter, model=model, seed=seed, data=data)
    # JSON writes a float so that it is read as it was, to the last digit.
    store_kept(path, {"columns": list(table.columns), "rows": table.to_numpy(dtype=object).tolist()})
    return table


def _backtest_key(quarter: Quarter, model: str, seed: int, spec: FundSpec, read: str) -> str:
    asked = {"regions": list(TESTED), "until": str(quarter), "model": model, "seed": seed}
    return kept_key("backtest", asked, spec=spec, data=read)


@lru_cache(maxsize=16)
def _evidence(
    region: str, quarter: Quarter, model: str, seed: int, models: Path | None, data: Path | None, read: str
) -> ForecastEvidence:
    spec = load_fund_spec(models=models)
    table = _backtest(quarter, model, seed, models, data, read)
    to = quarter + _QUARTERS_AHEAD
    forecast, too_few = None, ""
    verdict = judge(table, region, spec.gate)
    if verdict.passed:
        try:
            forecast = forecast_fund(
                region,
                to=to,
                until=quarter,
                draws=_DRAWS,
                seed=seed,
                model=model,
                spec=spec,
                models=models,
                data=data,
                kept=cache_folder(),
            )
        except ActuaryError as error:
            too_few = str(error)
        else:
            verdict = judge(table, region, spec.gate, gate=forecast.gate)
            forecast = forecast if verdict.passed else None
    return ForecastEvidence(region, model, str(to), table, verdict, forecast, too_few)
