"""The command line as a user meets it: help, wrong input, stopping."""

from __future__ import annotations

import csv
import io
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import actuary
from actuary.paths import data_root, models_root
from actuary.workflow.outputs import staged_output

#: Each starts the command line as a process of its own.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def run(actuary_command: list[str]):
    def call(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120"}
        return subprocess.run(
            [*actuary_command, *arguments], capture_output=True, text=True, check=False, cwd=cwd, env=environment
        )

    return call


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(data_root(), tmp_path / "data"))


def test_help_tells_what_it_does_and_lists_the_verbs(run) -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "quarterly actuarial report" in done.stdout
    for verb in ("report", "project", "warn", "indicators", "cities", "check", "models", "data"):
        assert f" {verb} " in done.stdout


@pytest.mark.parametrize("verb", ["report", "project", "warn", "indicators", "cities", "check", "models", "data"])
def test_every_verb_explains_itself(run, verb: str) -> None:
    done = run(verb, "--help")
    assert done.returncode == 0
    assert "Usage: " in done.stdout


def test_version(run) -> None:
    assert run("--version").stdout.strip() == "0.1.0"


def test_an_unknown_city_names_the_nearest(run, tmp_path: Path) -> None:
    done = run("report", "--city", "shenyan", "--out", str(tmp_path / "r"))
    assert done.returncode == 2
    assert "found 'shenyan'" in done.stderr
    assert "did you mean 'shenyang'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "r").exists()


def test_an_annual_report_within_a_year_and_an_unknown_plan_are_refused(run, tmp_path: Path) -> None:
    out = tmp_path / "r"
    for given, said in (
        (("--annual", "--quarter", "2024Q2"), "ask for 2023Q4, or for a quarterly report"),
        (("--plan", "anual"), "did you mean 'annual'?"),
        (("--annual", "--plan", "quarterly"), "one of them"),
    ):
        done = run("report", *given, "--out", str(out))
        assert done.returncode == 2
        assert said in done.stderr
    assert not out.exists()


def test_a_quarter_beyond_the_data_names_the_last(run, tmp_path: Path) -> None:
    done = run("report", "--quarter", "2026Q1", "--out", str(tmp_path / "r"))
    assert done.returncode == 2
    assert "found 2026Q1" in done.stderr
    assert "2024Q4, the last with published figures for national" in done.stderr


def test_what_is_no_quarter_says_what_one_is(run) -> None:
    done = run("project", "--quarter", "Q4-2024")
    assert done.returncode == 2
    assert "a quarter written YYYYQn, such as 2024Q4" in done.stderr


