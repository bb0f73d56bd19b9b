"""Joint answers obey their identities, whatever the draws."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from actuary.errors import ActuaryError, DeclarationError
from actuary.forecast.conditional import condition_draws, effective_size
from actuary.forecast.decomposition import decompose_change
from actuary.forecast.hierarchy import aggregate_draws, check_sums, leaves_of
from actuary.forecast.joint import FundPaths, fund_paths
from actuary.forecast.probabilities import (
    WatchedLevel,
    crossing_table,
    deficit_table,
    expected_shortfall,
    watched_levels,
)

_FLOWS = arrays(np.float64, (2, 6, 8), elements=st.floats(0.01, 1e9))
_PARTS = {"scheme": ("east", "west"), "east": ("h1", "h2"), "west": ("h3", "h4", "h5")}


def _fund(flows: np.ndarray, opening: float = 0.0) -> FundPaths:
    labels = [f"{2025 + n // 4}Q{n % 4 + 1}" for n in range(flows.shape[2])]
    income, spending = (xr.DataArray(one, dims=("draw", "period"), coords={"period": labels}) for one in flows)
    past = xr.DataArray(np.ones(3), dims="period")
    return fund_paths(income, spending, opening=opening, past_spending=past, season=4)


@given(flows=_FLOWS, opening=st.floats(-1e9, 1e9))
@settings(deadline=None, max_examples=60)
def test_a_balance_is_what_it_was_plus_what_came_less_what_went(flows: np.ndarray, opening: float) -> None:
    fund = _fund(flows, opening)
    balance = fund.values("balance")
    np.testing.assert_allclose(balance[:, -1], opening + flows[0].sum(axis=1) - flows[1].sum(axis=1), atol=1e-3)
    np.testing.assert_allclose(np.diff(balance, axis=1), fund.values("balance_of_period")[:, 1:], atol=1e-3)
    months = fund.values("payable_months")
    assert (months >= 0).all()
    year = flows[1][:, 4:8].sum(axis=1)
    np.testing.assert_allclose(months[:, 7] * year / 12, np.maximum(balance[:, 7], 0), rtol=1e-9, atol=1e-6)


@given(flows=_FLOWS, opening=st.floats(0, 1e9))
@settings(deadline=None, max_examples=60)
def test_ever_is_never_less_likely_than_now_and_never_falls(flows: np.ndarray, opening: float) -> None:
    fund = _fund(flows, opening)
    deficits = deficit_table(fund)
    assert (deficits["ever"] >= deficits["probability"]).all()
    assert deficits["ever"].is_monotonic_increasing
    levels = [WatchedLevel("a", "yellow", 6.0, "official"), WatchedLevel("a", "red", 1.0, "official")]
    crossings = crossing_table(fund, levels)
    assert (crossings["ever"] >= crossings["at"]).all()
    six, one = (crossings[crossings["months"] == months]["ever"].to_numpy() for months in (6.0, 1.0))
    assert (six >= one).all()
    months = fund.values("payable_months")
    assert crossings["ever"].iloc[7] == (months.min(axis=1) < 6.0).mean()


@given(values=arrays(np.float64, (50,), elements=st.floats(-1e6, 1e6)), share=st.floats(0.02, 1.0))
@settings(deadline=None, max_examples=60)
def test_expected_shortfall_lies_below_the_quantile_and_the_mean(values: np.ndarray, share: float) -> None:
    found = float(expected_shortfall(values, probability=share))
    assert values.min() - 1e-6 <= found <= values.mean() + 1e-6
    assert found <= float(expected_shortfall(values, probability=share, below=False)) + 1e-6


@given(values=arrays(np.float64, (4, 5, 3), elements=st.floats(-1e9, 1e9)))
@settings(deadline=None, max_examples=60)
def test_parts_add_to_the_whole_in_every_draw(values: np.ndarray) -> None:
    names = ["h1", "h2", "h3", "h4", "h5"]
    bottom = xr.DataArray(values, dims=("draw", "series", "period"), coords={"series": names})
    every = aggregate_draws(bottom, _PARTS)
    assert check_sums(every, _PARTS) == ()
    np.testing.assert_allclose(every.sel(series="scheme"), values.sum(axis=1), rtol=1e-9, atol=1e-3)
    broken = every.copy(deep=True)
    broken.loc[{"series": "h3"}] += 1e9
    assert [problem.where for problem in check_sums(broken, _PARTS)] == ["hierarchy, west"]


def test_a_hierarchy_that_is_no_tree_is_refused_with_every_problem() -> None:
    bottom = xr.DataArray(np.ones((2, 2)), dims=("draw", "series"), coords={"series": ["a", "b"]})
    with pytest.raises(DeclarationError, match="did you mean") as caught:
        aggregate_draws(bottom, {"all": ("a", "bb"), "b": ("a",), "none": ()})
    assert len(str(caught.value).splitlines()) >= 3
    with pytest.raises(DeclarationError, match="part of itself: x > y > x"):
        leaves_of("x", {"x": ("y",), "y": ("x",)})
    with pytest.raises(DeclarationError, match="a counted twice"):
        aggregate_draws(bottom, {"all": ("part", "a"), "part": ("a", "b")})


def test_the_total_of_joint_draws_is_wider_than_that_of_independent_ones() -> None:
    rng = np.random.default_rng(2)
    shared = rng.normal(size=(4000, 1))
    joint = np.hstack([100 + 5 * shared + rng.normal(size=(4000, 1)) for _ in range(5)])
    apart = np.hstack([rng.permutation(joint[:, [k]]) for k in range(5)])
    widths = []
    for values in (joint, apart):
        draws = xr.DataArray(values, dims=("draw", "series"), coords={"series": ["h1", "h2", "h3", "h4", "h5"]})
        total = aggregate_draws(draws, _PARTS).sel(series="scheme")
        widths.append(float(total.quantile(0.9) - total.quantile(0.1)))
    assert widths[0] > 2 * widths[1]


@given(
    before=arrays(np.float64, (3, 4), elements=st.floats(0.1, 1e4)),
    after=arrays(np.float64, (3, 4), elements=st.floats(0.1, 1e4)),
)
@settings(deadline=None, max_examples=60)
def test_contributions_add_to_the_change(before: np.ndarray, after: np.ndarray) -> None:
    names = ["enrolled", "use", "price"]
    then, now = (dict(zip(names, one, strict=True)) for one in (before, after))
    found = decompose_change(then, now)
    change = after.prod(axis=0) - before.prod(axis=0)
    size = np.maximum(after.prod(axis=0), before.prod(axis=0))
    np.testing.assert_allclose(sum(found.values()) / size, change / size, atol=1e-7)
    for position, name in enumerate(names):
        assert (found[name] * (after[position] - before[position]) >= -1e-6 * size).all()


def test_factors_must_be_the_same_and_positive() -> None:
    with pytest.raises(ActuaryError, match="above zero"):
        decompose_change({"a": 1.0, "b": 0.0}, {"a": 1.0, "b": 1.0})
    with pytest.raises(ActuaryError, match="the same of both"):
        decompose_change({"a": 1.0}, {"a": 1.0, "b": 1.0})


@pytest.fixture(scope="module")
def linked() -> xr.DataArray:
    rng = np.random.default_rng(5)
    use = rng.normal(100, 5, (20_000, 1)) * np.ones((1, 4))
    cost = 2 * use + rng.normal(0, 4, (20_000, 1))
    other = rng.normal(50, 5, (20_000, 1)) * np.ones((1, 4))
    values = np.stack([use, cost + np.zeros((1, 4)), other], axis=1)
    return xr.DataArray(values, dims=("draw", "series", "period"), coords={"series": ["use", "cost", "other"]})


@pytest.mark.parametrize("method", ["weights", "regression"])
def test_admissions_up_moves_what_hangs_on_them_and_nothing_else(linked: xr.DataArray, method: str) -> None:
    found = condition_draws(linked, {"use": 1.05}, method=method)  # type: ignore[arg-type]
    mean = found.draws.mean(["draw", "period"]).to_series()
    assert mean["use"] == pytest.approx(105, abs=0.5)
    assert mean["cost"] == pytest.approx(210, abs=1.0)
    assert mean["other"] == pytest.approx(50, abs=0.5)
    assert found.distance == pytest.approx(1.0, abs=0.05)
    assert 100 <= found.effective_draws <= 20_000
    # What the condition does not explain stays as wide as it was.
    assert float(found.draws.sel(series="other").std()) == pytest.approx(5, abs=0.4)


def test_too_few_draws_near_the_condition_are_no_answer(linked: xr.DataArray) -> None:
    with pytest.raises(ActuaryError, match="effective draws"):
        condition_draws(linked.isel(draw=slice(0, 300)), {"use": 1.1})
    with pytest.raises(ActuaryError, match="standard deviations from the mean"):
        condition_draws(linked, {"use": 1.5}, method="regression")
    with pytest.raises(ActuaryError, match="did you mean 'use'"):
        condition_draws(linked, {"uses": 1.05})
    with pytest.raises(ActuaryError, match="does not vary"):
        condition_draws(linked * 0 + 1, {"use": 1.05})


@given(weights=arrays(np.float64, (12,), elements=st.floats(0, 1)).filter(lambda w: bool(w.sum() > 0)))
@settings(deadline=None, max_examples=60)
def test_weights_are_worth_between_one_and_all_draws(weights: np.ndarray) -> None:
    assert 1 - 1e-9 <= effective_size(weights) <= 12 + 1e-9


def test_levels_are_those_of_months_alone_and_the_official_ones_first() -> None:
    for scheme in ("employee", "resident"):
        months = [one.months for one in watched_levels(scheme)]
        assert months == sorted(set(months), reverse=True)
    assert next(one for one in watched_levels("employee") if one.months == 3.0).status == "official"


def test_parts_of_a_fund_must_fit() -> None:
    ones = xr.DataArray(np.ones((2, 2)), dims=("draw", "period"), coords={"period": ["2025Q1", "2025Q2"]})
    short = xr.DataArray(np.ones(1), dims="period")
    with pytest.raises(ActuaryError, match="2 problems"):
        fund_paths(ones, ones.isel(period=[0]), opening=0.0, past_spending=short, season=4)
