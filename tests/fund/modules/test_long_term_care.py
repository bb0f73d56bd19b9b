"""Long-term care: published pilots, people in need cell by cell, and rates that pay for it as it goes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from actuary.fund.modules import ModuleView, care_rates, module_effects
from actuary.fund.modules.long_term_care import care_cost, persons_in_need
from actuary.policy import load_policy_book


def test_the_benefit_and_the_use_are_those_of_the_pilots(see: Callable[[str], ModuleView]) -> None:
    """2020: 13.14 bn yuan for 835,000 of 108.353 m covered persons, 181 yuan of funding a head."""
    assert pytest.approx(15737, rel=1e-3) == 13.14e9 / 835e3
    book = load_policy_book("national")
    assert book.parameter("long_term_care.funding_per_head").values[0].value == pytest.approx(
        19.61e9 / 108.353e6, abs=0.5
    )
    view = see("long_term_care")
    assert view.scalar("care.benefit_per_person", view.quarters[0]) == 15737
    rates = care_rates(view).set_index("year")
    insured = sum(float(view.persons(s).sel(quarter="2026Q1")) for s in ("employee", "resident"))
    drawing = rates["beneficiaries_persons"][2026] / (0.23 * insured)
    assert 0.005 < drawing < 0.0077


def test_people_in_need_are_counted_cell_by_cell(see: Callable[[str], ModuleView]) -> None:
    view = see("long_term_care")
    need = persons_in_need(view)
    profile = view.modules.profiles["severe_dependency"]
    stocks = view.members.stocks
    total = 0.0
    for sex in ("male", "female"):
        for age in stocks["age"].to_numpy():
            for status in ("employee_active", "employee_flexible", "employee_retired"):
                pair = stocks.sel(status=status, sex=sex, age=age, quarter=["2039Q4", "2040Q1"])
                total += profile.value(sex, int(age)) * float(pair.mean())
    assert float(need.sel(scheme="employee", quarter="2040Q1")) == pytest.approx(total, rel=1e-12)


def test_income_and_the_part_of_the_pool_are_what_is_spent(see: Callable[[str], ModuleView]) -> None:
    view = see("long_term_care")
    held = module_effects(view).groupby(["scheme", "flow", "year"])["yuan"].sum()
    for scheme in ("employee", "resident"):
        spent, came = held[scheme, "spending"], held[scheme, "income"]
        np.testing.assert_allclose(came, 0.6 * spent, rtol=1e-12)
        assert spent[2025] == 0
        assert spent[2026] > 0
    assert float(care_cost(view).sum("scheme").sel(quarter="2030Q1")) == pytest.approx(
        held.loc[:, "spending", 2030].sum() / 4, rel=0.02
    )


def test_ageing_raises_the_rates_to_the_end_of_the_century(see: Callable[[str], ModuleView]) -> None:
    rates = care_rates(see("long_term_care")).set_index("year")
    assert rates.index[-1] == 2100
    per_wage = rates["rate_per_wage"]
    assert 0.001 < per_wage[2030] < 0.003
    assert per_wage[2075] > 4 * per_wage[2030]
    # The part of people alone: beneficiaries a person covered follow those of 65 and more.
    drawn = rates["beneficiaries_persons"] / (rates["cost_yuan"] / rates["rate_per_insured_yuan"])
    assert (drawn[[2040, 2060, 2080]].diff().dropna() > 0).all()
    assert rates["share_65_plus"][2050] > 1.5 * rates["share_65_plus"][2030]
