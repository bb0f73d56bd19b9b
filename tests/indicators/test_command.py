from __future__ import annotations

import csv
import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from actuary.cli import app
from actuary.indicators import INDICATORS


@pytest.fixture(scope="module")
def run():
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, ["indicators", *map(str, arguments)])


def test_the_registry_is_listed(run, tmp_path):
    done = run("--list", "--out", tmp_path / "registry.csv")
    assert done.exit_code == 0
    with (tmp_path / "registry.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["indicator"] for row in csv.DictReader(file)] == list(INDICATORS)
    assert "cmi" not in run("--list", "--family", "plan").stdout


def test_values_of_a_family_are_printed_with_their_reasons(run, tmp_path):
    done = run("--city", "huoshan", "--family", "use", "--out", tmp_path / "use.json")
    assert done.exit_code == 0
    assert "30.12" in done.stdout
    assert "not assessable" in done.stdout
    rows = json.loads((tmp_path / "use.json").read_text(encoding="utf-8"))
    by_name = {(row["indicator"], row["scheme"]): row for row in rows}
    assert by_name["out_of_area_share", "resident"]["value"] == pytest.approx(0.3012)
    assert by_name["admission_rate", "resident"]["value"] is None
    assert by_name["admission_rate", "resident"]["reason_zh"] == "计算所需的数字未公布"


def test_a_value_is_traced_to_its_rows(run, tmp_path):
    done = run("--city", "urumqi", "--trace", "payable_months", "--scheme", "employee", "--out", tmp_path / "t.csv")
    assert done.exit_code == 0
    assert "17.2" in done.stdout
    assert "place_samples" in done.stdout
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["printed"] for row in csv.DictReader(file)] == ["22.48", "15.67", "17"]


def test_targets_and_history(run):
    done = run("--city", "shenyang", "--quarter", "2020Q4", "--targets", "--lang", "zh")
    assert done.exit_code == 0
    assert "79.80" in done.stdout
    assert "无法评估" in done.stdout
    done = run("--city", "anyang", "--since", "2021Q4", "--quarter", "2021Q4", "--family", "payment")
    assert done.exit_code == 0
    assert "100.40" in done.stdout


def test_what_cannot_be_is_said_in_a_sentence(run, tmp_path):
    for arguments, message in (
        (("--trace", "payble_months"), "did you mean 'payable_months'"),
        (("--city", "anyang", "--quarter", "2001Q1"), "expected a quarter from"),
        (("--list", "--out", tmp_path / "x.txt"), "one in .csv or .json"),
        ((tmp_path / "none.parquet",), "none.parquet"),
    ):
        done = run(*arguments)
        assert done.exit_code == 2
        assert message in done.stderr
        assert "Traceback" not in done.output


def test_a_region_in_the_place_of_a_file_is_told_where_it_goes(run):
    done = run("urumqi")
    assert done.exit_code != 0
    assert "--city urumqi" in done.output


def test_cases_from_a_file(run, tmp_path):
    frame = pd.DataFrame(
        {
            "case_id": ["a", "b"],
            "hospital": ["H1", "H2"],
            "tier": ["3", "2"],
            "insurance": ["employee"] * 2,
            "drg": ["BR25"] * 2,
            "total_cost": ["9000.00", "6000.00"],
        }
    )
    frame.to_csv(tmp_path / "cases.csv", index=False)
    out = tmp_path / "out.json"
    done = run(
        tmp_path / "cases.csv", "--policy", "suzhou-2022", "--by", "hospital", "--family", "payment", "--out", out
    )
    assert done.exit_code == 0
    rows = {(row["subject"], row["indicator"]): row["value"] for row in json.loads(out.read_text(encoding="utf-8"))}
    assert rows["H1", "cost_index"] == pytest.approx(1.2)
    traced = run(tmp_path / "cases.csv", "--policy", "suzhou-2022", "--trace", "cost_index", "--by", "hospital")
    assert traced.exit_code == 0
    assert "15,000" in traced.stdout
    assert "not settled" in run(tmp_path / "cases.csv").stderr
