"""`actuary warn` from the command line: what it prints, writes and records."""

from __future__ import annotations

import pandas as pd
import pytest
from typer.testing import CliRunner

from actuary.cli import app
from actuary.workflow.warning_replay import REFERENCE_FILE, read_reference, replay_warnings


def run(*arguments):
    return CliRunner().invoke(app, ["warn", *map(str, arguments)])


def test_warnings_are_printed_written_and_recorded_once(tmp_path):
    out, ledger = tmp_path / "warnings.csv", tmp_path / "cases.sqlite"
    asked = ("--city", "urumqi", "--quarter", "2013Q4", "--no-forecast", "--record", ledger, "--who", "tester")
    done = run(*asked, "--lang", "zh", "--out", out)
    assert done.exit_code == 0, done.output
    assert "[蓝色] CN-1" in done.output
    for heading in ("情况：", "程度：", "起始：", "原因：", "把握：", "措施：", "责任："):
        assert heading in done.output
    assert "无法评估" in done.output
    for words in ("基金风险预警", "险种", "文件规定"):
        assert words in done.output
    assert "judgement" not in done.output
    table = pd.read_csv(out)
    assert table.loc[table["rule_id"].eq("CN-1"), "level"].tolist() == ["blue"]
    assert "new" in done.output
    again = run(*asked)
    assert again.exit_code == 0, again.output
    assert "known already" in again.output


def test_places_are_looked_at_before_the_work(tmp_path, monkeypatch):
    def work(*_, **__):
        raise AssertionError

    monkeypatch.setattr("actuary.workflow.find_warnings", work)
    (tmp_path / "book.sqlite").write_text("no ledger at all")
    (tmp_path / "closed").mkdir(mode=0o555)
    (tmp_path / "lost.sqlite.attachments").mkdir()
    for option, name, told in (
        ("--record", "book.sqlite", "a file that is no ledger"),
        ("--record", "closed/book.sqlite", "is read-only"),
        ("--record", "closed/below/book.sqlite", "is read-only"),
        ("--record", "book.sqlite/book.sqlite", "is a file; expected a folder"),
        ("--record", "lost.sqlite", "put its last good copy back"),
        ("--out", "closed/warnings.csv", "is read-only"),
        ("--out", "missing/warnings.csv", "No such file or directory"),
    ):
        done = run("--city", "urumqi", option, tmp_path / name)
        assert (done.exit_code, told in done.output) == (2, True), (name, done.output)
    done = run("--city", "urumqi", "--record", tmp_path / "new.sqlite", "--who", " ")
    assert (done.exit_code, "give --who NAME" in done.output) == (2, True)
    assert not (tmp_path / "new.sqlite").exists()


def test_a_wrong_name_is_answered_with_the_nearest():
    done = run("--city", "urumchi")
    assert done.exit_code == 2
    assert "did you mean 'urumqi'" in done.output


@pytest.mark.slow
def test_a_replay_skips_what_is_not_there_by_name(tmp_path):
    found = replay_warnings(("city_panel",), series=tmp_path)
    assert found.skipped == (REFERENCE_FILE,)
    frame = found.to_frame()
    assert set(frame["series"]) == {"city_panel_years"}
    gap = frame[frame["rule_id"].eq("CN-8") & frame["scheme"].eq("resident")].iloc[0]
    assert (gap["events"], gap["hits"], gap["alarms"], gap["false_alarms"]) == (1, 1, 1, 0)


def test_the_reference_series_is_read_by_quarter(reference):
    series = read_reference(reference / "series" / REFERENCE_FILE)
    assert series.scheme == "all"
    assert min(series.known["surplus_rate"].values()) < 0


def test_options_that_would_be_passed_over_are_refused_together(tmp_path):
    done = run("--replay", "--quarter", "2024Q4", "--record", tmp_path / "cases.sqlite")
    assert done.exit_code == 2
    assert "--quarter" in done.output
    assert "--record" in done.output
    assert not (tmp_path / "cases.sqlite").exists()
    done = run("--city", "urumqi", "--series", tmp_path)
    assert done.exit_code == 2
    assert "add --replay" in done.output
