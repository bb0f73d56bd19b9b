"""The national funds against the figures that were published of them."""

from __future__ import annotations

import numpy as np
import pytest

from actuary.fund import STATUSES, VARIABLES, project_fund
from actuary.periods import Quarter
from actuary.tables import cumulative_points, facts, load_catalog, select_facts


@pytest.fixture(scope="module")
def national():
    return project_fund("national", "2024Q4")


def value(projection, name, *, scheme, quarter, scenario="base"):
    return float(projection.paths[name].sel(scheme=scheme, quarter=quarter, scenario=scenario))


def of_year(projection, scheme, year, name):
    table = projection.annual(scheme)
    return table[(table["year"] == year) & (table["scenario"] == "base")][name].item()


@pytest.mark.parametrize(
    ("name", "scheme", "published", "digits", "origin"),
    [
        ("dependency_ratio", "employee", 2.63, 2, "bulletin 2024: 27,491.84 to 10,457.50 (10k persons)"),
        ("payable_months", "employee", 27.6, 1, "bulletin 2024: 30,445.50 / (13,222.71 / 12)"),
        ("payable_months", "resident", 9.2, 1, "bulletin 2024: 8,183.02 / (10,661.49 / 12)"),
    ],
)
def test_published_ratios_of_2024(national, name, scheme, published, digits, origin):
    assert round(value(national, name, scheme=scheme, quarter="2024Q4"), digits) == published, origin


@pytest.mark.parametrize(
    ("scheme", "name", "published"),
    [
        ("employee", "income_yuan", 2_373_247_000_000.0),
        ("employee", "expenditure_yuan", 1_910_254_000_000.0),
        ("employee", "pooled_income_yuan", 1_734_245_000_000.0),
        ("employee", "pooled_expenditure_yuan", 1_322_271_000_000.0),
        ("employee", "pooled_balance_end_yuan", 3_044_550_000_000.0),
        ("employee", "personal_balance_end_yuan", 1_447_175_000_000.0),
        ("resident", "income_yuan", 1_118_090_000_000.0),
        ("resident", "expenditure_yuan", 1_066_149_000_000.0),
        ("all", "income_yuan", 3_491_337_000_000.0),
        ("all", "expenditure_yuan", 2_976_403_000_000.0),
        ("all", "pooled_balance_end_yuan", 3_862_852_000_000.0),
        ("employee", "enrolled_persons", 379_483_400.0),
        ("employee", "active_persons", 274_918_400.0),
        ("employee", "retired_persons", 104_575_000.0),
        ("all", "enrolled_persons", 1_326_620_800.0),
    ],
)
def test_year_2024_comes_back_exactly(national, scheme, name, published):
    assert of_year(national, scheme, 2024, name) == published


@pytest.mark.parametrize(
    ("scheme", "year", "name", "published"),
    [
        ("all", 2019, "income_yuan", 2_442_100_000_000.0),
        ("all", 2019, "expenditure_yuan", 2_085_400_000_000.0),
        ("all", 2019, "balance_end_yuan", 2_769_700_000_000.0),
        ("all", 2019, "enrolled_persons", 1_354_070_000.0),
        ("all", 2020, "income_yuan", 2_484_600_000_000.0),
        ("all", 2021, "enrolled_persons", 1_362_970_000.0),
        ("all", 2022, "balance_end_yuan", 4_263_989_000_000.0),
        ("employee", 2012, "enrolled_persons", 264_860_000.0),
        ("employee", 2019, "enrolled_persons", 329_250_000.0),
        ("employee", 2021, "enrolled_persons", 354_310_000.0),
        ("employee", 2022, "income_yuan", 2_079_327_000_000.0),
        ("resident", 2023, "enrolled_persons", 962_940_000.0),
    ],
)
def test_earlier_years_are_shown_as_published(national, scheme, year, name, published):
    assert of_year(national, scheme, year, name) == published


def test_every_final_figure_of_members_and_totals_is_shown_as_published(national):
    kept = {("employee", "personal_income", 2024)}  # pool and total are kept, the accounts are the rest
    rows = select_facts(facts("national", until="2024Q4", observed=True), load_catalog().preference)
    final = rows[(rows["basis"] == "bulletin") & rows["period"].str.fullmatch(r"\d{4}") & (rows["scope"] == "")]
    shown = national.annual().query("scenario == 'base'").set_index(["scheme", "year"])
    checked = 0
    for row in final.to_dict("records"):
        key, year = (row["scheme"], int(row["period"])), int(row["period"])
        name = next((f"{row['indicator']}_{u}" for u in ("yuan", "persons") if f"{row['indicator']}_{u}" in shown), "")
        if not name or key not in shown.index or (*key[:1], row["indicator"], year) in kept or "current" in name:
            continue
        value = shown.loc[key, name]
        assert value == row["value"] or np.isnan(value), (key, name)
        checked += 1
    assert checked > 150


