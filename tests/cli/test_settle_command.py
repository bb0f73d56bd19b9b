"""`actuary settle` from a file of cases to a folder, as a person uses it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CASES = """case_id,hospital,tier,insurance,drg,total_cost
a,H1,3,employee,BR25,9000.00
b,H1,3,employee,BR25,-1
c,H1,3,employee,BR2S,100
a,H1,3,employee,BR25,9000.00
"""


def run(command: list[str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=300)


def test_cases_become_a_folder_and_bad_ones_a_list(tmp_path: Path, actuary_command: list[str]) -> None:
    cases, out = tmp_path / "cases.csv", tmp_path / "out"
    cases.write_text(CASES, encoding="utf-8")
    done = run(actuary_command, "settle", cases, "--policy", "suzhou-2022", "--out", out, "--explain", "a", "-l", "en")
    assert done.returncode == 0, done.stderr
    # 1.247342 x 1.02 x 9435.25, rounded once.
    assert "12,004.36 yuan" in done.stdout
    assert "1 group_unknown" in done.stderr
    assert json.loads((out / "settlement.json").read_text(encoding="utf-8"))["cases_by_status"]["paid"] == 1
    problems = (out / "problems.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(problems) == 4
    assert ",drg,BR2S,BR2" in problems[2]
    again = run(actuary_command, "settle", cases, "--policy", "suzhou-2022", "--out", out)
    assert again.returncode == 0, again.stderr


def test_strict_writes_nothing_and_the_pool_needs_a_budget(tmp_path: Path, actuary_command: list[str]) -> None:
    cases, out = tmp_path / "cases.csv", tmp_path / "out"
    cases.write_text(CASES, encoding="utf-8")
    strict = run(actuary_command, "settle", cases, "--policy", "suzhou-2022", "--out", out, "--strict")
    assert strict.returncode == 2
    assert "3 of 4 cases" in strict.stderr
    assert not out.exists()
    unknown = run(actuary_command, "settle", cases, "--policy", "suzhuo-2022", "--out", out)
    assert unknown.returncode == 2
    assert "suzhou-2022" in unknown.stderr
    assert not out.exists()
