"""A run of a model: one or more scenarios side by side, with their years, turning points and differences."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from actuary.demography.membership import Membership
from actuary.errors import Problem, UnknownNameError, raise_all, unknown_name
from actuary.fund.model.result import ModelProjection
from actuary.fund.model.valuation import solve_reserve
from actuary.periods import Quarter

if TYPE_CHECKING:
    from actuary.fund.model.face import Model
    from actuary.fund.model.stochastic_run import StochasticRun

__all__ = ["MEASURES", "Run"]

#: What a comparison shows: name in words, column of the years, unit.
MEASURES: Mapping[str, tuple[str, str]] = {
    "active per retired": ("dependency_ratio", "ratio"),
    "enrolled": ("enrolled_persons", "persons"),
    "pool income": ("pooled_income_yuan", "yuan"),
    "pool spending": ("pooled_expenditure_yuan", "yuan"),
    "pool current balance": ("pooled_current_balance_yuan", "yuan"),
    "pool balance": ("pooled_balance_end_yuan", "yuan"),
    "account balance": ("personal_balance_end_yuan", "yuan"),
    "payable months": ("payable_months", "months"),
}


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """Hold a projection under one or more scenarios, with the members behind it.

    Parameters
    ----------
    model : Model
        What was projected.
    projection : ModelProjection
        Paths and everything they rest on.
    members : mapping
        ``scenario -> Membership``.
    """

    model: Model
    projection: ModelProjection
    members: Mapping[str, Membership] = field(repr=False)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Scenarios, in their order."""
        return self.projection.scenarios

    @property
    def schemes(self) -> tuple[str, ...]:
        """Schemes, all together first."""
        return self.projection.schemes

    @property
    def paths(self) -> xr.Dataset:
        """Paths by quarter, dims (scenario, scheme[, benefit | source | factor], quarter)."""
        return self.projection.paths

    @property
    def milestones(self) -> pd.DataFrame:
        """First deficit, first quarter below each number of months, exhaustion, by scenario and scheme."""
        return self.projection.milestones

    @property
    def fingerprint(self) -> str:
        """Hash of everything that decides the numbers."""
        return self.projection.fingerprint

    @property
    def synthetic(self) -> bool:
        """Whether any figure was made up."""
        return self.projection.synthetic

    @property
    def notes(self) -> tuple[str, ...]:
        """What was borrowed or derived, and what a scenario changes that has no effect here."""
        return (*self.model.notes, *self.projection.notes)

    def annual(self, scheme: str | None = None) -> pd.DataFrame:
        """Return one row for each scenario, scheme and whole year; see :meth:`ModelProjection.annual`."""
        return self.projection.annual(scheme)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each scenario, scheme and quarter."""
        return self.projection.to_frame()

    def summary(self, years: Sequence[int] | None = None) -> pd.DataFrame:
        """Return figures of some years for reading, money in 100m_yuan (亿元), people in 10k_persons (万人).

        Parameters
        ----------
        years : sequence of int, optional
            Years; the first six and then every fifth when left out.

        Returns
        -------
        DataFrame
            Rows by scenario (where there are several), scheme and year.
        """
        tables = {name: replace(self.projection, scenarios=(name,)).summary(years) for name in self.scenarios}
        if len(tables) == 1:
            return tables[self.scenarios[0]]
        return pd.concat(tables, names=["scenario"]).reset_index(level=0).reset_index(drop=True)

    def valuation(self, years: int | Sequence[int] = (30, 75)) -> pd.DataFrame:
        """Return the actuarial balance over so many years, where the projection is that long.

        Parameters
        ----------
        years : int or sequence of int
            Lengths; those beyond the horizon are left out. A single one must be reached.

        Returns
        -------
        DataFrame
            See :func:`actuary.fund.model.actuarial_balance`; empty where the projection is shorter than all of them.
        """
        held = self.projection
        if isinstance(years, int):
            return held.valuation(years)
        possible = [length for length in years if held.base_quarter + 4 * length <= held.horizon]
        tables = [held.valuation(length) for length in possible]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["scenario", "scheme", "years"])

    def keep_months(
        self,
        scheme: str = "employee",
        *,
        months: float = 6.0,
        at: Quarter | str | None = None,
        first: Quarter | str | None = None,
        lever: str | None = None,
    ) -> pd.DataFrame:
        """Return the rate, subsidy or premium that leaves so many months payable; see :func:`solve_reserve`.

        Parameters
        ----------
        scheme : str
            ``employee`` (its employer rate) or ``resident`` (its subsidy per head).
        months : float
            Months wanted [months].
        at : Quarter or str, optional
            When; the last quarter when left out.
        first : Quarter or str, optional
            From when on the change holds; the first projected quarter when left out.
        lever : str, optional
            Another lever.

        Examples
        --------
        >>> from actuary.fund.model.face import load_model
        >>> found = load_model("national").project(to="2035Q4").keep_months("employee", months=9)
        >>> found["lever"].tolist()
        ['employer_rate']
        """
        return solve_reserve(
            self.projection, scheme, months=months, at=at or self.projection.horizon, first=first, lever=lever
        )

    def differences(self, against: str | None = None) -> pd.DataFrame:
        """Lay the scenarios of this run side by side, with the difference of each to one of them.

        Parameters
        ----------
        against : str, optional
            Scenario to compare with; the first when left out.

        Returns
        -------
        DataFrame
            Rows by scheme, year, measure and scenario: `value`, `against_value`, `difference`, `unit`.

        Raises
        ------
        UnknownNameError
            When the run has no such scenario.
        """
        chosen = against or self.scenarios[0]
        if chosen not in self.scenarios:
            raise UnknownNameError(unknown_name("scenario of this run", chosen, self.scenarios, what="scenario"))
        long = _measured(self.annual())
        reference = long[long["scenario"] == chosen].drop(columns="scenario").rename(columns={"value": "against_value"})
        both = long[long["scenario"] != chosen].merge(reference, on=["scheme", "year", "measure", "unit"])
        both["difference"] = both["value"] - both["against_value"]
        both.insert(0, "against", chosen)
        return both.reset_index(drop=True)

    def compare(self, other: Run, *, scenario: str | None = None, other_scenario: str | None = None) -> pd.DataFrame:
        """Lay this run beside another, year by year.

        Parameters
        ----------
        other : Run
            Another run: of another scenario, another basis, another place.
        scenario, other_scenario : str, optional
            A scenario of each; its first when left out.

        Returns
        -------
        DataFrame
            Rows by scheme, year and measure that both have: `this`, `other`, `difference` (other less this), `unit`.

        Raises
        ------
        UnknownNameError
            When a run lacks its scenario.

        Examples
        --------
        >>> from actuary.fund.model.face import load_model
        >>> model = load_model("national")
        >>> table = model.project(to="2030Q4").compare(model.project(to="2030Q4", scenario="cost-surge"))
        >>> bool((table.query("measure == 'pool spending' and year == 2030")["difference"] > 0).all())
        True
        """
        mine, theirs = scenario or self.scenarios[0], other_scenario or other.scenarios[0]
        raise_all(
            [
                unknown_name("scenario of the run", name, run.scenarios, what="scenario")
                for name, run in ((mine, self), (theirs, other))
                if name not in run.scenarios
            ],
            UnknownNameError,
        )
        tables = []
        for run, name, label in ((self, mine, "this"), (other, theirs, "other")):
            long = _measured(run.annual())
            tables.append(long[long["scenario"] == name].drop(columns="scenario").rename(columns={"value": label}))
        both = tables[0].merge(tables[1], on=["scheme", "year", "measure", "unit"])
        if both.empty:
            raise UnknownNameError(Problem("runs", "no year and scheme in common", "runs that overlap"))
        both["difference"] = both["other"] - both["this"]
        return both[["scheme", "year", "measure", "unit", "this", "other", "difference"]]

    def attribute(self, other: Run, *, at: Quarter | str | None = None) -> pd.DataFrame:
        """Return why another run differs, cause by cause; see :func:`actuary.fund.model.attribution.attribute_runs`.

        Parameters
        ----------
        other : Run
            Another run from the same base year; its first scenario is taken.
        at : Quarter or str, optional
            When balances are read; the last quarter when left out.
        """
        from actuary.fund.model.attribution import attribute_runs  # noqa: PLC0415 (it reads this module)

        return attribute_runs(self, other, at=at)

    def attribute_quarters(self, first: Quarter | str, last: Quarter | str) -> pd.DataFrame:
        """Return why the balance moved between two quarter-ends, by source and benefit.

        Parameters
        ----------
        first, last : Quarter or str
            See :func:`actuary.fund.model.attribution.attribute_quarters`.
        """
        from actuary.fund.model.attribution import attribute_quarters  # noqa: PLC0415 (it reads this module)

        return attribute_quarters(self, first, last)

    def stochastic(
        self,
        draws: int = 1000,
        *,
        seed: int = 0,
        drivers: xr.Dataset | None = None,
        people: bool = True,
        threads: int | None = None,
    ) -> StochasticRun:
        """Return many paths; see :func:`actuary.fund.model.stochastic_run.run_stochastic`.

        Parameters
        ----------
        draws, seed, drivers, people, threads
            As there.
        """
        from actuary.fund.model.stochastic_run import run_stochastic  # noqa: PLC0415 (it reads this module)

        return run_stochastic(self, draws, seed=seed, drivers=drivers, people=people, threads=threads)

    def __repr__(self) -> str:
        held = self.projection
        return f"<Run of {held.region} to {held.horizon} under {', '.join(self.scenarios)}>"

    def _repr_html_(self) -> str:
        held = self.projection
        head = (
            f"<p><b>{html.escape(held.place.name_zh)} {html.escape(held.place.name_en)}</b>: {held.base_quarter} to "
            f"{held.horizon}, scenarios {html.escape(', '.join(self.scenarios))}<br><small>fingerprint "
            f"{held.fingerprint[:12]}{', made-up data' if held.synthetic else ''}</small></p>"
        )

        def shown(frame: pd.DataFrame) -> str:
            return str(frame.to_html(index=False, float_format=lambda value: f"{value:,.2f}", na_rep=""))

        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return head + shown(self.summary()) + shown(self.milestones) + (f"<ul>{notes}</ul>" if notes else "")


def _measured(annual: pd.DataFrame) -> pd.DataFrame:
    tables = [
        annual[["scenario", "scheme", "year"]].assign(measure=words, unit=unit, value=annual[column])
        for words, (column, unit) in MEASURES.items()
    ]
    return pd.concat(tables, ignore_index=True).dropna(subset=["value"]).reset_index(drop=True)
