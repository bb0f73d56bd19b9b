"""Medical assistance: the share, the ceiling, and whose money it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.fund.modules import ModuleView, fit_law, module_effects
from actuary.fund.modules.medical_assistance import assistance_per_person, residual_burden
from actuary.seeds import stream


def paid(mean: float, *, variation: float, share: float, ceiling: float) -> float:
    """Return the mean assistance of one group."""
    found = assistance_per_person(
        np.array([mean]), variation=variation, share=np.array([share]), ceiling=np.array([ceiling])
    )
    return float(found[0])


@settings(max_examples=30, deadline=None)
@given(mean=st.floats(1, 1e5), variation=st.floats(0.1, 5), share=st.floats(0.01, 1), ceiling=st.floats(1, 1e6))
def test_assistance_is_within_the_share_and_the_ceiling(
    mean: float, variation: float, share: float, ceiling: float
) -> None:
    found = paid(mean, variation=variation, share=share, ceiling=ceiling)
    assert 0 <= found <= min(share * mean, ceiling) * (1 + 1e-9)
    assert found <= paid(mean, variation=variation, share=share, ceiling=2 * ceiling) * (1 + 1e-9)
    assert paid(mean, variation=variation, share=share, ceiling=1e15) == pytest.approx(share * mean)


def test_assistance_agrees_with_simulation() -> None:
    law = fit_law("lognormal", mean=4000, variation=2.5)
    drawn = np.minimum(0.7 * law.quantile(stream(2024, "test/assistance").random(300_000)), 20000)
    found = paid(4000, variation=2.5, share=0.7, ceiling=20000)
    assert abs(drawn.mean() - found) < 4 * drawn.std() / np.sqrt(len(drawn))


def test_the_burden_is_what_insurance_leaves(see: Callable[[str], ModuleView]) -> None:
    view = see("medical_assistance")
    burden = residual_burden(view)
    # Residents are left 31.9 % of 7,674 × 85 % × 20.7 stays per 100 and smaller parts: some hundred yuan a head.
    assert 300 < float(burden.sel(quarter="2025Q1")) < 900
    assert float(burden.sel(quarter="2050Q1")) > float(burden.sel(quarter="2025Q1"))


def test_the_fund_bears_what_the_budget_does_not(see: Callable[[str], ModuleView]) -> None:
    held = module_effects(see("medical_assistance")).groupby(["flow", "year"])["yuan"].sum()
    np.testing.assert_allclose(held["income"], 0.8 * held["spending"], rtol=1e-12)
    # By declared figures about 25 bn yuan, 500 yuan for each of 47 m persons.
    assert 10e9 < held["spending"][2026] < 60e9
    assert held["spending"][2025] == 0
