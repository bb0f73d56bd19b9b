"""Supplements of a DIP score: bands of age, levels of severity, and the largest of them or their product."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest

from actuary.payment.case_files import read_cases
from actuary.payment.declared_substitutes import Supplement
from actuary.payment.supplements import supplement_factors

AGES = (
    {"days_from": 0, "days_to": 28, "factor": "1.5"},
    {"days_from": 29, "days_to": 365, "factor": "1.4"},
    {"years_from": 1, "years_to": 6, "factor": "1.2"},
    {"years_from": 66, "factor": "1.1"},
)


def factors_of(rule, *rows):
    usual = {"hospital": "H", "tier": "2", "insurance": "employee", "drg": "A", "total_cost": "1"}
    table = read_cases(pd.DataFrame([{"case_id": f"c{number}", **usual, **row} for number, row in enumerate(rows)]))
    codes, factors, unknown = supplement_factors(table, rule)
    return [factors[code] for code in codes.tolist()], unknown.tolist()


def test_age_decides_by_days_below_one_year_only():
    rows = [
        {"age_years": "0", "age_days": "28"},
        {"age_years": "0", "age_days": "29"},
        {"age_years": "6", "age_days": "3"},
        {"age_years": "7", "age_days": ""},
        {"age_years": "66", "age_days": ""},
        {"age_years": "", "age_days": ""},
    ]
    found, _ = factors_of(Supplement(combine="max", age=AGES), *rows)
    assert found == [Fraction(one) for one in ("1.5", "1.4", "1.2", "1", "1.1", "1")]


@pytest.mark.parametrize(("combine", "expected"), [("max", "1.3"), ("product", "1.716")])
def test_the_largest_applies_or_all_multiply(combine, expected):
    rule = Supplement(combine=combine, age=AGES, severity={"III": "1.3"}, tumour={"I": "1.1"})
    row = {"age_years": "70", "severity_index": "III", "tumour_index": "", "supplement": "1.2"}
    found, unknown = factors_of(rule, row)
    assert (found, unknown) == ([Fraction(expected)], [False])


def test_a_level_that_the_policy_does_not_know_is_said():
    rule = Supplement(combine="max", severity={"III": "1.3"})
    found, unknown = factors_of(rule, {"severity_index": "IX"}, {"severity_index": ""}, {"severity_index": "III"})
    assert (found, unknown) == ([1, 1, Fraction("1.3")], [True, False, False])


@pytest.mark.parametrize(
    ("combine", "expected"),
    [("max", ["0.8", "0.9", "1.1", "1", "1"]), ("product", ["0.8", "0.72", "0.88", "0.8", "1"])],
)
def test_a_supplement_below_one_applies_where_no_larger_one_does(combine, expected):
    rule = Supplement(combine=combine, age=AGES, severity={"I": "0.8"}, tumour={"I": "0.9", "II": "1"}, from_cases=True)
    rows = [
        {"severity_index": "I", "tumour_index": "", "age_years": "30", "supplement": ""},
        {"severity_index": "I", "tumour_index": "I", "age_years": "30", "supplement": ""},
        {"severity_index": "I", "tumour_index": "", "age_years": "70", "supplement": ""},
        {"severity_index": "I", "tumour_index": "II", "age_years": "30", "supplement": "1"},
        {"severity_index": "", "tumour_index": "", "age_years": "", "supplement": ""},
    ]
    found, _ = factors_of(rule, *rows)
    assert found == [Fraction(one) for one in expected]
