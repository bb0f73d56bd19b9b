"""A team's folder from templates to a projection without code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from actuary.cli import app
from actuary.demography.population_sources import load_population
from actuary.errors import ActuaryError, DeclarationError, OutputError, TableError
from actuary.files import FileNote
from actuary.fund.model.city_folder import read_city_figures
from actuary.fund.model.face import load_model
from actuary.policy import list_regions
from actuary.workflow import check_city, check_inputs, init_city, project_model_files

# Whole reports, kernels of notebooks and cities as their users make them: seconds each.
pytestmark = pytest.mark.slow

SHARE = 0.002
_FIGURES = {
    ("2023", "employee", "active"): "60",
    ("2023", "employee", "retired"): "24",
    ("2023", "resident", "enrolled"): "140",
    ("2024", "employee", "active"): "61",
    ("2024", "employee", "retired"): "25",
    ("2024", "employee", "income"): "48",
    ("2024", "employee", "expenditure"): "40",
    ("2024", "employee", "balance_end"): "70",
    ("2024", "employee", "pooled_income"): "34",
    ("2024", "employee", "pooled_expenditure"): "28",
    ("2024", "employee", "pooled_balance_end"): "42",
    ("2024", "employee", "personal_income"): "14",
    ("2024", "employee", "personal_expenditure"): "12",
    ("2024", "employee", "personal_balance_end"): "28",
    ("2024", "resident", "enrolled"): "139",
    ("2024", "resident", "income"): "16",
    ("2024", "resident", "expenditure"): "15.5",
    ("2024", "resident", "balance_end"): "11",
}


def fill_city(folder: Path, *, groups: bool = False) -> Path:
    """Write the templates and fill them: people are a small share of the nation's, all rates borrowed."""
    init_city(folder.name, folder)
    for name in ("city.toml", "sources.md", "assumptions/people.toml"):
        path = folder / name
        path.write_text(path.read_text(encoding="utf-8").replace("待填写", "虚构市（测试用）"), encoding="utf-8")
    figures = folder / "figures.csv"
    lines = []
    for line in figures.read_text(encoding="utf-8").splitlines():
        cells = line.split(",")
        if tuple(cells[:3]) in _FIGURES:
            cells[3], cells[5] = _FIGURES[tuple(cells[:3])], "made up for a test"
        lines.append(",".join(cells))
    figures.write_text("\n".join(lines) + "\n", encoding="utf-8")
    nation = load_population("national", first_year=2025)
    rows = ["age,sex,population"]
    for s, sex in enumerate(("male", "female")):
        people = nation.base[s] * SHARE
        if groups:
            rows += [f"{age},{sex},{people[age : age + 5].sum():.0f}" for age in range(0, 85, 5)]
            rows.append(f"85,{sex},{people[85:].sum():.0f}")
        else:
            rows += [f"{age},{sex},{people[age]:.0f}" for age in range(101)]
    (folder / "population" / "base_population.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    borrow = folder / "population" / "borrow.toml"
    text = borrow.read_text(encoding="utf-8")
    for line in ("first_year = 2025", 'rates = "national"', 'migration = "none"'):
        text = text.replace(f"# {line}", line)
    borrow.write_text(text, encoding="utf-8")
    return folder


def test_templates_say_what_is_still_to_fill(tmp_path: Path) -> None:
    folder = init_city("my_city", tmp_path / "my_city")
    problems = [str(problem) for problem in check_city(folder)]
    for word in ("city.toml line 5", "sources.md", "employee.active", "resident.balance_end", "population", "members"):
        assert any(word in line for line in problems), word
    assert check_inputs([folder]).problems == check_city(folder)
    with pytest.raises(DeclarationError, match=r"my_city, employee.income: found nothing"):
        load_model(folder).project()


def test_every_line_of_the_templates_is_explained_in_both_languages(tmp_path: Path) -> None:
    folder = init_city("my_city", tmp_path / "my_city")
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in (".toml", ".md"):
            text = path.read_text(encoding="utf-8")
            assert any("一" <= letter <= "鿿" for letter in text), path
            assert any(word in text for word in (" the ", " is ", " of ", " are ")), path
    lines = (folder / "city.toml").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line and not line.startswith("#"):
            assert lines[number - 1].startswith("#"), line


def test_a_filled_city_is_projected_without_code(tmp_path: Path) -> None:
    folder = fill_city(tmp_path / "my_city")
    assert check_city(folder) == ()
    run = project_model_files(folder, tmp_path / "out", to="2040", scenarios=["delayed-retirement", "cost_surge"])
    assert run.scenarios == ("base", "delayed_retirement", "cost_surge")
    assert run.projection.projected_schemes == ("employee", "resident")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"annual.csv", "annual.parquet", "members.csv", "differences.csv", "summary.csv", "manifest.json"} <= names
    annual = pd.read_parquet(tmp_path / "out" / "annual.parquet")
    first = annual.query("scenario == 'base' and scheme == 'employee' and year == 2025").iloc[0]
    # One year on from 4.2 billion with an income of some 3.5 and spending of some 3.
    assert 4.2e9 < first["pooled_balance_end_yuan"] < 5.2e9
    assert first["enrolled_persons"] == pytest.approx(860_000, rel=0.03)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["run"]["fingerprint"] == run.fingerprint
    assert {entry["file"] for entry in manifest["outputs"]} == names - {"manifest.json"}
    assert "my_city" not in list_regions()


