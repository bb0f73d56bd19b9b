"""The sum of many claims: against Panjer's recursion, against simulation, and within its own bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from actuary.errors import TableError
from actuary.fund.modules import aggregate_claims, fit_law
from actuary.seeds import stream

LAW = fit_law("lognormal", mean=6000, variation=1.6)
type FloatArray = NDArray[np.float64]


def panjer(claims: FloatArray, number: float, overdispersion: float) -> FloatArray:
    """Return the distribution of the sum by Panjer's recursion, written out."""
    if overdispersion == 1:
        a, b = 0.0, number
        start = np.exp(-number * (1 - claims[0]))
    else:
        beta = overdispersion - 1
        size = number / beta
        a, b = beta / (1 + beta), (size - 1) * beta / (1 + beta)
        start = (1 + beta * (1 - claims[0])) ** -size
    summed = np.zeros(len(claims))
    summed[0] = start
    for k in range(1, len(claims)):
        j = np.arange(1, k + 1)
        summed[k] = ((a + b * j / k) * claims[1 : k + 1] * summed[k - 1 :: -1][: len(j)]).sum() / (1 - a * claims[0])
    return summed


@pytest.mark.parametrize("overdispersion", [1.0, 1.5])
def test_the_transform_agrees_with_the_recursion(overdispersion: float) -> None:
    held = aggregate_claims(
        LAW, claimants=40, deductible=15000, fund_share=0.6, step=500, overdispersion=overdispersion
    )
    count = len(held.weights)
    above = 0.6 * LAW.excess(15000 + 500 * np.arange(-1, count + 1).clip(0) / 0.6)
    above[0] = above[1] + 500
    claims = (above[:-2] - 2 * above[1:-1] + above[2:]) / 500
    claims[-1] += 1 - claims.sum()
    np.testing.assert_allclose(held.weights, panjer(claims, 40, overdispersion), atol=1e-9)


def test_stop_loss_agrees_with_simulation_within_its_known_error() -> None:
    held = aggregate_claims(LAW, claimants=300, deductible=15000, fund_share=0.6, step=200)
    random = stream(2024, "test/stop_loss")
    draws = 20_000
    counts = random.poisson(300, draws)
    paid = 0.6 * np.maximum(LAW.quantile(random.random(counts.sum())) - 15000, 0)
    sums = np.add.reduceat(paid, np.concatenate([[0], np.cumsum(counts)[:-1]]))
    for ratio in (0.5, 1.0, 1.3):
        limit = ratio * held.mean
        found = held.stop_loss(limit)
        above = np.maximum(sums - limit, 0)
        noise = 4 * above.std() / np.sqrt(draws)
        assert found.lower - noise < above.mean() < found.premium + noise
    assert sums.std() == pytest.approx(held.deviation, rel=0.1)


def test_a_finer_grid_lies_within_the_bounds_of_a_coarser_one() -> None:
    fine = aggregate_claims(LAW, claimants=300, deductible=15000, fund_share=0.6, step=50)
    best = fine.stop_loss(1.2 * fine.mean)
    for step in (2000, 500, 200):
        coarse = aggregate_claims(LAW, claimants=300, deductible=15000, fund_share=0.6, step=step)
        found = coarse.stop_loss(1.2 * fine.mean)
        assert found.lower <= best.premium + 1e-6 * fine.mean
        assert best.lower <= found.premium
        assert found.premium >= best.premium - 1e-6 * fine.mean
    assert best.error < 0.01 * fine.mean


@settings(max_examples=10, deadline=None)
@given(claimants=st.floats(1, 2000), deductible=st.floats(0, 40000), share=st.floats(0.1, 1.0))
def test_stop_loss_falls_from_the_mean_and_is_convex(claimants: float, deductible: float, share: float) -> None:
    mean = claimants * share * float(LAW.excess(deductible))
    held = aggregate_claims(LAW, claimants=claimants, deductible=deductible, fund_share=share, step=max(mean / 500, 50))
    assert held.mean == pytest.approx(mean)
    assert held.stop_loss(0).premium == pytest.approx(mean)
    premiums = np.array([held.stop_loss(part * mean).premium for part in np.linspace(0, 2, 9)])
    assert (np.diff(premiums) <= 1e-9 * mean).all()
    assert (np.diff(premiums, 2) >= -1e-7 * mean).all()
    # What is missing lies beyond the grid, and no more than a single claim beyond it explains.
    top = deductible + held.step * (len(held.weights) - 1) / share
    beyond = claimants * float(LAW.exceedance(top))
    assert -1e-9 < 1 - held.weights.sum() < 2 * beyond + 1e-6


def test_what_cannot_be_is_named() -> None:
    with pytest.raises(TableError) as caught:
        aggregate_claims(LAW, claimants=-1, deductible=-1, fund_share=2, step=0, overdispersion=0.5)
    assert len(caught.value.problems) == 5
    with pytest.raises(TableError, match="points"):
        aggregate_claims(LAW, claimants=1e9, deductible=0, fund_share=1, step=1)
    with pytest.raises(TableError, match="limit"):
        aggregate_claims(LAW, claimants=10, deductible=0, fund_share=1, step=500).stop_loss(-1)
