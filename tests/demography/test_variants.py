"""Fertility by age, tempo and variants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.demography.fertility import mean_age_at_birth, shift_mean_age, tempo_adjusted_tfr
from actuary.demography.population import project_population
from actuary.demography.population_sources import load_population
from actuary.demography.variants import (
    VARIANTS,
    change_fertility,
    make_variant,
    path_by_year,
    with_births_factor,
    with_e0,
    with_mean_age_shift,
    with_tfr,
)
from actuary.errors import TableError, UnknownNameError

AGES = np.arange(101)


@pytest.fixture(scope="module")
def inputs():
    return load_population("national", last_year=2060)


@given(shift=st.floats(-3, 3))
def test_a_shift_moves_the_mean_age_and_keeps_the_total(shift: float) -> None:
    asfr = np.where((AGES >= 20) & (AGES < 40), 0.05, 0.0)
    moved = shift_mean_age(asfr, shift)
    assert moved.sum() == pytest.approx(asfr.sum())
    assert (moved >= 0).all()
    assert mean_age_at_birth(moved, ages=AGES) - mean_age_at_birth(asfr, ages=AGES) == pytest.approx(shift)


def test_postponement_by_a_tenth_a_year_hides_a_tenth_of_the_births() -> None:
    quantum = np.where((AGES >= 22) & (AGES < 36), 0.1, 0.0)
    rise = 0.1 * np.arange(12)
    asfr = shift_mean_age(np.tile(quantum, (12, 1)), rise) * 0.9
    np.testing.assert_allclose(tempo_adjusted_tfr(asfr, ages=AGES), 1.4, rtol=1e-9)
    two_orders = np.stack([0.6 * asfr, 0.4 * asfr])
    np.testing.assert_allclose(tempo_adjusted_tfr(two_orders, ages=AGES), 1.4, rtol=1e-9)


def test_variants_change_what_they_say(inputs) -> None:
    for name in VARIANTS:
        made = make_variant(inputs, name)
        assert made.variant == name
        assert float(abs(project_population(made).residuals()).max()) < 1e-5
    assert make_variant(inputs, "high").tfr[9] - inputs.tfr[9] == pytest.approx(0.5)
    assert (make_variant(inputs, "constant_fertility").asfr == inputs.asfr[0]).all()
    assert (make_variant(inputs, "constant_mortality").e0[-1] == inputs.e0[0]).all()
    assert make_variant(inputs, "zero_migration").migration.sum() == 0
    with pytest.raises(UnknownNameError, match="did you mean 'high'"):
        make_variant(inputs, "hihg")
    assert load_population("national", variant="zero_migration").migration.sum() == 0


def test_paths_of_the_user(inputs) -> None:
    path = with_tfr(inputs, {2024: 1.0, 2040: 1.6})
    assert path.tfr[16] == pytest.approx(1.6)
    assert path.tfr[8] == pytest.approx(1.3)
    assert with_births_factor(inputs, 1.1).tfr[3] == pytest.approx(1.1 * inputs.tfr[3])
    assert change_fertility(inputs, -5.0).asfr.sum() == 0
    longer = with_e0(inputs, inputs.e0[:, 0] + 1.0, female=inputs.e0[:, 1])
    np.testing.assert_allclose(longer.e0[:, 0], inputs.e0[:, 0] + 1.0, rtol=1e-9)
    np.testing.assert_allclose(longer.mx[:, 1], inputs.mx[:, 1], rtol=1e-9)
    with pytest.raises(TableError, match="0 or more"):
        with_tfr(inputs, -1.0)
    with pytest.raises(TableError, match="one for each of 37 years"):
        path_by_year([1.0, 2.0], inputs.years, what="tfr")


def test_later_births_cost_births_only_while_the_mean_age_rises(inputs) -> None:
    flat = replace(inputs, asfr=np.broadcast_to(inputs.asfr[0], inputs.asfr.shape))
    later = with_mean_age_shift(flat, {2030: 0.0, 2035: 1.0})
    assert later.tfr[3] == pytest.approx(flat.tfr[3])
    assert later.tfr[8] == pytest.approx(0.8 * flat.tfr[8])
    assert later.tfr[20] == pytest.approx(flat.tfr[20])
    kept = with_mean_age_shift(flat, {2030: 0.0, 2035: 1.0}, tempo=False)
    np.testing.assert_allclose(kept.tfr, flat.tfr)
