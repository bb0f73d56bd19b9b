"""`actuary check` on settlement lists, beside what it does with rules and tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from actuary.cli import app

_HEAD = "case_id,sex,age_years,dx,px\n"


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_text(_HEAD + "1,1,50,I21.001,\n2,9,50,I21.001|I10.x00,\n", encoding="utf-8")
    return path


def test_findings_and_rejected_cases_are_written_beside_each_other(cases: Path, dictionary: Path) -> None:
    out = cases.with_name("findings.csv")
    done = CliRunner().invoke(app, ["check", str(cases), "--out", str(out), "--dictionary", str(dictionary)])
    assert done.exit_code == 1, done.output
    assert pd.read_csv(out)["rule"].tolist() == ["F02"]
    rejected = pd.read_csv(cases.with_name("findings-rejected.csv"), dtype=str)
    assert rejected[["row", "rejected_by", "case_id", "dx"]].to_numpy().tolist() == [
        ["3", "F02", "2", "I21.001|I10.x00"]
    ]
    assert "1 rejected" in done.output


def test_two_files_are_told_apart_and_parquet_is_written(cases: Path, dictionary: Path) -> None:
    other = cases.with_name("other.csv")
    other.write_text(_HEAD + "7,1,,I21.001,\n", encoding="utf-8")
    out, rejected = cases.with_name("f.parquet"), cases.with_name("r.parquet")
    arguments = ["check", str(cases), str(other), "-o", str(out), "--rejected", str(rejected)]
    done = CliRunner().invoke(app, [*arguments, "--dictionary", str(dictionary)])
    assert done.exit_code == 1, done.output
    assert pd.read_parquet(out)["file"].tolist() == [str(cases), str(other)]
    assert pd.read_parquet(rejected)["case_id"].tolist() == ["2", "7"]


def test_a_sound_file_ends_well(cases: Path, dictionary: Path) -> None:
    cases.write_text(_HEAD + "1,1,50,I21.001,\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(cases), "--dictionary", str(dictionary)])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--limit", "upload_days"], "such as upload_days=15"),
        (["--limit", "upload_day=3"], "did you mean 'upload_days'"),
        (["--dictionary", "none"], "dx_yb2.csv"),
        (["--out", "findings.xls"], ".csv or .parquet"),
    ],
)
def test_wrong_options_are_explained(options: list[str], said: str, cases: Path) -> None:
    done = CliRunner().invoke(app, ["check", str(cases), *options])
    assert done.exit_code == 2
    assert said in done.output


def test_rules_and_tables_go_the_old_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import actuary.workflow  # noqa: PLC0415
    from actuary.workflow.checks import CheckOutcome  # noqa: PLC0415

    asked: list[list[Path]] = []

    def check_inputs(paths: list[Path], **_: object) -> CheckOutcome:
        asked.append(list(paths))
        return CheckOutcome("files", ())

    monkeypatch.setattr(actuary.workflow, "check_inputs", check_inputs, raising=False)
    rule, table = tmp_path / "rule.toml", tmp_path / "facts.csv"
    rule.write_text("", encoding="utf-8")
    table.write_text("region,period,scheme\nnational,2024,all\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["check", str(rule), str(table)]).exit_code == 0
    assert CliRunner().invoke(app, ["check"]).exit_code == 0
    assert asked == [[rule, table], []]
    done = CliRunner().invoke(app, ["check", str(rule), "--out", "x.csv"])
    assert done.exit_code == 2
    assert "no settlement list" in done.output
