"""Histories completed from published sums, revisions, and the joint forecast of a region's funds."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.errors import ActuaryError, PeriodError
from actuary.forecast import fund_forecast
from actuary.forecast.cumulative import KnownSums, draw_flows
from actuary.forecast.fund_backtest import backtest_funds, judge
from actuary.forecast.fund_forecast import FundForecast, forecast_fund
from actuary.forecast.fund_series import FundHistory, fund_history
from actuary.forecast.fund_spec import load_fund_spec
from actuary.forecast.gate import Check, Gate
from actuary.forecast.hierarchy import check_sums
from actuary.forecast.pool_share import draw_pool_share, known_shares
from actuary.forecast.revisions import measure_revisions, revision_pairs
from actuary.tables import facts, quarterly_flows

_SPEC = load_fund_spec()
#: Fewer histories than shipped: each is a forecast of its own.
_FEW = _SPEC.model_copy(update={"histories": 3})


@pytest.fixture(scope="module")
def history() -> FundHistory:
    return fund_history("national", spec=_SPEC, draws=40, seed=5)


@pytest.fixture(scope="module")
def forecast() -> FundForecast:
    return forecast_fund("national", to="2026Q4", draws=400, seed=1, spec=_FEW)


@given(seed=st.integers(0, 10_000), growth=st.floats(0.97, 1.03), month=st.integers(1, 11))
@settings(deadline=None, max_examples=15)
def test_every_drawn_history_adds_up_to_every_exact_sum(seed: int, growth: float, month: int) -> None:
    months = np.arange(48)
    flow = 100 * growth ** (months / 4) * (1 + 0.3 * np.cos(months * np.pi / 6))
    first = np.array([0, 12, 24, 36, 36])
    last = np.array([11, 23, 35, 47, 36 + month - 1])
    values = np.array([flow[a : b + 1].sum() for a, b in zip(first, last, strict=True)])
    sums = KnownSums(first, last, np.tile(values, (8, 1)), np.zeros(5))
    drawn = draw_flows(sums, months=48, spec=_SPEC.flows, rng=np.random.default_rng(seed))
    assert (drawn > 0).all()
    np.testing.assert_allclose(drawn @ sums.matrix(48).T, np.tile(values, (8, 1)), rtol=1e-6)


def test_months_with_more_known_around_them_are_known_better() -> None:
    months = np.arange(36)
    flow = 100 + 20.0 * np.cos(months * np.pi / 6)
    spans = [(0, 11), (12, 23), (24, 35), *((12, m) for m in range(12, 23))]
    first, last = (np.array(side) for side in zip(*spans, strict=True))
    values = np.array([flow[a : b + 1].sum() for a, b in spans])
    sums = KnownSums(first, last, np.tile(values, (200, 1)), np.zeros(len(spans)))
    drawn = draw_flows(sums, months=36, spec=_SPEC.flows, rng=np.random.default_rng(0))
    assert drawn[:, 12:24].std(axis=0).max() < 1e-3
    spread = drawn[:, 24:].std(axis=0)
    assert spread.min() > 0.5
    # The season of the published year carries over: the truth lies in the draws, and they are no straight line.
    assert (np.abs(drawn[:, 24:].mean(axis=0) - flow[24:]) < 3 * spread).all()


def test_sums_that_contradict_each_other_are_refused() -> None:
    sums = KnownSums(np.array([0, 0]), np.array([11, 5]), np.tile([100.0, 400.0], (2, 1)), np.zeros(2))
    with pytest.raises(ActuaryError, match="a later one must exceed an earlier one"):
        draw_flows(sums, months=12, spec=_SPEC.flows, rng=np.random.default_rng(0))
    negative = KnownSums(np.array([0]), np.array([11]), np.array([[-1.0]]), np.zeros(1))
    with pytest.raises(ActuaryError, match="above zero"):
        draw_flows(negative, months=12, spec=_SPEC.flows, rng=np.random.default_rng(0))


def test_the_national_history_gives_back_years_and_published_quarters(history: FundHistory) -> None:
    years = history.flows.to_numpy().reshape(40, 4, 6, 4).sum(axis=3)
    for row, name in enumerate(history.series):
        scheme, flow = name.split(".")
        for number, year in enumerate(range(2019, 2025)):
            figure = history.year_figure(scheme, flow, year)
            assert figure is not None
            added = history.sizes.get((scheme, flow, year), 0.0)
            np.testing.assert_allclose(years[:, row, number], figure + added, rtol=1e-6)
    quarters = quarterly_flows("national")
    known = quarters[
        quarters.status.ne("gap") & quarters.quarter.str.startswith("2022") & quarters.scope.eq("all_accounts")
    ]
    for row in known[known.scheme.isin(["employee", "resident"])].to_dict("records"):
        drawn = history.flows.sel(series=f"{row['scheme']}.{row['indicator']}", period=row["quarter"])
        # Notices are first figures: the year's bulletin came out up to 1 % higher.
        assert float(drawn.mean()) == pytest.approx(row["value"], rel=0.04)
        assert float(drawn.std() / drawn.mean()) < 0.01


def test_the_contribution_cut_of_2020_is_put_back_by_its_published_size(history: FundHistory) -> None:
    assert history.sizes == {("employee", "income", 2020): 164_900_000_000.0}
    assert [one.year for one in history.interventions] == [2020]


def test_unknown_quarters_are_drawn_not_drawn_through(history: FundHistory) -> None:
    spread = history.flows.std("draw") / history.flows.mean("draw")
    assert float(spread.sel(series="resident.income", period="2024Q3")) > 0.01
    assert float(spread.sel(series="resident.income", period="2023Q1")) < 0.02
    assert float(spread.sel(series="employee.income", period="2022Q2")) < 0.005


def test_revisions_are_measured_by_line_and_small_lines_move_more() -> None:
    pairs = revision_pairs(facts("national", observed=True))
    found = measure_revisions(pairs, _SPEC.revision)
    assert found.law("maternity", "expenditure")[1] > 3 * found.law("employee", "income")[1]
    assert found.law("nobody", "income")[0] == found.mean
    draws = found.draw("employee", "income", size=20_000, rng=np.random.default_rng(0))
    assert 0.0 < float(np.median(draws)) < 0.02
    held = [
        abs(row.revision - found.law(row.scheme, row.indicator)[0]) < 2.5 * found.law(row.scheme, row.indicator)[1]
        for row in pairs.itertuples()
    ]
    assert np.mean(held) >= 0.9
    nothing = measure_revisions(pairs.iloc[:0], _SPEC.revision)
    assert nothing.law("employee", "income")[2] == _SPEC.revision.worth


def test_a_provisional_year_carries_its_revision(history: FundHistory, tmp_path: Path) -> None:
    provisional = _SPEC.model_copy(
        update={"revision": _SPEC.revision.model_copy(update={"provisional": ("flash", "notice", "bulletin")})}
    )
    found = fund_history("national", spec=provisional, draws=60, seed=5)
    year = found.flows.sel(series="employee.income").isel(period=slice(-4, None)).sum("period")
    settled = history.flows.sel(series="employee.income").isel(period=slice(-4, None)).sum("period")
    assert float(settled.std()) < 1e-3 * float(settled.mean()) * 1e-3
    assert 0.002 < float(year.std() / year.mean()) < 0.03


def test_the_share_of_the_pool_stays_a_share_and_widens(history: FundHistory) -> None:
    shares = known_shares(history, "expenditure")
    assert shares[2024] == pytest.approx(13222.71 / 19102.54, rel=1e-6)
    drawn = draw_pool_share(
        shares, spec=_SPEC.pool_share, draws=4000, periods=8, season=4, rng=np.random.default_rng(0)
    )
    assert ((drawn > 0) & (drawn < 1)).all()
    assert (np.diff(drawn.std(axis=0)) > 0).all()
    assert float(np.median(drawn[:, -1])) == pytest.approx(shares[2024], abs=0.01)


def test_the_national_forecast_is_coherent_in_every_draw(forecast: FundForecast) -> None:
    assert forecast.origin == "2024Q4"
    assert forecast.to == "2026Q4"
    assert dict(forecast.leading) == {"employee": "employee_pooled", "resident": "resident"}
    assert check_sums(forecast.draws, forecast.parts) == ()
    assert check_sums(forecast.past, forecast.parts) == ()
    whole = forecast.funds["all"].values("balance")
    parts = sum(forecast.funds[name].values("balance") for name in ("employee_pooled", "employee_personal", "resident"))
    np.testing.assert_allclose(whole, parts, rtol=1e-9)
    opening = forecast.funds["employee_pooled"].opening.to_numpy()
    np.testing.assert_allclose(opening, 30445.5e8, rtol=1e-9)
    assert (forecast.draws.to_numpy() > 0).all()
    crossings = forecast.crossings()
    assert (crossings["ever"] >= crossings["at"]).all()
    assert {"balance", "payable_months"} <= set(forecast.shortfalls().columns)
    html = forecast._repr_html_()
    assert "2026Q4" in html


def test_the_same_seed_gives_the_same_forecast() -> None:
    one, two, other = (
        forecast_fund("national", to="2025Q4", draws=40, seed=s, model="naive", spec=_FEW) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.draws.to_numpy(), two.draws.to_numpy())
    assert one.fingerprint == two.fingerprint != other.fingerprint


def test_a_city_with_years_only_is_forecast_by_year() -> None:
    found = forecast_fund("city_panel", to="2024Q4", draws=60, seed=1, spec=_FEW)
    assert found.history.freq == "A"
    assert found.funds["resident"].periods == ("2023", "2024")
    assert dict(found.leading) == {"employee": "employee", "resident": "resident"}
    with pytest.raises(PeriodError, match="a fourth quarter"):
        forecast_fund("city_panel", to="2024Q2", draws=20)


def test_what_cannot_be_forecast_is_refused_with_what_is_missing() -> None:
    with pytest.raises(ActuaryError, match="income and spending of one scheme in 3 years"):
        forecast_fund("shenyang", to="2026Q4", draws=20)
    with pytest.raises(PeriodError, match="after 2024Q4"):
        forecast_fund("national", to="2024Q4", draws=20)


def test_the_gate_says_no_to_a_model_that_carries_the_last_figures_on() -> None:
    table = backtest_funds(("city_panel", "nowhere"), spec=_SPEC, model="naive", draws=100)
    assert set(table["region"]) == {"city_panel"}
    verdict = judge(table, "city_panel", _SPEC.gate)
    assert not verdict.passed
    assert {code for code, *_ in verdict.reasons} <= {"error", "cover"}

    class Failed:
        passed = False

    assert judge(table.iloc[:0], "city_panel", _SPEC.gate, gate=Failed()).reasons[0][0] == "sampler"
    assert judge(table.iloc[:0], "city_panel", _SPEC.gate).reasons[0][0] == "few"


def test_intervals_that_cover_too_rarely_are_not_printed() -> None:
    columns = ["set", "region", "freq", "model", "horizon", "origins", "cases", "error", "crps", "cover80"]
    limit = _SPEC.gate.least_cover
    assert 0.5 < limit < 0.8
    for cover, passed in ((limit - 0.01, False), (limit, True)):
        table = pd.DataFrame([("q", "here", "Q", "pooled", 8, 2, 32, 0.8, 0.6, cover)], columns=columns)
        assert judge(table, "here", _SPEC.gate).passed is passed


@pytest.mark.reference
def test_the_year_after_the_shipped_figures_lies_in_the_fan(forecast: FundForecast, reference: Path) -> None:
    names = {
        "employee_pool_income": "employee_pooled.income",
        "employee_pool_expenditure": "employee_pooled.expenditure",
        "employee_account_income": "employee_personal.income",
        "employee_account_expenditure": "employee_personal.expenditure",
        "resident_fund_income": "resident.income",
        "resident_fund_expenditure": "resident.expenditure",
    }
    with (reference / "series" / "china_nhsa_bulletin_vs_quick.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["vintage"] == "final_bulletin" and row["year"] == "2025"]
    inside = []
    for row in rows:
        if row["metric"] in names:
            year = forecast.draws.sel(series=names[row["metric"]]).isel(period=slice(0, 4)).sum("period")
            low, high = np.quantile(year, [0.1, 0.9])
            inside.append(low <= float(row["value"]) * 1e8 <= high)
    assert len(inside) == 6
    assert sum(inside) >= 4


@pytest.mark.reference
@pytest.mark.slow
def test_the_total_over_a_public_set_is_covered_where_independent_draws_are_too_narrow(reference: Path) -> None:
    from actuary.forecast.backtest import cut_panel  # noqa: PLC0415
    from actuary.forecast.face import forecast_series  # noqa: PLC0415
    from actuary.forecast.panel import build_panel  # noqa: PLC0415

    meta = pd.read_csv(reference / "series" / "bench_meta.csv")
    rows = pd.read_csv(reference / "series" / "bench_quarterly.csv.gz")
    core = meta[(meta["core"] == 1) & (meta["dataset"] == "pbs")]["series_id"]
    panel = build_panel(rows[rows["series_id"].isin(core)])
    joint, apart, rng = [], [], np.random.default_rng(0)
    for back in range(8, 24, 3):
        cut = cut_panel(panel, horizon=8, back=back, least=24)
        assert cut is not None
        before, came = cut
        found = forecast_series(before, horizon=8, draws=400, seed=1)
        drawn = np.stack([found.futures(name) for name in before.series])
        truth = came.sum(axis=0)
        shuffled = np.stack([one[rng.permutation(400)] for one in drawn])
        for held, futures in ((joint, drawn), (apart, shuffled)):
            low, high = np.quantile(futures.sum(axis=0), [0.1, 0.9], axis=0)
            held.append(((low <= truth) & (truth <= high)).mean())
    assert 0.5 <= np.mean(joint) <= 0.95
    assert np.mean(apart) < np.mean(joint) - 0.1


def test_every_history_has_streams_of_its_own_and_the_worst_gate_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []
    plain = fund_forecast.forecast_history

    def judged(*arguments: object, **options: object) -> object:
        seeds.append(options["seed"])
        divergences = 5 if len(seeds) % 3 == 2 else 0
        gate = Gate((Check("divergences", divergences, 0, divergences == 0),))
        return replace(plain(*arguments, **options), gate=gate)

    monkeypatch.setattr(fund_forecast, "forecast_history", judged)
    found = [forecast_fund("national", to="2025Q2", draws=9, seed=s, model="naive", spec=_FEW) for s in (1, 2)]
    assert len(set(seeds)) == 6
    for one in found:
        assert not one.gate.passed
        assert one.gate.checks[0].worst == "history 2; 1 of 3 histories fail"
