"""Totals are exact sums, a trace gives the numbers that the settlement gives, and the folder holds both."""

from __future__ import annotations

import csv
import importlib.util
import json
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow.parquet as pq
import pytest

from actuary.cli.settle import read_budget
from actuary.errors import ActuaryError, UnknownNameError
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.policy_copy import write_policy_copy
from actuary.payment.policy_files import list_payment_policies, load_payment_policy
from actuary.payment.settle import settle_cases
from actuary.payment.settlement import Settlement
from actuary.payment.settlement_files import write_settlement
from actuary.payment.settlement_problems import problem_frame


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_small = _module("small_policy")
small_policy, stays = _small.small_policy, _small.stays


@pytest.fixture
def policy(tmp_path: Path) -> PaymentPolicy:
    (tmp_path / "policy").mkdir()
    return small_policy(tmp_path / "policy")


@pytest.fixture
def settled(policy: PaymentPolicy) -> Settlement:
    return settle_cases(
        stays(
            {"hospital": "H1", "department": "内科", "month": "2024-01", "total_cost": "9000", "fund_charged": "8000"},
            {"hospital": "H1", "department": "外科", "month": "2024-01", "drg": "BB15", "total_cost": "70000.01"},
            {"hospital": "H2", "month": "2024-02", "tier": "3", "total_cost": "12000", "fund_charged": "10000"},
            {"hospital": "H2", "month": "2024-02", "tier": "3", "drg": "AA12", "total_cost": "500"},
            {
                "hospital": "H2",
                "month": "2024-02",
                "insurance": "resident",
                "total_cost": "3999.99",
                "patient_cash": "1000",
            },
        ),
        policy,
    )


def test_totals_by_hospital_are_exact(settled: Settlement) -> None:
    # High: 200 + (r - 3) x 200 points; r = 70,000.01 / 20,000 = 3.5000005 -> 300.0001 points.
    frame = settled.totals(("hospital",)).set_index("hospital")
    assert frame.loc["H1", ["cases", "paid_cases", "rejected_cases"]].tolist() == [2, 2, 0]
    assert frame.loc["H2", ["cases", "paid_cases", "rejected_cases"]].tolist() == [3, 2, 1]
    assert frame.loc["H1", "weight"] == Decimal(3)
    assert frame.loc["H1", "points"] == Decimal("400.0001")
    assert frame.loc["H1", "cost_fen"] == 7_900_001
    assert frame.loc["H1", "standard_fen"] == 1_000_000 + 3_000_001
    assert frame.loc["H1", "gain_fen"] == 4_000_001 - 7_900_001
    assert frame.loc["H1", "settlement_rate"] == pytest.approx(1_000_000 / 800_000)
    assert frame.loc["H2", "unpaid_cost_fen"] == 50_000
    assert frame.loc["H2", "standard_fen"] == 1_100_000 + 399_999
    assert frame.loc["H2", "fund_fen"] == 1_100_000 + 299_999
    assert frame.loc["H2", "patient_fen"] == 100_000


@pytest.mark.parametrize(
    "keys", [(), ("insurance",), ("hospital", "department"), ("paid_group", "tier"), ("month", "class")]
)
def test_every_way_of_adding_up_comes_to_the_same(settled: Settlement, keys: tuple[str, ...]) -> None:
    frame = settled.totals(keys)
    for name in ("cost_fen", "standard_fen", "fund_fen", "patient_fen", "other_fen", "gain_fen"):
        assert frame[name].sum() == settled.totals(())[name].sum()
    assert frame["cases"].sum() == 5
    assert (
        frame["fund_fen"] + frame["patient_fen"] + frame["other_fen"] - frame["gain_fen"] == frame["cost_fen"]
    ).all()


