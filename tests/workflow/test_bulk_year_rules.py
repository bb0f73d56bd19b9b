"""What is used up over a year is used up in parts as it is at once: yearly numbers, quotas, what hangs on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from actuary.cli import app
from actuary.errors import UnknownNameError
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle import settle_cases
from actuary.workflow.bulk.settle import settle_dataset
from tests.payment.small_policy import TOML, WEIGHTS
from tests.workflow.settled_parts import BUDGET, check_same, csv_of, lay_out
from tests.workflow.test_bulk_resume import StoppedError, StoppingEngine, contents

COUNT = 90
FIXED = TOML[TOML.index("[price]") : TOML.index("[coefficient]")]
POOL = '[price]\nmode = "pool"\nrepresents = "total_cost"\n\n'
CAP = TOML[TOML.index("[volume_cap]") : TOML.index("[settlement]")]


def policy_of(folder: Path, *, price: str, result: str, cap: str) -> PaymentPolicy:
    """Write the small policy with another price, another result of reviews, other yearly numbers."""
    text = TOML.replace(FIXED, price).replace('result = "actual"', f'result = "{result}"').replace(CAP, cap)
    text = text.replace('deduct = ["negotiated_drugs"]\n', "").replace("money = 2", "point_value = 4\nmoney = 2")
    (folder / "weights.csv").write_text(WEIGHTS, encoding="utf-8")
    (folder / "small.toml").write_text(text, encoding="utf-8")
    return load_payment_policy(folder / "small.toml")


CAPS = '[volume_cap]\nscope = "hospital"\nBB15 = 3\nAA11 = 9\nbeyond = "share"\nshare = 0.5\n\n'


def stays(seed: int, count: int = COUNT) -> pa.Table:
    """Return cases: some stand twice, many are discharged on one day, some have no date, days or amount."""
    rng = np.random.default_rng(seed)
    admission = np.datetime64("2024-01-01") + rng.integers(0, 30, count)
    discharge = (admission + rng.integers(1, 5, count)).astype(str)
    frame = pd.DataFrame(
        {
            "case_id": [f"c{number}" for number in rng.integers(0, count * 3, count)],
            "hospital": rng.choice(["H1", "H2", "H3"], count, p=[0.6, 0.3, 0.1]),
            "tier": rng.choice(["2", "3"], count),
            "insurance": rng.choice(["employee", "resident"], count),
            "drg": rng.choice(["AA11", "BB15", "OB19"], count, p=[0.5, 0.4, 0.1]),
            "total_cost": [f"{-one if rng.random() < 0.04 else one:.2f}" for one in rng.uniform(2000, 60000, count)],
            "patient_cash": "10.00",
            "person_key": [f"p{number}" for number in rng.integers(0, count // 4, count)],
            "admission_date": admission.astype(str),
            "discharge_date": [day if rng.random() < 0.9 else "" for day in discharge],
            "review_decision": rng.choice(["approved", "refused", "later", ""], count, p=[0.4, 0.1, 0.02, 0.48]),
            "review_amount": [f"{one:.2f}" if rng.random() < 0.8 else "" for one in rng.uniform(1000, 90000, count)],
            "bed_day": rng.choice([0, 1], count, p=[0.9, 0.1]),
        }
    )
    return pa.Table.from_pandas(frame, preserve_index=False)


WAYS = {
    "pool, decided amounts, numbers of each hospital": (POOL, "decided", CAPS),
    "declared price": (FIXED, "actual", CAP),
    "pool, points of the ratio": (POOL, "ratio_points", CAP.replace("BB15", "BB15 = 11\nAA11")),
}


@pytest.mark.parametrize(
    ("price", "result", "cap"),
    [
        pytest.param(*way, id=name, marks=[pytest.mark.slow] if number else [])
        for number, (name, way) in enumerate(WAYS.items())
    ],
)
def test_yearly_numbers_and_quotas_are_used_up_across_parts(tmp_path: Path, price: str, result: str, cap: str) -> None:
    policy = policy_of(tmp_path, price=price, result=result, cap=cap)
    check_same(stays(3), policy, tmp_path, [20, 20, 55], budget=BUDGET if price == POOL else None)
    reasons = set(pd.concat([pd.read_parquet(path) for path in (tmp_path / "out/cases").rglob("*.parquet")])["reason"])
    assert {"review_approved", "review_over_quota", "over_volume_cap", "duplicate"} <= reasons
    assert csv_of(tmp_path / "out/reviews.csv")["beyond"].astype(int).sum() > 0


def test_a_case_is_explained_wherever_it_stands(tmp_path: Path) -> None:
    price, result, cap = next(iter(WAYS.values()))
    policy = policy_of(tmp_path, price=price, result=result, cap=cap)
    table = stays(3)
    whole = settle_cases(table, policy, budget=BUDGET, threads=1)
    lay_out(table, tmp_path / "in", [20, 20, 55])
    names = table["case_id"].to_pylist()
    cases = [*dict.fromkeys(name for name in names if names.count(name) > 1), names[0]][-4:]
    found = settle_dataset(tmp_path / "in", tmp_path / "out", policy, budget=BUDGET, explain=cases, threads=1)
    mine = [trace.to_dict() | {"settlement_fingerprint": ""} for trace in found.traces]
    assert mine == [whole.explain(case).to_dict() | {"settlement_fingerprint": ""} for case in cases]
    assert {trace.settlement for trace in found.traces} == {found.fingerprint}
    with pytest.raises(UnknownNameError, match=f"'{cases[0]}'"):
        settle_dataset(tmp_path / "in", tmp_path / "out", policy, budget=BUDGET, explain=[f"{cases[0]}x"], threads=1)


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, COUNT), max_size=5), way=st.sampled_from(list(WAYS)))
@settings(max_examples=8, deadline=None)
def test_any_partitioning_uses_them_up_in_one_order(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cuts: list[int], way: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    price, result, cap = WAYS[way]
    policy = policy_of(folder, price=price, result=result, cap=cap)
    check_same(stays(seed), policy, folder, cuts, budget=BUDGET if price == POOL else None)


def test_the_command_explains_a_case_of_a_folder(tmp_path: Path) -> None:
    price, result, cap = WAYS["declared price"]
    policy_of(tmp_path, price=price, result=result, cap=cap)
    table = stays(3)
    lay_out(table, tmp_path / "in", [20, 55])
    pq.write_table(table, tmp_path / "cases.parquet")
    case = table["case_id"][60].as_py()
    told = []
    for cases in ("in", "cases.parquet"):
        words = ["settle", tmp_path / cases, "-p", tmp_path / "small.toml", "-o", tmp_path / f"{cases}-out", "-l", "en"]
        done = CliRunner().invoke(app, [str(word) for word in [*words, "--explain", case]])
        assert done.exit_code == 0, done.output
        sheet = [line for line in done.stdout.splitlines() if line.strip()][:-1]
        told.append([line for line in sheet if "settlement" not in line])
    assert case in told[0][0]
    assert told[0] == told[1]


@pytest.mark.slow
def test_a_stopped_run_goes_on_wherever_it_stopped(tmp_path: Path) -> None:
    price, result, cap = next(iter(WAYS.values()))
    policy = policy_of(tmp_path, price=price, result=result, cap=cap)
    lay_out(stays(3), tmp_path / "in", [20, 55])
    settle_dataset(tmp_path / "in", tmp_path / "calm", policy, budget=BUDGET, threads=2)
    stop = 0
    while True:
        try:
            settle_dataset(tmp_path / "in", tmp_path / "out", policy, budget=BUDGET, engine=StoppingEngine(stop))
        except StoppedError:
            assert not (tmp_path / "out").exists()
            stop = 1  # one part a run: every stage is begun with what an earlier run has kept
            continue
        break
    assert contents(tmp_path / "out") == contents(tmp_path / "calm")
