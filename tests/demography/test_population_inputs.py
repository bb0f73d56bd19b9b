"""Bad inputs of a projection: every problem at once, each with its place and its mend; nothing is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from actuary.cli import app
from actuary.demography.population import PopulationInputs, project_population
from actuary.demography.population_inputs import read_population_inputs
from actuary.demography.population_sources import load_population
from actuary.errors import TableError
from actuary.paths import models_root

AGES, YEARS = np.arange(91), np.arange(2025, 2035)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a sound set of tables: a million and a half people whose young adults leave."""
    target = tmp_path / "inputs"
    target.mkdir()
    mx = np.exp(-9.0 + 0.085 * AGES)
    mx[0] = 0.005
    people = np.round(20_000 * np.exp(-(((AGES - 35) / 40.0) ** 2)) + 10)
    moved = np.where((AGES > 17) & (AGES < 30), -150.0, 5.0)
    asfr = 0.1 * np.exp(-(((AGES[15:50] - 28) / 6.0) ** 2))
    frames = {"base_population": [], "mortality": [], "migration": []}
    for sex in ("male", "female"):
        frames["base_population"].append(pd.DataFrame({"age": AGES, "sex": sex, "population": people}))
        for year in YEARS:
            frames["mortality"].append(pd.DataFrame({"year": year, "age": AGES, "sex": sex, "mx": mx}))
            frames["migration"].append(pd.DataFrame({"year": year, "age": AGES, "sex": sex, "net_migrants": moved}))
    for name, parts in frames.items():
        pd.concat(parts).to_csv(target / f"{name}.csv", index=False)
    pd.concat([pd.DataFrame({"year": year, "age": AGES[15:50], "asfr": asfr}) for year in YEARS]).to_csv(
        target / "fertility.csv", index=False
    )
    pd.DataFrame({"year": YEARS, "srb": 1.06}).to_csv(target / "srb.csv", index=False)
    return target


def _change(folder: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    path = folder / f"{name}.csv"
    change(pd.read_csv(path)).to_csv(path, index=False)


def _messages(folder: Path) -> list[str]:
    with pytest.raises(TableError) as caught:
        read_population_inputs(folder)
    return [str(problem) for problem in caught.value.problems]


def test_a_sound_folder_says_which_ages_bear_no_children(folder: Path) -> None:
    inputs = read_population_inputs(folder)
    assert inputs.notes == ("fertility.csv: no births are counted below 15 and above 49, ages without rows",)
    assert inputs.step == 1
    assert inputs.asfr[:, :15].sum() == inputs.asfr[:, 50:].sum() == 0
    projection = project_population(inputs)
    assert float(abs(projection.residuals()).max()) < 1e-8


def test_a_base_in_thousands_is_said_to_be_one(folder: Path) -> None:
    _change(folder, "base_population", lambda frame: frame.assign(population=frame["population"] / 1000))
    (message,) = _messages(folder)
    assert "the base file is probably in thousands: multiply population by 1000" in message
    assert "net migrants in 2025" in message
    with pytest.raises(TableError, match="below 0"):
        project_population(read_population_inputs(folder, accept_implausible=True))


def test_a_base_in_thousands_is_seen_by_its_decimals_where_nobody_moves(folder: Path) -> None:
    _change(folder, "migration", lambda frame: frame.assign(net_migrants=0))
    assert read_population_inputs(folder).migration.sum() == 0
    _change(folder, "base_population", lambda frame: frame.assign(population=frame["population"] / 1000))
    (message,) = _messages(folder)
    assert "probably in thousands" in message


def test_a_base_in_thousands_with_migrants_in_thousands_is_seen_by_its_four_decimals(folder: Path) -> None:
    _change(folder, "base_population", lambda f: f.assign(population=np.round(f["population"] / 1000 + 0.0003, 4)))
    _change(folder, "migration", lambda frame: frame.assign(net_migrants=frame["net_migrants"] / 1000))
    (message,) = _messages(folder)
    assert "figures with four decimals" in message
    assert "multiply population by 1000" in message


def test_few_people_with_all_digits_are_taken_with_a_word(folder: Path) -> None:
    _change(folder, "base_population", lambda frame: frame.assign(population=np.sqrt(frame["population"])))
    _change(folder, "migration", lambda frame: frame.assign(net_migrants=0))
    notes = " ".join(read_population_inputs(folder).notes)
    assert "are taken as persons; if they are thousands, multiply population by 1000" in notes


def test_births_divided_once_too_often_are_recognised_and_none_at_all_are_said(folder: Path) -> None:
    _change(folder, "fertility", lambda frame: frame.assign(asfr=frame["asfr"] / 1000))
    (message,) = _messages(folder)
    assert "divided by 1000 once too often" in message
    assert "2025–2034" in message
    _change(folder, "fertility", lambda frame: frame.assign(asfr=0))
    notes = " ".join(read_population_inputs(folder).notes)
    assert "0 births per woman in 2025–2034, hardly any child is born" in notes


def test_births_per_thousand_and_boys_per_hundred_are_recognised(folder: Path) -> None:
    _change(folder, "fertility", lambda frame: frame.assign(asfr=frame["asfr"] * 1000))
    _change(folder, "srb", lambda frame: frame.assign(srb=106))
    births, boys = _messages(folder)
    assert "probably births per 1,000 women: divide by 1000" in births
    assert "divide by 100" in boys


def test_every_problem_is_named_at_once(folder: Path) -> None:
    def spoil(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[3, "mx"] = -0.1
        return frame[~((frame["age"] == 45) & (frame["year"] > 2030))]

    _change(folder, "mortality", spoil)
    _change(folder, "fertility", lambda frame: frame[frame["year"] < 2030])
    _change(folder, "migration", lambda frame: pd.concat([frame, frame.iloc[:2]]))
    _change(folder, "base_population", lambda frame: frame.replace({"sex": {"female": "femal"}}))
    (folder / "srb.csv").unlink()
    text = "\n".join(_messages(folder))
    for part in (
        "mortality.csv row 5, mx: found -0.1; expected 0 or more",
        "mortality.csv, age: found no row for age 45 of male in 2031–2034",
        "fertility.csv, year: found no rows for 2030–2034; expected every year from 2025 to 2034",
        "migration.csv rows 1822, 1823: found the same year, age, sex as an earlier row",
        "did you mean 'female'?",
        "srb.csv: found no such file",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("name", "change", "part"),
    [
        ("mortality", lambda f: f[f["year"] != 2028], "no rows for 2028"),
        ("mortality", lambda f: f.assign(mx=f["mx"] * 1000), "per 1,000"),
        ("mortality", lambda f: f.assign(mx=f["mx"].where(f["age"] < 90, 0.0)), "everybody dies in the end"),
        ("fertility", lambda f: f[f["age"] != 27], "no row for age 27 in 2025–2034"),
        ("fertility", lambda f: f[f["age"] % 5 == 0], "single years, as in the base population"),
        ("fertility", lambda f: f.assign(age=f["age"] - 12), "births between 10 and 60 only"),
        ("base_population", lambda f: f[f["age"] != 7], "no row for age 7 of male"),
        ("base_population", lambda f: f.assign(sex=1), "male and female"),
        ("base_population", lambda f: f.rename(columns={"population": "pop"}), "no column 'population'"),
        ("base_population", lambda f: f.assign(population=f["population"].astype(str) + "人"), "a number"),
        ("migration", lambda f: f[(f["age"] < 80)], "no row for ages 80–90"),
        ("srb", lambda f: f.assign(srb=0), "boys per girl"),
        ("srb", lambda f: f.assign(year=f["year"] + 0.5), "a year such as 2025"),
    ],
)
def test_single_problems(folder: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame], part: str) -> None:
    _change(folder, name, change)
    assert part in "\n".join(_messages(folder))


def test_the_command_writes_nothing_when_there_is_a_problem(folder: Path, tmp_path: Path) -> None:
    _change(folder, "mortality", lambda frame: frame.assign(mx=-frame["mx"]))
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["population", "--inputs", str(folder), "--out", str(out)])
    assert done.exit_code == 2
    assert "expected 0 or more" in done.output
    assert not out.exists()


