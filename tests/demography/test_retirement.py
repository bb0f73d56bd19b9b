"""The retirement reform by month of birth, quarter by quarter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from actuary.demography.retirement import RetirementRule, retirement_rule
from actuary.errors import DeclarationError, UnknownNameError
from actuary.periods import Quarter, quarter_range
from actuary.policy import load_policy_book, retirement_delay, retirement_month

QUARTERS = list(quarter_range(Quarter(2020, 1), Quarter(2060, 4)))


@pytest.fixture(scope="module")
def rule() -> RetirementRule:
    return retirement_rule(
        load_policy_book("national"),
        women_55_share=0.4,
        offsets={"men": {-36: 0.1, -12: 0.1, 0: 0.7, 24: 0.1}, "women_50": {-12: 0.2, 0: 0.8}},
    )


def test_every_row_of_the_published_schedule(rule: RetirementRule, reference: Path) -> None:
    published = pd.read_csv(reference / "fund" / "retirement_schedule.csv")
    assert len(published) == 480
    found = []
    for name, rows in published.groupby("group", sort=False):
        first, last = (tuple(int(part) for part in text.split("-")) for text in rows.birth_month.iloc[[0, -1]])
        found.append(rule.schedule(str(name), first=first, last=last))
    pd.testing.assert_frame_equal(pd.concat(found, ignore_index=True), published, check_dtype=False)


@pytest.mark.slow
def test_the_table_is_the_rule_month_by_month(rule: RetirementRule) -> None:
    for group in ("men", "women_55", "women_50"):
        for birth in range(12 * 1960, 12 * 1990, 7):
            year, month = divmod(birth, 12)
            assert rule.delay(group, birth) == retirement_delay(group, year, birth_month=month + 1)[0]
            retired = retirement_month(group, year, birth_month=month + 1)
            assert int(rule.statutory_months(group, birth)) == 12 * retired[0] + retired[1] - 1


def test_the_share_retired_rises_from_none_to_all(rule: RetirementRule) -> None:
    for variant in (rule, rule.without_reform(), rule.without_flexibility()):
        share = variant.retired_share(range(1940, 2000), QUARTERS)
        assert ((share >= 0) & (share <= 1)).all()
        assert (np.diff(share, axis=2) >= -1e-15).all()
    assert share[:, 0, 0] == pytest.approx([1, 1])
    assert share[:, -1, 0] == pytest.approx([0, 0])


def test_without_the_reform_nobody_retires_earlier_than_before(rule: RetirementRule) -> None:
    cohorts = range(1955, 1990)
    with_reform, without = (one.retired_share(cohorts, QUARTERS) for one in (rule, rule.without_reform()))
    assert (with_reform <= without + 1e-12).all()
    assert rule.without_reform().mean_delay(cohorts) == pytest.approx(0)
    # Men born from 1976-09 on retire at 63: three years later, less what the early and the late choose.
    late = rule.without_flexibility().mean_delay([1985])
    assert late[0, 0] == pytest.approx(3)
    assert late[1, 0] == pytest.approx(0.4 * 3 + 0.6 * 5)
    assert rule.mean_delay([1985])[0, 0] == pytest.approx(3 - 0.1 * 3 - 0.1 * 1 + 0.1 * 2)


def test_nobody_goes_below_the_old_age(rule: RetirementRule) -> None:
    # Men of 1965-01 are delayed by one month: three years early is at most that month.
    early = retirement_rule(load_policy_book("national"), offsets={"men": {-36: 1.0}})
    share = early.retired_share([1965], [Quarter(2024, 4), Quarter(2025, 4)])[0, 0]
    assert share.tolist() == [0.0, 1.0]


def test_shares_that_do_not_add_up_are_all_named() -> None:
    with pytest.raises(DeclarationError) as caught:
        retirement_rule(
            load_policy_book("national"),
            women_55_share=1.2,
            offsets={"men": {0: 0.5, 12: 0.4}, "women_55": {0: 1.5, 12: -0.5}},
        )
    text = str(caught.value)
    assert "shares that add to 0.9" in text
    assert "women_55, offset 0 months: found 1.5" in text
    assert "women_55, share: found 1.2" in text
    assert len(caught.value.problems) == 5


def test_an_unknown_group_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="women_50"):
        retirement_rule(load_policy_book("national"), offsets={"woman_50": {0: 1.0}})
