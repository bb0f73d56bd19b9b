"""Hold the fast path against the sampled model on public series; write the table into docs/forecast-bayes.md.

    python tools/fast_path_and_sampler.py [--series 4] [--origins 2] [--page]

The series lie in the reference folder beside the checkout. Both models forecast the same panels eight quarters ahead,
from eleven years at most; panels have one shape, so that the sampled model is compiled once, and it is drawn with the
effort of its back-tests. What has been found is kept under output/fast-path: a run that was stopped goes on where it
ended (--fresh begins anew), and --page writes what there is.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.forecast.backtest import cut_panel
from actuary.forecast.bayes import forecast_bayes
from actuary.forecast.bayes_spec import load_bayes_spec
from actuary.forecast.face import forecast_series
from actuary.forecast.fund_histories import widen_panel
from actuary.forecast.panel import Panel, build_panel
from actuary.forecast.result import Forecast
from actuary.forecast.scores import crps, naive_scale

ROOT = Path(__file__).resolve().parent.parent
SERIES = ROOT.parent / "shared" / "series"
KEPT = ROOT / "output" / "fast-path"
PAGE = ROOT / "docs" / "forecast-bayes.md"
BEGIN, END = "<!-- fast path and sampler: begin -->", "<!-- fast path and sampler: end -->"

SETS = ("pbs", "sus", "hospital")
HORIZON, DRAWS, SHOWN = 8, 800, (1, 2, 4, 8)
#: Quarters of every panel, and those a series must have before an origin.
WIDTH, LEAST = 44, 16


def panel_of(dataset: str, count: int) -> Panel:
    """Return core series of a set, spread evenly over it."""
    meta = pd.read_csv(SERIES / "bench_meta.csv")
    rows = pd.read_csv(SERIES / "bench_quarterly.csv.gz")
    core = meta[meta["dataset"].eq(dataset) & meta["core"].eq(1) & meta["freq"].eq("Q")]["series_id"].sort_values()
    chosen = core.iloc[np.linspace(0, len(core) - 1, min(count, len(core))).round().astype(int)]
    whole = build_panel(rows[rows["series_id"].isin(chosen)])
    values = whole.values  # noqa: PD011  (a panel's)
    begin = max(values.shape[1] - WIDTH, 0)
    ends = tuple(end - begin for end in whole.ends)
    recent = replace(whole, first=whole.first + begin, values=values[:, begin:], ends=ends)
    return widen_panel(recent, WIDTH)


def timed(call) -> tuple[Forecast, float]:
    """Return a forecast and the seconds of the wall it took."""
    begin = time.monotonic()
    found = call()
    return found, time.monotonic() - begin


def compare(dataset: str, before: Panel, came: NDArray[np.float64], *, back: int) -> pd.DataFrame:
    """Forecast from an earlier origin with both, one row a series and period ahead."""
    fast, fast_seconds = timed(lambda: forecast_series(before, horizon=HORIZON, draws=DRAWS, seed=1))
    spec = load_bayes_spec("structural").for_trials()
    with tempfile.TemporaryDirectory() as folder:
        sampled, seconds = timed(
            lambda: forecast_bayes(before, spec, horizon=HORIZON, draws=DRAWS, seed=1, folder=folder)
        )
    rows = []
    for row, name in enumerate(before.series):
        history = before.values[row, : before.ends[row]]  # noqa: PD011  (a panel's)
        scale = naive_scale(history, before.season)
        for label, found in (("fast", fast), ("sampled", sampled)):
            futures = found.futures(name)
            low, median, high = np.quantile(futures, (0.1, 0.5, 0.9), axis=0)
            score = crps(futures, came[row]) / scale
            rows += [
                (
                    dataset,
                    back,
                    name,
                    label,
                    h + 1,
                    median[h],
                    (high - low)[h],
                    score[h],
                    low[h] <= came[row, h] <= high[h],
                )
                for h in range(HORIZON)
            ]
    columns = ["dataset", "back", "series", "model", "ahead", "median", "width", "crps", "inside"]
    table = pd.DataFrame(rows, columns=columns)
    table["seconds"] = table["model"].map({"fast": fast_seconds, "sampled": seconds})
    return table


def page(cases: pd.DataFrame) -> str:
    """Return the section of the page."""
    index = ["dataset", "back", "series", "ahead"]
    found = ["median", "width", "crps", "inside"]
    wide = cases.astype({"inside": float}).pivot_table(index=index, columns="model", values=found).reset_index("ahead")
    lines = [
        "| set | quarters ahead | median, fast / sampled: middle, and 80 % of the cases | width, fast / sampled"
        " | CRPS fast | CRPS sampled | inside 80 %, fast | sampled |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for dataset, part in wide.groupby(level="dataset", sort=False):
        for ahead in (*SHOWN, "all"):
            here = part if ahead == "all" else part[part["ahead"].eq(ahead)]
            ratio = here["median", "fast"] / here["median", "sampled"]
            low, middle, high = np.quantile(ratio.astype(float), (0.1, 0.5, 0.9))
            width = (here["width", "fast"] / here["width", "sampled"]).astype(float).median()
            score = [here["crps", model].astype(float).mean() for model in ("fast", "sampled")]
            inside = [here["inside", model].astype(float).mean() for model in ("fast", "sampled")]
            lines.append(
                f"| {dataset} | {ahead} | {middle:.3f} ({low:.3f} to {high:.3f}) | {width:.2f} | {score[0]:.3f}"
                f" | {score[1]:.3f} | {inside[0]:.0%} | {inside[1]:.0%} |"
            )
    runs = cases.drop_duplicates(["dataset", "back", "model"])
    seconds = runs.groupby("model")["seconds"].sum() / len(cases.drop_duplicates(["dataset", "back", "series"]))
    series = cases.groupby("dataset", sort=False)["series"].nunique()
    counted = ", ".join(f"{count} of {name}" for name, count in series.items())
    text = (
        f"Core series by quarter ({counted}), {cases['back'].nunique()} origins, eight quarters ahead, 800 draws,"
        " seed 1. CRPS in units of the mean seasonal difference of the history. Seconds of the wall a series, on two"
        f" cores that others used too: fast {seconds['fast']:.1f}, sampled {seconds['sampled']:.1f}, with two chains"
        " of 400 + 400 draws, its gate and one compiling for all panels included."
    )
    return "\n".join([textwrap.fill(text, 120), "", *lines])


def main() -> int:
    """Compare what has not been compared yet, and write the section."""
    parser = argparse.ArgumentParser(description="Hold the fast path against the sampled model.")
    parser.add_argument("--series", type=int, default=4, help="of each set")
    parser.add_argument("--origins", type=int, default=2)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--page", action="store_true", help="compare nothing, write what there is")
    given = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    tables = []
    for dataset in SETS:
        panel = panel_of(dataset, given.series)
        for back in range(HORIZON, HORIZON * (given.origins + 1), HORIZON):
            path = KEPT / f"{dataset}-{given.series}-{back}.csv"
            cut = cut_panel(panel, horizon=HORIZON, back=back, least=LEAST)
            if cut is not None and (given.fresh or not path.is_file()) and not given.page:
                sys.stderr.write(f"{dataset}, {back} quarters back\n")
                compare(dataset, *cut, back=back).to_csv(path, index=False, lineterminator="\n")
            if path.is_file():
                tables.append(pd.read_csv(path))
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n{page(pd.concat(tables, ignore_index=True))}\n{END}{tail}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
