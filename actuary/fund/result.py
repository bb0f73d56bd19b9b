"""The result of a projection: its paths, what they rest on, and how to look at them."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from actuary.errors import UnknownNameError, unknown_name
from actuary.fund.annual import annual_table, quarter_table
from actuary.fund.assembly import balance_residuals
from actuary.fund.fact_book import FactBook
from actuary.fund.milestones import fund_of
from actuary.fund.missing import MissingInput, Note
from actuary.fund.recalled import RecalledKeys
from actuary.periods import Quarter
from actuary.policy import Region
from actuary.units import convert

__all__ = ["FundProjection"]

_SUMMARY_YEARS_BEFORE = 2
_TEN_THOUSAND_PERSONS = convert(1, "10k_persons")
_HUNDRED_MILLION_YUAN = convert(1, "100m_yuan")


@dataclass(frozen=True, eq=False, repr=False)
class FundProjection:
    """Hold history and projection of the funds of a region.

    Parameters
    ----------
    region : str
        Region id.
    quarter : Quarter
        The report quarter: nothing later is known.
    horizon : Quarter
        Last projected quarter.
    basis : str
        Assumption basis.
    scenarios : tuple of str
        Scenarios, the base first.
    paths : Dataset, dims (scenario, scheme, quarter)
        Every variable of :data:`actuary.fund.VARIABLES` with attrs ``unit``, ``kind`` and ``status`` (the name of the
        status variable), status variables, and coordinates ``phase`` and ``months_basis``.
    missing : tuple of MissingInput
        What could not be projected, for want of what.
    notes : tuple of Note
        What a reader should know of how the figures came about.
    differences : DataFrame
        Where published figures do not obey an identity: scheme, indicator, year, published, implied (what the other
        published figures add up to), difference, kept (``published`` or ``implied``), unit, identity.
    conflicts : DataFrame
        Several published values for one fact, side by side, with the confidence of both; `recent` tells those of the
        last three years up to the report quarter.
    calibration : DataFrame
        Levels of the base year: scenario, scheme, year, name, value, unit.
    milestones : DataFrame
        Turning points, see :func:`actuary.fund.milestones.find_milestones`.
    fingerprint, data_fingerprint : str
        Hash of everything resolved, and of the data.
    synthetic : bool
        Whether any figure was made up.
    place : Region
        What is declared of the region itself.
    national_ratios : mapping
        ``year -> active per retired member`` of the nation at the year-end, up to the report quarter; empty for the
        nation itself.
    revisions : DataFrame
        What the total of a year was revised by since its monthly series was published: scheme, indicator, year,
        provisional, final, revision (final less provisional), unit, booked_in (the quarter that holds it; empty where
        the year is not laid out by quarter).
    recalled : frozenset
        Scheme, indicator and year of every figure that was recalled, or follows from one that was.
    published_balances : mapping
        ``(scheme, indicator, year) -> current balance`` as it was published [yuan].
    facts : FactBook
        Every published row of the region that may be drawn on.
    province_facts : FactBook
        The same of the province it lies in; empty where there is none, or nothing is published of it.
    national_facts : FactBook
        The same of the nation; empty for the nation itself.

    Examples
    --------
    >>> from actuary import project_city
    >>> projection = project_city("national", "2024Q4", scenarios="adverse")
    >>> projection.scenarios, projection.schemes
    (('base', 'adverse'), ('all', 'employee', 'resident'))
    >>> projection.paths["payable_months"].dims, projection.paths["payable_months"].attrs["unit"]
    (('scenario', 'scheme', 'quarter'), 'months')
    """

    region: str
    quarter: Quarter
    horizon: Quarter
    basis: str
    scenarios: tuple[str, ...]
    paths: xr.Dataset
    missing: tuple[MissingInput, ...]
    notes: tuple[Note, ...]
    differences: pd.DataFrame
    conflicts: pd.DataFrame
    calibration: pd.DataFrame
    milestones: pd.DataFrame
    fingerprint: str
    data_fingerprint: str
    synthetic: bool
    place: Region
    national_ratios: Mapping[int, float] = field(default_factory=dict)
    revisions: pd.DataFrame = field(default_factory=pd.DataFrame)
    recalled: RecalledKeys = frozenset()
    published_balances: Mapping[tuple[str, str, int], float] = field(default_factory=dict)
    facts: FactBook = field(default_factory=FactBook)
    province_facts: FactBook = field(default_factory=FactBook)
    national_facts: FactBook = field(default_factory=FactBook)

    @property
    def region_kind(self) -> str:
        """Kind of the region: nation, province, city, county or panel."""
        return self.place.kind

    def region_name(self, lang: str = "zh") -> str:
        """Return the name of the region, ``zh`` or ``en``."""
        return self.place.name(lang)

    @property
    def schemes(self) -> tuple[str, ...]:
        """Schemes: employees and residents always, all together where figures of them are published."""
        return tuple(str(name) for name in self.paths["scheme"].to_numpy())

    @property
    def projected_schemes(self) -> tuple[str, ...]:
        """Schemes that are projected to the horizon."""
        last = self.paths["balance_end_yuan"].isel(quarter=-1, scenario=0)
        return tuple(str(name) for name in last["scheme"].to_numpy()[np.isfinite(last.to_numpy())])

    def valuation_quarter(self, scheme: str) -> Quarter | None:
        """Return the last quarter of a scheme's history when it is projected from there, else None.

        Raises
        ------
        UnknownNameError
            When the projection has no such scheme.
        """
        self._check(scheme)
        if scheme not in self.projected_schemes:
            return None
        history = self.paths["phase"].sel(scheme=scheme).to_numpy() == "history"
        return Quarter.parse(str(self.paths["quarter"].to_numpy()[history][-1]))

    def fund_prefix(self, scheme: str) -> str:
        """Return ``"pooled_"`` where a scheme is judged on its pool, ``""`` where on its undivided fund."""
        self._check(scheme)
        return fund_of(str(self.paths["months_basis"].sel(scheme=scheme).item()))

    def annual(self, scheme: str | None = None) -> pd.DataFrame:
        """Return one row for each scenario, scheme and year; see :func:`actuary.fund.annual.annual_table`.

        Parameters
        ----------
        scheme : str, optional
            One scheme; all of them when left out.

        Raises
        ------
        UnknownNameError
            When the projection has no such scheme.
        """
        if scheme is not None:
            self._check(scheme)
        return annual_table(
            self.paths,
            schemes=self.schemes if scheme is None else (scheme,),
            recalled=self.recalled,
            published=self.published_balances,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each scenario, scheme and quarter, with every variable and status."""
        return quarter_table(self.paths, schemes=self.schemes)

    def residuals(self) -> xr.Dataset:
        """Return what is left of each identity, zero to rounding; see :func:`balance_residuals`."""
        return balance_residuals(self.paths)

    def summary(self) -> pd.DataFrame:
        """Return the years around and after the report quarter under the first scenario, for reading.

        Returns
        -------
        DataFrame
            Columns scheme, year, phase, and figures with their unit in the column name, money in 100m_yuan (亿元) and
            people in 10k_persons (万人). Columns of the pool are empty where the fund is not divided.
        """
        frame = self.annual()
        first = self.quarter.year - _SUMMARY_YEARS_BEFORE
        chosen = frame[(frame["scenario"] == self.scenarios[0]) & (frame["year"] >= first)].reset_index(drop=True)
        pooled = np.array([self.fund_prefix(scheme) == "pooled_" for scheme in chosen["scheme"]], dtype=bool)
        shown = chosen[["scheme", "year", "phase"]].copy()
        shown["enrolled [10k_persons]"] = chosen["enrolled_persons"] / _TEN_THOUSAND_PERSONS
        shown["active per retired [ratio]"] = chosen["dependency_ratio"]
        for name, label in (
            ("income", "income"),
            ("expenditure", "spending"),
            ("current_balance", "current balance"),
            ("balance_end", "balance at year-end"),
        ):
            shown[f"{label} [100m_yuan]"] = chosen[f"{name}_yuan"] / _HUNDRED_MILLION_YUAN
            shown[f"pool {label} [100m_yuan]"] = (chosen[f"pooled_{name}_yuan"] / _HUNDRED_MILLION_YUAN).where(pooled)
        shown["payable [months]"] = chosen["payable_months"]
        return shown

    def _check(self, scheme: str) -> None:
        if scheme not in self.schemes:
            raise UnknownNameError(unknown_name("scheme", scheme, self.schemes, what="scheme"))

    def __repr__(self) -> str:
        projected = ", ".join(self.projected_schemes) or "nothing"
        return (
            f"<FundProjection of {self.region}: figures to {self.quarter}, {projected} projected to {self.horizon} "
            f"under {', '.join(self.scenarios)} on basis {self.basis}>"
        )

    def _repr_html_(self) -> str:
        head = (
            f"<p><b>{html.escape(self.region)}</b>: figures to {self.quarter}, projected to {self.horizon}, basis "
            f"{html.escape(self.basis)}, scenarios {html.escape(', '.join(self.scenarios))}<br>"
            f"<small>fingerprint {self.fingerprint[:12]}{', made-up data' if self.synthetic else ''}</small></p>"
        )
        table = self.summary().to_html(index=False, float_format=lambda value: f"{value:,.2f}", na_rep="")
        gaps = "".join(f"<li>{html.escape(one.what_zh)} / {html.escape(one.what_en)}</li>" for one in self.missing)
        return head + table + (f"<p>Not projected:</p><ul>{gaps}</ul>" if gaps else "")
