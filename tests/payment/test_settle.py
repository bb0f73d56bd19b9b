"""Settlement as a user meets it: pools and bounds, bad rows, bad budgets, and identities of plain policies."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.payment import chunks
from actuary.payment.clearing_run import clear_settlement
from actuary.payment.point_value import BudgetError, divide_by_points
from actuary.payment.policy_files import PartialPolicyError, load_payment_policy
from actuary.payment.settle import settle_cases

HEAD = """
[policy]
id = "own"
schema = 1
family = "{family}"
provenance = [{{ field = "*", source = "judgement", tag = "judgement" }}]
[rounding]
{rounding}
mode = "{mode}"
[weights]
file = "weights.csv"
scale = {scale}
overall_mean_cost = 10000
"""
PLACES = 'points = 4\npoint_value = 4\nmoney = 2\nstage = "each_case"'
EXACT = 'points = "none"\npoint_value = "none"\nmoney = 2\nstage = "output"'
POOL = '[price]\nmode = "pool"\n'
FIXED = '[price]\nmode = "fixed"\nrate = [{ value = 10000 }]\n'
WEIGHTS = "group,rw,mark\nA,1,\nB,2.5,\nC,0.3333,\nONE,1,unstable\nNONE,,no_weight\n"
RATIO = '[ratio]\ndenominator = "city_group_mean"\n'


def policy_of(text, *, family="points", scale=100, rounding=PLACES, mode="half_up", weights=WEIGHTS, head=HEAD):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "weights.csv").write_text(weights, encoding="utf-8")
        path = Path(folder) / "own.toml"
        path.write_text(head.format(family=family, scale=scale, rounding=rounding, mode=mode) + text, encoding="utf-8")
        return load_payment_policy(path)


def stays(*rows):
    usual = {"hospital": "H1", "tier": "2", "insurance": "employee", "drg": "A", "total_cost": "9000.00"}
    return pd.DataFrame([{"case_id": f"c{number}", **usual, **row} for number, row in enumerate(rows)])


def books_of(settled):
    return {(row.insurance, row.item): row.amount_fen for row in settled.books}


def test_three_equal_shares_leave_a_residual_that_is_booked():
    settled = settle_cases(stays({}, {}, {}), policy_of(POOL), budget="100.00")
    assert settled.standard_fen.tolist() == [3333, 3333, 3333]
    assert books_of(settled) == {
        ("all", "budget"): 10000,
        ("all", "adjusting_fund"): 0,
        ("all", "paid_by_fund"): 9999,
        ("all", "residual"): 1,
        ("all", "reserve"): 0,
    }


def test_pools_of_insurances_are_kept_apart():
    cases = stays({}, {"insurance": "resident"}, {"insurance": "resident", "drg": "B"})
    settled = settle_cases(cases, policy_of(POOL), budget={"employee": 5000, "resident": Decimal(7000)})
    assert {value.insurance: value.value for value in settled.point_values} == {"employee": 50, "resident": 20}
    assert settled.standard_fen.tolist() == [500_000, 200_000, 500_000]


def test_points_of_total_cost_add_what_others_paid():
    cases = stays({"patient_cash": "1000"}, {"assistance": "500", "drg": "B"})
    settled = settle_cases(cases, policy_of(POOL), budget=3500 * 10 - 1500)
    assert settled.point_values[0].value == 100
    assert settled.payers.fund_fen.tolist() == [900_000, 2_450_000]
    assert settled.payers.patient_fen.tolist() == [100_000, 0]
    assert settled.payers.other_fen.tolist() == [0, 50_000]
    assert books_of(settled)["all", "residual"] == 0


def test_the_pool_is_the_budget_over_the_funds_share_less_the_adjusting_fund():
    text = '[price]\nmode = "pool"\nadjust_share = 0.05\nfund_share = 0.8\n'
    settled = settle_cases(stays({}), policy_of(text), budget=8000)
    assert settled.point_values[0].value == Fraction(9500, 100)
    assert books_of(settled)["all", "adjusting_fund"] == 40_000


@pytest.mark.parametrize(("budget", "value", "bound"), [(1000, 60, "floor"), (7500, 75, ""), (99999, 90, "ceiling")])
def test_a_value_stays_between_floor_and_ceiling(budget, value, bound):
    text = '[price]\nmode = "pool_bounded"\nfloor = 60\nceiling = 90\n'
    settled = settle_cases(stays({}), policy_of(text), budget=budget)
    assert (settled.point_values[0].value, settled.point_values[0].bound) == (value, bound)
    assert sum(amount for (_, item), amount in books_of(settled).items() if item != "budget") == budget * 100


def test_actual_cost_comes_out_of_the_pool_first():
    text = POOL + RATIO + '[[class]]\nname = "low"\nop = "<"\nk = 0.5\npay = "actual"\n'
    settled = settle_cases(stays({}, {"total_cost": "4999.99"}), policy_of(text), budget=10000)
    assert settled.cases["class"].to_pylist() == ["normal", "low"]
    assert settled.standard_fen.tolist() == [500_001, 499_999]
    assert settled.point_values[0].outside_fen == 499_999


def test_bad_rows_are_listed_with_their_reason_and_never_paid():
    cases = stays(
        {},
        {"total_cost": "-1"},
        {"total_cost": ""},
        {"case_id": "c0"},
        {"total_cost": "1000000000.01"},
        {"drg": "Z"},
        {"drg": "ONE"},
        {"drg": "NONE"},
        {"hospital": "H9"},
        {"total_cost": "1000000000"},
    )
    text = FIXED + '[weights.special]\nplaceholder_one = "unpriced"\n'
    listed = pd.DataFrame({"hospital": ["H1"], "tier": ["2"]})
    settled = settle_cases(cases, policy_of(text, family="rate", scale=1), hospitals=listed)
    assert settled.cases["reason"].to_pylist() == [
        *("regular", "cost_negative", "cost_missing", "duplicate", "cost_too_high", "group_unknown"),
        *("weight_placeholder", "weight_missing", "hospital_unknown", "regular"),
    ]
    assert settled.paid.tolist() == [True, *[False] * 8, True]
    assert settled.standard_fen.tolist() == [1_000_000, *[0] * 8, 1_000_000]
    assert not any(column[1:9].any() for column in (settled.payers.fund_fen, settled.payers.gain_fen, settled.points))


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (None, "budget of employee: found nothing; expected the yearly budget of every insurance that has cases"),
        (0, "budget all: found 0 yuan; expected an amount above 0"),
        ({"employee": -5}, "budget employee: found -5 yuan; expected an amount above 0"),
        ({"employe": 5}, "did you mean 'employee'"),
        ({"employee": "five"}, "budget employee: found 'five'; expected an amount in yuan"),
    ],
)
def test_a_budget_that_cannot_be_divided_is_refused(budget, said):
    with pytest.raises(BudgetError) as caught:
        settle_cases(stays({}), policy_of(POOL), budget=budget)
    assert said in str(caught.value)


def test_a_pool_without_points_pays_nothing_and_says_so():
    text = POOL + RATIO + '[[class]]\nname = "low"\nop = "<"\nk = 1\npay = "points_no_factor"\n'
    settled = settle_cases(stays({"total_cost": "0"}, {"total_cost": "0"}), policy_of(text), budget=100)
    assert settled.cases["reason"].to_pylist() == ["point_value_missing"] * 2
    assert settled.point_values[0].value is None
    assert books_of(settled)["all", "reserve"] == 10_000
    with pytest.raises(BudgetError, match="a sum of points above 0"):
        divide_by_points(100, 0)


def test_a_partial_policy_names_its_inputs():
    with pytest.raises(PartialPolicyError, match="gives price"):
        settle_cases(stays({}), load_payment_policy("shenyang-2021", partial_ok=True))


def test_a_tier_that_the_policy_does_not_name_is_not_priced():
    settled = settle_cases(stays({"tier": "9", "drg": "BR25"}), "suzhou-2022")
    assert settled.cases["reason"].to_pylist() == ["tier_unknown"]


def test_a_group_without_a_mean_is_not_taken_for_normal():
    text = FIXED + RATIO + '[[class]]\nname = "low"\nop = "<"\nk = 0.5\npay = "actual"\n'
    weights = "group,rw,mean_cost\nA,1,8000\nB,1,\n"
    policy = policy_of(
        text, family="rate", scale=1, weights=weights, head=HEAD.replace("overall_mean_cost = 10000\n", "")
    )
    settled = settle_cases(stays({}, {"drg": "B"}), policy)
    assert settled.cases["reason"].to_pylist() == ["regular", "mean_missing"]


UNGROUPED = {"drg": "0000", "group_status": "ungrouped", "total_cost": "8000"}


@pytest.mark.parametrize(
    ("special", "dip", "answer"),
    [
        ('ungrouped = { "0000" = 0.2 }', "", ("normal", "regular", 200_000)),
        ('ungroupable = "actual"', "", ("ungroupable", "regular", 800_000)),
        ('ungroupable = "review"', "", ("review", "review_pending", 0)),
        ("", "", (None, "ungrouped", 0)),
        (
            'ungroupable = "ratio_points"',
            '[dip.blank_group]\ngroup = "B"\npay = "ratio_points"\nfactor = 0.7\n',
            ("ungroupable", "regular", 560_000),
        ),
    ],
)
def test_a_case_without_a_group_is_paid_as_the_policy_says(special, dip, answer):
    text = FIXED + RATIO + "[weights.special]\n" + special + "\n" + dip
    settled = settle_cases(stays(UNGROUPED), policy_of(text, family="dip" if dip else "rate", scale=1))
    assert tuple(settled.cases[name][0].as_py() for name in ("class", "reason", "standard_fen")) == answer


def test_the_blank_group_of_dip_gets_no_supplement():
    text = '[price]\nmode = "fixed"\nrate = [{ value = 1 }]\n' + RATIO
    text += '[[class]]\nname = "low"\nop = "<"\nk = 0.5\npay = "ratio_points"\n'
    text += '[dip.blank_group]\ngroup = "BLANK"\npay = "ratio_points"\nfactor = 0.7\n'
    text += '[dip.supplement]\ncombine = "product"\nfrom_cases = true\nseverity = { II = 1.5 }\n'
    policy = policy_of(text, family="dip", scale=1, weights="group,rw,mean_cost\nBLANK,500,10000\nA,500,10000\n")
    row = {"supplement": "1.2", "severity_index": "II", "total_cost": "8000"}
    rows = [{**row, "drg": "BLANK"}, {**row, "drg": "A"}, {**row, "drg": "A", "total_cost": "4000"}]
    settled = settle_cases(stays(*rows), policy)
    # 0.7 x 0.8 x 500; 500 x 1.8; 0.4 x 500 x 1.8
    assert settled.standard_fen.tolist() == [280_00, 900_00, 360_00]
    assert settled.explain("c0").step("formula").numbers["exact"] == 280


def test_too_many_kinds_for_a_table_are_numbered(monkeypatch):
    rng = np.random.default_rng(3)
    rows = [{"hospital": f"H{number}", "drg": "ABC"[number % 3]} for number in rng.integers(0, 90, 400)]
    places = ", ".join(f"H{number} = {1 + number / 1000}" for number in range(90))
    policy = policy_of(POOL + f'[coefficient]\nform = "hospital"\nhospital = {{ {places} }}\n')
    usual = settle_cases(stays(*rows), policy, budget=10**6)
    monkeypatch.setattr("actuary.payment.cell_compiler._DENSE_KEYS", 10)
    numbered = settle_cases(stays(*rows), policy, budget=10**6)
    assert numbered.standard_fen.tolist() == usual.standard_fen.tolist()


def test_numbers_that_do_not_fit_are_settled_in_fractions():
    weights = "group,rw\nA,1.000000000001\n"
    text = '[price]\nmode = "fixed"\nrate = [{ value = "52.809412345678" }]\n' + RATIO
    text += '[coefficient]\nform = "tier"\ntier = { "2" = "1.00000001" }\n'
    text += '[[class]]\nname = "low"\nop = "<"\nk = 2\npay = "ratio_points"\n'
    policy = policy_of(text, weights=weights, rounding=EXACT)
    settled = settle_cases(stays({}), policy)
    exact = Fraction(9000, 10000) * 100 * Fraction("1.00000001") * Fraction("52.809412345678")
    assert settled.standard_fen.tolist() == [round(exact * 100)]


FULL = {
    "department": "D1", "discharge_date": "2024-03-01", "admission_date": "2024-02-20", "los_days": "10",
    "person_key": "P1", "patient_cash": "100", "fund_charged": "800", "incomplete": "0", "tcm_share": "0.5",
    "severity_index": "I", "age_years": "30",
}  # fmt: skip


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("case_id", "other"), ("hospital", "H2"), ("tier", "3"), ("insurance", "resident"), ("drg", "B"),
        ("total_cost", "9000.01"), ("total_cost", "x"), ("total_cost", "y"), ("department", "D2"),
        ("discharge_date", "2024-03-02"), ("admission_date", "2024-02-21"), ("los_days", "11"), ("person_key", "P2"),
        ("patient_cash", "100.01"), ("fund_charged", ""), ("incomplete", "1"), ("tcm_share", "0.500000001"),
        ("severity_index", ""), ("age_years", "31"),
    ],
)  # fmt: skip
def test_any_other_cell_gives_another_fingerprint(column, cell):
    policy, rows = policy_of(FIXED), [dict(FULL), dict(FULL), dict(FULL)]
    usual = settle_cases(stays(*rows), policy).fingerprint
    assert usual == settle_cases(stays(*rows), policy).fingerprint
    changed = []
    for place in (0, 2):
        rows = [dict(FULL), dict(FULL), dict(FULL)]
        rows[place][column] = cell
        changed.append(settle_cases(stays(*rows), policy).fingerprint)
    assert len({usual, *changed}) == 3


def test_the_fingerprint_is_that_of_the_content_alone(tmp_path):
    policy, frame = policy_of(FIXED), stays({**FULL, "drg": "B"}, FULL, {**FULL, "insurance": "resident"})
    usual = settle_cases(frame, policy).fingerprint
    frame.to_csv(tmp_path / "cases.csv", index=False)
    frame.astype({"drg": "category", "total_cost": float}).to_parquet(tmp_path / "others.parquet")
    for name in ("cases.csv", "others.parquet"):
        assert settle_cases(tmp_path / name, policy, threads=2).fingerprint == usual
    assert settle_cases(frame.iloc[::-1], policy).fingerprint != usual
    assert settle_cases(frame.drop(columns="age_years"), policy).fingerprint != usual
    listed = [
        settle_cases(frame, policy, hospitals=pd.DataFrame({"hospital": ["H1"], "tier": ["2"], "name": [name]}))
        for name in ("first", "second")
    ]
    assert len({usual, *(one.fingerprint for one in listed)}) == 3
    assert settle_cases(frame, policy, budget=1).fingerprint != usual


def test_the_answer_does_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK_CASES", 64)
    rng = np.random.default_rng(4)
    rows = [
        {"drg": "ABC"[number % 3], "insurance": ("employee", "resident")[number % 2], "total_cost": str(cost)}
        for number, cost in enumerate(rng.integers(0, 50_000, 1000))
    ]
    text = POOL + RATIO + '[[class]]\nname = "high"\nop = ">"\nk = 2\npay = "linear"\n'
    policy = policy_of(text)
    one, many = (settle_cases(stays(*rows), policy, budget=10**7, threads=threads) for threads in (1, 4))
    assert one.cases.equals(many.cases)
    assert (one.books, one.fingerprint) == (many.books, many.fingerprint)


BY_RATIO = '[settlement]\nfund_payable = "by_ratio"\npolicy_ratio = [{ value = 0.8 }]\n'


@pytest.mark.parametrize(
    ("text", "budget", "residual", "reserve"),
    [
        # 300 yuan and 600 of others over 400 points: 2.25 a point; 225 and 675 yuan, of which 80 % over 100 are paid.
        ('[price]\nmode = "pool"\n' + BY_RATIO, 300, 0, 300_00 - 100_00 - 460_00),
        # Three cases of 3.33: one fen is left by rounding, whatever the fund pays of them.
        ('[price]\nmode = "pool_bounded"\nceiling = 2\n', 3000, 0, 3000_00 + 600_00 - 800_00),
        ('[price]\nmode = "pool_bounded"\nfloor = 3\n', 300, 0, 300_00 + 600_00 - 1200_00),
        ('[price]\nmode = "pool"\nfund_share = 0.5\n', 900, 0, 900_00 + 600_00 - 1800_00),
        ('[price]\nmode = "pool"\n', "300.01", 1, 0),
        ('[price]\nmode = "fixed"\nrate = [{ value = 2.5 }]\n', 300, 0, 300_00 + 600_00 - 1000_00),
    ],
)  # fmt: skip
def test_only_what_rounding_leaves_is_called_a_residual(text, budget, residual, reserve):
    rows = [{"drg": "A", "other_funds": "300"}, {"drg": "THREE", "other_funds": "300"}]
    rows = [{**row, "fully_self_paid": "100"} for row in rows]
    policy = policy_of(text, weights="group,rw\nA,1\nTHREE,3\n", rounding=PLACES)
    settled = settle_cases(stays(*rows), policy, budget=budget)
    books = books_of(settled)
    assert (books["all", "residual"], books["all", "reserve"]) == (residual, reserve)
    assert sum(amount for (_, item), amount in books.items() if item != "budget") == books["all", "budget"]
    cleared = clear_settlement(settled).clearing
    assert cleared.closes
    line = "rounding_residual" if policy.price.mode == "pool" and not reserve else "reserve"
    assert cleared.amount("all", line) == residual + reserve


weights = st.lists(st.decimals("0.01", "20", places=4), min_size=1, max_size=8)


@settings(max_examples=40)
@given(weights=weights, scale=st.sampled_from([1, 10, 100, 1000]), budget=st.integers(1, 10**9))
def test_points_of_another_scale_pay_the_same(weights, scale, budget):
    table = "group,rw\n" + "".join(f"G{number},{weight}\n" for number, weight in enumerate(weights))
    cases = stays(*({"drg": f"G{number}"} for number in range(len(weights))))
    one, other = (
        settle_cases(cases, policy_of(POOL, rounding=EXACT, weights=table, scale=size), budget=budget)
        for size in (1, scale)
    )
    assert one.standard_fen.tolist() == other.standard_fen.tolist()
    assert one.point_values[0].value == other.point_values[0].value * scale


@settings(max_examples=40)
@given(costs=st.lists(st.integers(0, 10**7), min_size=2, max_size=30), mode=st.sampled_from(["half_up", "half_even"]))
def test_a_heavier_case_is_never_paid_less(costs, mode):
    text = FIXED + RATIO + '[[class]]\nname = "low"\nop = "<"\nk = 0.4\npay = "actual"\n'
    text += '[[class]]\nname = "high"\nop = ">"\nk = 2\npay = "linear"\n'
    policy = policy_of(text, family="rate", scale=1, mode=mode)
    rows = [{"drg": drg, "total_cost": f"{cost / 100:.2f}"} for drg in "CAB" for cost in sorted(costs)]
    paid = settle_cases(stays(*rows), policy).standard_fen.reshape(3, -1)
    # Of one group the dearer case, and of one cost beyond the thresholds of both groups the heavier group.
    assert (np.diff(paid, axis=1) >= 0).all()
    plain = settle_cases(stays(*rows), policy_of(FIXED, family="rate", scale=1)).standard_fen.reshape(3, -1)
    assert (np.diff(plain, axis=0) >= 0).all()


@settings(max_examples=60)
@given(
    weights=weights,
    hospitals=st.integers(1, 5),
    budget=st.decimals("0.01", "9999999999", places=2),
    places=st.sampled_from([0, 2, 4, '"none"']),
    mode=st.sampled_from(["half_up", "half_even"]),
    stage=st.sampled_from(["output", "each_case"]),
    adjust=st.sampled_from(["0", "0.05", "0.333"]),
)
def test_books_close_for_any_pool(weights, hospitals, budget, places, mode, stage, adjust):
    table = "group,rw\n" + "".join(f"G{number},{weight}\n" for number, weight in enumerate(weights))
    rows = [{"drg": f"G{number}", "hospital": f"H{number % hospitals}"} for number in range(len(weights))]
    rounding = f'points = {places}\npoint_value = {places}\nmoney = 2\nstage = "{stage}"'
    text = f'[price]\nmode = "pool"\nadjust_share = {adjust}\n'
    settled = settle_cases(stays(*rows), policy_of(text, rounding=rounding, weights=table, mode=mode), budget=budget)
    books = books_of(settled)
    assert books["all", "budget"] == int(budget * 100)
    assert sum(amount for (_, item), amount in books.items() if item != "budget") == books["all", "budget"]
    by_hospital = settled.totals(by=("hospital",))
    assert int(by_hospital["fund_fen"].sum()) == books["all", "paid_by_fund"]
    value = settled.point_values[0]
    if value.value is not None:
        # Half a unit of the value for every point, and half a fen for every case.
        unit = 0 if places == '"none"' else Fraction(100, 10**places)
        assert abs(books["all", "residual"]) <= (unit * value.points + len(rows)) / 2
        assert books["all", "reserve"] == 0
