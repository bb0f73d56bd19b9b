"""Which series are drawn together: mixed panels, blocks, independent series and common ones, level and growing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from actuary.forecast.dependence import find_dependence, shrink_correlations
from actuary.forecast.panel import Panel, build_panel
from actuary.forecast.paths import simulate_pooled
from actuary.forecast.pooled import fit_pooled
from actuary.forecast.spec import load_pooled_spec

SPEC = load_pooled_spec()
ALONE = SPEC.model_copy(update={"dependence": SPEC.dependence.model_copy(update={"most": 0.0})})
#: Draws of two independent series correlate by chance with this standard deviation.
DRAWS = 800
NOISE = 1 / np.sqrt(DRAWS)


def panel_of(values, *, names=None):
    names = names or tuple(f"s{i}" for i in range(len(values)))
    return Panel(names, "Q", 4, 8000, values)


def steps_in_blocks(sizes, *, count, size=60, own=0.2, seed=0):
    """Return steps of series, shape (series, period): blocks that share theirs but for a little of their own."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(count, size))
    first = 0
    for block in sizes:
        steps[first : first + block] = rng.normal(size=size) + own * steps[first : first + block]
        first += block
    return steps


def grown(steps, *, drift=0.0, spread=0.03):
    return 100.0 * np.exp((drift + spread * steps).cumsum(axis=1))


def simulate(panel, spec=SPEC, *, horizon=8, seed=1):
    fit = fit_pooled(panel, spec, horizon=horizon, seed=seed, threads=1)
    return simulate_pooled(fit, horizon=horizon, draws=DRAWS, seed=seed, threads=1)


def correlations(futures):
    """Return the correlations of the draws of the mean over the horizon."""
    return np.corrcoef(futures.mean(axis=2).T)


def inside(matrix, rows):
    return matrix[np.ix_(rows, rows)][np.triu_indices(len(rows), 1)]


@pytest.mark.parametrize("drift", [0.0, 0.01])
@pytest.mark.parametrize("count", [6, 20])
def test_a_pair_among_strangers_is_found_and_the_strangers_are_left_alone(count, drift):
    found = correlations(simulate(panel_of(grown(steps_in_blocks([2], count=count, seed=count), drift=drift))))
    assert found[0, 1] > 0.85
    strangers = inside(found, list(range(1, count)))
    # The share of growth that goes on is one for all: it ties series that grow, a little.
    assert np.abs(strangers.mean()) < (0.12 if drift else 0.04)
    assert np.abs(strangers - strangers.mean()).max() < 0.2


@pytest.mark.parametrize("drift", [0.0, 0.01])
def test_two_blocks_of_five_are_kept_apart(drift):
    found = correlations(simulate(panel_of(grown(steps_in_blocks([5, 5], count=20, own=0.5, seed=3), drift=drift))))
    first, second, rest = list(range(5)), list(range(5, 10)), list(range(10, 20))
    assert inside(found, first).min() > 0.55
    assert inside(found, second).min() > 0.55
    assert np.abs(found[:5, 5:10].mean()) < 0.2
    assert np.abs(inside(found, rest).mean()) < (0.12 if drift else 0.04)


@pytest.mark.parametrize("count", [2, 6, 20, 60])
def test_independent_series_are_drawn_with_no_more_than_chance(count):
    found = np.concatenate(
        [
            inside(correlations(simulate(panel_of(grown(steps_in_blocks([], count=count, seed=seed))))), range(count))
            for seed in range(3 if count <= 20 else 1)
        ]
    )
    assert np.abs(found.mean()) < (0.1 if count == 2 else 0.05)
    # All pairs together are as far apart as independent draws are, and hardly more; three pairs tell no spread.
    assert count == 2 or found.std() < 2 * NOISE
    # One pair in a hundred or so looks tied in the history by mere chance, and some of that stays.
    assert np.abs(found).max() < 0.4


def test_what_all_series_share_is_drawn_in_all():
    found = inside(correlations(simulate(panel_of(grown(steps_in_blocks([12], count=12, own=1.0, seed=5))))), range(12))
    # Half of every step is shared.
    assert 0.35 < found.mean() < 0.65


def test_the_law_of_a_single_series_and_its_course_over_time_do_not_depend_on_the_others():
    panel = panel_of(grown(steps_in_blocks([2, 4], count=8, seed=7)))
    tied, alone = simulate(panel), simulate(panel, ALONE)
    levels = np.quantile(tied, [0.1, 0.5, 0.9], axis=0) / np.quantile(alone, [0.1, 0.5, 0.9], axis=0)
    assert np.abs(levels - 1).max() < 0.06
    for row in range(8):
        one, other = (np.corrcoef(np.diff(found[:, row], axis=1).T) for found in (tied, alone))
        assert np.abs(one - other).max() < 6 * NOISE
        ahead, by_itself = (np.corrcoef(found[:, row].T)[0] for found in (tied, alone))
        assert np.abs(ahead - by_itself).max() < 6 * NOISE
    # What differs is the total: the pair and the block make it wider.
    assert tied.sum(axis=1)[:, -1].std() > 1.3 * alone.sum(axis=1)[:, -1].std()


