"""Measure forecasts: python benchmarks/forecast.py [--series 30] [--periods 60] [--monthly] [--sampled structural].

The series are random walks with a season, drawn with a seed. "Cold" is a whole command in a new process, imports,
reading and writing included; "warm" is a second call in this process. Beside them stand AutoETS and AutoTheta of
statsforecast alone, point forecasts without draws. With --sampled a model drawn by NUTS is measured as well, each time
as a whole command: with nothing compiled or stored, and read back from its store.
Seconds of the wall say something on a quiet machine only, so processor time is given as well.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from actuary.forecast.classical import classical_forecast
from actuary.forecast.face import forecast_series
from actuary.forecast.panel import Panel, build_panel, period_labels

ROOT = Path(__file__).resolve().parent.parent


def draw_series(count: int, periods: int, *, freq: str) -> pd.DataFrame:
    season = {"Q": 4, "M": 12}[freq]
    rng = np.random.default_rng(1)
    wave = 8 * np.sin(2 * np.pi * np.arange(periods) / season)
    labels = period_labels(freq, 2005 * season, periods)
    parts = [
        pd.DataFrame(
            {"series_id": f"s{i}", "period": labels, "value": 200 + wave + rng.normal(0.5, 2, periods).cumsum()}
        )
        for i in range(count)
    ]
    return pd.concat(parts, ignore_index=True)


def timed(call: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def cold(
    frame: pd.DataFrame,
    folder: Path,
    *,
    horizon: int,
    model: str,
    seed: int = 1,
    settings: dict[str, str] | None = None,
) -> tuple[float, float]:
    """Run the command in a process of its own; what it stores lies where `settings` of the environment say."""
    given, out = folder / "in.csv", folder / "out.csv"
    frame.to_csv(given, index=False)
    command = [sys.executable, "-m", "actuary", "forecast", str(given), "--horizon", str(horizon)]
    command += ["--out", str(out), "--model", model, "--seed", str(seed)]
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **(settings or {})}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    for line in done.stderr.splitlines():
        if "gate" in line.lower():
            print(line, file=sys.stderr)
    if done.returncode not in {0, 2}:  # 2: the gate is shut, and the work has been done all the same
        sys.exit(done.stderr)
    return time.perf_counter() - wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def sampled(frame: pd.DataFrame, *, horizon: int, model: str) -> dict[str, tuple[float, float]]:
    """Measure a sampled model from nothing and from its store."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {"XDG_CACHE_HOME": str(folder), "PYTENSOR_FLAGS": f"base_compiledir={folder / 'compiled'}"}
        for label, seed in (("nothing compiled", 1), ("compiled, other seed", 2), ("stored", 2)):
            found[f"{model}, {label}"] = cold(frame, folder, horizon=horizon, model=model, seed=seed, settings=settings)
    return found


def alone(panel: Panel, *, horizon: int, model: str) -> None:
    for row in panel.values:
        classical_forecast(row, model=model, season=panel.season, horizon=horizon)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=30)
    parser.add_argument("--periods", type=int, default=60)
    parser.add_argument("--monthly", action="store_true")
    parser.add_argument("--sampled", nargs="*", default=[], metavar="MODEL", help="models drawn by NUTS")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    freq, horizon = ("M", 24) if wanted.monthly else ("Q", 8)
    frame = draw_series(wanted.series, wanted.periods, freq=freq)
    panel = build_panel(frame)
    found: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for model in ("pooled", "theta", "ets"):
            found[f"{model}, cold command"] = cold(frame, Path(folder), horizon=horizon, model=model)
    for model in wanted.sampled:
        found |= sampled(frame, horizon=horizon, model=model)
    for model in ("pooled", "theta", "ets"):
        forecast_series(panel, horizon=horizon, draws=10, model=model)
        found[f"{model}, warm call"] = timed(lambda model=model: forecast_series(panel, horizon=horizon, model=model))
    for model in ("theta", "ets"):
        found[f"Auto{model.capitalize()} alone, warm"] = timed(
            lambda model=model: alone(panel, horizon=horizon, model=model)
        )
    if wanted.json:
        print(json.dumps(found))
        return
    print(f"load of the machine, mean of the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(
        f"{wanted.series} series of {wanted.periods} periods, {horizon} ahead, 1,000 draws: seconds (wall, processor)"
    )
    for name, (wall, cpu) in found.items():
        print(f"{name:42s} {wall:7.2f} {cpu:7.2f}   {wall / wanted.series:6.3f} a series")


if __name__ == "__main__":
    main()
