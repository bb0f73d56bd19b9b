"""The projection on labelled arrays against a slow twin that walks one quarter at a time with plain numbers."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from actuary.fund.employee import EmployeeBase, project_employee
from actuary.fund.resident import ResidentBase, project_resident
from actuary.periods import Quarter, quarter_range

INCOME, SPENDING = (0.24, 0.24, 0.23, 0.29), (0.2, 0.26, 0.25, 0.29)
YEARS = list(range(2024, 2031))
QUARTERS = list(quarter_range(Quarter(2025, 1), Quarter(2030, 4)))
FLOWS = {
    "pooled_income": 1.7e12,
    "pooled_expenditure": 1.3e12,
    "personal_income": 0.64e12,
    "personal_expenditure": 0.59e12,
}
BALANCES = {"pooled_": 3.0e12, "personal_": 1.4e12}
ACTIVE = 2.7e8 * 1.004 ** np.arange(5)
RETIRED = 1.0e8 * 1.01 ** np.arange(5)


def assumptions(scale: float) -> dict[str, dict[int, float]]:
    """Return made-up assumptions that differ in every year."""
    steps = {
        "employee.active_growth": 0.006,
        "employee.retired_growth": 0.03,
        "employee.contribution_base_growth": 0.04,
        "employee.pooled_cost_growth": 0.05,
        "employee.personal_spending_growth": 0.02,
        "resident.enrolled_growth": -0.012,
        "resident.cost_growth": 0.05,
    }
    table = {key: {year: value * scale * (1 + 0.1 * (year - 2024)) for year in YEARS} for key, value in steps.items()}
    table["employee.relative_cost_retired"] = {year: 4.0 + 0.01 * (year - 2024) for year in YEARS}
    return table


def labelled(tables: list[dict[str, dict[int, float]]]) -> xr.Dataset:
    scenarios = [f"s{number}" for number in range(len(tables))]
    return xr.Dataset(
        {key: (("scenario", "year"), [[table[key][year] for year in YEARS] for table in tables]) for key in tables[0]},
        coords={"scenario": scenarios, "year": YEARS},
    )


def rate_of(quarter: Quarter) -> float:
    return 0.06 if quarter < Quarter(2026, 3) else 0.055


def slow_employee(table: dict[str, dict[int, float]]) -> dict[str, list[float]]:
    def mean(stock, number):
        return (stock[number - 1] + stock[number]) / 2

    year, rate, own = 2024, 0.06, 0.02
    weight_in = sum(INCOME[n - 1] * mean(ACTIVE, n) for n in (1, 2, 3, 4))
    relative = table["employee.relative_cost_retired"]
    base = FLOWS["pooled_income"] / (rate * weight_in)
    cost = FLOWS["pooled_expenditure"] / sum(
        SPENDING[n - 1] * (mean(ACTIVE, n) + relative[year] * mean(RETIRED, n)) for n in (1, 2, 3, 4)
    )
    credit = (FLOWS["personal_income"] - own * base * weight_in) / sum(
        INCOME[n - 1] * mean(RETIRED, n) for n in (1, 2, 3, 4)
    )
    spend = FLOWS["personal_expenditure"] / sum(
        SPENDING[n - 1] * (mean(ACTIVE, n) + mean(RETIRED, n)) for n in (1, 2, 3, 4)
    )
    assert credit > 0
    active, retired = ACTIVE[4], RETIRED[4]
    pool, account = BALANCES["pooled_"], BALANCES["personal_"]
    out: dict[str, list[float]] = {"pooled_balance_end_yuan": [], "personal_balance_end_yuan": [], "active_persons": []}
    for quarter in QUARTERS:
        growth = {key.partition(".")[2]: values[quarter.year] for key, values in table.items()}
        if quarter.number == 1:
            base *= 1 + growth["contribution_base_growth"]
            cost *= 1 + growth["pooled_cost_growth"]
            spend *= 1 + growth["personal_spending_growth"]
        active_end = active * (1 + growth["active_growth"]) ** 0.25
        retired_end = retired * (1 + growth["retired_growth"]) ** 0.25
        a, r = (active + active_end) / 2, (retired + retired_end) / 2
        into, spent = INCOME[quarter.number - 1], SPENDING[quarter.number - 1]
        pool += a * base * rate_of(quarter) * into - (a + growth["relative_cost_retired"] * r) * cost * spent
        account += (a * base * own + r * credit) * into - (a + r) * spend * spent
        active, retired = active_end, retired_end
        out["active_persons"].append(active)
        out["pooled_balance_end_yuan"].append(pool)
        out["personal_balance_end_yuan"].append(account)
    return out


def employee_base(**changes: float) -> EmployeeBase:
    return EmployeeBase(2024, ACTIVE, RETIRED, {**FLOWS, **changes}, BALANCES, INCOME, SPENDING)


def rates() -> xr.Dataset:
    quarters = list(quarter_range(Quarter(2024, 1), QUARTERS[-1]))
    labels = [str(quarter) for quarter in quarters]
    return xr.Dataset(
        {
            "employer_rate": ("quarter", [rate_of(quarter) for quarter in quarters]),
            "employee_rate": ("quarter", [0.02] * len(quarters)),
        },
        coords={"quarter": labels},
    )


def test_the_employee_projection_is_its_twin_in_every_scenario():
    tables = [assumptions(1.0), assumptions(1.6)]
    projected = project_employee(employee_base(), labelled(tables), rates=rates(), quarters=QUARTERS)
    assert projected["pooled_balance_end_yuan"].dims == ("scenario", "quarter")
    for number, table in enumerate(tables):
        for name, path in slow_employee(table).items():
            assert projected[name].isel(scenario=number).values == pytest.approx(path, rel=1e-12)


def test_accounts_that_own_contributions_overfill_are_laid_on_active_members():
    drivers = labelled([assumptions(0.0)])
    base = employee_base(personal_income=0.2e12)
    projected = project_employee(base, drivers, rates=rates(), quarters=QUARTERS)
    assert (projected["personal_income_yuan"] > 0).all()


def test_the_resident_projection_is_its_twin():
    table = assumptions(1.0)
    enrolled = 9.6e8 * 0.996 ** np.arange(5)
    declared = {year: 1070.0 + 30 * (year - 2024) for year in YEARS}
    base = ResidentBase(2024, enrolled, 1.1e12, 1.06e12, 0.8e12, INCOME, SPENDING)
    funding = xr.DataArray([list(declared.values())], dims=("scenario", "year"), coords={"year": YEARS})
    projected = project_resident(base, labelled([table]), funding=funding, quarters=QUARTERS)

    average = [(enrolled[n - 1] + enrolled[n]) / 2 for n in (1, 2, 3, 4)]
    factor = base.income / sum(s * n * declared[2024] for s, n in zip(INCOME, average, strict=True))
    cost = base.expenditure / sum(s * n for s, n in zip(SPENDING, average, strict=True))
    stock, balance, path = enrolled[4], base.balance, []
    for quarter in QUARTERS:
        if quarter.number == 1:
            cost *= 1 + table["resident.cost_growth"][quarter.year]
        end = stock * (1 + table["resident.enrolled_growth"][quarter.year]) ** 0.25
        mean = (stock + end) / 2
        balance += mean * declared[quarter.year] * factor * INCOME[quarter.number - 1]
        balance -= mean * cost * SPENDING[quarter.number - 1]
        stock = end
        path.append(balance)
    assert projected["balance_end_yuan"].isel(scenario=0).values == pytest.approx(path, rel=1e-12)


def test_a_driver_may_have_draws():
    drivers = labelled([assumptions(1.0)])
    many = drivers.assign(
        {
            "employee.pooled_cost_growth": drivers["employee.pooled_cost_growth"]
            * xr.DataArray([0.5, 1.0, 1.5], dims="draw")
        }
    )
    projected = project_employee(employee_base(), many, rates=rates(), quarters=QUARTERS)
    last = projected["pooled_balance_end_yuan"].isel(quarter=-1, scenario=0)
    assert last.dims == ("draw",)
    assert (np.diff(last.values) < 0).all()
