"""Facts of a region, the preferred one of several, and the flows behind cumulative figures."""

from __future__ import annotations

import math
import shutil
import time
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.errors import PeriodError, TableError, UnitError, UnknownNameError
from actuary.paths import data_root
from actuary.periods import Quarter
from actuary.tables import (
    Preference,
    conflicts,
    cumulative_flows,
    facts,
    known_regions,
    last_quarter,
    load_catalog,
    load_indicators,
    quarterly_flows,
    read_table,
    seal_catalog,
    select_facts,
)
from actuary.tables.numerals import amounts_in_base_units, number_problem
from actuary.tables.readers import _examine
from actuary.units import UNITS, convert

CUMULATIVE = "region,period,scheme,indicator,scope,value,unit,yoy_pct,basis,source,url,confidence,note"


def test_the_regions() -> None:
    assert {"national", "shenyang", "anyang", "liuyang", "changsha", "city_panel"} <= set(known_regions())


@pytest.mark.parametrize(
    ("region", "quarter"),
    [("national", "2024Q4"), ("city_panel", "2022Q4"), ("huoshan", "2025Q1"), ("anyang", "2024Q4")],
)
def test_the_last_quarter_is_observed(region: str, quarter: str) -> None:
    assert last_quarter(region) == Quarter.parse(quarter)


def test_plans_and_targets_are_no_observations() -> None:
    # The plan has targets for 2025, the budget table of the prefecture a budget for 2024.
    assert str(last_quarter("shenyang")) == "2024Q4"
    assert str(last_quarter("shenyang", indicators={"income"})) == "2020Q4"
    assert str(last_quarter("ningxia_prefecture")) == "2023Q4"
    with pytest.raises(TableError, match="region liuyang: found none; expected an observed fact"):
        last_quarter("liuyang")
    assert len(facts("liuyang")) == 5
    assert facts("shenyang", observed=True)["basis"].ne("plan").all()


def test_a_year_is_known_at_its_end() -> None:
    assert facts("national", until="2023Q4")["period"].max() == "2023-12"
    assert "2023" not in set(facts("national", until="2023Q3")["period"])
    assert "2023-08" in set(facts("national", until=Quarter(2023, 3))["period"])
    assert "2023-10" not in set(facts("national", until=Quarter(2023, 3))["period"])


def test_facts_say_where_they_stand() -> None:
    frame = facts("national")
    assert frame.attrs["synthetic"] is False
    assert set(frame.attrs["tables"]) == set(frame["table"])
    row = frame[(frame["table"] == "national_annual") & (frame["value_published"] == "23731.97")]
    line = (data_root() / "reference" / "national_annual.csv").read_text(encoding="utf-8").splitlines()
    for number, value in zip(row["row"], row["value_published"], strict=True):
        assert value in line[number - 1]
    assert frame["value"].notna().all()


def test_an_unknown_region_and_a_wrong_quarter() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'shenyang'"):
        facts("shenyan")
    with pytest.raises(PeriodError, match="until"):
        facts("shenyang", until="2020")


