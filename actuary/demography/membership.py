"""Members of the schemes from people: stocks and flows by status, quarter by quarter."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from actuary.demography.membership_quarters import QuarterMembers, quarter_members
from actuary.demography.membership_rules import SEXES, MembershipRules
from actuary.demography.membership_setup import (
    age_bounds,
    members_below_zero,
    membership_years,
    one_year_older,
    people_at,
    quarter_span,
)
from actuary.demography.membership_start import FirstMembers, first_members
from actuary.demography.membership_steps import CAUSES, YearFlows, advance_year, year_coefficients
from actuary.demography.population import PopulationProjection
from actuary.demography.statuses import CONTRIBUTING, STATUS_NAMES, STATUSES
from actuary.errors import DeclarationError, PeriodError, Problem, raise_all
from actuary.periods import Quarter
from actuary.policy import fingerprint
from actuary.units import convert

if TYPE_CHECKING:
    from actuary.demography.ratio_causes import RuleEffects

__all__ = ["Membership", "project_membership"]

type FloatArray = NDArray[np.float64]

_TEN_THOUSAND = convert(1, "10k_persons")


@dataclass(frozen=True, eq=False, repr=False)
class Membership:
    """Hold the members of the schemes of a region.

    Parameters
    ----------
    region : str
        Region id.
    stocks : DataArray, dims (status, sex, age, quarter)
        Members at each quarter-end by age at the last birthday [persons]; the first is the opening.
    flows : Dataset, dims (status, quarter)
        For each cause the change of each status in each quarter [persons]; opening plus all flows is closing.
    calibration : DataFrame
        How the first members were scaled: total, curve, unscaled, published, factor (on the odds).
    rules : MembershipRules
        The rules.
    population : PopulationProjection
        The people.
    """

    region: str
    stocks: xr.DataArray
    flows: xr.Dataset
    calibration: pd.DataFrame
    rules: MembershipRules = field(repr=False)
    population: PopulationProjection = field(repr=False)

    @property
    def quarters(self) -> tuple[Quarter, ...]:
        """The quarters, the opening first."""
        return tuple(Quarter.parse(str(label)) for label in self.stocks["quarter"].to_numpy())

    @property
    def synthetic(self) -> bool:
        """Whether the people were made up."""
        return bool(self.population.inputs.synthetic)

    @property
    def fingerprint(self) -> str:
        """Hash of the people and the rules, which decide everything."""
        return fingerprint({"population": self.population.fingerprint, "rules": self.rules.fingerprint})

    def by_status(self) -> xr.DataArray:
        """Return all ages and both sexes together, dims (status, quarter) [persons]."""
        return self.stocks.sum(("sex", "age")).assign_attrs(self.stocks.attrs)

    def year_ends(self) -> xr.DataArray:
        """Return the members on 31 December, dims (status, sex, age, year) [persons]."""
        labels = self.stocks["quarter"].to_numpy()
        last = [position for position, label in enumerate(labels) if str(label).endswith("Q4")]
        chosen = self.stocks.isel(quarter=last).rename(quarter="year")
        return chosen.assign_coords(year=[int(str(labels[position])[:4]) for position in last])

    def contributing(self) -> xr.DataArray:
        """Return active members, flexible ones included, dims (quarter) [persons]."""
        return self.by_status().sel(status=list(CONTRIBUTING)).sum("status")

    def retired(self) -> xr.DataArray:
        """Return retired members, dims (quarter) [persons]."""
        return self.by_status().sel(status="employee_retired", drop=True)

    def dependency_ratio(self, quarter: Quarter | str | None = None) -> xr.DataArray | float:
        """Return active per retired member (职退比).

        Parameters
        ----------
        quarter : Quarter or str, optional
            One quarter; every quarter when left out.

        Returns
        -------
        float, or DataArray with dims (quarter)
            Missing where nobody is retired [ratio].

        Raises
        ------
        PeriodError
            When the quarter is not projected.
        """
        retired = self.retired()
        ratio = (self.contributing() / retired.where(retired > 0)).rename("dependency_ratio")
        ratio = ratio.assign_attrs(unit="ratio")
        return ratio if quarter is None else float(ratio.sel(quarter=self.label(quarter)))

    def yearly_ratio(self) -> xr.DataArray:
        """Return active per retired member on 31 December, dims (year) [ratio]."""
        ends = self.year_ends().sum(("sex", "age"))
        retired = ends.sel(status="employee_retired", drop=True)
        ratio = ends.sel(status=list(CONTRIBUTING)).sum("status") / retired.where(retired > 0)
        return ratio.rename("dependency_ratio").assign_attrs(unit="ratio")

    def residuals(self) -> xr.DataArray:
        """Return closing less opening less all flows, dims (status, quarter): zero to rounding [persons]."""
        totals = self.by_status()
        change = totals.diff("quarter")
        return change - self.flows.to_dataarray("cause").sum("cause").transpose("status", "quarter")

    def decompose_ratio(self, first: Quarter | str | None = None, last: Quarter | str | None = None) -> pd.DataFrame:
        """Return why the ratio changed between two quarters; see :func:`actuary.demography.ratio_causes`.

        Parameters
        ----------
        first, last : Quarter or str, optional
            Two quarter-ends; the opening and the last when left out.
        """
        from actuary.demography.ratio_causes import decompose_ratio  # noqa: PLC0415 (it reads this module)

        return decompose_ratio(self, first=first, last=last)

    def rule_effects(self, quarter: Quarter | str | None = None) -> RuleEffects:
        """Return what each rule does to the ratio; see :func:`actuary.demography.ratio_causes.rule_effects`.

        Parameters
        ----------
        quarter : Quarter or str, optional
            The quarter at which the ratio is compared; the last when left out.
        """
        from actuary.demography.ratio_causes import rule_effects  # noqa: PLC0415 (it reads this module)

        return rule_effects(self.population, self.rules, quarter=quarter or self.quarters[-1])

    def label(self, quarter: Quarter | str) -> str:
        """Return the label of a quarter that is projected.

        Raises
        ------
        PeriodError
            When it is not.
        """
        wanted = Quarter.parse(quarter)
        if not self.quarters[0] <= wanted <= self.quarters[-1]:
            raise PeriodError(
                Problem("quarter", str(wanted), f"a quarter from {self.quarters[0]} to {self.quarters[-1]}")
            )
        return str(wanted)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each quarter and status: quarter, status, persons, and the flow of every cause."""
        stocks = self.by_status().to_series().rename("persons")
        flows = self.flows.to_dataframe().reindex(stocks.index)
        frame = pd.concat([stocks, flows[list(self.flows.data_vars)]], axis=1).reset_index()
        order = {name: number for number, name in enumerate(STATUS_NAMES)}
        frame = frame.sort_values(
            ["quarter", "status"], key=lambda held: held.map(order) if held.name == "status" else held
        )
        return frame[["quarter", "status", "persons", *self.flows.data_vars]].reset_index(drop=True)

    def summary(self, years: Iterable[int] | None = None) -> pd.DataFrame:
        """Return year-ends for reading, people in 10k_persons (万人).

        Parameters
        ----------
        years : iterable of int, optional
            Years; the first six and then every fifth when left out.
        """
        ends = self.year_ends().sum(("sex", "age"))
        held = [int(year) for year in ends["year"].to_numpy()]
        wanted = set(years) if years is not None else {y for y in held if y <= held[0] + 5 or y % 5 == 0}
        chosen = [year for year in held if year in wanted]
        frame = pd.DataFrame({"year": chosen})
        for name in STATUS_NAMES:
            frame[f"{name} [10k_persons]"] = ends.sel(status=name, year=chosen).to_numpy() / _TEN_THOUSAND
        frame["active per retired [ratio]"] = self.yearly_ratio().sel(year=chosen).to_numpy()
        return frame

    def __repr__(self) -> str:
        first, last = self.quarters[0], self.quarters[-1]
        return (
            f"<Membership of {self.region}, {first} to {last}: active per retired "
            f"{self.dependency_ratio(first):.2f} to {self.dependency_ratio(last):.2f}, {self.rules.variant}>"
        )

    def _repr_html_(self) -> str:
        names = {f"{status.name} [10k_persons]": f"{status.zh} {status.en} [10k_persons]" for status in STATUSES}
        table = self.summary().rename(columns=names)
        head = (
            f"<p><b>{html.escape(self.region)}</b>: members {self.quarters[0]} to {self.quarters[-1]}, retirement "
            f"{html.escape(self.rules.variant)}<br><small>fingerprint {self.fingerprint[:12]}"
            f"{', made-up data' if self.synthetic else ''}</small></p>"
        )
        return head + str(table.to_html(index=False, float_format=lambda value: f"{value:,.2f}", na_rep=""))


