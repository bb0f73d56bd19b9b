"""Forecast by models that others use, in the protocol of the back-test harness: every series by itself.

    python -m tools.forecast_peers IN.csv --horizon 8 --season 4 --draws 1000 --seed 1 --out OUT.csv --model arima

Models: `arima` is AutoARIMA (monthly with its approximation), `ets_log` AutoETS on logarithms; both from statsforecast.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.forecast.classical import bridge_gaps
from actuary.forecast.panel import build_panel, period_labels
from actuary.forecast.peers import naive_futures, paths_of_spread
from actuary.seeds import stream

#: Level of the interval that the standard deviation is read from, in hundredths, and its half-width in those.
LEVEL, HALF = 68.27, 1.0
LEAST = 1e-3


def draw(
    values: NDArray[np.float64], *, model: str, season: int, horizon: int, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return paths of one series, shape (draw, horizon); seasonal-naive ones where the model fails."""
    from statsforecast import models  # noqa: PLC0415

    size = float(np.abs(values).mean()) or 1.0
    logs = model == "ets_log" and values.min() >= 0
    z = np.log(np.maximum(values / size, LEAST)) if logs else values / size
    if model == "arima":
        fitted = models.AutoARIMA(season_length=season, approximation=season == 12)
    else:
        fitted = models.AutoETS(season_length=season)
    try:
        found = fitted.fit(z).predict(h=horizon, level=[LEVEL])
        mean, high = found["mean"], found[f"hi-{LEVEL}"]
        paths = paths_of_spread(mean, (high - mean) / HALF, draws=draws, rng=rng)
    except (ValueError, ZeroDivisionError, IndexError, RuntimeError, FloatingPointError, np.linalg.LinAlgError):
        return naive_futures(values, season=season, horizon=horizon, draws=draws, rng=rng)
    return size * np.exp(paths.clip(max=50.0)) if logs else size * paths


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--model", choices=["arima", "ets_log"], required=True)
    parser.add_argument("--out", required=True)
    for name in ("horizon", "season", "draws", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    told = parser.parse_args()
    warnings.simplefilter("ignore")
    panel = build_panel(pd.read_csv(told.file, dtype={"period": str, "series_id": str}))
    parts = []
    for row, name in enumerate(panel.series):
        begin, end = panel.span(row)
        values = bridge_gaps(panel.values[row, begin:end], panel.season)
        rng = stream(told.seed, f"forecast/{told.model}/series/{name}")
        paths = draw(values, model=told.model, season=told.season, horizon=told.horizon, draws=told.draws, rng=rng)
        labels = period_labels(panel.freq, panel.first + end, told.horizon)
        wide = pd.DataFrame(paths, index=[f"s{i}" for i in range(told.draws)], columns=list(labels))
        long = wide.rename_axis("sample_or_quantile").reset_index().melt("sample_or_quantile", var_name="period")
        parts.append(long.assign(series_id=name, origin=period_labels(panel.freq, panel.first + end - 1, 1)[0]))
    columns = ["series_id", "origin", "period", "sample_or_quantile", "value"]
    pd.concat(parts, ignore_index=True)[columns].to_csv(told.out, index=False)


if __name__ == "__main__":
    main()