def test_a_synthetic_table_marks_every_fact(tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(data_root(), root, ignore=shutil.ignore_patterns("synthetic"))
    path = root / "catalog.toml"
    head, mark, tail = path.read_text(encoding="utf-8").partition("[table.city_panel_annual]")
    path.write_text(head + mark + tail.replace("synthetic = false", "synthetic = true", 1), encoding="utf-8")
    assert read_table("city_panel_annual", root=root).attrs["synthetic"] is True
    assert facts("city_panel", root=root).attrs["synthetic"] is True
    assert facts("shenyang", root=root).attrs["synthetic"] is False


def test_one_preferred_value_a_fact() -> None:
    frame = facts("national")
    chosen = select_facts(frame, load_catalog().preference)
    key = ["region", "period", "scheme", "indicator", "scope", "group"]
    assert not chosen.duplicated(key).any()
    assert len(chosen) == len(frame.drop_duplicates(key))
    other = conflicts(frame, load_catalog().preference)
    assert (other["difference"] == other["other_value"] - other["value"]).all()
    maternity = other[(other["scheme"] == "maternity") & (other["period"] == "2023")]
    expenditure = maternity[maternity["indicator"] == "expenditure"].iloc[0]
    assert round(expenditure["difference_share"], 2) == -0.09


def test_the_order_of_preference_decides() -> None:
    declared = load_catalog().preference
    flash = Preference(("flash", *(name for name in declared.basis if name != "flash")), declared.confidence)
    table = read_table("national_annual")
    chosen = select_facts(table, flash)
    row = chosen[(chosen["period"] == "2024") & (chosen["scheme"] == "all") & (chosen["indicator"] == "income")]
    assert row["value_published"].to_list() == ["34809.95"]
    table = table[table["basis"] == "bulletin"].assign(basis="flash")
    pair = pd.concat([table.assign(confidence="recalled"), table.assign(confidence="verified", value=1.0)])
    assert (select_facts(pair.reset_index(drop=True), declared)["confidence"] == "verified").all()


def employee(flows: pd.DataFrame, indicator: str) -> pd.DataFrame:
    rows = flows[(flows["scheme"] == "employee") & (flows["indicator"] == indicator)]
    return rows[rows["scope"] == "all_accounts"].set_index("quarter")


@pytest.mark.parametrize("indicator", ["income", "expenditure"])
def test_the_national_quarters_that_are_known(indicator: str) -> None:
    rows = employee(quarterly_flows("national"), indicator)
    assert rows.loc["2022Q1":"2022Q4", "value"].notna().all()
    assert rows.loc["2022Q1":"2022Q4", "status"].to_list() == ["derived", "derived", "derived", "published"]
    assert rows.loc["2023Q1":"2023Q2", "status"].to_list() == ["published", "published"]
    assert rows.loc["2023Q3":"2023Q4", "status"].to_list() == ["gap", "gap"]
    assert rows.loc["2023Q3", "reason"] == "no figure for January to September 2023"
    assert rows.loc["2023Q4", "reason"] == ("no figures for January to September 2023 and January to December 2023")
    assert rows.loc["2023Q4", "missing"] == "2023-09 2023-12"
    assert rows.loc["2023Q3":"2023Q4", "value"].isna().all()


def test_the_quarters_of_2022_add_up_to_the_year() -> None:
    rows = employee(quarterly_flows("national"), "income")
    assert rows.loc["2022Q1":"2022Q4", "value"].sum() == convert("20637.18", "100m_yuan")


def test_quarters_end_where_they_are_asked_to() -> None:
    rows = quarterly_flows("national", until="2023Q2")
    assert rows["quarter"].max() == "2023Q2"
    assert quarterly_flows("city_panel").empty
    assert cumulative_flows("city_panel").empty


def test_scopes_are_never_mixed() -> None:
    flows = cumulative_flows("national")
    pooled = flows[(flows["scope"] == "pooled_only") & (flows["scheme"] == "employee") & (flows["year"] == 2024)]
    assert pooled[["first_month", "last_month"]].drop_duplicates().to_numpy().tolist() == [[1, 5], [6, 12]]


def test_national_flows_of_a_year_add_up_to_its_last_figure() -> None:
    flows = cumulative_flows("national")
    key = ["scheme", "indicator", "scope"]
    table = read_table("national_cumulative_monthly").assign(year=lambda rows: rows["period"].str[:4].astype(int))
    last = table.sort_values("period").groupby([*key, "year"])["value"].last()
    assert (flows.groupby([*key, "year"])["value"].sum() - last).abs().max() == 0.0
    assert set(flows.loc[flows["year"] == 2021, "status"]) == {"derived"}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("city") / "data"
    shutil.copytree(data_root(), root, ignore=shutil.ignore_patterns("synthetic"))
    return root


@pytest.mark.slow
@settings(max_examples=30)
@given(
    st.dictionaries(
        st.tuples(st.integers(2019, 2021), st.integers(1, 12)),
        st.tuples(st.integers(0, 10**10), st.sampled_from(["verified", "derived"])),
        min_size=1,
        max_size=20,
    )
)
def test_flows_always_add_up(city: Path, months: dict[tuple[int, int], tuple[int, str]]) -> None:
    rows = [
        f"testville,{year}-{month:02d},all,income,all_accounts,{fen // 100}.{fen % 100:02d},10k_yuan,,notice,s,,{sure},"
        for (year, month), (fen, sure) in months.items()
    ]
    path = city / "reference" / "national_cumulative_monthly.csv"
    path.write_text("\n".join([CUMULATIVE, *rows]) + "\n", encoding="utf-8")
    seal_catalog(city)
    flows = cumulative_flows("testville", root=city)
    quarters = quarterly_flows("testville", root=city)
    for year in {year for year, _ in months}:
        last = max(month for y, month in months if y == year)
        total = Decimal(months[year, last][0]) * 100
        own = flows[flows["year"] == year]
        assert math.isclose(own["value"].sum(), float(total), abs_tol=1e-3)
        assert own["first_month"].iloc[0] == 1
        assert own["last_month"].iloc[-1] == last
        assert (own["first_month"].to_numpy()[1:] == own["last_month"].to_numpy()[:-1] + 1).all()
    for row in quarters.itertuples():
        year, end = int(row.quarter[:4]), 3 * int(row.quarter[5])
        needed = [(year, month) for month in (end - 3, end) if month]
        missing = [month for month in needed if month not in months]
        assert (row.status == "gap") == bool(missing)
        assert math.isnan(row.value) == bool(missing)
        assert len(row.missing.split()) == len(missing)
        if not missing:
            derived = any(months[month][1] == "derived" for month in needed)
            assert row.status == ("derived" if derived else "published")


amounts = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12)