def test_active_and_retired_are_the_enrolled_to_ten_thousand(national):
    year = national.annual("employee").query("scenario == 'base'")
    gap = year["enrolled_persons"] - year["active_persons"] - year["retired_persons"]
    assert gap.abs().max() == 10_000
    np.testing.assert_allclose(gap, year["unassigned_persons"], atol=1e-6)
    assert set(year.loc[gap.abs() > 1, "year"]) == {2012, 2017, 2019, 2021, 2024}
    assert value(national, "unassigned_persons", scheme="employee", quarter="2024Q2") == -5_000
    assert value(national, "unassigned_persons", scheme="employee", quarter="2025Q1") == 0


def test_the_schemes_together_have_published_totals_and_the_quarters_of_their_parts(national):
    income = national.paths["income_yuan"].sel(scenario="base", quarter=[f"2022Q{number}" for number in (1, 2, 3, 4)])
    together, parts = income.sel(scheme="all"), income.sel(scheme=["employee", "resident"]).sum("scheme")
    assert (together - parts).to_numpy()[:3].tolist() == [0.0, 0.0, 0.0]
    assert float(together.sum()) == of_year(national, "all", 2022, "income_yuan")


def test_a_published_balance_of_the_schemes_together_is_rounded_apart_and_explained(national):
    # 2019: 27,697 in the bulletin, 22,554 + 5,142 = 27,696 (100 m yuan).
    balance = national.paths["balance_end_yuan"].sel(scenario="base", quarter="2019Q4")
    assert float(balance.sel(scheme="all") - balance.sel(scheme=["employee", "resident"]).sum()) == 100_000_000.0
    # No figure of all schemes of 2023 is published: the sum stands, and 2024 rolls on from it.
    assert national.paths["status_balance"].sel(scheme="all", quarter="2023Q4") == "derived"


def test_quarters_of_2022_are_the_published_ones_and_the_last_takes_the_revision(national):
    income = national.paths["income_yuan"].sel(scheme="employee", scenario="base")
    quarters = income.sel(quarter=[f"2022Q{number}" for number in range(1, 5)]).to_numpy()
    # January to March 4,915.7; January to September 14,690.95 of 20,637.18 in the flash report, 20,793.27 in the
    # bulletin.
    assert quarters[0] == 491_570_000_000
    assert quarters[3] == 2_079_327_000_000 - 1_469_095_000_000
    revision = national.revisions.set_index(["scheme", "indicator", "year"]).loc[("employee", "income", 2022)]
    assert (revision["revision"], revision["booked_in"]) == (15_609_000_000.0, "2022Q4")
    status = national.paths["status_income"].sel(scheme="employee")
    assert set(status.sel(quarter=["2022Q1", "2022Q4"]).to_numpy()) == {"derived"}


def test_quarters_of_2023_are_published_as_far_as_they_are(national):
    status = national.paths["status_expenditure"].sel(scheme="resident")
    found = [str(status.sel(quarter=f"2023Q{number}").item()) for number in range(1, 5)]
    assert found == ["published", "published", "apportioned", "apportioned"]
    assert value(national, "expenditure_yuan", scheme="resident", quarter="2023Q1") == 199_225_000_000.0


def test_the_adjustment_is_what_flows_do_not_explain(national):
    # 30,445.50 - 26,405.89 - 17,342.45 + 13,222.71 = -80.13 (100 m yuan), booked in the fourth quarter.
    assert value(national, "pooled_adjustment_yuan", scheme="employee", quarter="2024Q4") == -8_013_000_000.0
    assert value(national, "pooled_adjustment_yuan", scheme="employee", quarter="2024Q2") == 0.0


def test_every_identity_holds_to_rounding(national):
    for name, residual in national.residuals().items():
        assert float(abs(residual).max()) < 0.01, name


