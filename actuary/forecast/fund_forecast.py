"""Forecast the funds of a region jointly: income, spending, balance and months payable of every fund."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from actuary.errors import PeriodError, Problem
from actuary.forecast.face import check_options
from actuary.forecast.fund_histories import forecast_history, is_sampled
from actuary.forecast.fund_parts import POOL, divide_flows, hierarchy_of, is_divided, roll_funds
from actuary.forecast.fund_series import FundHistory, fund_history
from actuary.forecast.fund_spec import FundSpec, load_fund_spec
from actuary.forecast.gate import Gate, worst_gate
from actuary.forecast.hierarchy import aggregate_draws
from actuary.forecast.joint import FundPaths
from actuary.forecast.kept_draws import kept_key, load_kept, store_kept
from actuary.forecast.panel import SEASONS
from actuary.forecast.probabilities import crossing_table, deficit_table, expected_shortfall, watched_levels
from actuary.forecast.result import Progress
from actuary.periods import Quarter
from actuary.policy import fingerprint
from actuary.seeds import named_seed
from actuary.tables import data_fingerprint

__all__ = ["FundForecast", "forecast_fund"]

type FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class FundForecast:
    """Hold joint futures of every fund of a region.

    Parameters
    ----------
    region : str
        Region id.
    to : str
        Last period.
    model : str
        Name of the model of the series.
    seed : int
        Root seed.
    history : FundHistory
        Completed histories that the futures begin from.
    draws : DataArray, dims (draw, series, period)
        Flows of every fund [yuan]; the parts of a fund add up to it in every draw.
    past : DataArray, dims (draw, series, period)
        The same flows in the history that each draw begins from.
    funds : mapping of str to FundPaths
        ``employee_pooled``, ``employee_personal``, ``resident``, ``all_pooled``, ``employee`` and ``all``, as far as
        their balances are published.
    leading : mapping of str to str
        Scheme to the fund by which its months payable are judged: the pool, or the whole where it is not divided.
    parts : mapping
        Node of the hierarchy of flows to its parts.
    weights : DataFrame or None
        Weight of every voice of the stack, mean over the histories.
    gate : object or None
        The worst of what the checks of the sampler said of every history, where the model was sampled.
    fingerprint, data_fingerprint : str
        Hash of everything declared, asked for and read; and of the data alone.
    models : Path or None
        Folder of the warning rules.
    """

    region: str
    to: str
    model: str
    seed: int
    history: FundHistory
    draws: xr.DataArray
    past: xr.DataArray = field(repr=False)
    funds: Mapping[str, FundPaths]
    leading: Mapping[str, str]
    parts: Mapping[str, tuple[str, ...]]
    weights: pd.DataFrame | None
    gate: Any
    fingerprint: str
    data_fingerprint: str
    models: Path | None = field(default=None, repr=False)

    @property
    def unit(self) -> str:
        """Unit of money."""
        return "yuan"

    @property
    def synthetic(self) -> bool:
        """Whether any figure is made up."""
        return self.history.synthetic

    @property
    def origin(self) -> str:
        """Last period of the history."""
        return self.history.periods[-1]

    def summary(self) -> pd.DataFrame:
        """Return mean and quantiles of every variable of every fund and period; see :meth:`FundPaths.summary`."""
        return pd.concat([fund.summary() for fund in self.funds.values()], ignore_index=True)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a fund, draw and period."""
        return pd.concat([fund.to_frame() for fund in self.funds.values()], ignore_index=True)

    def deficits(self) -> pd.DataFrame:
        """Return how likely a deficit of every fund is by period; see :func:`deficit_table`."""
        return pd.concat([deficit_table(fund) for fund in self.funds.values()], ignore_index=True)

    def crossings(self) -> pd.DataFrame:
        """Return how likely the leading funds fall below every declared level; see :func:`crossing_table`."""
        tables = [
            crossing_table(self.funds[name], watched_levels(scheme, models=self.models))
            for scheme, name in self.leading.items()
        ]
        return pd.concat(tables, ignore_index=True)

    def shortfalls(self, *, probability: float = 0.1) -> pd.DataFrame:
        """Return the balance and the months payable in the mean of the worst draws, by fund and period.

        Parameters
        ----------
        probability : float
            Share of the draws that counts as the worst.
        """
        parts = [
            {"fund": name, "period": fund.periods, "probability": probability}
            | {
                key: expected_shortfall(fund.values(key), probability=probability)
                for key in ("balance", "payable_months")
            }
            for name, fund in self.funds.items()
        ]
        return pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)

    def by_year(self) -> pd.DataFrame:
        """Return income and spending of whole years, and balance and months payable at their ends.

        Returns
        -------
        DataFrame
            fund, year, variable, mean, q10, q50, q90 [yuan, months].
        """
        rows = []
        season = self.history.season
        for name, fund in self.funds.items():
            years = np.array([int(label[:4]) for label in fund.periods])
            for year in np.unique(years):
                inside = np.flatnonzero(years == year)
                if inside.size < season:
                    continue
                found = {key: fund.values(key)[:, inside].sum(axis=1) for key in ("income", "spending")}
                found |= {key: fund.values(key)[:, inside[-1]] for key in ("balance", "payable_months")}
                for key, values in found.items():
                    low, median, high = np.quantile(values, (0.1, 0.5, 0.9))
                    rows.append((name, int(year), key, float(values.mean()), low, median, high))
        return pd.DataFrame(rows, columns=["fund", "year", "variable", "mean", "q10", "q50", "q90"])

    def _repr_html_(self) -> str:
        made_up = " · made-up figures" if self.synthetic else ""
        head = f"<p><b>Fund forecast</b> · {self.region} · {self.origin} to {self.to} · {self.model}{made_up}</p>"
        return head + self.by_year().to_html(index=False, float_format="{:,.4g}".format)

    def __repr__(self) -> str:
        return f"FundForecast({self.region!r}, {self.origin} to {self.to}, {self.model!r}, {self.fingerprint[:12]})"