def test_many_combinations_are_added_up_as_few_are(settled: Settlement, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = settled.totals(("hospital", "month", "paid_group"))
    monkeypatch.setattr("actuary.payment.totals._DENSE", 1)
    assert settled.totals(("hospital", "month", "paid_group")).equals(expected)


def test_an_unknown_key_names_the_nearest(settled: Settlement) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'hospital'"):
        settled.totals(("hospitl",))


def test_a_trace_holds_the_numbers_of_the_settlement(settled: Settlement) -> None:
    trace = settled.explain("c1")
    assert trace.step("ratio").numbers["ratio"] == Decimal("3.5000005")
    assert trace.step("class").numbers == {"class": "high", "operator": ">", "boundary": "3"}
    assert trace.step("formula").numbers["exact"] == Decimal("300.0001")
    assert "200 × 1 + (3.5000005 − 3) × 200 = 300.0001" in trace.step("formula").en
    assert trace.step("standard").numbers["standard_yuan"] == Decimal("30000.01")
    assert trace.step("gain").numbers["gain_yuan"] == Decimal("-40000.00")
    text = trace.to_text("zh")
    assert "高倍率：r = 3.5000005 > 3" in text
    assert "四舍五入" in text
    assert json.loads(json.dumps(trace.to_dict()))["steps"][0]["name"] == "case"
    assert "<table>" in trace.to_html("en")


def test_a_trace_of_a_rejected_case_says_why(settled: Settlement) -> None:
    trace = settled.explain("c3")
    assert trace.status.value == "rejected"
    assert "政策没有该病组" in trace.to_text()
    with pytest.raises(UnknownNameError, match="c9"):
        settled.explain("c9")


def test_every_kind_of_case_can_be_explained(policy: PaymentPolicy) -> None:
    rows = [
        {"total_cost": "3000"},
        {"total_cost": "3000", "incomplete": 1},
        {"bed_day": 1, "los_days": 45},
        {"drg": "TC19", "tcm_share": 0.5},
        {"drg": "OB19", "substitute_reason": "complication"},
        {"negotiated_drugs": "100"},
        {"total_cost": "50000", "review_decision": "approved"},
        {"drg": "BB15"}, {"drg": "BB15"}, {"drg": "BB15"},
        {"person_key": "p", "admission_date": "2024-01-01", "discharge_date": "2024-01-02"},
        {"person_key": "p", "admission_date": "2024-01-03", "discharge_date": "2024-01-04"},
        {"drg": ""}, {"total_cost": "x"}, {"tier": ""}, {"drg": "NO10"},
    ]  # fmt: skip
    settled = settle_cases(stays(*rows), policy)
    for row, name in enumerate(settled.table.case_id.to_pylist()):
        trace = settled.explain(name)
        for lang in ("zh", "en"):
            assert trace.to_text(lang)
        assert trace.reason.value == settled.cases["reason"][row].as_py()
        if trace.status.value != "paid":
            continue
        exact = trace.step("formula").numbers["exact"]
        paid_in = trace.step("formula").numbers["paid_in"]
        yuan = exact * 100 if paid_in == "points" else exact
        assert round(yuan, 2) == Decimal(int(settled.standard_fen[row])).scaleb(-2)
    assert settled.explain("c3").step("group").numbers == {"drg": "TC19", "paid_group": "WE25"}
    assert settled.explain("c10").step("share").numbers["share"] == Decimal("0.5")


def test_problems_name_what_was_found_and_the_nearest_name(policy: PaymentPolicy) -> None:
    settled = settle_cases(
        stays({"drg": "AA1"}, {"tier": "9"}, {"insurance": "employe"}, {"total_cost": "-3"}, {"los_days": "x"}, {}),
        policy,
        hospitals=None,
    )
    frame = problem_frame(settled, lang="en").set_index("case_id")
    assert frame["row"].tolist() == [1, 2, 3, 4, 5]
    assert frame.loc["c0", ["column", "found", "nearest"]].tolist() == ["drg", "AA1", "AA11"]
    assert frame.loc["c1", ["column", "found"]].tolist() == ["tier", "9"]
    assert frame.loc["c2", ["column", "found", "nearest"]].tolist() == ["insurance", "employe", "employee"]
    assert frame.loc["c3", ["column", "found"]].tolist() == ["total_cost", "-3"]
    assert frame.loc["c4", ["column", "found"]].tolist() == ["los_days", "x"]
    assert frame.loc["c3", "text"] == "the total cost is negative"


def test_the_folder_of_a_settlement_is_complete(settled: Settlement, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    write_settlement(settled, folder)
    cases = pq.read_table(folder / "cases.parquet")
    assert cases.num_rows == 5
    assert cases["standard_fen"].to_pylist() == settled.standard_fen.tolist()
    assert cases["fund_charged_fen"].to_pylist() == [800_000, None, 1_000_000, None, None]
    assert cases.schema.metadata[b"synthetic"] == b"false"
    with (folder / "hospitals.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {(row["hospital"], row["insurance"]): row for row in csv.DictReader(file)}
    assert rows["H1", "employee"]["standard_yuan"] == "40000.01"
    record = json.loads((folder / "settlement.json").read_text(encoding="utf-8"))
    assert record["cases_by_reason"] == {"regular": 4, "group_unknown": 1}
    assert record["totals_yuan"]["standard"] == "55000.00"
    copied = load_payment_policy(folder / "policy.toml")
    assert copied.fingerprint == settled.policy.fingerprint
    listed = {entry["file"] for entry in json.loads((folder / "manifest.json").read_text())["outputs"]}
    assert listed == {path.name for path in folder.iterdir()} - {"manifest.json"}


@pytest.mark.parametrize("name", list_payment_policies())
def test_the_copy_of_a_policy_is_the_policy(name: str, tmp_path: Path) -> None:
    policy = load_payment_policy(name, partial_ok=True)
    write_policy_copy(policy, tmp_path)
    copy = load_payment_policy(tmp_path / "policy.toml", partial_ok=True)
    assert copy.fingerprint == policy.fingerprint
    assert copy.declared == policy.declared


def test_budgets_are_read_from_options_and_files(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("insurance,budget_yuan\nemployee,1.5e9\nresident,80\n", encoding="utf-8")
    (tmp_path / "b.toml").write_text("employee = 1500000000.00\nresident = '80'\n", encoding="utf-8")
    for name in ("b.csv", "b.toml"):
        assert read_budget([str(tmp_path / name)]) == {"employee": Decimal("1.5e9"), "resident": Decimal(80)}
    assert read_budget(["300000000"]) == {"all": Decimal(300000000)}
    assert read_budget(["employee=1 resident=2"]) == {"employee": Decimal(1), "resident": Decimal(2)}
    assert read_budget(None) is None
    for wrong in ("much", "employee=", str(tmp_path / "none.csv")):
        with pytest.raises(ActuaryError, match="--budget"):
            read_budget([wrong])


def test_a_total_of_money_stays_exact_beyond_what_a_float_holds(policy: PaymentPolicy) -> None:
    settled = settle_cases(stays(*({"total_cost": "999999999.99"} for _ in range(200))), policy)
    (total,) = settled.totals(()).to_dict("records")
    assert total["cost_fen"] == 200 * 99_999_999_999
    assert isinstance(total["cost_fen"], int | np.int64)
