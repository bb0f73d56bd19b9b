"""The model gives back what its base year published, and says how far it moved what was declared."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from actuary.fund.model import ModelProjection, read_base_year
from actuary.fund.model.calibration_income import sum_quarters
from actuary.fund.model.income import contributions_per_wage, resident_funding
from actuary.fund.sources import load_region_facts
from actuary.periods import Quarter
from actuary.policy import load_finance_model


def test_the_base_year_is_that_of_the_tables() -> None:
    base = read_base_year("national", 2024)
    assert base.flows["employee", "pooled_income"] == 1_734_245_000_000
    assert base.flows["employee", "pooled_expenditure"] == 1_322_271_000_000
    assert base.flows["employee", "personal_income"] == 639_002_000_000
    assert base.divided
    assert base.closing_balances["resident", "pooled"] == 818_302_000_000
    assert base.average["active"] == (270_990_000 + 274_918_400) / 2
    assert not base.missing
    assert not base.synthetic


def test_a_city_without_figures_says_what_it_lacks() -> None:
    base = read_base_year("shenyang", 2020)
    assert base.schemes == ()
    assert {one.scheme for one in base.missing} == {"employee", "resident"}


def test_spending_of_the_base_year_comes_out_by_scheme_and_benefit(run: ModelProjection) -> None:
    held, base = run.inputs.calibration, run.inputs.base
    spent = held.base_weighted * held.unit_cost
    for scheme in ("employee", "resident"):
        assert float(spent.sel(scheme=scheme).sum()) == pytest.approx(
            base.flows[scheme, "pooled_expenditure"], rel=1e-12
        )
    assert float(spent.sel(scheme="employee", benefit="maternity")) == pytest.approx(140_293_000_000, rel=1e-12)
    assert float(spent.sel(scheme="employee", benefit="assistance")) == 0


def test_income_of_both_funds_comes_out(run: ModelProjection) -> None:
    inputs, held = run.inputs, run.inputs.calibration
    now = inputs.drivers.isel(quarter=slice(0, 4))
    statuses = list(held.weights["use"]["status"].to_numpy())
    people = dict.fromkeys(statuses, 0.0)
    flexible = float(run.exposure.average.sel(status="employee_flexible").isel(quarter=0))
    both = float(run.exposure.average.sel(status=["employee_active", "employee_flexible"]).isel(quarter=0).sum())
    # The base year's make-up is that of its end; its numbers are the published averages.
    people["employee_retired"] = inputs.base.average["retired"]
    close = run.inputs.base.closing
    assert close["active"] == pytest.approx(274_918_400)
    share = float(_opening(run, "employee_flexible")) / float(_opening(run, "employee_active", "employee_flexible"))
    people["employee_flexible"] = inputs.base.average["active"] * share
    people["employee_active"] = inputs.base.average["active"] * (1 - share)
    assert 0 < flexible < both
    persons = xr.DataArray(list(people.values()), dims="status", coords={"status": statuses})
    per_wage = contributions_per_wage(now, persons, divided=True)
    season = xr.DataArray(
        list(inputs.seasons["employee", "income"]), dims="quarter", coords={"quarter": now["quarter"]}
    )
    credit = float(held.retiree_credit.squeeze()) * people["employee_retired"]
    for fund, sign in (("pooled", -1), ("personal", 1)):
        rate = now["reserve_interest"].sel(scheme="employee") if fund == "pooled" else now["account_interest"]
        earned = float(rate.mean()) * inputs.base.opening_balances["employee", fund]
        income = float((sum_quarters(per_wage[fund], season) * held.average_wage).squeeze()) + sign * credit + earned
        assert income == pytest.approx(inputs.base.flows["employee", f"{fund}_income"], rel=1e-9)
    per_head = resident_funding(now, inputs.model.declared.resident, subsidy_season=held.subsidy_season)
    declared = inputs.base.average["enrolled"] * float(sum(per_head.values()).sum())
    earned = 0.02 * inputs.base.opening_balances["resident", "pooled"]
    assert declared * float(held.funding_factor.squeeze()) + earned == pytest.approx(1_118_090_000_000, rel=1e-12)


def _opening(run: ModelProjection, *statuses: str) -> xr.DataArray:
    # Average of the first quarter is the mean of both its ends; the opening follows from it and the closing.
    average, closing = (
        value.sel(status=list(statuses)).isel(quarter=0).sum() for value in (run.exposure.average, run.exposure.closing)
    )
    return 2 * average - closing


def test_retired_members_are_credited_a_plausible_fixed_sum(run: ModelProjection) -> None:
    # 2 % of an average pension: some tens of yuan a month, and never indexed.
    credit = float(run.inputs.calibration.retiree_credit.squeeze())
    assert 300 < credit < 1500
    paid = run.paths["personal_income_by_source_yuan"].sel(scheme="employee", source="retiree_credit", scenario="base")
    season = np.tile(run.inputs.seasons["employee", "income"], paid.sizes["quarter"] // 4)
    retired = run.exposure.average.sel(status="employee_retired").to_numpy()
    np.testing.assert_allclose(paid.to_numpy(), credit * retired * season, rtol=1e-12)


def test_declared_rates_are_those_of_the_published_tables() -> None:
    model, figures = load_finance_model("national"), load_region_facts("national", until=Quarter(2024, 4)).figures
    inpatient = model.benefit("employee", "inpatient")
    assert inpatient is not None
    assert inpatient.price is not None
    assert inpatient.fund_share is not None
    active, retired = (level.value for level in inpatient.use)
    mean = figures.value("employee", "admission_rate", 2023)
    # The published identity of 2021: 9.9 % of the active and 39.5 % of the retired are 17.7 % of all.
    known = [figures.value("employee", name, 2021) for name in ("admission_rate_active", "admission_rate_retired")]
    members = [figures.value("employee", name, 2021) for name in ("active", "retired")]
    of_all = float(np.dot(known, members)) / sum(members)
    assert round(of_all, 3) == figures.value("employee", "admission_rate", 2021) == 0.177
    assert [active, retired] == pytest.approx([one * mean / 0.177 for one in known], abs=5e-5)
    assert inpatient.price.value == figures.value("employee", "inpatient_cost_per_stay", 2024)
    assert inpatient.fund_share.value == figures.value("employee", "inpatient_catalogue_reimbursement_rate", 2024)
    resident = model.benefit("resident", "inpatient")
    assert resident is not None
    assert resident.price is not None
    assert resident.use[0].value == figures.value("resident", "admission_rate", 2023)
    assert resident.price.value == figures.value("resident", "inpatient_cost_per_stay", 2023)
    maternity = model.benefit("employee", "maternity")
    assert maternity is not None
    assert maternity.published_total_yuan is not None
    assert maternity.published_total_yuan.value == figures.value("maternity", "expenditure", 2024)


def test_stays_and_their_mean_price_are_met_with_those_out_of_area(run: ModelProjection) -> None:
    held, base = run.inputs.calibration, run.inputs.base
    both = ["inpatient", "out_of_area"]
    stays = {}
    uses = run.exposure.uses.isel(quarter=0).sel(scheme="employee", benefit=both)
    weighted = held.base_weighted.sel(scheme="employee", benefit=both)
    cost = float((weighted * held.price.sel(scheme="employee", benefit=both)).sum())
    stays["all"] = float(weighted.sum())
    assert cost / stays["all"] == pytest.approx(11_707, rel=1e-12)
    expected = 0.1223 * base.average["active"] + 0.4878 * base.average["retired"]
    assert stays["all"] == pytest.approx(expected, rel=1e-12)
    assert float(uses.sel(benefit="out_of_area") / uses.sum("benefit")) == pytest.approx(0.07, rel=1e-12)


def test_every_factor_is_reported(run: ModelProjection) -> None:
    table = run.calibration
    assert list(table.columns) == ["scheme", "name", "declared", "factor", "value", "unit", "note_zh", "note_en"]
    assert {"average wage", "retiree credit", "account spending factor", "funding factor"} <= set(table["name"])
    moved = table[table["name"].str.contains("spending of the base year")]
    assert moved["factor"].between(0.7, 1.4).all(), "declared levels lie far from what the funds spent"
