"""Levels over time: hysteresis, episodes, draws of the forecast, causes, and records of rules."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.alerts.episodes import episode_start, follow_levels
from actuary.alerts.outlook_draws import (
    Outlook,
    SchemeDraws,
    load_outlook,
    measure_draws,
    outlooks,
    store_outlook,
)
from actuary.alerts.replay import WatchedSeries, flows_series, replay_rule
from actuary.alerts.track import TrackRecord, score_track, wilson_interval
from actuary.alerts.track_file import load_track, rule_fingerprint, track_frame
from actuary.fund.causes import CAUSES, FlowEffect, GroupFigures, decompose_change
from actuary.periods import Quarter
from actuary.policy import LEVELS, NOT_ASSESSABLE, AlertCondition, load_alert_rules

RULES = {rule.id: rule for rule in load_alert_rules()}
GAP = RULES["PR-9"]


def levels(values, rule=GAP):
    return [one.level for one in follow_levels(rule, [{rule.own.axis: value} for value in values])]


def test_a_level_is_entered_at_once_and_left_beyond_the_margin():
    assert levels([0.11, 0.095, 0.0899, 0.041]) == ["red", "red", "orange", "orange"]
    assert levels([0.039, 0.051, 0.039]) == ["yellow", "orange", "yellow"]


def test_without_hysteresis_levels_follow_the_values():
    bare = GAP.model_copy(update={"hysteresis": None})
    assert levels([0.11, 0.099, 0.11, 0.04], bare) == ["red", "orange", "red", "yellow"]


def test_a_level_is_left_after_as_many_periods_as_declared():
    patient = GAP.model_copy(update={"hysteresis": GAP.hysteresis.model_copy(update={"margin": 0.0, "periods": 2})})
    assert levels([0.11, 0.01, 0.11, 0.01, 0.01], patient) == ["red", "red", "red", "red", "yellow"]


def test_what_cannot_be_assessed_changes_nothing():
    assert levels([0.11, math.nan, 0.095]) == ["red", NOT_ASSESSABLE, "red"]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=12))
def test_a_held_level_is_never_milder_than_the_value_alone_and_depends_on_the_past_only(values):
    path = follow_levels(GAP, [{"growth_gap": value} for value in values])
    assert all(LEVELS.index(one.level) <= LEVELS.index(one.raw_level) for one in path)
    for end in range(1, len(values)):
        assert follow_levels(GAP, [{"growth_gap": value} for value in values[:end]]) == path[:end]


def test_an_episode_begins_with_the_first_warning_of_its_run():
    path = follow_levels(GAP, [{"growth_gap": value} for value in (0.02, -0.1, 0.01, math.nan, 0.06, 0.07)])
    assert episode_start(path) == 2
    assert episode_start(path, same_level=True) == 4
    assert episode_start(path[:2]) is None


def draws(months, net=None):
    values = np.asarray(months, dtype=float)
    flows = np.ones_like(values) if net is None else np.asarray(net, dtype=float)
    ends = tuple(f"{2025 + year}Q4" for year in range(values.shape[1]))
    return SchemeDraws(ends, values, values * 1e9, flows, pooled=True)


def test_a_probability_counts_paths_that_cross_at_any_time_within_the_horizon():
    asked = RULES["PR-7"].own
    found = measure_draws(draws([[4, 2, 5], [4, 4, 4], [9, 9, 2], [9, 9, 9]]), asked, Quarter(2024, 4))
    assert found.value == 0.5
    assert found.low < 0.5 < found.high
    near = asked.model_copy(update={"within_years": 1})
    assert measure_draws(draws([[4, 2, 5], [2, 4, 4]]), near, Quarter(2024, 4)).value == 0.5


def test_a_median_counts_draws_without_the_event_as_later_than_all():
    asked = RULES["PR-8"].own
    net = [[-1, 1, 1], [1, -1, 1], [1, 1, 1]]
    found = measure_draws(draws(np.full((3, 3), 5.0), net), asked, Quarter(2024, 4))
    assert found.value == 2.0
    assert math.isinf(measure_draws(draws(np.full((3, 3), 5.0)), asked, Quarter(2024, 4)).value)


def test_an_event_in_a_period_that_is_over_is_no_years_away():
    asked = RULES["PR-8"].own
    found = measure_draws(draws(np.full((3, 3), 5.0), [[-1, 1, 1]] * 3), asked, Quarter(2026, 2))
    assert (found.value, found.low) == (0.0, 0.0)


def test_draws_on_disk_come_back_and_a_damaged_file_is_none(tmp_path):
    kept = Outlook(Quarter(2024, 4), {"employee": draws([[4, 2]])}, origin="2024Q4", cases=8, cover=0.75)
    cache = outlooks(tmp_path / "a")
    store_outlook(cache, "b", kept)
    found = load_outlook(cache, "b", Quarter(2024, 4))
    assert (found.origin, found.cases) == ("2024Q4", 8)
    assert np.array_equal(found.schemes["employee"].months, kept.schemes["employee"].months)
    path = cache.path("b")
    path.write_bytes(path.read_bytes()[:-1])
    assert load_outlook(cache, "b", Quarter(2024, 4)) is None
    assert cache.notes == ["a cached outlook was damaged or not whole: made anew"]
    assert load_outlook(cache, "none", Quarter(2024, 4)) is None


amounts = st.one_of(st.just(0.0), st.floats(-1e6, 1e13))
counts = st.one_of(st.none(), st.floats(0.0, 1e10))


def figures():
    return st.builds(GroupFigures, amounts, counts, counts, counts, counts)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(figures(), figures()), min_size=1, max_size=3),
    st.lists(st.tuples(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12)), max_size=2),
)
def test_causes_add_up_to_the_change(pairs, sizes):
    before, after = ({str(n): pair[side] for n, pair in enumerate(pairs)} for side in (0, 1))
    effects = [FlowEffect("one_off", "一", "one", first, last) for first, last in sizes]
    found = decompose_change(before, after, effects=effects)
    scale = max(abs(found.before_yuan), abs(found.after_yuan), *(abs(x) for pair in sizes for x in pair), 1.0)
    assert abs(found.residual_yuan) <= 1e-9 * scale
    assert {part.cause for part in found.parts} <= set(CAUSES)


def test_an_effect_on_a_flow_of_nothing_adds_up_too():
    effect = FlowEffect("one_off", "一", "one", 30.0, 10.0)
    found = decompose_change({"all": GroupFigures(0.0)}, {"all": GroupFigures(50.0)}, effects=[effect])
    assert found.by_cause() == {"one_off": -20.0, "not_separable": 70.0}
    nothing = decompose_change({"all": GroupFigures(0.0)}, {"all": GroupFigures(0.0)}, effects=[effect])
    assert nothing.residual_yuan == 0


def test_causes_name_what_each_factor_is():
    before = {"all": GroupFigures(100.0, members=10.0, uses=20.0, cost_yuan=200.0)}
    same_price = {"all": GroupFigures(150.0, members=10.0, uses=30.0, cost_yuan=300.0)}
    assert {c: round(a, 6) for c, a in decompose_change(before, same_price).by_cause().items()} == {
        "volume": 50.0,
        "price": 0.0,
        "policy": 0.0,
    }
    dearer = {"all": GroupFigures(150.0, members=10.0, uses=20.0, cost_yuan=300.0)}
    assert round(decompose_change(before, dearer).by_cause()["price"], 6) == 50.0
    kinder = {"all": GroupFigures(150.0, members=10.0, uses=20.0, cost_yuan=200.0)}
    assert round(decompose_change(before, kinder).by_cause()["policy"], 6) == 50.0


def test_a_change_of_the_mix_alone_is_structure():
    before = {"a": GroupFigures(10.0, members=10.0), "b": GroupFigures(90.0, members=10.0)}
    after = {"a": GroupFigures(5.0, members=5.0), "b": GroupFigures(135.0, members=15.0)}
    found = decompose_change(before, after).by_cause()
    assert round(found["structure"], 6) == 40.0
    assert abs(found["volume"]) < 1e-9
    assert abs(found["not_separable"]) < 1e-9


def test_what_is_not_published_is_named_and_other_groups_are_refused():
    found = decompose_change({"all": GroupFigures(1.0)}, {"all": GroupFigures(2.0, members=3.0)})
    assert found.missing == ("members",)
    assert found.by_cause() == {"not_separable": 1.0}
    with pytest.raises(ValueError, match="other groups"):
        decompose_change({"a": GroupFigures(1.0)}, {"b": GroupFigures(1.0)})


YEARS = [Quarter(year, 4) for year in range(2010, 2020)]


def test_an_event_that_was_there_all_along_is_none_and_an_open_warning_is_not_counted():
    always = score_track(YEARS, [True] * 10, [(year, True) for year in YEARS], within_years=1)
    assert (always["events"], always["alarms"], always["false_alarms"]) == (0, 1, 0)
    open_end = score_track(YEARS, [False] * 9 + [True], [(year, False) for year in YEARS], within_years=1)
    assert (open_end["alarms"], open_end["open_alarms"]) == (0, 1)


def test_what_lies_on_two_sides_of_a_gap_does_not_follow_one_another():
    early, late = YEARS[:3], YEARS[6:9]
    asked = [*early, *late]
    quiet = [(year, False) for year in YEARS]
    parted = score_track(asked, [True] * 6, quiet, within_years=1)
    assert (parted["alarms"], parted["false_alarms"]) == (2, 2)
    unknown = score_track(early, [False, False, True], [(YEARS[2], False), (YEARS[6], True)], within_years=5)
    assert (unknown["events"], unknown["false_alarms"]) == (0, 0)
    unseen = score_track(early, [False, False, True], [(YEARS[2], False), (YEARS[8], False)], within_years=5)
    assert (unseen["false_alarms"], unseen["open_alarms"]) == (0, 1)


def test_a_toy_history_by_hand():
    # Warned in 2011 and 2012 (one warning), 2014 (false) and 2019 (open); the outcome came in 2013 and 2017.
    warned = [year.year in {2011, 2012, 2014, 2019} for year in YEARS]
    came = [(year, year.year in {2013, 2017, 2018}) for year in YEARS]
    found = score_track(YEARS, warned, came, within_years=2)
    assert (found["events"], found["hits"], found["leads"]) == (2, 1, (2.0,))
    assert (found["alarms"], found["false_alarms"], found["open_alarms"]) == (2, 1, 1)


def test_few_cases_have_wide_intervals():
    low, high = wilson_interval(1, 1)
    assert low < 0.3
    assert high == 1.0
    assert all(math.isnan(end) for end in wilson_interval(0, 0))


@settings(deadline=None, max_examples=25)
@given(st.integers(24, 60), st.integers(0, 10_000))
def test_a_replay_knows_nothing_of_later_quarters(count, seed):
    rng = np.random.default_rng(seed)
    quarters = [Quarter(2000, 1) + n for n in range(count)]
    income, spending = (100 * np.exp(np.cumsum(rng.normal(0.01, 0.05, count))) for _ in range(2))
    whole = flows_series("made_up", quarters, income, spending)
    cut = count - 8
    early = flows_series("made_up", quarters[:cut], income[:cut], spending[:cut])
    for indicator, values in early.known.items():
        assert values == {quarter: whole.known[indicator][quarter] for quarter in values}
    assert replay_rule(GAP, early).periods == replay_rule(GAP, whole).periods - 8


def test_a_rule_sees_the_figure_first_published_and_is_scored_by_the_last():
    years = [Quarter(2018 + n, 4) for n in range(4)]
    known = {"growth_gap": dict(zip(years, (0.0, 0.2, 0.0, 0.0), strict=True))}
    final = {
        "growth_gap": dict(zip(years, (0.0, 0.0, 0.0, 0.0), strict=True)),
        "surplus_rate": dict(zip(years, (0.1, 0.1, 0.0, 0.0), strict=True)),
    }
    found = replay_rule(GAP, WatchedSeries("made_up", "employee", known, final))
    assert (found.events, found.hits, found.alarms, found.false_alarms) == (1, 1, 1, 0)


def test_a_rule_without_figures_says_why_it_has_no_record():
    empty = WatchedSeries("made_up", "employee", {}, {})
    for rule in ("CN-1", "PR-7", "PR-8B", "CN-4"):
        found = replay_rule(RULES[rule], empty)
        assert found.periods == 0
        assert found.reason_zh
        assert found.reason_en


def test_a_record_is_dropped_when_its_rule_changes(tmp_path):
    (tmp_path / "alerts").mkdir()
    record = TrackRecord("PR-9", "made_up", "employee", "2010Q4", "2019Q4", 10, 2, 1, 3, 1, 0, (1.0,))
    track_frame([record], RULES.values()).to_csv(tmp_path / "alerts" / "track_record.csv", index=False)
    assert len(load_track(list(RULES.values()), tmp_path)["PR-9"]) == 1
    changed = GAP.model_copy(update={"hysteresis": None})
    assert rule_fingerprint(changed) != rule_fingerprint(GAP)
    assert load_track([changed], tmp_path) == {}
    assert rule_fingerprint(GAP.model_copy(update={"name_en": "another name"})) == rule_fingerprint(GAP)


def test_the_shipped_records_are_of_the_rules_as_they_are():
    with_outcome = {rule.id for rule in RULES.values() if rule.outcome is not None}
    assert set(load_track(list(RULES.values()))) == with_outcome


def test_a_condition_on_a_slope_needs_both_ends():
    from actuary.alerts.history import measure_trend  # noqa: PLC0415

    slope = AlertCondition(
        indicator="payable_months",
        measure="slope",
        over_quarters=4,
        operator="<",
        threshold=-1.0,
        unit="months_per_year",
    )
    values = {Quarter(2024, 1) + n: 10.0 - n for n in range(5)}
    assert round(measure_trend(values, slope, Quarter(2025, 1)), 9) == -4.0
    assert math.isnan(measure_trend(values, slope, Quarter(2024, 4)))
