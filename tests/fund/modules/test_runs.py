"""Modules in the projection: switched on by scenarios, closing to the yuan, and refused where they cannot act."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from actuary.demography.membership import Membership
from actuary.errors import DeclarationError, UnknownNameError
from actuary.fund.model import Levers, ModelProjection, project_model
from actuary.fund.modules import MODULES, module_effects, module_view
from actuary.fund.modules.apply import active_modules
from actuary.policy import MODULE_NAMES, check_models, list_scenarios, load_modules, load_scenario
from actuary.policy.module_model import MODULE_KEYS

SCENARIOS = [
    name for name in list_scenarios() if any(delta.key.startswith("modules.") for delta in load_scenario(name).deltas)
]


@pytest.fixture(scope="module")
def both(members: Membership) -> ModelProjection:
    return project_model("national", to="2036Q4", members=members, scenarios=["base", *SCENARIOS])


def test_every_module_has_a_scenario() -> None:
    switched = {delta.key.removeprefix("modules.") for name in SCENARIOS for delta in load_scenario(name).deltas}
    assert set(MODULES) == set(MODULE_NAMES) <= switched
    assert tuple(MODULES) == MODULE_NAMES


def test_no_identity_has_a_residual(both: ModelProjection) -> None:
    for name, left in both.residuals().items():
        assert float(abs(left).max()) < 1e-14 * float(abs(both.paths["balance_end_yuan"]).max()), name


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_modules_say_is_what_the_run_changes(both: ModelProjection, members: Membership, scenario: str) -> None:
    view = module_view(both, scenario=scenario, members={scenario: members})
    effects = module_effects(view)
    assert set(effects["module"]) == set(active_modules(view.book, view.quarters))
    for flow, variable, line in (
        ("spending", "spending_yuan", "benefit"),
        ("income", "pooled_income_by_source_yuan", "source"),
    ):
        paths = both.paths[variable]
        change = paths.sel(scenario=scenario) - paths.sel(scenario="base")
        years = xr.DataArray([int(str(q)[:4]) for q in change["quarter"].to_numpy()], dims="quarter", name="year")
        yearly = change.drop_vars("quarter").groupby(years).sum()
        own = effects[effects["flow"] == flow].groupby(["scheme", "line", "year"])["yuan"].sum()
        for scheme in ("employee", "resident"):
            for name in paths[line].to_numpy():
                if name == "interest":
                    continue
                seen = yearly.sel({"scheme": scheme, line: name}).to_series()
                said = own.get((scheme, name), seen * 0)
                np.testing.assert_allclose(seen, said, rtol=1e-6, atol=10)


def test_the_base_and_its_neighbours_stay_as_they_are(
    both: ModelProjection, run: ModelProjection, members: Membership
) -> None:
    for name in ("spending_yuan", "pooled_balance_end_yuan"):
        ours = both.paths[name].sel(scenario="base")
        theirs = run.paths[name].isel(scenario=0).sel(quarter=ours["quarter"])
        np.testing.assert_array_equal(ours, theirs)
    alone = {
        project_model("national", to="2027Q4", members=members, scenarios=[name]).fingerprint
        for name in ("base", *SCENARIOS[:3])
    }
    assert len(alone) == 4


def test_levers_of_the_caller_stay(members: Membership) -> None:
    more = xr.DataArray([[1e9]], dims=("benefit", "quarter"), coords={"benefit": ["chronic"], "quarter": ["2027Q2"]})
    how = {"to": "2027Q4", "members": members, "scenarios": ["long_term_care"]}
    plain, moved = (project_model("national", levers=one, **how) for one in (Levers(), Levers(extra_spending=more)))
    change = (moved.paths["spending_yuan"] - plain.paths["spending_yuan"]).sel(benefit="chronic", quarter="2027Q2")
    np.testing.assert_allclose(change.sel(scheme=["employee", "resident"]), 1e9, rtol=1e-6)


def _append(models: Path, scenario: str, key: str, value: str) -> None:
    path = models / "scenarios" / f"{scenario}.toml"
    path.write_text(
        path.read_text(encoding="utf-8") + f'\n[[delta]]\nkey = "{key}"\noperation = "replace"\nvalue = {value}\n'
        'from = 2027-01-01\nsource = "judgement"\nreason = "试"\nreason_en = "a trial"\n',
        encoding="utf-8",
    )


def test_modules_act_one_after_the_other(members: Membership, models: Path) -> None:
    """Procurement saves its share of what an epidemic leaves, and the sum of both is what the run changes."""
    _append(models, "procurement_rounds", "modules.epidemic", "true")
    how = {"to": "2029Q4", "members": members, "models": models}
    both = project_model("national", scenarios=["base", "procurement_rounds"], **how)
    view = module_view(both, scenario="procurement_rounds", members={"procurement_rounds": members}, models=models)
    effects = module_effects(view)
    assert list(dict.fromkeys(effects["module"])) == ["epidemic", "procurement"]
    paths = both.paths["spending_yuan"].sel(scheme=["employee", "resident"])
    change = float((paths.sel(scenario="procurement_rounds") - paths.sel(scenario="base")).sum())
    spending = effects[effects["flow"] == "spending"]
    assert spending["yuan"].sum() == pytest.approx(change, rel=1e-9)
    alone = module_effects(view, ["procurement"])
    cuts = [
        held.query("item == 'price_cuts' and line == 'inpatient' and year == 2027")["yuan"].sum()
        for held in (effects[effects["module"] == "procurement"], alone)
    ]
    assert 1.02 * cuts[0] > cuts[1]
    assert cuts[1] < cuts[0] < 0


def test_a_figure_of_a_module_that_is_off_is_refused(models: Path) -> None:
    _append(models, "slower_base_growth", "care.coverage", "0.5")
    with pytest.raises(DeclarationError, match=r"modules\.long_term_care"):
        project_model("national", to="2028Q4", scenarios=["slower_base_growth"], models=models)


def test_a_misspelt_figure_names_the_nearest(models: Path) -> None:
    _append(models, "long_term_care", "care.coverrage", "0.5")
    with pytest.raises((DeclarationError, UnknownNameError), match=r"care\.coverage"):
        project_model("national", to="2028Q4", scenarios=["long_term_care"], models=models)


def test_a_share_above_one_is_refused(models: Path) -> None:
    _append(models, "long_term_care", "care.coverage", "95")
    with pytest.raises(DeclarationError, match="0 to 1"):
        project_model("national", to="2028Q4", scenarios=["long_term_care"], models=models)


def test_pool_and_budget_beyond_everything_are_refused(models: Path) -> None:
    _append(models, "long_term_care", "care.subsidy_share", "0.7")
    with pytest.raises(DeclarationError, match="1 or less together"):
        project_model("national", to="2028Q4", scenarios=["long_term_care"], models=models)


def test_every_problem_of_the_declarations_is_named_at_once(models: Path) -> None:
    folder = models / "national" / "model"
    figures = (folder / "modules.toml").read_text(encoding="utf-8")
    (folder / "modules.toml").write_text(
        figures.replace("[care.claim_share]", "[care.claim_shares]").replace("value = 0.15,", 'value = "15%",'),
        encoding="utf-8",
    )
    rounds = (folder / "procurement_rounds.csv").read_text(encoding="utf-8")
    (folder / "procurement_rounds.csv").write_text(
        rounds.replace("0.52", "52", 1).replace("chronic", "cronic").replace("2026-07-01", "2026-7"), encoding="utf-8"
    )
    policies = (folder / "birth_policies.toml").read_text(encoding="utf-8")
    (folder / "birth_policies.toml").write_text(policies.replace("2 = 0.75", "2027 = 0.75"), encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        load_modules("national", root=models)
    text = str(caught.value)
    for words in ("care.claim_share", "write 0.15", "price_cut", "chronic", "2026-7", "years since the policy began"):
        assert words in text
    assert len(caught.value.problems) >= 6
    assert {problem.where for problem in caught.value.problems} <= {problem.where for problem in check_models(models)}


def test_a_figure_that_is_missing_is_named(models: Path) -> None:
    path = models / "national" / "model" / "modules.toml"
    text = path.read_text(encoding="utf-8")
    begin = text.index("[aid.share]")
    path.write_text(text[:begin] + text[text.index("[aid.ceiling]") :], encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"aid\.share"):
        load_modules("national", root=models)


def test_a_city_may_declare_its_own(models: Path) -> None:
    folder = models / "cities" / "shenyang" / "model"
    folder.mkdir(exist_ok=True)
    (folder / "modules.toml").write_text(
        '[large_claims.deductible]\nname = "大病起付线"\nname_en = "Deductible"\nunit = "yuan"\nminimum = 0\n'
        'values = [{ from = 2010-01-01, value = 12000, source = "judgement", reason = "试", reason_en = "a trial" }]\n',
        encoding="utf-8",
    )
    own, nation = (load_modules(name, root=models) for name in ("shenyang", "national"))
    key = "large_claims.deductible"
    assert [one.book.parameter(key).values[0].value for one in (own, nation)] == [12000, 15000]
    assert own.book.keys() == nation.book.keys() == tuple(sorted(MODULE_KEYS))


def test_unknown_modules_are_refused(both: ModelProjection, members: Membership) -> None:
    with pytest.raises(UnknownNameError, match="epidemic"):
        module_effects(module_view(both, members={"base": members}), ["epidemics"])
    with pytest.raises(UnknownNameError, match="long_term_care"):
        module_view(both, scenario="long_term_cares")
