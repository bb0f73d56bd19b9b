"""The synthetic city: shaped by what is published, the same for the same seed, its truth kept apart."""

from __future__ import annotations

import csv
import json
import statistics
import subprocess
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from actuary.drg.grouper import group_cases
from actuary.errors import DeclarationError, TableError, UnknownNameError
from actuary.payment.policy_files import load_payment_policy
from actuary.synth import synthesise_city
from actuary.synth.plan import KINDS, load_plan

CASES = 40_000


@pytest.fixture(scope="module")
def city():
    return synthesise_city("shenyang", cases=CASES, seed=7)


@pytest.fixture(scope="module")
def part(city):
    return next(city.parts())


def test_every_case_is_marked_and_grouped(part):
    assert part.cases.num_rows == CASES
    assert pc.all(part.cases["synthetic"]).as_py()
    assert set(part.cases["group_status"].to_pylist()) == {"grouped"}


def test_the_group_is_what_the_grouper_says_of_the_codes(part, city):
    again = group_cases(part.cases.slice(0, 2000), city.scheme)
    assert again["drg"].to_pylist() == part.cases["drg"].slice(0, 2000).to_pylist()


def test_published_means_come_out(part, city):
    frame = part.cases.select(["insurance", "total_cost", "los_days"]).to_pandas()
    frame["total_cost"] = frame["total_cost"].astype(float)
    means = frame.groupby("insurance", observed=True).mean()
    for name in ("employee", "resident"):
        assert means.loc[name, "total_cost"] == pytest.approx(city.figures[f"cost_{name}"].value, rel=0.06)
        assert means.loc[name, "los_days"] == pytest.approx(city.figures[f"stay_{name}"].value, rel=0.06)


def test_the_pool_pays_the_published_share_of_what_is_eligible(part, city):
    columns = ["insurance", "total_cost", "fully_self_paid", "first_self_paid", "fund_charged"]
    frame = part.cases.select(columns).to_pandas()
    money = frame[columns[1:]].astype(float)
    for name in ("employee", "resident"):
        own = money[frame["insurance"] == name].sum()
        share = own["fund_charged"] / (own["total_cost"] - own["fully_self_paid"] - own["first_self_paid"])
        assert share == pytest.approx(city.figures[f"eligible_rate_{name}"].value, abs=0.015)


def test_bills_add_up_to_the_fen(part):
    def total(*names):
        return [sum(row.values(), Decimal()) for row in part.cases.select(list(names)).slice(0, 3000).to_pylist()]

    whole = part.cases["total_cost"].slice(0, 3000).to_pylist()
    assert total("medical_cost", "nursing_cost", "technical_cost", "drug_cost", "management_cost") == whole
    assert total("fund_charged", "personal_account", "critical_illness", "patient_cash") == whole


def test_truth_explains_every_difference_and_stays_apart(part):
    truth = part.truth
    assert truth["case_id"].to_pylist() == part.cases["case_id"].to_pylist()
    assert not {"kind", "true_drg"} & set(part.cases.column_names)
    differs = np.array(truth["true_drg"].to_pylist()) != np.array(part.cases["drg"].to_pylist())
    kinds = np.array(truth["kind"].to_pylist())
    assert set(kinds[differs]) == {"upcoding"}
    assert (kinds == "upcoding").sum() == differs.sum() > 0
    assert set(kinds) == {"", *KINDS}


def test_misbehaviour_is_where_the_truth_says(part, city):
    places = city.hospital_truth()
    hospital = np.array(part.cases["hospital"].to_pylist())
    kinds = np.array(part.truth["kind"].to_pylist())
    for kind in set(KINDS) - {"refusing_severe"}:  # those are found where the patient ended up
        named = set(places[places["kind"] == kind]["hospital"])
        assert set(hospital[kinds == kind]) <= named


def test_stays_of_one_person_do_not_overlap(part):
    frame = part.cases.select(["person_key", "admission_date", "discharge_date"]).to_pandas()
    frame = frame[np.array(part.truth["kind"].to_pylist()) == ""].sort_values(["person_key", "admission_date"])
    same = frame["person_key"].eq(frame["person_key"].shift())
    assert (frame["admission_date"] >= frame["discharge_date"].shift())[same].all()


