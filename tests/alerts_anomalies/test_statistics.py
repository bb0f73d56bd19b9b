"""The statistics behind the search: peers, the honest spread, false discoveries, spikes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.alerts.anomalies.findings import discoveries
from actuary.alerts.anomalies.null_model import fit_null
from actuary.alerts.anomalies.peers import cell_codes, leave_one_out
from actuary.alerts.anomalies.spike_scan import scan_spikes

FIT = {"prior_share": 0.05, "least_scale_sd": 3.0, "degrees_of_freedom": 60.0}


def test_peers_by_hand():
    """Hospital 0 has 1, 0 in the cell; hospital 1 has 1, 1; hospital 2 has 0 in another cell."""
    value = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    hospital = np.array([0, 0, 1, 1, 2])
    cell = np.array([0, 0, 0, 0, 1])
    found = leave_one_out(value, hospital, levels=[cell], prior_cases=2.0)
    # City without the hospital: 2/3, 1/3, 3/4; then cell sums with two cases of that.
    assert found[0] == pytest.approx((2 + 2 * 2 / 3) / (2 + 2))
    assert found[2] == pytest.approx((1 + 2 * 1 / 3) / (2 + 2))
    assert found[4] == pytest.approx((0 + 2 * 3 / 4) / (0 + 2))


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_a_hospital_does_not_set_its_own_standard(seed):
    rng = np.random.default_rng(seed)
    hospital, cell = rng.integers(0, 4, 60), rng.integers(0, 3, 60)
    value = rng.random(60)
    before = leave_one_out(value, hospital, levels=[cell], prior_cases=5.0)
    changed = np.where(hospital == 2, value + 100, value)
    after = leave_one_out(changed, hospital, levels=[cell], prior_cases=5.0)
    np.testing.assert_allclose(before[hospital == 2], after[hospital == 2], atol=1e-9)


def test_combinations_are_told_apart_and_missing_codes_are_one_more():
    one, two = np.array([0, 1, -1, 0]), np.array([5, 5, 5, 5])
    codes = cell_codes(one, two)
    assert len(set(codes[:3].tolist())) == 3
    assert codes[0] == codes[3]


def test_discoveries_by_hand():
    """Sorted 0.01, 0.02, 0.03, 0.5 of four: 0.04, 0.04, 0.04, 0.5."""
    q = discoveries([0.5, 0.03, 0.01, 0.02])
    np.testing.assert_allclose(q, [0.5, 0.04, 0.04, 0.04])


def _draws(rng, *, bad: float, size: int = 130):
    variance = rng.uniform(0.01, 0.2, size) ** 2
    honest = rng.normal(0, 0.03, size) + rng.normal(0, np.sqrt(variance))
    wrong = rng.random(size) < bad
    return honest + np.where(wrong, np.abs(rng.normal(0, 0.6, size)) + 0.2, 0.0), variance, wrong


@pytest.mark.slow
def test_the_null_is_the_spread_of_honest_hospitals():
    """Nothing planted: p-values are uniform, and the spread comes out."""
    p, spreads = [], []
    for seed in range(20):
        effect, variance, _ = _draws(np.random.default_rng(seed), bad=0.0)
        found = fit_null(effect, variance, tier=np.arange(130) % 3, **FIT)
        p.append(found.p_value)
        spreads.append(found.between_sd)
    p = np.concatenate(p)
    for share in (0.01, 0.05, 0.2, 0.5):
        assert (p < share).mean() == pytest.approx(share, abs=3.5 * np.sqrt(share * (1 - share) / len(p)) + 0.015)
    assert np.median(spreads) == pytest.approx(0.03, abs=0.012)


def test_many_misbehaving_hospitals_do_not_hide_each_other():
    """With four in ten far off, the spread of the others is not widened."""
    wide, caught, false = [], [], []
    for seed in range(10):
        effect, variance, wrong = _draws(np.random.default_rng(100 + seed), bad=0.4)
        found = fit_null(effect, variance, tier=np.zeros(130, int), **FIT)
        wide.append(found.between_sd)
        precise = wrong & (variance < 0.05**2)
        caught.append(found.posterior[precise] > 0.8)
        false.append((found.posterior[~wrong] > 0.8).mean())
    assert np.median(wide) < 0.09
    assert np.concatenate(caught).mean() > 0.9
    assert np.mean(false) < 0.02


def test_small_numbers_are_drawn_to_the_peers():
    effect = np.append(np.linspace(-0.02, 0.02, 40), [0.5, 0.5])
    variance = np.append(np.full(40, 1e-4), [1e-4, 0.5**2])
    found = fit_null(effect, variance, tier=np.zeros(42, int), **FIT)
    assert found.posterior[40] > 0.99
    assert found.posterior[41] < 0.5
    assert found.effect[41] < 0.5 * found.effect[40]


def test_tiers_have_centres_of_their_own():
    effect = np.concatenate([np.linspace(-0.1, 0.1, 30), np.linspace(0.9, 1.1, 30)])
    found = fit_null(effect, np.full(60, 1e-4), tier=np.repeat([0, 1], 30), **FIT)
    assert found.centre == pytest.approx([0.0, 1.0], abs=0.02)
    assert found.posterior.max() < 0.5


def test_too_few_hospitals_are_no_peers():
    found = fit_null(np.array([1.0, 2.0]), np.array([0.1, 0.1]), tier=np.zeros(2, int), **FIT)
    assert np.isnan(found.p_value).all()


def test_evidence_of_spikes_is_one_on_average_where_there_is_none():
    """A Bayes factor has mean 1 under the null, so that its inverse bounds the p-value."""
    factors = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        hospital, category, quarter = (rng.integers(0, size, 6000) for size in (30, 6, 4))
        found = scan_spikes(
            rng.normal(0, 0.08, 6000), hospital, information=np.full(6000, 0.22), category=category, quarter=quarter,
            hospitals=30, scale=0.4, share_of_categories=0.1, least_cases=3,
        )  # fmt: skip
        factors.append(np.exp(found.log_evidence))
    factors = np.concatenate(factors)
    assert factors.mean() < 1.3
    for share in (0.1, 0.02):
        assert (1 / factors <= share).mean() <= share


def test_a_hospital_that_always_uses_more_has_no_spike():
    rng = np.random.default_rng(3)
    hospital, quarter = np.repeat(np.arange(20), 400), np.tile(np.arange(4), 2000)
    use = rng.normal(0, 0.05, 8000) + np.where(hospital == 4, 0.1, 0.0)
    found = scan_spikes(
        use, hospital, information=np.full(8000, 0.2), category=np.zeros(8000, int), quarter=quarter, hospitals=20,
        scale=0.4, share_of_categories=0.1, least_cases=3,
    )  # fmt: skip
    assert found.log_evidence[4] < 2
