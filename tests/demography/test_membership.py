"""Members from people: identities, scaling, published facts and messages."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.demography.membership import Membership, project_membership
from actuary.demography.membership_rules import (
    MembershipAnchors,
    MembershipRules,
    load_membership_rules,
    membership_anchors,
)
from actuary.demography.population import PopulationInputs, PopulationProjection, project_population
from actuary.demography.population_sources import load_population
from actuary.demography.statuses import CONTRIBUTING, RESIDENT, STATUS_NAMES
from actuary.dims import order_dims
from actuary.errors import DeclarationError, PeriodError, UnknownNameError
from actuary.paths import models_root
from actuary.periods import Quarter
from actuary.policy import load_scenario

ANCHORS = MembershipAnchors(2024, contributing=230_000, retired=90_000, resident=600_000, flexible=50_000)


type Inputs = Callable[..., PopulationInputs]


@pytest.fixture(scope="module")
def population(small_inputs: Inputs) -> PopulationProjection:
    return project_population(small_inputs())


@pytest.fixture(scope="module")
def rules() -> MembershipRules:
    return load_membership_rules("national", anchors=ANCHORS)


@pytest.fixture(scope="module")
def members(population: PopulationProjection, rules: MembershipRules) -> Membership:
    return project_membership(population, rules)


def assert_identities(held: Membership, population: PopulationProjection) -> None:
    scale = float(population.total.max())
    stocks = held.stocks
    assert float(stocks.min()) >= -1e-9 * scale
    assert float(abs(held.residuals()).max()) <= 1e-12 * scale
    people = population.population
    ends = held.year_ends().sum("status").transpose("sex", "age", "year")
    years = [year for year in ends["year"].to_numpy() if year in people["year"].to_numpy()]
    assert float(abs(ends.sel(year=years) - people.sel(year=years)).max()) <= 1e-12 * scale
    moves = held.flows.sum("status")
    for cause in held.flows.data_vars:
        if cause not in ("births", "deaths", "migration_in", "migration_out"):
            # Moves between statuses make nobody and lose nobody.
            assert float(abs(moves[cause]).max()) <= 1e-12 * scale, cause


def test_opening_plus_flows_is_closing(members: Membership, population: PopulationProjection) -> None:
    assert members.stocks.dims == order_dims(members.stocks.dims)
    assert tuple(members.stocks["status"].to_numpy()) == STATUS_NAMES
    assert_identities(members, population)
    ageing = members.flows["ageing"].sel(status=[name for name in STATUS_NAMES if name not in RESIDENT])
    assert float(abs(ageing).max()) == 0
    assert (members.flows["ageing"].sel(status="resident_child") < 0).all()
    assert (members.flows["ageing"].sel(status="resident_elderly") > 0).all()


@pytest.mark.slow
@settings(max_examples=15)
@given(
    values=st.fixed_dictionaries(
        {
            "membership.flexible_lapse_rate": st.floats(0, 0.5),
            "membership.coverage_expansion": st.floats(0, 0.2),
            "membership.entry_factor": st.floats(0, 3),
            "membership.pay_on_share": st.floats(0, 1),
            "membership.migration_turnover": st.floats(0, 0.3),
            "membership.retired_mortality": st.floats(0.5, 1.5),
            "membership.migrant_contributing": st.floats(0, 10),
            "membership.min_contribution_years_men": st.floats(0, 45),
            "membership.resident_participation": st.floats(0, 10),
            "membership.women_55_share": st.floats(0, 1),
        }
    ),
    variant=st.sampled_from(["as_decided", "no_reform", "faster", "equal_ages"]),
    migrants=st.floats(-500, 20_000),
    level=st.floats(0.3, 3),
)
def test_every_world_closes(
    small_inputs: Inputs, values: dict[str, float], variant: str, migrants: float, level: float
) -> None:
    population = project_population(small_inputs(years=8, migrants=migrants, level=level))
    changed = load_membership_rules("national", variant=variant).with_values(values)
    assert_identities(project_membership(population, changed), population)


def test_the_first_members_are_the_published_ones(members: Membership) -> None:
    first = members.by_status().isel(quarter=0)
    assert float(first.sel(status=list(CONTRIBUTING)).sum()) == pytest.approx(230_000, rel=1e-12)
    assert float(first.sel(status="employee_flexible")) == pytest.approx(50_000, rel=1e-12)
    assert float(first.sel(status="employee_retired")) == pytest.approx(90_000, rel=1e-12)
    assert float(first.sel(status=list(RESIDENT)).sum()) == pytest.approx(600_000, rel=1e-12)
    assert members.calibration["total"].to_list() == ["contributing", "retired", "flexible", "resident"]
    assert (members.calibration["factor"] != 1).all()
    assert members.dependency_ratio("2024Q4") == pytest.approx(230 / 90)


def test_without_totals_the_curves_stand(population: PopulationProjection, rules: MembershipRules) -> None:
    held = project_membership(population, rules.with_anchors(None))
    assert held.quarters[0] == Quarter(2023, 4)
    assert (held.calibration["factor"] == 1).all()


def test_some_quarters_are_the_same_as_all(
    population: PopulationProjection, rules: MembershipRules, members: Membership
) -> None:
    some = project_membership(population, rules, quarters=["2026Q2", "2027Q1"])
    assert [str(quarter) for quarter in some.quarters] == ["2026Q2", "2026Q3", "2026Q4", "2027Q1"]
    labels = list(some.stocks["quarter"].to_numpy())
    np.testing.assert_allclose(some.stocks, members.stocks.sel(quarter=labels), rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(
        some.flows.to_dataarray(), members.flows.sel(quarter=labels[1:]).to_dataarray(), rtol=1e-9, atol=1e-6
    )
    with pytest.raises(PeriodError, match="2024Q4 to 2043Q4"):
        project_membership(population, rules, quarters=["2044Q1"])
    with pytest.raises(PeriodError, match="2026Q2 to 2027Q1"):
        some.dependency_ratio("2030Q1")


def test_the_members_grow_with_the_people(small_inputs: Inputs, members: Membership, rules: MembershipRules) -> None:
    twice = MembershipAnchors(2024, **{name: 2 * value for name, value in ANCHORS.totals.items()})
    larger = project_membership(
        project_population(small_inputs(people=2e6, migrants=1000.0)), rules.with_anchors(twice)
    )
    np.testing.assert_allclose(larger.by_status(), 2 * members.by_status(), rtol=1e-9)


def test_the_result_shows_itself(members: Membership) -> None:
    frame = members.to_frame()
    assert len(frame) == 7 * len(members.quarters)
    assert frame["status"].to_list()[:7] == list(STATUS_NAMES)
    assert "active per retired [ratio]" in members.summary()
    text = members._repr_html_()
    assert "退休人员" in text
    assert "made-up data" in text
    assert "2024Q4 to 2043Q4" in repr(members)
    assert members.synthetic
    assert len(members.fingerprint) == 64
    assert members.stocks.attrs["unit"] == "persons"
    assert (
        members.fingerprint
        != project_membership(members.population, members.rules.with_variant("faster"), quarters=["2025Q4"]).fingerprint
    )


# Published facts


def test_the_published_ratio_of_the_nation() -> None:
    published = {2018: 2.78, 2019: 2.78, 2020: 2.82, 2021: 2.80, 2022: 2.76, 2023: 2.71, 2024: 2.63}
    for year, ratio in published.items():
        assert membership_anchors("national", year).dependency_ratio == pytest.approx(ratio, abs=0.006), year


@pytest.mark.parametrize(
    ("city", "year", "ratio", "people"), [("shenyang", 2020, 1.47, 9.07e6), ("anyang", 2022, 1.5625, 1.2e6)]
)
def test_a_city_starts_from_its_published_ratio(
    small_inputs: Inputs, city: str, year: int, ratio: float, people: float
) -> None:
    anchors = membership_anchors(city, year)
    population = project_population(small_inputs(first=year + 1, years=3, people=people))
    held = project_membership(population, load_membership_rules(city, anchors=anchors))
    assert held.dependency_ratio(f"{year}Q4") == pytest.approx(ratio, abs=0.002)


def test_the_reform_keeps_people_at_work(population: PopulationProjection, rules: MembershipRules) -> None:
    worlds = {
        name: project_membership(population, rules.with_variant(name))
        for name in ("as_decided", "no_reform", "faster", "equal_ages")
    }
    retired = {name: float(one.retired().sel(quarter="2030Q4")) for name, one in worlds.items()}
    assert retired["faster"] < retired["as_decided"] < retired["no_reform"]
    assert retired["equal_ages"] < retired["as_decided"]
    ratio = worlds["no_reform"].yearly_ratio()
    assert float(ratio.sel(year=2040)) < float(ratio.sel(year=2030)) < float(ratio.sel(year=2024))
    assert worlds["as_decided"].dependency_ratio("2024Q4") == pytest.approx(230 / 90)
    assert worlds["no_reform"].dependency_ratio("2024Q4") == pytest.approx(230 / 90)


def test_the_page_on_members_shows_what_the_package_finds(root: Path) -> None:
    people = project_population(load_population("national"))
    rules = load_membership_rules("national", anchors=membership_anchors("national", 2024))
    rows = [line.strip("| ").split(" | ") for line in (root / "docs" / "membership.md").read_text("utf-8").splitlines()]
    printed = {row[0]: row[1:] for row in rows if len(row) == 7}
    names = {
        "as decided": "as_decided",
        "no reform": "no_reform",
        "twice as fast": "faster",
        "women as men": "equal_ages",
    }
    retired = {}
    for title, variant in names.items():
        held = project_membership(people, rules.with_variant(variant))
        found = held.yearly_ratio().sel(year=[2024, 2030, 2035, 2040, 2050, 2060])
        # A little room, for published inputs may be restated.
        assert [float(cell) for cell in printed[title]] == pytest.approx(found.to_numpy(), abs=0.011), title
        retired[variant] = float(held.retired().sel(quarter="2030Q4"))
    assert retired["as_decided"] < 0.95 * retired["no_reform"]


def test_a_place_with_its_own_least_years_uses_them() -> None:
    national, city = (load_membership_rules(name) for name in ("national", "shenyang"))
    assert national.least_years([2025]).ravel().tolist() == [25, 20]
    assert city.least_years([2025]).ravel().tolist() == [30, 25]


def test_a_scenario_changes_the_assumptions_of_members(models: Path) -> None:
    text = (
        "#:schema ../schema/scenario.schema.json\n"
        'name_zh = "断保加倍"\nname_en = "Twice the lapses"\n'
        'description_zh = "断保率加倍。"\ndescription_en = "Lapses double."\n'
        '[[delta]]\nkey = "membership.flexible_lapse_rate"\noperation = "multiply"\nvalue = 2.0\n'
        'from = 2030-01-01\nsource = "judgement"\nreason = "试验"\nreason_en = "A trial"\n'
    )
    (models / "scenarios").mkdir()
    path = models / "scenarios" / "lapses.toml"
    path.write_text(text, encoding="utf-8")
    rules = load_membership_rules("national", scenario=load_scenario("lapses", root=models), root=models)
    assert rules.values("membership.flexible_lapse_rate", [2029, 2030]) == pytest.approx([0.06, 0.12])
    path.write_text(text.replace("value = 2.0", "value = 20.0"), encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"a value from 0 to 0\.5"):
        load_membership_rules("national", scenario=load_scenario("lapses", root=models), root=models)
    path.write_text(text.replace("flexible_lapse_rate", "flexible_laps_rate"), encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"did you mean 'membership.flexible_lapse_rate'"):
        load_scenario("lapses", root=models)


# Messages


def test_totals_above_the_people_are_refused(population: PopulationProjection, rules: MembershipRules) -> None:
    # The totals in ten thousands of persons by mistake would be too few; in persons of a larger area, too many.
    with pytest.raises(DeclarationError, match="1,570,000 enrolled; expected no more than the"):
        project_membership(
            population,
            rules.with_anchors(MembershipAnchors(2024, contributing=1_000_000, retired=70_000, resident=500_000)),
        )
    with pytest.raises(DeclarationError) as caught:
        project_membership(
            population, rules.with_anchors(MembershipAnchors(2024, contributing=300_000, retired=390_000))
        )
    assert "less than the" in str(caught.value)


def test_totals_below_zero_are_all_named() -> None:
    with pytest.raises(DeclarationError) as caught:
        MembershipAnchors(2024, contributing=-1, retired=float("nan"), resident=5, flexible=10)
    assert len(caught.value.problems) == 3


def test_a_year_outside_the_population_is_refused(population: PopulationProjection, rules: MembershipRules) -> None:
    for year in (2022, 2043):
        with pytest.raises(DeclarationError, match="a year from 2023 to 2042"):
            project_membership(population, rules.with_anchors(MembershipAnchors(year)))


def test_values_out_of_bounds_and_unknown_keys_are_named(rules: MembershipRules) -> None:
    with pytest.raises(DeclarationError) as caught:
        rules.with_values({"membership.pay_on_share": 1.2, "membership.flexible_lapse_rate": -0.1})
    assert len(caught.value.problems) == 2
    with pytest.raises(UnknownNameError, match=r"did you mean 'membership.pay_on_share'"):
        rules.with_values({"membership.pay_share": 1.0})
    with pytest.raises(UnknownNameError, match="as_decided"):
        rules.with_variant("as_decidet")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    root = tmp_path / "models"
    for part in ("national", "schema"):
        shutil.copytree(models_root() / part, root / part)
    return root


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_rule_that_ends_is_carried_on_or_refused_as_declared(models: Path, population: PopulationProjection) -> None:
    path = models / "national" / "model" / "membership.toml"
    _edit(path, "{ from = 1998-01-01, value = 0.06,", "{ from = 1998-01-01, to = 2030-12-31, value = 0.06,")
    with pytest.raises(DeclarationError, match=r"flexible_lapse_rate of national in 2031–2043.*2030-12-31"):
        project_membership(population, load_membership_rules("national", root=models))
    text = path.read_text(encoding="utf-8")
    head, tail = text.split("[membership.flexible_lapse_rate]")
    path.write_text(
        head + "[membership.flexible_lapse_rate]" + tail.replace('"refuse"', '"carry"', 1), encoding="utf-8"
    )
    carried = load_membership_rules("national", root=models)
    assert carried.values("membership.flexible_lapse_rate", [2030, 2031]).tolist() == [0.06, 0.06]


def test_every_mistake_of_every_file_comes_at_once(models: Path) -> None:
    folder = models / "national" / "model"
    _edit(folder / "membership.toml", "value = 0.8, first_record", 'value = "80%", first_record')
    _edit(folder / "membership.toml", "{ from = 2030-01-01, value = 0.01,", "{ from = 1990-01-01, value = 1.3,")
    _edit(folder / "membership.toml", "[membership.entry_factor]", "[membership.entry_facto]")
    _edit(folder / "membership_profiles.csv", "male,25,0.45,judgement", "male,25,45,judgement")
    _edit(folder / "membership_profiles.csv", "retired_covered,both,0,", "retired_covered,both,30,")
    _edit(folder / "flexible_retirement.csv", "men,36,0.02,judgement", "men,36,0.02,S99")
    with pytest.raises(DeclarationError) as caught:
        load_membership_rules("national", root=models)
    text = str(caught.value)
    for part in (
        "write 0.8",
        "a day after 1998-01-01",
        "a value from 0 to 0.2",
        "did you mean 'membership.entry_factor'",
        "write shares as 0.08 for 8 %",
        "ages 30 to 100; expected ages from 0 to 80 or more",
        "'S99'",
    ):
        assert part in text, part


def test_a_table_without_a_column_names_the_nearest(models: Path) -> None:
    path = models / "national" / "model" / "membership_profiles.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    rows[0][3] = "valu"
    path.write_text("\n".join(",".join(f'"{cell}"' for cell in row) for row in rows), encoding="utf-8")
    with pytest.raises(DeclarationError, match="rename valu to value"):
        load_membership_rules("national", root=models)


def test_a_place_declares_only_what_differs(models: Path) -> None:
    shutil.copytree(models_root() / "cities", models / "cities")
    folder = models / "cities" / "anyang" / "model"
    folder.mkdir()
    head = "profile,sex,age,value,source,note\n"
    path = folder / "membership_profiles.csv"
    path.write_text(head + "flexible_share,both,0,0.5,judgement,\nflexible_share,both,90,0.5,judgement,\n", "utf-8")
    rules = load_membership_rules("anyang", root=models)
    ages = np.arange(101)
    assert (rules.curve("flexible_share", ages) == 0.5).all()
    national = load_membership_rules("national", root=models)
    assert (rules.curve("employee_covered", ages) == national.curve("employee_covered", ages)).all()
    path.write_text(head + "flexible_shar,both,0,0.5,judgement,\nflexible_shar,both,90,0.5,judgement,\n", "utf-8")
    with pytest.raises(DeclarationError, match="did you mean 'flexible_share'"):
        load_membership_rules("anyang", root=models)


def test_a_low_open_age_is_refused(small_inputs: Inputs, rules: MembershipRules) -> None:
    inputs = small_inputs(years=2)
    keep = np.arange(61)
    low = type(inputs)(
        years=inputs.years,
        ages=keep,
        base=inputs.base[:, :61],
        mx=inputs.mx[:, :, :61],
        asfr=inputs.asfr[:, :61],
        srb=inputs.srb,
        migration=inputs.migration[:, :, :61],
    )
    with pytest.raises(DeclarationError, match="open age of the population: found 60"):
        project_membership(project_population(low), rules.with_anchors(None))


def test_five_year_groups_are_refused(small_inputs: Inputs, rules: MembershipRules) -> None:
    inputs = small_inputs(years=2)
    ages = np.arange(0, 101, 5)
    groups = type(inputs)(
        years=np.array([2024, 2029]),
        ages=ages,
        base=np.stack([np.add.reduceat(one, ages) for one in inputs.base]),
        mx=np.full((2, 2, ages.size + 1), 0.05),
        asfr=inputs.asfr[:, ages],
        srb=inputs.srb,
        migration=np.zeros((2, 2, ages.size)),
    )
    with pytest.raises(DeclarationError, match="found five-year groups; expected single years of age"):
        project_membership(project_population(groups), rules.with_anchors(None))
