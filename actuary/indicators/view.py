"""One scheme of a projection under its base scenario, as plain series up to and after the report quarter."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from actuary.fund import STATUSES, VARIABLES, FundProjection
from actuary.fund.recalled import is_recalled
from actuary.indicators.fact_view import FactView
from actuary.indicators.reading import Reading
from actuary.periods import Quarter

__all__ = ["BASE_SCENARIO", "SchemeView", "divide"]

#: The scenario whose paths tell how long a fund lasts.
BASE_SCENARIO = "base"

_QUARTERS_A_YEAR = 4

type FloatArray = NDArray[np.float64]


def divide(top: FloatArray, bottom: FloatArray) -> FloatArray:
    """Return the quotient, missing where there is nothing to divide by.

    Examples
    --------
    >>> divide(np.array([1.0, 1.0]), np.array([2.0, 0.0])).tolist()
    [0.5, nan]
    """
    quotient = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    np.divide(top, bottom, out=quotient, where=bottom != 0)
    return quotient


class SchemeView:
    """Show one scheme of a projection as plain series.

    Parameters
    ----------
    projection : FundProjection
        The projection.
    scheme : str
        One of its schemes.
    """

    def __init__(self, projection: FundProjection, scheme: str) -> None:
        self.projection = projection
        self.scheme = scheme
        self.fund = projection.fund_prefix(scheme)
        self.scenario = BASE_SCENARIO if BASE_SCENARIO in projection.scenarios else projection.scenarios[0]
        self._paths = projection.paths.sel(scenario=self.scenario, scheme=scheme)
        self.quarters = [Quarter.parse(str(label)) for label in self._paths["quarter"].to_numpy()]
        self.report = projection.quarter - self.quarters[0]

    @cached_property
    def facts(self) -> FactView:
        """Published facts of the scheme up to the report quarter."""
        return self._facts(first=False)

    @cached_property
    def first_facts(self) -> FactView:
        """The same facts as they were first published."""
        return self._facts(first=True)

    def _facts(self, *, first: bool) -> FactView:
        return FactView(
            self.projection.facts,
            self.scheme,
            self.projection.quarter,
            first=first,
            province=self.projection.province_facts,
            nation=self.projection.national_facts,
        )

    @property
    def window(self) -> int:
        """The last quarter up to the report whose last four quarters of income and spending every scheme has.

        A year-end report reads each scheme on its own, and so does one of which a scheme is a year or more behind.
        """
        if self.projection.quarter.number == _QUARTERS_A_YEAR:
            return self.report
        known = [found for scheme in self.projection.schemes if (found := self._known_years(scheme)).any()]
        common = np.flatnonzero(np.logical_and.reduce(known)) if known else np.array([])
        own = np.flatnonzero(self._known_years(self.scheme))
        if not common.size or not own.size or own[-1] - common[-1] >= _QUARTERS_A_YEAR:
            return self.report
        return int(common[-1])

    def _known_years(self, scheme: str) -> NDArray[np.bool_]:
        fund = self.projection.fund_prefix(scheme)
        paths = self.projection.paths.sel(scenario=self.scenario, scheme=scheme).isel(quarter=slice(self.report + 1))
        flows = [paths[f"year_{fund}{flow}_yuan"].to_numpy() for flow in ("income", "expenditure")]
        return np.isfinite(flows).all(axis=0)

    def series(self, name: str) -> NDArray[np.float64]:
        """Return a variable by quarter, in its base unit."""
        values: NDArray[np.float64] = self._paths[name].to_numpy()
        return values

    def year_sum(self, name: str) -> NDArray[np.float64]:
        """Return the flow of the last four quarters, or of a calendar year that is not laid out by quarter [yuan]."""
        return self.series(f"year_{name}")

    def so_far(self, name: str) -> tuple[float, str]:
        """Return a flow from January to the report quarter, and how it is known; missing where a quarter is.

        Parameters
        ----------
        name : str
            A flow, such as ``expenditure_yuan``.
        """
        first = self.report + 1 - self.projection.quarter.number
        columns = range(max(first, 0), self.report + 1)
        total = self.series(name)[columns.start : columns.stop].sum()
        if first < 0 or "projection" in self._paths["phase"].to_numpy()[columns.start : columns.stop]:
            return float("nan"), "gap"
        found = [str(self._paths[VARIABLES[name].status].to_numpy()[one]) for one in columns]
        return float(total), max("derived", *found, key=STATUSES.index)

    def read(
        self,
        values: FloatArray,
        *names: str,
        span: bool = False,
        years: int = 1,
        divisor: FloatArray | None = None,
        what: tuple[str, str] = ("", ""),
    ) -> Reading:
        """Return the latest known value up to the report quarter.

        What belongs to four quarters is read where every scheme has them, see :attr:`window`. Where what it is divided
        by is known later than the value, and is nothing, there is no value: an older one would hide it.

        Parameters
        ----------
        values : array, shape (quarters,)
            The indicator by quarter.
        *names : str
            Variables it is computed from; the least known tells the status.
        span : bool
            Whether it belongs to the four quarters that end there, not to one.
        years : int
            How many years of `names` it is computed from, such as 2 for growth.
        divisor : array, shape (quarters,), optional
            What it is divided by.
        what : tuple of str
            The divisor in words, Chinese and English.
        """
        limit = self.window if span else self.report
        known = np.flatnonzero(np.isfinite(values[: limit + 1]))
        nothing = np.flatnonzero(divisor[: limit + 1] == 0) if divisor is not None else known[:0]
        if nothing.size and (not known.size or nothing[-1] > known[-1]):
            period = self._period(int(nothing[-1]), span=span)
            why = (f"{what[0]}为零，无法计算", f"there is no {what[1]} yet to divide by")
            return Reading(float("nan"), period, "gap", why_zh=why[0], why_en=why[1])
        if not known.size:
            return Reading(float("nan"), str(self.projection.quarter), "gap")
        column = int(known[-1])
        quarter = self.quarters[column]
        period = self._period(column, span=span)
        status = self._status(column, names, span=span)
        return Reading(float(values[column]), period, status, self._is_recalled(quarter, names, span=span, years=years))

    def _period(self, column: int, *, span: bool) -> str:
        quarter = self.quarters[column]
        if not span:
            return str(quarter)
        whole = quarter.number == _QUARTERS_A_YEAR
        return str(quarter.year) if whole else f"{quarter + (1 - _QUARTERS_A_YEAR)}-{quarter}"

    def _is_recalled(self, quarter: Quarter, names: tuple[str, ...], *, span: bool, years: int) -> bool:
        first = (quarter + (1 - _QUARTERS_A_YEAR)).year if span else quarter.year
        return any(
            is_recalled(self.projection.recalled, self.scheme, name, year, fund=self.fund)
            for name in names
            for year in range(first - years + 1, quarter.year + 1)
        )

    def _status(self, column: int, names: tuple[str, ...], *, span: bool) -> str:
        if self._paths["phase"].to_numpy()[column] == "projection":
            return "projected"
        if span and self.quarters[column].number == _QUARTERS_A_YEAR:
            # The four quarters of a year add up to what was published, however they were laid out.
            return "derived"
        first = column + 1 - _QUARTERS_A_YEAR if span else column
        columns = range(max(first, 0), column + 1)
        found = [str(self._paths[VARIABLES[name].status].to_numpy()[one]) for name in names for one in columns]
        return max(found, key=STATUSES.index)

    def years_until(self, happens: NDArray[np.bool_]) -> Reading:
        """Return how many years after the report quarter an event first happens; 0 when it is there already.

        Parameters
        ----------
        happens : array, shape (quarters,)
            Whether it holds at the end of each quarter.
        """
        horizon = str(self.projection.horizon)
        if self.scheme not in self.projection.projected_schemes or self.scenario != BASE_SCENARIO:
            return Reading(float("nan"), horizon, "gap")
        ahead = np.flatnonzero(happens[self.report :])
        if not ahead.size:
            return Reading(float("nan"), horizon, "beyond_horizon")
        column = self.report + int(ahead[0])
        known = self._paths["phase"].to_numpy()[column] == "history"
        status = "derived" if known else "projected"
        return Reading(int(ahead[0]) / _QUARTERS_A_YEAR, str(self.quarters[column]), status)