def test_the_schemes_together_are_the_sum_wherever_they_are_projected(national):
    paths = national.paths.isel(quarter=slice(-44, None))
    for name in ("enrolled_persons", "income_yuan", "pooled_expenditure_yuan", "balance_end_yuan"):
        parts = paths[name].sel(scheme=["employee", "resident"]).sum("scheme")
        np.testing.assert_allclose(paths[name].sel(scheme="all"), parts, rtol=1e-14)


def test_the_difference_of_enrolment_is_kept(national):
    table = national.differences
    row = table[(table["scheme"] == "employee") & (table["indicator"] == "enrolled") & (table["year"] == 2024)]
    assert row["published"].item() - row["implied"].item() == row["difference"].item() == -10_000
    assert row["kept"].item() == "published"


def test_every_value_has_a_status_and_every_gap_is_one(national):
    paths = national.paths
    for name, variable in VARIABLES.items():
        status = paths[variable.status]
        assert set(np.unique(status.to_numpy())) <= set(STATUSES)
        if name.endswith("adjustment_yuan"):
            continue
        known = np.isfinite(paths[name]).all("scenario")
        assert bool(((status != "gap") == known).all()), name


def test_projected_quarters_are_marked_projected(national):
    later = national.paths.sel(scheme="employee").isel(quarter=slice(-44, None))
    assert set(later["phase"].to_numpy()) == {"projection"}
    assert set(later["status_pooled_income"].to_numpy()) == {"projected"}
    assert str(national.paths["quarter"].to_numpy()[-44]) == "2025Q1"


def test_history_is_the_same_in_every_scenario(national):
    past = national.paths.sel(quarter=[f"{year}Q4" for year in range(2019, 2025)])
    for name in VARIABLES:
        spread = past[name].max("scenario") - past[name].min("scenario")
        assert not (spread > 0).any(), name


def test_scenarios_are_ordered(national):
    last = national.paths["pooled_balance_end_yuan"].isel(quarter=-1)
    for scheme in ("employee", "resident"):
        worse, base, better = (float(last.sel(scheme=scheme, scenario=s)) for s in ("adverse", "base", "favourable"))
        assert worse < base < better


def test_the_base_year_of_calibration_is_the_valuation_year(national):
    assert national.valuation_quarter("employee") == Quarter(2024, 4)
    table = national.calibration
    assert set(table["year"]) == {2024}
    credit = table[(table["name"] == "retiree_credit_yuan") & (table["scenario"] == "base")]["value"].item()
    assert credit > 0


def test_a_report_in_the_year_knows_nothing_later():
    projection = project_fund("national", "2024Q2", scenarios=("base",))
    assert projection.valuation_quarter("employee") is None
    assert value(projection, "pooled_balance_end_yuan", scheme="employee", quarter="2023Q4") == 2_640_589_000_000.0
    phase = projection.paths["phase"].sel(scheme="employee", quarter=["2023Q4", "2024Q1", "2024Q2"])
    assert phase.to_numpy().tolist() == ["history"] * 3
    # The published balance of 2024 is later knowledge.
    assert np.isnan(value(projection, "pooled_balance_end_yuan", scheme="employee", quarter="2024Q4"))
    assert {one.key for one in projection.missing} == {"assumptions.begin"}


def test_before_the_split_was_published_the_fund_is_undivided():
    projection = project_fund("national", "2022Q4", scenarios=("base",))
    assert str(projection.paths["months_basis"].sel(scheme="employee").item()) == "undivided"
    assert projection.projected_schemes == ()
    assert {(one.scheme, one.key) for one in projection.missing} == {
        (scheme, "assumptions.begin") for scheme in ("employee", "resident")
    }
    assert {one.what_zh for one in projection.missing} == {"测算假设自2025-01-01起，早于该日的季度无法推演"}


def test_a_halved_contribution_is_counted_by_days():
    scenarios = ("base", "contribution_halving_5_months")
    projection = project_fund("national", "2024Q4", scenarios=scenarios, horizon="2027Q4")
    income = projection.paths["pooled_income_yuan"].sel(scheme="employee")
    share = (income.sel(scenario=scenarios[1]) / income.sel(scenario="base")).sel(
        quarter=["2026Q1", "2026Q2", "2026Q3"]
    )
    assert share.to_numpy() == pytest.approx([1 - 0.5 * 59 / 90, 0.5, 1.0])
    personal = projection.paths["personal_income_yuan"].sel(scheme="employee", quarter="2026Q2")
    assert float(personal[0]) == float(personal[1])


CUMULATIVE = cumulative_points("national")


