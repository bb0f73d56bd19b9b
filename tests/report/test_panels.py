"""What-if panels: sliders answer, say what is judgement, go back, and keep what the command line reads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from actuary.errors import ActuaryError, DeclarationError, Problem, UnknownNameError
from actuary.report.display import Html
from actuary.report.panels import Answer, ProgressBar, Slider, WhatIfPanel, panel_fund, panel_payment, panel_warnings
from actuary.report.panels.panel import _table
from actuary.report.panels.question import check_name, new_folder

# --- the widget, with a question of no weight ---------------------------------------------------------------------


class Doubling:
    """Double a number of yuan; refuse what is above three."""

    title, lang = "double <it>", "en"
    sliders = (
        Slider(id="amount", label="Amount", unit="yuan", low=0.0, high=5.0, step=0.5, start=1.0, note="judgement"),
    )
    asked = 0

    def answer(self, values: Mapping[str, float]) -> Answer:
        self.asked += 1
        if values["amount"] > 3:
            raise ActuaryError(Problem("amount", "more than 3", "less"))
        frame = pd.DataFrame({"doubled [yuan]": [2 * values["amount"]]})
        return Answer((("Doubled", frame),), Html("<svg aria-label='x'></svg>"), ("made up",))

    def save(self, name: str, values: Mapping[str, float]) -> tuple[Path, str]:
        return Path(check_name(name)), f"read {name} {values['amount']:g}"


@pytest.fixture
def panel() -> WhatIfPanel:
    return WhatIfPanel(Doubling())


def test_a_slider_that_moves_is_answered_and_reset_goes_back(panel: WhatIfPanel) -> None:
    assert panel.table["doubled [yuan]"].tolist() == [2.0]
    panel.sliders["amount"].value = 2.5
    assert panel.table["doubled [yuan]"].tolist() == [5.0]
    assert ">5.00<" in panel.shown.value
    assert "made up" in panel.shown.value
    assert panel.answered_s > 0
    panel.reset.click()
    assert panel.sliders["amount"].value == 1.0
    assert panel.table["doubled [yuan]"].tolist() == [2.0]


def test_several_sliders_set_at_once_are_answered_once(panel: WhatIfPanel) -> None:
    before = panel.question.asked  # type: ignore[attr-defined]
    panel.set(amount=2)
    assert panel.question.asked == before + 1  # type: ignore[attr-defined]
    with pytest.raises(UnknownNameError, match="amount"):
        panel.set(amont=2)
    with pytest.raises(ActuaryError, match="Amount: found 9; expected 0 to 5 yuan"):
        panel.set(amount=9)
    assert panel.sliders["amount"].value == 2.0


def test_a_refusal_is_shown_and_the_answer_before_stays(panel: WhatIfPanel) -> None:
    panel.set(amount=4)
    assert "found more than 3; expected less" in panel.message.value
    assert "still the answer before" in panel.message.value
    assert panel.table["doubled [yuan]"].tolist() == [2.0]
    panel.set(amount=3)
    assert panel.message.value == ""


def test_a_scenario_is_kept_by_its_name_and_a_bad_name_is_taught(panel: WhatIfPanel) -> None:
    panel.name.value = "Later Retirement"
    panel.save.click()
    assert "small letters, digits and underscores" in panel.message.value
    panel.set(amount=3).keep("later")
    assert "Written to later. To use it: read later 3" in panel.message.value


def test_every_slider_shows_its_unit_and_where_its_range_is_from(panel: WhatIfPanel) -> None:
    legends = [row.children[1].value for row in panel.children if len(getattr(row, "children", ())) == 2]
    assert legends == ["<small>yuan · judgement</small>"]


def test_where_widgets_cannot_be_shown_there_are_the_values_and_the_tables(panel: WhatIfPanel) -> None:
    bundle = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    page = bundle["text/html"]
    for expected in ("double &lt;it&gt;", "Sliders cannot be moved here", "1.0 yuan", "doubled\n[yuan]", "aria-label"):
        assert expected in page
    assert "doubled [yuan]" in bundle["text/plain"]


def test_a_table_shows_its_numbers_alike_and_keeps_its_units_whole() -> None:
    frame = pd.DataFrame(
        {
            "年份": [2025, 2030],
            "结余：差 [亿元]": [-0.0004, 1.25],
            "path: base [100m yuan]": [34443.2, np.nan],
            "": ["–", "a<b"],
        }
    )
    shown = _table(frame)
    for expected in (
        ">2025<",
        ">0.00<",
        ">1.25<",
        ">34,443<",
        ">–<",
        "a&lt;b",
        "结余：\n差\n[亿元]",
        "path:\nbase\n[100m\u00a0yuan]",
    ):
        assert expected in shown
    assert shown.count('class="word"') == 3


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    def stop_halfway() -> None:
        with new_folder(tmp_path / "x") as made:
            (made / "half").touch()
            check_name("No")

    with pytest.raises(DeclarationError):
        stop_halfway()
    assert list(tmp_path.iterdir()) == []


def test_a_bar_takes_shares_and_counts_and_ends_at_the_end() -> None:
    bar = ProgressBar("work")
    bar(0.25, "sampling <x>")
    assert bar.bar.value == 0.25
    assert "25 % sampling &lt;x&gt;" in bar.text.value
    bar(7, None)
    assert "7" in bar.text.value
    bar(1_000, 2_000)
    assert (bar.bar.value, "1,000 / 2,000" in bar.text.value) == (0.5, True)
    bar(1.0, "")
    assert (bar.bar.value, bar.bar.bar_style) == (1.0, "success")


@pytest.mark.slow
def test_the_face_loads_no_widgets_until_a_panel_is_made() -> None:
    program = "import sys, actuary, actuary.report.display; assert not {'ipywidgets', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


# --- payment ------------------------------------------------------------------------------------------------------

STAYS = pd.DataFrame(
    {
        "case_id": list("abcd"),
        "hospital": ["H1", "H1", "H2", "H3"],
        "tier": ["3", "3", "2", "2"],
        "insurance": ["employee", "resident", "employee", "employee"],
        "drg": ["AA19"] * 4,
        "total_cost": ["9000.00", "8000.00", "7000.00", "6000.00"],
    }
)


@pytest.fixture(scope="module")
def suzhou(tmp_path_factory: pytest.TempPathFactory) -> WhatIfPanel:
    return panel_payment(STAYS, "suzhou-2022", lang="en", folder=tmp_path_factory.mktemp("policies"), threads=1)


@pytest.mark.slow
def test_the_sliders_are_the_numbers_that_the_policy_has(suzhou: WhatIfPanel) -> None:
    assert list(suzhou.sliders) == ["rate", "tier_1", "tier_2", "tier_3"]
    assert "declared 1.20" in next(one.unit for one in suzhou.question.sliders if one.id == "tier_3")
    suzhou.reset.click()
    table = suzhou.table.set_index("tier")
    assert table.loc["all", "cases [count]"] == 4
    assert table["difference [10k yuan]"].abs().max() == 0


@pytest.mark.slow
def test_a_rate_a_tenth_higher_pays_a_tenth_more_and_the_tiers_add_up(suzhou: WhatIfPanel) -> None:
    table = suzhou.set(rate=110).table.set_index("tier")
    before, after = table["fund pays: as it stands [10k yuan]"], table["fund pays: moved [10k yuan]"]
    assert after["all"] == pytest.approx(1.1 * before["all"], rel=1e-6)
    assert after.drop("all").sum() == pytest.approx(after["all"])
    assert suzhou.answered_s < 5


@pytest.mark.slow
def test_a_kept_policy_settles_to_what_the_panel_said(suzhou: WhatIfPanel) -> None:
    from actuary.payment.policy_files import load_payment_policy  # noqa: PLC0415
    from actuary.payment.settle import settle_cases  # noqa: PLC0415

    suzhou.set(rate=100, tier_3=1.25).keep("dearer_tier_3")
    assert "actuary settle" in suzhou.message.value
    folder = suzhou.question._folder / "dearer_tier_3"  # type: ignore[attr-defined]
    settled = settle_cases(STAYS, load_payment_policy(folder / "policy.toml"))
    said = suzhou.table.set_index("tier").loc["all", "fund pays: moved [10k yuan]"]
    assert settled.fund_total_fen == round(said * 1e6)
    suzhou.keep("dearer_tier_3")
    assert "nothing is written over" in suzhou.message.value
    suzhou.reset.click()
    suzhou.keep("nothing")
    assert "at least one slider moved" in suzhou.message.value


@pytest.mark.slow
def test_a_policy_without_prices_is_taught() -> None:
    with pytest.raises(ActuaryError):
        panel_payment(STAYS, "anyang-2021")


# --- the funds ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> WhatIfPanel:
    return panel_fund("national", to="2035Q4", lang="en", folder=tmp_path_factory.mktemp("models") / "own")


@pytest.mark.slow
def test_a_higher_rate_leaves_more_and_reset_leaves_the_base(nation: WhatIfPanel) -> None:
    column = "balance in months of spending: difference [months]"
    assert nation.table[column].abs().max() == 0
    more = nation.set(employer_rate=1).table
    employee = more[more["scheme"] == "employee pool"]
    assert employee[column].is_monotonic_increasing
    assert employee[column].iloc[-1] > 1
    assert more[more["scheme"] == "residents"][column].abs().max() == pytest.approx(0, abs=1e-9)
    assert "Employer contribution rate +1.0 percentage points" in nation.shown.value
    assert "no forecast" in nation.shown.value
    assert 'role="img"' in nation.figure.value
    nation.reset.click()
    assert nation.table[column].abs().max() == 0


@pytest.mark.slow
def test_a_kept_scenario_is_read_by_the_same_model(nation: WhatIfPanel) -> None:
    from actuary.fund.model.face import load_model  # noqa: PLC0415
    from actuary.policy.check import check_file  # noqa: PLC0415

    asked = nation.set(retirement_age=2, retirement_step=0.8, cost_trend=-0.5).table
    nation.keep("later_and_calmer")
    root = nation.question._folder  # type: ignore[attr-defined]
    assert f"actuary project --model national --scenario later_and_calmer --models {root}" in nation.message.value
    assert check_file(root / "scenarios" / "later_and_calmer.toml") == []
    run = load_model("national", models=root).project(to="2035Q4", scenario="later_and_calmer")
    annual = run.annual("employee").set_index("year")
    months = annual["pooled_balance_end_yuan"] / annual["pooled_expenditure_yuan"] * 12
    said = asked[asked["scheme"] == "employee pool"].set_index("year")["balance in months of spending: moved [months]"]
    assert months.loc[2035] == pytest.approx(said.loc[2035], rel=1e-9)
    nation.keep("later_and_calmer")
    assert "nothing is written over" in nation.message.value


@pytest.mark.slow
def test_a_place_that_lacks_inputs_is_taught_and_so_is_an_unknown_one() -> None:
    with pytest.raises(DeclarationError):
        panel_fund("anyang")
    with pytest.raises(UnknownNameError):
        panel_fund("shenyangg")


# --- thresholds ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> WhatIfPanel:
    folder = tmp_path_factory.mktemp("rules") / "own"
    return panel_warnings("national", "2024Q4", rules=("PR-1", "PR-9"), lang="en", folder=folder)


@pytest.mark.slow
def test_a_threshold_that_moves_changes_the_level(watch: WhatIfPanel) -> None:
    watch.reset.click()
    key = "pr_1_payable_months_6"
    assert next(one for one in watch.question.sliders if one.id == key).unit == "months"
    found = watch.set(**{key: 10}).table.set_index(["rule", "scheme"])
    assert found.loc[("PR-1", "resident"), "as declared"] == "normal"
    assert found.loc[("PR-1", "resident"), "moved"] == "yellow"
    past = list(watch.tables.values())[1].set_index(["rule", "scheme"])
    assert past.loc[("PR-1", "resident"), "raised: moved [years]"] > 0
    assert "judgement" in watch.shown.value


@pytest.mark.slow
def test_levels_that_would_overlap_are_refused(watch: WhatIfPanel) -> None:
    watch.reset.click()
    watch.set(pr_9_growth_gap_10=5)
    assert "move the neighbouring threshold too" in watch.message.value
    watch.reset.click()
    assert watch.message.value == ""


@pytest.mark.slow
def test_kept_rules_give_the_level_that_the_panel_showed(watch: WhatIfPanel) -> None:
    from actuary.policy import load_alert_rules  # noqa: PLC0415

    watch.reset.click()
    watch.set(pr_1_payable_months_6=10).keep("earlier")
    root = watch.question._folder  # type: ignore[attr-defined]
    assert f"actuary warn --city national --models {root}" in watch.message.value
    rule = next(one for one in load_alert_rules(root) if one.id == "PR-1")
    assert rule.level({"payable_months": 9.2, "current_balance_yuan": 1.0}) == "yellow"
    kept = {one.id: one for one in load_alert_rules(root)}
    for other in load_alert_rules():
        assert other.id == "PR-1" or kept[other.id] == other


@pytest.mark.slow
def test_an_unknown_rule_or_region_is_taught() -> None:
    with pytest.raises(UnknownNameError, match="PR-1"):
        panel_warnings("national", rules=("PR-1x",))
    with pytest.raises(UnknownNameError):
        panel_warnings("shenyangg")
