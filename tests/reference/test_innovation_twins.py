"""The compiled innovations recursion against its slow twin."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.kernels.innovations import innovation_losses, innovation_paths, one_step_errors

_SPEC = importlib.util.spec_from_file_location("slow_innovations", Path(__file__).with_name("slow_innovations.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
slow = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(slow)

share = st.floats(0.0, 1.0)


@st.composite
def cases(draw):
    season = draw(st.sampled_from([1, 2, 4]))
    power = draw(st.sampled_from([0.0, 0.4, 0.5, 1.0]))
    size = draw(st.integers(3, 40))
    y = np.array(draw(st.lists(st.floats(0.2, 5.0), min_size=size, max_size=size)))
    for gap in draw(st.lists(st.integers(1, size - 1), max_size=4)):
        y[gap] = math.nan
    z = y - 1.0 if power == 1.0 else np.log(y) if power == 0.0 else (y**power - 1.0) / power
    alpha, beta, gamma, kappa = (draw(share) for _ in range(4))
    return season, power, y, z, (alpha, alpha * beta, (1 - alpha) * gamma, 0.5 + 0.5 * draw(share), kappa)


@settings(max_examples=60)
@given(case=cases())
def test_innovations_are_their_twins(case):
    season, _, _, z, parameters = case
    found = one_step_errors(z, season=season, table=np.array([parameters]))[0]
    errors, _ = slow.filtered(z.tolist(), season, parameters)
    np.testing.assert_allclose(found, errors, rtol=1e-9, atol=1e-9)


@settings(max_examples=60)
@given(case=cases(), shocks=st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=9))
def test_futures_are_their_twins(case, shocks):
    season, power, _, z, parameters = case
    found = innovation_paths(
        z, season=season, table=np.array([parameters]), chosen=np.array([0]), shocks=np.array([shocks]), power=power
    )[0]
    _, states = slow.filtered(z.tolist(), season, parameters)
    np.testing.assert_allclose(
        found, slow.path(states[-1], z.size, season, parameters, shocks, power), rtol=1e-9, atol=1e-9
    )


@settings(max_examples=60)
@given(case=cases(), horizon=st.integers(1, 6), back=st.integers(1, 20), half_life=st.floats(1.0, 40.0))
def test_losses_are_their_twins(case, horizon, back, half_life):
    season, power, y, z, parameters = case
    told = {"season": season, "horizon": horizon, "back": back, "half_life": half_life, "power": power}
    losses, missed = innovation_losses(z, y, table=np.array([parameters]), **told)
    loss, misses = slow.loss(z.tolist(), y.tolist(), season, parameters, horizon, back, half_life, power)
    np.testing.assert_allclose(losses[0], loss, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(missed[0], misses, rtol=1e-9, atol=1e-9)
