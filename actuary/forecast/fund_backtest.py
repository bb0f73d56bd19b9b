"""Forecast the fund series again from earlier years and hold what came against it: the evidence of a forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from actuary.errors import ActuaryError
from actuary.forecast.backtest import cut_panel
from actuary.forecast.fund_histories import forecast_trial, is_sampled
from actuary.forecast.fund_series import fund_history
from actuary.forecast.fund_spec import FundSpec, GateSpec
from actuary.forecast.panel import Panel
from actuary.forecast.result import Forecast, Progress
from actuary.forecast.scores import crps
from actuary.periods import Quarter
from actuary.seeds import named_seed
from actuary.tables import known_regions, quarterly_flows

__all__ = ["Verdict", "backtest_funds", "judge"]

type FloatArray = NDArray[np.float64]

_COLUMNS = ["set", "region", "freq", "model", "horizon", "origins", "cases", "error", "crps", "cover80"]
#: Years ahead that are scored, years a history must have, and how many earlier ends are tried.
_YEARS_AHEAD, _LEAST_YEARS, _ORIGINS = 2, 5, 6
#: The same of quarters; a history completed from sums needs three years, of which one by quarter.
_LEAST_QUARTERS, _QUARTER_ORIGINS = 12, 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """Say whether a forecast may be shown.

    Parameters
    ----------
    passed : bool
        Whether it may.
    reasons : tuple of (code, set, found, limit)
        What failed: ``sampler``, ``error`` or ``cover``; for ``few`` there were too few cases to forbid anything.
    """

    passed: bool
    reasons: tuple[tuple[str, str, float, float], ...] = ()


def judge(table: pd.DataFrame, region: str, spec: GateSpec, *, gate: object | None = None) -> Verdict:
    """Hold the back-test of a region's series, and the checks of the sampler where there was one, against the gate.

    Parameters
    ----------
    table : DataFrame
        See :func:`backtest_funds`.
    region : str
        Whose forecast it is.
    spec : GateSpec
        The declared limits.
    gate : object, optional
        Checks of the sampler; its attribute `passed` counts.

    Examples
    --------
    >>> from actuary.forecast.fund_spec import load_fund_spec
    >>> rows = [("a", "here", "A", "naive", 2, 3, 12, 1.4, 1.1, 0.9)]
    >>> judge(pd.DataFrame(rows, columns=_COLUMNS), "here", load_fund_spec().gate)
    Verdict(passed=False, reasons=(('error', 'a', 1.4, 1.0),))
    """
    reasons: list[tuple[str, str, float, float]] = []
    if gate is not None and not bool(getattr(gate, "passed", True)):
        reasons.append(("sampler", "", 0.0, 0.0))
    own = table[table["region"] == region]
    few: list[tuple[str, str, float, float]] = []
    for row in own.to_dict("records"):
        name, cases = str(row["set"]), int(row["cases"])
        if cases < spec.least_cases:
            few.append(("few", name, float(cases), float(spec.least_cases)))
            continue
        if row["error"] > spec.worst_error:
            reasons.append(("error", name, float(row["error"]), spec.worst_error))
        if row["cover80"] < spec.least_cover:
            reasons.append(("cover", name, float(row["cover80"]), spec.least_cover))
    if own.empty:
        few.append(("few", "", 0.0, float(spec.least_cases)))
    return Verdict(not reasons, tuple(reasons or few))


@dataclass(frozen=True, slots=True)
class _Case:
    origin: str
    median_error: float
    naive_error: float
    crps: float
    inside: bool


def _case(origin: str, draws: FloatArray, naive: float, actual: float) -> _Case:
    low, median, high = np.quantile(draws, (0.1, 0.5, 0.9))
    score = float(crps(draws[:, None], np.array([actual]))[0])
    return _Case(origin, abs(median - actual), abs(naive - actual), score, bool(low <= actual <= high))


def _row(name: str, region: str, freq: str, model: str, horizon: int, cases: Sequence[_Case]) -> tuple[object, ...]:
    naive = sum(case.naive_error for case in cases)
    error = sum(case.median_error for case in cases) / naive
    score = sum(case.crps for case in cases) / naive
    cover = float(np.mean([case.inside for case in cases]))
    origins = len({case.origin for case in cases})
    return name, region, freq, model, horizon, origins, len(cases), error, score, cover


def backtest_funds(  # noqa: PLR0913  (one argument an option)
    regions: Sequence[str] = ("national", "city_panel"),
    *,
    spec: FundSpec,
    until: Quarter | str | None = None,
    model: str = "pooled",
    draws: int = 500,
    seed: int = 1,
    data: Path | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Score forecasts of the fund series of regions from earlier ends of their histories.

    Year figures are forecast two years ahead from up to six earlier years; where January-to-month figures are
    published, quarters and their sums by year are forecast from completed histories that know nothing later. A year's
    error is held against that of the year before carried on, a quarter's against the same quarter of the year before.

    Parameters
    ----------
    regions : sequence of str
        Regions; those without enough figures are left out.
    spec : FundSpec
        The declaration.
    until : Quarter or str, optional
        Leave out figures of later quarters.
    model : str
        Name of the model.
    draws : int
        Futures of every forecast.
    seed : int
        Root seed.
    data : Path, optional
        Data folder.
    threads : int, optional
        Threads to use.
    progress : callable, optional
        Called with the share that is done and the phase.

    Returns
    -------
    DataFrame
        set, region, freq, model, horizon [periods], origins, cases, error (mean absolute error of the median over that
        of the naive forecast), crps (over the same), cover80 (share of what came inside the 80 % interval).
    """
    rows = []
    known = known_regions(data)
    tested = [name for name in regions if name in known]
    for number, region in enumerate(tested):

        def tell(share: float, phase: str, number: int = number, region: str = region) -> None:
            if progress is not None:
                progress((number + share) / len(tested), f"back-test of {region}, {phase}")

        trial = _Trial(region, spec, until, model, draws, seed, data, threads, tell)
        try:
            rows.append(_years(trial))
            rows += _quarters(trial)
        except ActuaryError:  # a region whose figures are too few is left out, and the table shows that
            continue
    return pd.DataFrame([row for row in rows if row is not None], columns=_COLUMNS)