def project_membership(
    population: PopulationProjection,
    rules: MembershipRules,
    *,
    quarters: Iterable[Quarter | str] | None = None,
) -> Membership:
    """Project the members of the schemes from the people.

    On 31 December of the year of the published totals (without totals: on the day the population starts) the people
    are divided among the statuses by the declared curves, scaled to the totals. From there every cohort is carried
    year by year: it dies, moves, joins, lapses and retires by the rules. Within a year births, deaths, migration,
    entries and lapses are even over its quarters; retirements lie in the quarters of their months.

    Parameters
    ----------
    population : PopulationProjection
        People by sex and single age.
    rules : MembershipRules
        Rules, see :func:`actuary.demography.membership_rules.load_membership_rules`.
    quarters : iterable of Quarter or str, optional
        Quarters to return, from the first to the last of them; all when left out.

    Returns
    -------
    Membership
        Stocks at quarter-ends and flows by cause.

    Raises
    ------
    DeclarationError
        When ages are missing, totals are more than the people, or a rule does not reach the last year; all at once.
    PeriodError
        When a quarter lies outside the population.

    Examples
    --------
    >>> from actuary.demography.membership_rules import load_membership_rules, membership_anchors
    >>> from actuary.demography.population import project_population
    >>> from actuary.demography.population_sources import load_population
    >>> people = project_population(load_population("national"))
    >>> rules = load_membership_rules("national", anchors=membership_anchors("national", 2024))
    >>> members = project_membership(people, rules, quarters=["2024Q4", "2030Q4"])
    >>> round(members.dependency_ratio("2024Q4"), 2), members.dependency_ratio("2030Q4") < 2.6
    (2.63, True)
    >>> bool(abs(members.residuals()).max() < 1e-3)
    True
    """
    start, last = membership_years(population, rules)
    first, final = quarter_span(quarters, start=start, last=last)
    years = np.arange(start + 1, final.year + 1)
    ages = np.asarray(population.inputs.ages)
    people = people_at(population, start)
    opening = first_members(rules, people, year=start, ages=ages)
    coefficients = year_coefficients(rules, years=years, ages=ages, opening=opening)
    members = opening.shares * people
    openings: list[FloatArray] = []
    flows: list[YearFlows] = []
    births = population.births.sel(year=years).transpose("year", "sex").to_numpy()
    deaths, migrants = (
        flow.sel(year=years).transpose("year", "sex", "age").to_numpy()
        for flow in (population.deaths, population.net_migrants)
    )
    for t in range(len(years)):
        openings.append(members)
        flows.append(
            advance_year(
                coefficients, t, one_year_older(members), born=births[t], deaths=deaths[t], migrants=migrants[t]
            )
        )
        members = flows[-1].closing
    raise_all(members_below_zero(flows, years), DeclarationError)
    bounds = age_bounds(rules, start)
    return _result(
        population, rules, opening, quarter_members(coefficients, openings, flows, bounds=bounds), span=(first, final)
    )


def _result(
    population: PopulationProjection,
    rules: MembershipRules,
    opening: FirstMembers,
    laid: QuarterMembers,
    *,
    span: tuple[Quarter, Quarter],
) -> Membership:
    begin = Quarter.parse(laid.quarters[0])
    first, final = span[0] - begin, span[1] - begin
    labels = list(laid.quarters[first : final + 1])
    stocks = xr.DataArray(
        laid.stocks[..., first : final + 1],
        dims=("status", "sex", "age", "quarter"),
        coords={
            "status": list(STATUS_NAMES),
            "sex": list(SEXES),
            "age": np.asarray(population.inputs.ages),
            "quarter": labels,
        },
        name="persons",
        attrs={"unit": "persons", "kind": "stock"},
    )
    flows = xr.Dataset(
        {
            cause: (
                ("status", "quarter"),
                laid.flows[cause][:, first:final],
                {"unit": "persons", "kind": "flow", "zh": names[0], "en": names[1]},
            )
            for cause, names in CAUSES.items()
        },
        coords={"status": list(STATUS_NAMES), "quarter": labels[1:]},
    )
    return Membership(rules.region, stocks, flows, opening.calibration, rules, population)
