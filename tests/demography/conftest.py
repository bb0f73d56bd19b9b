"""What the tests of members share: a small made-up population whose figures are easy to follow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from actuary.demography.population import PopulationInputs

AGES = np.arange(101)


def _small_inputs(
    *, first: int = 2024, years: int = 20, people: float = 1e6, migrants: float = 500.0, level: float = 1.0
) -> PopulationInputs:
    """Return a population with plausible rates: few young, many of middle age, some who move in at working ages."""
    shape = np.exp(-((AGES - 42.0) ** 2) / 1500.0)
    base = np.stack([shape, shape * np.exp((AGES - 50.0) / 400.0)])
    base *= people / base.sum()
    rate = level * np.minimum(0.0003 + 0.00002 * np.exp(0.105 * AGES), 0.7)
    rate[0] = 0.004 * level
    mx = np.broadcast_to(np.stack([rate, 0.8 * rate]), (years, 2, AGES.size))
    asfr = np.zeros(AGES.size)
    asfr[18:45] = np.exp(-((AGES[18:45] - 29.0) ** 2) / 40.0)
    asfr *= 1.2 / asfr.sum()
    moving = np.where((AGES >= 18) & (AGES < 45), migrants / 54.0, 0.0)
    moving = np.where((AGES >= 50) & (AGES < 65), -0.002 * base.min(axis=0), moving)
    return PopulationInputs(
        years=np.arange(first, first + years),
        ages=AGES,
        base=base,
        mx=mx,
        asfr=np.broadcast_to(asfr, (years, AGES.size)),
        srb=np.full(years, 1.06),
        migration=np.broadcast_to(np.stack([moving, moving]), (years, 2, AGES.size)),
        region="national",
        synthetic=True,
    )


@pytest.fixture(scope="session")
def small_inputs() -> Callable[..., PopulationInputs]:
    """Return the function that makes the small population."""
    return _small_inputs
