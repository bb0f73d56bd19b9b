from __future__ import annotations

import shutil

import numpy as np
import pytest

from actuary.drivers import DRIVERS
from actuary.fund import project_fund
from actuary.fund.inputs import load_declared, read_drivers, read_funding
from actuary.paths import data_root, models_root


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(models_root(), folder)
    return folder


def scenario(models, name, *deltas):
    head = f'name_zh = "试"\nname_en = "{name}"\ndescription_zh = "试"\ndescription_en = "{name}"\n'
    body = "".join(
        f'[[delta]]\nkey = "{key}"\noperation = "{operation}"\nvalue = {value}\nfrom = {day}\n'
        'source = "judgement"\nreason = "试"\n'
        for key, operation, value, day in deltas
    )
    (models / "scenarios" / f"{name}.toml").write_text(head + body, encoding="utf-8")


def funding_of(models, *names):
    declared = load_declared("national", basis="base", scenarios=names, models=models)
    drivers, missing = read_drivers(declared, "resident", base_year=2024, last_year=2030)
    assert missing == []
    funding, missing = read_funding(declared, drivers["resident.funding_growth"], base_year=2024, last_year=2030)
    assert missing == []
    return funding, drivers["resident.funding_growth"]


def test_funding_grows_after_the_last_notice(models):
    funding, growth = funding_of(models, "base")
    base = funding.sel(scenario="base")
    assert float(base.sel(year=2024)) == 1070.0
    assert float(base.sel(year=2025)) == 1100.0
    step = growth.sel(scenario="base", year=2026)
    assert float(base.sel(year=2026)) == pytest.approx(1100.0 * (1 + float(step)))


def test_a_scenario_may_scale_the_grown_amount_or_declare_it_anew(models):
    subsidy = "resident.subsidy_per_head"
    scenario(models, "less", (subsidy, "multiply", 0.9, "2027-01-01"))
    scenario(models, "anew", (subsidy, "replace", 800.0, "2027-01-01"))
    funding, growth = funding_of(models, "base", "less", "anew")
    rates = [float(growth.sel(scenario="base", year=year)) for year in (2026, 2027, 2028)]
    premium = {2027: 400 * (1 + rates[0]) * (1 + rates[1])}
    assert float(funding.sel(scenario="less", year=2026)) == float(funding.sel(scenario="base", year=2026))
    assert float(funding.sel(scenario="less", year=2027)) == pytest.approx(
        0.9 * 700 * (1 + rates[0]) * (1 + rates[1]) + premium[2027]
    )
    assert float(funding.sel(scenario="anew", year=2027)) == pytest.approx(800 + premium[2027])
    assert float(funding.sel(scenario="anew", year=2028)) == pytest.approx((800 + premium[2027]) * (1 + rates[2]))


def test_drivers_are_those_of_the_contract():
    declared = load_declared("national", basis="base", scenarios=("base",))
    for scheme in ("employee", "resident"):
        drivers, missing = read_drivers(declared, scheme, base_year=2024, last_year=2026)
        assert missing == []
        assert set(drivers.data_vars) == {key for key in DRIVERS if key.startswith(f"{scheme}.")}
        assert all(drivers[key].attrs["unit"] == DRIVERS[key].unit for key in drivers.data_vars)


def test_assumptions_that_begin_too_late_are_named_once():
    declared = load_declared("national", basis="base", scenarios=("base",))
    drivers, (missing,) = read_drivers(declared, "employee", base_year=2015, last_year=2030)
    assert missing.key == "assumptions.begin"
    assert missing.what_en.startswith("assumptions begin on 2025-01-01")
    assert not np.isfinite(drivers["employee.active_growth"].sel(year=2023)).any()


def test_an_undeclared_assumption_is_named_not_made_up(monkeypatch):
    key, driver = "employee.of_no_basis", DRIVERS["employee.active_growth"]
    monkeypatch.setattr("actuary.fund.inputs.DRIVERS", {**DRIVERS, key: driver})
    declared = load_declared("national", basis="base", scenarios=("base",))
    _, (missing,) = read_drivers(declared, "employee", base_year=2024, last_year=2030)
    assert (missing.key, missing.what_en) == (key, f"assumption: {driver.en} (2025 to 2030)")


def test_a_changed_assumption_changes_the_fingerprint_and_the_path(models):
    before = project_fund("national", "2024Q4", scenarios=("base",), models=models)
    path = models / "national" / "assumptions" / "base.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("value = 0.06", "value = 0.07", 1), encoding="utf-8")
    after = project_fund("national", "2024Q4", scenarios=("base",), models=models)
    assert before.fingerprint != after.fingerprint
    assert before.data_fingerprint == after.data_fingerprint
    name = "pooled_balance_end_yuan"
    one, other = (p.paths[name].sel(scheme="employee", scenario="base") for p in (before, after))
    assert float(one.sel(quarter="2024Q4")) == float(other.sel(quarter="2024Q4"))
    assert float(one.sel(quarter="2025Q4")) > float(other.sel(quarter="2025Q4"))


def test_other_folders_give_the_same_projection(models, tmp_path):
    shutil.copytree(data_root(), tmp_path / "data")
    here = project_fund("national", "2024Q4", scenarios=("base",))
    there = project_fund("national", "2024Q4", scenarios=("base",), models=models, data=tmp_path / "data")
    assert here.fingerprint == there.fingerprint
