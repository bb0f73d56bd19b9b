"""Every figure of the reference folder is in our tables, unchanged; a renaming is written here."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from actuary.tables import load_catalog, read_table, select_facts

pytestmark = pytest.mark.reference

RENAMED = {
    "support_ratio": "dependency_ratio",
    "cumulative_balance": "balance_end",
    "pooled_cumulative_balance": "pooled_balance_end",
    "account_cumulative_balance": "personal_balance_end",
    "account_current_balance": "personal_current_balance",
    "account_expenditure": "personal_expenditure",
    "account_income": "personal_income",
    "avg_inpatient_cost": "inpatient_cost_per_stay",
    "avg_inpatient_cost_primary": "inpatient_cost_per_stay_primary",
    "avg_inpatient_cost_secondary": "inpatient_cost_per_stay_secondary",
    "avg_inpatient_cost_tertiary": "inpatient_cost_per_stay_tertiary",
    "avg_length_of_stay": "average_length_of_stay",
    "contribution_cut_2020": "contribution_cut",
    "inpatient_reimb_rate_in_catalogue": "inpatient_catalogue_reimbursement_rate",
    "expenditure_pct_gdp": "expenditure_gdp_share",
    "income_pct_gdp": "income_gdp_share",
    "payable_months_official": "payable_months",
}
UNITS = {"active_per_retiree": "ratio", "10k_units": "10k_employers", "yyyymmdd": "date", "yen": "jpy"}
REGIONS = {
    "China": "national",
    "Guizhou": "guizhou",
    "Baoshan (Yunnan)": "baoshan",
    "Huoshan county (Anhui)": "huoshan",
    "a Ningxia prefecture (name not in excerpt)": "ningxia_prefecture",
    "Urumqi": "urumqi",
    "Japan": "japan",
    "USA": "usa",
}


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "fund" / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def ours(*names: str) -> pd.DataFrame:
    return pd.concat([read_table(name) for name in names], ignore_index=True)


def counted(frame: pd.DataFrame, *columns: str) -> Counter[tuple[object, ...]]:
    frame = frame[frame["value_published"] != ""]
    values = [Decimal(text) for text in frame["value_published"]]
    return Counter(zip(*(frame[name] for name in columns), values, strict=True))


def test_every_national_figure_of_a_year(reference: Path) -> None:
    columns = ("period", "scheme", "indicator", "unit_published", "basis", "confidence")
    theirs = Counter(
        (
            row["year"],
            row["scheme"],
            RENAMED.get(row["indicator"], row["indicator"]),
            row["unit"],
            row["basis"],
            row["confidence"],
            Decimal(row["value"]),
        )
        for row in rows_of(reference, "national_annual.csv")
    )
    assert counted(ours("national_annual"), *columns) == theirs


def test_every_cumulative_figure(reference: Path) -> None:
    columns = ("period", "scheme", "indicator", "scope", "confidence")
    theirs = Counter(
        (
            f"{row['year']}-{int(row['cum_to_month']):02d}",
            row["scheme"],
            row["flow"],
            row["basis"],
            row["confidence"],
            Decimal(row["cumulative_100m_yuan"]),
        )
        for row in rows_of(reference, "national_monthly.csv")
    )
    assert counted(ours("national_cumulative_monthly"), *columns) == theirs


def test_every_growth_rate_of_the_monthly_releases(reference: Path) -> None:
    theirs = Counter(float(row["yoy_pct"]) for row in rows_of(reference, "national_monthly.csv") if row["yoy_pct"])
    assert Counter(read_table("national_cumulative_monthly")["yoy_pct"].dropna()) == theirs


def test_every_figure_of_the_city_panel(reference: Path) -> None:
    names = {"cumulative": "balance_end"}
    theirs: Counter[tuple[object, ...]] = Counter()
    for row in rows_of(reference, "tianjin_panel_2014_2022.csv"):
        for column, value in row.items():
            parts = column.split("_")
            if parts[-1] in ("10k", "10kyuan"):
                unit = "10k_persons" if parts[-1] == "10k" else "10k_yuan"
                theirs[row["year"], parts[1], names.get(parts[0], parts[0]), unit, Decimal(value)] += 1
    panel = ours("city_panel_annual")
    assert counted(panel, "period", "scheme", "indicator", "unit_published") == theirs
    assert panel["note"].str.contains("inferred").all()


def test_every_city_figure(reference: Path) -> None:
    found = counted(ours("city_facts", "plan_targets"), "region", "period", "unit_published")
    for row in rows_of(reference, "shenyang.csv"):
        region = REGIONS.get(row["place"], row["place"].lower())
        value, unit = Decimal(row["value"]), UNITS.get(row["unit"], row["unit"])
        # The table of the plan prints shares where its text prints per cents; one row stands for both.
        spellings = [(region, row["year"], unit, value), (region, row["year"], "share", value / 100)]
        assert any(found[spelling] for spelling in spellings), row


def test_every_sample_of_another_place(reference: Path) -> None:
    found = counted(ours("place_samples"), "region", "unit_published")
    theirs = Counter(
        (REGIONS[row["place"]], row["unit"], Decimal(row["value"]))
        for row in rows_of(reference, "subnational_samples.csv")
    )
    assert found == theirs


def test_every_target_of_the_plan(reference: Path) -> None:
    targets = read_table("plan_targets")
    targets = targets[targets["region"] == "shenyang"]
    started = Counter(Decimal(text) for text in targets["base_value_published"] if text)
    theirs = Counter(
        Decimal(row["value_2020"]) for row in rows_of(reference, "plan_targets_shenyang.csv") if row["value_2020"]
    )
    assert started == theirs
    reached = {Decimal(text) for text in targets["value_published"] if text}
    for row in rows_of(reference, "plan_targets_shenyang.csv"):
        for part in row["target_2025"].lstrip(">").split("/"):
            try:
                number = Decimal(part)
            except ArithmeticError:
                assert (targets["target_text"] == part).any(), row
            else:
                assert number in reached, row


def test_every_figure_by_age_but_the_proposals(reference: Path) -> None:
    # A proposed cost index is a judgement, and judgements are no data.
    theirs = Counter(
        (UNITS.get(row["unit"], row["unit"]), Decimal(row["value"]))
        for row in rows_of(reference, "age_cost.csv")
        if not row["indicator"].endswith("_proposal")
    )
    assert counted(ours("age_cost"), "unit_published") == theirs


def test_every_published_finding(reference: Path) -> None:
    theirs = Counter(row["finding"] for row in rows_of(reference, "literature_projections.csv"))
    assert Counter(read_table("literature_projections")["finding_en"]) == theirs


def test_the_preferred_value_is_the_one_of_the_wide_table(reference: Path) -> None:
    chosen = select_facts(read_table("national_annual"), load_catalog().preference)
    values = dict(
        zip(
            zip(chosen["period"], chosen["scheme"], chosen["indicator"], strict=True),
            chosen["value_published"],
            strict=True,
        )
    )
    checked = 0
    for row in rows_of(reference, "national_annual_wide.csv"):
        for column, value in row.items():
            if column == "year" or not value:
                continue
            scheme, indicator = column.split("__")
            assert Decimal(values[row["year"], scheme, RENAMED.get(indicator, indicator)]) == Decimal(value), column
            checked += 1
    assert checked == 278