def forecast_fund(  # noqa: PLR0913  (one argument an option)
    region: str = "national",
    *,
    to: str | Quarter,
    until: str | Quarter | None = None,
    draws: int = 2000,
    seed: int = 1,
    model: str = "pooled",
    spec: FundSpec | None = None,
    models: Path | None = None,
    data: Path | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    kept: Path | None = None,
) -> FundForecast:
    """Draw joint futures of the funds of a region from its published figures.

    Quarters are forecast where January-to-month figures are published, years where only years are. What is not known
    of the history - months nobody published, revisions of provisional figures - is drawn, and every drawn history has
    its own share of the futures.

    Parameters
    ----------
    region : str
        Region id, such as ``national``.
    to : str or Quarter
        Last quarter; a fourth quarter where the region publishes years only.
    until : str or Quarter, optional
        Leave out figures of later quarters.
    draws : int
        Joint futures.
    seed : int
        Root seed.
    model : str
        Name of the model of the series, see :data:`actuary.forecast.face.MODELS`.
    spec : FundSpec, optional
        The declaration; models/forecast/fund.toml when left out.
    models, data : Path, optional
        Folders; those of the package when left out.
    threads : int, optional
        Threads to use.
    progress : callable, optional
        Called with the share that is done and the phase.
    kept : Path, optional
        Folder in which the drawn flows are kept by everything they rest on, so that the next call draws nothing; they
        are not kept when left out.

    Returns
    -------
    FundForecast
        Draws of income, spending and balance of every fund [yuan], with what they rest on.

    Raises
    ------
    UnknownNameError
        When there is no such region or model.
    PeriodError
        When the last period does not lie after the figures, or more than ten years after.
    ActuaryError
        When the region has too few figures.

    Examples
    --------
    >>> found = forecast_fund("national", to="2025Q2", draws=40, model="naive")
    >>> found.origin, sorted(found.funds)[:3], found.leading["employee"]
    ('2024Q4', ['all', 'all_pooled', 'employee'], 'employee_pooled')
    """
    check_options(model=model, horizon=1, draws=draws, seed=seed, threads=threads)
    spec = spec or load_fund_spec(models=models)
    count = min(spec.histories_sampled if is_sampled(model) else spec.histories, draws)
    history = fund_history(region, spec=spec, until=until, data=data, draws=count, seed=seed)
    last = Quarter.parse(to, where="to")
    horizon = _horizon(history, last)
    sizes = [draws // count + (k < draws % count) for k in range(count)]
    asked = {"region": region, "to": str(last), "until": str(until), "draws": draws, "seed": seed, "model": model}
    read = data_fingerprint(data)
    drawn = None
    if kept is not None:
        content = hashlib.sha256(np.ascontiguousarray(history.flows.to_numpy()).tobytes()).hexdigest()
        key = kept_key("fund", {**asked, "horizon": horizon, "history": content}, spec=spec, data=read)
        drawn = _load(kept / f"{key}.flows")
    if drawn is None:
        drawn = _draw(history, sizes, model=model, horizon=horizon, seed=seed, threads=threads, progress=progress)
        if kept is not None:
            _store(kept / f"{key}.flows", drawn)
    of_history = np.repeat(np.arange(count), sizes)
    labels = np.array(drawn.labels)
    coords = {"draw": np.arange(draws), "series": list(history.series), "period": labels}
    bottom = xr.DataArray(drawn.flows, dims=("draw", "series", "period"), coords=coords)
    divided = is_divided(history)
    past = history.flows.isel(draw=of_history).assign_coords(draw=np.arange(draws))
    if divided:
        bottom, past = divide_flows(history, bottom, past, spec, seed)
    parts = hierarchy_of(history, divided=divided)
    every, past = aggregate_draws(bottom, parts), aggregate_draws(past, parts)
    every.attrs["unit"] = "yuan"
    funds = roll_funds(history, every, past, divided=divided)
    return FundForecast(
        region=region,
        to=str(labels[-1]),
        model=model,
        seed=seed,
        history=history,
        draws=every,
        past=past,
        funds=funds,
        leading={
            scheme: name
            for scheme in history.schemes
            if (name := POOL if scheme == "employee" and divided else scheme) in funds
        },
        parts=parts,
        weights=drawn.weights,
        gate=drawn.gate,
        fingerprint=fingerprint({"asked": asked, "spec": spec.model_dump(mode="json"), "data": read}),
        data_fingerprint=read,
        models=models,
    )


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Hold what is drawn from the completed histories: flows [yuan], dims (draw, series, period), and what was said."""

    flows: FloatArray
    labels: tuple[str, ...]
    weights: pd.DataFrame | None
    gate: Gate | None


def _draw(
    history: FundHistory,
    sizes: Sequence[int],
    *,
    model: str,
    horizon: int,
    seed: int,
    threads: int | None,
    progress: Progress | None,
) -> _Drawn:
    tell = progress or (lambda _share, _phase: None)
    flows, weights, gates = [], [], []
    labels: tuple[str, ...] = ()
    for k, size in enumerate(sizes):
        tell(k / len(sizes), f"history {k + 1} of {len(sizes)}")
        one = forecast_history(
            history.panel(k),
            horizon=horizon,
            draws=max(size, 2),
            seed=named_seed(seed, f"forecast/fund/history/{k}"),
            model=model,
            threads=threads,
            progress=_part_of(tell, k, len(sizes)),
        )
        flat = one.flat()
        flows.append(flat.to_numpy()[:size])
        labels = tuple(str(label) for label in flat["period"].to_numpy())
        if one.gate is not None:
            gates.append(one.gate)
        if one.weights is not None:
            weights.append(one.weights)
    mean = (
        pd.concat(weights).groupby(["series", "voice"], sort=False)["weight"].mean().reset_index() if weights else None
    )
    return _Drawn(np.concatenate(flows), labels, mean, worst_gate(gates) if gates else None)


def _store(path: Path, drawn: _Drawn) -> None:
    head = {
        "labels": drawn.labels,
        "weights": None if drawn.weights is None else drawn.weights.to_dict("list"),
        "gate": None if drawn.gate is None else drawn.gate.to_frame().to_dict("records"),
    }
    store_kept(path, head, {"flows": drawn.flows})


def _load(path: Path) -> _Drawn | None:
    found = load_kept(path)
    if found is None:
        return None
    head, arrays = found
    weights, gate = head["weights"], head["gate"]
    return _Drawn(
        arrays["flows"],
        tuple(head["labels"]),
        None if weights is None else pd.DataFrame(weights),
        None if gate is None else Gate.from_records(gate),
    )


def _part_of(tell: Progress, number: int, count: int) -> Progress:
    """Return what tells the progress of one history as a part of all."""

    def show(share: float, phase: str) -> None:
        if phase:
            tell((number + share) / count, f"history {number + 1} of {count}: {phase}")

    return show


def _horizon(history: FundHistory, last: Quarter) -> int:
    season = SEASONS[history.freq]
    end = history.first + len(history.periods)
    wanted = last.year * 4 + last.number - 1 if season == 4 else last.year
    origin = history.periods[-1]
    if season == 1 and last.number != 4:
        expected = "a fourth quarter: the region publishes whole years"
        raise PeriodError(Problem("to", str(last), expected))
    horizon = wanted - end + 1
    if not 1 <= horizon <= 10 * season:
        raise PeriodError(Problem("to", str(last), f"after {origin}, the last figures, by ten years at most"))
    return horizon
