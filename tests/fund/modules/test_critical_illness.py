"""Critical illness: published funding, the premium that pays for itself, and the layer against the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from actuary.fund.modules import CoverTerms, ModuleView, cover_claims, cover_cost, cover_premium, fit_law
from actuary.fund.modules.critical_illness import critical_illness
from actuary.policy import load_policy_book

LAW = fit_law("lognormal", mean=6000, variation=1.6)


def test_better_terms_cost_about_what_shenyang_came_to_fund() -> None:
    """Half the deductible and 70 % in place of 50 %: funding a head rose from 25 to 70 yuan, 2.8 times."""
    book = load_policy_book("shenyang")
    funding = [one.value for one in book.parameter("critical_illness.funding_per_head").values]
    assert funding == [25, 70]
    before = CoverTerms(LAW, 0.15, 15000, 0.5)
    after = CoverTerms(LAW, 0.15, 15000, 0.5, favoured_share=1, favoured_deductible=7500, favoured_fund_share=0.7)
    assert after.cost_per_member / before.cost_per_member == pytest.approx(funding[1] / funding[0], rel=0.1)


def test_the_premium_pays_the_cost_and_the_loading_and_no_more() -> None:
    terms = CoverTerms(LAW, 0.15, 15000, 0.6, loading_share=0.05)
    held = cover_premium(terms, members=3.864e6, funding_per_member_yuan=terms.premium_per_member)
    assert held["balance_yuan"] == pytest.approx(0, abs=1e-6)
    assert held["income_yuan"] == pytest.approx(held["cost_yuan"] + held["loading_yuan"])
    assert held["needed_per_member_yuan"] == terms.premium_per_member


def test_a_mix_of_terms_lies_between_them() -> None:
    plain = CoverTerms(LAW, 0.15, 15000, 0.6, favoured_deductible=7500, favoured_fund_share=0.7)
    mixed, better = (replace(plain, favoured_share=share) for share in (0.25, 1.0))
    whole = 0.75 * plain.cost_per_member + 0.25 * better.cost_per_member
    assert mixed.cost_per_member == pytest.approx(whole)
    assert plain.claimant_share < mixed.claimant_share < better.claimant_share


def test_the_declared_law_makes_the_declared_use(see: Callable[[str], ModuleView]) -> None:
    """1.3 % of residents with a mean excess of about 12,000 yuan: what the finance model declares of the benefit."""
    view = see("base")
    held = cover_cost(view)
    assert held["claimant_share"].iloc[0] == pytest.approx(0.013, rel=0.05)
    ratio = held["run_cost_per_member_yuan"] / held["cost_per_member_yuan"]
    assert ratio.iloc[0] == pytest.approx(1, abs=0.25)
    assert (held["premium_per_member_yuan"] > held["cost_per_member_yuan"]).all()


def test_cost_outgrows_the_burden_where_the_deductible_lags(see: Callable[[str], ModuleView]) -> None:
    held = cover_cost(see("base")).set_index("year")["cost_per_member_yuan"]
    assert held[2035] / held[2025] > 1.045**10


def test_the_reform_moves_the_benefit_by_the_layer_alone(see: Callable[[str], ModuleView]) -> None:
    view = see("critical_illness_reform")
    (delta,) = critical_illness(view)
    ratio = (delta.yuan / view.spent("resident", "critical_illness")).to_series()
    assert (ratio[:"2026Q4"] == 0).all()
    at_start = ratio["2027Q1"]
    assert 1.0 < at_start < 1.5
    # Within a year the terms stand still.
    assert ratio["2027Q1":"2027Q4"].nunique() == 1


def test_the_funding_of_a_county_needs_a_margin() -> None:
    """In a county the sum scatters by several per cent, so the mean alone does not hold."""
    terms = CoverTerms(LAW, 0.15, 15000, 0.6)
    small, large = (cover_claims(terms, members=size, step=500) for size in (20_000, 400_000))
    assert small.deviation / small.mean > 4 * large.deviation / large.mean
    assert small.quantile(0.95) > 1.1 * small.mean
