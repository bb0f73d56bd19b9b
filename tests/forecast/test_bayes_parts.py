"""The parts of the sampled model that need no sampler: recursion, terms, sums, cache, gate."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from actuary.errors import DeclarationError, TableError, UnknownNameError
from actuary.forecast.bayes_data import KnownSum, from_scale, prepare_data, sums_of_cumulative, to_scale
from actuary.forecast.bayes_paths import flatten_draws, one_step_ranks, prior_draws, replicate, simulate_futures
from actuary.forecast.bayes_spec import BayesSpec, EffectSpec, bayes_model_names, load_bayes_spec
from actuary.forecast.fund_histories import widen_panel
from actuary.forecast.gate import Check, ForecastGateError, Gate, judge
from actuary.forecast.lunar import lunar_new_year
from actuary.forecast.panel import Panel, build_panel, period_labels
from actuary.forecast.posterior_cache import (
    gate_key,
    gates,
    load_gate,
    load_posterior,
    posterior_key,
    posteriors,
    store_gate,
    store_posterior,
)
from actuary.forecast.products import explain_growth
from actuary.forecast.sample import Sampled, find_gaps, sample_posterior
from actuary.forecast.terms import effect_columns, find_outbreaks
from actuary.kernels.panel_recursion import KNOWN, MISSING, OUTSIDE, panel_errors, panel_paths, panel_pullback


def small_panel(series: int = 3, periods: int = 24, seed: int = 0) -> Panel:
    rng = np.random.default_rng(seed)
    season = 1 + 0.1 * np.sin(np.arange(periods) * np.pi / 2)
    steps = np.exp(np.cumsum(rng.normal(0.01, 0.02, (series, periods)), axis=1))
    return Panel(tuple(f"g{n % 2}/s{n}" for n in range(series)), "Q", 4, 2015 * 4, 100 * steps * season)


def slow_errors(z, given, status, opening, rates, phase):
    """Twin of the kernel in plain Python."""
    errors = np.zeros(z.shape)
    season = opening.shape[1] - 2
    for i in range(z.shape[0]):
        alpha, beta, gamma, phi, kappa = rates[i]
        level, slope, states = opening[i, 0], opening[i, 1], list(opening[i, 2:])
        drift, age = kappa * slope, 0
        for t in range(z.shape[1]):
            if status[i, t] == OUTSIDE:
                continue
            age += 1
            p = (t + phase) % season
            moved = drift + phi * (slope - drift)
            error = z[i, t] - level - moved - states[p] if status[i, t] == KNOWN else given[i, t]
            level, slope = level + moved + alpha * error, moved + beta * error
            states[p] += gamma * error
            drift = kappa * (level - opening[i, 0]) / age
            errors[i, t] = error
    return errors


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(1)
    shape = (3, 20)
    status = rng.choice([KNOWN, KNOWN, MISSING], size=shape).astype(np.int8)
    status[0, :5] = OUTSIDE
    status[1, -3:] = OUTSIDE
    return [
        rng.normal(size=shape),
        rng.normal(size=shape),
        status,
        rng.normal(size=(3, 6)),
        rng.uniform(0.1, 0.9, (3, 5)),
    ]


def test_the_kernel_equals_its_slow_twin(case):
    assert np.allclose(panel_errors(*case, 1), slow_errors(*case, 1), atol=1e-13)


@pytest.mark.parametrize("argument", [0, 1, 3, 4])
def test_the_gradient_by_hand_equals_differences(case, argument):
    weight = np.random.default_rng(2).normal(size=case[0].shape)
    by_value, by_opening, by_rates = panel_pullback(*case, 1, weight)
    status = case[2]
    found = {
        0: np.where(status == KNOWN, by_value, 0),
        1: np.where(status == MISSING, by_value, 0),
        3: by_opening,
        4: by_rates,
    }[argument]
    step = 1e-6
    for place in np.ndindex(case[argument].shape):
        sides = []
        for sign in (1, -1):
            moved = [part.copy() for part in case]
            moved[argument][place] += sign * step
            sides.append((panel_errors(*moved, 1) * weight).sum())
        assert found[place] == pytest.approx((sides[0] - sides[1]) / (2 * step), abs=1e-6)


def test_completed_values_give_the_innovations_back(case):
    z, given, status, opening, rates = case
    errors, filled = panel_paths(z[None], given[None], status, opening[None], rates[None], 1)
    all_known = np.where(status == OUTSIDE, OUTSIDE, KNOWN).astype(np.int8)
    again = panel_errors(np.nan_to_num(filled[0]), given, all_known, opening, rates, 1)
    assert np.allclose(again, errors[0], atol=1e-12)


@pytest.mark.reference
def test_lunar_new_year_falls_on_the_published_days(reference: Path):
    with (reference / "series" / "cny_dates.csv").open() as file:
        days = [dt.date.fromisoformat(row["cny_date"]) for row in csv.DictReader(file)]
    since = [day for day in days if day.year >= 1950]
    assert len(since) > 70
    assert [lunar_new_year(day.year) for day in since] == since


def test_lunar_new_year_to_2040():
    # Published calendars; 2034 follows a leap eleventh month, 1985 a solstice on the day of the new moon.
    days = (
        "2031-01-23 2032-02-11 2033-01-31 2034-02-19 2035-02-08 2036-01-28 2037-02-15 2038-02-04 2039-01-24 2040-02-12"
    )
    assert [lunar_new_year(2031 + n).isoformat() for n in range(10)] == days.split()
    assert lunar_new_year(1985) == dt.date(1985, 2, 20)


def spec_with(**changes) -> BayesSpec:
    return load_bayes_spec("structural").model_copy(update=changes)


def effect(**keys) -> EffectSpec:
    return EffectSpec.model_validate({"name": "e", "size": 0.1, "source": "judgement"} | keys)


def test_effects_start_and_stay_as_declared():
    panel = small_panel()
    date = dt.date(2020, 1, 1)
    step = effect(kind="step", **{"from": date})
    gone = effect(kind="step", stays=False, **{"from": date})
    pulse = effect(kind="pulse", **{"from": date, "to": dt.date(2020, 2, 15)})
    ramp = effect(kind="ramp", **{"from": date, "to": dt.date(2020, 12, 31)})
    columns = effect_columns([step, gone, pulse, ramp], panel, horizon=4)
    assert columns[0, :20].sum() == 0
    assert (columns[0, 20:] == 1).all()
    assert (columns[1, 20:24] == 1).all()
    assert (columns[1, 24:] == 0).all()
    assert columns[2, 20] == pytest.approx(46 / 91)
    assert columns[2].sum() == columns[2, 20]
    assert (np.diff(columns[3, 19:24]) > 0).all()
    assert columns[3, -1] == 1


def test_the_holiday_column_adds_to_nothing_by_position():
    panel = Panel(("a",), "M", 12, 2010 * 12, np.ones((1, 120)))
    column = effect_columns([effect(kind="lunar_new_year")], panel, horizon=24)[0]
    assert np.allclose([column[n::12].mean() for n in range(12)], 0)
    assert column[0] * column[1] < 0  # what January gains, February loses


def test_a_covariate_without_its_future_is_refused():
    rows = pd.DataFrame({"period": small_panel().periods, "value": 1.0})
    with pytest.raises(TableError, match="none in 2021Q1"):
        effect_columns([effect(kind="covariate")], small_panel(), horizon=2, covariates={"e": rows})


def test_an_outbreak_is_found_and_a_quiet_panel_has_none():
    panel = small_panel(8, 60)
    assert find_outbreaks(panel, threshold=6, share=0.5).empty
    panel.values[:, 40] /= 2
    assert "2025Q1" in find_outbreaks(panel, threshold=6, share=0.5)["period"].tolist()


def test_a_misspelt_declaration_names_every_problem(tmp_path: Path):
    text = bayes_model_names()["structural"].read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(text.replace('"drift"', '"drfit"').replace("rhat_at_most", "rhat_at_mots"), encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        load_bayes_spec(path)
    assert len(caught.value.problems) == 2
    assert "'drift'" in str(caught.value)
    with pytest.raises(UnknownNameError, match="structural"):
        load_bayes_spec("structurel")


def test_an_effect_without_its_dates_is_refused(tmp_path: Path):
    text = bayes_model_names()["fund_quarters"].read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(text.replace("to = 2020-06-30\n", ""), encoding="utf-8")
    with pytest.raises(DeclarationError, match="without an end"):
        load_bayes_spec(path)


def test_cumulative_figures_become_periods_and_sums():
    rows = pd.DataFrame(
        {
            "series_id": "a",
            "period": ["2022Q1", "2022Q2", "2022Q3", "2022Q4", "2023Q2", "2023Q4", "2024Q1"],
            "value": [1.0, 2.5, 4.0, 6.0, 3.0, 8.0, 2.0],
        }
    )
    panel, sums = sums_of_cumulative(rows, build_panel(rows))
    assert panel.values[0, :4].tolist() == [1.0, 1.5, 1.5, 2.0]
    assert sums == (KnownSum("a", 4, 6, 3.0), KnownSum("a", 6, 8, 5.0))
    assert panel.values[0, 8] == 2.0
    falling = rows.assign(value=[1.0, 2.5, 4.0, 6.0, 3.0, 2.0, 2.0])
    with pytest.raises(TableError, match="-1 since the last figure"):
        sums_of_cumulative(falling, build_panel(falling))


def test_a_first_figure_that_holds_earlier_periods_stays_a_gap():
    rows = pd.DataFrame({"series_id": "a", "period": ["2022Q2", "2022Q3", "2022Q4"], "value": [3.0, 4.0, 5.0]})
    panel, sums = sums_of_cumulative(rows, build_panel(rows))
    assert np.isnan(panel.values[0, 0])
    assert panel.values[0, 1:].tolist() == [1.0, 1.0]
    assert not sums


@pytest.mark.parametrize("power", [0.0, 0.4, 1.0])
def test_the_scale_can_be_undone(power):
    y = np.array([0.01, 0.5, 1.0, 30.0])
    assert np.allclose(from_scale(to_scale(y, power=power, floor=1e-3), power=power), y)


def prior_sample(data, spec, *, seed=1, chains=4, draws=250) -> Sampled:
    """Independent draws in the form of a sampler's."""
    rng = np.random.default_rng(seed)
    flat = prior_draws(data, spec, count=chains * draws, rng=rng)
    arrays = {name: array.reshape(chains, draws, *array.shape[1:]) for name, array in flat.items()}
    stats = {"diverging": np.zeros((chains, draws), bool), "energy": rng.normal(size=(chains, draws))}
    return Sampled(arrays, ("alpha_centre", "log_scale_centre"), stats)


