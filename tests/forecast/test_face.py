"""The face: one call from rows to an object, the protocol of the back-test harness, peers, stack, back-test."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.main import get_command
from typer.testing import CliRunner

import actuary
from actuary.cli import app
from actuary.errors import DeclarationError, TableError, UnknownNameError
from actuary.forecast import face
from actuary.forecast.backtest import cut_panel
from actuary.forecast.classical import bridge_gaps, classical_forecast
from actuary.forecast.face import MODELS, forecast_series
from actuary.forecast.gate import Check, Gate
from actuary.forecast.panel import build_panel
from actuary.forecast.scores import crps, naive_scale, score_futures
from actuary.forecast.spec import load_pooled_spec
from actuary.forecast.stack import learn_weights
from actuary.workflow.fund_forecast import repeat_command

SPEC = load_pooled_spec()


def quarters(count, first=2005):
    return [f"{first + i // 4}Q{i % 4 + 1}" for i in range(count)]


def seasonal(count=40, seed=1, trend=1.0):
    rng = np.random.default_rng(seed)
    return 100 + trend * np.arange(count) + 10 * np.sin(np.arange(count) * np.pi / 2) + rng.normal(0, 2, count)


@pytest.fixture(scope="module")
def frame():
    parts = [
        pd.DataFrame({"series_id": name, "period": quarters(count), "value": seasonal(count, seed)})
        for name, count, seed in (("a", 40, 1), ("b", 40, 2), ("c", 36, 3))
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def pooled(frame):
    return actuary.forecast(frame, horizon=4, draws=120, seed=3)


def test_the_package_is_the_verb(frame, pooled):
    again = actuary.forecast_series(build_panel(frame), horizon=4, draws=120, seed=3, threads=3)
    np.testing.assert_array_equal(again.draws, pooled.draws)
    assert again.fingerprint == pooled.fingerprint
    assert actuary.forecast(frame, horizon=4, draws=120, seed=4).fingerprint != pooled.fingerprint


def test_a_file_is_read_like_its_rows(frame, tmp_path):
    path = tmp_path / "series.csv"
    frame.to_csv(path, index=False)
    of_rows = actuary.forecast(frame, horizon=4, draws=20, model="naive")
    for given in (path, str(path)):
        again = actuary.forecast(given, horizon=4, draws=20, model="naive")
        np.testing.assert_allclose(again.draws, of_rows.draws)
    with pytest.raises(TableError, match="no such file"):
        actuary.forecast(tmp_path / "none.csv", horizon=4)


def test_a_shut_gate_writes_no_file_unless_it_is_accepted(frame, tmp_path, monkeypatch):
    plain = face.forecast_series
    gate = Gate((Check("divergences", 5, 0, False, mend="raise sampler.target_accept"),))
    monkeypatch.setattr(face, "forecast_series", lambda *a, **k: replace(plain(*a, **k), gate=gate))
    series, out = tmp_path / "series.csv", tmp_path / "out.csv"
    frame.to_csv(series, index=False)
    words = ["forecast", str(series), "--horizon", "2", "--draws", "10", "--model", "naive", "--out", str(out)]
    shut = CliRunner().invoke(app, words)
    assert shut.exit_code == 2
    assert "divergences" in shut.output
    assert not out.exists()
    assert CliRunner().invoke(app, [*words, "--accept-shut-gate"]).exit_code == 0
    assert out.exists()


def test_the_command_in_the_manifest_is_one_that_the_command_line_takes():
    words = repeat_command("national", to="2026Q4", out=Path("a/funds"), lang="en", model="theta", draws=500, seed=7)
    verb = get_command(app).commands[words[1]]
    read = verb.make_context(words[1], words[2:]).params
    assert (read["city"], read["to"], read["model"], read["draws"], read["seed"]) == (
        "national",
        "2026Q4",
        "theta",
        500,
        7,
    )
    assert read["lang"].value == "en"
    assert read["out"] == Path("funds")


def test_the_order_of_the_rows_does_not_matter(frame):
    mixed = frame.iloc[np.random.default_rng(1).permutation(len(frame))]
    one, other = (actuary.forecast(rows, horizon=2, draws=20, seed=3) for rows in (frame, mixed))
    assert one.panel.series == other.panel.series
    np.testing.assert_array_equal(one.draws, other.draws)


def test_a_series_of_zeros_is_named_in_the_notes(frame):
    rows = pd.concat([frame, frame[frame["series_id"] == "a"].assign(series_id="nought", value=0.0)])
    found = actuary.forecast(rows, horizon=2, draws=20)
    assert any("only zeros" in note and "nought" in note for note in found.notes)


def test_draws_lie_on_one_calendar(pooled):
    assert pooled.draws.dims == ("draw", "series", "period")
    assert pooled.origins == ("2014Q4", "2014Q4", "2013Q4")
    assert pooled.draws.period.to_numpy().tolist() == quarters(8, 2014)
    assert np.isnan(pooled.draws.sel(series="a", period="2014Q1")).all()
    assert np.isfinite(pooled.draws.sel(series="c", period="2014Q1")).all()
    assert pooled.futures("c").shape == (120, 4)
    with pytest.raises(UnknownNameError, match="did you mean"):
        pooled.futures("C")


def test_the_rows_speak_the_protocol(pooled):
    rows = pooled.to_frame()
    assert rows.columns.tolist() == ["series_id", "origin", "period", "sample_or_quantile", "value"]
    assert len(rows) == 3 * 4 * 120
    wide = rows[rows["series_id"] == "c"].pivot(index="sample_or_quantile", columns="period", values="value")  # noqa: PD010
    assert wide.columns.tolist() == quarters(4, 2014)
    # One sample number is one joint future.
    np.testing.assert_array_equal(wide.loc["s7"], pooled.futures("c")[7])
    assert (rows["origin"][rows["series_id"] == "c"] == "2013Q4").all()


def test_a_summary_and_a_picture_of_it(pooled):
    summary = pooled.summary()
    assert (summary["q10"] < summary["q50"]).all()
    assert (summary["q2.5"] <= summary["q10"]).all()
    assert summary["period"][:4].tolist() == quarters(4, 2015)
    assert "2015Q1" in pooled._repr_html_()
    assert pooled.fingerprint in repr(pooled)


def test_the_weights_of_the_stack_are_reported(pooled):
    weights = pooled.weights
    assert weights.columns.tolist() == ["series", "voice", "weight"]
    np.testing.assert_allclose(weights.groupby("series")["weight"].sum(), 1.0)
    assert set(weights["voice"]) == {"pooled", *SPEC.stack.models}
    assert "learnt from" in pooled.notes[0]


def test_short_histories_keep_the_declared_weights():
    rows = pd.DataFrame({"series_id": "a", "period": quarters(12), "value": seasonal(12)})
    found = forecast_series(rows, horizon=4, draws=50)
    weights = found.weights.set_index("voice")["weight"]
    assert weights["theta"] == pytest.approx(SPEC.stack.prior[0], abs=0.03)
    assert "as declared" in found.notes[0]


def test_weights_are_learnt_without_the_future(frame):
    panel = build_panel(frame)
    changed = frame.copy()
    before = learn_weights(panel, SPEC, horizon=4, seed=1)
    assert before.cases > 0
    # What is learnt at an origin uses nothing after the horizon behind it: the cut panel holds no later value.
    history, came = cut_panel(panel, horizon=4, back=6, least=16)
    for row, end in enumerate(history.ends):
        assert np.isnan(history.values[row, end:]).all()
        np.testing.assert_array_equal(came[row], panel.values[row, end : end + 4])
    changed["value"] *= 3.0
    after = learn_weights(build_panel(changed), SPEC, horizon=4, seed=1)
    np.testing.assert_allclose(before.weights, after.weights, atol=1e-6)


@pytest.mark.parametrize("model", ["theta", "ets", "naive"])
def test_peers_answer_through_the_same_face(frame, model):
    found = forecast_series(frame, horizon=4, draws=60, model=model)
    assert np.isfinite(found.futures("a")).all()
    assert abs(np.median(found.futures("a")) - 140) < 25
    assert found.weights is None


def test_peers_say_where_they_have_no_forecast():
    rows = pd.DataFrame({"series_id": "flat", "period": quarters(20), "value": 3.0})
    found = forecast_series(rows, horizon=2, draws=20, model="ets")
    assert found.notes == ("ets has no forecast of flat: seasonal-naive instead",)
    assert (found.futures("flat") == 3.0).all()


def test_a_history_that_ends_in_gaps_is_forecast_from_its_end():
    values = seasonal(40)
    values[-3:] = np.nan
    rows = pd.DataFrame({"series_id": "a", "period": quarters(40), "value": values})
    for model in MODELS:
        if model in {"pooled", "theta", "ets", "naive"}:
            found = forecast_series(rows, horizon=4, draws=60, model=model)
            assert found.origins == ("2014Q4",)
            assert found.draws.period.to_numpy().tolist() == quarters(4, 2015)
            assert np.isfinite(found.draws).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"horizon": 0}, "--horizon: found 0; expected 1 to 400"),
        ({"draws": 1}, "--draws: found 1"),
        ({"seed": -1}, "--seed: found -1"),
        ({"threads": 0}, "--threads: found 0"),
    ],
)
def test_numbers_out_of_range_are_refused(frame, options, words):
    with pytest.raises(DeclarationError) as caught:
        forecast_series(frame, **{"horizon": 4, **options})
    assert words in str(caught.value)


def test_an_unknown_model_is_named(frame):
    with pytest.raises(UnknownNameError, match="did you mean 'pooled'"):
        forecast_series(frame, horizon=4, model="poled")


def test_a_forecast_is_its_own_back_test(frame):
    found = forecast_series(frame, horizon=4, draws=60, model="naive").backtest(origins=2)
    assert len(found.scores) == 6
    assert found.scores["cover80"].between(0, 1).all()
    assert found.summary()["origin"].iloc[-1] == "all"
    assert "scrps" in found._repr_html_()
    with pytest.raises(DeclarationError, match="shorten the horizon"):
        forecast_series(frame, horizon=60, draws=20, model="naive").backtest()


def test_scores_are_those_of_the_definitions():
    draws = np.random.default_rng(1).normal(size=(50, 3))
    came = np.array([0.5, -1.0, np.nan])
    pairs = np.abs(draws[:, None, 0] - draws[None, :, 0]).sum() / (50 * 49)
    assert crps(draws, came)[0] == pytest.approx(np.abs(draws[:, 0] - 0.5).mean() - pairs / 2)
    scores = score_futures(draws, came, scale=2.0)
    assert scores["scrps"] == pytest.approx(crps(draws, came)[:2].mean() / 2)
    assert np.isnan(scores["cum_scrps"])
    assert naive_scale(np.array([1.0, np.nan, 4.0, 8.0]), 2) == 3.0
    assert naive_scale(np.array([2.0, 2.0, 2.0]), 1) == 2.0
    assert naive_scale(np.zeros(4), 1) == 1.0


def test_a_form_found_once_gives_the_same_forecast():
    values = seasonal(48)
    searched = classical_forecast(values, model="ets", season=4, horizon=4)
    known = classical_forecast(values, model="ets", season=4, horizon=4, form=searched.form)
    np.testing.assert_allclose(searched.mean, known.mean, rtol=1e-6)
    assert classical_forecast(values[:4], model="ets", season=4, horizon=4) is None
    assert bridge_gaps(np.array([np.nan, 5.0]), 4).tolist() == [5.0, 5.0]


@pytest.mark.slow
def test_the_command_line_writes_all_or_nothing(frame, tmp_path):
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    frame.to_csv(given, index=False)
    base = [sys.executable, "-m", "actuary", "forecast"]
    options = ["--horizon", "4", "--season", "4", "--draws", "200", "--seed", "5", "--out", str(out)]
    done = subprocess.run([*base, str(given), *options], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(out)
    rows = pd.read_csv(out, dtype={"origin": str})
    expected = forecast_series(frame, horizon=4, draws=200, seed=5).to_frame()
    np.testing.assert_allclose(rows["value"], expected["value"], rtol=1e-12)
    assert rows["sample_or_quantile"].tolist() == expected["sample_or_quantile"].tolist()
    beside = tmp_path / "out.csv.json"
    assert "seed 5" in done.stderr
    assert json.loads(beside.read_text(encoding="utf-8"))["fingerprint"] in done.stderr
    out.unlink()
    beside.unlink()
    given.write_text("series_id,period,value\na,2019Q1,1\na,2019Q2,2\n")
    failed = subprocess.run([*base, str(given), *options], capture_output=True, text=True, check=False)
    assert failed.returncode == 2
    assert "found 2 values; expected at least 3" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


@pytest.mark.reference
@pytest.mark.slow
@pytest.mark.parametrize(("file", "horizon", "season", "bound"), [("bench_quarterly.csv.gz", 8, 4, 0.66)])
def test_the_public_core_series_are_forecast_within_the_bar(reference, file, horizon, season, bound):
    """Two origins of the back-test set, in process; the whole of it is in docs/forecast-backtest.md."""
    series = reference / "series"
    meta = pd.read_csv(series / "bench_meta.csv", dtype=str)
    meta = meta[(meta["core"] == "1") & meta["dataset"].isin(["pbs", "sus", "hospital"]) & (meta["freq"] == "Q")]
    rows = pd.read_csv(series / file, dtype={"period": str})
    parts = {name: part for name, part in rows.groupby("series_id") if name in set(meta["series_id"])}
    scores = []
    for back in (horizon, horizon + 9):
        kept = {name: part.sort_values("period") for name, part in parts.items() if len(part) - back >= 16}
        cut = pd.concat([part.iloc[: len(part) - back] for part in kept.values()], ignore_index=True)
        found = forecast_series(cut, horizon=horizon, season=season, draws=500)
        for name, part in kept.items():
            values = part["value"].to_numpy()
            end = len(values) - back
            scale = naive_scale(values[:end], season)
            scores.append(score_futures(found.futures(name), values[end : end + horizon], scale=scale))
    means = pd.DataFrame(scores).mean()
    assert len(scores) > 60
    assert means["scrps"] < bound
    assert 0.74 < means["cover80"] < 0.88


def test_every_wrong_option_is_named_at_once():
    with pytest.raises(UnknownNameError, match=r"(?s)--model.*--horizon.*--draws.*--seed"):
        face.check_options(model="nosuch", horizon=0, draws=0, seed=-1)
