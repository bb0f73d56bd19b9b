"""The pooled model under simulation: coverage, recovery, dependence, seeds, and odd histories."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.forecast.dependence import find_dependence
from actuary.forecast.panel import Panel, period_labels
from actuary.forecast.paths import simulate_pooled
from actuary.forecast.pooled import draw_parameters, fit_pooled
from actuary.forecast.spec import load_pooled_spec
from actuary.kernels.innovations import PARAMETERS, innovation_paths

SPEC = load_pooled_spec()


def panel_of(values, *, freq="Q", season=4, names=None):
    values = np.atleast_2d(np.asarray(values, dtype=float))
    names = names or tuple(f"s{i}" for i in range(len(values)))
    return Panel(names, freq, season, 2000 * season, values)


def forecast(panel, *, horizon=8, draws=400, seed=1, threads=1):
    return simulate_pooled(
        fit_pooled(panel, SPEC, horizon=horizon, seed=seed, threads=threads),
        horizon=horizon,
        draws=draws,
        seed=seed,
        threads=threads,
    )


def walks(count, size, rng, *, step=2.0):
    return 100.0 + rng.normal(0.0, step, (count, size)).cumsum(axis=1)


@pytest.mark.slow
def test_intervals_of_random_walks_cover_what_comes():
    values = walks(150, 68, np.random.default_rng(5))
    futures = forecast(panel_of(values[:, :60]))
    low, high = np.quantile(futures, [0.1, 0.9], axis=0)
    came = values[:, 60:]
    inside = ((came >= low) & (came <= high)).mean()
    assert 0.72 <= inside <= 0.88
    total = futures.sum(axis=2)
    low, high = np.quantile(total, [0.1, 0.9], axis=0)
    assert 0.70 <= ((came.sum(axis=1) >= low) & (came.sum(axis=1) <= high)).mean() <= 0.90


def mean_alpha(alpha):
    """Return the level weight that is found in twenty series made with a known one."""
    rng = np.random.default_rng(3)
    table = np.array([[alpha, 0.0, 0.05, 0.9, 0.0]])
    start = np.array([3.0, -3.0, 2.0, -2.0] * 4) * 0.05
    shocks = rng.normal(0, 0.05, (20, 80))
    made = innovation_paths(start, season=4, table=table, chosen=np.zeros(20, int), shocks=shocks, power=1.0)
    fit = fit_pooled(panel_of(100 * made), SPEC, horizon=4, seed=1)
    column = fit.table[:, PARAMETERS.index("alpha")]
    return float(np.mean([one.weights @ column for one in fit.fitted]))


def test_the_level_weight_that_made_the_series_is_found():
    steady, restless = mean_alpha(0.1), mean_alpha(0.9)
    assert steady < 0.25
    assert restless > steady + 0.3


def test_independent_series_stay_uncorrelated():
    means, ratios, largest = [], [], []
    for seed in range(5):
        panel = panel_of(walks(12, 60, np.random.default_rng(seed)))
        ends = forecast(panel, draws=1000)[:, :, -1]
        found = np.corrcoef(ends.T)[np.triu_indices(12, 1)]
        means.append(found.mean())
        largest.append(np.abs(found).max())
        # The sum of independent series is as wide as independence makes it.
        ratios.append(ends.sum(axis=1).std() / np.sqrt((ends.std(axis=0) ** 2).sum()))
    assert np.abs(means).max() < 0.06
    assert np.mean(largest) < 0.2
    assert 0.9 < np.mean(ratios) < 1.1


@pytest.mark.slow
@pytest.mark.parametrize("drift", [0.0, 0.01])
def test_totals_of_growing_walks_know_no_more_than_the_panel_does(drift):
    inside, ratios = [], []
    for number in range(10):
        steps = np.random.default_rng(number).normal(drift, 0.03, (15, 60))
        values = 100 * np.exp(steps.cumsum(axis=1))
        futures = forecast(panel_of(values[:, :56]), horizon=4)
        ends = futures[:, :, -1]
        ratios.append(ends.sum(axis=1).std() / np.sqrt((ends.std(axis=0) ** 2).sum()))
        low, high = np.quantile(futures.sum(axis=1), [0.1, 0.9], axis=0)
        came = values[:, 56:].sum(axis=0)
        inside.append(((came >= low) & (came <= high)).mean())
    assert 0.7 <= np.mean(inside) <= 0.95
    # How much growth goes on is one question for all series: it widens the total of those that grow, of no others.
    assert np.mean(ratios) > 1.05 if drift else 0.93 < np.mean(ratios) < 1.07


def test_series_that_move_together_are_drawn_together():
    rng = np.random.default_rng(11)
    values = walks(1, 60, rng) + rng.normal(0.0, 0.5, (8, 60))
    panel = panel_of(values)
    found = find_dependence(fit_pooled(panel, SPEC, horizon=8, seed=1)).correlation
    assert found[np.triu_indices(8, 1)].min() > 0.6
    ends = forecast(panel)[:, :, -1]
    assert np.corrcoef(ends.T)[np.triu_indices(8, 1)].mean() > 0.6


def test_series_that_end_a_period_apart_still_move_together():
    rng = np.random.default_rng(2)
    values = walks(1, 60, rng) + rng.normal(0.0, 0.3, (6, 60))
    values[3:, -1] = np.nan
    futures = forecast(panel_of(values))
    # The same calendar period: the second step of a series that ends earlier is the first of one that ends later.
    assert np.corrcoef(futures[:, 0, 6], futures[:, 4, 7])[0, 1] > 0.6


def test_the_same_seed_gives_the_same_draws_whatever_the_threads():
    panel = panel_of(walks(5, 40, np.random.default_rng(0)))
    one, four = forecast(panel, threads=1), forecast(panel, threads=4)
    np.testing.assert_array_equal(one, four)
    assert not np.array_equal(one, forecast(panel, seed=2))


def test_parameters_keep_to_their_declared_ranges():
    table = draw_parameters(SPEC, rng=np.random.default_rng(1))
    alpha, beta, gamma, phi, kappa = table.T
    assert ((table >= 0) & (table <= [1, 1, 1, 1, SPEC.prior.kappa_most])).all()
    assert (beta <= alpha).all()
    assert (gamma <= 1 - alpha).all()
    assert (phi >= 0.5).all()
    assert len(kappa) == SPEC.prior.draws


HISTORIES = {
    "three values": [10.0, 12.0, 11.0],
    "a constant": [7.0] * 30,
    "zeros": [0.0] * 30,
    "mostly zeros": [0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 1.0, 0.0] * 4,
    "negative values": list(np.random.default_rng(1).normal(0, 5, 40)),
    "billions": list(1e12 * (1 + 0.01 * np.arange(40))),
    "tiny": list(1e-9 * (1 + 0.01 * np.arange(40))),
    "a level shift at the end": [100.0, 101.0, 99.0, 100.0] * 9 + [160.0],
    "gaps": [np.nan if i % 5 == 2 else 100.0 + i for i in range(40)],
    "a long gap": [100.0 + i for i in range(12)] + [np.nan] * 20 + [140.0 + i for i in range(8)],
    "a single spike": [10.0] * 20 + [1000.0] + [10.0] * 15,
}


@pytest.mark.parametrize("name", HISTORIES)
def test_odd_histories_have_an_answer_with_width(name):
    values = HISTORIES[name]
    futures = forecast(panel_of(values))
    assert np.isfinite(futures).all()
    spread = (np.quantile(futures, 0.9, axis=0) - np.quantile(futures, 0.1, axis=0))[-1]
    assert (spread > 0).all()
    known = np.array(values)[~np.isnan(values)]
    if known.min() >= 0:
        assert futures.min() >= 0
    if known.max() > 0:
        assert np.median(futures) <= 3 * np.abs(known).max()
    # What is far ahead is not known better than what is near.
    assert spread[4:].mean() > 0.8 * spread[:4].mean()


def test_a_short_series_is_wide_and_a_level_shift_is_remembered():
    long = walks(6, 60, np.random.default_rng(4))
    values = np.full((7, 60), np.nan)
    values[:6] = long
    values[6, -3:] = [100.0, 130.0, 80.0]
    futures = forecast(panel_of(values))
    spread = (np.quantile(futures, 0.9, axis=0) - np.quantile(futures, 0.1, axis=0))[-1]
    assert spread.min() > 30
    shifted = forecast(panel_of(HISTORIES["a level shift at the end"]))[:, 0]
    low, high = np.quantile(shifted[:, 3], [0.025, 0.975])
    assert low < 120
    assert high > 150


@settings(max_examples=25)
@given(
    values=st.lists(
        st.one_of(st.floats(-1e13, 1e13), st.sampled_from([0.0, 1.0, float("nan")])), min_size=3, max_size=60
    ).filter(lambda found: sum(value == value for value in found) >= 3),  # noqa: PLR0124  (NaN)
    season=st.sampled_from([1, 4, 12]),
)
def test_any_history_has_finite_futures(values, season):
    freq = {1: "A", 4: "Q", 12: "M"}[season]
    futures = forecast(panel_of(values, freq=freq, season=season), horizon=5, draws=20)
    assert np.isfinite(futures).all()


def test_labels_of_periods_go_on_over_the_year():
    assert period_labels("Q", 2019 * 4 + 3, 2) == ("2019Q4", "2020Q1")
    assert pd.Series(period_labels("M", 2019 * 12 + 11, 2)).tolist() == ["2019-12", "2020-01"]
