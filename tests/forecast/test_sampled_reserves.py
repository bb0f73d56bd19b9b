"""The fast paths of reserves and of small groups against the same models as PyMC samples them."""

from __future__ import annotations

import numpy as np
import pytest

from actuary.forecast.sampled_reserves import compare_delay, compare_groups


@pytest.mark.slow
def test_the_delay_model_is_near_the_sampled_one() -> None:
    sampled = compare_delay(draws=500)
    rows = sampled.rows
    assert sampled.rhat < 1.05
    young = rows[rows["lag"] <= 4]
    assert (np.abs(young["mean fast"] - young["mean sampled"]) < 0.5 * young["sd sampled"]).mean() > 0.9
    assert 0.75 < (young["sd fast"] / young["sd sampled"]).median() < 1.35


@pytest.mark.slow
def test_small_groups_are_near_the_sampled_ones() -> None:
    sampled = compare_groups(draws=500)
    rows = sampled.rows
    assert sampled.rhat < 1.05
    assert (np.abs(rows["mean fast"] - rows["mean sampled"]) < rows["sd sampled"]).mean() > 0.9
    assert 0.75 < (rows["sd fast"] / rows["sd sampled"]).median() < 1.35
