"""Every published payment standard is computed: from the shipped policies, and from policies that a stranger writes."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from actuary.payment.exact import round_to
from actuary.payment.methods.dip import group_score
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.standards import PaymentStandards, payment_standards

#: Topics of the worked examples that this file computes.
TOPICS = {"rate_payment_standard", "relative_weight"}

CITIES = (
    "beijing-2022",
    "jilin-2022",
    "lanzhou-2022",
    "linyi-2022",
    "qingdao-2023",
    "suzhou-2022",
    "taizhou-2022",
    "wuhan-2022",
    "wuxi-2022",
    "xian-2020",
    "yancheng-2022",
)
AMOUNTS = 14_380

pytestmark = pytest.mark.reference


@pytest.fixture(scope="module")
def golden(reference: Path) -> dict[str, list[dict[str, str]]]:
    rows: dict[str, list[dict[str, str]]] = {}
    with (reference / "settlement" / "city_payment_golden.csv").open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            rows.setdefault(f"{row['city']}-{row['year']}", []).append(row)
    return rows


@pytest.fixture(scope="module")
def parameters(reference: Path) -> dict[str, Any]:
    text = (reference / "settlement" / "city_payment_params.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return {name.replace("/", "-"): rules for name, rules in content["rule_sets"].items()}


def _tolerance(name: str, rules: Mapping[str, Any]) -> Decimal:
    """Return how far an amount may be off, as the parameter file words it."""
    if name == "beijing-2022":
        return Decimal("0.5") + Decimal("0.005") * Decimal(rules["rates"][0]["rate"])
    if name == "lanzhou-2022":
        return Decimal(0)
    return Decimal(rules.get("abs_tol", "0.005"))


def _differences(
    standards: PaymentStandards, rows: Sequence[Mapping[str, str]], tolerance: Decimal
) -> Iterator[tuple[str, str, str, str]]:
    found = {(row.drg, row.tier, row.insurance): row for row in standards.rows}
    for row in rows:
        key = (row["group_code"], row["tier"], row["insurance"])
        standard = found.get(key)
        if standard is None:
            yield (*key, "no standard")
            continue
        pairs = [(standard.amount, row["published_amount"])]
        pairs += [(getattr(standard, line), row[line]) for line in ("low_threshold", "high_threshold") if row[line]]
        for amount, published in pairs:
            if amount is None or abs(amount - Decimal(published)) > tolerance:
                yield (*key, f"{amount} for {published}")


def test_the_table_is_whole(golden: dict[str, list[dict[str, str]]]) -> None:
    assert sorted(golden) == list(CITIES)
    assert sum(len(rows) for rows in golden.values()) == AMOUNTS


@pytest.mark.parametrize("name", CITIES)
def test_shipped_policy_prints_what_the_city_published(
    name: str, golden: dict[str, list[dict[str, str]]], parameters: dict[str, Any]
) -> None:
    standards = payment_standards(name)
    assert list(_differences(standards, golden[name], _tolerance(name, parameters[name]))) == []
    # Nothing is priced that the city did not print.
    assert len(standards.rows) == len(golden[name])


def _write_policy(folder: Path, name: str, rows: Sequence[Mapping[str, str]], rules: Mapping[str, Any]) -> Path:
    """Write the policy as someone does who has the city's table and its rates, and nothing of this package."""
    weights = {row["group_code"]: (row["rw"], row["mark"]) for row in rows}
    lines = ["group,rw,mark", *(f"{group},{rw},{mark}" for group, (rw, mark) in weights.items())]
    (folder / "weights.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rates = ", ".join(
        f'{{ tier = "{rate["tier"].replace("all", "*")}", scheme = "{rate["insurance"].replace("all", "*")}", '
        f"value = {rate['rate']} }}"
        for rate in rules["rates"]
    )
    money, standard = {"lanzhou-2022": ("2", None), "beijing-2022": ("0", None)}.get(name, ("2", '"none"'))
    text = f"""
[policy]
id = "{name}"
schema = 1
family = "rate"
provenance = [{{ field = "*", source = "the table of the city", tag = "D" }}]
[rounding]
money = {money}
{f"standard = {standard}" if standard else ""}
mode = "half_up"
[weights]
file = "weights.csv"
scale = 1
[weights.special]
placeholder_one = "accept"
{f'ungrouped = {{ "0000" = {rules["ungrouped_rw"]} }}' if "ungrouped_rw" in rules else ""}
[price]
mode = "fixed"
represents = "total_cost"
rate = [{rates}]
"""
    if any(row["coef"] for row in rows):
        table = [f"{row['group_code']},{row['tier']},{row['coef']}" for row in rows]
        (folder / "coefficients.csv").write_text("group,tier,coef\n" + "\n".join(table) + "\n", encoding="utf-8")
        text += '[coefficient]\nform = "group_tier"\nfile = "coefficients.csv"\n'
    if "base_group_rule" in rules:
        text += '[coefficient.base_group]\nmechanism = "lowest_tier_rate"\n'
    if "low_ratio" in rules:
        text += f"""
[ratio]
denominator = "standard"
[[class]]
name = "low"
op = "<"
k = {rules["low_ratio"]}
pay = "actual"
[[class]]
name = "high"
op = ">"
k = {rules["high_ratio"]}
pay = "standard"
"""
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", CITIES)
def test_strangers_policy_prints_the_same(
    name: str, golden: dict[str, list[dict[str, str]]], parameters: dict[str, Any], tmp_path: Path
) -> None:
    path = _write_policy(tmp_path, name, golden[name], parameters[name])
    standards = payment_standards(load_payment_policy(path))
    assert list(_differences(standards, golden[name], _tolerance(name, parameters[name]))) == []


