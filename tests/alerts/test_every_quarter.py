"""Every region at every kind of quarter: a result with its gaps named, or an error that teaches; nothing in between."""

from __future__ import annotations

import pytest

from actuary.alerts import evaluate_rules
from actuary.errors import PeriodError
from actuary.fund import LATE_ASSUMPTIONS, project_fund
from actuary.indicators import compute_indicators
from actuary.policy import load_alert_rules

RULES = load_alert_rules()

# The first and the last quarter of each region, year-ends and quarters between them, and those where a scheme begins.
QUARTERS = {
    "national": ("2007Q4", "2012Q1", "2018Q3", "2018Q4", "2019Q4", "2022Q2", "2022Q4", "2023Q3", "2023Q4", "2024Q3"),
    "city_panel": ("2014Q4", "2015Q4", "2019Q2", "2022Q3", "2022Q4"),
    "shenyang": ("2015Q4", "2020Q4", "2024Q4"),
    "anyang": ("2022Q4", "2023Q1", "2024Q4"),
    "changsha": ("2020Q4", "2022Q4"),
}
BEGINS = {"national": "2025-01-01", "city_panel": "2023-01-01"}


# One of each kind is asked every time: a year's end, a quarter between two, one with a figure missing.
ALWAYS = {("national", "2022Q2"), ("national", "2024Q3"), ("city_panel", "2022Q3"), ("shenyang", "2024Q4")}


@pytest.mark.parametrize(
    ("region", "quarter"),
    [
        pytest.param(region, quarter, marks=() if (region, quarter) in ALWAYS else pytest.mark.slow)
        for region, quarters in QUARTERS.items()
        for quarter in quarters
    ],
)
def test_every_quarter_works(region, quarter):
    projection = project_fund(region, quarter, scenarios=("base",))
    indicators = compute_indicators(projection)
    warnings = evaluate_rules(projection, indicators, RULES)
    assert warnings
    for name, residual in projection.residuals().items():
        assert not float(abs(residual).max()) > 0.01, name
    for scheme in ("employee", "resident"):
        projected = scheme in projection.projected_schemes
        lacking = [one for one in projection.missing if one.scheme == scheme]
        assert projected != bool(lacking)
        begins = BEGINS.get(region)
        # Projection starts after the last whole year before or at the report.
        start = f"{int(quarter[:4]) + quarter.endswith('Q4')}-01-01"
        if begins is not None and start < begins:
            (late,) = (one for one in lacking if one.key == LATE_ASSUMPTIONS)
            assert late.what_zh == f"测算假设自{begins}起，早于该日的季度无法推演"
            assert late.what_en == f"assumptions begin on {begins}; quarters before that day cannot be projected"
    for one in warnings:
        assert "{" not in one.text_zh + one.text_en
        assert one.text_zh.endswith("。")
        assert one.text_en.endswith(".")


@pytest.mark.parametrize("quarter", ["2005Q4", "2020Q4", "2024Q4", "2030Q1"])
def test_a_region_with_targets_only_is_told_apart(quarter):
    with pytest.raises(PeriodError, match="of liuyang there are plans and targets only"):
        project_fund("liuyang", quarter)


@pytest.mark.parametrize("region", list(QUARTERS))
@pytest.mark.parametrize("quarter", ["1999Q4", "2030Q1"])
def test_a_quarter_outside_the_figures_names_the_range(region, quarter):
    with pytest.raises(PeriodError, match=f"the last with published figures for {region}; choose "):
        project_fund(region, quarter)
