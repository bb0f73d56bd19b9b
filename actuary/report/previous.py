"""What the report a year before forecast, what came, and the difference by step, closing to the yuan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from actuary.errors import ActuaryError
from actuary.report.paths_view import PathsView

__all__ = ["BalanceStep", "ExpectedFigure", "PreviousReport", "SchemeReconciliation", "compare_with_previous"]

_SCHEMES = ("employee", "resident")
_YEARS_BACK = 5
#: Few draws place a mean well enough, and the ends of an interval of four fifths.
_DRAWS = 300
#: Completed histories drawn; each is fitted by itself, which is what takes the time.
_HISTORIES = 6
_INTERVAL = (0.1, 0.9)
_FLOWS = {"income": "income", "expenditure": "spending"}


@dataclass(frozen=True, slots=True)
class BalanceStep:
    """Hold one step from the forecast balance to the one that came: ``start``, ``income``, ``expenditure``, ``other``.

    Parameters
    ----------
    item : str
        Which step.
    amount_yuan : int
        What it added to the balance [yuan].
    """

    item: str
    amount_yuan: int


@dataclass(frozen=True, slots=True)
class ExpectedFigure:
    """Hold a figure as it was forecast, with the ends of its interval, and as it came [yuan].

    Parameters
    ----------
    name : str
        ``income``, ``expenditure`` or ``balance_end``.
    forecast, low, high : float
        Mean of the draws, and the ends of the interval that holds four fifths of them [yuan].
    came : float
        What was published [yuan].
    before : float or None
        The flow of the year before [yuan]; None for a balance.
    """

    name: str
    forecast: float
    low: float
    high: float
    came: float
    before: float | None = None


@dataclass(frozen=True, slots=True)
class SchemeReconciliation:
    """Hold the reconciliation of one scheme.

    Parameters
    ----------
    scheme : str
        The scheme.
    year : int
        The year that was forecast and has come.
    figures : tuple of ExpectedFigure
        Forecast and outcome.
    forecast_yuan, came_yuan : int
        Balance at the end of the year [yuan].
    steps : tuple of BalanceStep
        From the one to the other: they add up exactly.
    """

    scheme: str
    year: int
    figures: tuple[ExpectedFigure, ...]
    forecast_yuan: int
    came_yuan: int
    steps: tuple[BalanceStep, ...]


@dataclass(frozen=True, slots=True)
class PreviousReport:
    """Hold the comparison with the report a year before.

    Parameters
    ----------
    year : int
        The year that has come; the report compared with stood at the end of the year before.
    schemes : mapping
        Scheme to its reconciliation; empty where too little was published then to forecast from.
    """

    year: int
    schemes: Mapping[str, SchemeReconciliation] = field(default_factory=dict)


def compare_with_previous(
    projection: Any, evidence: Any, *, models: Path | None = None, data: Path | None = None
) -> PreviousReport | None:
    """Forecast the last year from the figures up to the year-end before it, and part the difference from what came.

    Only annual figures close a year, so the report compared with is the one at the year-end before: what a quarter
    between the two said rests on the same balance.

    Parameters
    ----------
    projection : FundProjection
        The projection of this report; its history is what came.
    evidence : ForecastEvidence
        Whether forecasts of this region may be shown.
    models, data : Path, optional
        Folders; those of the package when left out.

    Returns
    -------
    PreviousReport or None
        None where this report forecasts nothing, so that there is nothing to compare.
    """
    from actuary.tables import data_fingerprint  # noqa: PLC0415

    if evidence is None or evidence.forecast is None:
        return None
    view = PathsView(projection.paths, projection.quarter)
    last = projection.quarter.year if projection.quarter.number == 4 else projection.quarter.year - 1
    told = {year: _told(view, year) for year in range(last, last - _YEARS_BACK, -1)}
    year = next((year for year, schemes in told.items() if schemes), None)
    if year is None:
        return None
    forecast = _forecast(projection.region, year, evidence.model, models, data, data_fingerprint(data))
    if forecast is None:
        return PreviousReport(year)
    found = {scheme: _reconcile(view, forecast, scheme, year) for scheme in told[year] if scheme in forecast.leading}
    return PreviousReport(year, found)


def _told(view: PathsView, year: int) -> list[str]:
    """Return the schemes whose balance and flows of a year are known, and the balance before it."""
    found = []
    for scheme in _SCHEMES:
        fund = view.fund_prefix(scheme)
        wanted = [(f"{fund}{name}_yuan", year) for name in ("income", "expenditure", "balance_end")]
        wanted += [(f"{fund}{name}_yuan", year - 1) for name in ("income", "expenditure", "balance_end")]
        known = all(view.year(name, scheme, one) is not None for name, one in wanted)
        if known and view.year_status(wanted[0][0], scheme, year) != "projected":
            found.append(scheme)
    return found


@lru_cache(maxsize=8)
def _forecast(region: str, year: int, model: str, models: Path | None, data: Path | None, _fingerprint: str) -> Any:
    from actuary.forecast.fund_forecast import forecast_fund  # noqa: PLC0415
    from actuary.forecast.fund_spec import load_fund_spec  # noqa: PLC0415
    from actuary.forecast.posterior_cache import cache_folder  # noqa: PLC0415

    spec = load_fund_spec(models=models).model_copy(update={"histories": _HISTORIES})
    try:
        return forecast_fund(
            region,
            to=f"{year}Q4",
            until=f"{year - 1}Q4",
            draws=_DRAWS,
            model=model,
            spec=spec,
            models=models,
            data=data,
            kept=cache_folder(),
        )
    except ActuaryError:
        return None


def _reconcile(view: PathsView, forecast: Any, scheme: str, year: int) -> SchemeReconciliation:
    name = forecast.leading[scheme]
    fund = view.fund_prefix(scheme)
    if scheme == "employee":
        fund = "pooled_" if name.endswith("_pooled") else ""
    draws = forecast.funds[name]

    def came(variable: str, when: int) -> float:
        return view.year(f"{fund}{variable}_yuan", scheme, when) or 0.0

    figures = []
    for flow, drawn in _FLOWS.items():
        figures.append(_expected(flow, draws.values(drawn).sum(axis=1), came(flow, year), came(flow, year - 1)))
    balance = _expected("balance_end", draws.values("balance")[:, -1], came("balance_end", year), None)
    figures.append(balance)
    amounts = {one.name: (round(one.forecast), round(one.came)) for one in figures}
    ends = amounts["balance_end"]
    starts = (ends[0] - amounts["income"][0] + amounts["expenditure"][0], round(came("balance_end", year - 1)))
    steps = [
        BalanceStep("start", starts[1] - starts[0]),
        BalanceStep("income", amounts["income"][1] - amounts["income"][0]),
        BalanceStep("expenditure", amounts["expenditure"][0] - amounts["expenditure"][1]),
    ]
    # What a balance moved beside income and spending: transfers between pool and accounts, late bookings.
    steps.append(BalanceStep("other", ends[1] - ends[0] - sum(step.amount_yuan for step in steps)))
    return SchemeReconciliation(scheme, year, tuple(figures), ends[0], ends[1], tuple(steps))


def _expected(name: str, draws: Any, came: float, before: float | None) -> ExpectedFigure:
    low, high = np.quantile(draws, _INTERVAL)
    return ExpectedFigure(name, float(np.mean(draws)), float(low), float(high), came, before)