@pytest.mark.parametrize("scheme", ["employee", "resident", "all"])
@pytest.mark.parametrize("flow", ["income", "expenditure"])
def test_no_quarter_contradicts_a_published_cumulative_figure(national, scheme, flow):
    """January to a month lies between the quarters before it and those up to its own."""
    points = CUMULATIVE.query("scheme == @scheme and indicator == @flow and month < 12 and year >= 2021")
    assert len(points) > 10
    for point in points.to_dict("records"):
        pooled = point["scope"] == "pooled_only" and scheme != "resident"
        name = f"{'pooled_' if pooled else ''}{flow}_yuan"
        quarters = [value(national, name, scheme=scheme, quarter=f"{point['year']}Q{n}") for n in range(1, 5)]
        upto = np.cumsum([0.0, *quarters])
        before, after = upto[point["month"] // 3], upto[-(-point["month"] // 3)]
        # The published figures of the schemes together are rounded apart from those of their parts.
        calculated = 5e-4 * point["value"] if point["status"] == "derived" else 2e8
        slack = calculated if scheme == "all" else 0.5
        assert before - slack <= point["value"] <= after + slack, (name, point["year"], point["month"])


def test_january_to_may_2024_is_met(national):
    # 4,285.37 published (100 m yuan): the second quarter has April and May at least, June not less than its season.
    first, second = (value(national, "expenditure_yuan", scheme="resident", quarter=f"2024Q{n}") for n in (1, 2))
    assert 100e9 < first + second - 428_537_000_000 < 130e9
    assert national.paths["status_expenditure"].sel(scheme="resident", quarter="2024Q1") == "apportioned"


def test_growth_of_a_quarter_is_that_of_published_figures(national):
    frame = national.to_frame().query("scenario == 'base'").set_index(["scheme", "quarter"])
    spending = frame["expenditure_growth"]
    # Printed: residents +22.0 % to March 2023, and to June +16.2 %.
    assert round(spending["resident", "2023Q1"], 3) == 0.220
    half = sum(frame["expenditure_yuan"]["resident", f"2023Q{n}"] for n in (1, 2))
    year_before = sum(frame["expenditure_yuan"]["resident", f"2022Q{n}"] for n in (1, 2))
    assert round(half / year_before - 1, 3) == 0.162
    for quarter in ("2023Q3", "2023Q4", "2024Q1", "2024Q2", "2025Q1"):
        assert np.isnan(spending["resident", quarter])
        assert np.isnan(frame["pooled_expenditure_growth"]["employee", quarter])


def test_years_without_monthly_figures_stay_annual(national):
    inside = [f"{year}Q{n}" for year in range(2007, 2021) for n in (1, 2, 3)]
    assert not np.isfinite(national.paths["income_yuan"].sel(quarter=inside)).any()
    assert set(national.paths["status_income"].sel(quarter=inside).to_numpy().ravel()) == {"gap"}
    assert of_year(national, "employee", 2014, "income_yuan") == 803_790_000_000.0
    assert of_year(national, "employee", 2014, "status_income") == "published"
    assert round(of_year(national, "employee", 2014, "income_growth"), 3) == 0.138


def test_the_roll_forward_of_every_fund_adds_up_in_a_year(national):
    year = national.annual("employee").query("scenario == 'base'").set_index("year")
    for fund in ("", "pooled_", "personal_"):
        moved = year[f"{fund}current_balance_yuan"] + year[f"{fund}adjustment_yuan"]
        left = year[f"{fund}balance_end_yuan"].shift() + moved - year[f"{fund}balance_end_yuan"]
        assert left.abs().max() < 0.01
    assert year["pooled_adjustment_yuan"][2024] == -8_013_000_000.0
    assert year["published_pooled_current_balance_yuan"][2024] == 411_975_000_000.0
    assert year["pooled_current_balance_yuan"][2024] == 411_974_000_000.0


def test_what_rests_on_a_recalled_figure_is_marked(national):
    year = national.annual("employee").query("scenario == 'base'").set_index("year")
    for name in ("pooled_income_yuan", "pooled_current_balance_yuan", "personal_expenditure_yuan", "payable_months"):
        assert year[f"recalled_{name}"][2023], name
        assert not year[f"recalled_{name}"][2024], name
    assert year["recalled_pooled_income_growth"][2024]
    assert year["recalled_growth_gap"][2024]
    assert not year["recalled_income_growth"][2024]