@given(st.lists(st.tuples(amounts, st.sampled_from(sorted(UNITS))), min_size=1))
def test_reading_a_column_equals_converting_each_cell(cells: list[tuple[Decimal, str]]) -> None:
    texts = [f"{value:f}" for value, _ in cells]
    units = [unit for _, unit in cells]
    slow = [convert(text, unit) for text, unit in zip(texts, units, strict=True)]
    assert amounts_in_base_units(texts, units) == slow


def test_every_shipped_amount_equals_its_slow_conversion() -> None:
    for name in ("national_annual", "national_cumulative_monthly", "city_panel_annual", "city_facts", "place_samples"):
        table = read_table(name)
        slow = [
            convert(text, unit) for text, unit in zip(table["value_published"], table["unit_published"], strict=True)
        ]
        assert table["value"].to_list() == slow


@given(st.text(max_size=12))
def test_a_number_is_read_or_explained(text: str) -> None:
    problem = number_problem(text, "here")
    if problem is None:
        assert text.isascii()
        assert math.isfinite(float(text))
        convert(text, "yuan")
    else:
        assert problem.mend
        with pytest.raises((UnitError, AssertionError)):
            convert("", "yuan")


def test_a_thousand_rows_are_read_quickly() -> None:
    head = "region,period,scheme,indicator,value,unit,basis,source,url,confidence,note"
    rows = [f"place_{i},2024,all,income,{i}.25,100m_yuan,bulletin,s,,verified," for i in range(1000)]
    content = "\n".join([head, *rows]).encode()
    read_table("city_facts")  # imports and the schema are there already
    dictionary = tuple(load_indicators().values())
    start = time.process_time()
    examined = _examine(content, "facts", "speed.csv", dictionary)
    assert examined.problems == ()
    assert time.process_time() - start < 0.3
