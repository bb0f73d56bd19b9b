from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from actuary.fund import VARIABLES, project_fund


@pytest.fixture(scope="module")
def projection():
    return project_fund("national", "2024Q4", scenarios=("base", "adverse"), horizon="2027Q2")


def test_a_projection_is_frozen(projection):
    with pytest.raises(dataclasses.FrozenInstanceError):
        projection.region = "x"
    with pytest.raises(ValueError, match="read-only"):
        projection.paths["income_yuan"].to_numpy()[0, 0, 0] = 1.0


def test_paths_carry_unit_kind_and_status(projection):
    for name, variable in VARIABLES.items():
        array = projection.paths[name]
        assert array.dims == ("scenario", "scheme", "quarter")
        assert (array.attrs["unit"], array.attrs["kind"]) == (variable.unit, variable.kind)
        assert array.attrs["status"] in projection.paths
    assert projection.paths["phase"].dims == ("scheme", "quarter")


def test_the_fingerprint_is_that_of_inputs(projection):
    again = project_fund("national", "2024Q4", scenarios=("base", "adverse"), horizon="2027Q2")
    other = project_fund("national", "2024Q4", scenarios=("base",), horizon="2027Q2")
    assert again.fingerprint == projection.fingerprint
    assert other.fingerprint != projection.fingerprint
    assert len(projection.data_fingerprint) == 64


def test_a_year_cut_by_the_horizon_is_not_a_year(projection):
    assert projection.annual()["year"].max() == 2026


def test_frames_hold_every_quarter_and_year(projection):
    frame = projection.to_frame()
    sizes = projection.paths.sizes
    assert len(frame) == sizes["scenario"] * sizes["scheme"] * sizes["quarter"]
    row = frame[(frame["scenario"] == "base") & (frame["scheme"] == "employee") & (frame["quarter"] == "2024Q4")].iloc[
        0
    ]
    assert row["pooled_balance_end_yuan"] == 3_044_550_000_000.0
    assert row["status_pooled_balance"] == "published"


def test_annual_flows_are_sums_of_quarters(projection):
    year = projection.annual("resident")
    row = year[(year["year"] == 2026) & (year["scenario"] == "adverse")]
    quarters = projection.paths["income_yuan"].sel(
        scheme="resident", scenario="adverse", quarter=[f"2026Q{n}" for n in (1, 2, 3, 4)]
    )
    assert row["income_yuan"].item() == pytest.approx(float(quarters.sum()), rel=1e-14)
    growth = row["expenditure_growth"].item() - row["income_growth"].item()
    assert row["growth_gap"].item() == pytest.approx(growth)


def test_the_summary_names_units(projection):
    summary = projection.summary()
    assert all("[" in name for name in summary.columns[3:])
    assert summary["year"].min() == 2022
    row = summary[(summary["scheme"] == "employee") & (summary["year"] == 2024)].iloc[0]
    assert row["pool balance at year-end [100m_yuan]"] == 30_445.5
    assert round(row["payable [months]"], 1) == 27.6


def test_html_shows_the_years_and_the_hash(projection):
    page = projection._repr_html_()
    assert projection.fingerprint[:12] in page
    assert "national" in repr(projection)


def test_fewer_months_are_never_reached_before_more(projection):
    longer = project_fund("national", "2024Q4", scenarios=("adverse",))
    for row in longer.milestones.to_dict("records"):
        reached = [row[f"months_below_{limit}"] for limit in (6, 3, 1)] + [row["exhaustion_quarter"]]
        known = [quarter for quarter in reached if quarter is not None]
        assert known == sorted(known)
        assert None not in reached[: len(known)]


def test_milestones_agree_with_the_paths():
    projection = project_fund("national", "2024Q4", scenarios=("adverse",))
    table = projection.milestones.set_index("scheme")
    path = projection.paths.sel(scenario="adverse", scheme="employee")
    months = path["payable_months"].sel(quarter=slice(None, None)).to_numpy()
    quarters = path["quarter"].to_numpy()
    later = np.array([str(q) > "2024Q4" for q in quarters])
    assert table.loc["employee", "months_below_6"] == quarters[later & (months < 6)][0]
    year = projection.annual("employee")
    deficit = year[(year["phase"] == "projection") & (year["pooled_current_balance_yuan"] < 0)]["year"]
    assert table.loc["employee", "first_deficit_year"] == deficit.iloc[0]
    assert table.loc["employee", "deficit_years"] == len(deficit)