def test_a_read_only_folder_is_refused_before_any_work(run, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    kept.chmod(0o555)
    try:
        done = run("report", "--out", str(kept / "report"))
    finally:
        kept.chmod(0o755)
    assert done.returncode == 2
    assert "read-only; expected a folder that can be written; choose another folder with --out" in done.stderr
    assert "notebook" not in done.stderr
    assert list(kept.iterdir()) == []


def test_a_folder_that_is_no_folder_is_refused(run, tmp_path: Path) -> None:
    done = run("warn", "--models", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def _without_column(text: str) -> str:
    rows = list(csv.reader(io.StringIO(text)))
    cut = io.StringIO()
    csv.writer(cut, lineterminator="\n").writerows([cell for n, cell in enumerate(row) if n != 2] for row in rows)
    return cut.getvalue()


BAD_TABLES = {
    "a missing column": (_without_column, "found no column 'scheme'"),
    "text in a number": (lambda text: text.replace(",741.5,", ",约741,"), "found text '约741'; expected a number"),
    "a negative balance": (
        lambda text: text.replace("all,income,190.6", "all,balance_end,-190.6"),
        "expected balance_end of 0 or more",
    ),
    "a duplicated row": (lambda text: text + text.splitlines()[1] + "\n", "as row 2; expected one row for each"),
    "a column without a heading": (lambda text: text.replace(",note\n", "\n", 1), "130 rows in all"),
}


@pytest.mark.parametrize("mistake", BAD_TABLES)
def test_a_bad_table_is_answered_with_its_place(run, data: Path, tmp_path: Path, mistake: str) -> None:
    table = data / "reference" / "city_facts.csv"
    spoil, expected = BAD_TABLES[mistake]
    text = table.read_text(encoding="utf-8")
    assert spoil(text) != text
    table.write_text(spoil(text), encoding="utf-8")
    for verb in (("check", "--data", str(data)), ("report", "--data", str(data), "--out", str(tmp_path / "r"))):
        done = run(*verb)
        told = done.stdout + done.stderr
        assert done.returncode in (1, 2)
        assert "city_facts.csv" in told
        assert expected in told, told
        assert "Traceback" not in told
    assert not (tmp_path / "r").exists()


def test_a_table_in_another_encoding_is_read_and_told(run, data: Path) -> None:
    table = data / "reference" / "city_facts.csv"
    table.write_bytes(table.read_text(encoding="utf-8").encode("gb18030"))
    done = run("check", "--data", str(data))
    assert done.returncode == 1
    assert "read as GB18030 (GBK)" in done.stderr


def test_a_declaration_with_eight_mistakes_gives_eight_lines(run, tmp_path: Path) -> None:
    models = Path(shutil.copytree(models_root(), tmp_path / "models"))
    (models / "national/policy/contributions.toml").write_text(
        """#:schema ../../schema/policy.schema.json

[employee.employer_rate]
name = "用人单位缴费费率"
name_en = "Employer contribution rate"
unit = "shares"
values = [
  { from = 2019-01-01, value = "8%", source = "S1" },
  { from = 2018-01-01, value = 0.08, source = "S1" },
  { from = 2020-02-01, value = 0.04, source = "S77" },
  { from = 2020-07-01, valeu = 0.08, source = "S1" },
]

[employee.employee_rate]
name = "职工个人缴费费率"
unit = "share"
values = [
  { from = "2019-01-01", value = 0.02, source = "S1" },
  { from = 2021-01-01, value = 2, source = "S1" },
]
""",
        encoding="utf-8",
    )
    done = run("project", "--models", str(models))
    assert done.returncode == 2
    first, *lines = done.stderr.splitlines()
    assert first == "actuary: 8 problems:"
    assert len(lines) == 8
    for said in (
        "did you mean 'share'?",
        "found the text '8%'",
        "found the date 2018-01-01; expected a day after 2019-01-01",
        "found 'S77'; expected an id listed in sources.md",
        "did you mean 'value'?",
        "name_en: found nothing",
        "expected a date; write it without quotation marks",
        "found 2.0; expected a value from 0 to 1",
    ):
        assert any(said in line for line in lines), said
    assert all(line.strip().startswith("national/policy/contributions.toml line ") for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("after", "wait"), [("] run", 1.5), ("] typeset the PDF …", 0.0), ("] write the HTML …", 0.0)])
def test_stopping_in_the_middle_leaves_nothing(
    actuary_command: list[str], tmp_path: Path, stop: signal.Signals, after: str, wait: float
) -> None:
    out = tmp_path / "report"
    process = subprocess.Popen(
        [*actuary_command, "report", "--city", "shenyang", "--out", str(out)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A job in the background of a script is born with interrupts ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    assert process.stderr is not None
    told = ""
    while after not in told:
        line = process.stderr.readline()
        assert line, f"ended before {after}: {told}"
        told += line
    time.sleep(wait)
    process.send_signal(stop)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; nothing was written" in rest
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link(run, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    with staged_output(tmp_path / "link") as staging:
        (staging / "a.txt").write_text("whole")
    assert (tmp_path / "link").is_symlink()
    assert (real / "a.txt").read_text() == "whole"


@pytest.mark.parametrize("verb", ["project", "warn", "cities", "check", "report", "indicators"])
def test_a_missing_folder_of_models_is_named(run, verb: str) -> None:
    done = run(verb, "--models", "/no/such/folder")
    assert done.returncode == 2
    assert "/no/such/folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_face_takes_paths_as_text_and_names_a_missing_folder() -> None:
    for call in (
        actuary.project_city,
        actuary.warn_city,
        actuary.list_cities,
        actuary.write_report,
        actuary.check_inputs,
    ):
        with pytest.raises(actuary.ActuaryError, match="/no/such/folder, which is no folder"):
            call(models="/no/such/folder")
    assert len(actuary.list_cities(models=str(models_root()))) >= 6
    assert actuary.check_inputs(str(data_root() / "reference" / "city_facts.csv")).problems == ()
    assert "adverse" in actuary.project_city("national", "2024Q4", scenarios="adverse").paths.scenario
