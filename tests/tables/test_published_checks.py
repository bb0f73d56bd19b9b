"""What the published figures say about each other."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from actuary.paths import data_root
from actuary.tables import SCHEMAS, facts, load_catalog, load_indicators, read_table, select_facts

PERSONS = 10_000
HUNDRED_MILLION = 1e8


@pytest.fixture(scope="module")
def national() -> pd.DataFrame:
    chosen = select_facts(read_table("national_annual"), load_catalog().preference)
    return chosen.pivot_table(index="period", columns=["scheme", "indicator"], values="value")


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return read_table("city_panel_annual").pivot_table(index="period", columns=["scheme", "indicator"], values="value")


def test_active_and_retired_are_the_enrolled_employees(national: pd.DataFrame) -> None:
    employee = national["employee"].dropna(subset=["active", "retired", "enrolled"])
    assert len(employee) >= 17
    gap = employee["active"] + employee["retired"] - employee["enrolled"]
    assert gap.abs().max() <= 1.001 * PERSONS


def test_the_months_of_the_whole_are_the_sum_of_both_funds() -> None:
    table = read_table("national_cumulative_monthly")
    table = table[(table["confidence"] == "verified") & (table["scope"] == "all_accounts")]
    wide = table.pivot_table(index=["indicator", "period"], columns="scheme", values="value")
    wide = wide.dropna(subset=["all", "employee", "resident"])
    assert len(wide) >= 20
    assert (wide["all"] - wide["employee"] - wide["resident"]).abs().max() <= 0.1 * HUNDRED_MILLION


def adjustment_share(fund: pd.DataFrame) -> pd.Series[float]:
    gap = fund["balance_end"].diff() - fund["income"] + fund["expenditure"]
    return (gap / fund["income"]).dropna()


def test_the_employee_balance_rolls_forward_within_prior_year_adjustments(national: pd.DataFrame) -> None:
    employee = national["employee"].copy()
    # From 2019 the bulletins print the pool and the accounts, no longer their sum; a flash sum does not go with them.
    parts = employee["pooled_balance_end"] + employee["personal_balance_end"]
    employee["balance_end"] = parts.fillna(employee["balance_end"])
    share = adjustment_share(employee)
    assert len(share) == 15
    assert share.abs().max() <= 0.013, share


def test_the_resident_balance_rolls_forward_but_for_one_year(national: pd.DataFrame) -> None:
    share = adjustment_share(national["resident"])
    assert list(share.index) == ["2020", "2021", "2022", "2023", "2024"]
    assert share.drop("2021").abs().max() <= 0.013, share
    # The closing balances of 2020 and 2021 are further apart than income and expenditure of 2021 say.
    assert round(share["2021"], 3) == 0.022


def test_both_urban_funds_roll_forward(national: pd.DataFrame) -> None:
    # The closing balance of 2017 holds more than the year explains: the funds counted are not those of 2016.
    share = adjustment_share(national["urban_all"])
    assert share[share.index < "2017"].abs().max() <= 0.013
    assert share["2017"] > 0.05


@pytest.mark.parametrize(
    ("scheme", "adjusted"), [("all", {"2019", "2020"}), ("employee", {"2019", "2020"}), ("resident", {"2019"})]
)
def test_the_city_panel_rolls_forward_exactly_but_for_two_years(
    panel: pd.DataFrame, scheme: str, adjusted: set[str]
) -> None:
    fund = panel[scheme]
    gap = (fund["balance_end"].diff() - fund["income"] + fund["expenditure"]).dropna()
    assert len(gap) == 8
    assert set(gap[gap.abs() > 20_000].index) == adjusted
    # What was added in those years is not in their income: prior-year adjustments, or another fund merged in.
    assert (gap[sorted(adjusted)] > 0).all()
    assert (gap / fund["income"]).max() < 0.05


def test_the_city_panel_counts_its_people(panel: pd.DataFrame) -> None:
    employee = panel["employee"]
    assert (employee["active"] + employee["retired"] - employee["enrolled"]).abs().max() <= 0.1001 * PERSONS
    both = panel["employee"]["enrolled"] + panel["resident"]["enrolled"]
    assert (both - panel["all"]["enrolled"]).abs().max() <= 0.1001 * PERSONS


def test_the_admission_rates_of_active_and_retired_give_the_published_mean(national: pd.DataFrame) -> None:
    row = national["employee"].loc["2021"]
    mean = row["admission_rate_active"] * row["active"] + row["admission_rate_retired"] * row["retired"]
    assert round(mean / row["enrolled"], 3) == row["admission_rate"] == 0.177
    groups = read_table("age_cost")
    rates = groups[(groups["indicator"] == "group_admission_rate") & (groups["period"] == "2021")]
    rates = rates.set_index("group")["value"]
    assert round(rates["retired"] / rates["active"], 2) == 3.99


def test_the_months_payable_of_urumqi() -> None:
    row = facts("urumqi").set_index("indicator")["value"]
    months = row["pooled_balance_end"] / (row["pooled_expenditure"] / 12)
    assert round(months, 1) == 17.2
    assert round(months) == row["payable_months"]


def test_the_figures_of_the_shenyang_plan() -> None:
    row = facts("shenyang", until="2020Q4", observed=True)
    row = row[row["period"] == "2020"].set_index(["scheme", "indicator"])["value"]
    assert row["all", "income"] - row["all", "expenditure"] == row["all", "current_balance"] == 3.02e9
    assert row["employee", "enrolled"] + row["resident", "enrolled"] == row["all", "enrolled"] == 7_415_000
    assert round(row["employee", "active"] / row["employee", "retired"], 2) == 1.47


def test_every_fact_has_a_source_and_a_confidence() -> None:
    for entry in load_catalog().entries:
        table = read_table(entry.name)
        if "source" in SCHEMAS[entry.schema].columns:
            assert table["source"].str.strip().ne("").all()
            assert table["confidence"].ne("").all()
        # What was not checked against a page has no address.
        if "url" in table.columns:
            assert table.loc[table["confidence"] == "recalled", "url"].eq("").all()


# What a city may give of its own for the registry of indicators; no table that comes with the package holds it.
OWN_FIGURES = {
    "contribution_due",
    "inpatient_cost",
    "out_of_area_cost",
    "out_of_area_cost_per_visit",
    "out_of_area_visits",
    "outpatient_cost",
    "outpatient_cost_per_visit",
}


def test_every_indicator_of_the_dictionary_is_used_and_named_in_both_languages() -> None:
    used: set[str] = set(OWN_FIGURES)
    for entry in load_catalog().entries:
        if entry.schema != "indicators" and "indicator" in SCHEMAS[entry.schema].columns:
            used |= set(read_table(entry.name)["indicator"])
    dictionary = load_indicators()
    assert set(dictionary) == used
    assert all(re.search(r"[\u4e00-\u9fff]", indicator.zh) for indicator in dictionary.values())


def test_nothing_under_data_speaks_of_how_it_was_gathered() -> None:
    forbidden = re.compile(
        r"seed 0|stored page|from memory|\.\./shared|/tmp/|/home/|/simple/",
        re.IGNORECASE,
    )
    found = [
        f"{path.name}: {match[0]}"
        for path in sorted(Path(data_root()).rglob("*"))
        if path.is_file() and "synthetic" not in path.parts
        for match in forbidden.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_region_of_the_city_panel_is_never_named_as_certain() -> None:
    for entry in load_catalog().entries:
        for row in read_table(entry.name).itertuples():
            text = " ".join(str(value) for value in row)
            assert "inferred" in text or not re.search("Tianjin|天津", text)