def test_futures_of_series_share_the_common_factor_and_none_without():
    panel = small_panel(2)
    apart = spec_with(terms=("slope", "drift", "season", "tails"))
    for spec, low, high in ((spec_with(), 0.1, 1.0), (apart, -0.1, 0.1)):
        data = prepare_data(panel, spec, horizon=1)
        one = {
            name: array[:1] for name, array in prior_draws(data, spec, count=1, rng=np.random.default_rng(4)).items()
        }
        many = {name: np.repeat(array, 3000, axis=0) for name, array in one.items()}
        futures = simulate_futures(many, data, spec, horizon=1, rng=np.random.default_rng(5))[:, :, 0]
        assert low < np.corrcoef(futures.T)[0, 1] < high


def test_ranks_are_uniform_where_the_model_is_true():
    spec = spec_with()
    data = prepare_data(small_panel(6, 60), spec, horizon=1)
    truth = {n: a[:1] for n, a in prior_draws(data, spec, count=1, rng=np.random.default_rng(7)).items()}
    z = replicate(truth, data, rng=np.random.default_rng(8))[0]
    true = type(data)(**{**data.__dict__, "z": z})
    many = {name: np.repeat(array, 300, axis=0) for name, array in truth.items()}
    ranks = one_step_ranks(many, true, rng=np.random.default_rng(9))
    assert 0.4 < np.nanmean(ranks) < 0.6
    assert 0.2 < np.nanstd(ranks) < 0.38


