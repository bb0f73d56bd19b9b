"""Identities of a projection of people: persons roll forward, scale and stand still where nothing happens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.demography.life_table import life_table, survival_ratios
from actuary.demography.population import PopulationInputs, project_population
from actuary.demography.population_sources import load_population
from actuary.errors import TableError


def _inputs(seed: int, *, step: int, steps: int, groups: int) -> PopulationInputs:
    rng = np.random.default_rng(seed)
    rates = groups + (step == 5)
    return PopulationInputs(
        years=2025 + step * np.arange(steps),
        ages=step * np.arange(groups),
        base=rng.uniform(500, 1000, (2, groups)),
        mx=rng.uniform(0.0, 0.2, (steps, 2, rates)) + 0.001,
        asfr=rng.uniform(0.0, 0.1, (steps, groups)),
        srb=rng.uniform(1.0, 1.1, steps),
        migration=rng.uniform(-5, 5, (steps, 2, groups)),
    )


def _slow(inputs: PopulationInputs) -> np.ndarray:
    """Project with whole arrays, one line a rule of the convention."""
    people, out = inputs.base.copy(), []
    survival = inputs.survival_ratios
    early = inputs.start_share
    for t in range(len(inputs.years)):
        start = people + early * inputs.migration[t]
        alive = np.zeros_like(start)
        alive[:, 1:] = start[:, :-1] * survival[t, :, 1:]
        alive[:, -1] = (start[:, -2] + start[:, -1]) * survival[t, :, -1]
        births = inputs.step * (inputs.asfr[t] * (start[1] + alive[1]) / 2).sum()
        boys = births * inputs.srb[t] / (1 + inputs.srb[t])
        alive[:, 0] = np.array([boys, births - boys]) * survival[t, :, 0]
        people = alive + (1 - early) * inputs.migration[t]
        out.append(people)
    return np.array(out)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), step=st.sampled_from([1, 5]), steps=st.integers(1, 8), groups=st.integers(3, 20))
def test_the_compiled_step_does_what_the_rules_say_and_leaves_nobody_over(
    seed: int, step: int, steps: int, groups: int
) -> None:
    inputs = _inputs(seed, step=step, steps=steps, groups=groups)
    projection = project_population(inputs)
    np.testing.assert_allclose(np.moveaxis(projection.population.to_numpy(), 2, 0), _slow(inputs), rtol=1e-12)
    assert float(abs(projection.residuals()).max()) < 1e-9


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), factor=st.floats(0.1, 1e6))
def test_ten_times_the_people_and_migrants_give_ten_times_everything(seed: int, factor: float) -> None:
    inputs = _inputs(seed, step=1, steps=5, groups=12)
    scaled = replace(inputs, base=inputs.base * factor, migration=inputs.migration * factor)
    one, many = project_population(inputs), project_population(scaled)
    np.testing.assert_allclose(many.population, one.population * factor, rtol=1e-12)
    np.testing.assert_allclose(many.births, one.births * factor, rtol=1e-12)


@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_eight_years_are_four_years_and_then_four(seed: int) -> None:
    inputs = _inputs(seed, step=1, steps=8, groups=10)

    def part(rows: slice, base: np.ndarray) -> np.ndarray:
        cut = {name: getattr(inputs, name)[rows] for name in ("years", "mx", "asfr", "srb", "migration")}
        return project_population(replace(inputs, base=base, **cut)).population.to_numpy()

    whole = part(slice(None), inputs.base)
    first = part(slice(0, 4), inputs.base)
    second = part(slice(4, 8), first[:, :, -1])
    np.testing.assert_array_equal(np.concatenate([first, second], axis=2), whole)


def test_a_stationary_population_stands_still() -> None:
    mx = np.exp(np.linspace(-8, -0.7, 101))
    table = life_table(mx, "female")
    ratios = survival_ratios(table)
    people = np.array(table.Lx) * 1e5
    women = people[:-1].sum()
    # One child rate at all closed ages that gives back as many girls as are needed, boys likewise.
    rate = 2e5 / ((people[:-1] + np.append(0.0, people[1:-1])) / 2).sum()
    inputs = PopulationInputs(
        years=np.arange(2025, 2030),
        ages=np.arange(101),
        base=np.stack([people, people]),
        mx=np.broadcast_to(mx, (5, 2, 101)),
        survival=np.broadcast_to(ratios, (5, 2, 101)),
        asfr=np.broadcast_to(np.append(np.full(100, rate), 0.0), (5, 101)),
        srb=np.ones(5),
        migration=np.zeros((5, 2, 101)),
    )
    assert women > 0
    found = project_population(inputs).population
    np.testing.assert_allclose(found.isel(year=-1, sex=1), people, rtol=1e-12)


def test_more_people_cannot_leave_than_there_are() -> None:
    inputs = _inputs(1, step=1, steps=3, groups=8)
    with pytest.raises(TableError, match="no more people can leave than there are"):
        project_population(replace(inputs, migration=inputs.migration - 2000))


def test_a_few_emigrants_too_many_are_left_out_and_said() -> None:
    inputs = _inputs(1, step=1, steps=3, groups=30)
    base, migration = np.array(inputs.base), np.array(inputs.migration)
    mx = np.array(inputs.mx)
    base[:, -2:], migration[:, :, -1], mx[:, :, -4:] = 0.4, -1.0, 1.9
    projection = project_population(replace(inputs, base=base, migration=migration, mx=mx))
    assert float(projection.population.min()) == 0.0
    assert float(abs(projection.residuals()).max()) < 1e-5
    assert "emigrants are not counted" in projection.notes[0]
    assert float(projection.net_migrants.sum()) > migration.sum()


def test_shapes_and_signs_are_checked_all_at_once() -> None:
    inputs = _inputs(1, step=1, steps=3, groups=8)
    with pytest.raises(TableError) as caught:
        replace(inputs, mx=-inputs.mx, asfr=inputs.asfr[:, :3], srb=np.full(3, np.nan))
    assert len(caught.value.problems) == 3


def test_the_nation_is_loaded_without_the_reference_folder() -> None:
    inputs = load_population("national")
    assert inputs.base.sum() == pytest.approx(1.42095e9, rel=1e-5)
    assert inputs.tfr[26] == pytest.approx(1.18416, abs=1e-5)
    assert inputs.e0[26] == pytest.approx([81.5435, 85.2573], abs=1e-4)
    low, high = (load_population("national", variant=name).tfr for name in ("low", "high"))
    assert high[50] - low[50] == pytest.approx(1.0)


def test_a_city_without_tables_says_what_to_give() -> None:
    with pytest.raises(TableError, match=r"give base_population\.csv, mortality\.csv"):
        load_population("shenyang")
