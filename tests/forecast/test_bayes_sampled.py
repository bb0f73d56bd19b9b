"""The sampled model end to end: recovery, gate, sums, cache, and the fast path against it. Slow: it compiles."""

from __future__ import annotations

import numpy as np
import pytest

from actuary.forecast.bayes import forecast_bayes
from actuary.forecast.bayes_data import KnownSum, prepare_data
from actuary.forecast.bayes_spec import load_bayes_spec
from actuary.forecast.face import forecast_series
from actuary.forecast.gate import ForecastGateError
from actuary.forecast.panel import Panel

# PyMC and nutpie warn of their own futures while they compile.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")]


def made_panel(series: int = 3, periods: int = 32) -> Panel:
    """Series that share four tenths of their shocks, level rate 0.5, scale 0.03."""
    rng = np.random.default_rng(3)
    common = rng.normal(size=periods)
    level, z = np.zeros(series), np.zeros((series, periods))
    season = rng.normal(0, 0.05, (series, 4))
    for t in range(periods):
        shock = 0.03 * (np.sqrt(0.4) * common[t] + np.sqrt(0.6) * rng.normal(size=series))
        z[:, t] = level + 0.01 + shock + season[:, t % 4]
        level = level + 0.01 + 0.5 * shock
    return Panel(tuple(f"f{n}" for n in range(series)), "Q", 4, 2015 * 4, 1e8 * np.exp(z), "yuan", True)


def with_effort(**effort):
    spec = load_bayes_spec("structural")
    return spec.model_copy(update={"sampler": spec.sampler.model_copy(update=effort)})


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    spec = with_effort(chains=2, tune=500, draws=500)
    return folder, spec, forecast_bayes(made_panel(), spec, horizon=8, draws=800, folder=folder)


def test_known_parameters_are_recovered(found):
    posterior = found[2].posterior["posterior"]
    low, high = posterior["scale"].quantile([0.025, 0.975], dim=("chain", "draw")).to_numpy()
    assert (low < 0.03).all()
    assert (high > 0.03).all()
    alpha = posterior["rates"].sel(rate="alpha")
    assert float(alpha.quantile(0.025)) < 0.5 < float(alpha.quantile(0.975))


def test_a_short_run_is_stopped_by_the_gate_and_says_what_to_try(found):
    _, _, forecast = found
    assert not forecast.gate.passed
    assert any(note.startswith("GATE SHUT: bulk ESS") for note in forecast.notes)
    with pytest.raises(ForecastGateError, match=r"sampler\.draws"):
        forecast.gate.require()


def test_a_stored_posterior_gives_the_same_forecast(found):
    folder, spec, forecast = found
    again = forecast_bayes(made_panel(), spec, horizon=8, draws=800, folder=folder)
    assert again.fingerprint == forecast.fingerprint
    path = next(folder.glob("*.posterior"))
    path.write_bytes(path.read_bytes()[:-10])
    mended = forecast_bayes(made_panel(), spec, horizon=8, draws=800, folder=folder)
    assert "damaged" in mended.notes[0]
    # Draws depend on the compile cache: medians are compared within a third of their spread.
    one, two = (x.summary() for x in (forecast, mended))
    assert (abs(one["q50"] - two["q50"]) < 0.34 * one["sd"]).all()


def test_the_posterior_states_its_intervals(found):
    tree = found[2].posterior
    assert tree.attrs["ci_prob"] == 0.8
    assert tree.attrs["ci_kind"] == "eti"
    assert set(tree.children) == {"posterior", "sample_stats", "observed_data"}


def test_the_fast_path_agrees_with_the_sampled_model(found):
    sampled = found[2].summary()
    fast = forecast_series(made_panel(), horizon=8, draws=800).summary()
    shift = (fast["q50"] / sampled["q50"] - 1).abs()
    width = (fast["q90"] - fast["q10"]) / (sampled["q90"] - sampled["q10"])
    assert shift.max() < 0.06
    assert 0.6 < width.median() < 1.6


def test_a_known_sum_holds_in_every_draw(tmp_path):
    panel = made_panel(2, 24)
    total = float(panel.values[0, 20:22].sum())
    values = panel.values.copy()
    values[0, 20:22] = np.nan
    gap = Panel(panel.series, "Q", 4, panel.first, values, "yuan", True, (24, 24))
    spec = with_effort(chains=2, tune=300, draws=200)
    sums = [KnownSum("f0", 20, 22, total)]
    found = forecast_bayes(gap, spec, horizon=2, draws=100, sums=sums, folder=tmp_path)
    shares = found.posterior["posterior"]["sum_share_2"].to_numpy()
    size = prepare_data(gap, spec, horizon=2, sums=sums).size[0]
    assert np.allclose(shares.sum(axis=-1) * total / size, total / size)
    true = panel.values[0, 20] / total
    assert abs(shares[..., 0].mean() - true) < 0.05
    assert "1 sums of unpublished periods hold exactly" in " ".join(found.notes)
