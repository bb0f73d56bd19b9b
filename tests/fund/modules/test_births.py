"""Birth policies: published maternity figures, sums that close, and the whole model beside the module."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from actuary.demography.membership import Membership
from actuary.demography.population import project_population
from actuary.errors import TableError, UnknownNameError
from actuary.fund.model import ModelProjection, project_model
from actuary.fund.modules import BirthPolicyCosts, ModuleView, birth_flows, cost_birth_policies, maternity_causes
from actuary.fund.modules.births import policy_population
from actuary.paths import data_root
from actuary.periods import Quarter

START = Quarter(2026, 1)


@pytest.fixture(scope="module")
def view(see: Callable[[str], ModuleView]) -> ModuleView:
    return see("base")


@pytest.fixture(scope="module")
def costs(view: ModuleView) -> BirthPolicyCosts:
    return cost_birth_policies(view, start=START)


def test_benefit_per_birth_and_not_births_drives_maternity() -> None:
    """Maternity spending rose from 85.2 to 140.3 bn yuan in 2021–24 while births fell from 10.5 to 8.8 m."""
    facts = pd.read_csv(data_root() / "reference" / "national_annual.csv")
    chosen = facts.query("scheme == 'maternity' and indicator == 'expenditure' and basis == 'bulletin'")
    spent = chosen.astype({"period": int}).set_index("period")["value"] * 1e8
    outlook = pd.read_csv(data_root() / "reference" / "population" / "wpp2024_outlook.csv")
    births = outlook[outlook["series"] == "births"].set_index("year")["medium"]
    years = [{"spending_yuan": float(spent[year]), "births": float(births[year])} for year in (2021, 2024)]
    causes = maternity_causes(*years)
    change = years[1]["spending_yuan"] - years[0]["spending_yuan"]
    assert change == pytest.approx(55.1e9, rel=0.01)
    assert sum(causes.values()) == pytest.approx(change, rel=1e-12)
    assert causes["births"] < 0
    assert causes["benefit_per_birth"] > change


def test_nothing_changed_has_no_cause() -> None:
    same = {"spending_yuan": 5.0, "births": 2.0}
    assert maternity_causes(same, same) == {"births": 0.0, "benefit_per_birth": 0.0}
    with pytest.raises(TableError) as caught:
        maternity_causes({"spending_yuan": 0, "births": -1}, same)
    assert len(caught.value.problems) == 2


def test_the_allowance_is_that_of_2023(view: ModuleView) -> None:
    """26,000 yuan a recipient: 158 days of the wage base of mothers, one year before the base year."""
    base = float(view.inputs.calibration.average_wage) / (1 + 0.03)
    ratio = view.scalar("births.mother_wage_ratio", view.quarters[0])
    days = view.modules.policies["three_child"].leave_days
    assert base * ratio * days / 365 == pytest.approx(26_000, rel=0.03)


def test_the_declared_unit_costs_come_near_the_published_total(view: ModuleView) -> None:
    """140.3 bn yuan in 2024; checks before birth and family planning are in it, so the module lies below."""
    first = view.quarters[0]
    mothers = 8_822_056 * view.scalar("births.employee_mother_share", first)
    wage = float(view.inputs.calibration.average_wage) * view.scalar("births.mother_wage_ratio", first)
    allowance = wage * 158 / 365 * view.scalar("births.allowance_claim_share", first)
    total = mothers * (allowance + view.scalar("births.delivery_cost_employee", first))
    assert 0.75 * 140.293e9 < total < 1.02 * 140.293e9


def test_a_policy_costs_nothing_against_itself(costs: BirthPolicyCosts) -> None:
    own = costs.table[costs.table["policy"] == "three_child"]
    assert len(own)
    assert (own["cost_yuan"] == 0).all()
    births = costs.births[costs.births["policy"] == "three_child"]
    assert (births["more_births"] == 0).all()


def test_costs_add_up_along_a_chain_of_policies(view: ModuleView) -> None:
    """Two against one and subsidies against two make subsidies against one, line by line."""

    def total(policy: str, against: str) -> pd.Series:
        held = cost_birth_policies(view, [policy], against=against, start=START).table
        return held.groupby(["payer", "scheme", "item", "year"])["cost_yuan"].sum()

    chain = total("two_child", "one_child") + total("subsidised", "two_child")
    whole = total("subsidised", "one_child")
    np.testing.assert_allclose(chain.sort_index(), whole.sort_index(), rtol=1e-9, atol=1e-9 * whole.abs().max())
    back = total("one_child", "subsidised")
    np.testing.assert_allclose(back.sort_index(), -whole.sort_index(), rtol=1e-9, atol=1e-9 * whole.abs().max())


def test_totals_close(costs: BirthPolicyCosts) -> None:
    yearly = costs.yearly()
    table = costs.table.groupby(["policy", "year"])["cost_yuan"].sum()
    public = yearly[yearly["payer"] == "public"].set_index(["policy", "year"])["cost_yuan"]
    np.testing.assert_allclose(public.sort_index(), table.sort_index(), rtol=1e-12, atol=1)
    parts = yearly[yearly["payer"] != "public"].groupby(["policy", "year"])["cost_yuan"].sum()
    np.testing.assert_allclose(parts.sort_index(), public.sort_index(), rtol=1e-12, atol=1)
    # What the budget gives to the resident fund is cost there and income here.
    subsidy = costs.table[costs.table["item"] == "resident_subsidy"].groupby(["policy", "year"])["cost_yuan"].sum()
    assert subsidy.abs().max() < 1e-3
    summary = costs.summary().set_index(["policy", "payer"])
    for years in (1, 5, 10):
        chosen = public[public.index.get_level_values("year").isin(range(2026, 2026 + years))].groupby("policy").sum()
        for policy in chosen.index:
            assert summary.loc[(policy, "public"), f"cost_{years}_years_yuan"] == pytest.approx(chosen[policy])


def test_nothing_happens_before_the_start(costs: BirthPolicyCosts) -> None:
    before = costs.table[costs.table["year"] < START.year]
    assert len(before)
    assert (before["cost_yuan"].abs() < 1e-3).all()


def test_children_cost_first_and_pay_later(costs: BirthPolicyCosts) -> None:
    held = costs.table[costs.table["policy"] == "subsidised"]
    items = held.groupby(["item", "year"])["cost_yuan"].sum()
    assert items["delivery"][2030] > 0
    assert items["early_care"][2030] > 0
    assert items["contributions"][2035] == pytest.approx(0, abs=1e6)
    assert items["contributions"][2060] < 0
    summary = costs.summary().set_index(["policy", "payer"])
    row = summary.loc[("subsidised", "fund")]
    assert 0 < row["cost_1_years_yuan"] < row["cost_5_years_yuan"] < row["cost_10_years_yuan"]
    assert 2050 < row["break_even_year"] < 2100


@pytest.mark.parametrize(
    ("cumulative", "year"),
    [([1.0, 2, -1, -2], 2003), ([1.0, -1, 2, -2], 2004), ([1.0, 2, 3, 1], None), ([-1.0, -1, 0, 0], None)],
)
def test_break_even_is_for_good(cumulative: list[float], year: int | None) -> None:
    steps = np.diff(np.concatenate([[0], cumulative]))
    years = range(2001, 2005)
    table = pd.DataFrame(
        {"policy": "a", "year": list(years), "payer": "fund", "scheme": "resident", "item": "x", "cost_yuan": steps}
    )
    held = BirthPolicyCosts("b", Quarter(2001, 1), table, pd.DataFrame(), pd.Series(1.0, index=list(years)))
    found = held.summary().set_index("payer")["break_even_year"]["fund"]
    assert (pd.isna(found) and year is None) or found == year


def test_more_births_are_more_people(view: ModuleView) -> None:
    flows = birth_flows(view, "subsidised", against="three_child", start=START)
    more = (flows.births.sel(variant="policy") - flows.births.sel(variant="against")).sel(year=range(2026, 2041)).sum()
    people = float(flows.persons.sum("status").sel(quarter="2040Q4"))
    assert 0.95 * float(more) < people < float(more)


def test_the_whole_model_with_these_people_comes_near(
    view: ModuleView, run: ModelProjection, members: Membership
) -> None:
    """Another population through every part of the model: members, income and care, by rules instead of shares."""
    changed = policy_population(members.population.inputs, view.modules.policies["subsidised"], start=2026)
    other = project_model("national", to="2060Q4", population=project_population(changed))
    flows = birth_flows(view, "subsidised", against="three_child", start=START)
    for year in (2040, 2055):
        quarters = [f"{year}Q{n}" for n in range(1, 5)]

        def spent(one: ModelProjection, quarters: list[str] = quarters) -> float:
            paths = one.paths["spending_yuan"].isel(scenario=0).sel(quarter=quarters, scheme=["employee", "resident"])
            return float(paths.drop_sel(benefit="maternity").sum())

        care = sum(
            float(one.yuan.sel(quarter=quarters).sum())
            for one in flows.fund
            if one.flow == "spending" and one.line != "maternity"
        )
        assert care == pytest.approx(spent(other) - spent(run), rel=0.1)


def test_unknown_names_and_starts_are_refused(view: ModuleView) -> None:
    with pytest.raises(UnknownNameError, match="two_child"):
        cost_birth_policies(view, ["two_childs"], start=START)
    with pytest.raises(TableError, match="first quarter"):
        cost_birth_policies(view, start="2026Q2")
    assert math.isfinite(float(cost_birth_policies(view, ["two_child"]).summary().iloc[0, 2]))