def test_numbers_come_back_to_the_last_digit(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["population", "--inputs", str(folder), "--out", str(out), "--parquet"])
    assert done.exit_code == 0, done.output
    projection = project_population(read_population_inputs(folder))
    people, flows = projection.to_frames()
    pd.testing.assert_frame_equal(pd.read_csv(out / "population.csv"), people, check_exact=True, check_dtype=False)
    read = pd.read_parquet(out / "flows.parquet")
    assert (read.to_numpy() == flows.to_numpy()).all()


def test_words_for_the_sexes_and_the_open_age_are_understood(folder: Path) -> None:
    plain = read_population_inputs(folder)
    _change(folder, "base_population", lambda f: f.replace({"sex": {"male": "男", "female": "女"}}))
    _change(folder, "base_population", lambda f: f.assign(age=f["age"].astype(str).replace({"90": "90+"})))
    _change(folder, "migration", lambda f: f.replace({"sex": {"male": "M", "female": "F"}}))
    read = read_population_inputs(folder)
    assert read.fingerprint == plain.fingerprint
    assert any("男 as male" in note for note in read.notes)


def test_rates_above_the_open_age_of_the_base_are_joined(folder: Path) -> None:
    full = read_population_inputs(folder)

    def cut(frame: pd.DataFrame) -> pd.DataFrame:
        column = frame.columns[-1]
        folded = frame.assign(age=frame["age"].clip(upper=85))
        return folded.groupby([name for name in frame.columns if name != column], as_index=False)[column].sum()

    _change(folder, "base_population", cut)
    _change(folder, "migration", cut)
    short = read_population_inputs(folder)
    assert short.ages[-1] == 85
    np.testing.assert_allclose(short.e0, full.e0, rtol=1e-12)


def test_a_city_s_own_tables_are_picked_up(folder: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    city = models / "cities" / "anyang"
    city.mkdir(parents=True)
    shutil.copy(models_root() / "cities" / "anyang" / "city.toml", city)
    with pytest.raises(TableError, match="models/cities/anyang/population"):
        load_population("anyang", models=models)
    shutil.copytree(folder, city / "population")
    inputs = load_population("anyang", models=models)
    assert inputs.region == "anyang"
    low = load_population("anyang", variant="low", models=models)
    assert low.tfr[0] == pytest.approx(inputs.tfr[0] - 0.5)


def test_groups_of_five_years_are_read_with_abridged_rates(tmp_path: Path) -> None:
    ages = np.arange(0, 101, 5)
    inputs = PopulationInputs(
        years=[2025, 2030],
        ages=ages,
        base=np.full((2, 21), 1000.0),
        mx=np.broadcast_to(np.exp(-8 + 0.35 * np.arange(22)), (2, 2, 22)),
        asfr=np.where((ages >= 15) & (ages < 50), 0.05, 0.0) * np.ones((2, 1)),
        srb=[1.05, 1.05],
        migration=np.full((2, 2, 21), 3.0),
    )
    projection = project_population(inputs)
    assert list(projection.population["year"].to_numpy()) == [2029, 2034]
    assert float(abs(projection.residuals()).max()) < 1e-9
    growth = projection.total.diff("year").item()
    flows = projection.to_frames()[1].iloc[1]
    assert growth == pytest.approx(flows["births"] - flows["deaths"] + flows["net_migrants"])
