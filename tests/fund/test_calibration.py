"""The model gives back its base year exactly, whatever the base year."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.fund.employee import EmployeeBase, calibrate_employee, employee_flows
from actuary.fund.recursion import by_quarter, season_of
from actuary.fund.resident import ResidentBase, calibrate_resident

amounts = st.floats(1e9, 4e12)
stocks = st.lists(st.floats(1e6, 4e8), min_size=5, max_size=5).map(np.array)
seasons = st.lists(st.floats(0.1, 1.0), min_size=4, max_size=4).map(lambda p: tuple(v / sum(p) for v in p))


def drivers(relative: float) -> xr.Dataset:
    return xr.Dataset(
        {"employee.relative_cost_retired": (("scenario", "year"), [[relative]])},
        coords={"scenario": ["base"], "year": [2024]},
    )


def rates(employer: list[float], employee: float = 0.02) -> xr.Dataset:
    labels = [f"2024Q{number}" for number in range(1, 5)]
    return xr.Dataset(
        {
            "employer_rate": (("scenario", "quarter"), [employer]),
            "employee_rate": (("scenario", "quarter"), [[employee] * 4]),
        },
        coords={"scenario": ["base"], "quarter": labels},
    )


@settings(deadline=None, max_examples=60)
@given(
    active=stocks,
    retired=stocks,
    flows=st.tuples(amounts, amounts, amounts, amounts),
    into=seasons,
    out=seasons,
    relative=st.floats(1, 8),
    employer=st.lists(st.floats(0.01, 0.1), min_size=4, max_size=4),
    divided=st.booleans(),
)
def test_the_base_year_comes_back(active, retired, flows, into, out, relative, employer, divided):
    names = (
        ("pooled_income", "pooled_expenditure", "personal_income", "personal_expenditure")
        if divided
        else ("income", "expenditure")
    )
    published = dict(zip(names, flows, strict=False))
    base = EmployeeBase(2024, active, retired, published, {}, into, out)
    levels = calibrate_employee(base, drivers(relative), rates(employer))
    levels["relative_cost"] = by_quarter(drivers(relative)["employee.relative_cost_retired"], base.quarters)
    members = base.members()
    year = employee_flows(
        *members,
        levels=levels,
        rates=rates(employer),
        seasons=xr.Dataset({"income": season_of(into, base.quarters), "expenditure": season_of(out, base.quarters)}),
    ).sum("quarter")
    for name, amount in published.items():
        assert float(year[f"{name}_yuan"].item()) == pytest.approx(amount, rel=1e-9), name
    if divided:
        assert float(levels["retiree_credit_yuan"].item()) >= 0


@settings(deadline=None, max_examples=60)
@given(enrolled=stocks, income=amounts, expenditure=amounts, into=seasons, out=seasons, head=st.floats(100, 5000))
def test_the_resident_base_year_comes_back(enrolled, income, expenditure, into, out, head):
    base = ResidentBase(2024, enrolled, income, expenditure, 0.0, into, out)
    funding = xr.DataArray([[head]], dims=("scenario", "year"), coords={"scenario": ["base"], "year": [2024]})
    levels = calibrate_resident(base, funding)
    average = (enrolled[1:] + enrolled[:-1]) / 2
    factor, cost = float(levels["funding_factor"].item()), float(levels["cost_yuan"])
    assert (average * into).sum() * head * factor == pytest.approx(income, rel=1e-9)
    assert (average * out).sum() * cost == pytest.approx(expenditure, rel=1e-9)