@dataclass(frozen=True)
class _Trial:
    """Hold what a back-test of a region is asked for."""

    region: str
    spec: FundSpec
    until: Quarter | str | None
    model: str
    draws: int
    seed: int
    data: Path | None
    threads: int | None
    tell: Progress

    def forecast(
        self, panel: Panel, phase: str, *, share: float, horizon: int, draws: int, seed: int, whole: Panel
    ) -> Forecast:
        """Forecast a panel as it stood earlier; `share` of the back-test is done."""
        self.tell(share, phase)
        return forecast_trial(
            panel,
            model=self.model,
            horizon=horizon,
            draws=draws,
            seed=seed,
            whole=whole,
            threads=self.threads,
            progress=lambda _share, part: self.tell(share, f"{phase}: {part}") if part else None,
        )


def _years(trial: _Trial) -> tuple[object, ...] | None:
    """Score forecasts of year figures."""
    region, seed = trial.region, trial.seed
    # Year figures are compared over their whole length: the declared beginning is for forecasts by quarter.
    whole = trial.spec.model_copy(update={"span": ()})
    history = fund_history(region, spec=whole, until=trial.until, data=trial.data, draws=1, seed=seed)
    years = sorted({int(year) for year in history.annual["year"]})
    values = np.full((len(history.series), years[-1] - years[0] + 1), np.nan)
    for row, name in enumerate(history.series):
        scheme, flow = name.split(".")
        for year in years:
            found = history.year_figure(scheme, flow, year)
            values[row, year - years[0]] = np.nan if found is None else found
    panel = Panel(history.series, "A", 1, years[0], values, "yuan", history.synthetic)
    cases = []
    for number in range(_ORIGINS):
        cut = cut_panel(panel, horizon=_YEARS_AHEAD, back=1 + number, least=_LEAST_YEARS)
        if cut is None:
            break
        before, came = cut
        drawn = trial.forecast(
            before,
            f"years, origin {number + 1} of {_ORIGINS}",
            share=0.4 * number / _ORIGINS,
            horizon=_YEARS_AHEAD,
            draws=trial.draws,
            seed=seed,
            whole=panel,
        )
        for row, name in enumerate(before.series):
            futures = drawn.futures(name)
            last = float(values[row, before.ends[row] - 1])
            cases += [
                _case(drawn.origins[row], futures[:, h], last, float(came[row, h]))
                for h in range(_YEARS_AHEAD)
                if not np.isnan(came[row, h])
            ]
    return _row(f"{region}_years", region, "A", trial.model, _YEARS_AHEAD, cases) if cases else None


