"""Every worked example of the reference folder is computed by the package, and none is left without a test.

``TOPICS`` of this file, and of every other ``test_worked_examples_*.py`` beside it, names the topics it computes; an
example whose topic nobody names fails.
"""

from __future__ import annotations

import ast
import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actuary.payment.apportion import divide_pool
from actuary.payment.bands import settle_quota
from actuary.payment.coefficients import CoefficientRule, compute_coefficients
from actuary.payment.exact import as_fraction, fen_to_yuan, round_to, yuan_to_fen
from actuary.payment.hospital_indicators import case_mix_index
from actuary.payment.method_files import load_method_rules
from actuary.payment.methods.audit_sample import required_sample
from actuary.payment.methods.bed_day import bed_day_amount
from actuary.payment.methods.capitation import programme_cost
from actuary.payment.methods.dip import group_score, settlement_value, weighted_mean_cost
from actuary.payment.methods.new_technology import NewTechnology, weigh_technology
from actuary.payment.methods.procurement import (
    Purchase,
    retain_surplus,
    returned_surplus,
    saving,
    turnover_leverage,
)
from actuary.payment.month_results import MonthResult, average_per_case, value_of_points
from actuary.payment.point_value import control_factor
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.scheme_quality import grouping_quality
from actuary.payment.trimming import CostMoments
from actuary.policy import load_policy_book
from actuary.units import convert

Inputs = Mapping[str, Any]


def _fen(inputs: Inputs, key: str) -> int:
    return yuan_to_fen(inputs[key])


def _month_totals(inputs: Inputs) -> dict[str, object]:
    if "months" in inputs:
        gains = [MonthResult(0, yuan_to_fen(gain)).gain_fen for gain in inputs["months"]]
        return {"total": fen_to_yuan(sum(gains))}
    month = MonthResult(
        _fen(inputs, "total_cost"),
        _fen(inputs, "total_payment_standard"),
        cases=inputs["cases"],
        adjustment_fen=yuan_to_fen(inputs.get("official_adjustment", 0)),
    )
    gain = fen_to_yuan(month.gain_fen)
    return {
        "surplus": gain,
        "formula_surplus": gain,
        "official_surplus": fen_to_yuan(month.official_gain_fen),
        "mean_cost": fen_to_yuan(month.mean_cost_fen),
    }


def _per_case(inputs: Inputs) -> dict[str, object]:
    return {"mean_surplus": fen_to_yuan(average_per_case(_fen(inputs, "total_surplus"), inputs["cases"]))}


def _hospital_month(inputs: Inputs) -> dict[str, object]:
    cost = yuan_to_fen(Decimal(inputs["cost_10k"]) * 10_000)
    month = MonthResult(cost, value_of_points(inputs["points"], inputs["point_value"]))
    return {
        "payment_10k": round_to(Fraction(month.standard_fen, 1_000_000), 2),
        "difference_percent": round_to(100 * (month.gain_over_cost or 0), 2),
    }


def _share(inputs: Inputs) -> dict[str, object]:
    shares = divide_pool(1_000_000, [inputs["part"], inputs["whole"] - inputs["part"]]).shares_fen
    return {"percent": round_to(Fraction(shares[0], 10_000), 2)}


def _score_value(inputs: Inputs) -> dict[str, object]:
    return {"amount": fen_to_yuan(value_of_points(inputs["total_score"], inputs["point_value"]))}


def _profit(inputs: Inputs) -> dict[str, object]:
    return {"profit": fen_to_yuan(MonthResult(_fen(inputs, "case_cost"), _fen(inputs, "standard")).gain_fen)}


def _turnover(inputs: Inputs) -> dict[str, object]:
    return {"leverage": turnover_leverage(inputs["turnover_fund_10k"], inputs["purchases_10k"])}


def _vaccination(inputs: Inputs) -> dict[str, object]:
    rule = load_method_rules("shenyang-vaccination").section("programme")
    declared = {"vaccine_unit": rule.price_yuan, "injection_unit": rule.fee_yuan, "fund_share": rule.fund_share}
    assert declared == {key: Decimal(inputs[key]) for key in declared}
    prices = (rule.price_yuan, rule.fee_yuan)
    cost = programme_cost(int(inputs["insured"]), prices, fund_share=rule.fund_share)
    return {"fund_cost_100m": convert(fen_to_yuan(cost), "yuan", "100m_yuan")}


