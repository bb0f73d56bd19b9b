"""`actuary compare` from a synthetic city to a folder, as a person uses it."""

from __future__ import annotations

import csv
import json
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

OVERLAY = """extends = "suzhou-2022"
[policy]
id = "what-if"
provenance = [{ field = "*", source = "judgement", tag = "judgement" }]
[ratio]
denominator = "standard"
[price]
rate = [{ tier = "*", insurance = "employee", value = 9800 }, { tier = "*", insurance = "resident", value = 9100 }]
[[class]]
name = "low"
op = "<"
k = 0.4
pay = "actual"
"""


def run(command: list[str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=300)


def column(path: Path, name: str) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [row[name] for row in csv.DictReader(stream)]


def test_a_synthetic_city_under_two_policies(tmp_path: Path, actuary_command: list[str]) -> None:
    city, out, overlay = tmp_path / "city", tmp_path / "out", tmp_path / "what-if.toml"
    overlay.write_text(OVERLAY, encoding="utf-8")
    made = run(actuary_command, "synth", "--city", "shenyang", "--cases", "2000", "--seed", "1", "--out", city)
    assert made.returncode == 0, made.stderr
    cases = (city / "cases.parquet", "--hospitals", city / "hospitals.csv")
    done = run(
        actuary_command, "compare", *cases, "--policy", "suzhou-2022", "--policy", overlay, "--out", out,
        "--plan", "liuyang", "--day", "2023-07-01",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "synthetic" in done.stdout
    assert "class_low" in done.stdout
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    difference = Decimal(summary["difference_yuan"])
    assert summary["synthetic"] is True
    assert difference != 0
    for name in ("hospitals.csv", "tiers.csv", "groups.csv", "departments.csv", "rules.csv", "classes.csv"):
        assert sum(map(Decimal, column(out / name, "difference_yuan"))) == difference, name
        assert set(column(out / name, "synthetic")) == {"True"}
    assert len(column(out / "coverage.csv", "wanted")) == 4
    again = run(actuary_command, "compare", *cases, "-p", overlay, "-p", overlay, "--out", out)
    assert again.returncode == 0, again.stderr
    assert json.loads((out / "summary.json").read_text(encoding="utf-8"))["difference_yuan"] == "0.00"


def test_wrong_input_writes_nothing(tmp_path: Path, actuary_command: list[str]) -> None:
    cases, out = tmp_path / "cases.csv", tmp_path / "out"
    cases.write_text("case_id,hospital,tier,insurance,drg,total_cost\na,H1,1,employee,BR25,9000\n", encoding="utf-8")
    one = run(actuary_command, "compare", cases, "--policy", "suzhou-2022", "--out", out)
    assert one.returncode == 2
    assert "two: a, then b" in one.stderr
    tier = run(actuary_command, "compare", cases, "-p", "suzhou-2022", "-p", "linyi-2022", "--out", out)
    assert tier.returncode == 2
    assert "tier_unknown" in tier.stderr
    day = run(
        actuary_command, "compare", cases, "-p", "suzhou-2022", "-p", "suzhou-2022", "--out", out, "--plan", "liuyang"
    )
    assert day.returncode == 2
    assert "--day" in day.stderr
    assert not out.exists()
    both = (cases, "-p", "suzhou-2022", "-p", "suzhou-2022", "--out", out)
    for options, said in (
        (("--inpatient-fund", "abc"), "--inpatient-fund: found 'abc'"),
        (("--order", "price, coeficients"), "found 'coeficients'"),
        (("--plan", "liuyng", "--day", "2023-07-01"), "did you mean 'liuyang'?"),
    ):
        wrong = run(actuary_command, "compare", *both, *options)
        assert (wrong.returncode, out.exists()) == (2, False)
        assert said in wrong.stderr


def test_an_empty_file_and_both_languages(tmp_path: Path, actuary_command: list[str]) -> None:
    cases, out = tmp_path / "cases.csv", tmp_path / "out"
    header = "case_id,hospital,tier,insurance,drg,total_cost\n"
    cases.write_text(header, encoding="utf-8")
    empty = run(actuary_command, "compare", cases, "-p", "suzhou-2022", "-p", "jilin-2022", "--out", out)
    assert empty.returncode == 0, empty.stderr
    assert "0 cases" in empty.stderr
    cases.write_text(f"{header}a,H1,3,employee,BR25,9000\nb,H1,7,employee,BR25,9000\n", encoding="utf-8")
    for lang, said in (("zh", "政策没有该医院等级"), ("en", "does not know the tier")):
        done = run(
            actuary_command, "compare", cases, "-p", "suzhou-2022", "-p", "suzhou-2022", "--out", out,
            "--lang", lang, "--plan", "anyang", "--day", "2024-01-01",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert said in done.stderr
        assert "anyang has no threshold of coverage in force" in done.stderr
    assert column(out / "unpaid.csv", "side") == ["a", "b"]