def test_ages_in_groups_are_split_as_in_the_nation(tmp_path: Path) -> None:
    whole = load_model(fill_city(tmp_path / "a")).project(to="2030")
    split = load_model(fill_city(tmp_path / "b", groups=True)).project(to="2030")
    table = whole.compare(split)
    # The same people to the rounding of the groups.
    assert (table["difference"].abs() <= table["this"].abs() * 1e-3 + 1e5).all()


def test_the_verbs_do_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "my_city"
    runner = CliRunner()
    assert runner.invoke(app, ["init", "my_city", "--out", str(folder)]).exit_code == 0
    assert runner.invoke(app, ["check", str(folder)]).exit_code == 1
    shutil.rmtree(folder)
    fill_city(folder)
    assert runner.invoke(app, ["check", str(folder)]).exit_code == 0
    out = tmp_path / "out"
    given = ["project", "--model", str(folder), "-s", "cost-surge", "--to", "2030", "--out", str(out)]
    done = runner.invoke(app, given)
    assert done.exit_code == 0, done.output
    assert (out / "manifest.json").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "national", "--city", "national"], "one of the two projections"),
        (["--model", "national", "--until", "2030Q4"], "--to goes with --model"),
        (["--to", "2040"], "--to without --model"),
        (["--model", "natoinal"], "did you mean 'national'"),
        (["--model", "shenyang"], "employee.balance_end"),
        (["--model", "national", "-s", "cost_surg"], "did you mean 'cost_surge'"),
        (["--model", "national", "--to", "2150"], "2100Q4"),
    ],
)
def test_wrong_options_are_one_sentence(options: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["project", *options])
    assert done.exit_code == 2
    assert message in done.output


def test_a_projection_that_fails_leaves_nothing(tmp_path: Path) -> None:
    folder = fill_city(tmp_path / "my_city")
    with pytest.raises(ActuaryError, match="2100Q4"):
        project_model_files(folder, tmp_path / "out", to="2150")
    assert not (tmp_path / "out").exists()
    with pytest.raises(OutputError, match="files"):
        init_city("my_city", folder)


def test_own_scenarios_and_rules_act(tmp_path: Path) -> None:
    folder = fill_city(tmp_path / "my_city")
    policy = folder / "policy" / "contributions.toml"
    text = policy.read_text(encoding="utf-8")
    # All but the explanations become live: the lines from the table's head on.
    head, _, live = text.partition("# [employee.employer_rate]")
    lines = [line.removeprefix("# ") for line in ("# [employee.employer_rate]" + live).splitlines()]
    policy.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    (folder / "scenarios" / "own.toml").write_text(
        'name_zh = "试"\nname_en = "Try"\ndescription_zh = "试"\ndescription_en = "Try"\n[[delta]]\n'
        'key = "employee.employer_rate"\noperation = "add"\nvalue = 0.01\nfrom = 2026-01-01\nsource = "judgement"\n'
        'reason = "试"\nreason_en = "try"\n',
        encoding="utf-8",
    )
    model = load_model(folder)
    assert model.rules.value("employee.employer_rate", pd.Timestamp("2025-01-01").date()) == 0.08
    run = model.project(to="2030", scenarios=["base", "own"])
    gain = run.differences().query("measure == 'pool income' and scheme == 'employee' and year == 2027")
    assert float(gain["difference"].iloc[0] / gain["against_value"].iloc[0]) == pytest.approx(0.125, abs=0.03)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2024,employe,active,5,10k_persons,x", "did you mean 'employee'"),
        ("2024,employee,activ,5,10k_persons,x", "did you mean 'active'"),
        ("2024,employee,active,5,100m_yuan,x", "a known unit of such a figure"),
        ("2024,employee,active,five,10k_persons,x", "expected a number"),
        ("2024,employee,active,-5,10k_persons,x", "a number from 0 on"),
        ("24,employee,active,5,10k_persons,x", "a year such as 2024"),
        ("2024,employee,active,5,10k_persons,", "no source"),
    ],
)
def test_a_wrong_figure_is_named_with_its_mend(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "figures.csv"
    path.write_text(f"# note\nyear,scheme,indicator,value,unit,source\n{row}\n", encoding="utf-8")
    with pytest.raises(TableError, match=message):
        read_city_figures(path)


def test_a_figure_table_of_a_spreadsheet_in_another_encoding_is_read_and_a_declaration_named(tmp_path: Path) -> None:
    path = init_city("my_city", tmp_path / "my_city") / "figures.csv"
    path.write_text(
        '# 医保\nyear,scheme,indicator,value,unit,source\n2024,employee,active,"12,345",persons,统计公报\n', "gb18030"
    )
    with pytest.warns(FileNote, match="read as GB18030"):
        assert read_city_figures(path).value("employee", "active", 2024) == 12_345
    people = tmp_path / "my_city/assumptions/people.toml"
    people.write_bytes(people.read_text(encoding="utf-8").encode("gb18030"))
    with pytest.warns(FileNote, match="read as GB18030"):
        problems = check_city(tmp_path / "my_city")
    assert any("GB18030" in str(problem) for problem in problems)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",income,48,", ",income,480000,", "personal_income 2024: found 1,400,000,000, the others make"),
        (",pooled_income,34,", ",pooled_income,24,", "income - pooled_income"),
        (",balance_end,70,", ",balance_end,90,", "pooled_balance_end \\+ personal_balance_end"),
        ("resident,income,16,100m_yuan", "resident,income,160000,100m_yuan", "something like the nation's"),
        ("resident,balance_end,11,", "resident,balance_end,11000,", "years of spending"),
        ("2024,resident,enrolled,139,10k_persons", "2024,resident,enrolled,139,persons", "in the unit that is written"),
    ],
)
def test_figures_that_cannot_be_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    folder = fill_city(tmp_path / "my_city")
    path = folder / "figures.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(TableError, match=message):
        load_model(folder)