def _stents(inputs: Inputs) -> dict[str, object]:
    per_case, total = saving(inputs["cases"], inputs["cost_before"], inputs["cost_after"])
    return {"saving_per_case": per_case, "total_saving_10k": total / 10_000}


def _retention(inputs: Inputs) -> dict[str, object]:
    book = load_policy_book("national").on(dt.date(2021, 1, 1))
    share = as_fraction(str(book["procurement.surplus_retention_max"]))
    assert share == as_fraction(inputs["share"])
    purchase = Purchase(
        inputs["base_volume"],
        inputs["price_before"],
        selected_volume=inputs["base_volume"],
        price_after=inputs["price_after"],
        other_spend_yuan=inputs["non_selected_spend"],
    )
    kept = retain_surplus(
        purchase, fund_share=inputs["fund_ratio"], retain_share=share, assessment=inputs["assessment"]
    )
    return {
        "budget": fen_to_yuan(kept.budget_fen),
        "retention_base": fen_to_yuan(kept.base_fen),
        "retained": fen_to_yuan(kept.retained_fen),
    }


def _quota(inputs: Inputs) -> dict[str, object]:
    rule = load_method_rules("taicang-quota").section("quota")
    outcome = settle_quota(_fen(inputs, "quota"), _fen(inputs, "spend"), **rule.model_dump())
    return {"fund_pays": fen_to_yuan(outcome.fund_pays_fen), "reward": fen_to_yuan(outcome.reward_fen)}


def _bed_day(inputs: Inputs) -> dict[str, object]:
    rule = load_method_rules("chongqing-psychiatry").section("bed_day")
    assert [row.value for row in rule.tariff if row.tier == inputs["tier"]] == [Decimal(inputs["rate_per_day"])]
    return {"payment": fen_to_yuan(bed_day_amount(inputs["days"], rule, tier=inputs["tier"]))}


def _audit_sample(inputs: Inputs) -> dict[str, object]:
    policy = load_payment_policy("shenyang-2021", partial_ok=True)
    assert policy.audit is not None
    amount = fen_to_yuan(required_sample(_fen(inputs, "annual_pooled_spend"), policy.audit.sample))
    return {"min_inpatient_sample": amount, "min_sample": amount}


def _conservation(inputs: Inputs) -> dict[str, object]:
    divided = divide_pool(_fen(inputs, "budget"), [as_fraction(point) for point in inputs["points"]])
    return {
        "rounded": [fen_to_yuan(share) for share in divided.shares_fen],
        "residual": fen_to_yuan(divided.residual_fen),
    }


def _settlement_value(inputs: Inputs) -> dict[str, object]:
    value = settlement_value(inputs["fund"], inputs["total_score"], fund_share=inputs["fund_share"])
    return {"point_value": value}


def _control(inputs: Inputs) -> dict[str, object]:
    factor = control_factor(inputs["point_value"], inputs["city_mean_cost"], scale=inputs["scale"])
    return {"control_factor": round_to(factor, 3)}


def _dip_weight(inputs: Inputs) -> dict[str, object]:
    years = load_method_rules("national-dip_years").section("score_years").year_weights
    assert list(years) == [Decimal(weight) for weight in inputs["year_weights"]]
    mean = weighted_mean_cost(inputs["means"], years)
    return {"group_mean": mean, "rw": group_score(mean, inputs["overall_mean"])}


def _base_points(inputs: Inputs) -> dict[str, object]:
    return {"base_points": group_score(inputs["group_mean_cost"], inputs["city_mean_cost"], scale=100)}


def _cost_coefficient(inputs: Inputs) -> dict[str, object]:
    city, own = _fen(inputs, "city_group_mean"), _fen(inputs, "hospital_group_mean")
    # Two hospitals of one case each, whose mean is the city's.
    found = compute_coefficients(
        np.array([0, 0]),
        np.array([0, 1]),
        np.array([own, 2 * city - own]),
        keep=np.ones(2, dtype=bool),
        names=(["G"], ["H1", "H2"]),
        weights=[Fraction(1)],
        rule=CoefficientRule(form="group_hospital"),
    )
    return {"cost_coef": found.cells[0].coef}


