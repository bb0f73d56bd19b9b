"""Identities of the recursion: restart, scaling, residuals, broadcasting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.fund.model import Exposure, FinanceInputs, Levers, ModelProjection, opening_state, project_finance
from actuary.periods import Quarter, quarter_range

FIRST = Quarter(2025, 1)
EIGHT = list(quarter_range(FIRST, FIRST + 7))


def part_of(exposure: Exposure, labels: list[str]) -> Exposure:
    """Return the quarters of an exposure."""
    return Exposure(*(value.sel(quarter=labels) for value in vars(exposure).values()))


def with_money(inputs: FinanceInputs, factor: float) -> FinanceInputs:
    """Return inputs with every amount of the base year multiplied."""
    held = inputs.calibration
    scaled = {
        name: getattr(held, name) * factor for name in ("price", "average_wage", "retiree_credit", "funding_factor")
    }
    base = replace(
        inputs.base,
        flows={key: value * factor for key, value in inputs.base.flows.items()},
        closing_balances={key: value * factor for key, value in inputs.base.closing_balances.items()},
    )
    return replace(inputs, base=base, calibration=replace(held, **scaled))


def as_draws(array: xr.DataArray, factors: list[float]) -> xr.DataArray:
    """Return an array once for each factor along a leading dim draw."""
    draws = xr.DataArray(factors, dims="draw", coords={"draw": range(len(factors))})
    return draws * array


def _paths(run: ModelProjection, quarters: list[Quarter], **changed: object) -> tuple[xr.Dataset, object]:
    exposure = part_of(run.exposure, [str(quarter) for quarter in quarters])
    return project_finance(replace(run.inputs, **changed), exposure, quarters)


@pytest.mark.slow
@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5, 7])
def test_eight_quarters_are_some_and_then_the_rest(run: ModelProjection, cut: int) -> None:
    whole, _ = _paths(run, EIGHT)
    exposure = [part_of(run.exposure, [str(quarter) for quarter in part]) for part in (EIGHT[:cut], EIGHT[cut:])]
    first, state = project_finance(run.inputs, exposure[0], EIGHT[:cut])
    second, _ = project_finance(run.inputs, exposure[1], EIGHT[cut:], start=state)
    assert state.quarter == EIGHT[cut - 1]
    for name in whole.data_vars:
        if "quarter" in whole[name].dims:
            joined = xr.concat([first[name], second[name]], "quarter")
            np.testing.assert_array_equal(joined.transpose(*whole[name].dims), whole[name], err_msg=str(name))


@pytest.mark.slow
@settings(max_examples=15)
@given(factor=st.floats(0.01, 100))
def test_scaling_money_scales_every_amount_and_no_ratio(run: ModelProjection, factor: float) -> None:
    plain, _ = _paths(run, EIGHT)
    exposure = part_of(run.exposure, [str(quarter) for quarter in EIGHT])
    scaled, _ = project_finance(with_money(run.inputs, factor), exposure, EIGHT)
    for name in plain.data_vars:
        money = str(name).endswith("_yuan")
        np.testing.assert_allclose(
            scaled[name], plain[name] * (factor if money else 1), rtol=1e-12, atol=1e-3 * factor, err_msg=str(name)
        )


def test_residuals_are_rounding(run: ModelProjection) -> None:
    for name, left in run.residuals().items():
        assert float(abs(left).max()) < 1e-14 * float(abs(run.paths["balance_end_yuan"]).max()), name


@pytest.mark.slow
@settings(max_examples=15)
@given(
    levels=st.lists(st.floats(0.0, 3.0), min_size=2, max_size=2),
    cut=st.floats(0.0, 2.0),
    extra=st.floats(-1e11, 1e11),
)
def test_balances_roll_forward_under_any_lever(
    run: ModelProjection, levels: list[float], cut: float, extra: float
) -> None:
    labels = [str(quarter) for quarter in EIGHT]
    spending = xr.DataArray(levels, dims="quarter", coords={"quarter": labels[2:4]})
    money = xr.DataArray(
        [[extra]], dims=("benefit", "quarter"), coords={"benefit": ["chronic"], "quarter": [labels[5]]}
    )
    income = xr.DataArray([cut], dims="source", coords={"source": ["employer"]})
    levers = Levers(spending_factor=spending, extra_spending=money, income_factor=income)
    plain, _ = _paths(run, EIGHT)
    moved, _ = _paths(run, EIGHT, levers=levers)
    before = (
        moved["pooled_balance_end_yuan"].shift(quarter=1).fillna(opening_state(run.inputs).balances.sel(fund="pooled"))
    )
    left = moved["pooled_balance_end_yuan"] - before - moved["pooled_income_yuan"] + moved["pooled_expenditure_yuan"]
    assert float(abs(left).max()) < 1.0
    ratio = (moved["spending_yuan"] / plain["spending_yuan"]).sel(scheme="employee", benefit="inpatient")
    np.testing.assert_allclose(ratio.squeeze(), [1, 1, *levels, 1, 1, 1, 1], rtol=1e-12)
    added = (moved["spending_yuan"] - plain["spending_yuan"]).sel(benefit="chronic", quarter=labels[5])
    np.testing.assert_allclose(added, extra, rtol=1e-9, atol=1e-3)
    levied = (moved["pooled_income_by_source_yuan"] / plain["pooled_income_by_source_yuan"]).sel(scheme="employee")
    np.testing.assert_allclose(levied.sel(source="employer"), cut, rtol=1e-12)
    np.testing.assert_allclose(levied.sel(source="flexible"), 1.0, rtol=1e-12)


def test_a_leading_dim_of_people_broadcasts(run: ModelProjection) -> None:
    factors = [0.9, 1.0, 1.05]
    held = part_of(run.exposure, [str(quarter) for quarter in EIGHT])
    many = Exposure(*(as_draws(value, factors) for value in vars(held).values()))
    together, _ = project_finance(run.inputs, many, EIGHT)
    for row, factor in enumerate(factors):
        one = Exposure(*(value * factor for value in vars(held).values()))
        alone, _ = project_finance(run.inputs, one, EIGHT)
        for name in ("pooled_balance_end_yuan", "personal_balance_end_yuan", "spending_yuan", "payable_months"):
            apart = together[name].sel(draw=row).transpose(*alone[name].dims)
            np.testing.assert_allclose(apart, alone[name], rtol=1e-13, err_msg=name)


def test_drivers_that_differ_by_draw_broadcast(run: ModelProjection) -> None:
    growth = as_draws(run.inputs.drivers["wage_growth"], [0.5, 1.0, 2.0])
    paths, state = _paths(run, EIGHT, drivers=run.inputs.drivers.assign(wage_growth=growth))
    income = paths["pooled_income_yuan"].sel(scheme="employee").isel(quarter=-1).squeeze()
    assert income.dims == ("draw",)
    assert bool((income.diff("draw") > 0).all())
    assert "draw" in state.balances.dims
    plain, _ = _paths(run, EIGHT)
    np.testing.assert_array_equal(
        paths["pooled_balance_end_yuan"].sel(draw=1).transpose(*plain["pooled_balance_end_yuan"].dims),
        plain["pooled_balance_end_yuan"],
    )