def test_the_order_of_the_series_does_not_matter():
    panel = panel_of(grown(steps_in_blocks([2], count=5, seed=2)))
    back = panel.subset([4, 3, 2, 1, 0])
    np.testing.assert_allclose(simulate(panel), simulate(back)[:, ::-1], rtol=1e-9)


def test_correlations_are_a_matrix_of_correlations_whatever_is_missing():
    rng = np.random.default_rng(4)
    errors = np.stack([*steps_in_blocks([3], count=9, seed=4), np.zeros(60), np.full(60, np.nan)])
    errors[rng.random(errors.shape) < 0.2] = np.nan
    errors[2, :52] = np.nan
    found = shrink_correlations(errors, SPEC.dependence)
    np.testing.assert_allclose(np.diag(found), 1.0)
    np.testing.assert_allclose(found, found.T)
    assert np.linalg.eigvalsh(found)[0] > -1e-9
    assert found[0, 1] > 0.8
    np.testing.assert_array_equal(shrink_correlations(errors[:1], SPEC.dependence), [[1.0]])


def test_a_young_series_is_tied_as_its_panel_is():
    panel = panel_of(grown(steps_in_blocks([6], count=6, own=0.5, seed=8)))
    panel.values[5, :-6] = np.nan
    young = find_dependence(fit_pooled(panel_of(panel.values), SPEC, horizon=4, seed=1)).correlation[5, :5]
    assert young.min() > 0.2


def panels(kind, number):
    """Return a simulated panel of 15 series and 60 quarters."""
    rng = np.random.default_rng([number, len(kind)])
    noise = rng.normal(size=(15, 60))
    made = {
        "walks": lambda: grown(noise),
        "walks, 0.5 % a quarter": lambda: grown(noise, drift=0.005),
        "walks, 1.5 % a quarter": lambda: grown(noise, drift=0.015),
        "correlated walks": lambda: grown(0.7 * rng.normal(size=60) + 0.7 * noise),
        "unrelated values": lambda: 100.0 + 5.0 * noise,
        "counts": lambda: rng.poisson(rng.uniform(3, 30, (15, 1)), (15, 60)).astype(float),
    }
    return made[kind]()


KINDS = (
    "walks",
    "walks, 0.5 % a quarter",
    "walks, 1.5 % a quarter",
    "correlated walks",
    "unrelated values",
    "counts",
)


def total_cover(kind, count):
    """Return how often 80 % intervals of the total cover it, over panels and eight quarters."""
    hits = []
    for number in range(count):
        values = panels(kind, number)
        low, high = np.quantile(simulate(panel_of(values[:, :52])).sum(axis=1), [0.1, 0.9], axis=0)
        came = values[:, 52:].sum(axis=0)
        hits.append(((came >= low) & (came <= high)).mean())
    return float(np.mean(hits))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_intervals_of_totals_cover_what_comes(kind):
    # Twenty panels whose quarters hang together: chance alone moves the share by about 0.07.
    assert 0.70 <= total_cover(kind, 20) <= 0.92


def core_origins(reference):
    """Yield panels of the public core series by quarter, what came of each series, and its group."""
    series = reference / "series"
    meta = pd.read_csv(series / "bench_meta.csv", dtype=str).set_index("series_id")
    meta = meta[(meta["freq"] == "Q") & (meta["core"] == "1") & meta["dataset"].isin(["pbs", "sus", "hospital"])]
    rows = pd.read_csv(series / "bench_quarterly.csv.gz", dtype={"period": str})
    parts = {name: part.sort_values("period") for name, part in rows.groupby("series_id") if name in meta.index}
    for number in range(6):
        ends = {name: len(part) - 8 - 3 * number for name, part in parts.items()}
        kept = {name: end for name, end in ends.items() if end >= 16}
        panel = build_panel(pd.concat([parts[name].iloc[:end] for name, end in kept.items()], ignore_index=True))
        came = np.stack([parts[name]["value"].to_numpy()[kept[name] : kept[name] + 8] for name in panel.series])
        yield panel, came, [(*meta.loc[name, ["dataset", "measure"]],) for name in panel.series]


@pytest.mark.slow
@pytest.mark.reference
def test_totals_of_public_data_sets_are_covered_where_independent_draws_fall_short(reference):
    hits = {True: [], False: []}
    for panel, came, groups in core_origins(reference):
        for tied, spec in ((True, SPEC), (False, ALONE)):
            futures = simulate(panel, spec)
            for group in dict.fromkeys(groups):
                rows = [row for row, own in enumerate(groups) if own == group]
                low, high = np.quantile(futures[:, rows].sum(axis=1), [0.1, 0.9], axis=0)
                total = came[rows].sum(axis=0)
                hits[tied].append(((total >= low) & (total <= high)).mean())
    assert 0.72 <= np.mean(hits[True]) <= 0.90
    assert np.mean(hits[False]) < np.mean(hits[True]) - 0.12
