"""Leave terms of the pooled forecast out one by one and write what that does to its scores into docs/forecast-model.md.

    python tools/forecast_ablation.py

The series lie in the reference folder beside the checkout; origins and horizons are those of its back-test harness.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from actuary.forecast.panel import Panel, build_panel
from actuary.forecast.paths import simulate_pooled
from actuary.forecast.pooled import fit_pooled
from actuary.forecast.scores import naive_scale, score_futures
from actuary.forecast.spec import PooledSpec, load_pooled_spec
from actuary.forecast.stack import run

ROOT = Path(__file__).resolve().parent.parent
SERIES = ROOT.parent / "shared" / "series"
PAGE = ROOT / "docs" / "forecast-model.md"
BEGIN, END = "<!-- ablation -->", "<!-- /ablation -->"

#: File, horizon, origins, periods between origins, least history: as the harness has them, but for every other origin
#: of the months.
SETS = {"Q": ("bench_quarterly.csv.gz", 8, 6, 3, 16), "M": ("bench_monthly.csv.gz", 24, 2, 14, 36)}
DRAWS, SEED = 300, 20240
#: Of the series that are not core, so many make one that is looked at.
EVERY = 3

#: What is changed of the declaration, in order of the table. All but the first are without the classical voices.
VARIANTS: dict[str, dict[str, dict[str, Any]] | None] = {
    "as shipped": None,
    "without classical voices": {},
    "· no pooling: own loss alone": {"weights": {"panel": 0.0, "total": 0.0, "series": 30.0}},
    "· pooling alone: no own loss": {"weights": {"series": 0.0}},
    "· what the total misses is not looked at": {"weights": {"total": 0.0}},
    "· all of the historic growth goes on": {"prior": {"kappa": (1000.0, 1.0), "kappa_most": 1.0}},
    "· at most all of it does": {"prior": {"kappa_most": 1.0}},
    "· none of it does": {"prior": {"kappa": (1.0, 1000.0)}},
    "· no slope but the drift": {"prior": {"beta_share": (1.0, 1000.0)}},
    "· trend not damped": {"prior": {"phi": (1000.0, 1.0)}},
    "· season does not evolve": {"prior": {"gamma_share": (1.0, 1000.0)}},
    "· logarithmic scale": {"scale": {"power": 0.0}},
    "· raw scale": {"scale": {"power": 1.0}},
    "· old and new shocks alike": {"shocks": {"half_life": {"Q": 1000.0, "M": 1000.0, "A": 1000.0}}},
    "· every series by itself": {"dependence": {"most": 0.0}},
}


def change(spec: PooledSpec, changes: dict[str, dict[str, Any]]) -> PooledSpec:
    """Return a declaration with some values replaced."""
    parts = {part: getattr(spec, part).model_copy(update=values) for part, values in changes.items()}
    return spec.model_copy(update=parts)


def origins(freq: str, *, core: bool) -> Iterator[tuple[Panel, dict[str, np.ndarray], dict[str, tuple[str, ...]]]]:
    """Yield the panel as it stood at every origin, what came, and the group in which each series is added up."""
    file, horizon, count, step, least = SETS[freq]
    rows = pd.read_csv(SERIES / file, dtype={"period": str})
    meta = pd.read_csv(SERIES / "bench_meta.csv", dtype=str).set_index("series_id")
    meta = meta[(meta["freq"] == freq) & meta["dataset"].isin(["pbs", "sus", "hospital"])]
    meta = meta[meta["core"] == "1"] if core else meta[meta["core"] == "0"].iloc[::EVERY]
    series = {
        name: part.sort_values("period") for name, part in rows.groupby("series_id", sort=False) if name in meta.index
    }
    for number in range(count):
        cuts = {name: len(part) - horizon - number * step for name, part in series.items()}
        kept = {name: cut for name, cut in cuts.items() if cut >= least}
        history = pd.concat([series[name].iloc[:cut] for name, cut in kept.items()], ignore_index=True)
        came = {name: series[name]["value"].to_numpy()[cut : cut + horizon] for name, cut in kept.items()}
        groups = {
            name: (*meta.loc[name, ["dataset", "measure"]], series[name]["period"].iloc[cut - 1])
            for name, cut in kept.items()
        }
        yield build_panel(history), came, groups


def score(spec: PooledSpec | None, freq: str, *, core: bool) -> dict[str, float]:
    """Return the mean scores of a declaration over all origins; None is the forecast as shipped."""
    horizon = SETS[freq][1]
    rows, totals = [], []
    for number, (panel, came, groups) in enumerate(origins(freq, core=core)):
        if spec is None:
            futures = run(panel, model="pooled", horizon=horizon, draws=DRAWS, seed=SEED + number).futures
        else:
            fit = fit_pooled(panel, spec, horizon=horizon, seed=SEED + number)
            futures = simulate_pooled(fit, horizon=horizon, draws=DRAWS, seed=SEED + number)
        for row, name in enumerate(panel.series):
            begin, end = panel.span(row)
            scale = naive_scale(panel.values[row, begin:end], panel.season)
            rows.append(score_futures(futures[:, row], came[name], scale=scale))
        for group in dict.fromkeys(groups.values()):
            members = [row for row, name in enumerate(panel.series) if groups[name] == group]
            if len(members) >= 3:
                actual = np.sum([came[panel.series[row]] for row in members], axis=0)
                totals.append(score_futures(futures[:, members].sum(axis=1), actual, scale=1.0)["cover80"])
    means = pd.DataFrame(rows)[["scrps", "cover80", "cum_cover80"]].mean().to_dict()
    typical = float(np.exp(np.log([row["scrps"] for row in rows]).mean()))
    return {**means, "typical": typical, "total80": float(np.mean(totals))}


def main() -> None:
    """Run the command."""
    if not SERIES.is_dir():
        sys.exit("the reference folder ../shared is not beside this checkout: nothing to back-test on")
    spec = load_pooled_spec()
    heads = [
        "",
        "Q sCRPS",
        "Q others",
        "Q 80 %",
        "Q cum. 80 %",
        "Q totals",
        "M sCRPS",
        "M others",
        "M 80 %",
        "M cum. 80 %",
        "M totals",
    ]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name, changes in VARIANTS.items():
        changed = None if changes is None else change(spec, changes)
        cells = []
        for freq in SETS:
            core, others = (score(changed, freq, core=wanted) for wanted in (True, False))
            cells += [f"{core['scrps']:.3f}", f"{others['typical']:.3f}", f"{core['cover80']:.2f}"]
            cells += [f"{core['cum_cover80']:.2f}", f"{np.mean([core['total80'], others['total80']]):.2f}"]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{'\n'.join(lines)}\n{END}{after}", encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
