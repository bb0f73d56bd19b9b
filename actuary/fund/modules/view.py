"""What a module sees of a projection, and what it hands back: amounts by scheme, line and quarter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import xarray as xr

from actuary.demography.membership import Membership
from actuary.errors import DeclarationError, Problem, UnknownNameError, unknown_name
from actuary.fund.model.drivers import read_path
from actuary.fund.model.exposure import Exposure
from actuary.fund.model.finance import FinanceInputs
from actuary.fund.model.income import SOURCES
from actuary.periods import Quarter
from actuary.policy import BENEFITS, ModuleDeclaration
from actuary.policy.dated import DatedBook

__all__ = ["Module", "ModuleDelta", "ModuleView", "spread_over"]

_STATUSES: Mapping[str, tuple[str, ...]] = {
    "employee": ("employee_active", "employee_flexible", "employee_retired"),
    "resident": ("resident_child", "resident_adult", "resident_elderly"),
}


@dataclass(frozen=True)
class ModuleDelta:
    """Hold what a module changes on one line of one scheme.

    Parameters
    ----------
    module, item : str
        Module, and what within it.
    flow : str
        ``spending`` or ``income`` of the pool.
    scheme : str
        ``employee`` or ``resident``.
    line : str
        The benefit, or the source of income.
    yuan : DataArray, dims (quarter)
        Added in each quarter [yuan].
    """

    module: str
    item: str
    flow: Literal["spending", "income"]
    scheme: str
    line: str
    yuan: xr.DataArray

    def __post_init__(self) -> None:
        known = BENEFITS if self.flow == "spending" else SOURCES
        if self.line not in known:
            raise UnknownNameError(unknown_name(f"module {self.module}", self.line, known, what="line"))


@dataclass(frozen=True)
class ModuleView:
    """Hold what a module sees under one scenario.

    Parameters
    ----------
    region : str
        Region id.
    quarters : tuple of Quarter
        Projected quarters.
    declared : DatedBook
        Figures of the modules before the scenario.
    book : DatedBook
        The same after it.
    modules : ModuleDeclaration
        Age profiles, rounds and policies.
    inputs : FinanceInputs
        Levels and drivers.
    exposure : Exposure
        People of the quarters.
    paths : Dataset, dims (scheme[, benefit | source | factor], quarter)
        The projection of the scenario without modules.
    members : Membership
        People by status, sex and age.
    policy : DatedBook
        Rules after the scenario.
    spending, income : DataArray, dims (scheme, benefit | source, quarter)
        Pool flows with the modules that act before this one [yuan].
    """

    region: str
    quarters: tuple[Quarter, ...]
    declared: DatedBook
    book: DatedBook
    modules: ModuleDeclaration = field(repr=False)
    inputs: FinanceInputs = field(repr=False)
    exposure: Exposure = field(repr=False)
    paths: xr.Dataset = field(repr=False)
    members: Membership = field(repr=False)
    policy: DatedBook = field(repr=False)
    spending: xr.DataArray = field(repr=False)
    income: xr.DataArray = field(repr=False)

    @property
    def labels(self) -> list[str]:
        """Names of the quarters."""
        return [str(quarter) for quarter in self.quarters]

    @property
    def schemes(self) -> tuple[str, ...]:
        """Schemes that are projected."""
        return self.inputs.base.schemes

    @property
    def wage_level(self) -> xr.DataArray:
        """Average wage [yuan a year], dims (quarter)."""
        return self.paths["average_wage_yuan"]

    def path(self, key: str, *, declared: bool = False) -> xr.DataArray:
        """Return a figure by quarter, dims (quarter), in the unit of the figure.

        Parameters
        ----------
        key : str
            Figure, such as ``care.coverage``.
        declared : bool
            Whether to read it as it was before the scenario.
        """
        book = self.declared if declared else self.book
        return self.quarterly(read_path(book, key, self.quarters))

    def scalar(self, key: str, quarter: Quarter) -> float:
        """Return a figure on the first day of a quarter."""
        return float(self.book.value(key, quarter.first_day))

    def name(self, key: str, quarter: Quarter) -> str:
        """Return a word on the first day of a quarter."""
        return str(self.book.value(key, quarter.first_day))

    def level(self, key: str, *, declared: bool = False) -> xr.DataArray:
        """Return a level that grows by a yearly rate from the base year on, stepping up in each first quarter.

        Parameters
        ----------
        key : str
            The rate of growth.
        declared : bool
            Whether to read it as it was before the scenario.
        """
        rate = self.path(key, declared=declared).to_numpy()
        steps = [1 + one if quarter.number == 1 else 1.0 for one, quarter in zip(rate, self.quarters, strict=True)]
        return self.quarterly(np.multiply.accumulate(steps))

    def quarterly(self, values: Sequence[float] | np.ndarray) -> xr.DataArray:
        """Return values with the labels of the quarters."""
        return xr.DataArray(np.asarray(values, dtype=np.float64), dims="quarter", coords={"quarter": self.labels})

    def switch(self, module: str) -> xr.DataArray:
        """Return 1 where a module is on and 0 elsewhere, dims (quarter)."""
        return self.quarterly([float(bool(self.book.value(f"modules.{module}", q.first_day))) for q in self.quarters])

    def first_on(self, module: str) -> Quarter:
        """Return the first quarter in which a module is on.

        Raises
        ------
        DeclarationError
            When it is never on.
        """
        on = self.switch(module).to_numpy() > 0
        if not on.any():
            raise DeclarationError(Problem(f"modules.{module}", "never on", "on in a projected quarter"))
        return self.quarters[int(np.argmax(on))]

    def persons(self, scheme: str) -> xr.DataArray:
        """Return average members of a scheme, dims (quarter) [persons]."""
        return self.exposure.average.sel(status=list(_STATUSES[scheme])).sum("status")

    def spent(self, scheme: str, benefit: str) -> xr.DataArray:
        """Return pool spending on a benefit with the modules before this one, dims (quarter) [yuan]."""
        return self.spending.sel(scheme=scheme, benefit=benefit, drop=True)

    def received(self, scheme: str, source: str) -> xr.DataArray:
        """Return pool income from a source with the modules before this one, dims (quarter) [yuan]."""
        return self.income.sel(scheme=scheme, source=source, drop=True)

    def season(self, scheme: str, flow: Literal["income", "expenditure"]) -> xr.DataArray:
        """Return the share of the year in each quarter, dims (quarter) [share]."""
        shares = self.inputs.seasons[scheme, flow]
        return self.quarterly([shares[quarter.number - 1] for quarter in self.quarters])

    def after(self, deltas: Sequence[ModuleDelta]) -> ModuleView:
        """Return the view that the next module has."""
        spending, income = self.spending.copy(), self.income.copy()
        for one in deltas:
            if one.flow == "spending":
                spending.loc[{"scheme": one.scheme, "benefit": one.line}] += one.yuan
            else:
                income.loc[{"scheme": one.scheme, "source": one.line}] += one.yuan
        return replace(self, spending=spending, income=income)


#: A module: from what it sees to what it changes.
type Module = Callable[[ModuleView], Sequence[ModuleDelta]]


def spread_over(view: ModuleView, first: Quarter, quarters: int) -> xr.DataArray:
    """Return even shares over some quarters from one on, dims (quarter); those beyond the horizon are left out."""
    return view.quarterly([1.0 / quarters if 0 <= one - first < quarters else 0.0 for one in view.quarters])
