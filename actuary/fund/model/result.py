"""The result of a people-driven projection: its paths, what they rest on, and how to look at them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from actuary.dims import order_dims
from actuary.errors import UnknownNameError, unknown_name
from actuary.fund.assembly import payable_months
from actuary.fund.missing import MissingInput
from actuary.fund.model.base_year import MODEL_SCHEMES
from actuary.fund.model.exposure import Exposure
from actuary.fund.model.finance import FinanceInputs, FinanceState
from actuary.fund.recursion import QUARTERS_A_YEAR
from actuary.fund.variables import VARIABLES
from actuary.periods import Quarter
from actuary.policy import Region
from actuary.units import convert

__all__ = ["ModelProjection", "label_paths"]

_TEN_THOUSAND_PERSONS = convert(1, "10k_persons")
_HUNDRED_MILLION_YUAN = convert(1, "100m_yuan")
_FLOWS = tuple(f"{fund}{flow}_yuan" for fund in ("", "pooled_", "personal_") for flow in ("income", "expenditure"))
_STOCKS = (
    "enrolled_persons",
    "active_persons",
    "retired_persons",
    "balance_end_yuan",
    "pooled_balance_end_yuan",
    "personal_balance_end_yuan",
)
#: Variables that stand beside those of the other projection: unit, kind, words.
_MORE = {
    "pooled_income_by_source_yuan": ("yuan", "flow", "统筹基金分项收入", "Pool income by source"),
    "personal_income_by_source_yuan": ("yuan", "flow", "个人账户分项收入", "Account income by source"),
    "spending_yuan": ("yuan", "flow", "统筹基金分项支出", "Pool spending by benefit"),
    "uses": ("visits", "flow", "使用次数", "Uses"),
    "weighted_uses": ("visits", "flow", "按相对单价加权的使用次数", "Uses weighted with relative price"),
    "trend_level": ("ratio", "ratio", "费用趋势水平（基年＝1）", "Level of a cost trend, the base year being 1"),
    "average_persons": ("persons", "flow", "平均参保人数", "Average persons"),
    "persons_in_season": ("persons", "flow", "按季节加权的平均人数", "Average persons weighted with the season"),
    "average_wage_yuan": ("yuan_per_year", "ratio", "平均工资", "Average wage"),
    "contribution_base_yuan": ("yuan", "flow", "缴费基数总额", "Total contribution base"),
    "pooled_expenditure_year_yuan": ("yuan", "flow_of_year", "近四季统筹支出", "Pool spending of four quarters"),
    "premium_raised": ("flag", "ratio", "财政补助超过个人缴费上限比例", "Subsidy above its ratio to the premium"),
}


_OF_EMPLOYEES = ("active_persons", "retired_persons", "dependency_ratio")
_NOT_SUMMED = ("trend_level", "average_wage_yuan", "premium_raised")


def label_paths(paths: xr.Dataset, inputs: FinanceInputs, *, scenarios: Sequence[str]) -> xr.Dataset:
    """Add the scheme that is the sum of both, units and words, and put the dims in the project's order.

    Parameters
    ----------
    paths : Dataset, dims (..., scheme, quarter)
        From :func:`actuary.fund.model.finance.project_finance`.
    inputs : FinanceInputs
        Tells which schemes are projected and whether accounts are known apart.
    scenarios : sequence of str
        Scenarios.

    Returns
    -------
    Dataset, dims (..., scenario, scheme, quarter)
        A scheme that is not projected is missing throughout.
    """
    quarters = paths["quarter"].to_numpy()
    unknown = [row for row, scheme in enumerate(MODEL_SCHEMES) if scheme not in inputs.base.schemes]
    held: dict[str, tuple[tuple[str, ...], NDArray[Any]]] = {}
    for name, value in paths.data_vars.items():
        dims = _ordered(value.dims)
        values = value.transpose(*dims).to_numpy()
        if "scheme" in dims:
            values = _with_all(str(name), values, dims.index("scheme"), unknown=unknown)
        held[str(name)] = (dims, values)
    dims, balance = held["pooled_balance_end_yuan"]
    held["payable_months"] = (dims, payable_months(balance, held["pooled_expenditure_year_yuan"][1]))
    for fund in ("", "pooled_", "personal_"):
        held[f"{fund}adjustment_yuan"] = (dims, np.zeros_like(balance))
        for flow in ("income", "expenditure"):
            held[f"year_{fund}{flow}_yuan"] = (dims, _sum_of_year(held[f"{fund}{flow}_yuan"][1]))
    if "scenario" not in dims:
        held = {name: (_ordered((*dims, "scenario")), values) for name, (dims, values) in held.items()}
        held = {name: (dims, np.expand_dims(values, dims.index("scenario"))) for name, (dims, values) in held.items()}
    schemes = ["all", *MODEL_SCHEMES]
    basis = ["pooled" if scheme == "resident" or inputs.base.divided else "undivided" for scheme in schemes]
    phase = np.full((len(schemes), len(quarters)), "projection")
    inner = {name: paths[name].to_numpy() for name in ("draw", "benefit", "source", "factor") if name in paths.coords}
    return xr.Dataset(
        {name: (dims, values, _describe(name)) for name, (dims, values) in held.items()},
        coords={
            **inner,
            "scenario": list(scenarios),
            "scheme": schemes,
            "quarter": quarters,
            "months_basis": ("scheme", basis),
            "phase": (("scheme", "quarter"), phase),
        },
    )


def _with_all(name: str, values: NDArray[Any], axis: int, *, unknown: Sequence[int]) -> NDArray[Any]:
    """Put the sum of both schemes first; a scheme that is not projected is missing, and so is the sum."""
    if values.dtype != np.float64:
        values = values.astype(np.float64)
    moved = np.moveaxis(values, axis, 0).copy()
    moved[list(unknown)] = np.nan
    # Residents are neither active nor retired: the ratio of both schemes is that of the employees.
    whole = (
        moved[0]
        if name in _OF_EMPLOYEES
        else np.full_like(moved[0], np.nan)
        if name in _NOT_SUMMED
        else moved.sum(axis=0)
    )
    return np.moveaxis(np.concatenate([whole[None], moved]), 0, axis)


def _sum_of_year(flow: NDArray[Any]) -> NDArray[Any]:
    """Add up the last four quarters, oldest first; missing where fewer are projected."""
    total = np.full_like(flow, np.nan)
    ends = range(QUARTERS_A_YEAR - 1, flow.shape[-1])
    total[..., QUARTERS_A_YEAR - 1 :] = sum(flow[..., back : len(ends) + back] for back in range(QUARTERS_A_YEAR))
    return total


def _describe(name: str) -> dict[str, str]:
    known = VARIABLES.get(name)
    if known is not None:
        return {"unit": known.unit, "kind": known.kind, "zh": known.zh, "en": known.en}
    if name in _MORE:
        return dict(zip(("unit", "kind", "zh", "en"), _MORE[name], strict=True))
    whole = VARIABLES[name.removeprefix("year_")]
    return {"unit": whole.unit, "kind": "flow_of_year", "zh": f"{whole.zh}（全年）", "en": f"{whole.en}, year"}


def _ordered(dims: tuple[object, ...]) -> tuple[str, ...]:
    names = [str(dim) for dim in dims]
    inner = [name for name in ("source", "factor") if name in names]
    outer = [name for name in order_dims(names) if name not in (*inner, "quarter")]
    return (*outer, *inner, *(["quarter"] if "quarter" in names else []))


@dataclass(frozen=True, eq=False, repr=False)
class ModelProjection:
    """Hold a people-driven projection of a region's funds.

    Parameters
    ----------
    region : str
        Region id.
    place : Region
        What is declared of the region itself.
    base_quarter : Quarter
        End of the base year, at which the funds were valued.
    horizon : Quarter
        Last quarter.
    basis : str
        Assumption basis.
    scenarios : tuple of str
        Scenarios, the base first.
    paths : Dataset, dims (scenario, scheme[, benefit | source | factor], quarter)
        Variables of :data:`actuary.fund.VARIABLES` where they are the same thing, and ``spending_yuan`` by benefit,
        ``pooled_income_by_source_yuan`` and ``personal_income_by_source_yuan`` by source, ``trend_level`` by factor,
        ``uses``, ``average_wage_yuan``, ``contribution_base_yuan``. A stochastic run has ``draw`` before them.
    milestones : DataFrame
        Turning points, see :func:`actuary.fund.milestones.find_milestones`.
    calibration : DataFrame
        Levels and factors of the base year: scheme, name, declared, factor, value, unit, note_zh, note_en.
    missing : tuple of MissingInput
        What keeps a scheme from being projected.
    inputs : FinanceInputs
        Declaration, levels and drivers.
    exposure : Exposure
        People that drive it.
    state : FinanceState
        Where the funds stand at the horizon.
    fingerprint : str
        Hash of everything that decides the numbers.
    synthetic : bool
        Whether any figure was made up.
    notes : tuple of str
        What a scenario changes that has no effect here.
    """

    region: str
    place: Region
    base_quarter: Quarter
    horizon: Quarter
    basis: str
    scenarios: tuple[str, ...]
    paths: xr.Dataset
    milestones: pd.DataFrame
    calibration: pd.DataFrame
    missing: tuple[MissingInput, ...]
    inputs: FinanceInputs = field(repr=False)
    exposure: Exposure = field(repr=False)
    state: FinanceState = field(repr=False)
    fingerprint: str = ""
    synthetic: bool = False
    notes: tuple[str, ...] = ()

    @property
    def schemes(self) -> tuple[str, ...]:
        """Schemes, all together first."""
        return tuple(str(name) for name in self.paths["scheme"].to_numpy())

    @property
    def projected_schemes(self) -> tuple[str, ...]:
        """Schemes whose base year is known."""
        return self.inputs.base.schemes

    def annual(self, scheme: str | None = None) -> pd.DataFrame:
        """Return one row for each scenario, scheme and whole year.

        Parameters
        ----------
        scheme : str, optional
            One scheme; all of them when left out.

        Returns
        -------
        DataFrame
            Stocks at the year-end, flows of the year, `current_balance_yuan` and `pooled_current_balance_yuan`,
            `dependency_ratio` and `payable_months` at the year-end.

        Raises
        ------
        UnknownNameError
            When the projection has no such scheme.
        """
        if scheme is not None and scheme not in self.schemes:
            raise UnknownNameError(unknown_name("scheme", scheme, self.schemes, what="scheme"))
        paths = self.paths if scheme is None else self.paths.sel(scheme=[scheme])
        ends = [n for n, label in enumerate(paths["quarter"].to_numpy()) if str(label).endswith(f"Q{QUARTERS_A_YEAR}")]
        held = {name: paths[f"year_{name}"] for name in _FLOWS} | {
            name: paths[name] for name in (*_STOCKS, "dependency_ratio", "payable_months")
        }
        chosen = xr.Dataset(held).isel(quarter=ends).reset_coords(drop=True)
        years = [int(str(label)[:4]) for label in chosen["quarter"].to_numpy()]
        chosen = chosen.rename(quarter="year").assign_coords(year=years)
        for fund in ("", "pooled_"):
            chosen[f"{fund}current_balance_yuan"] = chosen[f"{fund}income_yuan"] - chosen[f"{fund}expenditure_yuan"]
        order = _ordered(chosen["balance_end_yuan"].dims[:-1])
        return chosen.to_dataframe(dim_order=[*order, "year"]).reset_index()

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each scenario, scheme and quarter, with every variable that has no other dim."""
        plain = [
            name
            for name in self.paths.data_vars
            if set(self.paths[name].dims) <= {"draw", "scenario", "scheme", "quarter"}
        ]
        chosen = self.paths[plain].reset_coords(drop=True)
        return chosen.to_dataframe(dim_order=_ordered(tuple(chosen.sizes))).reset_index()

    def spending_frame(self) -> pd.DataFrame:
        """Return pool spending by scenario, scheme, benefit and year [yuan]."""
        return _by_year(self.paths["spending_yuan"], "benefit")

    def income_frame(self) -> pd.DataFrame:
        """Return pool income by scenario, scheme, source and year [yuan]."""
        return _by_year(self.paths["pooled_income_by_source_yuan"], "source")

    def growth_causes(self) -> pd.DataFrame:
        """Return why spending grew, year by year; see :func:`actuary.fund.model.causes.growth_causes`."""
        from actuary.fund.model.causes import growth_causes  # noqa: PLC0415 (it reads this module)

        return growth_causes(self)

    def valuation(self, years: int = 75) -> pd.DataFrame:
        """Return the actuarial balance; see :func:`actuary.fund.model.valuation.actuarial_balance`."""
        from actuary.fund.model.valuation import actuarial_balance  # noqa: PLC0415 (it reads this module)

        return actuarial_balance(self, years=years)

    def residuals(self) -> xr.Dataset:
        """Return what is left of each identity, zero to rounding [yuan].

        Returns
        -------
        Dataset
            For each fund closing less opening less income plus spending; income less its sources; spending less its
            benefits.
        """
        left = {}
        opening = self.inputs.base.closing_balances
        for fund in ("pooled", "personal"):
            balance = self.paths[f"{fund}_balance_end_yuan"]
            before = balance.shift(quarter=1)
            at_start = [opening.get((scheme, fund), np.nan) for scheme in MODEL_SCHEMES]
            start = xr.DataArray([sum(at_start), *at_start], dims="scheme", coords={"scheme": ["all", *MODEL_SCHEMES]})
            first = before["quarter"] == before["quarter"][0]
            net = self.paths[f"{fund}_income_yuan"] - self.paths[f"{fund}_expenditure_yuan"]
            left[f"{fund}_balance"] = balance - before.where(~first, start) - net
        left["income_by_source"] = self.paths["pooled_income_yuan"] - self.paths["pooled_income_by_source_yuan"].sum(
            "source"
        )
        left["spending_by_benefit"] = self.paths["pooled_expenditure_yuan"] - self.paths["spending_yuan"].sum("benefit")
        return xr.Dataset(left)

    def summary(self, years: Sequence[int] | None = None) -> pd.DataFrame:
        """Return figures of some years under the first scenario, for reading.

        Parameters
        ----------
        years : sequence of int, optional
            Years; the first six and then every fifth when left out.

        Returns
        -------
        DataFrame
            Columns scheme, year and figures with their unit in the name, money in 100m_yuan (亿元) and people in
            10k_persons (万人).
        """
        frame = self.annual()
        first = int(frame["year"].min())
        wanted = set(years) if years is not None else {y for y in frame["year"] if y < first + 6 or y % 5 == 0}
        chosen = frame[(frame["scenario"] == self.scenarios[0]) & frame["year"].isin(wanted)].reset_index(drop=True)
        shown = chosen[["scheme", "year"]].copy()
        shown["enrolled [10k_persons]"] = chosen["enrolled_persons"] / _TEN_THOUSAND_PERSONS
        shown["active per retired [ratio]"] = chosen["dependency_ratio"]
        for name, label in (
            ("income", "income"),
            ("expenditure", "spending"),
            ("current_balance", "current balance"),
            ("balance_end", "balance at year-end"),
        ):
            shown[f"pool {label} [100m_yuan]"] = chosen[f"pooled_{name}_yuan"] / _HUNDRED_MILLION_YUAN
        shown["account balance [100m_yuan]"] = chosen["personal_balance_end_yuan"] / _HUNDRED_MILLION_YUAN
        shown["payable [months]"] = chosen["payable_months"]
        return shown

    def __repr__(self) -> str:
        return (
            f"<ModelProjection of {self.region}: {', '.join(self.projected_schemes) or 'nothing'} from "
            f"{self.base_quarter} to {self.horizon} under {', '.join(self.scenarios)} on basis {self.basis}>"
        )

    def _repr_html_(self) -> str:
        head = (
            f"<p><b>{html.escape(self.place.name_zh)} {html.escape(self.place.name_en)}</b>: {self.base_quarter} to "
            f"{self.horizon}, basis {html.escape(self.basis)}, scenarios {html.escape(', '.join(self.scenarios))}<br>"
            f"<small>fingerprint {self.fingerprint[:12]}{', made-up data' if self.synthetic else ''}</small></p>"
        )
        table = self.summary().to_html(index=False, float_format=lambda value: f"{value:,.2f}", na_rep="")
        gaps = "".join(f"<li>{html.escape(one.what_zh)} / {html.escape(one.what_en)}</li>" for one in self.missing)
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        foot = f"<ul>{notes}</ul>" if notes else ""
        return head + table + (f"<p>Not projected:</p><ul>{gaps}</ul>" if gaps else "") + foot


def _by_year(flow: xr.DataArray, inner: str) -> pd.DataFrame:
    years = xr.DataArray([int(str(label)[:4]) for label in flow["quarter"].to_numpy()], dims="quarter", name="year")
    summed = flow.reset_coords(drop=True).drop_attrs().groupby(years).sum(skipna=False)
    order = _ordered(tuple(dim for dim in summed.dims if dim not in (inner, "year")))
    return summed.rename("yuan").to_dataframe(dim_order=[*order, inner, "year"]).reset_index()
