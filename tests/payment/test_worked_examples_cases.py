"""Worked examples of single cases: each is settled under the shipped policy of its city, completed with its inputs.

An example names what its city has not published (a group's weight and mean, a coefficient, a price); the test writes
that into a policy that extends the city's, as a user does, and settles a table of one case.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from actuary.payment.exact import as_fraction, fen_to_yuan, round_to, yuan_to_fen
from actuary.payment.month_results import MonthResult, value_of_points
from actuary.payment.paid_classes import PaidClass
from actuary.payment.point_value import divide_by_points
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle import settle_cases
from actuary.payment.settlement import Settlement
from actuary.payment.standards import payment_standards

Inputs = Mapping[str, Any]

HOSPITAL = "H1"
_CASE = {"case_id": ["a"], "hospital": [HOSPITAL], "tier": ["3"], "insurance": ["resident"], "drg": ["G"]}


def _settle(
    folder: Path, base: str, *, text: str = "", weights: str = "", cases: Mapping[str, Any] | None = None
) -> Settlement:
    """Settle one case, or several of one hospital, under a shipped policy completed with `text` and a weight table."""
    path = folder / "completed.toml"
    (folder / "weights.csv").write_text(weights, encoding="utf-8")
    table = '[weights]\nfile = "weights.csv"\n' if weights else ""
    path.write_text(f'extends = "{base}"\n{text}\n{table}', encoding="utf-8")
    policy = load_payment_policy(path)
    frame = pd.DataFrame(
        {
            "case_id": ["a"],
            "hospital": [HOSPITAL],
            "tier": ["3"],
            "insurance": ["resident"],
            "drg": ["G"],
            **(cases or {}),
        }
    )
    frame["case_id"] = [f"c{number}" for number in range(len(frame))]
    budget = None if policy.price.mode == "fixed" else 1_000_000
    return settle_cases(frame, policy, budget=budget, threads=1)


def _points(settled: Settlement, case: int = 0) -> Fraction:
    assert settled.paid[case], settled.to_frame()
    return Fraction(int(settled.points[case]), 10**settled.point_places)


def _paid(settled: Settlement) -> Decimal:
    assert settled.paid[0], settled.to_frame()
    return fen_to_yuan(int(settled.standard_fen[0]))


def _hospital_factor(value: object) -> str:
    return f'[coefficient]\nform = "hospital"\nhospital = {{ {HOSPITAL} = {value} }}\n'


def _demotion(inputs: Inputs, folder: Path) -> dict[str, object]:
    # Every digit of the two standards, because the difference is rounded, not they.
    (folder / "exact.toml").write_text('extends = "chongqing-2025"\n[rounding]\nstandard = "none"\n', encoding="utf-8")
    rows = payment_standards(load_payment_policy(folder / "exact.toml"), hospital="tcm_tier_2").rows
    amounts = {row.drg: as_fraction(row.amount) for row in rows}
    return {"payment_difference": round_to(amounts[inputs["from_group"]] - amounts[inputs["to_group"]], 2)}


def _songyuan(inputs: Inputs, folder: Path) -> dict[str, object]:
    weights = f"group,rw,mean_cost\nG,{inputs['base_score']},{inputs['group_mean_cost']}\n"
    cases = {"hospital": ["sample_hospital"], "total_cost": [inputs["case_cost"]]}
    settled = _settle(folder, "songyuan-dip", weights=weights, cases=cases)
    row = settled.policy.weight_table.row("G", "3")
    assert row is not None
    assert row.mean_cost is not None
    factor = settled.policy.coefficient.hospital["sample_hospital"]
    standard_cost = round_to(as_fraction(row.mean_cost) * as_fraction(factor), 2)
    month = MonthResult(yuan_to_fen(inputs["case_cost"]), int(standard_cost * 100))
    return {
        "score": _points(settled),
        "payment": _paid(settled),
        "standard_cost": standard_cost,
        "cost_ratio_percent": round_to(Fraction(100 * month.cost_fen, month.standard_fen), 2),
        "cost_minus_standard": -fen_to_yuan(month.gain_fen),
        "profit": fen_to_yuan(int(settled.payers.gain_fen[0])),
        "case_class": list(PaidClass)[settled.class_code[0]].value,
    }


def _dingzhou(inputs: Inputs, folder: Path) -> dict[str, object]:
    settled = _settle(folder, "dingzhou-drg", cases={"drg": [inputs["group"]], "total_cost": [inputs["case_cost"]]})
    return {
        "payment_standard": _paid(settled),
        "profit": fen_to_yuan(int(settled.payers.gain_fen[0])),
        "case_class": list(PaidClass)[settled.class_code[0]].value,
    }


def _point_value(inputs: Inputs, _folder: Path) -> dict[str, object]:
    value = divide_by_points(inputs["budget"], inputs["total_points"])
    payment = value_of_points(inputs["case_points"], value)
    return {
        "point_value": value,
        "payment": fen_to_yuan(payment),
        "profit": fen_to_yuan(MonthResult(yuan_to_fen(inputs["case_cost"]), payment).gain_fen),
    }


def _dip(inputs: Inputs, folder: Path, *, rule_set: str) -> dict[str, object]:
    group = inputs.get("group", "G")
    weights = f"group,rw,mean_cost\n{group},{inputs['group_score']},{inputs['group_mean_cost']}\n"
    text = _hospital_factor(inputs.get("hospital_factor", 1)) + '[price]\nmode = "fixed"\nrate = [{ value = 10 }]\n'
    if rule_set == "hubei_dip":
        means = folder / "means.csv"
        means.write_text(f"group,tier,mean_cost\n{group},3,{inputs['group_mean_cost']}\n", encoding="utf-8")
        text += '[ratio]\ngroup_means = "means.csv"\n'
    cases = {"drg": [group], "total_cost": [inputs["case_cost"]], "supplement": [inputs.get("supplement", "1")]}
    base = {"hubei_dip": "hubei-dip", "jining_dip": "jining-dip"}[rule_set]
    return {"score": _points(_settle(folder, base, text=text, weights=weights, cases=cases))}


def _points_case(inputs: Inputs, folder: Path, *, rule_set: str) -> dict[str, object]:
    points = Decimal(inputs.get("base_points", "100")) / 100
    mean = inputs.get("group_mean_cost", "8000")
    weights = f"group,rw,mean_cost\nG,{points},{mean}\n"
    factor = inputs.get("difference_coef", inputs.get("cost_coef", 1))
    text = "class = []\n" + _hospital_factor(factor)
    text += f"[bed_day]\npoints_per_day = {inputs.get('bed_day_points', 1)}\n"
    if rule_set == "jinhua/2017":
        text = text.replace("[coefficient]\n", "[coefficient]\nfrom_cases = false\n")
        text += '[readmission]\ndays = 10\nsame_group = true\neffect = "halve_earlier"\n'
    cases = {
        "total_cost": [inputs.get("case_cost", mean)],
        "incomplete": [0 if inputs.get("complete", True) else 1],
        "bed_day": [1 if "bed_day_points" in inputs else 0],
        "los_days": [inputs.get("days", 8)],
        "person_key": ["p"],
        "admission_date": ["2024-03-01"],
        "discharge_date": ["2024-03-09"],
    }
    return {"points": _points(_settle(folder, rule_set.replace("/", "-"), text=text, weights=weights, cases=cases))}


def _readmission(inputs: Inputs, folder: Path) -> dict[str, object]:
    rw = Decimal(inputs["previous_points"]) / 100
    text = f"class = []\n{_hospital_factor(1)}[bed_day]\npoints_per_day = 1\n"
    days = pd.Timestamp("2024-03-09") + pd.Timedelta(days=inputs["days_between"])
    cases = {
        "case_id": ["a", "b"],
        "drg": ["G", "G"],
        "hospital": [HOSPITAL] * 2,
        "tier": ["3"] * 2,
        "insurance": ["resident"] * 2,
        "total_cost": ["8000", "8000"],
        "person_key": ["p", "p"],
        "admission_date": ["2024-03-01", f"{days:%Y-%m-%d}"],
        "discharge_date": ["2024-03-09", f"{days + pd.Timedelta(days=5):%Y-%m-%d}"],
    }
    settled = _settle(folder, "zhejiang-2019", text=text, weights=f"group,rw,mean_cost\nG,{rw},8000\n", cases=cases)
    assert _points(settled, 1) == as_fraction(inputs["previous_points"])
    return {"previous_points_after": _points(settled)}


_PRICE = '[price]\nmode = "fixed"\nrate = [{{ value = {} }}]\n'


def _high(inputs: Inputs, folder: Path, *, rule_set: str) -> dict[str, object]:
    if rule_set == "panjin":
        # The factor Z is the coefficient times the control factor, price / (overall mean / scale), with a scale of 1.
        overall = Decimal("5270.76")
        mean, cap = Decimal(inputs["group_mean_cost"]), Decimal(inputs["cap"])
        (folder / "weights.csv").write_text(f"group,rw,mean_cost\nG,{mean / overall},{mean}\n", encoding="utf-8")
        text = (
            _PRICE.format(Decimal(inputs["zero_ratio"]) * overall)
            + '[coefficient]\nform = "tier"\ntier = { "*" = 1 }\n'
            + f'[weights]\noverall_mean_cost = {overall}\nfile = "weights.csv"\n'
        )
        settled = _settle_text(folder, "points-cap", text, {"total_cost": [f"{mean * (cap + 1):.2f}"]})
        return {"payment": _paid(settled)}
    factor = f'[coefficient]\nform = "tier"\ntier = {{ "*" = {inputs["factor"]} }}\n'
    # Costs and means a thousandfold leave every ratio as it is, and bring a cost of parts of a fen to whole fen.
    mean = Decimal(inputs.get("city_mean_cost", "5000")) * 1000
    group_mean = mean * Decimal(inputs["rw"])
    (folder / "weights.csv").write_text(f"group,rw,mean_cost\nG,{inputs['rw']},{group_mean}\n", encoding="utf-8")
    cost = Decimal(inputs["case_cost"]) * 1000 if "case_cost" in inputs else group_mean * Decimal(inputs["ratio"])
    base = {"dazhou_like": "points-linear", "zhoukou_historical": "zhoukou-earlier"}[rule_set]
    table = f'[weights]\noverall_mean_cost = {mean}\nfile = "weights.csv"\n'
    text = _PRICE.format(inputs["point_value"]) + factor + table
    settled = _settle_text(folder, base, text, {"total_cost": [f"{cost:.2f}"]})
    return {"points": _points(settled), "payment": _paid(settled)}


def _settle_text(folder: Path, base: str, text: str, cases: Mapping[str, Any]) -> Settlement:
    path = folder / "completed.toml"
    path.write_text(f'extends = "{base}"\n{text}', encoding="utf-8")
    frame = pd.DataFrame({**_CASE, **cases})
    return settle_cases(frame, load_payment_policy(path), threads=1)


def _low(inputs: Inputs, folder: Path) -> dict[str, object]:
    # A group whose weight is its mean over the city's, as everywhere.
    weights = f"group,rw,mean_cost\nG,0.9,{Decimal(inputs['city_mean_cost']) * Decimal('0.9')}\n"
    settled = _settle(folder, "zhoukou-2026", weights=weights, cases={"total_cost": [inputs["case_cost"]]})
    assert as_fraction(settled.policy.weights.overall_mean_cost or 0) == as_fraction(inputs["city_mean_cost"])
    return {"points": _points(settled), "payment": _paid(settled)}


def _fund_payable(inputs: Inputs, folder: Path) -> dict[str, object]:
    text = _PRICE.format(inputs["standard"]) + '[settlement]\nfund_payable = "by_ratio"\n[coefficient]\nform = "none"\n'
    cases = {
        "total_cost": [inputs["standard"]],
        "fully_self_paid": [inputs["fully_self_paid"]],
        "first_self_paid": [inputs["first_self_paid"]],
        "deductible_paid": [inputs["deductible"]],
        "policy_ratio": [inputs["policy_ratio"]],
    }
    (folder / "weights.csv").write_text("group,rw\nG,1.0000\n", encoding="utf-8")
    path = folder / "rate.toml"
    path.write_text(
        '[policy]\nid = "rate"\nschema = 1\nfamily = "rate"\nprovenance = [{ field = "*", source = "judgement" }]\n'
        f'[rounding]\nmoney = 2\nmode = "half_up"\n[weights]\nfile = "weights.csv"\nscale = 1\n{text}',
        encoding="utf-8",
    )
    frame = pd.DataFrame({**_CASE, **cases})
    settled = settle_cases(frame, load_payment_policy(path), threads=1)
    return {"fund_payable": fen_to_yuan(int(settled.payers.fund_fen[0]))}


#: Topics computed in this file.
TOPICS: dict[str, Callable[..., dict[str, object]]] = {
    "tcm_demotion": _demotion,
    "dip_case": _songyuan,
    "drg_case": _dingzhou,
    "point_value": _point_value,
    "dip_deviation": _dip,
    "points_case": _points_case,
    "readmission": _readmission,
    "high_case": _high,
    "low_case": _low,
    "hospital_payment": _fund_payable,
}
_NEED_RULE_SET = ("dip_deviation", "points_case", "high_case")


@pytest.mark.reference
@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_examples_of_a_topic_are_settled_as_printed(topic: str, reference: Path, tmp_path: Path) -> None:
    content = json.loads((reference / "settlement" / "worked_examples.json").read_text(encoding="utf-8"))
    examples = [item for key in ("examples", "derived_examples") for item in content[key] if item["topic"] == topic]
    assert examples, f"no example of the topic {topic}: it was renamed or taken out"
    for example in examples:
        folder = tmp_path / example["id"]
        folder.mkdir()
        options = {"rule_set": example["rule_set"]} if topic in _NEED_RULE_SET else {}
        found = TOPICS[topic](example["inputs"], folder, **options)
        room = Fraction(example["tolerance"].get("abs", "0"))
        for key, expected in example["expected"].items():
            if key == "case_class":
                assert found[key] == expected, example["id"]
            else:
                exact = Fraction(str(found[key]))
                assert abs(exact - Fraction(str(expected))) <= room, (example["id"], key, found[key], expected)
