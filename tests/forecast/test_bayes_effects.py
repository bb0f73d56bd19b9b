"""The sampled model with covariates, a reform and an outbreak: what is declared is found again. Slow: it compiles."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from actuary.forecast.bayes import forecast_bayes
from actuary.forecast.bayes_spec import BayesSpec, EffectSpec, OutbreakSpec, load_bayes_spec
from actuary.forecast.panel import Panel, period_labels

# PyMC and nutpie warn of their own futures while they compile.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")]

FIRST, PERIODS, AHEAD = 2014 * 4, 36, 4
WEATHER, REFORM, TIMES = 0.15, 0.12, 4.0
#: Columns of 2020Q1 to 2020Q4, of the reform, and of a crash that nobody has declared.
OUTBREAK, SINCE, CRASH = slice(24, 28), 20, 12


def weather_rows(future: float | None) -> pd.DataFrame:
    """Return a covariate with a known future, or with two simulated ones that share their past."""
    past = np.random.default_rng(5).normal(size=PERIODS)
    labels = period_labels("Q", FIRST, PERIODS + AHEAD)
    if future is not None:
        return pd.DataFrame({"period": labels, "value": [*past, *[future] * AHEAD]})
    parts = [
        pd.DataFrame({"draw": draw, "period": labels, "value": [*past, *[value] * AHEAD]})
        for draw, value in enumerate((-1.0, 1.0))
    ]
    return pd.concat(parts, ignore_index=True)


def made_panel(*, crash: float = 0.0) -> Panel:
    rng = np.random.default_rng(11)
    past = weather_rows(0.0)["value"].to_numpy()
    level, z = np.zeros(3), np.zeros((3, PERIODS))
    for t in range(PERIODS):
        size = 0.02 * (TIMES if OUTBREAK.start <= t < OUTBREAK.stop else 1.0)
        shock = size * (0.5 * rng.normal() + 0.87 * rng.normal(size=3))
        z[:, t] = level + 0.01 + shock + WEATHER * past[t]
        level = level + 0.01 + 0.4 * shock
    z[0, SINCE:] += REFORM
    z[:, CRASH] -= crash
    return Panel(("reformed", "same", "other"), "Q", 4, FIRST, 1e8 * np.exp(z), "yuan", True)


@pytest.fixture(scope="module")
def spec() -> BayesSpec:
    plain = load_bayes_spec("fund_quarters")
    weather = EffectSpec(name="weather", kind="covariate", size=0.2, source="made")
    reform = {"name": "reform", "kind": "step", "size": 0.2, "source": "made", "from": dt.date(2019, 1, 1)}
    outbreak = {"name": "plague", "factor": 0.7, "source": "made", "from": dt.date(2020, 1, 1)}
    effort = plain.sampler.model_copy(update={"chains": 2, "tune": 300, "draws": 300, "target_accept": 0.9})
    return plain.model_copy(
        update={
            "effect": (weather, EffectSpec.model_validate({**reform, "series": ("reformed",)})),
            "outbreak": (OutbreakSpec.model_validate({**outbreak, "to": dt.date(2020, 12, 31)}),),
            "sampler": effort,
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("posteriors")


def forecast(spec, folder, rows, panel=None):
    return forecast_bayes(
        panel or made_panel(), spec, horizon=AHEAD, draws=400, covariates={"weather": rows}, folder=folder
    )


def test_declared_effects_and_outbreaks_are_found_again(spec, folder):
    posterior = forecast(spec, folder, weather_rows(0.0)).posterior["posterior"]
    coefficient = posterior["coefficient"].mean(("chain", "draw"))
    assert np.abs(coefficient.sel(effect="weather").to_numpy() - WEATHER).max() < 0.03
    reformed = float(coefficient.sel(effect="reform", series="reformed"))
    assert abs(reformed - REFORM) < 0.08
    assert float(abs(coefficient.sel(effect="reform", series="same"))) == 0.0
    # The shocks of the outbreak were four times as large: its logarithm is 1.4, its prior half-normal 0.7.
    larger = posterior["outbreak_log"].to_numpy()
    assert np.quantile(larger, 0.05) > 0.3
    scale = posterior["scale"].median(("chain", "draw")).to_numpy()
    assert (scale < 0.04).all()


def test_a_known_future_moves_the_forecast_by_its_coefficient(spec, folder):
    calm, hot = (forecast(spec, folder, weather_rows(value)) for value in (0.0, 1.0))
    moved = np.log(hot.summary()["q50"] / calm.summary()["q50"])
    assert np.abs(moved - WEATHER).max() < 0.05


def test_a_simulated_future_widens_the_forecast_and_has_a_verdict_of_its_own(spec, folder):
    known = forecast(spec, folder, weather_rows(0.0))
    simulated = forecast(spec, folder, weather_rows(None))
    width = [np.log(one.summary()["q90"] / one.summary()["q10"]).to_numpy() for one in (known, simulated)]
    assert (width[1] > width[0] + 0.1).all()
    # Same history, same posterior; what the gate says of the sums ahead is kept apart.
    assert len(list(folder.glob("*.posterior"))) == 1
    assert len(list(folder.glob("*.gate"))) >= 2
    assert known.gate is not None
    assert simulated.gate is not None


def test_an_outbreak_that_nobody_declared_is_named_and_not_used(spec, folder):
    found = forecast(spec, folder, weather_rows(0.0), made_panel(crash=0.7))
    named = [note for note in found.notes if note.startswith("Much of the panel moved at once")]
    assert len(named) == 1
    assert "2017Q1" in named[0]
    # Declared times are not named again.
    assert "2020Q1" not in named[0]
