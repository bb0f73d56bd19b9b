"""Causes of the change of the ratio, and the effect of each rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actuary.demography.membership import Membership, project_membership
from actuary.demography.membership_rules import MembershipAnchors, load_membership_rules
from actuary.demography.population import PopulationInputs, project_population
from actuary.demography.ratio_causes import RULES, rule_effects
from actuary.errors import PeriodError, UnknownNameError

type Inputs = Callable[..., PopulationInputs]


@pytest.fixture(scope="module")
def members(small_inputs: Inputs) -> Membership:
    anchors = MembershipAnchors(2024, contributing=230_000, retired=90_000, resident=600_000)
    return project_membership(project_population(small_inputs()), load_membership_rules("national", anchors=anchors))


@pytest.mark.parametrize(("first", "last"), [(None, None), ("2025Q2", "2025Q3"), ("2030Q1", "2041Q4")])
def test_the_causes_add_to_the_change(members: Membership, first: str | None, last: str | None) -> None:
    table = members.decompose_ratio(first, last).set_index("cause")
    parts = table.drop(index="total")
    for column in ("active", "retired", "effect"):
        assert parts[column].sum() == pytest.approx(table.loc["total", column], rel=1e-9, abs=1e-6)
    ends = (first or members.quarters[0], last or members.quarters[-1])
    change = members.dependency_ratio(ends[1]) - members.dependency_ratio(ends[0])
    assert parts["effect"].sum() == pytest.approx(change, abs=1e-12)
    assert table.loc["retirements", "effect"] < 0 < table.loc["new_entrants", "effect"]
    assert {"coverage", "migration", "deaths", "lapses"} <= set(table.index)


def test_quarters_out_of_order_are_refused(members: Membership) -> None:
    with pytest.raises(PeriodError, match="a quarter after 2030Q1"):
        members.decompose_ratio("2030Q1", "2029Q4")


def test_the_rules_add_up_in_order_and_their_interaction_is_shown(members: Membership) -> None:
    effects = members.rule_effects("2035Q4")
    table = effects.table.set_index("rule")
    assert list(table.index) == list(RULES)
    assert effects.with_all == members.dependency_ratio("2035Q4")
    assert table["in_order"].sum() == pytest.approx(effects.with_all - effects.without_any, abs=1e-12)
    assert table["interaction"].sum() == pytest.approx(effects.interaction, abs=1e-12)
    assert table.loc["retirement_reform", "alone"] > 0.05
    assert table.loc["flexible_retirement", "alone"] < 0
    assert table.loc["lapses", "alone"] < 0 < table.loc["coverage_expansion", "alone"]
    assert "合计" in effects._repr_html_()


def test_a_rule_by_itself_has_no_interaction(members: Membership) -> None:
    one = rule_effects(members.population, members.rules, quarter="2030Q4", order=["lapses"])
    assert one.interaction == pytest.approx(0, abs=1e-15)
    with pytest.raises(UnknownNameError, match="lapses"):
        rule_effects(members.population, members.rules, quarter="2030Q4", order=["lapse"])
