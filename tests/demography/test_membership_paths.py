"""Many paths of members: each is the plain projection of its people, whatever the threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from actuary.demography.membership import project_membership
from actuary.demography.membership_paths import run_membership_paths
from actuary.demography.membership_rules import MembershipAnchors, MembershipRules, load_membership_rules
from actuary.demography.population import PopulationInputs, project_population
from actuary.demography.statuses import STATUS_NAMES
from actuary.demography.stochastic import PopulationPaths, draw_population_paths
from actuary.errors import TableError

type Inputs = Callable[..., PopulationInputs]


@pytest.fixture(scope="module")
def paths(small_inputs: Inputs) -> PopulationPaths:
    return draw_population_paths(small_inputs(), 30, seed=7)


@pytest.fixture(scope="module")
def rules() -> MembershipRules:
    anchors = MembershipAnchors(2023, contributing=230_000, retired=90_000, resident=600_000, flexible=50_000)
    # Every rule at work: turnover of migration, unlike mortality, unlike migrants.
    return load_membership_rules("national", anchors=anchors).with_values(
        {
            "membership.migration_turnover": 0.02,
            "membership.insured_mortality": 0.95,
            "membership.migrant_contributing": 1.5,
            "membership.migrant_retired": 0.5,
            "membership.migrant_uninsured": 2.0,
        }
    )


def _people_of(paths: PopulationPaths, draw: int) -> PopulationInputs:
    """Return the inputs of one drawn path, in plain numpy."""
    medium = paths.inputs
    steps = np.arange(len(medium.years))
    survival = np.empty((len(steps), 2, len(medium.ages)))
    for s in range(2):
        level = paths.level[draw, :, s]
        low = np.clip(level.astype(int), 0, paths.survival_grid.shape[1] - 2)
        part = (level - low)[:, None]
        survival[:, s] = (1 - part) * paths.survival_grid[steps, low, s] + part * paths.survival_grid[steps, low + 1, s]
    return replace(
        medium,
        asfr=paths.tfr[draw][:, None] * paths.pattern,
        migration=medium.migration + paths.migration_change[draw][:, None, None] * paths.migration_profile,
        survival=survival,
    )


def test_each_path_is_the_plain_projection_of_its_people(paths: PopulationPaths, rules: MembershipRules) -> None:
    ages = np.asarray(paths.inputs.ages)
    weights = {
        "by_age": np.broadcast_to(np.exp(ages / 40.0), (7, 2, 101)),
        "any": np.random.default_rng(3).random((7, 2, 101)),
    }
    found = run_membership_paths(paths, rules, weights=weights)
    for draw in (0, 13, 29):
        population = project_population(_people_of(paths, draw))
        plain = project_membership(population, rules).year_ends()
        np.testing.assert_allclose(found["persons"][draw], plain.sum(("sex", "age")), rtol=1e-9)
        for name, weight in weights.items():
            expected = (plain.transpose("year", "status", "sex", "age").to_numpy() * weight).sum((1, 2, 3))
            np.testing.assert_allclose(found["weighted"].sel(profile=name)[draw], expected, rtol=1e-9)
        np.testing.assert_allclose(found["population"][draw, 1:], population.total, rtol=1e-9)
        ratio = project_membership(population, rules).yearly_ratio()
        np.testing.assert_allclose(found["dependency_ratio"][draw], ratio, rtol=1e-9)


def test_the_statuses_add_to_the_people_of_each_path(paths: PopulationPaths, rules: MembershipRules) -> None:
    later = replace(rules, anchors=MembershipAnchors(2026, contributing=230_000, retired=95_000))
    for held, first in ((rules, 2023), (later, 2026)):
        found = run_membership_paths(paths, held)
        assert found["year"].to_numpy()[[0, -1]].tolist() == [first, 2043]
        np.testing.assert_allclose(found["persons"].sum("status"), found["population"], rtol=1e-12)
        assert (found["persons"] >= 0).all()
    assert "weighted" not in found


def test_threads_change_nothing(small_inputs: Inputs, rules: MembershipRules) -> None:
    many = draw_population_paths(small_inputs(years=6), 300, seed=2)
    one, three = (run_membership_paths(many, rules, threads=threads) for threads in (1, 3))
    assert one.equals(three)
    few = run_membership_paths(draw_population_paths(small_inputs(years=6), 40, seed=2), rules)
    assert few["draw"].size == 40
    assert one.attrs["fingerprint"] != few.attrs["fingerprint"]


def test_weights_of_a_wrong_shape_are_all_named(paths: PopulationPaths, rules: MembershipRules) -> None:
    wrong = {"short": np.ones((7, 2, 100)), "gap": np.full((7, 2, 101), np.nan)}
    with pytest.raises(TableError) as caught:
        run_membership_paths(paths, rules, weights=wrong)
    assert len(caught.value.problems) == 2
    assert f"({len(STATUS_NAMES)}, 2, 101)" in str(caught.value)
