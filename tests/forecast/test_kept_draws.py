"""Results kept on disk: the same as made anew, another for another question, made again where the file is damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from actuary.forecast import evidence, fund_forecast
from actuary.forecast.fund_forecast import FundForecast, forecast_fund
from actuary.forecast.fund_spec import load_fund_spec
from actuary.forecast.kept_draws import load_kept, store_kept
from actuary.periods import Quarter

#: That damage is said once is tried in tests/faults.
unsaid = pytest.mark.filterwarnings("ignore::actuary.durable.checked.CacheWarning")


def _forecast(kept: Path | None, **changed: object) -> FundForecast:
    asked: dict[str, object] = {"to": "2025Q2", "until": "2024Q4", "draws": 24, "model": "naive", **changed}
    spec = load_fund_spec().model_copy(update={"histories": 2})
    return forecast_fund("national", spec=spec, kept=kept, **asked)  # type: ignore[arg-type]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.flows"))


def test_a_kept_forecast_is_the_one_that_was_made_and_draws_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, first = _forecast(None), _forecast(tmp_path)
    assert len(_files(tmp_path)) == 1

    def stop(*_given: object, **_options: object) -> None:
        raise AssertionError("it was drawn again")

    monkeypatch.setattr(fund_forecast, "forecast_history", stop)
    again = _forecast(tmp_path)
    for one in (first, again):
        assert np.array_equal(fresh.draws.to_numpy(), one.draws.to_numpy())
        assert one.by_year().equals(fresh.by_year())
        assert one.draws.indexes["period"].equals(fresh.draws.indexes["period"])
        assert one.fingerprint == fresh.fingerprint


def test_another_question_has_another_file(tmp_path: Path) -> None:
    for changed in ({}, {"seed": 2}, {"until": "2023Q4", "to": "2024Q2"}):
        _forecast(tmp_path, **changed)
    assert len(_files(tmp_path)) == 3


def _damaged(content: bytes) -> dict[str, bytes]:
    middle = len(content) // 2
    changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    return {"cut": content[:middle], "changed": changed, "empty": b"", "other": b"x" * 99}


@unsaid
@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "other"])
def test_a_damaged_file_is_never_trusted(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "one.flows"
    store_kept(path, {"labels": ["2025Q1"]}, {"flows": np.ones((3, 2))})
    path.write_bytes(_damaged(path.read_bytes())[damage])
    assert load_kept(path) is None


@unsaid
def test_a_forecast_whose_file_is_damaged_is_made_again(tmp_path: Path) -> None:
    first = _forecast(tmp_path)
    (path,) = _files(tmp_path)
    path.write_bytes(_damaged(path.read_bytes())["changed"])
    assert np.array_equal(first.draws.to_numpy(), _forecast(tmp_path).draws.to_numpy())
    assert load_kept(path) is not None


@unsaid
def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    assert _forecast(tmp_path / "file").to == "2025Q2"
    store_kept(tmp_path / "file" / "x.flows", {"a": 1})
    assert load_kept(tmp_path / "file" / "x.flows") is None


def test_the_back_test_is_kept_to_the_last_digit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    columns = ["set", "region", "freq", "model", "horizon", "origins", "cases", "error", "crps", "cover80"]
    table = pd.DataFrame([("a", "national", "A", "naive", 2, 3, 12, 1 / 3, 0.1, float("nan"))], columns=columns)

    def make(*_given: object, **_options: object) -> pd.DataFrame:
        made.append("made")
        return table

    monkeypatch.setattr(evidence, "backtest_funds", make)
    monkeypatch.setattr(evidence, "cache_folder", lambda: tmp_path)
    found = [evidence._backtest.__wrapped__(Quarter(2024, 4), "naive", 1, None, None, "data") for _ in range(2)]
    assert made == ["made"]
    for one in found:
        pd.testing.assert_frame_equal(one, table, check_exact=True)
    evidence._backtest.__wrapped__(Quarter(2024, 4), "naive", 1, None, None, "other data")
    assert made == ["made", "made"]
