"""Trimming against its plain twin, at its bounds, and against numpy's quantiles."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.errors import DeclarationError
from actuary.kernels.cost_cells import COST_BITS, cell_sums, segment_squares, sort_by_cell
from actuary.payment.quantiles import QUANTILE_TYPES, quantile
from actuary.payment.trimming import CostMoments, TrimRule, trim_cells
from tests.reference import slow_weights

_NUMPY = (
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
)
_COSTS = st.lists(st.integers(0, 60), min_size=1, max_size=14)
_K = st.fractions(0, 3, max_denominator=4)


def _trimmed(costs: list[int], rule: TrimRule) -> list[int]:
    values, starts = sort_by_cell(np.zeros(len(costs), dtype=np.int64), np.array(costs), cells=1)
    trimmed = trim_cells(values, starts, rule)
    kept = values[trimmed.first[0] : trimmed.last[0]].tolist()
    assert trimmed.after[0] == CostMoments(len(kept), sum(kept), sum(cost * cost for cost in kept))
    flags = trimmed.keep(np.zeros(len(costs), dtype=np.int64), np.array(costs))
    assert sorted(np.array(costs)[flags].tolist()) == kept
    return kept


@given(_COSTS, st.sampled_from(QUANTILE_TYPES), st.fractions(0, 1, max_denominator=40))
def test_quantiles_are_those_of_their_definition(costs: list[int], kind: int, p: Fraction) -> None:
    assert quantile(np.array(sorted(costs)), p, kind) == slow_weights.quantile(costs, p, kind)


@pytest.mark.parametrize("kind", QUANTILE_TYPES)
def test_quantiles_are_those_of_numpy(kind: int) -> None:
    rng = np.random.default_rng(kind)
    for n in range(1, 30):
        costs = np.sort(rng.integers(0, 1000, n))
        for p in (Fraction(0), Fraction(1, 40), Fraction(1, 4), Fraction(1, 2), Fraction(39, 40), Fraction(1)):
            expected = float(np.quantile(costs, float(p), method=_NUMPY[kind - 1]))  # type: ignore[call-overload]
            assert float(quantile(costs, p, kind)) == pytest.approx(expected)


@settings(max_examples=200)
@given(
    _COSTS,
    st.sampled_from(["iqr", "sigma", "multiple"]),
    _K,
    _K,
    st.sampled_from(QUANTILE_TYPES),
    st.sampled_from(["sample", "population"]),
)
def test_trimming_is_that_of_its_words(
    costs: list[int], method: str, low: Fraction, high: Fraction, kind: int, sd: str
) -> None:
    low, high = (min(low, high), max(low, high)) if method == "multiple" else (low, high)
    rule = TrimRule(method=method, low=low, high=high, quantile_type=kind, sd=sd)
    kept = sorted(cost for cost in costs if slow_weights.keeps(cost, costs, method, (low, high), kind, sd))
    assert _trimmed(costs, rule) == kept


@given(_COSTS, st.sampled_from(QUANTILE_TYPES))
def test_trimming_between_quantiles(costs: list[int], kind: int) -> None:
    low, high = Fraction(1, 40), Fraction(39, 40)
    rule = TrimRule(method="quantile", low=low, high=high, quantile_type=kind)
    kept = sorted(cost for cost in costs if slow_weights.keeps(cost, costs, "quantile", (low, high), kind, "sample"))
    assert _trimmed(costs, rule) == kept


def test_the_type_of_a_quantile_decides_at_the_bound() -> None:
    costs = [1, 2, 3, 4, 9]
    kept = {
        kind: _trimmed(costs, TrimRule(method="iqr", low=Fraction(3, 2), high=Fraction(3, 2), quantile_type=kind))
        for kind in (6, 7)
    }
    assert kept == {6: costs, 7: [1, 2, 3, 4]}


def test_a_cost_on_the_bound_is_kept() -> None:
    # 2, 4, 4, 4, 5, 5, 7, 9: mean 5, population sd exactly 2.
    costs = [2, 4, 4, 4, 5, 5, 7, 9]
    two = Fraction(2)
    assert _trimmed(costs, TrimRule(method="sigma", low=two, high=two, sd="population")) == costs
    less = Fraction(199, 100)
    assert _trimmed(costs, TrimRule(method="sigma", low=less, high=less, sd="population")) == costs[:-1]


def test_sample_and_population_sd_differ_at_the_bound() -> None:
    costs, k = [1, 2, 3, 10], Fraction(8, 5)
    rules = {sd: TrimRule(method="sigma", low=k, high=k, sd=sd) for sd in ("sample", "population")}
    assert {sd: _trimmed(costs, rule) for sd, rule in rules.items()} == {"sample": costs, "population": [1, 2, 3]}


def test_multiples_are_applied_again_as_often_as_declared() -> None:
    costs = [10, 10, 10, 10, 40, 100]
    rules = [TrimRule(method="multiple", high=Fraction(2), rounds=rounds) for rounds in (1, 2, 50)]
    assert [_trimmed(costs, rule) for rule in rules] == [[10, 10, 10, 10, 40], [10, 10, 10, 10], [10, 10, 10, 10]]


def test_everything_may_fall_out() -> None:
    assert _trimmed([1, 100], TrimRule(method="multiple", low=Fraction(1, 2), high=Fraction(3, 2))) == []


@pytest.mark.parametrize("method", ["iqr", "sigma", "multiple"])
def test_logarithms_keep_equal_costs_and_ratios(method: str) -> None:
    k = Fraction(3, 2) if method != "multiple" else Fraction(4)
    low = Fraction(1, 4) if method == "multiple" else k
    rule = TrimRule(method=method, low=low, high=k, log=True)
    assert _trimmed([7, 7, 7], rule) == [7, 7, 7]
    # On logarithms 1 and 10,000 lie equally far from 100: both or none.
    kept = _trimmed([1, *[90, 100, 110] * 5, 10_000], rule)
    assert (1 in kept) == (10_000 in kept)
    assert {90, 100, 110} <= set(kept)


def test_a_cost_of_nothing_falls_below_every_logarithm() -> None:
    rule = TrimRule(method="quantile", low=Fraction(0), high=Fraction(1), log=True)
    assert _trimmed([0, 5, 6], rule) == [5, 6]
    assert _trimmed([0, 5, 6], TrimRule(method="quantile", high=Fraction(1), log=True)) == [0, 5, 6]


def test_sums_stay_exact_at_the_highest_cost() -> None:
    highest = 100_000_000_000
    assert highest < 1 << COST_BITS
    values, starts = sort_by_cell(np.zeros(1000, dtype=np.int64), np.full(1000, highest), cells=1)
    assert segment_squares(values, starts[:-1].copy(), starts[1:].copy()) == [1000 * highest**2]
    assert cell_sums(np.zeros(1000, dtype=np.int64), values, cells=1)[1].tolist() == [1000 * highest]
    rule = TrimRule(method="sigma", low=Fraction(3), high=Fraction(3))
    assert trim_cells(values, starts, rule).after[0].variance("sample") == 0


def test_a_wrong_rule_names_every_field() -> None:
    with pytest.raises(DeclarationError) as error:
        TrimRule(method="iqrr", quantile_type=0, sd="n", rounds=0)
    said = str(error.value)
    assert "did you mean 'iqr'" in said
    assert all(f"weights.trim.{name}" in said for name in ("method", "quantile_type", "sd", "rounds"))
    with pytest.raises(DeclarationError, match="a probability from 0 to 1"):
        TrimRule(method="quantile", low=Fraction(1, 40), high=Fraction(3, 2))
    with pytest.raises(DeclarationError, match="a low below the high"):
        TrimRule(method="multiple", low=Fraction(3), high=Fraction(2))
