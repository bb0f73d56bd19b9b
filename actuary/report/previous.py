"""What earlier reports expected, what came or is expected now, and the difference by step, closing to the yuan.

Three earlier reports are compared: one that is given, else the one of the quarter before, forecast again from what was
published up to then; and the one at the year-end before, which knew nothing of the year.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from actuary.errors import ActuaryError
from actuary.periods import Quarter
from actuary.report.expectations import YearExpectation, expected_years
from actuary.report.paths_view import PathsView

__all__ = ["BalanceStep", "ExpectedFigure", "PreviousReport", "SchemeReconciliation", "compare_with_previous"]

_SCHEMES = ("employee", "resident")
_FLOWS = ("income", "expenditure")
_YEARS_BACK = 5
#: Few draws place a mean well enough, and the ends of an interval of four fifths.
_DRAWS = 300
#: Completed histories drawn; each is fitted by itself, which is what takes the time.
_HISTORIES = 6
_YEAR_END = 4


@dataclass(frozen=True, slots=True)
class BalanceStep:
    """Hold one step from the balance expected to the one that came: ``start``, ``income``, ``expenditure``, ``other``.

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
    """Hold a figure as it was expected, with the ends of its interval, and as it came [yuan].

    Parameters
    ----------
    name : str
        ``income``, ``expenditure`` or ``balance_end``.
    forecast, low, high : float
        Mean of the draws, and the ends of the interval that holds four fifths of them [yuan].
    came : float
        What was published, or is expected now [yuan].
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
        The year that was forecast.
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
    """Hold the comparison with one earlier report.

    Parameters
    ----------
    year : int
        The year compared.
    schemes : mapping
        Scheme to its reconciliation; empty where too little was published then to forecast from.
    kind : str
        ``given``, ``quarter`` or ``year_end``: which earlier report.
    quarter : str
        Its quarter.
    settled : bool
        Whether the year has come; else what is expected now is compared.
    """

    year: int
    schemes: Mapping[str, SchemeReconciliation] = field(default_factory=dict)
    kind: str = "year_end"
    quarter: str = ""
    settled: bool = True


def compare_with_previous(
    projection: Any,
    evidence: Any,
    *,
    given: tuple[str, Sequence[YearExpectation]] | None = None,
    models: Path | None = None,
    data: Path | None = None,
) -> tuple[PreviousReport, ...] | None:
    """Compare what earlier reports expected with what came, or with what is expected now.

    Parameters
    ----------
    projection : FundProjection
        The projection of this report; its history is what came.
    evidence : ForecastEvidence
        Whether forecasts of this region may be shown, and what is expected now.
    given : tuple of (str, sequence of YearExpectation), optional
        Quarter of an earlier report that the user names, and what it expected.
    models, data : Path, optional
        Folders; those of the package when left out.

    Returns
    -------
    tuple of PreviousReport, or None
        The last one is that of the year-end before; one that knew what this or a later one of them knew is left out.
        None where this report forecasts nothing, so that there is nothing to compare.
    """
    if evidence is None or evidence.forecast is None:
        return None
    view = PathsView(projection.paths, projection.quarter)
    quarter: Quarter = projection.quarter
    last = quarter.year if quarter.number == _YEAR_END else quarter.year - 1
    told = {year: _told(view, year) for year in range(last, last - _YEARS_BACK, -1)}
    year = next((one for one, schemes in told.items() if schemes), None)
    if year is None:
        return None
    desk = _Desk(projection, view, evidence, models, data)
    found: list[PreviousReport] = []
    of_year_end, origin = desk.expected(Quarter(year - 1, _YEAR_END), year)
    if given is not None:
        found.append(desk.compare("given", given[0], given[1], told))
    else:
        before = quarter + -1
        # Before the end of a year it is about that year; after it, about the next.
        wanted = before.year + (before.number == _YEAR_END)
        expected, known = desk.expected(before, wanted)
        own = getattr(evidence.forecast, "origin", "")
        if expected and known not in {origin if wanted == year else "", own}:
            found.append(desk.compare("quarter", str(before), expected, told))
    found.append(desk.compare("year_end", str(Quarter(year - 1, _YEAR_END)), of_year_end, told, year=year))
    return tuple(found)


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


@lru_cache(maxsize=16)
def _forecast(
    region: str, year: int, until: str, model: str, models: Path | None, data: Path | None, _fingerprint: str
) -> Any:
    from actuary.forecast.fund_forecast import forecast_fund  # noqa: PLC0415
    from actuary.forecast.fund_spec import load_fund_spec  # noqa: PLC0415
    from actuary.forecast.posterior_cache import cache_folder  # noqa: PLC0415

    spec = load_fund_spec(models=models).model_copy(update={"histories": _HISTORIES})
    try:
        return forecast_fund(
            region,
            to=f"{year}Q4",
            until=until,
            draws=_DRAWS,
            model=model,
            spec=spec,
            models=models,
            data=data,
            kept=cache_folder(),
        )
    except ActuaryError:
        return None


@dataclass(frozen=True, eq=False)
class _Desk:
    """Hold what earlier reports are compared with."""

    projection: Any
    view: PathsView
    evidence: Any
    models: Path | None
    data: Path | None

    def expected(self, until: Quarter, year: int) -> tuple[tuple[YearExpectation, ...], str]:
        """Return what a report of an earlier quarter expected of a year, forecast again, and what it knew last."""
        from actuary.tables import data_fingerprint  # noqa: PLC0415

        region, model = str(self.projection.region), str(self.evidence.model)
        read = data_fingerprint(self.data)
        forecast = _forecast(region, year, str(until), model, self.models, self.data, read)
        if forecast is None:
            return (), ""
        return expected_years(forecast, opening=self._first_opening, years=(year,)), forecast.origin

    def _first_opening(self, scheme: str, fund: str, year: int) -> float | None:
        """Return the balance before a year as it was first published: a report of that year had no later one."""
        found = self.projection.facts.first_figures.rows().get((scheme, f"{fund}balance_end", year - 1))
        return self._opening(scheme, fund, year) if found is None else float(found.value)

    def _opening(self, scheme: str, fund: str, year: int) -> float | None:
        name = f"{fund}balance_end_yuan"
        known = self.view.year_status(name, scheme, year - 1) not in {"projected", "gap"}
        return self.view.year(name, scheme, year - 1) if known else None

    def compare(
        self,
        kind: str,
        quarter: str,
        expected: Sequence[YearExpectation],
        told: Mapping[int, list[str]],
        *,
        year: int | None = None,
    ) -> PreviousReport:
        """Compare a year that came, the last one; where none has come since, the first that is expected now too."""
        came = [one.year for one in expected if one.scheme in told.get(one.year, [])]
        if year is None and came:
            year = max(came)
        if year is not None:
            pairs = [(one, self._came(one)) for one in expected if one.year == year and one.scheme in told[year]]
            return PreviousReport(year, _reconciled(pairs), kind, quarter)
        now = expected_years(self.evidence.forecast, opening=self._opening)
        both = {(one.scheme, one.fund, one.year): one for one in now}
        shared = sorted({one.year for one in expected if (one.scheme, one.fund, one.year) in both})
        if not shared:
            return PreviousReport(max((one.year for one in expected), default=0), {}, kind, quarter, settled=False)
        pairs = [(one, both[key]) for one in expected
                 if one.year == shared[0] and (key := (one.scheme, one.fund, one.year)) in both]  # fmt: skip
        return PreviousReport(shared[0], _reconciled(pairs), kind, quarter, settled=False)

    def _came(self, expected: YearExpectation) -> YearExpectation:
        """Return the year as it was published."""

        def figure(variable: str, when: int) -> float:
            return self.view.year(f"{expected.prefix}{variable}_yuan", expected.scheme, when) or 0.0

        year = expected.year
        flows = {name: (figure(name, year),) * 3 for name in (*_FLOWS, "balance_end")}
        before = {name: figure(name, year - 1) for name in _FLOWS}
        return YearExpectation(
            expected.scheme, expected.fund, year, figure("balance_end", year - 1), flows, before=before
        )


def _reconciled(pairs: Sequence[tuple[YearExpectation, YearExpectation]]) -> dict[str, SchemeReconciliation]:
    return {then.scheme: _reconcile(then, now) for then, now in pairs}


def _reconcile(then: YearExpectation, now: YearExpectation) -> SchemeReconciliation:
    """Part the difference of the balances: the opening, the flows, and what balances moved beside them."""
    figures = tuple(
        ExpectedFigure(name, *then.figures[name], now.figures[name][0], now.before.get(name))
        for name in (*_FLOWS, "balance_end")
    )
    amounts = {one.name: (round(one.forecast), round(one.came)) for one in figures}
    ends = amounts["balance_end"]
    steps = [
        BalanceStep("start", round(now.opening_yuan) - round(then.opening_yuan)),
        BalanceStep("income", amounts["income"][1] - amounts["income"][0]),
        BalanceStep("expenditure", amounts["expenditure"][0] - amounts["expenditure"][1]),
    ]
    # What a balance moved beside income and spending: transfers between pool and accounts, late bookings.
    steps.append(BalanceStep("other", ends[1] - ends[0] - int(np.sum([step.amount_yuan for step in steps]))))
    return SchemeReconciliation(then.scheme, then.year, figures, ends[0], ends[1], tuple(steps))
