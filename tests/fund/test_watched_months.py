"""What the milestones watch, and what is said of a scenario that is not declared."""

from __future__ import annotations

import pytest

from actuary.errors import UnknownNameError
from actuary.fund import project_fund
from actuary.fund.projection import watched_months


def test_a_change_of_months_is_no_level_that_a_fund_falls_below() -> None:
    watched = watched_months(None)
    assert watched == sorted(set(watched))
    # Rules on changes have thresholds below zero; a fund that has run out has no months, not fewer than none.
    assert min(watched) > 0


def test_a_scenario_like_no_other_is_answered_with_where_to_declare_it() -> None:
    with pytest.raises(UnknownNameError, match=r"declare it: models/scenarios/my_own_idea\.toml"):
        project_fund("national", "2024Q4", scenarios=("my_own_idea",))
    with pytest.raises(UnknownNameError, match="did you mean 'adverse'"):
        project_fund("national", "2024Q4", scenarios=("advers",))
