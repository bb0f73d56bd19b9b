"""What is wrong with real files: an answer with honest width or a clear refusal, in Python and on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import actuary
from actuary.cli import app
from actuary.errors import DeclarationError, TableError
from actuary.forecast.bayes_spec import ProductSpec
from actuary.forecast.products import read_products
from actuary.forecast.result import Forecast

_HORIZON, _DRAWS = 4, 200


def quarters(count: int) -> list[str]:
    return [f"{2008 + i // 4}Q{i % 4 + 1}" for i in range(count)]


def usual(count: int = 40) -> np.ndarray:
    rng = np.random.default_rng(7)
    return 100 + np.arange(count) * 0.5 + 4 * np.sin(np.arange(count) * np.pi / 2) + rng.normal(0, 2, count)


def rows(values: np.ndarray, name: str = "a") -> pd.DataFrame:
    return pd.DataFrame({"series_id": name, "period": quarters(len(values)), "value": values})


def with_(values: np.ndarray, where: object, what: object) -> np.ndarray:
    changed = values.astype(float).copy()
    changed[where] = what
    return changed


def write(frame: pd.DataFrame, path: Path, encoding: str = "utf-8") -> Path:
    path.write_bytes(frame.to_csv(index=False).encode(encoding))
    return path


def call(source: Path, out: Path, *more: str) -> tuple[int, str]:
    words = ["forecast", str(source), "--horizon", str(_HORIZON), "--draws", str(_DRAWS), "--out", str(out), *more]
    done = CliRunner().invoke(app, words)
    return done.exit_code, done.output


ANSWERED: dict[str, Callable[[], pd.DataFrame]] = {
    "three points": lambda: rows(usual(3)),
    "gaps": lambda: rows(usual()).drop(index=[5, 6, 17, 30]),
    "empty cells": lambda: rows(with_(usual(), slice(20, 24), np.nan)),
    "ends in nothing": lambda: rows(with_(usual(), slice(-3, None), np.nan)),
    "zeros between": lambda: rows(with_(usual(), slice(None, None, 3), 0.0)),
    "only zeros": lambda: rows(np.zeros(40)),
    "negatives": lambda: rows(usual() - usual().mean()),
    "a constant": lambda: rows(np.full(40, 7.0)),
    "10^12": lambda: rows(usual() * 1e10),
    "a shift at the last point": lambda: rows(with_(usual(), -1, 300.0)),
}


@pytest.fixture(scope="module", params=sorted(ANSWERED))
def answered(request: pytest.FixtureRequest) -> tuple[str, pd.DataFrame, Forecast]:
    frame = ANSWERED[request.param]()
    return request.param, frame, actuary.forecast(frame, horizon=_HORIZON, draws=_DRAWS)


def test_an_answer_is_finite_and_has_width(answered: tuple[str, pd.DataFrame, Forecast], tmp_path: Path) -> None:
    name, frame, found = answered
    futures = found.futures("a")
    assert np.isfinite(futures).all()
    assert (futures.std(axis=0) > 0).all()
    assert found.origins == ("2008Q3" if name == "three points" else "2017Q4",)
    code, said = call(write(frame, tmp_path / "s.csv"), tmp_path / "o.csv")
    assert code == 0
    assert found.fingerprint in said
    written = pd.read_csv(tmp_path / "o.csv", dtype={"origin": str})
    np.testing.assert_allclose(written["value"], found.to_frame()["value"], rtol=1e-9)


def width(values: np.ndarray) -> float:
    futures = actuary.forecast(rows(values), horizon=_HORIZON, draws=_DRAWS).futures("a")
    low, high = np.quantile(futures, [0.1, 0.9], axis=0)
    return float((high - low).mean())


def test_widths_are_honest() -> None:
    plain = width(usual())
    assert width(usual() * 1e10) == pytest.approx(plain * 1e10, rel=1e-6)
    # Nobody knows whether a shift at the last point stays.
    assert width(with_(usual(), -1, 300.0)) > 3 * plain
    assert width(usual(3)) > 0.05 * 100
    assert width(usual() - usual().mean()) > 0.3 * plain
    zeros = actuary.forecast(rows(np.zeros(8)), horizon=_HORIZON, draws=2000)
    assert 0.02 < float((zeros.futures("a") > 0).mean()) < 0.12
    assert any("stays possible" in note for note in zeros.notes)


def doubled() -> pd.DataFrame:
    return pd.concat([rows(usual()), rows(usual()).iloc[:1]], ignore_index=True)


REFUSED: dict[str, tuple[Callable[[], pd.DataFrame], str]] = {
    "two points": (lambda: rows(usual(2)), "at least 3 known values"),
    "nothing but gaps": (lambda: rows(np.full(10, np.nan)), "at least 3 known values"),
    "a period twice": (doubled, "a second time"),
    "months among quarters": (
        lambda: pd.concat([rows(usual()), pd.DataFrame({"series_id": "a", "period": ["2019-07"], "value": [1.0]})]),
        "one kind of period",
    ),
    "text in a number": (
        lambda: rows(usual()).astype({"value": object}).replace({"value": {usual()[3]: "1,2x"}}),
        "1,2x",
    ),
    "an endless number": (lambda: rows(with_(usual(), 3, np.inf)), "a finite number"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_refusal_says_where_and_writes_nothing(name: str, tmp_path: Path) -> None:
    make, words = REFUSED[name]
    with pytest.raises(TableError, match=words):
        actuary.forecast(make(), horizon=_HORIZON, draws=_DRAWS)
    code, said = call(write(make(), tmp_path / "s.csv"), tmp_path / "o.csv")
    assert code == 2
    assert words in said
    assert [path.name for path in tmp_path.iterdir()] == ["s.csv"]


def test_a_byte_order_mark_and_another_encoding_are_read(tmp_path: Path) -> None:
    frame = rows(usual(), name="住院人次")
    assert call(write(frame, tmp_path / "mark.csv", "utf-8-sig"), tmp_path / "o.csv", "--model", "naive")[0] == 0
    assert set(pd.read_csv(tmp_path / "o.csv")["series_id"]) == {"住院人次"}
    source = write(frame, tmp_path / "old.csv", "gb18030")
    code, said = call(source, tmp_path / "p.csv", "--model", "naive")
    assert code == 0
    assert "read as GB18030" in said
    assert (tmp_path / "p.csv").read_bytes() == (tmp_path / "o.csv").read_bytes()


def many(short: int) -> pd.DataFrame:
    parts = [rows(usual() * (1 + k / 10), name=f"s{k:02d}") for k in range(6)]
    return pd.concat([*parts, *(rows(usual(2), name=f"t{k}") for k in range(short))], ignore_index=True)


def test_one_short_series_does_not_refuse_the_others(tmp_path: Path) -> None:
    found = actuary.forecast(many(1), horizon=_HORIZON, draws=50, model="naive", unit="yuan")
    alone = actuary.forecast(many(0), horizon=_HORIZON, draws=50, model="naive", unit="yuan")
    np.testing.assert_array_equal(found.draws, alone.draws)
    status = found.status().set_index("series")
    assert (status["status"] == "forecast").sum() == 6
    assert status.loc["t0", "reason"] == "2 known values, at least 3 are needed"
    assert "left out: t0" in found._repr_html_()
    out = tmp_path / "o.csv"
    code, said = call(write(many(1), tmp_path / "s.csv"), out, "--model", "naive", "--unit", "yuan", "--seed", "3")
    assert code == 0
    for words in ("left out: t0", "seed 3", "unit yuan", "model naive", "6 of 7 series", f"{_DRAWS} joint draws"):
        assert words in said
    beside = json.loads((tmp_path / "o.csv.json").read_text(encoding="utf-8"))
    assert (beside["seed"], beside["unit"], beside["gate"]) == (3, "yuan", None)
    assert {one["series"]: one["status"] for one in beside["series"]}["t0"] == "left out"
    assert set(pd.read_csv(out)["series_id"]) == {f"s{k:02d}" for k in range(6)}


def test_the_coverage_of_a_back_test_is_told(tmp_path: Path) -> None:
    source = write(many(0), tmp_path / "s.csv")
    code, said = call(source, tmp_path / "o.csv", "--model", "naive", "--backtest", "2")
    assert code == 0
    assert "12 forecasts from earlier origins: 80 % intervals held" in said
    assert "cover80" in json.loads((tmp_path / "o.csv.json").read_text(encoding="utf-8"))["backtest"]


def test_declared_products_are_forecast_by_the_command_line_too(tmp_path: Path) -> None:
    declared = tmp_path / "products.toml"
    declared.write_text('schema = 1\n[[product]]\nname = "spending"\nparts = ["s00", "s01"]\n', encoding="utf-8")
    source, out = write(many(0), tmp_path / "s.csv"), tmp_path / "o.csv"
    code, said = call(source, out, "--model", "naive", "--products", str(declared), "--backtest", "1")
    assert code == 0, said
    wide = pd.read_csv(out).pivot_table(index=["sample_or_quantile", "period"], columns="series_id", values="value")
    np.testing.assert_allclose(wide["spending"], wide["s00"] * wide["s01"], rtol=1e-9)
    declared.write_text('schema = 1\n[[product]]\nname = "s00"\nparts = ["s00", "s01"]\n', encoding="utf-8")
    assert "another name" in call(source, out, "--model", "naive", "--products", str(declared))[1]
    product = ProductSpec(name="spending", parts=("s00", "s1"))
    with pytest.raises(TableError, match="did you mean"):
        actuary.forecast(many(0), horizon=_HORIZON, draws=20, model="naive", products=[product])
    declared.write_text('schema = 1\n[[product]]\nname = "x"\nparts = ["a"]\nsize = 2\n', encoding="utf-8")
    with pytest.raises(DeclarationError, match="size"):
        read_products(declared)


def test_what_goes_with_a_condition_and_how_deep_a_shortfall_is() -> None:
    found = actuary.forecast(many(0), horizon=_HORIZON, draws=2000, model="pooled")
    more = found.given({"s00": 1.01}, method="regression")
    ratio = more.draws.mean(("draw", "period")) / found.flat().mean(("draw", "period"))
    assert float(ratio.sel(series="s00")) == pytest.approx(1.01, abs=1e-6)
    table = found.below({"s00": float(found.futures("s00")[:, 0].mean())})
    assert (table["ever"] >= table["at"]).all()
    assert table["at"].iloc[0] == pytest.approx(0.5, abs=0.1)
    total = found.sums({"all": tuple(found.series)}).sel(series="all")
    np.testing.assert_allclose(total, found.flat().sum("series"), rtol=1e-9)