def test_a_shape_in_which_nobody_misbehaves_is_honest(tmp_path, root, city):
    source = root / "models" / "synth"
    text = (source / "shape.toml").read_text(encoding="utf-8")
    (tmp_path / "shape.toml").write_text(text.replace("hospitals = 0.10 ", "hospitals = 0.0 "), encoding="utf-8")
    (tmp_path / "relative_cost.csv").write_bytes((source / "relative_cost.csv").read_bytes())
    quiet = synthesise_city("shenyang", cases=3000, seed=7, plan=tmp_path / "shape.toml")
    assert quiet.hospital_truth().empty
    part = next(quiet.parts())
    assert set(part.truth["kind"].to_pylist()) == {""}
    same = next(replace(city.honest(), cases=3000).parts())
    assert part.cases.equals(same.cases)
    assert not city.hospital_truth().empty


@pytest.mark.slow
def test_the_same_seed_gives_the_same_city():
    first, second = (next(synthesise_city("shenyang", cases=3000, seed=5).parts()) for _ in range(2))
    assert first.cases.equals(second.cases)
    assert first.truth.equals(second.truth)
    other = next(synthesise_city("shenyang", cases=3000, seed=6).parts())
    assert not first.cases.equals(other.cases)


def test_relative_costs_are_the_medians_of_the_published_weights():
    plan, costs = load_plan()
    weights: dict[str, list[Decimal]] = {}
    for name in plan.relative_cost_from:
        table = load_payment_policy(name, partial_ok=True).weight_table
        assert table is not None
        for row in table.rows:
            if row.rw and row.rw != 1 and not {"unstable", "ungrouped", "uncovered"} & set(row.marks):
                weights.setdefault(row.group, []).append(row.rw)
    for cost in costs:
        assert cost.tables == len(weights[cost.drg])
        assert cost.relative_cost == pytest.approx(float(statistics.median(weights[cost.drg])), abs=6e-5)


def test_what_is_not_published_is_named_all_at_once():
    with pytest.raises(TableError) as caught:
        synthesise_city("anyang", cases=10)
    assert "enrolled of scheme resident in anyang" in str(caught.value)
    assert "admission_rate" in str(caught.value)


@pytest.mark.slow
def test_the_smallest_cities_can_be_drawn():
    for cases in (1, 2, 17):
        part = next(synthesise_city("shenyang", cases=cases, seed=4).parts())
        assert part.cases.num_rows == part.truth.num_rows == cases


def test_a_misspelt_city_is_named():
    with pytest.raises(UnknownNameError, match="did you mean 'shenyang'"):
        synthesise_city("Shenyan", cases=10)


def test_numbers_out_of_range_are_refused():
    with pytest.raises(DeclarationError) as caught:
        synthesise_city("shenyang", cases=0, seed=-1)
    assert "--cases" in str(caught.value)
    assert "--seed" in str(caught.value)


def test_a_wrong_shape_is_said_with_its_place(tmp_path, root):
    text = (root / "models" / "synth" / "shape.toml").read_text(encoding="utf-8")
    (tmp_path / "relative_cost.csv").write_bytes((root / "models" / "synth" / "relative_cost.csv").read_bytes())
    path = tmp_path / "shape.toml"
    path.write_text(text.replace("count = [60, 45, 25]", "count = [60, 45]"), encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"hospitals\.count.*2 values.*3, one for each"):
        load_plan(path)
    path.write_text(text.replace("tail_share = 0.015", "tail_shar = 0.015"), encoding="utf-8")
    with pytest.raises(DeclarationError, match="tail_share"):
        load_plan(path)


@pytest.mark.slow
def test_the_command_writes_the_folder_whole(tmp_path, actuary_command):
    def run(*arguments):
        return subprocess.run([*actuary_command, *arguments], capture_output=True, text=True, check=False)

    out = tmp_path / "city"
    done = run("synth", "--cases", "2000", "--seed", "3", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "synthetic" in done.stdout + done.stderr
    cases = pq.read_table(out / "cases.parquet")
    assert cases.num_rows == 2000
    with (out / "hospitals.csv").open(encoding="utf-8") as stream:
        assert {row["hospital"] for row in csv.DictReader(stream)} >= set(cases["hospital"].to_pylist())
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["run"]["synthetic"] is True
    again = run("synth", "--cases", "2000", "--seed", "3", "--out", str(tmp_path / "again"))
    assert again.returncode == 0
    for name in ("cases.parquet", "policy.toml", "weights.csv", "budget.csv", "truth/cases.parquet"):
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    settled = tmp_path / "settled"
    policy, budget = str(out / "policy.toml"), str(out / "budget.csv")
    paid = run("settle", str(out / "cases.parquet"), "--policy", policy, "--budget", budget, "--out", str(settled))
    assert paid.returncode == 0, paid.stderr
    assert json.loads((settled / "settlement.json").read_text(encoding="utf-8"))["synthetic"] is True