def test_a_folder_of_a_declared_city_is_projected_as_its_readme_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fill_city(Path("shenyang"))
    readme = Path("shenyang/README.md").read_text(encoding="utf-8")
    assert "actuary project --model shenyang " in readme
    assert check_city("shenyang") == ()
    model = load_model("shenyang")
    assert model.place.name_zh == "沈阳市"
    assert any("the folder shenyang here" in note for note in model.notes)
    # What is declared of the city holds, and what the folder says goes before it.
    assert model.rules.value("employee.employer_rate", pd.Timestamp("2025-01-01").date()) == 0.08
    assert model.project(to="2026").projection.projected_schemes == ("employee", "resident")


def test_two_folders_of_a_place_are_attributed_to_each_other(tmp_path: Path) -> None:
    folder = fill_city(tmp_path / "my_city")
    later = shutil.copytree(folder, tmp_path / "my_city_revised")
    path = later / "figures.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",expenditure,15.5,", ",expenditure,15,"), encoding="utf-8")
    first, second = (load_model(one).project(to="2026") for one in (folder, later))
    assert second.projection.region == "my_city"
    table = first.attribute(second).query("scheme == 'resident' and measure == 'pool spending'").set_index("cause")
    assert table.loc["base year", "change"] < -1e7


def test_a_rule_of_the_place_that_ends_is_noted(tmp_path: Path) -> None:
    folder = fill_city(tmp_path / "my_city")
    (folder / "policy" / "contributions.toml").write_text(
        '[employee.employer_rate]\nname = "费率"\nname_en = "Rate"\nunit = "share"\nminimum = 0\nmaximum = 0.2\n'
        'values = [{ from = 2020-01-01, to = 2027-12-31, value = 0.08, first_record = true, source = "S1" }]\n',
        encoding="utf-8",
    )
    model = load_model(folder)
    assert not [note for note in model.project(to="2027").notes if "employer_rate" in note]
    (note,) = [note for note in model.project(to="2028").notes if "employer_rate" in note]
    assert "the rule of my_city (0.08) ends before 2028-01-01; from then on the nation's (0.06)" in note


def test_people_that_a_team_gives_may_borrow_rates(tmp_path: Path) -> None:
    folder = fill_city(tmp_path / "my_city")
    alone = load_model("shenyang", figures=folder / "figures.csv", population=folder / "population")
    whole = load_model(folder)
    assert alone.population is not None
    assert whole.population is not None
    assert (alone.population.mx == whole.population.mx).all()


@pytest.mark.parametrize(
    ("key", "operation", "value", "message"),
    [
        ("population.total_fertility", "add", "-5.0", "births per woman in 2026"),
        ("population.mortality", "multiply", "100.0", "life expectancy|above 2"),
    ],
)
def test_a_scenario_with_impossible_people_is_refused(
    tmp_path: Path, key: str, operation: str, value: str, message: str
) -> None:
    folder = fill_city(tmp_path / "my_city")
    (folder / "scenarios" / "own.toml").write_text(
        'name_zh = "试"\nname_en = "Try"\ndescription_zh = "试"\ndescription_en = "Try"\n[[delta]]\n'
        f'key = "{key}"\noperation = "{operation}"\nvalue = {value}\nfrom = 2026-01-01\nsource = "judgement"\n'
        'reason = "试"\nreason_en = "try"\n',
        encoding="utf-8",
    )
    with pytest.raises(DeclarationError, match=message):
        load_model(folder).project(to="2030", scenario="own")


def test_people_in_thousands_by_mistake_are_seen(tmp_path: Path) -> None:
    folder = fill_city(tmp_path / "my_city")
    path = folder / "population" / "base_population.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cut = [lines[0]] + [
        ",".join([*line.split(",")[:2], f"{float(line.split(',')[2]) / 1000:.3f}"]) for line in lines[1:]
    ]
    path.write_text("\n".join(cut) + "\n", encoding="utf-8")
    assert any("more than" in str(problem) or "people" in str(problem) for problem in check_city(folder))
