"""Actuarial balance, the rate that keeps a reserve, causes of growth and pure ageing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from actuary.errors import DeclarationError, PeriodError, UnknownNameError
from actuary.fund.model import (
    ModelProjection,
    actuarial_balance,
    ageing_index,
    change_driver,
    growth_causes,
    measure_exposure,
    project_finance,
    solve_reserve,
)
from actuary.periods import Quarter, quarter_range


def test_the_balance_of_ten_years_is_that_of_a_plain_loop(run: ModelProjection) -> None:
    table = actuarial_balance(run, years=10).set_index("scheme")
    for scheme in ("employee", "resident"):
        paths = run.paths.sel(scheme=scheme, scenario="base")
        rate = run.inputs.drivers["discount_rate"].isel(scenario=0).to_numpy()[4:]
        end, base, income, cost = 1.0, 0.0, 0.0, 0.0
        for number in range(40):
            step = (1 + rate[number]) ** 0.25
            end /= step
            middle = end * step**0.5
            at = paths.isel(quarter=number)
            base += float(at["contribution_base_yuan"]) * middle
            interest = float(at["pooled_income_by_source_yuan"].sel(source="interest"))
            income += (float(at["pooled_income_yuan"]) - interest) * middle
            cost += float(at["pooled_expenditure_yuan"]) * middle
        target = float(paths["pooled_expenditure_yuan"].isel(quarter=slice(36, 40)).sum()) * end
        reserve = run.inputs.base.closing_balances[scheme, "pooled"]
        assert table.loc[scheme, "income_rate"] == pytest.approx((reserve + income) / base, rel=1e-12)
        assert table.loc[scheme, "cost_rate"] == pytest.approx((cost + target) / base, rel=1e-12)
        expected = (reserve + income - cost - target) / base
        assert table.loc[scheme, "actuarial_balance"] == pytest.approx(expected, abs=1e-14)


def test_a_valuation_longer_than_the_projection_is_refused(run: ModelProjection) -> None:
    with pytest.raises(PeriodError, match='project with to="2099Q4"'):
        actuarial_balance(run)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheme", "lever", "months"),
    [("employee", "employer_rate", 24.0), ("resident", "subsidy", 9.0), ("resident", "premium", 12.0)],
)
def test_the_change_found_keeps_the_months_to_1e9(run: ModelProjection, scheme: str, lever: str, months: float) -> None:
    at = Quarter(2030, 4)
    found = solve_reserve(run, scheme, months=months, at=at, first="2026Q1", lever=lever).iloc[0]
    assert abs(found["error_months"]) < 1e-9
    changed = change_driver(run.inputs, lever, found["change"], first=Quarter(2026, 1), last=at)
    quarters = list(quarter_range(Quarter(2025, 1), run.horizon))
    paths, _ = project_finance(changed, run.exposure, quarters)
    months_then = paths["payable_months"].sel(scheme=scheme)
    assert float(months_then.sel(quarter=str(at)).squeeze()) == pytest.approx(months, abs=1e-9)
    before = run.paths["payable_months"].sel(scheme=scheme, quarter="2025Q4").squeeze()
    assert float(months_then.sel(quarter="2025Q4").squeeze()) == pytest.approx(float(before), abs=1e-12)


def test_what_cannot_be_solved_says_so(run: ModelProjection) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'subsidy'"):
        solve_reserve(run, "resident", months=6, at="2030Q4", lever="subsidi")
    with pytest.raises(UnknownNameError, match="projected scheme"):
        solve_reserve(run, "all", months=6, at="2030Q4")
    with pytest.raises(PeriodError, match="in order"):
        solve_reserve(run, "employee", months=6, at="2026Q1", first="2027Q1")
    with pytest.raises(DeclarationError, match="a number from 0 on"):
        solve_reserve(run, "employee", months=-1, at="2030Q4")
    # The premium is held at half the subsidy: lowering it further changes nothing.
    with pytest.raises(DeclarationError, match="no change that reaches the aim"):
        solve_reserve(run, "resident", months=3, at="2030Q4", lever="premium")


def test_the_causes_of_growth_add_up(run: ModelProjection) -> None:
    table = growth_causes(run)
    parts = [name for name in table if str(name).endswith("_yuan") and name != "growth_yuan"]
    assert len(parts) == 7
    np.testing.assert_allclose(table[parts].sum(axis=1), table["growth_yuan"], atol=1.0)
    annual = run.annual().set_index(["scheme", "year"])["pooled_expenditure_yuan"]
    row = table.set_index(["scheme", "year"]).loc[("employee", 2030)]
    assert row["growth_yuan"] == pytest.approx(annual["employee", 2030] - annual["employee", 2029], rel=1e-9)
    assert abs(row["other_yuan"]) < 1.0
    # Price moves by its declared growth, all but maternity.
    assert row["price_growth"] == pytest.approx(0.015, abs=0.004)


def test_ageing_alone_moves_nothing_else(run: ModelProjection) -> None:
    table = ageing_index(run).set_index(["scheme", "year"])["index"]
    assert table["employee", 2024] == table["resident", 2024] == 1
    # Fixed rates and a moving age structure: studies find below 2 % a year, and above none while people age.
    growth = (table["employee", 2035] / table["employee", 2025]) ** 0.1 - 1
    assert 0.002 < growth < 0.02


def test_with_people_of_one_structure_there_is_no_ageing(run: ModelProjection, members: dict[str, object]) -> None:
    stocks = members["base"].stocks  # type: ignore[attr-defined]
    still = stocks.copy(data=np.repeat(stocks.to_numpy()[..., :1], stocks.sizes["quarter"], axis=-1))
    exposure = measure_exposure(still, run.inputs.calibration.weights)
    quarters = list(quarter_range(Quarter(2025, 1), run.horizon))
    paths, _ = project_finance(run.inputs, exposure, quarters)
    whole = run.paths.sel(scheme=["employee", "resident"]).assign(
        {
            name: paths[name].transpose(*run.paths[name].dims)
            for name in ("spending_yuan", "weighted_uses", "persons_in_season")
        }
    )
    table = ageing_index(replace(run, paths=whole))
    np.testing.assert_allclose(table[table["year"] > 2024]["growth"].iloc[1:11], 0, atol=1e-13)
