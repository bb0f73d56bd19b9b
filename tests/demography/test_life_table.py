"""Life tables: the conventions of the United Nations, any leading dimensions, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.demography.graduation import graduate_births, graduate_mortality, graduate_people
from actuary.demography.life_table import life_table, survival_ratios
from actuary.errors import TableError, UnknownNameError

ABRIDGED = np.array([0, 1, *range(5, 101, 5)])


@pytest.mark.parametrize(
    ("m0", "male", "female"),
    [
        (0.01, 0.14929 - 1.99545 * 0.01, 0.14903 - 2.05527 * 0.01),
        (0.05, 0.02832 + 3.26021 * 0.05, 0.04667 + 3.88089 * 0.05),
        (0.12, 0.29915, 0.31411),
    ],
)
def test_infants_die_when_andreev_and_kingkade_say(m0: float, male: float, female: float) -> None:
    rates = np.append([m0], np.full(100, 0.02))
    assert life_table(rates, "male").ax[0] == pytest.approx(male)
    assert life_table(rates, "female").ax[0] == pytest.approx(female)
    assert (life_table(rates, "male").ax[1:-1] == 0.5).all()
    assert life_table(rates, "male").ax[-1] == pytest.approx(50.0)


def test_small_children_and_older_groups_of_an_abridged_table() -> None:
    rates = np.append([0.02, 0.002], 0.0005 * np.exp(0.09 * np.arange(0, 100, 5)))
    table = life_table(rates, "male", ages=ABRIDGED)
    assert table.ax[1] == pytest.approx(1.651 - 2.816 * 0.02)
    assert (table.ax[2:4] == 2.5).all()
    # Rates that grow by 9 % a year have the same growth around every group.
    assert table.ax[6] == pytest.approx(2.5 - 25 / 12 * (rates[6] - 0.09))
    high = life_table(np.append([0.2], rates[1:]), "female", ages=ABRIDGED)
    assert high.ax[1] == pytest.approx(1.361)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), lead=st.sampled_from([(), (3,), (2, 4)]), abridged=st.booleans())
def test_identities_hold_for_any_leading_dimensions(seed: int, lead: tuple[int, ...], abridged: bool) -> None:
    ages = ABRIDGED if abridged else np.arange(60)
    rates = np.random.default_rng(seed).uniform(1e-5, 0.3, (*lead, len(ages)))
    table = life_table(rates, "female", ages=ages)
    assert table.lx.shape == rates.shape
    np.testing.assert_allclose(table.dx.sum(axis=-1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(table.Lx.sum(axis=-1), table.e0, rtol=1e-12)
    np.testing.assert_allclose(table.dx / table.Lx, np.where(table.qx < 1, rates, table.dx / table.Lx), rtol=1e-9)
    ratios = survival_ratios(table)
    assert ratios.shape == (*lead, len(ages) - abridged)
    assert ((ratios > 0) & (ratios <= 1)).all()
    if lead:
        first = (0,) * len(lead)
        np.testing.assert_array_equal(life_table(rates[first], "female", ages=ages).ex, table.ex[first])


def test_what_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'female'"):
        life_table([0.1, 0.1], "femal")
    with pytest.raises(TableError, match="everybody dies in the end"):
        life_table([0.1, 0.0], "male")
    with pytest.raises(TableError, match="0 or more"):
        life_table([-0.1, 0.1], "male")
    with pytest.raises(TableError, match="single years"):
        life_table([0.1, 0.1, 0.1], "male", ages=[0, 2, 4])


def test_groups_laid_out_by_single_age_keep_what_they_say() -> None:
    rates = np.append([0.005, 0.0005], 0.0002 * np.exp(0.09 * np.arange(0, 100, 5)))
    single = graduate_mortality(rates)
    assert single[0] == pytest.approx(0.005)
    assert single[1:5].mean() == pytest.approx(0.0005)
    assert (np.diff(single[1:5]) < 0).all()
    assert (np.diff(single[8:]) > 0).all()
    births = graduate_births([0.02, 0.08, 0.06, 0.01], ages=[15, 20, 25, 30])
    np.testing.assert_allclose(births[15:35].reshape(4, 5).mean(axis=1), [0.02, 0.08, 0.06, 0.01], rtol=1e-12)
    assert births.min() >= 0
    people = np.array([50.0, 40.0, 30.0, 0.0, 5.0])
    split = graduate_people(people, weights=np.append(np.arange(1.0, 6.0), np.full(15, np.nan)), open_age=20)
    np.testing.assert_allclose(split[:20].reshape(4, 5).sum(axis=1), people[:4])
    assert split[-1] == 5.0
