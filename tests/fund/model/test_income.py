"""Contribution base, account split, reductions, premiums and the ratio of subsidy to premium."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from actuary.errors import DeclarationError, UnknownNameError
from actuary.fund.model import ModelProjection, project_model
from actuary.fund.model.drivers import read_model_drivers, read_path
from actuary.fund.model.income import raised_premium
from actuary.fund.model.wages import contribution_base
from actuary.periods import Quarter, quarter_range
from actuary.policy import load_basis, load_policy_book, resolve


@given(spread=st.floats(0.05, 1.5), floor=st.floats(0.0, 0.95), cap=st.floats(1.05, 8.0))
def test_the_contribution_base_is_the_mean_of_wages_held_between_floor_and_cap(
    spread: float, floor: float, cap: float
) -> None:
    ranks = (np.arange(200_000) + 0.5) / 200_000
    wages = np.exp(spread * ndtri(ranks) - spread**2 / 2)
    assert float(contribution_base(spread, floor, cap)) == pytest.approx(np.clip(wages, floor, cap).mean(), rel=2e-4)


@given(spread=st.floats(0.0, 1.5), floor=st.floats(0.0, 1.0), more=st.floats(0.0, 0.5))
def test_a_higher_floor_never_lowers_the_base(spread: float, floor: float, more: float) -> None:
    low, high = (float(contribution_base(spread, value, 3.0)) for value in (floor, floor + more))
    assert high >= low - 1e-12


def test_pro_rated_rates_enter_by_days_and_others_by_the_first_day() -> None:
    book = resolve("national", basis="people", scenario="contribution_halving_5_months").policy
    quarters = list(quarter_range(Quarter(2026, 1), Quarter(2026, 4)))
    rate = read_path(book, "employee.employer_rate", quarters)
    np.testing.assert_allclose(rate, [0.06 * (31 + 29.5) / 90, 0.03, 0.06, 0.06], rtol=1e-14)
    assert all(
        value == book.value_over("employee.employer_rate", quarter.first_day, quarter.last_day)
        for value, quarter in zip(rate, quarters, strict=True)
    )


def test_the_halving_of_2020_stands_in_the_assumptions() -> None:
    basis = load_basis("national", "people")
    quarters = list(quarter_range(Quarter(2019, 4), Quarter(2020, 4)))
    cut = read_path(basis, "employee.employer_rate_reduction", quarters)
    np.testing.assert_allclose(cut, [0, 0.31 * 60 / 91, 0.31, 0, 0], atol=1e-15)


def test_a_rule_that_ends_before_the_horizon_is_refused_and_an_open_one_carried_on(models: Path) -> None:
    path = models / "national/assumptions/people.toml"
    text = path.read_text(encoding="utf-8")
    ended = text.replace(
        "[[valuation.discount_rate.values]]\nfrom = 2041-01-01",
        "[[valuation.discount_rate.values]]\nfrom = 2041-01-01\nto = 2045-12-31",
    )
    assert ended != text
    path.write_text(ended, encoding="utf-8")
    book = load_policy_book("national", root=models)
    resolved = {"base": resolve("national", basis="people", root=models)}
    read_model_drivers(resolved, list(quarter_range(Quarter(2024, 1), Quarter(2045, 4))), book=book)
    with pytest.raises(DeclarationError, match=r"valuation.discount_rate of national on 2046-01-01: found no value"):
        read_model_drivers(resolved, list(quarter_range(Quarter(2024, 1), Quarter(2060, 4))), book=book)


def test_every_missing_assumption_is_named_at_once(models: Path) -> None:
    path = models / "national/assumptions/people.toml"
    text = path.read_text(encoding="utf-8").replace("[valuation.", "[extra_valuation.")
    cut = text[: text.index("[extra_valuation.discount_rate]")]
    path.write_text(cut[: cut.index("[resident.collection_rate]")], encoding="utf-8")
    book = load_policy_book("national", root=models)
    resolved = {"base": resolve("national", basis="people", root=models)}
    with pytest.raises(UnknownNameError) as caught:
        read_model_drivers(resolved, [Quarter(2024, 1), Quarter(2025, 1)], book=book)
    named = " ".join(str(problem) for problem in caught.value.problems)
    for key in ("resident.collection_rate", "resident.reserve_interest", "valuation.discount_rate"):
        assert key in named


def test_own_contributions_go_to_accounts_and_the_employer_part_to_the_pool(run: ModelProjection) -> None:
    employee = run.paths.sel(scheme="employee", scenario="base")
    pooled, personal = (employee[f"{fund}_income_by_source_yuan"] for fund in ("pooled", "personal"))
    assert float(abs(pooled.sel(source="employee")).max()) == 0
    assert float(abs(personal.sel(source="employer")).max()) == 0
    np.testing.assert_allclose(personal.sel(source="employee") * 3, pooled.sel(source="employer"), rtol=1e-12)
    np.testing.assert_allclose(pooled.sel(source="retiree_credit"), -personal.sel(source="retiree_credit"))


def test_before_the_reform_part_of_the_employer_contribution_went_to_accounts() -> None:
    resolved = {"base": resolve("national", basis="people")}
    quarters = list(quarter_range(Quarter(2021, 1), Quarter(2021, 4)))
    book = load_policy_book("national")
    shares = read_path(book, "employee.employer_share_to_personal", quarters, default=0.0)
    np.testing.assert_array_equal(shares, [0.3, 0, 0, 0])
    assert resolved["base"].policy.value("employee.personal_credit_active", quarters[1].first_day) == 0.02


def test_the_premium_of_a_notice_is_paid_in_autumn_for_the_next_year(run: ModelProjection) -> None:
    resident = run.paths.sel(scheme="resident", scenario="base")
    premium = resident["pooled_income_by_source_yuan"].sel(source="premium")
    factor = float(run.inputs.calibration.funding_factor.squeeze())
    members = resident["average_persons"]
    expected = {"2025Q1": 0.25 * 400, "2025Q2": 0, "2025Q3": 0, "2025Q4": 0.75 * 400, "2026Q1": 0.25 * 400}
    for quarter, amount in expected.items():
        paid = float(premium.sel(quarter=quarter))
        assert paid == pytest.approx(factor * amount * float(members.sel(quarter=quarter)), rel=1e-12)


def test_the_published_season_of_resident_income_comes_out(run: ModelProjection) -> None:
    resident = run.paths.sel(scheme="resident", scenario="base", quarter=[f"2025Q{n}" for n in range(1, 5)])
    sources = resident["pooled_income_by_source_yuan"].sel(source=["subsidy", "premium"]).sum("source")
    # Notices move between the years, so the shares of 2025 stay close to those published, not equal to them.
    np.testing.assert_allclose(sources / sources.sum(), run.inputs.seasons["resident", "income"], atol=0.02)


def test_a_subsidy_above_twice_the_premium_lifts_it_reports_it_or_is_refused(run: ModelProjection) -> None:
    rule = run.inputs.model.declared.resident
    drivers = run.inputs.drivers.assign(subsidy=run.inputs.drivers["subsidy"] * 1.5)
    premium, before, breached = raised_premium(drivers, rule, first_year=2025)
    assert bool(breached.isel(quarter=slice(4, None)).any())
    assert not bool(breached.isel(quarter=slice(0, 4)).any())
    later = slice(4, None)
    assert float((drivers["subsidy"] / premium).isel(quarter=later).max()) <= 2.0 + 1e-12
    np.testing.assert_array_equal(before.isel(quarter=slice(8, None)), premium.isel(quarter=slice(4, -4)))
    reported, _, found = raised_premium(drivers, rule.model_copy(update={"on_breach": "report"}), first_year=2025)
    np.testing.assert_array_equal(reported, drivers["premium"])
    np.testing.assert_array_equal(found, breached)
    with pytest.raises(DeclarationError, match="resident premium 20"):
        raised_premium(drivers, rule.model_copy(update={"on_breach": "refuse"}), first_year=2025)
    declared, _, none = raised_premium(run.inputs.drivers, rule, first_year=2025)
    assert not bool(none.any())
    np.testing.assert_array_equal(declared, run.inputs.drivers["premium"])


def test_the_halving_scenario_costs_what_its_days_cost(run: ModelProjection, members: object) -> None:
    cut = project_model("national", to="2027Q4", scenarios=("contribution_halving_5_months",), members=members["base"])  # type: ignore[index]
    levied = cut.paths["pooled_income_by_source_yuan"].sel(scheme="employee", source="employer").squeeze("scenario")
    plain = run.paths["pooled_income_by_source_yuan"].sel(scheme="employee", source="employer", scenario="base")
    share = (levied / plain.sel(quarter=levied["quarter"])).sel(quarter=["2025Q4", "2026Q1", "2026Q2", "2026Q3"])
    np.testing.assert_allclose(share, [1, (31 + 29.5) / 90, 0.5, 1], rtol=1e-12)


def test_a_scenario_without_effect_here_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"only employee\.pooled_cost_growth, resident\.cost_growth"):
        project_model("national", to="2026Q4", scenarios=("higher_cost_growth",))


def test_adverse_and_favourable_move_cost_and_members_and_name_what_does_nothing() -> None:
    run = project_model("national", to="2035Q4", scenarios=("base", "adverse", "favourable"))
    end = run.paths.sel(quarter="2035Q4")
    for scheme in ("employee", "resident"):
        for variable in ("pooled_balance_end_yuan", "enrolled_persons"):
            worse, base, better = (
                float(end[variable].sel(scheme=scheme, scenario=s)) for s in ("adverse", "base", "favourable")
            )
            assert worse < base < better, (scheme, variable)
        levels = end["trend_level"].sel(scheme=scheme, benefit="inpatient").prod("factor")
        ratio = levels.sel(scenario="adverse") / levels.sel(scenario="base")
        assert float(ratio) == pytest.approx(1.015**11, rel=0.01)
    worse, better = run.notes
    assert worse.startswith("scenario adverse: without effect in the people-driven model: employee.pooled_cost_growth")
    assert "acting: employee.contribution_base_growth" in worse
    assert "employee.retired_growth" in better
    assert "employee.retired_growth" in run._repr_html_()


def test_a_rule_that_the_model_does_not_read_does_nothing(models: Path) -> None:
    text = (models / "scenarios/slower_active_growth.toml").read_text(encoding="utf-8")
    text = text.replace("employee.active_growth", "employee.personal_credit_retired").replace(
        "2023-01-01", "2025-01-01"
    )
    (models / "scenarios/other_rule.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"only employee\.personal_credit_retired"):
        project_model("national", to="2026Q4", scenarios=("other_rule",), models=models)


def test_a_declared_wage_moves_the_level_into_collection(run: ModelProjection, members: object) -> None:
    held = run.inputs.model
    stated = held.declared.benefit[0].price
    assert stated is not None
    wage = stated.model_copy(update={"value": 120_000.0})
    employee = held.declared.employee.model_copy(update={"wage_base": "declared", "average_wage_yuan": wage})
    model = replace(held, declared=held.declared.model_copy(update={"employee": employee}))
    other = project_model("national", to="2026Q4", members=members["base"], finance=model)  # type: ignore[index]
    factor = float(other.inputs.calibration.collection_factor.squeeze())
    assert factor == pytest.approx(float(run.inputs.calibration.average_wage.squeeze()) / 120_000, rel=1e-12)
    np.testing.assert_allclose(
        other.paths["pooled_income_yuan"],
        run.paths["pooled_income_yuan"].sel(quarter=other.paths["quarter"]),
        rtol=1e-12,
    )


def test_a_trend_of_one_benefit_moves_only_that_benefit(run: ModelProjection) -> None:
    levels = run.paths["trend_level"].sel(scheme="employee", scenario="base", quarter="2026Q1")
    of_price = levels.sel(factor="price")
    assert float(of_price.sel(benefit="maternity")) == pytest.approx(1.06 * 1.06, rel=1e-12)
    assert float(of_price.sel(benefit="inpatient")) == pytest.approx(1.01 * 1.01, rel=1e-12)
    assert float(levels.sel(factor="use", benefit="maternity")) == 1.0


def test_a_reduction_longer_than_the_rule_allows_is_refused(models: Path) -> None:
    path = models / "national/assumptions/people.toml"
    text = path.read_text(encoding="utf-8")
    longer = text.replace("from = 2020-07-01", "from = 2020-09-01")
    assert longer != text
    path.write_text(longer, encoding="utf-8")
    resolved = {"base": resolve("national", basis="people", root=models)}
    with pytest.raises(DeclarationError, match=r"a reduction in 7 months; expected at most 5"):
        read_model_drivers(
            resolved, [Quarter(2024, 1), Quarter(2025, 1)], book=load_policy_book("national", root=models)
        )


def test_a_fund_that_is_not_divided_is_all_pool(run: ModelProjection, members: object) -> None:
    held = run.inputs.base
    flows = {
        ("employee", "pooled_income"): held.flows["employee", "pooled_income"]
        + held.flows["employee", "personal_income"],
        ("employee", "pooled_expenditure"): held.flows["employee", "pooled_expenditure"]
        + held.flows["employee", "personal_expenditure"],
    }
    balance = {("employee", "pooled"): 4_491_725_000_000.0, ("employee", "personal"): 0.0}
    base = replace(
        held,
        divided=False,
        flows={**held.flows, **flows, ("employee", "personal_income"): 0.0, ("employee", "personal_expenditure"): 0.0},
        opening_balances={**held.opening_balances, **balance},
        closing_balances={**held.closing_balances, **balance},
    )
    other = project_model("national", to="2027Q4", members=members["base"], base=base)  # type: ignore[index]
    employee = other.paths.sel(scheme="employee", scenario="base")
    assert float(abs(employee["personal_balance_end_yuan"]).max()) == 0
    assert str(other.paths["months_basis"].sel(scheme="employee").item()) == "undivided"
    own = employee["pooled_income_by_source_yuan"].sel(source="employee")
    assert float(own.min()) > 0
    growth = float(other.annual("employee").iloc[0]["pooled_income_yuan"]) / flows["employee", "pooled_income"]
    assert 1.03 < growth < 1.09


def test_a_scheme_without_figures_is_left_out_and_the_other_projected(run: ModelProjection, members: object) -> None:
    base = replace(run.inputs.base, schemes=("resident",))
    other = project_model("national", to="2027Q4", members=members["base"], base=base)  # type: ignore[index]
    assert other.projected_schemes == ("resident",)
    balance = other.paths["pooled_balance_end_yuan"].sel(scenario="base")
    assert bool(balance.sel(scheme=["all", "employee"]).isnull().all())
    np.testing.assert_array_equal(
        balance.sel(scheme="resident"),
        run.paths["pooled_balance_end_yuan"].sel(scenario="base", scheme="resident", quarter=balance["quarter"]),
    )
    assert set(other.milestones["scheme"]) == {"resident"}