def _cmi(inputs: Inputs) -> dict[str, object]:
    return {"cmi": round_to(case_mix_index(inputs["total_weight"], inputs["cases"]) or 0, 2)}


def _riv(inputs: Inputs) -> dict[str, object]:
    groups = [CostMoments(len(g), sum(g), sum(cost * cost for cost in g)) for g in inputs["groups"]]
    return {"riv": grouping_quality(groups, sd="sample").riv}


#: Topics computed in this file.
TOPICS: dict[str, Callable[[Inputs], dict[str, object]]] = {
    "monthly_settlement_totals": _month_totals,
    "per_case_average": _per_case,
    "hospital_month": _hospital_month,
    "share": _share,
    "score_times_value": _score_value,
    "case_profit": _profit,
    "procurement_turnover": _turnover,
    "fund_projection": _vaccination,
    "procurement_saving": _stents,
    "procurement_retention": _retention,
    "overspend_share": _quota,
    "saving_share": _quota,
    "bed_day": _bed_day,
    "audit_sample": _audit_sample,
    "conservation": _conservation,
    "dip_point_value": _settlement_value,
    "point_control_factor": _control,
    "dip_weight": _dip_weight,
    "base_points": _base_points,
    "hospital_coef": _cost_coefficient,
    "cmi": _cmi,
    "indicator": _riv,
}


def _examples(reference: Path) -> list[dict[str, Any]]:
    content = json.loads((reference / "settlement" / "worked_examples.json").read_text(encoding="utf-8"))
    return [*content["examples"], *content["derived_examples"]]


def _topics_of(path: Path) -> set[str]:
    """Return the topics that a test file names in its table TOPICS."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        target = (
            node.target
            if isinstance(node, ast.AnnAssign)
            else node.targets[0]
            if isinstance(node, ast.Assign)
            else None
        )
        if isinstance(target, ast.Name) and target.id == "TOPICS":
            value = node.value
            keys = value.keys if isinstance(value, ast.Dict) else getattr(value, "elts", ())
            return {key.value for key in keys if isinstance(key, ast.Constant)}
    return set()


def _agrees(found: Any, expected: Any, tolerance: Mapping[str, str]) -> bool:
    if isinstance(expected, list):
        return len(found) == len(expected) and all(
            _agrees(one, other, tolerance) for one, other in zip(found, expected, strict=True)
        )
    wanted = Fraction(str(expected))
    exact = Fraction(str(found)) if isinstance(found, float) else as_fraction(found)
    room = Fraction(tolerance.get("abs", "0")) + abs(wanted) * Fraction(tolerance.get("rel", "0"))
    return abs(exact - wanted) <= room


@pytest.mark.reference
@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_package_computes_the_examples_of_a_topic(topic: str, reference: Path) -> None:
    examples = [example for example in _examples(reference) if example["topic"] == topic]
    assert examples, f"no example of the topic {topic}: it was renamed or taken out"
    for example in examples:
        found = TOPICS[topic](example["inputs"])
        for key, expected in example["expected"].items():
            assert _agrees(found[key], expected, example["tolerance"]), (example["id"], key, found[key], expected)


@pytest.mark.reference
def test_every_example_is_computed_by_a_test(reference: Path) -> None:
    named = {topic for path in Path(__file__).parent.glob("test_worked_examples*.py") for topic in _topics_of(path)}
    uncovered = {example["topic"]: example["id"] for example in _examples(reference) if example["topic"] not in named}
    assert not uncovered


def test_new_drug_is_weighed_against_what_it_saves() -> None:
    # Published: a drug that costs 145 yuan and saves 362 yuan, in 554 cases.
    benefit = weigh_technology([NewTechnology("any", 554, added_yuan=145, saved_yuan=362)])[0]
    assert benefit.total_yuan == 120_218
    assert benefit.hospital_yuan == 120_218


def test_half_of_the_surplus_on_stents_goes_back_to_hospitals() -> None:
    share = load_policy_book("anyang").on(dt.date(2021, 12, 31))["procurement.surplus_share_to_hospital"]
    total = saving(3362, 45988, 27814)[1]
    assert fen_to_yuan(returned_surplus(yuan_to_fen(total), hospital_share=str(share))) == Decimal("30550494.00")