def test_every_weight_of_yulin_is_its_mean_over_the_overall_mean(reference: Path) -> None:
    policy = load_payment_policy("yulin-2022", partial_ok=True)
    overall, places = policy.weights.overall_mean_cost, policy.rounding.weight
    assert overall is not None
    computed = {
        row.group: round_to(group_score(row.mean_cost, overall), places, policy.rounding.mode)
        for row in policy.weight_table
        if row.mean_cost is not None
    }
    with (reference / "settlement" / "yulin_2022_weight_golden.csv").open(encoding="utf-8", newline="") as stream:
        printed = {row["group_code"]: row["published_rw"] for row in csv.DictReader(stream) if row["published_rw"]}
    assert len(printed) == 979
    assert {group: computed[group] for group in printed} == {group: Fraction(rw) for group, rw in printed.items()}


def _standard_of_example(rule_set: str, inputs: Mapping[str, Any], folder: Path) -> dict[str, object]:
    name = rule_set.replace("/", "-")
    if rule_set == "aG-DRG":
        (folder / "weights.csv").write_text(f"group,rw\nF17B,{inputs['rw']}\n", encoding="utf-8")
        path = folder / "foreign.toml"
        path.write_text(
            '[policy]\nid = "foreign"\nschema = 1\nfamily = "rate"\n'
            'provenance = [{ field = "*", source = "catalogue" }]\n'
            '[rounding]\nmoney = 2\nmode = "half_up"\n[weights]\nfile = "weights.csv"\nscale = 1\n'
            f'[price]\nmode = "fixed"\nrate = [{{ value = {inputs["rate"]} }}]\n',
            encoding="utf-8",
        )
        row = payment_standards(load_payment_policy(path)).rows[0]
        return {"payment": row.amount}
    if name == "chongqing-2025":
        found = payment_standards(name, hospital="tcm_tier_2").rows
    else:
        found = payment_standards(name).rows
    tier, insurance = inputs.get("tier", "2"), inputs.get("insurance", "all")
    row = next(row for row in found if (row.drg, row.tier, row.insurance) == (inputs["group"], tier, insurance))
    return {
        "payment_standard": row.amount,
        "low_threshold": row.low_threshold,
        "high_threshold": row.high_threshold,
    }


@pytest.mark.slow
def test_worked_examples_of_standards_and_weights(reference: Path, tmp_path: Path) -> None:
    content = json.loads((reference / "settlement" / "worked_examples.json").read_text(encoding="utf-8"))
    examples = [item for key in ("examples", "derived_examples") for item in content[key] if item["topic"] in TOPICS]
    assert len(examples) > 40
    for example in examples:
        inputs = example["inputs"]
        if example["topic"] == "relative_weight":
            found: dict[str, object] = {
                "rw": round_to(group_score(inputs["group_mean_cost"], inputs["overall_mean_cost"]), 4)
            }
        else:
            found = _standard_of_example(example["rule_set"], inputs, tmp_path)
        room = Fraction(example["tolerance"].get("abs", "0"))
        for key, expected in example["expected"].items():
            assert abs(Fraction(str(found[key])) - Fraction(expected)) <= room, (example["id"], key, found[key])


def test_standard_keeps_every_digit_until_it_is_rounded_once() -> None:
    rows = {(row.drg, row.tier): row for row in payment_standards("chongqing-2025", hospital="tcm_tier_2").rows}
    high, low = rows["IU2F", "2"], rows["IU23", "2"]
    # The published difference comes from unrounded amounts; that of the rounded ones is a fen more.
    assert round_to(high.exact - low.exact, 2) == Fraction("2408.44")
    assert high.amount - low.amount == Decimal("2408.45")


def test_lines_of_the_sample_record_are_reproduced() -> None:
    row = payment_standards("dingzhou-drg").rows[0]
    assert (row.amount, row.low_threshold, row.high_threshold) == tuple(
        Decimal(text) for text in ("2940.44", "599.85", "4498.87")
    )
