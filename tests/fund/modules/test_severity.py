"""Laws of a person's burden: closed forms against integration and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from actuary.errors import TableError, UnknownNameError
from actuary.fund.modules import LAWS, fit_law
from actuary.seeds import stream

variations = st.floats(1.1, 4.0)
means = st.floats(10, 1e6)


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(sorted(LAWS)), mean=means, variation=variations, share=st.floats(0.05, 8))
def test_what_lies_above_is_the_integral_of_the_exceedance(
    name: str, mean: float, variation: float, share: float
) -> None:
    law = fit_law(name, mean=mean, variation=variation)
    deductible = share * mean
    # Substituting the logarithm makes the heavy tail smooth.
    area, _ = quad(lambda z: float(law.exceedance(np.exp(z))) * np.exp(z), np.log(deductible), np.log(mean) + 40)
    assert area == pytest.approx(float(law.excess(deductible)), rel=1e-6, abs=1e-9 * mean)


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(sorted(LAWS)), mean=means, variation=variations)
def test_the_law_has_the_declared_moments(name: str, mean: float, variation: float) -> None:
    law = fit_law(name, mean=mean, variation=variation)
    assert float(law.excess(0.0)) == pytest.approx(mean, rel=1e-12)
    # E[X²] = 2 ∫ E[(X - y)+] dy
    square, _ = quad(
        lambda z: 2 * float(law.excess(np.exp(z))) * np.exp(z), np.log(mean) - 40, np.log(mean) + 90, limit=400
    )
    if name == "lognormal" or variation < 1.5:
        assert square == pytest.approx(mean**2 * (1 + variation**2), rel=1e-3)
    probability = np.array([0.05, 0.5, 0.99])
    np.testing.assert_allclose(1 - law.exceedance(law.quantile(probability)), probability, rtol=1e-9)


@pytest.mark.parametrize("name", sorted(LAWS))
def test_what_lies_above_agrees_with_simulation(name: str) -> None:
    law = fit_law(name, mean=6000, variation=1.6)
    drawn = law.quantile(stream(2024, f"test/severity/{name}").random(400_000))
    above = np.maximum(drawn - 15000, 0)
    error = above.std() / np.sqrt(len(above))
    assert abs(above.mean() - float(law.excess(15000))) < 4 * error
    assert abs((drawn > 15000).mean() - float(law.exceedance(15000))) < 4 * np.sqrt(0.09 / len(drawn))


def test_the_tail_of_the_pareto_is_heavier() -> None:
    laws = {name: fit_law(name, mean=6000, variation=1.6) for name in LAWS}
    assert float(laws["pareto"].exceedance(500_000)) > float(laws["lognormal"].exceedance(500_000))


def test_what_makes_no_law_is_named() -> None:
    with pytest.raises(UnknownNameError, match="lognormal"):
        fit_law("lognorm", mean=1, variation=1)
    with pytest.raises(TableError) as caught:
        fit_law("lognormal", mean=0, variation=-1)
    assert len(caught.value.problems) == 2
    with pytest.raises(TableError, match="above 1"):
        fit_law("pareto", mean=1, variation=0.9)
