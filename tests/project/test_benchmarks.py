"""The suite of benchmarks judges what it measures: aims, ratios, growth, and falls that it has to notice."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def suite() -> ModuleType:
    place = Path(__file__).resolve().parents[2] / "benchmarks" / "suite.py"
    spec = importlib.util.spec_from_file_location("benchmark_suite", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUNS = {
    "made up": {"found": {"ours": {"wall_s": 2.0}, "peer": 8.0, "rate": 50.0}, "seconds": 1, "peak_mib": 1, "load": 0}
}


def test_a_ratio_says_how_many_times_the_peer(suite: ModuleType) -> None:
    aim = {"name": "a", "run": "made up", "unit": "s", "less": True, "value": ["ours", "wall_s"], "peer": ["peer"],
           "peer_name": "another", "at_most": 3, "ratio_at_least": 5}  # fmt: skip
    found = suite.judge(aim, RUNS)
    assert (found["ratio"], found["met"]) == (4.0, False)
    assert found["aim"] == "at most 3; ratio at least 5"
    more = suite.judge({"name": "b", "run": "made up", "unit": "", "value": ["rate"], "peer": ["peer"]}, RUNS)
    assert (more["ratio"], more["met"]) == (6.25, None)


def test_growth_is_the_exponent_of_size(suite: ModuleType) -> None:
    runs = {"made up": {"found": {"small": 1.0, "large": 100.0}}}
    found = suite.grow({"name": "g", "seconds": [[10, "made up", ["small"]], [100, "made up", ["large"]]]}, runs)
    assert found["exponents"] == [2.0]


@pytest.mark.parametrize(("now", "falls"), [(10.0, 0), (7.1, 0), (6.9, 1), (14.0, 0)])
def test_a_fall_of_more_than_three_tenths_is_noticed(suite: ModuleType, now: float, falls: int) -> None:
    kept = {"aims": [{"name": "a", "ratio": 10.0}, {"name": "no peer", "ratio": None}]}
    assert len(suite.fallen(kept, [{"name": "a", "ratio": now}, {"name": "no peer", "ratio": None}])) == falls


def test_a_check_measures_a_fall_twice_before_it_fails(suite: ModuleType, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(suite, "RESULTS", tmp_path / "results.json")
    aims = {"aim": [{"name": "a", "run": "r", "unit": "", "value": ["ours"], "peer": ["peer"]}]}
    wanted = [{"name": "r"}]
    with pytest.raises(SystemExit, match="run make bench first"):
        suite.check(aims, wanted)
    (tmp_path / "results.json").write_text(json.dumps({"aims": [{"name": "a", "ratio": 10.0}]}), encoding="utf-8")
    for measured, fails in (([9.0], False), ([5.0, 9.0], False), ([5.0, 6.0], True)):
        rates = iter(measured)
        monkeypatch.setattr(suite, "run", lambda _, rates=rates: {"found": {"ours": next(rates), "peer": 1.0}})
        if fails:
            with pytest.raises(SystemExit, match="1 ratios have fallen"):
                suite.check(aims, wanted)
        else:
            suite.check(aims, wanted)
        assert next(rates, None) is None, "as often as needed"
    assert "40% lower" in capsys.readouterr().out


def test_every_aim_belongs_to_a_run_and_every_script_exists(suite: ModuleType) -> None:
    aims = suite.read_aims()
    assert {aim["run"] for aim in aims["aim"]} >= {run["name"] for run in aims["run"]}
    assert all((suite.HERE / run["script"]).is_file() for run in aims["run"])
    assert len({aim["name"] for aim in aims["aim"]}) == len(aims["aim"])


def test_the_page_is_written_from_the_kept_results(suite: ModuleType) -> None:
    if not suite.RESULTS.is_file():
        pytest.skip("no results are kept")
    kept = json.loads(suite.RESULTS.read_text(encoding="utf-8"))
    assert suite.PAGE.read_text(encoding="utf-8") == suite.page(kept)
    aims = suite.read_aims()
    always = {run["name"] for run in aims["run"] if not run.get("named_only")}
    assert {one["name"] for one in kept["aims"]} >= {aim["name"] for aim in aims["aim"] if aim["run"] in always}


def test_a_kept_run_that_is_not_what_is_declared_is_told_and_left_out(
    suite: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(suite, "RESULTS", tmp_path / "results.json")
    assert suite.kept_runs({}) == {}
    kept = {"arguments": ["--cases", "10"], "found": {"ours": {"s": 1.0}}}
    names = ("same", "other", "gone", "lacking", "short")
    (tmp_path / "results.json").write_text(json.dumps({"runs": dict.fromkeys(names, kept)}), encoding="utf-8")
    aims = {
        "run": [
            {"name": name, "arguments": ["--cases", "20" if name == "other" else "10"]}
            for name in names
            if name != "gone"
        ],
        "aim": [
            {"run": "same", "value": ["ours", "s"]},
            {"run": "lacking", "value": ["ours", "s"], "peer": ["theirs"]},
        ],
        "growth": [{"seconds": [[10, "same", ["ours", "s"]], [20, "short", ["ours", "cpu"]]]}],
    }
    assert set(suite.kept_runs(aims)) == {"same"}
    said = capsys.readouterr().out
    assert "other: kept with arguments" in said
    assert "gone: kept with arguments" in said
    assert "lacking: kept without theirs" in said
    assert "short: kept without ours, cpu" in said


def test_the_page_on_several_machines_holds_the_kept_results() -> None:
    root = Path(__file__).resolve().parents[2]
    spec = importlib.util.spec_from_file_location("nation_table", root / "tools" / "write_nation_table.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    page = tool.PAGE.read_text(encoding="utf-8")
    kept = page.partition(tool.BEGIN)[2].partition(tool.END)[0].strip()
    expected = tool.table(json.loads(tool.RESULTS.read_text(encoding="utf-8")))
    assert kept == expected, "python tools/write_nation_table.py"
    assert tool.table({"nation": None}) == "Not measured yet: `make bench`."
