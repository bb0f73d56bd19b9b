"""`actuary explain`: one case out of a file, in words; what is wrong is said with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner, Result

from actuary.cli.explain import register

# Whole reports, kernels of notebooks and cities as their users make them: seconds each.
pytestmark = pytest.mark.slow

CASES = pd.DataFrame(
    {
        "case_id": ["stroke-1", "stroke-2", "gall-1"],
        "sex": ["1", "2", "x"],
        "age_years": [60, 70, 50],
        "age_days": ["", "", ""],
        "birth_weight_g": ["", "", ""],
        "dx": ["I63.900|J96.000", "I63.900", "K80.201"],
        "px": ["", "", "01.2400x005"],
    }
)


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    CASES.to_csv(path, index=False)
    return path


def _run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_case_is_explained_in_chinese_and_on_request_in_english(cases: Path) -> None:
    told = _run(cases, "--case-id", "stroke-1")
    assert told.exit_code == 0
    for words in ("BR21 伴严重并发症或合并症", "I63.900", "J96.000", "MDC判定", "差一步可改变的结果", "换位与删码试算"):
        assert words in told.output
    english = _run(cases, "--case-id", "stroke-2", "--lang", "en").output
    assert "BR25 without complications or comorbidities" in english
    assert "RS21" not in english


def test_a_switch_changes_the_answer(cases: Path) -> None:
    path = cases.with_name("fixed.csv")
    CASES.assign(sex="1").to_csv(path, index=False)
    assert "HQY" in _run(path, "--case-id", "gall-1", "--switch", "qy=main").output.splitlines()[1]
    assert "HQY" not in _run(path, "--case-id", "gall-1").output.splitlines()[1]


def test_a_failed_check_is_explained_too(cases: Path) -> None:
    told = _run(cases, "--case-id", "gall-1")
    assert told.exit_code == 0
    assert "信息校验不通过：性别缺失或不是1、2" in told.output


def test_the_panel_can_be_written(cases: Path, tmp_path: Path) -> None:
    page = tmp_path / "case.html"
    assert _run(cases, "--case-id", "stroke-1", "--html", page).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "BR21" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--case-id", "strokes-1"],
            "expected the name of one of its 3 cases (stroke-1, stroke-2, gall-1); did you mean",
        ),
        (["--case-id", "stroke-1", "--scheme", "chs-drg-1.2"], "did you mean 'chs-drg-1.1'?"),
        (["--case-id", "stroke-1", "--switch", "qy"], "expected NAME=POSITION, such as qy=main"),
        (["--case-id", "stroke-1", "--switch", "qy=mian"], "did you mean 'main'?"),
        (["--case-id", "stroke-1", "--switch", "qy=main", "--switch", "qy=off"], "each switch once"),
    ],
)
def test_what_is_wrong_is_said(cases: Path, arguments: list[str], said: str) -> None:
    told = _run(cases, *arguments)
    assert told.exit_code == 2
    assert said in told.stderr


def test_a_missing_column_or_file_is_said(cases: Path) -> None:
    bare = cases.with_name("bare.csv")
    CASES.drop(columns="sex").to_csv(bare, index=False)
    assert "no column 'sex'" in _run(bare, "--case-id", "stroke-1").stderr
    assert "no such file" in _run(cases.with_name("none.csv"), "--case-id", "a").stderr