def test_the_gate_says_no_with_reasons_and_what_to_try(tmp_path: Path):
    spec = spec_with()
    data = prepare_data(small_panel(), spec, horizon=4)
    sampled = prior_sample(data, spec)
    sampled.arrays["alpha_centre"][0] += 5
    sampled.stats["diverging"][0, :3] = True
    sums = np.random.default_rng(1).normal(size=(4, 250, 3))
    gate = judge(sampled, data, spec, futures=sums, rng=np.random.default_rng(1))
    failed = {one.name: one for one in gate.checks if not one.passed}
    assert {"R-hat", "bulk ESS", "divergences"} <= set(failed)
    assert failed["R-hat"].worst == "alpha_centre"
    assert failed["divergences"].value == 3
    assert all(one.mend for one in failed.values())
    assert not gate.passed
    with pytest.raises(ForecastGateError, match="target_accept"):
        gate.require()
    assert len(gate.to_frame()) == len(gate.checks)
    store_gate(gates(tmp_path), "k", gate)
    assert load_gate(gates(tmp_path), "k") == gate


def test_a_gate_that_passed_lets_through():
    gate = Gate((Check("R-hat", 1.001, 1.01, True),))
    assert gate.passed
    assert gate.reasons == ()
    gate.require()


def test_the_cache_knows_what_it_rests_on_and_mends_damage(tmp_path: Path):
    spec = spec_with()
    panel = small_panel()
    data = prepare_data(panel, spec, horizon=4)
    key = posterior_key(data, spec, seed=1)
    assert key == posterior_key(prepare_data(panel, spec, horizon=9), spec, seed=1)
    assert key != posterior_key(data, spec, seed=2)
    assert key != posterior_key(prepare_data(small_panel(seed=5), spec, horizon=4), spec, seed=1)
    assert key != posterior_key(data, spec_with(terms=("slope",)), seed=1)
    effort = spec.sampler.model_copy(update={"chains": 4, "draws": 5})
    cache = posteriors(tmp_path)
    assert load_posterior(cache, key, effort=effort) is None
    sampled = prior_sample(data, spec, draws=5)
    store_posterior(cache, key, sampled)
    found = load_posterior(cache, key, effort=effort)
    assert not cache.notes
    assert found.free == sampled.free
    assert all((found.arrays[name] == array).all() for name, array in sampled.arrays.items())
    path = next(tmp_path.glob("*.posterior"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert load_posterior(cache, key, effort=effort) is None
    assert cache.notes == ["a cached posterior was damaged or not whole: made anew"]


def test_an_interrupted_posterior_is_never_taken_for_a_whole_one(tmp_path: Path):
    spec = spec_with()
    data = prepare_data(small_panel(), spec, horizon=4)
    effort = spec.sampler.model_copy(update={"chains": 4, "draws": 5})
    whole = prior_sample(data, spec, draws=5)
    assert not find_gaps(whole, effort)
    unfinished = prior_sample(data, spec, draws=5)
    unfinished.arrays["rates"][2, 3:] = np.nan
    for broken in (prior_sample(data, spec, draws=3), prior_sample(data, spec, chains=3, draws=5), unfinished):
        assert find_gaps(broken, effort)
        cache = posteriors(tmp_path)
        store_posterior(cache, "k", broken)
        assert load_posterior(cache, "k", effort=effort) is None
        assert cache.notes == ["a cached posterior was damaged or not whole: made anew"]


def test_a_gate_that_can_measure_nothing_is_shut():
    spec = spec_with()
    data = prepare_data(small_panel(), spec, horizon=4)
    sampled = prior_sample(data, spec)
    for name in sampled.free:
        sampled.arrays[name][...] = np.nan
    futures = np.full((4, 250, 3), np.nan)
    gate = judge(sampled, data, spec, futures=futures, rng=np.random.default_rng(1))
    shut = {one.name for one in gate.checks if not one.passed}
    assert {"R-hat", "bulk ESS", "tail ESS"} <= shut


def test_what_the_gate_said_is_kept_and_damage_is_not_believed(tmp_path: Path):
    gate = Gate((Check("R-hat", 1.02, 1.01, False, "alpha_centre", "draw more"),))
    cache = gates(tmp_path)
    store_gate(cache, "k", gate)
    assert load_gate(cache, "k") == gate
    assert load_gate(cache, "other") is None
    path = next(tmp_path.glob("*.gate"))
    path.write_text(path.read_text(encoding="utf-8").replace("1.02", "1.00"), encoding="utf-8")
    assert load_gate(cache, "k") is None


def test_what_the_gate_said_belongs_to_everything_the_futures_rest_on():
    weather = EffectSpec(name="weather", kind="covariate", size=0.1, source="judgement")
    spec = spec_with(effect=(weather,))
    panel = small_panel()
    labels = period_labels("Q", panel.first, 28)

    def key(spread: float, *, horizon: int = 4, bounds: float = 0.1) -> str:
        rows = pd.DataFrame([(draw, label, draw * spread) for draw in (-1, 1) for label in labels])
        rows.columns = ["draw", "period", "value"]
        given = {"weather": rows}
        own = spec.model_copy(update={"gate": spec.gate.model_copy(update={"pit_distance_at_most": bounds})})
        data = prepare_data(panel, own, horizon=4, covariates=given)
        return gate_key(posterior_key(data, own, seed=1), data, own, horizon=horizon, covariates=given)

    assert key(0.1) == key(0.1)
    # The two simulated futures have the same mean, and other draws.
    assert len({key(0.1), key(0.2), key(0.1, horizon=3), key(0.1, bounds=0.2)}) == 4


def test_the_default_prior_hardly_ever_gives_absurd_growth():
    spec = spec_with()
    data = prepare_data(small_panel(4, 40), spec, horizon=4)
    y = from_scale(replicate(prior_draws(data, spec, count=500, rng=np.random.default_rng(3)), data,
                             rng=np.random.default_rng(4)), power=data.power)  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = y[:, :, 4:24] / y[:, :, :20] - 1
    assert (
        (growth < spec.gate.growth_low) | (growth > spec.gate.growth_high)
    ).mean() < spec.gate.growth_outside_at_most


def test_what_a_panel_is_widened_by_enters_no_likelihood():
    panel = small_panel(2)
    wide = widen_panel(panel, 30, series=(*panel.series, "later"))
    data, plain = (prepare_data(one, spec_with(), horizon=4) for one in (wide, panel))
    assert (data.status[:, 24:] == OUTSIDE).all()
    assert (data.status[2] == OUTSIDE).all()
    assert (data.status[:2, :24] == plain.status).all()
    assert (data.z[:2, :24] == plain.z).all()
    assert not data.missing.size


def test_a_back_test_has_its_own_smaller_effort():
    spec = load_bayes_spec("fund_quarters")
    trial = spec.for_trials()
    assert trial.sampler == spec.trial
    assert trial.sampler.draws < spec.sampler.draws
    assert spec.model_copy(update={"trial": None}).for_trials().sampler == spec.sampler


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("members", [("*",), ("g0/*",), ("nobody",)])
def test_the_prior_of_coefficients_is_the_declared_one(members):
    pymc = pytest.importorskip("pymc")
    from actuary.forecast.build import build_model  # noqa: PLC0415  (seconds)

    step = effect(kind="step", series=members, **{"from": dt.date(2018, 1, 1)})
    spec = spec_with(effect=(step,))
    data = prepare_data(small_panel(4), spec, horizon=4)
    with build_model(data, spec):
        drawn = pymc.draw(pymc.modelcontext(None)["coefficient"], draws=4000, random_seed=1)[:, 0]
    plain = prior_draws(data, spec, count=4000, rng=np.random.default_rng(2))["coefficient"][:, 0]
    assert np.allclose(np.cov(drawn.T), np.cov(plain.T), atol=0.0015)


def test_flattened_draws_are_taken_once_each():
    arrays = {"rates": np.arange(8.0).reshape(2, 4)}
    taken = flatten_draws(arrays, count=8, rng=np.random.default_rng(1))["rates"]
    assert sorted(taken) == list(range(8))


def test_growth_of_a_product_is_explained_by_its_parts():
    from actuary.forecast.bayes_spec import ProductSpec  # noqa: PLC0415
    from actuary.forecast.face import forecast_series  # noqa: PLC0415

    panel = small_panel(2)
    parts = forecast_series(panel, horizon=4, draws=50, model="naive")
    table = explain_growth(parts, ProductSpec(name="p", parts=panel.series))
    assert table["part"].tolist() == list(panel.series)
    with pytest.raises(TableError, match="did you mean 'g0/s0'"):
        explain_growth(parts, ProductSpec(name="p", parts=("g0/s00", "g1/s1")))


@pytest.mark.parametrize(("said", "raised"), [("no compiled object yet for x", KeyboardInterrupt), ("x", RuntimeError)])
def test_a_stop_while_compiling_leaves_no_trace(monkeypatch, said, raised):
    def stopped(*_args, **_kwargs):
        raise RuntimeError(said)

    monkeypatch.setattr("actuary.forecast.build.build_model", lambda *_: type("Model", (), {"free_RVs": ()}))
    monkeypatch.setattr("nutpie.compile_pymc_model", stopped)
    monkeypatch.setattr("actuary.forecast.sample._COMPILED", {})
    rows = pd.DataFrame({"series_id": "a", "period": [f"{y}Q{q}" for y in range(2010, 2016) for q in (1, 2, 3, 4)]})
    spec = load_bayes_spec("structural")
    with pytest.raises(raised):
        sample_posterior(prepare_data(build_panel(rows.assign(value=5.0)), spec, horizon=2), spec, seed=1)


@pytest.mark.parametrize("series", [3, 9])
def test_scales_drawn_in_other_coordinates_keep_the_declared_law(series):
    """Scales are drawn as those of a series' own part: the density must be the declared one, whatever is shared."""
    from pytensor import function  # noqa: PLC0415  (seconds)
    from scipy.stats import norm  # noqa: PLC0415  (seconds)

    from actuary.forecast.build import build_model  # noqa: PLC0415  (seconds)

    spec = load_bayes_spec("structural")
    model = build_model(prepare_data(small_panel(series), spec, horizon=4), spec)
    wanted = [model["log_scale_centre"], model["log_scale_spread"], model["scale"], model["share"]]
    laws = [one for one in model.potentials if one.name != "likelihood"]
    read = function(model.value_vars, model.replace_rvs_by_values([*wanted, *laws]), on_unused_input="ignore")
    rng = np.random.default_rng(series)
    start = model.initial_point()
    moved = {name: np.asarray(value) + rng.normal(0, 0.3, np.shape(value)) for name, value in start.items()}
    centre, spread, scale, share, *found = read(*(moved[value.name] for value in model.value_vars))
    law = spec.noise.log_scale
    expected = [norm.logpdf(centre, law.mean, law.sd)]
    if series == 9:  # many series: each scale is drawn by itself
        expected.append(norm.logpdf(np.log(scale), centre, spread).sum())
        assert np.allclose(np.log(scale) + 0.5 * np.log1p(-share), moved["own_scale"])
    assert np.allclose(found, expected)