def _quarters(trial: _Trial) -> list[tuple[object, ...]]:
    """Score forecasts of quarters, and of their sums by year."""
    region, spec, until, data, seed = trial.region, trial.spec, trial.until, trial.data, trial.seed
    sampled = is_sampled(trial.model)
    count = min(spec.histories_sampled_tested if sampled else spec.histories_tested, trial.draws // 2)
    now = fund_history(region, spec=spec, until=until, data=data, draws=1, seed=seed)
    if now.freq != "Q":
        return []
    flows = quarterly_flows(region, root=data, until=until)
    flows = flows[flows["status"].ne("gap")]
    last_year = max(int(label[:4]) for label in now.periods)
    by_quarter: list[_Case] = []
    by_year: list[_Case] = []
    horizon = 4 * _YEARS_AHEAD
    for number, year in enumerate(range(last_year - 1, last_year - 1 - _QUARTER_ORIGINS, -1)):
        origin = Quarter(year, 4)
        try:
            before = fund_history(region, spec=spec, until=origin, data=data, draws=count, seed=seed)
        except ActuaryError:
            break
        if before.freq != "Q" or before.periods[-1] != str(origin) or len(before.periods) < _LEAST_QUARTERS:
            break
        parts = [
            trial.forecast(
                before.panel(k),
                f"{origin}, history {k + 1} of {count}",
                share=0.4 + 0.6 * (number + k / count) / _QUARTER_ORIGINS,
                horizon=horizon,
                draws=trial.draws // count,
                seed=named_seed(seed, f"forecast/fund/{origin}/history/{k}"),
                whole=now.panel(0),
            ).flat()
            for k in range(count)
        ]
        futures = xr.concat(parts, dim="draw")
        past = before.flows.mean("draw")
        for name in before.series:
            scheme, flow = name.split(".")
            drawn = futures.sel(series=name).to_numpy()
            previous = past.sel(series=name).to_numpy()[-4:]
            for ahead in range(_YEARS_AHEAD):
                actual = now.year_figure(scheme, flow, year + 1 + ahead)
                if actual is not None and year + 1 + ahead <= last_year:
                    total = drawn[:, 4 * ahead : 4 * ahead + 4].sum(axis=1)
                    by_year.append(_case(str(origin), total, float(previous.sum()), actual))
            of_series = flows[flows["scheme"].eq(scheme) & flows["indicator"].eq(flow)]
            scopes = ["all_accounts", "pooled_only"] if scheme == "resident" else ["all_accounts"]
            of_series = of_series[of_series["scope"].isin(scopes)]
            for label, value in zip(of_series["quarter"], of_series["value"], strict=True):
                h = Quarter.parse(label) - origin - 1
                if 0 <= h < horizon:
                    by_quarter.append(_case(str(origin), drawn[:, h], float(previous[h % 4]), float(value)))
    found = []
    if by_quarter:
        found.append(_row(f"{region}_quarters", region, "Q", trial.model, horizon, by_quarter))
    if by_year:
        found.append(_row(f"{region}_quarters_by_year", region, "Q", trial.model, horizon, by_year))
    return found
