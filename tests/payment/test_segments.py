"""Boundaries and formulas of the case classes, cost by cost."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.payment.declared_classes import BedDayBand, CaseClass
from actuary.payment.segments import CaseTerms, bed_day_segments, boundary_of, class_segments, incomplete_segments

TERMS = CaseTerms(weight=Fraction(1), base=Fraction(100), factor=Fraction(6, 5), mean_fen=Fraction(1_000_000))


def at(segments, x):
    return next(segment for segment in segments if segment.upper is None or x <= segment.upper)


@pytest.mark.parametrize(
    ("op", "name", "below", "on", "above"),
    [
        ("<", "low", "low", "normal", "normal"),
        ("<=", "low", "low", "low", "normal"),
        (">", "high", "normal", "normal", "high"),
        (">=", "high", "normal", "high", "high"),
    ],
)
@pytest.mark.parametrize("mean", [Fraction(1_000_000), Fraction(1_000_001, 2)])
def test_a_boundary_hit_exactly_falls_where_its_operator_says(op, name, below, on, above, mean):
    k = Fraction(1, 2) if name == "low" else Fraction(2)
    terms = CaseTerms(weight=Fraction(1), base=Fraction(100), mean_fen=mean)
    rule = CaseClass(name=name, op=op, k=str(float(k)), pay="standard")
    segments = class_segments([rule], terms)
    bound = k * mean
    if bound.denominator == 1:
        found = [at(segments, int(bound) + step).case_class for step in (-1, 0, 1)]
        assert found == [below, on, above]
    else:
        assert [at(segments, int(bound) + step).case_class for step in (0, 1)] == [below, above]


@pytest.mark.parametrize(
    ("rule", "cost_yuan", "points"),
    [
        ({"name": "low", "op": "<", "k": "0.5", "pay": "ratio_points"}, 4000, 48),
        ({"name": "low", "op": "<", "k": "0.5", "pay": "points_no_factor"}, 4000, 40),
        ({"name": "low", "op": "<", "k": "0.5", "pay": "flat", "share": "0.3"}, 4000, 36),
        ({"name": "high", "op": ">", "k": 3, "pay": "linear"}, 35000, 170),
        ({"name": "high", "op": ">", "k": 3, "pay": "linear", "factor_on_excess": True}, 35000, 180),
        ({"name": "high", "op": ">", "k": 3, "pay": "linear", "share": "0.5"}, 35000, 145),
        ({"name": "high", "op": ">", "k": 3, "pay": "deduct"}, 35000, 110),
        ({"name": "high", "op": ">", "k": 3, "pay": "cap"}, 35000, 360),
        ({"name": "high", "op": ">", "k": 3, "pay": "standard"}, 35000, 120),
        ({"name": "high", "op": ">", "k": 2, "pay": "dip_excess", "excess_base": "one"}, 35000, 300),
        ({"name": "high", "op": ">", "k": 2, "pay": "dip_excess", "excess_base": "factor"}, 35000, 270),
    ],
)
def test_each_formula(rule, cost_yuan, points):
    segments = class_segments([CaseClass(**rule)], TERMS)
    segment = at(segments, cost_yuan * 100)
    assert (segment.case_class, segment.paid_in, segment.line.at(cost_yuan * 100)) == (rule["name"], "points", points)


def test_actual_cost_is_money_and_review_waits():
    rules = [
        CaseClass(name="low", op="<", k="0.4", pay="actual"),
        CaseClass(name="extreme", op=">", k=5, pay="review"),
    ]
    segments = class_segments(rules, TERMS)
    low, extreme = at(segments, 123_456), at(segments, 6_000_000)
    assert (low.paid_in, low.line.at(123_456)) == ("money", Fraction("1234.56"))
    assert (extreme.review, extreme.pending) == (True, True)


def test_the_further_of_two_classes_holds():
    rules = [
        CaseClass(name="extreme", op=">", k=5, pay="standard", review=True),
        CaseClass(name="high", op=">", k=2, pay="standard"),
    ]
    names = [at(class_segments(rules, TERMS), cost).case_class for cost in (2_000_000, 2_000_001, 5_000_001)]
    assert names == ["normal", "high", "extreme"]


def test_a_deduction_never_pays_less_than_nothing():
    terms = CaseTerms(weight=Fraction(1), base=Fraction(100), factor=Fraction(2), mean_fen=Fraction(1_000_000))
    segments = class_segments([CaseClass(name="high", op=">", k=3, pay="deduct")], terms)
    assert [at(segments, cost).line.at(cost) for cost in (3_000_001, 4_000_000, 4_500_000)] == [0, 0, 50]
    assert [segment.upper for segment in segments] == [3_000_000, 3_999_999, None]


def test_bands_of_weight_and_points_include_what_they_say():
    def k(weight, **bound):
        rule = CaseClass(name="high", op=">", cap=({**bound, "k": 3}, {"k": 2}), pay="standard")
        return boundary_of(rule, CaseTerms(weight=Fraction(weight), base=Fraction(weight) * 100))

    assert [k("1", rw_below=1), k("1", rw_to=1), k("1", points_below=100), k("1", points_to=100)] == [2, 3, 2, 3]


def test_a_lower_boundary_follows_a_factor_below_one():
    rule = CaseClass(name="low", op="<", k="0.35", threshold="lower_of", pay="actual")
    low, usual = (CaseTerms(weight=Fraction(1), base=Fraction(1), factor=Fraction(one)) for one in ("0.8", "1.2"))
    assert [boundary_of(rule, low), boundary_of(rule, usual)] == [Fraction("0.28"), Fraction("0.35")]


def test_without_a_mean_every_case_is_normal():
    terms = CaseTerms(weight=Fraction(1), base=Fraction(100))
    rules = [CaseClass(name="low", op="<", k="0.4", pay="actual")]
    assert [segment.case_class for segment in class_segments(rules, terms)] == ["normal"]


@given(cost=st.integers(0, 10**8), formula=st.sampled_from(["with_coef", "without_coef"]))
def test_an_incomplete_stay_gets_the_smaller_amount(cost, formula):
    ratio = Fraction(cost, 1_000_000)
    factor = TERMS.factor if formula == "with_coef" else 1
    assert at(incomplete_segments(formula, TERMS), cost).line.at(cost) == min(100 * factor * ratio, 100)


@given(
    ends=st.lists(st.integers(1, 90), min_size=1, max_size=4, unique=True),
    shares=st.lists(st.sampled_from(["1", "0.8", "0.6", "0.35", "0"]), min_size=4, max_size=4),
    open_end=st.booleans(),
    days=st.integers(0, 120),
)
def test_days_are_paid_band_by_band(ends, shares, open_end, days):
    ends = sorted(ends)
    bands = [BedDayBand(to=end, pay=share) for end, share in zip(ends, shares, strict=False)]
    if open_end:
        bands.append(BedDayBand(pay="0.25"))
    expected = Fraction(0)
    for day in range(1, days + 1):
        band = next((band for band in bands if band.to is None or day <= band.to), None)
        expected += 112 * Fraction(band.pay) if band is not None else 0
    assert at(bed_day_segments(bands, Fraction(112), paid_in="money"), days).line.at(days) == expected
