"""Draws of a forecast drive a fund projection through the contract of the drivers."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from actuary.demography import average_members
from actuary.errors import DeclarationError
from actuary.forecast.bridge import check_drivers, driver_draws
from actuary.forecast.fund_forecast import FundForecast, forecast_fund
from actuary.forecast.fund_spec import load_fund_spec
from actuary.forecast.joint import months_payable
from actuary.fund import payable_months, project_fund
from actuary.fund.resident import ResidentBase, project_resident
from actuary.periods import Quarter, quarter_range

#: Fewer histories than shipped: each is a forecast of its own.
_FEW = load_fund_spec().model_copy(update={"histories": 3})


@pytest.fixture(scope="module")
def forecast() -> FundForecast:
    return forecast_fund("national", to="2026Q4", draws=60, seed=3, spec=_FEW)


def test_a_projection_driven_by_draws_spends_what_the_draws_spend(forecast: FundForecast) -> None:
    enrolled = np.full(5, 9.5e8)
    heads = {"resident.cost_growth": {2025: -0.01, 2026: -0.02}, "resident.funding_growth": {2025: -0.01, 2026: -0.02}}
    drivers = driver_draws(forecast, heads=heads)
    assert dict(drivers.sizes) == {"draw": 60, "year": 2}
    base_year = forecast.history.panel(0).values[:, -4:]
    series = forecast.history.series
    income, spending = (base_year[series.index(f"resident.{flow}")] for flow in ("income", "expenditure"))
    year_ago = {flow: float(values.sum()) for flow, values in (("income", income), ("expenditure", spending))}
    base = ResidentBase(
        year=2024,
        enrolled=enrolled,
        income=year_ago["income"],
        expenditure=year_ago["expenditure"],
        balance=8.18302e11,
        income_profile=tuple(income / income.sum()),
        expenditure_profile=tuple(spending / spending.sum()),
    )
    # Members that are the same within a year, so that a year's growth of them is the whole of it.
    growth = xr.DataArray([0.0, -0.01, -0.02], dims="year", coords={"year": [2024, 2025, 2026]})
    filled = drivers.reindex(year=[2024, 2025, 2026], fill_value=0.0)
    filled["resident.enrolled_growth"] = growth
    funding = (1 + filled["resident.funding_growth"]).cumprod("year") * 1000.0
    quarters = list(quarter_range(Quarter(2025, 1), Quarter(2026, 4)))
    path = project_resident(base, filled, funding=funding, quarters=quarters)
    spent = path["expenditure_yuan"].transpose("draw", "quarter").to_numpy().reshape(60, 2, 4).sum(axis=2)
    wanted = forecast.funds["resident"].values("spending").reshape(60, 2, 4).sum(axis=2)
    stocks = path["enrolled_persons"].to_numpy()
    opened = np.concatenate([[enrolled[-1]], stocks[:-1]])
    average = average_members(opened, stocks).reshape(2, 4).mean(axis=1)
    heads_then = 9.5e8 * np.cumprod([0.99, 0.98])
    # Members change through the year and the drivers know their year's growth only: that is the whole difference.
    np.testing.assert_allclose(spent / wanted, np.broadcast_to(average / heads_then, (60, 2)), rtol=3e-3)
    assert path["balance_end_yuan"].sizes["draw"] == 60


def test_the_contract_is_checked_by_name_unit_dims_and_value() -> None:
    good = xr.Dataset({"resident.cost_growth": (("draw", "year"), np.zeros((2, 1)), {"unit": "share"})})
    assert check_drivers(good) == ()
    bad = xr.Dataset(
        {
            "resident.cost_grwth": (("draw", "year"), np.zeros((2, 1)), {"unit": "share"}),
            "resident.funding_growth": (("draw", "year"), np.full((2, 1), np.nan), {"unit": "share"}),
            "employee.active_growth": (("draw", "hospital"), np.zeros((2, 1)), {"unit": "pct"}),
        }
    )
    found = [str(problem) for problem in check_drivers(bad)]
    assert len(found) == 4
    assert "did you mean 'resident.cost_growth'" in found[0]


def test_what_cannot_be_handed_over_is_said_at_once(forecast: FundForecast) -> None:
    with pytest.raises(DeclarationError, match=r"employee\.active_growth"):
        driver_draws(forecast, heads={"employee.active_growth": 0.01})
    short = forecast_fund("national", to="2025Q2", draws=20, model="naive", spec=_FEW)
    with pytest.raises(DeclarationError, match="a whole year"):
        driver_draws(short, heads={"resident.cost_growth": 0.0})


def test_months_payable_are_those_of_the_fund_model() -> None:
    held, spent = np.array([1.0, -2.0, 3.0, np.nan]), np.array([12.0, 12.0, 0.0, 1.0])
    np.testing.assert_array_equal(months_payable(held, spent), payable_months(held, spent))


@pytest.mark.slow
def test_the_forecast_holds_the_base_of_the_projection(forecast: FundForecast) -> None:
    paths = project_fund("national", "2024Q4", horizon="2026Q4", scenarios=("base",)).paths
    base = float(paths["balance_end_yuan"].sel(scenario="base", scheme="resident", quarter="2026Q4"))
    low, high = np.quantile(forecast.funds["resident"].values("balance")[:, -1], [0.025, 0.975])
    assert low < base < high
